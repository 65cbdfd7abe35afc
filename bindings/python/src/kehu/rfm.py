"""Recency, frequency, monetary value: transactions to customers, customers to grades, with reasons (kehu/rfm.h).

>>> import datetime, kehu
>>> base = kehu.RfmBase(datetime.date(2024, 3, 1))
>>> base.add(customer=["a", "b", "a", "c"], time=[datetime.date(2024, 2, d) for d in (1, 5, 20, 28)], amount=[1990, 500, 300, 90000])
>>> customers = base.finish()
>>> customers
Table of 3 rows
customer  recency_days  orders  spend
a         10            2       2290
b         25            1       500
c         2             1       90000
>>> rfm = kehu.Rfm.fit(customers, levels=3)
>>> rfm.grade(customers).to_dict()
{'R': [2, 1, 3], 'F': [3, 1, 1], 'M': [2, 1, 3]}

Money is whole minor units (cents) of one currency. `rfm_table` does all of it at once.
"""
from __future__ import annotations

import os
from ctypes import byref, c_int64, c_void_p, cast, pointer

from . import _abi, errors
from ._call import Exclusive, Model, Watch, call, choose, file_bytes, options, path_bytes, read_again, written
from ._columns import Input, Inputs, column, columns, vector
from ._library import lib
from ._values import copied
from .results import Record, Result, numbers, room, view
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any

RETURNS = ("net", "count", "drop")
RULES = ("nearest_rank", "interpolated", "interpolated_plus_one", "equal_width")
COLUMNS = ("recency_days", "orders", "spend")


def day_number(day: date | int, argument: str) -> int:
    """Days since 1970-01-01 of a date, or of a number of them."""
    if isinstance(day, int):
        return day
    if not hasattr(day, "toordinal"):
        raise TypeError(f"{argument} is {type(day).__name__}, expected datetime.date or days since 1970-01-01")
    return day.toordinal() - 719163


def batch(customer: Any, time: Any, amount: Any, order: Any = None, returned: Any = None, currency: Any = None) -> Any:
    """One kehu_rfm_batch of columns, and what keeps them alive."""
    given = {"customer": customer, "time": time, "amount": amount, "order": order, "returned": returned, "currency": currency}
    made = {name: column(data, name) for name, data in given.items() if data is not None}
    struct = _abi.kehu_rfm_batch(**{name: c._as_parameter_ for name, c in made.items()})
    return struct, made


class RfmCounts(Record):
    """Rows and customers seen so far; see kehu_rfm_base_counts."""

    rows: int
    no_customer: int
    before: int
    after: int
    returns: int
    customers: int
    only_returned: int


class RfmBase(Exclusive):
    """Running aggregates per customer. One thread at a time: others wait.

    as_of               "today": recency counts from it; a date, or days since 1970-01-01
    returns             what a row of negative amount (or marked `returned`) is: "net" lowers spend and is no order,
                        "count" is a row like any other, "drop" is as if it were not there
    from_day, to_day    the first and the last day that count; None: all, and a row after as_of is an error
    day_offset_minutes  a day of a timestamp starts this much before 0:00 UTC: 480 for China
    """

    _free = lib.kehu_rfm_base_free
    _watch: Watch | None = None

    def __init__(self, as_of: date | int, *, returns: str | int = "net", from_day: date | int | None = None,
                 to_day: date | int | None = None, day_offset_minutes: int = 0, n_threads: int = 0, progress: Any = None) -> None:
        opt = options(_abi.kehu_rfm_base_options, returns=choose(returns, "returns", RETURNS),
                      from_day=0 if from_day is None else day_number(from_day, "from_day"),
                      to_day=0 if to_day is None else day_number(to_day, "to_day"), day_offset_minutes=day_offset_minutes, n_threads=n_threads)
        self._watch = Watch(progress, kept=True)
        opt.progress = self._watch.pointer
        out = c_void_p()
        call(lib.kehu_rfm_base_new, byref(out), day_number(as_of, "as_of"), opt)
        self._take(out, self._watch)

    def add(self, customer: Any, time: Any, amount: Any, order: Any = None, returned: Any = None, currency: Any = None) -> None:
        """Add transactions, columns of equal length, any number of times, in any order.

        customer  whole numbers or text; a missing or empty one: the row is skipped and counted
        time      dates or times
        amount    whole minor units
        order     whole numbers or text; equal ids of a customer are one order. None: each row is an order
        returned  bool or whole numbers, not 0: a return
        currency  text, the same in all rows used

        Fails with KehuDataError (time or amount missing, currencies mixed), KehuRangeError (a row later than as_of):
        .where is the row, and the base is as before."""
        struct, _keep = batch(customer, time, amount, order, returned, currency)
        with self._only(), self._watch or Watch(None):
            call(lib.kehu_rfm_base_add, self._own(), struct)

    def merge(self, other: RfmBase) -> None:
        """Add all of another base of the same settings. Orders seen by both count once."""
        first, second = sorted((self, other), key=id)  # so that two may merge crosswise
        with first._only(), second._only():  # other is self: refused as a use from within
            call(lib.kehu_rfm_base_merge, self._own(), other._own())

    def finish(self) -> Table:
        """The customers, ascending: a table of customer, recency_days, orders, spend. May be called again after more
        rows. Fails with KehuEmptyError (no purchase in the window)."""
        found, keys = _abi.kehu_rfm_columns(), _abi.kehu_column()
        with self._only():
            call(lib.kehu_rfm_base_finish, self._own(), found, keys)
            return _customers(keys, [(name, _abi.KEHU_INT64, getattr(found, name)) for name in COLUMNS])

    @property
    def counts(self) -> RfmCounts:
        """What has been counted so far."""
        struct = _abi.kehu_rfm_base_counts()
        with self._only():
            lib.kehu_rfm_base_get_counts(self._own(), struct)
        return RfmCounts(struct)

    def save(self, path: str | bytes | os.PathLike[Any]) -> None:
        """Keep the base in a file, to add or merge further. The bytes depend on the rows added alone."""
        self._call(lib.kehu_rfm_base_save, path_bytes(path))

    def write(self) -> bytes:
        """The bytes that save() puts into a file."""
        with self._only():
            return written(lib.kehu_rfm_base_write, self._own())

    @classmethod
    def load(cls, path: str | bytes | os.PathLike[Any]) -> RfmBase:
        """Get a base back from a file."""
        out = c_void_p()
        call(lib.kehu_rfm_base_load, byref(out), path_bytes(path), None)
        return cls._adopt(out)

    @classmethod
    def read(cls, data: bytes) -> RfmBase:
        """Get a base back from bytes."""
        data, out = file_bytes(data), c_void_p()
        call(lib.kehu_rfm_base_read, byref(out), data, len(data), None)
        return cls._adopt(out)

    def __reduce__(self) -> Any:
        return read_again, (type(self), self.write())


