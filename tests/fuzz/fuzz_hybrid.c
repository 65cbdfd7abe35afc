/* Arbitrary bytes as a hybrid's model file, its own checksum put right; what is then
 * accepted answers. */
#include <kehu/hybrid.h>

#include <stdint.h>
#include <stdlib.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const kehu_hybrid *h)
{
    static const char text[] = "查询话费 bill wifi 断网\xff";
    const int32_t offsets[2] = {0, (int32_t)sizeof text - 1};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 1, .data = text, .offsets = offsets};
    int32_t class_number = -2;
    uint8_t by = 0;
    if (kehu_hybrid_predict(h, &texts, NULL, &class_number, &by, NULL, NULL) != KEHU_OK ||
        class_number < -1 ||
        class_number >= kehu_keyword_class_count(kehu_hybrid_keyword(h)) ||
        (by != KEHU_HYBRID_KEYWORD && by != KEHU_HYBRID_SVM))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *const repaired = repair_container(data, size);
    kehu_hybrid *h;
    if (repaired != NULL && kehu_hybrid_read(&h, repaired, size, NULL, NULL) == KEHU_OK) {
        use(h);
        kehu_hybrid_free(h);
    }
    free(repaired);
    return 0;
}
