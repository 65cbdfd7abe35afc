/* Looking features up while training. */
#include "text/segmenter_features.h"

#include "base/utf8.h"

uint32_t kehu__segmenter_lay_out(kehu__segmenter *s)
{
    s->near_at = 1 + s->alphabet.n * KEHU__SINGLE_PLACES;
    s->gapped_at = s->near_at + (s->near.n + 1) * KEHU__NEAR_PLACES;
    s->fixed_at = s->gapped_at + (s->gapped.n + 1) * KEHU__GAPPED_PLACES;
    return s->fixed_at + KEHU__N_FIXED;
}

/* Number of a pair, from 1 up; 0 = it has none. */
static uint32_t number_of(const kehu__numbering *pairs, uint32_t a, uint32_t b)
{
    const uint32_t key = a << 16 | b;
    uint32_t at = kehu__numbering_hash(key) & pairs->mask;
    for (;; at = (at + 1) & pairs->mask) {
        const uint64_t place = kehu__load64(pairs->places + 8 * (size_t)at);
        if ((uint32_t)place == key)
            return (uint32_t)(place >> 32);
        if (place == 0)
            return 0;
    }
}

/* Mark the words of one list. Labels of unit i stand in labels[i]. */
static void mark_words(kehu__piece *piece, int list, const kehu__dictionary *d,
                       const uint16_t *labels, uint32_t n_labels, const uint8_t *hidden)
{
    for (uint32_t i = 0; i < piece->n; i++) {
        uint32_t base = 0, at;
        kehu__slot slot;
        for (uint32_t j = i; j < piece->n && j < i + KEHU__LISTED_LONGEST; j++) {
            if (labels[j] == 0 || labels[j] >= n_labels ||
                (at = kehu__trie_child(&d->trie, base, labels[j], &slot)) == 0)
                break;
            if (j > i && kehu__slot_value(&d->trie, slot) != 0 &&
                (hidden == NULL || (hidden[at >> 3] >> (at & 7) & 1) == 0))
                kehu__piece_mark_word(piece, list, i, j + 1 - i);
            if ((base = kehu__slot_base(&d->trie, slot)) == 0)
                break;
        }
    }
}

void kehu__features_label(kehu__features *f, const kehu__piece *piece,
                          const kehu__segmenter *s, const char *start)
{
    for (uint32_t i = 0; i < piece->n && s->other != NULL; i++) {
        const char *p = start + piece->offsets[i];
        f->other_labels[i] =
            piece->whole[i] != 0
                ? 0
                : (uint16_t)kehu__dictionary_label(
                      s->other, kehu__utf8_next(&p, start + piece->offsets[i + 1]));
    }
}

void kehu__features_find(kehu__features *f, kehu__piece *piece, const kehu__segmenter *s,
                         uint8_t *const hidden[KEHU__LISTS])
{
    for (uint32_t k = 1; k < KEHU__PADS + piece->n + 1; k++) {
        const uint16_t *c = piece->labels + k;
        f->near[k] = number_of(&s->near, c[0], c[1]);
        f->gapped[k] = number_of(&s->gapped, c[0], c[2]);
    }
    kehu__piece_clear_words(piece);
    mark_words(piece, 0, s->words, piece->labels + KEHU__PADS,
               kehu__label_before(&s->alphabet), hidden[0]);
    if (s->other != NULL)
        mark_words(piece, 1, s->other, f->other_labels, UINT32_MAX, hidden[1]);
}

/* Record `at` of a group of places; the whole group has no weights when number is 0. */
static inline uint32_t place(uint32_t group, uint32_t number, uint32_t n, uint32_t at)
{
    return number == 0 ? 0 : group + number * n + at;
}

uint32_t kehu__features_records(const kehu__features *f, const kehu__piece *piece,
                                const kehu__segmenter *s, uint32_t i,
                                uint32_t records[KEHU__FEATURES])
{
    const uint16_t *c = piece->labels + KEHU__PADS + i;
    const uint32_t *near = f->near + KEHU__PADS + i;
    const uint32_t *gapped = f->gapped + KEHU__PADS + i;
    const uint32_t fixed = s->fixed_at, n_lists = s->other == NULL ? 1 : 2;
    const kehu__shape has = kehu__piece_shape(piece, i, s->other != NULL);
    uint32_t n = 0;
    for (uint32_t k = 0; k < KEHU__SINGLE_PLACES; k++)
        records[n++] = 1 + c[(int)k - 2] * (uint32_t)KEHU__SINGLE_PLACES + k;
    for (uint32_t k = 0; k < KEHU__NEAR_PLACES; k++)
        records[n++] = place(s->near_at, near[(int)k - 2], KEHU__NEAR_PLACES, k);
    for (uint32_t k = 0; k < KEHU__GAPPED_PLACES; k++)
        records[n++] = place(s->gapped_at, gapped[(int)k - 2], KEHU__GAPPED_PLACES, k);
    records[n++] = fixed + KEHU__FIXED_THREE + has.three;
    records[n++] = fixed + KEHU__FIXED_FIVE + has.five;
    records[n++] = fixed + KEHU__FIXED_SAME + has.same;
    for (uint32_t l = 0; l < n_lists; l++) {
        const uint32_t here = has.around[l] / KEHU__N_BESIDE;
        const uint32_t edges = here / 8 * KEHU__N_BESIDE + has.around[l] % KEHU__N_BESIDE;
        records[n++] = fixed + KEHU__FIXED_HERE + KEHU__N_HERE * l + here;
        records[n++] = fixed + KEHU__FIXED_AROUND + KEHU__N_AROUND * l + has.around[l];
        records[n++] =
            fixed + KEHU__FIXED_EDGES + KEHU__N_EDGES * KEHU__N_BESIDE * l + edges;
    }
    if (s->other != NULL)
        records[n++] = fixed + KEHU__FIXED_BOTH + has.both;
    return n;
}
