/* A walk over a snapshot: the merged segments, minus what is hidden, gathered into
 * batches. Events go through row by row, customers are folded to one row each. */
#include <string.h>

#include "base/error.h"
#include "store/merge.h"
#include "store/pseudonym.h"
#include "store/require.h"
#include "store/scan_batch.h"
#include "store/share.h"

enum {
    DEFAULT_BATCH = 8192,
    MAX_BATCH = 1 << 20,
    MAX_AGE = 10000 * 366,   /* days: no time is older */
    MAX_BATCH_TEXT = 1 << 28 /* bytes in one column that end a batch early */
};

struct kehu_scan {
    kehu_allocator alloc;
    kehu_snapshot *snapshot; /* held */
    kehu_store_part part;
    uint32_t batch_rows;
    int64_t from, until;
    int64_t *oldest; /* [out.n_columns] an older value is stale; NULL = none is */
    char *kind;
    kehu__merge merge;
    kehu__require *require; /* NULL for none */
    kehu__hmac key;
    bool pseudonyms;
    char pseudonym[KEHU__PSEUDONYM]; /* of now's customer */
    kehu__merge_rows now;            /* not yet given out */
    uint64_t hidden_until;           /* of its customer */
    kehu__rows out;                  /* the columns asked for, in their order */
    kehu__rows fold; /* customers: the row being made; valid_from and sequence too */
    bool folding, failed, ended;
    bool raw;   /* customers: every update for itself */
    bool plain; /* of one customer, with no options: may become a spare */
    kehu__scan_columns emitted;
};

void kehu__scan_drop(kehu_scan *scan)
{
    kehu_allocator a;
    if (scan == NULL)
        return;
    a = scan->alloc;
    kehu__merge_close(&scan->merge);
    kehu__require_free(scan->require);
    kehu__rows_free(&scan->out);
    kehu__rows_free(&scan->fold);
    kehu__scan_columns_free(&scan->emitted);
    kehu__free(&a, scan->oldest, scan->out.n_columns, sizeof *scan->oldest);
    if (scan->kind != NULL)
        kehu__free(&a, scan->kind, strlen(scan->kind) + 1, 1);
    kehu__free(&a, scan, 1, sizeof *scan);
}

void kehu_scan_free(kehu_scan *scan)
{
    kehu_snapshot *snapshot;
    if (scan == NULL)
        return;
    snapshot = scan->snapshot;
    if (scan->plain && !scan->failed)
        scan = atomic_exchange(&snapshot->spare[scan->part], scan);
    kehu__scan_drop(scan);
    kehu_snapshot_free(snapshot);
}

static kehu_status add_out(kehu_scan *scan, uint32_t id, kehu_error *err)
{
    const kehu__schema *schema = &scan->snapshot->schema;
    const kehu__storage storage =
        kehu__storage_of(kehu__schema_type(schema, scan->part, id));
    if (kehu__rows_find(&scan->out, id) != NULL)
        return kehu__fail(err, KEHU_COLUMN, -1, "column %s is asked for twice",
                          kehu__schema_name(schema, scan->part, id));
    if (kehu__rows_add(&scan->out, id, storage) == NULL ||
        kehu__rows_add(&scan->fold, id, storage) == NULL)
        return kehu__no_memory(err, "a scan");
    return KEHU_OK;
}

/* The columns asked for, or all of them. */
static kehu_status choose_columns(kehu_scan *scan, const kehu_scan_options *opt,
                                  kehu_error *err)
{
    const kehu__schema *schema = &scan->snapshot->schema;
    const uint32_t end = KEHU__FIRST_FIELD + schema->n_fields[scan->part];
    if (opt->n_columns < 0 || opt->n_columns > end ||
        (opt->n_columns > 0 && opt->columns == NULL))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "columns is NULL or n_columns is %lld, more than there are",
                          (long long)opt->n_columns);
    for (int64_t i = 0; i < opt->n_columns; i++) {
        const char *name = opt->columns[i] == NULL ? "" : opt->columns[i];
        const uint32_t id = kehu__schema_find(schema, scan->part, name);
        if (id == UINT32_MAX)
            return kehu__fail(err, KEHU_COLUMN, i, "there is no column %s", name);
        KEHU_TRY(add_out(scan, id, err));
    }
    for (uint32_t id = 0; opt->n_columns == 0 && id < end; id++)
        if (kehu__schema_name(schema, scan->part, id) != NULL && id != KEHU__SEQUENCE &&
            id != KEHU__SOURCE && (id != KEHU__TIME || scan->part == KEHU_STORE_EVENTS))
            KEHU_TRY(add_out(scan, id, err));
    return KEHU_OK;
}

