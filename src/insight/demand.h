/* insight/demand.h - the inside of kehu_demands. Rows go to one of 512 parts by a hash of
 * their demand, as they come. Nothing is looked up before finish, which takes part by
 * part, each small enough for a core's own cache. */
#ifndef KEHU_SRC_INSIGHT_DEMAND_H
#define KEHU_SRC_INSIGHT_DEMAND_H

#include <kehu/demand.h>

#include "base/thread.h"
#include "insight/demand_machine.h"
#include "insight/keys.h"

enum {
    KEHU__DEMAND_PARTS = 512,
    KEHU__DEMAND_CHANNELS = 1024,
    KEHU__DEMAND_CLASSES = 4096,
    KEHU__DEMAND_FEW = 24,      /* rows that are sorted by insertion */
    KEHU__DEMAND_NO_TIME = 254, /* statuses of rows that will be refused */
    KEHU__DEMAND_UNKNOWN = 255,
    KEHU__DEMAND_NONE = 255 /* the status of a demand not taken in */
};

#define KEHU__DEMAND_NO_CUSTOMER UINT32_MAX /* in a file: there is none */
#define KEHU__DEMAND_NOBODY      UINT32_MAX /* in a file: a row without a demand */

/* Demands and customers are integers everywhere: of texts, their numbers. */
typedef struct kehu__demand_row {
    int64_t demand, time;
    uint32_t number; /* over all batches */
    uint8_t status;
} kehu__demand_row;

/* What a row of the first status says besides. */
typedef struct kehu__demand_intake {
    int64_t customer;
    uint16_t channel, class_of;
    bool has_customer;
} kehu__demand_intake;

/* A list of equal items in the order in which they came, which are never moved. Where the
 * next one goes stands here, so that little memory is needed to add to many lists. */
typedef struct kehu__demand_block {
    struct kehu__demand_block *next;
    _Alignas(int64_t) size_t bytes; /* of the items, which lie behind */
} kehu__demand_block;

typedef struct kehu__demand_list {
    char *at, *end; /* of the last block: its free bytes */
    kehu__demand_block *first, *last;
} kehu__demand_list;

typedef struct kehu__demand_piece kehu__demand_piece; /* memory for blocks */

typedef struct kehu__demand_part {
    size_t n_intakes, first_state;
    kehu_demand_counts counts;
    bool refused_memory;
} kehu__demand_part;

/* A demand as of the moment of finish; reply and solution in microseconds since the
 * intake, -1 where they have not happened. */
typedef struct kehu__demand_state {
    int64_t demand, customer, taken_in, reply, solution;
    uint16_t channel, class_of;
    uint8_t status; /* KEHU__DEMAND_NONE: nothing stands here */
    bool has_customer, open;
} kehu__demand_state;

typedef struct kehu__demand_group {
    int64_t demands, open, customers, repeats;
} kehu__demand_group;

struct kehu_demands {
    kehu_allocator alloc;
    kehu__run run;
    int32_t offset_minutes;
    kehu_demand_machine *machine;
    kehu__keys statuses;       /* names of the machine, by number */
    kehu__keys ids, customers; /* the texts; integers stand for themselves */
    kehu__keys channels, classes;
    bool ids_set, customers_set; /* their kind is known */
    bool poisoned;
    uint32_t n_rows;
    uint32_t *nobodys; /* rows without a demand */
    size_t n_nobodys, nobodys_capacity;
    kehu__demand_list *rows;    /* [KEHU__DEMAND_PARTS] of kehu__demand_row, by number */
    kehu__demand_list *intakes; /* the same of kehu__demand_intake: of the rows of the
                                   first status */
    kehu__demand_piece *pieces; /* the newest first */
    size_t piece_used, piece_bytes; /* of the newest; of all */
    /* What finish made. */
    kehu__demand_part parts[KEHU__DEMAND_PARTS];
    bool finished;
    int64_t as_of;
    kehu_demand_report_options report;
    kehu__demand_state *states;
    size_t n_states;
    kehu_demand_counts counts;    /* repeats and customers when by_class is there */
    kehu__demand_group *by_class; /* made when first wanted */
    size_t n_by_class;
};

/* Add a row of the log, the next in the order of their numbers: intake is not NULL where
 * the status is the first; or one without a demand. False when memory is refused. */
bool kehu__demands_keep_row(kehu_demands *d, const kehu__demand_row *row,
                            const kehu__demand_intake *intake);
bool kehu__demands_keep_nobody(kehu_demands *d, uint32_t row);
void kehu__demands_free_rows(kehu_demands *d);

/* Items of a list. */
size_t kehu__demand_list_count(const kehu__demand_list *list, size_t item_size);

/* Going through a list. */
typedef struct kehu__demand_at {
    const kehu__demand_list *list;
    const kehu__demand_block *block;
    const char *at, *end;
} kehu__demand_at;

static inline kehu__demand_at kehu__demand_at_block(const kehu__demand_list *list,
                                                    const kehu__demand_block *block)
{
    const char *items = (const char *)(block + 1);
    return (kehu__demand_at){list, block, items,
                             block == list->last ? list->at : items + block->bytes};
}

