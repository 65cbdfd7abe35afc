# peers: lightgbm xgboost treelite tl2cgen numpy
"""An ensemble scores 1 M x 50, peers with as many trees of as many leaves; one thread and two."""
import os
import sys

from harness import bar, figures, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "tree")
os.makedirs(folder, exist_ok=True)
goals = {"xgboost": 8, "lightgbm": 8, "tl2cgen": 1}
figures([os.path.join(tests, "bench_tree"), folder, "1"])  # leaves the rows
ours = os.path.join(tests, "bench_ensemble")
theirs = [sys.executable, os.path.join(here, "peer_ensemble.py"), folder]
made = figures([ours, folder, "train"])
trees, leaves = int(made["n_trees"]), round(made["n_leaves"])
figures([*theirs, "train", str(trees), str(leaves)])
for threads in (1, 2):
    medians = in_turn({"kehu": [ours, folder, str(threads)], **{peer: [*theirs, peer, str(threads)] for peer in goals}})
    print(f"\n{trees} trees of {leaves} leaves, 1,000,000 x 50, {threads} thread(s), CPU seconds")
    table(medians)
    for peer, goal in goals.items():
        bar(f"ensemble.score.{peer}.t{threads}", ratio(medians, peer, "score_s"), goal)
    if threads == 1:
        bar("ensemble.row.xgboost", ratio(medians, "xgboost", "row_s"), 50)
