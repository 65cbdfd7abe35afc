"""The same kernels inside Apache Spark: models score in every task, the answers are those of one process, to the bit,
whatever the partitioning. Needs pyspark 3.5 or newer with what it asks for itself, pyarrow and pandas, and this package on
every worker.

    import kehu, kehu.spark
    model = kehu.Svm.load("demands.svm")
    kehu.spark.classify(spark.read.parquet("demands"), model, text="text").show()

A model travels as a file (SparkContext.addFile), named by what is in it, and each worker process reads it once. Functions
take a DataFrame and give it back with columns added; columns of those names must not be there before. Rows keep their
values; a missing text counts as an empty one. What fails in a task fails the job, with kehu's message.
"""
# pyright: reportMissingImports=false
from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql import DataFrame, functions
from pyspark.sql.types import ArrayType, ByteType, DoubleType, FloatType, IntegerType, LongType, StringType, StructField, StructType

from . import errors
from .hybrid import Hybrid
from .keyword import Keyword
from .preference import Preference
from .rfm import Rfm, RfmBase
from .segment import Segments
from .svm import Svm
from .table import Table
from .tokenizer import Tokenizer
from .tree import Tree

__all__ = ["classify", "keywords", "preference", "rfm", "score", "tokenize"]

Batch = Callable[[Any, Any], "list[Any]"]  # model, record batch -> arrays of the columns to add
TEXTS = (StringType,)
_loaded: dict[str, Any] = {}  # of this worker process


# ---- Models on their way ---------------------------------------------------------

class _Shipped:
    """A model on its way to the workers: the name of its file, a pickle, as that holds its tokenizer and options too."""

    def __init__(self, df: DataFrame, model: Any) -> None:
        data = pickle.dumps(model)
        self.name = f"kehu-{hashlib.sha256(data).hexdigest()[:32]}.model"
        if self.name not in _sent(df):
            folder = tempfile.mkdtemp(prefix="kehu-")
            path = os.path.join(folder, self.name)
            with open(path, "wb") as file:
                file.write(data)
            df.sparkSession.sparkContext.addFile(path)

    def open(self) -> Any:
        """The model, read once a process. Fails with KehuNotFoundError where the file did not come along."""
        if self.name not in _loaded:
            path = SparkFiles.get(self.name)
            if not os.path.exists(path):
                raise errors.KehuNotFoundError(f"the model file {self.name} is not on this worker")
            with open(path, "rb") as file:
                _loaded[self.name] = pickle.load(file)
        return _loaded[self.name]


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
        answers = kept.predict(texts, probabilities=True) if isinstance(kept, Svm) else kept.predict(texts)
        arrays = [_array(answers["class"], pa.string()), pa.array(answers["probability"])]
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

def score(df: DataFrame, model: Tree) -> DataFrame:
    """Add `probability_<class>` for each class of a tree; its features are columns of the frame."""
    names = model.features
    for name in names:
        _check(df, name)
    added = [StructField(f"probability_{name}", DoubleType()) for name in model.classes]

    def batch(kept: Any, rows: Any) -> list[Any]:
        table = pa.table(kept.score(pa.RecordBatch.from_arrays([rows.column(n) for n in names], names=list(names))))
        return [table.column(i).combine_chunks().cast(pa.float64()) for i in range(len(added))]

    return _with(df, model, added, batch)


def preference(df: DataFrame, model: Preference) -> DataFrame:
    """Add `class` (the most probable one), `probability` and `level` (its name) of a preference model; its features and
    the fields of its rules are columns of the frame."""
    added = [StructField("class", StringType()), StructField("probability", DoubleType()), StructField("level", StringType())]

    def batch(kept: Any, rows: Any) -> list[Any]:
        answers = kept.score(rows)
        return [_array(answers["class"], pa.string()), _array(answers["probability"], pa.float64()),
                _array(answers["level"], pa.string())]

    return _with(df, model, added, batch)


# ---- Recency, frequency, money ---------------------------------------------------

