# peers: scikit-learn numpy scipy
"""What is found in piles of texts without labels: near-duplicates folded and new words by the library alone, two threads;
topics beside scikit-learn's NMF, same rows, one thread each. Ours splits the texts into words within its time.
The peer draws its start anew in each run: its coherence is the last one's and moves by .01."""
import itertools
import math
import os
import subprocess
import sys

from harness import bar, data_folder, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
folder = os.path.join(scratch, "topics")
os.makedirs(folder, exist_ok=True)
ours = os.path.join(tests, "bench_topics")


def unpacked(name):
    path = os.path.join(folder, name + ".tsv")
    if not os.path.exists(path):
        with open(path, "wb") as out:
            subprocess.run(["xz", "-dc", os.path.join(data_folder(), "text", name + ".tsv.xz")], stdout=out, check=True)
    return path


found = in_turn({"kehu": [ours, "duplicate", unpacked("shop10_senti.train"), "1000000", "2"]}, runs=3)
print("\n1,000,000 texts of halves of shop reviews, a third of them nearly copies, two threads")
table(found)
bar("duplicate.million.wall_seconds", found["kehu"]["wall_seconds"], 120, at_most=True)

found = in_turn({"kehu": [ours, "words", "100", "2"]}, runs=1)
print("\n100 MB of dictionary words with 500 planted new ones, two threads")
table(found)
bar("words.planted.recall", found["kehu"]["recall"], 0.95)
bar("words.planted.precision", found["kehu"]["precision"], 0.9)
bar("words.memory_per_byte", found["kehu"]["memory_per_byte"], 4, at_most=True)


def coherence(texts, words):
    """Mean normalized pointwise mutual information of pairs of words by text."""
    at = {w: {i for i, text in enumerate(texts) if w in text} for w in words}
    total = 0.0
    for a, b in itertools.combinations(words, 2):
        both = len(at[a] & at[b])
        total += -1 if both == 0 else math.log(both * len(texts) / (len(at[a]) * len(at[b]))) / math.log(len(texts) / both)
    return total / math.comb(len(words), 2)


os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
titles, rows = unpacked("thuc_title.train"), os.path.join(folder, "rows.tsv")
subprocess.run([ours, "rows", titles, rows], check=True)
with open(rows, encoding="utf-8") as f:
    texts = [set(line.rstrip("\n").split("\t")) for line in f]
peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_topics.py")
for k in (20, 50):
    out = {who: os.path.join(folder, f"{who}.{k}") for who in ("kehu", "sklearn")}
    medians = in_turn({"kehu": [ours, "topics", titles, str(k), out["kehu"]],
                       "sklearn": [sys.executable, peer, rows, str(k), out["sklearn"]]}, runs=3)
    for who, path in out.items():
        with open(path, encoding="utf-8") as f:
            found = [coherence(texts, line.rstrip("\n").split("\t")) for line in f]
        medians[who]["npmi"] = sum(found) / len(found)
    print(f"\n{len(texts)} news titles, {k} topics, CPU seconds of one thread")
    table(medians)
    bar(f"topics.{k}.faster", ratio(medians, "sklearn", "fit_s"), 1)
    bar(f"topics.{k}.npmi", medians["kehu"]["npmi"], medians["sklearn"]["npmi"])
