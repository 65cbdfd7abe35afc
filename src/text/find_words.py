"""Print the path of the word list of the `jieba` package, or nothing.

The package is looked for, not imported: it may belong to another Python than
the one that runs this. Usage: find_words.py
"""
import glob
import os
import sys

folders = [p for p in sys.path if p] + sorted(glob.glob("/usr/lib/python3*/dist-packages")) + sorted(
    glob.glob("/usr/local/lib/python3*/dist-packages") + glob.glob("/usr/lib/python3*/site-packages"))
for folder in folders:
    path = os.path.join(folder, "jieba", "dict.txt")
    if os.path.isfile(path):
        print(path)
        break
