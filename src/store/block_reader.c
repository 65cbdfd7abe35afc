#include "store/segment.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "store/codec.h"
#include "store/page.h"

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
    kehu__page_drop(&b->bytes.alloc, b->page);
    kehu__buffer_free(&b->bytes);
    *b = kehu__block_new(&b->bytes.alloc);
}

/* Are the ids, none of them missing, of allowed size and in order? */
static bool keys_sound(const kehu__vector *keys)
{
    for (uint32_t i = 0; i < keys->n; i++) {
        const kehu__vector_piece p = keys->values.pieces[i];
        if (p.size == 0 || p.size > KEHU__MAX_KEY || keys->missing[i])
            return false;
        if (i > 0) {
            const kehu__vector_piece q = keys->values.pieces[i - 1];
            if (kehu__text_order(keys->bytes + q.at, q.size, keys->bytes + p.at,
                                 p.size) >= 0)
                return false;
        }
    }
    return true;
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
        if (length < 1 || length > e->rows - first)
            return KEHU_FORMAT;
        b->run_first[i] = first;
        first += length;
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
static kehu_status fetch_chunks(char *to, const kehu__segment *s,
                                const kehu__block_entry *e, const kehu__block_wish *wish,
                                kehu_error *err)
{
    uint64_t at = 0, from = 0;
    bool open = false;
    for (uint32_t i = 0; i <= e->n_columns; i++) {
        const char *c = e->columns + (size_t)i * KEHU__COLUMN_ENTRY;
        const bool wanted = i < e->n_columns && is_wanted(kehu__load32(c), wish);
        if (open && !wanted)
            KEHU_TRY(kehu__segment_fetch(s, to + from, (size_t)(at - from),
                                         e->offset + from, err));
        if (!open && wanted)
            from = at;
        open = wanted;
        if (i < e->n_columns)
            at += kehu__load32(c + 4);
    }
    return KEHU_OK;
}

static kehu_status fetch_block(kehu__segment_block *b, const kehu__segment *s,
                               const kehu__block_entry *e, const kehu__block_wish *wish,
                               kehu_error *err)
{
    b->bytes.size = 0;
    b->bytes.failed = false;
    if (e->size > 0 && kehu__buffer_room(&b->bytes, (size_t)e->size) == NULL)
        return kehu__no_memory(err, s->name);
    return fetch_chunks(b->bytes.bytes, s, e, wish, err);
}

/* Are all chunks that are wanted in the page, and known to be sound? */
static bool page_has(const kehu__page *p, const kehu__block_entry *e,
                     const kehu__block_wish *wish)
{
    for (uint32_t i = 0; i < e->n_columns; i++)
        if ((p->verified >> i & 1) == 0 &&
            is_wanted(kehu__load32(e->columns + (size_t)i * KEHU__COLUMN_ENTRY), wish))
            return false;
    return true;
}

/* The same into the page of the block, unless it is there. */
static kehu_status fetch_page(kehu__segment_block *b, const kehu__segment *s,
                              uint32_t block, const kehu__block_wish *wish,
                              kehu_error *err)
{
    const kehu__block_entry *e = &s->blocks[block];
    if (b->page != NULL && b->page->block != block) {
        kehu__page_give(s, b->page);
        b->page = NULL;
    }
    if (b->page == NULL)
        b->page = kehu__page_take(s, block);
    if (b->page == NULL)
        return kehu__no_memory(err, s->name);
    if (page_has(b->page, e, wish))
        return KEHU_OK;
    b->page->verified = 0;
    return fetch_chunks(b->page->bytes, s, e, wish, err);
}

/* The ids, known to be sound or not, and with one_key only that one's run: its first row
 * is *first. */
static kehu_status take_runs(kehu__segment_block *b, const kehu__block_entry *e,
                             const char *chunk, size_t size, bool known,
                             const kehu__one_key *one, uint32_t *first)
{
    KEHU_TRY(decode_runs(b, e, chunk, size));
    if (!known && (!keys_sound(&b->keys) || !keys_match(b, e)))
        return KEHU_FORMAT;
    if (one != NULL)
        keep_run(b, one->key, one->size, first);
    return KEHU_OK;
}

/* Of a page most of the time is waiting for memory: ask early, for the chunks' beginnings
 * and where about in them the rows of a customer lie. */
KEHU__ALWAYS_INLINE void prefetch_chunks(const kehu__block_entry *e, const char *chunk,
                                         uint32_t first)
{
    for (uint32_t i = 0; i < e->n_columns; i++) {
        const size_t size = kehu__load32(e->columns + (size_t)i * KEHU__COLUMN_ENTRY + 4);
        KEHU__PREFETCH(chunk + (first == 0 ? 0 : size * first / e->rows));
        chunk += size;
    }
}

kehu_status kehu__block_read(kehu__segment_block *b, const kehu__segment *s,
                             uint32_t block, const kehu__schema *schema,
                             const kehu__block_wish *wish, kehu_error *err)
{
    const kehu__block_entry *e = &s->blocks[block];
    const bool paged = wish->one != NULL && kehu__has_pages(s, e);
    const char *chunk;
    uint32_t first = 0;
    kehu__rows_clear(&b->rows);
    b->rows.n = e->rows;
    b->n_runs = 0;
    if (e->offset > s->size || e->size > s->size - e->offset)
        return kehu__segment_damaged(s, "a block lies outside the file", err);
    if (e->size > PTRDIFF_MAX)
        return kehu__no_memory(err, s->name);
    if (paged)
        KEHU_TRY(fetch_page(b, s, block, wish, err));
    else
        KEHU_TRY(fetch_block(b, s, e, wish, err));
    chunk = paged ? b->page->bytes : b->bytes.bytes;
    if (paged)
        prefetch_chunks(e, chunk, 0);
    for (uint32_t i = 0; i < e->n_columns; i++) { /* the ids come first */
        const char *c = e->columns + (size_t)i * KEHU__COLUMN_ENTRY;
        const uint32_t id = kehu__load32(c), size = kehu__load32(c + 4);
        kehu_status status = KEHU_OK;
        /* A column of a later minor version is passed over. */
        if (is_wanted(id, wish) && kehu__schema_name(schema, s->part, id) != NULL) {
            const bool known = paged && (b->page->verified >> i & 1) != 0;
            if (!known && kehu__crc32c(0, chunk, size) != kehu__load32(c + 8))
                status = KEHU_FORMAT;
            else
                status = id == KEHU__KEY
                             ? take_runs(b, e, chunk, size, known, wish->one, &first)
                             : decode_column(b, s, schema, id, !is_decoded(id, wish),
                                             chunk, size, e->rows, first);
        }
        if (status == KEHU_NO_MEMORY)
            return kehu__no_memory(err, s->name);
        if (status == KEHU_OK && paged && is_wanted(id, wish))
            b->page->verified |= UINT64_C(1) << i;
        if (status != KEHU_OK)
            return kehu__fail(err, KEHU_FORMAT, (int64_t)(e->offset),
                              "%s is damaged in the block at byte %llu, column %u",
                              s->name, (unsigned long long)e->offset, (unsigned)id);
        if (paged && i == 0 && first > 0)
            prefetch_chunks(e, chunk, first);
        chunk += size;
    }
    if (!always_there(b, KEHU__TIME) || !always_there(b, KEHU__SEQUENCE))
        return kehu__segment_damaged(s, "the ids and times of a block", err);
    return KEHU_OK;
}
