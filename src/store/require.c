/* Recursive descent into postfix; evaluated for one customer after the other from a scan
 * of the fields that are named. */
#include "store/require.h"

#include <string.h>

#include "base/error.h"

enum { AND = -1, OR = -2, NOT = -3, MAX_DEPTH = 32, MAX_SHOWN = 40 };

typedef struct parser {
    kehu__require *r;
    const kehu_snapshot *snapshot;
    kehu_error *err;
    const char *whole, *at; /* at: behind the token */
    const char *token;
    size_t size; /* 0 = the end */
    int depth;
} parser;

/* Up to the end of the line, and no character cut in two. */
static int shown_size(const char *text)
{
    int n = 0;
    while (n < MAX_SHOWN && text[n] != '\0' && text[n] != '\n' && text[n] != '\r')
        n++;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return n;
}

static kehu_status fail_at(const parser *p, const char *expected)
{
    return kehu__fail(p->err, KEHU_ARGUMENT, p->token - p->whole,
                      "require: expected %s at '%.*s'", expected, shown_size(p->token),
                      p->token);
}

static bool ends_name(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' ||
           c == ')' || c == '"';
}

static kehu_status next(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
    p->token = p->at;
    if (*p->at == '"') {
        do {
            for (p->at++; *p->at != '"'; p->at++)
                if (*p->at == '\0')
                    return fail_at(p, "a quote that is closed");
            p->at++;
        } while (*p->at == '"');
    } else if (*p->at == '(' || *p->at == ')') {
        p->at++;
    } else {
        while (!ends_name(*p->at))
            p->at++;
    }
    p->size = (size_t)(p->at - p->token);
    return KEHU_OK;
}

static bool is(const parser *p, const char *word)
{
    return p->size == strlen(word) && memcmp(p->token, word, p->size) == 0;
}

static kehu_status add_op(const parser *p, int op)
{
    if (p->r->n_ops == KEHU__REQUIRE_OPS)
        return kehu__fail(p->err, KEHU_LIMIT, -1,
                          "require: more than %d names and operators", KEHU__REQUIRE_OPS);
    p->r->ops[p->r->n_ops++] = (int16_t)op;
    return KEHU_OK;
}

/* The token without its quotes; NULL when memory is refused. */
static char *copy_name(const parser *p)
{
    const bool quoted = p->token[0] == '"';
    const size_t end = p->size - (quoted ? 1 : 0);
    size_t n = 0;
    char *name = kehu__alloc_zero(&p->r->alloc, p->size + 1, 1);
    for (size_t i = quoted ? 1 : 0; name != NULL && i < end; i++) {
        name[n++] = p->token[i];
        i += quoted && p->token[i] == '"';
    }
    return name;
}

static void free_name(const kehu__require *r, char *name, size_t size)
{
    kehu__free(&r->alloc, name, size, 1);
}

static kehu_status add_name(parser *p)
{
    kehu__require *r = p->r;
    const kehu__schema *schema = &p->snapshot->schema;
    char *name = copy_name(p);
    uint32_t id, i = 1;
    if (name == NULL)
        return kehu__no_memory(p->err, "a scan");
    while (i <= r->n_names && strcmp(r->names[i], name) != 0)
        i++;
    if (i <= r->n_names || i > KEHU__REQUIRE_NAMES) {
        free_name(r, name, p->size + 1);
        return i <= r->n_names
                   ? add_op(p, (int)i)
                   : kehu__fail(p->err, KEHU_LIMIT, -1, "require: more than %d fields",
                                KEHU__REQUIRE_NAMES);
    }
    r->names[i] = name;
    r->sizes[i] = p->size + 1;
    r->n_names = i;
    id = kehu__schema_find(schema, KEHU_STORE_CUSTOMERS, name);
    if (id == UINT32_MAX ||
        kehu__schema_type(schema, KEHU_STORE_CUSTOMERS, id) != KEHU_BOOL)
        return kehu__fail(p->err, KEHU_COLUMN, p->token - p->whole,
                          "require: customers have no field %s of type bool", name);
    return add_op(p, (int)i);
}

static kehu_status parse_or(parser *p);

static kehu_status parse_factor(parser *p)
{
    if (++p->depth > MAX_DEPTH)
        return kehu__fail(p->err, KEHU_LIMIT, p->token - p->whole,
                          "require: more than %d levels", MAX_DEPTH);
    if (is(p, "not")) {
        KEHU_TRY(next(p));
        KEHU_TRY(parse_factor(p));
        KEHU_TRY(add_op(p, NOT));
    } else if (is(p, "(")) {
        KEHU_TRY(next(p));
        KEHU_TRY(parse_or(p));
        if (!is(p, ")"))
            return fail_at(p, "')', and, or");
        KEHU_TRY(next(p));
    } else {
        if (p->size == 0 || is(p, ")") || is(p, "and") || is(p, "or"))
            return fail_at(p, "a field");
        KEHU_TRY(add_name(p));
        KEHU_TRY(next(p));
    }
    p->depth--;
    return KEHU_OK;
}