def _customers(keys: Any, values: list[tuple[str, int, Any]]) -> Table:
    """A table of borrowed columns, copied."""
    structs = (_abi.kehu_column * (1 + len(values)))(keys)
    structs[0].name = b"customer"
    for i, (name, kind, data) in enumerate(values):
        structs[1 + i] = _abi.kehu_column(name=name.encode(), type=kind, length=keys.length, data=cast(data, c_void_p))
    table = Table.__new__(Table)
    table._owner = copied(structs, len(structs))
    return table


class Customers:
    """recency_days, orders and spend of a table as the library reads them."""

    def __init__(self, data: Any) -> None:
        inputs = columns(data, "customers")
        self.parts = [vector(picked(inputs, name, "customers"), "q", name) for name in COLUMNS]
        self.n = self.parts[0].n
        self.struct = _abi.kehu_rfm_columns(n=self.n, **{name: part._as_parameter_ for name, part in zip(COLUMNS, self.parts)})


def picked(inputs: Inputs, name: str, argument: str) -> Input:
    if name not in inputs.names:
        raise errors.KehuColumnError(f"{argument} has no column {name}, there are {', '.join(inputs.names)}")
    return inputs.keep[inputs.names.index(name)]


class Cuts(Record):
    """The cut points of one column and how the fitted base fell into them."""

    levels: int
    rule: str
    given: int  # 1: the edges were the caller's
    n_used: int  # grades that hold a customer
    edge: list[float]  # as the rule gives them, in the column's unit
    at_most: list[int]  # the largest whole value that is not above the edge
    count: list[int]  # customers with grade 1, 2, ...
    n: int
    least: int
    most: int


class RfmDrift(Record):
    """How far a later base has moved: customers per grade, population stability index of each column."""

    n: int
    count: dict[str, list[int]]
    psi: dict[str, float]


class Grades(Result):
    """Grades of customers, 1 (worst) to levels (best): a table of R, F and M."""


