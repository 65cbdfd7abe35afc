"""How good are a classifier's answers, and is one method really better than another (kehu/evaluate.h)?

>>> import kehu
>>> e = kehu.evaluate(["a", "a", "b"], ["a", "b", "b"])
>>> round(e.accuracy, 3), e.classes["recall"].to_list()
(0.667, [0.5, 1.0])
>>> kehu.evaluate_binary([0.9, 0.2, 0.6], [True, False, True]).auc
1.0
>>> kehu.compare(["a"] * 9, ["a"] * 9, ["b"] * 9).p_value
0.00390625
>>> kehu.fold_of("customer 1", seed=0, n_folds=5) in range(5)
True
"""
from __future__ import annotations

from . import _abi, errors
from ._call import call, text_bytes
from ._columns import column, matrix, vector
from ._library import lib
from ._values import values_of
from .results import Matrix, Part, Record, Result, listed, room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Evaluation(Record):
    """Shares are 0 to 1, NaN where nothing can be divided by; see kehu_evaluation. classes is a table of each class's
    n_truth, n_answered, n_right, precision, recall and f1; confusion a Matrix of rows by truth (row) and answer (column,
    the last one for no answer)."""

    n: int
    n_answered: int
    n_right: int
    accuracy: float
    coverage: float
    precision: float
    macro_f1: float
    log_loss: float
    calibration_error: float
    classes: Result
    confusion: Matrix


class BinaryEvaluation(Record):
    """A score for yes or no; see kehu_binary_evaluation."""

    n: int
    n_positive: int
    auc: float
    log_loss: float
    brier: float
    calibration_error: float


class McNemar(Record):
    """McNemar's test of two methods on the same rows; see kehu_mcnemar."""

    both: int
    neither: int
    only_a: int
    only_b: int
    p_value: float


_MOST_NUMBERS = 4096  # beyond it numbers are names, or a stray one would ask for room for all below it


def _values(data: Any, argument: str) -> list[Any]:
    labels = getattr(data, "labels", None)
    if isinstance(labels, list):
        return labels
    made = column(data, argument)
    return values_of(made.keep, made.struct)


def _classes(lists: list[list[Any]], classes: Sequence[str] | None) -> list[Any]:
    if classes is not None:
        return list(classes)
    found = {v for values in lists for v in values if v is not None and v != -1}
    if found and all(isinstance(v, int) for v in found) and 0 <= min(found) and max(found) < _MOST_NUMBERS:
        return list(range(max(found) + 1))
    return sorted(found, key=str)


def _numbers(values: list[Any], classes: list[Any], argument: str, missing: bool) -> Any:
    known = {name: i for i, name in enumerate(classes)}
    made = room("i", len(values))
    for i, v in enumerate(values):
        number = -1 if missing and (v is None or v == -1) else known.get(v)
        if number is None:
            raise errors.KehuDataError(f"{argument} is {v!r} in row {i}, expected one of {', '.join(map(repr, classes[:20]))}", i)
        made[i] = number
    return made


def _same(n: int, m: int, argument: str) -> None:
    if n != m:
        raise errors.KehuColumnError(f"{argument} has {m} rows where truth has {n}")


def evaluate(truth: Any, answers: Any, *, classes: Sequence[str] | None = None, probabilities: Any = None) -> Evaluation:
    """Evaluate answers.

    truth          [n] class names, or class numbers from 0
    answers        the same, None or -1 for no answer; or what predict() gave
    classes        all classes, in order; None: those that occur, sorted
    probabilities  [n][n_classes], 0 to 1, in the order of classes

    Fails with KehuDataError (a class that is none of `classes`: .where is the row), KehuRangeError (a probability),
    KehuEmptyError."""
    lists = [_values(truth, "truth"), _values(answers, "answers")]
    n, names = len(lists[0]), _classes(lists, classes)
    k = len(names)
    _same(n, len(lists[1]), "answers")
    made = None if probabilities is None else matrix(probabilities, "f", "probabilities", k)
    if made is not None:
        _same(n, made.n, "probabilities")
    struct, each = _abi.kehu_evaluation(), (_abi.kehu_class_evaluation * max(k, 1))()
    confusion = room("q", k * (k + 1))
    call(lib.kehu_evaluate, struct, _numbers(lists[0], names, "truth", False), _numbers(lists[1], names, "answers", True), n, k, made,
         each, confusion)
    shown = list(map(str, names))
    table = Result(k, [Part("class", "text", shown), *listed(each[:k], n_truth="q", n_answered="q", n_right="q", precision="d", recall="d", f1="d")])
    return Evaluation(struct, classes=table, confusion=Matrix(confusion, "q", k, (*shown, "(none)")))


def evaluate_binary(probabilities: Any, happened: Any) -> BinaryEvaluation:
    """Evaluate probabilities[n] of yes, 0 to 1, against happened[n], bool or 0 and 1.
    Fails with KehuRangeError (.where is the row), KehuEmptyError."""
    p, h, struct = vector(probabilities, "d", "probabilities"), vector(happened, "B", "happened"), _abi.kehu_binary_evaluation()
    if p.n != h.n:
        raise errors.KehuColumnError(f"happened has {h.n} rows where probabilities has {p.n}")
    call(lib.kehu_evaluate_binary, struct, p, h, p.n)
    return BinaryEvaluation(struct)


def compare(truth: Any, a: Any, b: Any) -> McNemar:
    """Is one of two methods better on the same rows? truth, a, b as for evaluate(). Fails with KehuEmptyError."""
    lists = [_values(truth, "truth"), _values(a, "a"), _values(b, "b")]
    n, names, struct = len(lists[0]), _classes(lists, None), _abi.kehu_mcnemar()
    _same(n, len(lists[1]), "a")
    _same(n, len(lists[2]), "b")
    call(lib.kehu_compare, struct, _numbers(lists[0], names, "truth", False), _numbers(lists[1], names, "a", True),
         _numbers(lists[2], names, "b", True), n)
    return McNemar(struct)


def fold_of(row_id: str | bytes, *, seed: int, n_folds: int) -> int:
    """Fold 0 to n_folds - 1 of a row by its id (or by its text, which keeps equal texts together)."""
    data = row_id if isinstance(row_id, bytes) else text_bytes(row_id, "row_id")
    return int(lib.kehu_fold_of(data, len(data), seed, n_folds))
