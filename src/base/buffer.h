/* base/buffer.h - bytes that grow. A refused allocation is remembered, so a
 * long run of appends needs one check at its end. */
#ifndef KEHU_SRC_BASE_BUFFER_H
#define KEHU_SRC_BASE_BUFFER_H

#include "base/mem.h"

typedef struct kehu__buffer {
    kehu_allocator alloc;
    char *bytes;
    size_t size, capacity;
    bool failed; /* an append was refused; size is what was kept */
} kehu__buffer;

static inline kehu__buffer kehu__buffer_new(const kehu_allocator *a)
{
    return (kehu__buffer){.alloc = *a};
}

/* Append; does nothing once failed. */
void kehu__buffer_add(kehu__buffer *b, const void *bytes, size_t size);
void kehu__buffer_text(kehu__buffer *b, const char *text);
void kehu__buffer_u8(kehu__buffer *b, uint8_t v);
void kehu__buffer_u16(kehu__buffer *b, uint16_t v);
void kehu__buffer_u32(kehu__buffer *b, uint32_t v);
void kehu__buffer_u64(kehu__buffer *b, uint64_t v);
void kehu__buffer_double(kehu__buffer *b, double v);
void kehu__buffer_float(kehu__buffer *b, float v);

/* Append zero bytes until the size is a multiple of `to` (a power of two). */
void kehu__buffer_align(kehu__buffer *b, size_t to);

/* Room for `size` more bytes, uninitialised, and their address; NULL when
 * refused. They count as appended. */
void *kehu__buffer_room(kehu__buffer *b, size_t size);

void kehu__buffer_free(kehu__buffer *b);

#endif
