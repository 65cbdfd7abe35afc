/* learn/linear_lanes.inc.h - the kernels of a sixteen-lane block, included once
 * for each instruction set with NAME(x) and TARGET set. Only elementwise
 * operations, so every set gives the same bits. */

typedef float NAME(floats) __attribute__((vector_size(64)));
typedef int32_t NAME(ints) __attribute__((vector_size(64)));
typedef double NAME(doubles) __attribute__((vector_size(128)));
#define floats  NAME(floats)
#define ints    NAME(ints)
#define doubles NAME(doubles)

/* Macros and not functions: such vectors must not cross a call. */
#define SPLAT(x)         ((floats){0} + (x))
#define SPLAT_INT(x)     ((ints){0} + (x))
#define PICK(mask, a, b) ((floats)(((mask) & (ints)(a)) | (~(mask) & (ints)(b))))
#define MIN(a, b)        PICK((a) < (b), a, b)
#define MAX(a, b)        PICK((a) > (b), a, b)
#define ANY(result, mask)                                                                \
    do {                                                                                 \
        uint64_t any_words[8];                                                           \
        memcpy(any_words, &(mask), sizeof any_words);                                    \
        (result) = (any_words[0] | any_words[1] | any_words[2] | any_words[3] |          \
                    any_words[4] | any_words[5] | any_words[6] | any_words[7]) != 0;     \
    } while (0)
#define LOAD(v, from) memcpy(&(v), (from), sizeof(v))
#define STORE(to, v)  memcpy((to), &(v), sizeof(v))
/* z = w.x of row i without the features of that row alone. */
#define DOT(z, r, weights, bias_weights, i)                                              \
    do {                                                                                 \
        floats even = SPLAT(0.0f), odd = SPLAT(0.0f), dot_w;                             \
        int64_t dot_j = (r)->starts[i];                                                  \
        const int64_t dot_end = (r)->ends[i];                                            \
        for (; dot_j + 1 < dot_end; dot_j += 2) {                                        \
            LOAD(dot_w, LANES_OF(weights, (r)->columns[dot_j]));                         \
            even += (r)->values[dot_j] * dot_w;                                          \
            LOAD(dot_w, LANES_OF(weights, (r)->columns[dot_j + 1]));                     \
            odd += (r)->values[dot_j + 1] * dot_w;                                       \
        }                                                                                \
        if (dot_j < dot_end) {                                                           \
            LOAD(dot_w, LANES_OF(weights, (r)->columns[dot_j]));                         \
            even += (r)->values[dot_j] * dot_w;                                          \
        }                                                                                \
        (z) = even + odd + (r)->bias * (bias_weights);                                   \
    } while (0)
#define SIGN INT32_MIN

