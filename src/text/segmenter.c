/* Reading pieces, finding features, and the best sequence of tags. */
#include "text/segmenter.h"

#include "base/utf8.h"
#include "text/atom.h"
#include "text/normalize.h"

enum {
    TYPE_HAN,
    TYPE_DIGIT,
    TYPE_LETTER,
    TYPE_NUMERAL,
    TYPE_TIME,
    TYPE_OTHER,
    TYPE_OUTSIDE,
    N_TYPES,
    LONGEST = 8, /* units of the words looked for */
    MOST = 5,    /* what a length counts at most */
    OUTSIDE = 7, /* the length before and after the piece */
    NEAR_PLACES = 4,
    GAPPED_PLACES = 3,
    SINGLE_PLACES = 5,
    /* Groups of records without n-grams, each after the one before. */
    FIXED_FIVE = 0, /* 5 types */
    FIXED_THREE = FIXED_FIVE + N_TYPES * N_TYPES * N_TYPES * N_TYPES * N_TYPES,
    FIXED_SAME = FIXED_THREE + N_TYPES * N_TYPES * N_TYPES,
    FIXED_LENGTHS = FIXED_SAME + 16, /* begins, ends, covers: 512 a list */
    FIXED_AROUND = FIXED_LENGTHS + 512 * KEHU__LISTS, /* and of the neighbours */
    FIXED_EDGES = FIXED_AROUND + 32768 * KEHU__LISTS, /* without covers */
    FIXED_BOTH = FIXED_EDGES + 4096 * KEHU__LISTS,    /* begins, ends of both lists */
    N_FIXED = FIXED_BOTH + 4096
};

void kehu__segmenter_lay_out(kehu__segmenter *s)
{
    /* Record 0 is never used: it stands for an n-gram that has no weights. */
    s->near_at = 1 + s->n_labels * SINGLE_PLACES;
    s->gapped_at = s->near_at + (s->near.n + 1) * NEAR_PLACES;
    s->fixed_at = s->gapped_at + (s->gapped.n + 1) * GAPPED_PLACES;
    s->n_records = s->fixed_at + N_FIXED;
}

static uint8_t type_of(uint32_t c)
{
    switch (kehu__class_of(c)) {
    case KEHU__CLASS_HAN: {
        const uint8_t numeral = kehu__numeral(c);
        if (numeral != KEHU__NUMERAL_NONE && numeral < KEHU__NUMERAL_YUAN)
            return TYPE_NUMERAL;
        return c == 0x5E74 || c == 0x6708 || c == 0x65E5 || c == 0x65F6 || c == 0x5206 ||
                       c == 0x79D2 /* 年月日时分秒 */
                   ? TYPE_TIME
                   : TYPE_HAN;
    }
    case KEHU__CLASS_DIGIT:
        return TYPE_DIGIT;
    case KEHU__CLASS_LATIN:
    case KEHU__CLASS_KANA:
    case KEHU__CLASS_HANGUL:
    case KEHU__CLASS_LETTER:
        return TYPE_LETTER;
    case KEHU__CLASS_MARK:
    case KEHU__CLASS_EMOJI:
    case KEHU__CLASS_PUNCTUATION:
    case KEHU__CLASS_SPACE:
    case KEHU__CLASS_CONTROL:
    case KEHU__CLASS_BAD:
        break;
    }
    return TYPE_OTHER;
}

static bool ends_sentence(uint32_t c)
{
    return c == 0x3002 || c == '!' || c == '?' || c == ';';
}

static bool stands_alone(kehu_span_kind kind)
{
    return kind == KEHU_SPAN_URL || kind == KEHU_SPAN_EMAIL || kind == KEHU_SPAN_PHONE ||
           kind == KEHU_SPAN_EMOJI || kind == KEHU_SPAN_SPACE ||
           kind == KEHU_SPAN_CONTROL || kind == KEHU_SPAN_BAD_BYTE;
}

static bool is_one_unit(kehu_span_kind kind)
{
    return kind == KEHU_SPAN_LATIN || kind == KEHU_SPAN_MIXED ||
           kind == KEHU_SPAN_FOREIGN;
}

