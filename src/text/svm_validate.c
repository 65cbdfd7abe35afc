/* Choosing C. A fold's problem is made ready once; each next C starts from the dual
 * variables of the last. Folds are chosen by the hash of the text, so that a text
 * that occurs twice is never both learned and judged.
 *
 * The vocabulary is that of all texts, a new text's unknown terms are not in its row. So
 * that a left-out text is like a new one, the terms that no learned text has are taken
 * out of its row, and the blocks are normed without them. */
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "learn/calibrate.h"
#include "text/svm_model.h"

enum {
    N_COSTS = 11,   /* of the whole grid, each twice the one before */
    PATIENCE = 3,   /* steps without a better accuracy before the grid ends */
    ENOUGH = 20000, /* judged texts: folds beyond that are not used */
    ENOUGH_TO_CALIBRATE = 5000
};
/* Closer solutions give the same order of the costs. */
#define VALIDATION_GAP 1e-2

typedef struct fold {
    kehu__linear_problem *problem;
    kehu__sparse rows; /* of all texts, terms weighted by what this fold has learned */
    float *own_values; /* [entries] of rows where those are its own, else NULL */
    float *weights;    /* [n_rows] 0 for the texts left out */
    uint8_t *known;    /* [n_columns] 1: a learned text has the term */
    float *values;     /* [longest row] of a row without the others */
    float *margins, *best; /* [n_out][n_classes] at this C, at the best so far */
    int64_t n_out;
    double right, all; /* weight of the texts judged rightly, of all */
    kehu__linear_report report;
    kehu_status status;
    kehu_error err;
} fold;

typedef struct validation {
    const kehu__svm_training *t;
    fold *folds;
    uint32_t n_folds, n_used; /* all, those that are judged */
    int64_t longest;          /* entries of a row */
    uint32_t *left_out;       /* [n_rows] rows of fold 0, then of fold 1, ... */
    int64_t *first;           /* [n_used + 1] into left_out */
    double cost;
} validation;

static uint32_t fold_of(const validation *v, int64_t i)
{
    return (uint32_t)((v->t->hashes[i] >> 32) * v->n_folds >> 32);
}

/* So many folds that enough texts are judged; where C is given, no larger ones. */
static void plan_folds(validation *v)
{
    const kehu__svm_training *const t = v->t;
    const bool given = t->options.cost > 0;
    const int64_t wanted = given ? ENOUGH_TO_CALIBRATE : ENOUGH;
    const int64_t small = given ? t->rows.n_rows / wanted : 0;
    int64_t in_one, n;
    v->n_folds = small > t->options.n_folds ? (uint32_t)small : t->options.n_folds;
    in_one = t->rows.n_rows / v->n_folds;
    n = in_one > 0 ? (wanted + in_one - 1) / in_one : wanted;
    v->n_used = n < v->n_folds ? (uint32_t)n : v->n_folds;
}

/* Term weights that know the classes may know those of the learned texts only. */
static bool weigh_terms(const kehu__svm_training *t, fold *f)
{
    const size_t n_entries = (size_t)t->rows.starts[t->rows.n_rows] + 1;
    float *factors;
    bool ok;
    f->rows = t->rows;
    if (t->options.class_aware != KEHU__SVM_YES)
        return true;
    factors = kehu__alloc(t->alloc, t->rows.n_columns, sizeof *factors);
    f->own_values = kehu__alloc(t->alloc, n_entries, sizeof *f->own_values);
    ok = factors != NULL && f->own_values != NULL &&
         kehu__svm_gravity(factors, t, f->weights);
    if (ok)
        kehu__svm_scale_rows(f->own_values, t, factors);
    f->rows.values = f->own_values;
    kehu__free(t->alloc, factors, t->rows.n_columns, sizeof *factors);
    return ok;
}

