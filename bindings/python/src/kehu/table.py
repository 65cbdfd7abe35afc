"""Tables: equally long named columns, owned by the library and immutable. Reading files gives them, results are them.

>>> import kehu
>>> t = kehu.Table({"customer": ["C1", "C2"], "spend": [19.9, None]})
>>> t
Table of 2 rows
customer  spend
C1        19.9
C2        -
>>> t["spend"].to_list()
[19.9, None]
>>> t.write_csv()
'customer,spend\\nC1,19.9\\nC2,\\n'

pandas, polars, pyarrow, DuckDB and nanoarrow take a Table as it is (`polars.DataFrame(t)`, `pyarrow.table(t)`,
`duckdb.sql("from t")`), and see the same memory.
"""
from __future__ import annotations

import os
from ctypes import byref, c_void_p

from . import _abi, _arrow, errors
from ._call import Handle, call, choose, options, owned, path_bytes, string, text, written
from ._library import lib
from ._values import CTYPES, TIME_UNITS, bits, copied, kind, memory, values_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

_NAMES = {value: name[len("KEHU_"):].lower() for name, value in _abi.ENUMS["kehu_type"].items()}


class Column:
    """One column of a Table: a sequence of its values, None where one is missing.

    Fixed-width columns give their memory by view() without copying, every column by the Arrow interface.
    """

    def __init__(self, table: Table, number: int) -> None:
        self._owner = table._own()
        self._number = number
        self._struct = lib.kehu_table_column(self._owner, number).contents

    @property
    def name(self) -> str:
        return string(self._struct.name)

    @property
    def type(self) -> str:
        """"utf8", "int64", "float64", "timestamp" and so on, as kehu/column.h has them."""
        return _NAMES[self._struct.type]

    @property
    def _kind(self) -> str:
        return _NAMES[kind(self._struct)]

    def __len__(self) -> int:
        return int(self._struct.length)

    def view(self) -> memoryview[Any]:
        """The values where they lie: dates as days, times as microseconds since 1970 (in the unit of their type),
        categories as codes, missing ones as whatever is there.
        Fails with TypeError for text, bool and decimals, which have no value of fixed width here."""
        c = self._struct
        if c.type not in CTYPES:
            raise TypeError(f"column {self.name} is {self.type}, which has no fixed width")
        return memory(self._owner, c.data, c.start, len(self), *CTYPES[c.type])

    @property
    def address(self) -> int:
        """Where the values (of text: the bytes) lie."""
        return int(self._struct.data or 0)

    def is_present(self) -> list[bool]:
        """For each value, whether it is there."""
        return bits(self._owner, self._struct) if self._struct.validity else [True] * len(self)

    def to_list(self) -> list[Any]:
        """The values as Python's: str, int, float, bool, datetime.date, datetime.datetime (UTC), None for missing."""
        return values_of(self._owner, self._struct)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.to_list())

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return self.to_list()[i]
        n = len(self)
        if not -n <= i < n:
            raise IndexError(f"row {i} of {n}")
        one = _abi.kehu_column.from_buffer_copy(self._struct)
        one.start, one.length = one.start + i % n, 1
        return values_of(self._owner, one)[0]

    def __eq__(self, other: object) -> bool:
        return self.to_list() == (other.to_list() if isinstance(other, Column) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:8])) + (", ..." if len(self) > 8 else "")
        return f"<Column {self.name} of {len(self)} {self.type}: {shown}>"

    def to_numpy(self) -> Any:
        """A numpy array: without copying for numbers and dates without missing values."""
        return self.__array__()

    def to_pandas(self) -> Any:
        """A pandas.Series; numbers without missing values are not copied."""
        import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
        return pandas.Series(_series(pandas, self), name=self.name, copy=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy
        return as_array(numpy, self._shared_array(numpy), lambda: self._made_array(numpy), dtype, copy, f"column {self.name}")

    def _shared_array(self, numpy: Any) -> Any:
        """The memory itself as an array that cannot be written to; None where numpy has no such type."""
        c = self._struct
        if c.type not in CTYPES or c.validity or kind(c) in (_abi.KEHU_CATEGORY, _abi.KEHU_DATE32):
            return None
        found = numpy.asarray(self.view())
        return found.view(f"M8[{TIME_UNITS[c.type]}]") if c.type in TIME_UNITS else found

    def _made_array(self, numpy: Any) -> Any:
        c = self._struct
        if c.type == _abi.KEHU_DATE32 and not c.validity:
            return numpy.asarray(self.view()).astype("M8[D]")
        if c.type == _abi.KEHU_BOOL and not c.validity:
            return numpy.array(self.to_list(), bool)
        if kind(c) in (_abi.KEHU_FLOAT32, _abi.KEHU_FLOAT64):
            return numpy.array([float("nan") if v is None else v for v in self.to_list()], "f4" if c.type == _abi.KEHU_FLOAT32 else "f8")
        return numpy.array(self.to_list(), object)

    def __arrow_c_schema__(self) -> Any:
        return _arrow.export_schema(self._owner, self._number)

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        return _arrow.export_array(self._owner, self._number)


class Table(Handle):
    """Equally long named columns.

    data  a mapping of name to column; a data frame, or whatever speaks Arrow; a list of dicts, one a row. Arrow memory
          is shared, other memory copied. What comes in several chunks is shared as well, and joined (by copying) where a
          column is asked for; go through `chunks` to do without

    t["name"] and t[0] are columns, t.columns their names, len(t) the rows.
    """

    _free = lib.kehu_table_free
    _chunks: tuple[Table, ...] = ()

    def __init__(self, data: Any) -> None:
        from ._columns import _from_arrow, columns
        shared = None if isinstance(data, (Table, dict, list, tuple)) else _from_arrow(data, "data")
        if shared is not None:
            self._owner, self._chunks = shared._owner, shared._chunks
            return
        inputs = columns(data, "data")
        self._owner = copied(inputs.structs, inputs.n)

    @classmethod
    def _of(cls, parts: Sequence[Table]) -> Table:
        """The rows of several tables of one Arrow schema, which stay where they are."""
        self = cls.__new__(cls)
        self._chunks = tuple(parts)
        return self

    def _own(self) -> c_void_p:
        if self._chunks and self._owner is None:
            self._owner = Table.concat(self._chunks)._owner
        return super()._own()

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._owner is None and not self._chunks

    def close(self) -> None:
        """Release what the library holds, once calls that are running have ended. Further use is an error, closing
        again is not."""
        self._owner, self._chunks = None, ()

    @property
    def chunks(self) -> tuple[Table, ...]:
        """The pieces in which an Arrow stream brought it, each a table over the producer's memory; else the table alone."""
        return self._chunks or (self,)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names, in order."""
        owner = self.chunks[0]._own() if self._chunks else self._own()
        return tuple(string(lib.kehu_table_column(owner, i).contents.name) for i in range(lib.kehu_table_column_count(owner)))

    def __len__(self) -> int:
        return sum(map(len, self._chunks)) if self._chunks else int(lib.kehu_table_row_count(self._own()))

    def __getitem__(self, name: str | int) -> Column:
        names = self.columns
        if isinstance(name, str):
            if name not in names:
                raise KeyError(f"no column {name!r}, there are {', '.join(map(repr, names))}")
            return Column(self, names.index(name))
        if not -len(names) <= name < len(names):
            raise IndexError(f"column {name} of {len(names)}")
        return Column(self, name % len(names))

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def keys(self) -> tuple[str, ...]:
        """The names: dict(table) gives the columns."""
        return self.columns

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.columns == other.columns and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def rows(self) -> list[dict[str, Any]]:
        """One dict a row."""
        lists = self.to_dict()
        return [dict(zip(lists, values)) for values in zip(*lists.values())]

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns as lists, by name."""
        return {name: Column(self, i).to_list() for i, name in enumerate(self.columns)}

    def to_pandas(self) -> Any:
        """A pandas.DataFrame; numbers without missing values are not copied."""
        import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
        return pandas.DataFrame({name: _series(pandas, Column(self, i)) for i, name in enumerate(self.columns)}, copy=False)

    @classmethod
    def concat(cls, tables: Sequence[Table]) -> Table:
        """The rows of several tables of the same columns, one below the other.

        Fails with KehuColumnError (columns differ), KehuArgumentError (no table)."""
        owners = [t._own() for t in tables]
        out = c_void_p()
        call(lib.kehu_table_concat, byref(out), _pointers(owners), len(owners), None)
        return Table._adopt(out)

    def write_csv(self, *, delimiter: str = "", bom: bool = False, crlf: bool = False, guard: bool = False,
                  zone_minutes: int = 0, decimals: dict[str, int] | None = None) -> str:
        """The table as CSV (RFC 4180), header first.

        delimiter     an ASCII character; "" means a comma
        bom, crlf     start with a byte order mark; end lines as RFC 4180 has it (both for Excel)
        guard         put ' before text that a spreadsheet would take for a formula
        zone_minutes  times are written as in this zone, minutes east of UTC
        decimals      money: whole-number columns by name and how many of their digits are decimals"""
        opt = _write_options(delimiter, bom * _abi.KEHU_WRITE_BOM | crlf * _abi.KEHU_WRITE_CRLF | guard * _abi.KEHU_WRITE_GUARD,
                             zone_minutes, decimals)
        return written_with(lib.kehu_table_write_csv, self._own(), opt).decode()

    def write_json(self, *, lines: bool = False, zone_minutes: int = 0, decimals: dict[str, int] | None = None) -> str:
        """The table as a JSON array of one object a row, or with lines=True as JSON Lines."""
        opt = _write_options("", lines * _abi.KEHU_WRITE_LINES, zone_minutes, decimals)
        return written_with(lib.kehu_table_write_json, self._own(), opt).decode()

    def save_csv(self, path: str | bytes | os.PathLike[Any], *, delimiter: str = "", bom: bool = False, crlf: bool = False,
                 guard: bool = False, zone_minutes: int = 0, decimals: dict[str, int] | None = None) -> None:
        """write_csv() into a file, which appears whole or not at all."""
        opt = _write_options(delimiter, bom * _abi.KEHU_WRITE_BOM | crlf * _abi.KEHU_WRITE_CRLF | guard * _abi.KEHU_WRITE_GUARD,
                             zone_minutes, decimals)
        call(lib.kehu_table_save_csv, self._own(), path_bytes(path), opt)

    def save_json(self, path: str | bytes | os.PathLike[Any], *, lines: bool = False, zone_minutes: int = 0,
                  decimals: dict[str, int] | None = None) -> None:
        """write_json() into a file, which appears whole or not at all."""
        call(lib.kehu_table_save_json, self._own(), path_bytes(path),
             _write_options("", lines * _abi.KEHU_WRITE_LINES, zone_minutes, decimals))

    def __arrow_c_schema__(self) -> Any:
        return _arrow.export_schema(self._own())

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        return _arrow.export_array(self._own())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        owners = [t._own() for t in self.chunks]
        return _arrow.export_stream(lib.kehu_arrow_export_stream, _pointers(owners), len(owners))

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), [(c.name, c._kind, c.to_list()) for c in map(self.__getitem__, range(len(self.columns)))])

    def __repr__(self) -> str:
        if self.closed:
            return f"<closed {type(self).__name__}>"
        from ._show import as_text
        return f"{type(self).__name__} of {len(self)} rows\n{as_text(self)}"

    def _repr_html_(self) -> str:
        from ._show import as_html
        return as_html(self)


