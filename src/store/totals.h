/* store/totals.h - events summed up a customer, by walking over the rows or over the sums
 * that segments keep (sums.h). Both give the same. */
#ifndef KEHU_SRC_STORE_TOTALS_H
#define KEHU_SRC_STORE_TOTALS_H

#include "store/merge.h"
#include "store/pseudonym.h"
#include "store/require.h"
#include "store/sums.h"

typedef struct kehu__totals {
    const kehu_snapshot *snapshot;
    const kehu_scan_options *opt;
    kehu__range range;
    size_t kind_size;
    kehu__require *require; /* NULL for none */
    kehu__hmac key;
    bool pseudonyms;
    uint64_t hidden_until; /* of the current customer */
    bool begun;            /* the last row is the current customer's; its amount is sum */
    kehu__wide sum;
    kehu__vector customer, events, first, last, amount;
} kehu__totals;

/* Do the segments' sums say what these options ask for? Not when rows are left out that
 * are not all of a customer: by kind, time, sequence or source. */
bool kehu__totals_are_kept(const kehu_snapshot *snapshot, const kehu_scan_options *opt,
                           const kehu__range *range);

/* Append the customers of a range. Fails with KEHU_RANGE (a sum beyond 64 bits:
 * err->where is the row), KEHU_FORMAT, KEHU_IO, KEHU_NO_MEMORY. */
kehu_status kehu__totals_of_rows(kehu__totals *t, const kehu__range *range,
                                 kehu_error *err);
kehu_status kehu__totals_of_sums(kehu__totals *t, kehu_error *err);

/* A customer's row begins, and ends. */
bool kehu__totals_begin(kehu__totals *t, const char *key, uint32_t size, int64_t first);
kehu_status kehu__totals_end(kehu__totals *t, kehu_error *err);

#endif
