"""The main job on a small sample writes the same bytes whatever the compiler and the number of threads, and twice.

    same.py SCRATCH BUILD_FOLDER BUILD_FOLDER ...

Only texts_per_second, a timing, may differ: it is taken out before the comparison. So is the customer store, which
draws a number of its own when it is made.
"""
import concurrent.futures
import csv
import filecmp
import os
import shutil
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def make_sample(build, folder):
    os.makedirs(folder)
    grammar = os.path.join(SOURCE, "examples", "sample", "demands.grammar")
    subprocess.run([os.path.join(build, "examples", "generate"), "--grammar", grammar, "--out", folder, "--customers", "3000",
                    "--demands", "1500"], check=True)


def run(build, sample, out, threads):
    flags = [text for name in ("customers", "events", "demands", "statuses", "answers") for text in ("--" + name, os.path.join(sample, name + ".csv"))]
    vocabulary = os.path.join(SOURCE, "examples", "sample", "vocabulary.csv")
    subprocess.run([os.path.join(build, "examples", "customer_insight"), *flags, "--vocabulary", vocabulary, "--target", "left",
                    "--sentiment", os.path.join(SOURCE, "examples", "sample", "tone.words"), "--spam", "垃圾信息",
                    "--as-of", "2026-01-01", "--threads", str(threads), "--out", out], check=True)
    shutil.rmtree(os.path.join(out, "store"))
    path = os.path.join(out, "methods.csv")
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    with open(path, "w", newline="", encoding="utf-8") as f:
        for row in rows:
            row.pop("texts_per_second")
            csv.writer(f).writerow(row.values())


def differences(a, b):
    names = sorted(set(os.listdir(a)) | set(os.listdir(b)))
    _, unequal, unread = filecmp.cmpfiles(a, b, names, shallow=False)
    return [f"{b}/{name} differs from {a}/{name}" for name in unequal + unread]


def main():
    scratch, builds = sys.argv[1], sys.argv[2:]
    shutil.rmtree(scratch, ignore_errors=True)
    samples = [os.path.join(scratch, f"sample-{i}") for i in range(len(builds))]
    for build, sample in zip(builds, samples):
        make_sample(build, sample)
    runs = [(build, threads, os.path.join(scratch, f"out-{i}-{threads}-{turn}"))
            for threads, turn in ((1, 1), (2, 1), (2, 2)) for i, build in enumerate(builds)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda x: run(x[0], samples[0], x[2], x[1]), runs))
    first_out = runs[0][2]
    found = [text for sample in samples[1:] for text in differences(samples[0], sample)]
    found += [text for _, _, out in runs[1:] for text in differences(first_out, out)]
    print("\n".join(found) or f"{len(os.listdir(first_out))} files, the same bytes from {len(runs)} runs")
    sys.exit(bool(found))


main()
