/* The input files into the customer store. A bad row is rejected with its line and
 * reason; the rest goes on. */
#include "customers.h"

#include <stdlib.h>
#include <string.h>

static const kehu_field customer_fields[] = {
    {.name = "customer_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED}};
static const kehu_field event_fields[] = {
    {.name = "customer_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "time", .type = KEHU_TIMESTAMP, .flags = KEHU_FIELD_REQUIRED},
    {.name = "kind", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "channel", .type = KEHU_UTF8, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "item", .type = KEHU_UTF8, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "amount", .type = KEHU_INT64, .decimals = 2, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "quantity", .type = KEHU_FLOAT64, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "event_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_OPTIONAL}};
static const kehu_field demand_fields[] = {
    {.name = "customer_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "time", .type = KEHU_TIMESTAMP, .flags = KEHU_FIELD_REQUIRED},
    {.name = "channel", .type = KEHU_UTF8, .flags = KEHU_FIELD_OPTIONAL},
    {.name = "text", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "demand_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "class", .type = KEHU_UTF8, .flags = KEHU_FIELD_OPTIONAL}};
static const kehu_field status_fields[] = {
    {.name = "customer_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "time", .type = KEHU_TIMESTAMP, .flags = KEHU_FIELD_REQUIRED},
    {.name = "demand_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "status", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED}};
static const kehu_field answer_fields[] = {
    {.name = "customer_id", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "time", .type = KEHU_TIMESTAMP, .flags = KEHU_FIELD_REQUIRED},
    {.name = "feature", .type = KEHU_UTF8, .flags = KEHU_FIELD_REQUIRED},
    {.name = "functional", .type = KEHU_INT64, .flags = KEHU_FIELD_REQUIRED},
    {.name = "dysfunctional", .type = KEHU_INT64, .flags = KEHU_FIELD_REQUIRED}};

#define FIELDS(list) list, sizeof(list) / sizeof *(list)

/* What each file has; of the customers also any other columns. */
static const struct {
    const kehu_field *fields;
    uint32_t n;
} wanted[N_INTAKES] = {{FIELDS(customer_fields)},
                       {FIELDS(event_fields)},
                       {FIELDS(demand_fields)},
                       {FIELDS(status_fields)},
                       {FIELDS(answer_fields)}};

const char *const intake_names[N_INTAKES] = {"customers", "events", "demands", "statuses",
                                             "answers"};

/* Kind of the events that the rows of a file become; those of events.csv have theirs. */
static const char *const kind_of[N_INTAKES] = {NULL, NULL, "demand", "status", "answer"};

void intake_paths(const flags *f, const char *paths[N_INTAKES])
{
    paths[CUSTOMERS] = f->customers;
    paths[EVENTS] = f->events;
    paths[DEMANDS] = f->demands;
    paths[STATUSES] = f->statuses;
    paths[ANSWERS] = f->answers;
}

static const char *const kinds[] = {"purchase", "recharge", "contact", "usage"};
enum { PURCHASE, RECHARGE, CONTACT, USAGE, N_KINDS, MAX_AGE = 130 };

/* The columns of customers.csv are whatever the operator has: their types are found
 * from the first rows. */
static kehu_csv_options options_of(int which)
{
    kehu_csv_options o = {.size = sizeof o,
                          .progress = &on_stderr,
                          .fields = wanted[which].fields,
                          .n_fields = wanted[which].n};
    if (which == CUSTOMERS)
        o.infer_rows = 200;
    else
        o.flags = KEHU_CSV_ONLY_FIELDS;
    return o;
}

kehu_status base_check_files(const flags *f, kehu_error *err)
{
    const char *paths[N_INTAKES];
    intake_paths(f, paths);
    for (int i = 0; i < N_INTAKES; i++) {
        const kehu_csv_options options = options_of(i);
        kehu_csv *csv = NULL;
        if (paths[i] != NULL) {
            const kehu_status status = kehu_csv_open(&csv, paths[i], &options, err);
            kehu_csv_free(csv);
            TRY(status);
        }
    }
    return KEHU_OK;
}

/* ---- Checks of a row ------------------------------------------------------- */

/* A batch being checked. The checks of a row stop at the first fault found. */
typedef struct batch {
    base *b;
    kehu_csv *csv;
    names *seen; /* ids of this file so far */
    kehu_column *columns;
    int64_t n_columns;
    const char *reason, *column; /* the fault, NULL while there is none */
    char value[48];
} batch;

static const kehu_column *find(const batch *c, const char *name)
{
    for (int64_t i = 0; i < c->n_columns; i++)
        if (strcmp(c->columns[i].name, name) == 0)
            return &c->columns[i];
    return NULL;
}

/* Note the fault; of the value, whole characters as far as there is room. */
static void fault(batch *c, const char *reason, const char *column, const char *value,
                  size_t size)
{
    size = whole_characters(value, size, sizeof c->value - 1);
    c->reason = reason;
    c->column = column;
    memcpy(c->value, value, size);
    c->value[size] = '\0';
}

/* An id that must not have been there before. */
static kehu_status check_id(batch *c, int64_t row, const char *column, kehu_error *err)
{
    size_t size;
    bool added = true;
    const kehu_column *ids = find(c, column);
    const char *id = text_at(ids, row, &size);
    if (c->reason != NULL || size == 0)
        return KEHU_OK;
    if (names_add(c->seen, id, size, &added) < 0)
        return fail(err, KEHU_NO_MEMORY, "no memory for the ids");
    if (!added)
        fault(c, "duplicate", column, id, size);
    return KEHU_OK;
}

static void check_time(batch *c, int64_t row, const kehu_column *times)
{
    if (c->reason != NULL || !present(times, row))
        return;
    const int64_t t = times->type == KEHU_DATE32
                          ? (int64_t)number_at(times, row) * DAY_US
                          : ((const int64_t *)times->data)[times->start + row];
    if (t >= ((int64_t)c->b->as_of_day + 1) * DAY_US)
        fault(c, "in the future", times->name, "", 0);
}

/* A name that must be in a fixed vocabulary. */
static void check_name(batch *c, int64_t row, const char *column,
                       const vocabulary *allowed, const char *reason)
{
    size_t size;
    const char *name = text_at(find(c, column), row, &size);
    if (c->reason == NULL && size > 0 && allowed->fixed &&
        names_find(allowed->names, name, size) < 0)
        fault(c, reason, column, name, size);
}

/* A name of a good row, into a vocabulary that is not fixed. */
static kehu_status learn_name(const batch *c, int64_t row, const char *column,
                              vocabulary *v, kehu_error *err)
{
    size_t size;
    const char *name = text_at(find(c, column), row, &size);
    if (c->reason == NULL && size > 0 && !v->fixed &&
        names_add(v->names, name, size, NULL) < 0)
        return fail(err, KEHU_NO_MEMORY, "no memory for the names");
    return KEHU_OK;
}

static void check_customer(batch *c, int64_t row)
{
    size_t size;
    const char *id = text_at(find(c, "customer_id"), row, &size);
    if (c->reason == NULL && names_find(c->b->ids, id, size) < 0)
        fault(c, "unknown customer", "customer_id", id, size);
}

static kehu_status check_person_row(batch *c, int64_t row, kehu_error *err)
{
    for (int64_t i = 0; i < c->n_columns; i++) {
        const kehu_column *column = &c->columns[i];
        const bool date = column->type == KEHU_DATE32 || column->type == KEHU_TIMESTAMP;
        if (date && strcmp(column->name, "join_date") == 0)
            check_time(c, row,
                       column); /* other days, as a contract's end, may lie ahead */
        else if (strcmp(column->name, "age") == 0 && c->reason == NULL &&
                 (number_at(column, row) < 0 || number_at(column, row) > MAX_AGE))
            fault(c, "outside 0 to 130", "age", "", 0);
    }
    return check_id(c, row, "customer_id", err);
}

static kehu_status check_event_row(batch *c, int64_t row, kehu_error *err)
{
    size_t size;
    const char *kind = text_at(find(c, "kind"), row, &size);
    int k = 0;
    while (k < N_KINDS && (strlen(kinds[k]) != size || memcmp(kinds[k], kind, size) != 0))
        k++;
    if (k == N_KINDS)
        fault(c, "unknown kind", "kind", kind, size);
    check_customer(c, row);
    check_time(c, row, find(c, "time"));
    check_name(c, row, "channel", &c->b->channels, "unknown channel");
    if (k == USAGE)
        check_name(c, row, "item", &c->b->contents, "unknown content");
    TRY(check_id(c, row, "event_id", err));
    if (k == USAGE)
        TRY(learn_name(c, row, "item", &c->b->contents, err));
    return learn_name(c, row, "channel", &c->b->channels, err);
}

static kehu_status check_demand_row(batch *c, int64_t row, kehu_error *err)
{
    size_t size;
    (void)text_at(find(c, "text"), row, &size);
    if (size == 0)
        fault(c, "empty text", "text", "", 0);
    check_customer(c, row);
    check_time(c, row, find(c, "time"));
    check_name(c, row, "channel", &c->b->channels, "unknown channel");
    check_name(c, row, "class", &c->b->classes, "unknown class");
    TRY(check_id(c, row, "demand_id", err));
    TRY(learn_name(c, row, "class", &c->b->classes, err));
    return learn_name(c, row, "channel", &c->b->channels, err);
}

/* Whether a status may follow is the machine's to say. */
static void check_status_row(batch *c, int64_t row)
{
    check_customer(c, row);
    check_time(c, row, find(c, "time"));
}

static void check_answer_row(batch *c, int64_t row)
{
    static const char *const questions[] = {"functional", "dysfunctional"};
    for (int k = 0; k < 2; k++) {
        const double answer = number_at(find(c, questions[k]), row);
        if (c->reason == NULL && (answer < 1 || answer > 5))
            fault(c, "outside 1 to 5", questions[k], "", 0);
    }
    check_customer(c, row);
    check_time(c, row, find(c, "time"));
}

static kehu_status check_row(batch *c, int which, int64_t row, kehu_error *err)
{
    if (which == CUSTOMERS)
        return check_person_row(c, row, err);
    if (which == EVENTS)
        return check_event_row(c, row, err);
    if (which == DEMANDS)
        return check_demand_row(c, row, err);
    if (which == STATUSES)
        check_status_row(c, row);
    else
        check_answer_row(c, row);
    return KEHU_OK;
}

/* ---- Into the store -------------------------------------------------------- */

/* All columns of the customers but the id become fields. */
static kehu_status declare_fields(const batch *c, kehu_error *err)
{
    for (int64_t i = 1; i < c->n_columns; i++) {
        const kehu_store_field field = {.name = c->columns[i].name,
                                        .type = c->columns[i].type,
                                        .origin = "customers.csv"};
        TRY(kehu_store_declare(c->b->store, KEHU_STORE_CUSTOMERS, &field, err));
    }
    return KEHU_OK;
}

/* Replace the column "text" by one without phones, cards and addresses. */
static kehu_status redact(kehu_table **made, kehu_column *columns, int64_t n_columns,
                          kehu_error *err)
{
    for (int64_t i = 0; i < n_columns; i++)
        if (strcmp(columns[i].name, "text") == 0) {
            TRY(kehu_redact_texts(made, &columns[i], NULL, NULL, err));
            columns[i] = *kehu_table_column(*made, 0);
        }
    return KEHU_OK;
}

/* The good rows under the store's names. Demands, their statuses and answers become
 * events of such a kind; the ids of other events only served to find duplicates. */
static kehu_status store_rows(const base *b, int which, frame *good, kehu_error *err)
{
    int64_t n_columns;
    const int64_t rows = frame_rows(good);
    const kehu_column *from = frame_columns(good, &n_columns);
    kehu_column *columns = malloc(((size_t)n_columns + 1) * sizeof *columns);
    text_list kind = {0};
    kehu_table *redacted = NULL;
    kehu_status status = KEHU_OK;
    if (columns == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the columns");
    memcpy(columns, from, (size_t)n_columns * sizeof *columns);
    if (which == DEMANDS && b->redact)
        status = redact(&redacted, columns, n_columns, err);
    columns[0].name = "customer"; /* customer_id is each list's first field */
    if (which == EVENTS) {
        n_columns--; /* event_id is the last */
    } else if (kind_of[which] != NULL) {
        for (int64_t i = 0; i < rows && status == KEHU_OK; i++)
            status = text_list_add(&kind, kind_of[which], strlen(kind_of[which]), err);
        columns[n_columns++] = text_list_column(&kind, "kind");
    }
    if (status == KEHU_OK && rows > 0)
        status = which == CUSTOMERS
                     ? kehu_store_add_customers(b->store, columns, n_columns, NULL, err)
                     : kehu_store_add_events(b->store, columns, n_columns, NULL, err);
    text_list_free(&kind);
    kehu_table_free(redacted);
    free(columns);
    return status;
}

static kehu_status take_batch(batch *c, int which, kehu_error *err)
{
    intake *in = &c->b->intakes[which];
    const int64_t n = c->columns[0].length;
    frame *good = NULL;
    kehu_status status = frame_new(&good, c->columns, c->n_columns, err);
    for (int64_t row = 0; row < n && status == KEHU_OK; row++) {
        c->reason = NULL;
        status = check_row(c, which, row, err);
        if (status == KEHU_OK && c->reason == NULL) {
            status = frame_add(good, c->columns, row, err);
            in->rows++;
        } else if (status == KEHU_OK) {
            status = kehu_csv_reject(c->csv, row, c->column, c->reason, c->value, err);
        }
    }
    if (status == KEHU_OK)
        status = store_rows(c->b, which, good, err);
    frame_free(good);
    return status;
}

/* The batch's columns, side by side. */
static kehu_status set_columns(batch *c, const kehu_table *table, kehu_error *err)
{
    c->n_columns = kehu_table_column_count(table);
    free(c->columns);
    c->columns = malloc((size_t)c->n_columns * sizeof *c->columns);
    if (c->columns == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the columns");
    for (int64_t i = 0; i < c->n_columns; i++)
        c->columns[i] = *kehu_table_column(table, i);
    return KEHU_OK;
}

static kehu_status read_rows(batch *c, int which, kehu_error *err)
{
    bool first = true;
    for (;;) {
        kehu_table *table = NULL;
        TRY(kehu_csv_next(&table, c->csv, err));
        if (table == NULL)
            return KEHU_OK;
        kehu_status status = set_columns(c, table, err);
        if (status == KEHU_OK && first && which == CUSTOMERS)
            status = declare_fields(c, err);
        first = false;
        if (status == KEHU_OK)
            status = take_batch(c, which, err);
        kehu_table_free(table);
        TRY(status);
    }
}

kehu_status intake_read(base *b, int which, const char *path, kehu_error *err)
{
    const kehu_csv_options options = options_of(which);
    intake *in = &b->intakes[which];
    batch c = {.b = b, .seen = which == CUSTOMERS ? b->ids : names_new()};
    kehu_status status = KEHU_OK;
    in->path = path;
    if (c.seen == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the ids");
    status = kehu_csv_open(&c.csv, path, &options, err);
    if (status == KEHU_OK)
        status = read_rows(&c, which, err);
    if (status == KEHU_OK) {
        in->rejected = kehu_csv_reject_count(c.csv);
        status = kehu_csv_rejects(&in->rejects, c.csv, err);
    }
    if (status == KEHU_OK && in->rows == 0)
        status = fail(err, KEHU_EMPTY, "%s has no usable row, %lld were rejected", path,
                      (long long)in->rejected);
    kehu_csv_free(c.csv);
    free(c.columns);
    if (c.seen != b->ids)
        names_free(c.seen);
    return status;
}
