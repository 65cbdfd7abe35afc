/* store/require.h - the condition on a scan's customers: their tags and consents, with
 * and, or, not. See kehu_scan_options.require. */
#ifndef KEHU_SRC_STORE_REQUIRE_H
#define KEHU_SRC_STORE_REQUIRE_H

#include "store/merge.h"
#include "store/snapshot.h"

enum { KEHU__REQUIRE_OPS = 256, KEHU__REQUIRE_NAMES = 64 };

typedef struct kehu__require {
    kehu_allocator alloc;
    int16_t ops[KEHU__REQUIRE_OPS]; /* postfix: a name's number, or below 0 an operator */
    uint32_t n_ops, n_names;
    char *names[1 + KEHU__REQUIRE_NAMES];  /* the first is "customer", others owned */
    size_t sizes[1 + KEHU__REQUIRE_NAMES]; /* of their memory */
    bool of_nobody;                        /* what holds for customers without a row */
    kehu_scan *scan;                       /* of customers, goes along with the asking */
    kehu_scan_batch batch;
    int64_t row;
    bool ended;
} kehu__require;

/* Parse options->require and start a walk over the customers of the range in a snapshot,
 * which must outlive it. On
 * failure *out is NULL. */
kehu_status kehu__require_open(kehu__require **out, const kehu_snapshot *snapshot,
                               const kehu_scan_options *options, const kehu__range *range,
                               kehu_error *err);
void kehu__require_free(kehu__require *r);

/* Does it hold for this customer? Ids are asked for in rising order. A NULL condition
 * always holds. */
kehu_status kehu__require_holds(kehu__require *r, const char *key, uint32_t size,
                                bool *holds, kehu_error *err);

#endif
