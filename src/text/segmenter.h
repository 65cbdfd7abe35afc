/* text/segmenter.h - words by a linear model: each unit of a piece of text begins,
 * continues or ends a word or is one (B, M, E, S), and the best sequence wins.
 *
 * A feature is a record of four weights, one a tag. The features of a unit: the
 * characters, pairs and pairs with a gap around it, types of characters,
 * repetition, and the lengths of the longest words of two dictionaries that
 * begin, end or lie over it. One of them is the training vocabulary, whose words
 * training hides at random: otherwise the model believes the list and fails on
 * words it has not seen.
 *
 * Here: what training and a trained model have in common. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_H
#define KEHU_SRC_TEXT_SEGMENTER_H

#include <kehu/tokenizer.h>

#include "text/dictionary.h"

enum {
    KEHU__PIECE_MAX = 1000, /* units of a piece */
    KEHU__PADS = 3,         /* units before and after it */
    KEHU__TAGS = 4,
    KEHU__OUTSIDE = 7,        /* the length of words before and after the piece */
    KEHU__LISTS = 2,          /* dictionaries looked at: training words, others */
    KEHU__LISTED_LONGEST = 8, /* units of their words that are looked for */
    KEHU__SINGLE_PLACES = 5,  /* records of a character: of the units around it */
    KEHU__NEAR_PLACES = 4,    /* of two characters side by side */
    KEHU__GAPPED_PLACES = 3   /* of two with one unit between them */
};
enum { KEHU__TAG_B, KEHU__TAG_M, KEHU__TAG_E, KEHU__TAG_S };

/* Which label a character has. */
typedef struct kehu__alphabet {
    const char *pages, *labels; /* as in a dictionary */
    uint32_t n;                 /* labels 0..n-1, special ones included */
} kehu__alphabet;

/* Labels that stand for no single character. */
static inline uint32_t kehu__label_before(const kehu__alphabet *a)
{
    return a->n - 3;
}
static inline uint32_t kehu__label_after(const kehu__alphabet *a)
{
    return a->n - 2;
}
static inline uint32_t kehu__label_letters(const kehu__alphabet *a)
{
    return a->n - 1;
}

/* Units of a piece; index KEHU__PADS + i is unit i. */
typedef struct kehu__piece {
    uint32_t n;
    uint32_t offsets[KEHU__PIECE_MAX + 1]; /* bytes from its start */
    uint16_t labels[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint8_t types[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint8_t whole[KEHU__PIECE_MAX]; /* the kind of an atom that is one unit, or 0 */
    uint8_t signs[KEHU__PIECE_MAX]; /* of one that is one character, or 0 */
    /* Longest word that begins here, ends here, lies over here; at most 5. */
    uint8_t begins[KEHU__LISTS][KEHU__PIECE_MAX + 2];
    uint8_t ends[KEHU__LISTS][KEHU__PIECE_MAX + 2];
    uint8_t covers[KEHU__LISTS][KEHU__PIECE_MAX + 2];
} kehu__piece;

/* Read one piece from p on: up to the end of a sentence, a blank, link, emoji or
 * other thing that is a word of its own, or KEHU__PIECE_MAX units; its pads too.
 * Returns where it ends. When such a thing stands right at p the piece is empty, and
 * *alone is that thing. */
const char *kehu__piece_read(kehu__piece *piece, const kehu__alphabet *a, const char *p,
                             const char *end, kehu_span_kind *alone);

/* No words so far. */
void kehu__piece_clear_words(kehu__piece *piece);

/* A word of a list from unit i on. */
static inline void kehu__piece_mark_word(kehu__piece *piece, int list, uint32_t i,
                                         uint32_t units)
{
    enum { MOST = 5 };
    uint8_t *const begins = piece->begins[list] + 1 + i;
    uint8_t *const ends = piece->ends[list] + i + units;
    uint8_t *const covers = piece->covers[list] + 1 + i;
    const uint8_t length = (uint8_t)(units < MOST ? units : MOST);
    *begins = length > *begins ? length : *begins;
    *ends = length > *ends ? length : *ends;
    for (uint32_t k = 1; k + 1 < units; k++)
        covers[k] = length > covers[k] ? length : covers[k];
}

/* The features of a unit that are no n-grams, as numbers of their kinds. */
enum {
    KEHU__N_TYPES = 7,
    KEHU__N_THREE = KEHU__N_TYPES * KEHU__N_TYPES * KEHU__N_TYPES,
    KEHU__N_FIVE = KEHU__N_THREE * KEHU__N_TYPES * KEHU__N_TYPES,
    KEHU__N_SAME = 16,
    KEHU__N_HERE = 512,  /* begins, ends, covers */
    KEHU__N_BESIDE = 64, /* begins behind, ends before */
    KEHU__N_AROUND = KEHU__N_HERE * KEHU__N_BESIDE,
    KEHU__N_EDGES = 64, /* begins, ends */
    KEHU__N_BOTH = KEHU__N_EDGES * KEHU__N_EDGES
};
typedef struct kehu__shape {
    uint32_t three, five, same; /* of the types, of the repetition */
    uint32_t around[KEHU__LISTS], both;
} kehu__shape;

static inline uint32_t kehu__piece_around(const kehu__piece *piece, uint32_t i, int list)
{
    const uint8_t *begins = piece->begins[list] + 1 + i;
    const uint8_t *ends = piece->ends[list] + 1 + i;
    const uint32_t here = begins[0] * 64u + ends[0] * 8u + piece->covers[list][1 + i];
    return here * KEHU__N_BESIDE + begins[1] * 8u + ends[-1];
}

static inline kehu__shape kehu__piece_shape(const kehu__piece *piece, uint32_t i,
                                            bool two_lists)
{
    const uint16_t *c = piece->labels + KEHU__PADS + i;
    const uint8_t *t = piece->types + KEHU__PADS + i;
    kehu__shape s = {.three =
                         (uint32_t)(t[-1] * KEHU__N_TYPES + t[0]) * KEHU__N_TYPES + t[1]};
    s.five = (t[-2] * (uint32_t)KEHU__N_THREE + s.three) * KEHU__N_TYPES + t[2];
    s.same = (c[-2] == c[0] ? 2u : 0) + (c[-1] == c[0] ? 1u : 0) +
             (c[0] == c[1] ? 4u : 0) + (c[0] == c[2] ? 8u : 0);
    s.around[0] = kehu__piece_around(piece, i, 0);
    if (two_lists) {
        s.around[1] = kehu__piece_around(piece, i, 1);
        s.both = (s.around[0] >> 9) * KEHU__N_EDGES + (s.around[1] >> 9);
    }
    return s;
}

/* The best tags, given the score of each unit and tag. */
void kehu__piece_best(const kehu__piece *piece,
                      int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS],
                      const int32_t transitions[KEHU__TAGS][KEHU__TAGS], uint8_t *tags);

/* What the units [first, end) are as one word with this number in a dictionary, when
 * all of them are Chinese characters; else 0. */
kehu_span_kind kehu__piece_kind(const kehu__piece *piece, uint32_t first, uint32_t end,
                                uint32_t word);

#endif
