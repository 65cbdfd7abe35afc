#include "store/segment.h"

#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/page.h"

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
    kehu__pages_free(s);
    kehu__free(&a, s->prefixes, s->n_blocks, sizeof *s->prefixes);
    if (s->sums != NULL)
        kehu__free(&a, s->sums->blocks, s->sums->block_capacity, sizeof *s->blocks);
    kehu__free(&a, s->sums, 1, sizeof *s->sums);
    kehu__free(&a, s->image, s->image_capacity, 1);
    kehu__free(&a, s->directory, s->directory_size, 1);
    kehu__free(&a, s->blocks, s->block_capacity, sizeof *s->blocks);
    kehu__free(&a, s, 1, sizeof *s);
}

kehu_status kehu__segment_damaged(const kehu__segment *s, const char *what,
                                  kehu_error *err)
{
    return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: %s", s->name, what);
}

kehu_status kehu__segment_fetch(const kehu__segment *s, void *to, size_t size,
                                uint64_t at, kehu_error *err)
{
    if (at > s->size || size > s->size - at)
        return kehu__segment_damaged(s, "a part lies outside the file", err);
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
    b->columns = kehu__read_bytes(r, (size_t)b->n_columns * KEHU__COLUMN_ENTRY);
    if (b->columns == NULL || b->offset != *next || b->rows == 0 ||
        b->rows > KEHU__BLOCK_ROWS || b->runs == 0 || b->runs > b->rows ||
        (*sums && b->runs != b->rows))
        return false;
    b->size = 0;
    for (uint32_t i = 0; i < b->n_columns; i++)
        b->size += kehu__load32(b->columns + (size_t)i * KEHU__COLUMN_ENTRY + 4);
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
            return kehu__segment_damaged(s, "its directory", err);
    }
    if (r.failed || r.at != r.end || next != at || s->rows != rows)
        return kehu__segment_damaged(s, "its directory", err);
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
    KEHU_TRY(kehu__segment_fetch(s, header, sizeof header, 0, err));
    KEHU_TRY(kehu__file_header_read(header, &h, s->name, err));
    KEHU_TRY(kehu__segment_fetch(s, tail, sizeof tail, s->size - sizeof tail, err));
    at = kehu__load64(tail);
    size = kehu__load64(tail + 8);
    n_blocks = kehu__load32(tail + 20);
    n_sum_blocks = kehu__load32(tail + 36);
    if (kehu__load32(tail + 44) != kehu__crc32c(0, tail, 44) ||
        kehu__load32(tail + 32) != (uint32_t)s->part ||
        kehu__load32(tail + 16) != s->directory_crc || size == 0 || at > s->size ||
        size != s->size - at - KEHU__SEGMENT_TAIL || n_blocks == 0 ||
        n_blocks > size / KEHU__COLUMN_ENTRY ||
        n_sum_blocks > size / KEHU__COLUMN_ENTRY ||
        (n_sum_blocks > 0) != ((h.features & KEHU__FEATURE_SUMS) != 0))
        return kehu__segment_damaged(s, "its tail", err);
    s->directory = kehu__alloc(&s->alloc, (size_t)size, 1);
    if (s->directory == NULL)
        return kehu__no_memory(err, s->name);
    s->directory_size = (size_t)size;
    KEHU_TRY(kehu__segment_fetch(s, s->directory, (size_t)size, at, err));
    if (kehu__crc32c(0, s->directory, (size_t)size) != s->directory_crc)
        return kehu__segment_damaged(s, "its directory", err);
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

/* Up to 8 bytes of an id from one on, as a number that orders as they do. */
static uint64_t prefix_of(const char *key, size_t size, size_t from)
{
    uint64_t prefix = 0;
    for (size_t i = from; i < from + 8; i++)
        prefix = prefix << 8 | (i < size ? (unsigned char)key[i] : 0);
    return prefix;
}

/* Ids of one kind begin alike; what follows then tells most blocks apart, and lies close
 * together. */
static bool keep_prefixes(kehu__segment *s)
{
    const kehu__block_entry *first = &s->blocks[0], *last = &s->blocks[s->n_blocks - 1];
    s->prefixes = kehu__alloc(&s->alloc, s->n_blocks, sizeof *s->prefixes);
    if (s->prefixes == NULL)
        return false;
    while (s->n_alike < first->last_size && s->n_alike < last->last_size &&
           first->last_key[s->n_alike] == last->last_key[s->n_alike])
        s->n_alike++;
    for (uint32_t i = 0; i < s->n_blocks; i++)
        s->prefixes[i] =
            prefix_of(s->blocks[i].last_key, s->blocks[i].last_size, s->n_alike);
    return true;
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
    if (status == KEHU_OK && !(keep_prefixes(s) && kehu__pages_begin(s)))
        status = kehu__no_memory(err, s->name);
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

/* First block from low to high-1 whose prefix is not below one, else high. */
static uint32_t seek_prefix(const kehu__segment *s, uint64_t prefix, uint32_t low,
                            uint32_t high)
{
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (s->prefixes[middle] < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t kehu__segment_seek(const kehu__segment *s, const char *key, size_t size)
{
    uint32_t low = 0, high = s->n_blocks;
    if (s->prefixes != NULL && size >= s->n_alike &&
        memcmp(key, s->blocks[0].last_key, s->n_alike) == 0) {
        const uint64_t prefix = prefix_of(key, size, s->n_alike);
        low = seek_prefix(s, prefix, low, high);
        if (prefix < UINT64_MAX)
            high = seek_prefix(s, prefix + 1, low, high);
    }
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
