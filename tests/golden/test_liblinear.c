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

/* |w|^2 / 2 + C sum of squared slacks, over all one-vs-rest problems. */
static double objective(const data *d, const kehu_linear *model, int n_classes,
                        double cost, const char *path)
{
    static float margins[N * 20];
    double sum = 0, w;
    char line[64];
    FILE *const f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL && strcmp(line, "w\n") != 0)
        ;
    while (fscanf(f, "%lf", &w) == 1)
        sum += w * w / 2;
    fclose(f);
    assert_int_equal(kehu_linear_predict(model, &d->rows, NULL, margins, NULL), KEHU_OK);
    for (int i = 0; i < N; i++)
        for (int k = n_classes == 2 ? 1 : 0; k < n_classes; k++) {
            const bool own = d->labels[i] == kehu_linear_label(model, (uint32_t)k);
            const double z = (double)margins[i * n_classes + k];
            const double slack = 1 - (own ? z : -z);
            sum += slack > 0 ? cost * slack * slack : 0;
        }
    return sum;
}

static void check(int n_classes, const char *bias)
{
    static data d;
    static int32_t theirs[N], ours[N];
    char command[200];
    kehu_linear *model, *read;
    kehu_linear_info info;
    kehu_linear_options o = {.size = sizeof o, .cost = 2, .bias = strtod(bias, NULL)};
    double a, b;
    FILE *f = fopen("liblinear.data", "w");
    const kehu_writer writer = {to_file, f};
    make(&d, n_classes);
    assert_non_null(f);
    assert_int_equal(kehu_libsvm_write(&d.rows, d.labels, &writer, NULL), KEHU_OK);
    fclose(f);

    snprintf(command, sizeof command,
             "liblinear-train -q -s 1 -c 2 -e 1e-5 -B %s liblinear.data liblinear.model",
             bias);
    run(command);
    run("liblinear-predict liblinear.data liblinear.model liblinear.out > /dev/null");
    read_labels(theirs);
    assert_int_equal(kehu_linear_load(&read, "liblinear.model", NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_linear_predict(read, &d.rows, ours, NULL, NULL), KEHU_OK);
    assert_memory_equal(ours, theirs, sizeof ours);

    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_linear_save(model, "kehu.model", NULL), KEHU_OK);
    run("liblinear-predict liblinear.data kehu.model liblinear.out > /dev/null");
    read_labels(theirs);
    assert_int_equal(kehu_linear_predict(model, &d.rows, ours, NULL, NULL), KEHU_OK);
    assert_memory_equal(ours, theirs, sizeof ours);

    a = objective(&d, read, n_classes, 2, "liblinear.model");
    b = objective(&d, model, n_classes, 2, "kehu.model");
    kehu_linear_get_info(model, &info);
    assert_true(fabs(a - b) <= 2e-6 * a);
    assert_true(fabs(b - info.primal) <= 1e-5 * b);
    kehu_linear_free(read);
    kehu_linear_free(model);
}

static void test_liblinear_and_kehu_read_each_other(void **state)
{
    (void)state;
    for (int n_classes = 2; n_classes <= 20; n_classes += 6) {
        check(n_classes, "1");
        check(n_classes, "-1");
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
