/* The public linear classifier and its two text formats. */
#include "support/kept.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "kehu/linear.h"

enum { N = 120, D = 40, A_ROW = 6 };

typedef struct fixture {
    int64_t starts[N + 1];
    uint32_t columns[N * A_ROW];
    float values[N * A_ROW];
    int32_t labels[N];
    kehu_sparse rows;
} fixture;

static void make(fixture *d, int n_classes, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    int64_t n = 0;
    for (int i = 0; i < N; i++) {
        uint32_t column = 0;
        d->starts[i] = n;
        d->labels[i] = 7 - 5 * (i % n_classes);
        for (int k = 0; k < A_ROW && column < D; k++) {
            if (k == 0)
                column = (uint32_t)(i % n_classes) + kehu__random_below(&r, 2);
            d->columns[n] = column;
            d->values[n++] = (float)kehu__random_unit(&r);
            column += 1 + kehu__random_below(&r, 12);
        }
    }
    d->starts[N] = n;
    d->rows = (kehu_sparse){N, D, d->starts, d->columns, d->values};
}

static void test_linear_model_survives_its_text(void **state)
{
    static fixture d;
    (void)state;
    for (int n_classes = 2; n_classes <= 19; n_classes += 17) {
        kehu_linear *model, *again;
        kehu_linear_info info;
        kept text = {0}, second = {0};
        const kehu_writer writer = {keep, &text}, writer2 = {keep, &second};
        int32_t a[N], b[N];
        float ma[N * 19], mb[N * 19];
        int right = 0;
        make(&d, n_classes, (uint64_t)n_classes);
        assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, NULL, NULL),
                         KEHU_OK);
        kehu_linear_get_info(model, &info);
        assert_int_equal(info.n_classes, n_classes);
        assert_int_equal(info.n_columns, D);
        assert_true(info.converged && info.gap <= 1e-6);
        for (int k = 1; k < n_classes; k++)
            assert_int_equal(kehu_linear_label(model, (uint32_t)k),
                             kehu_linear_label(model, (uint32_t)k - 1) + 5);
        assert_int_equal(kehu_linear_write(model, &writer, NULL), KEHU_OK);
        assert_int_equal(kehu_linear_read(&again, text.bytes, text.size, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_linear_write(again, &writer2, NULL), KEHU_OK);
        assert_string_equal(text.bytes, second.bytes);
        assert_int_equal(kehu_linear_predict(model, &d.rows, a, ma, NULL), KEHU_OK);
        assert_int_equal(kehu_linear_predict(again, &d.rows, b, mb, NULL), KEHU_OK);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_equal(ma, mb, (size_t)(N * n_classes) * sizeof(float));
        for (int i = 0; i < N; i++)
            right += a[i] == d.labels[i];
        assert_true(right > N * 6 / 10);
        kehu_linear_free(again);
        assert_int_equal(kehu_linear_save(model, "test_linear.model", NULL), KEHU_OK);
        assert_int_equal(kehu_linear_load(&again, "test_linear.model", NULL, NULL),
                         KEHU_OK);
        remove("test_linear.model");
        kehu_linear_free(again);
        kehu_linear_free(model);
        free(text.bytes);
        free(second.bytes);
    }
}

