"""Find the shared library, see that it is the one this package was made for, declare its functions."""
from __future__ import annotations

import ctypes
import os
import sys

from . import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = f"{_abi.KEHU_VERSION_MAJOR}.{_abi.KEHU_VERSION_MINOR}.{_abi.KEHU_VERSION_PATCH}"


def candidates() -> list[str]:
    """Where to look: what KEHU_LIBRARY says, and nothing else then; or beside this file."""
    chosen = os.environ.get("KEHU_LIBRARY")
    if chosen:
        return [chosen]
    names = {"win32": ["kehu.dll", "libkehu.dll"], "darwin": ["libkehu.dylib"]}.get(sys.platform, ["libkehu.so", "libkehu.so.0"])
    folder = os.path.dirname(os.path.abspath(__file__))
    return [os.path.join(folder, name) for name in names]


def load() -> tuple[str, ctypes.CDLL]:
    tried = []
    for path in candidates():
        try:
            return path, ctypes.CDLL(path)
        except OSError as e:
            tried.append(f"{path}: {e}")
    raise ImportError("cannot load the kehu library; tried\n  " + "\n  ".join(tried) +
                      "\nSet KEHU_LIBRARY to the path of libkehu, or install a wheel made for this platform.")


def declare(library: ctypes.CDLL, path: str) -> None:
    for name, (result, arguments, _) in _abi.FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{path} has no function {name}: it was built from other sources than this package of kehu {VERSION}") from None
        function.restype, function.argtypes = result, arguments


def check(library: Any, path: str) -> None:
    """The declarations fit the library, or an ImportError says what does not."""
    number, abi = library.kehu_version_number(), library.kehu_abi_number()
    if number // 100 != _abi.KEHU_VERSION_NUMBER // 100:
        raise ImportError(f"{path} is kehu {number // 10000}.{number // 100 % 100}.{number % 100}, this package is for {VERSION}")
    if abi != _abi.KEHU_ABI_NUMBER:
        raise ImportError(f"{path} has ABI number {abi}, this package is for {_abi.KEHU_ABI_NUMBER}")
    for name, struct in _abi.STRUCTS.items():
        size = library.kehu_struct_size(name.encode())
        if size != ctypes.sizeof(struct):
            raise ImportError(f"{path} has {name} of {size} bytes, this package is for {ctypes.sizeof(struct)}")


PATH, lib = load()
if TYPE_CHECKING:
    lib: Any  # type: ignore[no-redef]
declare(lib, PATH)
check(lib, PATH)

# The same library without giving the interpreter's lock away, for the few functions that call the interpreter.
locked: Any = ctypes.PyDLL(PATH)
for _name in ("kehu_python_texts", "kehu_python_start", "kehu_python_room"):
    getattr(locked, _name).restype, getattr(locked, _name).argtypes = _abi.FUNCTIONS[_name][:2]
