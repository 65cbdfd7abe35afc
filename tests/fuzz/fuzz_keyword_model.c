/* Arbitrary bytes as a keyword model file. The checksum keeps nearly all of them
 * out, so it is put right first; what is then accepted answers and explains. */
#include <kehu/keyword.h>

#include <stdint.h>
#include <stdlib.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const kehu_keyword *k)
{
    static const char text[] = "查询话费 bill wifi 断网\xff";
    kehu_keyword_match reasons[4];
    int64_t n;
    if (kehu_keyword_explain(k, text, (int64_t)sizeof text - 1, -1, reasons, 4, &n,
                             NULL) != KEHU_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *const repaired = repair_container(data, size);
    kehu_keyword *k;
    if (repaired != NULL &&
        kehu_keyword_read(&k, repaired, size, NULL, NULL) == KEHU_OK) {
        use(k);
        kehu_keyword_free(k);
    }
    free(repaired);
    return 0;
}