kehu_status kehu__check_fresh(const kehu_scan_options *opt, kehu_error *err)
{
    if (opt->fresh > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "fresh is %u, expected 0 or 1",
                          (unsigned)opt->fresh);
    if (opt->fresh &&
        (opt->fresh_us < KEHU__FIRST_TIME || opt->fresh_us > KEHU__LAST_TIME))
        return kehu__fail(err, KEHU_RANGE, -1, "fresh_us is outside years 1 to 9999");
    return KEHU_OK;
}

/* From which time on values of a column count. */
static int64_t oldest_of(const kehu_scan *scan, uint32_t id, int64_t now)
{
    const kehu_store_field *f;
    if (id < KEHU__FIRST_FIELD)
        return INT64_MIN;
    f = &scan->snapshot->schema.fields[scan->part][id - KEHU__FIRST_FIELD];
    return f->age_limit_days == 0 || f->age_limit_days > MAX_AGE
               ? INT64_MIN
               : now - f->age_limit_days * KEHU__DAY_US;
}

static kehu_status find_oldest(kehu_scan *scan, const kehu_scan_options *opt,
                               kehu_error *err)
{
    if (!opt->fresh)
        return KEHU_OK;
    scan->oldest = kehu__alloc(&scan->alloc, scan->out.n_columns, sizeof *scan->oldest);
    if (scan->oldest == NULL)
        return kehu__no_memory(err, "a scan");
    for (uint32_t i = 0; i < scan->out.n_columns; i++)
        scan->oldest[i] = oldest_of(scan, scan->out.columns[i].id, opt->fresh_us);
    return KEHU_OK;
}

static kehu_status check_options(const kehu_scan_options *opt, kehu_store_part part,
                                 kehu_error *err)
{
    if (opt->batch_rows > MAX_BATCH)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "batch_rows is %u, expected 1 to %d",
                          (unsigned)opt->batch_rows, MAX_BATCH);
    if (opt->from > 1 || opt->until > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "from and until are 0 or 1");
    KEHU_TRY(kehu__check_fresh(opt, err));
    if (part == KEHU_STORE_CUSTOMERS && (opt->kind != NULL || opt->from || opt->until))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "kind, from and until are for events only");
    return KEHU_OK;
}

/* Which columns of the segments are needed: those asked for, the kind, the source. */
static kehu_status open_merge(kehu_scan *scan, const kehu__range *range, kehu_error *err)
{
    const kehu_snapshot *s = scan->snapshot;
    const uint32_t n = scan->out.n_columns + 2;
    uint32_t n_ids = scan->out.n_columns;
    kehu_status status;
    uint32_t *ids = kehu__alloc(&scan->alloc, n, sizeof *ids);
    if (ids == NULL)
        return kehu__no_memory(err, "a scan");
    for (uint32_t i = 0; i < n_ids; i++)
        ids[i] = scan->out.columns[i].id;
    if (scan->kind != NULL)
        ids[n_ids++] = KEHU__KIND;
    if (s->gone.sources.n > 0)
        ids[n_ids++] = KEHU__SOURCE;
    status =
        kehu__merge_open(&scan->merge, &scan->alloc, s->segments[scan->part],
                         s->n_segments[scan->part], &s->schema, ids, n_ids, range, err);
    kehu__free(&scan->alloc, ids, n, sizeof *ids);
    return status;
}

static kehu_status start(kehu_scan *scan, const kehu_scan_options *opt, kehu_error *err)
{
    kehu__share_keys keys;
    kehu__range range;
    KEHU_TRY(choose_columns(scan, opt, err));
    KEHU_TRY(find_oldest(scan, opt, err));
    KEHU_TRY(kehu__share_range(&range, &keys, scan->snapshot, scan->part, opt, err));
    scan->from = range.from;
    scan->until = range.until;
    KEHU_TRY(kehu__pseudonym_key(&scan->key, opt->pseudonym_key, opt->pseudonym_key_size,
                                 &scan->pseudonyms, err));
    if (opt->kind != NULL) {
        scan->kind = kehu__alloc(&scan->alloc, strlen(opt->kind) + 1, 1);
        if (scan->kind == NULL)
            return kehu__no_memory(err, "a scan");
        memcpy(scan->kind, opt->kind, strlen(opt->kind) + 1);
    }
    if (opt->require != NULL)
        KEHU_TRY(kehu__require_open(&scan->require, scan->snapshot, opt, &range, err));
    KEHU_TRY(open_merge(scan, &range, err));
    return kehu__scan_columns_begin(&scan->emitted, &scan->out, &scan->snapshot->schema,
                                    scan->part, err);
}

