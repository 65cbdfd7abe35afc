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
    SINGLE_PLACES = 5,
    N_FIVE = N_TYPES * N_TYPES * N_TYPES * N_TYPES * N_TYPES,
    N_THREE = N_TYPES * N_TYPES * N_TYPES,
    N_SAME = 16,
    N_HERE = 512,  /* begins, ends, covers */
    N_AROUND = 64, /* begins behind, ends before */
    N_EDGES = 64,  /* begins, ends */
    N_BOTH = 64 * 64,
    /* Groups of records without n-grams, each after the one before. */
    FIXED_FIVE = 0, /* 5 types */
    FIXED_THREE = FIXED_FIVE + N_FIVE,
    FIXED_SAME = FIXED_THREE + N_THREE,
    FIXED_LENGTHS = FIXED_SAME + N_SAME,                 /* begins, ends, covers */
    FIXED_AROUND = FIXED_LENGTHS + N_HERE * KEHU__LISTS, /* and of the neighbours */
    FIXED_EDGES = FIXED_AROUND + N_HERE * N_AROUND * KEHU__LISTS, /* without covers */
    FIXED_BOTH = FIXED_EDGES + N_EDGES * N_AROUND * KEHU__LISTS,  /* of both lists */
    N_FIXED = FIXED_BOTH + N_BOTH,
    /* The same of a model. */
    MODEL_FIVE = 0,
    MODEL_SAME = MODEL_FIVE + N_FIVE,
    MODEL_AROUND = MODEL_SAME + N_SAME,
    MODEL_BOTH = MODEL_AROUND + N_HERE * N_AROUND * KEHU__LISTS,
    N_MODEL = MODEL_BOTH + N_BOTH
};

static const size_t RECORD = 8; /* bytes */

uint32_t kehu__segmenter_lay_out(kehu__segmenter *s)
{
    /* Record 0 is never used: it stands for an n-gram that has no weights. */
    s->near_at = 1 + s->n_labels * SINGLE_PLACES;
    s->gapped_at = s->near_at + (s->near.n + 1) * KEHU__NEAR_PLACES;
    s->fixed_at = s->gapped_at + (s->gapped.n + 1) * KEHU__GAPPED_PLACES;
    return s->fixed_at + N_MODEL;
}

uint32_t kehu__segmenter_training_records(const kehu__segmenter *s)
{
    return s->fixed_at + N_FIXED;
}

void kehu__segmenter_join(const kehu__segmenter *s,
                          void (*add)(void *ctx, uint32_t to, uint32_t from), void *ctx)
{
    const uint32_t at = s->fixed_at;
    for (uint32_t i = 0; i < N_FIVE; i++) {
        add(ctx, at + MODEL_FIVE + i, at + FIXED_FIVE + i);
        add(ctx, at + MODEL_FIVE + i, at + FIXED_THREE + i / N_TYPES % N_THREE);
    }
    for (uint32_t i = 0; i < N_SAME; i++)
        add(ctx, at + MODEL_SAME + i, at + FIXED_SAME + i);
    for (uint32_t i = 0; i < N_HERE * N_AROUND * KEHU__LISTS; i++) {
        const uint32_t here =
            i / N_AROUND; /* of its list, after that of the list before */
        add(ctx, at + MODEL_AROUND + i, at + FIXED_AROUND + i);
        add(ctx, at + MODEL_AROUND + i, at + FIXED_LENGTHS + here);
        add(ctx, at + MODEL_AROUND + i,
            at + FIXED_EDGES + here / 8 * N_AROUND + i % N_AROUND);
    }
    for (uint32_t i = 0; i < N_BOTH; i++)
        add(ctx, at + MODEL_BOTH + i, at + FIXED_BOTH + i);
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

/* Ask for the slots in which the second characters of words stand, if any do: the
 * first ones lie close together. */
static void fetch_words(const kehu__trie *trie, const uint16_t *labels, uint32_t n)
{
    kehu__slot slot;
    for (uint32_t i = 0; i + 1 < n; i++) {
        const uint32_t next = labels[i + 1];
        if (labels[i] != 0 && kehu__trie_child(trie, 0, labels[i], &slot) != 0) {
            const uint32_t at =
                kehu__slot_base(trie, slot) +
                (next < KEHU__LABEL_PAGES ? next : kehu__label_page(next));
            if (at < trie->n_slots)
                __builtin_prefetch(trie->slots + (size_t)at * trie->slot_bytes);
        }
    }
}

static void fetch_pairs(const kehu__pairs *near, const kehu__pairs *gapped,
                        const uint16_t *labels, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        __builtin_prefetch(kehu__pair_place(near, labels[k], labels[k + 1]));
        __builtin_prefetch(kehu__pair_place(gapped, labels[k], labels[k + 2]));
    }
}

