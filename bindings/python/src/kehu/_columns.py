"""What users have, as columns the library reads: lists, arrays, data frames, Arrow; without copies where memory fits.

A column may be

- anything with __arrow_c_array__ or __arrow_c_stream__ (pyarrow, polars, pandas, DuckDB, nanoarrow): not copied, unless
  it comes in several chunks, which are joined, or in one of the few types that the library copies (kehu/arrow.h);
- anything with the buffer protocol (numpy, array.array, memoryview) of one dimension: not copied, unless it has gaps
  between its values, is of bool or of dates;
- a list, tuple or other iterable of str, of numbers, of bool, of datetime.date or of datetime.datetime (without a zone:
  UTC), where None and NaN are missing values.
"""
from __future__ import annotations

from array import array
from ctypes import POINTER, byref, c_double, c_float, c_int8, c_int32, c_int64, c_uint8, c_uint32, c_void_p, cast, pointer

from . import _abi, errors
from ._arrow import PYTHON, import_array, import_stream
from ._buffer import Buffer
from ._call import call, owned, text
from ._library import lib, locked
from .table import Column, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

_BUFFER_TYPES = {
    **{(c, n): t for c in "bhilq" for n, t in ((1, _abi.KEHU_INT8), (2, _abi.KEHU_INT16), (4, _abi.KEHU_INT32), (8, _abi.KEHU_INT64))},
    **{(c, n): t for c in "BHILQ" for n, t in ((1, _abi.KEHU_UINT8), (2, _abi.KEHU_UINT16), (4, _abi.KEHU_UINT32), (8, _abi.KEHU_UINT64))},
    ("f", 4): _abi.KEHU_FLOAT32,
    ("d", 8): _abi.KEHU_FLOAT64,
}
_EPOCH_DAY = 719163


class Input:
    """A kehu_column and what its memory belongs to."""

    __slots__ = ("struct", "keep")

    def __init__(self, struct: Any, keep: Any) -> None:
        self.struct, self.keep = struct, keep

    @property
    def _as_parameter_(self) -> Any:
        return pointer(self.struct)

    def __len__(self) -> int:
        return int(self.struct.length)


class Inputs:
    """Columns side by side, as an array of kehu_column."""

    __slots__ = ("structs", "n", "rows", "names", "keep")

    def __init__(self, inputs: Sequence[Input]) -> None:
        self.keep = inputs
        self.n = len(inputs)
        self.structs = (_abi.kehu_column * max(self.n, 1))(*(i.struct for i in inputs))
        self.rows = len(inputs[0]) if inputs else 0
        self.names = [(i.struct.name or b"").decode("utf-8", "replace") for i in inputs]
        for i, name in zip(inputs, self.names):
            if len(i) != self.rows:
                raise errors.KehuColumnError(f"column {name} has {len(i)} values where {self.names[0]} has {self.rows}")


def from_table(table: Table, argument: str) -> Input:
    owner = table._own()
    if lib.kehu_table_column_count(owner) != 1:
        raise errors.KehuColumnError(f"{argument} has {lib.kehu_table_column_count(owner)} columns, expected one")
    return Input(lib.kehu_table_column(owner, 0).contents, owner)


def column(data: Any, argument: str) -> Input:
    """Any column; argument is what messages call it, and its name where it has none."""
    if type(data) in (list, tuple):
        return _from_list(data, argument)
    if isinstance(data, Input):
        return data
    if isinstance(data, Column):
        return Input(data._struct, data._owner)
    if isinstance(data, Table):
        return from_table(data, argument)
    if data is None or isinstance(data, (str, bytes, bytearray, dict, int, float)):
        hint = "; put it into a list" if isinstance(data, (str, int, float)) else ""
        raise TypeError(f"{argument} is {type(data).__name__}, expected a column of values{hint}")
    found = _from_arrow(data, argument)
    if found is not None:
        return from_table(found, argument)
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    buffer = Buffer.of(data)
    if buffer is not None:
        return _from_buffer(data, buffer, argument)
    if hasattr(data, "dtype"):
        return _from_numpy(data, argument)
    try:
        return _from_list(list(data), argument)
    except TypeError as e:
        if "not iterable" not in str(e):
            raise
        raise TypeError(f"{argument} is {type(data).__name__}, expected a column of values") from None


