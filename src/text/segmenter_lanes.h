/* text/segmenter_lanes.h - the arithmetic of a trained model, four tags at a time: sums
 * of weights over a few units, and steps of the best way. By SSE2 where there is, and
 * the same without. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_LANES_H
#define KEHU_SRC_TEXT_SEGMENTER_LANES_H

#if defined(__SSE2__)
#include <emmintrin.h> /* before a header of base forbids malloc */
#endif

#include "text/segmenter_score.h"

/* Sums of the units k - 2 to k + 3, of each the four tags in lanes of 16 bits. What is
 * known of unit k goes to all units it is a feature of at once: first
 * kehu__window_single(), then kehu__window_next(), then kehu__window_pairs(). */
typedef struct kehu__window kehu__window;

/* The best way to each tag of a unit, and what a step to it adds after either of the two
 * tags that may stand before it. Ways grow without end, so pieces are short. */
typedef struct kehu__ways kehu__ways;
typedef struct kehu__steps kehu__steps;

enum { KEHU__NO_WAY = -(1 << 29) };

/* Before a tag stands one of two: a word ends before B and S, one goes on before M and
 * E. */
static const uint8_t kehu__tags_before[2][KEHU__TAGS] = {
    {KEHU__TAG_E, KEHU__TAG_B, KEHU__TAG_B, KEHU__TAG_E},
    {KEHU__TAG_S, KEHU__TAG_M, KEHU__TAG_M, KEHU__TAG_S},
};

#if defined(__SSE2__)
struct kehu__window {
    __m128i units[3]; /* two each */
};

static inline __m128i kehu__load_lanes(const char *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

static inline __m128i kehu__load_half(const char *bytes)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)bytes);
}

/* The upper half of one and the lower of the next. */
static inline __m128i kehu__join_halves(__m128i a, __m128i b)
{
    return _mm_castpd_si128(_mm_shuffle_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b), 1));
}

/* The weights of a character that is unit k, for k - 2 to k + 2. */
static inline void kehu__window_single(kehu__window *w, const char *records)
{
    const char *const second = records + 2 * KEHU__RECORD;
    w->units[0] = _mm_add_epi64(w->units[0], kehu__load_lanes(records));
    w->units[1] = _mm_add_epi64(w->units[1], kehu__load_lanes(second));
    w->units[2] = _mm_add_epi64(w->units[2], kehu__load_half(second + 2 * KEHU__RECORD));
}

/* The sums of unit k - 2. */
static inline uint64_t kehu__window_next(kehu__window *w)
{
    uint64_t sums;
    memcpy(&sums, w->units, sizeof sums);
    w->units[0] = kehu__join_halves(w->units[0], w->units[1]);
    w->units[1] = kehu__join_halves(w->units[1], w->units[2]);
    w->units[2] = _mm_srli_si128(w->units[2], 8);
    return sums;
}

/* The weights of the pairs k and k + 1 and k and k + 2, for k - 1 to k + 2, and for k to
 * k + 2: the key of a place stands where those for k - 1 would. */
static inline void kehu__window_pairs(kehu__window *w, const char *near,
                                      const char *gapped)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i a = kehu__load_lanes(near + KEHU__NEAR_WEIGHTS);
    const __m128i b =
        _mm_and_si128(kehu__load_lanes(gapped), _mm_set_epi32(-1, -1, -1, 0));
    const __m128i low =
        _mm_add_epi16(_mm_unpacklo_epi8(a, zero), _mm_unpacklo_epi8(b, zero));
    const __m128i high =
        _mm_add_epi16(_mm_unpackhi_epi8(a, zero), _mm_unpackhi_epi8(b, zero));
    w->units[0] = _mm_add_epi64(w->units[0], _mm_slli_epi16(low, KEHU__PAIR_SHIFT));
    w->units[1] = _mm_add_epi64(w->units[1], _mm_slli_epi16(high, KEHU__PAIR_SHIFT));
}

struct kehu__ways {
    __m128i best;
};
struct kehu__steps {
    __m128i after_first, after_second;
};

static inline __m128i kehu__load_tags(const int32_t from[KEHU__TAGS])
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

static inline kehu__ways kehu__ways_new(const int32_t best[KEHU__TAGS])
{
    return (kehu__ways){kehu__load_tags(best)};
}

static inline kehu__steps kehu__steps_new(const int32_t after_first[KEHU__TAGS],
                                          const int32_t after_second[KEHU__TAGS])
{
    return (kehu__steps){kehu__load_tags(after_first), kehu__load_tags(after_second)};
}

/* On to a unit with these sums, which may be a word of its own only. Returns a bit a tag:
 * the second of the two stands before it. */