/* One character as a unit. Returns the character, folded. */
static uint32_t add_character(kehu__piece *piece, const kehu__segmenter *s,
                              const char *start, const char **p, const char *end)
{
    const uint32_t i = piece->n++, raw_at = (uint32_t)(*p - start);
    const uint32_t raw = kehu__utf8_next(p, end), c = kehu__fold(raw);
    piece->offsets[i] = raw_at;
    piece->whole[i] = 0;
    piece->types[KEHU__PADS + i] = type_of(c);
    piece->labels[KEHU__PADS + i] = (uint16_t)kehu__dictionary_label(&s->words, raw);
    piece->other_labels[i] =
        s->other == NULL ? 0 : (uint16_t)kehu__dictionary_label(s->other, raw);
    return c;
}

static void add_whole(kehu__piece *piece, const kehu__segmenter *s, uint32_t offset,
                      kehu_span_kind kind)
{
    const uint32_t i = piece->n++;
    piece->offsets[i] = offset;
    piece->whole[i] = (uint8_t)kind;
    piece->types[KEHU__PADS + i] = TYPE_LETTER;
    piece->labels[KEHU__PADS + i] = (uint16_t)kehu__label_letters(s);
    piece->other_labels[i] = 0;
}

const char *kehu__piece_read(kehu__piece *piece, const kehu__segmenter *s, const char *p,
                             const char *end, kehu_span_kind *alone)
{
    const char *const start = p;
    piece->n = 0;
    while (p < end && piece->n < KEHU__PIECE_MAX) {
        const char *next = p;
        const uint32_t c = kehu__utf8_next(&next, end);
        kehu__atom atom;
        if (kehu__class_of(c) == KEHU__CLASS_HAN) {
            add_character(piece, s, start, &p, end);
            continue;
        }
        atom = kehu__atom_at(p, end, true);
        if (stands_alone(atom.kind)) {
            if (p > start)
                break;
            *alone = atom.kind;
            return atom.end;
        }
        if (is_one_unit(atom.kind)) {
            add_whole(piece, s, (uint32_t)(p - start), atom.kind);
            p = atom.end;
        } else if (ends_sentence(add_character(piece, s, start, &p, end))) {
            break;
        }
    }
    piece->offsets[piece->n] = (uint32_t)(p - start);
    return p;
}

/* Mark the words of one list. Labels of unit i stand in labels[i]. */
static void mark_words(kehu__piece *piece, int list, const kehu__dictionary *d,
                       const uint16_t *labels, uint16_t n_characters,
                       const uint8_t *hidden)
{
    uint8_t *begins = piece->begins[list] + 1, *ends = piece->ends[list] + 1;
    uint8_t *covers = piece->covers[list] + 1;
    memset(piece->begins[list], 0, piece->n + 2);
    memset(piece->ends[list], 0, piece->n + 2);
    memset(piece->covers[list], 0, piece->n + 2);
    for (uint32_t i = 0; i < piece->n && d != NULL; i++) {
        uint32_t base = 0, at;
        kehu__slot slot;
        for (uint32_t j = i; j < piece->n && j < i + LONGEST; j++) {
            if (labels[j] == 0 || labels[j] >= n_characters ||
                (at = kehu__trie_child(&d->trie, base, labels[j], &slot)) == 0)
                break;
            if (j > i && kehu__slot_value(&d->trie, slot) != 0 &&
                (hidden == NULL || (hidden[at >> 3] >> (at & 7) & 1) == 0)) {
                const uint8_t length = (uint8_t)(j + 1 - i < MOST ? j + 1 - i : MOST);
                begins[i] = length > begins[i] ? length : begins[i];
                ends[j] = length > ends[j] ? length : ends[j];
                for (uint32_t k = i + 1; k < j; k++)
                    covers[k] = length > covers[k] ? length : covers[k];
            }
            if ((base = kehu__slot_base(&d->trie, slot)) == 0)
                break;
        }
    }
    begins[-1] = ends[-1] = begins[piece->n] = ends[piece->n] = OUTSIDE;
}

