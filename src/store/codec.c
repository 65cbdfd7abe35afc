#include "store/codec.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/unpack.h"

enum {
    PACKED_INTS = 1,
    RAW_DOUBLES = 2,
    PACKED_DOUBLES = 3,
    PLAIN_TEXTS = 4,
    REPEATED_TEXTS = 5,
    PACK_HEADER = 17,
    FEW_VALUES = 512, /* need no memory but the stack */
    FEW_TEXTS = 64,
    ENOUGH_TO_TELL = 256 /* texts; if most of these differ, so will the rest */
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint32_t bits_of(uint64_t v)
{
    uint32_t n = 0;
    for (; v != 0; v >>= 1)
        n++;
    return n;
}

/* Division without a remainder, by a multiplication: with the inverse of the divisor's
 * odd part modulo 2^64 (Granlund and Montgomery, "Division by invariant integers using
 * multiplication", 1994, section 9). */
typedef struct divisor {
    uint64_t inverse, most; /* quotients of more are no whole ones */
    uint32_t shift;         /* zeros at the end */
} divisor;

static divisor divisor_of(uint64_t d)
{
    divisor by = {.shift = 0};
    for (; (d & 1) == 0; d >>= 1)
        by.shift++;
    by.inverse = d; /* right in three bits; each step doubles them */
    for (int i = 0; i < 5; i++)
        by.inverse *= 2 - d * by.inverse;
    by.most = UINT64_MAX / d;
    return by;
}

static inline uint64_t quotient(divisor by, uint64_t x)
{
    return (x >> by.shift) * by.inverse;
}

static inline bool divides(divisor by, uint64_t x)
{
    return quotient(by, x) <= by.most && (x & ((UINT64_C(1) << by.shift) - 1)) == 0;
}

/* Of what all values are above the least one; 1 where they are all the same. */
static uint64_t greatest_scale(const int64_t *values, uint32_t n, uint64_t base)
{
    uint64_t scale = 0;
    divisor by = {0};
    for (uint32_t i = 0; i < n && scale != 1; i++) {
        const uint64_t above = (uint64_t)values[i] - base;
        if (above == 0 || (scale != 0 && divides(by, above)))
            continue;
        scale = common_divisor(above, scale);
        by = divisor_of(scale);
    }
    return scale == 0 ? 1 : scale;
}

/* What the values are above base, divided, `width` (1 to 56) bits each. */
static void pack(const int64_t *values, uint32_t n, uint64_t base, divisor by,
                 uint32_t width, unsigned char *p)
{
    uint64_t held = 0;
    uint32_t n_held = 0; /* below 64 */
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t bits = quotient(by, (uint64_t)values[i] - base);
        held |= bits << n_held;
        n_held += width;
        if (n_held >= 64) {
            kehu__store64(p, held);
            p += 8;
            n_held -= 64;
            held = bits >> (width - n_held); /* 0 when nothing is left */
        }
    }
    for (; n_held > 0; n_held = n_held < 8 ? 0 : n_held - 8) {
        *p++ = (unsigned char)held;
        held >>= 8;
    }
}

