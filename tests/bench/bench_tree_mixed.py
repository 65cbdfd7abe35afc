# peers: lightgbm xgboost scikit-learn numpy
"""One tree of depth 8 over 1 M x 20, half of them categories, a tenth missing in five: matrix in, tree out; one thread and two.

tree_s: a second tree on what was binned before."""
import os
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "tree_mixed")
os.makedirs(folder, exist_ok=True)
train = {"lightgbm": 10, "xgboost": 15, "hgb": 15}
for threads in (1, 2):
    programs = {"kehu": [os.path.join(tests, "bench_tree_mixed"), folder, str(threads)]}
    for peer in train:
        programs[peer] = [sys.executable, os.path.join(here, "peer_tree_mixed.py"), folder, peer, str(threads)]
    medians = in_turn(programs)
    print(f"\none tree, 1,000,000 x 20 mixed, depth 8, {threads} thread(s), CPU seconds")
    table(medians)
    for peer in train:
        bar(f"tree_mixed.train.{peer}.t{threads}", ratio(medians, peer, "train_s"), train[peer])
    bar(f"tree_mixed.again.lightgbm.t{threads}", ratio(medians, "lightgbm", "tree_s"), 3)
    if threads == 1:
        exact = [sys.executable, os.path.join(here, "peer_tree_mixed.py"), folder, "sklearn", "1"]
        once = in_turn({"sklearn": exact}, runs=1)["sklearn"]
        print(f"scikit-learn's exact tree, once: {once}")
        bar("tree_mixed.train.sklearn", once["train_s"] / medians["kehu"]["train_s"], 100)
        bar("tree_mixed.log_loss.above_exact", medians["kehu"]["log_loss"] - once["log_loss"], 0.0005, at_most=True)
