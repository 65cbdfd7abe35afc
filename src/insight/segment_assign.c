/* Rules run over blocks of rows: each condition gives one byte a row, and a
 * block is left as soon as all its rows have a segment. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "insight/rfm.h"
#include "insight/segment.h"

enum { BLOCK = 256, GRADES = 4, RFM_FIELDS = 7, NO_RULE = -1 };

/* The column behind each field of the table. */
typedef struct binding {
    const kehu_segments *t;
    const kehu_column *columns[KEHU__SEGMENT_FIELDS];
} binding;

/* ---- Binding ---- */

static const char *field_name(const kehu_segments *t, uint32_t field)
{
    return t->strings + t->fields[field];
}

static kehu_status find_columns(binding *b, const kehu_segments *t,
                                const kehu_column *columns, size_t n_columns,
                                kehu_error *err)
{
    b->t = t;
    for (uint32_t f = 0; f < t->n_fields; f++) {
        b->columns[f] = NULL;
        for (size_t k = 0; k < n_columns; k++)
            if (columns[k].name != NULL &&
                strcmp(columns[k].name, field_name(t, f)) == 0) {
                if (b->columns[f] != NULL)
                    return kehu__fail(err, KEHU_COLUMN, -1, "two columns are called %s",
                                      field_name(t, f));
                b->columns[f] = &columns[k];
            }
        if (b->columns[f] == NULL)
            return kehu__fail(err, KEHU_COLUMN, -1, "no column %s, which the rules use",
                              field_name(t, f));
        KEHU_TRY(kehu__column_check(b->columns[f], field_name(t, f), err));
    }
    return KEHU_OK;
}

/* A text column takes = != in-lists and missing; numbers take numbers. */
static kehu_status check_node(const binding *b, const kehu__node *n, int32_t line,
                              kehu_error *err)
{
    const kehu_segments *t = b->t;
    if (n->what == KEHU__TRUE || n->what == KEHU__AND || n->what == KEHU__OR ||
        n->what == KEHU__NOT || n->what == KEHU__MISSING)
        return KEHU_OK;
    if (kehu__type_is_text(b->columns[n->field]->type)) {
        if (n->what != KEHU__EQUAL && n->what != KEHU__DIFFERENT)
            return kehu__fail(err, KEHU_COLUMN, -1,
                              "line %d: %s is text and has no order", (int)line,
                              field_name(t, n->field));
        return KEHU_OK;
    }
    for (uint32_t k = 0; k < n->n_values; k++)
        if (!t->values[n->first_value + k].is_number)
            return kehu__fail(err, KEHU_COLUMN, -1,
                              "line %d: %s is numbers, '%s' is not one", (int)line,
                              field_name(t, n->field),
                              t->strings + t->values[n->first_value + k].at);
    return KEHU_OK;
}

static kehu_status bind(binding *b, const kehu_segments *t, const kehu_column *columns,
                        size_t n_columns, kehu_error *err)
{
    KEHU_TRY(find_columns(b, t, columns, n_columns, err));
    for (size_t r = 0; r < t->n_rules; r++)
        for (uint32_t k = t->rules[r].first_node; k <= t->rules[r].root; k++)
            KEHU_TRY(check_node(b, &t->nodes[k], t->rules[r].line, err));
    return KEHU_OK;
}

/* ---- Conditions over a block: rows from..from+n-1, hit[n] ---- */

/* What a condition compares with. `is missing` compares with nothing, and there may
 * be no values at all then. */
static const kehu__value *values_of(const kehu_segments *t, const kehu__node *n)
{
    return t->values == NULL ? NULL : t->values + n->first_value;
}

static bool holds(const kehu__node *n, const kehu__value *v, double x)
{
    switch (n->what) {
    case KEHU__DIFFERENT:
        return !isnan(x) && x != v[0].number;
    case KEHU__BELOW:
        return x < v[0].number;
    case KEHU__AT_MOST:
        return x <= v[0].number;
    case KEHU__ABOVE:
        return x > v[0].number;
    case KEHU__AT_LEAST:
        return x >= v[0].number;
    case KEHU__BETWEEN:
        return x >= v[0].number && x <= v[1].number;
    case KEHU__MISSING:
        return isnan(x);
    case KEHU__EQUAL:
        for (uint32_t k = 0; k < n->n_values; k++)
            if (x == v[k].number)
                return true;
        return false;
    case KEHU__TRUE:
    case KEHU__AND:
    case KEHU__OR:
    case KEHU__NOT:
        break;
    }
    return false;
}

