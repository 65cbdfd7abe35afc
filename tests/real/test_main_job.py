"""The parts of the main job on real files, as they were published, against known figures.

Usage: test_real.py CUSTOMER_INSIGHT SOURCE_ROOT     (data in $KEHU_DATA, else ../shared/data beside the source)
"""
import csv
import gzip
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

INSIGHT, ROOT = sys.argv[1:3]
DATA = os.environ.get("KEHU_DATA") or os.path.join(ROOT, "..", "shared", "data")
if not os.path.isdir(DATA):
    print(f"skipped: {DATA} is not here", file=sys.stderr)
    sys.exit(77)


class Real(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name

    def tearDown(self):
        self.scratch.cleanup()

    def unpack(self, *path):
        """The file as it was before it was packed."""
        packed = os.path.join(DATA, *path)
        to = os.path.join(self.folder, os.path.splitext(path[-1])[0])
        with (gzip if packed.endswith(".gz") else lzma).open(packed) as source, open(to, "wb") as target:
            shutil.copyfileobj(source, target)
        return to

    def run_part(self, *arguments):
        out = os.path.join(self.folder, "out")
        done = subprocess.run([INSIGHT, *arguments, "--out", out], stderr=subprocess.PIPE, encoding="utf-8")
        self.assertEqual(done.returncode, 0, done.stderr)
        return out, done.stderr

    def rows(self, out, name):
        with open(os.path.join(out, name), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def rfm(self, returns):
        out, said = self.run_part("--part", "rfm", "--events", self.unpack("transactions", "online_retail.csv.gz"),
                                  "--customer", "customer", "--order", "invoice", "--time", "timestamp", "--price", "unit_price",
                                  "--quantity", "quantity", "--decimals", "3", "--cancelled", "C", "--returns", returns,
                                  "--as-of", "2011-12-10")
        self.assertIn("541909 rows read, 0 rejected", said)
        return {row["column"]: [row["customers"], *(row[f"edge_{k}"] for k in range(1, 5))]
                for row in self.rows(out, "cuts.csv")}, self.rows(out, "rfm.csv")

    def test_online_retail_without_cancellations(self):
        cuts, customers = self.rfm("drop")
        self.assertEqual(cuts, {"recency_days": ["4339", "13", "33", "72", "180"], "orders": ["4339", "1", "2", "3", "6"],
                                "spend": ["4339", "250.040", "489.600", "942.260", "2059.450"]})
        self.assertEqual(len(customers), 4339)

    def test_online_retail_with_returns(self):
        cuts, customers = self.rfm("count")
        self.assertEqual(cuts, {"recency_days": ["4372", "12", "32", "72", "179"], "orders": ["4372", "1", "2", "4", "7"],
                                "spend": ["4372", "234.340", "465.320", "909.230", "2002.400"]})
        self.assertEqual(sum(float(row["spend"]) <= 0 for row in customers), 55)

    def classify(self, name, train, test):
        out, _ = self.run_part("--part", "classify", "--texts", self.unpack("text", f"{name}.train.tsv.xz"),
                               "--test", self.unpack("text", f"{name}.test.tsv.xz"))
        answers = self.rows(out, "demands.csv")
        self.assertEqual(len(answers), test)
        methods = {row["method"]: row for row in self.rows(out, "methods.csv")}
        for method, column in (("keyword", "keyword_class"), ("svm", "svm_class")):
            print(f"{name}: {method} accuracy {methods[method]['accuracy']} macro-F1 {methods[method]['macro_f1']}")
            right = sum(row[column] == row["label"] for row in answers)
            self.assertAlmostEqual(right / test, float(methods[method]["accuracy"]), delta=0.0001)
        return methods

    def test_shop10_cat(self):
        methods = self.classify("shop10_cat", 50141, 12536)
        self.assertGreaterEqual(float(methods["svm"]["accuracy"]), 0.895)
        self.assertGreaterEqual(float(methods["keyword"]["accuracy"]), 0.82)

    def test_sms_spam(self):
        methods = self.classify("sms_spam", 54786, 13696)
        self.assertGreaterEqual(float(methods["svm"]["macro_f1"]), 0.992)
        self.assertGreaterEqual(float(methods["keyword"]["accuracy"]), 0.95)  # "ham" alone is right for 90 %

    def test_telco_churn(self):
        out, said = self.run_part("--part", "score", "--customers", self.unpack("tabular", "telco_churn.csv.gz"),
                                  "--target", "Churn", "--hold-out", "3")
        self.assertIn("7043 rows read, 0 rejected", said)
        quality, = self.rows(out, "quality.csv")
        print("telco_churn:", quality)
        self.assertEqual((quality["trained_on"], quality["judged_on"], quality["event"]), ("4938", "2105", "1"))
        self.assertGreaterEqual(float(quality["auc"]), 0.825)
        self.assertLessEqual(float(quality["calibration_error"]), 0.03)


unittest.main(argv=sys.argv[:1])
