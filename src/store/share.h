/* store/share.h - a part of a snapshot cut by customer, for several walks at once. */
#ifndef KEHU_SRC_STORE_SHARE_H
#define KEHU_SRC_STORE_SHARE_H

#include "store/merge.h"
#include "store/snapshot.h"

typedef struct kehu__share_keys {
    char first[KEHU__MAX_KEY + 1], last[KEHU__MAX_KEY + 1];
} kehu__share_keys;

/* Narrow the range to one of n_shares shares of about the same number of rows. All rows
 * of a customer are in one share; shares follow each other in the order of ids and
 * together are the range. The range may point into keys afterwards. */
kehu_status kehu__share_cut(kehu__range *range, kehu__share_keys *keys,
                            const kehu_snapshot *snapshot, kehu_store_part part,
                            uint32_t share, uint32_t n_shares, kehu_error *err);

/* What a scan's options say of customers, times and share: a range as above. */
kehu_status kehu__share_range(kehu__range *range, kehu__share_keys *keys,
                              const kehu_snapshot *snapshot, kehu_store_part part,
                              const kehu_scan_options *options, kehu_error *err);

#endif
