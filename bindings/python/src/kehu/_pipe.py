"""Texts in by the line, classes out by the line: what databases call an executable function.

ClickHouse's formats of these names: TabSeparated, whose first column is the text, and JSONEachRow. One line is answered
by one line, in order; a missing text is an empty one, and where the model abstains the class is empty.
"""
from __future__ import annotations

import json
import os
import re

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

FORMATS = ("TabSeparated", "JSONEachRow")
_BLOCK = 1 << 16
_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v", "N": ""}
_ESCAPED = {"\b": "\\b", "\f": "\\f", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0", "\\": "\\\\"}


def blocks(source: BinaryIO, chunk_header: bool) -> Iterator[list[bytes]]:
    """Whole lines as they come: all that have arrived, or with chunk_header as many as the line before them says."""
    if chunk_header:
        while header := source.readline():
            if not header.strip().isdigit():
                raise errors.KehuFormatError(f"a chunk starts with {header[:20]!r}, expected its number of rows")
            lines = [source.readline() for _ in range(int(header))]
            if lines and not lines[-1].endswith(b"\n"):
                raise errors.KehuFormatError(f"the input ends within a chunk of {int(header)} rows")
            yield [line[:-1] for line in lines]
        return
    rest = b""
    while data := os.read(source.fileno(), _BLOCK):
        *lines, rest = (rest + data).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]


def _text_of(line: bytes, form: str, field: str, number: int) -> str:
    decoded = line.decode("utf-8", "replace")
    if form == "TabSeparated":
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), decoded.split("\t", 1)[0])
    try:
        value = json.loads(decoded)[field]
    except (ValueError, LookupError, TypeError):
        raise errors.KehuFormatError(f"row {number} of the input is no JSON object with {field!r}", number) from None
    if not isinstance(value, str) and value is not None:
        raise errors.KehuFormatError(f"{field} is {type(value).__name__} in row {number}, expected text", number)
    return (value or "").encode("utf-8", "replace").decode()  # JSON can spell half a character


def _line_of(name: str, form: str, field: str) -> str:
    if form == "TabSeparated":
        return re.sub(r"[\b\f\r\n\t\0\\]", lambda m: _ESCAPED[m[0]], name) + "\n"
    return json.dumps({field: name}, ensure_ascii=False, separators=(",", ":")) + "\n"


def answer(model: Any, source: BinaryIO, sink: BinaryIO, *, form: str, chunk_header: bool, text: str, result: str) -> None:
    """Classify until the input ends; each block is answered and flushed before the next one is waited for.

    text, result  the fields of JSONEachRow

    Fails with KehuFormatError (a row that is no JSON, a chunk without its number): .where is the row, from 0."""
    n = 0
    for lines in blocks(source, chunk_header):
        texts = [_text_of(line, form, text, n + i) for i, line in enumerate(lines)]
        n += len(texts)
        names = model.predict(texts).labels if texts else []
        sink.write("".join(_line_of(name or "", form, result) for name in names).encode())
        sink.flush()
