/* data/gb18030.h - the Chinese national character encoding (and so its parts GBK
 * and GB2312) to UTF-8. */
#ifndef KEHU_SRC_DATA_GB18030_H
#define KEHU_SRC_DATA_GB18030_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in UTF-8 output for a byte that starts no valid character: a byte
 * that no UTF-8 text contains, so that a check of the text finds it. */
#define KEHU__BAD_MARK '\xFF'

/* Decode as much of from[size] as fits; capacity is at least 8. *used gets the
 * bytes read, the result is the bytes written to `to`. A character cut off by the end is
 * left unread unless `last`; then, as anywhere, what starts no character becomes one
 * KEHU__BAD_MARK a byte. *n_bad (may be NULL) is increased by the number of marks. */
size_t kehu__gb18030_decode(char *to, size_t capacity, const char *from, size_t size,
                            bool last, size_t *used, size_t *n_bad);

#endif