static void prepare_fold(void *arg, int64_t number)
{
    const validation *const v = arg;
    const kehu__svm_training *const t = v->t;
    fold *const f = &v->folds[number];
    const size_t n = (size_t)t->rows.n_rows;
    const size_t n_margins = (size_t)f->n_out * t->n_classes;
    if (f->n_out == 0)
        return; /* few texts */
    f->weights = kehu__alloc(t->alloc, n, sizeof *f->weights);
    f->margins = kehu__alloc(t->alloc, n_margins, sizeof *f->margins);
    f->best = kehu__alloc(t->alloc, n_margins, sizeof *f->best);
    f->known = kehu__alloc_zero(t->alloc, t->rows.n_columns, sizeof *f->known);
    f->values = kehu__alloc(t->alloc, (size_t)v->longest, sizeof *f->values);
    if (f->weights == NULL || f->margins == NULL || f->best == NULL || f->known == NULL ||
        f->values == NULL) {
        f->status = kehu__no_memory(&f->err, "validation");
        return;
    }
    for (size_t i = 0; i < n; i++)
        f->weights[i] = fold_of(v, (int64_t)i) == number ? 0
                        : t->weights == NULL             ? 1
                                                         : t->weights[i];
    for (size_t i = 0; i < n; i++)
        for (int64_t j = t->rows.starts[i]; j < t->rows.starts[i + 1]; j++)
            if (f->weights[i] > 0)
                f->known[t->rows.columns[j]] = 1;
    if (!weigh_terms(t, f)) {
        f->status = kehu__no_memory(&f->err, "validation");
        return;
    }
    f->status = kehu__linear_prepare(
        &f->problem, f->own_values == NULL ? &t->rows : &f->rows, t->labels, t->n_classes,
        f->weights, t->bias, t->alloc, &f->err);
}

static uint32_t best_of(const float *margins, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < n; k++)
        if (margins[k] > margins[best])
            best = k;
    return best;
}

/* Margins of a left-out text as of a new one. */
static void score(const kehu__svm_training *t, fold *f, uint32_t row, float *margins)
{
    const int64_t first = t->rows.starts[row], n = t->rows.starts[row + 1] - first;
    const uint32_t *const columns = t->rows.columns + first;
    const float *const values = f->rows.values + first;
    float all[KEHU__TERM_BLOCKS] = {0}, known[KEHU__TERM_BLOCKS] = {0};
    for (int64_t j = 0; j < n; j++) {
        const uint32_t block = kehu__terms_block(t->terms, columns[j]);
        all[block] += values[j] * values[j];
        known[block] += f->known[columns[j]] ? values[j] * values[j] : 0;
    }
    for (int b = 0; b < KEHU__TERM_BLOCKS; b++)
        all[b] = known[b] > 0 ? sqrtf(all[b] / known[b]) : 0;
    for (int64_t j = 0; j < n; j++)
        f->values[j] = f->known[columns[j]]
                           ? values[j] * all[kehu__terms_block(t->terms, columns[j])]
                           : 0;
    kehu__linear_outside_scores(f->problem, columns, f->values, n, margins);
}

static void judge(const validation *v, fold *f, const uint32_t *rows)
{
    const kehu__svm_training *const t = v->t;
    f->right = f->all = 0;
    for (int64_t at = 0; at < f->n_out; at++) {
        float *const margins = f->margins + at * t->n_classes;
        const int32_t truth = t->labels[rows[at]];
        double weight = t->class_cost == NULL ? 1 : t->class_cost[truth];
        score(t, f, rows[at], margins);
        if (t->n_classes == 2) {
            margins[1] = margins[0];
            margins[0] = -margins[1];
        }
        if (t->weights != NULL)
            weight *= (double)t->weights[rows[at]];
        f->all += weight;
        f->right += best_of(margins, t->n_classes) == (uint32_t)truth ? weight : 0;
    }
}

static void solve_fold(void *arg, int64_t number)
{
    const validation *const v = arg;
    const kehu__svm_training *const t = v->t;
    fold *const f = &v->folds[number];
    const kehu__run alone = {.n_threads = 1};
    const kehu__linear_options o = {.cost = v->cost,
                                    .loss = (kehu__loss)t->options.loss,
                                    .gap = VALIDATION_GAP,
                                    .seed = t->options.seed,
                                    .class_cost = t->class_cost};
    if (f->problem == NULL)
        return;
    f->status = kehu__linear_solve(f->problem, &o, &alone, &f->report, &f->err);
    if (f->status == KEHU_OK)
        judge(v, f, v->left_out + v->first[number]);
}

