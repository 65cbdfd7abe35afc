#include "learn/tree_condition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/number.h"

void kehu__tree_add_number(kehu__buffer *out, double x)
{
    char digits[KEHU__NUMBER_BYTES];
    kehu__buffer_add(out, digits, (size_t)kehu__format_double(digits, x));
}

void kehu__tree_add_quoted(kehu__buffer *out, const char *bytes, size_t size, char quote)
{
    kehu__buffer_add(out, &quote, 1);
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == quote)
            kehu__buffer_add(out, &quote, 1);
        kehu__buffer_add(out, &bytes[i], 1);
    }
    kehu__buffer_add(out, &quote, 1);
}

/* Dates are whole, so "before 15000.5" is "before 15001". Beyond the calendar
 * the number itself has to do. */
static bool add_date(kehu__buffer *out, double days)
{
    const double first = ceil(days);
    char text[32];
    kehu__date d;
    if (!(first >= -719162 && first <= 2932896)) /* years 1 to 9999 */
        return false;
    d = kehu__date_from_days((int32_t)first);
    snprintf(text, sizeof text, "%04d-%02d-%02d", (int)d.year, (int)d.month, (int)d.day);
    kehu__buffer_text(out, text);
    return true;
}

static bool add_time(kehu__buffer *out, double microseconds)
{
    const double first = ceil(microseconds), day = floor(first / (double)KEHU__DAY_US);
    const int64_t left = (int64_t)(first - day * (double)KEHU__DAY_US);
    const int64_t seconds = left / 1000000;
    char text[48];
    if (!add_date(out, day))
        return false;
    snprintf(text, sizeof text, " %02d:%02d:%02d.%06d", (int)(seconds / 3600),
             (int)(seconds / 60 % 60), (int)(seconds % 60), (int)(left % 1000000));
    kehu__buffer_text(out, text);
    return true;
}

static void add_threshold(kehu__buffer *out, const kehu__tree_feature *f, double x,
                          bool sql)
{
    const size_t before = out->size;
    bool done = false;
    if (f->kind == KEHU__TREE_DATE || f->kind == KEHU__TREE_TIMESTAMP) {
        if (sql)
            kehu__buffer_text(out, "'");
        done = f->kind == KEHU__TREE_DATE ? add_date(out, x) : add_time(out, x);
        if (sql && done)
            kehu__buffer_text(out, "'");
    }
    if (done || out->failed)
        return;
    out->size = before;
    if (sql && isinf(x))
        kehu__buffer_text(out, x > 0 ? "9e999" : "-9e999");
    else
        kehu__tree_add_number(out, x);
}

static bool takes(const kehu__tree_node *node, uint32_t code, bool left)
{
    return kehu__tree_goes_left(node, code) == left;
}

static void words_of_number(kehu__buffer *out, const kehu__tree_feature *f,
                            const kehu__tree_node *node, double threshold, bool left)
{
    const bool missing = takes(node, kehu__tree_missing_code(f), left);
    if (isnan(threshold) && !left)
        kehu__buffer_text(out, missing ? " is missing" : " is neither there nor missing");
    else if (isnan(threshold))
        kehu__buffer_text(out, missing ? " is anything" : " is not missing");
    else if (f->kind == KEHU__TREE_BOOL)
        kehu__buffer_text(out, left ? " is false" : " is true");
    else {
        kehu__buffer_text(out, left ? " < " : " >= ");
        add_threshold(out, f, threshold, false);
    }
    if (missing && !isnan(threshold))
        kehu__buffer_text(out, " or missing");
}

/* The categories of a branch, or, when others go there too, those that do not. */
static uint32_t add_levels(kehu__buffer *out, const kehu__tree_feature *f,
                           const kehu__tree_node *node, bool left, const char *separator,
                           bool sql)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n_levels; i++) {
        const kehu__text t = kehu__tree_level(f, i);
        if (!takes(node, i, left))
            continue;
        if (n++ > 0)
            kehu__buffer_text(out, separator);
        if (sql)
            kehu__tree_add_quoted(out, t.bytes, (size_t)t.size, '\'');
        else
            kehu__buffer_add(out, t.bytes, (size_t)t.size);
    }
    return n;
}

