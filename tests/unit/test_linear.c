/* The linear solver: optimality against the objective itself, equal bits for any
 * thread count and instruction set, refusals. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/random.h"
#include "learn/linear.h"

enum { N = 300, D = 120, A_ROW = 8 };

typedef struct data {
    int64_t starts[N + 1];
    uint32_t columns[N * A_ROW];
    float values[N * A_ROW];
    int32_t labels[N];
    kehu__sparse rows;
} data;

/* Each class has a few features of its own; columns are not ordered by frequency
 * unless asked. */
static void make(data *d, uint32_t n_classes, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    int64_t n = 0;
    for (int64_t i = 0; i < N; i++) {
        uint32_t column = 0;
        d->starts[i] = n;
        d->labels[i] =
            (int32_t)(i < n_classes ? (uint32_t)i : kehu__random_below(&r, n_classes));
        for (int k = 0; k < A_ROW && column < D; k++) {
            if (k == 0)
                column = (uint32_t)d->labels[i] + kehu__random_below(&r, 3);
            d->columns[n] = column;
            d->values[n++] = (float)(0.2 + kehu__random_unit(&r));
            column += 1 + kehu__random_below(&r, 30);
        }
    }
    d->starts[N] = n;
    d->rows = (kehu__sparse){N, D, d->starts, d->columns, d->values};
}

static double margin(const data *d, const kehu__linear *m, int64_t i, uint32_t k)
{
    double z = (double)m->bias * (double)m->weights[(size_t)D * m->stride + k];
    for (int64_t j = d->starts[i]; j < d->starts[i + 1]; j++)
        z += (double)d->values[j] *
             (double)m->weights[(size_t)d->columns[j] * m->stride + k];
    return z;
}

/* All classes at once; of two, the weights of the first are those of the second
 * negated. */
static double joint_objective(const data *d, const kehu__linear *m, double cost,
                              const float *weights, const double *class_cost)
{
    double sum = 0;
    for (uint32_t k = 0; k < m->width; k++)
        for (uint32_t j = 0; j <= D; j++) {
            const double w = (double)m->weights[(size_t)j * m->stride + k];
            sum += m->width == 1 ? w * w : w * w / 2;
        }
    for (int64_t i = 0; i < N; i++) {
        const uint32_t own = (uint32_t)d->labels[i];
        double c = cost * (weights == NULL ? 1 : (double)weights[i]);
        double other = -INFINITY, mine = m->width == 1 ? margin(d, m, i, 0) : 0;
        if (m->width == 1) {
            mine = own == 1 ? mine : -mine;
            other = -mine;
        }
        for (uint32_t k = 0; m->width > 1 && k < m->width; k++)
            if (k == own)
                mine = margin(d, m, i, k);
            else
                other = fmax(other, margin(d, m, i, k));
        c *= class_cost == NULL ? 1 : class_cost[own];
        sum += c * fmax(0, 1 - mine + other);
    }
    return sum;
}

static double loss_of(double z, kehu__loss loss)
{
    const double slack = fmax(0, 1 - z);
    if (loss == KEHU__LOGISTIC)
        return z > 0 ? log1p(exp(-z)) : log1p(exp(z)) - z;
    return loss == KEHU__HINGE ? slack : slack * slack;
}

/* The primal objective in double precision, written out as in the definition. */
static double objective(const data *d, const kehu__linear *m, double cost,
                        kehu__loss loss, const float *weights, const double *class_cost)
{
    double sum = 0;
    if (loss == KEHU__CRAMMER_SINGER)
        return joint_objective(d, m, cost, weights, class_cost);
    for (uint32_t k = 0; k < m->width; k++) {
        double norm = 0;
        for (uint32_t j = 0; j <= D; j++) {
            const double w = (double)m->weights[(size_t)j * m->stride + k];
            norm += w * w;
        }
        sum += norm / 2;
        for (int64_t i = 0; i < N; i++) {
            const uint32_t positive = m->width == 1 ? 1 : k;
            const bool own = (uint32_t)d->labels[i] == positive;
            const double z = margin(d, m, i, k);
            double c = cost * (weights == NULL ? 1 : (double)weights[i]);
            if (class_cost != NULL && (own || m->width == 1))
                c *= class_cost[d->labels[i]];
            sum += c * loss_of(own ? z : -z, loss);
        }
    }
    return sum;
}