/* The first failure in the order of the folds. A fold without which only one class
 * is left is not a failure: it is not judged. */
static kehu_status first_failure(validation *v, kehu_error *err)
{
    for (uint32_t k = 0; k < v->n_used; k++) {
        fold *const f = &v->folds[k];
        if (f->status == KEHU_ONE_CLASS) {
            f->n_out = 0;
            continue;
        }
        if (f->status != KEHU_OK) {
            if (err != NULL)
                *err = f->err;
            return f->status;
        }
    }
    return KEHU_OK;
}

static void keep_best(validation *v)
{
    for (uint32_t k = 0; k < v->n_used; k++) {
        float *const other = v->folds[k].best;
        v->folds[k].best = v->folds[k].margins;
        v->folds[k].margins = other;
    }
}

/* One C: accuracy on the left-out texts, NaN when none could be judged. */
static kehu_status try_cost(validation *v, double cost, kehu_svm_curve *point,
                            kehu_error *err)
{
    double right = 0, all = 0;
    v->cost = cost;
    kehu__parallel(&v->t->run, v->n_used, solve_fold, v);
    KEHU_TRY(first_failure(v, err));
    *point = (kehu_svm_curve){.cost = cost};
    for (uint32_t k = 0; k < v->n_used; k++) {
        const fold *const f = &v->folds[k];
        if (f->problem == NULL)
            continue;
        right += f->right;
        all += f->all;
        point->gap = f->report.gap > point->gap ? f->report.gap : point->gap;
    }
    point->accuracy = all > 0 ? right / all : (double)NAN;
    return KEHU_OK;
}

static kehu_status search(validation *v, double least_cost, kehu_svm_info *info,
                          kehu_error *err)
{
    const double given = v->t->options.cost, last = ldexp(KEHU__SVM_LEAST_COST, N_COSTS);
    kehu_svm_curve point;
    uint32_t best = 0;
    if (given > 0) {
        KEHU_TRY(try_cost(v, given, &point, err));
        keep_best(v);
        info->cost = given;
        info->accuracy = point.accuracy;
        return KEHU_OK;
    }
    for (double cost = least_cost; cost < last; cost *= 2) {
        const uint32_t n = info->n_curve++;
        KEHU_TRY(try_cost(v, cost, &info->curve[n], err));
        if (n == 0 || info->curve[n].accuracy > info->curve[best].accuracy) {
            best = n;
            keep_best(v);
        }
        KEHU_TRY(
            kehu__progress(&v->t->run, (double)(n + 1) / N_COSTS, "validation", err));
        if (n >= best + PATIENCE)
            break;
    }
    info->cost = info->curve[best].cost;
    info->accuracy = info->curve[best].accuracy;
    return KEHU_OK;
}

static void mark_right(const validation *v, uint8_t *right)
{
    const uint32_t n_classes = v->t->n_classes;
    for (uint32_t k = 0; k < v->n_used; k++)
        for (int64_t j = 0; j < v->folds[k].n_out; j++) {
            const uint32_t row = v->left_out[v->first[k] + j];
            const float *const margins = v->folds[k].best + j * n_classes;
            right[row] = best_of(margins, n_classes) == (uint32_t)v->t->labels[row];
        }
}

/* The lowest probability from which on enough answers are right; margins[n][n_classes]
 * and true classes[n]. False when memory is refused. */
