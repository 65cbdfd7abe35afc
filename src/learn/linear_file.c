/* LIBLINEAR's model file:
 *
 *     solver_type L2R_L2LOSS_SVC_DUAL
 *     nr_class 3
 *     label 1 2 3
 *     nr_feature 1000
 *     bias 1
 *     w
 *     0.25 -0.5 0.125         one line a feature, one weight a class; the bias last
 *
 * With two classes there is one weight a feature, positive for the first label. */
#include <kehu/linear.h>

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "file/handle_file.h"
#include "learn/linear_handle.h"

/* ---- writing ---- */

static void add_number(kehu__buffer *to, double x, bool single)
{
    char text[KEHU__NUMBER_BYTES];
    const int n =
        single ? kehu__format_float(text, (float)x) : kehu__format_double(text, x);
    kehu__buffer_add(to, text, (size_t)n);
}

static void add_integer(kehu__buffer *to, int64_t x)
{
    char text[KEHU__NUMBER_BYTES];
    kehu__buffer_add(to, text, (size_t)kehu__format_int64(text, x));
}

/* Two classes have one weight a feature, which LIBLINEAR's MCSVM_CS has not. */
static const char *solver_of(const kehu_linear *model)
{
    static const char *const names[] = {"L2R_L2LOSS_SVC_DUAL", "L2R_L1LOSS_SVC_DUAL",
                                        "L2R_LR", "MCSVM_CS"};
    const bool one_weight =
        model->loss == KEHU_LINEAR_CRAMMER_SINGER && model->weights->width == 1;
    return names[one_weight ? KEHU_LINEAR_HINGE : model->loss];
}

static kehu_status build(kehu__buffer *to, const void *handle, kehu_error *err)
{
    const kehu_linear *model = handle;
    const kehu__linear *const m = model->weights;
    const uint32_t n_rows = m->n_columns + (m->bias != 0);
    (void)err;
    *to = kehu__buffer_new(&model->alloc);
    kehu__buffer_text(to, "solver_type ");
    kehu__buffer_text(to, solver_of(model));
    kehu__buffer_text(to, "\nnr_class ");
    add_integer(to, model->n_labels);
    kehu__buffer_text(to, "\nlabel");
    for (uint32_t k = 0; k < model->n_labels; k++) {
        kehu__buffer_text(to, " ");
        add_integer(to, model->labels[m->width == 1 ? 1 - k : k]);
    }
    kehu__buffer_text(to, "\nnr_feature ");
    add_integer(to, m->n_columns);
    kehu__buffer_text(to, "\nbias ");
    add_number(to, m->bias != 0 ? (double)m->bias : -1, false);
    kehu__buffer_text(to, "\nw\n");
    for (uint32_t j = 0; j < n_rows; j++) {
        for (uint32_t k = 0; k < m->width; k++) {
            add_number(to, (double)m->weights[(size_t)j * m->stride + k], true);
            kehu__buffer_text(to, " ");
        }
        kehu__buffer_text(to, "\n");
    }
    return KEHU_OK;
}

/* ---- reading ---- */

typedef struct words {
    const char *at, *end;
    const char *name; /* of the file, for messages */
    int64_t line;     /* of the last word, from 0 */
    kehu_error *err;
} words;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word; of size 0 at the end. */
static const char *next_word(words *w, size_t *size)
{
    const char *first;
    while (w->at < w->end && is_blank(*w->at))
        w->line += *w->at++ == '\n';
    first = w->at;
    while (w->at < w->end && !is_blank(*w->at))
        w->at++;
    *size = (size_t)(w->at - first);
    return first;
}

static kehu_status bad(const words *w, kehu_status status, const char *what)
{
    return kehu__fail(w->err, status, w->line, "%s, line %lld: %s", w->name,
                      (long long)w->line + 1, what);
}

static kehu_status expect(words *w, const char *word)
{
    size_t size;
    const char *const found = next_word(w, &size);
    if (size == strlen(word) && memcmp(found, word, size) == 0)
        return KEHU_OK;
    return kehu__fail(w->err, KEHU_FORMAT, w->line, "%s, line %lld: \"%s\" expected",
                      w->name, (long long)w->line + 1, word);
}

