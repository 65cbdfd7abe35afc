/* Arbitrary bytes as a machine of statuses: what parses keeps its promises, and reads
 * back the same. */
#include <kehu/demand.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kehu_demand_machine *m = NULL;
    if (kehu_demand_machine_read(&m, data, size, NULL, NULL) != KEHU_OK) {
        if (m != NULL)
            abort();
        return 0;
    }
    const int32_t n = kehu_demand_machine_count(m);
    if (n < 1 || n > KEHU_DEMAND_MAX_STATUSES)
        abort();
    for (int32_t i = 0; i < n; i++) {
        const char *name = kehu_demand_machine_get_name(m, i);
        const uint32_t marks = kehu_demand_machine_get_marks(m, i);
        int32_t ways = 0;
        if (name == NULL || *name == '\0')
            abort();
        for (int32_t k = 0; k < n; k++) {
            ways += kehu_demand_machine_allows(m, i, k);
            if (k < i && strcmp(name, kehu_demand_machine_get_name(m, k)) == 0)
                abort();
        }
        /* A status that nothing follows is final. */
        if (ways == 0 && (marks & KEHU_DEMAND_FINAL) == 0)
            abort();
        if ((marks & KEHU_DEMAND_OPEN) != 0 && (marks & KEHU_DEMAND_SOLVED) != 0)
            abort();
    }
    kehu_demand_machine_free(m);
    return 0;
}
