# peers: snownlp
"""Polarity of hotel and shop reviews beside SnowNLP, as it comes and retrained on the same texts: accuracy on the test part,
and the time to score it, one thread, called from Python."""
import os
import subprocess
import sys

from harness import bar, data_folder, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "sentiment")
os.makedirs(folder, exist_ok=True)
os.environ["KEHU_LIBRARY"] = os.path.join(tests, "..", "src", "libkehu.so")
os.environ["PYTHONPATH"] = os.path.join(here, "..", "..", "bindings", "python", "src")


def unpacked(name):
    path = os.path.join(folder, name + ".tsv")
    if not os.path.exists(path):
        with open(path, "wb") as out:
            subprocess.run(["xz", "-dc", os.path.join(data_folder(), "text", name + ".tsv.xz")], stdout=out, check=True)
    return path


for name in ("hotel", "shop10"):
    parts = [unpacked(f"{name}_senti.{part}") for part in ("train", "test")]
    peer = os.path.join(here, "peer_sentiment.py")
    found = in_turn({who: [sys.executable, peer, who, *parts] for who in ("kehu", "snownlp")}, runs=1)
    print(f"\n{name} reviews, accuracy on the test part, CPU seconds of one thread")
    table(found)
    svm, words = found["kehu"]["svm"], found["kehu"]["words_200"]
    bar(f"sentiment.{name}.over_shipped", svm - found["snownlp"]["shipped"], 0.05)
    bar(f"sentiment.{name}.over_retrained", svm - found["snownlp"]["retrained"], 0.05)
    bar(f"sentiment.{name}.words_below_svm", svm - words, 0.005, at_most=True)
    bar(f"sentiment.{name}.faster", ratio(found, "snownlp", "score_s"), 1)
