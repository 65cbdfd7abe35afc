/* store/repair.h - what a repair could not read, as it finds it. */
#ifndef KEHU_SRC_STORE_REPAIR_H
#define KEHU_SRC_STORE_REPAIR_H

#include "data/builder.h"
#include "store/segment.h"

typedef struct kehu__losses {
    kehu__builder rows;
} kehu__losses;

/* A block that cannot be read; why says so. */
void kehu__losses_add_block(kehu__losses *losses, const kehu__segment *s,
                            const kehu__block_entry *block, const kehu_error *why);

/* Is this failure one that a repair goes on behind? */
static inline bool kehu__is_loss(kehu_status status)
{
    return status == KEHU_FORMAT || status == KEHU_IO || status == KEHU_NOT_FOUND;
}

#endif
