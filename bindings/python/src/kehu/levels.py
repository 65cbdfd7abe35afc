"""Probabilities as five levels that people can act on (kehu/levels.h).

>>> import kehu
>>> levels = kehu.Levels.fit([[0.1], [0.5], [0.9]])
>>> levels.names
('hardly', 'occasional', 'ordinary', 'rather reliant', 'reliant')
>>> levels.grade([[0.1], [0.2], [0.85]]).to_lists()
[[0], [1], [4]]
>>> levels.report([[0.1], [0.5], [0.9]], observed=[-1, 0, 0])["n_rows"].to_list()
[1, 0, 1, 0, 1]
"""
from __future__ import annotations

from ctypes import byref, c_char_p, c_void_p

from . import _abi, errors
from ._call import Model, call, choose, options, string, text
from ._columns import column, matrix, vector
from ._library import lib
from ._values import values_of
from .results import Matrix, Part, Result, listed, room
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MODES = ("absolute", "quantile", "lift")
COUNT = _abi.KEHU_LEVEL_COUNT


def levels_options(*, mode: str | int = "absolute", cuts: Sequence[float] | None = None, names: Sequence[str] | None = None) -> Any:
    opt = options(_abi.kehu_levels_options, mode=choose(mode, "mode", MODES))
    for values, count, what in ((cuts, COUNT - 1, "cuts"), (names, COUNT, "names")):
        if values is not None and len(values) != count:
            raise errors.KehuArgumentError(f"{what} has {len(values)} values, expected {count}")
    if cuts is not None:
        opt.cuts = type(opt.cuts)(*cuts)
    if names is not None:
        opt.names = (c_char_p * COUNT)(*(text(name, "names") for name in names))
    return opt


class Levels(Model):
    """Cut points of each class. Immutable: threads may share it. Probabilities are a Matrix, a numpy array or a list of
    rows: [n][n_classes]."""

    _prefix = "kehu_levels_"
    _free = lib.kehu_levels_free

    @classmethod
    def fit(cls, probabilities: Any, *, mode: str | int = "absolute", cuts: Sequence[float] | None = None,
            names: Sequence[str] | None = None) -> Levels:
        """Find the cut points.

        mode   "absolute" (at .2 .4 .6 .8), "quantile" (at shares of these customers) or "lift" (at multiples of the
               class's mean probability)
        cuts   four rising numbers of your own
        names  five, from the lowest level

        Fails with KehuRangeError (a probability outside 0 to 1: .where is the row), KehuEmptyError, KehuArgumentError."""
        opt, made, out = levels_options(mode=mode, cuts=cuts, names=names), matrix(probabilities, "d", "probabilities"), c_void_p()
        call(lib.kehu_levels_fit, byref(out), made, made.n, made.k, opt)
        return cls._adopt(out)

    @property
    def names(self) -> tuple[str, ...]:
        """The five levels, from the lowest."""
        owner = self._own()
        return tuple(string(lib.kehu_levels_name(owner, i)) for i in range(COUNT))

    @property
    def mode(self) -> str:
        return MODES[lib.kehu_levels_mode(self._own())]

    @property
    def cuts(self) -> list[list[float]]:
        """The four cut points of each class."""
        owner = self._own()
        return [[lib.kehu_levels_cut(owner, k, i) for i in range(COUNT - 1)] for k in range(lib.kehu_levels_class_count(owner))]

    def grade(self, probabilities: Any) -> Matrix:
        """[n][n_classes] the level of each probability, 0 (lowest) to 4."""
        owner = self._own()
        made = matrix(probabilities, "d", "probabilities", lib.kehu_levels_class_count(owner))
        grades = room("B", made.n * made.k)
        call(lib.kehu_levels_grade, owner, made, made.n, grades)
        return Matrix(grades, "B", made.n, _names(probabilities, made.k))

    def report(self, probabilities: Any, observed: Any = None, segments: Any = None) -> Table:
        """Share, size and outcome of every level of every class: class, level, name, mode, from, to, n_rows, share,
        mean_probability, n_known, observed_rate, low, high, lift (see kehu_level_row); write_json() has it as JSON.

        observed  [n] number of each row's class, -1: unknown; None: all unknown
        segments  [n] text or numbers, such as regions, months or the leaves of a tree: the same for each of them apart, with
                  a column segment; rows without one are not counted"""
        owner = self._own()
        made = matrix(probabilities, "d", "probabilities", lib.kehu_levels_class_count(owner))
        known = None if observed is None else vector(observed, "i", "observed")
        if known is not None and known.n != made.n:
            raise errors.KehuColumnError(f"observed has {known.n} rows, probabilities {made.n}")
        classes = (c_char_p * made.k)(*(text(name, "probabilities") for name in _names(probabilities, made.k)))
        out = c_void_p()
        if segments is None:
            rows = (_abi.kehu_level_row * (made.k * COUNT))()
            call(lib.kehu_levels_report, owner, made, made.n, known, rows)
            call(lib.kehu_levels_table, byref(out), owner, rows, 1, classes, None, None)
            return Table._adopt(out)
        input_ = column(segments, "segments")
        labels = values_of(input_.keep, input_.struct)
        if len(labels) != made.n:
            raise errors.KehuColumnError(f"segments has {len(labels)} rows, probabilities {made.n}")
        names = sorted({v for v in labels if v is not None}, key=lambda v: (str(type(v)), v))
        numbers = {name: i for i, name in enumerate(names)}
        rows = (_abi.kehu_level_row * max(len(names) * made.k * COUNT, 1))()
        call(lib.kehu_levels_report_segments, owner, made, made.n, known, vector([numbers.get(v, -1) for v in labels], "i", "segments"),
             len(names), rows)
        titles = (c_char_p * max(len(names), 1))(*(text(str(name), "segments") for name in names))
        call(lib.kehu_levels_table, byref(out), owner, rows, len(names), classes, titles, None)
        return Table._adopt(out)


def _names(probabilities: Any, k: int) -> tuple[str, ...]:
    return probabilities.columns if isinstance(probabilities, Matrix) else tuple(map(str, range(k)))


def report_table(rows: Any, names: Sequence[str]) -> Result:
    parts = [Part("class", "text", [names[r.class_number] for r in rows])]
    parts += listed(rows, level="I", name="text", **{"from": "d", "to": "d", "n_rows": "q", "share": "d", "mean_probability": "d",
                                                     "n_known": "q", "observed_rate": "d", "low": "d", "high": "d", "lift": "d"})
    return Result(len(rows), parts)
