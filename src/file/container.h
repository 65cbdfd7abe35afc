/* file/container.h - the one file format of all models.
 *
 *      0  magic "KEHU" 0x1A 0x0A, format major, minor       8 bytes
 *      8  kind, four letters ("SVM1", "RFM1", ...); flags u32
 *     16  total length u64, section count u32, CRC-32C u32 of all header bytes
 *         (this field as zero) and section entries
 *     32  one entry a section: tag, four letters; zero u32; offset u64; length u64
 *     ..  payloads, each 8-byte aligned, zeros between
 *     -8  hash u64 of everything before it
 *
 * All little-endian. Sections of an unknown tag are skipped, an unknown flag
 * or a higher major version is refused. */
#ifndef KEHU_SRC_FILE_CONTAINER_H
#define KEHU_SRC_FILE_CONTAINER_H

#include "base/buffer.h"

typedef struct kehu__section {
    char tag[5]; /* four letters and a NUL */
    const void *bytes;
    size_t size;
} kehu__section;

/* A validated container over borrowed bytes. */
typedef struct kehu__container {
    const char *bytes;
    size_t size;
    uint32_t n_sections;
} kehu__container;

/* Append a whole container to out (empty so far); check out->failed after. */
void kehu__container_build(kehu__buffer *out, const char *kind,
                           const kehu__section *sections, uint32_t n_sections);

/* Check everything the container itself promises: magic, version, flags, kind,
 * lengths, order, alignment, both checksums. `name` is for messages (a path or
 * "the model"). Fails with KEHU_FORMAT, KEHU_VERSION or KEHU_KIND. */
kehu_status kehu__container_open(kehu__container *c, const void *bytes, size_t size,
                                 const char *kind, const char *name, kehu_error *err);

/* How much of a container is known to be sound. */
typedef enum kehu__trust {
    KEHU__TRUST_NOTHING,
    KEHU__TRUST_HASH, /* it lies inside a container that is open: its bytes are as they
                         were written, whoever wrote them */
    KEHU__TRUST_ALL   /* the library's own bytes; nothing is checked */
} kehu__trust;

/* The same without what is known. */
kehu_status kehu__container_open_trusted(kehu__container *c, const void *bytes,
                                         size_t size, kehu__trust trust, const char *kind,
                                         const char *name, kehu_error *err);

/* For the library's own bytes. */
void kehu__container_trust(kehu__container *c, const void *bytes, size_t size);

/* The payload of a section, 8-byte aligned relative to the container's start;
 * false when there is none. */
bool kehu__container_find(const kehu__container *c, const char *tag, const char **bytes,
                          size_t *size);

/* What every kehu_<handle>_save and _write does with its built bytes, and every
 * _load before it calls its _read. Model files above 4 GiB are refused. */
kehu_status kehu__model_save(const kehu__buffer *built, const char *path,
                             kehu_error *err);
kehu_status kehu__model_write(const kehu__buffer *built, const kehu_writer *writer,
                              kehu_error *err);
kehu_status kehu__model_bytes(const char *path, const kehu_allocator *alloc, char **bytes,
                              size_t *size, kehu_error *err);

/* Walk a payload field by field without reading past its end. */
typedef struct kehu__reader {
    const char *at, *end;
    bool failed; /* something was cut off; every later read gives zero */
} kehu__reader;

static inline kehu__reader kehu__reader_new(const char *bytes, size_t size)
{
    return (kehu__reader){bytes, bytes + size, false};
}
const char *kehu__read_bytes(kehu__reader *r, size_t size); /* NULL when cut off */
uint8_t kehu__read_u8(kehu__reader *r);
uint16_t kehu__read_u16(kehu__reader *r);
uint32_t kehu__read_u32(kehu__reader *r);
uint64_t kehu__read_u64(kehu__reader *r);
double kehu__read_double(kehu__reader *r);
float kehu__read_float(kehu__reader *r);

#endif
