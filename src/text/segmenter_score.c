/* Scoring: places of pairs, words, sums, best tags. */
#include "text/segmenter_lanes.h"

#include "base/prefetch.h"

/* Two lists side by side in the halves of a number. */
static const uint32_t BOTH = 0x00010001;

/* The places where all pairs would be, prefetched. */
static void find_places(const kehu__scorer *s, const kehu__piece *piece,
                        kehu__places *places)
{
    for (uint32_t k = 1; k <= KEHU__PADS + piece->n; k++) {
        const uint16_t *c = piece->labels + k;
        const uint32_t near = kehu__pair_place(&s->near, kehu__pair_key(c[0], c[1]));
        const uint32_t gapped = kehu__pair_place(&s->gapped, kehu__pair_key(c[0], c[2]));
        places->near[k] = near;
        places->gapped[k] = gapped;
        KEHU__PREFETCH(s->near.places + (size_t)KEHU__NEAR_SIZE * near);
        KEHU__PREFETCH(s->gapped.places + (size_t)KEHU__GAPPED_SIZE * gapped);
    }
}

/* 1 in the half of each list that is in the set. */
static inline uint32_t in_halves(uint32_t lists)
{
    return (lists & 1) | (lists & 2) << 15;
}

/* The greater in each half, of numbers below 8. */
static inline uint32_t greater(uint32_t a, uint32_t b)
{
    const uint32_t a_is = ((a | BOTH << 15) - b) >> 15 & BOTH;
    return b ^ ((a ^ b) & a_is * 0xFFFF);
}

/* A word of 3 and more units from unit k on. */
static void mark(kehu__places *places, uint32_t lists, uint32_t k, uint32_t units)
{
    enum { MOST = 5 };
    const uint32_t length = in_halves(lists) * (units < MOST ? units : MOST);
    places->begins[k] = greater(places->begins[k], length);
    places->ends[k + units - 1] = greater(places->ends[k + units - 1], length);
    for (uint32_t i = k + 1; i + 1 < k + units; i++)
        places->covers[i] = greater(places->covers[i], length);
}

/* All such words from unit k on, given the trie's base below the second. */
static void mark_longer(const kehu__scorer *s, const kehu__piece *piece,
                        kehu__places *places, uint32_t k, uint32_t base)
{
    const uint16_t *labels = piece->labels;
    const uint32_t all = KEHU__PADS + piece->n;
    const uint32_t end = all - k < KEHU__LISTED_LONGEST ? all : k + KEHU__LISTED_LONGEST;
    for (uint32_t j = k + 2; j < end && base != 0; j++) {
        kehu__slot slot;
        if (labels[j] == 0 || kehu__trie_child(&s->longer, base, labels[j], &slot) == 0)
            break;
        mark(places, kehu__slot_value(&s->longer, slot), k, j + 1 - k);
        base = kehu__slot_base(&s->longer, slot);
    }
}

/* `a` if the first is 1, `b` if it is 0: without a jump, which could not be foreseen. */
static inline uint32_t choose(uint32_t is_a, uint32_t a, uint32_t b)
{
    return b ^ ((a ^ b) & (0 - is_a));
}

/* Pairs that have no place go to the free one; words are marked, those of two units as
 * they are met. */
