"""Customers and their events, kept in one directory, durably (kehu/store.h).

>>> import datetime, kehu, tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> with kehu.Store(folder.name + "/shop", mode="create") as store:
...     store.declare("customers", "city", "text")
...     _ = store.add_customers({"customer": ["C1", "C2"], "city": ["北京", None]})
...     _ = store.add_events({"customer": ["C1", "C1"], "time": [datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)],
...                           "kind": ["order", "order"], "amount": [1990, 500]})
...     snapshot = store.snapshot()
>>> snapshot.customers()
Table of 2 rows
customer  city
C1        北京
C2        -
>>> snapshot.totals(kind="order").to_dict()["amount"]
[2490]
>>> snapshot.events(customer="C1", columns=["time", "amount"])["amount"].to_list()
[1990, 500]
"""
from __future__ import annotations

import os
from ctypes import POINTER, byref, c_char_p, c_int64, c_uint64, c_void_p, cast, create_string_buffer

from . import _abi
from ._call import Exclusive, Handle, Watch, call, choose, options, path_bytes, string, text, written
from ._columns import columns as named_columns
from ._library import lib
from ._values import copied
from .results import Record
from .table import _FIELD_TYPES, _NAMES, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from .csv import Csv

MODES = ("existing", "create", "new")
DURABILITIES = ("sync", "batch", "none")
PARTS = ("customers", "events")
DUPLICATES = ("keep", "skip", "refuse")


def microseconds(time: datetime | int, argument: str) -> int:
    """Microseconds since 1970 of a datetime (without a zone: UTC), a date, or a number of them."""
    if isinstance(time, int):
        return time
    from ._columns import column
    made = column([time], argument)
    if made.struct.type not in (_abi.KEHU_DATE32, _abi.KEHU_TIMESTAMP):
        raise TypeError(f"{argument} is {type(time).__name__}, expected datetime.datetime, datetime.date or microseconds since 1970")
    from ctypes import c_int32
    if made.struct.type == _abi.KEHU_DATE32:
        return c_int32.from_address(made.struct.data).value * 86400_000_000
    return c_int64.from_address(made.struct.data).value


class Proof(Record):
    """What a purge did, to be kept as evidence; see kehu_store_proof."""

    customers: int
    sources: int
    customer_rows: int
    event_rows: int
    files_rewritten: int
    files_removed: int
    rows_left: int


class Stats(Record):
    """What a snapshot is made of; pairs are (customers, events). See kehu_store_stats."""

    sequence: int
    rows: list[int]
    log_rows: list[int]
    segments: list[int]
    segment_bytes: list[int]
    n_fields: list[int]
    first_time: int
    last_time: int
    erased_customers: int
    withdrawn_sources: int


class Check(Record):
    """What a check read."""

    blocks: int
    rows: int
    bytes: int
    bad_blocks: int
    bad_rows: int


class Field(Record):
    """A declared field of customers or property of events."""

    name: str
    type: str
    layer: int
    age_limit_days: int
    origin: str
    inputs: list[str]


