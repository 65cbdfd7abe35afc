"""Texts sorted by lists of keywords that people read and edit (kehu/keyword.h).

>>> import kehu
>>> texts = ["网速太慢", "网速很差", "网速不行", "扣费不对", "扣费错了", "乱扣费"]
>>> model = kehu.Keyword.train(texts, ["network"] * 3 + ["bill"] * 3, keywords_per_class=1)
>>> model.predict(["这个网速", "扣费"]).labels
['network', 'bill']
>>> model.explain("这个网速")["term"].to_list()
['网速']
>>> edited = kehu.Keyword.read_text(model.write_text() + "network\\t!断网\\t60\\n")
>>> edited.predict(["断网了"]).labels
['network']
"""
from __future__ import annotations

import os
from ctypes import byref, c_int64, c_void_p

from . import _abi
from ._call import Model, Watch, call, choose, options, path_bytes, string, text_bytes, watch, written
from ._columns import texts as text_column
from ._library import lib
from ._reasons import class_number, places
from .results import Matrix, Part, Record, Result, listed, numbers, room, view
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODES = ("signed", "unsigned")
MARKS = ("learned", "added", "fixed", "forbidden")


class KeywordAnswers(Result):
    """The answers to n texts, as a table of

    class        missing where the model abstains
    best         the class with the most points, even where it abstains
    probability  of the best class, 0 to 1
    margin       points the best class is ahead of the second
    n_keywords   different keywords in the text
    """

    classes: tuple[str, ...]
    numbers: memoryview[Any]
    scores: Matrix | None

    @property
    def labels(self) -> list[str | None]:
        """The class name of each text, None where the model abstains."""
        names = (*self.classes, None)
        return [names[i] for i in self.numbers.tolist()]


class KeywordInfo(Record):
    """How a learned model was made; all zero for one read from a file. See kehu_keyword_info."""

    n_texts: int
    n_empty: int
    n_conflicts: int
    n_candidates: int
    accuracy: float
    coverage: float
    answered: float
    answered_right: float


class Matches(Result):
    """Keywords found in a text: a table of term, start, end (text[start:end]), word (its number) and weight (points for
    class_name; 0 where it says nothing)."""

    text: str
    class_name: str
    n: int


