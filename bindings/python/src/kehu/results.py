"""What models answer with: tables that are put together only when somebody looks at them as tables, records of numbers,
matrices of scores."""
from __future__ import annotations

from ctypes import c_double, c_float, c_int32, c_int64, c_uint8, c_uint32, cast, c_void_p

from . import _abi
from ._call import string, text
from ._values import copied
from .table import Column, Table, as_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

_TYPES: dict[str, tuple[Any, int]] = {
    "d": (c_double, _abi.KEHU_FLOAT64), "f": (c_float, _abi.KEHU_FLOAT32), "i": (c_int32, _abi.KEHU_INT32),
    "q": (c_int64, _abi.KEHU_INT64), "B": (c_uint8, _abi.KEHU_UINT8), "I": (c_uint32, _abi.KEHU_UINT32),
}


def room(code: str, n: int) -> Any:
    """An array of n numbers for the library to fill in."""
    return (_TYPES[code][0] * max(n, 1))()


def view(values: Any, code: Any, n: int) -> memoryview[Any]:
    whole: memoryview[Any] = memoryview(values).cast("B").cast(code)
    return whole[:n].toreadonly()


class Part:
    """A column of a result to be: numbers, or numbers of names (-1: missing), or texts; or a function that gives them."""

    __slots__ = ("name", "code", "values", "names")

    def __init__(self, name: str, code: str, values: Any, names: Sequence[str] | None = None) -> None:
        self.name, self.code, self.values, self.names = name, code, values, names

    def struct(self, n: int, keep: list[Any]) -> Any:
        from ._columns import _BYTES, _strings, pack
        name = text(self.name, "column name")
        values: Any = self.values() if callable(self.values) else self.values
        if self.code == "text":
            made = _strings(tuple(values), self.name)
            keep.append(made)
            return made.struct
        keep.extend((name, values))
        c = _abi.kehu_column(name=name, type=_TYPES[self.code][1], length=n, data=cast(values, c_void_p))
        if self.names is not None:
            dictionary = _strings(tuple(self.names), "names")
            c.type, c.dictionary = _abi.KEHU_CATEGORY, dictionary._as_parameter_
            numbers = view(values, "i", n)
            bits = pack([v >= 0 for v in numbers]) if n and min(numbers) < 0 else None
            if bits is not None:
                held = (c_uint8 * len(bits)).from_buffer_copy(bits)
                c.validity = cast(held, _BYTES)
                keep.append(held)
            keep.append(dictionary)
        return c


def numbers(name: str, code: str, values: Sequence[Any]) -> Part:
    """A column of a list of numbers."""
    return Part(name, code, filled(code, values))


def listed(structs: Any, **fields: str) -> list[Part]:
    """Fields of an array of structs as columns: name = its code, "text" for texts."""
    return [Part(name, "text", [string(getattr(s, name)) for s in structs]) if code == "text" else
            numbers(name, code, [getattr(s, name) for s in structs]) for name, code in fields.items()]


def filled(code: str, values: Sequence[Any]) -> Any:
    """An array of these numbers."""
    made = room(code, len(values))
    made[:len(values)] = values
    return made


class Result(Table):
    """A table that is put together at the first look at it as one."""

    _parts: list[Part] | None = None
    _n = 0

    def __init__(self, n: int, parts: list[Part]) -> None:
        self._n, self._parts = n, parts

    @property
    def closed(self) -> bool:
        return self._owner is None and self._parts is None

    def close(self) -> None:
        self._owner = self._parts = None

    def __len__(self) -> int:
        return self._n

    def _own(self) -> c_void_p:
        parts = self._parts
        if self._owner is None and parts is not None:
            keep: list[Any] = []
            structs = (_abi.kehu_column * max(len(parts), 1))(*(p.struct(self._n, keep) for p in parts))
            self._owner = copied(structs, len(parts))
        return super()._own()


def only(name: str, code: str, values: Any, n: int) -> Column:
    """One column of results."""
    return Result(n, [Part(name, code, values)])[name]


class Matrix:
    """Numbers by row and column: m[i] is a row, m[i, j] a number, columns the names. numpy.asarray(m) does not copy."""

    def __init__(self, values: Any, code: str, n: int, columns: Sequence[str]) -> None:
        self._values, self._code = values, code
        self.columns = tuple(columns)
        self.shape = n, len(self.columns)
        self._view = view(values, code, n * len(self.columns))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, at: Any) -> Any:
        n, k = self.shape
        if isinstance(at, tuple):
            i, j = at
            j = self.columns.index(j) if isinstance(j, str) else j
            if not (-n <= i < n and -k <= j < k):
                raise IndexError(f"row {i}, column {j} of {n} x {k}")
            return self._view[i % n * k + j % k]
        if not -n <= at < n:
            raise IndexError(f"row {at} of {n}")
        return self._view[at % n * k:at % n * k + k].tolist()

    def __iter__(self) -> Iterator[list[Any]]:
        return (self[i] for i in range(len(self)))

    def view(self) -> memoryview[Any]:
        """All numbers row by row, without copying."""
        return self._view

    def _shaped(self) -> Any:
        code: Any = self._code
        return self._view.cast("B").cast(code, self.shape)

    def best(self) -> list[int]:
        """The column of the largest number of each row; of equal ones the first."""
        return [row.index(max(row)) for row in self]

    def to_lists(self) -> list[list[Any]]:
        """The rows as lists."""
        return list(self)

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns as lists, by name."""
        return {name: self._view[j::self.shape[1]].tolist() for j, name in enumerate(self.columns)}

    def to_table(self) -> Table:
        """The columns by their names."""
        return Table({name: self._view[j::self.shape[1]] for j, name in enumerate(self.columns)})

    def to_pandas(self) -> Any:
        """A pandas.DataFrame that is not copied."""
        import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
        return pandas.DataFrame(self.__array__(), columns=list(self.columns))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.to_table().__arrow_c_stream__(requested_schema)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy
        shared = numpy.asarray(self._view).reshape(self.shape)
        return as_array(numpy, shared, lambda: shared, dtype, copy, "the matrix")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matrix) and self.columns == other.columns and self._view == other._view

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return _matrix, (self._view.tobytes(), self._code, self.shape[0], self.columns)

    def __repr__(self) -> str:
        return f"<Matrix of {self.shape[0]} x {self.shape[1]}: {', '.join(self.columns[:8])}{', ...' if self.shape[1] > 8 else ''}>"

    def _repr_html_(self) -> str:
        return self.to_table()._repr_html_()


def _matrix(data: bytes, code: str, n: int, columns: Sequence[str]) -> Matrix:
    values = room(code, n * len(columns))
    memoryview(values).cast("B")[:len(data)] = data
    return Matrix(values, code, n, columns)


class Record:
    """Named numbers that belong together: attributes, to_dict(), a readable repr."""

    def __init__(self, struct: Any, **more: Any) -> None:
        for name, kind in () if struct is None else type(struct)._fields_:
            if name == "reserved":
                continue
            value = more[name] if name in more else getattr(struct, name)
            if isinstance(value, bytes):
                value = string(value)
            elif hasattr(kind, "_length_"):
                value = list(value)
            self.__dict__[name] = value
        self.__dict__.update(more)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def to_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={_short(v)}' for n, v in self.__dict__.items())})"

    def _repr_html_(self) -> str:
        from ._show import escape
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(_short(v))}</td></tr>" for n, v in self.__dict__.items())
        return f'<table class="kehu"><caption>{type(self).__name__}</caption><tbody>{rows}</tbody></table>'


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
