/* How many customers are in each level and what became of them, and that as columns. */
#include <kehu/levels.h>

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/maths.h"
#include "base/number.h"
#include "insight/levels.h"

enum { N_CUTS = KEHU__LEVEL_CUTS, MAX_SEGMENTS = 1000000 };

static void start_rows(const kehu_levels *levels, kehu_level_row *rows)
{
    for (uint32_t k = 0; k < levels->n_classes; k++)
        for (uint32_t l = 0; l < KEHU_LEVEL_COUNT; l++) {
            const double *cuts = levels->cuts + (size_t)k * N_CUTS;
            rows[k * KEHU_LEVEL_COUNT + l] =
                (kehu_level_row){.class_number = k,
                                 .level = l,
                                 .mode = levels->mode,
                                 .name = kehu_levels_name(levels, l),
                                 .from = l == 0 ? 0 : cuts[l - 1],
                                 .to = l == N_CUTS ? 1 : cuts[l],
                                 .high = 1};
        }
}

/* Counts and sums of one class become shares, means, rates and lifts. */
static void finish_rows(kehu_level_row *rows)
{
    double n_of_class = 0;
    int64_t n_rows = 0, n_known = 0;
    for (uint32_t l = 0; l < KEHU_LEVEL_COUNT; l++) {
        n_of_class += rows[l].observed_rate;
        n_rows += rows[l].n_rows;
        n_known += rows[l].n_known;
    }
    for (uint32_t l = 0; l < KEHU_LEVEL_COUNT; l++) {
        kehu_level_row *row = &rows[l];
        if (row->n_rows > 0) {
            row->share = (double)row->n_rows / (double)n_rows;
            row->mean_probability /= (double)row->n_rows;
        }
        if (row->n_known > 0) {
            row->observed_rate /= (double)row->n_known;
            kehu__wilson(row->observed_rate, (double)row->n_known, &row->low, &row->high);
        }
        if (n_of_class > 0)
            row->lift = row->observed_rate / (n_of_class / (double)n_known);
    }
}

static void add_row(const kehu_levels *levels, const double *probabilities, int32_t seen,
                    kehu_level_row *rows)
{
    for (uint32_t k = 0; k < levels->n_classes; k++) {
        const double p = probabilities[k];
        kehu_level_row *row = &rows[k * KEHU_LEVEL_COUNT + kehu__level_of(levels, k, p)];
        row->n_rows++;
        row->mean_probability += p;
        row->n_known += seen >= 0;
        row->observed_rate += seen == (int32_t)k;
    }
}

static kehu_status report(const kehu_levels *levels, const double *probabilities,
                          int64_t n_rows, const int32_t *observed,
                          const int32_t *segments, uint32_t n_segments,
                          kehu_level_row *rows, kehu_error *err)
{
    const uint32_t K = levels->n_classes;
    const size_t size = (size_t)K * KEHU_LEVEL_COUNT;
    KEHU_TRY(kehu__levels_check(probabilities, n_rows, K, err));
    for (size_t s = 0; s < n_segments; s++)
        start_rows(levels, rows + s * size);
    for (int64_t i = 0; i < n_rows; i++) {
        const int32_t seen = observed == NULL ? -1 : observed[i];
        const int32_t segment = segments == NULL ? 0 : segments[i];
        if (seen < -1 || seen >= (int32_t)K)
            return kehu__fail(err, KEHU_RANGE, i,
                              "observed[%lld] is %d, expected -1 to %u", (long long)i,
                              (int)seen, (unsigned)K - 1);
        if (segment < -1 || segment >= (int32_t)n_segments)
            return kehu__fail(err, KEHU_RANGE, i,
                              "segments[%lld] is %d, expected -1 to %lld", (long long)i,
                              (int)segment, (long long)n_segments - 1);
        if (segment >= 0)
            add_row(levels, probabilities + (size_t)i * K, seen,
                    rows + (size_t)segment * size);
    }
    for (size_t c = 0; c < (size_t)n_segments * K; c++)
        finish_rows(rows + c * KEHU_LEVEL_COUNT);
    return KEHU_OK;
}

kehu_status kehu_levels_report(const kehu_levels *levels, const double *probabilities,
                               int64_t n_rows, const int32_t *observed,
                               kehu_level_row *rows, kehu_error *err)
{
    if (levels == NULL || rows == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "levels or rows is NULL");
    return report(levels, probabilities, n_rows, observed, NULL, 1, rows, err);
}

