"""The memory of a kehu_column as Python's values."""
from __future__ import annotations

from ctypes import (addressof, byref, c_char, c_double, c_float, c_int8, c_int16, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64,
                    c_void_p)

from . import _abi
from ._call import call, owned
from ._library import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CTYPES: dict[int, tuple[Any, str]] = {
    _abi.KEHU_INT8: (c_int8, "b"), _abi.KEHU_INT16: (c_int16, "h"), _abi.KEHU_INT32: (c_int32, "i"), _abi.KEHU_INT64: (c_int64, "q"),
    _abi.KEHU_UINT8: (c_uint8, "B"), _abi.KEHU_UINT16: (c_uint16, "H"), _abi.KEHU_UINT32: (c_uint32, "I"),
    _abi.KEHU_UINT64: (c_uint64, "Q"), _abi.KEHU_FLOAT32: (c_float, "f"), _abi.KEHU_FLOAT64: (c_double, "d"),
    _abi.KEHU_DATE32: (c_int32, "i"), _abi.KEHU_TIMESTAMP: (c_int64, "q"), _abi.KEHU_CATEGORY: (c_int32, "i"),
    _abi.KEHU_CATEGORY8: (c_uint8, "B"), _abi.KEHU_CATEGORY16: (c_uint16, "H"), _abi.KEHU_TIMESTAMP_S: (c_int64, "q"),
    _abi.KEHU_TIMESTAMP_MS: (c_int64, "q"), _abi.KEHU_TIMESTAMP_NS: (c_int64, "q"),
}
TIME_UNITS = {_abi.KEHU_TIMESTAMP_S: "s", _abi.KEHU_TIMESTAMP_MS: "ms", _abi.KEHU_TIMESTAMP: "us", _abi.KEHU_TIMESTAMP_NS: "ns"}


def kind(c: Any) -> int:
    """What the library reads a column as, whatever its layout: a type up to KEHU_CATEGORY."""
    if c.type <= _abi.KEHU_CATEGORY:
        return int(c.type)
    if c.type in TIME_UNITS:
        return _abi.KEHU_TIMESTAMP
    if c.type == _abi.KEHU_UTF8_VIEW:
        return _abi.KEHU_LARGE_UTF8
    if c.type in CTYPES:
        return _abi.KEHU_CATEGORY
    return _abi.KEHU_FLOAT64 if c.scale else _abi.KEHU_INT64


def copied(structs: Any, n: int) -> c_void_p:
    """Columns as a table of their own, in the library's own layouts."""
    out = c_void_p()
    call(lib.kehu_table_copy, byref(out), structs, n, None)
    assert out.value is not None
    return owned(out.value, lib.kehu_table_free)


def _plain(owner: Any, c: Any) -> tuple[Any, Any]:
    if c.type <= _abi.KEHU_CATEGORY:
        return owner, c
    owner = copied(c, 1)
    return owner, lib.kehu_table_column(owner, 0).contents


def memory(owner: Any, address: int, start: int, length: int, kind: Any, code: Any) -> memoryview[Any]:
    if not address or length == 0:
        return memoryview(b"").cast(code)
    values = (kind * length).from_address(address + start * _sizes[code])
    values.owner = owner  # for as long as somebody looks
    whole: memoryview[Any] = memoryview(values).cast("B").cast(code)
    return whole.toreadonly()


_sizes = {"b": 1, "h": 2, "i": 4, "q": 8, "B": 1, "H": 2, "I": 4, "Q": 8, "f": 4, "d": 8}


def bits(owner: Any, c: Any, of: str = "validity") -> list[bool]:
    first, last = c.start // 8, (c.start + c.length + 7) // 8
    address = addressof(c.validity.contents) if of == "validity" else c.data
    number = int.from_bytes(memory(owner, address, first, last - first, c_uint8, "B"), "little") >> c.start % 8
    end = 1 << c.length
    digits = bin(number & (end - 1) | end)[:2:-1]  # the least significant first
    return [d == "1" for d in digits]


def values_of(owner: Any, c: Any) -> list[Any]:
    """The values of a column as Python's, None for missing ones."""
    if c.length == 0:
        return []
    owner, c = _plain(owner, c)
    values = _all(owner, c)
    return [v if there else None for v, there in zip(values, bits(owner, c))] if c.validity else values


def bytes_of(owner: Any, c: Any) -> list[bytes]:
    """The texts of a column as the library reads them, whether they are UTF-8 or not; empty for missing ones."""
    if c.length == 0:
        return []
    owner, c = _plain(owner, c)
    if c.type == _abi.KEHU_CATEGORY:
        names = bytes_of(owner, c.dictionary.contents)
        codes = memory(owner, c.data, c.start, c.length, *CTYPES[c.type]).tolist()
        there = bits(owner, c) if c.validity else [True] * c.length
        return [names[k] if ok else b"" for k, ok in zip(codes, there)]
    found = _bytes(owner, c)
    return [text if there else b"" for text, there in zip(found, bits(owner, c))] if c.validity else found


def _bytes(owner: Any, c: Any) -> list[bytes]:
    kind, code = (c_int32, "i") if c.type == _abi.KEHU_UTF8 else (c_int64, "q")
    ends = memory(owner, c.offsets, c.start, c.length + 1, kind, code).tolist()
    data = bytes(memory(owner, c.data, ends[0], ends[-1] - ends[0], c_char, "B"))
    first = ends[0]
    return [data[a - first:b - first] for a, b in zip(ends, ends[1:])]


def _all(owner: Any, c: Any) -> list[Any]:
    if c.type == _abi.KEHU_BOOL:
        return list(bits(owner, c, "data"))
    if c.type in (_abi.KEHU_UTF8, _abi.KEHU_LARGE_UTF8):
        return [text.decode("utf-8", "replace") for text in _bytes(owner, c)]
    values = memory(owner, c.data, c.start, c.length, *CTYPES[c.type]).tolist()
    if c.type == _abi.KEHU_CATEGORY:
        names = values_of(owner, c.dictionary.contents)
        present = bits(owner, c) if c.validity else [True] * len(values)
        return [names[v] if there else None for v, there in zip(values, present)]
    if c.type == _abi.KEHU_DATE32:
        return [_date(v) for v in values]
    if c.type == _abi.KEHU_TIMESTAMP:
        return [_time(v) for v in values]
    return values


def _date(days: int) -> Any:
    from datetime import date, timedelta
    try:
        return date(1970, 1, 1) + timedelta(days)
    except OverflowError:
        return None


def _time(microseconds: int) -> Any:
    from datetime import datetime, timedelta, timezone
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
