/* The text classifier with a tokenizer's words among its terms. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kehu/svm.h"
#include "support/faulty.h"
#include "support/svm.h"
#include "text/terms.h"

enum { N = 48 };

static const char list[] =
    "话费 90\n宽带 80\n断网 40\n账单 30\n套餐 70\n办理 60\n查询 50\n"
    "中国 9\n中国人 5\n国人 2\n5G套餐 7\n";
static const char *const bodies[3][4] = {
    {"查询话费账单", "话费太贵", "查话费，谢谢", "话费账单不对 bill"},
    {"宽带断网了", "断网", "家里宽带太慢", "wifi断网 急"},
    {"办理套餐", "换5G套餐", "套餐办理！", "我要办理新套餐"}};
static const char names[] = "ABC";

static char text[1 << 13], label[N + 1];
static int32_t text_ends[N + 1], label_ends[N + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N, .data = label, .offsets = label_ends};

static int make(void **state)
{
    static const char *const ends[] = {"", "。", "？", "，谢谢"};
    (void)state;
    for (int i = 0; i < N; i++) {
        const int n = snprintf(text + text_ends[i], sizeof text - (size_t)text_ends[i],
                               "%s%s", bodies[i % 3][i / 3 % 4], ends[i / 12]);
        text_ends[i + 1] = text_ends[i] + n;
        label[i] = names[i % 3];
        label_ends[i + 1] = i + 1;
    }
    return 0;
}

static kehu_tokenizer *words_of(const char *words, kehu_tokenizer_mode mode)
{
    const kehu_tokenizer_options o = {.size = sizeof o, .mode = mode};
    kehu_tokenizer *t = NULL;
    assert_int_equal(kehu_tokenizer_read_words(&t, words, strlen(words), &o, NULL),
                     KEHU_OK);
    return t;
}

static kehu_svm *trained(const kehu_tokenizer *tokenizer, uint32_t n_threads,
                         uint32_t word_max)
{
    const kehu_svm_options o = {.size = sizeof o,
                                .n_threads = n_threads,
                                .word_max = word_max,
                                .cost = 1,
                                .tokenizer = tokenizer};
    kehu_error err = {.message = ""};
    kehu_svm *svm = NULL;
    if (kehu_svm_train(&svm, &texts, &labels, &o, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return svm;
}

static uint32_t n_terms(const kehu_svm *svm)
{
    kehu_svm_info info;
    kehu_svm_get_info(svm, &info);
    return info.n_terms;
}

static kehu__buffer empty(void)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    return kehu__buffer_new(&alloc);
}

static void same_answers(const kehu_svm *a, const kehu_svm *b)
{
    float x[3 * N], y[3 * N];
    assert_int_equal(kehu_svm_predict(a, &texts, NULL, NULL, NULL, x, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_predict(b, &texts, NULL, NULL, NULL, y, NULL), KEHU_OK);
    assert_memory_equal(x, y, sizeof x);
}

static int has(const kehu_svm_reason *r, uint32_t n, int64_t start, int64_t end,
               uint32_t count)
{
    int found = 0;
    for (uint32_t k = 0; k < n; k++)
        found +=
            r[k].is_word && r[k].start == start && r[k].end == end && r[k].count == count;
    return found;
}

static void test_svm_words_are_terms_of_their_own(void **state)
{
    static const char asked[] = "话費 账单，wifi断网 話费"; /* folds to 话费 twice */
    kehu_tokenizer *const t = words_of(list, KEHU_TOKENIZER_WORDS);
    kehu_svm *const with = trained(t, 1, 2), *const one = trained(t, 1, 1);
    kehu_svm *const without = trained(NULL, 1, 2);
    kehu_svm_reason r[64];
    double margin, bias, sum = 0;
    uint32_t n;
    (void)state;
    assert_true(n_terms(with) > n_terms(one) && n_terms(without) > 0);
    assert_true(n_terms(with) > n_terms(without));
    assert_int_equal(kehu_svm_explain(with, asked, sizeof asked - 1, -1, r, 64, &n,
                                      &margin, &bias, NULL),
                     KEHU_OK);
    assert_true(n <= 64);
    for (uint32_t k = 0; k < n; k++)
        sum += r[k].contribution;
    assert_true(fabs(sum + bias - margin) < 1e-5);
    assert_int_equal(has(r, n, 0, 6, 2), 1);   /* 话费, in two spellings */
    assert_int_equal(has(r, n, 7, 13, 1), 1);  /* 账单 */
    assert_int_equal(has(r, n, 0, 13, 1), 1);  /* both, over a blank */
    assert_int_equal(has(r, n, 16, 20, 1), 2); /* wifi, in both blocks of words */
    assert_int_equal(has(r, n, 16, 26, 1), 1); /* wifi断网 */
    assert_int_equal(has(r, n, 7, 20, 1), 0);  /* not over a comma */
    assert_int_equal(
        kehu_svm_explain(one, asked, sizeof asked - 1, -1, r, 64, &n, NULL, NULL, NULL),
        KEHU_OK);
    assert_int_equal(has(r, n, 0, 6, 2), 1);
    assert_int_equal(has(r, n, 0, 13, 1), 0);
    kehu_svm_free(without);
    kehu_svm_free(one);
    kehu_svm_free(with);
    kehu_tokenizer_free(t);
}

