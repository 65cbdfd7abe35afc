/* insight/rfm_add.h - one call of kehu_rfm_base_add. All rows are checked before
 * the first one counts; then, a round of some millions at a time, they are
 * partitioned by the hash of the customer: tasks scatter a chunk of rows each over the
 * parts, then each part aggregates its rows. */
#ifndef KEHU_SRC_INSIGHT_RFM_ADD_H
#define KEHU_SRC_INSIGHT_RFM_ADD_H

#include "base/date.h"
#include "insight/rfm_base.h"

enum {
    KEHU__RFM_CHUNKS = 8,             /* of a round, before the parts aggregate */
    KEHU__RFM_CHUNK_ROWS = 1 << 19,   /* what one task scatters */
    KEHU__RFM_BLOCK = 256,            /* rows of one part kept together, at most */
    KEHU__RFM_NO_PURCHASE = INT32_MIN /* the day of a return that buys nothing */
};

/* A row on its way to its part, small because the way is through memory. */
typedef struct kehu__rfm_row {
    uint64_t hash; /* of the customer */
    int32_t what;  /* the amount, or the row's number in the round */
    int32_t day;
} kehu__rfm_row;

/* The same with a short text key, and the amount. */
typedef struct kehu__rfm_short {
    uint64_t hash;
    int32_t amount, day;
    kehu__rfm_text name;
} kehu__rfm_short;

/* The same with any text key, which stays where it is. */
typedef struct kehu__rfm_named {
    uint64_t hash;
    const char *name;
    int64_t amount;
    int32_t day;
    uint32_t size; /* of the name */
} kehu__rfm_named;

/* What the scattered rows of a chunk are. */
typedef enum kehu__rfm_form {
    KEHU__RFM_NUMBERED, /* kehu__rfm_row: the rest is looked up by the number */
    KEHU__RFM_LEAN,     /* kehu__rfm_row with the amount: all there is to know */
    KEHU__RFM_BRIEF,    /* kehu__rfm_short: all there is to know */
    KEHU__RFM_NAMED     /* kehu__rfm_named: all there is to know */
} kehu__rfm_form;

/* The rows scattered by one task: for each part a chain of blocks, filled in order. */
typedef struct kehu__rfm_chunk {
    kehu_rfm_base_counts counts;
    kehu__rfm_form form;
    char *rows;
    uint32_t *after; /* [blocks] the next block of the same part */
    uint32_t n_blocks;
    uint32_t first[KEHU__RFM_PARTS], last[KEHU__RFM_PARTS];
    char *next[KEHU__RFM_PARTS]; /* behind the part's last row */
} kehu__rfm_chunk;

typedef struct kehu__rfm_adding {
    kehu_rfm_base *base;
    const kehu_rfm_batch *batch;
    int64_t n;
    kehu__text currency; /* that every used row must have */
    bool text_keys, text_orders;
    bool plain;         /* int64 amounts, DATE32 days, nothing missing or marked */
    bool named;         /* text keys, no orders */
    int64_t from, to;   /* rows of this round */
    size_t block_bytes; /* whole rows of any form there is */
    kehu__rfm_chunk *chunks;
} kehu__rfm_adding;

kehu_status kehu__rfm_check_rows(kehu__rfm_adding *a, const kehu__run *run,
                                 kehu_error *err);

/* Tasks: scatter chunk number i of the round; let part number i aggregate its rows. */
void kehu__rfm_scatter_rows(void *adding, int64_t i);
void kehu__rfm_aggregate_rows(void *adding, int64_t i);

/* ---- Reading a row ---- */

static inline int64_t kehu__rfm_number(const kehu_column *c, int64_t i)
{
    const int64_t at = c->start + i;
    if (c->type == KEHU_INT64 || c->type == KEHU_TIMESTAMP)
        return ((const int64_t *)c->data)[at];
    if (c->type == KEHU_INT32 || c->type == KEHU_DATE32)
        return ((const int32_t *)c->data)[at];
    return kehu__column_integer(c, i);
}

static inline int64_t kehu__rfm_chunk_count(const kehu__rfm_adding *a)
{
    return (a->to - a->from + KEHU__RFM_CHUNK_ROWS - 1) / KEHU__RFM_CHUNK_ROWS;
}

/* kehu__column_text, without a call for the usual type. */
static inline kehu__text kehu__rfm_text_at(const kehu_column *c, int64_t i)
{
    if (c->type != KEHU_UTF8 || c->validity != NULL)
        return kehu__column_text(c, i);
    const int32_t *offsets = (const int32_t *)c->offsets + c->start + i;
    return (kehu__text){(const char *)c->data + offsets[0], offsets[1] - offsets[0]};
}

static inline bool kehu__rfm_has_customer(const kehu__rfm_adding *a, int64_t i)
{
    const kehu_column *c = a->batch->customer;
    return kehu__column_valid(c, i) &&
           (!a->text_keys || kehu__rfm_text_at(c, i).size > 0);
}

static inline int32_t kehu__rfm_day(const kehu__rfm_adding *a, int64_t i)
{
    const kehu_column *c = a->batch->time;
    return c->type == KEHU_DATE32 ? (int32_t)kehu__rfm_number(c, i)
                                  : kehu__day_of(kehu__rfm_number(c, i), a->base->offset);
}

#endif
