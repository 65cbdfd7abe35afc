/* store/codec.h - a column chunk: the rows of one vector as bytes.
 *
 *     0  encoding u8 (below), validity u8 (0 all rows have a value, 1 some)
 *     2  validity 1: one bit a row, least significant first, 1 = has a value
 *     .. the values of the rows that have one
 *
 * Integers are packed: base i64, scale u64, width u8 (bits, 0..56 or 64), then
 * `width` bits a value; a value is base + scale * bits. scale is the greatest
 * common divisor, so whole days or seconds in microseconds cost little.
 * Doubles are 8 bytes each, or packed integers where all of them are whole.
 * Texts are packed sizes and then the bytes, or, where they repeat, a count u32,
 * that many different texts and packed numbers into them. */
#ifndef KEHU_SRC_STORE_CODEC_H
#define KEHU_SRC_STORE_CODEC_H

#include "store/vector.h"

/* Append the chunk of all rows of v to out; check out->failed after. */
void kehu__vector_encode(const kehu__vector *v, kehu__buffer *out);

/* Read a chunk of n rows into v, whose storage says what is expected. Texts are
 * not copied: the bytes must outlive the use of v. Fails with KEHU_FORMAT (any
 * bytes are safe) and KEHU_NO_MEMORY. */
kehu_status kehu__vector_decode(kehu__vector *v, const char *bytes, size_t size,
                                uint32_t n);

/* Of such a chunk of n rows only rows first..first+count-1. */
kehu_status kehu__vector_decode_rows(kehu__vector *v, const char *bytes, size_t size,
                                     uint32_t n, uint32_t first, uint32_t count);

/* Would all rows be decoded? v has none of them then; what cannot be wrong is not read.
 */
kehu_status kehu__vector_check(kehu__vector *v, const char *bytes, size_t size,
                               uint32_t n);

/* Packed integers alone. decode returns the bytes used, 0 when they are not
 * sound. */
void kehu__ints_encode(const int64_t *values, uint32_t n, kehu__buffer *out);
size_t kehu__ints_decode(int64_t *values, uint32_t n, const char *bytes, size_t size);

#endif