static inline uint32_t kehu__ways_step(kehu__ways *w, const kehu__steps *s, uint64_t sums,
                                       bool whole)
{
    const __m128i four = _mm_loadl_epi64((const __m128i *)(const void *)&sums);
    const __m128i here = _mm_unpacklo_epi16(four, _mm_setzero_si128());
    const __m128i x =
        _mm_add_epi32(_mm_shuffle_epi32(w->best, _MM_SHUFFLE(KEHU__TAG_E, KEHU__TAG_B,
                                                             KEHU__TAG_B, KEHU__TAG_E)),
                      s->after_first);
    const __m128i y =
        _mm_add_epi32(_mm_shuffle_epi32(w->best, _MM_SHUFFLE(KEHU__TAG_S, KEHU__TAG_M,
                                                             KEHU__TAG_M, KEHU__TAG_S)),
                      s->after_second);
    const __m128i second = _mm_cmpgt_epi32(y, x);
    const __m128i most = _mm_xor_si128(x, _mm_and_si128(_mm_xor_si128(x, y), second));
    w->best = _mm_add_epi32(most, here);
    if (whole) {
        const __m128i alone = _mm_set_epi32(-1, 0, 0, 0); /* S */
        w->best = _mm_or_si128(_mm_and_si128(w->best, alone),
                               _mm_andnot_si128(alone, _mm_set1_epi32(KEHU__NO_WAY)));
    }
    return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(second));
}

static inline uint8_t kehu__ways_last(const kehu__ways *w)
{
    int32_t best[KEHU__TAGS];
    memcpy(best, &w->best, sizeof best);
    return best[KEHU__TAG_E] > best[KEHU__TAG_S] ? KEHU__TAG_E : KEHU__TAG_S;
}
#else
struct kehu__window {
    uint64_t units[6];
};

static inline void kehu__window_single(kehu__window *w, const char *records)
{
    for (int i = 0; i < KEHU__SINGLE_PLACES; i++)
        w->units[i] += kehu__load64(records + (ptrdiff_t)KEHU__RECORD * i);
}

static inline uint64_t kehu__window_next(kehu__window *w)
{
    const uint64_t sums = w->units[0];
    for (int i = 0; i < 5; i++)
        w->units[i] = w->units[i + 1];
    w->units[5] = 0;
    return sums;
}

static inline uint64_t kehu__pair_lanes(const char *weights)
{
    const uint64_t four = kehu__load32(weights);
    const uint64_t two_and_two = (four | four << 16) & 0x0000FFFF0000FFFFu;
    return ((two_and_two | two_and_two << 8) & 0x00FF00FF00FF00FFu) << KEHU__PAIR_SHIFT;
}

static inline void kehu__window_pairs(kehu__window *w, const char *near,
                                      const char *gapped)
{
    for (int i = 0; i < KEHU__NEAR_PLACES; i++)
        w->units[i] += kehu__pair_lanes(near + KEHU__NEAR_WEIGHTS + 4 * (ptrdiff_t)i);
    for (int i = 0; i < KEHU__GAPPED_PLACES; i++)
        w->units[1 + i] +=
            kehu__pair_lanes(gapped + KEHU__GAPPED_WEIGHTS + 4 * (ptrdiff_t)i);
}

struct kehu__ways {
    int32_t best[KEHU__TAGS];
};
struct kehu__steps {
    int32_t after_first[KEHU__TAGS], after_second[KEHU__TAGS];
};

static inline kehu__ways kehu__ways_new(const int32_t best[KEHU__TAGS])
{
    kehu__ways w;
    memcpy(w.best, best, sizeof w.best);
    return w;
}

static inline kehu__steps kehu__steps_new(const int32_t after_first[KEHU__TAGS],
                                          const int32_t after_second[KEHU__TAGS])
{
    kehu__steps s;
    memcpy(s.after_first, after_first, sizeof s.after_first);
    memcpy(s.after_second, after_second, sizeof s.after_second);
    return s;
}

static inline uint32_t kehu__ways_step(kehu__ways *w, const kehu__steps *s, uint64_t sums,
                                       bool whole)
{
    const kehu__ways old = *w;
    uint32_t bits = 0;
    for (int tag = 0; tag < KEHU__TAGS; tag++) {
        const int32_t x = old.best[kehu__tags_before[0][tag]] + s->after_first[tag];
        const int32_t y = old.best[kehu__tags_before[1][tag]] + s->after_second[tag];
        const int32_t here = (int32_t)(sums >> 16 * tag & 0xFFFF);
        bits |= (y > x ? 1u : 0) << tag;
        w->best[tag] =
            whole && tag != KEHU__TAG_S ? KEHU__NO_WAY : (y > x ? y : x) + here;
    }
    return bits;
}

static inline uint8_t kehu__ways_last(const kehu__ways *w)
{
    return w->best[KEHU__TAG_E] > w->best[KEHU__TAG_S] ? KEHU__TAG_E : KEHU__TAG_S;
}
#endif
#endif
