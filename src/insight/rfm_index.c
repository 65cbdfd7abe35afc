#include "insight/rfm_index.h"

enum { FIRST_LINES = 4, FILLED = 5 /* lanes of a line, on average and at most */ };

uint32_t kehu__rfm_index_next(const kehu__rfm_index *x, uint64_t hash,
                              kehu__rfm_probe *probe)
{
    const uint32_t tag = kehu__rfm_tag(hash);
    for (;; probe->line = (probe->line + 1) & (x->n_lines - 1), probe->lane = 0) {
        const kehu__rfm_line *line = &x->lines[probe->line];
        while (probe->lane < KEHU__RFM_LANES) {
            const uint32_t lane = probe->lane++;
            if (line->tags[lane] == tag)
                return line->numbers[lane];
            if (line->tags[lane] == 0)
                return UINT32_MAX;
        }
    }
}

bool kehu__rfm_index_full(const kehu__rfm_index *x, size_t n)
{
    return n + 1 > FILLED * x->n_lines;
}

bool kehu__rfm_index_widen(kehu__rfm_index *x, const kehu_allocator *a)
{
    const size_t n = x->n_lines == 0 ? FIRST_LINES : 2 * x->n_lines;
    char *memory = kehu__alloc_zero(a, n + 1, sizeof *x->lines);
    if (memory == NULL)
        return false;
    kehu__rfm_index_free(x, a);
    const size_t over = (uintptr_t)memory % sizeof *x->lines;
    void *lines = memory + (over == 0 ? 0 : sizeof *x->lines - over);
    *x = (kehu__rfm_index){lines, n, memory};
    return true;
}

void kehu__rfm_index_insert(kehu__rfm_index *x, uint64_t hash, uint32_t i)
{
    size_t at = kehu__rfm_home(x, hash);
    for (;; at = (at + 1) & (x->n_lines - 1))
        for (uint32_t lane = 0; lane < KEHU__RFM_LANES; lane++)
            if (x->lines[at].tags[lane] == 0) {
                x->lines[at].tags[lane] = kehu__rfm_tag(hash);
                x->lines[at].numbers[lane] = i;
                return;
            }
}

void kehu__rfm_index_free(kehu__rfm_index *x, const kehu_allocator *a)
{
    if (x->n_lines > 0)
        kehu__free(a, x->memory, x->n_lines + 1, sizeof *x->lines);
}
