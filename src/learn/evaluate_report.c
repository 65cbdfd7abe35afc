/* An evaluation as a table for people and as JSON for programs. */
#include <kehu/evaluate.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "data/json.h"

enum { COUNT_WIDTH = 9, SHARE_WIDTH = 11, LABEL_WIDTH = 19 };

/* ---- JSON ---- */

static void put_number(kehu__json *j, const char *key, double x)
{
    kehu__json_key(j, key);
    kehu__json_number(j, x);
}

static void put_count(kehu__json *j, const char *key, int64_t x)
{
    kehu__json_key(j, key);
    kehu__json_integer(j, x);
}

static void put_classes(kehu__json *j, const kehu_evaluation_report *r)
{
    kehu__json_key(j, "classes");
    kehu__json_array(j);
    for (uint32_t k = 0; k < r->n_classes; k++) {
        const kehu_class_evaluation *const c = &r->classes[k];
        kehu__json_object(j);
        kehu__json_key(j, "name");
        if (r->class_names != NULL)
            kehu__json_string(j, r->class_names[k]);
        else
            kehu__json_integer(j, k);
        put_count(j, "n_truth", c->n_truth);
        put_count(j, "n_answered", c->n_answered);
        put_count(j, "n_right", c->n_right);
        put_number(j, "precision", c->precision);
        put_number(j, "recall", c->recall);
        put_number(j, "f1", c->f1);
        kehu__json_end(j);
    }
    kehu__json_end(j);
}

static void put_confusion(kehu__json *j, const kehu_evaluation_report *r)
{
    const uint64_t width = (uint64_t)r->n_classes + 1;
    kehu__json_key(j, "confusion");
    kehu__json_array(j);
    for (uint32_t k = 0; k < r->n_classes; k++) {
        kehu__json_array(j);
        for (uint64_t a = 0; a < width; a++)
            kehu__json_integer(j, r->confusion[k * width + a]);
        kehu__json_end(j);
    }
    kehu__json_end(j);
}

static void put_comparison(kehu__json *j, const kehu_mcnemar *m)
{
    kehu__json_key(j, "comparison");
    kehu__json_object(j);
    put_count(j, "both", m->both);
    put_count(j, "neither", m->neither);
    put_count(j, "only_a", m->only_a);
    put_count(j, "only_b", m->only_b);
    put_number(j, "p_value", m->p_value);
    kehu__json_end(j);
}

static kehu_status write_json(const kehu_evaluation_report *r, const kehu_writer *writer,
                              kehu_error *err)
{
    const kehu_evaluation *const e = r->evaluation;
    kehu__json j;
    kehu__json_init(&j, writer);
    kehu__json_object(&j);
    if (r->name != NULL) {
        kehu__json_key(&j, "name");
        kehu__json_string(&j, r->name);
    }
    put_count(&j, "n", e->n);
    put_count(&j, "n_answered", e->n_answered);
    put_count(&j, "n_right", e->n_right);
    put_number(&j, "accuracy", e->accuracy);
    put_number(&j, "coverage", e->coverage);
    put_number(&j, "precision", e->precision);
    put_number(&j, "macro_f1", e->macro_f1);
    put_number(&j, "log_loss", e->log_loss);
    put_number(&j, "calibration_error", e->calibration_error);
    if (r->classes != NULL)
        put_classes(&j, r);
    if (r->confusion != NULL)
        put_confusion(&j, r);
    if (r->comparison != NULL)
        put_comparison(&j, r->comparison);
    kehu__json_end(&j);
    kehu__json_line(&j);
    return kehu__json_finish(&j, err);
}

/* ---- table ---- */

static void add_blanks(kehu__sink *s, size_t used, size_t width)
{
    for (; used < width; used++)
        kehu__sink_char(s, ' ');
}

/* Right-aligned. */
static void add_right(kehu__sink *s, const char *text, size_t width)
{
    add_blanks(s, strlen(text), width);
    kehu__sink_text(s, text);
}

static void add_count(kehu__sink *s, int64_t x, size_t width)
{
    char text[KEHU__NUMBER_BYTES];
    kehu__format_money(text, x, 0);
    add_right(s, text, width);
}

static void add_fixed(kehu__sink *s, double x, int decimals, size_t width)
{
    char text[KEHU__NUMBER_BYTES] = "-";
    if (isfinite(x))
        kehu__format_fixed(text, x, decimals);
    add_right(s, text, width);
}

static void add_share(kehu__sink *s, double x, size_t width)
{
    add_fixed(s, 100 * x, 2, width);
}

