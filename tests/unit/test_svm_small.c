/* The text classifier brought down to a wanted size. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "kehu/svm.h"
#include "support/faulty.h"
#include "support/svm.h"
#include "text/svm_model.h"

enum { N = 150, MAX_TEXT = 96 };

static char text[N * MAX_TEXT], label[N];
static int32_t text_ends[N + 1], label_ends[N + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N, .data = label, .offsets = label_ends};

/* One telling word among eight characters by chance. */
static int make(void **state)
{
    static const char *const telling[3] = {"话费", "断网", "套餐"};
    kehu__random r = kehu__random_seed(5);
    (void)state;
    for (int i = 0; i < N; i++) {
        char *at = text + text_ends[i];
        for (int k = 0; k < 8; k++) {
            const uint32_t c = 0x4E00 + kehu__random_below(&r, 200);
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
            if (k == 3) {
                memcpy(at, telling[i % 3], 6);
                at += 6;
            }
        }
        text_ends[i + 1] = (int32_t)(at - text);
        label[i] = "ABC"[i % 3];
        label_ends[i + 1] = i + 1;
    }
    return 0;
}

static kehu_tokenizer *words_of(const char *words)
{
    const kehu_tokenizer_options o = {.size = sizeof o};
    kehu_tokenizer *t = NULL;
    assert_int_equal(kehu_tokenizer_read_words(&t, words, strlen(words), &o, NULL),
                     KEHU_OK);
    return t;
}

static kehu_svm *trained(const kehu_tokenizer *tokenizer, uint64_t max_bytes,
                         uint32_t n_threads, int64_t n)
{
    const kehu_svm_options o = {.size = sizeof o,
                                .n_threads = n_threads,
                                .cost = 1,
                                .tokenizer = tokenizer,
                                .max_bytes = max_bytes};
    kehu_column few = texts, few_labels = labels;
    kehu_error err = {.message = ""};
    kehu_svm *svm = NULL;
    few.length = few_labels.length = n;
    if (kehu_svm_train(&svm, &few, &few_labels, &o, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return svm;
}

static void same_margins(const kehu_svm *a, const kehu_svm *b)
{
    static float x[N * 3], y[N * 3];
    assert_int_equal(kehu_svm_predict(a, &texts, NULL, NULL, NULL, x, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_predict(b, &texts, NULL, NULL, NULL, y, NULL), KEHU_OK);
    assert_memory_equal(x, y, sizeof x);
}

static void test_svm_small_keeps_to_its_size_and_its_classes(void **state)
{
    static const uint64_t sizes[] = {5000, 8000, 12000, 1 << 20};
    kehu_tokenizer *const t = words_of("话费\n断网\n套餐\n");
    kehu_svm *const whole = trained(t, 0, 1, N);
    (void)state;
    assert_int_equal(info_of(whole).bits, 32);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        kehu_svm *const svm = trained(t, sizes[k], 1, N);
        const kehu_svm_info info = info_of(svm);
        kehu__buffer b = written(svm), again;
        kehu_svm *read;
        int32_t classes[N];
        assert_true(b.size <= sizes[k]);
        assert_true(k == 3 || b.size > sizes[k] - 2048);
        assert_int_equal(info.bits, 8);
        assert_true((info.n_terms == info_of(whole).n_terms) == (k == 3));
        assert_int_equal(info.n_texts, N);
        assert_true(info.converged && info.accuracy > 0.9);
        assert_int_equal(kehu_svm_predict(svm, &texts, NULL, classes, NULL, NULL, NULL),
                         KEHU_OK);
        for (int i = 0; i < N; i++)
            assert_int_equal(classes[i], i % 3);
        assert_int_equal(kehu_svm_read_with(&read, b.bytes, b.size, t, NULL, NULL),
                         KEHU_OK);
        same_margins(svm, read);
        assert_int_equal(info_of(read).bits, 8);
        again = written(read);
        assert_int_equal(again.size, b.size);
        assert_memory_equal(again.bytes, b.bytes, b.size);
        kehu__buffer_free(&again);
        kehu__buffer_free(&b);
        kehu_svm_free(read);
        kehu_svm_free(svm);
    }
    kehu_svm_free(whole);
    kehu_tokenizer_free(t);
}

/* Each weight is off by at most half a step, and there are at least 106 steps to the
 * largest weight of its term. */
static void test_svm_small_rounds_weights_closely(void **state)
{
    kehu_svm *const svm = trained(NULL, 0, 1, N);
    kehu__linear *const m = svm->linear;
    const size_t n = (size_t)(m->n_columns + 1) * m->stride;
    kehu__buffer before_bytes = kehu__buffer_new(&svm->alloc);
    const float *before;
    (void)state;
    memset(m->own, 0, m->stride * sizeof *m->own); /* a term of no weight */
    m->own[m->stride] = 3e30f;                         /* beyond all scales */
    kehu__buffer_add(&before_bytes, m->weights, n * sizeof *before);
    before = (const float *)(const void *)before_bytes.bytes;
    kehu__svm_pack(svm);
    assert_true(m->weights[0] == 0 && isfinite(m->weights[m->stride]));
    for (size_t j = 2; j <= m->n_columns; j++) {
        float largest = 0;
        for (uint32_t k = 0; k < m->width; k++)
            largest = fmaxf(largest, fabsf(before[j * m->stride + k]));
        for (uint32_t k = 0; k < m->width; k++) {
            const float off = m->weights[j * m->stride + k] - before[j * m->stride + k];
            assert_true(fabsf(off) <= (j == m->n_columns ? 0 : largest / 211));
        }
    }
    kehu__buffer_free(&before_bytes);
    kehu_svm_free(svm);
}

static void test_svm_small_is_the_same_for_any_number_of_threads(void **state)
{
    kehu_svm *const one = trained(NULL, 6000, 1, N), *const four =
                                                         trained(NULL, 6000, 4, N);
    kehu__buffer a = written(one), b = written(four);
    (void)state;
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    kehu__buffer_free(&a);
    kehu__buffer_free(&b);
    kehu_svm_free(one);
    kehu_svm_free(four);
}

static void test_svm_small_refuses_too_little(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .cost = 1, .max_bytes = 100};
    kehu_svm *svm;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, &err), KEHU_LIMIT);
    assert_null(svm);
    assert_non_null(strstr(err.message, "max_bytes is 100, at least "));
}

