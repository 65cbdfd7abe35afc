"""kehu's models as scikit-learn estimators: for Pipeline, GridSearchCV, CalibratedClassifierCV and the like.

>>> from kehu.sklearn import KehuTextClassifier
>>> texts = ["网速太慢", "宽带断了", "信号不好", "话费扣错", "账单不对", "乱扣费用"]
>>> classifier = KehuTextClassifier(cost=1).fit(texts, ["network"] * 3 + ["bill"] * 3)
>>> classifier.predict(["宽带又断了", "扣费不对"]).tolist()
['network', 'bill']

Fitted estimators have the kehu model as model_, for what scikit-learn has no word for: reasons, rules, files. Parameters
have the names, meanings and defaults of the models' own options. This module needs scikit-learn (`pip install
kehu[sklearn]`); the rest of the package does not.
"""
from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, OneToOneFeatureMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from . import errors
from .keyword import Keyword
from .rfm import Rfm
from .svm import Svm
from .tokenizer import Tokenizer
from .tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["KehuKeywordClassifier", "KehuRFM", "KehuTextClassifier", "KehuTreeClassifier", "KehuVectorizer"]


def texts_of(X: Any) -> list[Any]:
    """A column of texts: a list, an array, a Series, or a frame or array of one column."""
    if isinstance(X, str):
        raise ValueError("X is one str, expected a column of texts; put it into a list")
    if hasattr(X, "shape") and len(X.shape) == 2:
        if X.shape[1] != 1:
            raise ValueError(f"X has {X.shape[1]} columns, expected one column of texts")
        X = np.asarray(X)[:, 0]
    return X.to_list() if hasattr(X, "to_list") else list(X)


class _Classifier(ClassifierMixin, BaseEstimator):
    """Class labels of any kind to the class names of the library and back."""

    model_: Any
    classes_: Any

    def _names_of(self, y: Any) -> list[str]:
        """Set classes_; the name of each y."""
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise errors.KehuOneClassError(f"y has {len(self.classes_)} class, expected two classes or more")
        names = [str(c) for c in self.classes_]
        return [names[i] for i in codes]

    def _order(self) -> Any:
        """For each of classes_ the number of its class in the model."""
        numbers = {name: i for i, name in enumerate(self.model_.classes)}
        return np.array([numbers[str(c)] for c in self.classes_])


class _TextClassifier(_Classifier):

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False, True
        return tags

    def _texts_and_names(self, X: Any, y: Any) -> tuple[list[Any], list[str]]:
        texts, names = texts_of(X), self._names_of(y)
        if len(texts) != len(names):
            raise ValueError(f"X has {len(texts)} texts, y has {len(names)} classes")
        return texts, names


class KehuTextClassifier(_TextClassifier):
    """A linear support vector machine over characters and words of short texts; see kehu.Svm."""

    def __init__(self, *, cost: float = 0, loss: str = "squared_hinge", n_folds: int = 0, gap: float = 0, char_max: int = 0,
                 latin_max: int = 0, word_max: int = 0, min_df: int = 0, max_terms: int = 0, fixed_terms: bool = False, max_bytes: int = 0,
                 balanced: bool = False, class_aware: bool | None = None, hash_bits: int = 0, tokenizer: Tokenizer | None = None,
                 seed: int = 0, n_threads: int = 0) -> None:
        self.cost = cost
        self.loss = loss
        self.n_folds = n_folds
        self.gap = gap
        self.char_max = char_max
        self.latin_max = latin_max
        self.word_max = word_max
        self.min_df = min_df
        self.max_terms = max_terms
        self.fixed_terms = fixed_terms
        self.max_bytes = max_bytes
        self.balanced = balanced
        self.class_aware = class_aware
        self.hash_bits = hash_bits
        self.tokenizer = tokenizer
        self.seed = seed
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> KehuTextClassifier:
        """Train on n texts and their classes; sample_weight [n] multiplies the cost of each text."""
        texts, names = self._texts_and_names(X, y)
        self.model_ = Svm.train(texts, names, weights=sample_weight, **self.get_params(deep=False))
        return self

    def decision_function(self, X: Any) -> Any:
        """Margins [n][n_classes]; of two classes [n], that of the second."""
        check_is_fitted(self)
        margins = np.asarray(self.model_.predict(texts_of(X), margins=True, n_threads=self.n_threads).margins)[:, self._order()]
        return margins[:, 1] if margins.shape[1] == 2 else margins

    def predict(self, X: Any) -> Any:
        """The class of the greatest margin for each text."""
        check_is_fitted(self)
        found = np.asarray(self.model_.predict(texts_of(X), n_threads=self.n_threads).numbers)
        return self.classes_[np.argsort(self._order())[found]]

    def predict_proba(self, X: Any) -> Any:
        """Calibrated probabilities [n][n_classes]."""
        check_is_fitted(self)
        return np.asarray(self.model_.predict(texts_of(X), probabilities=True, n_threads=self.n_threads).probabilities)[:, self._order()]