static void find_pairs(kehu__piece *piece, const kehu__segmenter *s, uint32_t k)
{
    const uint16_t *labels = piece->labels + k;
    piece->near[k] = kehu__pair_find(&s->near, labels[0], labels[1]);
    piece->gapped[k] = kehu__pair_find(&s->gapped, labels[0], labels[2]);
    if (s->weights != NULL) { /* not while training */
        const char *const w = s->weights;
        __builtin_prefetch(
            w + RECORD * (s->near_at + (size_t)piece->near[k] * KEHU__NEAR_PLACES));
        __builtin_prefetch(
            w + RECORD * (s->gapped_at + (size_t)piece->gapped[k] * KEHU__GAPPED_PLACES));
    }
}

/* What lies far apart is asked for before it is looked at: waiting for memory is most
 * of the work. */
void kehu__piece_prepare(kehu__piece *piece, const kehu__segmenter *s,
                         uint8_t *const hidden[KEHU__LISTS])
{
    const uint32_t n = piece->n;
    uint16_t *labels = piece->labels;
    for (uint32_t k = 0; k < KEHU__PADS; k++) {
        labels[k] = (uint16_t)kehu__label_before(s);
        labels[KEHU__PADS + n + k] = (uint16_t)kehu__label_after(s);
        piece->types[k] = piece->types[KEHU__PADS + n + k] = TYPE_OUTSIDE;
    }
    fetch_pairs(&s->near, &s->gapped, labels + 1, KEHU__PADS + n);
    fetch_words(&s->words.trie, labels + KEHU__PADS, n);
    if (s->other != NULL)
        fetch_words(&s->other->trie, piece->other_labels, n);
    for (uint32_t k = 1; k < KEHU__PADS + n + 1; k++)
        find_pairs(piece, s, k);
    mark_words(piece, 0, &s->words, labels + KEHU__PADS, (uint16_t)kehu__label_before(s),
               hidden == NULL ? NULL : hidden[0]);
    mark_words(piece, 1, s->other, piece->other_labels, UINT16_MAX,
               hidden == NULL ? NULL : hidden[1]);
}

/* What the features of unit i have in common with those of a model. */
typedef struct shape {
    uint32_t three, five, same; /* numbers of the types, of the repetition */
    uint32_t around[KEHU__LISTS], both;
} shape;

static uint32_t around(const kehu__piece *piece, uint32_t i, int list)
{
    const uint8_t *begins = piece->begins[list] + 1 + i;
    const uint8_t *ends = piece->ends[list] + 1 + i;
    const uint32_t here = begins[0] * 64u + ends[0] * 8u + piece->covers[list][1 + i];
    return here * N_AROUND + begins[1] * 8u + ends[-1];
}

static inline shape shape_of(const kehu__piece *piece, uint32_t i, bool two_lists)
{
    const uint16_t *c = piece->labels + KEHU__PADS + i;
    const uint8_t *t = piece->types + KEHU__PADS + i;
    shape s = {.three = (uint32_t)(t[-1] * N_TYPES + t[0]) * N_TYPES + t[1]};
    s.five = (t[-2] * (uint32_t)N_THREE + s.three) * N_TYPES + t[2];
    s.same = (c[-2] == c[0] ? 2u : 0) + (c[-1] == c[0] ? 1u : 0) +
             (c[0] == c[1] ? 4u : 0) + (c[0] == c[2] ? 8u : 0);
    s.around[0] = around(piece, i, 0);
    if (two_lists) {
        s.around[1] = around(piece, i, 1);
        s.both = (s.around[0] >> 9) * 64 + (s.around[1] >> 9);
    }
    return s;
}

/* Record `at` of a group of places; the whole group has no weights when number is 0. */
static inline uint32_t place(uint32_t group, uint32_t number, uint32_t n, uint32_t at)
{
    return number == 0 ? 0 : group + number * n + at;
}

