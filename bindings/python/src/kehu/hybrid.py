"""Keywords where they are sure, the support vector machine for the rest (kehu/hybrid.h).

>>> import kehu
>>> texts = [f"网速{i}" for i in range(20)] + [f"扣费{i}" for i in range(20)]
>>> model = kehu.Hybrid.train(texts, ["network"] * 20 + ["bill"] * 20, svm={"cost": 1})
>>> answers = model.predict(["网速慢", "扣费多"])
>>> answers.labels
['network', 'bill']
>>> model.svm.classes
('bill', 'network')
"""
from __future__ import annotations

from ctypes import byref, c_void_p, pointer

from . import _abi
from ._call import Model, Watch, call, choose, options, watch, yes_or_no
from ._columns import texts as text_column
from ._library import lib
from .keyword import Keyword, keyword_options
from .linear import LOSSES
from .results import Part, Record, Result, room, view
from .svm import Svm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BY = ("keyword", "svm")


class HybridAnswers(Result):
    """The answers to n texts, as a table of

    class        missing where the machine, asked, abstains
    by           "keyword" or "svm": who decided
    probability  of the class, as who decided sees it
    """

    classes: tuple[str, ...]
    numbers: memoryview[Any]

    @property
    def labels(self) -> list[str | None]:
        """The class name of each text, None where there is no answer."""
        names = (*self.classes, None)
        return [names[i] for i in self.numbers.tolist()]


class HybridInfo(Record):
    """What the held-out fifth said; all zero for a model read from a file, but for the threshold."""

    threshold: float  # keywords decide from this probability on; above 1 never
    n_held_out: int
    by_keyword: float
    accuracy: float
    keyword_accuracy: float
    svm_accuracy: float


class Hybrid(Model):
    """Both models and the threshold between them. Immutable: threads may share it."""

    _prefix = "kehu_hybrid_"
    _free = lib.kehu_hybrid_free

    @classmethod
    def train(cls, texts: Any, labels: Any, *, keyword: dict[str, Any] | None = None, svm: dict[str, Any] | None = None, seed: int = 0,
              n_threads: int = 0, progress: Any = None) -> Hybrid:
        """Train both and choose the threshold on a held-out fifth.

        keyword  options of Keyword.train; None: its defaults, but 200 keywords a class
        svm      options of Svm.train, without weights and tokenizer; None: its defaults
        seed     which fifth of the texts is held out

        Fails as Keyword.train and Svm.train, and with KehuEmptyError when too few texts are left to hold out a fifth."""
        made, named = text_column(texts, "texts"), text_column(labels, "labels")
        opt = options(_abi.kehu_hybrid_options, seed=seed, n_threads=n_threads)
        if keyword is not None:
            opt.keyword = pointer(keyword_options(**keyword))
        if svm is not None:
            opt.svm = pointer(_svm_options(**svm))
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_hybrid_train, byref(out), made.struct, named.struct, opt)
        return cls._adopt(out)

    @property
    def keyword(self) -> Keyword:
        """The keyword list, a part of this model."""
        owner = self._own()
        return Keyword._borrow(lib.kehu_hybrid_keyword(owner), owner)

    @property
    def svm(self) -> Svm:
        """The support vector machine, a part of this model."""
        owner = self._own()
        return Svm._borrow(lib.kehu_hybrid_svm(owner), owner)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.keyword.classes

    def predict(self, texts: Any, *, n_threads: int = 0, progress: Any = None) -> HybridAnswers:
        """Classify a column of n texts."""
        owner, made, names = self._own(), text_column(texts, "texts"), self.classes
        n = len(made)
        classes, by, probabilities = room("i", n), room("B", n), room("d", n)
        opt = options(_abi.kehu_hybrid_predict_options, n_threads=n_threads)
        with watch(progress, n) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_hybrid_predict, owner, made.struct, opt, classes, by, probabilities)
        decided = room("i", n)
        decided[:n] = [v - 1 for v in view(by, "B", n)]
        found = HybridAnswers(n, [Part("class", "i", classes, names), Part("by", "i", decided, BY), Part("probability", "d", probabilities)])
        found.classes, found.numbers = names, view(classes, "i", n)
        return found

    @property
    def info(self) -> HybridInfo:
        """What the held-out texts said."""
        struct = _abi.kehu_hybrid_info()
        lib.kehu_hybrid_get_info(self._own(), struct)
        return HybridInfo(struct)

    def __repr__(self) -> str:
        return "<closed Hybrid>" if self.closed else f"<Hybrid of {', '.join(self.classes[:8])}: keywords from {self.info.threshold:.3g} on>"


def _svm_options(*, loss: str | int = "squared_hinge", balanced: bool = False, cost: float = 0, n_folds: int = 0, gap: float = 0,
                 char_max: int = 0, latin_max: int = 0, word_max: int = 0, min_df: int = 0, max_terms: int = 0, fixed_terms: bool = False,
                 max_bytes: int = 0, abstain_below: float = 0, class_aware: bool | None = None, hash_bits: int = 0, seed: int = 0) -> Any:
    return options(_abi.kehu_svm_options, loss=choose(loss, "loss", LOSSES), balanced=int(balanced), fixed_terms=int(fixed_terms), max_bytes=max_bytes, cost=cost, n_folds=n_folds, gap=gap,
                   char_max=char_max, latin_max=latin_max, word_max=word_max, min_df=min_df, max_terms=max_terms,
                   abstain_below=abstain_below, class_aware=yes_or_no(class_aware), hash_bits=hash_bits, seed=seed)
