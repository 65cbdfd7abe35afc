# peers: lightgbm xgboost scikit-learn numpy pandas
"""How well one tree foretells, beside tuned peers, on the public customer tables: the fixed split of the data's README, then
five more seeds of the split's hash. Everything is chosen on the train rows.

    KEHU_SETS=telco,bank,adult KEHU_SEEDS=5    fewer sets or seeds take less time

R and its packages rpart and partykit (ctree) come from Debian, C50 by R's own client; a peer that cannot be had, or takes
more than PATIENCE, is named and left out. Figures are meant over the same splits for all: a peer that failed on one has no mean.
The standard error is of the paired difference on the fixed split, by 200 bootstraps of its test rows; of the means, over the
splits. Answers stay in the scratch folder, kehu's until the library is built anew: a run that was stopped goes on where it was."""
import csv
import gzip
import os
import shutil
import subprocess
import sys

import numpy

from harness import bar, data_folder

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(scratch, "tree_quality")
r_packages = os.path.abspath(os.path.join(folder, "R"))
os.makedirs(r_packages, exist_ok=True)
os.environ["R_LIBS"] = r_packages
os.environ["KEHU_LIBRARY"] = os.path.join(tests, "..", "src", "libkehu.so")
os.environ["PYTHONPATH"] = os.path.join(here, "..", "..", "bindings", "python", "src")
PATIENCE, BOOTSTRAPS = 900, 200
SETS = {"bank": ("bank_marketing", ["duration"], "y", (.799, .279, .009)), "adult": ("adult", ["fnlwgt"], "income", (.916, .298, .006)),
        "telco": ("telco_churn", [], "Churn", (.838, .434, .020))}
OURS, OTHERS = ("kehu", "kehu_distilled"), ("sklearn", "xgboost", "lightgbm", "rpart", "ctree", "c50")


