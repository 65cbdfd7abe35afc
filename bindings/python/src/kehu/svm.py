"""Short texts sorted into classes by a linear support vector machine (kehu/svm.h).

>>> import kehu
>>> texts = ["网速太慢", "宽带断了", "信号不好", "话费扣错", "账单不对", "乱扣费用"]
>>> classes = ["network"] * 3 + ["bill"] * 3
>>> model = kehu.Svm.train(texts, classes, seed=1)
>>> model.classes
('bill', 'network')
>>> model.predict(["宽带又断了", "扣费不对"]).labels
['network', 'bill']
>>> model.explain("宽带又断了")["term"].to_list()[:3]
['宽', '宽', '宽带']
>>> kehu.Svm.read(model.write()) == model
True
"""
from __future__ import annotations

import os
from ctypes import byref, c_double, c_uint32, c_void_p

from . import _abi, errors
from ._call import Model, Watch, call, choose, file_bytes, options, path_bytes, read_again, string, text_bytes, watch, yes_or_no
from ._columns import column, texts as text_column
from ._library import lib
from ._reasons import class_number, places
from .linear import LOSSES
from .results import Matrix, Part, Record, Result, filled, listed, room, view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tokenizer import Tokenizer


class Answers(Result):
    """The answers to n texts, as a table of class and probability; a class is missing where the model abstains.
    probabilities[n, "class"] is a text's of a class, margins likewise."""

    def __init__(self, n: int, names: tuple[str, ...], classes: Any, probabilities: Matrix | None, margins: Matrix | None) -> None:
        parts = [Part("class", "i", classes, names)]
        super().__init__(n, parts)
        self.classes = names
        self.numbers = view(classes, "i", n)
        self.probabilities, self.margins = probabilities, margins
        if probabilities is not None:
            parts.append(Part("probability", "f", lambda: filled("f", [max(row) for row in probabilities])))

    @property
    def labels(self) -> list[str | None]:
        """The class name of each text, None where the model abstains."""
        names = (*self.classes, None)
        return [names[i] for i in self.numbers.tolist()]


class Curve(Record):
    """One step of choosing C."""

    cost: float
    accuracy: float  # on the left-out texts, 0 to 1
    gap: float  # largest relative duality gap reached


class Trial(Record):
    """One choice of terms that was validated."""

    char_max: int
    words: int  # 1: with the words of a tokenizer
    cost: float
    accuracy: float
    class_aware: int  # 1: weighted by what classes have them


class SvmInfo(Record):
    """How training went; see kehu_svm_info in kehu/svm.h."""

    n_classes: int
    n_terms: int
    n_texts: int
    n_empty: int
    n_conflicting: int
    n_validated: int
    cost: float
    primal: float
    dual: float
    gap: float
    passes: int
    converged: int
    temperature: float
    accuracy: float
    curve: list[Curve]
    char_max: int
    words: int
    trial: list[Trial]
    bits: int
    abstain_below: float
    class_aware: int


class Explanation(Result):
    """Why a text gets a class: a table of the terms, the largest |contribution| first, of

    term          as it stands in the text
    start, end    text[start:end] of its first occurrence
    count         occurrences
    is_word       1: words, 0: a string of characters
    contribution  to the margin, signed
    share         |contribution| as part of the sum of them all, 0 to 1

    All contributions (n of them, of which the table may have only the first) and bias add up to margin."""

    text: str
    class_name: str
    n: int
    margin: float
    bias: float