void kehu__ints_encode(const int64_t *values, uint32_t n, kehu__buffer *out)
{
    int64_t least = n == 0 ? 0 : values[0], most = least;
    unsigned char *p;
    for (uint32_t i = 1; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    const uint64_t base = (uint64_t)least, scale = greatest_scale(values, n, base);
    uint32_t width = bits_of(((uint64_t)most - base) / scale);
    width = width > KEHU__WIDEST_PACK ? 64 : width;
    kehu__buffer_u64(out, base);
    kehu__buffer_u64(out, scale);
    kehu__buffer_u8(out, (uint8_t)width);
    p = kehu__buffer_room(out, (size_t)(((uint64_t)n * width + 7) / 8));
    if (p == NULL || width == 0)
        return;
    if (width <= KEHU__WIDEST_PACK) {
        pack(values, n, base, divisor_of(scale), width, p);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        kehu__store64(p + (size_t)i * 8, ((uint64_t)values[i] - base) / scale);
}

/* Which of the values that are there are wanted. */
typedef struct stretch {
    uint32_t n, first, count; /* of n in all */
    bool check;               /* the others must be sound too */
} stretch;

/* Returns the bytes of all of them, 0 when they are not sound. */
static size_t decode_stretch(int64_t *values, stretch s, const char *bytes, size_t size)
{
    kehu__packed p;
    uint64_t packed;
    if (size < PACK_HEADER)
        return 0;
    p = (kehu__packed){bytes + PACK_HEADER, 0, kehu__load64(bytes),
                       kehu__load64(bytes + 8), (unsigned char)bytes[16]};
    packed = ((uint64_t)s.n * p.width + 7) / 8;
    if ((p.width > KEHU__WIDEST_PACK && p.width != 64) || packed > size - PACK_HEADER)
        return 0;
    p.size = (size_t)packed;
    kehu__unpack(values, s.first, s.first + s.count, &p);
    return PACK_HEADER + p.size;
}

size_t kehu__ints_decode(int64_t *values, uint32_t n, const char *bytes, size_t size)
{
    return decode_stretch(values, (stretch){n, 0, n, false}, bytes, size);
}

/* Scratch of n integers while encoding; refused counts as a failed append. */
static int64_t *scratch_ints(kehu__buffer *out, size_t n)
{
    int64_t *ints = kehu__alloc(&out->alloc, n == 0 ? 1 : n, sizeof *ints);
    if (ints == NULL)
        out->failed = true;
    return ints;
}

static void encode_ints(const kehu__vector *v, kehu__buffer *out)
{
    int64_t *present;
    uint32_t n = 0;
    if (v->n_missing == 0) {
        kehu__ints_encode(v->values.ints, v->n, out);
        return;
    }
    if ((present = scratch_ints(out, v->n)) == NULL)
        return;
    for (uint32_t i = 0; i < v->n; i++)
        if (!v->missing[i])
            present[n++] = v->values.ints[i];
    kehu__ints_encode(present, n, out);
    kehu__free(&out->alloc, present, v->n == 0 ? 1 : v->n, sizeof *present);
}

/* Whole, of a size that survives the way to an integer and back, and not -0. */
static bool is_whole(double x)
{
    return fabs(x) < 0x1p53 && floor(x) == x && !(x == 0 && signbit(x));
}

static bool all_whole(const kehu__vector *v)
{
    for (uint32_t i = 0; i < v->n; i++)
        if (!v->missing[i] && !is_whole(v->values.doubles[i]))
            return false;
    return true;
}

static void encode_doubles(const kehu__vector *v, bool whole, kehu__buffer *out)
{
    int64_t *present;
    uint32_t n = 0;
    if (!whole) {
        for (uint32_t i = 0; i < v->n; i++)
            if (!v->missing[i])
                kehu__buffer_double(out, v->values.doubles[i]);
        return;
    }
    if ((present = scratch_ints(out, v->n)) == NULL)
        return;
    for (uint32_t i = 0; i < v->n; i++)
        if (!v->missing[i])
            present[n++] = (int64_t)v->values.doubles[i];
    kehu__ints_encode(present, n, out);
    kehu__free(&out->alloc, present, v->n == 0 ? 1 : v->n, sizeof *present);
}

/* Number the different texts in order of appearance. codes[] gets one number a
 * present row and first[] the row each number came from. Returns how many
 * differ, or 0 when there are too many to be worth it (or no memory). */
static uint32_t find_repeats(const kehu__vector *v, int64_t *codes, int64_t *first,
                             const kehu_allocator *alloc)
{
    const uint32_t worth = (v->n - v->n_missing) / 2;
    uint32_t n_codes = 0, n_present = 0;
    size_t n_slots = 16;
    uint32_t *slots; /* number + 1, 0 = free */
    while (n_slots < (size_t)worth * 2 + 2)
        n_slots *= 2;
    slots = kehu__alloc_zero(alloc, n_slots, sizeof *slots);
    if (slots == NULL)
        return 0;
    for (uint32_t i = 0; i < v->n; i++) {
        uint32_t size, other_size;
        const char *text = kehu__vector_text(v, i, &size), *other;
        size_t at;
        if (v->missing[i])
            continue;
        at = (size_t)kehu__hash(text, size, 0) & (n_slots - 1);
        for (; slots[at] != 0; at = (at + 1) & (n_slots - 1)) {
            other = kehu__vector_text(v, (uint32_t)first[slots[at] - 1], &other_size);
            if (other_size == size && kehu__same_bytes(other, text, size))
                break;
        }
        if (slots[at] == 0) {
            if (n_codes == worth) {
                n_codes = 0;
                break;
            }
            first[n_codes++] = i;
            slots[at] = n_codes;
        }
        codes[n_present++] = slots[at] - 1;
        if (n_present == ENOUGH_TO_TELL && n_codes > ENOUGH_TO_TELL / 4 * 3) {
            n_codes = 0;
            break;
        }
    }
    kehu__free(alloc, slots, n_slots, sizeof *slots);
    return n_codes;
}

static void encode_pieces(const kehu__vector *v, const int64_t *rows, uint32_t n,
                          int64_t *sizes, kehu__buffer *out)
{
    for (uint32_t i = 0; i < n; i++)
        sizes[i] = v->values.pieces[rows[i]].size;
    kehu__ints_encode(sizes, n, out);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size;
        const char *text = kehu__vector_text(v, (uint32_t)rows[i], &size);
        kehu__buffer_add(out, text, size);
    }
}

/* The encoding is decided here, so its byte is set after the fact. */
static void encode_texts(const kehu__vector *v, size_t encoding_at, kehu__buffer *out)
{
    const size_t n = v->n == 0 ? 1 : v->n;
    int64_t *codes = scratch_ints(out, n), *rows = scratch_ints(out, n);
    int64_t *sizes = scratch_ints(out, n);
    if (codes != NULL && rows != NULL && sizes != NULL && !out->failed) {
        const uint32_t n_codes = find_repeats(v, codes, rows, &out->alloc);
        if (n_codes > 0) {
            out->bytes[encoding_at] = REPEATED_TEXTS;
            kehu__buffer_u32(out, n_codes);
            encode_pieces(v, rows, n_codes, sizes, out);
            kehu__ints_encode(codes, v->n - v->n_missing, out);
        } else {
            uint32_t n_present = 0;
            for (uint32_t i = 0; i < v->n; i++)
                if (!v->missing[i])
                    rows[n_present++] = i;
            out->bytes[encoding_at] = PLAIN_TEXTS;
            encode_pieces(v, rows, n_present, sizes, out);
        }
    }
    kehu__free(&out->alloc, codes, n, sizeof *codes);
    kehu__free(&out->alloc, rows, n, sizeof *rows);
    kehu__free(&out->alloc, sizes, n, sizeof *sizes);
}

void kehu__vector_encode(const kehu__vector *v, kehu__buffer *out)
{
    const size_t at = out->size;
    const bool whole = v->storage == KEHU__DOUBLES && all_whole(v);
    kehu__buffer_u8(out, v->storage == KEHU__INTS ? PACKED_INTS
                         : v->storage == KEHU__DOUBLES
                             ? (whole ? PACKED_DOUBLES : RAW_DOUBLES)
                             : PLAIN_TEXTS);
    kehu__buffer_u8(out, v->n_missing > 0);
    if (v->n_missing > 0) {
        const size_t n_bytes = ((size_t)v->n + 7) / 8;
        unsigned char *bits = kehu__buffer_room(out, n_bytes);
        if (bits == NULL)
            return;
        memset(bits, 0, n_bytes);
        for (uint32_t i = 0; i < v->n; i++)
            if (!v->missing[i])
                bits[i / 8] = (unsigned char)(bits[i / 8] | 1u << (i & 7));
    }
    if (out->failed)
        return;
    if (v->storage == KEHU__INTS)
        encode_ints(v, out);
    else if (v->storage == KEHU__DOUBLES)
        encode_doubles(v, whole, out);
    else
        encode_texts(v, at, out);
}

/* Move n_present values, held in the first places, to the rows that have one. */
static void spread(kehu__vector *v, uint32_t n_present)
{
    static const char none[8];
    char *at = v->values.any;
    size_t from = n_present;
    for (size_t i = v->n; i-- > 0;)
        if (v->missing[i])
            memcpy(at + i * 8, none, 8);
        else if (--from != i)
            memcpy(at + i * 8, at + from * 8, 8);
}

/* Sizes and then bytes at *p, of s.n texts; gives the wanted pieces relative to the
 * chunk's start. scratch has room for all. */
static kehu_status decode_pieces(kehu__vector_piece *pieces, stretch s, const char *chunk,
                                 const char **p, const char *end, int64_t *scratch)
{
    const size_t used = kehu__ints_decode(scratch, s.n, *p, (size_t)(end - *p));
    if (used == 0)
        return KEHU_FORMAT;
    *p += used;
    for (uint32_t i = 0; i < s.n; i++) {
        if (scratch[i] < 0 || scratch[i] > end - *p)
            return KEHU_FORMAT;
        if (i >= s.first && i - s.first < s.count)
            pieces[i - s.first] =
                (kehu__vector_piece){(uint32_t)(*p - chunk), (uint32_t)scratch[i]};
        *p += scratch[i];
    }
    return KEHU_OK;
}

/* Are all numbers below n_texts? They need not be read where their bits cannot say more.
 */
static bool numbers_sound(stretch s, const char *p, uint32_t n_texts, int64_t *scratch)
{
    const uint64_t base = kehu__load64(p), scale = kehu__load64(p + 8);
    const uint32_t width = (unsigned char)p[16];
    uint64_t signs = 0;
    if (base < n_texts && scale < n_texts && width < 32 &&
        base + scale * ((UINT64_C(1) << width) - 1) < n_texts)
        return true;
    decode_stretch(scratch, (stretch){s.n, 0, s.n, false}, p,
                   PACK_HEADER + ((size_t)s.n * width + 7) / 8);
    for (uint32_t i = 0; i < s.n; i++)
        signs |= (uint64_t)scratch[i] | (n_texts - 1 - (uint64_t)scratch[i]);
    return signs >> 63 == 0;
}

static kehu_status decode_repeated(kehu__vector *v, stretch s, const char *p,
                                   const char *end, int64_t *scratch)
{
    kehu__vector_piece few[FEW_TEXTS], *texts = few;
    uint32_t n_texts;
    kehu_status status;
    if (end - p < 4)
        return KEHU_FORMAT;
    n_texts = kehu__load32(p);
    p += 4;
    if (n_texts == 0 || n_texts > s.n)
        return KEHU_FORMAT;
    if (n_texts > FEW_TEXTS)
        texts = kehu__alloc(&v->alloc, n_texts, sizeof *texts);
    if (texts == NULL)
        return KEHU_NO_MEMORY;
    status = decode_pieces(texts, (stretch){n_texts, 0, n_texts, false}, v->bytes, &p,
                           end, scratch);
    if (status == KEHU_OK &&
        (p == end ||
         decode_stretch(scratch, s, p, (size_t)(end - p)) != (size_t)(end - p) ||
         (s.check && !numbers_sound(s, p, n_texts, scratch))))
        status = KEHU_FORMAT;
    for (uint32_t i = 0; status == KEHU_OK && i < s.count; i++) {
        if (scratch[i] < 0 || scratch[i] >= n_texts)
            status = KEHU_FORMAT;
        else
            v->values.pieces[i] = texts[scratch[i]];
    }
    if (texts != few)
        kehu__free(&v->alloc, texts, n_texts, sizeof *texts);
    return status;
}

static kehu_status decode_texts(kehu__vector *v, int encoding, stretch s, const char *p,
                                const char *end)
{
    int64_t few[FEW_VALUES], *scratch = few;
    kehu_status status;
    if (s.n > FEW_VALUES)
        scratch = kehu__alloc(&v->alloc, s.n, sizeof *scratch);
    if (scratch == NULL)
        return KEHU_NO_MEMORY;
    if (encoding == REPEATED_TEXTS)
        status = decode_repeated(v, s, p, end, scratch);
    else {
        status = decode_pieces(v->values.pieces, s, v->bytes, &p, end, scratch);
        if (status == KEHU_OK && p != end)
            status = KEHU_FORMAT;
    }
    if (scratch != few)
        kehu__free(&v->alloc, scratch, s.n, sizeof *scratch);
    return status;
}

static kehu_status decode_doubles(kehu__vector *v, int encoding, stretch s, const char *p,
                                  size_t size)
{
    if (encoding == PACKED_DOUBLES) {
        if (decode_stretch(v->values.ints, s, p, size) != size)
            return KEHU_FORMAT;
        for (uint32_t i = 0; i < s.count; i++) {
            const int64_t whole = v->values.ints[i];
            v->values.doubles[i] = (double)whole;
        }
        return KEHU_OK;
    }
    if (size != (size_t)s.n * 8)
        return KEHU_FORMAT;
    for (uint32_t i = 0; i < s.count; i++)
        v->values.doubles[i] = kehu__load_double(p + ((size_t)s.first + i) * 8);
    return KEHU_OK;
}

static bool is_there(const char *bits, uint32_t row)
{
    return (unsigned char)bits[row / 8] >> (row & 7) & 1;
}

/* Fill in v->missing of rows first..first+v->n-1 of n; *s receives which of the values
 * they have, *p steps over the bits. */
static kehu_status decode_validity(kehu__vector *v, uint32_t n, uint32_t first,
                                   stretch *s, const char **p, const char *end)
{
    const size_t n_bytes = ((size_t)n + 7) / 8;
    if ((size_t)(end - *p) < n_bytes)
        return KEHU_FORMAT;
    s->n = s->first = s->count = 0;
    for (uint32_t i = 0; i < first; i++)
        s->first += is_there(*p, i);
    for (uint32_t i = 0; i < v->n; i++) {
        v->missing[i] = !is_there(*p, first + i);
        v->n_missing += v->missing[i];
    }
    s->count = v->n - v->n_missing;
    s->n = s->first + s->count;
    for (uint32_t i = first + v->n; i < n; i++)
        s->n += is_there(*p, i);
    *p += n_bytes;
    return KEHU_OK;
}

static kehu_status decode(kehu__vector *v, const char *bytes, size_t size, stretch s)
{
    const uint32_t n = s.n, first = s.first, count = s.count;
    const char *p = bytes + 2, *end = bytes + size;
    kehu_status status = KEHU_OK;
    int encoding;
    kehu__vector_clear(v);
    if (size < 2 || size > UINT32_MAX || (unsigned char)bytes[1] > 1)
        return KEHU_FORMAT;
    if (!kehu__vector_reserve(v, count == 0 ? 1 : count))
        return KEHU_NO_MEMORY;
    v->n = count;
    v->bytes = bytes;
    encoding = (unsigned char)bytes[0];
    if (bytes[1] == 1)
        status = decode_validity(v, n, first, &s, &p, end);
    else
        memset(v->missing, 0, count);
    if (status != KEHU_OK)
        return status;
    if (v->storage == KEHU__INTS && encoding == PACKED_INTS)
        status =
            decode_stretch(v->values.ints, s, p, (size_t)(end - p)) == (size_t)(end - p)
                ? KEHU_OK
                : KEHU_FORMAT;
    else if (v->storage == KEHU__DOUBLES &&
             (encoding == PACKED_DOUBLES || encoding == RAW_DOUBLES))
        status = decode_doubles(v, encoding, s, p, (size_t)(end - p));
    else if (v->storage == KEHU__TEXTS &&
             (encoding == PLAIN_TEXTS || encoding == REPEATED_TEXTS))
        status = decode_texts(v, encoding, s, p, end);
    else
        status = KEHU_FORMAT;
    if (status == KEHU_OK && v->n_missing > 0)
        spread(v, s.count);
    return status;
}

kehu_status kehu__vector_decode_rows(kehu__vector *v, const char *bytes, size_t size,
                                     uint32_t n, uint32_t first, uint32_t count)
{
    return decode(v, bytes, size, (stretch){n, first, count, false});
}

kehu_status kehu__vector_check(kehu__vector *v, const char *bytes, size_t size,
                               uint32_t n)
{
    return decode(v, bytes, size, (stretch){n, 0, 0, true});
}

kehu_status kehu__vector_decode(kehu__vector *v, const char *bytes, size_t size,
                                uint32_t n)
{
    return kehu__vector_decode_rows(v, bytes, size, n, 0, n);
}
