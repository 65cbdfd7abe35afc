"""The notebooks in examples/python run, and show what they are kept with."""
import importlib.util
import os

import pytest

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "..", "examples", "python")
spec = importlib.util.spec_from_file_location("notebooks", os.path.join(FOLDER, "notebooks.py"))
notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebooks)


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_notebook(name):
    shown, kept = (list(notebooks.shown(notebook)) for notebook in (notebooks.executed(name), notebooks.kept(name)))
    assert shown == kept, "where the change is meant, python examples/python/notebooks.py writes them anew"


def test_all_notebooks_are_pairs():
    kept = {name[:-6] for name in os.listdir(FOLDER) if name.endswith(".ipynb")}
    assert kept == set(notebooks.NAMES) and len(kept) >= 4
