"""Texts that are nearly the same, folded: one complaint copied a thousand times is one with its volume (kehu/duplicate.h).

>>> import kehu
>>> found = kehu.duplicate_fold(["宽带昨天断网了，请来修", "扣费不对", "宽带 昨天断网了，请来修", None])
>>> found.to_dict()
{'text': ['宽带昨天断网了，请来修', '扣费不对'], 'row': [0, 1], 'volume': [2, 1], 'forms': [1, 1]}
>>> found.groups.to_list()
[0, 1, 0, -1]
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import Watch, call, options
from ._columns import texts as text_column
from ._library import lib
from .results import only, room
from .table import Column, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Duplicates(Table):
    """The groups by falling volume, a table of

    text    what stands for the group: the form that is in it most often
    row     where that text stands among the texts
    volume  texts in the group
    forms   different sets of shingles among them
    """

    groups: Column  # the row of this table for each text, -1 for one without any character


def duplicate_fold(texts: Any, *, similarity: float = 0, shingle: int = 0, n_threads: int = 0, progress: Any = None) -> Duplicates:
    """Group texts that are nearly the same. Options that are 0 are left to the library.

    similarity  Jaccard similarity of the sets of shingles from which two texts are one, 0.1 to 1; 0: 0.8
    shingle     characters in a row that are compared, 1 to 16; 0: 3"""
    made, out = text_column(texts, "texts"), c_void_p()
    groups = room("q", len(made))
    opt = options(_abi.kehu_duplicate_options, shingle=shingle, similarity=similarity, n_threads=n_threads)
    with Watch(progress) as watching:
        opt.progress = watching.pointer
        call(lib.kehu_duplicate_fold, byref(out), groups, made.struct, opt)
    found = Duplicates._adopt(out)
    found.groups = only("group", "q", groups, len(made))
    return found
