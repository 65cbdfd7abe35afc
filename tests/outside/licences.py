"""Every file says whose it is, what is taken from others is named wherever it goes, and bills of materials are good.

    python3 tests/outside/licences.py SCRATCH [NODE_MODULES]

`reuse lint` wants a folder LICENSES and a file REUSE.toml, which the tree's top has no place for: it reads a copy, with the
licence cut from LICENSE and the file from .reuse.
"""
import json
import os
import shutil
import subprocess
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

scratch = os.path.abspath(sys.argv[1])
page = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
root = os.path.join(os.path.dirname(__file__), "..", "..")
PARTS = ("include", "src", "tests", "examples", "bindings", "meson.build", "README.md", "LICENSE", ".ci")


def read(*path):
    with open(os.path.join(root, *path), encoding="utf-8") as f:
        return f.read()


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def lint():
    copy = os.path.join(scratch, "tree")
    shutil.rmtree(copy, ignore_errors=True)
    for part in PARTS:
        path = os.path.join(root, part)
        (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, os.path.join(copy, part))
    shutil.copy(os.path.join(root, ".reuse", "REUSE.toml"), copy)
    os.mkdir(os.path.join(copy, "LICENSES"))
    text, rule, notices = read("LICENSE").partition("\n" + 80 * "-" + "\n")
    assert rule and "Third-party notices" in notices
    with open(os.path.join(copy, "LICENSES", "Apache-2.0.txt"), "w", encoding="utf-8") as f:
        f.write(text)
    reuse = os.path.join(os.path.dirname(sys.executable), "reuse")
    run(reuse, "--root", copy, "lint")
    found = json.loads(run(reuse, "--root", copy, "lint", "--json"))["summary"]
    assert found["compliant"] and found["files_total"] > 1000, found
    # It would have been seen: a file of another licence, and one licence that is not here.
    with open(os.path.join(copy, "src", "stray.c"), "w", encoding="utf-8") as f:
        f.write("/* SPDX-" + "License-Identifier: MIT */\n")
    assert subprocess.run([reuse, "--root", copy, "lint"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0
    return found["files_total"]


def notices():
    for path in (("LICENSE",), ("bindings", "debian", "copyright")):
        for notice in ("Sun Junyi", "Open Chinese Convert"):
            assert notice in read(*path), (path, notice)
    assert "The Apache Software Foundation" in read("LICENSE")
    assert os.path.samefile(os.path.join(root, "LICENSE"), os.path.join(root, "bindings", "python", "LICENSE"))


def bill(*more):
    path = os.path.join(scratch, "kehu.cdx.json")
    run(sys.executable, os.path.join(root, "src", "sbom.py"), path, "0.1.0", *more)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    wrong = validator.validate_str(text)
    assert wrong is None, wrong
    assert validator.validate_str(text.replace('"library"', '"no such kind"', 1)) is not None
    return {part["name"]: part for part in json.loads(text)["components"]}


os.makedirs(scratch, exist_ok=True)
n = lint()
notices()
words = run(sys.executable, os.path.join(root, "src", "text", "find_words.py"))
assert len(bill()) == 1
if words:
    assert bill("--words", words)["jieba word list"]["version"]
if page:
    assert bill("--page", page).keys() >= {"echarts", "zrender", "tslib"}
print(f"{n} files; bills of materials follow CycloneDX 1.6")
