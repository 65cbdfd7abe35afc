#include "file/container.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "file/io.h"

enum {
    HEADER = 32,
    ENTRY = 24,
    TAIL = 8,
    MAJOR = 1,
    MINOR = 0,
    MAX_SECTIONS = 4096,
    CRC_AT = 28
};
static const char magic[6] = {'K', 'E', 'H', 'U', 0x1A, 0x0A};
static const uint64_t HASH_SEED = 0x6B656875; /* "kehu" */

static size_t aligned(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* CRC of the header and the section entries, with the CRC's own field as zero. */
static uint32_t header_crc(const char *bytes, uint32_t n_sections)
{
    char header[HEADER];
    memcpy(header, bytes, HEADER);
    memset(header + CRC_AT, 0, 4);
    return kehu__crc32c(kehu__crc32c(0, header, HEADER), bytes + HEADER,
                        (size_t)n_sections * ENTRY);
}

void kehu__container_build(kehu__buffer *out, const char *kind,
                           const kehu__section *sections, uint32_t n_sections)
{
    uint64_t at = HEADER + (uint64_t)n_sections * ENTRY, total = at;
    for (uint32_t i = 0; i < n_sections; i++)
        total += aligned(sections[i].size);
    total += TAIL;

    kehu__buffer_add(out, magic, sizeof magic);
    kehu__buffer_u8(out, MAJOR);
    kehu__buffer_u8(out, MINOR);
    kehu__buffer_add(out, kind, 4);
    kehu__buffer_u32(out, 0);
    kehu__buffer_u64(out, total);
    kehu__buffer_u32(out, n_sections);
    kehu__buffer_u32(out, 0);
    for (uint32_t i = 0; i < n_sections; i++) {
        kehu__buffer_add(out, sections[i].tag, 4);
        kehu__buffer_u32(out, 0);
        kehu__buffer_u64(out, at);
        kehu__buffer_u64(out, sections[i].size);
        at += aligned(sections[i].size);
    }
    for (uint32_t i = 0; i < n_sections; i++) {
        kehu__buffer_add(out, sections[i].bytes, sections[i].size);
        kehu__buffer_align(out, 8);
    }
    if (!out->failed) {
        kehu__store32(out->bytes + CRC_AT, header_crc(out->bytes, n_sections));
        kehu__buffer_u64(out, kehu__hash(out->bytes, out->size, HASH_SEED));
    }
}

/* Entries in order, aligned, inside the file and without overlap. */
static bool entries_sound(const kehu__container *c)
{
    uint64_t next = HEADER + (uint64_t)c->n_sections * ENTRY;
    for (uint32_t i = 0; i < c->n_sections; i++) {
        const char *e = c->bytes + HEADER + (size_t)i * ENTRY;
        const uint64_t offset = kehu__load64(e + 8), size = kehu__load64(e + 16);
        if (offset != next || size > c->size - TAIL - offset)
            return false;
        next = offset + aligned((size_t)size);
        if (next > c->size - TAIL)
            return false;
    }
    return next == c->size - TAIL;
}

kehu_status kehu__container_open(kehu__container *c, const void *bytes, size_t size,
                                 const char *kind, const char *name, kehu_error *err)
{
    return kehu__container_open_trusted(c, bytes, size, KEHU__TRUST_NOTHING, kind, name,
                                        err);
}

kehu_status kehu__container_open_trusted(kehu__container *c, const void *bytes,
                                         size_t size, kehu__trust trust, const char *kind,
                                         const char *name, kehu_error *err)
{
    if (trust == KEHU__TRUST_ALL) {
        kehu__container_trust(c, bytes, size);
        return KEHU_OK;
    }
    *c = (kehu__container){.bytes = bytes, .size = size};
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return kehu__fail(err, KEHU_FORMAT, 0, "%s is not a kehu model file", name);
    if (size < HEADER + TAIL)
        return kehu__fail(err, KEHU_FORMAT, (int64_t)size, "%s is cut off at byte %zu",
                          name, size);
    if ((unsigned char)c->bytes[6] > MAJOR)
        return kehu__fail(err, KEHU_VERSION, 6,
                          "%s has format version %d, this kehu reads up to %d", name,
                          c->bytes[6], MAJOR);
    if (kehu__load64(c->bytes + 16) != size)
        return kehu__fail(err, KEHU_FORMAT, 16, "%s has %zu bytes but says %llu", name,
                          size, (unsigned long long)kehu__load64(c->bytes + 16));
    c->n_sections = kehu__load32(c->bytes + 24);
    if (c->n_sections > MAX_SECTIONS ||
        (size_t)c->n_sections * ENTRY > size - HEADER - TAIL ||
        kehu__load32(c->bytes + CRC_AT) != header_crc(c->bytes, c->n_sections) ||
        (trust == KEHU__TRUST_NOTHING &&
         kehu__load64(c->bytes + size - TAIL) !=
             kehu__hash(c->bytes, size - TAIL, HASH_SEED)) ||
        !entries_sound(c))
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s is damaged: a checksum does not match", name);
    if (memcmp(c->bytes + 8, kind, 4) != 0)
        return kehu__fail(err, KEHU_KIND, 8, "%s holds a model of kind %.4s, expected %s",
                          name, c->bytes + 8, kind);
    if (kehu__load32(c->bytes + 12) != 0)
        return kehu__fail(err, KEHU_VERSION, 12,
                          "%s needs a feature this kehu does not know", name);
    return KEHU_OK;
}

void kehu__container_trust(kehu__container *c, const void *bytes, size_t size)
{
    *c = (kehu__container){.bytes = bytes, .size = size};
    c->n_sections = kehu__load32(c->bytes + 24);
}

bool kehu__container_find(const kehu__container *c, const char *tag, const char **bytes,
                          size_t *size)
{
    for (uint32_t i = 0; i < c->n_sections; i++) {
        const char *e = c->bytes + HEADER + (size_t)i * ENTRY;
        if (memcmp(e, tag, 4) == 0) {
            *bytes = c->bytes + kehu__load64(e + 8);
            *size = (size_t)kehu__load64(e + 16);
            return true;
        }
    }
    *bytes = NULL;
    *size = 0;
    return false;
}

kehu_status kehu__model_save(const kehu__buffer *built, const char *path, kehu_error *err)
{
    if (path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL");
    if (built->failed)
        return kehu__no_memory(err, "the model file");
    return kehu__file_replace(&kehu__io_system, path, built->bytes, built->size, err);
}

kehu_status kehu__model_write(const kehu__buffer *built, const kehu_writer *writer,
                              kehu_error *err)
{
    if (writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "writer is NULL");
    if (built->failed)
        return kehu__no_memory(err, "the model file");
    if (writer->write(writer->ctx, built->bytes, built->size) != 0)
        return kehu__fail(err, KEHU_IO, -1, "the writer refused %zu bytes", built->size);
    return KEHU_OK;
}

kehu_status kehu__model_bytes(const char *path, const kehu_allocator *alloc, char **bytes,
                              size_t *size, kehu_error *err)
{
    *bytes = NULL;
    *size = 0;
    if (path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL");
    return kehu__file_read(&kehu__io_system, path, UINT32_MAX, alloc, bytes, size, err);
}

const char *kehu__read_bytes(kehu__reader *r, size_t size)
{
    const char *at = r->at;
    if (r->failed || size > (size_t)(r->end - r->at)) {
        r->failed = true;
        return NULL;
    }
    r->at += size;
    return at;
}

uint8_t kehu__read_u8(kehu__reader *r)
{
    const char *p = kehu__read_bytes(r, 1);
    return p == NULL ? 0 : (uint8_t)*p;
}

uint16_t kehu__read_u16(kehu__reader *r)
{
    const char *p = kehu__read_bytes(r, 2);
    return p == NULL ? 0 : kehu__load16(p);
}

uint32_t kehu__read_u32(kehu__reader *r)
{
    const char *p = kehu__read_bytes(r, 4);
    return p == NULL ? 0 : kehu__load32(p);
}

uint64_t kehu__read_u64(kehu__reader *r)
{
    const char *p = kehu__read_bytes(r, 8);
    return p == NULL ? 0 : kehu__load64(p);
}

double kehu__read_double(kehu__reader *r)
{
    const char *p = kehu__read_bytes(r, 8);
    return p == NULL ? 0 : kehu__load_double(p);
}

float kehu__read_float(kehu__reader *r)
{
    const char *p = kehu__read_bytes(r, 4);
    return p == NULL ? 0 : kehu__load_float(p);
}
