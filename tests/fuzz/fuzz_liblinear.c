/* Arbitrary text as LIBLINEAR's model file: what is accepted predicts, and is the
 * same model when written and read again. */
#include <kehu/linear.h>

#include <stdlib.h>
#include <string.h>

#include "support/kept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t starts[2] = {0, 2};
    static const uint32_t columns[2] = {0, 3};
    static const float values[2] = {1, -0.5f};
    const kehu_sparse row = {1, 4, starts, columns, values};
    kehu_linear *model, *again;
    kept a = {0}, b = {0};
    const kehu_writer to_a = {keep, &a}, to_b = {keep, &b};
    int32_t label;
    if (kehu_linear_read(&model, data, size, NULL, NULL) != KEHU_OK)
        return 0;
    if (kehu_linear_predict(model, &row, &label, NULL, NULL) != KEHU_OK ||
        kehu_linear_write(model, &to_a, NULL) != KEHU_OK ||
        kehu_linear_read(&again, a.bytes, a.size, NULL, NULL) != KEHU_OK ||
        kehu_linear_write(again, &to_b, NULL) != KEHU_OK || a.size != b.size ||
        memcmp(a.bytes, b.bytes, a.size) != 0)
        abort();
    kehu_linear_free(model);
    kehu_linear_free(again);
    free(a.bytes);
    free(b.bytes);
    return 0;
}