static void add_label(kehu__sink *s, const char *label)
{
    kehu__sink_text(s, label);
    add_blanks(s, strlen(label), LABEL_WIDTH);
}

/* The name comes last: how wide it is on a screen is not for us to know. */
static void add_class_name(kehu__sink *s, const kehu_evaluation_report *r, uint32_t k)
{
    if (r->class_names != NULL && r->class_names[k] != NULL) {
        kehu__sink_text(s, "  ");
        kehu__sink_text(s, r->class_names[k]);
    }
    kehu__sink_char(s, '\n');
}

static void add_classes(kehu__sink *s, const kehu_evaluation_report *r)
{
    kehu__sink_text(s,
                    "\nclass    truth   answers    right  precision     recall         "
                    "f1\n");
    for (uint32_t k = 0; k < r->n_classes; k++) {
        const kehu_class_evaluation *const c = &r->classes[k];
        add_count(s, k, 5);
        add_count(s, c->n_truth, COUNT_WIDTH);
        add_count(s, c->n_answered, COUNT_WIDTH + 1);
        add_count(s, c->n_right, COUNT_WIDTH);
        add_share(s, c->precision, SHARE_WIDTH);
        add_share(s, c->recall, SHARE_WIDTH);
        add_share(s, c->f1, SHARE_WIDTH);
        add_class_name(s, r, k);
    }
}

static void add_confusion(kehu__sink *s, const kehu_evaluation_report *r)
{
    const uint64_t width = (uint64_t)r->n_classes + 1;
    kehu__sink_text(s, "\ntruth \\ answer\n     ");
    for (uint32_t k = 0; k < r->n_classes; k++)
        add_count(s, k, COUNT_WIDTH);
    add_right(s, "none", COUNT_WIDTH);
    kehu__sink_char(s, '\n');
    for (uint32_t k = 0; k < r->n_classes; k++) {
        add_count(s, k, 5);
        for (uint64_t a = 0; a < width; a++)
            add_count(s, r->confusion[k * width + a], COUNT_WIDTH);
        add_class_name(s, r, k);
    }
}

static void add_comparison(kehu__sink *s, const kehu_mcnemar *m)
{
    kehu__sink_text(s, "\nboth right    neither  only this only other    p value\n");
    add_count(s, m->both, 10);
    add_count(s, m->neither, SHARE_WIDTH);
    add_count(s, m->only_a, SHARE_WIDTH);
    add_count(s, m->only_b, SHARE_WIDTH);
    add_fixed(s, m->p_value, 6, SHARE_WIDTH);
    kehu__sink_char(s, '\n');
}

static kehu_status write_table(const kehu_evaluation_report *r, const kehu_writer *writer,
                               kehu_error *err)
{
    const kehu_evaluation *const e = r->evaluation;
    const struct {
        const char *label;
        double share;
    } shares[] = {{"accuracy %", e->accuracy},
                  {"coverage %", e->coverage},
                  {"precision %", e->precision},
                  {"macro-F1 %", e->macro_f1},
                  {"calibration error %", e->calibration_error}};
    kehu__sink s;
    kehu__sink_init(&s, writer);
    if (r->name != NULL) {
        kehu__sink_text(&s, r->name);
        kehu__sink_char(&s, '\n');
    }
    add_label(&s, "rows");
    add_count(&s, e->n, SHARE_WIDTH);
    kehu__sink_char(&s, '\n');
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
        add_label(&s, shares[k].label);
        add_share(&s, shares[k].share, SHARE_WIDTH);
        kehu__sink_char(&s, '\n');
    }
    add_label(&s, "log loss");
    add_fixed(&s, e->log_loss, 4, SHARE_WIDTH);
    kehu__sink_char(&s, '\n');
    if (r->classes != NULL)
        add_classes(&s, r);
    if (r->confusion != NULL)
        add_confusion(&s, r);
    if (r->comparison != NULL)
        add_comparison(&s, r->comparison);
    return kehu__sink_flush(&s, err);
}

kehu_status kehu_evaluation_write(const kehu_evaluation_report *report,
                                  const kehu_writer *writer, kehu_error *err)
{
    kehu_evaluation_report r = {0};
    if (report == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "report or writer is NULL");
    KEHU_TRY(kehu__options_read(&r, sizeof r, report, err));
    if (r.evaluation == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "evaluation is NULL");
    if (r.format != KEHU_EVALUATION_TABLE && r.format != KEHU_EVALUATION_JSON)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "format is %d, expected 0 or 1",
                          (int)r.format);
    return r.format == KEHU_EVALUATION_JSON ? write_json(&r, writer, err)
                                            : write_table(&r, writer, err);
}
