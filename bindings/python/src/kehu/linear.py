"""Linear support vector machines over rows of numbers, in the file formats of LIBLINEAR and libsvm (kehu/linear.h).

>>> import kehu
>>> rows = [[1.0, 0.0], [0.9, 0.2], [0.0, 1.0], [0.1, 0.8]]
>>> model = kehu.Linear.train(rows, [1, 1, -1, -1])
>>> model.predict(rows).labels
[1, 1, -1, -1]
>>> data = kehu.Libsvm.read(b"1 1:1\\n-1 2:1\\n")
>>> model.predict(data).labels == data.labels
True
"""
from __future__ import annotations

from array import array
from ctypes import byref, c_void_p

from . import _abi, errors
from ._buffer import Buffer
from ._call import Handle, Model, Watch, call, choose, file_bytes, options, path_bytes, written
from ._columns import vector
from ._library import lib
from ._values import memory
from .results import Matrix, Part, Record, Result, room, view

LOSSES = ("squared_hinge", "hinge", "logistic", "crammer_singer")

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any


class Rows:
    """Compressed sparse rows as the library reads them: from a Libsvm, a scipy matrix (.indptr, .indices, .data), a dense
    numpy array or list of rows."""

    def __init__(self, data: Any, argument: str) -> None:
        self.keep: Any = data
        if isinstance(data, Libsvm):
            self.keep = data._own()
            self.struct = lib.kehu_libsvm_rows(self.keep).contents
            return
        if hasattr(data, "tocsr"):
            data = data.tocsr()
            data.sort_indices()
            parts = (data.indptr, data.indices, data.data)
            n, k = data.shape
        else:
            parts, n, k = _sparse(data, argument)
        starts, columns, values = (vector(part, code, f"{argument}.{what}") for part, code, what in
                                   zip(parts, "qIf", ("indptr", "indices", "data")))
        self.keep = starts, columns, values
        self.struct = _abi.kehu_sparse(n_rows=n, n_columns=k, starts=starts._as_parameter_, columns=columns._as_parameter_,
                                       values=values._as_parameter_)

    @property
    def n(self) -> int:
        return int(self.struct.n_rows)


def _sparse(data: Any, argument: str) -> tuple[tuple[Any, Any, Any], int, int]:
    if not isinstance(data, (list, tuple)):
        buffer = Buffer.of(data)
        if buffer is None or buffer.n_dimensions != 2:
            raise TypeError(f"{argument} is {type(data).__name__}, expected rows of numbers: a Libsvm, a scipy matrix, [n][k] numbers")
        data = memoryview(data).tolist()
    starts, columns, values = array("q", [0]), array("I"), array("f")
    width = len(data[0]) if data else 0
    for i, row in enumerate(data):
        if len(row) != width:
            raise errors.KehuColumnError(f"{argument} has {len(row)} numbers in row {i}, expected {width}", i)
        for j, v in enumerate(row):
            if v != 0:
                columns.append(j)
                values.append(v)
        starts.append(len(columns))
    return (starts, columns, values), len(data), width


class LinearAnswers(Result):
    """The answers to n rows: a table of label; margins a Matrix [n][n_classes] if asked for."""

    labels: list[int]
    margins: Matrix | None


class LinearInfo(Record):
    """How training went; all zero for a model from a file. See kehu_linear_info."""

    n_classes: int
    n_columns: int
    passes: int
    converged: int
    primal: float
    dual: float
    gap: float


