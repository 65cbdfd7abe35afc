"""SQLite's, LMDB's, RocksDB's and DuckDB's way with the store's events: peer_store.py FOLDER PEER.

FOLDER holds what bench_store wrote. Rows are made ready as the peer takes them before the clock starts: tuples for
SQLite (write-ahead log, synchronous=FULL, WITHOUT ROWID), pairs of bytes for LMDB (default sync), batches of
writes for RocksDB (sync), Arrow tables for DuckDB. Batches of 10,000 rows, one durable transaction each. Figures as bench_store's.
"""
import os
import shutil
import struct
import sys
import tempfile
import time

import numpy

from peer import figure, timed

folder, peer = sys.argv[1], sys.argv[2]
BATCH = 10_000
customer = [str(c) for c in numpy.fromfile(os.path.join(folder, "customer.i64"), dtype="<i8").tolist()]
when = numpy.fromfile(os.path.join(folder, "time.i64"), dtype="<i8").tolist()
amount = numpy.fromfile(os.path.join(folder, "amount.i64"), dtype="<i8").tolist()
codes = numpy.fromfile(os.path.join(folder, "codes.u8"), dtype="u1").reshape(-1, 3)
texts = ["order", "complaint fee", "流量套餐", "宽带续费", "refund", "query bill", "国际漫游开通", "topup"]
kind = ["abcdef"[c] for c in codes[:, 0]]
channel = ["ABCDEFGHI"[c] for c in codes[:, 1]]
text = [texts[c] for c in codes[:, 2]]
n = len(customer)
wanted = [str(c) for c in numpy.fromfile(os.path.join(folder, "wanted.i64"), dtype="<i8").tolist()]
place = tempfile.mkdtemp(dir=folder)


def size_of(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def ingest(batches, add):
    seconds = 0
    for batch in batches:
        start = time.process_time()
        add(batch)
        seconds += time.process_time() - start
    return seconds


def with_sqlite():
    import sqlite3
    db = sqlite3.connect(os.path.join(place, "events.db"), isolation_level=None)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("pragma cache_size=-262144")
    db.execute("create table e (c text, t int, q int, k text, h text, a int, x text, primary key (c, t, q)) without rowid")
    rows = list(zip(customer, when, range(n), kind, channel, amount, text))

    def add(batch):
        db.execute("begin")
        db.executemany("insert into e values (?,?,?,?,?,?,?)", batch)
        db.execute("commit")

    figure("ingest_s", ingest((rows[i:i + BATCH] for i in range(0, n, BATCH)), add))
    db.execute("pragma wal_checkpoint(truncate)")
    figure("bytes_a_row", size_of(place) / n)

    def look_up():
        return sum(len(db.execute("select t, k, h, a, x from e where c = ? order by t", (c,)).fetchall()) for c in wanted)

    figure("history_rows", timed("history_s", look_up))
    sums = timed("totals_s", lambda: db.execute("select c, count(*), min(t), max(t), sum(a) from e group by c").fetchall())
    figure("totals_sum", sum(row[4] for row in sums))


def pairs():
    pack = struct.Struct(">qqI").pack
    return [(pack(int(c), t, i), struct.pack("<q", a) + (k + h + x).encode())
            for i, (c, t, k, h, a, x) in enumerate(zip(customer, when, kind, channel, amount, text))]


def with_rocksdb():
    from rocksdict import Options, Rdict, WriteBatch, WriteOptions
    db = Rdict(os.path.join(place, "events"), Options(raw_mode=True))
    sync = WriteOptions()
    sync.sync = True
    rows = pairs()

    def batch_of(some):
        batch = WriteBatch(raw_mode=True)
        for key, value in some:
            batch.put(key, value)
        return batch

    batches = [batch_of(rows[i:i + BATCH]) for i in range(0, n, BATCH)]
    figure("ingest_s", ingest(batches, lambda batch: db.write(batch, sync)))
    db.flush()
    figure("bytes_a_row", size_of(os.path.join(place, "events")) / n)
    start = time.perf_counter()
    for key, value in rows[:500]:
        db.put(b"again" + key, value, sync)
    figure("commits_wall_s", time.perf_counter() - start)
    db.close()


def with_lmdb():
    import lmdb
    env = lmdb.open(os.path.join(place, "events"), map_size=4 << 30)
    rows = pairs()

    def add(batch):
        with env.begin(write=True) as transaction, transaction.cursor() as cursor:
            cursor.putmulti(batch)

    figure("ingest_s", ingest((rows[i:i + BATCH] for i in range(0, n, BATCH)), add))
    figure("bytes_a_row", size_of(os.path.join(place, "events")) / n)


def with_duckdb():
    import duckdb
    import pyarrow
    db = duckdb.connect(os.path.join(place, "events.duckdb"), config={"threads": 1})
    db.execute("create table e (c varchar, t bigint, k varchar, h varchar, a bigint, x varchar)")
    rows = pyarrow.table({"c": customer, "t": when, "k": kind, "h": channel, "a": amount, "x": text})

    def add(batch):
        db.execute("insert into e select * from batch")

    figure("ingest_s", ingest((rows.slice(i, BATCH) for i in range(0, n, BATCH)), add))
    db.execute("checkpoint")
    figure("bytes_a_row", size_of(place) / n)
    db.execute("create table s as select * from e order by c, t")
    sums = timed("totals_s", lambda: db.execute(
        "select c, count(*) n, min(t) f, max(t) l, sum(a)::bigint a from s group by c").to_arrow_table())
    figure("totals_sum", sum(sums["a"].to_pylist()))


try:
    {"sqlite": with_sqlite, "lmdb": with_lmdb, "rocksdb": with_rocksdb, "duckdb": with_duckdb}[peer]()
finally:
    shutil.rmtree(place)