class Keyword(Model):
    """A keyword list ready for use. Immutable: threads may share it."""

    _prefix = "kehu_keyword_"
    _free = lib.kehu_keyword_free

    @classmethod
    def train(cls, texts: Any, labels: Any, *, keywords_per_class: int = 0, mode: str | int = "signed", min_df: int = 0,
              max_symbols: int = 0, cost: float = 0, precision: float = 0, base: Keyword | None = None, seed: int = 0,
              n_threads: int = 0, progress: Any = None) -> Keyword:
        """Learn a keyword list from n texts and their n class names. Options that are 0 are left to the library.

        keywords_per_class  to choose, 1 to 10000; 0: 50
        mode                "signed" (a keyword speaks for or against every class) or "unsigned"
        min_df              texts a keyword must be in; 0: 3
        max_symbols         characters (or words) of a keyword, 1 to 8; 0: 4
        cost                C of the ranking SVM; 0: 0.01
        precision           share of right answers wanted among those given: less sure ones abstain; 0: answer always
        base                its fixed, added and forbidden lines are respected, its notes kept

        Fails with KehuOneClassError, KehuEmptyError (nothing tells the classes apart), KehuDataError (a label is
        missing: .where is the row), KehuColumnError (not text), KehuArgumentError."""
        made, named = text_column(texts, "texts"), text_column(labels, "labels")
        opt = keyword_options(keywords_per_class, mode, min_df, max_symbols, cost, precision, seed, n_threads)
        owner = None if base is None else base._own()
        if owner is not None:
            opt.base = owner.value
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_keyword_train, byref(out), made.struct, named.struct, opt)
        return cls._adopt(out)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of their numbers."""
        return self._once("_classes", self._read_classes)

    def _read_classes(self) -> tuple[str, ...]:
        owner = self._own()
        return tuple(string(lib.kehu_keyword_class_name(owner, i)) for i in range(lib.kehu_keyword_class_count(owner)))

    def bias(self, class_name: str) -> int:
        """The points given to a class whatever the text says."""
        return int(lib.kehu_keyword_bias(self._own(), class_number(self.classes, class_name)))

    def predict(self, texts: Any, *, min_probability: float = 0, scores: bool = False, n_threads: int = 0, progress: Any = None) -> KeywordAnswers:
        """Classify a column of n texts.

        min_probability  abstain below, 0 to 1; 0: the model's own
        scores           whether the answers have the points of each class, as Matrix [n][n_classes]"""
        owner, made, names = self._own(), text_column(texts, "texts"), self.classes
        n = len(made)
        arrays = {"classes": room("i", n), "best": room("i", n), "probabilities": room("d", n), "margins": room("i", n),
                  "n_keywords": room("i", n)}
        points = room("i", n * len(names)) if scores else None
        answers = _abi.kehu_keyword_answers(**arrays, **({} if points is None else {"scores": points}))
        opt = options(_abi.kehu_keyword_predict_options, n_threads=n_threads, min_probability=min_probability)
        with watch(progress, n) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_keyword_predict, owner, made.struct, opt, answers)
        found = KeywordAnswers(n, [Part("class", "i", arrays["classes"], names), Part("best", "i", arrays["best"], names),
                                   Part("probability", "d", arrays["probabilities"]), Part("margin", "i", arrays["margins"]),
                                   Part("n_keywords", "i", arrays["n_keywords"])])
        found.classes, found.numbers = names, view(arrays["classes"], "i", n)
        found.scores = None if points is None else Matrix(points, "i", n, names)
        return found

    def _matches(self, function: Any, text: str, class_name: str | None, limit: int | None) -> Matches:
        owner, names, data, count = self._own(), self.classes, text_bytes(text), c_int64()
        number = class_number(names, class_name)
        if number < 0:
            number = list(names).index(self.predict([text])["best"][0])
        capacity = 64 if limit is None else limit
        while True:
            found = (_abi.kehu_keyword_match * max(capacity, 1))()
            call(function, owner, data, len(data), number, found, capacity, byref(count))
            if limit is not None or count.value <= capacity:
                break
            capacity = count.value
        rows = found[:min(count.value, capacity)]
        made = Matches(len(rows), places(data, rows) + listed(rows, word="i", weight="i"))
        made.text, made.class_name, made.n = text, names[number], count.value
        return made

    def match_text(self, text: str, class_name: str | None = None, *, limit: int | None = None) -> Matches:
        """All places of all keywords in one text, with their weights for a class (None: the best one of this text)."""
        return self._matches(lib.kehu_keyword_match_text, text, class_name, limit)

    def explain(self, text: str, class_name: str | None = None, *, limit: int | None = None) -> Matches:
        """Why does this text get this class (None: the best one)? Each keyword once, the greatest |weight| first; with
        bias(class_name) the weights add up to its points."""
        return self._matches(lib.kehu_keyword_explain, text, class_name, limit)

    @property
    def words(self) -> list[str]:
        """The different keywords, in the order of their numbers."""
        owner = self._own()
        return [string(lib.kehu_keyword_word(owner, i)) for i in range(lib.kehu_keyword_word_count(owner))]

    def lines(self) -> Table:
        """The lines of the list: class ("*": all), keyword, mark ("learned", "added", "fixed", "forbidden"), weight."""
        owner, names = self._own(), (*self.classes, "*")
        found = []
        for i in range(lib.kehu_keyword_line_count(owner)):
            line = _abi.kehu_keyword_line()
            call(lib.kehu_keyword_get_line, owner, i, line)
            found.append((names[line.class_number], string(line.keyword), MARKS[line.mark], line.weight))
        classes, keywords, marks, weights = zip(*found) if found else ((), (), (), ())
        return Result(len(found), [Part("class", "text", classes), Part("keyword", "text", keywords), Part("mark", "text", marks),
                                   numbers("weight", "i", weights)])

    def diff(self, to: Keyword) -> Table:
        """What has been added, removed and changed from this list to another: class, keyword (missing: the bias of the
        class), old_mark, new_mark (missing: not in this list), old_weight, new_weight."""
        owner, other, count = self._own(), to._own(), c_int64()
        call(lib.kehu_keyword_diff, owner, other, None, 0, byref(count))
        found = (_abi.kehu_keyword_change * max(count.value, 1))()
        call(lib.kehu_keyword_diff, owner, other, found, count.value, byref(count))
        rows = found[:count.value]
        return Result(len(rows), [
            Part("class", "text", [string(r.class_name) for r in rows]),
            Part("keyword", "text", [None if r.keyword is None else string(r.keyword) for r in rows]),
            numbers_of(rows, "old_mark"), numbers_of(rows, "new_mark"), *listed(rows, old_weight="i", new_weight="i")])

    def save_text(self, path: str | bytes | os.PathLike[Any]) -> None:
        """The list as a text file that people edit; see kehu/keyword.h for its form."""
        call(lib.kehu_keyword_save_text, self._own(), path_bytes(path))

    def write_text(self) -> str:
        """The list as such text."""
        return written(lib.kehu_keyword_write_text, self._own()).decode()

    @classmethod
    def load_text(cls, path: str | bytes | os.PathLike[Any]) -> Keyword:
        """The list from such a text file. Fails with KehuFormatError (.where is the line, from 0), KehuDuplicateError,
        KehuEncodingError, KehuEmptyError."""
        out = c_void_p()
        call(lib.kehu_keyword_load_text, byref(out), path_bytes(path), None)
        return cls._adopt(out)

    @classmethod
    def read_text(cls, text: str) -> Keyword:
        """The list from such text."""
        data, out = text_bytes(text), c_void_p()
        call(lib.kehu_keyword_read_text, byref(out), data, len(data), None)
        return cls._adopt(out)

    @property
    def info(self) -> KeywordInfo:
        """How it was learned."""
        struct = _abi.kehu_keyword_info()
        lib.kehu_keyword_get_info(self._own(), struct)
        return KeywordInfo(struct)

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Keyword>"
        names = self.classes
        return f"<Keyword of {len(names)} classes, {len(self.words)} keywords: {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}>"


def keyword_options(keywords_per_class: int = 0, mode: str | int = "signed", min_df: int = 0, max_symbols: int = 0, cost: float = 0,
                    precision: float = 0, seed: int = 0, n_threads: int = 0) -> Any:
    return options(_abi.kehu_keyword_options, keywords_per_class=keywords_per_class, mode=choose(mode, "mode", MODES), min_df=min_df,
                   max_symbols=max_symbols, cost=cost, precision=precision, seed=seed, n_threads=n_threads)


def numbers_of(rows: Any, field: str) -> Part:
    marks = [getattr(r, field) for r in rows]
    return Part(field, "text", [None if m < 0 else MARKS[m] for m in marks])


