/* Scoring: places of pairs, words, sums, best tags. */
#include "text/segmenter_score.h"

#include "base/prefetch.h"

/* The places of all pairs, prefetched. */
static void find_places(const kehu__scorer *s, const kehu__piece *piece,
                        kehu__places *places)
{
    for (uint32_t k = 1; k < KEHU__PADS + piece->n + 1; k++) {
        const uint16_t *c = piece->labels + k;
        const uint32_t near = kehu__pair_place(&s->near, kehu__pair_key(c[0], c[1]));
        const uint32_t gapped = kehu__pair_place(&s->gapped, kehu__pair_key(c[0], c[2]));
        places->near[k] = near;
        places->gapped[k] = gapped;
        KEHU__PREFETCH(s->near.places + (size_t)KEHU__NEAR_SIZE * near);
        KEHU__PREFETCH(s->gapped.places + (size_t)KEHU__GAPPED_SIZE * gapped);
    }
}

static inline void mark(kehu__piece *piece, uint32_t lists, uint32_t i, uint32_t units)
{
    if (lists & 1)
        kehu__piece_mark_word(piece, 0, i, units);
    if (lists & 2)
        kehu__piece_mark_word(piece, 1, i, units);
}

/* Words of 3 and more units from unit i on, given the trie's base below the second. */
static void mark_longer(const kehu__scorer *s, kehu__piece *piece, uint32_t i,
                        uint32_t base)
{
    const uint16_t *labels = piece->labels + KEHU__PADS;
    const uint32_t end =
        piece->n - i < KEHU__LISTED_LONGEST ? piece->n : i + KEHU__LISTED_LONGEST;
    for (uint32_t j = i + 2; j < end && base != 0; j++) {
        kehu__slot slot;
        if (labels[j] == 0 || kehu__trie_child(&s->longer, base, labels[j], &slot) == 0)
            break;
        mark(piece, kehu__slot_value(&s->longer, slot), i, j + 1 - i);
        base = kehu__slot_base(&s->longer, slot);
    }
}

/* Pairs that have no place go to the free one; words are marked. */
static void look_up(const kehu__scorer *s, kehu__piece *piece, kehu__places *places)
{
    const uint32_t base_mask = (1u << KEHU__BASE_BITS) - 1;
    uint32_t bases[KEHU__PIECE_MAX + 2 * KEHU__PADS];
    const uint32_t first = KEHU__PADS, end = KEHU__PADS + piece->n;
    for (uint32_t k = 1; k < end + 1; k++) {
        const uint16_t *c = piece->labels + k;
        const char *near = s->near.places + (size_t)KEHU__NEAR_SIZE * places->near[k];
        const char *gapped =
            s->gapped.places + (size_t)KEHU__GAPPED_SIZE * places->gapped[k];
        const uint64_t key_and_base = kehu__load64(near);
        const uint32_t found = (uint32_t)(key_and_base >> 32);
        const bool is_there = (uint32_t)key_and_base == kehu__pair_key(c[0], c[1]);
        places->near[k] = is_there ? places->near[k] : s->near.n;
        if (kehu__load32(gapped) != kehu__pair_key(c[0], c[2]))
            places->gapped[k] = s->gapped.n;
        bases[k] = is_there ? found & base_mask : 0;
        if (is_there && found != 0 && k >= first && k + 1 < end) {
            mark(piece, found >> KEHU__BASE_BITS, k - first, 2);
            if (bases[k] != 0)
                kehu__trie_prefetch(&s->longer, bases[k], c[2]);
        }
    }
    for (uint32_t k = first; k + 2 < end; k++)
        if (bases[k] != 0)
            mark_longer(s, piece, k - first, bases[k]);
}

/* Sums of the weights of four tags in lanes that they do not leave. */
typedef struct sums {
    uint64_t records;   /* four lanes of 16 bits */
    uint32_t even, odd; /* of pairs: tags 0 and 2, 1 and 3 */
} sums;

static inline void add_record(sums *sum, const char *records, size_t i)
{
    sum->records += kehu__load64(records + KEHU__RECORD * i);
}

static inline void add_pair(sums *sum, const char *weights, size_t place)
{
    const uint32_t half = 0x00FF00FF, four = kehu__load32(weights + 4 * place);
    sum->even += four & half;
    sum->odd += four >> 8 & half;
}

static inline void add_up(const sums *sum, int32_t n_records, int32_t scores[KEHU__TAGS])
{
    const int32_t n_pairs = KEHU__NEAR_PLACES + KEHU__GAPPED_PLACES;
    const int32_t zero =
        n_records * KEHU__WEIGHT_ZERO + n_pairs * KEHU__PAIR_ZERO * KEHU__PAIR_STEP;
    const uint32_t pairs[KEHU__TAGS] = {sum->even & 0xFFFF, sum->odd & 0xFFFF,
                                        sum->even >> 16, sum->odd >> 16};
    for (int tag = 0; tag < KEHU__TAGS; tag++)
        scores[tag] = (int32_t)(sum->records >> 16 * tag & 0xFFFF) +
                      (int32_t)pairs[tag] * KEHU__PAIR_STEP - zero;
}

static void score_units(const kehu__scorer *s, const kehu__piece *piece,
                        const kehu__places *places,
                        int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS])
{
    const bool two_lists = s->two_lists;
    const uint32_t n_trained = s->alphabet.n;
    const char *const near_weights = s->near.places + KEHU__NEAR_WEIGHTS;
    const char *const gapped_weights = s->gapped.places + KEHU__GAPPED_WEIGHTS;
    for (uint32_t i = 0; i < piece->n; i++) {
        const uint16_t *c = piece->labels + KEHU__PADS + i - 2;
        const uint32_t *near = places->near + KEHU__PADS + i - 2;
        const uint32_t *gapped = places->gapped + KEHU__PADS + i - 2;
        const kehu__shape has = kehu__piece_shape(piece, i, two_lists);
        sums sum = {0, 0, 0};
        for (size_t k = 0; k < KEHU__SINGLE_PLACES; k++)
            add_record(&sum, s->singles,
                       (c[k] < n_trained ? c[k] : 0) * (size_t)KEHU__SINGLE_PLACES + k);
        for (size_t k = 0; k < KEHU__NEAR_PLACES; k++)
            add_pair(&sum, near_weights + (size_t)KEHU__NEAR_SIZE * near[k], k);
        for (size_t k = 0; k < KEHU__GAPPED_PLACES; k++)
            add_pair(&sum, gapped_weights + (size_t)KEHU__GAPPED_SIZE * gapped[k], k);
        add_record(&sum, s->fixed, KEHU__MODEL_FIVE + has.five);
        add_record(&sum, s->fixed, KEHU__MODEL_SAME + has.same);
        add_record(&sum, s->fixed, KEHU__MODEL_AROUND + has.around[0]);
        if (two_lists) {
            add_record(&sum, s->fixed,
                       KEHU__MODEL_AROUND + KEHU__N_AROUND + has.around[1]);
            add_record(&sum, s->fixed, KEHU__MODEL_BOTH + has.both);
        }
        add_up(&sum, KEHU__SINGLE_PLACES + (two_lists ? 5 : 3), scores[i]);
    }
}

void kehu__scorer_tag(const kehu__scorer *s, kehu__piece *piece, kehu__places *places,
                      uint8_t *tags)
{
    int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS];
    find_places(s, piece, places);
    kehu__piece_clear_words(piece);
    look_up(s, piece, places);
    score_units(s, piece, places, scores);
    kehu__piece_best(piece, scores, s->transitions, tags);
}
