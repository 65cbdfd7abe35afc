"""Words, numbers, amounts, dates, links and more in Chinese customer texts (kehu/tokenizer.h).

>>> import kehu
>>> t = kehu.Tokenizer.default()
>>> t.words("充了100元话费")
['充', '了', '100元', '话费']
>>> t.split("充了100元话费")["kind"].to_list()
['word', 'word', 'amount', 'word']
>>> t.edit(["飞享套餐"]).words("办飞享套餐")
['办', '飞享套餐']
"""
from __future__ import annotations

import os
from ctypes import byref, c_int64, c_void_p, sizeof

from . import _abi
from ._call import Model, Watch, call, choose, file_bytes, options, path_bytes, read_again, string, text_bytes, watch, written
from ._columns import texts as text_column, vector
from ._library import lib
from ._reasons import characters
from ._values import bytes_of
from .results import Part, Record, Result, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODES = ("", "words", "search", "characters", "accurate")
KINDS = ("", *(name[len("KEHU_SPAN_"):].lower() for name in _abi.ENUMS["kehu_span_kind"]))
AUTOMATIC, WHOLE, REMOVED = _abi.KEHU_WORD_AUTOMATIC, _abi.KEHU_WORD_WHOLE, _abi.KEHU_WORD_REMOVED


class Spans(Result):
    """The spans of texts, which cover them exactly and in order: a table of

    row         of the text (only where a column of texts was split)
    text        the span itself
    start, end  in characters of the text
    kind        "word", "character", "latin", "number", "mixed", "date", "amount", "url", ... "bad_byte"
    word        the word's number in the dictionary, 0: not in it
    part        1: a word inside the span before it (mode "search")
    """


class WordInfo(Record):
    """What the dictionary says of a word."""

    word: int
    whole: int  # 1: never split
    frequency: int
    tag: str


class TokenizerQuality(Record):
    """How a tokenizer does on sentences parted by hand; see kehu_tokenizer_quality."""

    n_wanted: int
    n_found: int
    n_right: int
    n_new: int
    n_new_right: int
    precision: float
    recall: float
    f1: float
    new_recall: float


def _options(mode: str | int, split_units: bool) -> Any:
    return options(_abi.kehu_tokenizer_options, mode=choose(mode, "mode", MODES), split_units=int(split_units))


