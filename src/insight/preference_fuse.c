/* The tree's probability and the rules' score as one, apart for customers of whom some
 * rule speaks and for the others. */
#include "base/error.h"
#include "insight/preference.h"

void kehu__preference_fuse(const kehu_preference *p, const double *scores,
                           double *probabilities, int64_t n, uint32_t n_classes)
{
    for (int64_t i = 0; i < n; i++) {
        const double *s = scores + (size_t)i * n_classes;
        double *q = probabilities + (size_t)i * n_classes;
        const uint32_t g = kehu__fuse_group(s, n_classes);
        kehu__fuse_row(&p->fusions[g].weights, p->offsets + (size_t)g * n_classes, s, q,
                       n_classes, q);
    }
}

void kehu__fusion_fit(kehu_preference *p, const double *scores,
                      const double *probabilities, const int32_t *labels, int64_t n,
                      uint32_t n_classes, int64_t least)
{
    for (uint32_t g = 0; g < KEHU_PREFERENCE_GROUPS; g++) {
        kehu__fuse_rows x = {scores, probabilities, labels, n, n_classes, (int32_t)g};
        if (kehu__fuse_count(&x) < least)
            x.group = -1;
        kehu__fuse_fit(&x, &p->fusions[g].weights, p->offsets + (size_t)g * n_classes);
        p->fusions[g].fitted = 1;
    }
}

kehu_status kehu__fusion_start(kehu_preference *p, uint32_t n_classes, kehu_error *err)
{
    const size_t n = (size_t)KEHU_PREFERENCE_GROUPS * n_classes;
    p->offsets = kehu__alloc_zero(&p->alloc, n, sizeof *p->offsets);
    p->n_offsets = (uint32_t)n;
    for (uint32_t g = 0; g < KEHU_PREFERENCE_GROUPS; g++)
        p->fusions[g] = (kehu__fusion){{1, 1}, 0};
    return p->offsets == NULL ? kehu__no_memory(err, "the fusion") : KEHU_OK;
}