static void note_words(void *ctx, uint32_t term, int64_t start, int64_t end)
{
    char *const to = ctx;
    (void)term;
    snprintf(to + strlen(to), 200 - strlen(to), "%d-%d ", (int)start, (int)end);
}

/* The places of a text's words in the order they are found. */
static const char *places(const kehu_tokenizer *t, const char *of)
{
    static char got[200];
    const int32_t ends[2] = {0, (int32_t)strlen(of)};
    const kehu_column column = {
        .type = KEHU_UTF8, .length = 1, .data = of, .offsets = ends};
    const kehu__term_options o = {
        .word_max = 2, .min_df = 1, .max_terms = 99, .tokenizer = t};
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {0};
    kehu__terms *terms;
    got[0] = '\0';
    assert_int_equal(kehu__terms_build(&terms, &column, &o, &run, &alloc, NULL), KEHU_OK);
    kehu__terms_visit(terms, of, ends[1], note_words, got);
    kehu__terms_free(terms);
    return got;
}

static void test_svm_words_of_search_mode_stand_inside_others(void **state)
{
    kehu_tokenizer *const whole = words_of(list, KEHU_TOKENIZER_WORDS);
    kehu_tokenizer *const parts = words_of(list, KEHU_TOKENIZER_SEARCH);
    (void)state;
    assert_string_equal(places(whole, "中国人话费"), "0-9 9-15 0-15 ");
    assert_string_equal(places(parts, "中国人话费"), "0-9 0-6 3-9 9-15 0-15 ");
    assert_string_equal(places(whole, "话费 账单"), "0-6 7-13 0-13 ");
    assert_string_equal(places(whole, "话费199元账单"), "0-6 12-18 ");
    kehu_tokenizer_free(whole);
    kehu_tokenizer_free(parts);
}

/* More words than are taken at a time, whatever the tokenizer's mode. */
static void test_svm_words_of_a_long_text_are_all_counted(void **state)
{
    enum { TIMES = 3000 };
    static char longer[TIMES * 12];
    const int32_t ends[2] = {0, sizeof longer};
    const kehu_column column = {
        .type = KEHU_UTF8, .length = 1, .data = longer, .offsets = ends};
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {0};
    (void)state;
    for (int k = 0; k < TIMES; k++)
        memcpy(longer + k * 12, "话费账单", 12);
    for (int mode = KEHU_TOKENIZER_WORDS; mode <= KEHU_TOKENIZER_CHARACTERS; mode++) {
        kehu_tokenizer *const t = words_of(list, (kehu_tokenizer_mode)mode);
        const kehu__term_options o = {
            .word_max = 1, .min_df = 1, .max_terms = 99, .tokenizer = t};
        const kehu__term_options plain = {
            .char_max = 1, .latin_max = 1, .min_df = 1, .max_terms = 99};
        kehu__term_work work = kehu__term_work_new(&alloc);
        kehu__terms *terms;
        const uint32_t n = mode == KEHU_TOKENIZER_CHARACTERS ? 4 : 2;
        assert_int_equal(kehu__terms_build(&terms, &column, &plain, &run, &alloc, NULL),
                         KEHU_OK);
        assert_int_equal(
            kehu__terms_build(&terms->words, &column, &o, &run, &alloc, NULL), KEHU_OK);
        assert_int_equal(kehu__terms_count(terms), 4 + n);
        assert_true(kehu__terms_row(terms, &work, longer, sizeof longer));
        assert_int_equal(work.n, 4 + n);
        for (uint32_t k = 4; k < 4 + n; k++) {
            assert_int_equal((uint32_t)work.entries[k], TIMES);
            assert_true(work.columns[k] >= 4 && work.columns[k] < 4 + n);
            assert_true(fabs((double)work.values[k] - 1 / sqrt(n)) < 1e-6);
        }
        kehu__term_work_free(&work);
        kehu__terms_free(terms);
        kehu_tokenizer_free(t);
    }
}

