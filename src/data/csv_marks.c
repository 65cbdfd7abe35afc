#include "data/csv_marks.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

enum { BLOCK = 64 };

static inline uint64_t marks_of_16(const char *p, char delimiter, __m128i *odd)
{
    __m128i v;
    memcpy(&v, p, sizeof v);
    const __m128i plain = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                                       _mm_cmpeq_epi8(v, _mm_set1_epi8(delimiter)));
    const __m128i other = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')),
                                       _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    *odd = _mm_or_si128(*odd, other);
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(plain, other));
}

/* The builtin calls a function where the processor may lack the instruction. */
static inline size_t count_ones(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    return (size_t)(((x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * 0x0101010101010101u >> 56);
}

/* Whole blocks. Eight marks are written at a time, more than there are: a jump less
 * that cannot be foreseen. Returns where the rest starts. */
static size_t mark_blocks(kehu__csv_marks *m, const char *text, size_t size,
                          char delimiter)
{
    __m128i odd = _mm_setzero_si128();
    size_t i = 0, n = m->n;
    for (; size - i >= BLOCK; i += BLOCK) {
        const char *p = text + i;
        uint64_t found = marks_of_16(p, delimiter, &odd) |
                         marks_of_16(p + 16, delimiter, &odd) << 16 |
                         marks_of_16(p + 32, delimiter, &odd) << 32 |
                         marks_of_16(p + 48, delimiter, &odd) << 48;
        const size_t end = n + count_ones(found);
        for (; n < end; n += 8)
            for (size_t k = 0; k < 8; k++) {
                m->at[n + k] =
                    (uint16_t)(i + (size_t)__builtin_ctzll(found | 1ull << 63));
                found &= found - 1;
            }
        n = end;
    }
    m->n = n;
    m->odd = _mm_movemask_epi8(odd) != 0;
    return i;
}
#else
static size_t mark_blocks(kehu__csv_marks *m, const char *text, size_t size,
                          char delimiter)
{
    (void)text;
    (void)size;
    (void)delimiter;
    (void)m;
    return 0;
}
#endif

void kehu__csv_mark(kehu__csv_marks *m, const char *text, size_t base, size_t to,
                    char delimiter)
{
    const char *from = text + base;
    m->base = base;
    m->to = to;
    m->n = m->next = 1;
    m->at[0] = UINT16_MAX;
    m->odd = false;
    for (size_t i = mark_blocks(m, from, to - base, delimiter); i < to - base; i++) {
        const bool odd = from[i] == '"' || from[i] == '\r';
        m->odd |= odd;
        if (odd || from[i] == delimiter || from[i] == '\n')
            m->at[m->n++] = (uint16_t)i;
    }
}
