"""The same kernels inside Apache Spark: models score in every task, the answers are those of one process, to the bit,
whatever the partitioning. Needs pyspark 4.0 or newer with what it asks for itself, pyarrow and pandas, and this package on
every worker.

    import kehu, kehu.spark
    model = kehu.Svm.load("demands.svm")
    kehu.spark.classify(spark.read.parquet("demands"), model, text="text").show()

A model travels as a file (SparkContext.addFile), named by what is in it, and each worker process reads it once; the workers
of a machine share the one copy of a mapped text classifier. Functions
take a DataFrame and give it back with columns added; columns of those names must not be there before. Rows keep their
values; a missing text counts as an empty one. What fails in a task fails the job, with kehu's message.

Training, too, where counts are enough: train_keywords and train_tree see whole numbers that Spark has added up, so that
what they learn does not depend on how the rows lie.
"""
# pyright: reportMissingImports=false
from __future__ import annotations

import hashlib
import itertools
import math
import os
import pickle
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import numpy
import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql import DataFrame, functions
from pyspark.sql.types import (ArrayType, BooleanType, DateType, DoubleType, FloatType, IntegralType, LongType, NumericType, StringType,
                               StructField, StructType, TimestampNTZType, TimestampType)

from . import errors
from .hybrid import Hybrid
from .keyword import Keyword
from .preference import Preference
from .rfm import COLUMNS, RETURNS, Rfm
from .segment import Segments
from .svm import Svm
from .table import Table
from .tokenizer import Tokenizer
from .tree import Tree

__all__ = ["classify", "count_terms", "keywords", "preference", "rfm", "score", "tokenize", "train_keywords", "train_tree"]

Batch = Callable[[Any, Any], "list[Any]"]  # model, record batch -> arrays of the columns to add
TEXTS, WHOLE, KEYS, TIMES = (StringType,), (IntegralType,), (StringType, IntegralType), (DateType, TimestampType, TimestampNTZType)
PLAIN = (StringType, NumericType, BooleanType, *TIMES)
_loaded: dict[tuple[str, str | None], Any] = {}  # of this worker process


# ---- Models on their way ---------------------------------------------------------

class _Shipped:
    """A model on its way to the workers: the name of its file, which a text classifier is mapped from. Other models, and
    the tokenizer that a classifier was trained with, are pickles, which hold their options too."""

    def __init__(self, df: DataFrame, model: Any) -> None:
        self.tokenizer: _Shipped | None = None
        if isinstance(model, Svm):
            self.tokenizer = None if model._tokenizer is None else _Shipped(df, model._tokenizer)
            self.name = _send(df, model.write(), "svm")
        else:
            self.name = _send(df, pickle.dumps(model), "model")

    def open(self) -> Any:
        """The model, read once a process. Fails with KehuNotFoundError where the file did not come along."""
        key = self.name, None if self.tokenizer is None else self.tokenizer.name
        if key not in _loaded:
            path = SparkFiles.get(self.name)
            if not os.path.exists(path):
                raise errors.KehuNotFoundError(f"the model file {self.name} is not on this worker")
            _loaded[key] = self._read(path)
        return _loaded[key]

    def _read(self, path: str) -> Any:
        if self.name.endswith(".svm"):
            return Svm.map(path, None if self.tokenizer is None else self.tokenizer.open())
        with open(path, "rb") as file:
            return pickle.load(file)


def _send(df: DataFrame, data: bytes, kind: str) -> str:
    """Have Spark bring these bytes to every worker; the name of the file, which is that of no other bytes."""
    name = f"kehu-{hashlib.sha256(data).hexdigest()[:32]}.{kind}"
    if name not in _sent(df):
        path = os.path.join(tempfile.mkdtemp(prefix="kehu-"), name)
        with open(path, "wb") as file:
            file.write(data)
        df.sparkSession.sparkContext.addFile(path)
    return name


def _sent(df: DataFrame) -> set[str]:
    return {os.path.basename(path) for path in df.sparkSession.sparkContext.listFiles}


