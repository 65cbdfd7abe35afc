"""Count a generated log of demands once more with SQLite: recount_demands.py PROGRAM DEMANDS.

PROGRAM (recount_demands.c) writes the rows and kehu's reports. Here the rows go into SQLite, which follows them through
the default machine and counts; every cell of every report must be the same, and the reports of the merged log the same
bytes.
"""
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

HOUR, DAY = 3600 * 10**6, 86400 * 10**6
FIRST = 1735660800000000
AS_OF = FIRST + 150 * DAY
NEXT = {"new": "assigned answered solved closed", "assigned": "assigned answered solved closed",
        "answered": "assigned answered solved closed", "solved": "closed reopened", "closed": "reopened",
        "reopened": "assigned answered solved closed"}

# The week starts on Monday, days 8 hours before midnight UTC.
FOLLOW = f"""
create table seq as select row_number() over (order by demand, time, row) n, demand, time, row, status
    from log where demand is not null and time is not null and time <= {AS_OF};
create unique index seq_n on seq(n);
create table walk as with recursive w(n, demand, before, after, ok) as (
    select 0, null, null, null, null union all
    select s.n, s.demand, case when s.demand is w.demand then w.after end,
        case when case when s.demand is w.demand and w.after is not null
                       then exists (select 1 from next where a = w.after and b = s.status) else s.status = 'new' end
             then s.status else case when s.demand is w.demand then w.after end end,
        case when s.demand is w.demand and w.after is not null
             then exists (select 1 from next where a = w.after and b = s.status) else s.status = 'new' end
    from w join seq s on s.n = w.n + 1)
  select w.*, s.time, s.row, s.status from w join seq s using (n);
create table accepted as select * from walk where ok;
create index accepted_demand on accepted(demand, n);
create table d as
  select demand, min(n) first, max(n) last, max(case when status in ('new', 'assigned', 'answered', 'reopened') then n end) open_n,
         min(case when status in ('answered', 'solved') then time end) reply
  from accepted group by demand;
create table demands as
  select d.demand, i.time taken_in, i.row intake_row, l.status, d.reply - i.time reply,
         (select min(time) from accepted a where a.demand = d.demand and a.status = 'solved' and a.n > d.open_n) - i.time solved,
         g.customer, g.channel, g.class, l.status in ('new', 'assigned', 'answered', 'reopened') open, {AS_OF} - i.time age
  from d join walk i on i.n = d.first join walk l on l.n = d.last join log g on g.row = i.row;
create index by_customer on demands(customer, class, taken_in);
"""


def times(where):
    """The columns of `times` for the demands of one group."""
    made = []
    for column, limit in (("reply", 48 * HOUR), ("solved", 72 * HOUR)):
        made.append(f"count({column}), max(case when {column}_rank = (n_{column} + 1) / 2 then {column} / 1000000 end), "
                    f"max(case when {column}_rank = (9 * n_{column} + 9) / 10 then {column} / 1000000 end), "
                    f"sum({column} is not null or age > {limit}), coalesce(sum({column} <= {limit}), 0)")
    part = f"partition by {where}" if where else ""
    ranked = ", ".join(f"count({c}) over ({part}) n_{c}, row_number() over ({part} order by {c} is null, {c}) {c}_rank"
                       for c in ("reply", "solved"))
    return (f"select {{}}, count(*), sum(open), {', '.join(made)} from (select *, {ranked} from demands) "
            f"{'group by ' + where + ' order by ' + where if where else ''}")


QUERIES = {
    "counts": """select date((taken_in / 1000000 + 28800) - ((taken_in / 1000000 + 28800) / 86400 + 3) % 7 * 86400, 'unixepoch') p,
        channel, class, status, count(*) from demands group by 1, 2, 3, 4 order by 1, 2, 3,
        instr('new assigned answered solved closed reopened', status)""",
    "ageing": """select demand, customer, channel, class, status, taken_in, age / 1000000 from demands where open
        order by age desc, demand""",
    "classes": """select class, count(*), sum(open),
        count(distinct customer), sum(repeats) from repeating group by class order by class""",
    "customers": """select customer, count(*), sum(open), sum(repeats) from repeating where customer is not null
        group by customer order by customer""",
}
LATE = f"max(age - {72 * HOUR}, case when reply is null then age - {48 * HOUR} else age - {72 * HOUR} end)"
QUERIES["overdue"] = f"""select demand, customer, channel, class, status, taken_in, age / 1000000, {LATE} / 1000000 from demands
    where open and {LATE} > 0 order by {LATE} desc, demand"""
