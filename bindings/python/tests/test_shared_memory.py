"""Whose memory it is: every kind of column that another program has, in and out, with and without missing values, whole
and sliced. Addresses are those of the first value in each buffer, as some move the pointer where others count an offset.

In, kehu copies none of these. Out, it hands over what it has; COPIED says who keeps which kind in another form.
"""
import ctypes
import datetime
import decimal

import pytest

import kehu
from kehu import _abi

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
na = pytest.importorskip("nanoarrow")
duckdb = pytest.importorskip("duckdb")
try:
    import polars as pl
except ImportError:  # it has no build for a free-threaded Python
    pl = None

ROWS, FROM = 24, 9
TEXTS = ["a", "客户", "b", "a text of more than twelve bytes"] * (ROWS // 4)
NUMBERS = range(ROWS)
TIMES = [datetime.datetime(2024, 1, 1, 12) + datetime.timedelta(i) for i in NUMBERS]
MONEY = [decimal.Decimal(i) / 4 for i in NUMBERS]
KINDS = {
    "utf8": (TEXTS, pa.string()), "large_utf8": (TEXTS, pa.large_string()), "utf8_view": (TEXTS, pa.string_view()),
    **{f"dictionary_{codes}": (TEXTS, pa.dictionary(codes, pa.string())) for codes in (pa.int8(), pa.uint16(), pa.int32())},
    **{f"timestamp_{unit}": (TIMES, pa.timestamp(unit, "UTC")) for unit in ("s", "ms", "us", "ns")},
    "decimal32": (MONEY, pa.decimal32(9, 2)), "decimal64": (MONEY, pa.decimal64(18, 2)),
    "decimal128": (MONEY, pa.decimal128(30, 2)), "decimal256": (MONEY, pa.decimal256(60, 2)),
    "int64": (NUMBERS, pa.int64()), "float32": (NUMBERS, pa.float32()), "bool": ([i % 3 == 0 for i in NUMBERS], pa.bool_()),
}
WIDTHS = {"u": 4, "U": 8, "vu": 16, "C": 1, "c": 1, "S": 2, "s": 2, "i": 4, "I": 4, "l": 8, "g": 8, "f": 4}


def array_of(kind, nulls, start):
    values, type = KINDS[kind]
    return pa.array([None if nulls and i % 5 == 2 else v for i, v in enumerate(values)], type)[start:]


def places(validity, first, others, start, bits):
    """Addresses of the first value in each buffer; of bits, of the byte that has it."""
    return [validity + start // 8 if validity else 0, first + start * bits // 8, *others]


def memory_of(array):
    """Of a pyarrow array."""
    if pa.types.is_dictionary(array.type):
        return memory_of(array.indices) + memory_of(array.dictionary)
    validity, first, *others = (buffer.address if buffer else 0 for buffer in array.buffers())
    texts = {pa.string(): 32, pa.large_string(): 64, pa.string_view(): 128}
    return places(validity if array.null_count else 0, first, others, array.offset, texts.get(array.type) or array.type.bit_width)


def memory_read(c):
    """Of a kehu_column: what every function of the library reads."""
    validity = ctypes.cast(c.validity, ctypes.c_void_p).value or 0
    if c.type in (_abi.KEHU_UTF8, _abi.KEHU_LARGE_UTF8):
        return places(validity, c.offsets, [c.data], c.start, 32 if c.type == _abi.KEHU_UTF8 else 64)
    views = ctypes.cast(c.offsets, ctypes.POINTER(_abi.kehu_view_bytes)).contents if c.offsets else None
    bits = {_abi.KEHU_BOOL: 1, _abi.KEHU_CATEGORY8: 8, _abi.KEHU_CATEGORY16: 16, _abi.KEHU_CATEGORY: 32, _abi.KEHU_FLOAT32: 32,
            _abi.KEHU_UTF8_VIEW: 128, _abi.KEHU_DECIMAL32: 32, _abi.KEHU_DECIMAL128: 128, _abi.KEHU_DECIMAL256: 256}
    found = places(validity, c.data, views.buffers[:views.n] if views else [], c.start, bits.get(c.type, 64))
    return found + (memory_read(c.dictionary.contents) if c.dictionary else [])


def batches_of(frame):
    """What speaks Arrow, held by pyarrow, which leaves memory where it is."""
    return list(pa.RecordBatchReader.from_stream(frame))


PEERS = {
    "pyarrow": lambda table: table,
    "polars": pl and pl.DataFrame,
    "pandas": lambda table: pd.DataFrame({"x": pd.arrays.ArrowExtensionArray(table["x"])}),
    "nanoarrow": na.c_array_stream,
    "duckdb": duckdb.from_arrow,
}
if pl is None:
    del PEERS["polars"]
UNKNOWN = {*(("polars", f"decimal{bits}") for bits in (32, 64, 256)),  # polars 2.1 keeps decimals of 128 bits
           ("duckdb", "decimal256")}  # DuckDB of up to 128
PAIRS = [(peer, kind) for peer in PEERS for kind in KINDS if (peer, kind) not in UNKNOWN]


def frame_of(peer, *arrays):
    return PEERS[peer](pa.table({"x": pa.chunked_array(arrays)}))


def same_values(column, arrays):
    want = [None if v is None else float(v) if isinstance(v, decimal.Decimal) else v for array in arrays for v in array.to_pylist()]
    return column.to_list() == want


@pytest.mark.parametrize("start", [0, FROM])
@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("peer, kind", PAIRS)
def test_in_nothing_is_copied(peer, kind, nulls, start):
    array = array_of(kind, nulls, start)
    [batch] = batches_of(frame_of(peer, array))  # one export that both look at: some make it anew each time
    column = kehu.Table(batch)["x"]
    assert memory_read(column._struct) == memory_of(batch["x"]) and same_values(column, [array])


@pytest.mark.parametrize("peer, kind", PAIRS)
def test_in_chunks_stay_where_they_are(peer, kind):
    arrays = [array_of(kind, True, 0), array_of(kind, False, FROM)]
    held = pa.Table.from_batches(batches_of(frame_of(peer, *arrays)))
    table = kehu.Table(held)
    assert [memory_read(part["x"]._struct) for part in table.chunks] == [memory_of(chunk) for chunk in held["x"].chunks]
    assert [memory_of(chunk) for chunk in pa.table(table)["x"].chunks] == [memory_of(chunk) for chunk in held["x"].chunks]
    assert len(table) == 2 * ROWS - FROM and same_values(table["x"], arrays)  # joined here


TAKERS = {
    "pyarrow": pa.table,
    "polars": pl and pl.DataFrame,
    "pandas": lambda table: pa.table(table).to_pandas(types_mapper=pd.ArrowDtype),
    "nanoarrow": na.c_array_stream,
    "duckdb": lambda table: table,  # what DuckDB is given; that it reads it in place has a test of its own
}
COPIED = {
    **{("polars", kind): "polars keeps text as views" for kind in ("utf8", "large_utf8")},
    **{("polars", f"dictionary_{codes}"): "polars numbers categories by itself" for codes in ("int8", "uint16", "int32")},
    ("polars", "timestamp_s"): "polars has no seconds",
}


@pytest.mark.parametrize("start", [0, FROM])
@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("peer, kind", PAIRS)
def test_out_nothing_is_copied(peer, kind, nulls, start):
    array = array_of(kind, nulls, start)
    table = kehu.Table(pa.table({"x": array}))
    [batch] = batches_of(TAKERS[peer](table))
    given, taken = memory_of(array), memory_of(batch["x"])
    if peer == "polars" and start:  # it shows bits that start within a byte as a copy
        bits = 2 if kind == "bool" else 1
        given, taken = given[bits:], taken[bits:]
    assert taken == given or (peer, kind) in COPIED
    assert batch["x"].to_pylist() == array.to_pylist()


@pytest.mark.parametrize("kind", ["int64", "float32", "timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns"])
def test_out_as_numpy(kind):
    """What numpy has a type for: numbers and times without missing values."""
    array = array_of(kind, False, FROM)
    table = kehu.Table(pa.table({"x": array}))
    assert np.asarray(table["x"]).ctypes.data == memory_of(array)[1]
    if "timestamp" not in kind:
        assert table.to_pandas()["x"].to_numpy().ctypes.data == memory_of(array)[1]


def test_duckdb_reads_where_the_values_lie():
    values = np.arange(5)
    shown = kehu.Table(pa.table({"x": pa.array(values)}))
    assert shown["x"].address == values.ctypes.data
    assert duckdb.sql("select sum(x) from shown").fetchall() == [(10,)]
    values[0] = 90  # the same memory, so the next look sees it
    assert duckdb.sql("select sum(x) from shown").fetchall() == [(100,)]