def _check(df: DataFrame, name: str, kinds: tuple[Any, ...] = ()) -> None:
    if name not in df.columns:
        raise errors.KehuColumnError(f"the frame has no column {name}, there are {', '.join(df.columns)}")
    found = df.schema[name].dataType
    if kinds and not isinstance(found, kinds):
        raise errors.KehuColumnError(f"column {name} is {found.simpleString()}, expected "
                                     f"{' or '.join(kind.typeName() for kind in kinds)}")


def _with(df: DataFrame, model: Any, added: list[StructField], batch: Batch) -> DataFrame:
    """The frame with the columns that `batch` makes of each record batch."""
    for field in added:
        if field.name in df.columns:
            raise errors.KehuColumnError(f"the frame has a column {field.name} already")
    shipped, schema = _Shipped(df, model), StructType([*df.schema.fields, *added])

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        kept = None
        for rows in batches:
            kept = kept or shipped.open()
            arrays = [*rows.columns, *batch(kept, rows)]
            yield pa.RecordBatch.from_arrays(arrays, names=schema.names)

    return df.mapInArrow(run, schema)


def _array(column: Any, kind: Any) -> Any:
    """A column of kehu as an Arrow array of this type."""
    made = pa.array(column)
    return (made.dictionary_decode() if pa.types.is_dictionary(made.type) else made).cast(kind)


# ---- Texts ----------------------------------------------------------------------

def classify(df: DataFrame, model: Svm | Hybrid, text: str = "text", *, terms: int = 0) -> DataFrame:
    """Add `class` (missing where the model abstains) and `probability`; with terms > 0 also `terms`, the so many terms
    that speak loudest for the answer."""
    _check(df, text, TEXTS)
    added = [StructField("class", StringType()), StructField("probability", FloatType() if isinstance(model, Svm) else DoubleType())]
    if terms > 0:
        if not isinstance(model, Svm):
            raise errors.KehuArgumentError("terms are told by a kehu.Svm only")
        added.append(StructField("terms", ArrayType(StringType())))

    def batch(kept: Any, rows: Any) -> list[Any]:
        texts = rows.column(text)
        if isinstance(kept, Svm):
            answers = kept.predict(texts, probabilities=True)
            probability = pa.array(numpy.asarray(answers.probabilities).max(axis=1))
        else:
            answers = kept.predict(texts)
            probability = pa.array(answers["probability"])
        arrays = [_array(answers["class"], pa.string()), probability]
        if terms > 0:
            told = [kept.explain(t or "", limit=terms)["term"].to_list() for t in texts.to_pylist()]
            arrays.append(pa.array(told, pa.list_(pa.string())))
        return arrays

    return _with(df, model, added, batch)


def keywords(df: DataFrame, model: Keyword, text: str = "text") -> DataFrame:
    """Add `class` (missing where the model abstains), `probability`, and `keywords`: those that gave or took points."""
    _check(df, text, TEXTS)
    added = [StructField("class", StringType()), StructField("probability", DoubleType()), StructField("keywords", ArrayType(StringType()))]

    def batch(kept: Any, rows: Any) -> list[Any]:
        texts = rows.column(text)
        answers = kept.predict(texts)
        told = [kept.explain(t or "")["term"].to_list() for t in texts.to_pylist()]
        return [_array(answers["class"], pa.string()), _array(answers["probability"], pa.float64()),
                pa.array(told, pa.list_(pa.string()))]

    return _with(df, model, added, batch)


def tokenize(df: DataFrame, tokenizer: Tokenizer | None = None, text: str = "text") -> DataFrame:
    """Add `words`, the words of each text; None: the built-in dictionary."""
    _check(df, text, TEXTS)

    def batch(kept: Any, rows: Any) -> list[Any]:
        return [pa.array(kept.words_of(rows.column(text)), pa.list_(pa.string()))]

    return _with(df, tokenizer or Tokenizer.default(), [StructField("words", ArrayType(StringType()))], batch)


# ---- Customers ------------------------------------------------------------------

