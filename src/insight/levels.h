/* insight/levels.h - what kehu_levels are made of. */
#ifndef KEHU_SRC_INSIGHT_LEVELS_H
#define KEHU_SRC_INSIGHT_LEVELS_H

#include <kehu/levels.h>

#include "base/mem.h"

enum { KEHU__LEVEL_CUTS = KEHU_LEVEL_COUNT - 1, KEHU__LEVEL_CLASSES = 65535 };

struct kehu_levels {
    kehu_allocator alloc;
    kehu_level_mode mode;
    uint32_t n_classes;
    double *cuts; /* [n_classes][KEHU__LEVEL_CUTS], not falling */
    char *names;  /* five, each with its NUL */
    uint32_t starts[KEHU_LEVEL_COUNT + 1];
};

/* Every probability is inside 0..1. */
kehu_status kehu__levels_check(const double *p, int64_t n_rows, uint32_t n_classes,
                               kehu_error *err);

static inline uint32_t kehu__level_of(const kehu_levels *levels, uint32_t k, double p)
{
    const double *cuts = levels->cuts + (size_t)k * KEHU__LEVEL_CUTS;
    uint32_t level = 0;
    for (uint32_t c = 0; c < KEHU__LEVEL_CUTS; c++)
        level += p >= cuts[c];
    return level;
}

/* Empty levels with room for the cuts and these names. Free whatever is in
 * *out. */
kehu_status kehu__levels_new(kehu_levels **out, kehu_level_mode mode, uint32_t n_classes,
                             const char *const *names, const kehu_allocator *alloc,
                             kehu_error *err);

#endif
