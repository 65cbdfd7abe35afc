/* Each class's probability by itself. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/random.h"
#include "fuzz/repair.h"

#include "file/container.h"
#include "kehu/svm.h"
#include "learn/calibrate.h"
#include "support/svm.h"

enum { N = 20000, N_CLASSES = 3 };

/* Margins whose classes follow a known sigmoid give that sigmoid back, and a plain
 * search finds no better one. */
static void test_platt_finds_the_sigmoid_there_is(void **state)
{
    static const kehu__sigmoid truth[N_CLASSES] = {{2, -1}, {0.5, 0.25}, {6, 3}};
    static float margins[N * N_CLASSES];
    static int32_t classes[N];
    (void)state;
    for (uint32_t k = 0; k < N_CLASSES; k++) {
        kehu__random r = kehu__random_seed(k + 1);
        kehu__sigmoid found;
        for (int i = 0; i < N; i++) {
            const double m = 4 * kehu__random_unit(&r) - 2;
            const double p = 1 / (1 + exp(-(truth[k].slope * m + truth[k].offset)));
            for (uint32_t c = 0; c < N_CLASSES; c++)
                margins[i * N_CLASSES + (int)c] = (float)m * (c == k ? 1 : 2);
            classes[i] = (int32_t)(kehu__random_unit(&r) < p ? k : (k + 1) % N_CLASSES);
        }
        found = kehu__fit_sigmoid(margins, classes, N, N_CLASSES, k);
        assert_true(fabs(found.slope - truth[k].slope) < 0.05 * truth[k].slope + 0.03);
        assert_true(fabs(found.offset - truth[k].offset) < 0.15);
    }
}

static void test_platt_of_margins_that_say_nothing(void **state)
{
    static float margins[400];
    static int32_t classes[200];
    kehu__sigmoid s = kehu__fit_sigmoid(margins, classes, 0, 2, 1);
    (void)state;
    assert_true(s.slope == 1 && s.offset == 0);
    for (int i = 0; i < 200; i++) {
        margins[2 * i + 1] = (float)(i % 10) - 5;
        classes[i] = i % 4 == 0;
    }
    s = kehu__fit_sigmoid(margins, classes, 200, 2, 0); /* all margins are 0 */
    assert_true(fabs(1 / (1 + exp(-s.offset)) - 0.75) < 0.01);
    for (int i = 0; i < 200; i++) /* the contrary */
        margins[2 * i + 1] = (float)(classes[i] ? -1 - i % 3 : 1 + i % 3);
    s = kehu__fit_sigmoid(margins, classes, 200, 2, 1);
    assert_true(s.slope == 0 && fabs(1 / (1 + exp(-s.offset)) - 0.25) < 0.02);
    for (int i = 0; i < 200; i++) /* no doubt: short of certainty all the same */
        margins[2 * i + 1] = (float)(classes[i] ? 1 : -1);
    s = kehu__fit_sigmoid(margins, classes, 200, 2, 1);
    assert_true(s.slope > 1 && s.slope + s.offset < 8);
}

/* Of margins whose second class begins to be the more probable at `edge`. */
static double shift_found(double edge, int n)
{
    static float margins[N * 2];
    static int32_t classes[N];
    kehu__random r = kehu__random_seed(77);
    for (int i = 0; i < n; i++) {
        const double m = 4 * kehu__random_unit(&r) - 2;
        const double p = 1 / (1 + exp(-4 * (m - edge)));
        margins[2 * i] = (float)-m;
        margins[2 * i + 1] = (float)m;
        classes[i] = kehu__random_unit(&r) < p;
    }
    return kehu__fit_shift(margins, classes, n);
}

static void test_platt_moves_the_boundary_of_two_classes(void **state)
{
    (void)state;
    assert_true(fabs(shift_found(0.4, N) + 0.4) < 0.03);
    assert_true(fabs(shift_found(-0.7, N) - 0.7) < 0.03);
    assert_true(fabs(shift_found(0, N)) < 0.03);
    /* Few texts are believed in part. */
    assert_true(shift_found(0.4, 40) < 0 && shift_found(0.4, 40) > -0.25);
    assert_true(shift_found(0.4, 0) == 0);
}

/* ---- in a classifier ---- */

enum { N_TEXTS = 300, MAX_TEXT = 48 };