static kehu_status read_integer(words *w, int64_t low, int64_t high, int64_t *out)
{
    size_t size;
    const char *const found = next_word(w, &size);
    if (kehu__parse_int64(found, size, out) != KEHU__NUMBER_OK || *out < low ||
        *out > high)
        return kehu__fail(w->err, KEHU_FORMAT, w->line,
                          "%s, line %lld: a whole number from %lld to %lld expected",
                          w->name, (long long)w->line + 1, (long long)low,
                          (long long)high);
    return KEHU_OK;
}

static kehu_status read_number(words *w, float *out)
{
    size_t size;
    double x;
    const char *const found = next_word(w, &size);
    switch (kehu__parse_double(found, size, &x)) {
    case KEHU__NUMBER_OK:
        break;
    case KEHU__NUMBER_RANGE:
        return bad(w, KEHU_RANGE, "a number that is not finite");
    case KEHU__NUMBER_BAD:
    case KEHU__NUMBER_INEXACT:
        return bad(w, KEHU_FORMAT,
                   size == 0 ? "the file ends before its last weight" : "not a number");
    }
    *out = (float)x;
    return isfinite(*out) ? KEHU_OK
                          : bad(w, KEHU_RANGE, "a number beyond single precision");
}

/* Classifiers that decide by the largest margin. */
static kehu_status read_solver(words *w, int32_t *loss)
{
    static const struct {
        const char *name;
        int32_t loss;
    } known[] = {{"L2R_L2LOSS_SVC_DUAL", KEHU_LINEAR_SQUARED_HINGE},
                 {"L2R_L2LOSS_SVC", KEHU_LINEAR_SQUARED_HINGE},
                 {"L1R_L2LOSS_SVC", KEHU_LINEAR_SQUARED_HINGE},
                 {"L2R_L1LOSS_SVC_DUAL", KEHU_LINEAR_HINGE},
                 {"L2R_LR", KEHU_LINEAR_LOGISTIC},
                 {"L2R_LR_DUAL", KEHU_LINEAR_LOGISTIC},
                 {"L1R_LR", KEHU_LINEAR_LOGISTIC},
                 {"MCSVM_CS", KEHU_LINEAR_CRAMMER_SINGER}};
    size_t size;
    const char *found;
    KEHU_TRY(expect(w, "solver_type"));
    found = next_word(w, &size);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (size == strlen(known[k].name) && memcmp(found, known[k].name, size) == 0) {
            *loss = known[k].loss;
            return KEHU_OK;
        }
    return bad(w, KEHU_FORMAT, "not a solver for classes");
}

/* Labels as they stand, then rising with place[k] saying where each stood. */
static kehu_status read_labels(words *w, kehu_linear *model, uint32_t *place)
{
    KEHU_TRY(expect(w, "label"));
    for (uint32_t k = 0; k < model->n_labels; k++) {
        int64_t label;
        uint32_t at = k;
        KEHU_TRY(read_integer(w, INT32_MIN, INT32_MAX, &label));
        for (; at > 0 && model->labels[at - 1] > label; at--) {
            model->labels[at] = model->labels[at - 1];
            place[at] = place[at - 1];
        }
        if (at > 0 && model->labels[at - 1] == label)
            return bad(w, KEHU_DUPLICATE, "a label is there twice");
        model->labels[at] = (int32_t)label;
        place[at] = k;
    }
    return KEHU_OK;
}

/* One line of weights, moved to the order of the rising labels. */
static kehu_status read_line(words *w, const kehu_linear *model, const uint32_t *place,
                             bool crammer_singer, float *line, float *to)
{
    const uint32_t n = model->n_labels;
    const uint32_t n_there = n == 2 && !crammer_singer ? 1 : n;
    for (uint32_t k = 0; k < n_there; k++)
        KEHU_TRY(read_number(w, &line[k]));
    if (n > 2)
        for (uint32_t k = 0; k < n; k++)
            to[k] = line[place[k]];
    else if (crammer_singer) /* only the difference of the two decides */
        to[0] = (line[place[1]] - line[place[0]]) / 2;
    else
        to[0] = place[1] == 0 ? line[0] : -line[0];
    return isfinite(to[0]) ? KEHU_OK
                           : bad(w, KEHU_RANGE, "a number beyond single precision");
}

