/* Beside the real LIBLINEAR: its model read by us and our model read by it predict
 * the same, and both reach the same objective. Needs liblinear-train and
 * liblinear-predict (Debian: liblinear-tools); without them the test is skipped. */
#include "support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "kehu/linear.h"

enum { N = 600, D = 200, A_ROW = 12 };

typedef struct data {
    int64_t starts[N + 1];
    uint32_t columns[N * A_ROW];
    float values[N * A_ROW];
    int32_t labels[N];
    kehu_sparse rows;
} data;

static void make(data *d, int n_classes)
{
    kehu__random r = kehu__random_seed((uint64_t)n_classes);
    int64_t n = 0;
    for (int i = 0; i < N; i++) {
        uint32_t column = 0;
        d->starts[i] = n;
        d->labels[i] = 1 + (int32_t)kehu__random_below(&r, (uint32_t)n_classes);
        for (int k = 0; k < A_ROW && column < D; k++) {
            if (k == 0)
                column = (uint32_t)d->labels[i] + kehu__random_below(&r, 3);
            d->columns[n] = column;
            d->values[n++] = (float)(0.1 + kehu__random_unit(&r) / 2);
            column += 1 + kehu__random_below(&r, 30);
        }
    }
    d->starts[N] = n;
    d->rows = (kehu_sparse){N, D, d->starts, d->columns, d->values};
}

static int to_file(void *ctx, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, ctx) != size;
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s failed", command);
}

static void read_labels(int32_t *labels)
{
    FILE *const f = fopen("liblinear.out", "r");
    assert_non_null(f);
    for (int i = 0; i < N; i++)
        assert_int_equal(fscanf(f, "%d", &labels[i]), 1);
    fclose(f);
}

/* The same labels, but for ties: Crammer and Singer's optimum has rows whose best classes
 * are exactly as good, and single precision may tell them apart in another way. */
static void same_labels(const data *d, const kehu_linear *model, int n_classes,
                        const int32_t *theirs)
{
    static float margins[N * 20];
    static int32_t ours[N];
    int n_ties = 0;
    assert_int_equal(kehu_linear_predict(model, &d->rows, ours, margins, NULL), KEHU_OK);
    for (int i = 0; i < N; i++) {
        float of_theirs = 0, of_ours = 0;
        for (int k = 0; k < n_classes; k++) {
            const float margin = margins[i * n_classes + k];
            const int32_t label = kehu_linear_label(model, (uint32_t)k);
            of_theirs = label == theirs[i] ? margin : of_theirs;
            of_ours = label == ours[i] ? margin : of_ours;
        }
        n_ties += ours[i] != theirs[i];
        assert_true(of_ours - of_theirs <= 1e-6f);
    }
    assert_true(n_ties <= N / 100);
}

/* A row's loss: one-vs-rest for class k, or at once for all (k is not used). */
static double row_loss(const float *margins, int n_classes, int own, int k, int loss)
{
    const double z = (double)(k == own ? margins[k] : -margins[k]);
    double other = -INFINITY;
    switch (loss) {
    case KEHU_LINEAR_LOGISTIC:
        return z > 0 ? log1p(exp(-z)) : log1p(exp(z)) - z;
    case KEHU_LINEAR_HINGE:
        return fmax(0, 1 - z);
    case KEHU_LINEAR_SQUARED_HINGE:
        return fmax(0, 1 - z) * fmax(0, 1 - z);
    default:
        for (k = 0; k < n_classes; k++)
            other = k == own ? other : fmax(other, (double)margins[k]);
        return fmax(0, 1 - (double)margins[own] + other);
    }
}

