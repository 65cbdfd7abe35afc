/* insight/segment.h - a parsed rule table: what the parser makes and the
 * evaluation runs. */
#ifndef KEHU_SRC_INSIGHT_SEGMENT_H
#define KEHU_SRC_INSIGHT_SEGMENT_H

#include <kehu/segment.h>

#include "base/mem.h"
#include "data/column.h"

enum {
    KEHU__SEGMENT_TEXT = 1 << 20,
    KEHU__SEGMENT_FIELDS = 64,
    KEHU__SEGMENT_RULES = 4096,
    KEHU__SEGMENT_NODES = 200 /* of one rule */
};

typedef enum kehu__condition {
    KEHU__TRUE,
    KEHU__AND,
    KEHU__OR,
    KEHU__NOT,
    KEHU__EQUAL, /* also lists: equal to one of the values */
    KEHU__DIFFERENT,
    KEHU__BELOW,
    KEHU__AT_MOST,
    KEHU__ABOVE,
    KEHU__AT_LEAST,
    KEHU__BETWEEN, /* two values, both included */
    KEHU__MISSING
} kehu__condition;

/* A value as written; a number when the text is one. */
typedef struct kehu__value {
    uint32_t at, size; /* in strings */
    double number;
    bool is_number;
} kehu__value;

typedef struct kehu__node {
    kehu__condition what;
    uint32_t left, right; /* AND, OR; NOT has left only */
    uint32_t field;
    uint32_t first_value, n_values;
} kehu__node;

typedef struct kehu__rule {
    uint32_t root;
    uint32_t first_node; /* up to the next rule's: its nodes, children first */
    int32_t segment;
    int32_t line;  /* from 1 */
    uint32_t text; /* the line, in strings */
} kehu__rule;

struct kehu_segments {
    kehu_allocator alloc;
    char *source;
    size_t source_size;
    char *strings; /* names, fields, values and lines, each closed by a NUL */
    size_t strings_size, strings_capacity;
    kehu__rule *rules;
    size_t n_rules, rules_capacity;
    kehu__node *nodes;
    size_t n_nodes, nodes_capacity;
    kehu__value *values;
    size_t n_values, values_capacity;
    uint32_t *names; /* segment -> string */
    size_t n_names, names_capacity;
    uint32_t fields[KEHU__SEGMENT_FIELDS]; /* -> string */
    uint32_t n_fields;
};

/* Tell of every rule, block by block of rows from .. from + n - 1, where its
 * condition holds: holds[m] for the m rows at `at`. Statuses as for
 * kehu_segments_assign, but rows without a rule are fine. */
kehu_status kehu__segments_each(const kehu_segments *t, const kehu_column *columns,
                                size_t n_columns, int64_t from, int64_t n,
                                void (*tell)(void *ctx, uint32_t rule, int64_t at,
                                             int32_t m, const uint8_t *holds),
                                void *ctx, kehu_error *err);

/* Fill an empty table from its source. */
kehu_status kehu__segments_parse(kehu_segments *t, kehu_error *err);

#endif
