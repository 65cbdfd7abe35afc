/* The grammar is kept as it was read: a list of rules, each a list of lines.
 * A way is expanded by walking over its characters. */
#include "grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 12, MAX_RULES = 200 };

typedef struct rule {
    const char *name;
    char **ways; /* pointers into the file's text */
    int n_ways;
} rule;

struct grammar {
    char *file;
    char **lines; /* the ways of all rules, in order */
    rule rules[MAX_RULES];
    int n_rules;
};

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    long size;
    if (f == NULL)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 &&
        fseek(f, 0, SEEK_SET) == 0 && (bytes = malloc((size_t)size + 1)) != NULL) {
        if (fread(bytes, 1, (size_t)size, f) == (size_t)size) {
            bytes[size] = '\0';
        } else {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(f);
    return bytes;
}

static int parse(grammar *g)
{
    int n_lines = 0;
    for (char *line = g->file, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (*line == '\0' || *line == '#')
            continue;
        if (*line == '@') {
            if (g->n_rules == MAX_RULES)
                return 0;
            g->rules[g->n_rules++] = (rule){line + 1, g->lines + n_lines, 0};
        } else {
            if (g->n_rules == 0)
                return 0;
            g->lines[n_lines++] = line;
            g->rules[g->n_rules - 1].n_ways++;
        }
    }
    for (int i = 0; i < g->n_rules; i++)
        if (g->rules[i].n_ways == 0)
            return 0;
    return g->n_rules > 0;
}

grammar *grammar_load(const char *path)
{
    grammar *g = calloc(1, sizeof *g);
    size_t n_lines = 1;
    if (g == NULL || (g->file = read_all(path)) == NULL) {
        fprintf(stderr, "generate: cannot read %s\n", path);
        grammar_free(g);
        return NULL;
    }
    for (const char *p = g->file; *p != '\0'; p++)
        n_lines += *p == '\n';
    g->lines = calloc(n_lines, sizeof *g->lines);
    if (g->lines == NULL || !parse(g)) {
        fprintf(stderr, "generate: %s is not a grammar\n", path);
        grammar_free(g);
        return NULL;
    }
    return g;
}

void grammar_free(grammar *g)
{
    if (g != NULL) {
        free(g->file);
        free(g->lines);
        free(g);
    }
}

static const rule *find_rule(const grammar *g, const char *name, size_t size)
{
    for (int i = 0; i < g->n_rules; i++)
        if (strlen(g->rules[i].name) == size && memcmp(g->rules[i].name, name, size) == 0)
            return &g->rules[i];
    return NULL;
}

const char *grammar_rule(const grammar *g, int i)
{
    return i < g->n_rules ? g->rules[i].name : NULL;
}

void text_add(text *into, const char *bytes, size_t size)
{
    const size_t room = sizeof into->bytes - 1 - into->size;
    if (size > room)
        for (size = room; size > 0 && ((unsigned char)bytes[size] & 0xC0) == 0x80;)
            size--;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    into->bytes[into->size] = '\0';
}

/* The bracket that closes the one at p, or end. */
static const char *closing(const char *p, const char *end)
{
    int depth = 0;
    for (; p < end; p++) {
        depth += *p == '[';
        depth -= *p == ']';
        if (depth == 0)
            return p;
    }
    return end;
}

static void expand(const grammar *g, const char *p, const char *end, dice *d, int depth,
                   text *into);

static void expand_rule(const grammar *g, const char *name, size_t size, dice *d,
                        int depth, text *into)
{
    const rule *r = find_rule(g, name, size);
    if (r == NULL || depth > MAX_DEPTH) {
        text_add(into, "{", 1);
        text_add(into, name, size);
        text_add(into, "}", 1);
        return;
    }
    const char *way = r->ways[dice_below(d, r->n_ways)];
    expand(g, way, way + strlen(way), d, depth + 1, into);
}

/* [a/b/c]: count the parts at this depth, draw one, expand it. */
static void expand_choice(const grammar *g, const char *p, const char *end, dice *d,
                          int depth, text *into)
{
    const char *parts[33];
    int n = 0, nested = 0;
    parts[n++] = p;
    for (const char *q = p; q < end; q++) {
        nested += *q == '[';
        nested -= *q == ']';
        if (*q == '/' && nested == 0 && n < 32)
            parts[n++] = q + 1;
    }
    parts[n] = end + 1;
    const int i = dice_below(d, n);
    expand(g, parts[i], parts[i + 1] - 1, d, depth, into);
}

static void expand(const grammar *g, const char *p, const char *end, dice *d, int depth,
                   text *into)
{
    while (p < end) {
        if (*p == '[') {
            const char *close = closing(p, end);
            expand_choice(g, p + 1, close, d, depth, into);
            p = close + 1;
        } else if (*p == '{') {
            const char *close = memchr(p, '}', (size_t)(end - p));
            if (close == NULL)
                close = end;
            expand_rule(g, p + 1, (size_t)(close - p - 1), d, depth, into);
            p = close + 1;
        } else {
            const char *run = p;
            while (p < end && *p != '[' && *p != '{')
                p++;
            text_add(into, run, (size_t)(p - run));
        }
    }
}

void grammar_expand(const grammar *g, const char *name, dice *d, text *into)
{
    expand_rule(g, name, strlen(name), d, 0, into);
}

void grammar_mistype(const grammar *g, dice *d, int per_mille, const char *from,
                     text *into)
{
    const rule *typos = find_rule(g, "typo", 4);
    while (*from != '\0') {
        int done = 0;
        for (int i = 0; typos != NULL && i < typos->n_ways && !done; i++) {
            const char *equals = strchr(typos->ways[i], '=');
            const size_t size = equals == NULL ? 0 : (size_t)(equals - typos->ways[i]);
            if (size > 0 && strncmp(from, typos->ways[i], size) == 0 &&
                dice_below(d, 1000) < per_mille) {
                text_add(into, equals + 1, strlen(equals + 1));
                from += size;
                done = 1;
            }
        }
        if (!done) {
            size_t size = 1;
            while (((unsigned char)from[size] & 0xC0) == 0x80)
                size++;
            text_add(into, from, size);
            from += size;
        }
    }
}
