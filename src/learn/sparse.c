#include "learn/sparse.h"

#include <math.h>

static kehu_status check_row(const kehu__sparse *rows, int64_t i, kehu_error *err)
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
        KEHU_TRY(check_row(rows, i, err));
    return KEHU_OK;
}
