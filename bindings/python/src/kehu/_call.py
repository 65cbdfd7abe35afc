"""Calling the library: statuses to exceptions, progress, bytes out, handles and their lives."""
from __future__ import annotations

import os
import sys
from _thread import RLock
from ctypes import ArgumentError, byref, c_void_p, pointer, sizeof, string_at

from . import _abi, errors
from ._library import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _C = TypeVar("_C", bound="Called")
    _H = TypeVar("_H", bound="Handle")
    _M = TypeVar("_M", bound="Model")
    _T = TypeVar("_T")


def call(function: Any, *arguments: Any) -> None:
    """Call a function that returns a status and takes a kehu_error last."""
    err = _abi.kehu_error()
    try:
        status = function(*arguments, err)
    except ArgumentError as e:
        raise _wrong_type(function, arguments, e) from None
    if status:
        raise errors.from_status(status, err)


def _wrong_type(function: Any, arguments: Any, error: ArgumentError) -> TypeError:
    """What ctypes says of "argument 4", by its name."""
    number = str(error).split(":")[0].split(" ")[-1]
    if not number.isdigit() or function.__name__ not in _abi.FUNCTIONS:
        return TypeError(str(error))
    value = arguments[int(number) - 1]
    return TypeError(f"{_abi.FUNCTIONS[function.__name__][2][int(number) - 1]} is {value!r} of type {type(value).__name__}")


def text(value: str, argument: str) -> bytes:
    """A str as the bytes of a C string."""
    encoded = text_bytes(value, argument)
    if b"\0" in encoded:
        raise errors.KehuArgumentError(f"{argument} has a NUL at character {value.index(chr(0))}")
    return encoded


def text_bytes(value: str, argument: str = "text") -> bytes:
    """One text to work on, which may hold anything but surrogates."""
    if not isinstance(value, str):
        raise TypeError(f"{argument} is {type(value).__name__}, expected str")
    try:
        return value.encode()
    except UnicodeEncodeError as e:
        raise errors.KehuEncodingError(f"{argument} has the surrogate U+{ord(value[e.start]):04X} at character {e.start}") from None


def path_bytes(path: str | bytes | os.PathLike[Any]) -> bytes:
    found = os.fsencode(path)
    if b"\0" in found:
        raise errors.KehuArgumentError(f"path has a NUL at byte {found.index(0)}")
    return found


def file_bytes(data: Any) -> bytes:
    """What a file held. (bytes(7) would be seven zeros.)"""
    if isinstance(data, bytes):
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"data is {type(data).__name__}, expected bytes") from None


def string(value: bytes | None) -> str:
    return "" if value is None else value.decode("utf-8", "replace")


# Options


def choose(value: str | int, argument: str, names: tuple[str, ...]) -> int:
    """The number of a named choice; numbers go through to the library, which checks them."""
    if isinstance(value, int):
        return value
    if value in names:
        return names.index(value)
    raise errors.KehuArgumentError(f"{argument} is {value!r}, expected one of {', '.join(map(repr, names))}")


def yes_or_no(value: bool | None) -> int:
    """What validation decides (None, 0), or the caller: yes 1, no 2."""
    return 0 if value is None else 1 if value else 2


def options(struct: Any, **values: Any) -> Any:
    """An options struct; a value that its field cannot hold is refused by name."""
    made = struct(size=_SIZES[struct])
    for name, value in values.items():
        try:
            setattr(made, name, value)
        except TypeError as e:
            raise TypeError(f"{name} is {type(value).__name__}: {e}") from None
        if type(value) is int and getattr(made, name) != value:
            raise errors.KehuArgumentError(f"{name} is {value}, which its type cannot hold")
    return made


_SIZES: dict[Any, int] = {struct: sizeof(struct) for struct in _abi.STRUCTS.values()}


# Callbacks


def watch(progress: Any, n: int) -> Watch:
    """For n rows: nothing to watch where they are soon done."""
    return Watch(progress) if progress is not None or n >= _SOON_DONE else _NOTHING


_SOON_DONE = 2000


