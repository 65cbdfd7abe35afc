"""Customer segments by an editable rule table (kehu/segment.h has the language).

>>> import kehu
>>> table = kehu.Segments.read('''
... Young north: age in 18..25 and region in (北京, 天津)
... Unknown: age is missing
... Others: otherwise
... ''')
>>> found = table.assign({"age": [20, None, 70], "region": ["北京", "北京", "天津"]})
>>> found["segment"].to_list()
['Young north', 'Unknown', 'Others']
>>> table.explain({"age": [20], "region": ["北京"]}, 0)
Reason(segment='Young north', line=2, rule='Young north: age in 18..25 and region in (北京, 天津)')
"""
from __future__ import annotations

from ctypes import byref, c_int64, c_void_p

from . import _abi, errors
from ._call import Model, call, file_bytes, string, text
from ._columns import Inputs, column, columns, vector
from ._library import lib
from .results import Matrix, Part, Record, Result, numbers, room, view
from .rfm import Customers, Rfm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Assigned(Result):
    """The segment of each row: a table of segment; numbers are the segments' numbers."""

    segments: tuple[str, ...]
    numbers: memoryview[Any]


class Reason(Record):
    """Which rule caught a row: its segment, its line in the text (from 1) and the line itself."""

    segment: str
    line: int
    rule: str


class Segments(Model):
    """A parsed rule table. Immutable: threads may share it. save() and write() give its text."""

    _prefix = "kehu_segments_"
    _free = lib.kehu_segments_free

    @classmethod
    def read(cls, data: bytes | str) -> Segments:
        """Parse a table. Fails with KehuFormatError (a bad line: .where is it, from 0), KehuEncodingError, KehuEmptyError,
        KehuLimitError."""
        if isinstance(data, str):
            from ._call import text_bytes
            data = text_bytes(data, "rules")
        data, out = file_bytes(data), c_void_p()
        call(lib.kehu_segments_read, byref(out), data, len(data), None)
        return cls._adopt(out)

    @classmethod
    def builtin(cls, name: str) -> Segments:
        """A ready table: "rfm_grid" or "rfm_intervals"."""
        found = lib.kehu_segments_builtin(text(name, "name"))
        if found is None:
            raise errors.KehuNotFoundError(f"no built-in table {name!r}, there are 'rfm_grid', 'rfm_intervals'")
        return cls.read(found)

    @property
    def text(self) -> str:
        """The rules as they were read."""
        return self.write().decode()

    @property
    def names(self) -> tuple[str, ...]:
        """The segments, in the order of their numbers."""
        owner = self._own()
        return tuple(string(lib.kehu_segments_get_name(owner, i)) for i in range(lib.kehu_segments_count(owner)))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields the rules use."""
        owner = self._own()
        return tuple(string(lib.kehu_segments_get_field(owner, i)) for i in range(lib.kehu_segments_count_fields(owner)))

    def _assigned(self, n: int, codes: Any) -> Assigned:
        names = self.names
        made = Assigned(n, [Part("segment", "i", codes, names)])
        made.segments, made.numbers = names, view(codes, "i", n)
        return made

    def assign(self, columns_: Any) -> Assigned:
        """Put every row of named columns into one segment.

        Fails with KehuColumnError (a field without column, a comparison that does not fit its type), KehuDataError (a
        row that no rule matches: .where is it)."""
        owner, inputs = self._own(), columns(columns_, "columns")
        codes = room("i", inputs.rows)
        call(lib.kehu_segments_assign, owner, inputs.structs, inputs.n, codes)
        return self._assigned(inputs.rows, codes)

    def assign_rfm(self, rfm: Rfm, customers: Any, columns_: Any = None) -> Assigned:
        """The same for customers graded by rfm: fields are R, F, M, FM, recency_days, orders, spend, and those of
        columns_, one row a customer."""
        owner, made = self._own(), Customers(customers)
        inputs = Inputs([]) if columns_ is None else columns(columns_, "columns")
        codes = room("i", made.n)
        call(lib.kehu_segments_assign_rfm, owner, rfm._own(), made.struct, inputs.structs, inputs.n, codes)
        return self._assigned(made.n, codes)

    def check_rfm(self, rfm: Rfm) -> None:
        """See that a table of grades has a segment for all grades that rfm can give. Fails with KehuDataError (a gap),
        KehuColumnError (it uses another field)."""
        call(lib.kehu_segments_check_rfm, self._own(), rfm._own())

    def explain(self, columns_: Any, row: int) -> Reason:
        """Which rule caught a row."""
        owner, inputs, struct = self._own(), columns(columns_, "columns"), _abi.kehu_segment_reason()
        call(lib.kehu_segments_explain, owner, inputs.structs, inputs.n, row, struct)
        return Reason(struct, segment=self.names[struct.segment])

    def totals(self, assigned: Any, customers: Any) -> Result:
        """Size and value of each segment: segment, customers, orders, spend (minor units).

        assigned  what assign() or assign_rfm() gave, or the segments' numbers, [n]"""
        owner, codes, made, names = self._own(), _codes(assigned), Customers(customers), self.names
        _same(codes.n, made.n)
        totals = (_abi.kehu_segment_total * max(len(names), 1))()
        call(lib.kehu_segments_get_totals, owner, codes, made.struct, totals)
        rows = totals[:len(names)]
        return Result(len(names), [Part("segment", "text", names), *(numbers(f, "q", [getattr(r, f) for r in rows])
                                                                     for f in ("customers", "orders", "spend"))])

    def migration(self, keys_before: Any, before: Any, keys_after: Any, after: Any) -> Matrix:
        """Who moved from which segment (row) to which (column) between two dates: customers; the last row and column
        hold who was absent before or after.

        keys_before, keys_after   customers, ascending, as RfmBase.finish() gives them
        before, after             what assign() gave for them"""
        owner, names = self._own(), self.names
        (one, codes_one), (two, codes_two) = ((column(k, "keys"), _codes(c)) for k, c in ((keys_before, before), (keys_after, after)))
        _same(codes_one.n, len(one))
        _same(codes_two.n, len(two))
        k = len(names) + 1
        cells = (c_int64 * (k * k))()
        call(lib.kehu_segments_get_migration, owner, one.struct, codes_one, two.struct, codes_two, cells)
        return Matrix(cells, "q", k, (*names, "(absent)"))

    def __repr__(self) -> str:
        return "<closed Segments>" if self.closed else f"<Segments: {', '.join(self.names)}>"


def _codes(assigned: Any) -> Any:
    return vector(assigned.numbers if isinstance(assigned, Assigned) else assigned, "i", "assigned")


def _same(n: int, m: int) -> None:
    if n != m:
        raise errors.KehuColumnError(f"assigned has {n} rows, the customers {m}")
