/* store/pseudonym.h - names for customers that only the holder of a key can tell. */
#ifndef KEHU_SRC_STORE_PSEUDONYM_H
#define KEHU_SRC_STORE_PSEUDONYM_H

#include <kehu/store.h>

#include <stdbool.h>

#include "base/sha256.h"

enum { KEHU__PSEUDONYM = KEHU_PSEUDONYM_SIZE - 1 }; /* digits */

/* key NULL with size 0 is no key; *given receives which. */
kehu_status kehu__pseudonym_key(kehu__hmac *m, const void *key, uint64_t size,
                                bool *given, kehu_error *err);

/* No NUL at the end. */
void kehu__pseudonym_write(const kehu__hmac *m, const char *id, size_t size,
                           char out[KEHU__PSEUDONYM]);

#endif