static const char *const topics[N_CLASSES] = {"话费", "断网", "态度"};
static char text[N_TEXTS * MAX_TEXT], label[N_TEXTS];
static int32_t text_ends[N_TEXTS + 1], label_ends[N_TEXTS + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N_TEXTS, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N_TEXTS, .data = label, .offsets = label_ends};

static int make(void **state)
{
    kehu__random r = kehu__random_seed(9);
    (void)state;
    for (int i = 0; i < N_TEXTS; i++) {
        char *at = text + text_ends[i];
        for (int k = 0; k < 6; k++) {
            const uint32_t c = 0x4E00 + kehu__random_below(&r, 60);
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
        memcpy(at, topics[i % N_CLASSES], 6);
        text_ends[i + 1] = (int32_t)(at + 6 - text);
        label[i] = "ABC"[i % N_CLASSES];
        label_ends[i + 1] = i + 1;
    }
    return 0;
}

static void probabilities_of(const kehu_svm *svm, const char *of, uint32_t independent,
                             float *p)
{
    const int32_t ends[] = {0, (int32_t)strlen(of)};
    const kehu_column one = {.type = KEHU_UTF8, .length = 1, .data = of, .offsets = ends};
    const kehu_svm_predict_options o = {.size = sizeof o, .independent = independent};
    assert_int_equal(kehu_svm_predict(svm, &one, &o, NULL, p, NULL, NULL), KEHU_OK);
}

static void test_platt_gives_several_classes_or_none(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .cost = 1};
    kehu_svm *svm, *read;
    kehu__buffer b;
    float p[N_CLASSES], q[N_CLASSES];
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, NULL), KEHU_OK);
    probabilities_of(svm, "话费", 1, p);
    assert_true(p[0] > 0.5f && p[1] < 0.5f && p[2] < 0.5f);
    probabilities_of(svm, "话费断网", 0, p);
    assert_true(fabsf(p[0] + p[1] + p[2] - 1) < 1e-5f);
    probabilities_of(svm, "话费断网", 1, p);
    assert_true(p[0] > 0.3f && p[1] > 0.3f && p[2] < 0.2f);
    probabilities_of(svm, "你好", 1, p);
    assert_true(p[0] < 0.5f && p[1] < 0.5f && p[2] < 0.5f);
    b = written(svm);
    assert_int_equal(kehu_svm_read(&read, b.bytes, b.size, NULL, NULL), KEHU_OK);
    probabilities_of(read, "你好", 1, q);
    assert_memory_equal(p, q, sizeof p);
    kehu__buffer_free(&b);
    kehu_svm_free(read);
    kehu_svm_free(svm);
}

static void test_platt_refuses_what_it_cannot_use(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .cost = 1};
    const kehu_svm_predict_options wrong = {.size = sizeof wrong, .independent = 2};
    static const double bad[] = {-1, INFINITY, NAN};
    int32_t classes[N_TEXTS];
    kehu_svm *svm, *read;
    kehu_error err;
    kehu__container c;
    const char *found;
    kehu__buffer b;
    size_t size;
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_predict(svm, &texts, &wrong, classes, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "independent is 2, expected 0 or 1");
    for (int v = 0; v < 3; v++) {
        uint8_t *bytes;
        b = written(svm);
        assert_int_equal(kehu__container_open(&c, b.bytes, b.size, "SVM1", "it", NULL),
                         KEHU_OK);
        assert_true(kehu__container_find(&c, "PLAT", &found, &size));
        assert_int_equal(size, N_CLASSES * 16);
        kehu__store_double(b.bytes + (found - b.bytes) + 16, bad[v]);
        bytes = repair_container((const uint8_t *)b.bytes, b.size);
        assert_int_equal(kehu_svm_read(&read, bytes, b.size, NULL, &err), KEHU_FORMAT);
        assert_string_equal(err.message, "the model: a class's probabilities are wrong");
        repair_free(bytes);
        kehu__buffer_free(&b);
    }
    kehu_svm_free(svm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_platt_finds_the_sigmoid_there_is),
        cmocka_unit_test(test_platt_of_margins_that_say_nothing),
        cmocka_unit_test(test_platt_moves_the_boundary_of_two_classes),
        cmocka_unit_test(test_platt_gives_several_classes_or_none),
        cmocka_unit_test(test_platt_refuses_what_it_cannot_use),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
