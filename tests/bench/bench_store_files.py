# peers: duckdb
"""The store's work with whole files: CSV beside DuckDB's COPY, reading the log, checking segments, cold histories.

The importer has one thread; of DuckDB with two the CPU seconds of both count. Besides reading rows the import sorts them by
customer and by time, which COPY does not. Of its 290 ns a row 19 % gather the sorted rows from all over memory, 7 % ask whether
texts are UTF-8, 6 % number the customers, 8 % sort; six times DuckDB would be 70 ns for everything.

The check decodes times, sequence numbers and amounts, compares neighbours and adds up the sums again; of other columns it
looks at what could be wrong. Of its 6.5 ns a row of 9 bytes a quarter is the copy out of the page cache, 15 % unpacking, 12 %
sums, 10 % the checksum."""
import glob
import os
import shutil
import subprocess
import sys

from harness import bar, in_turn, ratio, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "store_files")
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
ours = [os.path.join(tests, "bench_store_files"), folder]
subprocess.run([*ours, "MAKE"], check=True)
programs = {"kehu": [*ours, "FIGURES"]}
for threads in ("1", "2"):
    programs[f"duckdb {threads}"] = [sys.executable, os.path.join(here, "peer_store_files.py"), folder, threads]
medians = in_turn(programs)
print("\nstore, 1,000,000 events from CSV, CPU seconds")
table(medians)
for threads in ("1", "2"):
    bar(f"store.csv.duckdb.{threads}", ratio(medians, f"duckdb {threads}", "import_s"), 6)
kehu = medians["kehu"]
bar("store.csv.same_rows", int(kehu["rows"] == medians["duckdb 1"]["rows"]), 1)
bar("store.csv.peak_mb", kehu["import_peak_mb"], 150, at_most=True)
bar("store.recovery_mb_per_s", kehu["recovery_mb_per_s"], 500)
bar("store.check_gb_per_s", kehu["check_gb_per_s"], 2)
shutil.rmtree(folder)
