"""What to do first: groups ranked by several inputs with editable weights, and the reasons (kehu/priority.h).

>>> import kehu
>>> weights = kehu.Priority.read("volume: 3\\ngrowth: 1\\n")
>>> ranked = weights.rank(["bill", "net", "app"], {"volume": [50, 900, 40], "growth": [0.5, -0.25, 0.0]})
>>> ranked["group"].to_list(), ranked["rank"].to_list()
(['net', 'bill', 'app'], [1, 2, 3])
>>> ranked["volume_points"].to_list()
[0.75, 0.375, 0.0]
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from ._call import Model, call, file_bytes, string, text_bytes
from ._columns import columns, texts
from ._library import lib
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Priority(Model):
    """Weights of inputs. Immutable: threads may share it. save() and write() give its text."""

    _prefix = "kehu_priority_"
    _free = lib.kehu_priority_free

    @classmethod
    def read(cls, data: bytes | str) -> Priority:
        """Parse weights: a line an input, "name: weight". Fails with KehuFormatError (a bad line: .where is it, from 0),
        KehuRangeError, KehuDuplicateError, KehuEmptyError, KehuEncodingError."""
        data, out = text_bytes(data, "weights") if isinstance(data, str) else file_bytes(data), c_void_p()
        call(lib.kehu_priority_read, byref(out), data, len(data), None)
        return cls._adopt(out)

    @classmethod
    def builtin(cls) -> Priority:
        """volume: 3, growth: 2, negative_share: 2, customer_value: 1."""
        return cls.read(lib.kehu_priority_builtin())

    @property
    def text(self) -> str:
        """The weights as they were read."""
        return self.write().decode()

    @property
    def weights(self) -> dict[str, float]:
        """Weight by input."""
        owner = self._own()
        return {string(lib.kehu_priority_get_name(owner, i)): lib.kehu_priority_get_weight(owner, i)
                for i in range(lib.kehu_priority_count(owner))}

    def rank(self, group: Any, columns_: Any) -> Table:
        """Groups, the most urgent first: a table of group, rank, score, and for each input its value, the share of groups
        below it (<name>_share) and its points (<name>_points).

        group     names
        columns_  numbers by the names of the inputs; others are ignored; a missing value is below all others

        Fails with KehuColumnError (an input without column, or of text)."""
        owner, groups, inputs, out = self._own(), texts(group, "group"), columns(columns_, "columns"), c_void_p()
        call(lib.kehu_priority_rank, byref(out), owner, groups.struct, inputs.structs, inputs.n)
        return Table._adopt(out)

    def __repr__(self) -> str:
        return "<closed Priority>" if self.closed else f"<Priority: {', '.join(f'{n} {w:g}' for n, w in self.weights.items())}>"