static kehu_status read_weights(words *w, kehu_linear *model, const uint32_t *place,
                                bool crammer_singer, float *line)
{
    int64_t n_features;
    float bias;
    size_t left;
    uint32_t n_lines;
    KEHU_TRY(expect(w, "nr_feature"));
    KEHU_TRY(read_integer(w, 0, UINT32_MAX - 1, &n_features));
    KEHU_TRY(expect(w, "bias"));
    KEHU_TRY(read_number(w, &bias));
    KEHU_TRY(expect(w, "w"));
    const bool has_constant = bias >= 0; /* at -B 0 a line that never counts */
    bias = has_constant ? bias : 0;
    /* A weight is at least a digit and a blank: no large table for a small file. */
    if ((uint64_t)n_features * kehu__linear_width(model->n_labels) >
        (uint64_t)(w->end - w->at) / 2 + 1)
        return bad(w, KEHU_FORMAT, "nr_feature is more than there are weights");
    KEHU_TRY(kehu__linear_new(&model->weights, (uint32_t)n_features, model->n_labels,
                              bias, &model->alloc, w->err));
    n_lines = (uint32_t)n_features + has_constant;
    for (uint32_t j = 0; j < n_lines; j++)
        KEHU_TRY(read_line(w, model, place, crammer_singer, line,
                           model->weights->own + (size_t)j * model->weights->stride));
    next_word(w, &left);
    return left == 0 ? KEHU_OK : bad(w, KEHU_FORMAT, "more weights than nr_feature says");
}

static kehu_status read_model(words *w, kehu_linear *model)
{
    bool crammer_singer;
    int64_t n;
    uint32_t *place;
    float *line;
    kehu_status status;
    KEHU_TRY(read_solver(w, &model->loss));
    crammer_singer = model->loss == KEHU_LINEAR_CRAMMER_SINGER;
    KEHU_TRY(expect(w, "nr_class"));
    KEHU_TRY(read_integer(w, 0, 65535, &n));
    if (n < 2)
        return bad(w, KEHU_ONE_CLASS, "a classifier needs two classes");
    model->n_labels = (uint32_t)n;
    model->labels = kehu__alloc(&model->alloc, (size_t)n, sizeof *model->labels);
    place = kehu__alloc(&model->alloc, (size_t)n, sizeof *place);
    line = kehu__alloc(&model->alloc, (size_t)n, sizeof *line);
    status = model->labels != NULL && place != NULL && line != NULL
                 ? read_labels(w, model, place)
                 : kehu__no_memory(w->err, "the labels");
    if (status == KEHU_OK)
        status = read_weights(w, model, place, crammer_singer, line);
    kehu__free(&model->alloc, place, (size_t)n, sizeof *place);
    kehu__free(&model->alloc, line, (size_t)n, sizeof *line);
    return status;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    const char *const text = from->bytes;
    words w = {.at = text, .end = text + from->size, .name = from->name, .err = err};
    kehu_linear *const model = kehu__alloc_zero(&from->alloc, 1, sizeof *model);
    kehu_status status;
    if (model == NULL)
        return kehu__no_memory(err, "a model");
    model->alloc = from->alloc;
    status = read_model(&w, model);
    if (status == KEHU_OK)
        *(kehu_linear **)out = model;
    else
        kehu_linear_free(model);
    return status;
}

static const kehu__handle_file file = {"model", build, make};

kehu_status kehu_linear_save(const kehu_linear *model, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, model, path, err);
}

kehu_status kehu_linear_write(const kehu_linear *model, const kehu_writer *writer,
                              kehu_error *err)
{
    return kehu__handle_write(&file, model, writer, err);
}

kehu_status kehu_linear_load(kehu_linear **out, const char *path,
                             const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_linear_read(kehu_linear **out, const void *bytes, size_t size,
                             const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