static kehu_status parse_and(parser *p)
{
    KEHU_TRY(parse_factor(p));
    while (is(p, "and")) {
        KEHU_TRY(next(p));
        KEHU_TRY(parse_factor(p));
        KEHU_TRY(add_op(p, AND));
    }
    return KEHU_OK;
}

static kehu_status parse_or(parser *p)
{
    KEHU_TRY(parse_and(p));
    while (is(p, "or")) {
        KEHU_TRY(next(p));
        KEHU_TRY(parse_and(p));
        KEHU_TRY(add_op(p, OR));
    }
    return KEHU_OK;
}

static kehu_status parse(kehu__require *r, const kehu_snapshot *snapshot,
                         const char *text, kehu_error *err)
{
    parser p = {.r = r, .snapshot = snapshot, .err = err, .whole = text, .at = text};
    KEHU_TRY(next(&p));
    KEHU_TRY(parse_or(&p));
    return p.size == 0 ? KEHU_OK : fail_at(&p, "and, or");
}

/* A missing value is not true; row -1 has none. */
static bool is_true(const kehu_column *c, int64_t row)
{
    const uint8_t *const bits = c->data;
    return row >= 0 && (c->validity == NULL || (c->validity[row / 8] >> (row & 7) & 1)) &&
           (bits[row / 8] >> (row & 7) & 1);
}

static bool evaluate(const kehu__require *r, int64_t row)
{
    bool stack[KEHU__REQUIRE_OPS] = {false};
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n_ops; i++) {
        const int op = r->ops[i];
        if (op > 0) {
            stack[n++] = row >= 0 && is_true(&r->batch.columns[op], row);
        } else if (op == NOT) {
            stack[n - 1] = !stack[n - 1];
        } else {
            n--;
            stack[n - 1] =
                op == AND ? stack[n - 1] && stack[n] : stack[n - 1] || stack[n];
        }
    }
    return stack[0];
}

static kehu_status begin(kehu__require *r, const kehu_snapshot *snapshot,
                         const kehu_scan_options *options, const kehu__range *range,
                         kehu_error *err)
{
    KEHU_TRY(parse(r, snapshot, options->require, err));
    r->of_nobody = evaluate(r, -1);
    {
        const kehu_scan_options all = {.size = sizeof all,
                                       .columns = (const char *const *)r->names,
                                       .n_columns = 1 + (int64_t)r->n_names,
                                       .first_customer = range->first,
                                       .last_customer = range->last,
                                       .fresh = options->fresh,
                                       .fresh_us = options->fresh_us};
        return kehu_scan_open(&r->scan, snapshot, KEHU_STORE_CUSTOMERS, &all, err);
    }
}

kehu_status kehu__require_open(kehu__require **out, const kehu_snapshot *snapshot,
                               const kehu_scan_options *options, const kehu__range *range,
                               kehu_error *err)
{
    static char customer[] = "customer";
    kehu__require *r = kehu__alloc_zero(&snapshot->alloc, 1, sizeof *r);
    kehu_status status;
    *out = NULL;
    if (r == NULL)
        return kehu__no_memory(err, "a scan");
    r->alloc = snapshot->alloc;
    r->names[0] = customer;
    status = begin(r, snapshot, options, range, err);
    if (status != KEHU_OK)
        kehu__require_free(r);
    else
        *out = r;
    return status;
}

void kehu__require_free(kehu__require *r)
{
    kehu_allocator a;
    if (r == NULL)
        return;
    a = r->alloc;
    for (uint32_t i = 1; i <= r->n_names; i++)
        free_name(r, r->names[i], r->sizes[i]);
    kehu_scan_free(r->scan);
    kehu__free(&a, r, 1, sizeof *r);
}

/* The id of the row the walk stands at, against another. */
static int compare(const kehu__require *r, const char *key, uint32_t size)
{
    const kehu_column *c = &r->batch.columns[0];
    const int32_t *offsets = c->offsets;
    const int32_t start = offsets[r->row];
    return kehu__text_order((const char *)c->data + start,
                            (size_t)(offsets[r->row + 1] - start), key, size);
}

kehu_status kehu__require_holds(kehu__require *r, const char *key, uint32_t size,
                                bool *holds, kehu_error *err)
{
    int order = -1;
    *holds = true;
    if (r == NULL)
        return KEHU_OK;
    while (!r->ended) {
        if (r->row == r->batch.n_rows) {
            KEHU_TRY(kehu_scan_next(r->scan, &r->batch, err));
            r->row = 0;
            r->ended = r->batch.n_rows == 0;
            continue;
        }
        order = compare(r, key, size);
        if (order >= 0)
            break;
        r->row++;
    }
    *holds = order == 0 ? evaluate(r, r->row) : r->of_nobody;
    return KEHU_OK;
}
