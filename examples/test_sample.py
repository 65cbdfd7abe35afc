"""The generated sample is what it promises: size, classes, truth, planted dirt, the same bytes everywhere.

Usage: test_sample.py GENERATE GRAMMAR
"""
import collections
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
import unittest

GENERATE, GRAMMAR = sys.argv[1:3]
FILES = ["customers.csv", "events.csv", "demands.csv", "statuses.csv", "answers.csv", "truth.csv"]
# SHA-256 over the six files of the default seed: any compiler and machine must give these bytes. A change of the
# generator or its grammar changes it on purpose: then write the new value here.
BYTES = "823da81c3dc06da77c97d1cf27461db6577dc47df85ab1be2eb6fe29c80a3696"


def generate(folder, *more):
    subprocess.run([GENERATE, "--grammar", GRAMMAR, "--out", folder, *more], check=True, stderr=subprocess.DEVNULL)


def digest(folder):
    return hashlib.sha256(b"".join(read(folder, name) for name in FILES)).hexdigest()


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def good_rows(folder, name, first):
    """Rows whose id starts with `first` and a digit, as the generator's own do; dirty rows fall away."""
    text = read(folder, name).decode("utf-8", "replace").replace("\0", "")
    rows = list(csv.reader(text.splitlines(keepends=True)))
    names, seen = rows[0], {}
    for row in rows[1:]:
        if len(row) == len(names) and row[0][:1] == first and row[0] not in seen and not row[0].startswith("C9"):
            seen[row[0]] = dict(zip(names, row))
    return list(seen.values())


class Sample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = cls.scratch.name
        generate(cls.folder)
        cls.truth = collections.defaultdict(dict)
        for row in csv.DictReader(read(cls.folder, "truth.csv").decode().splitlines()):
            cls.truth[row["subject"], row["id"]][row["name"]] = row["value"]

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_same_bytes_twice_and_on_every_machine(self):
        with tempfile.TemporaryDirectory() as again:
            generate(again)
            self.assertEqual(digest(self.folder), digest(again))
        self.assertEqual(digest(self.folder), BYTES)

    def test_another_seed_gives_another_operator(self):
        with tempfile.TemporaryDirectory() as other:
            generate(other, "--seed", "7", "--customers", "500", "--demands", "300")
            self.assertEqual(len(good_rows(other, "customers.csv", "C")), 500)
            self.assertEqual(len(good_rows(other, "demands.csv", "D")), 300)
            self.assertNotEqual(read(other, "customers.csv")[:2000], read(self.folder, "customers.csv")[:2000])

    def test_size(self):
        self.assertEqual(len(good_rows(self.folder, "customers.csv", "C")), 20000)
        self.assertGreaterEqual(len(good_rows(self.folder, "events.csv", "E")), 500000)
        self.assertEqual(len(good_rows(self.folder, "demands.csv", "D")), 8000)

    def test_demands_are_varied_and_their_labels_mostly_right(self):
        rows = good_rows(self.folder, "demands.csv", "D")
        labelled = [row for row in rows if row["class"]]
        counts = collections.Counter(row["class"] for row in labelled)
        right = sum(self.truth["demand", row["demand_id"]]["class"] == row["class"] for row in labelled)
        self.assertGreaterEqual(len(labelled), 5000)
        self.assertEqual(len(counts), 11)
        self.assertGreaterEqual(min(counts.values()), 200)
        self.assertIn("垃圾信息", counts)
        self.assertTrue(0.95 < right / len(labelled) < 0.99)
        self.assertGreater(len({row["text"] for row in rows}), 7000)
        for row in rows:  # a name in braces is a rule the grammar does not have
            self.assertNotRegex(row["text"], r"[{}\[\]]")

    def test_statuses_go_on_from_the_intake_to_the_status_of_the_truth(self):
        intake = {row["demand_id"]: row["time"] for row in good_rows(self.folder, "demands.csv", "D")}
        last, time = dict.fromkeys(intake, "new"), dict(intake)
        lines = read(self.folder, "statuses.csv").decode().splitlines()
        good = [row for i, row in enumerate(csv.reader(lines[1:]), 2) if str(i) not in self.truth["dirty", "statuses.csv"]]
        self.assertGreater(len(good), 25000)
        for demand, _, at, status in good:
            self.assertGreater(at, time[demand])
            self.assertLess(at, "2026")
            time[demand], last[demand] = at, status
        self.assertEqual(last, {d: self.truth["demand", d]["status"] for d in intake})

    def test_answers_are_those_of_the_needs(self):
        counts = collections.defaultdict(collections.Counter)
        for row in csv.DictReader(read(self.folder, "answers.csv").decode().splitlines()):
            if row["functional"] in set("12345"):
                counts[row["feature"]][row["functional"], row["dysfunctional"]] += 1
        needs = {feature: self.truth["feature", feature]["need"] for feature in counts}
        self.assertEqual(sorted(needs.values()), ["basic", "basic", "expected", "expected", "latent", "latent"])
        for feature, need in needs.items():
            most = counts[feature].most_common(1)[0][0]
            self.assertIn(most, {"basic": [("2", "5")], "expected": [("1", "5")], "latent": [("1", "3"), ("1", "4")]}[need])

    def test_truth_covers_every_subject_and_counting_contacts_finds_it(self):
        counted = collections.defaultdict(collections.Counter)
        for row in good_rows(self.folder, "events.csv", "E"):
            if row["channel"]:
                counted[row["customer_id"]][row["channel"]] += 1
        told = agree = 0
        for row in good_rows(self.folder, "customers.csv", "C"):
            truth = self.truth["customer", row["customer_id"]]
            self.assertEqual(set(truth), {"channel", "content", "occupation", "leave_per_mille"})
            if row["occupation"]:
                self.assertEqual(row["occupation"], truth["occupation"])
            seen = counted[row["customer_id"]]
            if sum(seen.values()) >= 20:
                told += 1
                agree += seen.most_common(1)[0][0] == truth["channel"]
        self.assertGreater(told, 5000)
        self.assertGreater(agree / told, 0.7)

    def test_dirt_is_where_the_truth_says(self):
        lines = {name: read(self.folder, name).split(b"\n") for name in FILES[:5]}
        reasons = collections.Counter()
        for (subject, name), found in self.truth.items():
            if subject == "dirty":
                for line, reason in found.items():
                    reasons[name] += 1
                    if reason == "nul_byte":
                        self.assertIn(b"\0", lines[name][int(line) - 1])
                    if reason == "wrong_encoding":
                        self.assertRaises(UnicodeDecodeError, lines[name][int(line) - 1].decode)
        self.assertEqual(reasons, {"customers.csv": 80, "events.csv": 210, "demands.csv": 64, "statuses.csv": 68, "answers.csv": 6})

    def test_bad_arguments(self):
        for arguments in [[], ["--out", self.folder], ["--grammar", GRAMMAR, "--out"], ["--grammar", GRAMMAR, "--x", "y"]]:
            self.assertEqual(subprocess.run([GENERATE, *arguments], stderr=subprocess.DEVNULL).returncode, 2)
        for arguments in [["--grammar", "no such file", "--out", self.folder], ["--grammar", GRAMMAR, "--out", "/no/such"]]:
            done = subprocess.run([GENERATE, *arguments], stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count(b"\n"), 1)


unittest.main(argv=sys.argv[:1])
