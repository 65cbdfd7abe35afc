"""Finding the library, and refusing what is not it."""
import os
import pickle
import subprocess
import sys

import pytest

import kehu
from kehu import _abi, _library, errors

HERE = os.path.dirname(os.path.dirname(os.path.abspath(kehu.__file__)))


def run(code, **environment):
    return subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": HERE, **environment}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)


def test_importing_brings_no_package():
    out = run("""
import sys, array, collections, ctypes
class Struct(ctypes.Structure): # newer ones import what they need here
    _fields_ = [("x", ctypes.c_int)]
before = set(sys.modules)
import kehu
print(sorted(set(sys.modules) - before))""")
    brought = {name.split(".")[0] for name in eval(out.stdout)}
    assert brought <= {"kehu", "__future__"}, brought


def test_a_library_that_is_not_there_is_named():
    out = run("import kehu", KEHU_LIBRARY="/nowhere/libkehu.so")
    assert out.returncode == 1
    assert "ImportError: cannot load the kehu library; tried\n  /nowhere/libkehu.so: " in out.stderr and "KEHU_LIBRARY" in out.stderr


def test_every_tried_path_is_named(monkeypatch):
    monkeypatch.delenv("KEHU_LIBRARY", raising=False)
    places = [os.path.join("/nowhere", name) for name in ("a", "b")]
    monkeypatch.setattr(_library, "candidates", lambda: places)
    with pytest.raises(ImportError) as e:
        _library.load()
    assert all(place in str(e.value) for place in places)
    monkeypatch.undo()
    monkeypatch.delenv("KEHU_LIBRARY", raising=False)
    assert all(os.path.dirname(p) == os.path.dirname(kehu.__file__) for p in _library.candidates())


def test_a_library_that_is_another_is_refused():
    out = run("import _ctypes, sys; sys.stdout.write(_ctypes.__file__)")
    other = run("import kehu", KEHU_LIBRARY=out.stdout) if out.stdout else run("import kehu", KEHU_LIBRARY="libc.so.6")
    assert other.returncode == 1 and "ImportError" in other.stderr


class Fake:
    def __init__(self, number=_abi.KEHU_VERSION_NUMBER, abi=_abi.KEHU_ABI_NUMBER, extra=0):
        self.kehu_version_number, self.kehu_abi_number = (lambda: number), (lambda: abi)
        self.kehu_struct_size = lambda name: _library.lib.kehu_struct_size(name) + (extra if name == b"kehu_svm_options" else 0)


@pytest.mark.parametrize("fake, message", [
    (Fake(number=90200), "x.so is kehu 9.2.0, this package is for"),
    (Fake(abi=7), "x.so has ABI number 7, this package is for 0"),
    (Fake(extra=8), "x.so has kehu_svm_options of .* bytes, this package is for"),
])
def test_a_library_of_another_version_is_refused(fake, message):
    with pytest.raises(ImportError, match=message):
        _library.check(fake, "x.so")
    _library.check(Fake(), "x.so")


def test_every_status_has_its_class():
    statuses = {v: n for n, v in _abi.ENUMS["kehu_status"].items() if v != 0}
    assert set(errors.BY_STATUS) == set(statuses)
    for number, kind in errors.BY_STATUS.items():
        assert "KEHU_" + kind.status == statuses[number]
        err = _abi.kehu_error(code=number, field=2, where=7, message="这里 was wrong".encode())
        made = errors.from_status(number, err)
        assert type(made) is kind and str(made) == "这里 was wrong" and (made.where, made.field, made.code) == (7, 2, number)
        again = pickle.loads(pickle.dumps(made))
        assert type(again) is kind and again.__dict__ == made.__dict__ and str(again) == str(made)
        assert isinstance(made, kehu.KehuError)
    assert issubclass(kehu.KehuMemoryError, MemoryError) and issubclass(kehu.KehuIOError, OSError)


