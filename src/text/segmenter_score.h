/* text/segmenter_score.h - a trained model, made for speed: what lies apart in memory is
 * looked at as seldom as can be.
 *
 * A pair of characters has one place, which holds its weights, whether it is a word of
 * either list, and where the trie of their longer words goes on from it. Features that
 * always occur together are added up to one record. Weights are biased, so that sums of
 * several lie side by side in a word of the machine; those of a character or pair stand
 * in the order of the units whose features they are. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_SCORE_H
#define KEHU_SRC_TEXT_SEGMENTER_SCORE_H

#include "text/segmenter.h"
#include "text/segmenter_pairs.h"

enum {
    KEHU__WEIGHT_ONE = 64, /* a trained weight of 1 */
    /* Records hold u16[4]: weights from minus to plus the most, from 0 up; those of a
     * unit's own character and of five types may be greater. Pairs hold u8[4], PAIR_ZERO
     * = 0, in steps of 1 << PAIR_SHIFT. Ten records and seven pairs stay below 65536. */
    KEHU__WEIGHT_MAX = 2400,
    KEHU__WEIGHT_OWN_MAX = 3200,
    KEHU__RECORD = 8, /* bytes */
    KEHU__PAIR_SHIFT = 3,
    KEHU__PAIR_MAX = 127,
    KEHU__PAIR_ZERO = 128,
    /* A place, which lies in one line of the cache when the file is mapped: u32 key; of
     * pairs side by side u32 trie base and lists, u32 number of the word, u32 with
     * kehu__third_bit() of each unit that may follow; u8[places][4]. */
    KEHU__NEAR_SIZE = 32,
    KEHU__NEAR_BASE = 4,
    KEHU__NEAR_NUMBER = 8,
    KEHU__NEAR_THIRDS = 12,
    KEHU__NEAR_WEIGHTS = 16,
    KEHU__GAPPED_SIZE = 16,
    KEHU__GAPPED_WEIGHTS = 4,
    KEHU__BASE_BITS = 30, /* the lists stand above */
    KEHU__TRANSITION_MAX = 1 << 20,
    /* Groups of records, each after the one before. */
    KEHU__MODEL_FIVE = 0,
    KEHU__MODEL_SAME = KEHU__MODEL_FIVE + KEHU__N_FIVE,
    KEHU__MODEL_AROUND = KEHU__MODEL_SAME + KEHU__N_SAME,
    KEHU__MODEL_BOTH = KEHU__MODEL_AROUND + KEHU__N_AROUND * KEHU__LISTS,
    KEHU__N_MODEL = KEHU__MODEL_BOTH + KEHU__N_BOTH
};

typedef struct kehu__scorer {
    kehu__alphabet alphabet; /* labels of the corpus, then of other dictionary words */
    uint32_t n_labels;       /* of both together */
    bool two_lists;
    kehu__pairs near, gapped;
    kehu__trie longer;   /* words of 3 and more units; the value says in which lists */
    const char *singles; /* records [alphabet.n][5] */
    const char *numbers; /* u32[n_labels]: of the word that a character is, or 0 */
    const char *fixed;   /* records [KEHU__N_MODEL] */
    int32_t transitions[KEHU__TAGS][KEHU__TAGS];
} kehu__scorer;

/* Which bit of a pair says that this label may be third in a word: a word of three or
 * more units is rare, so nearly always the trie need not be asked. */
static inline uint32_t kehu__third_bit(uint32_t label)
{
    return label * 0x9E3779B1u >> 27;
}

/* Where the pairs of a piece lie, (i, i + 1) and (i, i + 2), and the longest word of
 * both lists, in the halves of a number, that begins, ends, lies over a unit; index
 * KEHU__PADS + i. */
typedef struct kehu__places {
    uint32_t near[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint32_t gapped[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint32_t begins[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint32_t ends[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint32_t covers[KEHU__PIECE_MAX + 2 * KEHU__PADS];
} kehu__places;

/* The best tags of a piece that was read by the scorer's alphabet. */
void kehu__scorer_tag(const kehu__scorer *s, const kehu__piece *piece,
                      kehu__places *places, uint8_t *tags);

/* The number of the word that one or two units of a piece are, or 0. */
static inline uint32_t kehu__scorer_number(const kehu__scorer *s,
                                           const kehu__piece *piece,
                                           const kehu__places *places, uint32_t first,
                                           uint32_t units)
{
    if (units == 1)
        return kehu__load32(s->numbers + 4 * (size_t)piece->labels[KEHU__PADS + first]);
    return kehu__load32(s->near.places +
                        (size_t)KEHU__NEAR_SIZE * places->near[KEHU__PADS + first] +
                        KEHU__NEAR_NUMBER);
}

#endif
