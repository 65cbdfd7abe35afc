/* Keep events, look at one customer, forget that customer.
 * The folder is made if it is not there. */
#include <kehu/store.h>

#include <stdio.h>

static kehu_status add_events(kehu_store *store, kehu_error *err)
{
    const int32_t who[] = {0, 3, 6, 9};
    const int64_t when[] = {1700000000000000, 1700086400000000, 1700259200000000};
    const int64_t cents[] = {1990, 500, 12900};
    const kehu_column columns[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 3,
         .data = "C01C02C01",
         .offsets = who},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = 3, .data = when},
        {.name = "amount", .type = KEHU_INT64, .length = 3, .data = cents}};
    return kehu_store_add_events(store, columns, 3, NULL, err);
}

static kehu_status print_history(kehu_store *store, const char *who, kehu_error *err)
{
    const char *const wanted[] = {"time", "amount"};
    const kehu_scan_options options = {
        .size = sizeof options, .columns = wanted, .n_columns = 2};
    kehu_snapshot *now = NULL;
    kehu_scan *scan = NULL;
    kehu_scan_batch b = {.n_rows = 1};
    kehu_status status = kehu_snapshot_open(&now, store, NULL, err);
    if (status == KEHU_OK)
        status = kehu_scan_customer(&scan, now, KEHU_STORE_EVENTS, who, &options, err);
    while (status == KEHU_OK && b.n_rows > 0) {
        status = kehu_scan_next(scan, &b, err);
        for (int64_t i = 0; i < b.n_rows; i++)
            printf("%s: %lld cents at second %lld\n", who,
                   (long long)((const int64_t *)b.columns[1].data)[i],
                   (long long)((const int64_t *)b.columns[0].data)[i] / 1000000);
    }
    kehu_scan_free(scan);
    kehu_snapshot_free(now);
    return status;
}

int main(int argc, char **argv)
{
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_CREATE};
    const char *folder = argc > 1 ? argv[1] : "example.kehu";
    kehu_store *store = NULL;
    kehu_store_proof proof;
    kehu_error err;
    int bad = kehu_store_open(&store, folder, &options, &err) ||
              add_events(store, &err) || print_history(store, "C01", &err) ||
              kehu_store_erase(store, "C01", &err) ||
              kehu_store_purge(store, &proof, &err);
    if (bad)
        fprintf(stderr, "%s\n", err.message);
    else
        printf("%lld events erased for good\n", (long long)proof.event_rows);
    kehu_store_free(store);
    return bad;
}
