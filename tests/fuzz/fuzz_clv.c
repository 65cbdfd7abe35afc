/* Arbitrary bytes as a fitted model: what is read scores within its range. The
 * bytes also stand as the payload alone, past the checksum. */
#include <kehu/clv.h>

#include <math.h>
#include <stdlib.h>

#include "file/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const void *bytes, size_t size)
{
    static const double x[3] = {0, 2, 5}, tx[3] = {0, 7, 10}, t[3] = {10, 10, 10},
                        m[3] = {0, 12.5, 3};
    const kehu_clv_columns c = {3, x, tx, t, m, NULL};
    double out[3];
    kehu_clv *clv = NULL;
    kehu_clv_fit_report f;
    if (kehu_clv_read(&clv, bytes, size, NULL, NULL) != KEHU_OK)
        return;
    kehu_clv_get_fit(clv, &f);
    if (f.model == KEHU_GAMMA_GAMMA) {
        if (kehu_clv_spend(clv, &c, out, NULL) == KEHU_OK)
            for (int i = 0; i < 3; i++)
                if (!(out[i] >= 0))
                    abort();
    } else if (kehu_clv_alive(clv, &c, out, NULL) == KEHU_OK) {
        for (int i = 0; i < 3; i++)
            if (!(out[i] >= 0 && out[i] <= 1))
                abort();
    }
    kehu_clv_free(clv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kehu_allocator a = kehu__allocator(NULL);
    const kehu__section section = {"CLVM", data, size};
    kehu__buffer b = kehu__buffer_new(&a);
    use(data, size);
    kehu__container_build(&b, "CLV1", &section, 1);
    use(b.bytes, b.size);
    kehu__buffer_free(&b);
    return 0;
}
