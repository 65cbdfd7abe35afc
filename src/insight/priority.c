#include <kehu/priority.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/sort.h"
#include "data/builder.h"
#include "data/column.h"
#include "file/handle_file.h"
#include "insight/lines.h"

enum { MAX_TEXT = 1 << 20, MAX_INPUTS = KEHU_PRIORITY_MAX_INPUTS };

struct kehu_priority {
    kehu_allocator alloc;
    char *source, *names; /* names: the inputs, each with its NUL */
    size_t source_size, names_size;
    int32_t n;
    const char *name[MAX_INPUTS];
    double weight[MAX_INPUTS];
};

static const char builtin[] = "# input: weight\n"
                              "volume: 3\n"
                              "growth: 2\n"
                              "negative_share: 2\n"
                              "customer_value: 1\n";

const char *kehu_priority_builtin(void)
{
    return builtin;
}

/* Columns of a ranked table, and of each input its name with each of these ends. */
static const char *const heads[] = {"group", "rank", "score"};
static const char *const ends[] = {"", "_share", "_points"};
enum { N_HEADS = sizeof heads / sizeof *heads, N_ENDS = sizeof ends / sizeof *ends };

/* ---- Weights ---- */

/* `column` is the name of an input with one of the ends. */
static bool is_of_input(kehu__part column, kehu__part input)
{
    const size_t size = kehu__part_size(input);
    if (kehu__part_size(column) < size || memcmp(column.at, input.at, size) != 0)
        return false;
    column.at += size;
    for (int e = 0; e < N_ENDS; e++)
        if (strlen(ends[e]) == kehu__part_size(column) &&
            memcmp(ends[e], column.at, kehu__part_size(column)) == 0)
            return true;
    return false;
}

static kehu__part part_of(const char *text)
{
    return (kehu__part){text, text + strlen(text)};
}

static kehu_status check_name(const kehu_priority *p, kehu__part name, int32_t line,
                              kehu_error *err)
{
    for (int h = 0; h < N_HEADS; h++)
        if (is_of_input(part_of(heads[h]), name))
            return kehu__fail(err, KEHU_DUPLICATE, line - 1,
                              "line %d: the ranked table would have two columns %s",
                              (int)line, heads[h]);
    for (int32_t i = 0; i < p->n; i++) {
        const kehu__part known = part_of(p->name[i]);
        const bool in_known = is_of_input(name, known);
        const kehu__part column = in_known ? name : known;
        if (in_known && is_of_input(known, name))
            return kehu__fail(err, KEHU_DUPLICATE, line - 1,
                              "line %d: the input %.*s stands there twice", (int)line,
                              kehu__part_shown(name), name.at);
        if (in_known || is_of_input(known, name))
            return kehu__fail(err, KEHU_DUPLICATE, line - 1,
                              "line %d: the ranked table would have two columns %.*s",
                              (int)line, kehu__part_shown(column), column.at);
    }
    return KEHU_OK;
}

static kehu_status read_line(kehu_priority *p, kehu__part text, int32_t line,
                             kehu_error *err)
{
    kehu__part name, weight;
    double w = 0;
    /* Too large a number gives an infinity, "nan" no number. */
    if (!kehu__part_cut(text, &name, &weight) ||
        kehu__parse_double(weight.at, kehu__part_size(weight), &w) == KEHU__NUMBER_BAD ||
        isnan(w))
        return kehu__fail(err, KEHU_FORMAT, line - 1,
                          "line %d: expected an input, a colon and a weight", (int)line);
    if (!(w >= 0 && w <= 1e6))
        return kehu__fail(err, KEHU_RANGE, line - 1,
                          "line %d: the weight is not within 0 to 1000000", (int)line);
    KEHU_TRY(check_name(p, name, line, err));
    if (p->n == MAX_INPUTS)
        return kehu__fail(err, KEHU_LIMIT, line - 1, "line %d: more than %d inputs",
                          (int)line, MAX_INPUTS);
    char *at = p->names + p->names_size;
    memcpy(at, name.at, kehu__part_size(name));
    at[kehu__part_size(name)] = '\0';
    p->names_size += kehu__part_size(name) + 1;
    p->name[p->n] = at;
    p->weight[p->n++] = w;
    return KEHU_OK;
}