class Tokenizer(Model):
    """A dictionary and a way to use it. Immutable: threads may share it.

    mode         "words" (the best way through the word graph), "search" (and shorter words inside long ones),
                 "characters" (each Chinese character alone) or "accurate" (by a trained model); "": as it fits
    split_units  True parts 2024年 | 5月 and 199 | 元
    """

    _prefix = "kehu_tokenizer_"
    _free = lib.kehu_tokenizer_free
    _chosen: tuple[str | int, bool] = ("", False)

    @classmethod
    def _with(cls, out: c_void_p, mode: str | int, split_units: bool, holds: Any = None) -> Tokenizer:
        self = cls._adopt(out, holds)
        self._chosen = mode, split_units
        return self

    @classmethod
    def default(cls, *, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """The dictionary inside the library. Fails with KehuNotFoundError where it was built without one."""
        out = c_void_p()
        call(lib.kehu_tokenizer_default, byref(out), _options(mode, split_units))
        return cls._with(out, mode, split_units)

    @classmethod
    def load(cls, path: str | bytes | os.PathLike[Any], *, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """Get one back from a file, all of which is checked."""
        out = c_void_p()
        call(lib.kehu_tokenizer_load, byref(out), path_bytes(path), _options(mode, split_units))
        return cls._with(out, mode, split_units)

    @classmethod
    def map(cls, path: str | bytes | os.PathLike[Any], *, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """The same as load, but the file is used where it lies, and all processes that map it share one copy. It may be replaced,
        as save does, or removed, but not written into."""
        out = c_void_p()
        call(lib.kehu_tokenizer_map, byref(out), path_bytes(path), _options(mode, split_units))
        return cls._with(out, mode, split_units)

    @classmethod
    def read(cls, data: bytes, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """The same from bytes, which are copied."""
        data = file_bytes(data)
        out = c_void_p()
        call(lib.kehu_tokenizer_read, byref(out), data, len(data), _options(mode, split_units))
        return cls._with(out, mode, split_units)

    @classmethod
    def view(cls, data: Any, *, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """The same from memory that is used where it lies (bytes, mmap): many processes may share one copy."""
        from ._buffer import Buffer
        buffer = Buffer(data)
        out = c_void_p()
        call(lib.kehu_tokenizer_view, byref(out), buffer.address, buffer.length * buffer.item_bytes, _options(mode, split_units))
        return cls._with(out, mode, split_units, buffer)

    @classmethod
    def load_words(cls, path: str | bytes | os.PathLike[Any], *, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """A dictionary from a text file, a word a line: the word, its frequency, its tag (as jieba has them).
        Fails with .where being the line, from 1."""
        out = c_void_p()
        call(lib.kehu_tokenizer_load_words, byref(out), path_bytes(path), _options(mode, split_units))
        return cls._with(out, mode, split_units)

    @classmethod
    def read_words(cls, words: str, *, mode: str | int = "", split_units: bool = False) -> Tokenizer:
        """The same from text."""
        data = text_bytes(words, "words")
        out = c_void_p()
        call(lib.kehu_tokenizer_read_words, byref(out), data, len(data), _options(mode, split_units))
        return cls._with(out, mode, split_units)

    def save_words(self, path: str | bytes | os.PathLike[Any]) -> None:
        """The dictionary as such a text file."""
        call(lib.kehu_tokenizer_save_words, self._own(), path_bytes(path))

    def write_words(self) -> str:
        """The dictionary as such text."""
        return written(lib.kehu_tokenizer_write_words, self._own()).decode()

    @classmethod
    def train(cls, sentences: Any, dictionary: Tokenizer | None = None, *, epochs: int = 0, dropout: float = 0, seed: int = 0,
              progress: Any = None) -> Tokenizer:
        """Learn to split as a corpus does; the result is in mode "accurate".

        sentences   column of text, the words of each row parted by blanks
        dictionary  its words serve as hints
        epochs      passes over the corpus, 1 to 100; 0: 8
        dropout     chance that a word is hidden from the dictionary features, up to 1; 0: .9
        seed        of the order and the hiding

        Fails with KehuEmptyError (no word), KehuLimitError (a word above 255 characters)."""
        made = text_column(sentences, "sentences")
        opt = options(_abi.kehu_tokenizer_train_options, epochs=epochs, dropout=dropout, seed=seed)
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_tokenizer_train, byref(out), dictionary and dictionary._own(), made.struct, opt)
        return cls._with(out, "accurate", False)

    def adapt(self, texts: Any, *, rounds: int = 0, prior: float = 0, n_threads: int = 0, progress: Any = None) -> Tokenizer:
        """A new tokenizer with the same words, their frequencies learned from texts that nobody has parted.

        texts   column of text, [n]
        rounds  times the texts are split, 1 to 20; 0: 2
        prior   words of text that the old frequencies count as; 0: 20000"""
        made = text_column(texts, "texts")
        opt = options(_abi.kehu_tokenizer_adapt_options, rounds=rounds, prior=prior, n_threads=n_threads)
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_tokenizer_adapt, byref(out), self._own(), made.struct, opt)
        return self._with(out, *self._chosen)

    def edit(self, words: Any, frequencies: Any = None, *, mode: str | int | None = None, split_units: bool | None = None) -> Tokenizer:
        """A new tokenizer with words added, changed or removed; this one stays as it is.

        words        column of text, [n]
        frequencies  [n] 1 to 2147483647, AUTOMATIC, WHOLE (never split) or REMOVED; None: all AUTOMATIC
        mode, split_units   of the new one; None: as here"""
        made = text_column(words, "words")
        numbers_ = None if frequencies is None else vector(frequencies, "q", "frequencies")
        if numbers_ is not None and numbers_.n != len(made):
            from .errors import KehuColumnError
            raise KehuColumnError(f"frequencies has {numbers_.n} values where words has {len(made)}")
        chosen = (self._chosen[0] if mode is None else mode, self._chosen[1] if split_units is None else split_units)
        out = c_void_p()
        call(lib.kehu_tokenizer_edit, byref(out), self._own(), made.struct, numbers_, _options(*chosen))
        return self._with(out, *chosen, self._own())

    def split(self, text: Any, *, n_threads: int = 0, progress: Any = None) -> Spans:
        """The spans of one str, or of a column of texts (a missing one has none)."""
        if isinstance(text, str):
            data = text_bytes(text)
            spans = self._split_one(data)
            return Spans(len(spans), _parts(spans, [(0, len(spans), data)]))
        owner, made = self._own(), text_column(text, "text")
        spans, starts = self._split_column(owner, made, n_threads, progress)
        values = bytes_of(made.keep, made.struct)
        places = [(starts[i], starts[i + 1], v) for i, v in enumerate(values)]
        rows = numbers("row", "q", [i for i, (a, b, _) in enumerate(places) for _ in range(a, b)])
        return Spans(starts[len(values)], [rows, *_parts(spans[:starts[len(values)]], places)])

    def words(self, text: str) -> list[str]:
        """The spans of one text as str, in order; blanks are among them."""
        data = text_bytes(text)
        return [data[s.start:s.start + s.size].decode("utf-8", "replace") for s in self._split_one(data)]

    def words_of(self, texts: Any, *, n_threads: int = 0, progress: Any = None) -> list[list[str]]:
        """words() of each of a column of texts; [] for a missing one."""
        owner, made = self._own(), text_column(texts, "texts")
        spans, starts = self._split_column(owner, made, n_threads, progress)
        numbers_ = memoryview(spans).cast("B").cast("I")
        fields = sizeof(_abi.kehu_span) // 4
        begins, sizes = numbers_[0::fields].tolist(), numbers_[1::fields].tolist()
        found = []
        for i, data in enumerate(bytes_of(made.keep, made.struct)):
            found.append([data[begins[k]:begins[k] + sizes[k]].decode("utf-8", "replace") for k in range(starts[i], starts[i + 1])])
        return found

    def _split_one(self, data: bytes) -> Any:
        owner = self._own()
        room = lib.kehu_tokenizer_bound(owner, len(data))
        spans, n = (_abi.kehu_span * max(room, 1))(), c_int64()
        call(lib.kehu_tokenizer_split, owner, data, len(data), spans, room, byref(n), None)
        return spans[:n.value]

    def _split_column(self, owner: Any, made: Any, n_threads: int, progress: Any) -> tuple[Any, Any]:
        bound = c_int64()
        call(lib.kehu_tokenizer_bound_column, owner, made.struct, byref(bound))
        spans, starts = (_abi.kehu_span * max(bound.value, 1))(), (c_int64 * (len(made) + 1))()
        opt = options(_abi.kehu_tokenizer_batch_options, n_threads=n_threads)
        with watch(progress, len(made)) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_tokenizer_split_column, owner, made.struct, spans, bound.value, starts, opt)
        return spans, starts

    def find(self, word: str) -> WordInfo | None:
        """What the dictionary says of a word in any of its forms; None when it has no such word."""
        from .errors import KehuNotFoundError
        data, struct = text_bytes(word, "word"), _abi.kehu_word_info()
        try:
            call(lib.kehu_tokenizer_find, self._own(), data, len(data), struct)
        except KehuNotFoundError:
            return None
        return WordInfo(struct, tag=string(struct.tag))

    def __contains__(self, word: str) -> bool:
        return self.find(word) is not None

    def evaluate(self, sentences: Any, known: Tokenizer | None = None) -> TokenizerQuality:
        """Compare with sentences whose words are parted by blanks. known: whose words are not new; None: all are."""
        made, struct = text_column(sentences, "sentences"), _abi.kehu_tokenizer_quality()
        call(lib.kehu_tokenizer_evaluate, self._own(), made.struct, known and known._own(), struct)
        return TokenizerQuality(struct)

    def __len__(self) -> int:
        return int(lib.kehu_tokenizer_count(self._own()))

    @property
    def fingerprint(self) -> int:
        """Equal for two tokenizers that give the same spans for every text."""
        return int(lib.kehu_tokenizer_fingerprint(self._own()))

    def __reduce__(self) -> Any:
        return read_again, (type(self), self.write(), *self._chosen)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and (self is other or self.fingerprint == other.fingerprint)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "<closed Tokenizer>" if self.closed else f"<Tokenizer of {len(self)} words{', mode ' + str(self._chosen[0]) if self._chosen[0] else ''}>"


def _parts(spans: Any, places: list[tuple[int, int, bytes]]) -> list[Part]:
    texts: list[str] = []
    starts: list[int] = []
    for first, last, data in places:
        texts.extend(data[s.start:s.start + s.size].decode("utf-8", "replace") for s in spans[first:last])
        starts.extend(characters(data, [s.start for s in spans[first:last]]))
    return [Part("text", "text", texts), numbers("start", "q", starts),
            numbers("end", "q", [a + len(t) for a, t in zip(starts, texts)]),
            Part("kind", "text", [KINDS[s.kind] for s in spans]),
            numbers("word", "I", [s.word for s in spans]), numbers("part", "I", [s.part for s in spans])]
