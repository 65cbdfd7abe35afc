/* text/term_scan.h - one pass over a text that gives the keys of its terms, in
 * order, a bounded number at a time. */
#ifndef KEHU_SRC_TEXT_TERM_SCAN_H
#define KEHU_SRC_TEXT_TERM_SCAN_H

#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/terms.h"

enum {
    KEHU__SCAN_KEYS = 256, /* a fill gives at most so many */
    KEHU__SCAN_STEP = 16,  /* one character gives at most so many */
    KEHU__MARK_START = 2,  /* stand in a gram like characters */
    KEHU__MARK_END = 3,
    KEHU__SCAN_SPANS = 1024 /* room for what a tokenizer finds at a time */
};

/* The lowest bit of a key is its block. */
enum { KEHU__BLOCK_CHARACTERS, KEHU__BLOCK_WORDS, KEHU__N_BLOCKS };

typedef struct kehu__span {
    int64_t start, end; /* bytes */
} kehu__span;

typedef struct kehu__term_scan {
    const char *text, *at, *end;
    uint32_t char_max, latin_max, word_max;
    uint32_t window[KEHU__MAX_GRAM]; /* the last characters, newest first */
    int64_t starts[KEHU__MAX_GRAM];  /* where each begins */
    uint32_t n_window, n_latin;      /* how many there are; how many are alphabetic */
    bool blank, begun, ended;
    uint64_t word, last_word; /* hash of the word so far (0 = none), of the one before */
    int64_t word_start, last_start, word_end;
    int64_t n_characters, n_word_characters; /* blanks left out */
    const kehu_tokenizer *tokenizer;         /* NULL: all below is unused */
    kehu_span *found;                        /* [KEHU__SCAN_SPANS] */
    int64_t n_found, next_found, found_at;   /* they count from byte found_at */
} kehu__term_scan;

/* A row in two steps, so that what one text needs of memory comes while the text before
 * is worked at: as kehu__terms_row. The vocabulary has no tokenizer of its own (`words`
 * may), or found[KEHU__SCAN_SPANS] is this text's alone until the end. */
typedef struct kehu__term_ahead {
    kehu__term_scan scan;
    uint64_t keys[KEHU__SCAN_KEYS]; /* the next n */
    uint32_t n;
} kehu__term_ahead;
void kehu__terms_begin(const kehu__terms *terms, kehu__term_ahead *ahead,
                       const char *text, int64_t size, kehu_span *found);
bool kehu__terms_finish(const kehu__terms *terms, kehu__term_work *work,
                        kehu__term_ahead *ahead);

/* found[KEHU__SCAN_SPANS] is room for the scan. */
static inline kehu__term_scan kehu__term_scan_new(const kehu__term_options *o,
                                                  const char *text, int64_t size,
                                                  kehu_span *found)
{
    return (kehu__term_scan){.text = text,
                             .at = text,
                             .end = size == 0 ? text : text + size,
                             .char_max = o->char_max,
                             .latin_max = o->latin_max,
                             .word_max = o->word_max,
                             .tokenizer = o->tokenizer,
                             .found = found};
}

static inline bool kehu__is_blank(uint32_t c)
{
    return c <= ' ' || (c >= 0x7F && c <= 0xA0) || (c >= 0x2000 && c <= 0x200F) ||
           c == 0x2028 || c == 0x2029 || c == 0x3000 || c == 0xFEFF;
}

/* A letter or digit of a script that writes words apart. */
static inline bool kehu__is_word_character(uint32_t c)
{
    if (c < 0x80)
        return c - 'a' < 26 || c - '0' < 10;
    return (c >= 0xC0 && c < 0xE00 && c != 0xD7 && c != 0xF7) ||
           (c >= 0x10A0 && c < 0x1100) || (c >= 0x1E00 && c < 0x2000);
}

static inline uint64_t kehu__term_key(uint64_t hash, uint32_t block)
{
    const uint64_t key = (kehu__mix64(hash) & ~UINT64_C(1)) | block;
    return key > 1 ? key : key + 2;
}

/* The grams that end with the newest character. spans is NULL or as long as
 * keys. */
static inline uint32_t kehu__scan_grams(const kehu__term_scan *s, int64_t end,
                                        uint64_t *keys, kehu__span *spans)
{
    uint32_t n = 0, longest = s->n_latin < s->latin_max ? s->n_latin : s->latin_max;
    uint64_t hash = 0;
    longest = longest > s->char_max ? longest : s->char_max;
    longest = longest < s->n_window ? longest : s->n_window;
    for (uint32_t length = 1; length <= longest; length++) {
        const uint32_t c = s->window[length - 1];
        if (length == 4)
            hash = kehu__mix64(hash);
        hash = length <= 3 ? hash << 21 | c : hash * 0x9E3779B97F4A7C15u + c;
        if (length == 1 && c <= ' ')
            continue; /* a blank or a mark alone says nothing */
        if (spans != NULL)
            spans[n] = (kehu__span){s->starts[length - 1], end};
        keys[n++] = kehu__term_key(hash, KEHU__BLOCK_CHARACTERS);
    }
    return n;
}

