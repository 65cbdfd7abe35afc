"""A few sentences that stand for a group of texts (kehu/summary.h).

>>> import kehu
>>> texts = ["宽带断网了，请来修。谢谢", "宽带又断网了，什么时候来修？", "话费多扣了"]
>>> kehu.summary_find(texts, n_sentences=1)["sentence"].to_list()
['宽带又断网了，什么时候来修？']
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


def summary_find(texts: Any, *, n_sentences: int = 0, min_characters: int = 0, max_similarity: float = 0, n_threads: int = 0,
                 progress: Any = None) -> Table:
    """The most central sentences, the best first: a table of sentence, row, start, end (bytes of that text) and score.
    Options that are 0 are left to the library.

    n_sentences     at most so many, 1 to 1000; 0: 3
    min_characters  a sentence has at least; 0: 6
    max_similarity  with a sentence before it; 0: 0.4"""
    made, out = text_column(texts, "texts"), c_void_p()
    opt = options(_abi.kehu_summary_options, n_sentences=n_sentences, min_characters=min_characters, max_similarity=max_similarity,
                  n_threads=n_threads)
    with Watch(progress) as watching:
        opt.progress = watching.pointer
        call(lib.kehu_summary_find, byref(out), made.struct, opt)
    return Table._adopt(out)