static kehu__linear *train(const data *d, uint32_t n_classes,
                           const kehu__linear_options *o, const float *weights,
                           uint32_t n_threads, kehu__linear_report *report)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {.n_threads = n_threads};
    kehu__linear_problem *p;
    kehu__linear *m;
    kehu_error err = {0};
    assert_int_equal(kehu__linear_prepare(&p, &d->rows, d->labels, n_classes, weights, 1,
                                          &alloc, &err),
                     KEHU_OK);
    assert_int_equal(kehu__linear_solve(p, o, &run, report, &err), KEHU_OK);
    assert_int_equal(kehu__linear_extract(&m, p, &err), KEHU_OK);
    kehu__linear_problem_free(p);
    return m;
}

/* The reported primal value is the objective of the weights, and the dual below
 * it proves that no weights do better by more than the gap. */
static void test_linear_reaches_the_optimum(void **state)
{
    static data d;
    double class_cost[20];
    float weights[N];
    (void)state;
    for (uint32_t k = 0; k < 20; k++)
        class_cost[k] = 0.5 + k % 3;
    for (int64_t i = 0; i < N; i++)
        weights[i] = (float)(i % 4) * 0.5f;
    for (uint32_t n_classes = 2; n_classes <= 20; n_classes += 9)
        for (int variant = 0; variant < 32; variant++) {
            const kehu__loss loss = (kehu__loss)(variant % KEHU__N_LOSSES);
            const bool close = loss == KEHU__SQUARED_HINGE;
            const kehu__linear_options o = {.cost = 0.125 * (1 << variant / 8),
                                            .loss = loss,
                                            .class_cost =
                                                variant & 4 ? class_cost : NULL};
            const float *const w = variant & 8 ? weights : NULL;
            kehu__linear_report report;
            kehu__linear *m;
            double primal;
            make(&d, n_classes, n_classes);
            m = train(&d, n_classes, &o, w, 1, &report);
            primal = objective(&d, m, o.cost, loss, w, o.class_cost);
            assert_true(report.converged);
            assert_true(report.gap <= (close ? 1e-6 : 1e-4));
            assert_true(fabs(primal - report.primal) <= 1e-5 * primal);
            assert_true(report.dual <= primal * (1 + 1e-6));
            assert_true(report.dual >= primal * (1 - (close ? 4e-6 : 2e-4)));
            kehu__linear_free(m);
        }
}

static void test_linear_is_the_same_for_any_threads_and_processor(void **state)
{
    static data d;
    static const uint32_t limits[] = {0, KEHU__CPU_AVX2, UINT32_MAX};
    (void)state;
    for (uint32_t n = 0; n < 4 * KEHU__N_LOSSES; n++) {
        const uint32_t n_classes = 2 + n / KEHU__N_LOSSES * 16;
        const kehu__loss loss = (kehu__loss)(n % KEHU__N_LOSSES);
        kehu__linear *first = NULL;
        make(&d, n_classes, 7);
        for (int v = 0; v < 9; v++) {
            const kehu__linear_options o = {.cost = 1, .loss = loss};
            const uint32_t threads[] = {1, 2, 7};
            kehu__linear *m;
            kehu__cpu_limit(limits[v % 3]);
            m = train(&d, n_classes, &o, NULL, threads[v / 3], NULL);
            if (first == NULL)
                first = m;
            assert_memory_equal(m->weights, first->weights,
                                (D + 1) * m->stride * sizeof(float));
            if (m != first)
                kehu__linear_free(m);
        }
        kehu__linear_free(first);
    }
    kehu__cpu_limit(UINT32_MAX);
}

/* Rows numbered by falling frequency are used in place; the answer is that of
 * the copied ones. */
