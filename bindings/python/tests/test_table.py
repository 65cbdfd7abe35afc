"""Tables: what goes in comes out, from everything people have."""
import array
import copy
import datetime
import gc
import pickle

import pytest

import kehu

UTC = datetime.timezone.utc
COLUMNS = {
    "text": ["查询话费", None, "", "𠮷😀", "a\0b"],
    "whole": [1, -2, None, 2**62, 0],
    "real": [0.5, None, -1e300, 3.0, 2.0],
    "yes": [True, False, None, True, True],
    "day": [datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(1970, 1, 1)],
    "time": [datetime.datetime(2024, 1, 1, 8, 30, 0, 500, UTC), None] + [datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)] * 3,
}


def test_lists_come_back():
    t = kehu.Table(COLUMNS)
    assert t.to_dict() == COLUMNS
    assert [t[name].type for name in t] == ["utf8", "int64", "float64", "bool", "date32", "timestamp"]
    assert t.columns == tuple(COLUMNS) and len(t) == 5
    assert t["text"][3] == "𠮷😀" and t["text"][-4] is None and t["whole"][3] == 2**62 and t["yes"][2] is None
    assert t.rows()[0]["day"] == datetime.date(2024, 2, 29)
    assert kehu.Table(t.rows()) == t


def test_tables_are_copied_by_pickle_and_copy():
    t = kehu.Table(COLUMNS)
    assert pickle.loads(pickle.dumps(t)) == t and copy.deepcopy(t) == t
    none = kehu.Table({"a": kehu.Table({"a": ["x", None]})["a"]})
    assert pickle.loads(pickle.dumps(none)) == none


def test_buffers_are_taken_by_their_type():
    for code in "bBhHiIqQfd":
        assert kehu.Table({"x": array.array(code, [1, 2, 3])})["x"].to_list() == [1, 2, 3]
    strided = memoryview(array.array("q", range(10)))[::3]
    assert kehu.Table({"x": strided})["x"].to_list() == [0, 3, 6, 9]


def test_a_column_gives_its_memory():
    t = kehu.Table({"x": [1.0, 2.0, 3.0]})
    view = t["x"].view()
    del t
    gc.collect()
    assert view.tolist() == [1, 2, 3] and view.readonly
    with pytest.raises(TypeError, match="column x is utf8"):
        kehu.Table({"x": ["a"]})["x"].view()


@pytest.mark.parametrize("data, kind, message", [
    ({"x": [1], "y": [1, 2]}, kehu.KehuColumnError, "column y has 2 values where x has 1"),
    ({"x": ["a", 1]}, TypeError, r"x\[1\] is int, expected str"),
    ({"x": [1, "a"]}, TypeError, r"x\[1\] is str, expected a number"),
    ({"x": [True, 3]}, TypeError, r"x\[1\] is int, expected bool"),
    ({"x": [datetime.date(2024, 1, 1), 3]}, TypeError, r"x\[1\] is int, expected datetime.date"),
    ({"x": ["ok", "bad\ud800"]}, kehu.KehuEncodingError, r"x: row 1 has the surrogate U\+D800 at character 3"),
    ({"x": "abc"}, TypeError, "x is str, expected a column of values; put it into a list"),
    ({"x": None}, TypeError, "x is NoneType"),
    ({"x": object()}, TypeError, "x is object"),
    ({"x": [object()]}, TypeError, r"x\[0\] is object"),
    ({"a\0b": [1]}, kehu.KehuArgumentError, "column name has a NUL at character 1"),
    (3, TypeError, "data is int"),
    ([1, 2], TypeError, "data is a list of other things"),
])
def test_what_is_no_table_is_refused(data, kind, message):
    with pytest.raises(kind, match=message):
        kehu.Table(data)


def test_closed_tables_say_so():
    t = kehu.Table({"x": [1]})
    column = t["x"]
    with t:
        pass
    assert t.closed and column.to_list() == [1]
    t.close()
    for use in (len, repr, lambda t: t["x"], kehu.Table.to_dict, kehu.Table.write_csv, pickle.dumps):
        if use is repr:
            assert repr(t) == "<closed Table>"
            continue
        with pytest.raises(kehu.KehuClosedError, match="this Table is closed"):
            use(t)