def texts(data: Any, argument: str) -> Input:
    """A column of text; columns without any value, which say nothing of their type, count as such."""
    made = column(data, argument)
    if made.struct.type == _abi.KEHU_FLOAT64 and (len(made) == 0 or made.struct.validity):
        values = _plain(data, made)
        if all(v is None for v in values):
            return _strings(tuple(values), argument)
    return made


_TEXT = (_abi.KEHU_UTF8, _abi.KEHU_LARGE_UTF8, _abi.KEHU_CATEGORY)


def named(data: Any, name: str) -> Input:
    """A column under this name."""
    made = column(data, name)
    encoded = text(name, "column name")
    if made.struct.name == encoded:
        return made
    struct = _abi.kehu_column.from_buffer_copy(made.struct)
    struct.name = encoded
    return Input(struct, (made, encoded))


def columns(data: Any, argument: str = "columns") -> Inputs:
    """Named columns: a Table, a mapping of name to column, a data frame, a list of dicts (rows) or of Columns."""
    if isinstance(data, Inputs):
        return data
    table = data if isinstance(data, Table) else None
    if table is None and not isinstance(data, (dict, list, tuple)):
        table = _from_arrow(data, argument)
    if table is not None:
        owner = table._own()
        return Inputs([Input(lib.kehu_table_column(owner, i).contents, owner) for i in range(lib.kehu_table_column_count(owner))])
    if isinstance(data, (list, tuple)) and data and all(isinstance(c, Column) for c in data):
        return Inputs([column(c, argument) for c in data])
    return Inputs([named(values, name) for name, values in _mapping(data, argument).items()])


def _mapping(data: Any, argument: str) -> Mapping[str, Any]:
    if isinstance(data, (list, tuple)):
        if not all(isinstance(row, dict) for row in data):
            raise TypeError(f"{argument} is a {type(data).__name__} of other things than dicts (rows) or Columns")
        names = list(dict.fromkeys(name for row in data for name in row))
        return {name: [row.get(name) for row in data] for name in names}
    if hasattr(data, "keys") and hasattr(data, "__getitem__"):  # dict and the like, pandas without Arrow
        return {name: data[name] for name in data.keys()}
    if getattr(getattr(data, "dtype", None), "names", None):  # numpy's records
        return {name: data[name] for name in data.dtype.names}
    raise TypeError(f"{argument} is {type(data).__name__}, expected a mapping of names to columns, a data frame or a Table")


def _from_arrow(data: Any, argument: str) -> Table | None:
    try:
        if hasattr(data, "__arrow_c_array__"):
            return Table._adopt(import_array(data))
        if not hasattr(data, "__arrow_c_stream__"):
            return None
        pointers, fields = import_stream(data)
        parts = [Table._adopt(part) for part in pointers]
    except ImportError:  # pandas without pyarrow
        return None
    except errors.KehuError as e:
        e.message = f"{argument}: {e.message}"
        raise
    if len(parts) == 1:
        return parts[0]
    if parts:
        return Table._of(parts)
    return Table({name: typed([], name, _ARROW_TYPES.get(format, "timestamp" if format.startswith("ts") else "float64"))
                  for name, format in fields})


_ARROW_TYPES = {"b": "bool", "c": "int8", "s": "int16", "i": "int32", "l": "int64", "C": "uint8", "S": "uint16", "I": "uint32",
                "L": "uint64", "f": "float32", "g": "float64", "u": "utf8", "U": "utf8", "vu": "utf8", "tdD": "date32", "tdm": "date32"}


def _struct(kind: int, length: int, data: Any, argument: str, **more: Any) -> Any:
    return _abi.kehu_column(name=text(argument, "column name"), type=kind, length=length, data=data, **more)


