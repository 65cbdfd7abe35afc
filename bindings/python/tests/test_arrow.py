"""Tables to and from other programs: the same memory on both sides, whatever they call their types."""
import datetime
import decimal
import pickle

import pytest

import kehu

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")
na = pytest.importorskip("nanoarrow")

NUMBERS = np.arange(1000, dtype="f8")
TEXTS = ["a", None, "客户", "a text of more than twelve bytes"]
UTC = datetime.timezone.utc


def test_what_comes_in_is_not_copied():
    array = pa.array(NUMBERS)
    assert kehu.Table(pa.table({"x": array}))["x"].address == array.buffers()[1].address == NUMBERS.ctypes.data
    assert kehu.Table(pa.record_batch({"x": array}))["x"].address == NUMBERS.ctypes.data
    series = pl.Series("x", NUMBERS)
    assert kehu.Table(series.to_frame())["x"].address == series.to_numpy(allow_copy=False).ctypes.data
    frame = pd.DataFrame({"x": NUMBERS})
    assert kehu.Table(frame)["x"].address == frame["x"].to_numpy().ctypes.data
    child = na.c_array_from_buffers(na.float64(), 1000, [None, NUMBERS])
    struct = na.c_array_from_buffers(na.struct({"x": na.float64()}), 1000, [None], children=[child])
    assert kehu.Table(struct)["x"].address == NUMBERS.ctypes.data
    from kehu._columns import column
    assert column(NUMBERS, "x").struct.data == NUMBERS.ctypes.data
    texts = pa.array(["客户", "x"])
    assert kehu.Table(pa.table({"t": texts}))["t"].address == texts.buffers()[2].address


def test_what_goes_out_is_not_copied():
    t = kehu.Table({"x": NUMBERS, "t": ["客户"] * 1000, "d": [datetime.date(2024, 1, 1)] * 1000})
    x = t["x"].address
    assert pa.table(t)["x"].chunk(0).buffers()[1].address == x
    assert pa.record_batch(t)["t"].buffers()[2].address == t["t"].address
    assert pa.array(t["x"]).buffers()[1].address == x
    assert pl.DataFrame(t)["x"].to_numpy(allow_copy=False).ctypes.data == x
    assert np.asarray(t["x"]).ctypes.data == x and not np.asarray(t["x"]).flags.writeable
    assert t.to_pandas()["x"].to_numpy().ctypes.data == x
    assert na.c_array(t).child(0).buffers[1] == x
    assert [batch.child(0).buffers[1] for batch in na.c_array_stream(t)] == [x]
    assert duckdb.sql("select sum(x), count(t), min(d) from t").fetchall() == [(499500.0, 1000, datetime.date(2024, 1, 1))]
    held = pa.table(t)
    t.close()
    assert held["x"].to_pylist() == NUMBERS.tolist()


@pytest.mark.parametrize("made, kind, values", [
    (pa.array(TEXTS), "utf8", TEXTS),
    (pa.array(TEXTS, pa.large_string()), "large_utf8", TEXTS),
    (pa.array(TEXTS, pa.string_view()), "utf8_view", TEXTS),
    (pa.array(TEXTS).dictionary_encode(), "category", TEXTS),
    (pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array(["a", "b"], pa.large_string())), "category8", ["b", None, "a"]),
    (pa.array(TEXTS)[1:3], "utf8", TEXTS[1:3]),
    (pa.array([1, None, 255], pa.uint8())[1:], "uint8", [None, 255]),
    (pa.array([True, None, False, True] * 5)[3:], "bool", ([True, None, False, True] * 5)[3:]),
    (pa.array([1, None], pa.timestamp("s")), "timestamp_s", [datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), None]),
    (pa.array([1999], pa.timestamp("ns", "Asia/Shanghai")), "timestamp_ns", [datetime.datetime(1970, 1, 1, 0, 0, 0, 1, UTC)]),
    (pa.array([datetime.date(2024, 2, 29), None], pa.date64()), "date32", [datetime.date(2024, 2, 29), None]),
    (pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-0.01")]), "decimal128", [1.5, None, -0.01]),
    (pa.array([decimal.Decimal(2**62), None], pa.decimal256(40, 0)), "decimal256", [2**62, None]),
    (pa.array([None, None]), "float64", [None, None]),
])
def test_types(made, kind, values):
    column = kehu.Table(pa.table({"x": made}))["x"]
    assert (column.type, column.to_list()) == (kind, values)
    back = kehu.Table(pa.table(kehu.Table(pa.table({"x": made}))))["x"]
    assert (back.type, back.to_list()) == (kind, values)
    copy = pickle.loads(pickle.dumps(kehu.Table({"x": made})))["x"]
    assert copy.to_list() == values and copy.type in ("utf8", "large_utf8", "uint8", "bool", "timestamp", "date32", "float64", "int64")