class Linear(Model):
    """A trained classifier. Immutable: threads may share it. save() and write() give LIBLINEAR's text file.

    Rows are a Libsvm, a scipy sparse matrix, a numpy array of two dimensions or a list of rows."""

    _prefix = "kehu_linear_"
    _free = lib.kehu_linear_free

    @classmethod
    def train(cls, rows: Any, labels: Any = None, *, cost: float = 0, bias: float = 0, gap: float = 0,
              loss: str | int = "squared_hinge", weights: Any = None, seed: int = 0, n_threads: int = 0, progress: Any = None) -> Linear:
        """Train one-vs-rest, or as the loss says.

        labels   [n] whole numbers, equal ones are one class; None: those of a Libsvm
        cost     C, above 0; 0: 1
        bias     value of a constant feature; 0: 1, below 0: none
        gap      relative duality gap to stop at; 0: 1e-6 (1e-4 but with squared hinge)
        loss     "squared_hinge", "hinge", "logistic" or "crammer_singer" (hinge over all classes at once): LIBLINEAR's -s 1, 3, 0, 4
        weights  [n] factor on C for each row, >= 0

        Fails with KehuOneClassError, KehuEmptyError, KehuRangeError (a value not finite), KehuArgumentError."""
        if labels is None:
            if not isinstance(rows, Libsvm):
                raise TypeError("labels is None, which only a Libsvm can do without")
            labels = rows.labels
        made, named = Rows(rows, "rows"), vector(labels, "i", "labels")
        weighted = None if weights is None else vector(weights, "f", "weights")
        for given, name in ((named, "labels"), (weighted, "weights")):
            if given is not None and given.n != made.n:
                raise errors.KehuColumnError(f"{name} has {given.n} values where rows has {made.n}")
        opt = options(_abi.kehu_linear_options, cost=cost, bias=bias, gap=gap, loss=choose(loss, "loss", LOSSES), seed=seed, n_threads=n_threads)
        if weighted is not None:
            opt.weights = weighted._as_parameter_
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_linear_train, byref(out), made.struct, named, opt)
        return cls._adopt(out)

    @property
    def classes(self) -> tuple[int, ...]:
        """The labels, rising."""
        owner = self._own()
        return tuple(lib.kehu_linear_label(owner, i) for i in range(self.info.n_classes))

    def predict(self, rows: Any, *, margins: bool = False) -> LinearAnswers:
        """The label of the largest margin for each row; columns the model does not know are ignored."""
        owner, made, names = self._own(), Rows(rows, "rows"), self.classes
        n, k = made.n, len(names)
        labels, found = room("i", n), room("f", n * k) if margins else None
        call(lib.kehu_linear_predict, owner, made.struct, labels, found)
        answers = LinearAnswers(n, [Part("label", "i", labels)])
        answers.labels = view(labels, "i", n).tolist()
        answers.margins = None if found is None else Matrix(found, "f", n, tuple(map(str, names)))
        return answers

    @property
    def info(self) -> LinearInfo:
        """How training went."""
        struct = _abi.kehu_linear_info()
        lib.kehu_linear_get_info(self._own(), struct)
        return LinearInfo(struct)

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Linear>"
        info = self.info
        return f"<Linear of {info.n_classes} classes over {info.n_columns} columns>"


class Libsvm(Handle):
    """Labelled rows of a libsvm file."""

    _free = lib.kehu_libsvm_free

    @classmethod
    def load(cls, path: str | bytes | os.PathLike[Any]) -> Libsvm:
        """Read a file. Fails with KehuFormatError, KehuDataError, KehuRangeError (.where is the line, from 0)."""
        out = c_void_p()
        call(lib.kehu_libsvm_load, byref(out), path_bytes(path), None)
        return cls._adopt(out)

    @classmethod
    def read(cls, data: bytes) -> Libsvm:
        """The same from bytes."""
        data, out = file_bytes(data), c_void_p()
        call(lib.kehu_libsvm_read, byref(out), data, len(data), None)
        return cls._adopt(out)

    def __len__(self) -> int:
        return Rows(self, "self").n

    @property
    def n_columns(self) -> int:
        return int(Rows(self, "self").struct.n_columns)

    @property
    def labels(self) -> list[int]:
        """[n] the label of each row."""
        owner = self._own()
        from ctypes import addressof, c_int32
        n = len(self)
        if n == 0:
            return []
        return memory(owner, addressof(lib.kehu_libsvm_labels(owner).contents), 0, n, c_int32, "i").tolist()

    def write(self) -> bytes:
        """The rows as a libsvm file."""
        return write_libsvm(self, self.labels)

    def __repr__(self) -> str:
        return "<closed Libsvm>" if self.closed else f"<Libsvm of {len(self)} rows, {self.n_columns} columns>"


def write_libsvm(rows: Any, labels: Any) -> bytes:
    """Rows and their labels [n] as a libsvm file."""
    made, named = Rows(rows, "rows"), vector(labels, "i", "labels")
    if named.n != made.n:
        raise errors.KehuColumnError(f"labels has {named.n} values where rows has {made.n}")
    return written(lib.kehu_libsvm_write, made.struct, named)
