"""What the docstrings show is what happens."""
import doctest
import importlib
import pkgutil

import pytest

import kehu

MODULES = ["kehu"] + ["kehu." + m.name for m in pkgutil.iter_modules(kehu.__path__) if not m.name.startswith("_")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", [n for n in kehu.__all__ if not n.startswith("__")])
def test_everything_public_says_what_it_is(name):
    found = getattr(kehu, name)
    assert found.__doc__
    if isinstance(found, type):
        silent = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_") and not v.__doc__]
        assert silent == []
