/* The text classifier chooses its terms by validation. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "kehu/svm.h"
#include "support/faulty.h"
#include "support/svm.h"

enum { N = 160, TRIPLES = 6, TEXT_BYTES = TRIPLES * 12 };

static char text[N * TEXT_BYTES], label[N];
static int32_t text_ends[N + 1], label_ends[N + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N, .data = label, .offsets = label_ends};

/* Of each three characters any two say nothing of the class, all three everything. */
static int make(void **state)
{
    static const char *const characters[3] = {"火", "水", "木"};
    kehu__random r = kehu__random_seed(7);
    char *at = text;
    (void)state;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < TRIPLES; k++) {
            const uint32_t a = kehu__random_below(&r, 3), b = kehu__random_below(&r, 3);
            memcpy(at, characters[a], 3);
            memcpy(at + 3, characters[b], 3);
            memcpy(at + 6, characters[(a + b + (uint32_t)i % 2) % 3], 3);
            memcpy(at + 9, "，", 3);
            at += 12;
        }
        text_ends[i + 1] = (int32_t)(at - text);
        label[i] = i % 2 == 0 ? 'A' : 'B';
        label_ends[i + 1] = i + 1;
    }
    return 0;
}

static kehu_svm *trained(const kehu_svm_options *o)
{
    kehu_error err = {.message = ""};
    kehu_svm *svm = NULL;
    if (kehu_svm_train(&svm, &texts, &labels, o, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return svm;
}

static void test_svm_takes_longer_strings_where_they_pay(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .word_max = 3, .class_aware = 2};
    kehu_svm *const svm = trained(&o);
    const kehu_svm_info info = info_of(svm);
    (void)state;
    assert_int_equal(info.n_trials, 2);
    assert_int_equal(info.trial[0].char_max, 2);
    assert_int_equal(info.trial[1].char_max, 3);
    assert_true(info.trial[0].accuracy < 0.7 && info.trial[1].accuracy > 0.95);
    assert_int_equal(info.char_max, 3);
    assert_int_equal(info.words, 0);
    assert_true(info.cost == info.trial[1].cost);
    assert_true(info.accuracy == info.trial[1].accuracy);
    kehu_svm_free(svm);
}

static void test_svm_keeps_to_terms_that_are_given(void **state)
{
    const kehu_svm_options given[] = {
        {.size = sizeof *given, .fixed_terms = 1},
        {.size = sizeof *given, .cost = 1},
        {.size = sizeof *given, .char_max = 2, .word_max = 3, .class_aware = 2},
        {.size = sizeof *given, .latin_max = 2, .word_max = 3, .class_aware = 1},
    };
    (void)state;
    for (size_t k = 0; k < sizeof given / sizeof *given; k++) {
        kehu_svm *const svm = trained(&given[k]);
        const kehu_svm_info info = info_of(svm);
        assert_int_equal(info.char_max, 2);
        assert_int_equal(info.words, 0);
        assert_int_equal(info.class_aware, k == 3);
        assert_int_equal(info.n_trials, k < 2 ? 0 : 1);
        kehu_svm_free(svm);
    }
}

/* These characters are words too, so that the words are of no more use. */
static void test_svm_leaves_out_words_that_do_not_pay(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .char_max = 3, .class_aware = 2};
    kehu_tokenizer *t;
    const kehu_status found = kehu_tokenizer_default(&t, NULL, NULL);
    kehu_svm *const svm = trained(&o);
    const kehu_svm_info info = info_of(svm);
    (void)state;
    assert_int_equal(info.n_trials, found == KEHU_OK ? 2 : 1);
    assert_int_equal(info.trial[1].words, found == KEHU_OK);
    assert_int_equal(info.words, 0);
    kehu_svm_free(svm);
    if (found == KEHU_OK)
        kehu_tokenizer_free(t);
}

static void test_svm_chooses_the_same_for_any_number_of_threads(void **state)
{
    static const uint32_t threads[] = {1, 2, 5};
    kehu__buffer first = {0};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const kehu_svm_options o = {.size = sizeof o, .n_threads = threads[k]};
        kehu_svm *const svm = trained(&o);
        kehu__buffer b = written(svm);
        if (k == 0)
            first = b;
        assert_int_equal(b.size, first.size);
        assert_memory_equal(b.bytes, first.bytes, b.size);
        if (k > 0)
            kehu__buffer_free(&b);
        kehu_svm_free(svm);
    }
    kehu__buffer_free(&first);
}

static void test_svm_remembers_its_choice_in_the_file(void **state)
{
    kehu_svm *const svm = trained(NULL);
    const kehu_svm_info info = info_of(svm);
    kehu__buffer b = written(svm), again;
    kehu_svm_info read;
    kehu_svm *copy;
    (void)state;
    assert_int_equal(kehu_svm_read(&copy, b.bytes, b.size, NULL, NULL), KEHU_OK);
    read = info_of(copy);
    assert_int_equal(read.char_max, info.char_max);
    assert_int_equal(read.words, info.words);
    assert_true(info.n_trials >= 2);
    assert_int_equal(read.n_trials, info.n_trials);
    for (uint32_t k = 0; k < info.n_trials; k++) {
        assert_int_equal(read.trial[k].char_max, info.trial[k].char_max);
        assert_int_equal(read.trial[k].words, info.trial[k].words);
        assert_int_equal(read.trial[k].class_aware, info.trial[k].class_aware);
        assert_true(read.trial[k].cost == info.trial[k].cost);
        assert_true(read.trial[k].accuracy == info.trial[k].accuracy);
    }
    again = written(copy);
    assert_int_equal(again.size, b.size);
    assert_memory_equal(again.bytes, b.bytes, b.size);
    kehu__buffer_free(&again);
    kehu__buffer_free(&b);
    kehu_svm_free(copy);
    kehu_svm_free(svm);
}

static void test_svm_choosing_survives_refused_memory(void **state)
{
    kehu_column few = texts, two = labels;
    (void)state;
    few.length = two.length = 12;
    for (long refuse = 0;; refuse++) {
        faulty f;
        kehu_svm *svm;
        kehu_svm_options o = {.size = sizeof o, .n_folds = 2};
        kehu_status status;
        o.alloc = faulty_init(&f, refuse);
        status = kehu_svm_train(&svm, &few, &two, &o, NULL);
        assert_true((status == KEHU_OK) == (svm != NULL));
        kehu_svm_free(svm);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
}

static void test_svm_refuses_a_bad_choice(void **state)
{
    const kehu_svm_options o = {.size = sizeof o, .fixed_terms = 2};
    kehu_svm *svm;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, &err), KEHU_ARGUMENT);
    assert_null(svm);
    assert_string_equal(err.message, "fixed_terms is 2, expected 0 or 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svm_takes_longer_strings_where_they_pay),
        cmocka_unit_test(test_svm_keeps_to_terms_that_are_given),
        cmocka_unit_test(test_svm_leaves_out_words_that_do_not_pay),
        cmocka_unit_test(test_svm_chooses_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_svm_remembers_its_choice_in_the_file),
        cmocka_unit_test(test_svm_choosing_survives_refused_memory),
        cmocka_unit_test(test_svm_refuses_a_bad_choice),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