static kehu_status parse(kehu_priority *p, kehu_error *err)
{
    kehu__lines lines = kehu__lines_of(p->source, p->source_size);
    kehu__part text;
    double sum = 0;
    for (;;) {
        KEHU_TRY(kehu__lines_next(&lines, &text, err));
        if (text.at == NULL)
            break;
        KEHU_TRY(read_line(p, text, lines.line, err));
        sum += p->weight[p->n - 1];
    }
    if (sum <= 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "no input has a weight above 0");
    return KEHU_OK;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_priority *p;
    kehu_status status;
    if (from->size > MAX_TEXT)
        return kehu__fail(err, KEHU_LIMIT, -1, "the weights have %zu bytes, at most %d",
                          from->size, MAX_TEXT);
    p = kehu__alloc_zero(&from->alloc, 1, sizeof *p);
    if (p == NULL)
        return kehu__no_memory(err, "weights");
    p->alloc = from->alloc;
    p->source_size = from->size;
    p->source = kehu__alloc(&p->alloc, from->size + 1, 1);
    p->names = kehu__alloc(&p->alloc, from->size + 1, 1); /* a colon becomes a NUL */
    if (p->source == NULL || p->names == NULL) {
        status = kehu__no_memory(err, "weights");
    } else {
        memcpy(p->source, from->bytes, from->size);
        status = parse(p, err);
    }
    if (status != KEHU_OK)
        kehu_priority_free(p);
    else
        memcpy(out, &p, sizeof p);
    return status;
}

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_priority *p = handle;
    (void)err;
    *out = kehu__buffer_new(&p->alloc);
    kehu__buffer_add(out, p->source, p->source_size);
    return KEHU_OK;
}

static const kehu__handle_file file = {"priority", build, make};

kehu_status kehu_priority_read(kehu_priority **out, const void *bytes, size_t size,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}

kehu_status kehu_priority_load(kehu_priority **out, const char *path,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load_text(&file, out, path, MAX_TEXT, alloc, err);
}

kehu_status kehu_priority_save(const kehu_priority *priority, const char *path,
                               kehu_error *err)
{
    return kehu__handle_save(&file, priority, path, err);
}

kehu_status kehu_priority_write(const kehu_priority *priority, const kehu_writer *writer,
                                kehu_error *err)
{
    return kehu__handle_write(&file, priority, writer, err);
}

int32_t kehu_priority_count(const kehu_priority *priority)
{
    return priority->n;
}

const char *kehu_priority_get_name(const kehu_priority *priority, int32_t input)
{
    return input < 0 || input >= priority->n ? NULL : priority->name[input];
}

double kehu_priority_get_weight(const kehu_priority *priority, int32_t input)
{
    return input < 0 || input >= priority->n ? 0 : priority->weight[input];
}

void kehu_priority_free(kehu_priority *priority)
{
    if (priority == NULL)
        return;
    const kehu_allocator a = priority->alloc;
    kehu__free(&a, priority->source, priority->source_size + 1, 1);
    kehu__free(&a, priority->names, priority->source_size + 1, 1);
    kehu__free(&a, priority, 1, sizeof *priority);
}

/* ---- Ranking ---- */

typedef struct ranking {
    const kehu_priority *p;
    const kehu_column *column[MAX_INPUTS];
    int64_t n;
    double all_weights;
    uint64_t *keys, *key_scratch; /* [n] */
    uint32_t *order, *scratch;    /* [n] */
    double *shares;               /* [p->n][n] */
    double *scores;               /* [n] */
} ranking;

static kehu_status find_columns(ranking *r, const kehu_column *group,
                                const kehu_column *columns, int64_t n_columns,
                                kehu_error *err)
{
    KEHU_TRY(kehu__column_check_text(group, "group", err));
    if (group->length > UINT32_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "more than 2^32 groups");
    r->n = group->length;
    for (int32_t i = 0; i < r->p->n; i++) {
        for (int64_t k = 0; k < n_columns; k++) {
            if (columns[k].name == NULL || strcmp(columns[k].name, r->p->name[i]) != 0)
                continue;
            if (r->column[i] != NULL)
                return kehu__fail(err, KEHU_COLUMN, -1, "two columns are called %s",
                                  r->p->name[i]);
            r->column[i] = &columns[k];
        }
        if (r->column[i] == NULL)
            return kehu__fail(err, KEHU_COLUMN, -1,
                              "no column %s, which the weights name", r->p->name[i]);
        KEHU_TRY(kehu__column_check_number(r->column[i], r->p->name[i], err));
        if (r->column[i]->length != r->n)
            return kehu__fail(err, KEHU_ARGUMENT, -1, "%s has %lld rows, group has %lld",
                              r->p->name[i], (long long)r->column[i]->length,
                              (long long)r->n);
        r->all_weights += r->p->weight[i];
    }
    return KEHU_OK;
}

/* A key that rises with the value; a missing one is below all others. */
static uint64_t key_of(const kehu_column *c, int64_t i)
{
    const double x = kehu__column_number(c, i);
    return isnan(x) ? 0 : kehu__order_f64(x == 0 ? 0 : x);
}

static void find_shares(ranking *r, int32_t input)
{
    const size_t n = (size_t)r->n;
    double *share = r->shares + (size_t)input * n;
    for (size_t i = 0; i < n; i++) {
        r->keys[i] = key_of(r->column[input], (int64_t)i);
        r->order[i] = (uint32_t)i;
    }
    kehu__sort_pairs(r->keys, r->order, r->key_scratch, r->scratch, n);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && r->keys[to] == r->keys[from];)
            to++;
        for (size_t k = from; k < to; k++)
            share[r->order[k]] =
                n == 1 ? .5
                       : ((double)from + (double)(to - from - 1) / 2) / (double)(n - 1);
    }
}