def test_memory_that_duckdb_pandas_and_nanoarrow_made_is_shared():
    relation = duckdb.sql("select range * 1.5::double as x, 'customer ' || range as t from range(1000)")
    [batch] = pa.RecordBatchReader.from_stream(relation)
    table = kehu.Table(batch)
    assert [table[n].address for n in "xt"] == [batch["x"].buffers()[1].address, batch["t"].buffers()[2].address]
    back = pa.record_batch(table)
    assert back["t"].buffers()[1].address == batch["t"].buffers()[1].address
    array = pa.array(["客户", "x"] * 50)
    frame = pd.DataFrame({"t": pd.arrays.ArrowExtensionArray(array)})
    assert kehu.Table(frame)["t"].address == array.buffers()[2].address
    offsets, data = np.array([0, 6, 7], "i4"), np.frombuffer("客户x".encode(), "u1")
    texts = na.c_array_from_buffers(na.string(), 2, [None, offsets, data])
    table = kehu.Table(na.c_array_from_buffers(na.struct({"t": na.string()}), 2, [None], children=[texts]))
    assert table["t"].address == data.ctypes.data and table["t"].to_list() == ["客户", "x"]
    assert na.c_array(table).child(0).buffers[1:] == (offsets.ctypes.data, data.ctypes.data)


def test_results_are_queried_by_duckdb_and_fed_back():
    texts, labels = [f"文本{i % 7}号" for i in range(60)], ["abc"[i % 7 % 3] for i in range(60)]
    answers = kehu.Svm.train(texts, labels, cost=1).predict(texts, probabilities=True)
    truth = kehu.Table({"label": labels})
    right = duckdb.sql("select label, class, probability from answers positional join truth where class <> 'b'")
    reader = pa.RecordBatchReader.from_stream(right)
    [batch] = reader
    back = kehu.Table(batch)
    assert back["probability"].address == batch["probability"].buffers()[1].address  # DuckDB's own memory
    kept = [i for i, name in enumerate(answers.labels) if name != "b"]
    want = kehu.evaluate([labels[i] for i in kept], [answers.labels[i] for i in kept])
    assert 0 < len(kept) == len(back) and kehu.evaluate(back["label"], back["class"]).confusion == want.confusion
    assert kehu.Table(right).to_dict() == back.to_dict()


def test_foreign_layouts_are_read_as_what_they_are():
    """By rows, arrays, data frames, what is shown, and the kernels."""
    times = [datetime.datetime(2024, 1, 1, tzinfo=UTC), None, datetime.datetime(2024, 1, 3, tzinfo=UTC)]
    money = [decimal.Decimal(v) for v in ("1.50", "2.25", "-3")]
    frame = pa.table({"t": pa.array(times, pa.timestamp("ns")), "m": pa.array(money, pa.decimal128(9, 2)), "w": pa.array([1, None, 3], pa.decimal64(9, 0)),
                      "c": pa.array(["a", None, "b"]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())), "v": pa.array(TEXTS[1:], pa.string_view())})
    t = kehu.Table(frame)
    assert [t[n].type for n in t] == ["timestamp_ns", "decimal128", "decimal64", "category8", "utf8_view"]
    assert t.rows()[0] == {"t": times[0], "m": 1.5, "w": 1, "c": "a", "v": None} and t["v"][-1] == TEXTS[3]
    assert [str(d) for d in t.to_pandas().dtypes][1:3] == ["float64", "Int64"] and t.to_pandas()["t"][2] == times[2]
    assert kehu.Table({n: t[n] for n in t}).to_dict() == t.to_dict() == kehu.Table.concat([t]).to_dict()
    assert np.asarray(t["m"]).tolist() == [1.5, 2.25, -3] and "1.5" in repr(t) and "<svg" in t._repr_html_()
    assert t.write_csv().splitlines()[1] == "2024-01-01T00:00:00Z,1.5,1,a,"
    with pytest.raises(TypeError, match="column m is decimal128, which has no fixed width"):
        t["m"].view()
    days = pa.array([datetime.datetime(2024, 1, d) for d in (1, 2, 2)])
    for unit in ("s", "ms", "us", "ns"):
        made = kehu.rfm_table(pa.array(["A", "A", "B"], pa.string_view()), days.cast(pa.timestamp(unit)), pa.array([1, 2, 3], pa.decimal128(38, 0)),
                              as_of=datetime.date(2024, 1, 3))
        assert made.to_dict() == kehu.rfm_table(["A", "A", "B"], days.to_pylist(), [1, 2, 3], as_of=datetime.date(2024, 1, 3)).to_dict()


def test_numbers_of_any_size_have_a_picture():
    assert "<svg" in kehu.Table({"x": [-1.7e308, 0.0, 1.7e308]})._repr_html_()
    assert "<svg" in kehu.Table({"x": [0.0, 5e-324]})._repr_html_()


