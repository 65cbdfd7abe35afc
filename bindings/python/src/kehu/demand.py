"""Customers' demands from intake to solution: what came in, where it stands, what is late (kehu/demand.h).

>>> import datetime, kehu
>>> day = lambda d: datetime.date(2024, 3, d)
>>> log = kehu.Demands()
>>> log.add(demand=[1, 1, 2, 2], time=[day(1), day(2), day(4), day(4)], status=["new", "solved", "new", "solved?"],
...         customer=["Ann", None, "Ann", None], channel=["hotline"] * 4, class_of=["bill"] * 4)
>>> log.finish(day(9), period="month", repeat_within_days=7)
>>> log.table("counts")
Table of 2 rows
period      channel  class  status  demands
2024-03-01  hotline  bill   new     1
2024-03-01  hotline  bill   solved  1
>>> log.table("overdue")["demand"].to_list(), log.table("refused")["reason"].to_list(), log.counts.repeats
([2], ['unknown status'], 1)
>>> again = kehu.Demands.read(log.write())
>>> again.add([2], [day(10)], ["closed"])
>>> again.finish(day(11))
>>> again.counts.open, log.counts.open
(0, 1)
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import Exclusive, Model, Watch, call, choose, file_bytes, options, path_bytes, read_again, string, text_bytes, written
from ._columns import column, texts
from ._library import lib
from .results import Record
from .store import microseconds
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from datetime import datetime
    from typing import Any

PERIODS = ("day", "week", "month")
REPORTS = ("counts", "times", "ageing", "overdue", "classes", "customers", "refused")
MARKS = ("open", "replied", "solved", "final")


class DemandMachine(Model):
    """Which status may follow which. Immutable: threads may share it. save() and write() give its text."""

    _prefix = "kehu_demand_machine_"
    _free = lib.kehu_demand_machine_free

    @classmethod
    def read(cls, data: bytes | str) -> DemandMachine:
        """Parse a machine: a line a status, "name: marks -> statuses that may follow". Fails with KehuFormatError (a bad
        line, a dead status: .where is the line, from 0), KehuDuplicateError, KehuEmptyError, KehuEncodingError."""
        data, out = text_bytes(data, "machine") if isinstance(data, str) else file_bytes(data), c_void_p()
        call(lib.kehu_demand_machine_read, byref(out), data, len(data), None)
        return cls._adopt(out)

    @classmethod
    def builtin(cls) -> DemandMachine:
        """The default machine: new, assigned, answered, solved, closed, reopened."""
        return cls.read(lib.kehu_demand_machine_builtin())

    @property
    def text(self) -> str:
        """The machine as it was read."""
        return self.write().decode()

    @property
    def names(self) -> tuple[str, ...]:
        """The statuses; the first is the intake."""
        owner = self._own()
        return tuple(string(lib.kehu_demand_machine_get_name(owner, i)) for i in range(lib.kehu_demand_machine_count(owner)))

    def marks(self, status: str) -> tuple[str, ...]:
        """A status's marks, of "open", "replied", "solved", "final"."""
        found = lib.kehu_demand_machine_get_marks(self._own(), choose(status, "status", self.names))
        return tuple(mark for i, mark in enumerate(MARKS) if found >> i & 1)

    def allows(self, before: str, after: str) -> bool:
        """Whether one status may follow another."""
        names = self.names
        return bool(lib.kehu_demand_machine_allows(self._own(), choose(before, "before", names), choose(after, "after", names)))

    def __repr__(self) -> str:
        return "<closed DemandMachine>" if self.closed else f"<DemandMachine: {', '.join(self.names)}>"


class DemandCounts(Record):
    """What finish() found; see kehu_demand_counts."""

    rows: int
    later: int
    refused: int
    demands: int
    open: int
    customers: int
    repeats: int