def test_tables_are_written(tmp_path):
    t = kehu.Table({"名字": ["李", "=1+1"], "cents": [1990, None]})
    assert t.write_csv(decimals={"cents": 2}, guard=True, delimiter=";") == "名字;cents\n李;19.90\n'=1+1;\n"
    assert t.write_json() == '[{"名字":"李","cents":1990},{"名字":"=1+1","cents":null}]\n'
    t.save_csv(tmp_path / "a.csv", bom=True, crlf=True)
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf" + t.write_csv(crlf=True).encode()
    t.save_json(tmp_path / "a.json", lines=True)
    assert (tmp_path / "a.json").read_text() == t.write_json(lines=True)
    with pytest.raises(kehu.KehuArgumentError, match="delimiter"):
        t.write_csv(delimiter="ab")
    with pytest.raises(kehu.KehuNotFoundError) as e:
        t.save_csv(tmp_path / "no" / "a.csv")
    assert isinstance(e.value, FileNotFoundError)
    with pytest.raises(TypeError, match="speed"):
        t.write_csv(speed=3)


def test_concat_stacks_and_names_what_differs():
    a, b = kehu.Table({"x": ["a"]}), kehu.Table({"x": ["b", None]})
    assert kehu.Table.concat([a, b])["x"].to_list() == ["a", "b", None]
    with pytest.raises(kehu.KehuColumnError, match="table 1 has column y"):
        kehu.Table.concat([a, kehu.Table({"y": ["b"]})])
    with pytest.raises(kehu.KehuArgumentError):
        kehu.Table.concat([])


def test_tables_show_themselves():
    t = kehu.Table({"<b>": ["<script>", None], "x": [1.5, 2.5]})
    page = t._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page and "<svg" in page and "Table: 2 rows" in page
    assert repr(t) == "Table of 2 rows\n<b>       x\n<script>  1.5\n-         2.5"
    assert repr(kehu.Table({"x": [1.5]})["x"]) == "<Column x of 1 float64: 1.5>"
    assert "..." in repr(kehu.Table({"x": range(11)}))


def test_numpy_gets_the_memory_or_a_copy_as_it_asks():
    numpy = pytest.importorskip("numpy", minversion="2")
    t = kehu.Table(COLUMNS | {"full": [1, 2, 3, 4, 5], "moment": [datetime.datetime(2024, 1, 1, tzinfo=UTC)] * 5, "date": [datetime.date(2024, 1, 1)] * 5})
    for name in ("full", "moment"):
        shared = numpy.array(t[name], copy=False)
        assert shared.ctypes.data == t[name].address and not shared.flags.writeable
        assert numpy.asarray(t[name]).ctypes.data == t[name].address
        copied = numpy.array(t[name], copy=True)
        assert copied.ctypes.data != t[name].address and copied.flags.writeable and (copied == shared).all()
    for name in ("text", "whole", "real", "yes", "day", "time", "date"):
        with pytest.raises(ValueError, match=f"column {name} is no array without copying"):
            numpy.array(t[name], copy=False)
        assert len(numpy.array(t[name], copy=True)) == 5
    with pytest.raises(ValueError, match="column full is no array of float64 without copying"):
        numpy.array(t["full"], dtype="f8", copy=False)
    assert numpy.array(t["full"], dtype="f8").tolist() == [1, 2, 3, 4, 5] and numpy.array(t["full"], dtype="i8", copy=False).dtype == "i8"
    m = kehu.Svm.train(["a", "b"] * 9, ["x", "y"] * 9, cost=1).predict(["a", "b"], probabilities=True).probabilities
    shared, copied = numpy.array(m, copy=False), numpy.array(m, copy=True)
    assert numpy.shares_memory(shared, numpy.asarray(m)) and not numpy.shares_memory(shared, copied) and copied.flags.writeable
    with pytest.raises(ValueError, match="the matrix is no array of float64 without copying"):
        numpy.array(m, dtype="f8", copy=False)
