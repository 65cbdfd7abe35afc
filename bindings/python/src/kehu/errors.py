"""What can go wrong: one class a status of the C library, all of them a KehuError.

Each has the message of the library, which names the argument, option, row, line or column and the value found, and

    code    the number of the status (0 for what the package itself refuses)
    status  its name, such as "DATA"
    where   the row, line or byte meant, from 0; -1 for none
    field   0: nothing sets it yet; the message names what is meant

In messages rows count from 0 like the items of a list, lines of a file from 1 as editors show them.

Where Python has a class of its own for such a mistake, the error is of that class too: a KehuNotFoundError is a
FileNotFoundError, a KehuDataError a ValueError.
"""
from __future__ import annotations

from . import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class KehuError(Exception):
    """The base of all errors of this package."""

    status = "UNKNOWN"

    def __init__(self, message: str, where: int = -1, field: int = 0, code: int = 0) -> None:
        super().__init__(message, where, field, code)
        self.message, self.where, self.field, self.code = message, where, field, code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.where, self.field, self.code)


class KehuMemoryError(KehuError, MemoryError):
    """Memory was refused."""


class KehuArgumentError(KehuError, ValueError):
    """An argument or option is outside its range."""


class KehuDataError(KehuError, ValueError):
    """A value in the input data is unusable."""


class KehuNotFoundError(KehuError, FileNotFoundError, LookupError):
    """No such file, customer, field, term or class."""


class KehuIOError(KehuError, OSError):
    """The operating system refused a read or a write."""


class KehuFormatError(KehuError, ValueError):
    """Not the expected file format, or damaged."""


class KehuVersionError(KehuFormatError):
    """A file or option comes from a newer kehu."""


class KehuKindError(KehuFormatError):
    """A sound kehu file, but of another kind of model."""


class KehuLimitError(KehuError, OverflowError):
    """A documented size limit would be exceeded."""


class KehuCancelledError(KehuError):
    """The work was stopped from outside."""


class KehuInternalError(KehuError, RuntimeError):
    """A bug in kehu; please report it."""


class KehuColumnError(KehuError, ValueError):
    """A needed column is missing, doubled or of another type."""


class KehuEncodingError(KehuError, ValueError):
    """Text is not valid in its character encoding."""


class KehuDuplicateError(KehuError, ValueError):
    """The same key twice where keys must differ."""


class KehuEmptyError(KehuError, ValueError):
    """No rows, or too few."""


class KehuOneClassError(KehuError, ValueError):
    """Training needs at least two classes."""


class KehuRangeError(KehuError, ValueError):
    """A number or date outside its allowed range."""


class KehuStateError(KehuError, RuntimeError):
    """The handle cannot do that now."""


class KehuBusyError(KehuStateError):
    """Another process, thread or handle is at it."""


class KehuPoisonedError(KehuStateError):
    """An earlier write failed: close the handle and open it again."""


class KehuClosedError(KehuStateError, ValueError):
    """Used after it was closed."""


BY_STATUS: dict[int, type[KehuError]] = {
    _abi.KEHU_NO_MEMORY: KehuMemoryError,
    _abi.KEHU_ARGUMENT: KehuArgumentError,
    _abi.KEHU_DATA: KehuDataError,
    _abi.KEHU_NOT_FOUND: KehuNotFoundError,
    _abi.KEHU_IO: KehuIOError,
    _abi.KEHU_FORMAT: KehuFormatError,
    _abi.KEHU_VERSION: KehuVersionError,
    _abi.KEHU_LIMIT: KehuLimitError,
    _abi.KEHU_CANCELLED: KehuCancelledError,
    _abi.KEHU_INTERNAL: KehuInternalError,
    _abi.KEHU_KIND: KehuKindError,
    _abi.KEHU_COLUMN: KehuColumnError,
    _abi.KEHU_ENCODING: KehuEncodingError,
    _abi.KEHU_DUPLICATE: KehuDuplicateError,
    _abi.KEHU_EMPTY: KehuEmptyError,
    _abi.KEHU_ONE_CLASS: KehuOneClassError,
    _abi.KEHU_BUSY: KehuBusyError,
    _abi.KEHU_POISONED: KehuPoisonedError,
    _abi.KEHU_RANGE: KehuRangeError,
}

for _code, _class in BY_STATUS.items():
    _class.status = next(n for n, v in _abi.ENUMS["kehu_status"].items() if v == _code)[len("KEHU_"):]


def from_status(status: int, err: Any) -> KehuError:
    """The error for a failed call: err is the kehu_error it filled in."""
    message = err.message.decode("utf-8", "replace")
    return BY_STATUS.get(status, KehuError)(message, err.where, err.field, status)