class Demands(Exclusive):
    """The rows of a log of demands and what they amount to. One thread at a time: others wait.

    machine             which status may follow which: a DemandMachine, or its text; None: the default
    day_offset_minutes  a day starts this much before 0:00 UTC: 480 for China
    """

    _free = lib.kehu_demands_free
    _watch: Watch | None = None

    def __init__(self, *, machine: DemandMachine | str | None = None, day_offset_minutes: int = 0, n_threads: int = 0,
                 progress: Any = None) -> None:
        opt = options(_abi.kehu_demands_options, day_offset_minutes=day_offset_minutes, n_threads=n_threads)
        made = DemandMachine.read(machine) if isinstance(machine, str) else machine
        owner = None if made is None else made._own()
        if owner is not None:
            opt.machine = owner.value
        self._watch = Watch(progress, kept=True)
        opt.progress = self._watch.pointer
        out = c_void_p()
        call(lib.kehu_demands_new, byref(out), opt)
        self._take(out, self._watch)

    def add(self, demand: Any, time: Any, status: Any, customer: Any = None, channel: Any = None, class_of: Any = None) -> None:
        """Add rows, any number of times: columns of equal length. A row says that a demand entered a status.

        demand             ids, whole numbers or texts; a row without one is refused
        time               dates or times
        status             the names of the machine
        customer, channel, class_of   looked at in a demand's intake row

        Rows that are refused do not fail the call: table("refused") lists them after finish()."""
        given = {"demand": column(demand, "demand"), "time": column(time, "time"), "status": texts(status, "status")}
        for name, data in (("customer", customer), ("channel", channel), ("class_of", class_of)):
            if data is not None:
                given[name] = texts(data, name)
        struct = _abi.kehu_demand_batch(**{name: c._as_parameter_ for name, c in given.items()})
        self._call(lib.kehu_demands_add, struct)

    def merge(self, other: Demands) -> None:
        """Add all of another log of the same machine, as if its rows had been added now."""
        first, second = sorted((self, other), key=id)  # so that two may merge crosswise
        with first._only(), second._only():  # other is self: refused as a use from within
            call(lib.kehu_demands_merge, self._own(), other._own())

    def finish(self, as_of: datetime | int, *, period: str | int = "day", reply_within_hours: int = 0, solve_within_hours: int = 0,
               repeat_within_days: int = 0) -> None:
        """Follow every demand up to a moment; later rows are left for a later call.

        as_of               a datetime (without a zone: UTC), a date, or microseconds since 1970
        period              of table("counts"): "day", "week" (from Monday), "month"
        reply_within_hours, solve_within_hours   the service level; 0: 24 and 72
        repeat_within_days  a demand repeats one of the same customer and class this long before; 0: 30"""
        opt = options(_abi.kehu_demand_report_options, period=choose(period, "period", PERIODS), reply_within_hours=reply_within_hours,
                      solve_within_hours=solve_within_hours, repeat_within_days=repeat_within_days)
        with self._only(), self._watch or Watch(None):
            call(lib.kehu_demands_finish, self._own(), microseconds(as_of, "as_of"), opt)

    def table(self, report: str) -> Table:
        """A report, after finish(): "counts" by period, channel, class and status; "times" to the first reply and to the
        solution, and how many were in time; "ageing" and "overdue" demands; "classes" and "customers" with their repeats;
        "refused" rows with the reason. kehu/demand.h has the columns."""
        out = c_void_p()
        with self._only():
            call(lib.kehu_demands_get_table, byref(out), self._own(), choose(report, "report", REPORTS))
        return Table._adopt(out)

    @property
    def counts(self) -> DemandCounts:
        """What finish() found."""
        struct = _abi.kehu_demand_counts()
        self._call(lib.kehu_demands_get_counts, struct)
        return DemandCounts(struct)

    def save(self, path: str | bytes | os.PathLike[Any]) -> None:
        """Keep the log in a file, to add, merge or finish further: its rows, names and machine, not what finish() made."""
        self._call(lib.kehu_demands_save, path_bytes(path))

    def write(self) -> bytes:
        """The bytes that save() puts into a file."""
        with self._only():
            return written(lib.kehu_demands_write, self._own())

    @classmethod
    def load(cls, path: str | bytes | os.PathLike[Any]) -> Demands:
        """Get a log back from a file. It works with one thread; merge it into a new one for more."""
        out = c_void_p()
        call(lib.kehu_demands_load, byref(out), path_bytes(path), None)
        return cls._adopt(out)

    @classmethod
    def read(cls, data: bytes) -> Demands:
        """Get a log back from bytes."""
        data, out = file_bytes(data), c_void_p()
        call(lib.kehu_demands_read, byref(out), data, len(data), None)
        return cls._adopt(out)

    def __reduce__(self) -> Any:
        return read_again, (type(self), self.write())
