/* learn/protobuf.h - writing messages in the Protocol Buffers wire format. */
#ifndef KEHU_SRC_LEARN_PROTOBUF_H
#define KEHU_SRC_LEARN_PROTOBUF_H

#include <string.h>

#include "base/buffer.h"

static inline void kehu__pb_varint(kehu__buffer *b, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        kehu__buffer_u8(b, (uint8_t)(v | 128));
    kehu__buffer_u8(b, (uint8_t)v);
}

/* A field that holds a whole number; negative ones as their two's complement. */
static inline void kehu__pb_int(kehu__buffer *b, uint32_t field, int64_t v)
{
    kehu__pb_varint(b, (uint64_t)field << 3);
    kehu__pb_varint(b, (uint64_t)v);
}

/* A field that holds 32 bits. */
static inline void kehu__pb_float(kehu__buffer *b, uint32_t field, float v)
{
    kehu__pb_varint(b, (uint64_t)field << 3 | 5);
    kehu__buffer_float(b, v);
}

/* A field that holds bytes: a text, packed numbers, or a message. */
static inline void kehu__pb_bytes(kehu__buffer *b, uint32_t field, const void *bytes,
                                  size_t size)
{
    kehu__pb_varint(b, (uint64_t)field << 3 | 2);
    kehu__pb_varint(b, size);
    kehu__buffer_add(b, bytes, size);
}

static inline void kehu__pb_text(kehu__buffer *b, uint32_t field, const char *text)
{
    kehu__pb_bytes(b, field, text, strlen(text));
}

/* A finished message as a field of another; frees it. */
static inline void kehu__pb_message(kehu__buffer *b, uint32_t field,
                                    kehu__buffer *message)
{
    kehu__pb_bytes(b, field, message->bytes, message->size);
    b->failed |= message->failed;
    kehu__buffer_free(message);
}

#endif
