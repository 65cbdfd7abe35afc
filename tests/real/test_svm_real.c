/* Accuracy on public text sets with the default options, which were settled, as C is
 * for each set, on parts of the training files; the test files are looked at once,
 * here. Skipped without the data. */
#include "support/test.h"

#include "kehu/evaluate.h"
#include "kehu/svm.h"
#include "support/labelled.h"
#include "support/real_data.h"

static char folder[1024];

typedef struct floor_of {
    const char *set;
    double accuracy, macro_f1, calibration_error;
    double cost;        /* 0: as validation says */
    uint64_t max_bytes; /* 0: the whole model */
} floor_of;

static const floor_of floors[] = {
    {"thuc_title", .917, .917, .02, 0, 0},   {"shop10_cat", .903, .894, .02, 0, 0},
    {"shop10_senti", .940, .940, .02, 0, 0}, {"hotel_senti", .904, .888, .02, 0, 0},
    {"sms_spam", .9975, .993, .01, 0, 0},    {"banking77", .900, .900, .05, 0, 0},
    {"thuc_title", .908, .908, .03, 1, 0},   {"thuc_title", .908, .908, .03, 1, 2000000},
};

static void check(const floor_of *wanted, const labelled *train, const labelled *test)
{
    const kehu_svm_options o = {.size = sizeof o,
                                .n_threads = 2,
                                .cost = wanted->cost,
                                .max_bytes = wanted->max_bytes};
    const int64_t n = test->texts.length;
    int32_t *const truth = malloc((size_t)n * sizeof *truth);
    int32_t *const classes = malloc((size_t)n * sizeof *classes);
    float *probabilities;
    kehu_svm *svm;
    kehu_svm_info info;
    kehu_evaluation e;
    assert_int_equal(kehu_svm_train(&svm, &train->texts, &train->labels, &o, NULL),
                     KEHU_OK);
    probabilities = malloc((size_t)n * kehu_svm_class_count(svm) * sizeof *probabilities);
    assert_int_equal(
        kehu_svm_predict(svm, &test->texts, NULL, classes, probabilities, NULL, NULL),
        KEHU_OK);
    for (int64_t i = 0; i < n; i++) {
        char name[256];
        labelled_label(test, i, name);
        truth[i] = kehu_svm_class_find(svm, name);
    }
    assert_int_equal(kehu_evaluate(&e, truth, classes, n, kehu_svm_class_count(svm),
                                   probabilities, NULL, NULL, NULL),
                     KEHU_OK);
    kehu_svm_get_info(svm, &info);
    print_message(
        "%-12s strings of %u%s, %u bits, C %-5g validated %.2f %%, test accuracy %.2f "
        "%%, macro-F1 %.2f "
        "%%, calibration error %.2f %%\n",
        wanted->set, info.char_max, info.words ? " and words" : "", info.bits, info.cost,
        100 * info.accuracy, 100 * e.accuracy, 100 * e.macro_f1,
        100 * e.calibration_error);
    assert_true(e.accuracy >= wanted->accuracy);
    assert_true(e.macro_f1 >= wanted->macro_f1);
    assert_true(e.calibration_error <= wanted->calibration_error);
    assert_true(info.converged);
    kehu_svm_free(svm);
    free(truth);
    free(classes);
    free(probabilities);
}

static void test_svm_reaches_its_floors(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof floors / sizeof *floors; k++) {
        labelled train, test;
        assert_true(labelled_read(&train, folder, floors[k].set, "train"));
        assert_true(labelled_read(&test, folder, floors[k].set, "test"));
        check(&floors[k], &train, &test);
        labelled_free(&train);
        labelled_free(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_svm_reaches_its_floors)};
    if (!real_data_find(folder, sizeof folder, "text/thuc_title.train.tsv.xz"))
        return REAL_DATA_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