static bool choose_abstention(const kehu__svm_training *t, const float *margins,
                              const int32_t *classes, int64_t n, kehu_svm_info *info)
{
    const uint32_t n_classes = t->n_classes;
    const size_t size = (size_t)n;
    uint64_t *const keys = kehu__alloc(t->alloc, size, 2 * sizeof *keys);
    uint32_t *const right = kehu__alloc(t->alloc, size, 2 * sizeof *right);
    float *const p = kehu__alloc(t->alloc, n_classes, sizeof *p);
    const bool ok = keys != NULL && right != NULL && p != NULL;
    double n_right = 0;
    info->abstain_below = 1;
    for (size_t i = 0; ok && i < size; i++) {
        const uint32_t best = best_of(margins + i * n_classes, n_classes);
        kehu__softmax(margins + i * n_classes, n_classes, info->temperature, p);
        keys[i] = UINT64_MAX - kehu__order_f64((double)p[best]);
        right[i] = best == (uint32_t)classes[i];
    }
    if (ok)
        kehu__sort_pairs(keys, right, keys + size, right + size, size);
    for (size_t i = 0; ok && i < size; i++) {
        n_right += right[i];
        if (n_right < t->options.precision * (double)(i + 1) ||
            (i + 1 < size && keys[i + 1] == keys[i]))
            continue;
        /* Half way to the next, which is not to be answered. */
        info->abstain_below = i + 1 == size
                                  ? 0
                                  : (kehu__unorder_f64(UINT64_MAX - keys[i]) +
                                     kehu__unorder_f64(UINT64_MAX - keys[i + 1])) /
                                        2;
    }
    kehu__free(t->alloc, keys, size, 2 * sizeof *keys);
    kehu__free(t->alloc, right, size, 2 * sizeof *right);
    kehu__free(t->alloc, p, n_classes, sizeof *p);
    return ok;
}

typedef struct sigmoid_job {
    const float *margins;
    const int32_t *classes;
    int64_t n;
    uint32_t n_classes;
    kehu__sigmoid *sigmoids;
} sigmoid_job;

static void fit_sigmoid(void *arg, int64_t number)
{
    const sigmoid_job *const job = arg;
    job->sigmoids[number] = kehu__fit_sigmoid(job->margins, job->classes, job->n,
                                              job->n_classes, (uint32_t)number);
}

/* Of two classes the rarer one is chosen too seldom: what the margins lack. Texts or
 * classes that do not weigh alike are meant to be judged so. */
static double shift_margins(const kehu__svm_training *t, float *margins,
                            const int32_t *classes, int64_t n)
{
    double shift;
    if (t->n_classes != 2 || t->class_cost != NULL || t->weights != NULL)
        return 0;
    shift = kehu__fit_shift(margins, classes, n);
    for (int64_t i = 0; i < n; i++) {
        margins[2 * i + 1] += (float)shift;
        margins[2 * i] = -margins[2 * i + 1];
    }
    return shift;
}

/* One temperature for the margins of all folds, a sigmoid for each class, and the
 * probability to abstain below. */
static kehu_status calibrate(const validation *v, kehu__svm_training *t,
                             kehu__sigmoid *sigmoids, kehu_svm_info *info,
                             kehu_error *err)
{
    const uint32_t n_classes = t->n_classes;
    int64_t n = 0, at = 0;
    float *margins;
    int32_t *classes;
    bool chosen = true;
    for (uint32_t k = 0; k < v->n_used; k++)
        n += v->folds[k].n_out;
    info->n_validated = n;
    info->temperature = 1;
    t->shift = 0;
    info->abstain_below = t->options.precision > 0 ? 1 : 0;
    for (uint32_t k = 0; k < n_classes; k++)
        sigmoids[k] = (kehu__sigmoid){1, 0};
    if (n == 0)
        return KEHU_OK;
    margins = kehu__alloc(t->alloc, kehu__times((size_t)n, n_classes), sizeof *margins);
    classes = kehu__alloc(t->alloc, (size_t)n, sizeof *classes);
    if (margins != NULL && classes != NULL) {
        sigmoid_job job = {margins, classes, n, n_classes, sigmoids};
        for (uint32_t k = 0; k < v->n_used; k++)
            for (int64_t j = 0; j < v->folds[k].n_out; j++, at++) {
                memcpy(margins + at * n_classes, v->folds[k].best + j * n_classes,
                       n_classes * sizeof *margins);
                classes[at] = t->labels[v->left_out[v->first[k] + j]];
            }
        t->shift = shift_margins(t, margins, classes, n);
        info->temperature = kehu__fit_temperature(margins, classes, n, n_classes);
        kehu__parallel(&t->run, n_classes, fit_sigmoid, &job);
        if (t->options.precision > 0)
            chosen = choose_abstention(t, margins, classes, n, info);
    }
    kehu__free(t->alloc, margins, (size_t)n * n_classes, sizeof *margins);
    kehu__free(t->alloc, classes, (size_t)n, sizeof *classes);
    return at == n && chosen ? KEHU_OK : kehu__no_memory(err, "calibration");
}

