/* What to do first, and a few sentences of each class. */
#include "themes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Ranks ---- */

/* Columns that weights may name, a value a class. */
enum {
    VOLUME,
    GROWTH,
    NEGATIVE_SHARE,
    CUSTOMER_VALUE,
    BASIC_SHARE,
    OPEN,
    OVERDUE,
    REPEATS,
    N_INPUTS
};
static const char *const inputs[N_INPUTS] = {
    "volume",      "growth", "negative_share", "customer_value",
    "basic_share", "open",   "overdue",        "repeats"};

typedef struct ranking {
    int64_t n; /* classes with demands that are no spam */
    const char **names;
    int32_t *class_number; /* [n] of all classes */
    int64_t *place;        /* [all classes] number here, -1: none */
    double *values[N_INPUTS];
    uint8_t *validity[N_INPUTS];
} ranking;

static void set(ranking *r, int input, int64_t class_number, double x)
{
    if (!isfinite(x))
        return;
    r->values[input][class_number] = x;
    r->validity[input][class_number / 8] |= (uint8_t)(1 << class_number % 8);
}

static int64_t class_of(const ranking *r, const kehu_column *column, int64_t row)
{
    size_t size;
    const char *name = text_at(column, row, &size);
    for (int64_t k = 0; k < r->n; k++)
        if (strlen(r->names[k]) == size && memcmp(r->names[k], name, size) == 0)
            return k;
    return -1;
}

/* A column of a table of one row a class; a table that is not there leaves it missing. */
static void set_from(ranking *r, int input, const kehu_table *table, const char *key,
                     const char *column)
{
    if (table == NULL)
        return;
    for (int64_t i = 0; i < kehu_table_row_count(table); i++) {
        const int64_t k = class_of(r, kehu_table_find(table, key), i);
        if (k >= 0)
            set(r, input, k, number_at(kehu_table_find(table, column), i));
    }
}

/* What the customers who wrote have spent on average, in units of the currency. */
static kehu_status set_customer_value(ranking *r, const themes *t,
                                      const themes_context *c, kehu_error *err)
{
    const kehu_column *customer = frame_find(c->base->demands, "customer");
    bool *seen = calloc((size_t)(c->base->n * r->n) + 1, sizeof *seen);
    double *sum = calloc((size_t)r->n + 1, sizeof *sum);
    int64_t *n = calloc((size_t)r->n + 1, sizeof *n);
    double unit = 1; /* of the currency, in minor ones */
    const bool good = seen != NULL && sum != NULL && n != NULL;
    for (int64_t i = 0; good && i < t->n; i++) {
        const int64_t who = base_find(c->base, customer, t->row[i]);
        const int32_t class_number = c->demand_class[t->row[i]];
        const int64_t k = class_number < 0 ? -1 : r->place[class_number];
        if (k < 0 || who < 0 || seen[who * r->n + k])
            continue;
        const int64_t at = c->value_of[who];
        seen[who * r->n + k] = true;
        sum[k] += at < 0 ? 0 : (double)c->value->columns.spend[at];
        n[k]++;
    }
    for (int i = 0; i < c->value->decimals; i++)
        unit *= 10;
    for (int64_t k = 0; good && k < r->n; k++)
        if (n[k] > 0)
            set(r, CUSTOMER_VALUE, k, sum[k] / (double)n[k] / unit);
    free(seen);
    free(sum);
    free(n);
    return good ? KEHU_OK : fail(err, KEHU_NO_MEMORY, "no memory for the ranks");
}

