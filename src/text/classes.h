/* text/classes.h - class names in byte order, and the numbers of a label column. */
#ifndef KEHU_SRC_TEXT_CLASSES_H
#define KEHU_SRC_TEXT_CLASSES_H

#include "base/buffer.h"
#include "base/error.h"
#include "data/column.h"
#include "file/container.h"

enum { KEHU__MAX_CLASSES = 65535, KEHU__MAX_CLASS_NAME = 65535 };

typedef struct kehu__classes {
    kehu_allocator alloc;
    uint32_t n;
    size_t n_bytes;
    char *bytes;     /* names one after another, each with a NUL */
    size_t *offsets; /* [n] */
} kehu__classes;

/* The classes of a checked text column, and numbers[length] of its rows. Fails with
 * KEHU_DATA (missing, empty, too long, with a NUL; err->where is the row),
 * KEHU_EMPTY (no rows), KEHU_ONE_CLASS, KEHU_LIMIT, KEHU_NO_MEMORY; *out is then
 * empty. */
kehu_status kehu__classes_from(kehu__classes *out, int32_t *numbers,
                               const kehu_column *labels, const kehu_allocator *alloc,
                               kehu_error *err);
void kehu__classes_free(kehu__classes *classes);

static inline const char *kehu__class_name(const kehu__classes *c, uint32_t k)
{
    return c->bytes + c->offsets[k];
}
/* Number of a name, -1 when there is none. */
int32_t kehu__class_find(const kehu__classes *classes, const char *name, size_t size);

/* The model file's section, and back with all of it checked. */
void kehu__classes_write(const kehu__classes *classes, kehu__buffer *to);
kehu_status kehu__classes_read(kehu__classes *out, const char *bytes, size_t size,
                               const char *name, const kehu_allocator *alloc,
                               kehu_error *err);

#endif