/* By hand: the margins of a model as LIBLINEAR writes it. */
static void test_linear_reads_a_model_by_hand(void **state)
{
    static const char three[] = "solver_type L2R_LR\nnr_class 3\nlabel 3 1 2\n"
                                "nr_feature 2\nbias 0.5\nw\n"
                                "1 2 3 \n-1 0 1 \n4 0 -2 \n";
    static const char two[] = "solver_type MCSVM_CS\nnr_class 2\nlabel 1 -1\n"
                              "nr_feature 1\nbias -1\nw\n1 3 \n";
    /* Trained with -B 0: the constant is there, is 0 and has its line. */
    static const char zero[] = "solver_type L2R_LR\nnr_class 2\nlabel 1 -1\n"
                               "nr_feature 1\nbias 0\nw\n-2 \n7 \n";
    const int64_t starts[2] = {0, 2};
    const uint32_t columns[3] = {0, 1, 9};
    const float values[3] = {1, 2, 5};
    const kehu_sparse row = {1, 10, starts, columns, values};
    kehu_linear *model;
    float margins[3];
    int32_t label;
    (void)state;
    assert_int_equal(kehu_linear_read(&model, three, sizeof three - 1, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_linear_predict(model, &row, &label, margins, NULL), KEHU_OK);
    /* label 1: 2 + 0 + 0; label 2: 3 + 2 - 1; label 3: 1 - 2 + 2 */
    assert_true(margins[0] == 2 && margins[1] == 4 && margins[2] == 1);
    assert_int_equal(label, 2);
    kehu_linear_free(model);
    assert_int_equal(kehu_linear_read(&model, two, sizeof two - 1, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_linear_predict(model, &row, &label, margins, NULL), KEHU_OK);
    assert_int_equal(label, -1); /* 3 beats 1 */
    assert_true(margins[0] == 1 && margins[1] == -1);
    kehu_linear_free(model);
    assert_int_equal(kehu_linear_read(&model, zero, sizeof zero - 1, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_linear_predict(model, &row, &label, margins, NULL), KEHU_OK);
    assert_int_equal(label, -1);
    assert_true(margins[0] == 2 && margins[1] == -2);
    kehu_linear_free(model);
}

static void refuse_model(const char *text, kehu_status status, const char *message)
{
    kehu_linear *model = NULL;
    kehu_error err = {0};
    assert_int_equal(kehu_linear_read(&model, text, strlen(text), NULL, &err), status);
    assert_null(model);
    assert_string_equal(err.message, message);
}

static void test_linear_refuses_wrong_models(void **state)
{
#define HEAD "solver_type L2R_L2LOSS_SVC_DUAL\nnr_class 2\nlabel 1 2\n"
    (void)state;
    refuse_model("", KEHU_FORMAT, "the model, line 1: \"solver_type\" expected");
    refuse_model("solver_type L2R_L2LOSS_SVR\n", KEHU_FORMAT,
                 "the model, line 1: not a solver for classes");
    refuse_model("solver_type L2R_LR\nnr_class 1\n", KEHU_ONE_CLASS,
                 "the model, line 2: a classifier needs two classes");
    refuse_model("solver_type L2R_LR\nnr_class x\n", KEHU_FORMAT,
                 "the model, line 2: a whole number from 0 to 65535 expected");
    refuse_model("solver_type L2R_LR\nnr_class 2\nlabel 4 4\n", KEHU_DUPLICATE,
                 "the model, line 3: a label is there twice");
    refuse_model(HEAD "nr_feature 3\nbias -1\nw\n1\n2\n", KEHU_FORMAT,
                 "the model, line 9: the file ends before its last weight");
    refuse_model(HEAD "nr_feature 30000\nbias -1\nw\n1\n2\n", KEHU_FORMAT,
                 "the model, line 6: nr_feature is more than there are weights");
    refuse_model(HEAD "nr_feature 1\nbias -1\nw\n1\n2\n", KEHU_FORMAT,
                 "the model, line 8: more weights than nr_feature says");
    refuse_model(HEAD "nr_feature 1\nbias 1\nw\n1\nnan\n", KEHU_RANGE,
                 "the model, line 8: a number that is not finite");
    refuse_model(HEAD "nr_feature 1\nbias 1\nw\n1e300\n1\n", KEHU_RANGE,
                 "the model, line 7: a number beyond single precision");
    refuse_model(HEAD "nr_feature 1\nbias 1\nw\n1,5\n1\n", KEHU_FORMAT,
                 "the model, line 7: not a number");
#undef HEAD
}

static void test_linear_refuses_bad_training(void **state)
{
    static fixture d;
    kehu_linear *model;
    kehu_error err;
    kehu_linear_options o = {.size = sizeof o, .cost = -1};
    (void)state;
    make(&d, 2, 1);
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, &o, &err),
                     KEHU_ARGUMENT);
    o = (kehu_linear_options){.size = sizeof o, .bias = INFINITY};
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, &o, &err),
                     KEHU_ARGUMENT);
    o = (kehu_linear_options){.size = sizeof o, .loss = 4};
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, &o, &err),
                     KEHU_ARGUMENT);
    for (int i = 0; i < N; i++)
        d.labels[i] = 3;
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, NULL, &err),
                     KEHU_ONE_CLASS);
    assert_string_equal(err.message, "all labels are 3");
    d.rows.n_rows = 0;
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, NULL, &err),
                     KEHU_EMPTY);
    make(&d, 2, 1);
    d.columns[1] = d.columns[0];
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(err.where, 0);
    make(&d, 2, 1);
    for (int j = 0; j < d.starts[N]; j++)
        d.values[j] = 3e38f;
    assert_int_equal(kehu_linear_train(&model, &d.rows, d.labels, NULL, &err),
                     KEHU_RANGE);
    assert_null(model);
}

