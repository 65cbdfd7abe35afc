/* The rule language: one line at a time, recursive descent, nodes written
 * children first. */
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "insight/segment.h"

enum { MAX_DEPTH = 32, MAX_SHOWN = 40 };

typedef enum token_kind {
    END,
    WORD,   /* and, in, region: whatever starts like a name */
    QUOTED, /* text in quotes, without them */
    NUMBER,
    SIGN /* = != < <= > >= ( ) , .. */
} token_kind;

typedef struct token {
    token_kind kind;
    const char *at; /* as written */
    size_t size;
} token;

typedef struct parser {
    kehu_segments *t;
    kehu_error *err;
    int32_t line; /* from 1 */
    const char *at, *end;
    token token; /* the one not yet used */
    int depth;
    size_t first_node;
} parser;

/* ---- Words ---- */

static kehu_status bad(const parser *p, const char *what)
{
    const token *t = &p->token;
    size_t shown = t->size < MAX_SHOWN ? t->size : MAX_SHOWN;
    while (shown < t->size && shown > 0 && ((unsigned char)t->at[shown] & 0xC0) == 0x80)
        shown--; /* no character cut in two */
    if (t->kind == END)
        return kehu__fail(p->err, KEHU_FORMAT, p->line - 1,
                          "line %d: expected %s at its end", (int)p->line, what);
    return kehu__fail(p->err, KEHU_FORMAT, p->line - 1, "line %d: expected %s at '%.*s'",
                      (int)p->line, what, (int)shown, t->at);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Sign, digits, a point that does not start "..", an exponent. */
static const char *number_end(const char *p, const char *end)
{
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    while (p < end && is_digit(*p))
        p++;
    if (p < end && *p == '.' && !(p + 1 < end && p[1] == '.')) {
        p++;
        while (p < end && is_digit(*p))
            p++;
    }
    if (end - p >= 2 && (*p == 'e' || *p == 'E') &&
        (is_digit(p[1]) ||
         (end - p >= 3 && (p[1] == '-' || p[1] == '+') && is_digit(p[2])))) {
        p += 2;
        while (p < end && is_digit(*p))
            p++;
    }
    return p;
}

/* The sign a full-width one stands for, as Chinese keyboards type it; NULL when
 * there is none here. */
static const char *wide_sign(const char *p, const char *end)
{
    static const char *const wide[][2] = {
        {"，", ","}, {"、", ","}, {"（", "("}, {"）", ")"}, {"　", " "}};
    for (size_t k = 0; end - p >= 3 && k < sizeof wide / sizeof *wide; k++)
        if (memcmp(p, wide[k][0], 3) == 0)
            return wide[k][1];
    return NULL;
}

static const char *word_end(const char *p, const char *end)
{
    while (p < end && (is_letter(*p) || is_digit(*p)) && wide_sign(p, end) == NULL)
        p++;
    return p;
}

/* After the closing quote, or NULL without one. */
static const char *quoted_end(const char *p, const char *end)
{
    for (p++; p < end; p++)
        if (*p == '"') {
            if (p + 1 == end || p[1] != '"')
                return p + 1;
            p++;
        }
    return NULL;
}

static kehu_status next(parser *p)
{
    const char *s, *e = NULL, *wide;
    for (;; p->at += wide != NULL ? 3 : 1) {
        wide = wide_sign(p->at, p->end);
        if (p->at == p->end || !(is_blank(*p->at) || (wide != NULL && *wide == ' ')))
            break;
    }
    s = p->at;
    p->token = (token){END, s, 0};
    if (s == p->end)
        return KEHU_OK;
    if (wide != NULL) {
        p->token = (token){SIGN, wide, 1};
        p->at += 3;
        return KEHU_OK;
    }
    if (*s == '"') {
        p->token.kind = QUOTED;
        e = quoted_end(s, p->end);
        if (e == NULL)
            return kehu__fail(p->err, KEHU_FORMAT, p->line - 1,
                              "line %d: a quote is not closed", (int)p->line);
    } else if (is_letter(*s)) {
        p->token.kind = WORD;
        e = word_end(s, p->end);
    } else if (is_digit(*s) || ((*s == '-' || *s == '+' || *s == '.') && s + 1 < p->end &&
                                (is_digit(s[1]) || (s[1] == '.' && *s != '.')))) {
        p->token.kind = NUMBER;
        e = number_end(s, p->end);
        if (e < p->end && is_letter(*e)) { /* "5G" is a word */
            p->token.kind = WORD;
            e = word_end(e, p->end);
        }
    } else {
        const bool two =
            p->end - s >= 2 && (((*s == '<' || *s == '>' || *s == '!') && s[1] == '=') ||
                                (*s == '.' && s[1] == '.'));
        p->token.kind = SIGN;
        e = s + (two ? 2 : 1);
    }
    p->token.size = (size_t)(e - s);
    p->at = e;
    return KEHU_OK;
}

static bool is(const parser *p, token_kind kind, const char *text)
{
    return p->token.kind == kind && p->token.size == strlen(text) &&
           memcmp(p->token.at, text, p->token.size) == 0;
}

/* Append bytes and a NUL to the strings. */
static bool keep(kehu_segments *t, const char *bytes, size_t size, uint32_t *at)
{
    if (!kehu__grow(&t->alloc, &t->strings, &t->strings_capacity,
                    t->strings_size + size + 1, 1))
        return false;
    memcpy(t->strings + t->strings_size, bytes, size);
    t->strings[t->strings_size + size] = '\0';
    *at = (uint32_t)t->strings_size;
    t->strings_size += size + 1;
    return true;
}

/* The token's text, quotes taken off. */
static bool keep_token(kehu_segments *t, const token *k, uint32_t *at, uint32_t *size)
{
    size_t n = 0;
    if (!keep(t, k->at, k->size, at))
        return false;
    if (k->kind == QUOTED) {
        char *s = t->strings + *at;
        for (size_t i = 1; i + 1 < k->size; i++) {
            s[n++] = k->at[i];
            i += k->at[i] == '"';
        }
        s[n] = '\0';
        t->strings_size = *at + n + 1;
    } else {
        n = k->size;
    }
    *size = (uint32_t)n;
    return true;
}

/* ---- Nodes ---- */

static kehu_status add_node(parser *p, kehu__node node, uint32_t *at)
{
    kehu_segments *t = p->t;
    if (t->n_nodes - p->first_node == KEHU__SEGMENT_NODES)
        return kehu__fail(p->err, KEHU_LIMIT, p->line - 1,
                          "line %d: more than %d conditions", (int)p->line,
                          KEHU__SEGMENT_NODES);
    if (!kehu__grow(&t->alloc, &t->nodes, &t->nodes_capacity, t->n_nodes + 1,
                    sizeof *t->nodes))
        return kehu__no_memory(p->err, "a rule table");
    *at = (uint32_t)t->n_nodes;
    t->nodes[t->n_nodes++] = node;
    return KEHU_OK;
}

/* The field called like the token, a new one if need be. */
static kehu_status find_field(parser *p, uint32_t *field)
{
    kehu_segments *t = p->t;
    const size_t before = t->strings_size;
    uint32_t at, size;
    if (!keep_token(t, &p->token, &at, &size))
        return kehu__no_memory(p->err, "a rule table");
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (strcmp(t->strings + t->fields[i], t->strings + at) == 0) {
            t->strings_size = before;
            *field = i;
            return KEHU_OK;
        }
    if (t->n_fields == KEHU__SEGMENT_FIELDS)
        return kehu__fail(p->err, KEHU_LIMIT, p->line - 1, "line %d: more than %d fields",
                          (int)p->line, KEHU__SEGMENT_FIELDS);
    t->fields[t->n_fields] = at;
    *field = t->n_fields++;
    return KEHU_OK;
}

static kehu_status add_value(parser *p)
{
    kehu_segments *t = p->t;
    kehu__value v = {0};
    if (p->token.kind != NUMBER && p->token.kind != WORD && p->token.kind != QUOTED)
        return bad(p, "a value");
    v.is_number =
        p->token.kind == NUMBER &&
        kehu__parse_double(p->token.at, p->token.size, &v.number) == KEHU__NUMBER_OK;
    if (p->token.kind == NUMBER && !v.is_number)
        return bad(p, "a number");
    if (!keep_token(t, &p->token, &v.at, &v.size) ||
        !kehu__grow(&t->alloc, &t->values, &t->values_capacity, t->n_values + 1,
                    sizeof *t->values))
        return kehu__no_memory(p->err, "a rule table");
    t->values[t->n_values++] = v;
    return next(p);
}

/* What follows `in`: low..high or (value, value). */
static kehu_status parse_in(parser *p, kehu__node *node)
{
    const kehu__value *v;
    if (!is(p, SIGN, "(")) {
        node->what = KEHU__BETWEEN;
        KEHU_TRY(add_value(p));
        if (!is(p, SIGN, ".."))
            return bad(p, "'..' or a list in parentheses");
        KEHU_TRY(next(p));
        KEHU_TRY(add_value(p));
        v = &p->t->values[node->first_value];
        if (!v[0].is_number || !v[1].is_number || v[0].number > v[1].number)
            return kehu__fail(p->err, KEHU_FORMAT, p->line - 1,
                              "line %d: '..' needs two rising numbers", (int)p->line);
        return KEHU_OK;
    }
    node->what = KEHU__EQUAL;
    do {
        KEHU_TRY(next(p));
        KEHU_TRY(add_value(p));
    } while (is(p, SIGN, ","));
    if (!is(p, SIGN, ")"))
        return bad(p, "',' or ')'");
    return next(p);
}

static kehu_status parse_comparison(parser *p, uint32_t *at)
{
    static const struct {
        const char *sign;
        kehu__condition what;
    } signs[] = {{"=", KEHU__EQUAL},    {"!=", KEHU__DIFFERENT}, {"<", KEHU__BELOW},
                 {"<=", KEHU__AT_MOST}, {">", KEHU__ABOVE},      {">=", KEHU__AT_LEAST}};
    kehu__node node = {.first_value = (uint32_t)p->t->n_values};
    size_t k = 0;
    if (p->token.kind != WORD && p->token.kind != QUOTED)
        return bad(p, "a field");
    KEHU_TRY(find_field(p, &node.field));
    KEHU_TRY(next(p));
    if (is(p, WORD, "in")) {
        KEHU_TRY(next(p));
        KEHU_TRY(parse_in(p, &node));
    } else if (is(p, WORD, "is")) {
        node.what = KEHU__MISSING;
        KEHU_TRY(next(p));
        if (!is(p, WORD, "missing"))
            return bad(p, "'missing'");
        KEHU_TRY(next(p));
    } else {
        while (k < sizeof signs / sizeof *signs && !is(p, SIGN, signs[k].sign))
            k++;
        if (k == sizeof signs / sizeof *signs)
            return bad(p, "=, !=, <, <=, >, >=, 'in' or 'is'");
        node.what = signs[k].what;
        KEHU_TRY(next(p));
        KEHU_TRY(add_value(p));
    }
    node.n_values = (uint32_t)p->t->n_values - node.first_value;
    return add_node(p, node, at);
}

static kehu_status parse_or(parser *p, uint32_t *at);

static kehu_status parse_factor(parser *p, uint32_t *at)
{
    kehu_status status;
    if (p->depth == MAX_DEPTH)
        return kehu__fail(p->err, KEHU_LIMIT, p->line - 1,
                          "line %d: nested deeper than %d", (int)p->line, MAX_DEPTH);
    if (is(p, WORD, "otherwise")) {
        KEHU_TRY(next(p));
        return add_node(p, (kehu__node){.what = KEHU__TRUE}, at);
    }
    if (is(p, WORD, "not")) {
        kehu__node node = {.what = KEHU__NOT};
        KEHU_TRY(next(p));
        p->depth++;
        status = parse_factor(p, &node.left);
        p->depth--;
        return status != KEHU_OK ? status : add_node(p, node, at);
    }
    if (!is(p, SIGN, "("))
        return parse_comparison(p, at);
    KEHU_TRY(next(p));
    p->depth++;
    status = parse_or(p, at);
    p->depth--;
    if (status != KEHU_OK)
        return status;
    if (!is(p, SIGN, ")"))
        return bad(p, "')'");
    return next(p);
}

/* One level of the chain: factors joined by `and`, or those joined by `or`. */
static kehu_status parse_chain(parser *p, kehu__condition what, uint32_t *at)
{
    const char *word = what == KEHU__AND ? "and" : "or";
    kehu__node node = {.what = what};
    KEHU_TRY(what == KEHU__AND ? parse_factor(p, at) : parse_chain(p, KEHU__AND, at));
    while (is(p, WORD, word)) {
        KEHU_TRY(next(p));
        node.left = *at;
        KEHU_TRY(what == KEHU__AND ? parse_factor(p, &node.right)
                                   : parse_chain(p, KEHU__AND, &node.right));
        KEHU_TRY(add_node(p, node, at));
    }
    return KEHU_OK;
}

static kehu_status parse_or(parser *p, uint32_t *at)
{
    return parse_chain(p, KEHU__OR, at);
}

/* ---- Lines ---- */

/* Where the name ends and how long the colon is; NULL without one. */
static const char *find_colon(const char *s, const char *end, size_t *size)
{
    for (; s < end; s++) {
        if (*s == ':') {
            *size = 1;
            return s;
        }
        if (end - s >= 3 && memcmp(s, "\xEF\xBC\x9A", 3) == 0) {
            *size = 3;
            return s;
        }
    }
    return NULL;
}

static kehu_status find_segment(parser *p, const char *name, size_t size,
                                int32_t *segment)
{
    kehu_segments *t = p->t;
    const size_t before = t->strings_size;
    uint32_t at;
    if (!keep(t, name, size, &at))
        return kehu__no_memory(p->err, "a rule table");
    for (size_t i = 0; i < t->n_names; i++)
        if (strcmp(t->strings + t->names[i], t->strings + at) == 0) {
            t->strings_size = before;
            *segment = (int32_t)i;
            return KEHU_OK;
        }
    if (!kehu__grow(&t->alloc, &t->names, &t->names_capacity, t->n_names + 1,
                    sizeof *t->names))
        return kehu__no_memory(p->err, "a rule table");
    t->names[t->n_names] = at;
    *segment = (int32_t)t->n_names++;
    return KEHU_OK;
}

static kehu_status parse_line(parser *p, const char *s, const char *end)
{
    kehu_segments *t = p->t;
    kehu__rule rule = {.line = p->line, .first_node = (uint32_t)t->n_nodes};
    size_t colon_size = 0;
    const char *colon = find_colon(s, end, &colon_size), *name_end = colon;
    while (name_end != NULL && name_end > s && is_blank(name_end[-1]))
        name_end--;
    if (colon == NULL || name_end == s)
        return kehu__fail(p->err, KEHU_FORMAT, p->line - 1,
                          "line %d: expected a name, a colon and a condition",
                          (int)p->line);
    if (t->n_rules == KEHU__SEGMENT_RULES)
        return kehu__fail(p->err, KEHU_LIMIT, p->line - 1, "line %d: more than %d rules",
                          (int)p->line, KEHU__SEGMENT_RULES);
    p->at = colon + colon_size;
    p->end = end;
    p->depth = 0;
    p->first_node = t->n_nodes;
    KEHU_TRY(next(p));
    KEHU_TRY(parse_or(p, &rule.root));
    if (p->token.kind != END)
        return bad(p, "'and', 'or' or the end");
    KEHU_TRY(find_segment(p, s, (size_t)(name_end - s), &rule.segment));
    if (!keep(t, s, (size_t)(end - s), &rule.text) ||
        !kehu__grow(&t->alloc, &t->rules, &t->rules_capacity, t->n_rules + 1,
                    sizeof *t->rules))
        return kehu__no_memory(p->err, "a rule table");
    t->rules[t->n_rules++] = rule;
    return KEHU_OK;
}

kehu_status kehu__segments_parse(kehu_segments *t, kehu_error *err)
{
    parser p = {.t = t, .err = err};
    const char *s = t->source, *end = s + t->source_size;
    if (t->source_size >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
        s += 3;
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        const char *after = newline != NULL ? newline + 1 : end;
        const char *line_end = newline != NULL ? newline : end;
        p.line++;
        if (kehu__utf8_valid(s, (size_t)(line_end - s)) != (size_t)(line_end - s) ||
            memchr(s, '\0', (size_t)(line_end - s)) != NULL)
            return kehu__fail(err, KEHU_ENCODING, p.line - 1,
                              "line %d is not valid UTF-8 text", (int)p.line);
        while (s < line_end && is_blank(*s))
            s++;
        while (line_end > s && is_blank(line_end[-1]))
            line_end--;
        if (s < line_end && *s != '#')
            KEHU_TRY(parse_line(&p, s, line_end));
        s = after;
    }
    if (t->n_rules == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "the rule table has no rule");
    return KEHU_OK;
}
