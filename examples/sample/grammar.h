/* grammar.h - texts from a grammar file (see demands.grammar for its form). */
#ifndef SAMPLE_GRAMMAR_H
#define SAMPLE_GRAMMAR_H

#include <stddef.h>

#include "random.h"

typedef struct grammar grammar;

typedef struct text {
    char bytes[2048]; /* NUL-terminated; longer texts are cut at a whole character */
    size_t size;
} text;

/* NULL (and a message on stderr) when the file cannot be read or is malformed. */
grammar *grammar_load(const char *path);
void grammar_free(grammar *g);

/* Name of rule number i, NULL after the last. */
const char *grammar_rule(const grammar *g, int i);

/* Append one way of the rule to the text. An unknown rule is written as {name},
 * which the tests look for. */
void grammar_expand(const grammar *g, const char *name, dice *d, text *into);

/* Append a copy of `from` in which about `per_mille` of 1000 words that rule
 * "typo" knows are slips of the pen. */
void grammar_mistype(const grammar *g, dice *d, int per_mille, const char *from,
                     text *into);

void text_add(text *into, const char *bytes, size_t size);
#endif
