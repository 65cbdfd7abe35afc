#include "value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { R, F, M, N_GRADES };

/* Cut points, grades, segments and their totals of a base that is full. */
static kehu_status cut_and_grade(value *v, const flags *f, kehu_error *err)
{
    const kehu_rfm_options options = {.size = sizeof options, .n_threads = f->n_threads};
    const char *rules = kehu_segments_builtin("rfm_grid");
    TRY(kehu_rfm_base_finish(v->base, &v->columns, &v->keys, err));
    const size_t n = (size_t)v->columns.n;
    TRY(kehu_rfm_fit(&v->rfm, &v->columns, &options, err));
    TRY(kehu_segments_read(&v->segments, rules, strlen(rules), NULL, err));
    const size_t n_segments = (size_t)kehu_segments_count(v->segments);
    v->grades = malloc(n * N_GRADES + 1);
    v->segment = malloc((n + 1) * sizeof *v->segment);
    v->totals = calloc(n_segments + 1, sizeof *v->totals);
    v->mean_recency = calloc(n_segments + 1, sizeof *v->mean_recency);
    if (v->grades == NULL || v->segment == NULL || v->totals == NULL ||
        v->mean_recency == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the grades");
    TRY(kehu_rfm_grade(v->rfm, &v->columns, v->grades, err));
    TRY(kehu_segments_assign_rfm(v->segments, v->rfm, &v->columns, NULL, 0, v->segment,
                                 err));
    TRY(kehu_segments_get_totals(v->segments, v->segment, &v->columns, v->totals, err));
    for (size_t i = 0; i < n; i++)
        v->mean_recency[v->segment[i]] += (double)v->columns.recency_days[i];
    for (size_t k = 0; k < n_segments; k++)
        if (v->totals[k].customers > 0)
            v->mean_recency[k] /= (double)v->totals[k].customers;
    return KEHU_OK;
}

/* All events of one kind that have an amount. */
static kehu_status add_kind(kehu_rfm_base *into, const base *b, const char *kind,
                            kehu_error *err)
{
    static const char *const columns[] = {"customer", "time", "amount"};
    const kehu_scan_options options = {
        .size = sizeof options, .columns = columns, .n_columns = 3, .kind = kind};
    kehu_scan *scan = NULL;
    kehu_scan_batch rows = {0};
    frame *paid = NULL;
    kehu_status status =
        kehu_scan_open(&scan, b->snapshot, KEHU_STORE_EVENTS, &options, err);
    do {
        if (status == KEHU_OK)
            status = kehu_scan_next(scan, &rows, err);
        if (status == KEHU_OK && paid == NULL)
            status = frame_new(&paid, rows.columns, rows.n_columns, err);
        for (int64_t i = 0; i < rows.n_rows && status == KEHU_OK; i++)
            if (present(&rows.columns[2], i))
                status = frame_add(paid, rows.columns, i, err);
    } while (status == KEHU_OK && rows.n_rows > 0);
    if (status == KEHU_OK && frame_rows(paid) > 0) {
        const kehu_column *c = frame_columns(paid, NULL);
        const kehu_rfm_batch batch = {.customer = &c[0], .time = &c[1], .amount = &c[2]};
        status = kehu_rfm_base_add(into, &batch, err);
    }
    frame_free(paid);
    kehu_scan_free(scan);
    return status;
}

static kehu_status add_kinds(kehu_rfm_base *into, const base *b, kehu_error *err)
{
    TRY(add_kind(into, b, "purchase", err));
    return add_kind(into, b, "recharge", err);
}

/* The base as it was then, by today's cut points: who moved is seen, not what the
 * quantiles did. */
static kehu_status find_migration(value *v, const base *b, kehu_rfm_base *before,
                                  kehu_error *err)
{
    kehu_rfm_columns columns = {0};
    kehu_column keys = {0};
    kehu_rfm_base_counts counts;
    const size_t side = (size_t)kehu_segments_count(v->segments) + 1;
    TRY(add_kinds(before, b, err));
    kehu_rfm_base_get_counts(before, &counts);
    if (counts.customers == 0)
        return KEHU_OK;
    TRY(kehu_rfm_base_finish(before, &columns, &keys, err));
    int32_t *codes = malloc(((size_t)columns.n + 1) * sizeof *codes);
    v->migration = calloc(side * side, sizeof *v->migration);
    kehu_status status = codes == NULL || v->migration == NULL
                             ? fail(err, KEHU_NO_MEMORY, "no memory for the migration")
                             : kehu_segments_assign_rfm(v->segments, v->rfm, &columns,
                                                        NULL, 0, codes, err);
    if (status == KEHU_OK)
        status = kehu_segments_get_migration(v->segments, &keys, codes, &v->keys,
                                             v->segment, v->migration, err);
    free(codes);
    return status;
}

kehu_status value_find(value *v, const base *b, const flags *f, kehu_error *err)
{
    const kehu_rfm_base_options options = {
        .size = sizeof options, .n_threads = f->n_threads, .progress = &on_stderr};
    kehu_rfm_base_counts counts;
    step("value");
    v->decimals = 2;
    TRY(kehu_rfm_base_new(&v->base, b->as_of_day, &options, err));
    TRY(add_kinds(v->base, b, err));
    kehu_rfm_base_get_counts(v->base, &counts);
    if (counts.customers == 0)
        return KEHU_OK;
    TRY(cut_and_grade(v, f, err));
    const int32_t day = b->as_of_day - MIGRATION_DAYS;
    const kehu_rfm_base_options then = {
        .size = sizeof then, .n_threads = f->n_threads, .to_day = day};
    kehu_rfm_base *before = NULL;
    TRY(kehu_rfm_base_new(&before, day, &then, err));
    const kehu_status status = find_migration(v, b, before, err);
    kehu_rfm_base_free(before);
    return status;
}

void value_free(value *v)
{
    kehu_rfm_base_free(v->base);
    kehu_rfm_free(v->rfm);
    kehu_segments_free(v->segments);
    free(v->grades);
    free(v->segment);
    free(v->totals);
    free(v->mean_recency);
    free(v->migration);
}

/* ---- CSV ---------------------------------------------------------------------- */

static void csv_key(FILE *file, const kehu_column *keys, int64_t i)
{
    const int64_t at = keys->start + i;
    if (keys->type == KEHU_INT64) {
        csv_count(file, true, ((const int64_t *)keys->data)[at]);
    } else {
        const int64_t *offsets = (const int64_t *)keys->offsets + at;
        csv_text(file, true, (const char *)keys->data + offsets[0],
                 (size_t)(offsets[1] - offsets[0]));
    }
}

static void write_segment(FILE *file, const value *v, int32_t k)
{
    const kehu_segment_total *t = &v->totals[k];
    const double n = (double)t->customers;
    csv_name(file, true, kehu_segments_get_name(v->segments, k));
    csv_count(file, false, t->customers);
    csv_real(file, false, n / (double)v->columns.n, 4);
    csv_count(file, false, t->orders);
    csv_money(file, false, t->spend, v->decimals);
    csv_real(file, false, t->customers > 0 ? v->mean_recency[k] : NAN, 1);
    csv_real(file, false, t->customers > 0 ? (double)t->orders / n : NAN, 2);
    csv_end(file);
}

kehu_status value_write(const value *v, outputs *o, kehu_error *err)
{
    FILE *rows, *segments;
    TRY(outputs_open(o, &rows, "rfm.csv", err));
    TRY(outputs_open(o, &segments, "segments.csv", err));
    fputs("customer,recency_days,orders,spend,r,f,m,segment\n", rows);
    fputs("segment,customers,share,orders,spend,mean_recency_days,mean_orders\n",
          segments);
    for (int64_t i = 0; i < v->columns.n; i++) {
        csv_key(rows, &v->keys, i);
        csv_count(rows, false, v->columns.recency_days[i]);
        csv_count(rows, false, v->columns.orders[i]);
        csv_money(rows, false, v->columns.spend[i], v->decimals);
        for (int g = 0; g < N_GRADES; g++)
            csv_count(rows, false, v->grades[N_GRADES * i + g]);
        csv_name(rows, false, kehu_segments_get_name(v->segments, v->segment[i]));
        csv_end(rows);
    }
    for (int32_t k = 0; k < (v->columns.n > 0 ? kehu_segments_count(v->segments) : 0);
         k++)
        write_segment(segments, v, k);
    return KEHU_OK;
}

/* ---- Any file of order lines ----------------------------------------------------- */

/* a times b; false when that is beyond 64 bits. */
static bool multiply(int64_t *product, int64_t a, int64_t b)
{
    if (a > 0 ? b > INT64_MAX / a || b < INT64_MIN / a
              : a < -1 && (b > INT64_MIN / a || b < INT64_MAX / a))
        return false;
    if (a == -1 && b == INT64_MIN)
        return false;
    *product = a * b;
    return true;
}

/* Lines without a customer, and cancelled orders if these are not wanted, fall away;
 * an order is worth price times quantity. */
static kehu_status add_lines(value *v, const flags *f, const kehu_table *lines,
                             frame *kept, int64_t *amounts, kehu_error *err)
{
    const kehu_column *customer = kehu_table_find(lines, f->customer);
    const kehu_column *order = kehu_table_find(lines, f->order);
    const kehu_column *price = kehu_table_find(lines, f->price);
    const kehu_column *quantity = kehu_table_find(lines, f->quantity);
    const bool drop = strcmp(f->returns, "drop") == 0;
    const kehu_column needed[] = {*customer, *kehu_table_find(lines, f->time), *order};
    int64_t n = 0;
    for (int64_t i = 0; i < kehu_table_row_count(lines); i++) {
        size_t size;
        const char *number = text_at(order, i, &size);
        const bool cancelled = f->cancelled != NULL && size >= strlen(f->cancelled) &&
                               memcmp(number, f->cancelled, strlen(f->cancelled)) == 0;
        if (!present(customer, i) || (cancelled && drop))
            continue;
        if (!multiply(&amounts[n++], ((const int64_t *)price->data)[price->start + i],
                      ((const int64_t *)quantity->data)[quantity->start + i]))
            return fail(err, KEHU_RANGE,
                        "--price: good row %lld times its quantity is beyond 64 bits",
                        (long long)i + 1);
        TRY(frame_add(kept, needed, i, err));
    }
    const kehu_column *c = frame_columns(kept, NULL);
    const kehu_column amount = {
        .name = "amount", .type = KEHU_INT64, .length = n, .data = amounts};
    const kehu_rfm_batch batch = {
        .customer = &c[0], .time = &c[1], .order = &c[2], .amount = &amount};
    return kehu_rfm_base_add(v->base, &batch, err);
}

static kehu_status read_lines(kehu_table **lines, const flags *f, kehu_error *err)
{
    const kehu_field fields[] = {
        {.name = f->customer, .type = KEHU_UTF8},
        {.name = f->time, .type = KEHU_TIMESTAMP, .flags = KEHU_FIELD_REQUIRED},
        {.name = f->order, .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
        {.name = f->price,
         .type = KEHU_INT64,
         .decimals = f->decimals,
         .flags = KEHU_FIELD_REQUIRED},
        {.name = f->quantity, .type = KEHU_INT64, .flags = KEHU_FIELD_REQUIRED}};
    const kehu_csv_options options = {.size = sizeof options,
                                      .fields = fields,
                                      .n_fields = 5,
                                      .flags = KEHU_CSV_ONLY_FIELDS,
                                      .progress = &on_stderr};
    kehu_csv *csv = NULL;
    step("reading");
    kehu_status status = kehu_csv_open(&csv, f->events, &options, err);
    if (status == KEHU_OK)
        status = kehu_csv_rest(lines, csv, err);
    if (status == KEHU_OK)
        fprintf(stderr, "%lld rows read, %lld rejected\n",
                (long long)kehu_csv_row_count(csv),
                (long long)kehu_csv_reject_count(csv));
    kehu_csv_free(csv);
    return status;
}

/* cuts.csv: the edges of the grades, as the rule gives them. */
static kehu_status write_cuts(const value *v, outputs *o, kehu_error *err)
{
    static const char *const columns[] = {"recency_days", "orders", "spend"};
    FILE *file;
    TRY(outputs_open(o, &file, "cuts.csv", err));
    fputs("column,customers,edge_1,edge_2,edge_3,edge_4\n", file);
    for (int k = 0; k < N_GRADES; k++) {
        kehu_rfm_cuts cuts;
        TRY(kehu_rfm_get_cuts(v->rfm, (kehu_rfm_column)k, &cuts, err));
        csv_name(file, true, columns[k]);
        csv_count(file, false, cuts.n);
        for (uint32_t e = 0; e + 1 < cuts.levels; e++)
            csv_money(file, false, cuts.at_most[e], k == M ? v->decimals : 0);
        csv_end(file);
    }
    return KEHU_OK;
}

kehu_status run_rfm(const flags *f, kehu_error *err)
{
    const kehu_rfm_base_options options = {
        .size = sizeof options,
        .n_threads = f->n_threads,
        .returns = strcmp(f->returns, "count") == 0  ? KEHU_RFM_RETURNS_COUNT
                   : strcmp(f->returns, "drop") == 0 ? KEHU_RFM_RETURNS_DROP
                                                     : KEHU_RFM_RETURNS_NET};
    const kehu_column shape[] = {{.name = "customer", .type = KEHU_UTF8},
                                 {.name = "time", .type = KEHU_TIMESTAMP},
                                 {.name = "order", .type = KEHU_UTF8}};
    value v = {.decimals = f->decimals};
    kehu_table *lines = NULL;
    frame *kept = NULL;
    outputs *o = NULL;
    int64_t *amounts = NULL;
    kehu_status status = read_lines(&lines, f, err);
    if (status == KEHU_OK)
        status = outputs_new(&o, f->out, err);
    if (status == KEHU_OK)
        status = kehu_rfm_base_new(&v.base, f->as_of_day, &options, err);
    if (status == KEHU_OK)
        status = frame_new(&kept, shape, 3, err);
    if (status == KEHU_OK) {
        amounts = malloc(((size_t)kehu_table_row_count(lines) + 1) * sizeof *amounts);
        status = amounts == NULL ? fail(err, KEHU_NO_MEMORY, "no memory for the amounts")
                                 : add_lines(&v, f, lines, kept, amounts, err);
    }
    step("value");
    if (status == KEHU_OK)
        status = cut_and_grade(&v, f, err);
    if (status == KEHU_OK)
        status = value_write(&v, o, err);
    if (status == KEHU_OK)
        status = write_cuts(&v, o, err);
    if (status == KEHU_OK)
        status = outputs_publish(o, err);
    value_free(&v);
    free(amounts);
    frame_free(kept);
    kehu_table_free(lines);
    outputs_free(o);
    return status;
}
