# peers: jieba rjieba pybind11 setuptools wheel cmake
"""Splitting reviews and news beside jieba, jieba-rs and cppjieba: by the same dictionary without their HMM, and by
a model trained on the rebuilt PKU train set beside their HMM."""
import lzma
import os
import subprocess
import sys

from harness import bar, data_folder, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
# cppjieba's package is built here, against the build tools above.
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-build-isolation", "cppjieba"], check=True)
path = os.path.join(scratch, "tokenizer.txt")
with open(path, "wb") as out:
    for name in ("shop10_cat.train", "thuc_title.train"):
        with lzma.open(os.path.join(data_folder(), "text", name + ".tsv.xz")) as rows:
            out.writelines(row.split(b"\t", 1)[1] for row in rows)

programs = {"kehu": [os.path.join(tests, "bench_tokenizer"), path]}
for peer in ("rjieba", "cppjieba"):
    programs[peer] = [sys.executable, os.path.join(here, "peer_tokenizer.py"), path, peer, "dict"]
medians = in_turn(programs)
medians.update(in_turn({"jieba": [sys.executable, os.path.join(here, "peer_tokenizer.py"), path, "jieba", "dict"]}, runs=1))
print(f"\nsplitting {os.path.getsize(path) / 1e6:.1f} MB, one thread, CPU seconds (compiled peers hand over Python strings)")
table(medians)
bar("tokenizer.dict.rjieba", ratio(medians, "rjieba", "cut_s"), 2)
bar("tokenizer.dict.cppjieba", ratio(medians, "cppjieba", "cut_s"), 3)
bar("tokenizer.dict.memory.rjieba", ratio(medians, "kehu", "loaded_mb", ours="rjieba"), .5, at_most=True)
bar("tokenizer.dict.threads", medians["kehu"]["threads_2"], 1.9)

corpus, model = os.path.join(scratch, "pku_train.txt"), os.path.join(scratch, "pku.kehu")
with lzma.open(os.path.join(data_folder(), "cws", "pku_train.txt.xz")) as lines, open(corpus, "wb") as out:
    out.write(lines.read())
subprocess.run([programs["kehu"][0], "train", corpus, model], check=True)
programs = {"kehu": [programs["kehu"][0], path, model]}
for peer in ("rjieba", "cppjieba"):
    programs[peer] = [sys.executable, os.path.join(here, "peer_tokenizer.py"), path, peer, "hmm"]
accurate = in_turn(programs)
print("\nthe same by a trained model; peers with their HMM")
table(accurate)
bar("tokenizer.accurate.rjieba", ratio(accurate, "rjieba", "cut_s"), 1.8)
bar("tokenizer.accurate.cppjieba", ratio(accurate, "cppjieba", "cut_s"), 3.5)
bar("tokenizer.accurate.memory.rjieba", ratio(accurate, "kehu", "loaded_mb", ours="rjieba"), .5, at_most=True)
bar("tokenizer.accurate.threads", accurate["kehu"]["threads_2"], 1.9)
bar("tokenizer.accurate.load.rjieba", ratio(accurate, "rjieba", "load_s"), 15)
bar("tokenizer.accurate.load.cppjieba", ratio(accurate, "cppjieba", "load_s"), 50)
bar("tokenizer.load.rjieba", ratio(medians, "rjieba", "load_s"), 15)
bar("tokenizer.load.cppjieba", ratio(medians, "cppjieba", "load_s"), 50)