class KehuKeywordClassifier(_TextClassifier):
    """Keyword lists that people read and edit; see kehu.Keyword."""

    def __init__(self, *, keywords_per_class: int = 0, mode: str = "signed", min_df: int = 0, max_symbols: int = 0, cost: float = 0,
                 base: Keyword | None = None, seed: int = 0, n_threads: int = 0) -> None:
        self.keywords_per_class = keywords_per_class
        self.mode = mode
        self.min_df = min_df
        self.max_symbols = max_symbols
        self.cost = cost
        self.base = base
        self.seed = seed
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any) -> KehuKeywordClassifier:
        """Learn the keywords of n texts and their classes."""
        texts, names = self._texts_and_names(X, y)
        self.model_ = Keyword.train(texts, names, **self.get_params(deep=False))
        return self

    def decision_function(self, X: Any) -> Any:
        """Points [n][n_classes]; of two classes [n], what the second is ahead."""
        check_is_fitted(self)
        points = np.asarray(self.model_.predict(texts_of(X), scores=True, n_threads=self.n_threads).scores)[:, self._order()].astype(float)
        return points[:, 1] - points[:, 0] if points.shape[1] == 2 else points

    def predict(self, X: Any) -> Any:
        """The class with the most points for each text."""
        check_is_fitted(self)
        best = self.model_.predict(texts_of(X), n_threads=self.n_threads)["best"].to_list()
        return np.array([self._by_name()[name] for name in best], dtype=self.classes_.dtype)

    def _by_name(self) -> dict[str, Any]:
        return {str(c): c for c in self.classes_}