/* Where characters begin is kept only for those who ask for spans. */
static inline void kehu__scan_push(kehu__term_scan *s, uint32_t c, int64_t start,
                                   bool spans)
{
    for (uint32_t k = KEHU__MAX_GRAM - 1; k > 0; k--)
        s->window[k] = s->window[k - 1];
    s->window[0] = c;
    if (spans) {
        memmove(s->starts + 1, s->starts, (KEHU__MAX_GRAM - 1) * sizeof *s->starts);
        s->starts[0] = start;
    }
    if (s->n_window < KEHU__MAX_GRAM)
        s->n_window++;
    if (c < 0x80 || kehu__is_word_character(c))
        s->n_latin = s->n_latin < KEHU__MAX_GRAM ? s->n_latin + 1 : KEHU__MAX_GRAM;
    else
        s->n_latin = 0;
}

/* A word ended: itself, and with the one before it. */
static inline uint32_t kehu__scan_word(kehu__term_scan *s, uint64_t *keys,
                                       kehu__span *spans)
{
    uint32_t n = 0;
    if (s->word == 0)
        return 0;
    if (spans != NULL)
        spans[n] = (kehu__span){s->word_start, s->word_end};
    keys[n++] = kehu__term_key(s->word, KEHU__BLOCK_WORDS);
    if (s->word_max > 1 && s->last_word != 0) {
        if (spans != NULL)
            spans[n] = (kehu__span){s->last_start, s->word_end};
        keys[n++] =
            kehu__term_key(kehu__mix64(s->last_word) + s->word * 3, KEHU__BLOCK_WORDS);
    }
    s->last_word = s->word;
    s->last_start = s->word_start;
    s->word = 0;
    return n;
}

static inline uint32_t kehu__scan_words(kehu__term_scan *s, uint32_t c, int64_t start,
                                        int64_t end, uint64_t *keys, kehu__span *spans)
{
    uint32_t n;
    if (kehu__is_word_character(c)) {
        if (s->word == 0) {
            s->word = 0xCBF29CE484222325u;
            s->word_start = start;
        }
        s->word = (s->word ^ c) * 0x100000001B3u;
        s->word = s->word == 0 ? 1 : s->word;
        s->word_end = end;
        s->n_word_characters++;
        return 0;
    }
    n = kehu__scan_word(s, keys, spans);
    if (c >= 0x2E80)
        s->last_word = 0; /* words are not neighbours across other writing */
    return n;
}

/* kehu__term_scan_fill for the words of a tokenizer. */
uint32_t kehu__token_scan_fill(kehu__term_scan *s, uint64_t *keys, kehu__span *spans);

/* The next keys; 0 at the end of the text. keys[KEHU__SCAN_KEYS], spans likewise
 * or NULL. Inlined, so that without spans nothing is done for them. */
__attribute__((always_inline)) static inline uint32_t kehu__term_scan_fill(
    kehu__term_scan *s, uint64_t *keys, kehu__span *spans)
{
    uint32_t n = 0;
    if (s->tokenizer != NULL)
        return kehu__token_scan_fill(s, keys, spans);
    while (n + KEHU__SCAN_STEP <= KEHU__SCAN_KEYS && s->at < s->end) {
        const int64_t start = s->at - s->text;
        uint32_t c = kehu__fold(kehu__utf8_next(&s->at, s->end));
        const int64_t end = s->at - s->text;
        kehu__span *const at = spans == NULL ? NULL : spans + n;
        if (kehu__is_blank(c)) {
            s->blank = true;
            if (s->word_max > 0)
                n += kehu__scan_words(s, ' ', start, end, keys + n, at);
            continue;
        }
        c = c == KEHU__BAD_BYTE ? 0xFFFD : c;
        s->n_characters++;
        if (s->word_max > 0) {
            const uint32_t more = kehu__scan_words(s, c, start, end, keys + n, at);
            n += more;
        }
        if (!s->begun) {
            s->begun = true;
            kehu__scan_push(s, KEHU__MARK_START, start, spans != NULL);
        } else if (s->blank) {
            kehu__scan_push(s, ' ', start, spans != NULL);
            n += kehu__scan_grams(s, start, keys + n, spans == NULL ? NULL : spans + n);
        }
        s->blank = false;
        kehu__scan_push(s, c, start, spans != NULL);
        n += kehu__scan_grams(s, end, keys + n, spans == NULL ? NULL : spans + n);
    }
    if (s->at >= s->end && s->begun && !s->ended &&
        n + KEHU__SCAN_STEP <= KEHU__SCAN_KEYS) {
        const int64_t end = s->end - s->text;
        s->ended = true;
        if (s->word_max > 0)
            n += kehu__scan_word(s, keys + n, spans == NULL ? NULL : spans + n);
        kehu__scan_push(s, KEHU__MARK_END, end, spans != NULL);
        n += kehu__scan_grams(s, end, keys + n, spans == NULL ? NULL : spans + n);
    }
    return n;
}

#endif