kehu_status kehu_scan_open(kehu_scan **out, const kehu_snapshot *snapshot,
                           kehu_store_part part, const kehu_scan_options *options,
                           kehu_error *err)
{
    kehu_scan_options opt = {0};
    kehu_scan *scan;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (snapshot == NULL || (unsigned)part >= KEHU__PARTS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot is NULL or part is %d",
                          (int)part);
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(check_options(&opt, part, err));
    scan = kehu__alloc_zero(&snapshot->alloc, 1, sizeof *scan);
    if (scan == NULL)
        return kehu__no_memory(err, "a scan");
    scan->alloc = snapshot->alloc;
    scan->snapshot = kehu__snapshot_hold(snapshot);
    scan->part = part;
    scan->batch_rows = opt.batch_rows == 0 ? DEFAULT_BATCH : opt.batch_rows;
    scan->out = kehu__rows_new(&scan->alloc);
    scan->fold = kehu__rows_new(&scan->alloc);
    scan->merge.alloc = scan->alloc;
    scan->merge.key = kehu__buffer_new(&scan->alloc);
    scan->emitted.alloc = scan->alloc;
    status = start(scan, &opt, err);
    if (status != KEHU_OK) {
        kehu_scan_free(scan);
        return status;
    }
    *out = scan;
    return KEHU_OK;
}

/* A spare scan goes on with another customer. */
static kehu_status reuse(kehu_scan **out, kehu_scan *spare, const kehu_snapshot *snapshot,
                         const char *customer, kehu_error *err)
{
    kehu_status status;
    spare->now = (kehu__merge_rows){0};
    spare->folding = spare->ended = false;
    kehu__rows_clear(&spare->fold);
    status = kehu__merge_restart(&spare->merge, customer, err);
    if (status != KEHU_OK) {
        kehu__scan_drop(spare);
        return status;
    }
    kehu__snapshot_hold(snapshot);
    *out = spare;
    return KEHU_OK;
}

/* A scan of all columns of a customer with a kehu_scan_options of zeros. */
static kehu_status open_plain(kehu_scan **out, const kehu_snapshot *snapshot,
                              kehu_store_part part, const char *customer, kehu_error *err)
{
    const kehu_scan_options one = {
        .size = sizeof one, .first_customer = customer, .last_customer = customer};
    /* The spare scan is no part of the snapshot that callers see. */
    kehu_snapshot *s = (kehu_snapshot *)(uintptr_t)snapshot;
    kehu_scan *spare = s == NULL || (unsigned)part >= KEHU__PARTS
                           ? NULL
                           : atomic_exchange(&s->spare[part], NULL);
    if (spare != NULL)
        return reuse(out, spare, snapshot, customer, err);
    KEHU_TRY(kehu_scan_open(out, snapshot, part, &one, err));
    (*out)->plain = true;
    return KEHU_OK;
}

kehu_status kehu_scan_customer(kehu_scan **out, const kehu_snapshot *snapshot,
                               kehu_store_part part, const char *customer,
                               const kehu_scan_options *options, kehu_error *err)
{
    kehu_scan_options opt = {0};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (customer == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "customer is NULL");
    if (options == NULL)
        return open_plain(out, snapshot, part, customer, err);
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    opt.size = sizeof opt;
    opt.first_customer = opt.last_customer = customer;
    return kehu_scan_open(out, snapshot, part, &opt, err);
}

