"""python -m kehu: the same results as the library, and errors that say what is wrong."""
import csv
import datetime
import io
import json
import subprocess
import sys

import pytest

import kehu
from kehu.__main__ import main

TEXTS = [f"{a}{b}{c}" for a in ("宽带", "信号", "话费", "账单") for b in ("又", "总是", "昨天", "这个月") for c in ("断了", "太慢", "扣错", "不对")]
LABELS = ["network" if t[:2] in ("宽带", "信号") else "bill" for t in TEXTS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    kehu.Table({"id": [f"d{i}" for i in range(len(TEXTS))], "text": TEXTS, "class": LABELS}).save_csv(folder / "demands.csv")
    tenure = [i * 37 % 61 for i in range(400)]
    left = ["yes" if t < 12 else "no" for t in tenure]
    kehu.Table({"id": [f"c{i}" for i in range(400)], "tenure": tenure, "plan": ["abc"[i % 3] for i in range(400)], "left": left}
               ).save_csv(folder / "customers.csv")
    (folder / "events.csv").write_text("customer,time,amount,order\n" + "".join(
        f"c{i * 37 % 50},2024-{1 + i % 12:02}-{1 + i % 28:02},{(i * 7919 % 100000) / 100:.2f},o{i // 2}\n" for i in range(600)) +
        "c1,yesterday,5,o9\n,2024-01-01,5,o9\n", encoding="utf-8")
    return folder


def run(capsys, *arguments):
    assert main([str(a) for a in arguments]) == 0
    return capsys.readouterr()


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("method, kind", [("svm", kehu.Svm), ("keyword", kehu.Keyword), ("hybrid", kehu.Hybrid)])
def test_trains_and_classifies_texts(folder, capsys, method, kind):
    model = folder / f"{method}.model"
    said = run(capsys, "train", folder / "demands.csv", "--text", "text", "--class", "class", "--method", method, "--seed", 3, "--threads", 2,
               "--out", model)
    assert f"from {len(TEXTS)} rows" in said.err and said.out == ""
    trained = kind.train(TEXTS, LABELS, seed=3)
    assert model.read_bytes() == trained.write()

    found = rows(run(capsys, "classify", model, folder / "demands.csv", "--text", "text", "--keep", "id").out)
    answers = trained.predict(TEXTS, **({"probabilities": True} if method == "svm" else {}))
    assert [r["class"] for r in found] == answers.labels and found[5]["id"] == "d5"
    assert [float(r["probability"]) for r in found] == answers["probability"].to_list()
    first = found[0]["reason"].split()[0].split(":")
    assert first[0] in TEXTS[0] and float(first[1]) > 0

    run(capsys, "classify", model, folder / "demands.csv", "--text", "text", "--keep", "id", "--out", folder / "answers.csv")
    assert rows((folder / "answers.csv").read_text(encoding="utf-8")) == found
    assert kind.__name__ in run(capsys, "inspect", model).out


def test_trains_and_scores_a_tree(folder, capsys):
    model = folder / "tree.model"
    run(capsys, "train", folder / "customers.csv", "--method", "tree", "--class", "left", "--ignore", "id", "--out", model)
    table = kehu.read_csv(folder / "customers.csv", fields={"left": "text required"}, infer_rows=1000)
    tree = kehu.Tree.train({name: table[name] for name in ("tenure", "plan")}, table["left"])
    assert model.read_bytes() == tree.write()
    found = rows(run(capsys, "classify", model, folder / "customers.csv", "--keep", "id", "left").out)
    assert [float(r["yes"]) for r in found] == [row[1] for row in tree.score(table)]
    assert list(found[0]) == ["id", "left", "no", "yes"]


def test_segments(folder, capsys):
    arguments = ("segment", folder / "events.csv", "--customer", "customer", "--time", "time", "--amount", "amount", "--as-of", "2025-01-01")
    said = run(capsys, *arguments)
    assert "events.csv, line 602: left out: time" in said.err and "2 rows left out, 600 read" in said.err
    table = kehu.read_csv(folder / "events.csv", fields={"customer": "text required", "time": "time required", "amount": "money2 required"})
    expected = kehu.rfm_table(table["customer"], table["time"], table["amount"], as_of=datetime.date(2025, 1, 1))
    assert said.out == expected.write_csv(decimals={"spend": 2})
    run(capsys, *arguments, "--threads", 2, "--out", folder / "segments.csv")
    assert (folder / "segments.csv").read_text(encoding="utf-8") == said.out
    (folder / "own.rules").write_text("big: spend >= 600000\nothers: otherwise\n", encoding="utf-8")
    own = rows(run(capsys, *arguments, "--rules", folder / "own.rules", "--order", "order", "--levels", 3).out)
    assert {r["segment"] for r in own} == {"big", "others"} and max(int(r["R"]) for r in own) == 3


def test_inspects_tables_and_stores(folder, capsys):
    said = run(capsys, "inspect", folder / "customers.csv").out
    assert "Table of 400 rows" in said and "tenure\tint64\t0 missing" in said
    with kehu.Store(folder / "store", mode="create") as store:
        store.declare("customers", "age", "int64")
        store.add_customers({"customer": ["a"], "age": [30]})
    said = run(capsys, "inspect", folder / "store").out
    assert "rows=[1, 0]" in said and "'age'" in said


def test_reports(folder, capsys):
    (folder / "template.html").write_text("<script>@REPORT@</script>", encoding="utf-8")
    data = {"schema": 2, "text": "</script> 客户"}
    (folder / "report.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    run(capsys, "report", folder / "report.json", "--page", folder / "template.html", "--out", folder / "report.html")
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert html.count("</script>") == 1 and json.loads(html[len("<script>"):-len("</script>")]) == data
    shown = kehu.report(data, folder / "template.html")._repr_html_()
    assert shown.startswith("<iframe srcdoc=\"&lt;script&gt;") and "客户" in shown


def test_the_packaged_page_is_taken_where_none_is_named(monkeypatch, tmp_path):
    module = sys.modules["kehu.report"]
    monkeypatch.setattr(module, "PAGE", str(tmp_path / "template.html"))
    with pytest.raises(kehu.KehuNotFoundError, match="has no page"):
        kehu.report({})
    (tmp_path / "template.html").write_text("<p>@REPORT@</p>", encoding="utf-8")
    assert kehu.report({}).html == "<p>{}\n</p>"


@pytest.mark.parametrize("arguments, message", [
    (["classify", "nowhere.model", "demands.csv", "--text", "text"], "nowhere.model"),
    (["classify", "demands.csv", "demands.csv", "--text", "text"], "demands.csv"),
    (["train", "demands.csv", "--class", "class", "--out", "x"], "--method svm needs --text COLUMN"),
    (["train", "demands.csv", "--text", "wrong", "--class", "class", "--out", "x"], "wrong"),
    (["train", "demands.csv", "--text", "text", "--class", "text", "--method", "tree", "--ignore", "class", "id", "--out", "x"], "column"),
    (["classify", "svm.model", "demands.csv", "--text", "text", "--keep", "no"], "no column 'no'"),
    (["classify", "rfm.model", "demands.csv", "--text", "text"], "a Rfm, which does not classify"),
    (["segment", "events.csv", "--customer", "customer", "--time", "time", "--amount", "amount", "--as-of", "2023-01-01"], "later"),
    (["segment", "events.csv", "--customer", "customer", "--time", "time", "--amount", "amount", "--as-of", "2025-01-01", "--rules", "x"], "x"),
    (["segment", "events.csv", "--customer", "customer", "--time", "time", "--amount", "amount", "--as-of", "2025-01-01", "--rules", "bad.rules"],
     "bad.rules, line 1"),
    (["report", "demands.csv", "--page", "demands.csv", "--out", "x"], "demands.csv has no place for the report"),
    (["report", "demands.csv", "--page", "template.html", "--out", "x"], "demands.csv is no JSON"),
    (["inspect", "nowhere"], "nowhere"),
])
def test_failures_are_one_line(folder, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    (folder / "template.html").write_text("@REPORT@", encoding="utf-8")
    (folder / "bad.rules").write_text("others: *\n", encoding="utf-8")
    kehu.Rfm.fit({"recency_days": range(9), "orders": range(9), "spend": range(9)}).save(folder / "rfm.model")
    kehu.Svm.train(TEXTS, LABELS, cost=1).save(folder / "svm.model")
    assert main(arguments) == 1
    said = capsys.readouterr()
    last = said.err.splitlines()[-1]
    assert last.startswith("kehu: ") and message in last and "Traceback" not in said.err
    assert not (folder / "x").exists()


def test_exit_status_and_help(folder):
    def status(*arguments, **options):
        return subprocess.run([sys.executable, "-m", "kehu", *arguments], capture_output=True, text=True, cwd=folder, **options)

    assert status("--version").stdout == f"kehu {kehu.__version__}\n"
    wrong = status("segment", "events.csv", "--as-of", "yesterday")
    assert wrong.returncode == 2 and wrong.stdout == ""
    assert status().returncode == 2 and "inspect" in status("--help").stdout
    failed = status("inspect", "nowhere")
    assert failed.returncode == 1 and len(failed.stderr.splitlines()) == 1