static bool text_holds(const kehu_segments *t, const kehu__node *n, kehu__text x)
{
    const kehu__value *v = values_of(t, n);
    bool equal = false;
    if (n->what == KEHU__MISSING)
        return x.size == 0;
    for (uint32_t k = 0; k < n->n_values && !equal; k++)
        equal = x.size == (int64_t)v[k].size &&
                memcmp(x.bytes, t->strings + v[k].at, v[k].size) == 0;
    return n->what == KEHU__EQUAL ? equal : x.size > 0 && !equal;
}

static void evaluate(const binding *b, uint32_t at, int64_t from, int n, uint8_t *hit)
{
    const kehu__node *node = &b->t->nodes[at];
    uint8_t other[BLOCK];
    if (node->what == KEHU__TRUE) {
        memset(hit, 1, (size_t)n);
    } else if (node->what == KEHU__NOT) {
        evaluate(b, node->left, from, n, hit);
        for (int i = 0; i < n; i++)
            hit[i] = !hit[i];
    } else if (node->what == KEHU__AND || node->what == KEHU__OR) {
        evaluate(b, node->left, from, n, hit);
        evaluate(b, node->right, from, n, other);
        for (int i = 0; i < n; i++)
            hit[i] = (uint8_t)(node->what == KEHU__AND ? hit[i] & other[i]
                                                       : hit[i] | other[i]);
    } else {
        const kehu_column *c = b->columns[node->field];
        const bool text = kehu__type_is_text(c->type);
        const kehu__value *v = values_of(b->t, node);
        for (int i = 0; i < n; i++)
            hit[i] = text ? text_holds(b->t, node, kehu__column_text(c, from + i))
                          : holds(node, v, kehu__column_number(c, from + i));
    }
}

/* The first matching rule of each row of a block, or NO_RULE. */
static void match_block(const binding *b, int64_t from, int n, int32_t *rules)
{
    uint8_t hit[BLOCK];
    int left = n;
    for (int i = 0; i < n; i++)
        rules[i] = NO_RULE;
    for (size_t r = 0; r < b->t->n_rules && left > 0; r++) {
        evaluate(b, b->t->rules[r].root, from, n, hit);
        for (int i = 0; i < n; i++)
            if (hit[i] && rules[i] == NO_RULE) {
                rules[i] = (int32_t)r;
                left--;
            }
    }
}

/* Segment of every row, NO_RULE where none matches. */
static void match_all(const binding *b, int64_t n, int32_t *codes)
{
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int m = (int)(n - from < BLOCK ? n - from : BLOCK);
        match_block(b, from, m, codes + from);
        for (int64_t i = from; i < from + m; i++)
            if (codes[i] != NO_RULE)
                codes[i] = b->t->rules[codes[i]].segment;
    }
}

static kehu_status report_gap(int64_t row, kehu_error *err)
{
    return kehu__fail(err, KEHU_DATA, row,
                      "row %lld matches no rule; a last line 'name: otherwise' would",
                      (long long)row);
}

static kehu_status check_gaps(const int32_t *codes, int64_t n, kehu_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (codes[i] == NO_RULE)
            return report_gap(i, err);
    return KEHU_OK;
}