kehu_status kehu__scan_everything(kehu_scan **out, const kehu_snapshot *snapshot,
                                  kehu_store_part part, const char *customer,
                                  kehu_error *err)
{
    const kehu__schema *schema = &snapshot->schema;
    const uint32_t end = KEHU__FIRST_FIELD + schema->n_fields[part];
    kehu_scan_options opt = {.size = sizeof opt};
    const char **names = kehu__alloc(&snapshot->alloc, end, sizeof *names);
    kehu_status status;
    *out = NULL;
    if (names == NULL)
        return kehu__no_memory(err, "a scan");
    for (uint32_t id = KEHU__TIME; id < end; id++)
        if (kehu__schema_name(schema, part, id) != NULL)
            names[opt.n_columns++] = kehu__schema_name(schema, part, id);
    opt.columns = names;
    status = kehu_scan_customer(out, snapshot, part, customer, &opt, err);
    if (status == KEHU_OK)
        (*out)->raw = true;
    kehu__free(&snapshot->alloc, names, end, sizeof *names);
    return status;
}

static bool is_kind(const kehu_scan *scan, const kehu__vector *kind, uint32_t row)
{
    uint32_t size;
    const char *text;
    if (kind == NULL || kind->missing[row])
        return false;
    text = kehu__vector_text(kind, row, &size);
    return size == strlen(scan->kind) && memcmp(text, scan->kind, size) == 0;
}

/* What tells of a row whether it is visible. */
typedef struct telling {
    const int64_t *time, *sequence;
    const kehu__vector *source, *kind;
} telling;

static bool is_visible(const kehu_scan *scan, const telling *t, uint32_t row)
{
    const uint64_t sequence = (uint64_t)t->sequence[row];
    return t->time[row] >= scan->from && t->time[row] < scan->until &&
           sequence > scan->hidden_until && sequence <= scan->snapshot->sequence &&
           !kehu__gone_source(&scan->snapshot->gone, t->source, row, sequence) &&
           (scan->kind == NULL || is_kind(scan, t->kind, row));
}

/* Cut invisible rows off the front of scan->now; *n receives how many visible ones
 * follow, at most `most`. */
static void next_visible(kehu_scan *scan, uint32_t most, uint32_t *n)
{
    kehu__merge_rows *r = &scan->now;
    const telling t = {kehu__rows_get(r->rows, KEHU__TIME)->values.ints,
                       kehu__rows_get(r->rows, KEHU__SEQUENCE)->values.ints,
                       kehu__rows_get(r->rows, KEHU__SOURCE),
                       scan->kind == NULL ? NULL : kehu__rows_get(r->rows, KEHU__KIND)};
    while (r->n > 0 && !is_visible(scan, &t, r->first)) {
        r->first++;
        r->n--;
    }
    for (*n = 0; *n < r->n && *n < most; ++*n)
        if (!is_visible(scan, &t, r->first + *n))
            break;
}

static kehu_status refill(kehu_scan *scan, kehu_error *err)
{
    const kehu__merge_rows *r = &scan->now;
    bool holds;
    KEHU_TRY(kehu__merge_next(&scan->merge, &scan->now, err));
    scan->ended = r->n == 0;
    if (scan->ended || !r->new_customer)
        return KEHU_OK;
    KEHU_TRY(kehu__require_holds(scan->require, r->key, r->key_size, &holds, err));
    scan->hidden_until =
        holds ? kehu__marks_get(&scan->snapshot->gone.customers, r->key, r->key_size)
              : UINT64_MAX;
    if (scan->pseudonyms && holds)
        kehu__pseudonym_write(&scan->key, r->key, r->key_size, scan->pseudonym);
    return KEHU_OK;
}

static bool add_key(const kehu_scan *scan, kehu__vector *v)
{
    return scan->pseudonyms ? kehu__vector_add_text(v, scan->pseudonym, KEHU__PSEUDONYM)
                            : kehu__vector_add_text(v, scan->now.key, scan->now.key_size);
}

/* Is the value of column i of the batch too old in a row of scan->now? */
static bool is_stale(const kehu_scan *scan, uint32_t i, uint32_t row)
{
    return scan->oldest != NULL &&
           kehu__rows_get(scan->now.rows, KEHU__TIME)->values.ints[row] < scan->oldest[i];
}