class Store(Exclusive):
    """The writer's handle. One thread at a time: others wait; close it when done.

    path          a folder, which holds nothing but the store
    mode          "existing", "create" (make one where there is none) or "new" (KehuDuplicateError where there is one)
    durability    when a batch reaches the disk: "sync" (before add returns), "batch" (after every MiB, at sync, flush and
                  close) or "none" (at sync, flush and close only)
    max_segments, flush_bytes, store_id   see kehu_store_options; 0: the library's

    Fails with KehuBusyError (another writer has it open), KehuNotFoundError, KehuFormatError (damage), KehuVersionError,
    KehuIOError."""

    _free = lib.kehu_store_free

    def __init__(self, path: str | bytes | os.PathLike[Any], *, mode: str | int = "existing", durability: str | int = "sync",
                 max_segments: int = 0, flush_bytes: int = 0, store_id: int = 0) -> None:
        opt = options(_abi.kehu_store_options, mode=choose(mode, "mode", MODES), durability=choose(durability, "durability", DURABILITIES),
                      max_segments=max_segments, flush_bytes=flush_bytes, store_id=store_id)
        out = c_void_p()
        call(lib.kehu_store_open, byref(out), path_bytes(path), opt)
        self._take(out)

    def declare(self, part: str, name: str, type: str, *, layer: int = 0, age_limit_days: int = 0, origin: str = "",
                inputs: Sequence[str] = ()) -> None:
        """Declare a field of "customers" or a property of "events". The very same declaration again is fine.

        type            "bool", "int", "float", "date", "time" or "text"
        layer           1 natural attribute, 2 consumption behaviour, 3 derived, 4 knowledge, 5 marketing conclusion
        age_limit_days  after which a value is stale; 0: never
        origin, inputs  where values come from; the fields it is derived from

        Fails with KehuDuplicateError (another field has the name), KehuArgumentError."""
        if type not in _FIELD_TYPES:
            choose(type, "type", tuple(_FIELD_TYPES))
        struct = _abi.kehu_store_field(name=text(name, "name"), type=_FIELD_TYPES[type], layer=layer, age_limit_days=age_limit_days,
                                       origin=text(origin, "origin"), inputs=text(",".join(inputs), "inputs"))
        self._call(lib.kehu_store_declare, choose(part, "part", PARTS), struct)

    def add_customers(self, columns: Any) -> int:
        """Add or update customers as one batch, all rows or none; gives the batch's number.

        columns  "customer" (text or whole numbers; needed), "valid_from" (time or date; missing: since ever), "source"
                 (where the row is from) and declared fields. A missing value leaves the field as it was

        Fails with KehuColumnError, KehuDataError, KehuEncodingError, KehuRangeError (.where is the row), KehuIOError:
        nothing was added. KehuPoisonedError after a failed sync: close and open again."""
        return self._add(lib.kehu_store_add_customers, columns)

    def add_events(self, columns: Any) -> int:
        """Add events as one batch, all rows or none; gives the batch's number.

        columns  "customer" and "time" (needed), "kind", "channel", "item", "text", "source", "amount" (whole minor units),
                 "quantity" and declared properties"""
        return self._add(lib.kehu_store_add_events, columns)

    def _add(self, function: Any, columns: Any) -> int:
        inputs, sequence = named_columns(columns), c_uint64()
        self._call(function, inputs.structs, inputs.n, byref(sequence))
        return sequence.value

    @staticmethod
    def repair(damaged: str | bytes | os.PathLike[Any], path: str | bytes | os.PathLike[Any], progress: Any = None) -> Table:
        """Make a new store of what can still be read of a damaged one, which is only read and must have no writer. Gives what
        was lost: file, byte, part, rows, first_customer, last_customer, first_sequence, last_sequence, reason; no row: nothing.

        path  a folder that is empty or is made

        Fails with KehuNotFoundError (no store), KehuFormatError (no manifest can be read), KehuDuplicateError, KehuIOError."""
        out = c_void_p()
        with Watch(progress) as watching:
            call(lib.kehu_store_repair, byref(out), path_bytes(damaged), path_bytes(path), watching.struct, None)
        return Table._adopt(out)

    def import_csv(self, part: str, csv: Csv, *, names: dict[str, str] | None = None, max_rejects: int = 0,
                   duplicates: str | int = "keep", resume: str | None = None) -> int:
        """Take in the rest of a Csv, all of it or nothing; gives how many rows. Bad rows are among csv.rejects().

        names        what the store calls columns of the file: {file: store}
        max_rejects  give up when more rows are bad; 0: never
        duplicates   events that are in the store or earlier in the file already: "keep", "skip" (so that a file can be imported
                     again) or "refuse" (KehuDuplicateError)
        resume       the file's name among the store's imports: rows count as they are written, and after a failure or a crash
                     the same file, opened anew and imported under the same name, goes on where it was cut off"""
        pairs = (_abi.kehu_store_name * max(len(names or {}), 1))()
        for pair, (file, store) in zip(pairs, (names or {}).items()):
            pair.file, pair.store = text(file, "names"), text(store, "names")
        opt = options(_abi.kehu_store_import_options, names=pairs, n_names=len(names or {}), max_rejects=max_rejects,
                      duplicates=choose(duplicates, "duplicates", DUPLICATES),
                      resume=None if resume is None else text(resume, "resume"))
        n = c_int64()
        with csv._only(), csv._watch:
            self._call(lib.kehu_store_import, choose(part, "part", PARTS), csv._own(), opt, byref(n))
        return n.value

    @property
    def sequence(self) -> int:
        """Number of the newest batch, declaration or erasure; 0 for a new store."""
        with self._only():
            return int(lib.kehu_store_sequence(self._own()))

    def sync(self) -> None:
        """Make all batches durable."""
        self._call(lib.kehu_store_sync)

    def flush(self) -> None:
        """Sort the log into segments now."""
        self._call(lib.kehu_store_flush)

    def compact(self) -> None:
        """Flush, and merge the segments of each part into one."""
        self._call(lib.kehu_store_compact)

    def erase(self, customer: str) -> None:
        """Hide all there is about a customer from every snapshot opened from now on; purge() removes it."""
        self._call(lib.kehu_store_erase, text(customer, "customer"))

    def withdraw(self, source: str) -> None:
        """Hide every row that came from a source so far (its column "source") from every snapshot opened from now on: a
        customer's values are those of other sources then. purge() removes the rows."""
        self._call(lib.kehu_store_withdraw, text(source, "source"))

    def purge(self) -> Proof:
        """Remove erased customers and withdrawn sources from every file."""
        struct = _abi.kehu_store_proof()
        self._call(lib.kehu_store_purge, struct)
        return Proof(struct)

    def snapshot(self, *, as_of: datetime | int | None = None, as_of_sequence: int = 0) -> Snapshot:
        """The store as it is now; it stays so while the store goes on.

        as_of           hide later events, and values valid only later
        as_of_sequence  hide later batches; 0: none"""
        out = c_void_p()
        self._call_out(lib.kehu_snapshot_open, out, _snapshot_options(as_of, as_of_sequence))
        return Snapshot._adopt(out)

    def _call_out(self, function: Any, out: c_void_p, opt: Any) -> None:
        with self._only():
            call(function, byref(out), self._own(), opt)


