/* Arbitrary bytes as a gate's model file, its own checksum put right; what is then
 * accepted works. */
#include <kehu/gate.h>

#include <stdint.h>
#include <stdlib.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const kehu_gate *g)
{
    static const char text[] = "免费中奖 bill wifi 开会\xff";
    const int32_t offsets[2] = {0, (int32_t)sizeof text - 1};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 1, .data = text, .offsets = offsets};
    kehu_table *t;
    if (kehu_gate_hold(&t, g, &texts, NULL) != KEHU_OK || kehu_table_row_count(t) > 1)
        abort();
    kehu_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *const repaired = repair_container(data, size);
    kehu_gate *g;
    if (repaired != NULL && kehu_gate_read(&g, repaired, size, NULL, NULL) == KEHU_OK) {
        use(g);
        kehu_gate_free(g);
    }
    free(repaired);
    return 0;
}
