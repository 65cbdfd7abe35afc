/* support/lanes_run.h - the arithmetic of src/text/segmenter_lanes.h over one piece, in
 * the form that its includer compiles. */
#ifndef KEHU_TESTS_LANES_RUN_H
#define KEHU_TESTS_LANES_RUN_H

#include "text/segmenter_lanes.h"

enum { LANES_UNITS = 50, LANES_SINGLE = KEHU__RECORD * KEHU__SINGLE_PLACES };

typedef struct lanes_input {
    uint32_t n; /* units, from 1 */
    char singles[LANES_UNITS][LANES_SINGLE];
    char near[LANES_UNITS][KEHU__NEAR_SIZE];
    char gapped[LANES_UNITS][KEHU__GAPPED_SIZE];
    int32_t start[KEHU__TAGS], after[2][KEHU__TAGS];
    bool whole[LANES_UNITS];
} lanes_input;

typedef struct lanes_output {
    uint64_t sums[LANES_UNITS];
    uint32_t bits[LANES_UNITS];
    uint8_t last;
} lanes_output;

static inline void lanes_run(const lanes_input *in, lanes_output *out)
{
    const kehu__steps steps = kehu__steps_new(in->after[0], in->after[1]);
    kehu__ways ways = kehu__ways_new(in->start);
    kehu__window w;
    memset(&w, 0, sizeof w);
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < in->n; i++) {
        kehu__window_single(&w, in->singles[i]);
        out->sums[i] = kehu__window_next(&w);
        kehu__window_pairs(&w, in->near[i], in->gapped[i]);
    }
    for (uint32_t i = 0; i < in->n; i++)
        out->bits[i] = kehu__ways_step(&ways, &steps, out->sums[i], in->whole[i]);
    out->last = kehu__ways_last(&ways);
}

/* The same by the form without SSE2. */
void lanes_run_scalar(const lanes_input *in, lanes_output *out);

#endif
