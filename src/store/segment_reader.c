#include "store/segment.h"

#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/codec.h"

enum { COLUMN_ENTRY = 12 };

kehu__segment *kehu__segment_hold(kehu__segment *s)
{
    atomic_fetch_add(&s->holders, 1);
    return s;
}

void kehu__segment_release(kehu__segment *s)
{
    kehu_allocator a;
    if (s == NULL || atomic_fetch_sub(&s->holders, 1) > 1)
        return;
    a = s->alloc;
    if (s->fd >= 0)
        s->io->close(s->io->ctx, s->fd);
    if (s->sums != NULL)
        kehu__free(&a, s->sums->blocks, s->sums->block_capacity, sizeof *s->blocks);
    kehu__free(&a, s->sums, 1, sizeof *s->sums);
    kehu__free(&a, s->image, s->image_capacity, 1);
    kehu__free(&a, s->directory, s->directory_size, 1);
    kehu__free(&a, s->blocks, s->block_capacity, sizeof *s->blocks);
    kehu__free(&a, s, 1, sizeof *s);
}

static kehu_status damaged(const kehu__segment *s, const char *what, kehu_error *err)
{
    return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: %s", s->name, what);
}

/* Bytes of the file, checked to lie inside it. */
static kehu_status fetch(const kehu__segment *s, void *to, size_t size, uint64_t at,
                         kehu_error *err)
{
    if (at > s->size || size > s->size - at)
        return damaged(s, "a part lies outside the file", err);
    if (s->image != NULL) {
        memcpy(to, s->image + at, size);
        return KEHU_OK;
    }
    return kehu__io_read(s->io, s->fd, to, size, (int64_t)at, s->name, err);
}

static bool read_key(kehu__reader *r, const char **key, uint32_t *size)
{
    *size = kehu__read_u32(r);
    *key = kehu__read_bytes(r, *size);
    return *key != NULL && *size > 0 && *size <= KEHU__MAX_KEY;
}

/* One directory entry; *next is where its block must begin. */
static bool read_entry(kehu__reader *r, kehu__block_entry *b, bool *sums, uint64_t *next)
{
    b->offset = kehu__read_u64(r);
    b->rows = kehu__read_u32(r);
    *sums = (b->rows & KEHU__SUMS_BLOCK) != 0;
    b->rows &= ~KEHU__SUMS_BLOCK;
    b->runs = kehu__read_u32(r);
    b->min_time = (int64_t)kehu__read_u64(r);
    b->max_time = (int64_t)kehu__read_u64(r);
    b->min_sequence = kehu__read_u64(r);
    b->max_sequence = kehu__read_u64(r);
    if (!read_key(r, &b->first_key, &b->first_size) ||
        !read_key(r, &b->last_key, &b->last_size))
        return false;
    b->n_columns = kehu__read_u32(r);
    if (b->n_columns == 0 || b->n_columns > KEHU__FIRST_FIELD + KEHU__MAX_FIELDS)
        return false;
    b->columns = kehu__read_bytes(r, (size_t)b->n_columns * COLUMN_ENTRY);
    if (b->columns == NULL || b->offset != *next || b->rows == 0 ||
        b->rows > KEHU__BLOCK_ROWS || b->runs == 0 || b->runs > b->rows ||
        (*sums && b->runs != b->rows))
        return false;
    b->size = 0;
    for (uint32_t i = 0; i < b->n_columns; i++)
        b->size += kehu__load32(b->columns + (size_t)i * COLUMN_ENTRY + 4);
    *next += b->size;
    return kehu__load32(b->columns) == KEHU__KEY;
}

/* Append an entry to those of a part, in whose order it must be. */
static bool take_entry(kehu__segment *s, const kehu__block_entry *b, uint32_t n_blocks)
{
    const kehu__block_entry *before =
        s->n_blocks == 0 ? NULL : &s->blocks[s->n_blocks - 1];
    if (s->n_blocks == n_blocks ||
        (before != NULL && kehu__text_order(before->last_key, before->last_size,
                                            b->first_key, b->first_size) > 0))
        return false;
    s->blocks[s->n_blocks++] = *b;
    s->rows += b->rows;
    s->min_time = b->min_time < s->min_time ? b->min_time : s->min_time;
    s->max_time = b->max_time > s->max_time ? b->max_time : s->max_time;
    s->max_sequence =
        b->max_sequence > s->max_sequence ? b->max_sequence : s->max_sequence;
    return true;
}

