"""Decision trees: from columns of numbers, dates and categories, with gaps anywhere, to a probability for each class, and
why (kehu/tree.h).

>>> import kehu
>>> columns = {"tenure": [float(i % 60) for i in range(300)], "plan": ["a", "b", "c"] * 100}
>>> left = ["yes" if t < 12 else "no" for t in columns["tenure"]]
>>> tree = kehu.Tree.train(columns, left)
>>> tree.classes
('no', 'yes')
>>> scores = tree.score({"tenure": [3, 50, None], "plan": ["a", "b", None]})
>>> scores[0, "yes"] > 0.9, scores[1, "yes"] < 0.1
(True, True)
>>> print(tree.explain(columns, 0, "yes")["condition"][0])
tenure < 11.5
"""
from __future__ import annotations

from ctypes import byref, c_char, c_char_p, c_double, c_size_t, c_uint32, c_void_p

from . import _abi, errors
from ._call import Model, Watch, call, choose, options, string, text as c_text, written
from ._columns import column, columns, texts as text_column, vector
from ._library import lib
from ._reasons import class_number
from .bins import Bins
from .results import Matrix, Part, Record, Result, numbers, room, view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

CRITERIA = ("auto", "entropy", "gini", "gain_ratio")
KINDS = ("single", "ensemble", "best", "distilled")
CALIBRATIONS = ("best", "none", "slope", "isotonic")


class TreeInfo(Record):
    """How the tree came about; see kehu_tree_info."""

    n_rows: int
    weight: float
    n_leaves: int
    depth: int
    criterion: str
    min_leaf_weight: float
    shrinkage: float
    cv_log_loss: float
    cut_penalty: float
    kind: str
    n_trees: int
    calibration: str


class Scores(Matrix):
    """[n][n_classes] probabilities, and if they were asked for

    leaves   [n] the leaf each row ends in
    unseen   by column, rows whose category was not in the training data
    missing  by column, rows without a value in a column that had none missing in training
    """

    leaves: memoryview[Any] | None = None
    unseen: dict[str, int] | None = None
    missing: dict[str, int] | None = None


class Path(Result):
    """Why a row has its probability: base + the sum of all changes is the score. A table of the splits from the root (of an
    ensemble: of the columns, the weightiest first, each with the condition that moved most):

    condition     in words
    feature       the column asked
    went_left, was_missing   0 or 1
    probability   of the class after the step
    change        what the step did to it
    node          the split's number
    """

    class_name: str
    base: float


class Recalibration(Record):
    """What was done to a tree's probabilities; see kehu_tree_recalibration."""

    n_rows: int
    method: str
    refused: bool
    slope: float
    log_loss_before: float
    log_loss_after: float


class TreeDrift(Record):
    """How far a population has moved: population stability index by column and by class."""

    features: dict[str, float]
    levels: dict[str, float]


def tree_options(*, kind: str | int = "single", criterion: str | int = "auto", max_leaves: int = 0, max_depth: int = 0, n_folds: int = 0,
                 min_leaf_weight: float = 0, shrinkage: float = 0, cut_penalty: float = 0, seed: int = 0,
                 class_weights: Sequence[float] | None = None, classes: Sequence[str] | None = None,
                 monotone: Sequence[int] | None = None, n_threads: int = 0) -> tuple[Any, Any]:
    """A kehu_tree_options and what keeps its parts alive."""
    opt = options(_abi.kehu_tree_options, kind=choose(kind, "kind", KINDS), criterion=choose(criterion, "criterion", CRITERIA), max_leaves=max_leaves, max_depth=max_depth,
                  n_folds=n_folds, n_threads=n_threads, min_leaf_weight=min_leaf_weight, shrinkage=shrinkage, seed=seed,
                  cut_penalty=cut_penalty)
    names = None if classes is None else text_column(list(classes), "classes")
    if names is not None:
        opt.classes = names._as_parameter_
    weights = None if class_weights is None else vector(class_weights, "d", "class_weights")
    if weights is not None:
        opt.class_weights, opt.n_class_weights = weights._as_parameter_, weights.n
    signs = None if monotone is None else vector(monotone, "b", "monotone")
    if signs is not None:
        opt.monotone, opt.n_monotone = signs._as_parameter_, signs.n
    return opt, (names, weights, signs)