static uint32_t count_levels(const kehu__tree_feature *f, const kehu__tree_node *node,
                             bool left)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n_levels; i++)
        n += takes(node, i, left);
    return n;
}

static void words_of_category(kehu__buffer *out, const kehu__tree_feature *f,
                              const kehu__tree_node *node, bool left)
{
    const bool missing = takes(node, kehu__tree_missing_code(f), left),
               others = takes(node, f->n_levels, left);
    const bool listed = others ? !left : left;
    const uint32_t n = count_levels(f, node, listed);
    if (n == 0) { /* none listed: everything that is there, or nothing */
        if (others)
            kehu__buffer_text(out, missing ? " is anything" : " is not missing");
        else
            kehu__buffer_text(out, missing ? " is missing" : " is none");
        return;
    }
    kehu__buffer_text(out, others   ? (n == 1 ? " is not " : " is none of ")
                           : n == 1 ? " is "
                                    : " is one of ");
    add_levels(out, f, node, listed, ", ", false);
    if (missing && !others)
        kehu__buffer_text(out, " or missing");
    if (!missing && others)
        kehu__buffer_text(out, " and not missing");
}

void kehu__tree_condition_words(kehu__buffer *out, const kehu_tree *tree, uint32_t node,
                                bool left)
{
    double threshold;
    const kehu__tree_node *n = kehu__tree_node_at(tree, node, &threshold);
    const kehu__tree_feature *f = &tree->features[n->feature];
    kehu__buffer_add(out, f->name, f->name_size);
    if (kehu__tree_is_text(f))
        words_of_category(out, f, n, left);
    else
        words_of_number(out, f, n, threshold, left);
}

static void add_column(kehu__buffer *out, const kehu__tree_feature *f, char quote,
                       const char *then)
{
    kehu__tree_add_quoted(out, f->name, f->name_size, quote);
    kehu__buffer_text(out, then);
}

static void sql_of_number(kehu__buffer *out, const kehu__tree_feature *f,
                          const kehu__tree_node *node, double threshold, char quote)
{
    const bool missing = takes(node, kehu__tree_missing_code(f), true);
    if (isnan(threshold)) {
        if (missing)
            kehu__buffer_text(out, "1 = 1");
        else
            add_column(out, f, quote, " IS NOT NULL");
        return;
    }
    add_column(out, f, quote, " < ");
    add_threshold(out, f, threshold, true);
    if (missing) {
        kehu__buffer_text(out, " OR ");
        add_column(out, f, quote, " IS NULL");
    }
}

static void sql_of_category(kehu__buffer *out, const kehu__tree_feature *f,
                            const kehu__tree_node *node, char quote)
{
    const bool missing = takes(node, kehu__tree_missing_code(f), true),
               others = takes(node, f->n_levels, true);
    const uint32_t n = count_levels(f, node, !others);
    if (n > 0) {
        add_column(out, f, quote, others ? " NOT IN (" : " IN (");
        add_levels(out, f, node, !others, ", ", true);
        kehu__buffer_text(out, ")");
    } else
        kehu__buffer_text(out, others ? "1 = 1" : "1 = 0");
    if (missing) {
        kehu__buffer_text(out, " OR ");
        add_column(out, f, quote, " IS NULL OR ");
        add_column(out, f, quote, " = ''");
    } else if (others) {
        kehu__buffer_text(out, " AND ");
        add_column(out, f, quote, " <> ''");
    }
}

void kehu__tree_condition_sql(kehu__buffer *out, const kehu_tree *tree, uint32_t node,
                              char quote)
{
    double threshold;
    const kehu__tree_node *n = kehu__tree_node_at(tree, node, &threshold);
    const kehu__tree_feature *f = &tree->features[n->feature];
    if (kehu__tree_is_text(f))
        sql_of_category(out, f, n, quote);
    else
        sql_of_number(out, f, n, threshold, quote);
}
