# peers: lifetimes
"""Fits of the CDNOW sample, standard errors included, beside lifetimes; a million customers fitted and scored."""
import array
import csv
import datetime
import gzip
import os
import sys

from harness import bar, data_folder, in_turn, ratio, table

END = datetime.date(1997, 9, 30)


def rows(path):
    """frequency, recency, age (weeks) and mean repeat spend (cents) of each customer up to END; a day is one purchase."""
    days = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = datetime.date.fromisoformat(row["date"])
            if day <= END:
                spent = days.setdefault(row["customer"], {})
                spent[day] = spent.get(day, 0) + round(100 * float(row["amount"]))
    for spent in days.values():
        first, last, x = min(spent), max(spent), len(spent) - 1
        repeat = sum(money for day, money in spent.items() if day != first)
        yield float(x), (last - first).days / 7, (END - first).days / 7, repeat / x if x else 0.0


tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
source = os.path.join(data_folder(), "transactions", "cdnow_sample.csv.gz")
if not os.path.exists(source):
    sys.exit(f"no {source}: set KEHU_DATA")
summary = os.path.join(scratch, "cdnow.f64")
with open(summary, "wb") as file:
    for column in zip(*rows(source)):
        array.array("d", column).tofile(file)

medians = in_turn({"kehu": [os.path.join(tests, "bench_clv"), summary],
                   "lifetimes": [sys.executable, os.path.join(here, "peer_clv.py"), summary]})
print("\nLifetime value, CPU seconds")
table(medians)
for model, goal in (("bg_nbd", 25), ("pareto_nbd", 20), ("gamma_gamma", 15)):
    bar(f"clv.{model}.lifetimes", ratio(medians, "lifetimes", f"{model}_s"), goal)
bar("clv.million_s", medians["kehu"]["million_s"], 2, at_most=True)