def _snapshot_options(as_of: datetime | int | None, as_of_sequence: int) -> Any:
    return options(_abi.kehu_snapshot_options, as_of=int(as_of is not None), as_of_us=0 if as_of is None else microseconds(as_of, "as_of"),
                   as_of_sequence=as_of_sequence)


class Snapshot(Handle):
    """What a store held at one moment. Immutable: threads may share it."""

    _free = lib.kehu_snapshot_free

    @classmethod
    def open(cls, path: str | bytes | os.PathLike[Any], *, as_of: datetime | int | None = None, as_of_sequence: int = 0) -> Snapshot:
        """See a store of which another process may be the writer."""
        out = c_void_p()
        call(lib.kehu_snapshot_open_path, byref(out), path_bytes(path), _snapshot_options(as_of, as_of_sequence))
        return cls._adopt(out)

    @property
    def sequence(self) -> int:
        """Newest batch it may show."""
        return int(lib.kehu_snapshot_sequence(self._own()))

    def fields(self, part: str) -> list[Field]:
        """The declared fields of "customers" or "events"."""
        owner, found = self._own(), POINTER(_abi.kehu_store_field)()
        n = lib.kehu_snapshot_fields(owner, choose(part, "part", PARTS), byref(found))
        return [Field(found[i], type=_NAMES[found[i].type], inputs=[name for name in string(found[i].inputs).split(",") if name])
                for i in range(n)]

    @property
    def stats(self) -> Stats:
        """What it is made of."""
        struct = _abi.kehu_store_stats()
        call(lib.kehu_snapshot_stats, self._own(), struct)
        return Stats(struct)

    def backup(self, path: str | bytes | os.PathLike[Any], progress: Any = None) -> None:
        """Copy what it sees, and nothing else, into a new store. path: a folder that is empty or is made.

        Fails with KehuDuplicateError (the folder holds something), KehuFormatError (damage), KehuIOError."""
        with Watch(progress) as watching:
            call(lib.kehu_snapshot_backup, self._own(), path_bytes(path), watching.struct)

    def check(self, progress: Any = None) -> Check:
        """Read everything: checksums, values, order. Fails with KehuFormatError when a block is bad."""
        struct = _abi.kehu_store_check()
        with Watch(progress) as watching:
            call(lib.kehu_snapshot_check, self._own(), struct, watching.struct)
        return Check(struct)

    def export(self, customer: str) -> dict[str, Any]:
        """All there is about one customer: the declared fields, "values" (every update ever made) and "events"."""
        import json
        found: dict[str, Any] = json.loads(self.write_export(customer))
        return found

    def write_export(self, customer: str) -> bytes:
        """The same as the library writes it: one JSON object."""
        return written(lib.kehu_snapshot_export, self._own(), text(customer, "customer"))

    def scan(self, part: str, *, columns: Sequence[str] = (), customer: str | None = None, first_customer: str | None = None,
             last_customer: str | None = None, kind: str | None = None, start: datetime | int | None = None,
             end: datetime | int | None = None, require: str | None = None, pseudonym_key: bytes | None = None,
             fresh: datetime | int | None = None, share: int = 0, n_shares: int = 0, batch_rows: int = 0) -> Scan:
        """Walk over "events" (ordered by customer, time and batch) or "customers" (one row each), in batches.

        columns                        names, in the order wanted; (): all
        customer                       one customer's whole history
        first_customer, last_customer  a range of ids, both included
        kind, start, end               of events: only of this kind, at `start` or later, before `end`
        require                        only of customers for whom this holds: names of bool fields of customers, such as tags
                                       and consents, with and, or, not, parentheses; a missing value is not true
        pseudonym_key                  "customer" gives pseudonym() under this key
        fresh                          values older than their field's age limit at this time are missing
        share, n_shares                walk only this share of the customers, for several walks at once; 0: all in one
        batch_rows                     most rows a batch; 0: 8192"""
        opt, _keep = scan_options(columns=columns, first_customer=first_customer, last_customer=last_customer, kind=kind, start=start, end=end,
                                  require=require, pseudonym_key=pseudonym_key, fresh=fresh, share=share, n_shares=n_shares,
                                  batch_rows=batch_rows)
        owner, number, out = self._own(), choose(part, "part", PARTS), c_void_p()
        if customer is None:
            call(lib.kehu_scan_open, byref(out), owner, number, opt)
        else:
            call(lib.kehu_scan_customer, byref(out), owner, number, text(customer, "customer"), opt)
        return Scan._adopt(out, owner)

    def stream(self, part: str, *, customer: str | None = None, **options_: Any) -> Stream:
        """The same rows for whatever reads Arrow streams, such as pyarrow, polars and DuckDB, batch after batch: the part never
        has to fit into memory. Arguments as scan() has them."""
        return Stream(self, part, {**options_, **({} if customer is None else {"first_customer": customer, "last_customer": customer})})

    def customers(self, **options_: Any) -> Table:
        """All rows of scan("customers", ...) as one table."""
        return self._all("customers", options_)

    def events(self, **options_: Any) -> Table:
        """All rows of scan("events", ...) as one table."""
        return self._all("events", options_)

    def _all(self, part: str, options_: dict[str, Any]) -> Table:
        with self.scan(part, **options_) as scan:
            batches = list(scan)
            return Table.concat(batches) if len(batches) > 1 else batches[0] if batches else scan._empty()

    def totals(self, *, kind: str | None = None, start: datetime | int | None = None, end: datetime | int | None = None,
               first_customer: str | None = None, last_customer: str | None = None, require: str | None = None,
               pseudonym_key: bytes | None = None, fresh: datetime | int | None = None, share: int = 0, n_shares: int = 0,
               n_threads: int = 0) -> Table:
        """Events summed up a customer: customer, events, first_time, last_time, amount. Arguments as scan() has them; the
        answer is the same for any n_threads. Fails with KehuRangeError (a sum beyond 64 bits)."""
        opt, _keep = scan_options(kind=kind, start=start, end=end, first_customer=first_customer, last_customer=last_customer, require=require,
                                  pseudonym_key=pseudonym_key, fresh=fresh, share=share, n_shares=n_shares, n_threads=n_threads)
        out = c_void_p()
        call(lib.kehu_snapshot_totals, byref(out), self._own(), opt)
        return Table._adopt(out)

    def groups(self, part: str, by: str, *, min_customers: int = 0, **options_: Any) -> Table:
        """Customers, and events, counted by the value of a column: group, customers and, for events, events and amount. Groups
        of fewer than min_customers (0: 5) are counted together in the row without a name, so that no group points at anyone.

        by  a text or bool column of the part. Other arguments as scan() has them

        Fails with KehuColumnError (no such column, or of another type), KehuRangeError (a sum beyond 64 bits)."""
        opt, _keep = scan_options(**options_)
        out = c_void_p()
        call(lib.kehu_snapshot_groups, byref(out), self._own(), choose(part, "part", PARTS), text(by, "by"), min_customers, opt)
        return Table._adopt(out)


