/* text/terms.h - raw UTF-8 texts to sparse rows of weighted terms.
 *
 * Terms are the character n-grams of the folded text with a mark at its start and
 * end, longer ones where the script is alphabetic, and the words of alphabetic
 * scripts, one and two in a row. Runs of blanks count as one, a broken byte as
 * U+FFFD. Characters form one block and words another; each has Euclidean length
 * 1, but words that cover only a share s of the text have length sqrt(s). A second
 * vocabulary may follow: the words a tokenizer finds, a block of length 1.
 *
 * A term's weight is (1 + ln tf) (1 + ln((1 + N) / (1 + df))). The vocabulary is
 * ordered by falling document frequency, ties by key, so that it does not depend
 * on the order of the texts nor on the number of threads. */
#ifndef KEHU_SRC_TEXT_TERMS_H
#define KEHU_SRC_TEXT_TERMS_H

#include <kehu/tokenizer.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/thread.h"
#include "data/column.h"
#include "file/container.h"
#include "learn/sparse.h"

enum {
    KEHU__MAX_GRAM = 5,
    KEHU__MAX_CANDIDATES = 1 << 26, /* different terms met while a vocabulary is built */
    KEHU__TERM_BITS = 26,
    KEHU__MAX_TERMS = (1 << KEHU__TERM_BITS) - 1,
    KEHU__LEAST_HASH_BITS = 10
};

typedef struct kehu__term_options {
    uint32_t char_max;  /* longest n-gram of any characters, 1..5 */
    uint32_t latin_max; /* longest of alphabetic characters, char_max..5 */
    uint32_t word_max;  /* words in a row: 0, 1 or 2 */
    uint32_t min_df;    /* a term is in at least so many texts */
    uint32_t max_terms; /* the most frequent are kept */
    uint32_t hash_bits; /* not 0: no vocabulary; of 2^hash_bits columns, 10..26,
                           each is that of all terms whose keys fall on it */
    const kehu_tokenizer *tokenizer; /* not NULL: the terms are its words, word_max in a
                                        row, and nothing else; outlives the terms */
} kehu__term_options;

/* A vocabulary with its weights; immutable. */
typedef struct kehu__terms {
    kehu_allocator alloc;
    kehu__term_options options;
    int64_t n_texts;    /* it was built from */
    uint64_t n_entries; /* of their rows, at most; 0 = unknown */
    uint32_t n_terms;
    const uint64_t *keys; /* [n_terms] term id to key; NULL with hash_bits */
    const float *idf;     /* [n_terms]; with hash_bits 0 for columns no text has had */
    uint64_t *own_keys;   /* keys where they are not those of a mapped file, else NULL */
    float *own_idf;       /* likewise */
    /* Key to term: the table that a vocabulary has made, or the index of a mapped file.
     * The table has 2^(64 - shift) slots, indexed by the top bits. */
    struct kehu__term_slot *slots;
    uint32_t shift;
    uint32_t index_size;
    const uint32_t *index;     /* [index_size] see text/term_index.h */
    struct kehu__terms *words; /* a tokenizer's, owned, columns n_terms and up; or NULL */
} kehu__terms;

/* Columns of a row: the terms of both vocabularies. */
static inline uint32_t kehu__terms_count(const kehu__terms *terms)
{
    return terms->n_terms + (terms->words == NULL ? 0 : terms->words->n_terms);
}

/* The block a column belongs to, each normed by itself: characters, the words of
 * alphabetic scripts, those of a tokenizer. */
enum { KEHU__TERM_BLOCKS = 3 };
static inline uint32_t kehu__terms_block(const kehu__terms *terms, uint32_t column)
{
    if (column >= terms->n_terms)
        return 2;
    return (uint32_t)(terms->keys == NULL ? column : terms->keys[column]) & 1;
}

static inline bool kehu__terms_is_word(const kehu__terms *terms, uint32_t column)
{
    return kehu__terms_block(terms, column) != 0;
}

