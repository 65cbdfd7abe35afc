# peers: duckdb polars pyarrow numpy
"""RFM grades of 20 M transactions, integer keys, from memory, beside DuckDB and polars; one thread and two."""
import os
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "rfm")
os.makedirs(folder, exist_ok=True)
for threads, goals in ((1, {"duckdb": 8, "polars": 12}), (2, {"duckdb": 6, "polars": 8})):
    programs = {"kehu": [os.path.join(tests, "bench_rfm"), folder, str(threads)]}
    for peer in goals:
        programs[peer] = [sys.executable, os.path.join(here, "peer_rfm.py"), folder, peer, str(threads)]
    medians = in_turn(programs)
    print(f"\nRFM, 20,000,000 rows, {threads} thread(s), CPU seconds")
    table(medians)
    same = all(found["checksum"] == medians["kehu"]["checksum"] for found in medians.values())
    bar(f"rfm.same_grades.t{threads}", int(same), 1)
    for peer, goal in goals.items():
        bar(f"rfm.memory.{peer}.t{threads}", ratio(medians, peer, "rfm_s"), goal)
