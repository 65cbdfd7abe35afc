#include "learn/sparse.h"

#include <math.h>
#include <stdbool.h>

/* Without a branch for each entry: nearly all rows are sound. */
static bool is_sound(const kehu__sparse *rows, int64_t i)
{
    const int64_t n = rows->starts[i + 1] - rows->starts[i];
    const uint32_t *const columns = rows->columns + rows->starts[i];
    const float *const values = rows->values + rows->starts[i];
    bool bad = n < 0 || (n > 0 && columns[n - 1] >= rows->n_columns);
    for (int64_t j = 1; j < n; j++)
        bad |= columns[j] <= columns[j - 1];
    for (int64_t j = 0; j < n; j++)
        bad |= !(values[j] - values[j] == 0);
    return !bad;
}

/* What is wrong with a row that is not sound. */
static kehu_status explain_row(const kehu__sparse *rows, int64_t i, kehu_error *err)
{
    if (rows->starts[i + 1] < rows->starts[i])
        return kehu__fail(err, KEHU_ARGUMENT, i, "sparse row %lld has a negative length",
                          (long long)i);
    for (int64_t j = rows->starts[i]; j < rows->starts[i + 1]; j++) {
        if (rows->columns[j] >= rows->n_columns)
            return kehu__fail(err, KEHU_ARGUMENT, i,
                              "sparse row %lld has column %u of %u", (long long)i,
                              (unsigned)rows->columns[j], (unsigned)rows->n_columns);
        if (j > rows->starts[i] && rows->columns[j] <= rows->columns[j - 1])
            return kehu__fail(err, KEHU_ARGUMENT, i,
                              "sparse row %lld has column %u out of order", (long long)i,
                              (unsigned)rows->columns[j]);
        if (!isfinite(rows->values[j]))
            return kehu__fail(
                err, KEHU_RANGE, i,
                "sparse row %lld has a value that is not finite in column %u",
                (long long)i, (unsigned)rows->columns[j]);
    }
    return KEHU_OK;
}

kehu_status kehu__sparse_check(const kehu__sparse *rows, kehu_error *err)
{
    if (rows == NULL || rows->n_rows < 0 || rows->starts == NULL ||
        rows->starts[0] != 0 ||
        (rows->starts[rows->n_rows] > 0 &&
         (rows->columns == NULL || rows->values == NULL)))
        return kehu__fail(
            err, KEHU_ARGUMENT, -1,
            "sparse rows are NULL, negative in number or do not start at 0");
    for (int64_t i = 0; i < rows->n_rows; i++)
        if (!is_sound(rows, i))
            KEHU_TRY(explain_row(rows, i, err));
    return KEHU_OK;
}
