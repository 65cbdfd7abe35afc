"""What earlier versions pickled still loads, and still gives the same answers.

    python test_pickles.py    keeps what this version pickles, in pickles/<version>.json
"""
import base64
import json
import os
import pickle

import pytest

import kehu

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pickles")
TEXTS = [f"网速{i % 5}" if i % 2 else f"扣费{i % 5}" for i in range(20)]
LABELS = ["network" if i % 2 else "bill" for i in range(20)]
COLUMNS = {"x": [float(i % 20) for i in range(100)]}
TARGET = ["yes" if x < 7 else "no" for x in COLUMNS["x"]]
CUSTOMERS = {"recency_days": list(range(10)), "orders": list(range(10)), "spend": list(range(10))}
ANSWERS = {
    "Svm": lambda m: m.predict(TEXTS, margins=True).margins.to_lists(), "Keyword": lambda m: m.write_text(),
    "Tokenizer": lambda m: m.words("宽带网速慢"), "Rfm": lambda m: m.grade(CUSTOMERS).to_dict(), "Segments": lambda m: m.text,
    "Clv": lambda m: m.alive({"frequency": [2], "recency": [3], "age": [9]}).to_list(), "Tree": lambda m: m.score(COLUMNS).to_lists(),
    "Levels": lambda m: m.cuts, "Table": lambda m: m.to_dict(),
    "Bins": lambda m: kehu.Tree.train(m, TARGET, max_leaves=4).score(COLUMNS).to_lists(),
}


def objects():
    return [
        kehu.Svm.train(TEXTS, LABELS, cost=1), kehu.Keyword.train(TEXTS, LABELS), kehu.Tokenizer.read_words("宽带 3\n网速 2\n"),
        kehu.Rfm.fit(CUSTOMERS), kehu.Segments.builtin("rfm_grid"), kehu.Clv.from_parameters("bg_nbd", [0.243, 4.414, 0.793, 2.426]),
        kehu.Tree.train(COLUMNS, TARGET, max_leaves=4), kehu.Levels.fit([[0.5]]), kehu.Table({"t": ["客户", None], "n": [1, None]}),
        kehu.Bins.fit(COLUMNS),
    ]


def kept():
    for name in sorted(os.listdir(FOLDER)):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
            for kind, (data, answer) in json.load(f).items():
                yield pytest.param(kind, data, answer, id=f"{name[:-5]}-{kind}")


@pytest.mark.parametrize("kind, data, answer", kept())
def test_loads(kind, data, answer):
    model = pickle.loads(base64.b64decode(data))
    assert type(model).__name__ == kind and ANSWERS[kind](model) == answer


if __name__ == "__main__":
    found = {type(o).__name__: (base64.b64encode(pickle.dumps(o, 4)).decode(), ANSWERS[type(o).__name__](o)) for o in objects()}
    with open(os.path.join(FOLDER, kehu.__version__ + ".json"), "w", encoding="utf-8", newline="\n") as f:
        json.dump(found, f, ensure_ascii=False, indent=1)
        f.write("\n")
