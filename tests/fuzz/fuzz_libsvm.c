/* Arbitrary text as a libsvm data file: what is accepted has rising columns and is
 * the same when written and read again. */
#include <kehu/linear.h>

#include <stdlib.h>
#include <string.h>

#include "support/kept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kehu_libsvm *rows, *again;
    kept text = {0};
    const kehu_writer writer = {keep, &text};
    const kehu_sparse *a, *b;
    size_t n;
    if (kehu_libsvm_read(&rows, data, size, NULL, NULL) != KEHU_OK)
        return 0;
    a = kehu_libsvm_rows(rows);
    n = (size_t)a->starts[a->n_rows];
    /* The writer checks that columns rise and values are finite. */
    if (kehu_libsvm_write(a, kehu_libsvm_labels(rows), &writer, NULL) != KEHU_OK ||
        kehu_libsvm_read(&again, text.bytes, text.size, NULL, NULL) != KEHU_OK)
        abort();
    b = kehu_libsvm_rows(again);
    if (a->n_rows != b->n_rows || a->n_columns != b->n_columns ||
        memcmp(a->starts, b->starts, (size_t)(a->n_rows + 1) * sizeof *a->starts) != 0 ||
        (n > 0 && (memcmp(a->columns, b->columns, n * sizeof *a->columns) != 0 ||
                   memcmp(a->values, b->values, n * sizeof *a->values) != 0)))
        abort();
    kehu_libsvm_free(rows);
    kehu_libsvm_free(again);
    free(text.bytes);
    return 0;
}
