/* Sixteen one-vs-rest problems at a time, in plain vectors of the C compiler. */
#include "learn/linear_block.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"

#define LANES_OF(base, row) ((base) + (size_t)KEHU__LANES * (row))

/* All bits set: of the lane of that number, none in the last; of the first k
 * lanes. */
#define F -1
static const int32_t own_masks[KEHU__LANES + 1][KEHU__LANES] = {
    {F},
    {0, F},
    {0, 0, F},
    {0, 0, 0, F},
    {0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F},
    {0},
};
static const int32_t lane_masks[KEHU__LANES + 1][KEHU__LANES] = {
    {0},
    {F},
    {F, F},
    {F, F, F},
    {F, F, F, F},
    {F, F, F, F, F},
    {F, F, F, F, F, F},
    {F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F, F, F, F, F, F},
    {F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F},
};
#undef F

KEHU__ALWAYS_INLINE void prefetch_weights(const kehu__solver_rows *r,
                                          const float *weights, uint32_t i)
{
    for (int64_t j = r->starts[i]; j < r->ends[i]; j++)
        KEHU__PREFETCH(LANES_OF(weights, r->columns[j]));
}

#define NAME(x) plain_##x
#define TARGET
#include "learn/linear_lanes.inc.h"

#if defined(KEHU__AVX)
#define NAME(x) avx2_##x
#define TARGET  __attribute__((target("avx2")))
#include "learn/linear_lanes.inc.h"

#define NAME(x) avx512_##x
#define TARGET  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "learn/linear_lanes.inc.h"
#endif

#define KERNEL(set)                                                                      \
    (kehu__kernel)                                                                       \
    {                                                                                    \
        loss == KEHU__LOGISTIC ? set##_logistic_pass : set##_pass,                       \
            loss == KEHU__LOGISTIC ? set##_logistic_objective : set##_objective          \
    }

kehu__kernel kehu__lanes_kernel(kehu__loss loss)
{
#if defined(KEHU__AVX)
    const uint32_t cpu = kehu__cpu();
    if (cpu & KEHU__CPU_AVX512)
        return KERNEL(avx512);
    if (cpu & KEHU__CPU_AVX2)
        return KERNEL(avx2);
#endif
    return KERNEL(plain);
}
