/* From the weights of another model to dual variables. At the optimum the one of a row
 * follows from its margin m = y w.x: alpha = 2 C max(0, 1 - m) for the squared hinge,
 * C / (1 + exp(m)) for the logistic loss. For the hinge it is C below 1 and 0 above, and
 * between them at 1 itself, where it begins with 0. */
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "learn/linear_block.h"

static float alpha_for(kehu__loss loss, double margin, double cost)
{
    if (loss == KEHU__LOGISTIC)
        return (float)(cost * kehu__logistic(-margin));
    if (margin >= 1)
        return 0;
    return (float)(loss == KEHU__HINGE ? cost : 2 * cost * (1 - margin));
}

/* The dual variables of row i in one block, and what they add to its weights. */
static void begin_row(const kehu__linear_problem *p, kehu__block *b, uint32_t i,
                      const float *scores, const uint8_t *known)
{
    const kehu__solver_rows *const r = &p->solver;
    float *const alpha = b->alpha + (size_t)p->lanes * i;
    float moves[KEHU__LANES] = {0};
    for (uint32_t k = 0; k < b->n_lanes; k++) {
        const uint32_t class_number = p->lanes == 1 ? 1 : b->first_class + k;
        const bool own = (uint32_t)r->labels[i] == class_number;
        const float score = scores[p->lanes == 1 ? 0 : class_number];
        const kehu__step *const step = &r->steps[i][p->lanes > 1 && !own];
        if (!known[class_number])
            continue;
        alpha[k] = alpha_for(r->loss, (double)(own ? score : -score), (double)step->cost);
        moves[k] = own ? alpha[k] : -alpha[k];
        b->bias_weights[k] += r->bias * moves[k];
    }
    for (int64_t j = r->starts[i]; j < r->ends[i]; j++) {
        float *const w = b->weights + (size_t)p->lanes * r->columns[j];
        for (uint32_t k = 0; k < p->lanes; k++)
            w[k] += r->values[j] * moves[k];
    }
}

kehu_status kehu__linear_begin(kehu__linear_problem *p,
                               const kehu__linear_options *options,
                               const kehu__linear *from, const uint8_t *known,
                               kehu_error *err)
{
    const kehu__sparse *const rows = p->rows;
    const size_t room = kehu__linear_room(from);
    kehu__kernel kernel;
    float *scores;
    KEHU_TRY(kehu__linear_set_steps(p, options, err));
    kernel = p->lanes == 1 ? kehu__binary_kernel(p->solver.loss)
                           : kehu__lanes_kernel(p->solver.loss);
    if (options->loss == KEHU__CRAMMER_SINGER)
        return KEHU_OK;
    scores = kehu__alloc(&p->alloc, room, sizeof *scores);
    if (scores == NULL)
        return kehu__no_memory(err, "the margins of a row");
    for (int64_t at = 0; at < p->solver.n_used; at++) {
        const uint32_t i = p->used[at];
        const int64_t first = rows->starts[i];
        kehu__linear_score(from, rows->columns + first, rows->values + first,
                           rows->starts[i + 1] - first, scores);
        for (uint32_t b = 0; b < p->n_blocks; b++)
            begin_row(p, &p->blocks[b], i, scores, known);
    }
    kehu__free(&p->alloc, scores, room, sizeof *scores);
    /* What the solver holds a pass's gain against. */
    for (uint32_t b = 0; b < p->n_blocks; b++)
        kernel.objective(&p->blocks[b]);
    return KEHU_OK;
}
