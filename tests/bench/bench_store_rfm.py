# peers: duckdb pyarrow numpy
"""Grades from a whole store beside DuckDB on a table sorted by customer, one and two threads.

Of our 41 ms some 26 are the totals, half of these the pages of the table that is made; the rest are cuts and grades. The sums
are read by one thread whatever n_threads is: sharing them out cost more."""
import os
import shutil
import subprocess
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "store_rfm")
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
ours, peer = [os.path.join(tests, "bench_store_rfm"), folder], [sys.executable, os.path.join(here, "peer_store_rfm.py"), folder]
subprocess.run([*ours, "MAKE"], check=True)
subprocess.run([*peer, "FILL"], check=True)
for threads in ("1", "2"):
    medians = in_turn({"kehu": [*ours, threads], "duckdb": [*peer, threads]})
    print(f"\nstore, 20,000,000 events of 1,000,000 customers, {threads} threads, CPU seconds")
    table(medians)
    bar(f"store.rfm.same.{threads}", int(medians["kehu"]["checksum"] == medians["duckdb"]["checksum"]), 1)
    bar(f"store.rfm.duckdb.{threads}", ratio(medians, "duckdb", "rfm_s"), 10)
shutil.rmtree(folder)