def _key(key: bytes) -> tuple[c_void_p, int]:
    if not isinstance(key, bytes):
        raise TypeError(f"the key for pseudonyms is {type(key).__name__}, expected bytes")
    return cast(c_char_p(key), c_void_p), len(key)


def pseudonym(customer: str, key: bytes) -> str:
    """The name a customer goes by outside: 32 hexadecimal digits, half of HMAC-SHA-256 of the id under a key.

    key  16 or more random bytes; nobody without it can tell whose the name is, or make one. Fails with KehuArgumentError

    >>> import kehu
    >>> kehu.pseudonym("C1", b"sixteen bytes...")
    '6323354753b021b9e2f0e1944d16522d'
    """
    out = create_string_buffer(_abi.KEHU_PSEUDONYM_SIZE)
    call(lib.kehu_pseudonym, out, text(customer, "customer"), *_key(key))
    return out.value.decode()


def scan_options(*, columns: Sequence[str] = (), first_customer: str | None = None, last_customer: str | None = None,
                 kind: str | None = None, start: datetime | int | None = None, end: datetime | int | None = None,
                 require: str | None = None, pseudonym_key: bytes | None = None, fresh: datetime | int | None = None, share: int = 0,
                 n_shares: int = 0, n_threads: int = 0, batch_rows: int = 0) -> tuple[Any, Any]:
    """The struct, and what it points to."""
    names = (c_char_p * max(len(columns), 1))(*(text(name, "columns") for name in columns))
    opt = options(_abi.kehu_scan_options, batch_rows=batch_rows, n_columns=len(columns), share=share, n_shares=n_shares, n_threads=n_threads)
    opt.columns = names
    if pseudonym_key is not None:
        opt.pseudonym_key, opt.pseudonym_key_size = _key(pseudonym_key)
    for field, value in (("first_customer", first_customer), ("last_customer", last_customer), ("kind", kind), ("require", require)):
        if value is not None:
            setattr(opt, field, text(value, field))
    for flag, argument, time in (("from", "start", start), ("until", "end", end), ("fresh", "fresh", fresh)):
        if time is not None:
            setattr(opt, flag, 1)
            setattr(opt, flag + "_us", microseconds(time, argument))
    return opt, names