def score(df: DataFrame, model: Tree, *, reasons: bool = False) -> DataFrame:
    """Add `probability_<class>` for each class of a tree; its features are columns of the frame. With reasons also `reasons`:
    what is true of the row on its way from the root, split by split."""
    names = model.features
    for name in names:
        _check(df, name, PLAIN)
    added = [StructField(f"probability_{name}", DoubleType()) for name in model.classes]

    def batch(kept: Any, rows: Any) -> list[Any]:
        inputs = Table(rows.select(list(names)))
        scores = numpy.asarray(kept.score(inputs))
        arrays = [pa.array(numpy.ascontiguousarray(scores[:, i])) for i in range(len(added))]
        if reasons:
            arrays.append(_told(_path(kept, inputs, i, k) for i, k in enumerate(scores.argmax(axis=1))))
        return arrays

    return _with(df, model, [*added, StructField("reasons", ArrayType(StringType()))] if reasons else added, batch)


def preference(df: DataFrame, model: Preference, *, reasons: bool = False) -> DataFrame:
    """Add `class` (the most probable one), `probability` and `level` (its name) of a preference model; its features and
    the fields of its rules are columns of the frame. With reasons also `reasons`: the rules that speak, then what is true of
    the row on its way through the tree."""
    for name in model.tree.features:
        _check(df, name, PLAIN)
    plain = [field.name for field in df.schema if isinstance(field.dataType, PLAIN)]
    added = [StructField("class", StringType()), StructField("probability", DoubleType()), StructField("level", StringType())]
    if reasons:
        added.append(StructField("reasons", ArrayType(StringType())))

    def batch(kept: Any, rows: Any) -> list[Any]:
        inputs = Table(rows.select(plain))
        answers = kept.score(inputs)
        scores = numpy.asarray(answers.probabilities)
        best = scores.argmax(axis=1)
        every = numpy.arange(len(best))
        arrays = [_named(kept.classes, best), pa.array(scores[every, best]), _named(kept.levels.names, numpy.asarray(answers.levels)[every, best])]
        if reasons:
            tree = kept.tree
            arrays.append(_told([*kept.fired(inputs, i)["rule"].to_list(), *_path(tree, inputs, i, k)] for i, k in enumerate(best)))
        return arrays

    return _with(df, model, added, batch)


def _path(tree: Tree, inputs: Table, row: int, number: int) -> list[str]:
    return tree.explain(inputs, row, tree.classes[number])["condition"].to_list()


def _told(reasons: Iterable[list[str]]) -> Any:
    return pa.array(list(reasons), pa.list_(pa.string()))


def _named(names: tuple[str, ...], numbers: Any) -> Any:
    return pa.array(names, pa.string()).take(pa.array(numbers))


# ---- Learning from counts ---------------------------------------------------------

def count_terms(df: DataFrame, label: str, text: str = "text", *, terms: Tokenizer | Keyword | None = None) -> DataFrame:
    """class, term, texts: in how many texts of a class a term is; a missing term stands for all texts of the class.

    terms   whose words (None: the built-in dictionary's), without case and width and those with other characters than
            letters and digits; or a list, whose keywords

    Whole numbers: those of parts (days, shops) may be kept and put together by union(). A text without a class fails the job."""
    _check(df, text, TEXTS)
    _check(df, label, KEYS)
    shipped = _Shipped(df, terms or Tokenizer.default())

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        found: Counter[tuple[str, str | None]] = Counter()
        kept = None
        for rows in batches:
            kept = kept or shipped.open()
            for name, inside in zip(rows.column(0).to_pylist(), _terms_of(kept, rows.column(1).to_pylist())):
                if not name:
                    raise errors.KehuDataError(f"column {label}: a text has no class")
                found[name, None] += 1
                found.update((name, term) for term in inside)
            if len(found) > 1_000_000:
                yield _counted(found)
                found.clear()
        yield _counted(found)

    rows = df.select(functions.col(label).cast("string").alias("class"), functions.col(text).alias("text"))
    schema = StructType([StructField("class", StringType()), StructField("term", StringType()), StructField("texts", LongType())])
    return _summed(rows.mapInArrow(run, schema))


def _summed(counts: DataFrame) -> DataFrame:
    return counts.groupBy("class", "term").agg(functions.sum("texts").alias("texts"))