def test_every_function_of_the_library_is_used():
    """What the package leaves to others, by name."""
    source = ""
    folder = os.path.dirname(kehu.__file__)
    for name in os.listdir(folder):
        if name.endswith(".py") and name != "_abi.py":
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                source += f.read()
    models = {f"kehu_{m}_{verb}" for m in ("svm", "keyword", "hybrid", "linear", "tree", "bins", "levels", "preference", "rfm", "segments", "clv",
                                           "tokenizer", "demand_machine", "priority", "gate", "sentiment", "topic") for verb in ("save", "load", "write", "read")}
    unused = {name for name in _abi.FUNCTIONS if name not in source} - models
    assert unused == {"kehu_status_name", "kehu_status_text", "kehu_table_find", "kehu_svm_top", "kehu_svm_class_find", "kehu_tokenizer_characters",
                      "kehu_keyword_class_find", "kehu_level_mode_name", "kehu_column_text"}


def test_every_option_can_be_given():
    """Each field of each options struct is a keyword of the function that takes it."""
    import inspect
    reached = {
        "kehu_svm_options": [kehu.Svm.train], "kehu_svm_predict_options": [kehu.Svm.predict], "kehu_keyword_options": [kehu.Keyword.train],
        "kehu_keyword_predict_options": [kehu.Keyword.predict], "kehu_hybrid_options": [kehu.Hybrid.train],
        "kehu_hybrid_predict_options": [kehu.Hybrid.predict], "kehu_tokenizer_options": [kehu.Tokenizer.default],
        "kehu_tokenizer_train_options": [kehu.Tokenizer.train], "kehu_tokenizer_adapt_options": [kehu.Tokenizer.adapt],
        "kehu_tokenizer_batch_options": [kehu.Tokenizer.split],
        "kehu_linear_options": [kehu.Linear.train], "kehu_tree_options": [kehu.Tree.train], "kehu_tree_score_options": [kehu.Tree.score],
        "kehu_bins_options": [kehu.Bins.fit], "kehu_tree_permute_options": [kehu.Tree.permute], "kehu_tree_recalibrate_options": [kehu.Tree.recalibrate],
        "kehu_levels_options": [kehu.Levels.fit], "kehu_preference_options": [kehu.Preference.train], "kehu_rfm_options": [kehu.Rfm.fit],
        "kehu_rfm_base_options": [kehu.RfmBase], "kehu_clv_options": [kehu.Clv.fit], "kehu_clv_base_options": [kehu.ClvBase],
        "kehu_csv_options": [kehu.Csv], "kehu_write_options": [kehu.Table.write_csv, kehu.Table.write_json],
        "kehu_store_options": [kehu.Store], "kehu_store_import_options": [kehu.Store.import_csv],
        "kehu_demands_options": [kehu.Demands], "kehu_demand_report_options": [kehu.Demands.finish], "kehu_trend_options": [kehu.trends], "kehu_features_options": [kehu.features_find], "kehu_gate_options": [kehu.Gate.train],
        "kehu_redact_options": [kehu.redact_texts], "kehu_snapshot_options": [kehu.Store.snapshot], "kehu_scan_options": [kehu.Snapshot.scan, kehu.Snapshot.totals],
        "kehu_duplicate_options": [kehu.duplicate_fold], "kehu_words_options": [kehu.words_find],
        "kehu_sentiment_options": [kehu.Sentiment.train], "kehu_sentiment_score_options": [kehu.Sentiment.score],
        "kehu_summary_options": [kehu.summary_find], "kehu_needs_options": [kehu.needs_find],
        "kehu_topic_options": [kehu.Topics.fit], "kehu_topic_weights_options": [kehu.Topics.weights],
    }
    # Counts of arrays, flags that have keywords of their own, and "is the next one given?".
    other_names = {"size", "alloc", "executor", "reserved", "n_class_weights", "n_monotone", "n_fields", "n_missing", "n_names", "n_columns", "flags",
                   "as_of_us", "from", "until", "from_us", "until_us", "fresh_us", "fields", "pseudonym_key_size"}
    assert set(reached) == {name for name in _abi.STRUCTS if name.endswith("_options")}
    for name, functions in reached.items():
        given = {p for f in functions for p in inspect.signature(f).parameters}
        missing = {field[0] for field in _abi.STRUCTS[name]._fields_} - given - other_names
        assert not missing, (name, missing)
