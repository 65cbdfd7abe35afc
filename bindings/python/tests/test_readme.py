"""The Python that both READMEs show runs, and is as short as it is said to be."""
import os
import re
import shutil
import subprocess
import sys

import pytest

import kehu

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
READMES = [os.path.join(ROOT, "README.md"), os.path.join(HERE, "..", "README.md")]
TEXT = "宽带又断了，什么时候来修"


def snippets(path):
    with open(path, encoding="utf-8") as f:
        return re.findall(r"^```python\n(.*?)^```", f.read(), flags=re.S | re.M)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(os.path.join(ROOT, "tests", "golden", "readme_labelled.csv"), tmp_path / "labelled.csv")
    (tmp_path / "sales.csv").write_text("customer,day,amount\nC1,2024-05-06,19.90\nC2,2024-05-01,5\nC1,2024-04-01,7.50\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("path", READMES, ids=["tree", "package"])
def test_readme(path, folder, capsys):
    rfm, classifier = snippets(path)
    assert len(rfm.splitlines()) <= 3 and len(classifier.splitlines()) <= 6
    exec(rfm, {})
    assert re.search(r"^C1 +0 +2 +2740 +5", capsys.readouterr().out, flags=re.M)
    exec(classifier, {})
    labelled = kehu.read_csv("labelled.csv")
    model = kehu.Svm.train(labelled["text"], labelled["class"])
    assert capsys.readouterr().out == f"{model.predict([TEXT]).labels[0]}\n{model.explain(TEXT)}\n"


def test_the_list_of_customers_at_risk_is_that_of_c():
    data = os.path.join(ROOT, "tests", "golden", "at_risk")
    files = [os.path.join(data, name + ".csv") for name in ("customers", "labelled", "complaints")]
    printed = subprocess.run([sys.executable, os.path.join(ROOT, "examples", "python", "at_risk.py"), *files], stdout=subprocess.PIPE,
                             encoding="utf-8", check=True, env={**os.environ, "PYTHONIOENCODING": "utf-8"}).stdout
    with open(os.path.join(data, "output.txt"), encoding="utf-8") as f:
        assert printed == f.read()


def test_both_readmes_show_the_same():
    assert snippets(READMES[0]) == snippets(READMES[1])
