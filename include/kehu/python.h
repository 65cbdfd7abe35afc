/* kehu/python.h - what the Python package leaves to C: texts out of a tuple of str,
 * and destructors of Arrow capsules, which must work while the interpreter ends.
 *
 * No Python header is needed: the package hands over the addresses of functions of
 * Python's stable interface. All of this is called with the interpreter's lock held
 * (ctypes.PyDLL). Other programs have no use for it. */
#ifndef KEHU_PYTHON_H
#define KEHU_PYTHON_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Functions and objects of the interpreter, with the names they have there. */
typedef struct kehu_python {
    void *none;                                       /* Py_None */
    void *(*tuple_item)(void *tuple, ptrdiff_t i);    /* PyTuple_GetItem */
    ptrdiff_t (*text_length)(void *text);             /* PyUnicode_GetLength */
    uint32_t *(*text_copy)(void *text, uint32_t *out, /* PyUnicode_AsUCS4 */
                           ptrdiff_t room, int with_nul);
    void *(*capsule_pointer)(void *capsule, const char *name); /* PyCapsule_GetPointer */
    const char *(*capsule_name)(void *capsule);                /* PyCapsule_GetName */
} kehu_python;

/* The texts of a tuple as a table of one text column, UTF8 or, above 2 GiB,
 * LARGE_UTF8. None is a missing value.
 *
 * tuple  holds n objects
 * name   of the column
 * alloc  NULL means the C library
 *
 * Fails with KEHU_DATA (an item that is no str: the interpreter's error is set then),
 * KEHU_ENCODING (a surrogate, which no UTF-8 has), err->where is the item;
 * KEHU_ARGUMENT, KEHU_NO_MEMORY. Time O(bytes). */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_python_texts(kehu_table **out, const kehu_python *python, void *tuple, int64_t n,
                  const char *name, const kehu_allocator *alloc, kehu_error *err);

/* Remember the functions for kehu_python_drop, once and for all: a capsule's
 * destructor is told nothing but the capsule. */
KEHU_API void kehu_python_start(const kehu_python *python);

/* A zeroed struct for a capsule called "arrow_schema", "arrow_array" or
 * "arrow_array_stream"; NULL for another name or when memory is refused. */
KEHU_API void *kehu_python_room(const char *name);

/* The destructor of a capsule around such a struct: releases what nobody took over,
 * and the struct. */
KEHU_API void kehu_python_drop(void *capsule);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_PYTHON_H */