def r_has(package):
    return subprocess.run(["Rscript", "-e", f"quit(status = !requireNamespace('{package}', quietly = TRUE))"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def r_peers():
    """Those of R that are here, after trying to get them."""
    wanted = "Rscript=r-base-core /usr/lib/R/library/rpart=r-cran-rpart /usr/lib/R/site-library/partykit=r-cran-partykit"
    subprocess.run(["sh", "-c", f". '{here}/../support/install.sh' && ensure {wanted}"], cwd=os.path.join(here, "..", ".."))
    if shutil.which("Rscript") is None:
        print("R could not be had: no rpart, ctree, C5.0")
        return []
    if not r_has("C50"):
        subprocess.run(["timeout", "300", "Rscript", "-e", f"install.packages('C50', lib = '{r_packages}', quiet = TRUE)"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    found = [peer for peer, package in (("rpart", "rpart"), ("ctree", "partykit"), ("c50", "C50")) if r_has(package)]
    for peer in {"rpart", "ctree", "c50"} - set(found):
        print(f"{peer} could not be had")
    return found


def is_test_row(i, seed):
    """The fixed split for seed 0, else one by splitmix64."""
    if seed == 0:
        return (i * 2654435761 % 2 ** 32 >> 16) % 10 < 3
    x = (i + seed * 1000003) * 0x9E3779B97F4A7C15 % 2 ** 64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2 ** 64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2 ** 64
    return (x ^ x >> 31) % 10 < 3


def write_split(name, seed):
    """train.csv and test.csv without the columns to be left out; the test rows' outcomes."""
    file, drop, target, _ = SETS[name]
    to = os.path.join(folder, f"{name}{seed}")
    os.makedirs(to, exist_ok=True)
    with gzip.open(os.path.join(data_folder(), "tabular", file + ".csv.gz"), "rt", encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    kept = [c for c, column in enumerate(rows[0]) if column not in drop]
    assert rows[0][-1] == target
    parts = {"train": [rows[0]], "test": [rows[0]]}
    for i, row in enumerate(rows[1:]):
        parts["test" if is_test_row(i, seed) else "train"].append(row)
    for part, some in parts.items():
        with open(os.path.join(to, part + ".csv"), "w", encoding="utf-8", newline="") as f:
            csv.writer(f).writerows([row[c] for c in kept] for row in some)
    return to, numpy.array([int(row[-1]) for row in parts["test"][1:]])


def auc(p, y):
    _, at, n = numpy.unique(p, return_inverse=True, return_counts=True)
    ranks = (numpy.cumsum(n) - (n - 1) / 2)[at]
    yes = y.sum()
    return (ranks[y == 1].sum() - yes * (yes + 1) / 2) / (yes * (len(y) - yes))


def log_loss(p, y):
    p = numpy.clip(p, 1e-6, 1 - 1e-6)
    return float(-numpy.log(numpy.where(y == 1, p, 1 - p)).mean())


def ece(p, y):
    group = numpy.minimum((p * 15).astype(int), 14)
    return sum(abs((p - y)[group == g].sum()) for g in range(15)) / len(y)


def probabilities(peer, to):
    """Of the test rows, kept in the folder. None where the peer failed or took too long."""
    path = os.path.join(to, peer + ".txt")
    if not os.path.exists(path) or (peer in OURS and os.path.getmtime(path) < os.path.getmtime(os.environ["KEHU_LIBRARY"])):
        program = ["Rscript", os.path.join(here, "peer_tree_quality.R")] if peer in ("rpart", "ctree", "c50") else \
            [sys.executable, os.path.join(here, "peer_tree_quality.py")]
        done = subprocess.run(["timeout", str(PATIENCE), *program, peer, to], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(f"{peer} on {os.path.basename(to)}: " + ("too slow" if done.returncode == 124 else done.stderr.strip()[-200:]))
            return None
    return numpy.loadtxt(path)


def standard_error(measure, a, b, y):
    rng = numpy.random.default_rng(0)
    draws = (rng.integers(0, len(y), len(y)) for _ in range(BOOTSTRAPS))
    return float(numpy.std([measure(a[i], y[i]) - measure(b[i], y[i]) for i in draws]))


def over_splits(name, which, label, sign):
    """Ours beside the peer that is best on the mean of the further splits."""
    further = {peer: every[name, peer][1:, which] for peer in (*OURS, *OTHERS) if (name, peer) in every}
    others = [peer for peer in further if peer in OTHERS]
    if len(seeds) < 3 or not others:
        return
    best = max(others, key=lambda peer: sign * further[peer].mean())
    for ours in (peer for peer in OURS if peer in further):
        ahead = sign * (further[ours] - further[best])
        error = ahead.std(ddof=1) / len(ahead) ** .5
        print(f"  {ours} against {best}, {label}, {len(ahead)} further splits: {ahead.mean():+.4f}, paired standard error {error:.4f}")
        bar(f"tree_quality.{name}.{label}.{ours}.further_standard_errors_ahead", ahead.mean() / error, -1)


peers = [*OURS, "sklearn", "xgboost", "lightgbm", *r_peers()]
sets = os.environ.get("KEHU_SETS", "telco,bank,adult").split(",")
seeds = range(1 + int(os.environ.get("KEHU_SEEDS", "5")))
every = {}  # (set, peer): AUC, log-loss and ECE of each split, where none is missing
for name in sets:
    found, fixed = {}, {}
    for seed in seeds:
        to, y = write_split(name, seed)
        for peer in [peer for peer in peers if len(found.get(peer, [])) == seed]:  # who failed once has no mean
            p = probabilities(peer, to)
            if p is not None:
                found.setdefault(peer, []).append((auc(p, y), log_loss(p, y), ece(p, y)))
                if seed == 0:
                    fixed[peer] = p
        if seed == 0:
            outcomes = y
    print(f"\n{name}, one tree: AUC / log-loss / ECE on the fixed split; meant over {len(seeds)} splits")
    for peer in fixed:
        shown = [found[peer][0]]
        if len(found[peer]) == len(seeds):
            every[name, peer] = numpy.array(found[peer])
            shown.append(every[name, peer].mean(axis=0))
        print(f"  {peer:16}" + "   ".join(" / ".join(f"{v:.4f}" for v in row) for row in shown))
    others = [peer for peer in OTHERS if peer in fixed]
    left_out = [peer for peer in OTHERS if peer not in fixed]
    if left_out:
        print(f"  without {', '.join(left_out)}: none to be had, or it failed as said above")
    for which, measure, sign in ((0, auc, 1), (1, log_loss, -1)):
        best = max(others, key=lambda peer: sign * found[peer][0][which])
        label = ("auc", "log_loss")[which]
        for ours in OURS:
            ahead = sign * (found[ours][0][which] - found[best][0][which])
            error = standard_error(measure, fixed[ours], fixed[best], outcomes)
            print(f"  {ours} against {best}, {label}: {ahead:+.4f}, paired standard error {error:.4f}")
            bar(f"tree_quality.{name}.{label}.{ours}.standard_errors_ahead", ahead / error, -1)
        over_splits(name, which, label, sign)
    for which, label in enumerate(("auc", "log_loss", "ece")):
        for ours in OURS:
            bar(f"tree_quality.{name}.{label}.{ours}", found[ours][0][which], SETS[name][3][which], at_most=which > 0)

print(f"\nmeant over {', '.join(sets)} and {len(seeds)} splits: AUC / log-loss / ECE")
whole = {peer: numpy.mean([every[name, peer] for name in sets], axis=0) for peer in peers if all((name, peer) in every for name in sets)}
for peer, rows in whole.items():
    print(f"  {peer:16}" + " / ".join(f"{v:.4f}" for v in rows.mean(axis=0)))
for which, label, sign in ((0, "auc", 1), (1, "log_loss", -1)):
    best = max((peer for peer in whole if peer in OTHERS), key=lambda peer: sign * whole[peer][:, which].mean())
    for ours in OURS:
        ahead = sign * (whole[ours] - whole[best])[:, which]
        error = f", paired standard error {ahead.std(ddof=1) / len(ahead) ** .5:.4f}" if len(ahead) > 1 else ""
        print(f"  {ours} against {best}, {label}: {ahead.mean():+.4f}{error}")
        bar(f"tree_quality.mean.{label}.{ours}.ahead", ahead.mean(), 0)
