/* text/automaton_build.h - an automaton in the making. */
#ifndef KEHU_SRC_TEXT_AUTOMATON_BUILD_H
#define KEHU_SRC_TEXT_AUTOMATON_BUILD_H

#include "text/automaton.h"

/* The keywords, and what their symbols are. */
typedef struct kehu__keyword_codes {
    kehu__automaton *a;
    const uint32_t
        *starts; /* [n + 1] into a->bytes, each keyword with a byte behind it */
    uint32_t n;
    uint32_t *codes; /* symbols of all keywords, one after the other */
    size_t n_codes;
    uint32_t *first; /* [n + 1] into codes */
    uint32_t *order; /* [n] keywords sorted by their codes */
} kehu__keyword_codes;

/* Give every character and word of the keywords its code, into b->a, then fill in codes,
 * first and order: keywords below a state lie side by side. Free the three whatever is
 * returned. Fails with KEHU_LIMIT, KEHU_NO_MEMORY. */
kehu_status kehu__keyword_codes_make(kehu__keyword_codes *b, kehu_error *err);
void kehu__keyword_codes_free(kehu__keyword_codes *b);

#endif
