"""DuckDB's and polars' way to RFM grades: peer_rfm.py FOLDER PEER THREADS.

FOLDER holds what bench_rfm wrote: customer.i64, day.i32, amount.i64 (raw little-endian arrays, one row each).
From memory: group by customer, four nearest-rank edges a column, three grades for every customer. Figures:
rfm_s, and checksum = the sum over customers of 100 R + 10 F + M, which must equal ours.
"""
import math
import os
import sys

import numpy

from peer import figure, timed

folder, peer, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
customer = numpy.fromfile(os.path.join(folder, "customer.i64"), dtype="<i8")
day = numpy.fromfile(os.path.join(folder, "day.i32"), dtype="<i4")
amount = numpy.fromfile(os.path.join(folder, "amount.i64"), dtype="<i8")
as_of = int(day.max()) + 1


def with_duckdb():
    import duckdb
    import pyarrow
    db = duckdb.connect(config={"threads": threads})
    rows = pyarrow.table({"customer": customer, "day": day, "amount": amount})
    db.execute("create table t as select * from rows")
    query = f"""
        with c as (select customer, {as_of} - max(day) r, count(*) f, sum(amount)::bigint m from t group by customer),
        e as (select quantile_disc(r, [.2, .4, .6, .8]) r, quantile_disc(f, [.2, .4, .6, .8]) f,
                     quantile_disc(m, [.2, .4, .6, .8]) m from c),
        g as (select customer,
            5 - ((c.r > e.r[1])::int + (c.r > e.r[2])::int + (c.r > e.r[3])::int + (c.r > e.r[4])::int) gr,
            1 + (c.f > e.f[1])::int + (c.f > e.f[2])::int + (c.f > e.f[3])::int + (c.f > e.f[4])::int gf,
            1 + (c.m > e.m[1])::int + (c.m > e.m[2])::int + (c.m > e.m[3])::int + (c.m > e.m[4])::int gm from c, e)
        select * from g"""

    def run():
        db.execute(f"create or replace temp table result as {query}")

    timed("rfm_s", run)
    figure("checksum", db.execute("select sum(100 * gr + 10 * gf + gm) from result").fetchone()[0])


def with_polars():
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl
    rows = pl.DataFrame({"customer": customer, "day": day, "amount": amount})

    def run():
        c = rows.lazy().group_by("customer").agg(r=as_of - pl.col("day").max(), f=pl.len(), m=pl.col("amount").sum()).collect()
        n = c.height

        def step(name):
            ordered = c[name].sort()
            edges = [ordered[math.ceil(k * n / 5) - 1] for k in (1, 2, 3, 4)]
            return sum((pl.col(name) > e).cast(pl.Int32) for e in edges)

        return c.with_columns(gr=5 - step("r"), gf=1 + step("f"), gm=1 + step("m"))

    found = timed("rfm_s", run)
    figure("checksum", int((found["gr"] * 100 + found["gf"] * 10 + found["gm"]).sum()))


{"duckdb": with_duckdb, "polars": with_polars}[peer]()
