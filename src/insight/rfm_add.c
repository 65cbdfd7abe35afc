/* Adding transactions, round by round. Chunks and parts are tasks; neither depends
 * on the number of threads. */
#include "insight/rfm_add.h"

#include <string.h>

#include "base/error.h"

enum { FEW = 1 << 15 }; /* rows not worth starting threads for */

static void add_counts(kehu_rfm_base_counts *sum, const kehu_rfm_base_counts *c)
{
    sum->rows += c->rows;
    sum->no_customer += c->no_customer;
    sum->before += c->before;
    sum->after += c->after;
    sum->returns += c->returns;
}

static kehu_status add_rounds(kehu__rfm_adding *a, const kehu__run *run, kehu_error *err)
{
    kehu_rfm_base *base = a->base;
    const int64_t round = KEHU__RFM_CHUNKS * KEHU__RFM_CHUNK_ROWS;
    for (a->from = 0; a->from < a->n; a->from = a->to) {
        const int64_t left = a->n - a->from;
        a->to = a->from + (left < round ? left : round);
        const int64_t n_chunks = kehu__rfm_chunk_count(a);
        KEHU_TRY(kehu__progress(run, (double)a->from / (double)a->n, "counting", err));
        kehu__parallel(run, n_chunks, kehu__rfm_scatter_rows, a);
        kehu__parallel(run, KEHU__RFM_PARTS, kehu__rfm_aggregate_rows, a);
        for (int64_t k = 0; k < n_chunks; k++)
            add_counts(&base->counts, &a->chunks[k].counts);
        for (int p = 0; p < KEHU__RFM_PARTS; p++)
            if (base->parts[p].refused)
                return kehu__no_memory(err, "more customers");
    }
    return KEHU_OK;
}

/* Room for a round's rows: each chunk has a block more a part than it fills. */
typedef struct room {
    kehu__rfm_chunk chunks[KEHU__RFM_CHUNKS];
    char *rows;
    uint32_t *after;
    size_t n_blocks;
} room;

static bool make_room(kehu__rfm_adding *a, room *r)
{
    const size_t row_bytes = a->named ? sizeof(kehu__rfm_short) : sizeof(kehu__rfm_row);
    const int64_t most =
        a->n < KEHU__RFM_CHUNK_ROWS ? a->n : KEHU__RFM_CHUNK_ROWS; /* in one chunk */
    const int64_t fair = most / KEHU__RFM_PARTS / 2 & ~(int64_t)1;
    const int64_t block = fair < 4 ? 4 : fair > KEHU__RFM_BLOCK ? KEHU__RFM_BLOCK : fair;
    const int64_t needed = (a->n + KEHU__RFM_CHUNK_ROWS - 1) / KEHU__RFM_CHUNK_ROWS;
    const size_t n_chunks =
        (size_t)(needed < KEHU__RFM_CHUNKS ? needed : KEHU__RFM_CHUNKS);
    const size_t blocks = (size_t)(most / block) + KEHU__RFM_PARTS;
    a->chunks = r->chunks;
    a->block_bytes = (size_t)block * row_bytes;
    r->n_blocks = n_chunks * blocks;
    r->rows = kehu__alloc(&a->base->alloc, r->n_blocks, a->block_bytes);
    r->after = kehu__alloc(&a->base->alloc, r->n_blocks, sizeof *r->after);
    for (size_t k = 0; k < n_chunks && r->rows != NULL && r->after != NULL; k++) {
        r->chunks[k].rows = r->rows + k * blocks * a->block_bytes;
        r->chunks[k].after = r->after + k * blocks;
    }
    return r->rows != NULL && r->after != NULL;
}

static kehu_status add_rows(kehu__rfm_adding *a, const kehu__rfm_kind kinds[2],
                            const kehu__run *run, kehu_error *err)
{
    kehu_rfm_base *base = a->base;
    kehu_status status;
    KEHU_TRY(kehu__rfm_check_rows(a, run, err));
    kehu__rfm_base_unfinish(base);
    base->key_kind = kinds[0];
    base->order_kind = kinds[1];
    if (!base->has_currency && a->currency.size > 0) {
        base->has_currency = true;
        base->currency_size = (uint32_t)a->currency.size;
        memcpy(base->currency, a->currency.bytes, (size_t)a->currency.size);
    }
    status = add_rounds(a, run, err);
    base->poisoned = status != KEHU_OK;
    return status;
}

static bool is_plain(const kehu_rfm_batch *b)
{
    return (b->customer->type == KEHU_INT64 || b->customer->type == KEHU_UTF8) &&
           b->customer->validity == NULL && b->time->type == KEHU_DATE32 &&
           b->time->validity == NULL && b->amount->type == KEHU_INT64 &&
           b->amount->validity == NULL && b->returned == NULL;
}

kehu_status kehu_rfm_base_add(kehu_rfm_base *base, const kehu_rfm_batch *batch,
                              kehu_error *err)
{
    kehu__rfm_kind kinds[2];
    kehu_status status;
    room *r;
    if (base == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "base is NULL");
    if (base->poisoned)
        return kehu__fail(err, KEHU_POISONED, -1, "an earlier add or merge failed");
    KEHU_TRY(kehu__rfm_check_batch(base, batch, kinds, err));
    kehu__rfm_adding a = {.base = base,
                          .batch = batch,
                          .n = batch->customer->length,
                          .text_keys = kinds[0] == KEHU__RFM_TEXT,
                          .text_orders = kinds[1] == KEHU__RFM_TEXT,
                          .plain = is_plain(batch),
                          .named = kinds[0] == KEHU__RFM_TEXT && batch->order == NULL};
    const kehu__run serial = {.progress = base->run.progress};
    if (a.n == 0)
        return KEHU_OK;
    r = kehu__alloc_zero(&base->alloc, 1, sizeof *r);
    if (r == NULL)
        return kehu__no_memory(err, "a batch of transactions");
    status = make_room(&a, r) ? add_rows(&a, kinds, a.n < FEW ? &serial : &base->run, err)
                              : kehu__no_memory(err, "a batch of transactions");
    kehu__free(&base->alloc, r->rows, r->n_blocks, a.block_bytes);
    kehu__free(&base->alloc, r->after, r->n_blocks, sizeof *r->after);
    kehu__free(&base->alloc, r, 1, sizeof *r);
    return status;
}
