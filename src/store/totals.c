/* Events summed up a customer: what recency, frequency and monetary value are made of. */
#include <string.h>

#include "base/error.h"
#include "data/table.h"
#include "store/share.h"
#include "store/totals.h"

enum { SHARE_ROWS = 1 << 15, MAX_SHARES = 64 };

/* One share of the customers, summed up by one thread. */
typedef struct task {
    kehu__totals t;
    kehu__share_keys keys;
    kehu_status status;
    kehu_error err;
} task;

/* The starts of the texts where their pieces were; the end is behind the last. */
static bool make_offsets(kehu__vector *v)
{
    char *at;
    if (!kehu__vector_reserve(v, (size_t)v->n + 1))
        return false;
    at = v->values.any;
    for (size_t i = 0; i <= v->n; i++) {
        kehu__vector_piece p = {(uint32_t)v->own.size, 0};
        int64_t start;
        if (i < v->n)
            memcpy(&p, at + i * 8, 8);
        start = p.at;
        memcpy(at + i * 8, &start, 8);
    }
    return true;
}

/* The values of a vector, which has none afterwards. */
static void move_values(char **to, size_t *bytes, kehu__vector *v)
{
    *to = v->values.any;
    *bytes = v->capacity * 8;
    v->values.any = NULL;
    v->capacity = 0;
}

/* The vectors become a table, without a copy. */
static kehu_status make_table(kehu_table **out, kehu__totals *t, kehu_error *err)
{
    static const char names[] = "customer\0events\0first_time\0last_time\0amount";
    static const kehu_type types[] = {KEHU_LARGE_UTF8, KEHU_INT64, KEHU_TIMESTAMP,
                                      KEHU_TIMESTAMP, KEHU_INT64};
    kehu__vector *const vectors[] = {&t->customer, &t->events, &t->first, &t->last,
                                     &t->amount};
    const char *name;
    kehu_table *table;
    if (!make_offsets(&t->customer) ||
        (table = kehu__table_new(&t->snapshot->alloc, 5, sizeof names)) == NULL)
        return kehu__no_memory(err, "totals");
    table->n_rows = t->customer.n;
    memcpy(table->names, names, sizeof names);
    name = table->names;
    for (int i = 0; i < 5; i++) {
        kehu__store *s = &table->stores[i];
        kehu_column *c = &table->columns[i];
        c->name = name;
        c->type = types[i];
        c->length = t->customer.n;
        name += strlen(name) + 1;
        if (i > 0)
            move_values(&s->data, &s->data_capacity, vectors[i]);
        else {
            kehu__buffer *text = &t->customer.own;
            move_values(&s->offsets, &s->offsets_capacity, vectors[i]);
            s->data = text->bytes;
            s->data_capacity = text->capacity;
            *text = kehu__buffer_new(&text->alloc);
        }
        c->data = s->data;
        c->offsets = s->offsets;
    }
    *out = table;
    return KEHU_OK;
}

static kehu__totals new_totals(const kehu_snapshot *snapshot,
                               const kehu_scan_options *opt)
{
    const kehu_allocator *a = &snapshot->alloc;
    return (kehu__totals){.snapshot = snapshot,
                          .opt = opt,
                          .kind_size = opt->kind == NULL ? 0 : strlen(opt->kind),
                          .customer = kehu__vector_new(a, KEHU__TEXTS),
                          .events = kehu__vector_new(a, KEHU__INTS),
                          .first = kehu__vector_new(a, KEHU__INTS),
                          .last = kehu__vector_new(a, KEHU__INTS),
                          .amount = kehu__vector_new(a, KEHU__INTS)};
}

static void free_totals(kehu__totals *t)
{
    kehu__require_free(t->require);
    kehu__vector_free(&t->customer);
    kehu__vector_free(&t->events);
    kehu__vector_free(&t->first);
    kehu__vector_free(&t->last);
    kehu__vector_free(&t->amount);
}

