#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/codec.h"
#include "store/segment.h"

enum { WRITE_BYTES = 1 << 20 };

kehu_status kehu__segment_refused(const kehu__segment_writer *w, kehu_error *err)
{
    return kehu__no_memory(err, w->fd < 0 ? "sorted rows" : w->name);
}

static kehu_status add_columns(kehu__segment_writer *w, const kehu__schema *schema,
                               kehu_error *err)
{
    const uint32_t end = KEHU__FIRST_FIELD + schema->n_fields[w->part];
    for (uint32_t id = KEHU__TIME; id < end; id++) {
        if (kehu__schema_name(schema, w->part, id) == NULL)
            continue;
        if (kehu__rows_add(&w->block, id,
                           kehu__storage_of(kehu__schema_type(schema, w->part, id))) ==
            NULL)
            return kehu__segment_refused(w, err);
    }
    return KEHU_OK;
}

kehu_status kehu__segment_begin(kehu__segment_writer *w, const kehu__io *io,
                                const char *folder, uint64_t store_id, uint64_t number,
                                kehu_store_part part, const kehu__schema *schema,
                                kehu_error *err)
{
    const kehu_allocator *a = &schema->alloc;
    const uint32_t features = part == KEHU_STORE_EVENTS ? KEHU__FEATURE_SUMS : 0;
    const kehu__file_header h = {KEHU__FILE_SEGMENT, store_id, number, 0, features};
    unsigned char header[KEHU__FILE_HEADER];
    kehu_status status = KEHU_OK;
    *w = (kehu__segment_writer){.alloc = *a,
                                .io = io,
                                .fd = -1,
                                .part = part,
                                .number = number,
                                .block = kehu__rows_new(a),
                                .keys = kehu__vector_new(a, KEHU__TEXTS),
                                .sums = {.rows = kehu__rows_new(a)},
                                .out = kehu__buffer_new(a),
                                .directory = kehu__buffer_new(a)};
    kehu__file_name(w->name, KEHU__FILE_SEGMENT, number);
    if (folder != NULL) {
        char path[KEHU__PATH_MAX];
        kehu__file_path(path, folder, w->name);
        w->fd = io->open(io->ctx, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (w->fd < 0)
            status = kehu__io_fail(w->fd, "create", path, err);
    }
    kehu__file_header_write(header, &h);
    kehu__buffer_add(&w->out, header, sizeof header);
    if (status == KEHU_OK)
        status = add_columns(w, schema, err);
    if (status == KEHU_OK && part == KEHU_STORE_EVENTS && !kehu__sums_begin(&w->sums, a))
        status = kehu__segment_refused(w, err);
    if (status != KEHU_OK)
        kehu__segment_writer_free(w);
    return status;
}

void kehu__segment_writer_free(kehu__segment_writer *w)
{
    kehu__rows_free(&w->block);
    kehu__vector_free(&w->keys);
    kehu__sums_free(&w->sums);
    kehu__buffer_free(&w->out);
    kehu__buffer_free(&w->directory);
    if (w->fd >= 0)
        w->io->close(w->io->ctx, w->fd);
    w->fd = -1;
}

static kehu_status write_out(kehu__segment_writer *w, kehu_error *err)
{
    if (w->fd < 0)
        return KEHU_OK;
    KEHU_TRY(kehu__io_write(w->io, w->fd, w->out.bytes, w->out.size, (int64_t)w->written,
                            w->name, err));
    w->written += w->out.size;
    w->out.size = 0;
    return KEHU_OK;
}

static void limits(const kehu__vector *v, int64_t *least, int64_t *most)
{
    *least = *most = v->values.ints[0];
    for (uint32_t i = 1; i < v->n; i++) {
        *least = v->values.ints[i] < *least ? v->values.ints[i] : *least;
        *most = v->values.ints[i] > *most ? v->values.ints[i] : *most;
    }
}

static void add_key(kehu__buffer *out, const kehu__vector *keys, uint32_t i)
{
    uint32_t size;
    const char *text = kehu__vector_text(keys, i, &size);
    kehu__buffer_u32(out, size);
    kehu__buffer_add(out, text, size);
}

static void describe_block(kehu__segment_writer *w, uint64_t offset,
                           const kehu__rows *rows, const kehu__vector *keys)
{
    const bool sums = rows == &w->sums.rows;
    int64_t least, most;
    kehu__buffer *d = &w->directory;
    kehu__buffer_u64(d, offset);
    kehu__buffer_u32(d, rows->n | (sums ? KEHU__SUMS_BLOCK : 0));
    kehu__buffer_u32(d, keys->n);
    for (uint32_t id = KEHU__TIME; id <= KEHU__SEQUENCE; id++) {
        limits(kehu__rows_find(rows, id), &least, &most);
        kehu__buffer_u64(d, (uint64_t)least);
        kehu__buffer_u64(d, (uint64_t)most);
    }
    add_key(d, keys, 0);
    add_key(d, keys, keys->n - 1);
}

static void add_chunk(kehu__segment_writer *w, uint32_t id, size_t from)
{
    const size_t size = w->out.size - from;
    if (w->out.failed)
        return;
    kehu__buffer_u32(&w->directory, id);
    kehu__buffer_u32(&w->directory, (uint32_t)size);
    kehu__buffer_u32(&w->directory, kehu__crc32c(0, w->out.bytes + from, size));
}

/* Append rows, whose ids are these runs, as a block. */
static kehu_status put_block(kehu__segment_writer *w, const kehu__rows *rows,
                             const kehu__vector *keys, const int64_t *lengths,
                             kehu_error *err)
{
    size_t from = w->out.size, count_at;
    uint32_t n_columns = 1;
    describe_block(w, w->written + from, rows, keys);
    count_at = w->directory.size;
    kehu__buffer_u32(&w->directory, 0);
    kehu__ints_encode(lengths, keys->n, &w->out);
    kehu__vector_encode(keys, &w->out);
    add_chunk(w, KEHU__KEY, from);
    for (uint32_t i = 0; i < rows->n_columns; i++) {
        const kehu__rows_column *c = &rows->columns[i];
        if (c->id == KEHU__KEY || c->v.n_missing == c->v.n)
            continue;
        from = w->out.size;
        kehu__vector_encode(&c->v, &w->out);
        add_chunk(w, c->id, from);
        n_columns++;
    }
    if (w->out.failed || w->directory.failed)
        return kehu__segment_refused(w, err);
    kehu__store32(w->directory.bytes + count_at, n_columns);
    return KEHU_OK;
}

/* The sums so far become a block. */
static kehu_status close_sums(kehu__segment_writer *w, kehu_error *err)
{
    int64_t ones[KEHU__BLOCK_ROWS];
    if (w->sums.rows.n == 0)
        return KEHU_OK;
    for (uint32_t i = 0; i < w->sums.rows.n; i++)
        ones[i] = 1;
    KEHU_TRY(put_block(w, &w->sums.rows, kehu__rows_find(&w->sums.rows, KEHU__KEY), ones,
                       err));
    w->n_sum_blocks++;
    kehu__rows_clear(&w->sums.rows);
    return KEHU_OK;
}

static kehu_status sum_up_runs(kehu__segment_writer *w, kehu_error *err)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < w->keys.n; i++) {
        uint32_t size;
        const char *key = kehu__vector_text(&w->keys, i, &size);
        const uint32_t end = first + (uint32_t)w->lengths[i];
        if (w->sums.rows.n == KEHU__BLOCK_ROWS &&
            !kehu__sums_goes_on(&w->sums, key, size))
            KEHU_TRY(close_sums(w, err));
        if (!kehu__sums_add(&w->sums, key, size, &w->block, first, end))
            return kehu__segment_refused(w, err);
        first = end;
    }
    return KEHU_OK;
}

