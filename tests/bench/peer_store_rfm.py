"""DuckDB's way to RFM grades from its own table, sorted by customer: peer_store_rfm.py FOLDER FILL|THREADS.

FOLDER holds what bench_store_rfm left; FILL makes FOLDER/rfm.duckdb. Customers are bigint, which is easier for DuckDB
than the text they are in the store. Figures as bench_store_rfm's.
"""
import os
import sys

import duckdb
import numpy
import pyarrow

from peer import figure, timed

folder, what = sys.argv[1:3]
path = os.path.join(folder, "rfm.duckdb")
if what == "FILL":
    db = duckdb.connect(path)
    rows = pyarrow.table({name: numpy.fromfile(os.path.join(folder, f"rfm.{name}.i64"), dtype="<i8")
                          for name in ("customer", "time", "amount")})
    db.execute("create table t as select * from rows order by customer, time")
    sys.exit()

db = duckdb.connect(path, read_only=True, config={"threads": int(what)})
TOTALS = "select customer, count(*) f, min(time) s, max(time) l, sum(amount)::bigint m from t group by customer"
DAY = "1096 - (l - 1577836800000000) // 86400000000"
GRADES = f"""
    with c as (select customer, {DAY} r, f, m from ({TOTALS})),
    e as (select quantile_disc(r, [.2, .4, .6, .8]) r, quantile_disc(f, [.2, .4, .6, .8]) f,
                 quantile_disc(m, [.2, .4, .6, .8]) m from c)
    select customer,
        5 - ((c.r > e.r[1])::int + (c.r > e.r[2])::int + (c.r > e.r[3])::int + (c.r > e.r[4])::int) gr,
        1 + (c.f > e.f[1])::int + (c.f > e.f[2])::int + (c.f > e.f[3])::int + (c.f > e.f[4])::int gf,
        1 + (c.m > e.m[1])::int + (c.m > e.m[2])::int + (c.m > e.m[3])::int + (c.m > e.m[4])::int gm from c, e"""
timed("totals_s", lambda: db.execute(TOTALS).to_arrow_table())
timed("rfm_s", lambda: db.execute(f"create or replace temp table result as {GRADES}"))
sums = db.execute("select sum(100 * gr + 10 * gf + gm), count(*) from result").fetchone()
figure("checksum", sums[0])
figure("customers", sums[1])