def _counted(found: Counter[tuple[str, str | None]]) -> Any:
    return pa.RecordBatch.from_arrays([pa.array([name for name, _ in found], pa.string()), pa.array([term for _, term in found], pa.string()),
                                       pa.array(found.values(), pa.int64())], names=["class", "term", "texts"])


def _terms_of(terms: Tokenizer | Keyword, texts: list[str | None]) -> Iterator[set[str]]:
    """The different terms in each text."""
    if isinstance(terms, Keyword):
        words, any_class = terms.words, terms.classes[0]
        for text in texts:
            yield {words[i] for i in terms.match_text(text or "", any_class)["word"].to_list()}
    else:
        for found in terms.words_of([unicodedata.normalize("NFKC", text or "").casefold() for text in texts]):
            yield {word for word in found if word.isalnum()}


def train_keywords(counts: DataFrame, *, keywords_per_class: int = 50, min_df: int = 3) -> Keyword:
    """A keyword list from what count_terms counted, in one part or more, without the texts.

    keywords_per_class  those terms whose presence tells most (G-squared) about a class that they are more frequent in
    min_df              texts that a keyword must be in

    Weights are those of naive Bayes: log((texts of the class with the term + 1) / (texts of the class + 2)), less their mean
    over the classes. So probabilities come out too sure; Keyword.train with base= learns weights anew on a sample. A list
    finds its keywords inside of longer words too: count once more, with terms= this list, for weights that know it."""
    for name, kinds in (("class", TEXTS), ("term", TEXTS), ("texts", WHOLE)):
        _check(counts, name, kinds)
    if keywords_per_class < 1 or min_df < 1:
        raise errors.KehuArgumentError(f"keywords_per_class is {keywords_per_class}, min_df is {min_df}, expected 1 or more")
    summed = _summed(counts).cache()
    totals = {row["class"]: row["texts"] for row in summed.where("term IS NULL").collect()}
    if len(totals) < 2:
        raise errors.KehuOneClassError(f"the counts are of {len(totals)} classes, expected two or more")
    often = summed.where("term IS NOT NULL").groupBy("term").agg(functions.sum("texts").alias("df")).where(functions.col("df") >= min_df)
    by_term: dict[str, dict[str, int]] = {}
    for row in summed.join(often, "term").collect():
        by_term.setdefault(row["term"], {})[row["class"]] = row["texts"]
    summed.unpersist()
    return Keyword.read_text(_list_of(totals, by_term, keywords_per_class))


def _list_of(totals: dict[str, int], by_term: dict[str, dict[str, int]], keywords_per_class: int) -> str:
    n, classes = sum(totals.values()), sorted(totals)
    chosen: set[str] = set()
    for name in classes:
        told = sorted((-_g_squared(counts.get(name, 0), sum(counts.values()), totals[name], n), term) for term, counts in by_term.items())
        chosen.update(term for worth, term in told[:keywords_per_class] if worth < 0)
    if not chosen:
        raise errors.KehuEmptyError("no term tells the classes apart")
    weights = {term: _centred(math.log((by_term[term].get(name, 0) + 1) / (totals[name] + 2)) for name in classes) for term in sorted(chosen)}
    weights[""] = _centred(math.log(totals[name] / n) for name in classes)
    unit = max(abs(w) for term in chosen for w in weights[term]) / 100 or .01
    lines = [f"@scale\t{max(round(unit * 1e6), 1)}\n"]
    for term, of_class in weights.items():
        for name, weight in zip(classes, of_class):
            if points := round(weight / unit):
                lines.append(f"\\{name}\t{term}\t{points}\n" if term else f"@bias\t\\{name}\t{points}\n")
    return "".join(lines)


def _centred(values: Iterable[float]) -> list[float]:
    of_class = list(values)
    return [value - math.fsum(of_class) / len(of_class) for value in of_class]


def _g_squared(both: int, term: int, name: int, n: int) -> float:
    """Of a term and a class, from the numbers of texts with both, with either and of all; 0 unless they come together."""
    if both * n <= term * name:
        return 0.0
    cells = ((both, term, name), (term - both, term, n - name), (name - both, n - term, name), (n - term - name + both, n - term, n - name))
    return 2 * math.fsum(seen * math.log(seen * n / (row * column)) for seen, row, column in cells if seen > 0)