class Stream:
    """Rows of a snapshot as an Arrow stream (__arrow_c_stream__). It may be read any number of times; what reads it needs
    neither this nor the snapshot any more."""

    def __init__(self, snapshot: Snapshot, part: str, options_: dict[str, Any]) -> None:
        self._snapshot, self._part, self._options = snapshot, part, options_
        self.__arrow_c_stream__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        from ._arrow import export_stream
        opt, _keep = scan_options(**self._options)
        return export_stream(lib.kehu_scan_stream, self._snapshot._own(), choose(self._part, "part", PARTS), opt)

    def __repr__(self) -> str:
        return f"Stream of {self._part}"


class Scan(Exclusive):
    """A walk over a snapshot; iterating gives Tables. One thread at a time: others wait."""

    _free = lib.kehu_scan_free

    def next(self) -> Table | None:
        """The next rows, None after the last one. Fails with KehuFormatError (damage), KehuIOError."""
        batch = _abi.kehu_scan_batch()
        with self._only():
            call(lib.kehu_scan_next, self._own(), batch)
            return None if batch.n_rows == 0 else self._table(batch)

    def _table(self, batch: Any) -> Table:
        table = Table.__new__(Table)
        table._owner = copied(batch.columns, batch.n_columns)
        return table

    def _empty(self) -> Table:
        """The columns after the last row."""
        batch = _abi.kehu_scan_batch()
        with self._only():
            call(lib.kehu_scan_next, self._own(), batch)
            return self._table(batch)

    def __iter__(self) -> Iterator[Table]:
        while True:
            table = self.next()
            if table is None:
                return
            yield table
