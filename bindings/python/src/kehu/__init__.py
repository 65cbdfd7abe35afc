"""kehu: customer analytics inside your own program, with the C library of the same name.

Data goes in as lists, numpy, pandas, polars, pyarrow, DuckDB or files; results come out as light objects that any of
them takes back without copying. No package is needed.

>>> import kehu
>>> model = kehu.Svm.train(["网速慢", "断网了", "扣费错", "乱收费"], ["network", "network", "bill", "bill"], cost=1, word_max=3)
>>> model.predict(["网速太慢"]).labels
['network']
"""
from __future__ import annotations

from . import errors
from ._library import VERSION as __version__
from .errors import *  # noqa: F403  (KehuError and its kinds)
from .svm import Svm
from .table import Column, Table

__all__ = ["Column", "Svm", "Table", "errors", "__version__", *(n for n in dir(errors) if n.startswith("Kehu"))]
