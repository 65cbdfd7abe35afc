"""jieba's family cuts a text file, one line a text: peer_tokenizer.py FILE PEER MODE; MODE is hmm or dict.

Figures: load_s (from nothing to a first cut), loaded_mb (what memory that took; ours is the whole process), cut_s (all lines, with each word's offsets where the peer has them),
words. Compiled peers hand over Python strings or tuples, which costs them time a C program would not see.
"""
import sys
import time

from peer import figure, resident_mb, timed

path, peer, mode = sys.argv[1:4]
hmm = mode == "hmm"
with open(path, encoding="utf-8") as text:
    lines = text.read().split("\n")


def jieba_peer():
    import logging
    import jieba
    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    return lambda line: sum(1 for _ in jieba.cut(line, HMM=hmm))


def rjieba_peer():
    import rjieba
    return lambda line: len(rjieba.cut(line, hmm))


def cppjieba_peer():
    import cppjieba
    cutter = cppjieba.Jieba()
    return lambda line: len(cutter.cut(line, hmm))


before = resident_mb()
start = time.process_time()
cut = {"jieba": jieba_peer, "rjieba": rjieba_peer, "cppjieba": cppjieba_peer}[peer]()
cut("查询本月话费")
figure("load_s", time.process_time() - start)
figure("loaded_mb", resident_mb() - before)
figure("words", timed("cut_s", lambda: sum(cut(line) for line in lines)))
