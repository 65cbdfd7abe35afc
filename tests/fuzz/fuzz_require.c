/* Arbitrary bytes as the condition on a scan's customers: a status; and whom it chooses
 * and whom its opposite chooses are all there are. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/snapshot.h"
#include "support/memory_io.h"

enum { CUSTOMERS = 4, MAX_SIZE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Customers 0 to 3 with the tags a, "b c" and 会员. */
static kehu_snapshot *tagged(void)
{
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .store_id = 7};
    const char *const tags[] = {"a", "b c", "会员"};
    const int32_t offsets[] = {0, 1, 2, 3, 4};
    const uint8_t bits[] = {0x3, 0x5, 0x6}, valid = 0x7;
    memory_io *m = memory_io_new();
    kehu_snapshot *snapshot;
    kehu_store *store;
    if (kehu__store_open(&store, "f", &options, memory_io_table(m), NULL) != KEHU_OK)
        abort();
    for (int k = 0; k < 3; k++) {
        const kehu_store_field field = {.name = tags[k], .type = KEHU_BOOL};
        const kehu_column columns[] = {{.name = "customer",
                                        .type = KEHU_UTF8,
                                        .length = CUSTOMERS,
                                        .data = "0123",
                                        .offsets = offsets},
                                       {.name = tags[k],
                                        .type = KEHU_BOOL,
                                        .length = CUSTOMERS,
                                        .data = &bits[k],
                                        .validity = &valid}};
        if (kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &field, NULL) != KEHU_OK ||
            kehu_store_add_customers(store, columns, 2, NULL, NULL) != KEHU_OK)
            abort();
    }
    if (kehu_snapshot_open(&snapshot, store, NULL, NULL) != KEHU_OK)
        abort();
    kehu_store_free(store);
    return snapshot;
}

/* How many customers it chooses, -1 when it is refused. */
static int64_t count(const kehu_snapshot *snapshot, const char *require)
{
    const kehu_scan_options options = {.size = sizeof options, .require = require};
    kehu_scan *scan;
    kehu_scan_batch batch;
    if (kehu_scan_open(&scan, snapshot, KEHU_STORE_CUSTOMERS, &options, NULL) != KEHU_OK)
        return -1;
    if (kehu_scan_next(scan, &batch, NULL) != KEHU_OK)
        abort();
    kehu_scan_free(scan);
    return batch.n_rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static kehu_snapshot *snapshot; /* made once */
    char require[MAX_SIZE + 1], opposite[MAX_SIZE + 8];
    int64_t n, others;
    if (snapshot == NULL)
        snapshot = tagged();
    size = size < MAX_SIZE ? size : MAX_SIZE;
    if (size > 0)
        memcpy(require, data, size);
    require[size] = '\0';
    snprintf(opposite, sizeof opposite, "not (%s)", require);
    n = count(snapshot, require);
    others = count(snapshot, opposite);
    if (n > CUSTOMERS || (n >= 0 && others >= 0 && n + others != CUSTOMERS))
        abort();
    return 0;
}
