/* Trying methods on rows they did not learn from, and writing down how good they are. */
#include "support/kept.h"
#include "support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kehu/evaluate.h"

enum { N = 300, N_CLASSES = 3, N_FOLDS = 5, MAX_STEPS = 8 };

static char bytes[N * 8];
static int32_t ends[N + 1];
static const kehu_column ids = {
    .type = KEHU_UTF8, .length = N, .data = bytes, .offsets = ends};
static int32_t truth[N];

static int make(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++) {
        ends[i + 1] =
            ends[i] + snprintf(bytes + ends[i], 8, "c%d", i % 250); /* some are twice */
        truth[i] = i % 7 % N_CLASSES;
    }
    return 0;
}

static uint32_t fold_of(int64_t row, uint64_t seed)
{
    return kehu_fold_of(bytes + ends[row], (size_t)(ends[row + 1] - ends[row]), seed,
                        N_FOLDS);
}

/* Answers the row's truth but for each fourth, and looks at what it is given. */
typedef struct witness {
    uint64_t seed;
    int n_calls, fail_at;
    int64_t n_known[MAX_STEPS];
    bool known[MAX_STEPS][N];
} witness;

static kehu_status look(void *ctx, const int64_t *known, int64_t n_known,
                        const int64_t *asked, int64_t n_asked, int32_t *answers,
                        float *probabilities, kehu_error *err)
{
    witness *const w = ctx;
    const uint32_t fold = fold_of(asked[0], w->seed);
    assert_true(w->n_calls < MAX_STEPS && n_known > 0 && n_asked > 0);
    if (w->n_calls == w->fail_at) {
        snprintf(err->message, sizeof err->message, "no more");
        return err->code = KEHU_CANCELLED;
    }
    for (int64_t k = 0; k < n_known; k++) {
        assert_true(k == 0 || known[k] > known[k - 1]);
        assert_true(fold_of(known[k], w->seed) != fold);
        w->known[w->n_calls][known[k]] = true;
    }
    w->n_known[w->n_calls++] = n_known;
    for (int64_t k = 0; k < n_asked; k++) {
        assert_true(k == 0 || asked[k] > asked[k - 1]);
        assert_int_equal(fold_of(asked[k], w->seed), fold);
        assert_int_equal(answers[k], -1);
        if (asked[k] % 4 != 3)
            answers[k] = truth[asked[k]];
        for (int c = 0; probabilities != NULL && c < N_CLASSES; c++)
            probabilities[k * N_CLASSES + c] = (float)(asked[k] * N_CLASSES + c);
    }
    return KEHU_OK;
}

static void test_evaluate_cross_validates_by_folds_of_ids(void **state)
{
    static witness w;
    static float probabilities[N * N_CLASSES];
    const kehu_learner learner = {&w, look};
    int32_t answers[N];
    int64_t known = 0;
    (void)state;
    w = (witness){.seed = 4, .fail_at = -1};
    assert_int_equal(kehu_cross_validate(answers, probabilities, &ids, N, N_CLASSES,
                                         N_FOLDS, 4, &learner, NULL),
                     KEHU_OK);
    assert_int_equal(w.n_calls, N_FOLDS);
    for (int k = 0; k < N_FOLDS; k++)
        known += w.n_known[k];
    assert_int_equal(known, N * (N_FOLDS - 1));
    for (int i = 0; i < N; i++) {
        assert_int_equal(answers[i], i % 4 == 3 ? -1 : truth[i]);
        for (int c = 0; c < N_CLASSES; c++)
            assert_true(probabilities[i * N_CLASSES + c] == (float)(i * N_CLASSES + c));
    }
}

static void test_evaluate_learning_curve_grows(void **state)
{
    static const double shares[] = {0.1, 0.5, 0.25, 1, 1e-9};
    static witness w;
    const kehu_learner learner = {&w, look};
    kehu_learning_step steps[5];
    int64_t others = 0, asked = 0, right = 0;
    (void)state;
    w = (witness){.seed = 9, .fail_at = -1};
    assert_int_equal(kehu_learning_curve(steps, shares, 5, truth, &ids, N, N_CLASSES,
                                         N_FOLDS, 9, &learner, NULL),
                     KEHU_OK);
    for (int i = 0; i < N; i++) {
        others += fold_of(i, 9) != 0;
        asked += fold_of(i, 9) == 0;
        right += fold_of(i, 9) == 0 && i % 4 != 3;
        /* 0.1, 0.25, 0.5, 1: each holds the ones before. */
        assert_true(w.known[0][i] <= w.known[2][i] && w.known[2][i] <= w.known[1][i]);
        assert_int_equal(w.known[3][i], fold_of(i, 9) != 0);
    }
    for (int k = 0; k < 5; k++) {
        assert_int_equal(steps[k].n_known, (int64_t)ceil(shares[k] * (double)others));
        assert_int_equal(steps[k].n_known, w.n_known[k]);
        assert_int_equal(steps[k].evaluation.n, asked);
        assert_int_equal(steps[k].evaluation.n_right, right);
    }
}

