"""Everything public says what it is. (The examples in the docstrings are run by pytest --doctest-modules.)"""
import pytest

import kehu


@pytest.mark.parametrize("name", [n for n in kehu.__all__ if not n.startswith("__")])
def test_everything_public_says_what_it_is(name):
    found = getattr(kehu, name)
    assert found.__doc__
    if isinstance(found, type):
        silent = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_") and not v.__doc__]
        assert silent == []
