# peers: lightgbm xgboost scikit-learn numpy
"""One tree of depth 8 over 1 M x 50: matrix in, tree out, then every row's probability; one thread and two.

tree_s: a second tree on what was binned before. read_s: reading the matrix once, the least that scoring it may cost."""
import os
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "tree")
os.makedirs(folder, exist_ok=True)
train = {"lightgbm": 10, "xgboost": 15, "hgb": 15}
score = {"lightgbm": 10, "xgboost": 10, "hgb": 5}
for threads in (1, 2):
    programs = {"kehu": [os.path.join(tests, "bench_tree"), folder, str(threads)]}
    for peer in train:
        programs[peer] = [sys.executable, os.path.join(here, "peer_tree.py"), folder, peer, str(threads)]
    medians = in_turn(programs)
    print(f"\none tree, 1,000,000 x 50, depth 8, {threads} thread(s), CPU seconds")
    table(medians)
    for peer in train:
        bar(f"tree.train.{peer}.t{threads}", ratio(medians, peer, "train_s"), train[peer])
        bar(f"tree.score.{peer}.t{threads}", ratio(medians, peer, "score_s"), score[peer])
    bar(f"tree.again.lightgbm.t{threads}", ratio(medians, "lightgbm", "tree_s"), 3)
    if threads == 1:
        bar("tree.score.read_bandwidth", medians["kehu"]["read_s"] / medians["kehu"]["score_s"], 0.7)
        bar("tree.row.xgboost", ratio(medians, "xgboost", "row_s"), 50)
        exact = [sys.executable, os.path.join(here, "peer_tree.py"), folder, "sklearn", "1"]
        once = in_turn({"sklearn": exact}, runs=1)["sklearn"]  # a minute and more: once
        print(f"scikit-learn's exact tree, once: {once}")
        bar("tree.train.sklearn", once["train_s"] / medians["kehu"]["train_s"], 100)
        bar("tree.score.sklearn", once["score_s"] / medians["kehu"]["score_s"], 5)
        bar("tree.log_loss.above_exact", medians["kehu"]["log_loss"] - once["log_loss"], 0.0005, at_most=True)
