"""kehu: customer analytics inside your own program, with the C library of the same name.

Data goes in as lists, numpy, pandas, polars, pyarrow, DuckDB or files; results come out as light objects that any of
them takes back without copying. No package is needed.

>>> import kehu
>>> model = kehu.Svm.train(["网速慢", "断网了", "扣费错", "乱收费"], ["network", "network", "bill", "bill"], cost=1, word_max=3)
>>> model.predict(["网速太慢"]).labels
['network']
"""
from __future__ import annotations

from . import errors
from ._library import VERSION as __version__
from .bins import Bins
from .clv import Clv, ClvBase
from .csv import Csv, read_csv
from .demand import DemandMachine, Demands
from .duplicate import Duplicates, duplicate_fold
from .errors import (
    KehuArgumentError,
    KehuBusyError,
    KehuCancelledError,
    KehuClosedError,
    KehuColumnError,
    KehuDataError,
    KehuDuplicateError,
    KehuEmptyError,
    KehuEncodingError,
    KehuError,
    KehuFormatError,
    KehuIOError,
    KehuInternalError,
    KehuKindError,
    KehuLimitError,
    KehuMemoryError,
    KehuNotFoundError,
    KehuOneClassError,
    KehuPoisonedError,
    KehuRangeError,
    KehuStateError,
    KehuVersionError,
)
from .evaluate import calibration, compare, cross_validate, evaluate, evaluate_binary, fold_of, gains, learning_curve
from .features import features_find
from .gate import Gate
from .hybrid import Hybrid
from .kano import kano_classify, kano_need, kano_sum
from .keyword import Keyword
from .levels import Levels
from .linear import Libsvm, Linear, write_libsvm
from .need import needs_find, needs_words
from .preference import Preference
from .priority import Priority
from .redact import redact_find, redact_texts
from .report import Page, report
from .results import Matrix
from .rfm import Rfm, RfmBase, rfm_table
from .segment import Segments
from .sentiment import Sentiment
from .store import Scan, Snapshot, Store, Stream, pseudonym
from .summary import summary_find
from .svm import Svm
from .table import Column, Table
from .tokenizer import Tokenizer
from .topic import Topics
from .tree import Tree
from .trend import trends
from .words import words_find

__all__ = [
    "DemandMachine", "Demands", "Gate", "Priority", "kano_classify", "kano_need", "kano_sum", "needs_find", "needs_words", "trends",
    "Bins", "Clv", "ClvBase", "Column", "Csv", "Duplicates", "Hybrid", "Keyword", "Levels", "Libsvm", "Linear", "Matrix", "Page", "Preference",
    "Rfm", "RfmBase", "Scan", "Segments", "Sentiment", "Snapshot", "Store", "Svm", "Table", "Tokenizer", "Topics", "Tree", "compare", "cross_validate", "duplicate_fold", "errors", "evaluate",
    "calibration", "evaluate_binary", "features_find", "fold_of", "gains", "learning_curve", "read_csv", "redact_find", "redact_texts", "report", "rfm_table", "summary_find", "words_find", "write_libsvm", "__version__", "KehuArgumentError",
    "KehuBusyError", "KehuCancelledError", "KehuClosedError", "KehuColumnError", "KehuDataError", "KehuDuplicateError",
    "KehuEmptyError", "KehuEncodingError", "KehuError", "KehuFormatError", "KehuIOError", "KehuInternalError",
    "KehuKindError", "KehuLimitError", "KehuMemoryError", "KehuNotFoundError", "KehuOneClassError", "KehuPoisonedError",
    "KehuRangeError", "KehuStateError", "KehuVersionError",
]
