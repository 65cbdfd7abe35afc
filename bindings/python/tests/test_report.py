"""The main job by Python: the same bytes as by the C program, progress, stopping, errors.

KEHU_EXAMPLES names the folder of a build's examples: the sample's generator, and the C program to compare with.
"""
import datetime
import filecmp
import os
import subprocess
import sys

import pytest

import kehu
from kehu import _job

BUILT = os.environ.get("KEHU_EXAMPLES", "")
SAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "..", "examples", "sample")
AS_OF = datetime.date(2026, 1, 1)
pytestmark = pytest.mark.skipif(not BUILT or not os.path.exists(_job.PROGRAM), reason="needs KEHU_EXAMPLES and an installed wheel")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    subprocess.run([os.path.join(BUILT, "generate"), "--grammar", os.path.join(SAMPLE, "demands.grammar"), "--out", folder,
                    "--customers", "600", "--demands", "400"], check=True, stderr=subprocess.DEVNULL)
    (folder / "page.html").write_text("<script>@REPORT@</script>", encoding="utf-8")
    return folder


def inputs(sample):
    return {**{name: str(sample / f"{name}.csv") for name in ("customers", "events", "demands", "statuses", "answers")},
            "sentiment": os.path.join(SAMPLE, "tone.words"), "spam": "垃圾信息"}


@pytest.fixture(scope="module")
def by_c(sample):
    files = [word for name, path in inputs(sample).items() for word in (f"--{name}", path)]
    subprocess.run([os.path.join(BUILT, "customer_insight"), *files, "--vocabulary", os.path.join(SAMPLE, "vocabulary.csv"), "--target", "left",
                    "--as-of", str(AS_OF), "--page", sample / "page.html", "--out", sample / "c"], check=True, stderr=subprocess.DEVNULL)
    return sample / "c"


def same_files(a, b):
    """All files of both folders have the same bytes, but for the speeds in methods.csv."""
    names = sorted(name for name in os.listdir(a) if (a / name).is_file())
    assert names == sorted(name for name in os.listdir(b) if (b / name).is_file()) and "report.json" in names
    for name in names:
        if name == "methods.csv":
            left, right = (kehu.read_csv(str(folder / name)).to_dict() for folder in (a, b))
            assert left.pop("texts_per_second") and right.pop("texts_per_second") and left == right
        else:
            assert filecmp.cmp(a / name, b / name, shallow=False), name


def test_gives_the_bytes_of_the_c_program(sample, by_c):
    told = []
    page = kehu.report(page=sample / "page.html", **inputs(sample), as_of=AS_OF, vocabulary=os.path.join(SAMPLE, "vocabulary.csv"),
                       target="left", out=sample / "python", progress=lambda *step: told.append(step))
    same_files(by_c, sample / "python")
    assert page.html.encode() == (by_c / "report.html").read_bytes()
    assert page.html == kehu.report(by_c / "report.json", sample / "page.html").html
    done = [d for d, _ in told]
    assert done == sorted(done) and 0 <= done[0] and done[-1] <= 1
    assert [s for i, (_, s) in enumerate(told) if not i or told[i - 1][1] != s] == list(_job.STEPS)


def test_the_command_gives_the_bytes_of_the_c_program(sample, by_c):
    files = [word for name, path in inputs(sample).items() for word in (f"--{name}", path)]
    done = subprocess.run([sys.executable, "-m", "kehu", "report", *files, "--vocabulary", os.path.join(SAMPLE, "vocabulary.csv"),
                           "--target", "left", "--as-of", str(AS_OF), "--page", sample / "page.html", "--out", sample / "command",
                           "--threads", "2"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and done.stderr.split("\n")[:-1] == list(_job.STEPS)
    same_files(by_c, sample / "command")


def test_without_a_folder_there_is_the_page_alone(sample):
    files = inputs(sample)
    for name in "demands", "statuses", "answers", "sentiment", "spam":
        del files[name]
    page = kehu.report(page=sample / "page.html", **files, as_of=AS_OF)
    assert page.html.startswith("<script>{") and "<iframe" in page._repr_html_()


def test_an_exception_in_progress_stops_the_job_and_leaves_nothing(sample):
    def stop(done, stage):
        if stage == "cross-validating":
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        kehu.report(page=sample / "page.html", **inputs(sample), as_of=AS_OF, out=sample / "stopped", progress=stop)
    assert os.listdir(sample / "stopped") == []


@pytest.mark.parametrize("changed, kind, message", [
    ({"customers": "nowhere.csv"}, kehu.KehuNotFoundError, "cannot open nowhere.csv"),
    ({"as_of": None}, kehu.KehuArgumentError, "--as-of is missing"),
    ({"n_folds": 99}, kehu.KehuArgumentError, "--folds 99 is not possible"),
    ({"target": "no"}, kehu.KehuColumnError, "no"),
    ({"events": None}, kehu.KehuArgumentError, "--events is missing"),
])
def test_failures_are_those_of_the_program(sample, changed, kind, message):
    given = {**inputs(sample), "as_of": AS_OF, "page": sample / "page.html", "out": sample / "bad", **changed}
    with pytest.raises(kind, match=message) as raised:
        kehu.report(**given)
    assert type(raised.value) is kind
    assert not os.path.exists(sample / "bad" / "report.json")


def test_takes_one_of_both_kinds_of_input():
    with pytest.raises(kehu.KehuArgumentError, match="takes data or customers"):
        kehu.report()
    with pytest.raises(kehu.KehuArgumentError, match="takes data or customers"):
        kehu.report({}, customers="c.csv")


def test_says_when_the_program_is_not_there(monkeypatch, sample):
    monkeypatch.setattr(_job, "PROGRAM", "/nowhere/customer_insight")
    with pytest.raises(kehu.KehuNotFoundError, match="this build of kehu has no main job"):
        kehu.report(page=sample / "page.html", **inputs(sample), as_of=AS_OF)
