#include "store/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

enum { MAX_MANIFEST = 1 << 28, FRAMING = KEHU__FILE_HEADER + 8 + 4 };

kehu__manifest kehu__manifest_new(const kehu_allocator *alloc)
{
    return (kehu__manifest){.alloc = *alloc,
                            .next_file = 1,
                            .schema = kehu__schema_new(alloc),
                            .gone = kehu__gone_new(alloc),
                            .imports = {.alloc = *alloc}};
}

void kehu__manifest_free(kehu__manifest *m)
{
    kehu__free(&m->alloc, m->segments, m->segment_capacity, sizeof *m->segments);
    kehu__schema_free(&m->schema);
    kehu__gone_free(&m->gone);
    kehu__marks_free(&m->imports);
    *m = kehu__manifest_new(&m->alloc);
}

bool kehu__manifest_add(kehu__manifest *m, const kehu__manifest_segment *s)
{
    if (!kehu__grow(&m->alloc, &m->segments, &m->segment_capacity,
                    (size_t)m->n_segments + 1, sizeof *s))
        return false;
    m->segments[m->n_segments++] = *s;
    return true;
}

static void write_list(kehu__buffer *b, const kehu__marks *list)
{
    kehu__buffer_u32(b, list->n);
    for (uint32_t i = 0; i < list->n; i++) {
        kehu__buffer_u64(b, list->items[i].number);
        kehu__buffer_u32(b, list->items[i].size);
        kehu__buffer_add(b, list->items[i].key, list->items[i].size);
    }
}

static void write_payload(const kehu__manifest *m, kehu__buffer *b)
{
    kehu__buffer_u64(b, m->next_file);
    kehu__buffer_u64(b, m->log_number);
    kehu__buffer_u64(b, m->log_first);
    kehu__buffer_u32(b, m->n_segments);
    for (uint32_t i = 0; i < m->n_segments; i++) {
        kehu__buffer_u64(b, m->segments[i].number);
        kehu__buffer_u64(b, m->segments[i].size);
        kehu__buffer_u64(b, m->segments[i].rows);
        kehu__buffer_u32(b, m->segments[i].directory_crc);
        kehu__buffer_u32(b, (uint32_t)m->segments[i].part);
    }
    kehu__buffer_u32(b, m->schema.n_fields[0] + m->schema.n_fields[1]);
    for (int part = 0; part < KEHU__PARTS; part++)
        for (uint32_t i = 0; i < m->schema.n_fields[part]; i++)
            kehu__field_write(b, (kehu_store_part)part, &m->schema.fields[part][i]);
    write_list(b, &m->gone.customers);
    if (m->gone.sources.n > 0)
        write_list(b, &m->gone.sources);
    if (m->imports.n > 0)
        write_list(b, &m->imports);
}

static uint32_t features_of(const kehu__manifest *m)
{
    return (m->gone.sources.n > 0 ? (uint32_t)KEHU__FEATURE_WITHDRAWN : 0) |
           (m->imports.n > 0 ? (uint32_t)KEHU__FEATURE_IMPORTS : 0);
}

/* After a failed replacement: has the new file taken its name nonetheless? */
static bool may_be_there(const kehu__io *io, const char *path)
{
    const int fd = io->open(io->ctx, path, O_RDONLY, 0);
    if (fd >= 0)
        io->close(io->ctx, fd);
    return fd != -ENOENT;
}

kehu_status kehu__manifest_publish(const kehu__manifest *m, const kehu__io *io,
                                   const char *folder, bool *unsure, kehu_error *err)
{
    char name[32], path[KEHU__PATH_MAX];
    unsigned char header[KEHU__FILE_HEADER];
    const kehu__file_header h = {.kind = KEHU__FILE_MANIFEST,
                                 .store_id = m->store_id,
                                 .number = m->number,
                                 .features = features_of(m)};
    kehu__buffer b = kehu__buffer_new(&m->alloc);
    kehu_status status;
    *unsure = false;
    kehu__file_name(name, KEHU__FILE_MANIFEST, m->number);
    kehu__file_path(path, folder, name);
    kehu__file_header_write(header, &h);
    kehu__buffer_add(&b, header, sizeof header);
    kehu__buffer_u64(&b, 0);
    write_payload(m, &b);
    if (!b.failed) {
        kehu__store64(b.bytes + KEHU__FILE_HEADER, b.size - KEHU__FILE_HEADER - 8);
        kehu__buffer_u32(&b, kehu__crc32c(0, b.bytes, b.size));
    }
    if (b.failed)
        status = kehu__no_memory(err, name);
    else {
        status = kehu__file_replace(io, path, b.bytes, b.size, err);
        *unsure = status != KEHU_OK && may_be_there(io, path);
    }
    kehu__buffer_free(&b);
    return status;
}