static kehu_status fill(ranking *r, const themes *t, const themes_context *c,
                        kehu_error *err)
{
    const tracking *log = c->tracking;
    set_from(r, VOLUME, t->needs, "class", "texts");
    set_from(r, GROWTH, t->levels, "group", "growth");
    set_from(r, BASIC_SHARE, t->needs, "class", "basic_share");
    set_from(r, OPEN, log->tables[KEHU_DEMAND_CLASSES], "class", "open");
    set_from(r, REPEATS, log->tables[KEHU_DEMAND_CLASSES], "class", "repeats");
    for (int64_t k = 0; k < r->n; k++) {
        const tone *of = t->tones == NULL ? NULL : &t->tones[r->class_number[k]];
        const int64_t n = of == NULL ? 0 : of->negative + of->neither + of->positive;
        if (n > 0)
            set(r, NEGATIVE_SHARE, k, (double)of->negative / (double)n);
        if (log->log != NULL)
            set(r, OVERDUE, k, 0);
    }
    const kehu_table *late = log->tables[KEHU_DEMAND_OVERDUE];
    for (int64_t i = 0; late != NULL && i < kehu_table_row_count(late); i++) {
        const int64_t k = class_of(r, kehu_table_find(late, "class"), i);
        if (k >= 0)
            r->values[OVERDUE][k]++;
    }
    return set_customer_value(r, t, c, err);
}

static kehu_status rank(themes *t, const ranking *r, kehu_error *err)
{
    kehu_column columns[N_INPUTS];
    text_list group_names = {0};
    kehu_status status = KEHU_OK;
    for (int64_t k = 0; k < r->n && status == KEHU_OK; k++)
        status = text_list_add(&group_names, r->names[k], strlen(r->names[k]), err);
    const kehu_column group = text_list_column(&group_names, "group");
    for (int k = 0; k < N_INPUTS; k++)
        columns[k] = (kehu_column){.name = inputs[k],
                                   .type = KEHU_FLOAT64,
                                   .length = r->n,
                                   .data = r->values[k],
                                   .validity = r->validity[k]};
    if (status == KEHU_OK)
        status =
            kehu_priority_rank(&t->ranks, t->weights, &group, columns, N_INPUTS, err);
    text_list_free(&group_names);
    return status;
}

static kehu_status take_classes(ranking *r, const themes *t, const themes_context *c,
                                kehu_error *err)
{
    const names *classes = c->texts->classes;
    const kehu_column *used = kehu_table_find(t->needs, "class");
    const int64_t all = names_count(classes);
    const size_t n = (size_t)all + 1;
    bool good;
    r->names = malloc(n * sizeof *r->names);
    r->class_number = malloc(n * sizeof *r->class_number);
    r->place = malloc(n * sizeof *r->place);
    good = r->names != NULL && r->class_number != NULL && r->place != NULL;
    for (int k = 0; k < N_INPUTS; k++) {
        r->values[k] = calloc(n, sizeof *r->values[k]);
        r->validity[k] = calloc(n / 8 + 1, 1);
        good = good && r->values[k] != NULL && r->validity[k] != NULL;
    }
    for (int64_t k = 0; good && k < all; k++)
        r->place[k] = -1;
    for (int64_t i = 0; good && i < used->length; i++) {
        size_t size;
        const char *name = text_at(used, i, &size);
        const int64_t number = names_find(classes, name, size);
        if (number < 0) /* what no method gave a class */
            continue;
        if (c->flags->spam != NULL &&
            strcmp(names_get(classes, number), c->flags->spam) == 0)
            continue; /* the few that passed the gate */
        r->names[r->n] = names_get(classes, number);
        r->class_number[r->n] = (int32_t)number;
        r->place[number] = r->n++;
    }
    return good ? KEHU_OK : fail(err, KEHU_NO_MEMORY, "no memory for the ranks");
}