TARGET static void NAME(pass)(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    float *const weights = __builtin_assume_aligned(b->weights, 64);
    float *const alphas = __builtin_assume_aligned(b->alpha, 64);
    const float least_move = b->least_move;
    uint32_t *const order = b->order;
    const int64_t n_active = b->n_active;
    int64_t kept = 0;
    floats old_max, old_min, new_max = SPLAT(-INFINITY), new_min = SPLAT(INFINITY);
    floats gain = SPLAT(0.0f), bias_weights;
    ints lane_used;
    LOAD(old_max, b->old_max);
    LOAD(old_min, b->old_min);
    LOAD(bias_weights, b->bias_weights);
    LOAD(lane_used, lane_masks[b->n_lanes]);

    for (int64_t at = 0; at < n_active; at++) {
        const uint32_t i = order[at];
        const int64_t lane = (int64_t)r->labels[i] - b->first_class;
        const kehu__step *const step = r->steps[i];
        float *const alpha_at = LANES_OF(alphas, i);
        ints own, active, at_zero, at_upper, aside, moved;
        floats z, alpha, grad, upper, projected, next, move;
        bool any;

        kehu__prefetch_ahead(r, order, at, n_active, alphas, KEHU__LANES);
        if (at + 1 < n_active)
            prefetch_weights(r, weights, order[at + 1]);
        DOT(z, r, weights, bias_weights, i);

        LOAD(own, own_masks[lane >= 0 && lane < KEHU__LANES ? lane : KEHU__LANES]);
        LOAD(alpha, alpha_at);
        active = lane_used & ~((ints)alpha >> 31);
        alpha = (floats)((ints)alpha & ~SPLAT_INT(SIGN));
        z = (floats)((ints)z ^ (~own & SPLAT_INT(SIGN))); /* times y */
        grad = z - 1.0f +
               PICK(own, SPLAT(step[0].diagonal), SPLAT(step[1].diagonal)) * alpha;
        upper = PICK(own, SPLAT(step[0].upper), SPLAT(step[1].upper));
        at_zero = active & (alpha <= 0.0f);
        at_upper = active & (alpha >= upper);
        aside = (at_zero & (grad > old_max)) | (at_upper & (grad < old_min));
        active &= ~aside;
        ANY(any, aside);
        if (any) {
            const floats marked = (floats)((ints)alpha | (~active & SPLAT_INT(SIGN)));
            STORE(alpha_at, marked);
            ANY(any, active);
            if (!any)
                continue;
        }
        order[at] = order[kept];
        order[kept++] = i;

        projected = PICK(at_zero, MIN(grad, SPLAT(0.0f)), grad);
        projected = PICK(at_upper, MAX(projected, SPLAT(0.0f)), projected);
        new_max = PICK(active, MAX(new_max, projected), new_max);
        new_min = PICK(active, MIN(new_min, projected), new_min);
        next = alpha - grad * PICK(own, SPLAT(step[0].inverse), SPLAT(step[1].inverse));
        next = MAX(next, SPLAT(0.0f));
        next = MIN(next, upper);
        move = next - alpha;
        moved = active & ((move > least_move) | (move < -least_move));
        ANY(any, moved);
        if (!any)
            continue;
        move = (floats)((ints)move & moved);
        next = PICK(moved, next, alpha);
        next = (floats)((ints)next | (~active & SPLAT_INT(SIGN)));
        STORE(alpha_at, next);
        gain -= 0.5f * grad * move;
        move = (floats)((ints)move ^ (~own & SPLAT_INT(SIGN))); /* times y */
        bias_weights += r->bias * move;
        for (int64_t j = r->starts[i]; j < r->ends[i]; j++) {
            floats w;
            LOAD(w, LANES_OF(weights, r->columns[j]));
            w += r->values[j] * move;
            STORE(LANES_OF(weights, r->columns[j]), w);
        }
    }
    b->n_active = kept;
    STORE(b->new_max, new_max);
    STORE(b->new_min, new_min);
    STORE(b->bias_weights, bias_weights);
    b->gain = 0;
    for (uint32_t k = 0; k < b->n_lanes; k++)
        b->gain += (double)gain[k];
}

