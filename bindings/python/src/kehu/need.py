"""Needs: what is taken for granted, what pays by degree, what nobody counted on, by the words of texts (kehu/need.h).

>>> import kehu
>>> found = kehu.needs_find("classes", ["没信号，打不通", "没信号", "网速太慢", "要是能按天算"], ["net", "net", "net", "bill"])
>>> found["class"].to_list(), found["need"].to_list(), found["basic_words"].to_list()
(['bill', 'net'], ['latent', 'basic'], ['', '没信号:2, 打不通:1'])
>>> kehu.needs_find("texts", ["网速太慢", "谢谢"])["need"].to_list()
['expected', None]
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import Watch, call, choose, options
from ._columns import texts as text_column
from ._library import lib
from .keyword import Keyword
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REPORTS = ("texts", "classes")


def needs_words() -> Keyword:
    """The library's words of the classes "basic", "expected" and "latent": to be saved, edited and given as `words`."""
    out = c_void_p()
    call(lib.kehu_needs_words, byref(out), None)
    return Keyword._adopt(out)


def needs_find(report: str, texts: Any, class_of: Any = None, *, words: Keyword | None = None, n_words: int = 0, n_threads: int = 0,
               progress: Any = None) -> Table:
    """Which level of need texts speak of: "basic", "expected" or "latent".

    report    "texts": a row a text with its need, the points of each and the words that speak for it; "classes": a row a
              class with the texts of each need, their shares, the most frequent need and the words in most of its texts
    class_of  classes of the texts; None: all are one class
    words     a list of these three classes, edited or learned from labelled texts; None: needs_words()
    n_words   words listed at most; 0: 5

    Fails with KehuNotFoundError (the list has none of the three classes)."""
    made, classes = text_column(texts, "texts"), None if class_of is None else text_column(class_of, "class_of")
    owner, out = None if words is None else words._own(), c_void_p()
    opt = options(_abi.kehu_needs_options, n_words=n_words, n_threads=n_threads)
    if owner is not None:
        opt.words = owner.value
    with Watch(progress) as watching:
        opt.progress = watching.pointer
        call(lib.kehu_needs_find, byref(out), choose(report, "report", REPORTS), made.struct, classes and classes.struct, opt)
    return Table._adopt(out)
