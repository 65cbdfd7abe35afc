#include "base/cpu.h"
#if defined(KEHU__AVX) /* first of all: it calls malloc, whose name is taken away below  \
                        */
#include <immintrin.h>
#endif

#include "store/unpack.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

/* The 8 bytes from `at` on, zeros past the end. */
static uint64_t load_near_end(const kehu__packed *p, size_t at)
{
    char eight[8] = {0};
    memcpy(eight, p->bytes + at, p->size - at < 8 ? p->size - at : 8);
    return kehu__load64(eight);
}

#if defined(KEHU__AVX)
#define AVX2 __attribute__((target("avx2")))

/* Where two values lie in the 16 bytes from a byte on. */
typedef struct pair {
    size_t at;
    uint8_t shuffle[16];
    uint64_t shifts[2];
} pair;

static pair pair_of(uint32_t first, uint32_t width)
{
    const uint32_t bit = first * width, next = (bit & 7) + width;
    pair p = {.at = bit / 8, .shifts = {bit & 7, next & 7}};
    for (uint32_t k = 0; k < 8; k++) {
        p.shuffle[k] = (uint8_t)k;
        p.shuffle[8 + k] = (uint8_t)(next / 8 + k);
    }
    return p;
}

AVX2 static __m128i load(const void *bytes)
{
    return _mm_loadu_si128((const __m128i *)bytes);
}

/* Four values: their bytes into place, then their bits. */
typedef struct four {
    size_t low, high;
    __m256i shuffle, shifts;
} four;

AVX2 static four four_of(uint32_t first, uint32_t width)
{
    const pair low = pair_of(first, width), high = pair_of(first + 2, width);
    return (four){low.at, high.at,
                  _mm256_set_m128i(load(high.shuffle), load(low.shuffle)),
                  _mm256_set_m128i(load(high.shifts), load(low.shifts))};
}

AVX2 static __m256i bits_of(const four *f, const char *bytes)
{
    const __m256i in = _mm256_set_m128i(load(bytes + f->high), load(bytes + f->low));
    return _mm256_srlv_epi64(_mm256_shuffle_epi8(in, f->shuffle), f->shifts);
}

AVX2 static __m256i times(__m256i x, __m256i scale)
{
    const __m256i low = _mm256_mul_epu32(x, scale);
    const __m256i high =
        _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), scale),
                         _mm256_mul_epu32(x, _mm256_srli_epi64(scale, 32)));
    return _mm256_add_epi64(low, _mm256_slli_epi64(high, 32));
}

/* Eight values take `width` bytes. From a multiple of eight on as many eights as whole
 * loads are there for; returns where it stopped. */
AVX2 static uint32_t unpack_avx2(int64_t *values, uint32_t first, uint32_t end,
                                 const kehu__packed *p)
{
    const four a = four_of(0, p->width), b = four_of(4, p->width);
    const __m256i mask = _mm256_set1_epi64x((int64_t)((UINT64_C(1) << p->width) - 1)),
                  base = _mm256_set1_epi64x((int64_t)p->base),
                  scale = _mm256_set1_epi64x((int64_t)p->scale);
    const bool scaled = p->scale != 1;
    size_t at = (size_t)first / 8 * p->width;
    uint32_t i = first;
    for (; end - i >= 8 && p->size - at >= b.high + 16; i += 8, at += p->width) {
        __m256i x = _mm256_and_si256(bits_of(&a, p->bytes + at), mask);
        __m256i y = _mm256_and_si256(bits_of(&b, p->bytes + at), mask);
        if (scaled) {
            x = times(x, scale);
            y = times(y, scale);
        }
        _mm256_storeu_si256((void *)(values + (i - first)), _mm256_add_epi64(x, base));
        _mm256_storeu_si256((void *)(values + (i - first) + 4),
                            _mm256_add_epi64(y, base));
    }
    return i;
}

/* All eights: the last ones from a copy with zeros behind. */
static uint32_t unpack_eights(int64_t *values, uint32_t first, uint32_t end,
                              const kehu__packed *p)
{
    const uint32_t i = unpack_avx2(values, first, end, p);
    const size_t at = (size_t)i / 8 * p->width;
    char rest[2 * (KEHU__WIDEST_PACK + 16)] = {0};
    const kehu__packed copy = {rest, sizeof rest, p->base, p->scale, p->width};
    if (end - i < 8)
        return i;
    memcpy(rest, p->bytes + at, p->size - at);
    return i + unpack_avx2(values + (i - first), 0, end - i, &copy);
}
#endif

/* Value by value. */
static void unpack_plain(int64_t *values, uint32_t first, uint32_t end,
                         const kehu__packed *p)
{
    const uint64_t base = p->base, scale = p->scale;
    const uint64_t mask = p->width == 64 ? UINT64_MAX : (UINT64_C(1) << p->width) - 1;
    const uint32_t width = p->width;
    uint64_t bit = (uint64_t)first * width;
    uint32_t i = first;
    if (p->size >= 8) {
        /* How many values lie in 8 bytes that are all there. */
        const uint64_t fast = ((p->size - 8) * 8 + 7) / width + 1;
        const uint32_t stop = fast < end ? (uint32_t)fast : end;
        for (; i < stop; i++, bit += width)
            values[i - first] =
                (int64_t)(base +
                          scale * (kehu__load64(p->bytes + bit / 8) >> (bit & 7) & mask));
    }
    for (; i < end; i++, bit += width)
        values[i - first] =
            (int64_t)(base +
                      scale * (load_near_end(p, (size_t)(bit / 8)) >> (bit & 7) & mask));
}

void kehu__unpack(int64_t *values, uint32_t first, uint32_t end, const kehu__packed *p)
{
    uint32_t i = first;
    if (p->width == 0) {
        for (; i < end; i++)
            values[i - first] = (int64_t)p->base;
        return;
    }
#if defined(KEHU__AVX)
    if (p->width <= KEHU__WIDEST_PACK && end - first >= 16 &&
        (kehu__cpu() & KEHU__CPU_AVX2) != 0) {
        i = (first + 7) / 8 * 8;
        unpack_plain(values, first, i, p);
        i = unpack_eights(values + (i - first), i, end, p);
    }
#endif
    unpack_plain(values + (i - first), i, end, p);
}