static kehu_status sum_up(kehu__totals *t, kehu_error *err)
{
    const kehu_scan_options *opt = t->opt;
    KEHU_TRY(kehu__pseudonym_key(&t->key, opt->pseudonym_key, opt->pseudonym_key_size,
                                 &t->pseudonyms, err));
    if (opt->require != NULL)
        KEHU_TRY(kehu__require_open(&t->require, t->snapshot, opt, &t->range, err));
    return kehu__totals_are_kept(t->snapshot, opt, &t->range)
               ? kehu__totals_of_sums(t, err)
               : kehu__totals_of_rows(t, &t->range, err);
}

static void run_task(void *arg, int64_t i)
{
    task *k = (task *)arg + i;
    k->status = sum_up(&k->t, &k->err);
}

static bool append(kehu__totals *to, const kehu__totals *from)
{
    const uint32_t n = from->customer.n;
    return kehu__vector_append(&to->customer, &from->customer, 0, n) &&
           kehu__vector_append(&to->events, &from->events, 0, n) &&
           kehu__vector_append(&to->first, &from->first, 0, n) &&
           kehu__vector_append(&to->last, &from->last, 0, n) &&
           kehu__vector_append(&to->amount, &from->amount, 0, n);
}

/* The tasks' totals one after the other, or the first failure. */
static kehu_status gather(kehu__totals *all, const task *tasks, uint32_t n,
                          kehu_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const task *k = &tasks[i];
        if (k->status != KEHU_OK) {
            if (err != NULL) {
                *err = k->err;
                err->where += k->err.where < 0 ? 0 : all->customer.n;
            }
            return k->status;
        }
        if (!append(all, &k->t))
            return kehu__no_memory(err, "totals");
    }
    return KEHU_OK;
}

/* In shares by size, the same for any number of threads. */
static kehu_status sum_up_in_shares(kehu__totals *all, uint32_t n, kehu_error *err)
{
    const kehu_snapshot *s = all->snapshot;
    const kehu__run run = {.n_threads = all->opt->n_threads};
    task *tasks = kehu__alloc_zero(&s->alloc, n, sizeof *tasks);
    kehu_status status = KEHU_OK;
    if (tasks == NULL)
        return kehu__no_memory(err, "totals");
    for (uint32_t i = 0; i < n; i++)
        tasks[i].t = new_totals(s, all->opt);
    for (uint32_t i = 0; status == KEHU_OK && i < n; i++) {
        tasks[i].t.range = all->range;
        status = kehu__share_cut(&tasks[i].t.range, &tasks[i].keys, s, KEHU_STORE_EVENTS,
                                 i, n, err);
    }
    if (status == KEHU_OK) {
        kehu__parallel(&run, n, run_task, tasks);
        status = gather(all, tasks, n, err);
    }
    for (uint32_t i = 0; i < n; i++)
        free_totals(&tasks[i].t);
    kehu__free(&s->alloc, tasks, n, sizeof *tasks);
    return status;
}

static uint32_t count_shares(const kehu_snapshot *s)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < s->n_segments[KEHU_STORE_EVENTS]; i++)
        rows += s->segments[KEHU_STORE_EVENTS][i]->rows;
    rows /= SHARE_ROWS;
    return rows < 1 ? 1 : rows > MAX_SHARES ? MAX_SHARES : (uint32_t)rows;
}

kehu_status kehu_snapshot_totals(kehu_table **out, const kehu_snapshot *snapshot,
                                 const kehu_scan_options *options, kehu_error *err)
{
    kehu_scan_options opt = {0};
    kehu__share_keys keys;
    kehu__totals t;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (snapshot == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (opt.n_columns != 0 || opt.batch_rows != 0 || opt.from > 1 || opt.until > 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "n_columns and batch_rows are 0, from and until 0 or 1");
    KEHU_TRY(kehu__check_fresh(&opt, err));
    t = new_totals(snapshot, &opt);
    status = kehu__share_range(&t.range, &keys, snapshot, KEHU_STORE_EVENTS, &opt, err);
    if (status == KEHU_OK)
        /* Sums are read faster than they are shared out. */
        status = opt.n_threads <= 1 || count_shares(snapshot) == 1 ||
                         kehu__totals_are_kept(snapshot, &opt, &t.range)
                     ? sum_up(&t, err)
                     : sum_up_in_shares(&t, count_shares(snapshot), err);
    if (status == KEHU_OK)
        status = make_table(out, &t, err);
    free_totals(&t);
    return status;
}