static void test_svm_words_are_the_same_for_any_number_of_threads(void **state)
{
    kehu_tokenizer *const t = words_of(list, KEHU_TOKENIZER_WORDS);
    kehu_svm *const a = trained(t, 1, 2), *const b = trained(t, 2, 2);
    kehu__buffer x = written(a), y = written(b);
    (void)state;
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.bytes, y.bytes, x.size);
    kehu__buffer_free(&x);
    kehu__buffer_free(&y);
    kehu_svm_free(a);
    kehu_svm_free(b);
    kehu_tokenizer_free(t);
}

static void test_svm_words_come_back_with_their_tokenizer(void **state)
{
    static const char path[] = "test_svm_words.model";
    kehu_tokenizer *const t = words_of(list, KEHU_TOKENIZER_WORDS);
    kehu_tokenizer *const twin = words_of(list, KEHU_TOKENIZER_WORDS);
    kehu_tokenizer *const other = words_of(list, KEHU_TOKENIZER_SEARCH);
    kehu_svm *const svm = trained(t, 1, 2);
    kehu_svm *again = svm;
    kehu__buffer whole = written(svm);
    kehu__buffer second;
    kehu_error err;
    char message[240];
    (void)state;
    assert_int_equal(
        kehu_svm_read_with(&again, whole.bytes, whole.size, twin, NULL, NULL), KEHU_OK);
    same_answers(svm, again);
    assert_int_equal(n_terms(again), n_terms(svm));
    second = written(again);
    assert_int_equal(second.size, whole.size);
    assert_memory_equal(second.bytes, whole.bytes, whole.size);
    kehu_svm_free(again);
    assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_load_with(&again, path, t, NULL, NULL), KEHU_OK);
    same_answers(svm, again);
    kehu_svm_free(again);
    again = svm;
    assert_int_equal(kehu_svm_load(&again, path, NULL, &err), KEHU_NOT_FOUND);
    assert_null(again);
    snprintf(message, sizeof message,
             "%s needs the tokenizer of fingerprint %016llx; give it to "
             "kehu_svm_load_with() or kehu_svm_read_with()",
             path, (unsigned long long)kehu_tokenizer_fingerprint(t));
    assert_string_equal(err.message, message);
    again = svm;
    assert_int_equal(
        kehu_svm_read_with(&again, whole.bytes, whole.size, other, NULL, &err),
        KEHU_ARGUMENT);
    assert_null(again);
    snprintf(message, sizeof message,
             "the model needs the tokenizer of fingerprint %016llx, the one given has "
             "%016llx",
             (unsigned long long)kehu_tokenizer_fingerprint(t),
             (unsigned long long)kehu_tokenizer_fingerprint(other));
    assert_string_equal(err.message, message);
    remove(path);
    kehu__buffer_free(&whole);
    kehu__buffer_free(&second);
    kehu_svm_free(svm);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(twin);
    kehu_tokenizer_free(other);
}

static void test_svm_words_of_the_default_tokenizer_need_none_given(void **state)
{
    kehu_tokenizer *t;
    kehu_svm *svm, *again;
    kehu__buffer whole;
    const kehu_status status = kehu_tokenizer_default(&t, NULL, NULL);
    (void)state;
    if (status == KEHU_NOT_FOUND)
        skip(); /* built without the word list */
    assert_int_equal(status, KEHU_OK);
    svm = trained(t, 1, 2);
    whole = written(svm);
    assert_int_equal(kehu_svm_read(&again, whole.bytes, whole.size, NULL, NULL), KEHU_OK);
    same_answers(svm, again);
    kehu_svm_free(again);
    for (long refuse = 0;; refuse++) {
        faulty f;
        const kehu_allocator *const alloc = faulty_init(&f, refuse);
        kehu_status got = kehu_svm_read(&again, whole.bytes, whole.size, alloc, NULL);
        kehu_svm_free(got == KEHU_OK ? again : NULL);
        assert_int_equal(f.live_blocks, 0);
        if (got == KEHU_OK)
            break;
        assert_int_equal(got, KEHU_NO_MEMORY);
        assert_null(again);
    }
    kehu__buffer_free(&whole);
    kehu_svm_free(svm);
    kehu_tokenizer_free(t);
}