static kehu_status read_segments(kehu__manifest *m, kehu__reader *r)
{
    const uint32_t n = kehu__read_u32(r);
    for (uint32_t i = 0; i < n && !r->failed; i++) {
        kehu__manifest_segment s = {.number = kehu__read_u64(r)};
        uint32_t part;
        s.size = kehu__read_u64(r);
        s.rows = kehu__read_u64(r);
        s.directory_crc = kehu__read_u32(r);
        part = kehu__read_u32(r);
        s.part = (kehu_store_part)part;
        if (r->failed || part >= KEHU__PARTS || s.number == 0 || s.number >= m->next_file)
            return KEHU_FORMAT;
        for (uint32_t k = 0; k < i; k++)
            if (m->segments[k].number == s.number)
                return KEHU_FORMAT;
        if (!kehu__manifest_add(m, &s))
            return KEHU_NO_MEMORY;
    }
    return r->failed ? KEHU_FORMAT : KEHU_OK;
}

static kehu_status read_list(kehu__marks *list, kehu__reader *r)
{
    const uint32_t n = kehu__read_u32(r);
    for (uint32_t i = 0; i < n && !r->failed; i++) {
        const uint64_t number = kehu__read_u64(r);
        const uint32_t size = kehu__read_u32(r);
        const char *key = kehu__read_bytes(r, size);
        if (key == NULL || size == 0 || size > KEHU__MAX_KEY || number == 0)
            return KEHU_FORMAT;
        if (!kehu__marks_add(list, key, size, number))
            return KEHU_NO_MEMORY;
    }
    return r->failed || list->n != n ? KEHU_FORMAT : KEHU_OK;
}

static kehu_status read_payload(kehu__manifest *m, kehu__reader *r, uint32_t features,
                                const char *name, kehu_error *err)
{
    kehu_status status;
    uint32_t n_fields;
    m->next_file = kehu__read_u64(r);
    m->log_number = kehu__read_u64(r);
    m->log_first = kehu__read_u64(r);
    status = m->log_number == 0 || m->log_number >= m->next_file || m->log_first == 0
                 ? KEHU_FORMAT
                 : read_segments(m, r);
    if (status == KEHU_OK) {
        n_fields = kehu__read_u32(r);
        for (uint32_t i = 0; i < n_fields && !r->failed; i++)
            KEHU_TRY(kehu__field_read(r, &m->schema, name, err));
        status = r->failed ? KEHU_FORMAT : read_list(&m->gone.customers, r);
        if (status == KEHU_OK && (features & KEHU__FEATURE_WITHDRAWN))
            status = read_list(&m->gone.sources, r);
        if (status == KEHU_OK && (features & KEHU__FEATURE_IMPORTS))
            status = read_list(&m->imports, r);
    }
    if (status == KEHU_NO_MEMORY)
        return kehu__no_memory(err, name);
    if (status != KEHU_OK || r->at != r->end)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has contents that cannot be", name);
    return KEHU_OK;
}

static kehu_status parse(kehu__manifest *m, const char *bytes, size_t size,
                         const char *name, kehu_error *err)
{
    kehu__file_header h = {.kind = KEHU__FILE_MANIFEST, .number = m->number};
    kehu__reader r;
    if (size < KEHU__FILE_HEADER)
        return kehu__fail(err, KEHU_FORMAT, (int64_t)size, "%s is cut off at byte %zu",
                          name, size);
    KEHU_TRY(kehu__file_header_read((const unsigned char *)bytes, &h, name, err));
    if (size < FRAMING || kehu__load64(bytes + KEHU__FILE_HEADER) != size - FRAMING ||
        kehu__load32(bytes + size - 4) != kehu__crc32c(0, bytes, size - 4))
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s is damaged: its checksum does not match", name);
    m->store_id = h.store_id;
    r = kehu__reader_new(bytes + KEHU__FILE_HEADER + 8, size - FRAMING);
    return read_payload(m, &r, h.features, name, err);
}

kehu_status kehu__manifest_read(kehu__manifest *m, const kehu__io *io, const char *folder,
                                uint64_t number, const kehu_allocator *alloc,
                                kehu_error *err)
{
    char name[32], path[KEHU__PATH_MAX], *bytes;
    size_t size;
    kehu_status status;
    *m = kehu__manifest_new(alloc);
    m->number = number;
    kehu__file_name(name, KEHU__FILE_MANIFEST, number);
    kehu__file_path(path, folder, name);
    KEHU_TRY(kehu__file_read(io, path, MAX_MANIFEST, alloc, &bytes, &size, err));
    status = parse(m, bytes, size, name, err);
    kehu__free(alloc, bytes, size, 1);
    if (status != KEHU_OK)
        kehu__manifest_free(m);
    return status;
}
