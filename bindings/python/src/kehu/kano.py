"""Kano's questionnaire: which wishes are taken for granted, which pay by degree, which delight (kehu/kano.h).

>>> import kehu
>>> kehu.kano_classify(1, 5), kehu.kano_classify(3, 5), kehu.kano_classify(1, 3)
('one-dimensional', 'must-be', 'attractive')
>>> found = kehu.kano_sum(["app", "app", "app", "web"], [1, 1, 3, 4], [5, 3, 5, None])
>>> found["kind"].to_list(), found["need"].to_list(), found["worse"].to_list()[0]
(['must-be', None], ['basic', None], -0.6666666666666666)
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from ._call import call, string
from ._columns import column, texts, typed
from ._library import lib
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ANSWERS = ("like", "expect", "neutral", "live with", "dislike")


def kano_classify(functional: int, dysfunctional: int) -> str:
    """The kind of one pair of answers, 1 (I like it) to 5 (I dislike it): "must-be", "one-dimensional", "attractive",
    "indifferent", "reverse" or "questionable"."""
    kind = lib.kehu_kano_classify(functional, dysfunctional)
    if kind < 0:
        raise ValueError(f"the answers are {functional} and {dysfunctional}, expected 1 to 5")
    return string(lib.kehu_kano_kind_name(kind))


def kano_need(functional: int, dysfunctional: int) -> str | None:
    """The need behind one pair of answers: "basic", "expected", "latent", or None."""
    kind = lib.kehu_kano_classify(functional, dysfunctional)
    return string(lib.kehu_kano_need_name(kind)) or None


def kano_sum(feature: Any, functional: Any, dysfunctional: Any) -> Table:
    """Answers by feature: a table of feature, answers, the count of each kind, the most frequent kind, the need behind
    it, better and worse.

    functional, dysfunctional  whole numbers 1 (I like it) to 5 (I dislike it); a pair with a missing one is left out

    Fails with KehuRangeError (another number: .where is the row)."""
    out = c_void_p()
    made = [texts(feature, "feature"), _answers(functional, "functional"), _answers(dysfunctional, "dysfunctional")]
    call(lib.kehu_kano_sum, byref(out), *(c.struct for c in made), None)
    return Table._adopt(out)


def _answers(data: Any, name: str) -> Any:
    return typed(data, name, "int64") if type(data) in (list, tuple) else column(data, name)