static void test_evaluate_trial_refuses_what_cannot_be(void **state)
{
    static const double bad = 1.5, whole = 1;
    static witness w;
    const kehu_learner learner = {&w, look}, none = {0};
    const kehu_column numbers = {.type = KEHU_INT32, .length = N, .data = truth};
    kehu_column fewer = ids;
    kehu_learning_step step;
    int32_t answers[N];
    kehu_error err;
    (void)state;
    fewer.length = 7;
    w = (witness){.fail_at = 2};
#define REFUSE(wanted, ids, n, n_classes, n_folds, learner, text)                        \
    assert_int_equal(kehu_cross_validate(answers, NULL, ids, n, n_classes, n_folds, 0,   \
                                         learner, &err),                                 \
                     wanted);                                                            \
    assert_string_equal(err.message, text)
    REFUSE(KEHU_ARGUMENT, &ids, N, 3, 5, NULL, "learner or its function is NULL");
    REFUSE(KEHU_ARGUMENT, &ids, N, 3, 5, &none, "learner or its function is NULL");
    REFUSE(KEHU_ARGUMENT, &ids, 1, 3, 5, &learner, "n is 1, expected 2 or more");
    REFUSE(KEHU_ARGUMENT, &ids, N, 0, 5, &learner, "n_classes is 0");
    REFUSE(KEHU_ARGUMENT, &ids, N, 3, 1, &learner, "n_folds is 1, expected 2 to 1000");
    REFUSE(KEHU_ARGUMENT, &fewer, N, 3, 5, &learner, "7 ids but 300 rows");
    REFUSE(KEHU_CANCELLED, &ids, N, 3, 5, &learner, "no more");
#undef REFUSE
    assert_int_equal(
        kehu_cross_validate(answers, NULL, &numbers, N, 3, 5, 0, &learner, NULL),
        KEHU_COLUMN);
    fewer.length = 2;
    memcpy(bytes, "aa", 2); /* two equal ids */
    ends[1] = 1, ends[2] = 2;
    assert_int_equal(
        kehu_cross_validate(answers, NULL, &fewer, 2, 3, 2, 0, &learner, &err),
        KEHU_EMPTY);
    assert_string_equal(err.message, "all rows are of one fold");
    make(NULL);
    assert_int_equal(
        kehu_learning_curve(&step, &bad, 1, truth, &ids, N, 3, 5, 0, &learner, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "share 0 is not above 0, at most 1");
    assert_int_equal(
        kehu_learning_curve(&step, &whole, 1, NULL, &ids, N, 3, 5, 0, &learner, &err),
        KEHU_ARGUMENT);
}

/* ---- writing ---- */

static int refuse(void *ctx, const void *from, size_t size)
{
    (void)ctx;
    (void)from;
    (void)size;
    return 1;
}

static const int32_t three_truths[4] = {0, 0, 1, 1}, three_answers[4] = {0, 1, 1, -1};

static kehu_evaluation_report report(kehu_evaluation *e, kehu_class_evaluation *c,
                                     int64_t *confusion, kehu_mcnemar *m)
{
    static const char *const names[2] = {"费用", "a\"b"};
    assert_int_equal(
        kehu_evaluate(e, three_truths, three_answers, 4, 2, NULL, c, confusion, NULL),
        KEHU_OK);
    assert_int_equal(kehu_compare(m, three_truths, three_answers, three_truths, 4, NULL),
                     KEHU_OK);
    return (kehu_evaluation_report){.size = sizeof(kehu_evaluation_report),
                                    .name = "svm",
                                    .evaluation = e,
                                    .n_classes = 2,
                                    .classes = c,
                                    .confusion = confusion,
                                    .class_names = names,
                                    .comparison = m};
}

static void test_evaluation_is_written_as_json(void **state)
{
    kept w = {0};
    const kehu_writer writer = {.write = keep, .ctx = &w};
    kehu_evaluation e;
    kehu_class_evaluation c[2];
    int64_t confusion[6];
    kehu_mcnemar m;
    kehu_evaluation_report r = report(&e, c, confusion, &m);
    (void)state;
    r.format = KEHU_EVALUATION_JSON;
    assert_int_equal(kehu_evaluation_write(&r, &writer, NULL), KEHU_OK);
    assert_string_equal(
        w.bytes,
        "{\"name\":\"svm\",\"n\":4,\"n_answered\":3,\"n_right\":2,\"accuracy\":0.5,"
        "\"coverage\":0.75,\"precision\":0.6666666666666666,\"macro_f1\":"
        "0.5833333333333333,\"log_loss\":null,\"calibration_error\":null,\"classes\":[{"
        "\"name\":\"费用\",\"n_truth\":2,\"n_answered\":1,\"n_right\":1,\"precision\":1,"
        "\"recall\":0.5,\"f1\":0.6666666666666666},{\"name\":\"a\\\"b\",\"n_truth\":2,"
        "\"n_answered\":2,\"n_right\":1,\"precision\":0.5,\"recall\":0.5,\"f1\":0.5}],"
        "\"confusion\":[[1,1,0],[0,1,1]],\"comparison\":{\"both\":2,\"neither\":0,"
        "\"only_a\":0,\"only_b\":2,\"p_value\":0.5}}\n");
    free(w.bytes);
}

static void test_evaluation_is_written_as_a_table(void **state)
{
    kept w = {0};
    const kehu_writer writer = {.write = keep, .ctx = &w};
    kehu_evaluation e;
    kehu_class_evaluation c[2];
    int64_t confusion[6];
    kehu_mcnemar m;
    const kehu_evaluation_report r = report(&e, c, confusion, &m);
    (void)state;
    assert_int_equal(kehu_evaluation_write(&r, &writer, NULL), KEHU_OK);
    assert_string_equal(
        w.bytes,
        "svm\n"
        "rows                         4\n"
        "accuracy %               50.00\n"
        "coverage %               75.00\n"
        "precision %              66.67\n"
        "macro-F1 %               58.33\n"
        "calibration error %          -\n"
        "log loss                     -\n"
        "\n"
        "class    truth   answers    right  precision     recall         f1\n"
        "    0        2         1        1     100.00      50.00      66.67  费用\n"
        "    1        2         2        1      50.00      50.00      50.00  a\"b\n"
        "\n"
        "truth \\ answer\n"
        "             0        1     none\n"
        "    0        1        1        0  费用\n"
        "    1        0        1        1  a\"b\n"
        "\n"
        "both right    neither  only this only other    p value\n"
        "         2          0          0          2   0.500000\n");
    free(w.bytes);
}

static void test_evaluation_is_not_written_by_halves(void **state)
{
    kept w = {0};
    const kehu_writer writer = {.write = keep, .ctx = &w}, broken = {.write = refuse};
    kehu_evaluation e;
    kehu_class_evaluation c[2];
    int64_t confusion[6];
    kehu_mcnemar m;
    kehu_evaluation_report r = report(&e, c, confusion, &m);
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_evaluation_write(&r, &broken, NULL), KEHU_IO);
    assert_int_equal(kehu_evaluation_write(NULL, &writer, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_evaluation_write(&r, NULL, NULL), KEHU_ARGUMENT);
    r.format = 2;
    assert_int_equal(kehu_evaluation_write(&r, &writer, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "format is 2, expected 0 or 1");
    r.format = KEHU_EVALUATION_JSON;
    r.evaluation = NULL;
    assert_int_equal(kehu_evaluation_write(&r, &writer, &err), KEHU_ARGUMENT);
    r.size = 0;
    assert_int_not_equal(kehu_evaluation_write(&r, &writer, &err), KEHU_OK);
    /* Without the parts that may be missing. */
    r = (kehu_evaluation_report){
        .size = sizeof r, .format = KEHU_EVALUATION_JSON, .evaluation = &e};
    e = (kehu_evaluation){.n = 1, .accuracy = 1};
    assert_int_equal(w.size, 0);
    assert_int_equal(kehu_evaluation_write(&r, &writer, NULL), KEHU_OK);
    assert_string_equal(w.bytes,
                        "{\"n\":1,\"n_answered\":0,\"n_right\":0,\"accuracy\":1,"
                        "\"coverage\":0,\"precision\":0,\"macro_f1\":0,\"log_loss\":0,"
                        "\"calibration_error\":0}\n");
    free(w.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_cross_validates_by_folds_of_ids),
        cmocka_unit_test(test_evaluate_learning_curve_grows),
        cmocka_unit_test(test_evaluate_trial_refuses_what_cannot_be),
        cmocka_unit_test(test_evaluation_is_written_as_json),
        cmocka_unit_test(test_evaluation_is_written_as_a_table),
        cmocka_unit_test(test_evaluation_is_not_written_by_halves),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
