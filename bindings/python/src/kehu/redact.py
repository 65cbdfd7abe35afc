"""Phone numbers, identity cards, bank cards, e-mail and postal addresses taken out of texts (kehu/redact.h).

>>> import kehu
>>> kehu.redact_find("请打13812345678联系我").to_dict()
{'term': ['13812345678'], 'start': [2], 'end': [13], 'kind': ['phone']}
>>> redacted = kehu.redact_texts(["请打13812345678联系我", None])
>>> redacted.to_list(), redacted.counts["phone"]
(['请打[phone]联系我', None], 1)
>>> kehu.redact_texts(["a@b.cn, 13812345678"], instead={"email": "<信>"}, kinds=["email"]).to_list()
['<信>, 13812345678']
"""
from __future__ import annotations

from ctypes import byref, c_char_p, c_int64, c_void_p

from . import _abi
from ._call import call, choose, options, string, text_bytes, text as c_text
from ._columns import texts as text_column
from ._library import lib
from ._reasons import places
from .results import Part, Result
from .table import Column, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

KINDS = ("phone", "identity_card", "bank_card", "email", "address")


class Redacted(Column):
    """The texts with all of it replaced: a column of text; counts says how many of each kind were."""

    counts: dict[str, int]


def redact_options(kinds: Sequence[str] | None, instead: Mapping[str, str] | None) -> Any:
    opt = options(_abi.kehu_redact_options, kinds=sum(1 << choose(kind, "kinds", KINDS) for kind in set(kinds or ())))
    if kinds is not None and not kinds:
        raise ValueError("kinds is empty")
    if instead is not None:
        names = {kind: f"[{string(lib.kehu_redact_kind_name(i))}]" for i, kind in enumerate(KINDS)}
        for kind, shown in instead.items():
            choose(kind, "instead", KINDS)
            names[kind] = shown
        opt.instead = (c_char_p * len(KINDS))(*(c_text(shown, "instead") for shown in names.values()))
    return opt


def redact_find(text: str, *, kinds: Sequence[str] | None = None) -> Result:
    """Where one text has something to redact, in order: a table of term, start, end (text[start:end]) and kind.

    kinds  of "phone", "identity_card", "bank_card", "email", "address" those to look for; None: all"""
    data, opt, n, room = text_bytes(text), redact_options(kinds, None), c_int64(), 8
    while True:
        found = (_abi.kehu_redact_span * room)()
        call(lib.kehu_redact_find, data, len(data), opt, found, room, byref(n))
        if n.value <= room:
            break
        room = n.value
    spans = found[:n.value]
    return Result(len(spans), [*places(data, spans), Part("kind", "text", [KINDS[s.kind] for s in spans])])


def redact_texts(texts: Any, *, kinds: Sequence[str] | None = None, instead: Mapping[str, str] | None = None) -> Redacted:
    """A column of texts with all of it replaced; a missing text stays missing.

    kinds    as for redact_find
    instead  what takes the place, by kind; others: "[phone]", "[identity card]" and so on"""
    made, opt, counts, out = text_column(texts, "texts"), redact_options(kinds, instead), (c_int64 * len(KINDS))(), c_void_p()
    call(lib.kehu_redact_texts, byref(out), made.struct, opt, counts)
    redacted = Redacted(Table._adopt(out), 0)
    redacted.counts = dict(zip(KINDS, counts))
    return redacted