static void test_linear_agrees_on_ordered_and_unordered_columns(void **state)
{
    static data d, ordered;
    const kehu__linear_options o = {.cost = 2, .gap = 1e-7};
    uint32_t count[D] = {0}, rank[D];
    kehu__linear_report a, b;
    kehu__linear *m, *n;
    (void)state;
    make(&d, 3, 5);
    ordered = d;
    for (int64_t j = 0; j < d.starts[N]; j++)
        count[d.columns[j]]++;
    for (uint32_t j = 0; j < D; j++) {
        rank[j] = 0;
        for (uint32_t k = 0; k < D; k++)
            rank[j] += count[k] > count[j] || (count[k] == count[j] && k < j);
    }
    for (int64_t i = 0; i < N; i++) { /* renumber, insertion sort */
        for (int64_t j = d.starts[i]; j < d.starts[i + 1]; j++) {
            int64_t at = j;
            const uint32_t column = rank[d.columns[j]];
            for (; at > d.starts[i] && ordered.columns[at - 1] > column; at--) {
                ordered.columns[at] = ordered.columns[at - 1];
                ordered.values[at] = ordered.values[at - 1];
            }
            ordered.columns[at] = column;
            ordered.values[at] = d.values[j];
        }
    }
    ordered.rows = (kehu__sparse){N, D, ordered.starts, ordered.columns, ordered.values};
    m = train(&d, 3, &o, NULL, 1, &a);
    n = train(&ordered, 3, &o, NULL, 1, &b);
    assert_true(fabs(a.primal - b.primal) <= 1e-6 * a.primal);
    for (uint32_t j = 0; j < D; j++)
        for (uint32_t k = 0; k < 3; k++)
            assert_true(fabsf(m->weights[j * m->stride + k] -
                              n->weights[rank[j] * n->stride + k]) < 3e-3f);
    kehu__linear_free(m);
    kehu__linear_free(n);
}

static void test_linear_solves_again_from_the_last_solution(void **state)
{
    static data d;
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {0};
    kehu__linear_problem *p = NULL;
    (void)state;
    for (uint32_t n_classes = 2; n_classes < 6; n_classes += 3) {
        make(&d, n_classes, 3);
        for (int n = 0; n < 5 * KEHU__N_LOSSES; n++) {
            kehu__linear_report warm, cold;
            const kehu__loss loss = (kehu__loss)(n / 5);
            const kehu__linear_options o = {.cost = 0.25 * (1 << n % 5), .loss = loss};
            if (n % 5 == 0) {
                kehu__linear_problem_free(p);
                assert_int_equal(kehu__linear_prepare(&p, &d.rows, d.labels, n_classes,
                                                      NULL, 1, &alloc, NULL),
                                 KEHU_OK);
            }
            assert_int_equal(kehu__linear_solve(p, &o, &run, &warm, NULL), KEHU_OK);
            kehu__linear_free(train(&d, n_classes, &o, NULL, 1, &cold));
            assert_true(fabs(warm.primal - cold.primal) <=
                        (loss == KEHU__SQUARED_HINGE ? 2e-6 : 2e-4) * cold.primal);
        }
        kehu__linear_problem_free(p);
        p = NULL;
    }
}

static int cancel(void *ctx, double done, const char *stage)
{
    (void)ctx;
    (void)done;
    (void)stage;
    return 1;
}

/* Margins of rows the problem has left out, against the model's own: the same but for the
 * columns of a single row, whose weights only the model has. */
