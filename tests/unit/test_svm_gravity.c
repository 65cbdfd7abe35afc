/* Term weights that know the classes. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "kehu/svm.h"
#include "support/svm.h"
#include "text/svm_model.h"

enum { N = 200, D = 60, A_ROW = 9, N_CLASSES = 5, MAX_TEXT = 64, SLOPE = 2, SMOOTH = 2 };

/* Against the definition, column by column. */
static void test_gravity_is_as_defined(void **state)
{
    static int64_t starts[N + 1];
    static uint32_t columns[N * A_ROW];
    static float values[N * A_ROW], weights[N], factors[D];
    static int32_t labels[N];
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__random r = kehu__random_seed(3);
    kehu__svm_training t = {.alloc = &alloc, .labels = labels, .n_classes = N_CLASSES};
    int64_t n = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        uint32_t column = kehu__random_below(&r, 5);
        labels[i] = (int32_t)kehu__random_below(&r, N_CLASSES);
        weights[i] = i % 7 == 0 ? 0 : 1;
        starts[i] = n;
        for (int k = 0; k < A_ROW && column < D - 1; k++) { /* none has the last */
            columns[n] = column;
            values[n++] = 1;
            column += 1 + kehu__random_below(&r, 12);
        }
    }
    starts[N] = n;
    t.rows = (kehu__sparse){N, D, starts, columns, values};
    for (int weighted = 0; weighted < 2; weighted++) {
        assert_true(kehu__svm_gravity(factors, &t, weighted ? weights : NULL));
        for (uint32_t j = 0; j < D; j++) {
            double counts[N_CLASSES] = {0}, moment = 0, most = 0;
            for (int i = 0; i < N; i++)
                for (int64_t e = starts[i]; e < starts[i + 1]; e++)
                    if (columns[e] == j && (!weighted || weights[i] > 0))
                        counts[labels[i]]++;
            for (int a = 0; a < N_CLASSES; a++)
                for (int b = a + 1; b < N_CLASSES; b++)
                    if (counts[b] > counts[a]) {
                        const double x = counts[a];
                        counts[a] = counts[b];
                        counts[b] = x;
                    }
            most = counts[0];
            for (int k = 0; k < N_CLASSES; k++)
                moment += (k + 1) * counts[k];
            assert_true(
                fabs((double)factors[j] - (1 + SLOPE * most / (moment + SMOOTH))) < 1e-5);
        }
    }
}

static char text[N * MAX_TEXT], label[N];
static int32_t text_ends[N + 1], label_ends[N + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N, .data = label, .offsets = label_ends};

/* Characters by chance, one of them mostly the class's own. */
static int make(void **state)
{
    kehu__random r = kehu__random_seed(8);
    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        char *at = text + text_ends[i];
        for (uint32_t k = 0; k < 8; k++) {
            const uint32_t c = k == 3 && kehu__random_below(&r, 9) > 0
                                   ? 0x5000 + i % 3
                                   : 0x4E00 + kehu__random_below(&r, 90);
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
        text_ends[i + 1] = (int32_t)(at - text);
        label[i] = (char)('a' + i % 3);
        label_ends[i + 1] = (int32_t)i + 1;
    }
    return 0;
}

static kehu_tokenizer *some_words(void)
{
    static const char list[] = "一丁\n丁七\n七三\n上下\n";
    kehu_tokenizer *t;
    assert_int_equal(kehu_tokenizer_read_words(&t, list, sizeof list - 1, NULL, NULL),
                     KEHU_OK);
    return t;
}

/* The objective that training reports, from the margins of prediction: both weigh terms
 * alike. */
static double objective(const kehu_svm *svm, double cost)
{
    static float margins[N * 3];
    const kehu__linear *const m = svm->linear;
    double sum = 0;
    assert_int_equal(kehu_svm_predict(svm, &texts, NULL, NULL, NULL, margins, NULL),
                     KEHU_OK);
    for (uint32_t j = 0; j <= m->n_columns; j++)
        for (uint32_t k = 0; k < m->width; k++) {
            const double w = (double)kehu__linear_weight(m, j, k);
            sum += w * w / 2;
        }
    for (int i = 0; i < 3 * N; i++) {
        const double z = i % 3 == i / 3 % 3 ? (double)margins[i] : -(double)margins[i];
        sum += z < 1 ? cost * (1 - z) * (1 - z) : 0;
    }
    return sum;
}

static void test_a_class_aware_model_predicts_as_it_was_trained(void **state)
{
    kehu_tokenizer *const t = some_words();
    (void)state;
    for (int v = 0; v < 4; v++) {
        const kehu_svm_options o = {.size = sizeof o,
                                    .cost = 0.5,
                                    .class_aware = 1,
                                    .tokenizer = v & 1 ? t : NULL};
        kehu_svm_options plain = o;
        kehu_svm *svm, *read, *other;
        kehu__buffer b, c;
        double reached;
        assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, NULL), KEHU_OK);
        reached = objective(svm, 0.5);
        assert_true(fabs(reached - info_of(svm).primal) <= 1e-4 * reached);
        assert_true(info_of(svm).accuracy > 0.7);
        plain.class_aware = 0;
        assert_int_equal(kehu_svm_train(&other, &texts, &labels, &plain, NULL), KEHU_OK);
        assert_true(info_of(other).primal > 1.01 * info_of(svm).primal);
        b = written(svm);
        assert_int_equal(kehu_svm_read_with(&read, b.bytes, b.size, t, NULL, NULL),
                         KEHU_OK);
        c = written(read);
        assert_int_equal(b.size, c.size);
        assert_memory_equal(b.bytes, c.bytes, b.size);
        assert_true(objective(read, 0.5) == reached);
        kehu__buffer_free(&b);
        kehu__buffer_free(&c);
        kehu_svm_free(other);
        kehu_svm_free(read);
        kehu_svm_free(svm);
    }
    kehu_tokenizer_free(t);
}

