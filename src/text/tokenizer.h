/* text/tokenizer.h - what the files of the tokenizer share. */
#ifndef KEHU_SRC_TEXT_TOKENIZER_H
#define KEHU_SRC_TEXT_TOKENIZER_H

#include <kehu/tokenizer.h>

#include <stdatomic.h>

#include "file/io.h"
#include "text/dictionary.h"
#include "text/segmenter_score.h"

/* The bytes of a file, and who holds them: somebody else, or one of these. */
typedef struct kehu__held {
    const char *bytes;
    size_t size;
    char *owned;        /* the same bytes, allocated; else NULL */
    size_t owned_size;  /* as allocated */
    kehu__mapping file; /* a map of them; else empty */
} kehu__held;

void kehu__held_release(kehu__held *held, const kehu_allocator *alloc);

/* A dictionary with its bytes, shared by the handles made from it. */
typedef struct kehu__lexicon {
    kehu_allocator alloc;
    kehu__dictionary dictionary;
    kehu__held held;
    atomic_uint users; /* handles that hold it */
} kehu__lexicon;

/* A trained model with its bytes, shared likewise. Its dictionary lies inside. */
typedef struct kehu__model {
    kehu_allocator alloc;
    kehu__scorer scorer;
    kehu__held held;
    kehu__lexicon *words;
    atomic_uint users;
} kehu__model;

struct kehu_tokenizer {
    kehu_allocator alloc;
    kehu_tokenizer_mode mode;
    bool split_units;
    kehu__lexicon *lexicon; /* NULL without a dictionary */
    kehu__lexicon *edits;   /* words that go before it; NULL = none */
    int32_t *edit_costs;    /* [values of edits] on the scale of lexicon, or: */
    kehu__model *model;     /* NULL = not trained; the lexicon lies in it */
    int64_t n_words;
};

/* The cost of the best way through a word's text (at most KEHU__WORD_MAX
 * characters) by the dictionary without the edits. */
int32_t kehu__tokenizer_cost(const kehu_tokenizer *t, const char *word, size_t size);

/* Call each() with every word of a handle, which has a dictionary, edits included. The
 * id is that of the dictionary or of the edits. Extra memory as for
 * kehu__dictionary_each. */
kehu_status kehu__tokenizer_each(const kehu_tokenizer *t,
                                 kehu_status (*each)(void *ctx, const kehu__word *word,
                                                     uint32_t id, kehu_error *err),
                                 void *ctx, kehu_error *err);

/* What an edit can cost besides a number from 0 up. */
enum { KEHU__EDIT_WHOLE = -1, KEHU__EDIT_REMOVED = -2 };

/* The number of an edited word, given its number in the edits. */
static inline uint32_t kehu__edit_id(const kehu_tokenizer *t, uint32_t id)
{
    return t->lexicon->dictionary.trie.n_slots + id;
}

/* Options, checked; mode stays 0 when the default is wanted. `from` gives them
 * where the caller does not, or is NULL. */
kehu_status kehu__tokenizer_options(kehu_tokenizer_options *opt,
                                    const kehu_tokenizer_options *options,
                                    const kehu_tokenizer *from, kehu_error *err);

/* A lexicon with one user. Takes over what is held (owned bytes are from `alloc`), also
 * on failure. name is for messages. */
kehu_status kehu__lexicon_new(kehu__lexicon **out, const kehu_allocator *alloc,
                              const kehu__held *held, kehu__trust trust, const char *name,
                              kehu_error *err);

/* The same from built words; takes over what `built` holds. */
kehu_status kehu__lexicon_build(kehu__lexicon **out, kehu__dictionary_builder *b,
                                const kehu_allocator *alloc, kehu_error *err);
void kehu__lexicon_release(kehu__lexicon *lexicon); /* NULL is allowed */

/* A handle on a dictionary, edits and a model (NULL = none), all taken over, also
 * on failure. */
kehu_status kehu__tokenizer_new(kehu_tokenizer **out, kehu__lexicon *lexicon,
                                kehu__lexicon *edits, kehu__model *model,
                                const kehu_tokenizer_options *opt, kehu_error *err);

/* A handle on the bytes of a trained tokenizer's file; as kehu__lexicon_new. */
kehu_status kehu__model_open(kehu_tokenizer **out, const kehu__held *held,
                             kehu__trust trust, const char *name,
                             const kehu_tokenizer_options *opt, kehu_error *err);
void kehu__model_release(kehu__model *model); /* NULL is allowed */

/* kehu_tokenizer_split in ACCURATE mode; the arguments are checked. */
kehu_status kehu__model_split(const kehu_tokenizer *t, const char *text, int64_t size,
                              kehu_span *spans, int64_t capacity, int64_t *n_spans,
                              int64_t *used, kehu_error *err);

/* The tokenizer of this fingerprint for a model read from a file: the one given, or the
 * default one, which *own then holds. functions takes it, name is the file's, for
 * messages. */
kehu_status kehu__tokenizer_wanted(const kehu_tokenizer **out, kehu_tokenizer **own,
                                   uint64_t fingerprint, const kehu_tokenizer *given,
                                   const char *functions, const char *name,
                                   const kehu_allocator *alloc, kehu_error *err);

/* The container built from the word list when the library was built; size 0
 * where there was no list. */
extern const char *const kehu__default_words;
extern const size_t kehu__default_words_size;
#endif
