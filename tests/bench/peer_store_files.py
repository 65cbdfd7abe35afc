"""DuckDB's COPY of a CSV file into a table of its own: peer_store_files.py FOLDER THREADS.

FOLDER holds events.csv of bench_store_files. Customers are text, as they are in the store. Figures as bench_store_files'.
"""
import os
import resource
import shutil
import sys
import tempfile

import duckdb

from peer import figure, timed

folder, threads = sys.argv[1:3]
place = tempfile.mkdtemp(dir=folder)
try:
    db = duckdb.connect(os.path.join(place, "events.duckdb"), config={"threads": int(threads)})
    db.execute("set enable_progress_bar = false")

    def copy():
        db.execute("create or replace table e (customer varchar, time timestamp, kind varchar, amount bigint, text varchar)")
        db.execute(f"copy e from '{folder}/events.csv' (header)")
        db.execute("checkpoint")

    timed("import_s", copy)
    figure("rows", db.execute("select count(*) from e").fetchone()[0])
    figure("import_peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
finally:
    shutil.rmtree(place)
