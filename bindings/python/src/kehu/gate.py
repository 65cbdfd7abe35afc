"""Spam held back before anyone reads it, and no more good messages than wanted (kehu/gate.h).

>>> import kehu
>>> texts = [f"明天{i}点开会" for i in range(100)] + [f"免费中奖{i}元" for i in range(100)]
>>> gate = kehu.Gate.train(texts, ["ham"] * 100 + ["spam"] * 100, good="ham", cost=1)
>>> held = gate.hold(["后天开会吗", "恭喜中奖了", "免费领取"])
>>> held["row"].to_list(), held["term"].to_list()
([1, 2], ['中', '免'])
>>> gate.info.passed, gate.info.caught
(1.0, 1.0)
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import Model, Watch, call, options, text
from ._columns import texts as text_column
from ._library import lib
from .results import Record
from .svm import Svm
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class GateInfo(Record):
    """What training found, each text scored by a model that has not learned from it; see kehu_gate_info."""

    n_good: int
    n_spam: int
    recall: float  # as wanted; 0: by macro-F1
    threshold: float
    passed: float  # share of good messages that pass
    caught: float  # share of spam that is held back
    macro_f1: float
    cost: float


class Gate(Model):
    """A trained gate. Immutable: threads may share it."""

    _prefix = "kehu_gate_"
    _free = lib.kehu_gate_free

    @classmethod
    def train(cls, texts: Any, labels: Any, good: str, *, recall: float = 0, spam_weight: float = 0, cost: float = 0, char_max: int = 0,
              n_folds: int = 0, seed: int = 0, n_threads: int = 0, progress: Any = None) -> Gate:
        """Learn from labelled texts of two classes. Options that are 0 are left to the library.

        good         the label of good messages
        recall       share of good messages that shall pass, below 1; 0: as many as make the macro-F1 largest
        spam_weight  what a spam message weighs in learning, a good one weighing 1
        cost         of the SVM; 0: by validation
        char_max     longest n-gram of characters; 0: 3
        n_folds      2 to 20; 0: 5

        Fails with KehuNotFoundError (no label is `good`), KehuOneClassError, KehuDataError (a third label: .where is the
        row), KehuEmptyError (too few texts)."""
        made, named, out = text_column(texts, "texts"), text_column(labels, "labels"), c_void_p()
        opt = options(_abi.kehu_gate_options, recall=recall, spam_weight=spam_weight, cost=cost, char_max=char_max, n_folds=n_folds,
                      seed=seed, n_threads=n_threads)
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_gate_train, byref(out), made.struct, named.struct, text(good, "good"), opt)
        return cls._adopt(out)

    @property
    def info(self) -> GateInfo:
        """What training found."""
        struct = _abi.kehu_gate_info()
        lib.kehu_gate_get_info(self._own(), struct)
        return GateInfo(struct)

    @property
    def svm(self) -> Svm:
        """The support vector machine, a part of this gate."""
        owner = self._own()
        return Svm._borrow(lib.kehu_gate_svm(owner), owner)

    def hold(self, texts: Any) -> Table:
        """What is held back: a table of row, score (above the threshold) and term, what speaks most for spam."""
        made, out = text_column(texts, "texts"), c_void_p()
        call(lib.kehu_gate_hold, byref(out), self._own(), made.struct)
        return Table._adopt(out)
