"""The bytes of every result are those of the C library: bindings/golden.c has the inputs, golden.json the hashes."""
import array
import datetime
import hashlib
import json
import os

import pytest

import kehu

with open(os.path.join(os.path.dirname(__file__), "..", "..", "golden.json"), encoding="utf-8") as f:
    GOLDEN = json.load(f)
WORDS = [["网速", "宽带", "信号"], ["话费", "账单", "扣费"], ["套餐", "流量", "升级"]]
TEXTS = [f"{WORDS[i % 3][i // 3 % 3]}很{'差慢贵怪乱'[i % 5]}{i % 7}" for i in range(240)]
LABELS = [["network", "bill", "plan"][i % 3] for i in range(240)]
SALES = {
    "customer": [f"c{i * 37 % 50}" for i in range(600)],
    "day": [datetime.date(1970, 1, 1) + datetime.timedelta(19000 + i * 53 % 365) for i in range(600)],
    "amount": [i * 7919 % 100000 - 2000 for i in range(600)],
}
AS_OF = datetime.date(1970, 1, 1) + datetime.timedelta(19400)
COLUMNS = {
    "tenure": [float(i * 37 % 61) for i in range(400)],
    "spend": [None if i % 11 == 0 else (i * 7919 % 10007) / 16 for i in range(400)],
    "plan": ["abc"[i % 3] for i in range(400)],
}
TARGET = ["yes" if COLUMNS["tenure"][i] < 20 or i % 17 == 0 else "no" for i in range(400)]
SMALL = {"max_leaves": 8, "n_folds": 2}


def of_texts():
    svm = kehu.Svm.train(TEXTS, LABELS, cost=1, n_threads=2)
    keyword = kehu.Keyword.train(TEXTS, LABELS, keywords_per_class=20)
    hybrid = kehu.Hybrid.train(TEXTS, LABELS, keyword={"keywords_per_class": 20}, svm={"cost": 1})
    yield "svm.model", svm.write()
    yield "svm.margins", svm.predict(TEXTS, margins=True).margins.view()
    yield "keyword.model", keyword.write()
    yield "keyword.txt", keyword.write_text().encode()
    yield "keyword.scores", keyword.predict(TEXTS, scores=True).scores.view()
    yield "hybrid.model", hybrid.write()
    spans = kehu.Tokenizer.default().split(TEXTS)
    kinds = kehu.tokenizer.KINDS
    rows = zip(spans["row"], spans["start"], spans["text"], spans["kind"])
    yield "tokenizer.spans", array.array("I", [v for row, start, text, kind in rows for v in
                                               (len(TEXTS[row][:start].encode()), len(text.encode()), kinds.index(kind))])


def of_sales():
    yield "csv.json", kehu.Table(SALES).write_json().encode()
    base = kehu.RfmBase(AS_OF)
    base.add(SALES["customer"], SALES["day"], SALES["amount"])
    yield "rfm.base", base.write()
    customers = base.finish()
    rfm = kehu.Rfm.fit(customers)
    yield "rfm.model", rfm.write()
    yield "rfm.grades", bytes(v for row in zip(*rfm.grade(customers).to_dict().values()) for v in row)
    yield "segments.codes", kehu.Segments.builtin("rfm_grid").assign_rfm(rfm, customers).numbers
    purchases = kehu.ClvBase(AS_OF)
    purchases.add(SALES["customer"], SALES["day"], SALES["amount"])
    yield "clv.alive", kehu.Clv.from_parameters("bg_nbd", [.243, 4.414, .793, 2.426]).alive(purchases.finish()).view()


def of_columns():
    tree = kehu.Tree.train(COLUMNS, TARGET, **SMALL)
    scores = tree.score(COLUMNS)
    yield "tree.model", tree.write()
    yield "tree.scores", scores.view()
    yield "levels.model", kehu.Levels.fit(scores, mode="quantile").write()
    observed = [None if i % 4 == 0 else t for i, t in enumerate(TARGET)]
    yield "preference.model", kehu.Preference.train(COLUMNS, observed, tree=SMALL).write()
    rows = [[t, i % 3] for i, t in enumerate(COLUMNS["tenure"])]
    yield "linear.model", kehu.Linear.train(rows, [1 if t == "yes" else -1 for t in TARGET], cost=1).write()


@pytest.mark.parametrize("results", [of_texts, of_sales, of_columns])
def test_results_are_the_library_s_bytes(results):
    found = {name: hashlib.sha256(data).hexdigest() for name, data in results()}
    assert found == {name: GOLDEN[name] for name in found}


def test_every_golden_result_is_looked_at():
    assert {name for results in (of_texts, of_sales, of_columns) for name, _ in results()} == set(GOLDEN)