/* Append n of scan->now's rows to column i of the batch. */
static bool take(kehu_scan *scan, uint32_t i, uint32_t n)
{
    kehu__rows_column *c = &scan->out.columns[i];
    const kehu__vector *from = kehu__rows_get(scan->now.rows, c->id);
    const uint32_t first = scan->now.first;
    const bool may_be_stale = scan->oldest != NULL && scan->oldest[i] > INT64_MIN;
    if (c->id != KEHU__KEY && !may_be_stale)
        return kehu__vector_append(&c->v, from, first, n);
    for (uint32_t k = 0; c->id != KEHU__KEY && k < n; k++)
        if (!kehu__vector_append(&c->v, is_stale(scan, i, first + k) ? NULL : from,
                                 first + k, 1))
            return false;
    for (uint32_t k = 0; c->id == KEHU__KEY && k < n; k++)
        if (!add_key(scan, &c->v))
            return false;
    return true;
}

static bool batch_full(const kehu_scan *scan)
{
    for (uint32_t i = 0; i < scan->out.n_columns; i++)
        if (scan->out.columns[i].v.own.size > MAX_BATCH_TEXT)
            return true;
    return scan->out.n >= scan->batch_rows;
}

static kehu_status gather_events(kehu_scan *scan, kehu_error *err)
{
    while (!scan->ended && !batch_full(scan)) {
        uint32_t n = 0;
        if (scan->now.n == 0)
            KEHU_TRY(refill(scan, err));
        if (scan->now.n > 0)
            next_visible(scan, scan->batch_rows - scan->out.n, &n);
        for (uint32_t i = 0; n > 0 && i < scan->out.n_columns; i++)
            if (!take(scan, i, n))
                return kehu__no_memory(err, "a scan");
        scan->out.n += n;
        scan->now.first += n;
        scan->now.n -= n;
    }
    return KEHU_OK;
}

/* Visible rows come with the one that counts last: keep each field's last value. */
static bool fold_row(kehu_scan *scan, uint32_t row)
{
    for (uint32_t i = 0; i < scan->fold.n_columns; i++) {
        kehu__rows_column *c = &scan->fold.columns[i];
        const kehu__vector *from = kehu__rows_get(scan->now.rows, c->id);
        if (c->id == KEHU__KEY) {
            if (c->v.n == 0 && !add_key(scan, &c->v))
                return false;
        } else if (from != NULL && !from->missing[row] && !is_stale(scan, i, row)) {
            kehu__vector_clear(&c->v);
            if (!kehu__vector_append(&c->v, from, row, 1))
                return false;
        }
    }
    scan->folding = true;
    return true;
}

static bool finish_fold(kehu_scan *scan)
{
    if (!scan->folding)
        return true;
    for (uint32_t i = 0; i < scan->fold.n_columns; i++) {
        kehu__vector *v = &scan->fold.columns[i].v;
        if (!kehu__vector_append(&scan->out.columns[i].v, v->n == 0 ? NULL : v, 0, 1))
            return false;
        kehu__vector_clear(v);
    }
    scan->out.n++;
    scan->folding = false;
    return true;
}

static kehu_status gather_customers(kehu_scan *scan, kehu_error *err)
{
    while (!scan->ended && !batch_full(scan)) {
        uint32_t n = 0;
        if (scan->now.n == 0) {
            KEHU_TRY(refill(scan, err));
            if ((scan->ended || scan->now.new_customer) && !finish_fold(scan))
                return kehu__no_memory(err, "a scan");
            continue;
        }
        next_visible(scan, scan->now.n, &n);
        for (uint32_t i = 0; i < n; i++)
            if (!fold_row(scan, scan->now.first + i))
                return kehu__no_memory(err, "a scan");
        scan->now.first += n;
        scan->now.n -= n;
    }
    return KEHU_OK;
}

kehu_status kehu_scan_next(kehu_scan *scan, kehu_scan_batch *batch, kehu_error *err)
{
    kehu_status status;
    if (scan == NULL || batch == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "scan or batch is NULL");
    *batch = (kehu_scan_batch){0};
    kehu__rows_clear(&scan->out);
    if (scan->failed)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "the scan has failed before");
    status = scan->part == KEHU_STORE_CUSTOMERS && !scan->raw
                 ? gather_customers(scan, err)
                 : gather_events(scan, err);
    if (status == KEHU_OK)
        status = kehu__scan_columns_fill(&scan->emitted, &scan->out, err);
    if (status != KEHU_OK) {
        scan->failed = true;
        return status;
    }
    batch->columns = scan->emitted.columns;
    batch->n_columns = scan->out.n_columns;
    batch->n_rows = scan->out.n;
    return KEHU_OK;
}