def _from_buffer(data: Any, buffer: Buffer, argument: str) -> Input:
    if buffer.n_dimensions != 1:
        raise errors.KehuColumnError(f"{argument} has {buffer.n_dimensions} dimensions, expected 1")
    if hasattr(data, "mask") and hasattr(data, "filled"):  # numpy's masked arrays show what they mask
        return _from_list(data.tolist(), argument)
    if buffer.format == "?":
        return _booleans(list(map(bool, bytes(memoryview(data).tobytes()))), argument)
    kind = _BUFFER_TYPES.get((buffer.format, buffer.item_bytes))
    if kind is None:
        if hasattr(data, "dtype"):
            return _from_numpy(data, argument)
        raise errors.KehuColumnError(f"{argument} has values of format {buffer.format!r}, expected numbers")
    return Input(_struct(kind, buffer.length, buffer.address, argument), buffer)


def _from_numpy(data: Any, argument: str) -> Input:
    """The arrays of numpy (and what looks like them) that are no plain numbers of this machine."""
    kind = data.dtype.kind
    if getattr(data, "ndim", 1) != 1:
        raise errors.KehuColumnError(f"{argument} has {data.ndim} dimensions, expected 1")
    if kind == "M":
        return _from_list_of(data.astype("M8[us]").astype(object).tolist(), _abi.KEHU_TIMESTAMP, argument) \
            if not data.dtype.str.endswith("[D]") else _from_list(data.tolist(), argument)
    if kind in "iuf":  # of the other byte order, or of half precision
        return column(data.astype("f8" if kind == "f" else "i8" if kind == "i" else "u8"), argument)
    if kind in "OUT":
        return _from_list(data.tolist(), argument)
    raise errors.KehuColumnError(f"{argument} has values of numpy's type {data.dtype}, expected numbers, dates or text")


def _strings(values: tuple[Any, ...], argument: str) -> Input:
    out = c_void_p()
    try:
        call(locked.kehu_python_texts, byref(out), PYTHON, id(values), len(values), text(argument, "column name"), None)
    except errors.KehuEncodingError as e:
        raise errors.KehuEncodingError(f"{argument}: {e.message}", e.where, e.field, e.code) from None
    except TypeError:
        raise _unlike(values, "str", lambda v: isinstance(v, str), argument) from None
    owner = owned(out.value or 0, lib.kehu_table_free)
    return Input(lib.kehu_table_column(owner, 0).contents, owner)


def _unlike(values: Sequence[Any], expected: str, fits: Any, argument: str) -> TypeError:
    for i, value in enumerate(values):
        if value is not None and not fits(value):
            return TypeError(f"{argument}[{i}] is {type(value).__name__}, expected {expected}")
    return TypeError(f"{argument} has values that are not {expected}")


def _present(values: Iterable[Any]) -> Any:
    return next((v for v in values if v is not None and v == v), None)


def _from_list(values: list[Any] | tuple[Any, ...], argument: str) -> Input:
    first = values[0] if values else None
    if first is None or first != first:
        first = _present(values)
        if first is None:
            return _filled(array("d", (0.0 if v is None else float("nan") for v in values)), argument, [v is None for v in values])
    if isinstance(first, str):
        try:
            return _strings(tuple(values), argument)
        except TypeError:
            if not any(v is not None and v != v for v in values):
                raise
            return _strings(tuple(None if v is not None and v != v else v for v in values), argument)  # pandas' NaN
    if isinstance(first, bool):
        return _booleans(values, argument)
    if hasattr(first, "toordinal"):
        is_time = hasattr(first, "hour")
        return _from_list_of(values, _abi.KEHU_TIMESTAMP if is_time else _abi.KEHU_DATE32, argument)
    return _numbers(values, argument)