/* |w|^2 / 2 + C times the losses of all rows, over all problems there are. */
static double objective(const data *d, const kehu_linear *model, int n_classes, int loss,
                        double cost, const char *path)
{
    const bool at_once = loss == KEHU_LINEAR_CRAMMER_SINGER;
    static float margins[N * 20];
    double sum = 0, w;
    int own = 0;
    char line[64];
    FILE *const f = fopen(path, "r");
    bool one_weight = n_classes == 2;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL && strcmp(line, "w\n") != 0)
        one_weight = one_weight && strcmp(line, "solver_type MCSVM_CS\n") != 0;
    while (fscanf(f, "%lf", &w) == 1)
        sum += at_once && one_weight ? w * w : w * w / 2;
    fclose(f);
    assert_int_equal(kehu_linear_predict(model, &d->rows, NULL, margins, NULL), KEHU_OK);
    for (int i = 0; i < N; i++) {
        while (kehu_linear_label(model, (uint32_t)own) != d->labels[i])
            own = (own + 1) % n_classes;
        for (int k = n_classes == 2 || at_once ? n_classes - 1 : 0; k < n_classes; k++)
            sum += cost * row_loss(margins + i * n_classes, n_classes, own, k, loss);
    }
    return sum;
}

/* LIBLINEAR's solver and its closeness, our loss and our gap, and how much better
 * LIBLINEAR's objective may be. */
typedef struct method {
    int solver;
    const char *eps;
    int loss;
    double gap, worse;
} method;
static const method methods[] = {
    {1, "1e-5", KEHU_LINEAR_SQUARED_HINGE, 1e-6, 2e-6},
    {3, "1e-5", KEHU_LINEAR_HINGE, 1e-4, 1e-4},
    {0, "1e-6", KEHU_LINEAR_LOGISTIC, 1e-5, 1e-5},
    {7, "1e-5", KEHU_LINEAR_LOGISTIC, 1e-5, 1e-5},
    {4, "1e-5", KEHU_LINEAR_CRAMMER_SINGER, 1e-4, 1e-4},
};

static void check(int n_classes, const char *bias, const method *m)
{
    static data d;
    static int32_t theirs[N];
    char command[200];
    kehu_linear *model, *read;
    kehu_linear_info info;
    kehu_linear_options o = {.size = sizeof o,
                             .cost = 0.5,
                             .bias = strtod(bias, NULL),
                             .loss = m->loss,
                             .gap = m->gap};
    double a, b;
    FILE *f = fopen("liblinear.data", "w");
    const kehu_writer writer = {to_file, f};
    make(&d, n_classes);
    assert_non_null(f);
    assert_int_equal(kehu_libsvm_write(&d.rows, d.labels, &writer, NULL), KEHU_OK);
    fclose(f);

    snprintf(command, sizeof command,
             "liblinear-train -q -s %d -c 0.5 -e %s -B %s liblinear.data liblinear.model",
             m->solver, m->eps, bias);
    run(command);
    run("liblinear-predict liblinear.data liblinear.model liblinear.out > /dev/null");
    read_labels(theirs);
    assert_int_equal(kehu_linear_load(&read, "liblinear.model", NULL, NULL), KEHU_OK);
    same_labels(&d, read, n_classes, theirs);

    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_linear_save(model, "kehu.model", NULL), KEHU_OK);
    run("liblinear-predict liblinear.data kehu.model liblinear.out > /dev/null");
    read_labels(theirs);
    same_labels(&d, model, n_classes, theirs);

    a = objective(&d, read, n_classes, m->loss, 0.5, "liblinear.model");
    b = objective(&d, model, n_classes, m->loss, 0.5, "kehu.model");
    kehu_linear_get_info(model, &info);
    if (!info.converged || !(fabs(b - info.primal) <= 1e-5 * b) ||
        !(fabs(a - b) <= m->worse * a) || !(info.dual <= a * (1 + 1e-6)))
        fail_msg("-s %d, %d classes, bias %s: LIBLINEAR %.9g, ours %.9g, said to be "
                 "%.9g with dual %.9g",
                 m->solver, n_classes, bias, a, b, info.primal, info.dual);
    kehu_linear_free(read);
    kehu_linear_free(model);
}

static void test_liblinear_and_kehu_read_each_other(void **state)
{
    (void)state;
    for (int n_classes = 2; n_classes <= 20; n_classes += 6) {
        for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
            check(n_classes, "1", &methods[k]);
            check(n_classes, "-1", &methods[k]);
        }
    }
    run("rm -f liblinear.data liblinear.model liblinear.out kehu.model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_liblinear_and_kehu_read_each_other),
    };
    if (system("command -v liblinear-train > /dev/null") != 0) {
        fprintf(stderr, "skipped: liblinear-train is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
