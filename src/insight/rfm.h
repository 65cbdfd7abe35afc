/* insight/rfm.h - the inside of kehu_rfm, shared by fitting and the file form. */
#ifndef KEHU_SRC_INSIGHT_RFM_H
#define KEHU_SRC_INSIGHT_RFM_H

#include <kehu/rfm.h>

enum { KEHU__RFM_COLUMNS = 3 };

/* at_most[] alone decides a grade; the rest is there to be reported. */
struct kehu_rfm {
    kehu_allocator alloc;
    kehu_rfm_cuts cuts[KEHU__RFM_COLUMNS];
};

extern const char *const kehu__rfm_names[KEHU__RFM_COLUMNS];

/* Number of edges strictly below x. */
static inline uint32_t kehu__rfm_step(const kehu_rfm_cuts *c, int64_t x)
{
    uint32_t step = 0;
    for (uint32_t j = 0; j + 1 < c->levels; j++)
        step += x > c->at_most[j];
    return step;
}

#endif