TARGET static void NAME(objective)(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    float *const weights = __builtin_assume_aligned(b->weights, 64);
    float *const alphas = __builtin_assume_aligned(b->alpha, 64);
    doubles loss = {0}, sum = {0}, norm = {0}, quadratic = {0};
    floats bias_weights;
    LOAD(bias_weights, b->bias_weights);

    for (int64_t at = 0; at < r->n_used; at++) {
        const uint32_t i = r->used[at];
        const int64_t lane = (int64_t)r->labels[i] - b->first_class;
        const kehu__step *const step = r->steps[i];
        floats z, alpha, slack;
        doubles a;
        ints own;
        kehu__prefetch_ahead(r, r->used, at, r->n_used, alphas, KEHU__LANES);
        if (at + 1 < r->n_used)
            prefetch_weights(r, weights, r->used[at + 1]);
        DOT(z, r, weights, bias_weights, i);
        LOAD(own, own_masks[lane >= 0 && lane < KEHU__LANES ? lane : KEHU__LANES]);
        LOAD(alpha, LANES_OF(alphas, i));
        alpha = (floats)((ints)alpha & ~SPLAT_INT(SIGN));
        z = (floats)((ints)z ^ (~own & SPLAT_INT(SIGN)));
        slack = MAX(1.0f - z - r->own[i] * alpha, SPLAT(0.0f));
        if (r->loss == KEHU__SQUARED_HINGE)
            slack *= slack;
        slack *= PICK(own, SPLAT(step[0].cost), SPLAT(step[1].cost));
        a = __builtin_convertvector(alpha, doubles);
        loss += __builtin_convertvector(slack, doubles);
        sum += a;
        a *= a;
        norm += (double)r->own[i] * a;
        quadratic +=
            a * __builtin_convertvector(
                    PICK(own, SPLAT(step[0].diagonal), SPLAT(step[1].diagonal)), doubles);
    }
    for (uint32_t j = 0; j <= r->n_columns; j++) {
        floats w = bias_weights;
        doubles square;
        if (j < r->n_columns)
            LOAD(w, LANES_OF(weights, j));
        square = __builtin_convertvector(w, doubles);
        square *= square;
        norm += square;
        quadratic += square;
    }
    b->primal = b->dual = 0;
    for (uint32_t k = 0; k < b->n_lanes; k++) {
        b->primal += 0.5 * norm[k] + loss[k];
        b->dual += sum[k] - 0.5 * quadratic[k];
    }
}

/* 1 / (1 + exp(-u)). exp is that of Cephes: x = k ln 2 + r, a polynomial in r, and k into
 * the exponent by way of a sum whose last bits are k. */
#define SIGMOID(result, u)                                                               \
    do {                                                                                 \
        const floats sig_x = MAX(PICK((u) < 0.0f, (u), -(u)), SPLAT(-86.0f));            \
        const floats sig_k = sig_x * 1.44269504f + 12582912.0f;                          \
        const floats sig_n = sig_k - 12582912.0f;                                        \
        const floats sig_r = sig_x - sig_n * 0.693359375f + sig_n * 2.12194440e-4f;      \
        floats sig_e = SPLAT(1.9875691500e-4f) * sig_r + 1.3981999507e-3f;               \
        sig_e = sig_e * sig_r + 8.3334519073e-3f;                                        \
        sig_e = sig_e * sig_r + 4.1665795894e-2f;                                        \
        sig_e = sig_e * sig_r + 1.6666665459e-1f;                                        \
        sig_e = sig_e * sig_r + 5.0000001201e-1f;                                        \
        sig_e = sig_e * sig_r * sig_r + sig_r + 1.0f;                                    \
        sig_e = (floats)((ints)sig_e + (((ints)sig_k - 0x4B400000) << 23));              \
        (result) = PICK((u) < 0.0f, sig_e, SPLAT(1.0f)) / (1.0f + sig_e);                \
    } while (0)
/* From where it starts, see kehu__logistic_step, Newton's method only comes closer. */
enum { NAME(LOGISTIC_STEPS) = 8 };