static inline kehu__demand_at kehu__demand_begin(const kehu__demand_list *list)
{
    return list->first == NULL ? (kehu__demand_at){0}
                               : kehu__demand_at_block(list, list->first);
}

/* The next item; NULL behind the last. */
static inline const void *kehu__demand_next(kehu__demand_at *at, size_t item_size)
{
    if (at->at == at->end) {
        if (at->block == NULL || at->block->next == NULL)
            return NULL;
        *at = kehu__demand_at_block(at->list, at->block->next);
    }
    at->at += item_size;
    return at->at - item_size;
}

/* Forget what finish made. */
void kehu__demands_unfinish(kehu_demands *d);

/* Why a row is refused, as tables say it. */
typedef enum kehu__demand_reason {
    KEHU__DEMAND_FINE,
    KEHU__DEMAND_LATER, /* than as_of: not refused */
    KEHU__DEMAND_WITHOUT_TIME,
    KEHU__DEMAND_WITHOUT_STATUS,
    KEHU__DEMAND_BEFORE_INTAKE,
    KEHU__DEMAND_NOT_ALLOWED,
    KEHU__DEMAND_WITHOUT_ID
} kehu__demand_reason;

/* A demand on its way through the machine. */
typedef struct kehu__demand_walk {
    uint8_t status;
    int64_t taken_in, replied, solved; /* times; INT64_MIN = not yet */
} kehu__demand_walk;

/* Tell of every row of a part that is not fine, demand by demand in the order of times:
 * what the machine says to it and where its demand was before. End tells of a demand
 * taken in after its last row, with the number of its earliest intake in the part. */
typedef struct kehu__demand_teller {
    void (*row)(void *ctx, const kehu__demand_row *row, kehu__demand_reason reason,
                uint8_t before);
    void (*end)(void *ctx, int64_t demand, const kehu__demand_walk *walk,
                uint32_t intake);
    void *ctx;
} kehu__demand_teller;

/* Items put together by a hash of their ids, a few to a bucket: count each, sum, then
 * move each to where its bucket's next one goes, which leaves the buckets' ends. The
 * memory serves one time after the other. */
typedef struct kehu__demand_buckets {
    uint32_t *ends;
    size_t n, capacity;
    int shift;
} kehu__demand_buckets;

/* Buckets for so many items, all empty. False when memory is refused. */
bool kehu__demand_buckets_begin(kehu__demand_buckets *b, const kehu_allocator *a,
                                size_t n_items);
void kehu__demand_buckets_sum(kehu__demand_buckets *b);

static inline uint32_t *kehu__demand_bucket(const kehu__demand_buckets *b, int64_t id)
{
    return &b->ends[kehu__mix64((uint64_t)id) >> b->shift];
}

/* A row where it lies; one of the first status says which of the part's intakes is its.
 */
typedef struct kehu__demand_step {
    const kehu__demand_row *row;
    uint32_t intake;
} kehu__demand_step;

/* What following a part needs; the memory serves one part after the other. Begins as
 * {.d = ...}. */
typedef struct kehu__demand_follower {
    const kehu_demands *d;
    kehu__demand_buckets buckets;
    kehu__demand_step *steps; /* [rows] by bucket */
    size_t capacity;
} kehu__demand_follower;

/* False when memory is refused. */
bool kehu__demand_follow(kehu__demand_follower *f, size_t part, int64_t as_of,
                         const kehu__demand_teller *teller);
void kehu__demand_follower_free(kehu__demand_follower *f);

static inline bool kehu__demand_taken(const kehu__demand_state *s)
{
    return s->status != KEHU__DEMAND_NONE;
}

static inline int64_t kehu__demand_age(const kehu_demands *d, const kehu__demand_state *s)
{
    return d->as_of - s->taken_in;
}

/* Write an id into a column of the type kehu__keys_type() gives; compare two. */
static inline void kehu__demand_write_id(const kehu__keys *keys, int64_t id,
                                         kehu__builder *b, size_t column)
{
    if (keys->text)
        kehu__keys_write(keys, (uint32_t)id, b, column);
    else
        kehu__builder_integer(b, column, id);
}

static inline int kehu__demand_compare_ids(const kehu__keys *keys, int64_t a, int64_t b)
{
    return keys->text ? kehu__keys_compare(keys, (uint32_t)a, (uint32_t)b)
                      : (a > b) - (a < b);
}

#define KEHU__HOUR_US INT64_C(3600000000)

/* Fill by_class, and the counts it gives. */
kehu_status kehu__demand_find_repeats(kehu_demands *d, kehu_error *err);

/* The reports. */
kehu_status kehu__demand_table_counts(kehu_table **out, kehu_demands *d, kehu_error *err);
kehu_status kehu__demand_table_times(kehu_table **out, kehu_demands *d, kehu_error *err);
kehu_status kehu__demand_table_open(kehu_table **out, kehu_demands *d, bool late,
                                    kehu_error *err);
kehu_status kehu__demand_table_classes(kehu_table **out, kehu_demands *d,
                                       kehu_error *err);
kehu_status kehu__demand_table_customers(kehu_table **out, kehu_demands *d,
                                         kehu_error *err);
kehu_status kehu__demand_table_refused(kehu_table **out, kehu_demands *d,
                                       kehu_error *err);

#endif
