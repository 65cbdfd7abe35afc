/* The base of all later steps: the files into the store, and back from the store in
 * the shapes the steps want. Whatever looks at events reads the same stream. */
#include "customers.h"

#include <stdlib.h>
#include <string.h>

static kehu_status read_vocabulary(base *b, const char *path, kehu_error *err)
{
    static const kehu_field fields[] = {
        {.name = "column", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
        {.name = "value", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED}};
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 2};
    static const char *const columns[] = {"channel", "content", "class"};
    vocabulary *const lists[] = {&b->channels, &b->contents, &b->classes};
    kehu_csv *csv = NULL;
    kehu_table *table = NULL;
    kehu_status status = kehu_csv_open(&csv, path, &options, err);
    if (status == KEHU_OK)
        status = kehu_csv_rest(&table, csv, err);
    for (int64_t row = 0; status == KEHU_OK && row < kehu_table_row_count(table); row++) {
        size_t column_size, size;
        const char *column = text_at(kehu_table_column(table, 0), row, &column_size);
        const char *value = text_at(kehu_table_column(table, 1), row, &size);
        int k = 0;
        while (k < 3 && (strlen(columns[k]) != column_size ||
                         memcmp(columns[k], column, column_size) != 0))
            k++;
        if (k == 3)
            status = fail(err, KEHU_DATA,
                          "%s, line %lld: the column is not channel, content or class",
                          path, (long long)kehu_csv_line(csv, row));
        else if (names_add(lists[k]->names, value, size, NULL) < 0)
            status = fail(err, KEHU_NO_MEMORY, "no memory for the vocabulary");
        else
            lists[k]->fixed = true;
    }
    kehu_table_free(table);
    kehu_csv_free(csv);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names that were learned, in an order that does not depend on the rows'. */
static kehu_status sort_names(vocabulary *v, kehu_error *err)
{
    const int64_t n = names_count(v->names);
    const char **list = malloc((size_t)(n + 1) * sizeof *list);
    names *sorted = names_new();
    bool good = list != NULL && sorted != NULL;
    for (int64_t i = 0; i < n && good; i++)
        list[i] = names_get(v->names, i);
    if (good && n > 0)
        qsort(list, (size_t)n, sizeof *list, by_bytes);
    for (int64_t i = 0; i < n && good; i++)
        good = names_add(sorted, list[i], strlen(list[i]), NULL) >= 0;
    free(list);
    if (!good) {
        names_free(sorted);
        return fail(err, KEHU_NO_MEMORY, "no memory for the names");
    }
    names_free(v->names);
    v->names = sorted;
    return KEHU_OK;
}

int64_t base_find(const base *b, const kehu_column *customer, int64_t row)
{
    size_t size;
    const char *id = text_at(customer, row, &size);
    return names_find(b->ids, id, size);
}

/* A whole scan as one frame. */
static kehu_status gather(frame **out, const kehu_snapshot *snapshot,
                          kehu_store_part part, const kehu_scan_options *options,
                          kehu_error *err)
{
    kehu_scan *scan = NULL;
    kehu_scan_batch rows = {0};
    kehu_status status = kehu_scan_open(&scan, snapshot, part, options, err);
    do {
        if (status == KEHU_OK)
            status = kehu_scan_next(scan, &rows, err);
        if (status == KEHU_OK && *out == NULL)
            status = frame_new(out, rows.columns, rows.n_columns, err);
        for (int64_t i = 0; i < rows.n_rows && status == KEHU_OK; i++)
            status = frame_add(*out, rows.columns, i, err);
    } while (status == KEHU_OK && rows.n_rows > 0);
    kehu_scan_free(scan);
    return status;
}

/* The customers in the store's order, and their numbers. */
static kehu_status read_people(base *b, kehu_error *err)
{
    TRY(gather(&b->people, b->snapshot, KEHU_STORE_CUSTOMERS, NULL, err));
    const kehu_column *ids = frame_find(b->people, "customer");
    names_free(b->ids);
    b->ids = names_new();
    b->n = frame_rows(b->people);
    for (int64_t i = 0; i < b->n; i++) {
        size_t size;
        const char *id = text_at(ids, i, &size);
        if (b->ids == NULL || names_add(b->ids, id, size, NULL) < 0)
            return fail(err, KEHU_NO_MEMORY, "no memory for the ids");
    }
    return KEHU_OK;
}

static bool is(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* One contact more of a channel, under what it was about. */
static void count_contact(base *b, int64_t channel, const char *item, size_t size)
{
    int64_t topic = size == 0 ? -1 : names_find(b->topics, item, size);
    if (topic < 0 && size > 0 && names_count(b->topics) < MAX_TOPICS)
        topic = names_add(b->topics, item, size, NULL);
    b->contacts[channel * (MAX_TOPICS + 1) + (topic < 0 ? MAX_TOPICS : topic)]++;
}

/* Count one event: columns customer, kind, channel, item, quantity. */
static void count_event(base *b, const kehu_column *columns, int64_t row)
{
    size_t kind_size, channel_size, item_size;
    const int64_t i = base_find(b, &columns[0], row);
    const char *kind = text_at(&columns[1], row, &kind_size);
    const char *channel = text_at(&columns[2], row, &channel_size);
    const char *item = text_at(&columns[3], row, &item_size);
    const double quantity = number_at(&columns[4], row);
    if (i < 0)
        return;
    if (is(kind, kind_size, "usage")) {
        const int64_t content = names_find(b->contents.names, item, item_size);
        if (content >= 0 && quantity > 0) {
            b->content_use[i * names_count(b->contents.names) + content] += quantity;
            b->used[i] += quantity;
        }
        return;
    }
    const int64_t at = names_find(b->channels.names, channel, channel_size);
    if (at >= 0)
        b->channel_use[i * names_count(b->channels.names) + at] += 1;
    b->n_contacts[i] += is(kind, kind_size, "contact");
    if (at >= 0 && is(kind, kind_size, "contact"))
        count_contact(b, at, item, item_size);
    b->n_demands[i] += is(kind, kind_size, "demand");
    b->n_complaints[i] +=
        is(kind, kind_size, "contact") && is(item, item_size, "complain");
}

static kehu_status count_events(base *b, kehu_error *err)
{
    static const char *const columns[] = {"customer", "kind", "channel", "item",
                                          "quantity"};
    const kehu_scan_options options = {
        .size = sizeof options, .columns = columns, .n_columns = 5};
    const size_t n = (size_t)b->n + 1;
    kehu_scan *scan = NULL;
    kehu_scan_batch rows = {0};
    b->channel_use =
        calloc(n * (size_t)(names_count(b->channels.names) + 1), sizeof(double));
    b->content_use =
        calloc(n * (size_t)(names_count(b->contents.names) + 1), sizeof(double));
    b->used = calloc(n, sizeof *b->used);
    b->n_contacts = calloc(n, sizeof *b->n_contacts);
    b->n_complaints = calloc(n, sizeof *b->n_complaints);
    b->n_demands = calloc(n, sizeof *b->n_demands);
    b->topics = names_new();
    b->contacts = calloc(((size_t)names_count(b->channels.names) + 1) * (MAX_TOPICS + 1),
                         sizeof *b->contacts);
    if (b->topics == NULL || b->contacts == NULL || b->channel_use == NULL ||
        b->content_use == NULL || b->used == NULL || b->n_contacts == NULL ||
        b->n_complaints == NULL || b->n_demands == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the counts");
    kehu_status status =
        kehu_scan_open(&scan, b->snapshot, KEHU_STORE_EVENTS, &options, err);
    do {
        if (status == KEHU_OK)
            status = kehu_scan_next(scan, &rows, err);
        for (int64_t i = 0; i < rows.n_rows && status == KEHU_OK; i++)
            count_event(b, rows.columns, i);
    } while (status == KEHU_OK && rows.n_rows > 0);
    kehu_scan_free(scan);
    return status;
}

static kehu_status read_demands(base *b, kehu_error *err)
{
    static const char *const columns[] = {"customer", "time",      "channel",
                                          "text",     "demand_id", "class"};
    const kehu_scan_options options = {
        .size = sizeof options, .kind = "demand", .columns = columns, .n_columns = 6};
    return gather(&b->demands, b->snapshot, KEHU_STORE_EVENTS, &options, err);
}

static kehu_status read_statuses(base *b, kehu_error *err)
{
    static const char *const columns[] = {"demand_id", "time", "status"};
    const kehu_scan_options options = {
        .size = sizeof options, .kind = "status", .columns = columns, .n_columns = 3};
    return gather(&b->statuses, b->snapshot, KEHU_STORE_EVENTS, &options, err);
}

static kehu_status read_answers(base *b, kehu_error *err)
{
    static const char *const columns[] = {"feature", "functional", "dysfunctional"};
    const kehu_scan_options options = {
        .size = sizeof options, .kind = "answer", .columns = columns, .n_columns = 3};
    return gather(&b->answers, b->snapshot, KEHU_STORE_EVENTS, &options, err);
}

static kehu_status fill_store(base *b, const flags *f, const char *store_path,
                              kehu_error *err)
{
    static const kehu_store_field properties[] = {
        {.name = "demand_id", .type = KEHU_UTF8, .origin = "demands.csv"},
        {.name = "class", .type = KEHU_UTF8, .origin = "demands.csv"},
        {.name = "status", .type = KEHU_UTF8, .origin = "statuses.csv"},
        {.name = "feature", .type = KEHU_UTF8, .origin = "answers.csv"},
        {.name = "functional", .type = KEHU_INT64, .origin = "answers.csv"},
        {.name = "dysfunctional", .type = KEHU_INT64, .origin = "answers.csv"}};
    const kehu_store_options options = {.size = sizeof options,
                                        .mode = KEHU_STORE_NEW,
                                        .durability = KEHU_STORE_NONE,
                                        .store_id = 1};
    TRY(kehu_store_open(&b->store, store_path, &options, err));
    const char *paths[N_INTAKES];
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        TRY(kehu_store_declare(b->store, KEHU_STORE_EVENTS, &properties[i], err));
    intake_paths(f, paths);
    for (int i = 0; i < N_INTAKES; i++)
        if (paths[i] != NULL) {
            step(intake_names[i]);
            TRY(intake_read(b, i, paths[i], err));
        }
    TRY(kehu_store_flush(b->store, err));
    return kehu_store_sync(b->store, err);
}

kehu_status base_read(base *b, const flags *f, const char *store_path, kehu_error *err)
{
    vocabulary *const lists[] = {&b->channels, &b->contents, &b->classes};
    b->as_of_day = f->as_of_day;
    b->redact = f->redact;
    b->ids = names_new();
    for (int i = 0; i < 3; i++)
        if ((lists[i]->names = names_new()) == NULL || b->ids == NULL)
            return fail(err, KEHU_NO_MEMORY, "no memory for the names");
    if (f->vocabulary != NULL)
        TRY(read_vocabulary(b, f->vocabulary, err));
    TRY(fill_store(b, f, store_path, err));
    for (int i = 0; i < 3; i++)
        if (!lists[i]->fixed)
            TRY(sort_names(lists[i], err));
    step("reading the store");
    TRY(kehu_snapshot_open(&b->snapshot, b->store, NULL, err));
    TRY(read_people(b, err));
    TRY(count_events(b, err));
    TRY(read_demands(b, err));
    TRY(read_statuses(b, err));
    return read_answers(b, err);
}

void base_free(base *b)
{
    for (int i = 0; i < N_INTAKES; i++)
        kehu_table_free(b->intakes[i].rejects);
    names_free(b->channels.names);
    names_free(b->contents.names);
    names_free(b->classes.names);
    names_free(b->ids);
    frame_free(b->people);
    frame_free(b->demands);
    frame_free(b->statuses);
    frame_free(b->answers);
    free(b->channel_use);
    free(b->content_use);
    free(b->used);
    free(b->n_contacts);
    free(b->n_complaints);
    free(b->n_demands);
    names_free(b->topics);
    free(b->contacts);
    kehu_snapshot_free(b->snapshot);
    kehu_store_free(b->store);
}
