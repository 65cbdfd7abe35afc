# peers: liblinear-official scikit-learn fasttext-wheel numpy scipy
"""The text classifier: its solver beside LIBLINEAR on the same rows at an objective at least as good, then raw texts to
a model and to labels beside scikit-learn and fastText; one thread."""
import os
import subprocess
import statistics
import sys

from harness import bar, data_folder, figures, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "text")
os.makedirs(folder, exist_ok=True)
ours = os.path.join(tests, "bench_text")
# Relative gaps to stop at; the first at which both sides of the objective are as good as LIBLINEAR's is the one timed.
GAPS = ("1e-5", "3e-6", "1e-6", "3e-7", "1e-7")


def unpacked(name):
    path = os.path.join(folder, name + ".tsv")
    if not os.path.exists(path):
        with open(path, "wb") as out:
            subprocess.run(["xz", "-dc", os.path.join(data_folder(), "text", name + ".tsv.xz")], stdout=out, check=True)
    return path


def as_good(mine, theirs):
    return mine["primal"] <= theirs["primal"] * (1 + 1e-9) and mine["dual"] >= theirs["dual"] * (1 - 1e-9)


def solver(name, longest):
    train = unpacked(name + ".train")
    subprocess.run([ours, "rows", train, folder, str(longest)], check=True)
    peer = [sys.executable, os.path.join(here, "peer_liblinear.py"), folder, "1", "0.5"]
    reached = figures(peer)
    for gap in GAPS:
        program = [ours, "solve", train, str(longest), "1", "0.5", gap]
        if as_good(figures(program), reached):
            break
    medians = in_turn({"kehu": program, "liblinear": peer})
    terms = f"characters 1-{longest}" if longest else "words"
    print(f"\nsolver, {name}, {terms}, C = 0.5, no bias, to a gap of {gap}, CPU seconds of one thread")
    table(medians)
    better = as_good(medians["kehu"], medians["liblinear"])
    print("objective: " + ("at least as good on both sides" if better else "NOT as good on both sides"))
    return ratio(medians, "liblinear", "solve_s") if better else 0


def two_threads(name, longest):
    """How much sooner two threads are done than one: passing time."""
    train = unpacked(name + ".train")
    programs = {str(n): [ours, "solve", train, str(longest), str(n), "0.5", "1e-6"] for n in (1, 2)}
    medians = in_turn(programs)
    print(f"\nsolver, {name}, characters 1-{longest}, one and two threads, to a gap of 1e-6")
    table(medians, ours="1")
    return medians["1"]["solve_passed"] / medians["2"]["solve_passed"]


many = [solver(name, longest) for name in ("thuc_title", "shop10_cat") for longest in (0, 2, 3)]
bar("text.solver.median", statistics.median(many), 10)
bar("text.solver.least", min(many), 8)
bar("text.solver.app119", solver("app119", 2), 15)
bar("text.solver.banking77", solver("banking77", 4), 5)
bar("text.solver.sms_spam", solver("sms_spam", 2), 2.5)
bar("text.solver.shop10_senti", solver("shop10_senti", 2), 2.5)

bar("text.threads.app119", two_threads("app119", 2), 1.5)
bar("text.threads.banking77", two_threads("banking77", 4), 1.5)

train, test = unpacked("thuc_title.train"), unpacked("thuc_title.test")
# fastText hashes its pairs of characters into 200,000 buckets; beside it stands our model with 2^17 columns.
programs = {"kehu": [ours, "whole", train, test, "0"], "hashed": [ours, "whole", train, test, "17"]}
for peer in ("sklearn", "fasttext"):
    programs[peer] = [sys.executable, os.path.join(here, "peer_text.py"), train, test, peer]
medians = in_turn(programs)
print("\nthuc_title, raw texts to a model (C = 0.5) and to labels, CPU seconds of one thread")
table(medians)
bar("text.train.sklearn", ratio(medians, "sklearn", "train_s"), 10)
bar("text.train.fasttext", ratio(medians, "fasttext", "train_s"), 20)
higher = medians["hashed"]["accuracy"] > medians["fasttext"]["accuracy"]
bar("text.train.hashed.fasttext", ratio(medians, "fasttext", "train_s", ours="hashed") if higher else 0, 20)
bar("text.predict.sklearn", ratio(medians, "sklearn", "predict_s"), 25)
bar("text.predict.fasttext", ratio(medians, "fasttext", "predict_s"), 5)
bar("text.predict.per_second", medians["kehu"]["texts_per_second"], 600000)
