#include "data/csv_marks.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

enum { BLOCK = 64 };

static uint64_t marks_of_16(const char *p, char delimiter)
{
    __m128i v;
    memcpy(&v, p, sizeof v);
    const __m128i line = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                                      _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
    const __m128i cell = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(delimiter)),
                                      _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(line, cell));
}

/* Whole blocks. Eight marks are written at a time, more than there are: a jump less
 * that cannot be foreseen. Returns where the rest starts. */
static size_t mark_blocks(kehu__csv_marks *m, const char *text, size_t size,
                          char delimiter)
{
    size_t i = 0, n = 0;
    for (; size - i >= BLOCK; i += BLOCK) {
        const char *p = text + i;
        uint64_t found =
            marks_of_16(p, delimiter) | marks_of_16(p + 16, delimiter) << 16 |
            marks_of_16(p + 32, delimiter) << 32 | marks_of_16(p + 48, delimiter) << 48;
        const size_t end = n + (size_t)__builtin_popcountll(found);
        for (; n < end; n += 8)
            for (size_t k = 0; k < 8; k++) {
                m->at[n + k] =
                    (uint16_t)(i + (size_t)__builtin_ctzll(found | 1ull << 63));
                found &= found - 1;
            }
        n = end;
    }
    m->n = n;
    return i;
}
#else
static size_t mark_blocks(kehu__csv_marks *m, const char *text, size_t size,
                          char delimiter)
{
    (void)text;
    (void)size;
    (void)delimiter;
    m->n = 0;
    return 0;
}
#endif

void kehu__csv_mark(kehu__csv_marks *m, const char *text, size_t base, size_t to,
                    char delimiter)
{
    const char *from = text + base;
    m->base = base;
    m->to = to;
    m->next = 0;
    for (size_t i = mark_blocks(m, from, to - base, delimiter); i < to - base; i++)
        if (from[i] == delimiter || from[i] == '"' || from[i] == '\n' || from[i] == '\r')
            m->at[m->n++] = (uint16_t)i;
}
