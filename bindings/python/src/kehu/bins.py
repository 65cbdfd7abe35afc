"""Columns made ready for trees once (kehu/bins.h): the next tree on the same customers, of another target, costs only its
growing.

>>> import kehu
>>> columns = {"tenure": [float(i % 60) for i in range(300)], "plan": ["a", "b", "c"] * 100}
>>> bins = kehu.Bins.fit(columns)
>>> left = kehu.Tree.train(bins, [t < 12 for t in columns["tenure"]])
>>> on_plan_a = kehu.Tree.train(bins, [p == "a" for p in columns["plan"]])
>>> left.score({"tenure": [3], "plan": ["b"]})[0, "true"] > 0.9
True
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import Model, call, options, string
from ._columns import columns
from ._library import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Bins(Model):
    """Binned columns: the edges of each column's bins, or its categories, and one byte a value. Immutable: threads may
    share it. Give it to Tree.train() instead of the columns."""

    _prefix = "kehu_bins_"
    _free = lib.kehu_bins_free

    @classmethod
    def fit(cls, columns_: Any, *, n_threads: int = 0) -> Bins:
        """Find the bins of named columns and put every value into its own.

        Fails with KehuColumnError, KehuDuplicateError (a name twice), KehuEmptyError, KehuArgumentError (lengths differ)."""
        inputs, out = columns(columns_), c_void_p()
        call(lib.kehu_bins_fit, byref(out), inputs.structs, inputs.n, options(_abi.kehu_bins_options, n_threads=n_threads))
        return cls._adopt(out)

    @property
    def rows(self) -> int:
        return int(lib.kehu_bins_row_count(self._own()))

    @property
    def features(self) -> tuple[str, ...]:
        """The columns, in order."""
        owner = self._own()
        return tuple(string(lib.kehu_bins_feature_name(owner, i)) for i in range(lib.kehu_bins_feature_count(owner)))

    def __repr__(self) -> str:
        return "<closed Bins>" if self.closed else f"<Bins of {self.rows} rows of {', '.join(self.features[:8])}>"