kehu_status kehu__segment_close_block(kehu__segment_writer *w, kehu_error *err)
{
    if (w->block.n == 0)
        return KEHU_OK;
    KEHU_TRY(put_block(w, &w->block, &w->keys, w->lengths, err));
    if (w->part == KEHU_STORE_EVENTS)
        KEHU_TRY(sum_up_runs(w, err));
    w->rows += w->block.n;
    w->n_blocks++;
    kehu__rows_clear(&w->block);
    kehu__vector_clear(&w->keys);
    return w->out.size >= WRITE_BYTES ? write_out(w, err) : KEHU_OK;
}

/* How many of the next rows fit: texts are bounded so that a block stays small. */
static uint32_t rows_that_fit(const kehu__segment_writer *w, const kehu__rows *rows,
                              uint32_t first, uint32_t n)
{
    const uint32_t room = KEHU__BLOCK_ROWS - w->block.n;
    uint64_t text = w->keys.own.size;
    n = n < room ? n : room;
    for (uint32_t i = 0; i < w->block.n_columns; i++)
        text += w->block.columns[i].v.own.size;
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t i = 0; i < rows->n_columns; i++)
            if (rows->columns[i].v.storage == KEHU__TEXTS)
                text += rows->columns[i].v.values.pieces[first + k].size;
        if (text > KEHU__BLOCK_TEXT && w->block.n + k > 0)
            return k;
    }
    return n;
}