class Rfm(Model):
    """Cut points of recency, orders and spend. Immutable: threads may share it."""

    _prefix = "kehu_rfm_"
    _free = lib.kehu_rfm_free

    @classmethod
    def fit(cls, customers: Any = None, *, rule: str | int = "nearest_rank", levels: int = 0, recency_levels: int = 0,
            orders_levels: int = 0, spend_levels: int = 0, edges: Mapping[str, Sequence[int]] | None = None, n_threads: int = 0) -> Rfm:
        """Find the cut points of a customer base.

        customers  recency_days (>= 0), orders (>= 0) and spend, whole numbers: what RfmBase.finish() gives, or any frame.
                   None when all edges are given
        rule       where the edges lie: "nearest_rank", "interpolated", "interpolated_plus_one", "equal_width"
        levels     grades of each column, 2 to 10; 0: 5. Or one by one: recency_levels, orders_levels, spend_levels
        edges      rising edges of your own, by column name

        Fails with KehuEmptyError (no customers), KehuDataError (negative recency or orders: .where is the row),
        KehuArgumentError."""
        made = None if customers is None else Customers(customers)
        opt = options(_abi.kehu_rfm_options, rule=choose(rule, "rule", RULES), recency_levels=recency_levels or levels,
                      orders_levels=orders_levels or levels, spend_levels=spend_levels or levels, n_threads=n_threads)
        own = _abi.kehu_rfm_edges()
        for name, values in (edges or {}).items():
            if name not in COLUMNS:
                raise errors.KehuArgumentError(f"edges has {name!r}, expected {', '.join(COLUMNS)}")
            setattr(own, name, (c_int64 * max(len(values), 1))(*values))
            setattr(own, "n_" + name, len(values))
        if edges:
            opt.edges = pointer(own)
        out = c_void_p()
        call(lib.kehu_rfm_fit, byref(out), made and made.struct, opt)
        return cls._adopt(out)

    def grade(self, customers: Any) -> Grades:
        """Grades of customers, of this base or of a later one, as fit() takes them."""
        owner, made = self._own(), Customers(customers)
        grades = room("B", 3 * made.n)
        call(lib.kehu_rfm_grade, owner, made.struct, grades)
        all_of_them = view(grades, "B", 3 * made.n)
        return Grades(made.n, [numbers(name, "B", all_of_them[k::3].tolist()) for k, name in enumerate("RFM")])

    def cuts(self, name: str) -> Cuts:
        """The cut points of "recency_days", "orders" or "spend"."""
        struct = _abi.kehu_rfm_cuts()
        call(lib.kehu_rfm_get_cuts, self._own(), choose(name, "name", COLUMNS), struct)
        k = struct.levels
        return Cuts(struct, rule=RULES[struct.rule], edge=list(struct.edge)[:k - 1], at_most=list(struct.at_most)[:k - 1],
                    count=list(struct.count)[:k])

    def explain(self, recency_days: int, orders: int, spend: int) -> Table:
        """Why one customer has these grades: for each column the value, the grade, and the edges around it, above <
        value <= at_most (missing: no edge)."""
        struct = _abi.kehu_rfm_reason()
        call(lib.kehu_rfm_explain, self._own(), recency_days, orders, spend, struct)
        from ._columns import typed
        edges = {name: [None if abs(v) >= 2**63 - 1 else v for v in getattr(struct, name)] for name in ("above", "at_most")}
        return Table({"column": list(COLUMNS), "value": list(struct.value), "above": typed(edges["above"], "above", "int64"),
                      "at_most": typed(edges["at_most"], "at_most", "int64"), "grade": list(struct.grade)})

    def drift(self, customers: Any) -> RfmDrift:
        """How far a later base has moved against the cuts: below 0.1 stable, above 0.25 fit anew."""
        owner, made, struct = self._own(), Customers(customers), _abi.kehu_rfm_drift()
        call(lib.kehu_rfm_get_drift, owner, made.struct, struct)
        levels = [self.cuts(name).levels for name in COLUMNS]
        return RfmDrift(struct, count={name: list(struct.count[i])[:levels[i]] for i, name in enumerate(COLUMNS)},
                        psi={name: struct.psi[i] for i, name in enumerate(COLUMNS)})

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Rfm>"
        return "<Rfm: " + "; ".join(f"{name} {self.cuts(name).at_most}" for name in COLUMNS) + ">"


def rfm_table(customer: Any, time: Any, amount: Any, *, as_of: date | int, rules: Any = "rfm_grid", order: Any = None,
              levels: int = 0, returns: str | int = "net", day_offset_minutes: int = 0, n_threads: int = 0) -> Table:
    """Transactions to segments at once: a table of customer, recency_days, orders, spend, R, F, M and segment.

    customer, time, amount, order   columns of transactions, as RfmBase.add takes them
    as_of                           "today"
    rules                           a kehu.Segments, its text, or the name of a built-in table
    levels, returns, day_offset_minutes   as for RfmBase and Rfm.fit

    >>> import datetime, kehu
    >>> days = [datetime.date(2024, 2, d) for d in (1, 5, 20, 28)]
    >>> kehu.rfm_table(["a", "b", "a", "c"], days, [1990, 500, 300, 90000], as_of=datetime.date(2024, 3, 1))["segment"].to_list()
    ['Potential loyalist', 'Hibernating', 'Potential loyalist']
    """
    from .segment import Segments
    table = rules if isinstance(rules, Segments) else Segments.builtin(rules) if "\n" not in rules and ":" not in rules else Segments.read(rules)
    with RfmBase(as_of, returns=returns, day_offset_minutes=day_offset_minutes, n_threads=n_threads) as base:
        base.add(customer, time, amount, order)
        customers = base.finish()
    rfm = Rfm.fit(customers, levels=levels, n_threads=n_threads)
    segments = table.assign_rfm(rfm, customers)
    grades = rfm.grade(customers)
    return Table([*(customers[name] for name in customers), *(grades[name] for name in grades), segments["segment"]])