static void test_linear_scores_rows_left_out(void **state)
{
    static const uint32_t n_classes[] = {2, 3, 20};
    static data d;
    static float weights[N];
    static uint32_t count[D];
    (void)state;
    for (size_t v = 0; v < 3; v++) {
        const kehu_allocator alloc = kehu__allocator(NULL);
        const kehu__linear_options o = {.cost = 1};
        const kehu__run run = {.n_threads = 1};
        kehu__linear_problem *p;
        kehu__linear *m;
        make(&d, n_classes[v], 11 + v);
        memset(count, 0, sizeof count);
        for (int64_t j = 0; j < d.starts[N]; j++)
            count[d.columns[j]]++;
        for (int i = 0; i < N; i++)
            weights[i] = i % 5 == 4 ? 0 : 1;
        assert_int_equal(kehu__linear_prepare(&p, &d.rows, d.labels, n_classes[v],
                                              weights, 1, &alloc, NULL),
                         KEHU_OK);
        assert_int_equal(kehu__linear_solve(p, &o, &run, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu__linear_extract(&m, p, NULL), KEHU_OK);
        for (int64_t i = 4; i < N; i += 5) {
            const int64_t first = d.starts[i], n = d.starts[i + 1] - first;
            float values[A_ROW], ours[32], models[32];
            for (int64_t j = 0; j < n; j++)
                values[j] = count[d.columns[first + j]] > 1 ? d.values[first + j] : 0;
            kehu__linear_outside_scores(p, d.columns + first, d.values + first, n, ours);
            kehu__linear_score(m, d.columns + first, values, n, models);
            for (uint32_t k = 0; k < m->width; k++)
                assert_true(fabsf(ours[k] - models[k]) <= 1e-5f * (1 + fabsf(models[k])));
        }
        kehu__linear_free(m);
        kehu__linear_problem_free(p);
    }
}

static void test_linear_refuses_what_it_cannot_use(void **state)
{
    static data d;
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu_progress stop = {.report = cancel};
    const kehu__run run = {0}, stopped = {.progress = &stop};
    const double bad_cost[2] = {1, 0};
    kehu__linear_problem *p;
    kehu_error err;
    float weights[N] = {0};
    (void)state;
    make(&d, 2, 1);
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, weights, 1, &alloc, &err),
        KEHU_ONE_CLASS);
    assert_string_equal(err.message, "no row has a weight");
    weights[0] = 1;
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, weights, 1, &alloc, &err),
        KEHU_ONE_CLASS);
    weights[1] = NAN;
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, weights, 1, &alloc, &err),
        KEHU_RANGE);
    assert_int_equal(err.where, 1);
    d.labels[3] = 2;
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, NULL, 1, &alloc, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "row 3 has class number 2, expected 0 to 1");
    d.labels[3] = 1;
    d.values[d.starts[4]] = INFINITY;
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, NULL, 1, &alloc, &err),
        KEHU_RANGE);
    assert_int_equal(err.where, 4);
    d.values[d.starts[4]] = 1;
    d.columns[d.starts[6]] = D;
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, NULL, 1, &alloc, &err),
        KEHU_ARGUMENT);
    assert_null(p);
    make(&d, 2, 1);
    assert_int_equal(
        kehu__linear_prepare(&p, &d.rows, d.labels, 2, NULL, 1, &alloc, &err), KEHU_OK);
    assert_int_equal(
        kehu__linear_solve(p, &(kehu__linear_options){.cost = 0}, &run, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(
        kehu__linear_solve(p, &(kehu__linear_options){.cost = 1, .class_cost = bad_cost},
                           &run, NULL, &err),
        KEHU_ARGUMENT);
    assert_int_equal(
        kehu__linear_solve(p, &(kehu__linear_options){.cost = 1}, &stopped, NULL, &err),
        KEHU_CANCELLED);
    kehu__linear_problem_free(p);
}

static void test_linear_survives_refused_memory(void **state)
{
    static data d;
    const kehu__run run = {0};
    (void)state;
    make(&d, 3, 1);
    for (long refuse = 0, n = 0; n < 2; refuse++) {
        const kehu__linear_options o = {
            .cost = 1, .loss = n == 0 ? KEHU__SQUARED_HINGE : KEHU__CRAMMER_SINGER};
        faulty f;
        const kehu_allocator *const alloc = faulty_init(&f, refuse);
        kehu__linear_problem *p;
        kehu__linear *m = NULL;
        kehu_status status =
            kehu__linear_prepare(&p, &d.rows, d.labels, 3, NULL, 1, alloc, NULL);
        if (status == KEHU_OK)
            status = kehu__linear_solve(p, &o, &run, NULL, NULL);
        if (status == KEHU_OK)
            status = kehu__linear_extract(&m, p, NULL);
        kehu__linear_problem_free(p);
        kehu__linear_free(m);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK) {
            n++;
            refuse = -1;
            continue;
        }
        assert_int_equal(status, KEHU_NO_MEMORY);
        assert_null(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_reaches_the_optimum),
        cmocka_unit_test(test_linear_is_the_same_for_any_threads_and_processor),
        cmocka_unit_test(test_linear_agrees_on_ordered_and_unordered_columns),
        cmocka_unit_test(test_linear_solves_again_from_the_last_solution),
        cmocka_unit_test(test_linear_scores_rows_left_out),
        cmocka_unit_test(test_linear_refuses_what_it_cannot_use),
        cmocka_unit_test(test_linear_survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