TARGET static void NAME(logistic_pass)(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    float *const weights = __builtin_assume_aligned(b->weights, 64);
    float *const alphas = __builtin_assume_aligned(b->alpha, 64);
    const float least_move = b->least_move;
    floats gain = SPLAT(0.0f), bias_weights;
    ints lane_used;
    LOAD(bias_weights, b->bias_weights);
    LOAD(lane_used, lane_masks[b->n_lanes]);

    for (int64_t at = 0; at < b->n_active; at++) {
        const uint32_t i = b->order[at];
        const int64_t lane = (int64_t)r->labels[i] - b->first_class;
        const kehu__step *const step = r->steps[i];
        const float a = step[0].inverse;
        float *const alpha_at = LANES_OF(alphas, i);
        ints own, moved, below;
        floats alpha, grad, cost, u, h, sigma, move;
        bool any;

        kehu__prefetch_ahead(r, b->order, at, b->n_active, alphas, KEHU__LANES);
        if (at + 1 < b->n_active)
            prefetch_weights(r, weights, b->order[at + 1]);
        DOT(grad, r, weights, bias_weights, i);
        LOAD(own, own_masks[lane >= 0 && lane < KEHU__LANES ? lane : KEHU__LANES]);
        LOAD(alpha, alpha_at);
        grad = (floats)((ints)grad ^ (~own & SPLAT_INT(SIGN))); /* times y */
        grad += r->own[i] * alpha;
        cost = PICK(own, SPLAT(step[0].cost), SPLAT(step[1].cost));

        h = a * (0.5f * cost - alpha) + grad;
        below = h < 0.0f;
        u = PICK(below, MAX(-grad, SPLAT(0.0f)), MIN(-grad, SPLAT(0.0f)));
        SIGMOID(sigma, u);
        h = u + a * (cost * sigma - alpha) + grad;
        u = PICK((h < 0.0f) ^ below, SPLAT(0.0f), u);
        for (int n = 0; n < NAME(LOGISTIC_STEPS); n++) {
            SIGMOID(sigma, u);
            h = u + a * (cost * sigma - alpha) + grad;
            u -= h / (1.0f + a * cost * sigma * (1.0f - sigma));
        }
        SIGMOID(sigma, u);
        move = cost * sigma - alpha;
        moved = lane_used & ((move > least_move) | (move < -least_move));
        ANY(any, moved);
        if (!any)
            continue;
        move = (floats)((ints)move & moved);
        alpha += move;
        STORE(alpha_at, alpha);
        gain += 0.5f * (a + 4.0f / cost) * move * move;
        move = (floats)((ints)move ^ (~own & SPLAT_INT(SIGN))); /* times y */
        bias_weights += r->bias * move;
        for (int64_t j = r->starts[i]; j < r->ends[i]; j++) {
            floats w;
            LOAD(w, LANES_OF(weights, r->columns[j]));
            w += r->values[j] * move;
            STORE(LANES_OF(weights, r->columns[j]), w);
        }
    }
    STORE(b->bias_weights, bias_weights);
    b->gain = 0;
    for (uint32_t k = 0; k < b->n_lanes; k++)
        b->gain += (double)gain[k];
}

TARGET static void NAME(logistic_objective)(kehu__block *b)
{
    const kehu__solver_rows *const r = b->rows;
    double loss = 0, entropy = 0, norm = 0;
    floats bias_weights;
    LOAD(bias_weights, b->bias_weights);
    for (int64_t at = 0; at < r->n_used; at++) {
        const uint32_t i = r->used[at];
        const int64_t lane = (int64_t)r->labels[i] - b->first_class;
        const float *const alpha = LANES_OF(b->alpha, i);
        float margins[KEHU__LANES];
        floats z;
        DOT(z, r, b->weights, bias_weights, i);
        STORE(margins, z);
        for (int64_t k = 0; k < b->n_lanes; k++) {
            const float z_k = k == lane ? margins[k] : -margins[k];
            const double c = (double)r->steps[i][k != lane].cost;
            loss += c * kehu__logistic_loss((double)(z_k + r->own[i] * alpha[k]));
            entropy += kehu__logistic_entropy((double)alpha[k], c);
            norm += (double)r->own[i] * (double)alpha[k] * (double)alpha[k];
        }
    }
    for (uint32_t j = 0; j <= r->n_columns; j++) {
        const float *const w =
            j < r->n_columns ? LANES_OF(b->weights, j) : b->bias_weights;
        for (uint32_t k = 0; k < b->n_lanes; k++)
            norm += (double)w[k] * (double)w[k];
    }
    b->primal = 0.5 * norm + loss;
    b->dual = entropy - 0.5 * norm;
}

#undef floats
#undef ints
#undef doubles
#undef SPLAT
#undef SPLAT_INT
#undef PICK
#undef MIN
#undef MAX
#undef ANY
#undef LOAD
#undef STORE
#undef DOT
#undef SIGN
#undef SIGMOID
#undef NAME
#undef TARGET
