"""CSV and JSON Lines as they are found in the wild, in batches, in bounded memory (kehu/csv.h).

>>> import kehu
>>> data = "customer,time,amount\\nC1,2024-05-06 10:00,19.90\\nC2,yesterday,5\\n".encode()
>>> table = kehu.read_csv(data, fields={"time": "time", "amount": "money2"})
>>> table
Table of 1 rows
time                 amount  customer
2024-05-06 10:00:00  1990    C1
>>> with kehu.Csv(data, fields={"time": "time"}) as csv:
...     rows = sum(len(batch) for batch in csv)
...     print(rows, csv.rejects()["column"].to_list(), csv.rejects()["value"].to_list())
1 ['time'] ['yesterday']

A bad row never stops the file: it is left out and listed by rejects() with its line, column, reason and value.
"""
from __future__ import annotations

import os
from ctypes import byref, c_char_p, c_void_p

from . import _abi
from ._buffer import Buffer
from ._call import Exclusive, Watch, call, choose, options, path_bytes, text
from ._library import lib
from .table import Table, character, fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

ENCODINGS = ("auto", "utf8", "gb18030")


class Csv(Exclusive):
    """A file being read; iterating gives Tables of at most batch_rows rows. One thread at a time: others wait.

    source          a path, or the bytes of a file (bytes, mmap ...)
    fields          how to read columns, by name: "text", "int", "float", "date", "time", "bool", "money2" (whole minor
                    units of numbers with 2 decimals), then "required" (a missing value rejects the row), "optional" (the
                    file may lack the column), "loose" (thousands commas, full-width digits), "coerce" (a value that cannot
                    be read becomes missing and is listed by coerced() instead of rejecting its row):
                    {"amount": "money2 loose coerce"}
    delimiter       an ASCII character; "": a comma; "detect": the most frequent of , ; | and tab
    encoding        "auto", "utf8" or "gb18030"
    header          False: the first row is data
    only_fields     drop columns that no field names
    json            the file is JSON Lines
    infer_rows      columns without a field get the narrowest type that fits so many rows; 0: text. A single value that does
                    not fit makes all of the column text: name the columns that must be numbers in fields ("float coerce")
    missing         values that mean "none", beside the empty one
    zone_minutes    zone of dates and times that name none, minutes east of UTC
    max_row_bytes, batch_rows, max_rejects   see kehu_csv_options; 0: the library's

    Fails with KehuNotFoundError, KehuIOError, KehuEmptyError, KehuEncodingError, KehuColumnError (a field's column is not
    there), KehuDuplicateError (a column name twice), KehuArgumentError."""

    _free = lib.kehu_csv_free

    def __init__(self, source: Any, *, fields: dict[str, str] | None = None, delimiter: str = "", encoding: str | int = "auto",
                 header: bool = True, only_fields: bool = False, json: bool = False, infer_rows: int = 0, missing: Sequence[str] = (),
                 zone_minutes: int = 0, max_row_bytes: int = 0, batch_rows: int = 0, max_rejects: int = 0, progress: Any = None) -> None:
        flags = (0 if header else _abi.KEHU_CSV_NO_HEADER) | only_fields * _abi.KEHU_CSV_ONLY_FIELDS | json * _abi.KEHU_CSV_JSON
        if delimiter == "detect":
            flags, delimiter = flags | _abi.KEHU_CSV_DETECT, ""
        made = fields_of(fields or {})
        none = (c_char_p * max(len(missing), 1))(*(text(v, "missing") for v in missing))
        opt = options(_abi.kehu_csv_options, flags=flags, delimiter=character(delimiter), encoding=choose(encoding, "encoding", ENCODINGS),
                      fields=made, n_fields=len(fields or {}), infer_rows=infer_rows, n_missing=len(missing), zone_minutes=zone_minutes,
                      max_row_bytes=max_row_bytes, batch_rows=batch_rows, max_rejects=max_rejects)
        opt.missing = none
        self._watch = Watch(progress, kept=True)
        opt.progress = self._watch.pointer
        out, buffer = c_void_p(), None
        if isinstance(source, (str, os.PathLike)):
            call(lib.kehu_csv_open, byref(out), path_bytes(source), opt)
        else:
            buffer = Buffer(source)
            call(lib.kehu_csv_open_memory, byref(out), buffer.address, buffer.length * buffer.item_bytes, None, opt)
        self._take(out, (made, none, buffer, self._watch))

    def _next(self, function: Any) -> Table | None:
        out = c_void_p()
        with self._only(), self._watch:
            call(function, byref(out), self._own())
        return None if out.value is None else Table._adopt(out)

    def next(self) -> Table | None:
        """The next rows, None at the end of the file."""
        return self._next(lib.kehu_csv_next)

    def rest(self) -> Table:
        """All remaining rows as one (perhaps empty) table."""
        table = self._next(lib.kehu_csv_rest)
        assert table is not None
        return table

    def __iter__(self) -> Iterator[Table]:
        while True:
            table = self.next()
            if table is None:
                return
            yield table

    def line(self, row: int) -> int:
        """The line, from 1, on which a row of the last table started; 0 when there is no such row."""
        with self._only():
            return int(lib.kehu_csv_line(self._own(), row))

    def reject(self, row: int, reason: str, *, column: str | None = None, value: str | None = None) -> None:
        """Add a row of the last table to the rejects, for what only the caller can see."""
        self._call(lib.kehu_csv_reject, row, None if column is None else text(column, "column"), text(reason, "reason"),
                   None if value is None else text(value, "value"))

    @property
    def row_count(self) -> int:
        """Rows read well so far."""
        with self._only():
            return int(lib.kehu_csv_row_count(self._own()))

    @property
    def reject_count(self) -> int:
        """Rows rejected so far."""
        with self._only():
            return int(lib.kehu_csv_reject_count(self._own()))

    def rejects(self) -> Table:
        """The rejects so far: a table of line, column, reason and value."""
        out = c_void_p()
        with self._only():
            call(lib.kehu_csv_rejects, byref(out), self._own())
        return Table._adopt(out)

    @property
    def coerced_count(self) -> int:
        """Values of "coerce" fields so far that were made missing because they could not be read."""
        with self._only():
            return int(lib.kehu_csv_coerced_count(self._own()))

    def coerced(self) -> Table:
        """Those values: a table of line, column, reason and value."""
        out = c_void_p()
        with self._only():
            call(lib.kehu_csv_coerced, byref(out), self._own())
        return Table._adopt(out)


def read_csv(source: Any, **options_: Any) -> Table:
    """A whole CSV (or, with json=True, JSON Lines) file as one Table; source and options as for Csv."""
    with Csv(source, **options_) as csv:
        return csv.rest()
