/* text/segmenter.h - words by a linear model: each unit of a piece of text begins,
 * continues or ends a word or is one (B, M, E, S), and the best sequence wins.
 *
 * A feature is a record of four weights, one a tag. The features of a unit: the
 * characters, pairs and pairs with a gap around it, types of characters,
 * repetition, and the lengths of the longest words of two dictionaries that
 * begin, end or lie over it. One of them is the training vocabulary, whose words
 * training hides at random: otherwise the model believes the list and fails on
 * words it has not seen. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_H
#define KEHU_SRC_TEXT_SEGMENTER_H

#include <kehu/tokenizer.h>

#include "text/dictionary.h"

enum {
    KEHU__PIECE_MAX = 1000, /* units of a piece */
    KEHU__PADS = 3,         /* units before and after it */
    KEHU__TAGS = 4,
    KEHU__LISTS = 2,    /* dictionaries looked at: training words, others */
    KEHU__FEATURES = 24 /* records a unit can have while training */
};
enum { KEHU__TAG_B, KEHU__TAG_M, KEHU__TAG_E, KEHU__TAG_S };

/* Which number an n-gram of two characters has: open addressing, key 0 = free. */
typedef struct kehu__pairs {
    const char *places; /* u32 key, u32 number; [mask + 1] */
    uint32_t mask, n;
} kehu__pairs;

/* Records are counted from one group to the next: characters, pairs, pairs with a gap,
 * and what does without n-grams. Of the last there are two forms. Training has a
 * record for each feature; a model has those added up that always occur together. */
typedef struct kehu__segmenter {
    kehu__dictionary words;        /* of the training corpus; gives the labels */
    const kehu__dictionary *other; /* NULL = none */
    kehu__pairs near, gapped;      /* pairs side by side, with one unit between */
    uint32_t n_labels;             /* labels 0..n_labels-1, special ones included */
    uint32_t near_at, gapped_at, fixed_at;
    int32_t transitions[KEHU__TAGS][KEHU__TAGS];
    const char *weights; /* u16[][4], KEHU__WEIGHT_ZERO = 0; of a model */
} kehu__segmenter;

enum { KEHU__WEIGHT_ZERO = 0x8000 };

/* Units of a piece; index KEHU__PADS + i is unit i. */
typedef struct kehu__piece {
    uint32_t n;
    uint32_t offsets[KEHU__PIECE_MAX + 1];             /* bytes from its start */
    uint16_t labels[KEHU__PIECE_MAX + 2 * KEHU__PADS]; /* in the training words */
    uint16_t other_labels[KEHU__PIECE_MAX];            /* in the other list */
    uint8_t types[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint8_t whole[KEHU__PIECE_MAX]; /* the kind of an atom that is one unit, or 0 */
    uint32_t near[KEHU__PIECE_MAX + 2 * KEHU__PADS];   /* number of (i, i + 1), or 0 */
    uint32_t gapped[KEHU__PIECE_MAX + 2 * KEHU__PADS]; /* number of (i, i + 2), or 0 */
    /* Longest word that begins here, ends here, lies over here; at most 5. */
    uint8_t begins[KEHU__LISTS][KEHU__PIECE_MAX + 2];
    uint8_t ends[KEHU__LISTS][KEHU__PIECE_MAX + 2];
    uint8_t covers[KEHU__LISTS][KEHU__PIECE_MAX + 2];
} kehu__piece;

/* Read one piece from p on: up to the end of a sentence, a blank, link, emoji or
 * other thing that is a word of its own, or KEHU__PIECE_MAX units. Returns where
 * it ends. When such a thing stands right at p the piece is empty, and *alone is
 * that thing. */
const char *kehu__piece_read(kehu__piece *piece, const kehu__segmenter *s, const char *p,
                             const char *end, kehu_span_kind *alone);

/* Fill in what features need: the numbers of pairs, the dictionary words. Words of
 * a list with their bit in its hidden[] (may be NULL) are passed over. */
void kehu__piece_prepare(kehu__piece *piece, const kehu__segmenter *s,
                         uint8_t *const hidden[KEHU__LISTS]);

/* The records of unit i while training; returns how many. */
uint32_t kehu__piece_features(const kehu__piece *piece, const kehu__segmenter *s,
                              uint32_t i, uint32_t records[KEHU__FEATURES]);

/* The best tags, given the score of each unit and tag. */
void kehu__piece_best(const kehu__piece *piece,
                      int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS],
                      const int32_t transitions[KEHU__TAGS][KEHU__TAGS], uint8_t *tags);

/* The same by the weights of a model; the piece is prepared. */
void kehu__piece_tag(const kehu__piece *piece, const kehu__segmenter *s, uint8_t *tags);

static inline uint32_t kehu__pair_hash(uint32_t key)
{
    return (key * 0x9E3779B1u) >> 7;
}

/* Where a pair is looked for first. */
static inline const char *kehu__pair_place(const kehu__pairs *p, uint32_t a, uint32_t b)
{
    return p->places + 8 * (size_t)(kehu__pair_hash(a << 16 | b) & p->mask);
}

/* Number of a pair, from 1 up; 0 = it has none. */
static inline uint32_t kehu__pair_find(const kehu__pairs *p, uint32_t a, uint32_t b)
{
    const uint32_t key = a << 16 | b;
    uint32_t at = kehu__pair_hash(key) & p->mask;
    for (;; at = (at + 1) & p->mask) {
        const uint64_t place = kehu__load64(p->places + 8 * (size_t)at);
        if ((uint32_t)place == key)
            return (uint32_t)(place >> 32);
        if (place == 0)
            return 0;
    }
}

/* Where the groups of records lie, from n_labels and the numbers of pairs. Returns
 * how many records a model has. */
uint32_t kehu__segmenter_lay_out(kehu__segmenter *s);

/* Records of a pair side by side, of one with a gap; all records while training. */
enum { KEHU__NEAR_PLACES = 4, KEHU__GAPPED_PLACES = 3 };
uint32_t kehu__segmenter_training_records(const kehu__segmenter *s);

/* From weights of training [][4] behind fixed_at to those of a model: call add(ctx,
 * record of the model, record of training) for each pair to be added up. */
void kehu__segmenter_join(const kehu__segmenter *s,
                          void (*add)(void *ctx, uint32_t to, uint32_t from), void *ctx);

/* What the units [first, end) are as one word with this number in a dictionary, when
 * all of them are Chinese characters; else 0. */
kehu_span_kind kehu__piece_kind(const kehu__piece *piece, uint32_t first, uint32_t end,
                                uint32_t word);

/* Labels that stand for no single character. */
static inline uint32_t kehu__label_before(const kehu__segmenter *s)
{
    return s->n_labels - 3;
}
static inline uint32_t kehu__label_after(const kehu__segmenter *s)
{
    return s->n_labels - 2;
}
static inline uint32_t kehu__label_letters(const kehu__segmenter *s)
{
    return s->n_labels - 1;
}
#endif
