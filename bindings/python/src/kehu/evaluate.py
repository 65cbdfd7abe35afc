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

from ctypes import c_char_p, pointer

from . import _abi, errors
from ._call import Called, call, choose, field_types, options, text, text_bytes, written
from ._columns import column, matrix, texts, vector
from ._library import lib
from ._values import values_of
from .results import Matrix, Part, Record, Result, listed, room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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

    def write(self, *, name: str = "", format: str | int = "table", comparison: McNemar | None = None) -> str:
        """The evaluation for people ("table") or as one line of JSON ("json"), with the name of the method and, if given,
        what compare() found."""
        k = len(self.classes)
        fields = {f[0]: getattr(self, f[0]) for f in _abi.kehu_evaluation._fields_}
        each = (_abi.kehu_class_evaluation * max(k, 1))(*(_abi.kehu_class_evaluation(
            **{f[0]: row[f[0]] for f in _abi.kehu_class_evaluation._fields_}) for row in self.classes.rows()))
        names = (c_char_p * max(k, 1))(*(text(n, "class") for n in self.classes["class"]))
        other = None if comparison is None else _abi.kehu_mcnemar(**comparison.to_dict())
        report = options(_abi.kehu_evaluation_report, format=choose(format, "format", FORMATS), n_classes=k)
        report.evaluation, report.classes, report.class_names = pointer(_abi.kehu_evaluation(**fields)), each, names
        report.confusion = self.confusion._values
        if name:
            report.name = text(name, "name")
        if other is not None:
            report.comparison = pointer(other)
        return written(lib.kehu_evaluation_write, report).decode()


FORMATS = ("table", "json")


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


class Validated(Result):
    """The answers of a cross-validation, as a table of answer; evaluate() and compare() take it as it is."""

    labels: list[Any]
    probabilities: Matrix | None


class _Learner(Called):
    """A Python function as the library wants a method; an exception in it stops the work and is raised again."""

    def __init__(self, learn: Callable[[list[int], list[int]], Any], classes: list[Any]) -> None:
        super().__init__()
        self._learn, self._classes = learn, classes
        self.struct = _abi.kehu_learner(learn=_LEARN(self._step))

    def _step(self, _: Any, known: Any, n_known: int, asked: Any, n_asked: int, answers: Any, probabilities: Any, err: Any) -> int:
        try:
            if self._failed is not None:
                return int(_abi.KEHU_CANCELLED)
            given = self._learn(known[:n_known], asked[:n_asked])
            labels = _values(given, "the answers of learn")
            if len(labels) != n_asked:
                raise errors.KehuColumnError(f"learn gave {len(labels)} answers to {n_asked} rows")
            for i, number in enumerate(_numbers(labels, self._classes, "the answers of learn", True)[:n_asked]):
                answers[i] = number
            if probabilities:
                self._copy(getattr(given, "probabilities", None), n_asked, probabilities)
            return 0
        except BaseException as e:
            self._failed = e
            return int(_abi.KEHU_CANCELLED)

    def _copy(self, found: Any, n: int, probabilities: Any) -> None:
        if not isinstance(found, Matrix):
            raise TypeError("learn gave no probabilities: what it returns needs a Matrix of this name, as predict(probabilities=True) gives")
        k, at = len(self._classes), {name: j for j, name in enumerate(map(str, self._classes))}
        for j, name in enumerate(found.columns):
            if name in at:
                for i in range(n):
                    probabilities[i * k + at[name]] = found[i, j]

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.struct.learn = _LEARN()  # the callback holds this object
        super().__exit__(kind, error, trace)


_LEARN = field_types(_abi.kehu_learner)["learn"]


def cross_validate(learn: Callable[[list[int], list[int]], Any], truth: Any, *, ids: Any = None, n_folds: int = 5, seed: int = 0,
                   classes: Sequence[str] | None = None, probabilities: bool = False) -> Validated:
    """Answer each of n rows by what was learned without its fold.

    learn          called with the rows to learn from and the rows to answer, both rising; gives the answers: class names
                   or numbers, or what predict() gave
    truth          [n] the classes; only their names are used here
    ids            [n] text whose bytes give a row its fold: ids, or the texts themselves; None: the row's number
    n_folds        2 to 1000
    probabilities  whether learn gives them and they are wanted

    >>> import kehu
    >>> texts = [f"网速{i}" for i in range(20)] + [f"扣费{i}" for i in range(20)]
    >>> truth = ["network"] * 20 + ["bill"] * 20
    >>> def learn(known, asked):
    ...     model = kehu.Svm.train([texts[i] for i in known], [truth[i] for i in known], cost=1)
    ...     return model.predict([texts[i] for i in asked])
    >>> kehu.evaluate(truth, kehu.cross_validate(learn, truth)).accuracy
    1.0
    """
    rows, made = _values(truth, "truth"), None if ids is None else texts(ids, "ids")
    names, n = _classes([rows], classes), len(rows)
    if made is not None:
        _same(n, len(made), "ids")
    answers, p = room("i", n), room("f", n * len(names)) if probabilities else None
    with _Learner(learn, names) as learner:
        call(lib.kehu_cross_validate, answers, p, None if made is None else made.struct, n, len(names), n_folds, seed, learner.struct)
    shown = list(map(str, names))
    found = Validated(n, [Part("answer", "i", answers, shown)])
    found.labels = [None if i < 0 else names[i] for i in answers[:n]]
    found.probabilities = None if p is None else Matrix(p, "f", n, shown)
    return found