kehu_status kehu_levels_report_segments(const kehu_levels *levels,
                                        const double *probabilities, int64_t n_rows,
                                        const int32_t *observed, const int32_t *segments,
                                        uint32_t n_segments, kehu_level_row *rows,
                                        kehu_error *err)
{
    if (levels == NULL || (segments == NULL && n_rows > 0) ||
        (rows == NULL && n_segments > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "levels, segments or rows is NULL");
    if (n_segments > MAX_SEGMENTS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "n_segments is %u, expected 0 to %d",
                          (unsigned)n_segments, MAX_SEGMENTS);
    return report(levels, probabilities, n_rows, observed, segments, n_segments, rows,
                  err);
}

/* ---- as columns ---- */

/* A column under way: its cells one after the other, texts with their ends. */
typedef struct cells {
    kehu__buffer data, ends;
} cells;

enum {
    SEGMENT,
    CLASS,
    LEVEL,
    NAME,
    MODE,
    FROM,
    TO,
    N_ROWS,
    SHARE,
    MEAN,
    N_KNOWN,
    OBSERVED,
    LOW,
    HIGH,
    LIFT,
    N_COLUMNS
};
static const struct {
    const char *name;
    kehu_type type;
} columns[N_COLUMNS] = {
    {"segment", KEHU_UTF8},  {"class", KEHU_UTF8},
    {"level", KEHU_INT32},   {"name", KEHU_UTF8},
    {"mode", KEHU_UTF8},     {"from", KEHU_FLOAT64},
    {"to", KEHU_FLOAT64},    {"n_rows", KEHU_INT64},
    {"share", KEHU_FLOAT64}, {"mean_probability", KEHU_FLOAT64},
    {"n_known", KEHU_INT64}, {"observed_rate", KEHU_FLOAT64},
    {"low", KEHU_FLOAT64},   {"high", KEHU_FLOAT64},
    {"lift", KEHU_FLOAT64},
};

static void add_text(cells *c, const char *text)
{
    kehu__buffer_text(&c->data, text);
    const int32_t end = (int32_t)c->data.size;
    if (c->data.size > INT32_MAX)
        c->data.failed = true;
    kehu__buffer_add(&c->ends, &end, sizeof end);
}

static void add_name(cells *c, const char *const *names, size_t i)
{
    char digits[KEHU__NUMBER_BYTES + 1];
    if (names != NULL) {
        add_text(c, names[i]);
        return;
    }
    digits[kehu__format_int64(digits, (int64_t)i)] = '\0';
    add_text(c, digits);
}

static void add_number(cells *c, double x)
{
    kehu__buffer_add(&c->data, &x, sizeof x);
}

static void add_count(cells *c, int64_t n)
{
    kehu__buffer_add(&c->data, &n, sizeof n);
}

static void add_cells(cells *c, const kehu_level_row *row)
{
    const int32_t level = (int32_t)row->level;
    kehu__buffer_add(&c[LEVEL].data, &level, sizeof level);
    add_text(&c[NAME], row->name);
    add_text(&c[MODE], kehu_level_mode_name(row->mode));
    add_number(&c[FROM], row->from);
    add_number(&c[TO], row->to);
    add_count(&c[N_ROWS], row->n_rows);
    add_number(&c[SHARE], row->share);
    add_number(&c[MEAN], row->mean_probability);
    add_count(&c[N_KNOWN], row->n_known);
    add_number(&c[OBSERVED], row->observed_rate);
    add_number(&c[LOW], row->low);
    add_number(&c[HIGH], row->high);
    add_number(&c[LIFT], row->lift);
}

static kehu_status make_table(kehu_table **out, cells *c, int64_t n, bool with_segment,
                              const kehu_allocator *alloc, kehu_error *err)
{
    kehu_column made[N_COLUMNS];
    for (int i = 0; i < N_COLUMNS; i++) {
        if (c[i].data.failed || c[i].ends.failed)
            return c[i].data.size > INT32_MAX
                       ? kehu__fail(err, KEHU_LIMIT, -1, "names exceed 2 GiB")
                       : kehu__no_memory(err, "the report");
        made[i] = (kehu_column){.name = columns[i].name,
                                .type = columns[i].type,
                                .length = n,
                                .data = c[i].data.bytes};
        if (columns[i].type == KEHU_UTF8) {
            made[i].offsets = c[i].ends.bytes;
            made[i].data = c[i].data.size > 0 ? c[i].data.bytes : "";
        }
    }
    return kehu_table_copy(out, made + (with_segment ? 0 : 1),
                           N_COLUMNS - (with_segment ? 0 : 1), alloc, err);
}

kehu_status kehu_levels_table(kehu_table **out, const kehu_levels *levels,
                              const kehu_level_row *rows, uint32_t n_segments,
                              const char *const *class_names,
                              const char *const *segment_names,
                              const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    const int32_t start = 0;
    cells c[N_COLUMNS];
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (levels == NULL || (rows == NULL && n_segments > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "levels or rows is NULL");
    for (int i = 0; i < N_COLUMNS; i++) {
        c[i] = (cells){kehu__buffer_new(&a), kehu__buffer_new(&a)};
        if (columns[i].type == KEHU_UTF8)
            kehu__buffer_add(&c[i].ends, &start, sizeof start);
    }
    for (size_t s = 0; s < n_segments; s++)
        for (size_t k = 0; k < levels->n_classes; k++)
            for (size_t l = 0; l < KEHU_LEVEL_COUNT; l++) {
                add_name(&c[SEGMENT], segment_names, s);
                add_name(&c[CLASS], class_names, k);
                add_cells(c, &rows[(s * levels->n_classes + k) * KEHU_LEVEL_COUNT + l]);
            }
    status =
        make_table(out, c, (int64_t)n_segments * levels->n_classes * KEHU_LEVEL_COUNT,
                   n_segments != 1 || segment_names != NULL, alloc, err);
    for (int i = 0; i < N_COLUMNS; i++) {
        kehu__buffer_free(&c[i].data);
        kehu__buffer_free(&c[i].ends);
    }
    return status;
}