static bool list_folds(validation *v)
{
    const kehu__svm_training *const t = v->t;
    const int64_t n = t->rows.n_rows;
    int64_t at = 0;
    v->longest = 1;
    for (int64_t i = 0; i < n; i++)
        if (t->rows.starts[i + 1] - t->rows.starts[i] > v->longest)
            v->longest = t->rows.starts[i + 1] - t->rows.starts[i];
    v->folds = kehu__alloc_zero(t->alloc, v->n_used, sizeof *v->folds);
    v->left_out = kehu__alloc(t->alloc, (size_t)n, sizeof *v->left_out);
    v->first = kehu__alloc_zero(t->alloc, (size_t)v->n_used + 1, sizeof *v->first);
    if (v->folds == NULL || v->left_out == NULL || v->first == NULL)
        return false;
    for (uint32_t k = 0; k < v->n_used; k++) {
        v->first[k] = at;
        for (int64_t i = 0; i < n; i++)
            if (fold_of(v, i) == k)
                v->left_out[at++] = (uint32_t)i;
        v->folds[k].n_out = at - v->first[k];
    }
    v->first[v->n_used] = at;
    return true;
}

static void free_validation(validation *v)
{
    const kehu__svm_training *const t = v->t;
    for (uint32_t k = 0; v->folds != NULL && v->first != NULL && k < v->n_used; k++) {
        fold *const f = &v->folds[k];
        const size_t n = (size_t)(v->first[k + 1] - v->first[k]) * t->n_classes;
        kehu__linear_problem_free(f->problem);
        kehu__free(t->alloc, f->own_values, (size_t)t->rows.starts[t->rows.n_rows] + 1,
                   sizeof *f->own_values);
        kehu__free(t->alloc, f->weights, (size_t)t->rows.n_rows, sizeof *f->weights);
        kehu__free(t->alloc, f->known, t->rows.n_columns, sizeof *f->known);
        kehu__free(t->alloc, f->values, (size_t)v->longest, sizeof *f->values);
        kehu__free(t->alloc, f->margins, n, sizeof *f->margins);
        kehu__free(t->alloc, f->best, n, sizeof *f->best);
    }
    kehu__free(t->alloc, v->folds, v->n_used, sizeof *v->folds);
    kehu__free(t->alloc, v->left_out, (size_t)t->rows.n_rows, sizeof *v->left_out);
    kehu__free(t->alloc, v->first, (size_t)v->n_used + 1, sizeof *v->first);
}

/* The first fold's problem lacks nothing but that fold. */
static void hand_on(validation *v, kehu__svm_training *t)
{
    if (t->options.cost == 0 || t->options.class_aware == KEHU__SVM_YES ||
        t->options.start != NULL)
        return;
    t->ready = v->folds[0].problem;
    v->folds[0].problem = NULL;
}

kehu_status kehu__svm_validate(kehu__svm_training *t, double least_cost, uint8_t *right,
                               kehu__sigmoid *sigmoids, kehu_svm_info *info,
                               kehu_error *err)
{
    validation v = {.t = t};
    kehu_status status;
    plan_folds(&v);
    if (!list_folds(&v)) {
        status = kehu__no_memory(err, "validation");
        goto done;
    }
    kehu__parallel(&t->run, v.n_used, prepare_fold, &v);
    status = first_failure(&v, err);
    if (status == KEHU_OK)
        status = search(&v, least_cost, info, err);
    if (status == KEHU_OK)
        status = calibrate(&v, t, sigmoids, info, err);
    if (status == KEHU_OK && right != NULL)
        mark_right(&v, right);
    if (status == KEHU_OK)
        hand_on(&v, t);

done:
    free_validation(&v);
    return status;
}