def _signs(monotone: dict[str, int] | Sequence[int] | None, names: list[str]) -> Sequence[int] | None:
    """One sign a column, in the columns' order."""
    if not isinstance(monotone, dict):
        return monotone
    unknown = [name for name in monotone if name not in names]
    if unknown:
        raise errors.KehuColumnError(f"monotone names {unknown[0]!r}, which is no column")
    return [monotone.get(name, 0) for name in names]


class Tree(Model):
    """A trained scorer. Immutable: threads may share it. Columns are matched by name; further ones are ignored."""

    _prefix = "kehu_tree_"
    _free = lib.kehu_tree_free

    @classmethod
    def train(cls, columns_: Any, target: Any, *, row_ids: Any = None, weights: Any = None, kind: str | int = "single",
              criterion: str | int = "auto", max_leaves: int = 0, max_depth: int = 0, n_folds: int = 0, min_leaf_weight: float = 0, shrinkage: float = 0,
              cut_penalty: float = 0, seed: int = 0, class_weights: Sequence[float] | None = None, classes: Sequence[str] | None = None,
              monotone: dict[str, int] | Sequence[int] | None = None, n_threads: int = 0, progress: Any = None) -> Tree:
        """Learn a tree from named columns of n rows, or from Bins of them. Options that are 0 are left to the library.

        target           [n] text, whole numbers or bool: the class of each row
        row_ids          [n] rows with the same id share a fold; None: each row stands for itself
        weights          [n] finite and >= 0; rows of weight 0 are not looked at
        kind             "single" tree, to be read as a whole, with a score for each leaf, so that many rows tie: to rank rows,
                         rather "best"; "ensemble": boosted trees added up, which have no leaves or rules; "best":
                         whichever has the lower cross-validated log-loss; "distilled": one tree that learns from an ensemble's
                         probabilities, where that has the lower cross-validated log-loss, else as "single"
        criterion        "auto" (by cross-validation), "entropy", "gini", "gain_ratio"
        max_leaves       2 to 65536;  max_depth  1 to 64 splits on a path, 0: 30
        n_folds          2 to 20, 0: 5; 1: no cross-validation, the tree takes all leaves it may
        min_leaf_weight  least rows in a leaf; 0: chosen
        shrinkage, cut_penalty   see kehu_tree_options; 0: chosen, below 0: none
        class_weights    one a class, finite and > 0
        classes          all class names, in the order wanted; None: those of the target, sorted
        monotone         by column, of two classes: 1 if the second may never get less probable as the column's value rises,
                         -1 if never more; 0, or not named, if it is free

        Fails with KehuColumnError, KehuDuplicateError (a name twice), KehuOneClassError, KehuEmptyError, KehuDataError (a
        target missing: .where is the row; no column with two values), KehuRangeError (weights), KehuArgumentError."""
        inputs = columns_ if isinstance(columns_, Bins) else columns(columns_)
        names = list(inputs.features) if isinstance(inputs, Bins) else [string(c.name) for c in inputs.structs]
        wanted = column(target, "target")
        ids, weighted = (None if c is None else column(c, name) for c, name in ((row_ids, "row_ids"), (weights, "weights")))
        opt, _keep = tree_options(kind=kind, criterion=criterion, max_leaves=max_leaves, max_depth=max_depth, n_folds=n_folds,
                                  min_leaf_weight=min_leaf_weight, shrinkage=shrinkage, cut_penalty=cut_penalty, seed=seed,
                                  class_weights=class_weights, classes=classes, n_threads=n_threads,
                                  monotone=_signs(monotone, names))
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            others = wanted.struct, ids and ids.struct, weighted and weighted.struct, opt
            if isinstance(inputs, Bins):
                call(lib.kehu_tree_train_bins, byref(out), inputs._own(), *others)
            else:
                call(lib.kehu_tree_train, byref(out), inputs.structs, inputs.n, *others)
        return cls._adopt(out)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in order."""
        return self._once("_classes", self._read_classes)

    def _read_classes(self) -> tuple[str, ...]:
        owner = self._own()
        return tuple(string(lib.kehu_tree_class_name(owner, i)) for i in range(lib.kehu_tree_class_count(owner)))

    @property
    def features(self) -> tuple[str, ...]:
        """The columns trained on."""
        return self._once("_features", self._read_features)

    def _read_features(self) -> tuple[str, ...]:
        owner = self._own()
        return tuple(string(lib.kehu_tree_feature_name(owner, i)) for i in range(lib.kehu_tree_feature_count(owner)))

    @property
    def n_leaves(self) -> int:
        return int(lib.kehu_tree_leaf_count(self._own()))

    def score(self, columns_: Any, *, leaves: bool = False, unseen: bool = False, missing: bool = False, n_threads: int = 0) -> Scores:
        """Probability of every class for every row: Scores [n][n_classes], with leaves, unseen and missing where True.

        Fails with KehuColumnError (a column missing, twice, or of another type)."""
        owner, inputs, names, features = self._own(), columns(columns_), self.classes, self.features
        n = inputs.rows
        opt, found = options(_abi.kehu_tree_score_options, n_threads=n_threads), room("d", n * len(names))
        rows = room("I", n) if leaves else None
        counts = {name: room("q", len(features)) for name, wanted in (("unseen", unseen), ("missing", missing)) if wanted}
        for name, array in [*counts.items(), *([("leaves", rows)] if rows is not None else [])]:
            setattr(opt, name, array)
        call(lib.kehu_tree_score, owner, inputs.structs, inputs.n, found, opt)
        scores = Scores(found, "d", n, names)
        scores.leaves = None if rows is None else view(rows, "I", n)
        for name, array in counts.items():
            setattr(scores, name, dict(zip(features, view(array, "q", len(features)).tolist())))
        return scores

    def score_row(self, row: dict[str, Any]) -> dict[str, float]:
        """The same for one row given by value: numbers (dates as in training: days or microseconds), texts, None. Much
        quicker than score() of one row."""
        owner, features, names = self._own(), self.features, self.classes
        values, texts = (c_double * len(features))(), (c_char_p * len(features))()
        for i, name in enumerate(features):
            value = row.get(name)
            if isinstance(value, str):
                texts[i] = c_text(value, name)
                values[i] = float("nan")
            else:
                values[i] = float("nan") if value is None else value
        found = (c_double * len(names))()
        call(lib.kehu_tree_score_row, owner, values, texts, found)
        return dict(zip(names, found))

    def drift(self, columns_: Any) -> TreeDrift:
        """How far a population has moved from the one the tree was trained on: 0 not at all, 0.1 is worth a look, 0.25 an
        alarm. Fails with KehuEmptyError."""
        owner, inputs, features, names = self._own(), columns(columns_), self.features, self.classes
        moved, levels = (c_double * len(features))(), (c_double * len(names))()
        call(lib.kehu_tree_drift, owner, inputs.structs, inputs.n, moved, levels)
        return TreeDrift(None, features=dict(zip(features, moved)), levels=dict(zip(names, levels)))

    def explain(self, columns_: Any, row: int, class_name: str | None = None) -> Path:
        """Why a row has its probability of a class (None: the most probable one)."""
        owner, inputs, names, features = self._own(), columns(columns_), self.classes, self.features
        number = class_number(names, class_name)
        if number < 0:
            if not 0 <= row < inputs.rows:
                raise errors.KehuArgumentError(f"row is {row}, expected 0 to {inputs.rows - 1}")
            scores = self.score(inputs)[row]
            number = scores.index(max(scores))
        capacity = max(self.info.depth, len(features))
        steps, n, base = (_abi.kehu_tree_step * capacity)(), c_uint32(), c_double()
        call(lib.kehu_tree_explain, owner, inputs.structs, inputs.n, row, number, steps, capacity, byref(n), byref(base))
        found = steps[:n.value]
        made = Path(len(found), [
            Part("condition", "text", [self._condition(owner, s) for s in found]),
            Part("feature", "text", [features[s.feature] for s in found]),
            *(numbers(name, code, [getattr(s, name) for s in found]) for name, code in
              (("went_left", "i"), ("was_missing", "i"), ("probability", "d"), ("change", "d"), ("node", "I")))])
        made.class_name, made.base = names[number], base.value
        return made

    def _condition(self, owner: Any, step: Any) -> str:
        needed, text = c_size_t(), (c_char * 256)()
        call(lib.kehu_tree_step_text, owner, step, text, len(text), byref(needed))
        if needed.value >= len(text):
            text = (c_char * (needed.value + 1))()
            call(lib.kehu_tree_step_text, owner, step, text, len(text), None)
        return text.value.decode("utf-8", "replace")

    def importance(self) -> dict[str, float]:
        """Each column's part of all gain of the splits; sums to 1, all 0 for a single leaf."""
        owner, features = self._own(), self.features
        parts = (c_double * len(features))()
        lib.kehu_tree_importance(owner, parts)
        return dict(zip(features, parts))

    def permute(self, columns_: Any, target: Any, *, n_repeats: int = 0, seed: int = 0, n_threads: int = 0) -> Result:
        """What each column is worth on these rows, best ones that training did not see: a table of feature, importance (by
        how much the mean log-loss rises when the column's values are dealt anew) and spread (its standard deviation over
        the n_repeats shuffles; 0: 5). Rows whose target is missing are not looked at."""
        owner, inputs, wanted, features = self._own(), columns(columns_), column(target, "target"), self.features
        opt = options(_abi.kehu_tree_permute_options, n_repeats=n_repeats, seed=seed, n_threads=n_threads)
        importance, spread = (c_double * len(features))(), (c_double * len(features))()
        call(lib.kehu_tree_permute, owner, inputs.structs, inputs.n, wanted.struct, opt, importance, spread)
        return Result(len(features), [Part("feature", "text", list(features)), numbers("importance", "d", list(importance)),
                                      numbers("spread", "d", list(spread))])

    def recalibrate(self, columns_: Any, target: Any, *, method: str | int = "best", n_folds: int = 0,
                    seed: int = 0) -> tuple[Tree, Recalibration]:
        """Put the probabilities right by fresh outcomes without training again: a new tree with the same splits, and what
        was done. Rows whose target is missing are not looked at.

        method   "best" (by cross-validation), "none", "slope" (Platt scaling, slope above 0), "isotonic"

        Where the outcomes run against the scores nothing is done, and .refused says so: train again."""
        owner, inputs, wanted = self._own(), columns(columns_), column(target, "target")
        opt = options(_abi.kehu_tree_recalibrate_options, method=choose(method, "method", CALIBRATIONS), n_folds=n_folds, seed=seed)
        out, found = c_void_p(), _abi.kehu_tree_recalibration()
        call(lib.kehu_tree_recalibrate, byref(out), owner, inputs.structs, inputs.n, wanted.struct, opt, found)
        return Tree._adopt(out), Recalibration(found, method=CALIBRATIONS[found.method], refused=bool(found.refused))

    def write_rules(self) -> str:
        """The tree for people: each leaf with its rows, its probabilities and its conditions."""
        return written(lib.kehu_tree_write_rules, self._own()).decode()

    def write_dump(self) -> str:
        """The tree for comparing versions: a line a node, all numbers exact."""
        return written(lib.kehu_tree_write_dump, self._own()).decode()

    def write_sql(self, quote: str = '"') -> str:
        """The tree for databases: a CASE expression a class, to stand after SELECT. quote: '"' or '`'."""
        if quote not in ('"', "`"):
            raise errors.KehuArgumentError(f"quote is {quote!r}, expected '\"' or '`'")
        return written(lib.kehu_tree_write_sql, self._own(), quote.encode()).decode()

    def write_onnx(self) -> bytes:
        """The tree as an ONNX model whose probabilities are the tree's to the last bit (an ensemble's but for the reader's
        rounding of sums): one input a column, by name, of shape [rows, 1], texts as strings ("" is missing) and everything
        else as doubles (NaN is missing; BOOL 0 or 1, dates in days, times in microseconds); outputs "probabilities" and
        "label". Fails with KehuEncodingError, KehuDuplicateError (a column called as an output)."""
        return written(lib.kehu_tree_write_onnx, self._own())

    @property
    def info(self) -> TreeInfo:
        """How the tree came about."""
        struct = _abi.kehu_tree_info()
        lib.kehu_tree_get_info(self._own(), struct)
        return TreeInfo(struct, criterion=CRITERIA[struct.criterion], kind=KINDS[struct.kind], calibration=CALIBRATIONS[struct.calibration])

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Tree>"
        info = self.info
        size = f"{self.n_leaves} leaves" if info.kind != "ensemble" else f"{info.n_trees} trees"
        return f"<Tree of {size} over {', '.join(self.features[:8])}: {', '.join(self.classes)}>"


