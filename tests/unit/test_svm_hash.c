/* A classifier without a vocabulary. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "fuzz/repair.h"

#include "base/bytes.h"
#include "file/container.h"
#include "kehu/svm.h"
#include "support/svm.h"
#include "text/svm_model.h"
#include "text/term_index.h"

enum { N = 240, MAX_TEXT = 64, N_CLASSES = 3, BITS = 18 };

static char text[N * MAX_TEXT], label[N], path[64];
static int32_t text_ends[N + 1], label_ends[N + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N, .data = label, .offsets = label_ends};

/* Characters by chance, one of them mostly the class's own, and a Latin word. */
static int make(void **state)
{
    kehu__random r = kehu__random_seed(4);
    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        char *at = text + text_ends[i];
        for (uint32_t k = 0; k < 8; k++) {
            const uint32_t c = k == 3 && kehu__random_below(&r, 9) > 0
                                   ? 0x5000 + i % N_CLASSES
                                   : 0x4E00 + kehu__random_below(&r, 60);
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
        at += snprintf(at, 8, " w%u", kehu__random_below(&r, 20));
        text_ends[i + 1] = (int32_t)(at - text);
        label[i] = (char)('a' + i % N_CLASSES);
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

static kehu_svm *trained(kehu_svm_options o)
{
    kehu_svm *svm;
    kehu_error err = {.message = ""};
    o.size = sizeof o;
    if (kehu_svm_train(&svm, &texts, &labels, &o, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return svm;
}

/* Rows of the vocabulary, its terms put on the columns their keys fall on, are those
 * without one: by few terms on many columns no two fall together. */
static void test_hashed_rows_are_those_of_a_vocabulary(void **state)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {.n_threads = 3};
    kehu__term_options o = {
        .char_max = 2, .latin_max = 4, .word_max = 2, .min_df = 2, .max_terms = 1 << 20};
    kehu__terms *plain, *hashed;
    kehu__term_rows a, b;
    static float dense[1 << 22];
    kehu_column few = texts;
    (void)state;
    few.length = 30;
    assert_int_equal(kehu__terms_build(&plain, &few, &o, &run, &alloc, NULL), KEHU_OK);
    o.hash_bits = 22;
    assert_int_equal(kehu__terms_build(&hashed, &few, &o, &run, &alloc, NULL), KEHU_OK);
    assert_int_equal(kehu__terms_count(hashed), 1 << 22);
    assert_int_equal(kehu__terms_rows(&a, plain, &few, &run, &alloc, NULL), KEHU_OK);
    assert_int_equal(kehu__terms_rows(&b, hashed, &few, &run, &alloc, NULL), KEHU_OK);
    for (uint32_t j = 0; j < plain->n_terms; j++)
        assert_int_equal(
            kehu__terms_is_word(plain, j),
            kehu__terms_is_word(hashed, kehu__hash_column(plain->keys[j], 22)));
    for (int i = 0; i < few.length; i++) {
        const int64_t n = a.starts[i + 1] - a.starts[i];
        assert_int_equal(b.starts[i + 1] - b.starts[i], n);
        for (int64_t j = a.starts[i]; j < a.starts[i + 1]; j++)
            dense[kehu__hash_column(plain->keys[a.columns[j]], 22)] = a.values[j];
        for (int64_t j = b.starts[i]; j < b.starts[i + 1]; j++) {
            assert_true(fabsf(b.values[j] - dense[b.columns[j]]) < 1e-5f);
            assert_true(j == b.starts[i] || b.columns[j] > b.columns[j - 1]);
            dense[b.columns[j]] = 0;
        }
    }
    kehu__term_rows_free(&a);
    kehu__term_rows_free(&b);
    kehu__terms_free(plain);
    kehu__terms_free(hashed);
}

static void same_answers(const kehu_svm *a, const kehu_svm *b)
{
    static float x[2][N * N_CLASSES];
    kehu__buffer p = written(a), q = written(b);
    assert_int_equal(kehu_svm_predict(a, &texts, NULL, NULL, NULL, x[0], NULL), KEHU_OK);
    assert_int_equal(kehu_svm_predict(b, &texts, NULL, NULL, NULL, x[1], NULL), KEHU_OK);
    assert_memory_equal(x[0], x[1], sizeof x[0]);
    assert_int_equal(p.size, q.size);
    assert_memory_equal(p.bytes, q.bytes, p.size);
    kehu__buffer_free(&p);
    kehu__buffer_free(&q);
}

/* Learned, explained, saved, read, mapped, learned on; with words and class_aware too. */
static void test_a_hashed_model_goes_through_its_life(void **state)
{
    kehu_tokenizer *const t = some_words();
    (void)state;
    for (int v = 0; v < 4; v++) {
        const kehu_svm_options o = {.cost = 1,
                                    .hash_bits = BITS,
                                    .tokenizer = v & 1 ? t : NULL,
                                    .class_aware = v > 1};
        kehu_svm_options on = {.hash_bits = 0}, plain = o;
        kehu_svm *const svm = trained(o), *other, *more, *read, *mapped;
        kehu_svm_reason reasons[8];
        kehu__buffer b = written(svm);
        double sum = 0, margin, bias;
        uint32_t n;
        plain.hash_bits = 0;
        other = trained(plain);
        assert_true(fabs(info_of(svm).accuracy - info_of(other).accuracy) < 0.05);
        assert_int_equal(info_of(svm).n_terms, (v & 1 ? 2 : 1) << BITS);
        assert_int_equal(kehu_svm_explain(svm, text, text_ends[1], -1, reasons, 8, &n,
                                          &margin, &bias, NULL),
                         KEHU_OK);
        assert_true(n > 8);
        for (int k = 0; k < 8; k++) {
            assert_true(reasons[k].end > reasons[k].start &&
                        reasons[k].end <= text_ends[1]);
            sum += fabs(reasons[k].share);
        }
        assert_true(sum > 0.2 && sum <= 1);
        assert_int_equal(kehu_svm_read_with(&read, b.bytes, b.size, t, NULL, NULL),
                         KEHU_OK);
        same_answers(svm, read);
        assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
        assert_int_equal(kehu_svm_map(&mapped, path, t, NULL, NULL), KEHU_OK);
        same_answers(svm, mapped);
        on.start = mapped;
        on.class_aware = o.class_aware;
        more = trained(on);
        assert_int_equal(info_of(more).n_terms, info_of(svm).n_terms);
        assert_true(info_of(more).passes < info_of(svm).passes);
        kehu__buffer_free(&b);
        kehu_svm_free(more);
        kehu_svm_free(mapped);
        kehu_svm_free(read);
        kehu_svm_free(other);
        kehu_svm_free(svm);
    }
    kehu_tokenizer_free(t);
}

/* On few columns terms fall together, and still something is learned. */
static void test_hashing_to_few_columns_still_learns(void **state)
{
    (void)state;
    for (uint32_t bits = 22; bits >= 10; bits -= 4) {
        const kehu_svm_options o = {.cost = 1, .hash_bits = bits, .word_max = 3};
        kehu_svm *const svm = trained(o);
        assert_true(info_of(svm).accuracy > 0.6);
        kehu_svm_free(svm);
    }
}

static void test_a_hashed_model_is_the_same_for_any_number_of_threads(void **state)
{
    kehu_svm_options o = {.hash_bits = 14};
    kehu_svm *one, *three;
    (void)state;
    one = trained(o);
    o.n_threads = 3;
    three = trained(o);
    same_answers(one, three);
    kehu_svm_free(one);
    kehu_svm_free(three);
}

static void refuse(const kehu_svm_options *o, const char *message)
{
    kehu_svm *svm;
    kehu_error err = {.message = ""};
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, o, &err), KEHU_ARGUMENT);
    assert_null(svm);
    assert_string_equal(err.message, message);
}

static void test_hashing_refuses_what_it_cannot_use(void **state)
{
    kehu_svm_options o = {.size = sizeof o, .hash_bits = 9};
    kehu_svm *svm, *read;
    kehu__container c;
    kehu__buffer b;
    const char *found;
    uint8_t *bytes;
    size_t size;
    (void)state;
    refuse(&o, "hash_bits is 9, expected 10 to 26");
    o.hash_bits = 27;
    refuse(&o, "hash_bits is 27, expected 10 to 26");
    o.hash_bits = 12;
    o.max_bytes = 1 << 20;
    refuse(&o, "both hash_bits and max_bytes are given");
    o.max_bytes = 0;
    o.cost = 1;
    svm = trained(o);
    b = written(svm);
    assert_int_equal(kehu__container_open(&c, b.bytes, b.size, "SVM1", "it", NULL),
                     KEHU_OK);
    assert_true(kehu__container_find(&c, "THSH", &found, &size));
    assert_int_equal(size, 32 + (4 << 12));
    for (int v = 0; v < 2; v++) {
        char *const counts = b.bytes + (found - b.bytes);
        const uint32_t before = kehu__load32(counts + (v == 0 ? 20 : 40));
        kehu__store32(counts + (v == 0 ? 20 : 40), v == 0 ? before - 1 : 0xBF800000);
        bytes = repair_container((const uint8_t *)b.bytes, b.size);
        assert_int_equal(kehu_svm_read(&read, bytes, b.size, NULL, NULL), KEHU_FORMAT);
        assert_int_equal(kehu__svm_over(&read, bytes, b.size, NULL, NULL, NULL),
                         KEHU_FORMAT);
        repair_free(bytes);
        kehu__store32(counts + (v == 0 ? 20 : 40), before);
    }
    kehu__buffer_free(&b);
    kehu_svm_free(svm);
}

static void test_hashed_training_survives_refused_memory(void **state)
{
    kehu_column few = texts, few_labels = labels;
    kehu_status status = KEHU_NO_MEMORY;
    (void)state;
    few.length = few_labels.length = 30;
    for (long at = 0; status != KEHU_OK; at++) {
        faulty f;
        const kehu_svm_options o = {.size = sizeof o,
                                    .cost = 1,
                                    .hash_bits = 10,
                                    .n_threads = 1,
                                    .alloc = faulty_init(&f, at)};
        kehu_svm *svm;
        status = kehu_svm_train(&svm, &few, &few_labels, &o, NULL);
        assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && svm == NULL));
        kehu_svm_free(svm);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashed_rows_are_those_of_a_vocabulary),
        cmocka_unit_test(test_a_hashed_model_goes_through_its_life),
        cmocka_unit_test(test_hashing_to_few_columns_still_learns),
        cmocka_unit_test(test_a_hashed_model_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_hashing_refuses_what_it_cannot_use),
        cmocka_unit_test(test_hashed_training_survives_refused_memory),
    };
    int failed;
    snprintf(path, sizeof path, "test_svm_hash.%d.model", (int)getpid());
    failed = cmocka_run_group_tests(tests, make, NULL);
    unlink(path);
    return failed;
}
