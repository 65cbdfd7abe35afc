/* Learning on from an earlier model: what comes out is what would have come out without
 * it, sooner. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "kehu/svm.h"
#include "support/svm.h"

enum { N = 300, MAX_TEXT = 64, MAX_CLASSES = 20 };

static char text[N * MAX_TEXT], label[2 * N], path[64];
static int32_t text_ends[N + 1], label_ends[N + 1];

/* Characters by chance, one of them mostly the class's own. */
static void make(uint32_t n_classes)
{
    kehu__random r = kehu__random_seed(n_classes);
    for (uint32_t i = 0; i < N; i++) {
        char *at = text + text_ends[i];
        for (uint32_t k = 0; k < 8; k++) {
            const uint32_t c = k == 3 && kehu__random_below(&r, 9) > 0
                                   ? 0x5000 + i % n_classes
                                   : 0x4E00 + kehu__random_below(&r, 90);
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
        text_ends[i + 1] = (int32_t)(at - text);
        label[2 * i] = (char)('a' + i % n_classes / 10);
        label[2 * i + 1] = (char)('0' + i % n_classes % 10);
        label_ends[i + 1] = 2 * (int32_t)i + 2;
    }
}

static kehu_svm *trained(kehu_svm_options o, int64_t n)
{
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = n, .data = text, .offsets = text_ends};
    const kehu_column labels = {
        .type = KEHU_UTF8, .length = n, .data = label, .offsets = label_ends};
    kehu_error err = {.message = ""};
    kehu_svm *svm;
    o.size = sizeof o;
    if (kehu_svm_train(&svm, &texts, &labels, &o, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return svm;
}

static void learns_what_a_new_one_learns(const kehu_svm *start, kehu_svm_options o)
{
    kehu_svm *const cold = trained(o, N);
    kehu_svm_info a = info_of(cold), b;
    kehu_svm *warm;
    const double close = (o.gap > 0 ? o.gap : 1e-4) * 1.01;
    o.start = start;
    o.cost = 0;
    warm = trained(o, N);
    b = info_of(warm);
    assert_true(b.converged && b.cost == a.cost && b.n_terms == a.n_terms);
    assert_true(b.words == a.words && b.char_max == a.char_max);
    assert_true(b.primal <= a.primal / (1 - close) && a.primal <= b.primal / (1 - close));
    assert_true(b.accuracy == a.accuracy && b.temperature == a.temperature);
    assert_int_equal(b.n_curve, 0);
    kehu_svm_free(warm);
    kehu_svm_free(cold);
}

/* More texts; a class more, from two classes too; each loss. */
static void test_a_model_learns_on(void **state)
{
    static const uint32_t class_counts[] = {2, 3, MAX_CLASSES};
    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (int32_t loss = 0; loss < 4; loss++) {
            const kehu_svm_options o = {.cost = 0.5, .loss = loss, .gap = 1e-3};
            kehu_svm *start;
            make(class_counts[k]);
            start = trained(o, 200);
            learns_what_a_new_one_learns(start, o);
            kehu_svm_free(start);
            make(class_counts[k] - (k > 0));
            start = trained(o, N);
            make(class_counts[k]);
            learns_what_a_new_one_learns(start, o);
            kehu_svm_free(start);
        }
}

/* From where it was, the solver has nothing left to do. */
static void test_a_model_that_learns_nothing_new_is_done_at_once(void **state)
{
    static const uint32_t class_counts[] = {2, 3, MAX_CLASSES};
    (void)state;
    for (size_t k = 0; k < 6; k++) {
        kehu_svm_options o = {.cost = 1, .loss = k & 1 ? KEHU_SVM_LOGISTIC : 0};
        kehu_svm *start, *again;
        make(class_counts[k / 2]);
        o.gap = 1e-6;
        start = trained(o, N);
        o.gap = 1e-4;
        o.start = start;
        again = trained(o, N);
        assert_true(info_of(again).passes <= 2 && info_of(start).passes > 4);
        kehu_svm_free(again);
        kehu_svm_free(start);
    }
}

static kehu_tokenizer *some_words(void)
{
    static const char list[] = "一丁\n丁七\n七三\n上下\n";
    kehu_tokenizer *t;
    assert_int_equal(kehu_tokenizer_read_words(&t, list, sizeof list - 1, NULL, NULL),
                     KEHU_OK);
    return t;
}

/* With words, from a file that is mapped, and from weights of 8 bits. */
static void test_a_model_learns_on_from_its_file(void **state)
{
    kehu_tokenizer *const t = some_words();
    (void)state;
    make(3);
    for (int packed = 0; packed < 2; packed++) {
        kehu_svm_options o = {.cost = 1, .tokenizer = t};
        kehu_svm *start, *mapped;
        o.max_bytes = packed ? 1 << 15 : 0;
        start = trained(o, 200);
        o.max_bytes = 0;
        assert_int_equal(kehu_svm_save(start, path, NULL), KEHU_OK);
        assert_int_equal(kehu_svm_map(&mapped, path, t, NULL, NULL), KEHU_OK);
        learns_what_a_new_one_learns(mapped, o);
        o.tokenizer = NULL;
        o.start = mapped;
        o.word_max = 3; /* no words any more */
        {
            kehu_svm *const without = trained(o, N);
            assert_int_equal(info_of(without).words, 0);
            kehu_svm_free(without);
        }
        kehu_svm_free(mapped);
        kehu_svm_free(start);
    }
    kehu_tokenizer_free(t);
}

/* The built-in tokenizer of the start goes with it. */
static void test_a_model_outlives_its_start(void **state)
{
    kehu_tokenizer *t;
    kehu_svm_options o = {.cost = 1};
    kehu_svm *start, *read, *svm;
    kehu__buffer b;
    kehu_svm_reason reason;
    uint32_t n;
    (void)state;
    if (kehu_tokenizer_default(&t, NULL, NULL) != KEHU_OK)
        skip(); /* a library without the dictionary */
    make(3);
    o.tokenizer = t;
    start = trained(o, N);
    b = written(start);
    kehu_svm_free(start);
    assert_int_equal(kehu_svm_read(&read, b.bytes, b.size, NULL, NULL), KEHU_OK);
    kehu__buffer_free(&b);
    kehu_tokenizer_free(t);
    o = (kehu_svm_options){.start = read};
    svm = trained(o, N);
    kehu_svm_free(read);
    assert_int_equal(info_of(svm).words, 1);
    assert_int_equal(
        kehu_svm_explain(svm, text, text_ends[1], -1, &reason, 1, &n, NULL, NULL, NULL),
        KEHU_OK);
    kehu_svm_free(svm);
}

static void test_learning_on_is_the_same_for_any_number_of_threads(void **state)
{
    kehu_svm_options o = {.cost = 1};
    kehu_svm *start, *one, *three;
    kehu__buffer a, b;
    (void)state;
    make(MAX_CLASSES);
    start = trained(o, 200);
    o = (kehu_svm_options){.start = start, .n_threads = 1};
    one = trained(o, N);
    o.n_threads = 3;
    three = trained(o, N);
    a = written(one);
    b = written(three);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    kehu__buffer_free(&a);
    kehu__buffer_free(&b);
    kehu_svm_free(one);
    kehu_svm_free(three);
    kehu_svm_free(start);
}

static void test_learning_on_survives_refused_memory(void **state)
{
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 60, .data = text, .offsets = text_ends};
    const kehu_column labels = {
        .type = KEHU_UTF8, .length = 60, .data = label, .offsets = label_ends};
    kehu_svm *start;
    kehu_status status = KEHU_NO_MEMORY;
    (void)state;
    make(3);
    start = trained((kehu_svm_options){.cost = 1}, 40);
    for (long at = 0; status != KEHU_OK; at++) {
        faulty f;
        const kehu_svm_options o = {
            .size = sizeof o, .start = start, .alloc = faulty_init(&f, at)};
        kehu_svm *svm;
        status = kehu_svm_train(&svm, &texts, &labels, &o, NULL);
        assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && svm == NULL));
        kehu_svm_free(svm);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    kehu_svm_free(start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_learns_on),
        cmocka_unit_test(test_a_model_that_learns_nothing_new_is_done_at_once),
        cmocka_unit_test(test_a_model_learns_on_from_its_file),
        cmocka_unit_test(test_a_model_outlives_its_start),
        cmocka_unit_test(test_learning_on_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_learning_on_survives_refused_memory),
    };
    int failed;
    snprintf(path, sizeof path, "test_svm_start.%d.model", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