class Called:
    """Python code that the library calls in the middle of a call: what it raises comes out of that call.

    Ctrl-C may strike as a callback is entered, before its `try`: Python then drops it and lets the call go on as if the
    callback had returned 0. It says so to sys.unraisablehook, where it is picked up."""

    def __init__(self) -> None:
        self._failed: BaseException | None = None
        self._hook: Any = None

    def __enter__(self: _C) -> _C:
        import threading
        if threading.current_thread() is threading.main_thread():
            self._hook = sys.unraisablehook
            sys.unraisablehook = self._unraisable
        return self

    def _unraisable(self, found: Any) -> None:
        ours = getattr(found.object, "__self__", None) is self or "ctypes callback" in (found.err_msg or "")
        if ours and isinstance(found.exc_value, KeyboardInterrupt):
            self._failed = found.exc_value
        elif self._hook is not None:
            self._hook(found)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._hook is not None:
            sys.unraisablehook, self._hook = self._hook, None
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed


class Watch(Called):
    """The progress of one call: reports to `progress`, lets Ctrl-C through, carries exceptions out.

    progress  None; a callable of (done from 0 to 1, stage); a tqdm bar; or tqdm itself
    kept      the library keeps the pointer for later calls, so it stays good
    """

    def __init__(self, progress: Any, kept: bool = False) -> None:
        super().__init__()
        self._kept = kept
        self._close = None
        self._report = _reporter(progress)
        if isinstance(progress, type) and hasattr(progress, "update"):
            bar = progress(total=100)
            self._report, self._close = _reporter(bar), bar.close
        self.struct = _abi.kehu_progress(report=_REPORT(self._step))
        self.pointer: Any = pointer(self.struct)

    def _step(self, _: Any, done: float, stage: bytes) -> int:
        try:
            if self._failed is not None:
                return 1
            if self._report is not None:
                self._report(done, stage.decode())
            return 0
        except BaseException as e:
            self._failed = e
            return 1

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not self._kept:
            self.struct.report = _REPORT()  # the callback holds this object
            if self._close is not None:
                self._close()
        super().__exit__(kind, error, trace)


class _Nothing(Watch):
    """Shared by all calls that need no watching."""

    def __init__(self) -> None:
        self.pointer = None

    def __exit__(self, *_: Any) -> None:
        pass

    def __enter__(self) -> _Nothing:
        return self


_NOTHING = _Nothing()


def field_types(struct: Any) -> dict[str, Any]:
    """The type of each field of a struct, by name."""
    return {field[0]: field[1] for field in struct._fields_}


_REPORT = field_types(_abi.kehu_progress)["report"]
_WRITE = field_types(_abi.kehu_writer)["write"]


def _reporter(progress: Any) -> Callable[[float, str], object] | None:
    if progress is None or isinstance(progress, type):
        return None
    if hasattr(progress, "update") and hasattr(progress, "total"):  # a bar

        def report(done: float, stage: str) -> None:
            if progress.total is None:
                progress.total = 100
            if hasattr(progress, "set_description"):
                progress.set_description(stage, refresh=False)
            progress.update(done * progress.total - progress.n)

        return report
    if not callable(progress):
        raise TypeError(f"progress is {type(progress).__name__}, expected a callable of (done, stage) or a progress bar")
    return progress  # type: ignore[no-any-return]


class Pieces(Called):
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []

    def write(self, _: Any, data: int | None, size: int) -> int:
        try:
            if self._failed is None:
                self.kept.append(string_at(data, size) if data else b"")
        except BaseException as e:  # no room, Ctrl-C
            self._failed = e
        return self._failed is not None


def written(function: Any, *arguments: Any) -> bytes:
    """What a function gives to its writer, which is its last argument."""
    with Pieces() as pieces:
        call(function, *arguments, _abi.kehu_writer(_WRITE(pieces.write)))
    return b"".join(pieces.kept)


# Handles


class Owner(c_void_p):
    """A pointer and what frees it, once nobody holds it any more."""

    def __init__(self, pointer: int, free: Any, holds: Any) -> None:
        super().__init__(pointer)
        self._free, self._holds = free, holds

    def __del__(self) -> None:
        if self._free is not None:
            self._free(self)


def owned(pointer: int, free: Any, holds: Any = None) -> c_void_p:
    """A pointer with its owner behind it. A running call holds it, so nothing is freed under it; a part that is borrowed
    from another handle holds that one's. (ctypes takes a plain c_void_p in two thirds of the time that it takes for a
    subclass of it.)"""
    return c_void_p.from_buffer(Owner(pointer, free, holds))