class KehuTreeClassifier(_Classifier):
    """A probability tree over numbers, categories and gaps; see kehu.Tree. X is an array of numbers (NaN: missing) or a
    data frame, whose columns of texts, categories, dates and bool are taken as what they are."""

    def __init__(self, *, kind: str = "single", criterion: str = "auto", max_leaves: int = 0, max_depth: int = 0, n_folds: int = 0,
                 min_leaf_weight: float = 0, shrinkage: float = 0, cut_penalty: float = 0, seed: int = 0, monotone: Any = None,
                 n_threads: int = 0) -> None:
        self.kind = kind
        self.criterion = criterion
        self.max_leaves = max_leaves
        self.max_depth = max_depth
        self.n_folds = n_folds
        self.min_leaf_weight = min_leaf_weight
        self.shrinkage = shrinkage
        self.cut_penalty = cut_penalty
        self.seed = seed
        self.monotone = monotone
        self.n_threads = n_threads

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any) -> KehuTreeClassifier:
        """Learn a tree from the columns of n rows and their classes."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        columns = self._columns(X, reset=True)
        names = self._names_of(y)
        self.model_ = Tree.train(columns, names, **self.get_params(deep=False))
        return self

    def predict(self, X: Any) -> Any:
        """The most probable class of each row."""
        check_is_fitted(self)
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """Probabilities [n][n_classes]."""
        check_is_fitted(self)
        return np.asarray(self.model_.score(self._columns(X, reset=False), n_threads=self.n_threads))[:, self._order()]

    def _columns(self, X: Any, reset: bool) -> dict[str, Any]:
        if hasattr(X, "columns") and not all(is_number(X[name]) for name in X.columns):
            validate_data(self, X, skip_check_array=True, reset=reset)
            return {str(name): X[name] for name in X.columns}
        array: Any = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)
        names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(array.shape[1])])
        return {str(name): np.ascontiguousarray(array[:, i]) for i, name in enumerate(names)}


def is_number(column: Any) -> bool:
    """Whether a column of a data frame holds numbers (bool is none)."""
    dtype = column.dtype
    return bool(dtype.is_numeric()) if hasattr(dtype, "is_numeric") else getattr(dtype, "kind", "O") in "iuf"


class KehuRFM(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Grades from exact quantiles: recency, frequency, money, and any further column of whole numbers; see kehu.Rfm.

    rule, levels  as for kehu.Rfm.fit
    low_is_good   names (or, of an array, numbers) of the columns whose small values get the high grades; None:
                  recency_days where a column is called so, else the first column

    X is [n][k] of whole numbers (money in minor units; others are rounded), of customers one a row. The output has the
    grades 1 (worst) to levels (best) in the same columns. cuts_ has what kehu.Rfm.cuts tells of each column."""

    def __init__(self, *, rule: str = "nearest_rank", levels: int = 5, low_is_good: Any = None) -> None:
        self.rule = rule
        self.levels = levels
        self.low_is_good = low_is_good

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def fit(self, X: Any, y: Any = None) -> KehuRFM:
        """Find the cut points of each column."""
        array = self._whole(X, reset=True)
        names = list(getattr(self, "feature_names_in_", range(array.shape[1])))
        chosen = self.low_is_good if self.low_is_good is not None else ["recency_days"] if "recency_days" in names else names[:1]
        unknown = [c for c in chosen if c not in names]
        if unknown:
            raise ValueError(f"low_is_good has {unknown[0]!r}, the columns are {names}")
        self.low_is_good_ = np.array([name in chosen for name in names])
        self.models_ = [Rfm.fit(_as_spend(column), rule=self.rule, levels=self.levels) for column in array.T]
        self.cuts_ = [model.cuts("spend") for model in self.models_]
        return self

    def transform(self, X: Any) -> Any:
        """The grades of customers, of this base or of a later one."""
        check_is_fitted(self)
        array = self._whole(X, reset=False)
        grades = np.column_stack([np.asarray(model.grade(_as_spend(column))["M"]) for model, column in zip(self.models_, array.T)])
        return np.where(self.low_is_good_, np.uint8(self.levels + 1) - grades, grades)

    def _whole(self, X: Any, reset: bool) -> Any:
        array: Any = validate_data(self, X, dtype="numeric", reset=reset)
        if array.dtype.kind == "f":
            array = np.rint(array)
            if array.size and np.abs(array).max() >= 2**63:
                raise ValueError("X has a number of 2^63 or more")
        return array.astype(np.int64)


def _as_spend(values: Any) -> dict[str, Any]:
    """A customer base of which only the one column says something."""
    nothing = np.zeros(len(values), dtype=np.int64)
    return {"recency_days": nothing, "orders": nothing, "spend": np.ascontiguousarray(values)}


class KehuVectorizer(TfidfVectorizer):
    """scikit-learn's TfidfVectorizer over the words that kehu finds in Chinese and other texts.

    words  the kehu.Tokenizer that finds them; None: Tokenizer.default()

    The other parameters are TfidfVectorizer's own; case and width are folded by the tokenizer's dictionary alone."""

    def __init__(self, *, words: Tokenizer | None = None, ngram_range: tuple[int, int] = (1, 1), stop_words: Any = None, max_df: float = 1.0,
                 min_df: float = 1, max_features: int | None = None, vocabulary: Any = None, binary: bool = False, dtype: Any = np.float64,
                 norm: str | None = "l2", use_idf: bool = True, smooth_idf: bool = True, sublinear_tf: bool = False,
                 lowercase: bool = True) -> None:
        own: dict[str, Any] = {"min_df": min_df, "norm": norm, "token_pattern": None}
        super().__init__(ngram_range=ngram_range, stop_words=stop_words, max_df=max_df, max_features=max_features, vocabulary=vocabulary,
                         binary=binary, dtype=dtype, use_idf=use_idf, smooth_idf=smooth_idf, sublinear_tf=sublinear_tf,
                         lowercase=lowercase, **own)
        self.words = words

    def build_tokenizer(self) -> Any:
        """The function that splits one text."""
        return (Tokenizer.default() if self.words is None else self.words).words
