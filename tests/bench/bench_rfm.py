# peers: duckdb polars pyarrow numpy
"""RFM grades of 20 M transactions beside DuckDB and polars: integer and text keys, from memory and from CSV."""
import os
import subprocess
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "rfm")
os.makedirs(folder, exist_ok=True)
ours = os.path.join(tests, "bench_rfm")
if not os.path.exists(os.path.join(folder, "customer.i64")):  # the last file made
    subprocess.run([ours, "make", folder], check=True)

BARS = [  # what, threads, goals
    ("keys", 1, {"duckdb": 8, "polars": 12}),
    ("keys", 2, {"duckdb": 6, "polars": 8}),
    ("names", 1, {"duckdb": 4}),
    ("keys_csv", 1, {"duckdb": 8, "polars": 8}),
    ("names_csv", 1, {"duckdb": 6}),
]
for what, threads, goals in BARS:
    programs = {"kehu": [ours, what, folder, str(threads)]}
    for peer in goals:
        programs[peer] = [sys.executable, os.path.join(here, "peer_rfm.py"), what, folder, peer, str(threads)]
    medians = in_turn(programs)
    print(f"\nRFM, 20,000,000 rows, {what.replace('_', ' from ')}, {threads} thread(s), CPU seconds")
    table(medians)
    same = all(found["checksum"] == medians["kehu"]["checksum"] for found in medians.values())
    bar(f"rfm.{what}.t{threads}.same_grades", int(same), 1)
    for peer, goal in goals.items():
        bar(f"rfm.{what}.t{threads}.{peer}", ratio(medians, peer, "rfm_s"), goal)
    if what == "keys_csv":
        bar("rfm.keys_csv.rss_mb", medians["kehu"]["rss_mb"], 150, at_most=True)
    if what == "keys" and threads == 1:
        print(f"share of the read bandwidth: {medians['kehu']['read_s'] / medians['kehu']['rfm_s']:.1%}")