def _pointers(owners: Sequence[c_void_p]) -> Any:
    return (c_void_p * max(len(owners), 1))(*(o.value for o in owners))


def _rebuild(kind: type[Table], parts: list[tuple[str, str, list[Any]]]) -> Table:
    """A pickled table: columns without a value to tell their type keep it."""
    from ._columns import typed
    inputs = [typed(values, name, kind_name) for name, kind_name, values in parts]
    table = Table.__new__(Table)
    structs = (_abi.kehu_column * max(len(inputs), 1))(*(i.struct for i in inputs))
    table._owner = copied(structs, len(inputs))
    return table


def as_array(numpy: Any, shared: Any, make: Callable[[], Any], dtype: Any, copy: bool | None, what: str) -> Any:
    """What __array__ answers (NumPy 2): memory as it lies (shared, or None) where it fits, else what `make` gives.
    copy: True, always a new array; False, ValueError where one would be needed."""
    if shared is not None and (dtype is None or numpy.dtype(dtype) == shared.dtype):
        return shared.copy() if copy else shared
    if copy is False:
        raise ValueError(f"{what} is no array{'' if dtype is None else f' of {numpy.dtype(dtype)}'} without copying")
    found = make() if shared is None else shared
    return found if dtype is None else found.astype(dtype, copy=shared is not None)


