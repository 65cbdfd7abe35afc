# peers: duckdb lmdb rocksdict pyarrow numpy
"""The store beside SQLite, LMDB, RocksDB and DuckDB: durable adds, histories, sums a customer; one thread.

A history takes some 2 microseconds once its block, of 512 rows, has been read and found sound: the segment keeps it. About a
third is waiting for memory (asked for early), the rest finding and decoding some 20 rows and making a batch of them."""
import glob
import os
import shutil
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "store")
os.makedirs(folder, exist_ok=True)
for left in glob.glob(os.path.join(folder, "kehu-*")):
    shutil.rmtree(left)
programs = {"kehu": [os.path.join(tests, "bench_store"), folder]}
for peer in ("sqlite", "lmdb", "rocksdb", "duckdb"):
    programs[peer] = [sys.executable, os.path.join(here, "peer_store.py"), folder, peer]
medians = in_turn(programs, runs=5)
print("\nstore, 1,000,000 events of 50,000 customers, batches of 10,000, CPU seconds")
table(medians)
ours = medians["kehu"]
bar("store.same_sums", int(all(ours["totals_sum"] == medians[p]["totals_sum"] for p in ("sqlite", "duckdb"))), 1)
for peer, goal in (("sqlite", 20), ("lmdb", 20), ("rocksdb", 20), ("duckdb", 4)):
    bar(f"store.ingest.{peer}", ratio(medians, peer, "ingest_s"), goal)
bar("store.commits.rocksdb", ratio(medians, "rocksdb", "commits_wall_s"), 1)
bar("store.commits.bare", ours["bare_wall_s"] / ours["commits_wall_s"], 0.8)
bar("store.history.sqlite", ratio(medians, "sqlite", "history_s"), 10)
bar("store.history_per_s", 20_000 / ours["history_s"], 500_000)
bar("store.totals.duckdb", ratio(medians, "duckdb", "totals_s"), 10)
bar("store.bytes_a_row", ours["bytes_a_row"], 16, at_most=True)
