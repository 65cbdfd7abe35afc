"""The memory behind an object with the buffer protocol, by its address, without numpy."""
from __future__ import annotations

import sys
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_ssize_t, c_void_p, py_object, pythonapi, string_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _View(Structure):
    """Py_buffer of Python's stable interface."""

    _fields_ = [("buf", c_void_p), ("obj", c_void_p), ("len", c_ssize_t), ("itemsize", c_ssize_t), ("readonly", c_int),
                ("ndim", c_int), ("format", c_char_p), ("shape", POINTER(c_ssize_t)), ("strides", POINTER(c_ssize_t)),
                ("suboffsets", POINTER(c_ssize_t)), ("internal", c_void_p)]


_get: Any = pythonapi.PyObject_GetBuffer
_get.restype, _get.argtypes = c_int, [py_object, POINTER(_View), c_int]
_release: Any = pythonapi.PyBuffer_Release
_release.restype, _release.argtypes = None, [POINTER(_View)]
_C_CONTIGUOUS, _STRIDED, _WITH_FORMAT = 0x0038, 0x0018, 0x0004


class Buffer:
    """Contiguous memory that stays where it is as long as this object lives."""

    __slots__ = ("_view", "address", "length", "format", "item_bytes", "n_dimensions", "shape")

    def __init__(self, data: Any) -> None:
        view = _View()
        self._view = None
        _get(data, byref(view), _C_CONTIGUOUS | _WITH_FORMAT)
        self._view = view
        self.address = view.buf
        self.item_bytes = view.itemsize
        self.n_dimensions = view.ndim
        self.shape: tuple[int, ...] = tuple(view.shape[i] for i in range(view.ndim)) if view.shape else (view.len // (view.itemsize or 1),)
        self.length = self.shape[0] if self.shape else 1
        self.format = native(view.format.decode() if view.format else "B")

    def __del__(self) -> None:
        if self._view is not None:
            _release(byref(self._view))

    def bytes(self) -> bytes:
        return string_at(self.address, self._view.len) if self._view is not None else b""

    @classmethod
    def of(cls, data: Any) -> Buffer | None:
        """The memory of data, or of a copy where it has gaps; None when it has no buffer."""
        try:
            return cls(data)
        except (TypeError, BufferError, ValueError):
            pass
        try:
            view = memoryview(data)
        except (TypeError, ValueError, BufferError):
            return None
        if view.c_contiguous:
            return None
        copy = cls(view.tobytes())
        copy.shape, copy.length, copy.n_dimensions = view.shape or (), (view.shape or (1,))[0], view.ndim
        copy.format, copy.item_bytes = native(view.format), view.itemsize
        return copy


def native(format: str) -> str:
    """A format without its mark of byte order, if that is this machine's."""
    if format[:1] in ("@", "=", "<" if sys.byteorder == "little" else ">"):
        return format[1:]
    return format