REPEATING = f"""create table repeating as select *, customer is not null and coalesce(taken_in - lag(taken_in)
    over (partition by customer, class order by taken_in) <= {20 * DAY}, 0) repeats from demands"""
REFUSED = f"""
select row, null, null, null, 'no demand' from log where demand is null
union all select row, demand, null, null, 'no time' from log where demand is not null and time is null
union all select row, demand, case when status <> 'lost' then status end, before,
    case when status = 'lost' then 'unknown status' when before is null then 'before the intake' else 'not allowed' end
    from walk where not ok
order by 1"""


def load(db, path):
    db.execute("create table log (row integer primary key, demand integer, time integer, customer integer, status text, "
               "channel text, class text)")
    with open(path, encoding="utf-8") as f:
        rows = ([i, *(int(v) if v else None for v in r[:3]), *r[3:]]
                for i, r in enumerate(line.rstrip("\n").split("\t") for line in f))
        db.executemany("insert into log values (?, ?, ?, ?, ?, ?, ?)", rows)
    db.execute("create table next (a text, b text, primary key (a, b)) without rowid")
    db.executemany("insert into next values (?, ?)", [(a, b) for a in NEXT for b in NEXT[a].split()])


def recount(db):
    for name, query in QUERIES.items():
        yield name, db.execute(query).fetchall()
    yield "times", [row for where, names in (("", "null, null"), ("channel", "channel, null"), ("class", "null, class"),
                                              ("channel, class", "channel, class"))
                    for row in db.execute(times(where).format(names))]
    yield "refused", db.execute(REFUSED).fetchall()


def same_cell(column, found, expected):
    """CSV text against SQLite's value. A missing text and an empty one differ in the file only by quotes."""
    if column == "taken_in":
        from datetime import datetime, timezone
        return datetime.fromisoformat(found.replace("Z", "+00:00")) == datetime.fromtimestamp(expected // 10**6, timezone.utc)
    return found == ("" if expected is None else str(expected))


def compare(folder, name, expected):
    with open(os.path.join(folder, name + ".csv"), encoding="utf-8", newline="") as f:
        found = list(csv.reader(f))
    columns, found = found[0], found[1:]
    assert len(found) == len(expected), f"{name} has {len(found)} rows, {len(expected)} expected"
    cells = 0
    for i, (row, want) in enumerate(zip(found, expected)):
        assert len(row) == len(want) == len(columns), f"{name} row {i}"
        for column, cell, value in zip(columns, row, want):
            assert same_cell(column, cell, value), f"{name} row {i}, {column}: {cell!r}, expected {value!r}"
            cells += 1
    return cells


def main():
    program, demands = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run([program, folder, demands], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        assert out[0] == out[1], "the merged log's counts differ"
        db = sqlite3.connect(":memory:")
        load(db, os.path.join(folder, "rows.tsv"))
        db.executescript(FOLLOW)
        db.execute(REPEATING)
        cells = 0
        for name, expected in recount(db):
            cells += compare(folder, name, expected)
            with open(os.path.join(folder, name + ".csv"), "rb") as f, open(os.path.join(folder, name + "-merged.csv"), "rb") as g:
                assert f.read() == g.read(), f"{name} differs after merging"
            assert len(expected) > 1, f"{name} is empty"
        counts = json.loads(out[0])
        expected = dict(zip(("rows", "later", "refused", "demands", "open", "customers", "repeats"), db.execute(f"""select
            (select count(*) from log), (select count(*) from log where demand is not null and time > {AS_OF}),
            (select count(*) from ({REFUSED.replace('order by 1', '')})), count(*), sum(open), count(distinct customer), sum(repeats)
            from repeating""").fetchone()))
        assert counts == expected, f"{counts}, expected {expected}"
    print(f"{demands} demands, {counts['rows']} rows: {cells} cells as SQLite counts them")


main()