/* Common length of the columns; without any there are no rows. */
static kehu_status find_length(const kehu_column *columns, size_t n_columns,
                               int64_t *length, kehu_error *err)
{
    if (columns == NULL && n_columns > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns is NULL");
    *length = n_columns > 0 ? columns[0].length : 0;
    for (size_t k = 1; k < n_columns; k++)
        if (columns[k].length != *length)
            return kehu__fail(err, KEHU_ARGUMENT, -1,
                              "column %zu has %lld rows, the first has %lld", k,
                              (long long)columns[k].length, (long long)*length);
    return KEHU_OK;
}

kehu_status kehu__segments_each(const kehu_segments *t, const kehu_column *columns,
                                size_t n_columns, int64_t from, int64_t n,
                                void (*tell)(void *ctx, uint32_t rule, int64_t at,
                                             int32_t m, const uint8_t *holds),
                                void *ctx, kehu_error *err)
{
    binding b;
    int64_t length;
    KEHU_TRY(find_length(columns, n_columns, &length, err));
    KEHU_TRY(bind(&b, t, columns, n_columns, err));
    for (int64_t at = from; at < from + n; at += BLOCK) {
        const int m = (int)(from + n - at < BLOCK ? from + n - at : BLOCK);
        uint8_t hit[BLOCK];
        for (size_t r = 0; r < t->n_rules; r++) {
            evaluate(&b, t->rules[r].root, at, m, hit);
            tell(ctx, (uint32_t)r, at, m, hit);
        }
    }
    return KEHU_OK;
}

kehu_status kehu_segments_assign(const kehu_segments *table, const kehu_column *columns,
                                 size_t n_columns, int32_t *codes, kehu_error *err)
{
    binding b;
    int64_t n = 0;
    if (table == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table is NULL");
    KEHU_TRY(find_length(columns, n_columns, &n, err));
    if (codes == NULL && n > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "codes is NULL");
    KEHU_TRY(bind(&b, table, columns, n_columns, err));
    match_all(&b, n, codes);
    return check_gaps(codes, n, err);
}

kehu_status kehu_segments_explain(const kehu_segments *table, const kehu_column *columns,
                                  size_t n_columns, int64_t row, kehu_segment_reason *out,
                                  kehu_error *err)
{
    binding b;
    int64_t n = 0;
    int32_t rule;
    if (table == NULL || out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table or out is NULL");
    KEHU_TRY(find_length(columns, n_columns, &n, err));
    if (row < 0 || row >= n)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "row is %lld, expected 0 to %lld",
                          (long long)row, (long long)n - 1);
    KEHU_TRY(bind(&b, table, columns, n_columns, err));
    match_block(&b, row, 1, &rule);
    if (rule == NO_RULE)
        return report_gap(row, err);
    *out = (kehu_segment_reason){table->rules[rule].segment, table->rules[rule].line,
                                 table->strings + table->rules[rule].text};
    return KEHU_OK;
}

/* ---- Grades ---- */

static const char *const grade_names[GRADES] = {"R", "F", "M", "FM"};

static uint8_t together(uint8_t f, uint8_t m)
{
    return (uint8_t)((f + m + 1) / 2);
}

static bool is_grade(const char *name)
{
    for (int k = 0; k < GRADES; k++)
        if (strcmp(name, grade_names[k]) == 0)
            return true;
    return false;
}

/* The first field that is not a grade, or n_fields. */
static uint32_t find_other_field(const kehu_segments *t)
{
    uint32_t f = 0;
    while (f < t->n_fields && is_grade(field_name(t, f)))
        f++;
    return f;
}

enum { MOST_GRADES = KEHU_RFM_MAX_LEVELS * KEHU_RFM_MAX_LEVELS * KEHU_RFM_MAX_LEVELS };

/* Segment of each R, F, M: cell ((r - 1) n_f + f - 1) n_m + m - 1. */
typedef struct grid {
    uint32_t n_r, n_f, n_m;
    int32_t cells[MOST_GRADES];
} grid;

static kehu_status fill_grid(grid *g, const kehu_segments *t, const kehu_rfm *rfm,
                             kehu_error *err)
{
    uint8_t grades[GRADES][MOST_GRADES];
    kehu_column columns[GRADES];
    binding b;
    int64_t n = 0;
    g->n_r = rfm->cuts[KEHU_RFM_RECENCY].levels;
    g->n_f = rfm->cuts[KEHU_RFM_ORDERS].levels;
    g->n_m = rfm->cuts[KEHU_RFM_SPEND].levels;
    for (uint32_t r = 1; r <= g->n_r; r++)
        for (uint32_t f = 1; f <= g->n_f; f++)
            for (uint32_t m = 1; m <= g->n_m; m++, n++) {
                grades[0][n] = (uint8_t)r;
                grades[1][n] = (uint8_t)f;
                grades[2][n] = (uint8_t)m;
                grades[3][n] = together((uint8_t)f, (uint8_t)m);
            }
    for (int k = 0; k < GRADES; k++)
        columns[k] = (kehu_column){
            .name = grade_names[k], .type = KEHU_UINT8, .length = n, .data = grades[k]};
    KEHU_TRY(bind(&b, t, columns, GRADES, err));
    match_all(&b, n, g->cells);
    return KEHU_OK;
}

kehu_status kehu_segments_check_rfm(const kehu_segments *table, const kehu_rfm *rfm,
                                    kehu_error *err)
{
    grid g;
    int n_gaps = 0, first = -1;
    if (table == NULL || rfm == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table or rfm is NULL");
    const uint32_t other = find_other_field(table);
    if (other < table->n_fields)
        return kehu__fail(err, KEHU_COLUMN, -1, "the rules use %s, which is no grade",
                          field_name(table, other));
    KEHU_TRY(fill_grid(&g, table, rfm, err));
    const int n = (int)(g.n_r * g.n_f * g.n_m);
    for (int i = n - 1; i >= 0; i--)
        if (g.cells[i] == NO_RULE) {
            n_gaps++;
            first = i;
        }
    if (n_gaps > 0)
        return kehu__fail(err, KEHU_DATA, -1,
                          "no rule for R %d, F %d, M %d; %d of %d combinations have none",
                          first / (int)(g.n_f * g.n_m) + 1,
                          first / (int)g.n_m % (int)g.n_f + 1, first % (int)g.n_m + 1,
                          n_gaps, n);
    return KEHU_OK;
}

/* By look-up; grades[3 n]. */
static kehu_status assign_by_grid(const kehu_segments *t, const kehu_rfm *rfm,
                                  const uint8_t *grades, int64_t n, int32_t *codes,
                                  kehu_error *err)
{
    grid g;
    KEHU_TRY(fill_grid(&g, t, rfm, err));
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *s = grades + 3 * i;
        codes[i] = g.cells[((s[0] - 1u) * g.n_f + s[1] - 1u) * g.n_m + s[2] - 1u];
    }
    return check_gaps(codes, n, err);
}

/* By all rules; apart[4 n] takes the grades as columns. */
static kehu_status assign_by_rules(const kehu_segments *t, const kehu_rfm_columns *c,
                                   const kehu_column *extra, size_t n_extra,
                                   const uint8_t *grades, uint8_t *apart,
                                   kehu_column *columns, int32_t *codes, kehu_error *err)
{
    const int64_t *values[] = {c->recency_days, c->orders, c->spend};
    for (int64_t i = 0; i < c->n; i++) {
        for (int k = 0; k < 3; k++)
            apart[k * c->n + i] = grades[3 * i + k];
        apart[3 * c->n + i] = together(grades[3 * i + 1], grades[3 * i + 2]);
    }
    for (int k = 0; k < GRADES; k++)
        columns[k] = (kehu_column){.name = grade_names[k],
                                   .type = KEHU_UINT8,
                                   .length = c->n,
                                   .data = apart + k * c->n};
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++)
        columns[GRADES + k] = (kehu_column){.name = kehu__rfm_names[k],
                                            .type = KEHU_INT64,
                                            .length = c->n,
                                            .data = values[k]};
    if (n_extra > 0)
        memcpy(columns + RFM_FIELDS, extra, n_extra * sizeof *extra);
    return kehu_segments_assign(t, columns, RFM_FIELDS + n_extra, codes, err);
}

kehu_status kehu_segments_assign_rfm(const kehu_segments *table, const kehu_rfm *rfm,
                                     const kehu_rfm_columns *customers,
                                     const kehu_column *columns, size_t n_columns,
                                     int32_t *codes, kehu_error *err)
{
    uint8_t *grades = NULL, *apart = NULL;
    kehu_column *all = NULL;
    kehu_status status;
    if (table == NULL || rfm == NULL || customers == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table, rfm or customers is NULL");
    if (columns == NULL && n_columns > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "columns is NULL");
    if (codes == NULL && customers->n > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "codes is NULL");
    if (customers->n == 0)
        return KEHU_OK;
    const kehu_allocator *a = &table->alloc;
    const size_t n = customers->n > 0 ? (size_t)customers->n : 0;
    const bool by_grid = find_other_field(table) == table->n_fields;
    grades = kehu__alloc(a, n, 3);
    apart = by_grid ? NULL : kehu__alloc(a, n, GRADES);
    all = by_grid ? NULL : kehu__alloc(a, RFM_FIELDS + n_columns, sizeof *all);
    if (n > 0 && (grades == NULL || (!by_grid && (apart == NULL || all == NULL))))
        status = kehu__no_memory(err, "grading the customers");
    else
        status = kehu_rfm_grade(rfm, customers, grades, err);
    if (status == KEHU_OK && by_grid)
        status = assign_by_grid(table, rfm, grades, customers->n, codes, err);
    else if (status == KEHU_OK)
        status = assign_by_rules(table, customers, columns, n_columns, grades, apart, all,
                                 codes, err);
    kehu__free(a, all, RFM_FIELDS + n_columns, sizeof *all);
    kehu__free(a, apart, n, GRADES);
    kehu__free(a, grades, n, 3);
    return status;
}