void kehu__piece_prepare(kehu__piece *piece, const kehu__segmenter *s,
                         const uint8_t *hidden)
{
    const uint32_t n = piece->n;
    uint16_t *labels = piece->labels;
    for (uint32_t k = 0; k < KEHU__PADS; k++) {
        labels[k] = (uint16_t)kehu__label_before(s);
        labels[KEHU__PADS + n + k] = (uint16_t)kehu__label_after(s);
        piece->types[k] = piece->types[KEHU__PADS + n + k] = TYPE_OUTSIDE;
    }
    for (uint32_t k = 1; k < KEHU__PADS + n + 1; k++) {
        const uint32_t near = kehu__pair_find(&s->near, labels[k], labels[k + 1]);
        const uint32_t gapped = kehu__pair_find(&s->gapped, labels[k], labels[k + 2]);
        piece->near[k] = near == 0 ? 0 : s->near_at + near * NEAR_PLACES;
        piece->gapped[k] = gapped == 0 ? 0 : s->gapped_at + gapped * GAPPED_PLACES;
    }
    mark_words(piece, 0, &s->words, labels + KEHU__PADS, (uint16_t)kehu__label_before(s),
               hidden);
    mark_words(piece, 1, s->other, piece->other_labels, UINT16_MAX, NULL);
}

/* Record `at` of a group of places; the whole group has no weights when 0. */
static inline uint32_t place(uint32_t group, uint32_t at)
{
    return group == 0 ? 0 : group + at;
}

static uint32_t list_features(const kehu__piece *piece, uint32_t fixed, uint32_t i,
                              int list, uint32_t *records)
{
    const uint8_t *begins = piece->begins[list] + 1 + i,
                  *ends = piece->ends[list] + 1 + i;
    const uint32_t covers = piece->covers[list][1 + i], l = (uint32_t)list;
    const uint32_t here = begins[0] * 64u + ends[0] * 8u + covers;
    const uint32_t beside = begins[1] * 8u + ends[-1];
    records[0] = fixed + FIXED_LENGTHS + 512 * l + here;
    records[1] = fixed + FIXED_AROUND + 32768 * l + here * 64 + beside;
    records[2] = fixed + FIXED_EDGES + 4096 * l + (here >> 3) * 64 + beside;
    return 3;
}

uint32_t kehu__piece_features(const kehu__piece *piece, const kehu__segmenter *s,
                              uint32_t i, uint32_t records[KEHU__FEATURES])
{
    const uint16_t *c = piece->labels + KEHU__PADS + i;
    const uint8_t *t = piece->types + KEHU__PADS + i;
    const uint32_t *near = piece->near + KEHU__PADS + i;
    const uint32_t *gapped = piece->gapped + KEHU__PADS + i;
    const uint32_t fixed = s->fixed_at;
    uint32_t n = 0;
    for (int k = 0; k < SINGLE_PLACES; k++)
        records[n++] = 1 + c[k - 2] * (uint32_t)SINGLE_PLACES + (uint32_t)k;
    for (int k = 0; k < NEAR_PLACES; k++)
        records[n++] = place(near[k - 2], (uint32_t)k);
    for (int k = 0; k < GAPPED_PLACES; k++)
        records[n++] = place(gapped[k - 2], (uint32_t)k);
    const uint32_t three = (uint32_t)(t[-1] * N_TYPES + t[0]) * N_TYPES + t[1];
    records[n++] = fixed + FIXED_THREE + three;
    records[n++] = fixed + FIXED_FIVE +
                   (t[-2] * (uint32_t)(N_TYPES * N_TYPES * N_TYPES) + three) * N_TYPES +
                   t[2];
    records[n++] = fixed + FIXED_SAME + (c[-2] == c[0] ? 2u : 0) +
                   (c[-1] == c[0] ? 1u : 0) + (c[0] == c[1] ? 4u : 0) +
                   (c[0] == c[2] ? 8u : 0);
    n += list_features(piece, fixed, i, 0, records + n);
    if (s->other != NULL) {
        n += list_features(piece, fixed, i, 1, records + n);
        records[n++] = fixed + FIXED_BOTH +
                       (piece->begins[0][1 + i] * 8u + piece->ends[0][1 + i]) * 64 +
                       piece->begins[1][1 + i] * 8u + piece->ends[1][1 + i];
    }
    return n;
}