def _series(pandas: Any, column: Column) -> Any:
    kind_name = column._kind
    if "int" in kind_name and column._struct.validity:
        return pandas.array(column.to_list(), dtype=kind_name.replace("int", "Int").replace("u", "U"))
    if kind_name == "timestamp" and not column._struct.validity:
        return pandas.Series(column.to_numpy(), copy=False).dt.tz_localize("UTC")
    return column.to_numpy() if kind_name not in ("utf8", "large_utf8", "category") else column.to_list()


def _write_options(delimiter: str, flags: int, zone_minutes: int, decimals: dict[str, int] | None) -> Any:
    fields = fields_of({name: f"money{d}" for name, d in (decimals or {}).items()})
    return options(_abi.kehu_write_options, delimiter=character(delimiter), flags=flags, zone_minutes=zone_minutes, fields=fields,
                   n_fields=len(decimals or {}))


def written_with(function: Any, *arguments: Any) -> bytes:
    """What goes to a writer that is the second last argument before the options."""
    *first, last = arguments
    return written(lambda *a: function(*a[:-2], a[-2], last, a[-1]), *first)


def character(value: str) -> int:
    """An ASCII character for an option that holds one; "" is 0, the default."""
    if len(value) > 1 or not value.isascii():
        raise errors.KehuArgumentError(f"delimiter is {value!r}, expected one ASCII character")
    return ord(value) if value else 0