def _numbers(values: Sequence[Any], argument: str) -> Input:
    for code in "qd":
        try:
            return _filled(array(code, values), argument)
        except (TypeError, OverflowError):
            pass
    for v in values:
        if v is not None and not hasattr(v, "__float__") or isinstance(v, str):
            raise _unlike(values, "a number", lambda v: hasattr(v, "__float__") and not isinstance(v, str), argument)
    missing = [v is None for v in values]
    if all(v is None or (hasattr(v, "__index__") and -2**63 <= v < 2**63) for v in values):
        return _filled(array("q", (0 if v is None else v for v in values)), argument, missing)
    return _filled(array("d", (0.0 if v is None else float(v) for v in values)), argument, missing)


def _from_list_of(values: Sequence[Any], kind: int, argument: str) -> Input:
    """Dates or times."""
    from datetime import datetime, timezone
    epoch, zoned = datetime(1970, 1, 1), datetime(1970, 1, 1, tzinfo=timezone.utc)

    def number(v: Any) -> int:
        if v is None or v != v:  # NaT
            return 0
        if kind == _abi.KEHU_DATE32:
            return int(v.toordinal()) - _EPOCH_DAY
        since = v - (epoch if v.tzinfo is None else zoned)
        return int((since.days * 86400 + since.seconds) * 1000000 + since.microseconds)

    try:
        numbers = array("i" if kind == _abi.KEHU_DATE32 else "q", map(number, values))
    except (TypeError, AttributeError):
        expected = "datetime.date" if kind == _abi.KEHU_DATE32 else "datetime.datetime"
        method = "toordinal" if kind == _abi.KEHU_DATE32 else "tzinfo"
        raise _unlike(values, expected, lambda v: hasattr(v, method), argument) from None
    return _filled(numbers, argument, [v is None or v != v for v in values], kind)


def _filled(numbers: array[Any], argument: str, missing: Sequence[bool] = (), kind: int = 0) -> Input:
    buffer = Buffer.of(numbers)
    assert buffer is not None
    kind = kind or _BUFFER_TYPES[numbers.typecode, numbers.itemsize]
    if not any(missing):
        return Input(_struct(kind, len(numbers), buffer.address, argument), buffer)
    bits = pack([not m for m in missing])
    validity = Buffer.of(bits)
    assert validity is not None
    return Input(_struct(kind, len(numbers), buffer.address, argument, validity=cast(validity.address, _BYTES)), (buffer, validity))


_BYTES = POINTER(c_uint8)