uint32_t kehu__piece_features(const kehu__piece *piece, const kehu__segmenter *s,
                              uint32_t i, uint32_t records[KEHU__FEATURES])
{
    const uint16_t *c = piece->labels + KEHU__PADS + i;
    const uint32_t *near = piece->near + KEHU__PADS + i;
    const uint32_t *gapped = piece->gapped + KEHU__PADS + i;
    const uint32_t fixed = s->fixed_at, n_lists = s->other == NULL ? 1 : 2;
    const shape has = shape_of(piece, i, s->other != NULL);
    uint32_t n = 0;
    for (uint32_t k = 0; k < SINGLE_PLACES; k++)
        records[n++] = 1 + c[(int)k - 2] * (uint32_t)SINGLE_PLACES + k;
    for (uint32_t k = 0; k < KEHU__NEAR_PLACES; k++)
        records[n++] = place(s->near_at, near[(int)k - 2], KEHU__NEAR_PLACES, k);
    for (uint32_t k = 0; k < KEHU__GAPPED_PLACES; k++)
        records[n++] = place(s->gapped_at, gapped[(int)k - 2], KEHU__GAPPED_PLACES, k);
    records[n++] = fixed + FIXED_THREE + has.three;
    records[n++] = fixed + FIXED_FIVE + has.five;
    records[n++] = fixed + FIXED_SAME + has.same;
    for (uint32_t l = 0; l < n_lists; l++) {
        const uint32_t here = has.around[l] / N_AROUND;
        records[n++] = fixed + FIXED_LENGTHS + N_HERE * l + here;
        records[n++] = fixed + FIXED_AROUND + N_HERE * N_AROUND * l + has.around[l];
        records[n++] = fixed + FIXED_EDGES + N_EDGES * N_AROUND * l +
                       here / 8 * N_AROUND + has.around[l] % N_AROUND;
    }
    if (s->other != NULL)
        records[n++] = fixed + FIXED_BOTH + has.both;
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

/* Sums of four weights side by side: tags 0 and 2 in one word, 1 and 3 in the other,
 * in halves that their sums do not leave. */
typedef struct sums {
    uint64_t even, odd;
} sums;

static inline void add_record(sums *sum, const char *weights, size_t record)
{
    const uint64_t half = UINT64_C(0x0000FFFF0000FFFF);
    const uint64_t four = kehu__load64(weights + RECORD * record);
    sum->even += four & half;
    sum->odd += four >> 16 & half;
}

void kehu__piece_tag(const kehu__piece *piece, const kehu__segmenter *s, uint8_t *tags)
{
    int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS];
    const bool two_lists = s->other != NULL;
    const char *const w = s->weights, *const fixed = w + RECORD * s->fixed_at;
    const char *const near_at = w + RECORD * s->near_at;
    const char *const gapped_at = w + RECORD * s->gapped_at;
    const int32_t zero = KEHU__WEIGHT_ZERO * (two_lists ? 17 : 15);
    for (uint32_t i = 0; i < piece->n; i++) {
        const uint16_t *c = piece->labels + KEHU__PADS + i - 2;
        const uint32_t *near = piece->near + KEHU__PADS + i - 2;
        const uint32_t *gapped = piece->gapped + KEHU__PADS + i - 2;
        const shape has = shape_of(piece, i, two_lists);
        sums sum = {0, 0};
        for (size_t k = 0; k < SINGLE_PLACES; k++)
            add_record(&sum, w + RECORD, c[k] * (size_t)SINGLE_PLACES + k);
        for (size_t k = 0; k < KEHU__NEAR_PLACES; k++)
            add_record(&sum, near_at, (size_t)near[k] * KEHU__NEAR_PLACES + k);
        for (size_t k = 0; k < KEHU__GAPPED_PLACES; k++)
            add_record(&sum, gapped_at, (size_t)gapped[k] * KEHU__GAPPED_PLACES + k);
        add_record(&sum, fixed, MODEL_FIVE + has.five);
        add_record(&sum, fixed, MODEL_SAME + has.same);
        add_record(&sum, fixed, MODEL_AROUND + has.around[0]);
        if (two_lists) {
            add_record(&sum, fixed, MODEL_AROUND + N_HERE * N_AROUND + has.around[1]);
            add_record(&sum, fixed, MODEL_BOTH + has.both);
        }
        scores[i][0] = (int32_t)(uint32_t)sum.even - zero;
        scores[i][1] = (int32_t)(uint32_t)sum.odd - zero;
        scores[i][2] = (int32_t)(sum.even >> 32) - zero;
        scores[i][3] = (int32_t)(sum.odd >> 32) - zero;
    }
    kehu__piece_best(piece, scores, s->transitions, tags);
}

kehu_span_kind kehu__piece_kind(const kehu__piece *piece, uint32_t first, uint32_t end,
                                uint32_t word)
{
    const uint8_t *types = piece->types + KEHU__PADS;
    bool all_numerals = true;
    for (uint32_t i = first; i < end; i++) {
        if (types[i] != TYPE_HAN && types[i] != TYPE_NUMERAL && types[i] != TYPE_TIME)
            return (kehu_span_kind)0;
        all_numerals = all_numerals && types[i] == TYPE_NUMERAL;
    }
    if (word != 0)
        return KEHU_SPAN_WORD;
    if (end - first == 1)
        return KEHU_SPAN_CHARACTER;
    return all_numerals ? KEHU_SPAN_NUMBER : KEHU_SPAN_WORD;
}
