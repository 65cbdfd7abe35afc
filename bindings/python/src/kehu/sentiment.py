"""For or against, how strongly, and which words say so (kehu/sentiment.h).

>>> import kehu
>>> words = kehu.Keyword.read_text("positive\\t!好\\t60\\nnegative\\t!差\\t70\\nnegation\\t!不\\t100\\ndegree\\t!很\\t50\\n")
>>> model = kehu.Sentiment.from_words(words)
>>> answers = model.score(["信号很好", "不好", "太差", "来了"])
>>> answers["polarity"].to_list(), answers["points"].to_list()
([1, -1, -1, 0], [90, -60, -70, 0])
>>> model.cues("信号不好").to_dict()
{'term': ['好'], 'start': [3], 'end': [4], 'weight': [60], 'points': [-60], 'negations': [1]}
"""
from __future__ import annotations

from ctypes import byref, c_int8, c_int64, c_void_p

from . import _abi
from ._call import Model, Watch, call, options, text as c_text, text_bytes, watch
from ._columns import texts as text_column
from ._library import lib
from ._reasons import places
from .keyword import Keyword
from .results import Part, Result, listed, room
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Sentiment(Model):
    """A list of cue words and, unless it is a list alone, an SVM for the polarity. Immutable: threads may share it."""

    _prefix = "kehu_sentiment_"
    _free = lib.kehu_sentiment_free

    @classmethod
    def train(cls, texts: Any, labels: Any, *, positive: str = "positive", n_words: int = 0, words_only: bool = False,
              words: Keyword | None = None, n_threads: int = 0, progress: Any = None) -> Sentiment:
        """Learn from texts with one of two labels.

        positive    label of the texts that are for something
        n_words     cues to learn, 2 to 20000; 0: 200
        words_only  no SVM, the list decides
        words       this list instead of a learned one"""
        made, named, out = text_column(texts, "texts"), text_column(labels, "labels"), c_void_p()
        opt = options(_abi.kehu_sentiment_options, n_words=n_words, words_only=int(words_only), n_threads=n_threads,
                      positive=c_text(positive, "positive"))
        owner = None if words is None else words._own()
        if owner is not None:
            opt.words = owner.value
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_sentiment_train, byref(out), made.struct, named.struct, opt)
        return cls._adopt(out)

    @classmethod
    def from_words(cls, words: Keyword) -> Sentiment:
        """A model of a list alone, of the classes positive, negative, negation and degree."""
        out = c_void_p()
        call(lib.kehu_sentiment_from_words, byref(out), words._own(), None)
        return cls._adopt(out)

    @property
    def words(self) -> Keyword:
        """The list: save_text(), edit, Keyword.load_text(), from_words()."""
        owner = self._own()
        return Keyword._borrow(lib.kehu_sentiment_words(owner), owner)

    def score(self, texts: Any, *, words_only: bool = False, n_threads: int = 0, progress: Any = None) -> Table:
        """Score a column of n texts: a table of

        polarity     1 for, -1 against, 0 neither
        probability  of being for something
        strength     0 to 1
        points       of the list
        n_cues       cues found"""
        owner, made = self._own(), text_column(texts, "texts")
        n = len(made)
        polarities = c_int8 * max(n, 1)
        arrays = {"polarities": polarities(), "probabilities": room("d", n), "strengths": room("d", n), "points": room("i", n),
                  "n_cues": room("i", n)}
        opt = options(_abi.kehu_sentiment_score_options, n_threads=n_threads, words_only=int(words_only))
        with watch(progress, n) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_sentiment_score, owner, made.struct, opt, _abi.kehu_sentiment_answers(**arrays))
        wide = room("i", n)
        wide[:n] = arrays["polarities"][:n]
        return Result(n, [Part("polarity", "i", wide), Part("probability", "d", arrays["probabilities"]),
                          Part("strength", "d", arrays["strengths"]), Part("points", "i", arrays["points"]),
                          Part("n_cues", "i", arrays["n_cues"])])

    def cues(self, text: str) -> Table:
        """The cues of one text in order: term, start, end (text[start:end]), weight, points (after negation and degree)
        and negations."""
        owner, data, n, room_for = self._own(), text_bytes(text), c_int64(), 64
        while True:
            found = (_abi.kehu_sentiment_cue * room_for)()
            call(lib.kehu_sentiment_cues, owner, data, len(data), found, room_for, byref(n))
            if n.value <= room_for:
                break
            room_for = n.value
        rows = found[:n.value]
        return Result(len(rows), places(data, rows) + listed(rows, weight="i", points="i", negations="i"))

    def __repr__(self) -> str:
        return "<closed Sentiment>" if self.closed else f"<Sentiment of {len(self.words.words)} words>"