static void test_libsvm_reads_and_writes(void **state)
{
    static const char text[] = "+1 1:0.5 3:-2e1 # first\r\n\n  \n-3\n1.0 7:1";
    kehu_libsvm *data;
    const kehu_sparse *rows;
    kept out = {0};
    const kehu_writer writer = {keep, &out};
    (void)state;
    assert_int_equal(kehu_libsvm_read(&data, text, sizeof text - 1, NULL, NULL), KEHU_OK);
    rows = kehu_libsvm_rows(data);
    assert_int_equal(rows->n_rows, 3);
    assert_int_equal(rows->n_columns, 7);
    assert_int_equal(rows->starts[1], 2);
    assert_int_equal(rows->starts[2], 2);
    assert_int_equal(rows->columns[1], 2);
    assert_true(rows->values[1] == -20);
    assert_int_equal(kehu_libsvm_labels(data)[1], -3);
    assert_int_equal(kehu_libsvm_write(rows, kehu_libsvm_labels(data), &writer, NULL),
                     KEHU_OK);
    assert_string_equal(out.bytes, "1 1:0.5 3:-20\n-3\n1 7:1\n");
    free(out.bytes);
    kehu_libsvm_free(data);
    assert_int_equal(kehu_libsvm_read(&data, NULL, 0, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_libsvm_rows(data)->n_rows, 0);
    kehu_libsvm_free(data);
}

static void refuse_rows(const char *text, kehu_status status, const char *message)
{
    kehu_libsvm *data = NULL;
    kehu_error err = {0};
    assert_int_equal(kehu_libsvm_read(&data, text, strlen(text), NULL, &err), status);
    assert_null(data);
    assert_string_equal(err.message, message);
}

static void test_libsvm_refuses_bad_rows(void **state)
{
    kehu_libsvm *data;
    (void)state;
    refuse_rows("1 1:1\n2 3:1 2:1\n", KEHU_DATA, "the rows, line 2: columns do not rise");
    refuse_rows("1 2:1 2:1\n", KEHU_DATA, "the rows, line 1: columns do not rise");
    refuse_rows("x 1:1\n", KEHU_FORMAT, "the rows, line 1: the label is not a number");
    refuse_rows("0.5 1:1\n", KEHU_DATA,
                "the rows, line 1: the label is not a whole number of 32 bits");
    refuse_rows("1 11\n", KEHU_FORMAT, "the rows, line 1: column:value expected");
    refuse_rows("1 a:1\n", KEHU_FORMAT,
                "the rows, line 1: a column is not a whole number");
    refuse_rows("1 0:1\n", KEHU_RANGE,
                "the rows, line 1: a column is not in 1 to 4294967294");
    refuse_rows("1 4294967295:1\n", KEHU_RANGE,
                "the rows, line 1: a column is not in 1 to 4294967294");
    refuse_rows("1 1:\n", KEHU_FORMAT, "the rows, line 1: a value is not a number");
    refuse_rows("1 1:nan\n", KEHU_RANGE,
                "the rows, line 1: a value is not finite in single precision");
    refuse_rows("1 1:1e39\n", KEHU_RANGE,
                "the rows, line 1: a value is not finite in single precision");
    assert_int_equal(kehu_libsvm_load(&data, "no/such/file", NULL, NULL), KEHU_NOT_FOUND);
}

static void test_linear_survives_refused_memory(void **state)
{
    static const char text[] = "1 1:1 2:1\n2 2:1\n3 3:1 4:2 5:2\n1 1:2\n2 2:5 3:1\n";
    (void)state;
    for (long refuse = 0;; refuse++) {
        faulty f;
        const kehu_allocator *const alloc = faulty_init(&f, refuse);
        const kehu_linear_options o = {.size = sizeof o, .alloc = alloc};
        kehu_libsvm *data;
        kehu_linear *model = NULL, *again = NULL;
        int32_t labels[5];
        kept b = {0};
        const kehu_writer writer = {keep, &b};
        kehu_status status = kehu_libsvm_read(&data, text, sizeof text - 1, alloc, NULL);
        if (status == KEHU_OK)
            status = kehu_linear_train(&model, kehu_libsvm_rows(data),
                                       kehu_libsvm_labels(data), &o, NULL);
        if (status == KEHU_OK)
            status = kehu_linear_write(model, &writer, NULL);
        if (status == KEHU_OK)
            status = kehu_linear_read(&again, b.bytes, b.size, alloc, NULL);
        if (status == KEHU_OK)
            status =
                kehu_linear_predict(again, kehu_libsvm_rows(data), labels, NULL, NULL);
        kehu_libsvm_free(data);
        kehu_linear_free(model);
        kehu_linear_free(again);
        free(b.bytes);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_model_survives_its_text),
        cmocka_unit_test(test_linear_reads_a_model_by_hand),
        cmocka_unit_test(test_linear_refuses_wrong_models),
        cmocka_unit_test(test_linear_refuses_bad_training),
        cmocka_unit_test(test_libsvm_reads_and_writes),
        cmocka_unit_test(test_libsvm_refuses_bad_rows),
        cmocka_unit_test(test_linear_survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
