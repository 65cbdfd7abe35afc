"""The notebooks beside this file: each is a .py, read by jupytext, and an .ipynb with what came out.

    python notebooks.py          run every .py and write its .ipynb

tests/test_notebooks.py of the Python package runs them and compares.
"""
import glob
import os

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(HERE, "*.py")) if "# %%" in open(path, encoding="utf-8").readline())


def executed(name):
    """The notebook of NAME.py, run."""
    notebook = jupytext.read(os.path.join(HERE, name + ".py"))
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
        cell.metadata = {}
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False, resources={"metadata": {"path": HERE}}).execute()
    notebook.metadata.pop("language_info", None)
    return notebook


def kept(name):
    """The notebook as it lies here."""
    return nbformat.read(os.path.join(HERE, name + ".ipynb"), as_version=4)


def shown(notebook):
    """What can be compared: each cell with its printed and shown text, and the kinds of what it shows."""
    for cell in notebook.cells:
        outputs = [(o.get("text"), o.get("data", {}).get("text/plain"), sorted(o.get("data", {}))) for o in cell.get("outputs", [])]
        yield cell.cell_type, cell.source, outputs


if __name__ == "__main__":
    for name in NAMES:
        nbformat.write(executed(name), os.path.join(HERE, name + ".ipynb"))
        print(name)