_FIELD_TYPES = {"text": _abi.KEHU_UTF8, "int": _abi.KEHU_INT64, "float": _abi.KEHU_FLOAT64, "date": _abi.KEHU_DATE32,
                "time": _abi.KEHU_TIMESTAMP, "bool": _abi.KEHU_BOOL, **{name: value for value, name in _NAMES.items()}}


def fields_of(fields: dict[str, str]) -> Any:
    """Columns by name as kehu_field: "text", "int", "float", "date", "time", "bool", "money2" (2 decimals in whole
    numbers), a type of kehu/column.h; then "required", "optional", "loose" and "coerce" after blanks."""
    made = (_abi.kehu_field * max(len(fields), 1))()
    for field, (name, described) in zip(made, fields.items()):
        kind, *flags = described.split()
        field.name = text(name, "field name")
        if kind.startswith("money") and kind[5:].isdigit():
            field.type, field.decimals = _abi.KEHU_INT64, int(kind[5:])
        elif kind in _FIELD_TYPES:
            field.type = _FIELD_TYPES[kind]
        else:
            raise errors.KehuArgumentError(f"field {name} is {kind!r}, expected one of {', '.join(_FIELD_TYPES)}, money0 to money18")
        for flag in flags:
            field.flags |= 1 << choose(flag, f"flag of field {name}", ("required", "optional", "loose", "coerce"))
    return made