/* Sums in one fixed order: as every term, so does every rounded sum only rise. */
static double points_of(const ranking *r, int32_t input, size_t i)
{
    return r->shares[(size_t)input * (size_t)r->n + i] * r->p->weight[input] /
           r->all_weights;
}

static void find_order(ranking *r)
{
    const size_t n = (size_t)r->n;
    for (size_t i = 0; i < n; i++) {
        r->scores[i] = 0;
        for (int32_t k = 0; k < r->p->n; k++)
            r->scores[i] += points_of(r, k, i);
        r->keys[i] = ~kehu__order_f64(r->scores[i]);
        r->order[i] = (uint32_t)i;
    }
    kehu__sort_pairs(r->keys, r->order, r->key_scratch, r->scratch, n);
}

static bool add_columns(const ranking *r, kehu__builder *b)
{
    static const kehu_type types[N_HEADS] = {KEHU_LARGE_UTF8, KEHU_INT64, KEHU_FLOAT64};
    kehu__buffer name = kehu__buffer_new(&r->p->alloc);
    for (int h = 0; h < N_HEADS; h++)
        kehu__builder_add(b, heads[h], types[h]);
    for (int32_t k = 0; k < r->p->n; k++)
        for (int e = 0; e < N_ENDS; e++) {
            name.size = 0;
            kehu__buffer_text(&name, r->p->name[k]);
            kehu__buffer_text(&name, ends[e]);
            kehu__buffer_u8(&name, 0);
            if (!name.failed)
                kehu__builder_add(b, name.bytes, KEHU_FLOAT64);
        }
    const bool done = !name.failed;
    kehu__buffer_free(&name);
    return done;
}

static void write_rows(const ranking *r, const kehu_column *group, kehu__builder *b)
{
    int64_t rank = 0;
    for (size_t at = 0; at < (size_t)r->n; at++) {
        const size_t i = r->order[at];
        const kehu__text name = kehu__column_text(group, (int64_t)i);
        if (at == 0 || r->keys[at] != r->keys[at - 1])
            rank = (int64_t)at + 1;
        kehu__builder_text(b, 0, name.bytes, (size_t)name.size);
        kehu__builder_integer(b, 1, rank);
        kehu__builder_number(b, 2, r->scores[i]);
        for (int32_t k = 0; k < r->p->n; k++) {
            const size_t column = N_HEADS + N_ENDS * (size_t)k;
            if (kehu__column_valid(r->column[k], (int64_t)i))
                kehu__builder_number(b, column,
                                     kehu__column_number(r->column[k], (int64_t)i));
            else
                kehu__builder_missing(b, column);
            kehu__builder_number(b, column + 1, r->shares[(size_t)k * (size_t)r->n + i]);
            kehu__builder_number(b, column + 2, points_of(r, k, i));
        }
        kehu__builder_end_row(b);
    }
}

static kehu_status rank_all(ranking *r, const kehu_column *group, kehu_table **out,
                            kehu_error *err)
{
    const kehu_allocator *a = &r->p->alloc;
    const size_t n = (size_t)r->n, bytes = (size_t)r->p->n * sizeof *r->shares;
    kehu__builder b = kehu__builder_new(a);
    bool done = add_columns(r, &b);
    r->keys = kehu__alloc(a, n, sizeof *r->keys);
    r->key_scratch = kehu__alloc(a, n, sizeof *r->key_scratch);
    r->order = kehu__alloc(a, n, sizeof *r->order);
    r->scratch = kehu__alloc(a, n, sizeof *r->scratch);
    r->shares = kehu__alloc(a, n, bytes); /* checks n * bytes */
    r->scores = kehu__alloc(a, n, sizeof *r->scores);
    done = done &&
           (n == 0 || (r->keys != NULL && r->key_scratch != NULL && r->order != NULL &&
                       r->scratch != NULL && r->shares != NULL && r->scores != NULL));
    if (done && n > 0) {
        for (int32_t k = 0; k < r->p->n; k++)
            find_shares(r, k);
        find_order(r);
        write_rows(r, group, &b);
    }
    kehu__free(a, r->keys, n, sizeof *r->keys);
    kehu__free(a, r->key_scratch, n, sizeof *r->key_scratch);
    kehu__free(a, r->order, n, sizeof *r->order);
    kehu__free(a, r->scratch, n, sizeof *r->scratch);
    kehu__free(a, r->shares, n, bytes);
    kehu__free(a, r->scores, n, sizeof *r->scores);
    return kehu__builder_end(&b, done, out, err);
}

kehu_status kehu_priority_rank(kehu_table **out, const kehu_priority *priority,
                               const kehu_column *group, const kehu_column *columns,
                               int64_t n_columns, kehu_error *err)
{
    ranking r = {.p = priority};
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (priority == NULL || group == NULL || (columns == NULL && n_columns > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "priority, group or columns is NULL");
    KEHU_TRY(find_columns(&r, group, columns, n_columns, err));
    return rank_all(&r, group, out, err);
}
