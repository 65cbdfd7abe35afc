#include "base/buffer.h"

#include <string.h>

#include "base/bytes.h"

void *kehu__buffer_room(kehu__buffer *b, size_t size)
{
    void *room;
    if (b->failed || size > PTRDIFF_MAX - b->size ||
        !kehu__grow(&b->alloc, &b->bytes, &b->capacity, b->size + size, 1)) {
        b->failed = true;
        return NULL;
    }
    room = b->bytes + b->size;
    b->size += size;
    return room;
}

void kehu__buffer_add(kehu__buffer *b, const void *bytes, size_t size)
{
    void *room;
    if (size > 0 && (room = kehu__buffer_room(b, size)) != NULL)
        memcpy(room, bytes, size);
}

void kehu__buffer_text(kehu__buffer *b, const char *text)
{
    kehu__buffer_add(b, text, strlen(text));
}

void kehu__buffer_u8(kehu__buffer *b, uint8_t v)
{
    kehu__buffer_add(b, &v, 1);
}

void kehu__buffer_u16(kehu__buffer *b, uint16_t v)
{
    char le[2];
    kehu__store16(le, v);
    kehu__buffer_add(b, le, sizeof le);
}

void kehu__buffer_u32(kehu__buffer *b, uint32_t v)
{
    char le[4];
    kehu__store32(le, v);
    kehu__buffer_add(b, le, sizeof le);
}

void kehu__buffer_u64(kehu__buffer *b, uint64_t v)
{
    char le[8];
    kehu__store64(le, v);
    kehu__buffer_add(b, le, sizeof le);
}

void kehu__buffer_double(kehu__buffer *b, double v)
{
    char le[8];
    kehu__store_double(le, v);
    kehu__buffer_add(b, le, sizeof le);
}

void kehu__buffer_float(kehu__buffer *b, float v)
{
    char le[4];
    kehu__store_float(le, v);
    kehu__buffer_add(b, le, sizeof le);
}

void kehu__buffer_align(kehu__buffer *b, size_t to)
{
    static const char zero[64];
    kehu__buffer_add(b, zero, (to - b->size % to) % to);
}

void kehu__buffer_free(kehu__buffer *b)
{
    kehu__free(&b->alloc, b->bytes, b->capacity, 1);
    *b = (kehu__buffer){.alloc = b->alloc};
}
