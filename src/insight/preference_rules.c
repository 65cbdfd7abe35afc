/* Experience rules: lines of the segment language whose name is a class and a
 * weight. */
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "insight/preference.h"
#include "insight/segment.h"

static const char *name_of(const kehu_segments *rules, uint32_t rule)
{
    return rules->strings + rules->names[rules->rules[rule].segment];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

const char *kehu__experience_class(const kehu_segments *rules, uint32_t rule,
                                   size_t *size)
{
    const char *name = name_of(rules, rule);
    size_t n = strlen(name);
    while (n > 0 && !is_blank(name[n - 1]))
        n--;
    while (n > 0 && is_blank(name[n - 1]))
        n--;
    *size = n;
    return name;
}

static kehu_status read_weight(double *weight, const kehu_segments *rules, uint32_t rule,
                               kehu_error *err)
{
    const int32_t line = rules->rules[rule].line;
    const char *name = name_of(rules, rule), *text;
    size_t size;
    kehu__experience_class(rules, rule, &size);
    text = name + size;
    while (is_blank(*text))
        text++;
    if (size == 0 || kehu__parse_double(text, strlen(text), weight) != KEHU__NUMBER_OK)
        return kehu__fail(err, KEHU_FORMAT, line - 1,
                          "line %d: expected a class and a weight before the colon",
                          (int)line);
    if (!(*weight >= -20 && *weight <= 20))
        return kehu__fail(err, KEHU_RANGE, line - 1,
                          "line %d: the weight is not within -20 to 20", (int)line);
    return KEHU_OK;
}

static kehu_status find_class(uint32_t *class_number, const kehu_segments *rules,
                              uint32_t rule, const char *const *classes,
                              uint32_t n_classes, kehu_error *err)
{
    size_t size;
    const char *name = kehu__experience_class(rules, rule, &size);
    for (uint32_t k = 0; k < n_classes; k++)
        if (strlen(classes[k]) == size && memcmp(classes[k], name, size) == 0) {
            *class_number = k;
            return KEHU_OK;
        }
    return kehu__fail(err, KEHU_NOT_FOUND, rules->rules[rule].line - 1,
                      "line %d: there is no class %.*s", (int)rules->rules[rule].line,
                      (int)size, name);
}

kehu_status kehu__experience_check(const kehu_segments *rules, kehu_error *err)
{
    double weight;
    for (uint32_t r = 0; r < rules->n_rules; r++)
        KEHU_TRY(read_weight(&weight, rules, r, err));
    return KEHU_OK;
}

kehu_status kehu__experience_read(kehu__experience **out, uint32_t *n_out,
                                  const kehu_segments *rules, const char *const *classes,
                                  uint32_t n_classes, const kehu_allocator *alloc,
                                  kehu_error *err)
{
    const uint32_t n = (uint32_t)rules->n_rules;
    kehu__experience *e = kehu__alloc_zero(alloc, n, sizeof *e);
    kehu_status status = KEHU_OK;
    *out = NULL;
    *n_out = 0;
    if (e == NULL)
        return kehu__no_memory(err, "experience rules");
    for (uint32_t r = 0; r < n && status == KEHU_OK; r++) {
        e[r].line = rules->rules[r].line;
        status = read_weight(&e[r].weight, rules, r, err);
        if (status == KEHU_OK)
            status = find_class(&e[r].class_number, rules, r, classes, n_classes, err);
    }
    if (status != KEHU_OK) {
        kehu__free(alloc, e, n, sizeof *e);
        return status;
    }
    *out = e;
    *n_out = n;
    return KEHU_OK;
}

typedef struct scoring {
    const kehu_preference *p;
    uint32_t n_classes;
    double *scores;
} scoring;

static void add_weight(void *ctx, uint32_t rule, int64_t at, int32_t m,
                       const uint8_t *holds)
{
    const scoring *s = ctx;
    const kehu__experience *e = &s->p->experiences[rule];
    for (int32_t i = 0; i < m; i++)
        if (holds[i])
            s->scores[(size_t)(at + i) * s->n_classes + e->class_number] += e->weight;
}

kehu_status kehu__experience_scores(const kehu_preference *p, const kehu_column *columns,
                                    uint32_t n_columns, int64_t n, uint32_t n_classes,
                                    double *scores, kehu_error *err)
{
    scoring s = {p, n_classes, scores};
    for (size_t i = 0; i < (size_t)n * n_classes; i++)
        scores[i] = 0;
    return kehu__segments_each(p->rules, columns, n_columns, 0, n, add_weight, &s, err);
}

typedef struct firing {
    const kehu_preference *p;
    kehu_preference_rule *fired;
    uint32_t capacity, n;
} firing;

static void note_rule(void *ctx, uint32_t rule, int64_t at, int32_t m,
                      const uint8_t *holds)
{
    firing *f = ctx;
    const kehu__experience *e = &f->p->experiences[rule];
    (void)at;
    (void)m;
    if (!holds[0])
        return;
    if (f->n < f->capacity)
        f->fired[f->n] = (kehu_preference_rule){.class_number = e->class_number,
                                                .line = e->line,
                                                .weight = e->weight,
                                                .text = f->p->rules->strings +
                                                        f->p->rules->rules[rule].text};
    f->n++;
}

kehu_status kehu_preference_fired(const kehu_preference *preference,
                                  const kehu_column *columns, uint32_t n_columns,
                                  int64_t row, kehu_preference_rule *fired,
                                  uint32_t capacity, uint32_t *n_fired, kehu_error *err)
{
    firing f = {preference, fired, capacity, 0};
    if (preference == NULL || n_fired == NULL || (fired == NULL && capacity > 0) ||
        columns == NULL || n_columns == 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "preference, columns, fired or n_fired is NULL");
    if (row < 0 || row >= columns[0].length)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "row is %lld of %lld rows",
                          (long long)row, (long long)columns[0].length);
    if (preference->rules != NULL)
        KEHU_TRY(kehu__segments_each(preference->rules, columns, n_columns, row, 1,
                                     note_rule, &f, err));
    *n_fired = f.n;
    return KEHU_OK;
}
