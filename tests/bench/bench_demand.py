# peers: duckdb pyarrow numpy
"""Histories of demands from memory to counts, times, late demands and repeats, beside DuckDB (10 M demands) and SQLite
(1 M, as it is slow); one thread."""
import os
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "demand")
os.makedirs(folder, exist_ok=True)
for demands, peer, runs in ((1000000, "sqlite", 3), (10000000, "duckdb", 3)):
    programs = {"kehu": [os.path.join(tests, "bench_demand"), folder, "1", str(demands)],
                peer: [sys.executable, os.path.join(here, "peer_demand.py"), folder, peer, "1"]}
    medians = in_turn(programs, runs)
    print(f"\n{demands:,} demands, {medians['kehu']['rows']:,.0f} rows, one thread, CPU seconds")
    table(medians)
    bar(f"demand.same.{peer}", int(medians[peer]["checksum"] == medians["kehu"]["checksum"]), 1)
    bar(f"demand.{peer}", ratio(medians, peer, "demand_s"), 1)
    if demands == 10000000:
        bar("demand.seconds_10M", medians["kehu"]["demand_s"], 5, at_most=True)