def test_chunks_become_one():
    chunked = pa.chunked_array([["a"], [], [None, "b"]])
    assert kehu.Table({"x": chunked})["x"].to_list() == ["a", None, "b"]
    assert kehu.Table(pa.table({"x": chunked, "y": pa.chunked_array([[1, 2], [3]])})).to_dict() == {"x": ["a", None, "b"], "y": [1, 2, 3]}
    none = kehu.Table(pa.schema([("t", pa.string()), ("x", pa.int32()), ("d", pa.timestamp("us"))]).empty_table())
    assert [(c, none[c].type, len(none[c])) for c in none] == [("t", "utf8", 0), ("x", "int32", 0), ("d", "timestamp", 0)]
    frames = pl.concat([pl.DataFrame({"t": ["x"]}), pl.DataFrame({"t": ["y"]})], rechunk=False)
    assert kehu.Table(frames)["t"].to_list() == ["x", "y"]


def test_frames_of_all_kinds_give_the_same_model():
    texts, labels = [f"文本{i % 7}号" for i in range(60)], ["abc"[i % 3] for i in range(60)]
    want = kehu.Svm.train(texts, labels, cost=1)
    frame = pd.DataFrame({"text": texts, "label": labels})
    relation = duckdb.sql("from frame")
    for t, c in [(tuple(texts), iter(labels)), (pa.array(texts), pd.Categorical(labels)), (pl.Series(texts), pl.Series(labels, dtype=pl.Categorical)),
                 (frame["text"], frame["label"].astype("category")), (relation.select("text"), relation.select("label")),
                 (np.array(texts), np.array(labels, object)), (pd.Series(texts, dtype=object), kehu.Table(frame)["label"])]:
        if isinstance(c, pd.Categorical):
            c = pd.Series(c)
        assert kehu.Svm.train(t, c, cost=1) == want, type(t)


def test_numpy_of_all_kinds():
    times = np.array(["2024-01-01T00:00:01", "NaT"], "M8[ns]")
    masked = np.ma.array([1, 2, 3], mask=[False, True, False])
    t = kehu.Table({"time": times, "day": np.array(["2024-01-01", "NaT"], "M8[D]"), "big": np.array([1, 2], ">i4"),
                    "half": np.array([1.5, np.inf], "f2"), "yes": np.array([True, False]), "text": np.array(["a", "客户"]),
                    "object": np.array([None, "x"], object), "reversed": np.arange(4.0)[::-2]})
    assert t["time"].to_list() == [datetime.datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC), None]
    assert t["day"].to_list() == [datetime.date(2024, 1, 1), None]
    assert [t[n].to_list() for n in ("big", "half", "yes", "text", "object", "reversed")] == [
        [1, 2], [1.5, float("inf")], [True, False], ["a", "客户"], [None, "x"], [3, 1]]
    assert kehu.Table({"m": masked})["m"].to_list() == [1, None, 3]
    records = np.array([(1, 2.5), (3, 4.5)], [("a", "i4"), ("b", "f8")])
    assert kehu.Table(records).to_dict() == {"a": [1, 3], "b": [2.5, 4.5]}
    for bad, message in ((np.zeros((2, 2)), "x has 2 dimensions, expected 1"), (np.zeros(2, "c16"), "format 'Zd'|complex128"),
                         (np.array([b"x"]), r"numpy's type \|S1|format"), (np.float64(3), "x is float64|0 dimensions")):
        with pytest.raises((kehu.KehuColumnError, TypeError), match=message):
            kehu.Table({"x": bad})


def test_results_go_to_frames():
    t = kehu.Table({"n": [1, None], "u": pa.array([1, None], pa.uint8()), "s": ["x", None], "t": [datetime.datetime(2024, 1, 1)] * 2, "b": [True, False]})
    frame = t.to_pandas()
    assert [str(frame[c].dtype) for c in ("n", "u", "t", "b")] == ["Int64", "UInt8", "datetime64[us, UTC]", "bool"]
    assert frame["n"].isna().tolist() == [False, True] and frame["s"].isna().tolist() == [False, True]
    scores = kehu.Matrix
    levels = kehu.Levels.fit(np.array([[0.1, 0.9], [0.8, 0.2]])).grade(np.array([[0.1, 0.9], [0.8, 0.2]], order="F"))
    assert isinstance(levels, scores) and np.asarray(levels).tolist() == [[0, 4], [4, 1]]
    assert levels.to_pandas().shape == (2, 2) and pl.DataFrame(levels).shape == (2, 2)


@pytest.mark.parametrize("bad", [pa.array([b"x"]), pa.array([[1]]), pa.array([1], pa.duration("s"))])
def test_types_without_a_place_are_named(bad):
    with pytest.raises(kehu.KehuColumnError, match="spend: Arrow column .* has format"):
        kehu.Table({"spend": bad})


def test_a_stream_that_fails_says_so():
    def batches():
        yield pa.record_batch({"x": [1]})
        raise ValueError("the well is dry")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    with pytest.raises(kehu.KehuIOError, match="the well is dry"):
        kehu.Table(reader)


def test_words_of_bytes_that_are_no_utf8_lie_where_they_lie():
    texts = pa.array([b"\xff" + "话费".encode()]).view(pa.string())
    words = kehu.Tokenizer.read_words("话费 10\n")
    assert words.words_of(texts) == [["\ufffd", "话费"]]
    assert words.split(texts)["text"].to_list() == ["\ufffd", "话费"]