/* Build from a checked text column. Fails with KEHU_EMPTY when no term is left,
 * KEHU_LIMIT, KEHU_CANCELLED, KEHU_NO_MEMORY. Time O(bytes), memory 32 bytes for
 * each different term and thread. */
kehu_status kehu__terms_build(kehu__terms **out, const kehu_column *texts,
                              const kehu__term_options *options, const kehu__run *run,
                              const kehu_allocator *alloc, kehu_error *err);
/* The same with hash_bits; memory 8 bytes a column and thread. kehu__terms_build calls
 * it. */
kehu_status kehu__terms_build_hashed(kehu__terms **out, const kehu_column *texts,
                                     const kehu__term_options *options,
                                     const kehu__run *run, const kehu_allocator *alloc,
                                     kehu_error *err);
void kehu__terms_free(kehu__terms *terms);

/* The model file's sections of one vocabulary, and back with all of it checked;
 * `words` and the tokenizer are left out. Packed: terms of equal document frequency, who
 * stand together, share one weight. The index is a section of its own. */
void kehu__terms_write(const kehu__terms *terms, bool packed, kehu__buffer *to);
void kehu__terms_write_index(const kehu__terms *terms, kehu__buffer *to);

typedef struct kehu__terms_source {
    const char *bytes;
    size_t size;
    bool packed;
    bool hashed; /* no keys */
    /* NULL: all is copied and a table made. Else the bytes stay as they are, both
     * on multiples of eight, and are used in place; but for the weights of packed ones.
     */
    const char *index;
    size_t index_size;
    const char *name; /* for messages */
} kehu__terms_source;
kehu_status kehu__terms_read(kehu__terms **out, const kehu__terms_source *from,
                             const kehu_allocator *alloc, kehu_error *err);

/* Leave out the terms of one vocabulary whose keep[n_terms] is 0; some are kept. */
kehu_status kehu__terms_keep(kehu__terms *terms, const uint8_t *keep, kehu_error *err);

/* Rows of all texts, columns rising; freed with kehu__term_rows_free. */
typedef struct kehu__term_rows {
    kehu_allocator alloc;
    int64_t n_rows;
    size_t capacity; /* of columns and values */
    int64_t *starts;
    uint32_t *columns;
    float *values;
} kehu__term_rows;
kehu_status kehu__terms_rows(kehu__term_rows *out, const kehu__terms *terms,
                             const kehu_column *texts, const kehu__run *run,
                             const kehu_allocator *alloc, kehu_error *err);
void kehu__term_rows_free(kehu__term_rows *rows);

/* One text at a time, for one thread: columns[n] and values[n] in order of first
 * occurrence until the next call. False when memory is refused. */
typedef struct kehu__term_work {
    kehu_allocator alloc;
    size_t n, capacity;
    uint64_t *entries; /* term << 32 | occurrences */
    uint32_t *columns, *places;
    float *values;
    uint32_t *table; /* [table_size] position in entries + 1, 0 = free */
    size_t table_size;
} kehu__term_work;
kehu__term_work kehu__term_work_new(const kehu_allocator *alloc);
bool kehu__terms_row(const kehu__terms *terms, kehu__term_work *work, const char *text,
                     int64_t size);
void kehu__term_work_free(kehu__term_work *work);

/* Multiply the weight of each term, of `words` too, by its factor. */
void kehu__terms_scale(kehu__terms *terms, const float *factors);

/* The column of a key of this vocabulary, without `words`; UINT32_MAX when it has none.
 */
uint32_t kehu__terms_find(const kehu__terms *terms, uint64_t key);

/* Where terms are: calls visit for each occurrence of a known term, in order, those
 * of a tokenizer after the others. */
void kehu__terms_visit(const kehu__terms *terms, const char *text, int64_t size,
                       void (*visit)(void *ctx, uint32_t term, int64_t start,
                                     int64_t end),
                       void *ctx);

#endif
