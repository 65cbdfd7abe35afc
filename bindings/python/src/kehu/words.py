"""New words: strings of Chinese characters that the dictionary lacks and these texts use as words (kehu/words.h).

>>> import kehu
>>> texts = [f"{a}飞享{b}" for a in "我你他她要想办开买换" for b in "很好吗呢吧卡费号的了"]
>>> found = kehu.words_find(texts)
>>> found["word"].to_list(), found["count"].to_list()
(['飞享'], [100])
>>> kehu.Tokenizer.default().edit(found["word"]).words("他办飞享卡")
['他', '办', '飞享', '卡']
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import Watch, call, options
from ._columns import texts as text_column
from ._library import lib
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tokenizer import Tokenizer


def words_find(texts: Any, *, min_count: int = 0, max_characters: int = 0, max_words: int = 0, min_cohesion: float = 0,
               phrase_cohesion: float = 0, min_entropy: float = 0, tokenizer: Tokenizer | None = None, n_threads: int = 0, progress: Any = None) -> Table:
    """New words, the best first: a table of word, count, cohesion, left_entropy, right_entropy and score. Options that
    are 0 are left to the library.

    min_count       occurrences; 0: 10, and one more for each 2,000,000 characters
    max_characters  of a word, 2 to 10; 0: 5
    max_words       the best are kept; 0: all
    min_cohesion    pointwise mutual information of a word's parts, in nats; 0: 4
    phrase_cohesion the same for strings with known words among their parts; 0: 7
    min_entropy     of the characters before a word and of those behind it, in nats; 0: 1.5
    tokenizer       words of its dictionary are not new; None: the library's"""
    made, out = text_column(texts, "texts"), c_void_p()
    owner = None if tokenizer is None else tokenizer._own()
    opt = options(_abi.kehu_words_options, min_count=min_count, max_characters=max_characters, max_words=max_words,
                  min_cohesion=min_cohesion, phrase_cohesion=phrase_cohesion, min_entropy=min_entropy, n_threads=n_threads)
    if owner is not None:
        opt.tokenizer = owner.value
    with Watch(progress) as watching:
        opt.progress = watching.pointer
        call(lib.kehu_words_find, byref(out), made.struct, opt)
    return Table._adopt(out)
