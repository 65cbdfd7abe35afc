"""10,000 Chinese keywords in 8.5 MB of reviews, beside Hyperscan's literal sets; one thread."""
import lzma
import os
import subprocess
import sys

from harness import bar, data_folder, in_turn, ratio, table

KEYWORDS, BYTES = 10000, 8500000
DICTIONARY = "/usr/lib/python3/dist-packages/jieba/dict.txt"

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
folder = os.path.join(scratch, "keyword")
os.makedirs(folder, exist_ok=True)
keywords, text, peer = (os.path.join(folder, name) for name in ("keywords.txt", "reviews.txt", "peer_hyperscan"))


def is_keyword(word):
    return 2 <= len(word) <= 4 and all("\u4e00" <= c <= "\u9fff" for c in word)


with open(DICTIONARY, encoding="utf-8") as lines:
    counted = [(int(line.split()[1]), line.split()[0]) for line in lines]
words = sorted((-count, word) for count, word in counted if is_keyword(word))
with open(keywords, "w", encoding="utf-8") as out:
    out.writelines(word + "\n" for _, word in words[:KEYWORDS])
with lzma.open(os.path.join(data_folder(), "text", "shop10_cat.train.tsv.xz"), "rt", encoding="utf-8") as lines:
    reviews = "".join(line.split("\t", 1)[1] for line in lines).encode()
with open(text, "wb") as out:
    out.write(reviews[:reviews.rfind(b"\n", 0, BYTES) + 1])

subprocess.run(["sh", "-c", ". tests/support/install.sh && ensure /usr/include/hs/hs.h=libhyperscan-dev"], cwd=root,
               check=True)
subprocess.run(["gcc", "-O3", "-D_POSIX_C_SOURCE=200809L", "-I", os.path.join(root, "tests"), "-I",
                os.path.join(root, "include"), os.path.join(here, "peer_hyperscan.c"), os.path.join(here, "figure.c"),
                "-o", peer, "-lhs"], check=True)
medians = in_turn({"kehu": [os.path.join(tests, "bench_keyword"), keywords, text], "hyperscan": [peer, keywords, text]})
print(f"\n{KEYWORDS:,} keywords, {os.path.getsize(text):,} bytes, one thread, CPU seconds")
table(medians)
same = all(medians["kehu"][name] == medians["hyperscan"][name] for name in ("matches", "checksum"))
bar("keyword.same_matches", int(same), 1)
bar("keyword.match.hyperscan", ratio(medians, "hyperscan", "match_s"), 2.5)