static void test_svm_small_refuses_damaged_files(void **state)
{
    kehu_svm *const svm = trained(NULL, 2400, 1, 6);
    kehu__buffer whole = written(svm);
    kehu_svm *again;
    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        assert_int_not_equal(kehu_svm_read(&again, whole.bytes, size, NULL, NULL),
                             KEHU_OK);
        assert_null(again);
    }
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        whole.bytes[bit / 8] = (char)(whole.bytes[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(kehu_svm_read(&again, whole.bytes, whole.size, NULL, NULL),
                             KEHU_OK);
        assert_null(again);
        whole.bytes[bit / 8] = (char)(whole.bytes[bit / 8] ^ 1 << bit % 8);
    }
    kehu__buffer_free(&whole);
    kehu_svm_free(svm);
}

static void test_svm_small_survives_refused_memory(void **state)
{
    kehu_tokenizer *const t = words_of("话费\n断网\n套餐\n");
    kehu_column few = texts, few_labels = labels;
    (void)state;
    few.length = few_labels.length = 9;
    for (long refuse = 0;; refuse++) {
        const kehu_allocator plain = kehu__allocator(NULL);
        faulty f;
        kehu_svm *svm, *again = NULL;
        kehu__buffer b = kehu__buffer_new(&plain);
        const kehu_writer writer = {.write = keep, .ctx = &b};
        kehu_svm_options o = {
            .size = sizeof o, .n_folds = 2, .cost = 1, .tokenizer = t, .max_bytes = 2800};
        kehu_status status;
        o.alloc = faulty_init(&f, refuse);
        status = kehu_svm_train(&svm, &few, &few_labels, &o, NULL);
        assert_true((status == KEHU_OK) == (svm != NULL));
        if (status == KEHU_OK)
            status = kehu_svm_write(svm, &writer, NULL);
        if (status == KEHU_OK)
            status = kehu_svm_read_with(&again, b.bytes, b.size, t, o.alloc, NULL);
        kehu_svm_free(svm);
        kehu_svm_free(again);
        kehu__buffer_free(&b);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    kehu_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svm_small_keeps_to_its_size_and_its_classes),
        cmocka_unit_test(test_svm_small_rounds_weights_closely),
        cmocka_unit_test(test_svm_small_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_svm_small_refuses_too_little),
        cmocka_unit_test(test_svm_small_refuses_damaged_files),
        cmocka_unit_test(test_svm_small_survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
