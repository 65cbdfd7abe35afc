#include "data/reject.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum { LINE, COLUMN, REASON, VALUE, VALUE_BYTES = 40 };

bool kehu__rejects_init(kehu__rejects *r, int64_t most, const kehu_allocator *alloc)
{
    *r = (kehu__rejects){.builder = kehu__builder_new(alloc), .most = most};
    kehu__builder_add(&r->builder, "line", KEHU_INT64);
    kehu__builder_add(&r->builder, "column", KEHU_UTF8);
    kehu__builder_add(&r->builder, "reason", KEHU_UTF8);
    kehu__builder_add(&r->builder, "value", KEHU_UTF8);
    return r->builder.failed == KEHU_OK;
}

/* The start of a value as clean text; returns its size. */
static size_t clean(char to[VALUE_BYTES], kehu__text value)
{
    const char *p = value.bytes, *end = p + value.size;
    size_t n = 0;
    while (p < end) {
        char bytes[4];
        uint32_t c = kehu__utf8_next(&p, end);
        size_t size;
        if (c == KEHU__BAD_BYTE)
            c = 0xFFFD;
        else if (c < 0x20 || c == 0x7F)
            c = ' ';
        size = (size_t)kehu__utf8_put(bytes, c);
        if (n + size > VALUE_BYTES)
            break;
        memcpy(to + n, bytes, size);
        n += size;
    }
    return n;
}

bool kehu__rejects_add(kehu__rejects *r, int64_t line, const char *column,
                       const char *reason, kehu__text value)
{
    char found[VALUE_BYTES];
    kehu__builder *b = &r->builder;
    if (b->n_rows < r->most) {
        kehu__builder_integer(b, LINE, line);
        if (column == NULL)
            kehu__builder_missing(b, COLUMN);
        else
            kehu__builder_text(b, COLUMN, column, strlen(column));
        kehu__builder_text(b, REASON, reason, strlen(reason));
        kehu__builder_text(b, VALUE, found, clean(found, value));
        if (!kehu__builder_end_row(b)) {
            kehu__builder_retry(b);
            return false;
        }
    }
    r->count++;
    return true;
}

void kehu__rejects_rewind(kehu__rejects *r, int64_t count)
{
    const int64_t listed = count < r->most ? count : r->most;
    if (listed < r->builder.n_rows)
        kehu__builder_keep(&r->builder, listed);
    r->count = count;
}

kehu_status kehu__rejects_table(const kehu__rejects *r, kehu_table **out, kehu_error *err)
{
    const kehu__builder *b = &r->builder;
    kehu_column columns[4];
    for (size_t i = 0; i < 4; i++) {
        const kehu__builder_column *c = &b->columns[i];
        columns[i] = (kehu_column){.name = c->name,
                                   .type = c->type,
                                   .length = b->n_rows,
                                   .data = c->store.data,
                                   .offsets = c->store.offsets,
                                   .validity = c->store.validity};
    }
    return kehu_table_copy(out, columns, 4, &b->alloc, err);
}

void kehu__rejects_free(kehu__rejects *r)
{
    kehu__builder_free(&r->builder);
}
