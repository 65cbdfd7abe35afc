/* data/reject.h - the list of rows that a reader left out, or of values. */
#ifndef KEHU_SRC_DATA_REJECT_H
#define KEHU_SRC_DATA_REJECT_H

#include "data/builder.h"
#include "data/column.h"

typedef struct kehu__rejects {
    kehu__builder builder; /* line, column, reason, value */
    int64_t count, most;   /* all of them; how many are listed */
} kehu__rejects;

/* most: listed at most. False when memory is refused. */
bool kehu__rejects_init(kehu__rejects *r, int64_t most, const kehu_allocator *alloc);

/* Add one; column NULL = the row as a whole. The value is cut to 40 bytes at a
 * whole character; bytes that are no UTF-8 become U+FFFD, control characters
 * blanks. False when memory is refused; nothing is counted then. */
bool kehu__rejects_add(kehu__rejects *r, int64_t line, const char *column,
                       const char *reason, kehu__text value);

/* Forget all but the first `count`. */
void kehu__rejects_rewind(kehu__rejects *r, int64_t count);

/* A copy of the list as a table. */
kehu_status kehu__rejects_table(const kehu__rejects *r, kehu_table **out,
                                kehu_error *err);

void kehu__rejects_free(kehu__rejects *r);

#endif