static void test_svm_words_leave_other_models_as_they_are(void **state)
{
    kehu_tokenizer *const t = words_of(list, KEHU_TOKENIZER_WORDS);
    kehu_svm *const plain = trained(NULL, 1, 2);
    kehu__buffer whole = written(plain);
    const kehu_column marks = {
        .type = KEHU_UTF8, .length = 3, .data = "!??", .offsets = label_ends};
    const kehu_column two = {
        .type = KEHU_UTF8, .length = 3, .data = "ABB", .offsets = label_ends};
    kehu_svm_options o = {.size = sizeof o, .cost = 1, .tokenizer = t};
    kehu_svm *svm, *again;
    kehu_error err;
    kehu__buffer b;
    (void)state;
    /* A tokenizer that is not needed is not used. */
    assert_int_equal(kehu_svm_read_with(&again, whole.bytes, whole.size, t, NULL, NULL),
                     KEHU_OK);
    same_answers(plain, again);
    kehu_svm_free(again);
    /* Texts without words: no such terms, and the file wants no tokenizer. */
    assert_int_equal(kehu_svm_train(&svm, &marks, &two, &o, NULL), KEHU_OK);
    b = written(svm);
    assert_int_equal(kehu_svm_read(&again, b.bytes, b.size, NULL, NULL), KEHU_OK);
    kehu__buffer_free(&b);
    kehu_svm_free(again);
    kehu_svm_free(svm);
    /* A caller that does not know the option yet. */
    o.size = offsetof(kehu_svm_options, tokenizer);
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, NULL), KEHU_OK);
    b = written(svm);
    assert_int_equal(b.size, whole.size);
    assert_memory_equal(b.bytes, whole.bytes, b.size);
    kehu__buffer_free(&b);
    kehu_svm_free(svm);
    o.size = sizeof o;
    o.word_max = 3;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, &err), KEHU_ARGUMENT);
    assert_null(svm);
    assert_string_equal(err.message,
                        "a tokenizer is given but word_max is 3, for no words");
    kehu__buffer_free(&whole);
    kehu_svm_free(plain);
    kehu_tokenizer_free(t);
}

static void test_svm_words_refuse_damaged_files(void **state)
{
    static const int32_t ends[] = {0, 6, 12};
    const kehu_column few = {
        .type = KEHU_UTF8, .length = 2, .data = "话费断网", .offsets = ends};
    const kehu_column two = {
        .type = KEHU_UTF8, .length = 2, .data = "AB", .offsets = label_ends};
    kehu_tokenizer *const t = words_of(list, KEHU_TOKENIZER_WORDS);
    const kehu_svm_options o = {.size = sizeof o,
                                .cost = 1,
                                .char_max = 1,
                                .latin_max = 1,
                                .word_max = 1,
                                .tokenizer = t};
    kehu_svm *svm, *again;
    kehu__buffer whole;
    (void)state;
    assert_int_equal(kehu_svm_train(&svm, &few, &two, &o, NULL), KEHU_OK);
    whole = written(svm);
    for (size_t size = 0; size < whole.size; size++) {
        assert_int_not_equal(kehu_svm_read_with(&again, whole.bytes, size, t, NULL, NULL),
                             KEHU_OK);
        assert_null(again);
    }
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        whole.bytes[bit / 8] = (char)(whole.bytes[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(
            kehu_svm_read_with(&again, whole.bytes, whole.size, t, NULL, NULL), KEHU_OK);
        assert_null(again);
        whole.bytes[bit / 8] = (char)(whole.bytes[bit / 8] ^ 1 << bit % 8);
    }
    kehu__buffer_free(&whole);
    kehu_svm_free(svm);
    kehu_tokenizer_free(t);
}

static void test_svm_words_survive_refused_memory(void **state)
{
    kehu_tokenizer *const t = words_of(list, KEHU_TOKENIZER_WORDS);
    (void)state;
    for (long refuse = 0;; refuse++) {
        faulty f;
        kehu_svm *svm, *again = NULL;
        kehu__buffer b = empty();
        uint32_t n;
        int32_t classes[N];
        const kehu_writer writer = {.write = keep, .ctx = &b};
        kehu_svm_options o = {.size = sizeof o, .n_folds = 2, .cost = 1, .tokenizer = t};
        kehu_status status;
        o.alloc = faulty_init(&f, refuse);
        status = kehu_svm_train(&svm, &texts, &labels, &o, NULL);
        assert_true((status == KEHU_OK) == (svm != NULL));
        if (status == KEHU_OK)
            status = kehu_svm_predict(svm, &texts, NULL, classes, NULL, NULL, NULL);
        if (status == KEHU_OK)
            status = kehu_svm_explain(svm, "话费", 6, -1, NULL, 0, &n, NULL, NULL, NULL);
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
        assert_null(again);
    }
    kehu_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svm_words_are_terms_of_their_own),
        cmocka_unit_test(test_svm_words_of_search_mode_stand_inside_others),
        cmocka_unit_test(test_svm_words_of_a_long_text_are_all_counted),
        cmocka_unit_test(test_svm_words_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_svm_words_come_back_with_their_tokenizer),
        cmocka_unit_test(test_svm_words_of_the_default_tokenizer_need_none_given),
        cmocka_unit_test(test_svm_words_leave_other_models_as_they_are),
        cmocka_unit_test(test_svm_words_refuse_damaged_files),
        cmocka_unit_test(test_svm_words_survive_refused_memory),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
