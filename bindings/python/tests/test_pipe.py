"""python -m kehu pipe, as a database uses it: a process that answers each block of rows before it gets the next one."""
import json
import os
import shlex
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import kehu
from kehu._pipe import _line_of, _text_of

FUNCTIONS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "examples", "clickhouse", "kehu_function.xml")
TEXTS = [f"{a}{b}{c}" for a in ("宽带", "信号", "话费", "账单") for b in ("又", "总是", "昨天\t", "这个月\n") for c in ("断了", "太慢", "扣错", "不对\\")]
CLASSES = ["网\t络" if t[:2] in ("宽带", "信号") else "bill" for t in TEXTS]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("pipe") / "demands.svm"
    kehu.Svm.train(TEXTS, CLASSES, seed=3).save(path)
    return path


@pytest.fixture(scope="module")
def answers(model):
    return kehu.Svm.load(model).predict(TEXTS).labels


class Process:
    """What the server starts: blocks go in, each one's answers come out."""

    def __init__(self, *arguments):
        self.child = subprocess.Popen([sys.executable, "-m", "kehu", "pipe", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)

    def ask(self, block, n):
        self.child.stdin.write(block)
        self.child.stdin.flush()
        return [self.child.stdout.readline() for _ in range(n)]  # would wait for ever if it were not flushed

    def end(self):
        out, err = self.child.communicate(timeout=30)
        return self.child.returncode, out, err.decode()


def tabbed(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def test_tab_separated_chunks_with_their_numbers(model, answers):
    process, at = Process(model, "--chunk-header"), 0
    for size in (1, 30, 0, 17):
        rows = TEXTS[at:at + size]
        block = f"{len(rows)}\n" + "".join(tabbed(t) + "\n" for t in rows)
        assert process.ask(block.encode(), len(rows)) == [tabbed(name).encode() + b"\n" for name in answers[at:at + size]]
        at += size
    assert process.end() == (0, b"", "")


def test_json_rows_as_they_come(model, answers):
    process = Process(model, "--format", "JSONEachRow")
    for text, name in zip(TEXTS[:5], answers):
        [line] = process.ask(json.dumps({"text": text}).encode() + b"\n", 1)
        assert json.loads(line) == {"result": name}
    assert process.end() == (0, b"", "")


def test_many_rows_in_pieces_of_any_size(model, answers):
    rows = "".join(tabbed(t) + "\tmore\n" for t in TEXTS * 400).encode()[:-1]  # more columns, and no end of the last line
    process = Process(model)
    out, err = process.child.communicate(rows, timeout=60)
    assert out.decode().split("\n")[:-1] == [tabbed(name) for name in answers] * 400 and err == b""


def test_missing_texts_and_answers(tmp_path, model):
    assert [_text_of(line, "TabSeparated", "text", 0) for line in (rb"\N", b"", rb"a\tb\\n\'", b"\xff")] == ["", "", "a\tb\\n'", "\ufffd"]
    assert [_text_of(line, "JSONEachRow", "t", 0) for line in (b'{"t":null}', b'{"t":"\\ud800x"}')] == ["", "?x"]
    assert _line_of("a\\b\n", "TabSeparated", "") == "a\\\\b\\n\n"
    never = kehu.Svm.train(TEXTS, CLASSES, seed=3, abstain_below=1)
    never.save(tmp_path / "never.svm")
    process = Process(tmp_path / "never.svm")
    assert process.ask("宽带\n".encode(), 1) == [b"\n"]
    assert process.end()[0] == 0


@pytest.mark.parametrize("arguments, given, message", [
    (["--chunk-header"], b"two\nx\n", "a chunk starts with b'two\\n', expected its number of rows"),
    (["--chunk-header"], b"3\nx\n", "the input ends within a chunk of 3 rows"),
    (["--format", "JSONEachRow"], b'{"text":"a"}\n{"c1":"b"}\n', "row 1 of the input is no JSON object with 'text'"),
    (["--format", "JSONEachRow"], b"[1]\n", "row 0 of the input is no JSON object"),
    (["--format", "JSONEachRow"], b'{"text":5}\n', "text is int in row 0, expected text"),
])
def test_rows_that_are_none_are_told(model, arguments, given, message):
    process = Process(model, *arguments)
    out, err = process.child.communicate(given, timeout=30)
    assert process.child.returncode == 1 and err.decode().startswith("kehu: ") and message in err.decode() and err.count(b"\n") == 1


def test_models_of_other_things_are_refused(tmp_path):
    kehu.Rfm.fit({"recency_days": list(range(10)), "orders": list(range(10)), "spend": list(range(10))}).save(tmp_path / "rfm")
    code, _, err = Process(tmp_path / "rfm").end()
    assert code == 1 and err.endswith("a Rfm, which does not classify texts\n")


def functions():
    return [{part.tag: part.text for part in function} for function in xml.etree.ElementTree.parse(FUNCTIONS).getroot()]


@pytest.mark.parametrize("function", functions(), ids=lambda f: f["name"])
def test_the_example_s_commands(function, model, answers):
    program, _, _, _, _, *arguments = shlex.split(function["command"])
    assert function["command"].startswith(f"{program} -m kehu pipe /") and function["execute_direct"] == "0"
    process = Process(model, *arguments)
    if function["format"] == "TabSeparated":
        assert function["send_chunk_header"] == "1" and "--chunk-header" in arguments
        assert process.ask(f"2\n{tabbed(TEXTS[0])}\n{tabbed(TEXTS[20])}\n".encode(), 2) == [f"{tabbed(answers[i])}\n".encode() for i in (0, 20)]
    else:
        [line] = process.ask(json.dumps({"text": TEXTS[0]}).encode() + b"\n", 1)
        assert json.loads(line) == {function["return_name"]: answers[0]}
    assert process.end()[0] == 0