static kehu_status read_directory(kehu__segment *s, uint64_t at, uint64_t rows,
                                  uint32_t n_blocks, uint32_t n_sum_blocks,
                                  kehu_error *err)
{
    kehu__reader r = kehu__reader_new(s->directory, s->directory_size);
    uint64_t next = KEHU__FILE_HEADER;
    for (uint32_t i = 0; i < n_blocks + n_sum_blocks; i++) {
        kehu__block_entry b;
        bool sums;
        if (!read_entry(&r, &b, &sums, &next) || (sums && s->sums == NULL) ||
            !take_entry(sums ? s->sums : s, &b, sums ? n_sum_blocks : n_blocks))
            return damaged(s, "its directory", err);
    }
    if (r.failed || r.at != r.end || next != at || s->rows != rows)
        return damaged(s, "its directory", err);
    return KEHU_OK;
}

/* Room for the blocks of a part. */
static bool expect_blocks(kehu__segment *s, uint32_t n)
{
    s->min_time = INT64_MAX;
    s->max_time = INT64_MIN;
    s->block_capacity = n;
    s->blocks = kehu__alloc_zero(&s->alloc, n, sizeof *s->blocks);
    return s->blocks != NULL;
}

/* The blocks of sums as a part: what is read of it is read of the whole file. */
static kehu_status expect_sums(kehu__segment *s, uint32_t n, kehu_error *err)
{
    s->sums = kehu__alloc(&s->alloc, 1, sizeof *s->sums);
    if (s->sums == NULL)
        return kehu__no_memory(err, s->name);
    memset(s->sums, 0, sizeof *s->sums);
    s->sums->alloc = s->alloc;
    s->sums->io = s->io;
    s->sums->part = (kehu_store_part)KEHU__SUMS;
    s->sums->size = s->size;
    s->sums->fd = s->fd;
    s->sums->image = s->image;
    memcpy(s->sums->name, s->name, sizeof s->name);
    return expect_blocks(s->sums, n) ? KEHU_OK : kehu__no_memory(err, s->name);
}

/* Header, tail and directory. */
static kehu_status read_frame_of(kehu__segment *s, uint64_t store_id, kehu_error *err)
{
    unsigned char header[KEHU__FILE_HEADER], tail[KEHU__SEGMENT_TAIL];
    kehu__file_header h = {KEHU__FILE_SEGMENT, store_id, s->number, 0, 0};
    uint64_t at, size;
    uint32_t n_blocks, n_sum_blocks;
    KEHU_TRY(fetch(s, header, sizeof header, 0, err));
    KEHU_TRY(kehu__file_header_read(header, &h, s->name, err));
    KEHU_TRY(fetch(s, tail, sizeof tail, s->size - sizeof tail, err));
    at = kehu__load64(tail);
    size = kehu__load64(tail + 8);
    n_blocks = kehu__load32(tail + 20);
    n_sum_blocks = kehu__load32(tail + 36);
    if (kehu__load32(tail + 44) != kehu__crc32c(0, tail, 44) ||
        kehu__load32(tail + 32) != (uint32_t)s->part ||
        kehu__load32(tail + 16) != s->directory_crc || size == 0 || at > s->size ||
        size != s->size - at - KEHU__SEGMENT_TAIL || n_blocks == 0 ||
        n_blocks > size / COLUMN_ENTRY || n_sum_blocks > size / COLUMN_ENTRY ||
        (n_sum_blocks > 0) != ((h.features & KEHU__FEATURE_SUMS) != 0))
        return damaged(s, "its tail", err);
    s->directory = kehu__alloc(&s->alloc, (size_t)size, 1);
    if (s->directory == NULL)
        return kehu__no_memory(err, s->name);
    s->directory_size = (size_t)size;
    KEHU_TRY(fetch(s, s->directory, (size_t)size, at, err));
    if (kehu__crc32c(0, s->directory, (size_t)size) != s->directory_crc)
        return damaged(s, "its directory", err);
    if (!expect_blocks(s, n_blocks))
        return kehu__no_memory(err, s->name);
    if (n_sum_blocks > 0)
        KEHU_TRY(expect_sums(s, n_sum_blocks, err));
    return read_directory(s, at, kehu__load64(tail + 24), n_blocks, n_sum_blocks, err);
}