def train_tree(df: DataFrame, target: str, features: list[str], *, row_id: str | None = None, max_groups: int = 5_000_000, **options: Any) -> Tree:
    """A tree from counts: Spark counts equal rows, the driver learns from each with its count as weight. Its splits,
    leaves and probabilities are those that all rows would have given one process (kehu.Tree.train) with the same fold keys.

    target      column of text, whole numbers or truth values
    features    columns of few different values: categories, bands, counts; round others first
    row_id      rows are folded for cross-validation by this column, in 64 groups; None: rows of equal features share a fold
    max_groups  different rows that the driver may get; more fail
    options     of kehu.Tree.train"""
    for name, kinds in ((target, (*KEYS, BooleanType)), *((name, PLAIN) for name in features)):
        _check(df, name, kinds)
    if row_id is not None:
        _check(df, row_id)
    columns = [functions.col(name) for name in features]
    key = functions.xxhash64(*columns) if row_id is None else functions.pmod(functions.xxhash64(row_id), functions.lit(64))
    equal = df.select(*(column.alias(f"c{i}") for i, column in enumerate([*columns, functions.col(target)])), key.alias("key"))
    groups = equal.groupBy(*equal.columns).count().limit(max_groups + 1).toArrow()
    if groups.num_rows > max_groups:
        raise errors.KehuLimitError(f"the columns {', '.join([*features, target])} have more than max_groups, {max_groups}, different rows")
    groups = groups.sort_by([(name, "ascending") for name in equal.columns]).combine_chunks()
    return Tree.train({name: groups.column(i) for i, name in enumerate(features)}, groups.column(len(features)), row_ids=groups.column("key"),
                      weights=groups.column("count"), **options)


# ---- Recency, frequency, money ---------------------------------------------------

def _sums(df: DataFrame, names: list[str], as_of: date, returns: str, day_offset_minutes: int) -> DataFrame:
    """customer, recency_days, orders, spend as kehu.RfmBase counts them, by Spark's own groupBy: sums of whole numbers, the
    same however the rows lie."""
    customer, time, amount = names[:3]
    text = isinstance(df.schema[customer].dataType, StringType)
    key, cents = functions.col(customer), functions.col(amount).cast("long")
    counts = key.isNotNull() & (key != "") if text else key.isNotNull()
    if returns == "drop":
        counts = counts & (functions.coalesce(cents, functions.lit(0)) >= 0)
    bought = cents >= 0 if returns == "net" else functions.lit(True)
    rows = df.where(counts).select((key if text else key.cast("long")).alias("customer"), _day(df, time, as_of, day_offset_minutes).alias("day"),
                                   functions.coalesce(cents, _refused(functions.lit(f"column {amount}: a row has no amount"))).alias("amount"),
                                   bought.alias("bought"), *(functions.col(n).alias("order") for n in names[3:]))
    purchase = functions.when(functions.col("bought"), functions.col("day"))
    orders = functions.count(purchase)
    if len(names) > 3:
        known = functions.col("order").isNotNull()
        if isinstance(df.schema[names[3]].dataType, StringType):
            known = known & (functions.col("order") != "")
        orders = functions.count_distinct(functions.when(functions.col("bought") & known, functions.col("order"))) + \
            functions.count(functions.when(~known, purchase))
    made = rows.groupBy("customer").agg(functions.max(purchase).alias("last"), orders.alias("orders"), functions.try_sum("amount").alias("spend"))
    spend = functions.coalesce(functions.col("spend"), _refused(functions.lit(f"column {amount}: a customer's spend does not fit 64 bits")))
    return made.where("last IS NOT NULL").select("customer", (functions.lit(_days(as_of)) - functions.col("last")).cast("long").alias("recency_days"),
                                                 functions.col("orders"), spend.alias("spend"))


