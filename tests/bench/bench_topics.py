"""What is found in piles of texts without labels: near-duplicates folded, new words; the library alone, two threads where
it says so."""
import os
import subprocess
import sys

from harness import bar, data_folder, in_turn, table

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
