/* Parts aggregate their rows in batches. Memory is prefetched: rows a block ahead, the
 * lines of their index a batch; customers once those have told, without branches, where
 * a row's customer should stand. The few that stand elsewhere, or are new, are
 * searched. */
#if defined(__SSE2__)
#include <emmintrin.h> /* before a header of base forbids malloc */
#endif

#include "insight/rfm_add.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/prefetch.h"

enum { BATCH = 64 };

/* A block of rows, the one after it (NULL = it is the last), and where the rows are that
 * come after that. */
typedef struct block {
    const char *rows, *ahead;
    const struct block *next;
    size_t n;
    kehu__rfm_form form;
} block;

/* Rows of any form start with their hash. */
static inline uint64_t hash_at(const char *row)
{
    uint64_t hash;
    memcpy(&hash, row, sizeof hash);
    return hash;
}

/* Prefetch the index of a block's rows from..to-1. */
static inline void prefetch_index(const kehu__rfm_part *p, const block *b, size_t from,
                                  size_t to, size_t row_bytes)
{
    for (size_t i = from; i < to && i < b->n; i++)
        KEHU__PREFETCH_WRITE(
            &p->by_key
                 .lines[kehu__rfm_home(&p->by_key, hash_at(b->rows + i * row_bytes))]);
}

/* What is wanted while the batch from `from` on is at work: the index of the next one,
 * in this block or the next, and the rows of the block after that. */
static inline void prefetch_ahead(const kehu__rfm_part *p, const block *b, size_t from,
                                  size_t row_bytes)
{
    if (from + BATCH < b->n)
        prefetch_index(p, b, from + BATCH, from + 2 * BATCH, row_bytes);
    else if (b->next != NULL)
        prefetch_index(p, b->next, 0, BATCH, row_bytes);
    for (size_t at = from * row_bytes; at < (from + BATCH) * row_bytes; at += 64)
        KEHU__PREFETCH(b->ahead + at);
}

/* The number of an item with this hash, if it is in its home; some other number where
 * it is not. */
static inline uint32_t likely(const kehu__rfm_index *x, uint64_t hash)
{
    const kehu__rfm_line *line = &x->lines[kehu__rfm_home(x, hash)];
    const uint32_t tag = kehu__rfm_tag(hash);
    uint32_t lane = KEHU__RFM_LANES - 1;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi32((int)tag);
    const __m128i *tags = (const __m128i *)(const void *)line->tags;
    const int low = _mm_movemask_ps(
                  _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(tags), wanted))),
              high = _mm_movemask_ps(
                  _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted)));
    lane = (uint32_t)__builtin_ctz((unsigned)(low | high << 4 | 1 << lane));
#else
    for (uint32_t k = lane; k-- > 0;)
        lane = line->tags[k] == tag ? k : lane;
#endif
    return line->numbers[lane];
}

/* The customer each row's hash probably is: some other one where it stands elsewhere or
 * is new. */
static inline void guess(const kehu__rfm_part *p, const char *rows, size_t n,
                         size_t row_bytes, uint32_t *customers)
{
    const kehu__rfm_index index = p->by_key;
    for (size_t i = 0; i < n; i++, rows += row_bytes) {
        customers[i] = likely(&index, hash_at(rows));
        KEHU__PREFETCH_WRITE(&p->customers[customers[i]]);
    }
}

static inline void count_row(kehu__rfm_customer *c, int64_t amount, int32_t day)
{
    kehu__rfm_spend(c, amount);
    c->last = day > c->last ? day : c->last;
    c->orders += day != KEHU__RFM_NO_PURCHASE;
}

/* Integer keys: equal hashes are equal keys. */
static bool aggregate_lean(kehu__rfm_part *p, const kehu_allocator *a, const block *b)
{
    uint32_t customers[BATCH];
    const kehu__rfm_row *rows = (const kehu__rfm_row *)(const void *)b->rows;
    for (size_t from = 0, m; from < b->n; from += m, rows += m) {
        m = b->n - from < BATCH ? b->n - from : BATCH;
        prefetch_ahead(p, b, from, sizeof *rows);
        guess(p, (const char *)rows, m, sizeof *rows, customers);
        for (size_t i = 0; i < m; i++) {
            uint32_t k = customers[i];
            if (p->customers[k].hash != rows[i].hash &&
                (k = kehu__rfm_part_customer(p, a, rows[i].hash, NULL)) == UINT32_MAX)
                return false;
            count_row(&p->customers[k], rows[i].what, rows[i].day);
        }
    }
    return true;
}

