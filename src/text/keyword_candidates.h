/* text/keyword_candidates.h - the candidates for keywords: words, and strings of up to
 * a few characters, that enough texts have. */
#ifndef KEHU_SRC_TEXT_KEYWORD_CANDIDATES_H
#define KEHU_SRC_TEXT_KEYWORD_CANDIDATES_H

#include <kehu/column.h>

#include "base/buffer.h"
#include "base/thread.h"
#include "learn/sparse.h"

enum { KEHU__CANDIDATE_SYMBOLS = 8 }; /* most symbols of a candidate */

typedef struct kehu__candidate_term {
    uint32_t df;             /* texts it is in */
    uint32_t at;             /* a place of it among the symbols of all texts */
    uint32_t prefix, suffix; /* the terms without its last or first symbol; none:
                                UINT32_MAX */
    uint8_t n_symbols, n_words;
} kehu__candidate_term;

typedef struct kehu__candidates {
    kehu_allocator alloc;
    kehu__candidate_term *terms; /* [n_terms] shorter ones first, then as first seen */
    size_t n_terms, term_capacity;
    uint32_t *symbols; /* [n_symbols] of all texts, one after the other; UINT32_MAX
                          parts what belongs to no one term */
    size_t n_symbols, symbol_capacity;
    int64_t *text_at; /* [n_texts + 1] into symbols */
    int64_t n_texts;
    int64_t n_empty;    /* texts without any symbol */
    kehu__buffer names; /* symbol s is names.bytes[name_at[s] .. name_at[s + 1]) */
    uint32_t *name_at;
    size_t n_names, name_capacity;
    uint32_t *level[KEHU__CANDIDATE_SYMBOLS]; /* [n_symbols] term of n + 1 symbols here */
    /* Which terms each text has, as rows of ones. Column c is term order[c]; columns
     * are numbered by falling df. */
    uint32_t *order; /* [n_terms], the first rows.n_columns of them */
    kehu__sparse rows;
    int64_t *starts;
    uint32_t *columns;
    float *values;
    size_t n_entries, column_capacity;
} kehu__candidates;

/* Count the terms of checked text column `texts` that are in min_df texts or more,
 * of at most max_symbols characters, at most two of them words. A term that is
 * always part of one longer term is left out of the rows: it tells nothing more.
 * Fails with KEHU_LIMIT (2^32 - 2 symbols), KEHU_CANCELLED, KEHU_NO_MEMORY. */
kehu_status kehu__candidates_count(kehu__candidates *t, const kehu_column *texts,
                                   uint32_t min_df, uint32_t max_symbols,
                                   const kehu__run *run, const kehu_allocator *alloc,
                                   kehu_error *err);
void kehu__candidates_free(kehu__candidates *t);

/* Append a term's text, as kehu__keyword_normalize() writes it, and a NUL. */
void kehu__candidates_text(const kehu__candidates *t, uint32_t term, kehu__buffer *to);

#endif