def _day(df: DataFrame, time: str, as_of: date, day_offset_minutes: int) -> Any:
    """Days since 1970-01-01; a row without a time or later than as_of fails the job."""
    day: Any
    if isinstance(df.schema[time].dataType, DateType):
        day = functions.unix_date(time)
    else:
        micros = functions.unix_micros(time) if isinstance(df.schema[time].dataType, TimestampType) else \
            functions.expr(f"timestampdiff(MICROSECOND, TIMESTAMP_NTZ'1970-01-01 00:00:00', `{time.replace('`', '``')}`)")
        shifted, length = micros + functions.lit(day_offset_minutes * 60_000_000), functions.lit(86_400_000_000)
        day = ((shifted - functions.pmod(shifted, length)) / length).cast("int")  # of multiples, so the quotient is exact
    late = functions.concat(functions.lit(f"column {time}: a row is of day "), day.cast("string"), functions.lit(f", after as_of_day {_days(as_of)}"))
    return functions.when(functions.col(time).isNull(), _refused(functions.lit(f"column {time}: a row has no time"))) \
        .when(day > _days(as_of), _refused(late)).otherwise(day)


def _refused(message: Any) -> Any:
    return functions.raise_error(message)


def _days(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


BITS = 17  # an interval is counted in 131,072 buckets
NESTED = [(-(1 << width - 1), width) for width in (17, 23, 29, 34, 40, 46, 52, 58, 64)]  # first value, bits


def _edges(sums: DataFrame, levels: int) -> dict[str, list[int]]:
    """For each measure the values of nearest rank at 1/levels, 2/levels, ...: exact. A first pass counts all values by their
    first bits, small ones to the last bit; a next one those of the buckets in which an edge lies. Two passes do, three from
    2^33 on, all measures at once."""
    searches = [_Search(name) for name in COLUMNS]
    while todo := [search for search in searches if search.intervals]:
        buckets = ", ".join(f"{i}, {search.bucket()}" for i, search in enumerate(todo))
        counted = sums.selectExpr(f"stack({len(todo)}, {buckets}) AS (measure, bucket)").where("bucket IS NOT NULL") \
            .groupBy("measure", "bucket").count().toArrow()
        measures, found, counts = (column.to_numpy() for column in counted.columns)
        order = numpy.lexsort((found, measures))
        for i, search in enumerate(todo):
            of_it = order[measures[order] == i]
            search.narrow(found[of_it], counts[of_it].cumsum(), levels)
    return {search.name: [first for first, _, _ in search.edges] for search in searches}


class _Search:
    """Edges of one measure, closed in on: of each the first value and the bits of the interval it lies in, and its rank
    there."""

    def __init__(self, name: str) -> None:
        self.name, self.intervals = name, NESTED
        self.edges: list[tuple[int, int, int]] = []

    def bucket(self) -> str:
        """SQL of the first value of the bucket that a value lies in, missing outside of the intervals."""
        within = (f"WHEN {self.name} BETWEEN {first}L AND {first + (1 << width) - 1}L THEN {self.name} & {-(1 << max(width - BITS, 0))}L"
                  for first, width in self.intervals)
        return f"CASE {' '.join(within)} END"

    def narrow(self, buckets: Any, up_to: Any, levels: int) -> None:
        """By the first values of a pass's buckets, in order, and how many values lie in them and those before."""
        if not self.edges:
            n = int(up_to[-1]) if len(up_to) > 0 else 0
            if n == 0:
                raise errors.KehuEmptyError("no purchase in the window")
            self.edges = [(*NESTED[-1], -(-n * k // levels)) for k in range(1, levels)]
        self.edges = [self._narrowed(edge, buckets, up_to) if edge[1] > 0 else edge for edge in self.edges]
        self.intervals = sorted({(first, width) for first, width, _ in self.edges if width > 0})

    def _narrowed(self, edge: tuple[int, int, int], buckets: Any, up_to: Any) -> tuple[int, int, int]:
        first, width, rank = edge
        before = int(numpy.searchsorted(buckets, first))
        rank += int(up_to[before - 1]) if before > 0 else 0
        at = int(numpy.searchsorted(up_to, rank))
        if at == len(up_to) or buckets[at] >= first + (1 << width):
            raise errors.KehuDataError("the customers changed while they were counted: cache the frame")
        found = int(buckets[at])
        counted = next(bits for start, bits in self.intervals if start <= found < start + (1 << bits))
        return found, max(counted - BITS, 0), rank - (int(up_to[at - 1]) if at > 0 else 0)


class Graded(NamedTuple):
    """What rfm() gives. The sums are cached: `sums.unpersist()` when the graded customers are no longer asked for."""

    customers: DataFrame
    model: Rfm
    sums: DataFrame


def rfm(df: DataFrame, customer: str, time: str, amount: str, *, as_of: date, order: str | None = None, levels: int = 5,
        returns: str = "net", day_offset_minutes: int = 0, rules: Segments | str = "rfm_grid") -> Graded:
    """Transactions to one row a customer: customer, recency_days, orders, spend, R, F, M and segment; and the model.

    customer            column of text or whole numbers; rows without one are left out
    time, amount        dates or times; whole minor units
    order               equal ids of a customer are one order; None: each row is one
    levels, returns, day_offset_minutes, rules   as for kehu.rfm_table

    Each customer's rows are summed up by Spark's own groupBy, and the cut points are the exact quantiles of all customers,
    counted in two passes over the sums, which are cached, or three.
    The model grades and explains as one that was fitted on all customers does; it has the edges without the counts, so
    its cuts() count nobody and drift() is not for it.
    A row without time or amount, or later than as_of, fails the job with the name of the column."""
    names = [customer, time, amount, *([] if order is None else [order])]
    for name, kinds in zip(names, (KEYS, TIMES, WHOLE, KEYS)):
        _check(df, name, kinds)
    if returns not in RETURNS:
        raise errors.KehuArgumentError(f"returns is {returns!r}, expected {', '.join(RETURNS)}")
    if not 2 <= levels <= 10:
        raise errors.KehuArgumentError(f"levels is {levels}, expected 2 to 10")
    table = rules if isinstance(rules, Segments) else (Segments.builtin(rules) if "\n" not in rules and ":" not in rules
                                                       else Segments.read(rules))
    sums = _sums(df, names, as_of, returns, day_offset_minutes).cache()
    model = Rfm.fit(None, edges=_edges(sums, levels))
    return Graded(_graded(sums, model, table), model, sums)


def _graded(sums: DataFrame, model: Rfm, rules: Segments) -> DataFrame:
    """R, F, M and segment. Rules that ask for nothing but grades are asked once for all grades there are."""
    edges = [model.cuts(name).at_most for name in COLUMNS]
    steps = [sum((functions.when(functions.col(name) > edge, 1).otherwise(0) for edge in at_most), functions.lit(0))
             for name, at_most in zip(COLUMNS, edges)]
    grades = [(functions.lit(len(edges[0]) + 1) - steps[0] if name == "R" else functions.lit(1) + step).cast("byte").alias(name)
              for name, step in zip("RFM", steps)]
    if not set(rules.fields) <= {"R", "F", "M", "FM"}:
        return _graded_by_rows(sums.select("*", *grades), model, rules)
    values = list(itertools.product(*([*at_most, min(at_most[-1] + 1, 2**63 - 1)] for at_most in edges)))  # one of each step
    try:
        found = rules.assign_rfm(model, dict(zip(COLUMNS, map(list, zip(*values)))))["segment"].to_list()
    except errors.KehuDataError:  # a gap, perhaps at grades that no customer has
        return _graded_by_rows(sums.select("*", *grades), model, rules)
    number = functions.lit(0)
    for step, at_most in zip(steps, edges):
        number = number * (len(at_most) + 1) + step
    segments = functions.array(*map(functions.lit, found))
    return sums.select("*", *grades, functions.get(segments, number).alias("segment"))


def _graded_by_rows(graded: DataFrame, model: Rfm, rules: Segments) -> DataFrame:
    text = rules.text

    def batch(kept: Any, rows: Any) -> list[Any]:
        found = Segments.read(text).assign_rfm(kept, Table(rows.select(list(COLUMNS))))
        return [_array(found["segment"], pa.string())]

    return _with(graded, model, [StructField("segment", StringType())], batch)
