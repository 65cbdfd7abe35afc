"""Topics of texts without labels (kehu/topic.h).

>>> import kehu
>>> texts = ["宽带 断网 网速", "网速 宽带", "断网 宽带", "扣费 话费 账单", "话费 账单", "扣费 话费", "账单"] * 2
>>> words = kehu.Tokenizer.read_words("宽带\\n断网\\n网速\\n扣费\\n话费\\n账单\\n")
>>> model = kehu.Topics.fit(texts, n_topics=2, min_df=2, tokenizer=words)
>>> model.words(0, 1)["word"].to_list(), model.words(1, 1)["word"].to_list()
(['话费'], ['宽带'])
>>> [round(share, 2) for share in model.weights(["话费 扣费"])[0]]
[1.0, 0.0]
"""
from __future__ import annotations

import os
from ctypes import byref, c_uint32, c_void_p

from . import _abi
from ._call import Model, Watch, call, file_bytes, options, path_bytes, read_again, watch
from ._columns import texts as text_column
from ._library import lib
from .results import Matrix, Record, Result, listed, room
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tokenizer import Tokenizer


class TopicInfo(Record):
    """What is known of a topic from the texts it was fitted on. See kehu_topic_info."""

    share: float
    coherence: float
    n_texts: int
    examples: list[int]  # rows of the texts with the most of it


class Topics(Model):
    """A fitted model. Immutable: threads may share it."""

    _prefix = "kehu_topic_"
    _free = lib.kehu_topic_free
    _tokenizer: Tokenizer | None = None

    @classmethod
    def fit(cls, texts: Any, *, n_topics: int = 0, min_df: int = 0, max_terms: int = 0, max_share: float = 0, passes: int = 0,
            tokenizer: Tokenizer | None = None, n_threads: int = 0, progress: Any = None) -> Topics:
        """Fit topics to a column of texts. Options that are 0 are left to the library.

        n_topics   1 to 500; 0: 10
        min_df     texts a term is in at least; 0: 5
        max_terms  the most frequent are kept; 0: 20000
        max_share  of the texts that a term may be in; 0: 0.5
        passes     over all rows, at most; 0: 200
        tokenizer  whose words are the terms; None: the built-in one"""
        made, out = text_column(texts, "texts"), c_void_p()
        owner = None if tokenizer is None else tokenizer._own()
        opt = options(_abi.kehu_topic_options, n_topics=n_topics, min_df=min_df, max_terms=max_terms, max_share=max_share,
                      passes=passes, n_threads=n_threads)
        if owner is not None:
            opt.tokenizer = owner.value
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_topic_fit, byref(out), made.struct, opt)
        return cls._made(out, tokenizer)

    @classmethod
    def _made(cls, out: c_void_p, tokenizer: Tokenizer | None) -> Topics:
        self = cls._adopt(out, None if tokenizer is None else tokenizer._own())
        self._tokenizer = tokenizer
        return self

    @classmethod
    def load(cls, path: str | bytes | os.PathLike[Any], tokenizer: Tokenizer | None = None) -> Topics:
        """Get a model back from a file, all of which is checked; with the tokenizer it was fitted with, None: the
        built-in one."""
        out = c_void_p()
        call(lib.kehu_topic_load, byref(out), path_bytes(path), tokenizer and tokenizer._own(), None)
        return cls._made(out, tokenizer)

    @classmethod
    def read(cls, data: bytes, tokenizer: Tokenizer | None = None) -> Topics:
        """Get a model back from bytes; otherwise as load."""
        data, out = file_bytes(data), c_void_p()
        call(lib.kehu_topic_read, byref(out), data, len(data), tokenizer and tokenizer._own(), None)
        return cls._made(out, tokenizer)

    def __reduce__(self) -> Any:
        return read_again, (type(self), self.write(), self._tokenizer)

    def __len__(self) -> int:
        return int(lib.kehu_topic_count(self._own()))

    def info(self, topic: int) -> TopicInfo:
        """Share, coherence, number of texts and example rows of a topic; topics are ordered by falling share."""
        struct = _abi.kehu_topic_info()
        call(lib.kehu_topic_get_info, self._own(), number(topic), struct)
        return TopicInfo(struct, examples=[row for row in struct.examples if row >= 0])

    def words(self, topic: int, limit: int = 10) -> Table:
        """A topic's first words, at most 200: word, and how much of what the topic says it is (weight)."""
        owner, n = self._own(), c_uint32()
        found = (_abi.kehu_topic_word * max(limit, 1))()
        call(lib.kehu_topic_words, owner, number(topic), found, limit, byref(n))
        rows = found[:min(n.value, limit)]
        return Result(len(rows), listed(rows, word="text", weight="d"))

    def weights(self, texts: Any, *, n_threads: int = 0, progress: Any = None) -> Matrix:
        """What texts are about: the share of each topic, rows add to 1, or all 0 where there is no term of the topics."""
        owner, made, k = self._own(), text_column(texts, "texts"), len(self)
        n = len(made)
        weights = room("f", n * k)
        opt = options(_abi.kehu_topic_weights_options, n_threads=n_threads)
        with watch(progress, n) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_topic_weights, owner, made.struct, opt, weights)
        return Matrix(weights, "f", n, [str(topic) for topic in range(k)])

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Topics>"
        return f"<Topics: {len(self)}, the largest of {' '.join(self.words(0, 5)['word'])}>"


def number(topic: int) -> int:
    if topic < 0:
        raise IndexError(f"topic is {topic}")
    return topic
