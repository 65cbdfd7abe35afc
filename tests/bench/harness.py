"""What every bench shares: run ours and the peer in turn, take medians, print the table and the bars.

A measured program (ours in C, a peer in Python) prints lines

    figure <name> <number>

where a time is CPU seconds of its process, taken after a warm-up inside the program; loading and imports stay
outside. Names that end in _s are times and compared as ratios (peer / ours); others are just shown.
"""
import os
import statistics
import subprocess
import sys

RUNS = 5


def data_folder():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("KEHU_DATA") or os.path.join(here, "..", "..", "..", "shared", "data")


def figures(command):
    """The figures one run of a program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")
    rows = (line.split() for line in done.stdout.splitlines() if line.startswith("figure "))
    return {row[1]: float(row[2]) for row in rows}


def in_turn(programs, runs=RUNS):
    """programs: {who: command}. Runs them A B C A B C ...; the median of every figure, {who: {figure: value}}."""
    seen = {who: {} for who in programs}
    for _ in range(runs):
        for who, command in programs.items():
            for name, value in figures(command).items():
                seen[who].setdefault(name, []).append(value)
    return {who: {name: statistics.median(values) for name, values in found.items()} for who, found in seen.items()}


def table(medians, ours="kehu"):
    """Print every figure, one column a program, ratios to ours for times."""
    who = list(medians)
    names = sorted({name for found in medians.values() for name in found})
    print(f"{'':34}" + "".join(f"{w:>24}" for w in who))
    for name in names:
        cells = []
        for w in who:
            value = medians[w].get(name)
            cell = "-" if value is None else f"{value:.6g}"
            if value and w != ours and name.endswith("_s") and medians[ours].get(name):
                cell += f" ({value / medians[ours][name]:.1f}x)"
            cells.append(f"{cell:>24}")
        print(f"{name:34}" + "".join(cells))


def ratio(medians, peer, name, ours="kehu", peer_name=None):
    return medians[peer][peer_name or name] / medians[ours][name]


def bar(identity, value, goal, at_most=False):
    """One goal: value at least (or at most) goal."""
    met = value <= goal if at_most else value >= goal
    print(f"bar {identity} {value:.4g} {goal:g} {'ok' if met else 'short'}", flush=True)
