/* text/dictionary.h - words with frequencies and tags, as a read-only block of
 * bytes that is used where it lies: a container of kind "DIC2".
 *
 *   HEAD  14 numbers, see dictionary.c
 *   PAGE  u16[4352]: which page of CHAR holds characters 256 * i ...
 *   CHAR  u16[256] a page: the trie label of each character, 0 = in no word.
 *         Characters that fold to the same one have the same label.
 *   TRIE  packed slots, see trie.h; a slot's number is its word's id
 *   COST  u16 a value: 1024 * ln(all frequencies / frequency)
 *   FREQ  u32 a value, bit 31 = the word must be kept whole
 *   TAGI  u16 a value: which tag
 *   TAGS  the tags, each ended by a NUL
 *   SPEL  u32 word id, u32 end offset: words written otherwise than folded
 *   SPLT  the bytes of those spellings */
#ifndef KEHU_SRC_TEXT_DICTIONARY_H
#define KEHU_SRC_TEXT_DICTIONARY_H

#include "file/container.h"
#include "text/trie.h"

enum {
    KEHU__WORD_MAX = 255,     /* characters in a word */
    KEHU__TAG_MAX = 15,       /* bytes in a tag */
    KEHU__COST_ONE = 1024,    /* one natural logarithm */
    KEHU__COST_HARD = 0xFFFF, /* this word must be kept whole */
    KEHU__FREQUENCY_MAX = 0x7FFFFFFF
};

typedef struct kehu__dictionary {
    const char *pages, *labels, *costs, *frequencies, *tag_numbers, *tags;
    const char *spelled, *spellings;
    uint32_t n_pages, n_values, n_tags, n_words, n_spelled, longest;
    uint32_t spelling_bytes, tag_bytes;
    int32_t unknown_cost; /* of a character that is no word */
    uint64_t total;       /* all frequencies */
    uint64_t fingerprint; /* of words, frequencies, tags */
    kehu__trie trie;
    bool own; /* made by the library: the trie is known to be one */
} kehu__dictionary;

/* What PAGE and CHAR say of a character; 0 of what is none. */
static inline uint32_t kehu__paged_label(const char *pages, const char *labels,
                                         uint32_t c)
{
    if (c > 0x10FFFF)
        return 0;
    return kehu__load16(
        labels + 2 * ((size_t)kehu__load16(pages + 2 * (c >> 8)) * 256 + (c & 255)));
}

/* The label of a character in any of its foldable forms; 0 = in no word. */
static inline uint32_t kehu__dictionary_label(const kehu__dictionary *d, uint32_t c)
{
    return kehu__paged_label(d->pages, d->labels, c);
}

/* How many labels there are, from 1 up. Reads them all. */
uint32_t kehu__dictionary_n_labels(const kehu__dictionary *d);

static inline int32_t kehu__dictionary_cost(const kehu__dictionary *d, uint32_t value)
{
    return kehu__load16(d->costs + 2 * (size_t)value);
}

/* Use the bytes of a container in place; they must outlive d. Checks what looking up
 * relies on: that slots from outside make up a trie is checked by
 * kehu__dictionary_each(). Who walks the trie stops after `longest` characters. Fails as
 * kehu__container_open does. */
kehu_status kehu__dictionary_open(kehu__dictionary *d, const void *bytes, size_t size,
                                  kehu__trust trust, const char *name, kehu_error *err);

typedef struct kehu__word {
    const char *bytes; /* UTF-8, as spelled */
    size_t size;
    uint32_t frequency; /* at most KEHU__FREQUENCY_MAX */
    bool hard;          /* keep whole */
    char tag[KEHU__TAG_MAX + 1];
    int64_t line; /* for messages, 1-based; 0 = none */
} kehu__word;

/* A word by its text in any foldable form: its id (slot), 0 when there is none;
 * *value is then its value. */
uint32_t kehu__dictionary_find(const kehu__dictionary *d, const char *bytes, size_t size,
                               uint32_t *value);

/* The same by its labels, n > 0 of them. */
static inline uint32_t kehu__dictionary_find_labels(const kehu__dictionary *d,
                                                    const uint16_t *labels, uint32_t n,
                                                    uint32_t *value)
{
    uint32_t base = 0, id = 0;
    kehu__slot slot = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (labels[i] == 0 || (i > 0 && base == 0) ||
            (id = kehu__trie_child(&d->trie, base, labels[i], &slot)) == 0)
            return 0;
        base = kehu__slot_base(&d->trie, slot);
    }
    *value = kehu__slot_value(&d->trie, slot);
    return *value == 0 ? 0 : id;
}

/* What a value (not 0) stands for: frequency, hard and tag of *word. */
void kehu__dictionary_value(const kehu__dictionary *d, uint32_t value, kehu__word *word);

/* Call each() with every word by rising id until it fails. The word is borrowed
 * for the call. Fails with KEHU_FORMAT when the slots are no trie. Time O(slots), extra
 * memory 8 bytes a slot. */
kehu_status kehu__dictionary_each(const kehu__dictionary *d, const kehu_allocator *alloc,
                                  kehu_status (*each)(void *ctx, const kehu__word *word,
                                                      uint32_t id, kehu_error *err),
                                  void *ctx, kehu_error *err);

/* Words on their way to a container. */
typedef struct kehu__dictionary_builder kehu__dictionary_builder;

kehu__dictionary_builder *kehu__dictionary_builder_new(const kehu_allocator *alloc);
void kehu__dictionary_builder_free(kehu__dictionary_builder *b);

/* What becomes of a word that was added before. */
typedef enum kehu__repeated {
    KEHU__REPEATED_REFUSED,  /* unless frequency and tag are the same */
    KEHU__REPEATED_SPELLING, /* of the same spelling the last counts */
    KEHU__REPEATED_WORD,     /* of all spellings that fold to it the last counts */
    KEHU__REPEATED_COUNTED   /* all frequencies add up */
} kehu__repeated;

void kehu__dictionary_builder_repeated(kehu__dictionary_builder *b, kehu__repeated what);

/* Take costs from this sum of frequencies instead of the words' own. */
void kehu__dictionary_builder_total(kehu__dictionary_builder *b, uint64_t total);

/* Fails with KEHU_ENCODING (not UTF-8), KEHU_LIMIT (longer than
 * KEHU__WORD_MAX), KEHU_EMPTY (no characters), KEHU_NO_MEMORY. */
kehu_status kehu__dictionary_builder_add(kehu__dictionary_builder *b,
                                         const kehu__word *word, kehu_error *err);

/* Append the container to out (empty so far). A word twice in the same spelling
 * is refused with KEHU_DUPLICATE unless kehu__dictionary_builder_repeated said
 * otherwise; words that differ only in what folding removes are joined and their
 * frequencies added. Fails with KEHU_EMPTY when there is no word. */
kehu_status kehu__dictionary_build(kehu__dictionary_builder *b, kehu__buffer *out,
                                   kehu_error *err);

/* 1024 * ln(total / frequency), rounded, within 0..65534. */
int32_t kehu__dictionary_cost_of(uint64_t total, uint64_t frequency);
#endif