class Svm(Model):
    """A trained classifier. Immutable: threads may share it."""

    _prefix = "kehu_svm_"
    _free = lib.kehu_svm_free
    _tokenizer: Tokenizer | None = None

    @classmethod
    def train(cls, texts: Any, labels: Any, *, cost: float = 0, loss: str | int = "squared_hinge", n_folds: int = 0, gap: float = 0,
              char_max: int = 0, latin_max: int = 0, word_max: int = 0, min_df: int = 0, max_terms: int = 0, balanced: bool = False,
              fixed_terms: bool = False, max_bytes: int = 0, abstain_below: float = 0, precision: float = 0, weights: Any = None,
              tokenizer: Tokenizer | None = None, start: Svm | None = None, class_aware: bool | None = None, hash_bits: int = 0, seed: int = 0,
              n_threads: int = 0,
              progress: Any = None) -> Svm:
        """Train on n texts and their n class names. Options that are 0 are left to the library.

        texts, labels   columns of text, [n]; a missing or empty text is allowed, a label not:
                        train without such rows
        cost            C, 1e-6 to 1e6; 0: chosen from 2^-4 ... 2^6 by validation
        loss            "squared_hinge", "hinge", "logistic" or "crammer_singer" (hinge over all classes at once)
        n_folds         for choosing C and for probabilities, 2 to 20; 0: 5
        gap             relative duality gap to stop at, between 0 and 1; 0: 1e-4
        char_max        longest n-gram of characters, 1 to 5; 0: 2, or 3 where validation says that it pays
        latin_max       longest n-gram of alphabetic characters, up to 5; 0: 5
        word_max        words in a row, 1 to 2, 3 for no words; 0: 2
        min_df          a term is in at least so many texts; 0: 1
        max_terms       the most frequent are kept; 0: 4194304
        fixed_terms     True, or a cost that is given: the terms are as char_max and tokenizer say, none are validated
        max_bytes       the model's file is no larger; 0: as large as it comes
        balanced        True: classes weigh the same, however many texts they have
        abstain_below   texts whose best probability is lower get no class, 0 to 1
        precision       abstain_below is chosen so that of the left-out texts that get a class so many are right, 0 to 1
        weights         [n] numbers >= 0, times C
        tokenizer       its words are terms too; None: the built-in one, where validation says that its words pay
        start           an earlier model of fewer texts or classes to learn on from: its cost and terms where they are not given, none
                        are validated; texts are all texts, those it has learned too
        class_aware     True: a term weighs more, the fewer classes have it; None: where validation says that it pays
        hash_bits       no vocabulary, but 2^hash_bits columns, 10 to 26, on which terms fall by their hash; 0: a vocabulary
        seed, n_threads order of the texts in the solver; the result is the same for any number of threads
        progress        called with (done from 0 to 1, stage), or a tqdm bar; an exception in it stops the training

        Fails with KehuColumnError (not text), KehuDataError (a label is missing: .where is the row), KehuOneClassError,
        KehuEmptyError, KehuArgumentError (an option, lengths that differ)."""
        made, named = text_column(texts, "texts"), text_column(labels, "labels")
        weighted = None if weights is None else column(weights, "weights")
        opt = options(_abi.kehu_svm_options, cost=cost, loss=choose(loss, "loss", LOSSES), n_folds=n_folds, gap=gap, char_max=char_max,
                      latin_max=latin_max, word_max=word_max, min_df=min_df, max_terms=max_terms, balanced=int(balanced),
                      fixed_terms=int(fixed_terms), max_bytes=max_bytes,
                      abstain_below=abstain_below, precision=precision, class_aware=yes_or_no(class_aware), hash_bits=hash_bits, seed=seed, n_threads=n_threads)
        if weighted is not None:
            opt.weights = weighted._as_parameter_
        owner = None if tokenizer is None else tokenizer._own()
        if owner is not None:
            opt.tokenizer = owner.value
        earlier = None if start is None else start._own()
        if earlier is not None and start is not None:
            opt.start = earlier.value
            tokenizer = tokenizer or start._tokenizer
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_svm_train, byref(out), made.struct, named.struct, opt)
        return cls._made(out, tokenizer)

    @classmethod
    def _made(cls, out: c_void_p, tokenizer: Tokenizer | None) -> Svm:
        self = cls._adopt(out, None if tokenizer is None else tokenizer._own())
        self._tokenizer = tokenizer
        return self

    @classmethod
    def load(cls, path: str | bytes | os.PathLike[Any], tokenizer: Tokenizer | None = None) -> Svm:
        """Get a model back from a file, all of which is checked. One that was trained with a tokenizer other than
        Tokenizer.default() needs it again."""
        out = c_void_p()
        call(lib.kehu_svm_load_with, byref(out), path_bytes(path), tokenizer and tokenizer._own(), None)
        return cls._made(out, tokenizer)

    @classmethod
    def map(cls, path: str | bytes | os.PathLike[Any], tokenizer: Tokenizer | None = None) -> Svm:
        """The same as load, but terms and weights stay in the file, of which all processes that map it share one copy. It may be
        replaced, as save does, or removed, but not written into. A pickle of the model has all of it."""
        out = c_void_p()
        call(lib.kehu_svm_map, byref(out), path_bytes(path), tokenizer and tokenizer._own(), None)
        return cls._made(out, tokenizer)

    @classmethod
    def read(cls, data: bytes, tokenizer: Tokenizer | None = None) -> Svm:
        """The same from bytes."""
        data = file_bytes(data)
        out = c_void_p()
        call(lib.kehu_svm_read_with, byref(out), data, len(data), tokenizer and tokenizer._own(), None)
        return cls._made(out, tokenizer)

    def __reduce__(self) -> Any:
        return read_again, (type(self), self.write(), self._tokenizer)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of their numbers."""
        return self._once("_classes", self._read_classes)

    def _read_classes(self) -> tuple[str, ...]:
        owner = self._own()
        return tuple(string(lib.kehu_svm_class_name(owner, i)) for i in range(lib.kehu_svm_class_count(owner)))

    def predict(self, texts: Any, *, abstain_below: float = 0, probabilities: bool = False, margins: bool = False, independent: bool = False,
                n_threads: int = 0, progress: Any = None) -> Answers:
        """Classify texts.

        texts          column of text, [n]
        abstain_below  texts whose best probability is lower get no class; 0: as trained
        probabilities, margins   whether the answers have them, as Matrix [n][n_classes]

        independent    each class's probability is its own, by Platt's method, for texts that may have several classes or none; they do
                       not add up to 1

        Of equal margins the lower class number wins."""
        owner, made, names = self._own(), text_column(texts, "texts"), self.classes
        n, k = len(made), len(names)
        classes = room("i", n)
        p, m = (room("f", n * k) if wanted else None for wanted in (probabilities, margins))
        opt = options(_abi.kehu_svm_predict_options, n_threads=n_threads, abstain_below=abstain_below, independent=int(independent))
        with watch(progress, n) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_svm_predict, owner, made.struct, opt, classes, p, m)
        return Answers(n, names, classes, None if p is None else Matrix(p, "f", n, names), None if m is None else Matrix(m, "f", n, names))

    def explain(self, text: str, class_name: str | None = None, *, limit: int = 20) -> Explanation:
        """Why does this text get this class (None: the one of the largest margin)? At most `limit` terms.

        Fails with KeyError (no such class)."""
        owner, names = self._own(), self.classes
        number = class_number(names, class_name)
        data = text_bytes(text)
        if not 0 <= limit < 2**32:
            raise errors.KehuArgumentError(f"limit is {limit}, expected 0 to {2**32 - 1}")
        reasons = (_abi.kehu_svm_reason * max(limit, 1))()
        n, margin, bias = c_uint32(), c_double(), c_double()
        if number < 0:
            number = self._largest(text)
        call(lib.kehu_svm_explain, owner, data, len(data), number, reasons, limit, byref(n), byref(margin), byref(bias))
        found = reasons[:min(n.value, limit)]
        made = Explanation(len(found), places(data, found) + listed(found, count="I", is_word="I", contribution="d", share="d"))
        made.text, made.class_name, made.n, made.margin, made.bias = text, names[number], n.value, margin.value, bias.value
        return made

    def _largest(self, text: str) -> int:
        margins = self.predict([text], margins=True).margins
        assert margins is not None
        row = margins[0]
        return int(row.index(max(row)))

    @property
    def info(self) -> SvmInfo:
        """How training went."""
        struct = _abi.kehu_svm_info()
        lib.kehu_svm_get_info(self._own(), struct)
        return SvmInfo(struct, curve=[Curve(c) for c in struct.curve[:struct.n_curve]],
                       trial=[Trial(t) for t in struct.trial[:struct.n_trials]])

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Svm>"
        info = self.info
        return f"<Svm of {info.n_classes} classes, {info.n_terms} terms: {', '.join(self.classes[:8])}{', ...' if info.n_classes > 8 else ''}>"