def pack(values: Sequence[bool]) -> bytes:
    """Bits, least significant first."""
    digits = bytes(values).translate(_DIGITS)
    return int(digits[::-1] or b"0", 2).to_bytes(len(digits) // 8 + 1, "little")


_DIGITS = bytes([ord("0")]) + bytes([ord("1")]) * 255


def _booleans(values: Sequence[Any], argument: str) -> Input:
    if not all(v is None or isinstance(v, bool) or type(v).__name__ in ("bool_", "bool") for v in values):
        raise _unlike(values, "bool", lambda v: isinstance(v, bool), argument)
    missing = [v is None for v in values]
    data = Buffer.of(pack([bool(v) for v in values]))
    validity = Buffer.of(pack([not m for m in missing])) if any(missing) else None
    assert data is not None
    more = {} if validity is None else {"validity": cast(validity.address, _BYTES)}
    return Input(_struct(_abi.KEHU_BOOL, len(values), data.address, argument, **more), (data, validity))


def typed(values: Sequence[Any], name: str, kind: str) -> Input:
    """Values of Column.to_list() as a column of Column.type."""
    number = _abi.ENUMS["kehu_type"]["KEHU_" + kind.upper()]
    if number in _TEXT:
        return _strings(tuple(values), name)
    if number == _abi.KEHU_BOOL:
        return _booleans(values, name)
    if number in (_abi.KEHU_DATE32, _abi.KEHU_TIMESTAMP):
        return _from_list_of(values, number, name)
    code = next(c for (c, _), t in _BUFFER_TYPES.items() if t == number and array(c).itemsize == _)
    return _filled(array(code, (0 if v is None else v for v in values)), name, [v is None for v in values])


class Numbers:
    """Numbers of one C type in one piece: [n], or [n][k] row by row."""

    __slots__ = ("_as_parameter_", "n", "k", "keep")

    def __init__(self, address: int | None, n: int, k: int, code: str, keep: Any) -> None:
        self._as_parameter_ = cast(c_void_p(address), POINTER(_CTYPES[code]))
        self.n, self.k, self.keep = n, k, keep


_CTYPES: dict[str, Any] = {"b": c_int8, "d": c_double, "f": c_float, "i": c_int32, "q": c_int64, "B": c_uint8, "I": c_uint32}


def vector(data: Any, code: str, argument: str) -> Numbers:
    """A column without missing values as numbers of this type: not copied when it is of it already."""
    made = column(data, argument)
    c = made.struct
    if c.type == _BUFFER_TYPES[code, array(code).itemsize] and not c.validity:
        return Numbers((c.data or 0) + c.start * array(code).itemsize if c.data else None, c.length, 1, code, made)
    values = _plain(data, made)
    for i, v in enumerate(values):
        if v is None:
            raise errors.KehuDataError(f"{argument} has no value in row {i}", i)
    return _converted(values, code, argument)


def _plain(data: Any, made: Input) -> list[Any]:
    from ._values import values_of
    return values_of(made.keep, made.struct)


def _converted(values: Sequence[Any], code: str, argument: str) -> Numbers:
    try:
        made = array(code, values)
    except (TypeError, OverflowError):
        for i, v in enumerate(values):
            try:
                array(code, (v,))
            except (TypeError, OverflowError):
                if isinstance(v, float) and v.is_integer() and code not in "df":
                    return _converted([int(w) if isinstance(w, float) and w.is_integer() else w for w in values], code, argument)
                expected = "a number" if code in "df" else "a whole number" if code != "I" and code != "B" else "a whole number from 0 on"
                raise errors.KehuDataError(f"{argument} is {v!r} in row {i}, expected {expected}", i) from None
        raise
    buffer = Buffer.of(made)
    assert buffer is not None
    return Numbers(buffer.address, len(made), 1, code, buffer)


def matrix(data: Any, code: str, argument: str, k: int = 0) -> Numbers:
    """Numbers by row and column: a Matrix, a numpy array of two dimensions, a list of rows, columns side by side.
    k is how many columns are wanted, 0 for any."""
    from .results import Matrix
    if isinstance(data, Matrix):
        data = data._shaped() if data.shape[0] and data.shape[1] else []
    if not isinstance(data, (list, tuple, dict)) and not hasattr(data, "__arrow_c_stream__"):
        buffer = Buffer.of(data)
        if buffer is not None:
            if buffer.n_dimensions != 2:
                raise errors.KehuColumnError(f"{argument} has {buffer.n_dimensions} dimensions, expected 2")
            n, width = buffer.shape
            _check_width(width, k, argument)
            if buffer.format != code:
                if hasattr(data, "astype"):
                    return matrix(data.astype(code, order="C"), code, argument, k)
                data = memoryview(data).tolist()
            else:
                return Numbers(buffer.address, n, width, code, buffer)
    if isinstance(data, (list, tuple)) and not (data and isinstance(data[0], dict)):
        width = len(data[0]) if data else k
        for i, row in enumerate(data):
            if len(row) != width:
                raise errors.KehuColumnError(f"{argument} has {len(row)} numbers in row {i}, expected {width}", i)
        flat = [v for row in data for v in row]
    else:
        side = columns(data, argument)
        width = side.n
        lists = [_plain(None, made) for made in side.keep]
        flat = [v for row in zip(*lists) for v in row]
    _check_width(width, k, argument)
    made = _converted(flat, code, argument)
    made.n, made.k = (len(flat) // width if width else 0), width
    return made


def _check_width(found: int, k: int, argument: str) -> None:
    if k and found != k:
        raise errors.KehuColumnError(f"{argument} has {found} columns, expected {k}")
