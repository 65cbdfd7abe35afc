/* Reading pieces, and the best sequence of tags. */
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
    TYPE_OUTSIDE
};

static uint8_t type_of_han(uint32_t c)
{
    const uint8_t numeral = kehu__numeral(c);
    if (numeral != KEHU__NUMERAL_NONE && numeral < KEHU__NUMERAL_YUAN)
        return TYPE_NUMERAL;
    return c == 0x5E74 || c == 0x6708 || c == 0x65E5 || c == 0x65F6 || c == 0x5206 ||
                   c == 0x79D2 /* 年月日时分秒 */
               ? TYPE_TIME
               : TYPE_HAN;
}

static uint8_t type_of(uint32_t c)
{
    switch (kehu__class_of(c)) {
    case KEHU__CLASS_HAN:
        return type_of_han(c);
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

/* One character as a unit. */
static void add_character(kehu__piece *piece, const kehu__alphabet *a, uint32_t offset,
                          uint32_t c, uint8_t type)
{
    const uint32_t i = piece->n++;
    piece->offsets[i] = offset;
    piece->whole[i] = piece->signs[i] = 0;
    piece->types[KEHU__PADS + i] = type;
    piece->labels[KEHU__PADS + i] = (uint16_t)kehu__paged_label(a->pages, a->labels, c);
}

static void add_whole(kehu__piece *piece, const kehu__alphabet *a, uint32_t offset,
                      kehu_span_kind kind)
{
    const uint32_t i = piece->n++;
    piece->offsets[i] = offset;
    piece->whole[i] = (uint8_t)kind;
    piece->signs[i] = 0;
    piece->types[KEHU__PADS + i] = TYPE_LETTER;
    piece->labels[KEHU__PADS + i] = (uint16_t)kehu__label_letters(a);
}

static void add_pads(kehu__piece *piece, const kehu__alphabet *a)
{
    uint16_t *labels = piece->labels, *after = labels + KEHU__PADS + piece->n;
    uint8_t *types = piece->types, *types_after = types + KEHU__PADS + piece->n;
    for (int k = 0; k < KEHU__PADS; k++) {
        labels[k] = (uint16_t)kehu__label_before(a);
        after[k] = (uint16_t)kehu__label_after(a);
        types[k] = types_after[k] = TYPE_OUTSIDE;
    }
}

const char *kehu__piece_read(kehu__piece *piece, const kehu__alphabet *a, const char *p,
                             const char *end, kehu_span_kind *alone)
{
    const char *const start = p;
    piece->n = 0;
    while (p < end && piece->n < KEHU__PIECE_MAX) {
        const uint32_t offset = (uint32_t)(p - start);
        const char *next = p;
        const uint32_t c = kehu__utf8_next(&next, end), folded = kehu__fold(c);
        kehu__atom atom;
        if (kehu__class_of(folded) == KEHU__CLASS_HAN) {
            add_character(piece, a, offset, c, type_of_han(folded));
            p = next;
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
            add_whole(piece, a, offset, atom.kind);
            p = atom.end;
        } else {
            add_character(piece, a, offset, c, type_of(folded));
            p = next;
            piece->signs[piece->n - 1] = p == atom.end ? (uint8_t)atom.kind : 0;
            if (ends_sentence(folded))
                break;
        }
    }
    piece->offsets[piece->n] = (uint32_t)(p - start);
    add_pads(piece, a);
    return p;
}

void kehu__piece_clear_words(kehu__piece *piece)
{
    const uint32_t n = piece->n;
    for (int list = 0; list < KEHU__LISTS; list++) {
        memset(piece->begins[list], 0, n + 2);
        memset(piece->ends[list], 0, n + 2);
        memset(piece->covers[list], 0, n + 2);
        piece->begins[list][0] = piece->begins[list][n + 1] = KEHU__OUTSIDE;
        piece->ends[list][0] = piece->ends[list][n + 1] = KEHU__OUTSIDE;
    }
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