static void look_up(const kehu__scorer *s, const kehu__piece *piece, kehu__places *places)
{
    const uint32_t first = KEHU__PADS, end = KEHU__PADS + piece->n;
    /* Where longer words may begin, and the trie's bases below their second units. */
    uint16_t longer[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    uint32_t bases[KEHU__PIECE_MAX + 2 * KEHU__PADS], n_longer = 0;
    memset(places->covers, 0, (end + 1) * sizeof *places->covers);
    for (uint32_t k = 1; k <= end; k++) {
        const uint16_t *c = piece->labels + k;
        const uint32_t near_key = kehu__pair_key(c[0], c[1]);
        const uint32_t gapped_key = kehu__pair_key(c[0], c[2]);
        const char *near = s->near.places + (size_t)KEHU__NEAR_SIZE * places->near[k];
        const char *gapped =
            s->gapped.places + (size_t)KEHU__GAPPED_SIZE * places->gapped[k];
        const uint32_t near_is = kehu__load32(near) == near_key;
        const uint32_t gapped_is = kehu__load32(gapped) == gapped_key;
        const uint32_t found = kehu__load32(near + KEHU__NEAR_BASE);
        const uint32_t lists = in_halves(found >> KEHU__BASE_BITS) * near_is;
        const uint32_t thirds = kehu__load32(near + KEHU__NEAR_THIRDS);
        places->near[k] = choose(near_is, places->near[k], s->near.n);
        places->gapped[k] = choose(gapped_is, places->gapped[k], s->gapped.n);
        places->begins[k] = 2 * lists;
        places->ends[k + 1] = 2 * lists;
        longer[n_longer] = (uint16_t)k;
        bases[n_longer] = found & ((1u << KEHU__BASE_BITS) - 1);
        n_longer += thirds >> kehu__third_bit(c[2]) & near_is;
    }
    places->begins[first - 1] = places->begins[end] = KEHU__OUTSIDE * BOTH;
    places->ends[first - 1] = places->ends[end] = KEHU__OUTSIDE * BOTH;
    for (uint32_t i = 0; i < n_longer; i++)
        kehu__trie_prefetch(&s->longer, bases[i], piece->labels[longer[i] + 2]);
    for (uint32_t i = 0; i < n_longer; i++)
        if (longer[i] >= first && longer[i] + 2u < end)
            mark_longer(s, piece, places, longer[i], bases[i]);
}

/* What n-grams add to each unit. */
static void sum_ngrams(const kehu__scorer *s, const kehu__piece *piece,
                       const kehu__places *places, uint64_t *sums)
{
    const uint32_t n_trained = s->alphabet.n, end = KEHU__PADS + piece->n;
    kehu__window w;
    memset(&w, 0, sizeof w);
    for (uint32_t k = 1; k <= end + 1; k++) {
        const uint32_t label = piece->labels[k] < n_trained ? piece->labels[k] : 0;
        kehu__window_single(&w, s->singles +
                                    (size_t)KEHU__RECORD * KEHU__SINGLE_PLACES * label);
        const uint64_t sum = kehu__window_next(&w);
        if (k >= KEHU__PADS + 2)
            sums[k - KEHU__PADS - 2] = sum;
        if (k <= end)
            kehu__window_pairs(
                &w, s->near.places + (size_t)KEHU__NEAR_SIZE * places->near[k],
                s->gapped.places + (size_t)KEHU__GAPPED_SIZE * places->gapped[k]);
    }
}

static inline uint64_t record(const kehu__scorer *s, uint32_t i)
{
    return kehu__load64(s->fixed + (size_t)KEHU__RECORD * i);
}

/* What types, repetition and words add to unit k, as kehu__piece_shape has them. */
static inline uint64_t sum_shape(const kehu__scorer *s, const kehu__piece *piece,
                                 const kehu__places *places, uint32_t k, uint32_t five)
{
    const uint16_t *c = piece->labels + k;
    const uint32_t *begins = places->begins + k, *ends = places->ends + k;
    const uint32_t same = (c[-1] == c[0] ? 1u : 0) + (c[-2] == c[0] ? 2u : 0) +
                          (c[0] == c[1] ? 4u : 0) + (c[0] == c[2] ? 8u : 0);
    const uint32_t around = begins[0] << 12 | ends[0] << 9 | places->covers[k] << 6 |
                            begins[1] << 3 | ends[-1];
    const uint64_t sum = record(s, KEHU__MODEL_FIVE + five) +
                         record(s, KEHU__MODEL_SAME + same) +
                         record(s, KEHU__MODEL_AROUND + (around & 0x7FFF));
    const uint32_t edges = (around >> 9 & 63) * KEHU__N_EDGES + (around >> 25 & 63);
    if (!s->two_lists)
        return sum;
    return sum +
           record(s, KEHU__MODEL_AROUND + KEHU__N_AROUND + (around >> 16 & 0x7FFF)) +
           record(s, KEHU__MODEL_BOTH + edges);
}

/* The first unit follows no tag: all transitions to it are 0. */
static kehu__steps steps_of(const kehu__scorer *s, bool first)
{
    int32_t after[2][KEHU__TAGS];
    for (int i = 0; i < 2; i++)
        for (int tag = 0; tag < KEHU__TAGS; tag++)
            after[i][tag] = first ? 0 : s->transitions[kehu__tags_before[i][tag]][tag];
    return kehu__steps_new(after[0], after[1]);
}

/* The best way through sums and shapes. */
static void find_tags(const kehu__scorer *s, const kehu__piece *piece,
                      const kehu__places *places, const uint64_t *sums, uint8_t *tags)
{
    enum { OLDEST = KEHU__N_FIVE / KEHU__N_TYPES };
    const uint8_t *types = piece->types + KEHU__PADS;
    uint8_t bits[KEHU__PIECE_MAX], tag;
    static const int32_t start[KEHU__TAGS] = {KEHU__NO_WAY, KEHU__NO_WAY, 0,
                                              KEHU__NO_WAY};
    const kehu__steps first = steps_of(s, true), later = steps_of(s, false);
    kehu__ways ways = kehu__ways_new(start);
    uint32_t five = 0;
    for (int i = -3; i < 2; i++) /* the last five types */
        five = five * KEHU__N_TYPES + types[i];
    for (uint32_t i = 0; i < piece->n; i++) {
        five = (five - types[(int32_t)i - 3] * (uint32_t)OLDEST) * KEHU__N_TYPES +
               types[i + 2];
        const uint64_t sum = sums[i] + sum_shape(s, piece, places, KEHU__PADS + i, five);
        bits[i] = (uint8_t)kehu__ways_step(&ways, i == 0 ? &first : &later, sum,
                                           piece->whole[i] != 0);
    }
    tag = kehu__ways_last(&ways);
    for (uint32_t i = piece->n; i-- > 0;) {
        tags[i] = tag;
        tag = kehu__tags_before[bits[i] >> tag & 1][tag];
    }
}

void kehu__scorer_tag(const kehu__scorer *s, const kehu__piece *piece,
                      kehu__places *places, uint8_t *tags)
{
    uint64_t sums[KEHU__PIECE_MAX];
    find_places(s, piece, places);
    look_up(s, piece, places);
    sum_ngrams(s, piece, places, sums);
    find_tags(s, piece, places, sums, tags);
}