static inline bool same_name(const kehu__rfm_text *a, const kehu__rfm_text *b)
{
    uint64_t x[4], y[4];
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

static bool aggregate_brief(kehu__rfm_part *p, const kehu_allocator *a, const block *b)
{
    uint32_t customers[BATCH];
    const kehu__rfm_short *rows = (const kehu__rfm_short *)(const void *)b->rows;
    for (size_t from = 0, m; from < b->n; from += m, rows += m) {
        m = b->n - from < BATCH ? b->n - from : BATCH;
        prefetch_ahead(p, b, from, sizeof *rows);
        guess(p, (const char *)rows, m, sizeof *rows, customers);
        for (size_t i = 0; i < m && p->n > 0; i++)
            KEHU__PREFETCH(&p->names[customers[i]]);
        for (size_t i = 0; i < m; i++) {
            const kehu__text name = {rows[i].name.bytes, rows[i].name.size};
            uint32_t k = customers[i];
            if ((k >= p->n || !same_name(&p->names[k], &rows[i].name)) &&
                (k = kehu__rfm_part_customer(p, a, rows[i].hash, &name)) == UINT32_MAX)
                return false;
            count_row(&p->customers[k], rows[i].amount, rows[i].day);
        }
    }
    return true;
}

static bool aggregate_named(kehu__rfm_part *p, const kehu_allocator *a, const block *b)
{
    uint32_t customers[BATCH];
    const kehu__rfm_named *rows = (const kehu__rfm_named *)(const void *)b->rows;
    for (size_t from = 0, m; from < b->n; from += m, rows += m) {
        m = b->n - from < BATCH ? b->n - from : BATCH;
        prefetch_ahead(p, b, from, sizeof *rows);
        for (size_t i = 0; i < m; i++) {
            KEHU__PREFETCH_WRITE(rows[i].name);
            KEHU__PREFETCH_WRITE(rows[i].name + rows[i].size - 1);
        }
        guess(p, (const char *)rows, m, sizeof *rows, customers);
        for (size_t i = 0; i < m && p->n > 0; i++)
            KEHU__PREFETCH_WRITE(&p->names[customers[i]]);
        for (size_t i = 0; i < m && p->n > 0; i++)
            KEHU__PREFETCH_WRITE(kehu__rfm_part_name(p, customers[i]).bytes);
        for (size_t i = 0; i < m; i++) {
            const kehu__text name = {rows[i].name, rows[i].size};
            uint32_t k = customers[i];
            if ((p->customers[k].hash != rows[i].hash ||
                 !kehu__rfm_part_is(p, k, &name)) &&
                (k = kehu__rfm_part_customer(p, a, rows[i].hash, &name)) == UINT32_MAX)
                return false;
            count_row(&p->customers[k], rows[i].amount, rows[i].day);
        }
    }
    return true;
}

/* Count the order of a row: a new one, or one without an id. */
static bool new_order(const kehu__rfm_adding *a, kehu__rfm_part *p, uint32_t customer,
                      int64_t row)
{
    const kehu_column *order = a->batch->order;
    if (order == NULL || !kehu__column_valid(order, row))
        return true;
    if (a->text_orders) {
        const kehu__text id = kehu__column_text(order, row);
        return id.size == 0 ||
               kehu__rfm_part_order(p, &a->base->alloc, customer,
                                    kehu__hash(id.bytes, (size_t)id.size, 0), &id);
    }
    return kehu__rfm_part_order(p, &a->base->alloc, customer,
                                (uint64_t)kehu__rfm_number(order, row), NULL);
}

/* Rows that are looked up: with orders, or amounts of 64 bits. */
static bool aggregate_numbered(const kehu__rfm_adding *a, kehu__rfm_part *p,
                               const block *b)
{
    uint32_t customers[BATCH];
    const kehu__rfm_row *rows = (const kehu__rfm_row *)(const void *)b->rows;
    kehu__text names[BATCH];
    int64_t amounts[BATCH];
    for (size_t from = 0, m; from < b->n; from += m, rows += m) {
        m = b->n - from < BATCH ? b->n - from : BATCH;
        prefetch_ahead(p, b, from, sizeof *rows);
        for (size_t i = 0; i < m; i++) {
            const int64_t row = a->from + rows[i].what;
            amounts[i] = kehu__rfm_number(a->batch->amount, row);
            if (a->text_keys) {
                names[i] = kehu__rfm_text_at(a->batch->customer, row);
                KEHU__PREFETCH_WRITE(names[i].bytes);
            }
        }
        guess(p, (const char *)rows, m, sizeof *rows, customers);
        for (size_t i = 0; i < m && p->names != NULL; i++)
            KEHU__PREFETCH_WRITE(&p->names[customers[i]]);
        for (size_t i = 0; i < m; i++) {
            const uint32_t k = kehu__rfm_part_customer(p, &a->base->alloc, rows[i].hash,
                                                       a->text_keys ? &names[i] : NULL);
            if (k == UINT32_MAX)
                return false;
            const bool bought = rows[i].day != KEHU__RFM_NO_PURCHASE;
            count_row(&p->customers[k], amounts[i], rows[i].day);
            if (bought && !new_order(a, p, k, a->from + rows[i].what))
                p->customers[k].orders--;
        }
        if (p->refused)
            return false;
    }
    return true;
}

/* Chunk by chunk, block by block through the rows of one part. */
typedef struct walk {
    const kehu__rfm_adding *adding;
    int64_t part, chunk, n_chunks;
    uint32_t block;
} walk;

static const char *rows_of(const walk *w)
{
    return w->adding->chunks[w->chunk].rows + w->block * w->adding->block_bytes;
}

/* The block the walk stands at, which then moves on; false at the end. */
static bool next_block(walk *w, block *b)
{
    const kehu__rfm_chunk *c = &w->adding->chunks[w->chunk];
    const bool last = w->chunk < w->n_chunks && w->block == c->last[w->part];
    if (w->chunk == w->n_chunks)
        return false;
    b->rows = b->ahead = rows_of(w);
    b->next = NULL;
    b->n = (last ? (size_t)(c->next[w->part] - b->rows) : w->adding->block_bytes) /
           (c->form == KEHU__RFM_BRIEF   ? sizeof(kehu__rfm_short)
            : c->form == KEHU__RFM_NAMED ? sizeof(kehu__rfm_named)
                                         : sizeof(kehu__rfm_row));
    b->form = c->form;
    if (!last)
        w->block = c->after[w->block];
    else if (++w->chunk < w->n_chunks)
        w->block = c[1].first[w->part];
    return true;
}

static bool aggregate_block(const kehu__rfm_adding *a, kehu__rfm_part *p, const block *b)
{
    const kehu_allocator *alloc = &a->base->alloc;
    return b->form == KEHU__RFM_LEAN    ? aggregate_lean(p, alloc, b)
           : b->form == KEHU__RFM_BRIEF ? aggregate_brief(p, alloc, b)
           : b->form == KEHU__RFM_NAMED ? aggregate_named(p, alloc, b)
                                        : aggregate_numbered(a, p, b);
}

void kehu__rfm_aggregate_rows(void *adding, int64_t number)
{
    const kehu__rfm_adding *a = adding;
    kehu__rfm_part *p = &a->base->parts[number];
    walk w = {.adding = a,
              .part = number,
              .n_chunks = kehu__rfm_chunk_count(a),
              .block = a->chunks[0].first[number]};
    block blocks[2], *b = blocks, *next = blocks + 1;
    bool more = next_block(&w, b);
    p->refused = !kehu__rfm_part_ready(p, (uint32_t)number, &a->base->alloc);
    while (more && !p->refused) {
        block *const done = b;
        more = next_block(&w, next);
        if (more) {
            b->next = next;
            b->ahead = w.chunk < w.n_chunks ? rows_of(&w) : next->rows;
        }
        p->refused = !aggregate_block(a, p, b);
        b = next;
        next = done;
    }
}