void kehu__piece_best(const kehu__piece *piece,
                      int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS],
                      const int32_t transitions[KEHU__TAGS][KEHU__TAGS], uint8_t *tags)
{
    enum { NEVER = -(1 << 29) };
    uint8_t came[KEHU__PIECE_MAX]; /* a bit a tag: from the second of its two */
    int32_t b = NEVER, m = NEVER, e = 0, s = NEVER;
    const int32_t(*w)[KEHU__TAGS] = transitions;
    const uint32_t n = piece->n;
    uint8_t tag;
    for (uint32_t i = 0; i < n; i++) {
        const int32_t *here = scores[i];
        const int32_t old_b = b, old_m = m, old_e = e, old_s = s;
        uint8_t bits = 0;
        int32_t x = old_e + (i == 0 ? 0 : w[KEHU__TAG_E][KEHU__TAG_B]);
        int32_t y = old_s + w[KEHU__TAG_S][KEHU__TAG_B];
        b = (x >= y ? x : y) + here[KEHU__TAG_B];
        bits |= x >= y ? 0 : 1;
        x = old_e + (i == 0 ? 0 : w[KEHU__TAG_E][KEHU__TAG_S]);
        y = old_s + w[KEHU__TAG_S][KEHU__TAG_S];
        s = (x >= y ? x : y) + here[KEHU__TAG_S];
        bits |= x >= y ? 0 : 2;
        x = old_b + w[KEHU__TAG_B][KEHU__TAG_M];
        y = old_m + w[KEHU__TAG_M][KEHU__TAG_M];
        m = (x >= y ? x : y) + here[KEHU__TAG_M];
        bits |= x >= y ? 0 : 4;
        x = old_b + w[KEHU__TAG_B][KEHU__TAG_E];
        y = old_m + w[KEHU__TAG_M][KEHU__TAG_E];
        e = (x >= y ? x : y) + here[KEHU__TAG_E];
        bits |= x >= y ? 0 : 8;
        if (piece->whole[i] != 0)
            b = m = e = NEVER;
        b = b < NEVER ? NEVER : b;
        m = m < NEVER ? NEVER : m;
        e = e < NEVER ? NEVER : e;
        s = s < NEVER ? NEVER : s;
        came[i] = bits;
    }
    tag = e > s ? KEHU__TAG_E : KEHU__TAG_S;
    for (uint32_t i = n; i-- > 0;) {
        const uint8_t bits = came[i];
        tags[i] = tag;
        tag = tag == KEHU__TAG_B   ? (bits & 1 ? KEHU__TAG_S : KEHU__TAG_E)
              : tag == KEHU__TAG_S ? (bits & 2 ? KEHU__TAG_S : KEHU__TAG_E)
              : tag == KEHU__TAG_M ? (bits & 4 ? KEHU__TAG_M : KEHU__TAG_B)
                                   : (bits & 8 ? KEHU__TAG_M : KEHU__TAG_B);
    }
}

void kehu__piece_tag(const kehu__piece *piece, const kehu__segmenter *s, uint8_t *tags)
{
    int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS];
    for (uint32_t i = 0; i < piece->n; i++) {
        uint32_t records[KEHU__FEATURES];
        const uint32_t n = kehu__piece_features(piece, s, i, records);
        int32_t sum[KEHU__TAGS] = {0};
        for (uint32_t k = 0; k < n; k++)
            for (int t = 0; t < KEHU__TAGS; t++)
                sum[t] += (int16_t)kehu__load16(
                    s->weights + 2 * ((size_t)records[k] * KEHU__TAGS + (size_t)t));
        memcpy(scores[i], sum, sizeof sum);
    }
    kehu__piece_best(piece, scores, s->transitions, tags);
}
