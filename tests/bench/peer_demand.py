"""DuckDB's and SQLite's way to the counts and times of demands: peer_demand.py FOLDER PEER THREADS.

FOLDER holds what bench_demand wrote. From memory: last status, first reply and solution of every demand; counts by week,
channel, class and status; median and 90 % quantile of both times by channel and class; the open demands that are late.
Figures: demand_s, and checksum, which must equal ours.
"""
import os
import sys

import numpy

from peer import figure, timed

folder, peer, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
AS_OF, SOLVE = 1704067200 + 800 * 86400, 72 * 3600
names = {"demand": "i64", "time": "i64", "customer": "i64", "status": "i32", "channel": "i32", "class": "i32"}
columns = {name: numpy.fromfile(os.path.join(folder, f"{name}.{kind}"), dtype="<" + kind[0] + str(int(kind[1:]) // 8))
           for name, kind in names.items()}

DEMANDS = """create {temp} table d as select demand, min(time) t0, max(case when status = 0 then channel end) channel,
    max(case when status = 0 then class end) class, max(case when status = 0 then customer end) customer, {last} status,
    min(case when status in (2, 3) then time end) - min(time) reply,
    case when max(case when status = 3 then time end) > max(case when status in (0, 1, 2, 5) then time end)
         then max(case when status = 3 then time end) - min(time) end solution from t where time <= {as_of} group by demand"""
COUNTS = """select ({day} - ({day} + 3) % 7) w, channel, class, status, count(*) n from d group by 1, 2, 3, 4"""
LATE = f"""select demand, {AS_OF} - t0 - {SOLVE} late from d where status in (0, 1, 2, 5) and {AS_OF} - t0 > {SOLVE}
    order by late desc"""
REPEATS = """select class, count(*), sum(again) from (select class, t0 - lag(t0) over (partition by customer, class order by t0)
    <= 2592000 again from d) group by class"""


def with_duckdb():
    import duckdb
    import pyarrow
    db = duckdb.connect(config={"threads": threads})
    rows = pyarrow.table(columns)
    db.execute("create table t as select * from rows")
    quantiles = ", ".join(f"quantile_disc({c}, {q}) {c}{int(q * 10)}" for c in ("reply", "solution") for q in (.5, .9))

    def run():
        db.execute("drop table if exists d")
        db.execute(DEMANDS.format(temp="temp", last="arg_max(status, time)", as_of=AS_OF))
        cube = db.execute(f"select sum(n * (channel + 1) * (class + 7) * (status + 3) * (w - 19000)) from "
                          f"({COUNTS.format(day='(t0 // 86400)')})").fetchone()[0]
        times = db.execute(f"select sum(reply5 + reply9 + solution5 + solution9) from (select channel, class, {quantiles} "
                           "from d group by channel, class)").fetchone()[0]
        db.execute(f"create or replace temp table late as {LATE}")
        db.execute(REPEATS).fetchall()
        return int(cube) + int(times)

    figure("checksum", timed("demand_s", run, warm=False))


def with_sqlite():
    import sqlite3
    db = sqlite3.connect(":memory:")
    db.execute("create table t (demand integer, time integer, customer integer, status integer, channel integer, class integer)")
    db.executemany("insert into t values (?, ?, ?, ?, ?, ?)", zip(*(columns[name].tolist() for name in names)))

    def quantiles(column):
        return db.execute(f"""select sum(s) from (select {column} s, row_number() over (partition by channel, class order by {column}) k,
            count(*) over (partition by channel, class) n from d where {column} is not null)
            where k = (n + 1) / 2""").fetchone()[0] + db.execute(f"""select sum(s) from (select {column} s,
            row_number() over (partition by channel, class order by {column}) k,
            count(*) over (partition by channel, class) n from d where {column} is not null)
            where k = (9 * n + 9) / 10""").fetchone()[0]

    def run():
        db.execute(DEMANDS.format(temp="temp", last="max(time * 8 + status) % 8", as_of=AS_OF))
        cube = db.execute(f"select sum(n * (channel + 1) * (class + 7) * (status + 3) * (w - 19000)) from "
                          f"({COUNTS.format(day='(t0 / 86400)')})").fetchone()[0]
        times = quantiles("reply") + quantiles("solution")
        db.execute(LATE).fetchall()
        db.execute(REPEATS).fetchall()
        return cube + times

    figure("checksum", timed("demand_s", run, warm=False))


{"duckdb": with_duckdb, "sqlite": with_sqlite}[peer]()