def _ranks(df: DataFrame, name: str, n: int, levels: int) -> list[int]:
    """The values of nearest rank at 1/levels, 2/levels, ...: exact, by counts of 65,536 buckets that narrow down on each."""
    least, most = df.agg(functions.min(name), functions.max(name)).first() or (0, 0)
    wanted = [-(-n * k // levels) for k in range(1, levels)]  # ranks, from 1
    found = [(int(least), rank) for rank in wanted]  # start of the bucket that holds it, rank within
    width = 16 * max(0, (int(most - least).bit_length() - 1) // 16)
    while width >= 0:
        value = functions.col(name) - functions.lit(int(least))
        rows = df.select(functions.shiftright(value, width).alias("bucket"))
        first = sorted({(start - int(least)) >> width for start, _ in found})
        near = functions.lit(False)
        for bucket in first:
            near = near | ((functions.col("bucket") >= bucket) & (functions.col("bucket") < bucket + 65536))
        counts = sorted((row[0], row[1]) for row in rows.where(near).groupBy("bucket").count().collect())
        found = [_narrow(counts, (start - int(least)) >> width, rank, width, int(least)) for start, rank in found]
        width -= 16
    return [start for start, _ in found]


def _narrow(counts: list[tuple[int, int]], first: int, rank: int, width: int, least: int) -> tuple[int, int]:
    for bucket, count in counts:
        if first <= bucket < first + 65536:
            if rank <= count:
                return least + (bucket << width), rank
            rank -= count
    raise errors.KehuDataError("the customers changed while they were counted: cache the frame")


def rfm(df: DataFrame, customer: str, time: str, amount: str, *, as_of: date, order: str | None = None, levels: int = 5,
        returns: str = "net", day_offset_minutes: int = 0, rules: Segments | str = "rfm_grid") -> tuple[DataFrame, Rfm]:
    """Transactions to one row a customer: customer, recency_days, orders, spend, R, F, M and segment; and the model.

    customer            column of text or whole numbers
    time, amount        dates or times; whole minor units
    order               equal ids of a customer are one order; None: each row is one
    levels, returns, day_offset_minutes, rules   as for kehu.rfm_table

    Spark brings each customer's rows together, every partition is summed up by kehu.RfmBase, and the cut points are the
    exact quantiles of all customers, counted in a few passes. The sums are cached: unpersist the frame when done.
    The model grades and explains as one that was fitted on all customers does; it has the edges without the counts, so
    its cuts() count nobody and drift() is not for it."""
    names = [customer, time, amount, *([] if order is None else [order])]
    for name in names:
        _check(df, name)
    key = df.schema[customer].dataType
    text = isinstance(key, StringType)
    fields = [StructField("customer", StringType() if text else LongType()),
              *(StructField(name, LongType()) for name in ("recency_days", "orders", "spend"))]

    def sums(batches: Iterator[Any]) -> Iterator[Any]:
        base = RfmBase(as_of, returns=returns, day_offset_minutes=day_offset_minutes)
        for rows in batches:
            base.add(rows.column(customer), rows.column(time), rows.column(amount).cast(pa.int64()),
                     None if order is None else rows.column(order))
        if base.counts.customers > base.counts.only_returned:
            table = pa.table(base.finish())
            kinds = [pa.string() if text else pa.int64(), pa.int64(), pa.int64(), pa.int64()]
            yield from table.cast(pa.schema(list(zip([f.name for f in fields], kinds)))).to_batches()

    customers = df.select(*names).repartition(functions.col(customer)).mapInArrow(sums, StructType(fields)).cache()
    n = customers.count()
    if n == 0:
        raise errors.KehuEmptyError("no purchase in the window")
    model = Rfm.fit(None, edges={f.name: _ranks(customers, f.name, n, levels) for f in fields[1:]})
    table_of_rules = rules if isinstance(rules, Segments) else (Segments.builtin(rules) if "\n" not in rules and ":" not in rules
                                                                    else Segments.read(rules))
    return _graded(customers, model, table_of_rules), model


def _graded(customers: DataFrame, model: Rfm, rules: Segments) -> DataFrame:
    text, added = rules.text, [*(StructField(name, ByteType()) for name in "RFM"), StructField("segment", StringType())]

    def batch(kept: Any, rows: Any) -> list[Any]:
        made = Table(rows.select(["recency_days", "orders", "spend"]))
        grades = kept.grade(made)
        return [*(_array(grades[name], pa.int8()) for name in "RFM"),
                _array(Segments.read(text).assign_rfm(kept, made)["segment"], pa.string())]

    return _with(customers, model, added, batch)
