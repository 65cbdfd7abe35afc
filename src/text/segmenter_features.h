/* text/segmenter_features.h - features while training: a record for each of them, and
 * words that can be hidden. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_FEATURES_H
#define KEHU_SRC_TEXT_SEGMENTER_FEATURES_H

#include "text/segmenter.h"

enum { KEHU__FEATURES = 24 }; /* records a unit can have */

/* Which number an n-gram of two characters has: open addressing, key 0 = free. */
typedef struct kehu__numbering {
    const char *places; /* u32 key, u32 number; [mask + 1] */
    uint32_t mask, n;
} kehu__numbering;

/* Records are counted from one group to the next: characters, pairs, pairs with a gap,
 * and what does without n-grams. Record 0 is never used: it stands for an n-gram that
 * has no weights. */
typedef struct kehu__segmenter {
    const kehu__dictionary *words; /* of the training corpus; gives the labels */
    const kehu__dictionary *other; /* NULL = none */
    kehu__alphabet alphabet;
    kehu__numbering near, gapped; /* pairs side by side, with one unit between */
    uint32_t near_at, gapped_at, fixed_at;
} kehu__segmenter;

/* Groups of records behind fixed_at, each after the one before. */
enum {
    KEHU__FIXED_FIVE = 0, /* 5 types */
    KEHU__FIXED_THREE = KEHU__FIXED_FIVE + KEHU__N_FIVE,
    KEHU__FIXED_SAME = KEHU__FIXED_THREE + KEHU__N_THREE,
    KEHU__FIXED_HERE = KEHU__FIXED_SAME + KEHU__N_SAME,
    KEHU__FIXED_AROUND = KEHU__FIXED_HERE + KEHU__N_HERE * KEHU__LISTS,
    KEHU__FIXED_EDGES = KEHU__FIXED_AROUND + KEHU__N_AROUND * KEHU__LISTS,
    KEHU__FIXED_BOTH = KEHU__FIXED_EDGES + KEHU__N_EDGES * KEHU__N_BESIDE * KEHU__LISTS,
    KEHU__N_FIXED = KEHU__FIXED_BOTH + KEHU__N_BOTH
};

/* What a piece has besides. */
typedef struct kehu__features {
    uint16_t other_labels[KEHU__PIECE_MAX];            /* in the other list */
    uint32_t near[KEHU__PIECE_MAX + 2 * KEHU__PADS];   /* number of (i, i + 1), or 0 */
    uint32_t gapped[KEHU__PIECE_MAX + 2 * KEHU__PADS]; /* number of (i, i + 2), or 0 */
} kehu__features;

/* The labels of a piece that begins at `start` in the other list. */
void kehu__features_label(kehu__features *f, const kehu__piece *piece,
                          const kehu__segmenter *s, const char *start);

/* Fill in what features need: the numbers of pairs, the dictionary words. Words of
 * a list with their bit in its hidden[] (may be NULL) are passed over. */
void kehu__features_find(kehu__features *f, kehu__piece *piece, const kehu__segmenter *s,
                         uint8_t *const hidden[KEHU__LISTS]);

/* The records of unit i; returns how many. */
uint32_t kehu__features_records(const kehu__features *f, const kehu__piece *piece,
                                const kehu__segmenter *s, uint32_t i,
                                uint32_t records[KEHU__FEATURES]);

static inline uint32_t kehu__numbering_hash(uint32_t key)
{
    return (key * 0x9E3779B1u) >> 7;
}

/* Where the groups of records lie, from the labels and the numbers of pairs. Returns
 * how many records there are. */
uint32_t kehu__segmenter_lay_out(kehu__segmenter *s);

#endif