static kehu__segment *new_segment(const kehu_allocator *alloc, const kehu__io *io,
                                  uint64_t number, kehu_store_part part)
{
    kehu__segment *s = kehu__alloc(alloc, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    memset(s, 0, sizeof *s);
    atomic_init(&s->holders, 1);
    s->alloc = *alloc;
    s->io = io;
    s->fd = -1;
    s->part = part;
    s->number = number;
    kehu__file_name(s->name, KEHU__FILE_SEGMENT, number);
    return s;
}

kehu_status kehu__segment_open(kehu__segment **out, const kehu__io *io,
                               const char *folder, uint64_t store_id, uint64_t number,
                               kehu_store_part part, uint64_t size,
                               uint32_t directory_crc, const kehu_allocator *alloc,
                               kehu_error *err)
{
    char path[KEHU__PATH_MAX];
    kehu_status status = KEHU_OK;
    int64_t length;
    kehu__segment *s = new_segment(alloc, io, number, part);
    *out = NULL;
    if (s == NULL)
        return kehu__no_memory(err, "a segment");
    kehu__file_path(path, folder, s->name);
    s->size = size;
    s->directory_crc = directory_crc;
    s->fd = io->open(io->ctx, path, O_RDONLY, 0);
    if (s->fd < 0)
        status = kehu__io_fail(s->fd, "open", path, err);
    else if ((length = io->size(io->ctx, s->fd)) < 0)
        status = kehu__io_fail(length, "read", path, err);
    else if ((uint64_t)length != size || size < KEHU__FILE_HEADER + KEHU__SEGMENT_TAIL)
        status =
            kehu__fail(err, KEHU_FORMAT, -1, "%s has %lld bytes, the manifest says %llu",
                       s->name, (long long)length, (unsigned long long)size);
    else
        status = read_frame_of(s, store_id, err);
    if (status != KEHU_OK) {
        kehu__segment_release(s);
        return status;
    }
    *out = s;
    return KEHU_OK;
}

kehu_status kehu__segment_of_writer(kehu__segment **out, kehu__segment_writer *w,
                                    kehu_error *err)
{
    kehu_status status;
    kehu__segment *s = new_segment(&w->alloc, w->io, w->number, w->part);
    *out = NULL;
    if (s == NULL)
        return kehu__no_memory(err, "sorted rows");
    s->size = w->out.size;
    s->image = w->out.bytes;
    s->image_capacity = w->out.capacity;
    s->directory_crc = w->directory_crc;
    w->out = kehu__buffer_new(&w->alloc);
    status = read_frame_of(s, 0, err);
    if (status != KEHU_OK) {
        kehu__segment_release(s);
        return status;
    }
    *out = s;
    return KEHU_OK;
}

uint32_t kehu__segment_seek(const kehu__segment *s, const char *key, size_t size)
{
    uint32_t low = 0, high = s->n_blocks;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const kehu__block_entry *b = &s->blocks[middle];
        if (kehu__text_order(b->last_key, b->last_size, key, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

kehu__segment_block kehu__block_new(const kehu_allocator *alloc)
{
    return (kehu__segment_block){.rows = kehu__rows_new(alloc),
                                 .keys = kehu__vector_new(alloc, KEHU__TEXTS),
                                 .bytes = kehu__buffer_new(alloc)};
}

void kehu__block_free(kehu__segment_block *b)
{
    kehu__rows_free(&b->rows);
    kehu__vector_free(&b->keys);
    kehu__free(&b->bytes.alloc, b->run_first, b->run_capacity, sizeof *b->run_first);
    kehu__buffer_free(&b->bytes);
    *b = kehu__block_new(&b->bytes.alloc);
}

/* Run lengths and ids; both must agree with the directory and be in order. */
static kehu_status decode_runs(kehu__segment_block *b, const kehu__block_entry *e,
                               const char *chunk, size_t size)
{
    size_t used;
    int64_t first = 0;
    kehu_status status;
    if (!kehu__grow(&b->bytes.alloc, &b->run_first, &b->run_capacity, (size_t)e->runs + 1,
                    sizeof *b->run_first))
        return KEHU_NO_MEMORY;
    used = kehu__ints_decode(b->run_first, e->runs, chunk, size);
    if (used == 0)
        return KEHU_FORMAT;
    status = kehu__vector_decode(&b->keys, chunk + used, size - used, e->runs);
    if (status != KEHU_OK)
        return status;
    for (uint32_t i = 0; i < e->runs; i++) {
        const int64_t length = b->run_first[i];
        const kehu__vector_piece p = b->keys.values.pieces[i];
        if (length < 1 || length > e->rows - first || p.size == 0 ||
            p.size > KEHU__MAX_KEY || b->keys.missing[i])
            return KEHU_FORMAT;
        b->run_first[i] = first;
        first += length;
        if (i > 0) {
            const kehu__vector_piece q = b->keys.values.pieces[i - 1];
            if (kehu__text_order(b->keys.bytes + q.at, q.size, b->keys.bytes + p.at,
                                 p.size) >= 0)
                return KEHU_FORMAT;
        }
    }
    b->run_first[e->runs] = first;
    b->n_runs = e->runs;
    return first == e->rows ? KEHU_OK : KEHU_FORMAT;
}

static bool keys_match(const kehu__segment_block *b, const kehu__block_entry *e)
{
    uint32_t size;
    const char *first = kehu__vector_text(&b->keys, 0, &size);
    if (kehu__text_order(first, size, e->first_key, e->first_size) != 0)
        return false;
    first = kehu__vector_text(&b->keys, b->n_runs - 1, &size);
    return kehu__text_order(first, size, e->last_key, e->last_size) == 0;
}

static bool always_there(const kehu__segment_block *b, uint32_t id)
{
    const kehu__vector *v = kehu__rows_get(&b->rows, id);
    return v != NULL && v->n_missing == 0;
}

static bool is_decoded(uint32_t id, const kehu__block_wish *wish)
{
    for (uint32_t i = 0; i < wish->n_ids; i++)
        if (wish->ids[i] == id)
            return true;
    return id <= KEHU__SEQUENCE;
}

static bool is_wanted(uint32_t id, const kehu__block_wish *wish)
{
    return wish->check || is_decoded(id, wish);
}

/* Leave of the decoded runs only that of a key, or none; rows first..first+b->rows.n-1 of
 * the block are its rows. */
static void keep_run(kehu__segment_block *b, const char *key, size_t size,
                     uint32_t *first)
{
    uint32_t low = 0, high = b->n_runs, run_size;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const char *text = kehu__vector_text(&b->keys, middle, &run_size);
        if (kehu__text_order(text, run_size, key, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    b->rows.n = 0;
    if (low < b->n_runs) {
        const char *text = kehu__vector_text(&b->keys, low, &run_size);
        if (kehu__text_order(text, run_size, key, size) == 0) {
            *first = (uint32_t)b->run_first[low];
            b->rows.n = (uint32_t)(b->run_first[low + 1] - b->run_first[low]);
            b->keys.values.pieces[0] = b->keys.values.pieces[low];
            b->run_first[0] = 0;
            b->run_first[1] = b->rows.n;
        }
    }
    b->n_runs = b->keys.n = b->rows.n > 0;
}

static kehu_status decode_column(kehu__segment_block *b, const kehu__segment *s,
                                 const kehu__schema *schema, uint32_t id, bool check,
                                 const char *chunk, size_t size, uint32_t n,
                                 uint32_t first)
{
    kehu__vector *v = kehu__rows_find(&b->rows, id);
    if (v == NULL)
        v = kehu__rows_add(&b->rows, id,
                           kehu__storage_of(kehu__schema_type(schema, s->part, id)));
    if (v == NULL)
        return KEHU_NO_MEMORY;
    return check ? kehu__vector_check(v, chunk, size, n)
                 : kehu__vector_decode_rows(v, chunk, size, n, first, b->rows.n);
}

/* Chunks of wanted columns that lie side by side are read at once. */
static kehu_status fetch_chunks(kehu__segment_block *b, const kehu__segment *s,
                                const kehu__block_entry *e, const kehu__block_wish *wish,
                                kehu_error *err)
{
    uint64_t at = 0, from = 0;
    bool open = false;
    b->bytes.size = 0;
    b->bytes.failed = false;
    if (e->size > 0 && kehu__buffer_room(&b->bytes, (size_t)e->size) == NULL)
        return kehu__no_memory(err, s->name);
    for (uint32_t i = 0; i <= e->n_columns; i++) {
        const char *c = e->columns + (size_t)i * COLUMN_ENTRY;
        const bool wanted = i < e->n_columns && is_wanted(kehu__load32(c), wish);
        if (open && !wanted)
            KEHU_TRY(fetch(s, b->bytes.bytes + from, (size_t)(at - from),
                           e->offset + from, err));
        if (!open && wanted)
            from = at;
        open = wanted;
        if (i < e->n_columns)
            at += kehu__load32(c + 4);
    }
    return KEHU_OK;
}

/* The ids, and with one_key only that one's run: its first row is *first. */
static kehu_status take_runs(kehu__segment_block *b, const kehu__block_entry *e,
                             const char *chunk, size_t size, const kehu__one_key *one,
                             uint32_t *first)
{
    KEHU_TRY(decode_runs(b, e, chunk, size));
    if (!keys_match(b, e))
        return KEHU_FORMAT;
    if (one != NULL)
        keep_run(b, one->key, one->size, first);
    return KEHU_OK;
}

kehu_status kehu__block_read(kehu__segment_block *b, const kehu__segment *s,
                             uint32_t block, const kehu__schema *schema,
                             const kehu__block_wish *wish, kehu_error *err)
{
    const kehu__block_entry *e = &s->blocks[block];
    const char *chunk;
    uint32_t first = 0;
    kehu__rows_clear(&b->rows);
    b->rows.n = e->rows;
    b->n_runs = 0;
    if (e->offset > s->size || e->size > s->size - e->offset)
        return damaged(s, "a block lies outside the file", err);
    if (e->size > PTRDIFF_MAX)
        return kehu__no_memory(err, s->name);
    KEHU_TRY(fetch_chunks(b, s, e, wish, err));
    chunk = b->bytes.bytes;
    for (uint32_t i = 0; i < e->n_columns; i++) { /* the ids come first */
        const char *c = e->columns + (size_t)i * COLUMN_ENTRY;
        const uint32_t id = kehu__load32(c), size = kehu__load32(c + 4);
        kehu_status status = KEHU_OK;
        /* A column of a later minor version is passed over. */
        if (is_wanted(id, wish) && kehu__schema_name(schema, s->part, id) != NULL) {
            if (kehu__crc32c(0, chunk, size) != kehu__load32(c + 8))
                status = KEHU_FORMAT;
            else
                status = id == KEHU__KEY
                             ? take_runs(b, e, chunk, size, wish->one, &first)
                             : decode_column(b, s, schema, id, !is_decoded(id, wish),
                                             chunk, size, e->rows, first);
        }
        if (status == KEHU_NO_MEMORY)
            return kehu__no_memory(err, s->name);
        if (status != KEHU_OK)
            return kehu__fail(err, KEHU_FORMAT, (int64_t)(e->offset),
                              "%s is damaged in the block at byte %llu, column %u",
                              s->name, (unsigned long long)e->offset, (unsigned)id);
        chunk += size;
    }
    if (!always_there(b, KEHU__TIME) || !always_there(b, KEHU__SEQUENCE))
        return damaged(s, "the ids and times of a block", err);
    return KEHU_OK;
}
