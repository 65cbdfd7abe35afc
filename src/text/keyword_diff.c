/* What differs between two keyword lists: a merge of two sorted lists. */
#include <kehu/keyword.h>

#include <string.h>

#include "base/error.h"
#include "text/keyword.h"

typedef struct change_list {
    kehu_keyword_change *to;
    int64_t capacity, n;
} change_list;

static void add(change_list *list, kehu_keyword_change c)
{
    if (c.old_mark == c.new_mark && c.old_weight == c.new_weight)
        return;
    if (list->n < list->capacity)
        list->to[list->n] = c;
    list->n++;
}

static const char *class_of(const kehu_keyword *k, int32_t class_number)
{
    return class_number < 0 ? "*" : k->strings + k->class_at[class_number];
}

/* Order of two classes that may be in different lists; the one for all first. */
static int compare_classes(const kehu_keyword *a, int32_t x, const kehu_keyword *b,
                           int32_t y)
{
    if (x < 0 || y < 0)
        return (x >= 0) - (y >= 0);
    return strcmp(class_of(a, x), class_of(b, y));
}

static int compare_lines(const kehu_keyword *a, size_t i, const kehu_keyword *b, size_t j)
{
    int order;
    if (i == a->n_lines || j == b->n_lines)
        return (i == a->n_lines) - (j == b->n_lines);
    order = compare_classes(a, a->lines[i].class_number, b, b->lines[j].class_number);
    return order != 0 ? order
                      : strcmp(kehu__keyword_of(a, &a->lines[i]),
                               kehu__keyword_of(b, &b->lines[j]));
}

/* The lines of one class, from *i and *j on. */
static void diff_lines(change_list *list, const kehu_keyword *a, size_t *i,
                       int32_t class_a, const kehu_keyword *b, size_t *j, int32_t class_b)
{
    for (;;) {
        const bool more_a = *i < a->n_lines && a->lines[*i].class_number == class_a;
        const bool more_b = *j < b->n_lines && b->lines[*j].class_number == class_b;
        const int order =
            more_a && more_b ? compare_lines(a, *i, b, *j) : (int)!more_a - (int)!more_b;
        kehu_keyword_change c = {.old_mark = -1, .new_mark = -1};
        if (!more_a && !more_b)
            return;
        if (order <= 0) {
            const kehu__keyword_line *line = &a->lines[(*i)++];
            c.class_name = class_of(a, line->class_number);
            c.keyword = kehu__keyword_of(a, line);
            c.old_mark = line->mark;
            c.old_weight = line->weight;
        }
        if (order >= 0) {
            const kehu__keyword_line *line = &b->lines[(*j)++];
            c.class_name = class_of(b, line->class_number);
            c.keyword = kehu__keyword_of(b, line);
            c.new_mark = line->mark;
            c.new_weight = line->weight;
        }
        add(list, c);
    }
}

kehu_status kehu_keyword_diff(const kehu_keyword *from, const kehu_keyword *to,
                              kehu_keyword_change *changes, int64_t capacity,
                              int64_t *count, kehu_error *err)
{
    change_list list = {changes, capacity, 0};
    size_t i = 0, j = 0;
    int32_t x = -1, y = -1;
    if (from == NULL || to == NULL || count == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "from, to or count is NULL");
    if (capacity < 0 || (changes == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "there is no room for changes, or capacity is negative");
    while (x < from->n_classes || y < to->n_classes) {
        const int order = x == from->n_classes ? 1
                          : y == to->n_classes ? -1
                                               : compare_classes(from, x, to, y);
        kehu_keyword_change bias = {.old_mark = -1, .new_mark = -1};
        if (order <= 0) {
            bias.class_name = class_of(from, x);
            bias.old_weight = kehu_keyword_bias(from, x);
            bias.old_mark = KEHU_KEYWORD_LEARNED;
        }
        if (order >= 0) {
            bias.class_name = class_of(to, y);
            bias.new_weight = kehu_keyword_bias(to, y);
            bias.new_mark = KEHU_KEYWORD_LEARNED;
        }
        add(&list, bias);
        /* A class that one list has not got has no lines there. */
        diff_lines(&list, from, &i, order <= 0 ? x : from->n_classes, to, &j,
                   order >= 0 ? y : to->n_classes);
        x += order <= 0;
        y += order >= 0;
    }
    *count = list.n;
    return KEHU_OK;
}