bool kehu__segment_add_run(kehu__segment_writer *w, const char *key, uint32_t key_size,
                           uint32_t n)
{
    kehu__vector *keys = &w->keys;
    uint32_t size = 0;
    const char *last = keys->n == 0 ? "" : kehu__vector_text(keys, keys->n - 1, &size);
    if (size == key_size && kehu__same_bytes(last, key, size)) {
        w->lengths[keys->n - 1] += n;
        return true;
    }
    w->lengths[keys->n] = n;
    return kehu__vector_add_text(keys, key, key_size);
}

kehu_status kehu__segment_add(kehu__segment_writer *w, const char *key, uint32_t key_size,
                              const kehu__rows *rows, uint32_t first, uint32_t n,
                              kehu_error *err)
{
    while (n > 0) {
        const uint32_t fit = rows_that_fit(w, rows, first, n);
        if (fit > 0 && (!kehu__rows_append(&w->block, rows, first, fit) ||
                        !kehu__segment_add_run(w, key, key_size, fit)))
            return kehu__segment_refused(w, err);
        first += fit;
        n -= fit;
        if (w->block.n == KEHU__BLOCK_ROWS || n > 0)
            KEHU_TRY(kehu__segment_close_block(w, err));
    }
    return KEHU_OK;
}

kehu_status kehu__segment_end(kehu__segment_writer *w, kehu_error *err)
{
    unsigned char tail[KEHU__SEGMENT_TAIL] = {0};
    int result;
    KEHU_TRY(kehu__segment_close_block(w, err));
    KEHU_TRY(close_sums(w, err));
    w->directory_crc = kehu__crc32c(0, w->directory.bytes, w->directory.size);
    kehu__store64(tail, w->written + w->out.size);
    kehu__store64(tail + 8, w->directory.size);
    kehu__store32(tail + 16, w->directory_crc);
    kehu__store32(tail + 20, w->n_blocks);
    kehu__store64(tail + 24, w->rows);
    kehu__store32(tail + 32, (uint32_t)w->part);
    kehu__store32(tail + 36, w->n_sum_blocks);
    kehu__store32(tail + 44, kehu__crc32c(0, tail, 44));
    kehu__buffer_add(&w->out, w->directory.bytes, w->directory.size);
    kehu__buffer_add(&w->out, tail, sizeof tail);
    if (w->out.failed)
        return kehu__segment_refused(w, err);
    if (w->fd < 0)
        return KEHU_OK;
    KEHU_TRY(write_out(w, err));
    result = w->io->sync(w->io->ctx, w->fd);
    return result < 0 ? kehu__io_fail(result, "sync", w->name, err) : KEHU_OK;
}