def learning_curve(learn: Callable[[list[int], list[int]], Any], truth: Any, *, shares: Sequence[float] = (0.1, 0.25, 0.5, 1.0),
                   ids: Any = None, n_folds: int = 5, seed: int = 0, classes: Sequence[str] | None = None) -> Result:
    """How good is the method with fewer rows? A table of n_known and the figures of evaluate(), one row a share.

    shares  above 0, at most 1, of the rows outside fold 0, which is always asked; the rest as for cross_validate()"""
    rows, made = _values(truth, "truth"), None if ids is None else texts(ids, "ids")
    names, n = _classes([rows], classes), len(rows)
    if made is not None:
        _same(n, len(made), "ids")
    wanted = vector(list(shares), "d", "shares")
    steps = (_abi.kehu_learning_step * max(wanted.n, 1))()
    numbers_ = _numbers(rows, names, "truth", False)
    with _Learner(learn, names) as learner:
        call(lib.kehu_learning_curve, steps, wanted, wanted.n, numbers_, None if made is None else made.struct, n, len(names), n_folds, seed,
             learner.struct)
    found = steps[:wanted.n]
    figures = {f[0]: "q" if f[0].startswith("n") else "d" for f in _abi.kehu_evaluation._fields_}
    return Result(len(found), listed(found, n_known="q") + listed([s.evaluation for s in found], **figures))


def calibration(probabilities: Any, happened: Any, *, groups: Any = None, n_groups: int = 15) -> Result:
    """Do probabilities of yes mean what they say? A table of n, n_positive, mean_probability, observed_rate and the 95 %
    interval low, high, one row a group.

    groups    [n] the group of each row, such as its month: whole numbers 0 .. n_groups - 1, -1: not counted; None: bins of
              equal width over 0 to 1, which is the calibration curve

    >>> import kehu
    >>> kehu.calibration([0.1, 0.3, 0.8], [False, False, True], n_groups=2)["observed_rate"].to_list()
    [0.0, 1.0]
    """
    p, h = vector(probabilities, "d", "probabilities"), vector(happened, "B", "happened")
    _same(p.n, h.n, "happened")
    at = None if groups is None else vector(groups, "i", "groups")
    if at is not None:
        _same(p.n, at.n, "groups")
    rows = (_abi.kehu_calibration_row * max(n_groups, 1))()
    call(lib.kehu_calibration, rows, n_groups, p, h, at, p.n)
    return Result(n_groups, listed(rows, n="q", n_positive="q", mean_probability="d", observed_rate="d", low="d", high="d"))


def gains(probabilities: Any, happened: Any, *, n_groups: int = 10) -> Result:
    """How many of the yes are found among the rows of highest probability? A table of n, n_positive, gain and lift down to
    n_groups equal depths.

    >>> import kehu
    >>> kehu.gains([0.9, 0.1, 0.8, 0.2], [True, False, True, False], n_groups=2)["gain"].to_list()
    [1.0, 1.0]
    """
    p, h = vector(probabilities, "d", "probabilities"), vector(happened, "B", "happened")
    _same(p.n, h.n, "happened")
    rows = (_abi.kehu_gain_row * max(n_groups, 1))()
    call(lib.kehu_gains, rows, n_groups, p, h, p.n)
    return Result(n_groups, listed(rows, n="q", n_positive="d", gain="d", lift="d"))


def fold_of(row_id: str | bytes, *, seed: int, n_folds: int) -> int:
    """Fold 0 to n_folds - 1 of a row by its id (or by its text, which keeps equal texts together)."""
    data = row_id if isinstance(row_id, bytes) else text_bytes(row_id, "row_id")
    return int(lib.kehu_fold_of(data, len(data), seed, n_folds))