kehu_status themes_rank(themes *t, const themes_context *c, kehu_error *err)
{
    const char *builtin = kehu_priority_builtin();
    ranking r = {.n = 0};
    kehu_status status =
        c->flags->weights != NULL
            ? kehu_priority_load(&t->weights, c->flags->weights, NULL, err)
            : kehu_priority_read(&t->weights, builtin, strlen(builtin), NULL, err);
    if (status == KEHU_OK)
        status = take_classes(&r, t, c, err);
    if (status == KEHU_OK)
        status = fill(&r, t, c, err);
    if (status == KEHU_OK)
        status = rank(t, &r, err);
    for (int k = 0; k < N_INPUTS; k++) {
        free(r.values[k]);
        free(r.validity[k]);
    }
    free(r.names);
    free(r.class_number);
    free(r.place);
    return status;
}

/* ---- Summaries ---- */

enum { N_SENTENCES = 3 };

typedef struct sentences {
    text_list class_of, sentence;
    int64_t *row; /* of the texts */
    double *score;
} sentences;

/* The sentences that stand for one class. */
static kehu_status summarize(sentences *s, const themes *t, const char *class_name,
                             int64_t *rows, const flags *f, kehu_error *err)
{
    const kehu_summary_options opt = {
        .size = sizeof opt, .n_sentences = N_SENTENCES, .n_threads = f->n_threads};
    const kehu_column class_of = text_list_column(&t->class_of, "class");
    const kehu_column text = text_list_column(&t->text, "text");
    text_list own = {0};
    kehu_table *found = NULL;
    kehu_status status = KEHU_OK;
    for (int64_t i = 0; i < t->n && status == KEHU_OK; i++) {
        size_t size;
        const char *bytes = text_at(&class_of, i, &size);
        if (size != strlen(class_name) || memcmp(bytes, class_name, size) != 0)
            continue;
        rows[own.n] = i;
        bytes = text_at(&text, i, &size);
        status = text_list_add(&own, bytes, size, err);
    }
    const kehu_column texts_of = text_list_column(&own, "text");
    if (status == KEHU_OK)
        status = kehu_summary_find(&found, &texts_of, &opt, err);
    for (int64_t i = 0; status == KEHU_OK && i < kehu_table_row_count(found); i++) {
        size_t size;
        const char *bytes = text_at(kehu_table_find(found, "sentence"), i, &size);
        s->row[s->sentence.n] =
            rows[((const int64_t *)kehu_table_find(found, "row")->data)[i]];
        s->score[s->sentence.n] = number_at(kehu_table_find(found, "score"), i);
        status = text_list_add(&s->sentence, bytes, size, err);
        if (status == KEHU_OK)
            status = text_list_add(&s->class_of, class_name, strlen(class_name), err);
    }
    kehu_table_free(found);
    text_list_free(&own);
    return status;
}

kehu_status themes_summarize(themes *t, const themes_context *c, kehu_error *err)
{
    const names *classes = c->texts->classes;
    const size_t room = (size_t)names_count(classes) * N_SENTENCES + 1;
    int64_t *rows = malloc(((size_t)t->n + 1) * sizeof *rows);
    sentences s = {.row = malloc(room * sizeof *s.row),
                   .score = malloc(room * sizeof *s.score)};
    kehu_status status = rows == NULL || s.row == NULL || s.score == NULL
                             ? fail(err, KEHU_NO_MEMORY, "no memory for the summaries")
                             : KEHU_OK;
    for (int64_t k = 0; k < names_count(classes) && status == KEHU_OK; k++)
        status = summarize(&s, t, names_get(classes, k), rows, c->flags, err);
    if (status == KEHU_OK) {
        const kehu_column columns[] = {
            text_list_column(&s.class_of, "class"),
            text_list_column(&s.sentence, "sentence"),
            {.name = "row", .type = KEHU_INT64, .length = s.sentence.n, .data = s.row},
            {.name = "score",
             .type = KEHU_FLOAT64,
             .length = s.sentence.n,
             .data = s.score}};
        status = kehu_table_copy(&t->summaries, columns, 4, NULL, err);
    }
    text_list_free(&s.class_of);
    text_list_free(&s.sentence);
    free(s.row);
    free(s.score);
    free(rows);
    return status;
}
