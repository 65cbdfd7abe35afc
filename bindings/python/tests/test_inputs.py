"""Whatever people put in comes out again, or is refused with what and where."""
import array
import datetime
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kehu

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTS = st.integers(-2**63, 2**63 - 1)
FLOATS = st.floats(allow_nan=False)
DATES = st.dates()
TIMES = st.datetimes(timezones=st.just(datetime.timezone.utc))


def columns_of(n):
    return st.one_of(*(st.lists(st.none() | values, min_size=n, max_size=n) for values in (TEXTS, INTS, FLOATS, st.booleans(), DATES, TIMES)))


TABLES = st.integers(0, 20).flatmap(lambda n: st.dictionaries(NAMES, columns_of(n), min_size=1, max_size=5))


@given(TABLES)
@settings(max_examples=150, deadline=None)
def test_tables_come_back(data):
    table = kehu.Table(data)
    assert table.to_dict() == data
    assert pickle.loads(pickle.dumps(table)) == table
    assert repr(table) and "<script" not in table._repr_html_()
    n = len(table)
    assert kehu.Table.concat([table, table]).to_dict() == {name: values + values for name, values in data.items()}
    for name, values in data.items():
        column = table[name]
        assert [column[i] for i in range(-n, n)] == values + values and column.is_present() == [v is not None for v in values]


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_tables_come_back_from_arrow(data):
    pa = pytest.importorskip("pyarrow")
    table = kehu.Table(data)
    assert kehu.Table(pa.table(table)) == table
    assert kehu.Table(pa.table(table).slice(1)).to_dict() == {name: values[1:] for name, values in data.items()}
    assert kehu.Table(pa.record_batch(table)) == table


@given(st.lists(TEXTS | st.none(), max_size=30), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_a_surrogate_is_found_wherever_it_is(texts, at):
    at = min(at, len(texts))
    with pytest.raises(kehu.KehuEncodingError) as e:
        kehu.Table({"t": [*texts[:at], "x\udc80", *texts[at:]]})
    assert e.value.where == at and "U+DC80 at character 1" in str(e.value)


@given(st.lists(TEXTS, max_size=20))
@settings(max_examples=60, deadline=None)
def test_tokens_make_the_text_again(texts):
    tokenizer = kehu.Tokenizer.default()
    assert ["".join(words) for words in tokenizer.words_of(texts)] == texts
    for text in texts:
        spans = tokenizer.split(text)
        assert "".join(text[a:b] for a, b in zip(spans["start"], spans["end"])) == text


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(), st.just(object()),
                     st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.binary(), st.dates()), max_size=4),
                     st.dictionaries(st.text(max_size=3), st.lists(st.integers() | st.text() | st.none(), max_size=3), max_size=3))
REFUSED = (kehu.KehuError, TypeError, ValueError, KeyError, OverflowError)


@given(ANYTHING, ANYTHING)
@settings(max_examples=300, deadline=None)
def test_nothing_crashes(a, b):
    levels, segments = kehu.Levels.fit([[0.5]]), kehu.Segments.read("A: x > 1\nB: otherwise")
    for use in (lambda: kehu.Table(a), lambda: kehu.Table({"x": a, "y": b}), lambda: kehu.Svm.train(a, b), lambda: kehu.Keyword.train(a, b),
                lambda: kehu.Tree.train(a, b, n_folds=1), lambda: kehu.Tree.train({"x": a}, b, n_folds=1), lambda: kehu.Rfm.fit(a),
                lambda: kehu.Linear.train(a, b), lambda: levels.grade(a), lambda: segments.assign(a), lambda: segments.explain(a, b),
                lambda: kehu.evaluate(a, b), lambda: kehu.evaluate_binary(a, b), lambda: kehu.Tokenizer.read_words(a), lambda: kehu.Svm.read(a),
                lambda: kehu.Clv.from_parameters("bg_nbd", a), lambda: kehu.RfmBase(a), lambda: kehu.Preference.train(a, b),
                lambda: kehu.rfm_table(a, b, a, as_of=19000), lambda: kehu.Csv(a) if not isinstance(a, (str, int)) else None,
                lambda: kehu.fold_of(a, seed=1, n_folds=2), lambda: kehu.Tokenizer.default().split(a)):
        try:
            use()
        except REFUSED:
            pass


def test_iterables_are_read_once():
    assert kehu.Table({"x": (i for i in range(3)), "y": iter("abc"), "z": {1: None, 2: None, 3: None}.keys()}).to_dict() == {
        "x": [0, 1, 2], "y": ["a", "b", "c"], "z": [1, 2, 3]}
    assert kehu.Table({"x": range(3), "y": array.array("f", [1, 2, 3]), "z": memoryview(b"abc")})["z"].to_list() == [97, 98, 99]


def test_numbers_of_all_kinds():
    import decimal
    import fractions
    t = kehu.Table({"mixed": [1, 2.5, None], "big": [2**70, 1, None], "nan": [math.nan, 1.0, None],
                    "odd": [decimal.Decimal("1.5"), fractions.Fraction(1, 4), None]})
    assert [t[n].to_list() for n in ("mixed", "big", "odd")] == [[1, 2.5, None], [float(2**70), 1, None], [1.5, 0.25, None]]
    assert math.isnan(t["nan"][0]) and t["nan"][2] is None
    zone = datetime.timezone(datetime.timedelta(hours=8))
    t = kehu.Table({"t": [datetime.datetime(2024, 1, 1, 8, tzinfo=zone), datetime.datetime(2024, 1, 1)]})
    assert t["t"][0] == t["t"][1] == datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    with pytest.raises(TypeError, match=r"t\[1\] is date"):
        kehu.Table({"t": [datetime.datetime(2024, 1, 1), datetime.date(2024, 1, 1)]})


def test_a_list_that_is_changed_meanwhile_does_no_harm():
    class Sly(str):
        def __str__(self):
            values.clear()
            return "x"

    values = [Sly("a"), "b"] * 100
    assert len(kehu.Table({"x": values})) == 200