static void test_a_class_aware_model_keeps_to_its_size_and_its_bytes(void **state)
{
    (void)state;
    for (uint64_t size = 9000; size < 50000; size *= 2) {
        kehu_svm_options o = {.size = sizeof o,
                              .cost = 0.5,
                              .class_aware = 1,
                              .max_bytes = size,
                              .n_threads = 1};
        kehu_svm *one, *three;
        kehu__buffer a, b;
        assert_int_equal(kehu_svm_train(&one, &texts, &labels, &o, NULL), KEHU_OK);
        o.n_threads = 3;
        assert_int_equal(kehu_svm_train(&three, &texts, &labels, &o, NULL), KEHU_OK);
        a = written(one);
        b = written(three);
        assert_true(a.size <= size);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.bytes, b.bytes, a.size);
        kehu__buffer_free(&a);
        kehu__buffer_free(&b);
        kehu_svm_free(one);
        kehu_svm_free(three);
    }
}

static void test_class_aware_training_survives_refused_memory(void **state)
{
    kehu_column few = texts, few_labels = labels;
    (void)state;
    few.length = few_labels.length = 30;
    for (int packed = 0; packed < 2; packed++) {
        kehu_status status = KEHU_NO_MEMORY;
        for (long at = 0; status != KEHU_OK; at++) {
            faulty f;
            const kehu_svm_options o = {.size = sizeof o,
                                        .cost = 0.5,
                                        .class_aware = 1,
                                        .max_bytes = packed ? 6000 : 0,
                                        .alloc = faulty_init(&f, at)};
            kehu_svm *svm;
            status = kehu_svm_train(&svm, &few, &few_labels, &o, NULL);
            assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && svm == NULL));
            kehu_svm_free(svm);
            assert_int_equal(f.live_blocks, 0);
            assert_int_equal(f.live_bytes, 0);
        }
    }
}

/* What is noise few texts do not show, more do: then the solver finds it by itself. */
static void test_class_aware_is_chosen_where_it_pays(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .char_max = 2, .word_max = 3};
    kehu_svm_options on = {.size = sizeof on}, fixed = o;
    kehu_svm *svm, *more, *plain;
    kehu_svm_info info;
    kehu__buffer b;
    kehu_column few = texts, few_labels = labels;
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, NULL), KEHU_OK);
    assert_int_equal(info_of(svm).n_trials, 2);
    assert_int_equal(info_of(svm).class_aware, 0);
    kehu_svm_free(svm);
    few.length = few_labels.length = 60;
    assert_int_equal(kehu_svm_train(&svm, &few, &few_labels, &o, NULL), KEHU_OK);
    info = info_of(svm);
    assert_int_equal(info.n_trials, 2);
    assert_int_equal(info.trial[0].class_aware, 0);
    assert_int_equal(info.trial[1].class_aware, 1);
    assert_true(info.trial[1].accuracy > info.trial[0].accuracy);
    assert_int_equal(info.class_aware, 1);
    assert_true(info.accuracy == info.trial[1].accuracy);
    assert_true(info.cost == info.trial[1].cost);
    /* As if it had been asked for. */
    fixed.class_aware = 1;
    fixed.cost = info.cost;
    assert_int_equal(kehu_svm_train(&more, &few, &few_labels, &fixed, NULL), KEHU_OK);
    assert_int_equal(info_of(more).class_aware, 1);
    assert_true(fabs(info_of(more).primal - info.primal) <= 1e-3 * info.primal);
    kehu_svm_free(more);
    /* The file remembers, and learning on keeps to it. */
    b = written(svm);
    assert_int_equal(kehu_svm_read(&more, b.bytes, b.size, NULL, NULL), KEHU_OK);
    assert_int_equal(info_of(more).class_aware, 1);
    assert_int_equal(info_of(more).trial[1].class_aware, 1);
    kehu__buffer_free(&b);
    on.start = more;
    assert_int_equal(kehu_svm_train(&plain, &few, &few_labels, &on, NULL), KEHU_OK);
    assert_int_equal(info_of(plain).class_aware, 1);
    assert_true(fabs(info_of(plain).primal - info.primal) <= 1e-3 * info.primal);
    kehu_svm_free(plain);
    on.class_aware = 2;
    assert_int_equal(kehu_svm_train(&plain, &few, &few_labels, &on, NULL), KEHU_OK);
    assert_int_equal(info_of(plain).class_aware, 0);
    kehu_svm_free(plain);
    kehu_svm_free(more);
    kehu_svm_free(svm);
}

static void test_class_aware_is_chosen_yes_or_no(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .class_aware = 3};
    kehu_svm *svm;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "class_aware is 3, expected 0 to 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gravity_is_as_defined),
        cmocka_unit_test(test_a_class_aware_model_predicts_as_it_was_trained),
        cmocka_unit_test(test_a_class_aware_model_keeps_to_its_size_and_its_bytes),
        cmocka_unit_test(test_class_aware_training_survives_refused_memory),
        cmocka_unit_test(test_class_aware_is_chosen_where_it_pays),
        cmocka_unit_test(test_class_aware_is_chosen_yes_or_no),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
