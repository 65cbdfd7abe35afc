"""DuckDB's and polars' way to RFM grades: peer_rfm.py WHAT FOLDER PEER THREADS.

FOLDER holds what bench_rfm made; WHAT is as there: keys or names (columns in the peer's memory), keys_csv or
names_csv (its CSV reader). Group by customer, four nearest-rank edges a column, three grades for every customer.
Figures: rfm_s, rss_mb, and checksum = the sum over customers of 100 R + 10 F + M, which must equal ours.
"""
import math
import os
import resource
import sys

import numpy
import pyarrow

from peer import figure, timed

what, folder, peer, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
names = what.startswith("names")
AS_OF = 18000 + 1096


def raw(name, kind):
    return numpy.fromfile(os.path.join(folder, name), dtype=kind)


def arrays():
    if names:
        ends, text = raw("name.i32", "<i4"), raw("name.utf8", "u1")
        customer = pyarrow.StringArray.from_buffers(len(ends) - 1, pyarrow.py_buffer(ends), pyarrow.py_buffer(text))
    else:
        customer = raw("customer.i64", "<i8")
    return pyarrow.table({"customer": customer, "day": raw("day.i32", "<i4"), "amount": raw("amount.i64", "<i8")})


def csv():
    return os.path.join(folder, "names.csv" if names else "keys.csv")


def with_duckdb():
    import duckdb
    db = duckdb.connect(config={"threads": threads})
    if what.endswith("_csv"):
        kind = "varchar" if names else "bigint"
        source = f"read_csv('{csv()}', header = true, columns = {{'customer': '{kind}', 'day': 'date', 'amount': 'decimal(18, 2)'}})"
        recency, spend = f"{AS_OF} - (max(day) - date '1970-01-01')", "(sum(amount) * 100)::bigint"
    else:
        rows = arrays()
        db.execute("create table t as select * from rows")
        source, recency, spend = "t", f"{AS_OF} - max(day)", "sum(amount)::bigint"
    query = f"""
        with c as (select customer, {recency} r, count(*) f, {spend} m from {source} group by customer),
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
    if what.endswith("_csv"):
        rows = pl.scan_csv(csv(), schema={"customer": pl.String if names else pl.Int64, "day": pl.Date, "amount": pl.Float64})
        day, amount = pl.col("day").cast(pl.Int32), (pl.col("amount") * 100).round().cast(pl.Int64)
    else:
        rows = pl.from_arrow(arrays()).lazy()
        day, amount = pl.col("day"), pl.col("amount")

    def run():
        c = rows.group_by("customer").agg(r=AS_OF - day.max(), f=pl.len(), m=amount.sum()).collect()
        n = c.height

        def step(name):
            ordered = c[name].sort()
            edges = [ordered[math.ceil(k * n / 5) - 1] for k in (1, 2, 3, 4)]
            return sum((pl.col(name) > e).cast(pl.Int32) for e in edges)

        return c.with_columns(gr=5 - step("r"), gf=1 + step("f"), gm=1 + step("m"))

    found = timed("rfm_s", run)
    figure("checksum", int((found["gr"] * 100 + found["gf"] * 10 + found["gm"]).sum()))


{"duckdb": with_duckdb, "polars": with_polars}[peer]()
figure("rss_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
