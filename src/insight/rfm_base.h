/* insight/rfm_base.h - the inside of kehu_rfm_base: customers spread by hash
 * over parts, each with its own small tables, so that a part's tables stay in a
 * core's cache while its rows are added and parts never meet. */
#ifndef KEHU_SRC_INSIGHT_RFM_BASE_H
#define KEHU_SRC_INSIGHT_RFM_BASE_H

#include <kehu/rfm.h>

#include <string.h>

#include "insight/rfm_index.h"

#include "base/thread.h"
#include "data/column.h"

enum {
    KEHU__RFM_PART_BITS = 7,
    KEHU__RFM_PARTS = 1 << KEHU__RFM_PART_BITS,
    KEHU__RFM_NUMBER_BITS = 32 - KEHU__RFM_PART_BITS, /* of a customer in its part */
    KEHU__RFM_SHORT = 28                              /* bytes of a short text key */
};

/* Aggregates of one customer. Spend has 128 bits, so that the order of the rows
 * cannot decide whether it overflows on the way. */
typedef struct kehu__rfm_customer {
    uint64_t hash; /* kehu__rfm_hash of the key */
    uint64_t spend_low;
    int32_t spend_high;
    int32_t last; /* day of the last purchase; INT32_MIN = none */
    int64_t orders;
} kehu__rfm_customer;

/* A customer's order, where there is an order column. */
typedef struct kehu__rfm_order {
    uint64_t id; /* the integer id, or the hash of a text id */
    uint64_t at; /* text ids: place and bytes in the part's text */
    uint32_t size;
    uint32_t customer; /* number inside the part */
} kehu__rfm_order;

/* A text key. A short one stands here, zeros behind it, so that a row's is compared
 * without a look elsewhere; of others the place in the part's text does. */
typedef struct kehu__rfm_text {
    uint32_t size;
    char bytes[KEHU__RFM_SHORT];
} kehu__rfm_text;

typedef struct kehu__rfm_part {
    kehu__rfm_index by_key, by_order;
    kehu__rfm_customer *customers;
    size_t n, capacity;
    kehu__rfm_text *names; /* [n] for text keys */
    size_t names_capacity;
    kehu__rfm_order *orders;
    size_t n_orders, orders_capacity;
    char *text;
    size_t text_size, text_capacity;
    bool refused; /* an allocation failed */
} kehu__rfm_part;

typedef enum kehu__rfm_kind {
    KEHU__RFM_UNSET = 0, /* no batch yet */
    KEHU__RFM_NONE,
    KEHU__RFM_INTEGER,
    KEHU__RFM_TEXT
} kehu__rfm_kind;

enum { KEHU__RFM_CURRENCY_BYTES = 32, KEHU__RFM_ID_BYTES = 1 << 20 };

struct kehu_rfm_base {
    kehu_allocator alloc;
    kehu__run run;
    int32_t as_of, from, to, offset; /* to = as_of when not set */
    bool to_given;
    uint32_t returns;
    kehu__rfm_kind key_kind, order_kind;
    bool has_currency;
    uint32_t currency_size;
    char currency[KEHU__RFM_CURRENCY_BYTES];
    bool poisoned;
    kehu_rfm_base_counts counts; /* customers and only_returned are not kept here */
    kehu__rfm_part parts[KEHU__RFM_PARTS];
    /* What finish() handed out. */
    int64_t *out_recency, *out_orders, *out_spend, *out_keys;
    size_t n_out;
    int64_t *out_offsets; /* [n_out + 1], text keys */
    char *out_text;
    size_t out_text_size;
};

/* Number of the customer with this hash (and name, for text keys), added if new;
 * UINT32_MAX when refused. */
uint32_t kehu__rfm_part_customer(kehu__rfm_part *p, const kehu_allocator *a,
                                 uint64_t hash, const kehu__text *name);

/* The name of customer number k. */
static inline kehu__text kehu__rfm_part_name(const kehu__rfm_part *p, size_t k)
{
    const kehu__rfm_text *t = &p->names[k];
    uint64_t at;
    memcpy(&at, t->bytes, sizeof at);
    return (kehu__text){t->size <= KEHU__RFM_SHORT ? t->bytes : p->text + at, t->size};
}

/* Whether customer number k has this name. */
bool kehu__rfm_part_is(const kehu__rfm_part *p, uint32_t k, const kehu__text *name);

/* Make sure that a part, of this number, has an index and a first customer to look
 * at; where there is none yet, one whose hash belongs to another part stands in.
 * False when refused. */
bool kehu__rfm_part_ready(kehu__rfm_part *p, uint32_t number, const kehu_allocator *a);

/* Note an order: true when it is new. Sets p->refused on failure. */
bool kehu__rfm_part_order(kehu__rfm_part *p, const kehu_allocator *a, uint32_t customer,
                          uint64_t id, const kehu__text *text);

void kehu__rfm_part_free(kehu__rfm_part *p, const kehu_allocator *a);

/* A customer comes into finish(): it bought, or returns count. */
static inline bool kehu__rfm_bought(const kehu__rfm_customer *c)
{
    return c->last != INT32_MIN;
}

static inline void kehu__rfm_spend_sum(kehu__rfm_customer *c, uint64_t low, int32_t high)
{
    c->spend_low += low;
    c->spend_high =
        (int32_t)((uint32_t)c->spend_high + (uint32_t)high + (c->spend_low < low));
}

static inline void kehu__rfm_spend(kehu__rfm_customer *c, int64_t amount)
{
    kehu__rfm_spend_sum(c, (uint64_t)amount, amount < 0 ? -1 : 0);
}

/* Of an integer key, or of a name. The hash of an integer gives the integer back. */
uint64_t kehu__rfm_hash(uint64_t key, const kehu__text *name);
int64_t kehu__rfm_key(const kehu__rfm_customer *c);

static inline uint32_t kehu__rfm_part_of(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - KEHU__RFM_PART_BITS));
}

/* Forget what finish() handed out. */
void kehu__rfm_base_unfinish(kehu_rfm_base *base);

/* Where a customer is: its part above its number. */
typedef uint32_t kehu__rfm_place;

static inline kehu__rfm_place kehu__rfm_place_of(uint32_t part, uint32_t number)
{
    return part << KEHU__RFM_NUMBER_BITS | number;
}

static inline uint32_t kehu__rfm_place_part(kehu__rfm_place place)
{
    return place >> KEHU__RFM_NUMBER_BITS;
}

static inline uint32_t kehu__rfm_place_number(kehu__rfm_place place)
{
    return place & (((uint32_t)1 << KEHU__RFM_NUMBER_BITS) - 1);
}

static inline const kehu__rfm_customer *kehu__rfm_at(const kehu_rfm_base *base,
                                                     kehu__rfm_place place)
{
    return &base->parts[kehu__rfm_place_part(place)]
                .customers[kehu__rfm_place_number(place)];
}

/* The name of a customer with a text key. */
kehu__text kehu__rfm_name(const kehu_rfm_base *base, kehu__rfm_place place);

/* Every customer's place in the order of their keys. places[n] comes from the
 * base's allocator, n = all customers. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__rfm_base_sort(const kehu_rfm_base *base, kehu__rfm_place **places,
                                size_t *n, kehu_error *err);

/* Types, lengths and kinds (customer's and order's) of a batch's columns. */
kehu_status kehu__rfm_check_batch(const kehu_rfm_base *base, const kehu_rfm_batch *b,
                                  kehu__rfm_kind kinds[2], kehu_error *err);

/* Customers, with those who only returned. */
size_t kehu__rfm_base_size(const kehu_rfm_base *base);

#endif