class Handle:
    """What all objects of the library share: close(), `with`, and an error instead of use after close."""

    _free: Any = None
    _owner: c_void_p | None = None

    @classmethod
    def _adopt(cls: type[_H], pointer: Any, holds: Any = None) -> _H:
        """A new object around a pointer that is now its own."""
        self = cls.__new__(cls)
        self._owner = owned(pointer.value, cls._free, holds)
        return self

    @classmethod
    def _borrow(cls: type[_H], pointer: int, owner: c_void_p) -> _H:
        """A new object around a part of another one."""
        self = cls.__new__(cls)
        self._owner = owned(pointer, None, owner)
        return self

    def _own(self) -> c_void_p:
        owner = self._owner  # looked at once: another thread may close this
        if owner is None:
            raise errors.KehuClosedError(f"this {type(self).__name__} is closed")
        return owner

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._owner is None

    def close(self) -> None:
        """Release what the library holds, once calls that are running have ended. Further use is an error, closing
        again is not."""
        self._owner = None

    def __enter__(self: _H) -> _H:
        self._own()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{'closed ' if self.closed else ''}{type(self).__name__}>"


class Exclusive(Handle):
    """A handle for one thread at a time: calls from several wait for one another."""

    def __new__(cls, *_: Any, **__: Any) -> Any:
        self = super().__new__(cls)
        self._lock = RLock()
        return self

    _lock: Any

    def _take(self, pointer: c_void_p, holds: Any = None) -> None:
        """Own what the constructor has made."""
        assert pointer.value is not None
        self._owner = owned(pointer.value, self._free, holds)

    def _call(self, function: Any, *arguments: Any) -> None:
        """call(function, this handle, ...)"""
        with self._only():
            call(function, self._own(), *arguments)

    def _only(self) -> Alone:
        return Alone(self)

    def close(self) -> None:
        with self._only():
            self._owner = None


class Alone:
    """The right to use an Exclusive handle. A callback of a call in progress does not get it."""

    def __init__(self, handle: Exclusive) -> None:
        self._handle = handle

    def __enter__(self) -> None:
        handle = self._handle
        if handle._lock._is_owned():
            raise errors.KehuBusyError(f"this {type(handle).__name__} is in the middle of a call, which this one is made from")
        handle._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._handle._lock.release()


def read_again(kind: Any, *parts: Any) -> Any:
    """Unpickle. A function of its own, as cloudpickle takes a bound method apart and packs all it refers to."""
    return kind.read(*parts)


class Model(Handle):
    """A trained, immutable object that can be kept: as a file, as bytes, by pickle and copy. Threads may share it."""

    _prefix = ""

    def save(self, path: str | bytes | os.PathLike[Any]) -> None:
        """Keep it in a file, which is replaced as a whole or not at all."""
        call(getattr(lib, self._prefix + "save"), self._own(), path_bytes(path))

    @classmethod
    def load(cls: type[_M], path: str | bytes | os.PathLike[Any]) -> _M:
        """Get it back from a file, all of which is checked."""
        out = c_void_p()
        call(getattr(lib, cls._prefix + "load"), byref(out), path_bytes(path), None)
        return cls._adopt(out)

    def write(self) -> bytes:
        """The bytes that save() puts into a file: the same for the same model on every machine."""
        return written(getattr(lib, self._prefix + "write"), self._own())

    @classmethod
    def read(cls: type[_M], data: bytes) -> _M:
        """Get it back from bytes, all of which are checked."""
        data = file_bytes(data)
        out = c_void_p()
        call(getattr(lib, cls._prefix + "read"), byref(out), data, len(data), None)
        return cls._adopt(out)

    def _once(self, name: str, make: Callable[[], _T]) -> _T:
        """What never changes, asked of the library once."""
        self._own()
        if name not in self.__dict__:
            self.__dict__[name] = make()
        return self.__dict__[name]  # type: ignore[no-any-return]

    def __reduce__(self) -> Any:
        return read_again, (type(self), self.write())

    def __copy__(self: _M) -> _M:
        self._own()
        return self

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, Model)
        return self is other or self.write() == other.write()

    def __hash__(self) -> int:
        return hash(self.write())
