"""Tables across the Arrow PyCapsule interface, without any package: buffers are handed over, not copied."""
from __future__ import annotations

from ctypes import POINTER, addressof, byref, c_char_p, c_void_p, cast, memmove, py_object, pythonapi, sizeof

from . import _abi
from ._call import call, field_types, string
from ._library import lib, locked
from .errors import KehuMemoryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_new: Any = pythonapi.PyCapsule_New
_new.restype, _new.argtypes = py_object, [c_void_p, c_char_p, c_void_p]
_get: Any = pythonapi.PyCapsule_GetPointer
_get.restype, _get.argtypes = c_void_p, [py_object, c_char_p]


def _interpreter() -> Any:
    """The functions that the library calls, as kehu/python.h wants them."""
    fields = field_types(_abi.kehu_python)

    def address(field: str, name: str) -> Any:
        return cast(getattr(pythonapi, name), fields[field])

    return _abi.kehu_python(
        none=id(None), tuple_item=address("tuple_item", "PyTuple_GetItem"), text_length=address("text_length", "PyUnicode_GetLength"),
        text_copy=address("text_copy", "PyUnicode_AsUCS4"), capsule_pointer=address("capsule_pointer", "PyCapsule_GetPointer"),
        capsule_name=address("capsule_name", "PyCapsule_GetName"))


PYTHON = _interpreter()
locked.kehu_python_start(PYTHON)
_DROP = cast(lib.kehu_python_drop, c_void_p).value


def _capsule(name: bytes) -> tuple[Any, int]:
    """A capsule around a zeroed struct, whose destructor is C, and the struct's address."""
    room = locked.kehu_python_room(name)
    if room is None:
        raise KehuMemoryError("no memory for an Arrow struct")
    return _new(room, name, _DROP), room


def export_stream(function: Any, *arguments: Any) -> Any:
    """What a C function fills in as the stream that is its first argument."""
    capsule, room = _capsule(b"arrow_array_stream")
    call(function, cast(room, POINTER(_abi.ArrowArrayStream)), *arguments)
    return capsule


def export_schema(table: Any, child: int = -1) -> Any:
    capsule, room = _capsule(b"arrow_schema")
    _export(table, child, schema=room)
    return capsule


def export_array(table: Any, child: int = -1) -> tuple[Any, Any]:
    """Schema and array of a table, or of one of its columns."""
    (schema, schema_room), (array, array_room) = _capsule(b"arrow_schema"), _capsule(b"arrow_array")
    _export(table, child, schema_room, array_room)
    return schema, array


def _export(table: Any, child: int, schema: int, array: int = 0) -> None:
    if child < 0:
        call(lib.kehu_arrow_export, cast(schema, POINTER(_abi.ArrowSchema)),
             cast(array, POINTER(_abi.ArrowArray)) if array else None, table)
        return
    whole_schema, whole_array = _abi.ArrowSchema(), _abi.ArrowArray()
    call(lib.kehu_arrow_export, whole_schema, whole_array if array else None, table)
    _move(whole_schema.children[child].contents, schema)
    if array:
        _move(whole_array.children[child].contents, array)
        whole_array.release(whole_array)
    whole_schema.release(whole_schema)


def _move(struct: Any, room: int) -> None:
    """Take a child out of its parent, as the interface allows."""
    memmove(room, addressof(struct), sizeof(struct))
    struct.release = type(struct.release)()


def import_array(data: Any) -> Any:
    """A pointer to a new kehu_table from an object with __arrow_c_array__; memory stays the producer's."""
    schema, array = data.__arrow_c_array__()
    out = c_void_p()
    call(lib.kehu_arrow_import, byref(out), cast(_get(schema, b"arrow_schema"), POINTER(_abi.ArrowSchema)),
         cast(_get(array, b"arrow_array"), POINTER(_abi.ArrowArray)), None)
    return out


def import_stream(data: Any) -> tuple[list[Any], list[tuple[str, str]]]:
    """The same for each array of an object with __arrow_c_stream__; for a stream without arrays the names and Arrow
    formats of its columns."""
    capsule = data.__arrow_c_stream__()
    stream = cast(_get(capsule, b"arrow_array_stream"), POINTER(_abi.ArrowArrayStream))
    tables: list[Any] = []
    schema = _abi.ArrowSchema()
    try:
        while True:
            out = c_void_p()
            call(lib.kehu_arrow_next, byref(out), stream, None)
            if out.value is None:
                break
            tables.append(out)
        if tables or stream.contents.get_schema(stream, schema) != 0:
            return tables, []
        fields = [schema.children[i].contents for i in range(schema.n_children)] if schema.format == b"+s" else [schema]
        return [], [(string(f.name), "u" if f.dictionary else string(f.format)) for f in fields]
    except BaseException:
        for table in tables:
            lib.kehu_table_free(table)
        raise
    finally:
        if schema.release:
            schema.release(schema)
        del capsule
