/* The text classifier from end to end: learn, classify, explain, save, load,
 * refuse. */
#include "support/kept.h"
#include "support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "kehu/svm.h"

enum { MAX_TEXTS = 400, MAX_BYTES = 1 << 16 };

typedef struct texts {
    char text[MAX_BYTES], label[MAX_BYTES];
    int32_t text_ends[MAX_TEXTS + 1], label_ends[MAX_TEXTS + 1];
    kehu_column texts, labels;
} texts;

static void clear(texts *t)
{
    memset(t, 0, sizeof *t);
    t->texts = (kehu_column){
        .name = "text", .type = KEHU_UTF8, .data = t->text, .offsets = t->text_ends};
    t->labels = (kehu_column){
        .name = "label", .type = KEHU_UTF8, .data = t->label, .offsets = t->label_ends};
}

static void add(texts *t, const char *text, const char *label)
{
    const int64_t n = t->texts.length;
    const size_t at = (size_t)t->text_ends[n], label_at = (size_t)t->label_ends[n];
    assert_true(n < MAX_TEXTS && at + strlen(text) < MAX_BYTES);
    memcpy(t->text + at, text, strlen(text));
    memcpy(t->label + label_at, label, strlen(label));
    t->text_ends[n + 1] = (int32_t)(at + strlen(text));
    t->label_ends[n + 1] = (int32_t)(label_at + strlen(label));
    t->texts.length = t->labels.length = n + 1;
}

static const char *const starts[] = {"你好，", "请问", "我想", "麻烦", "客服", "Hello "};
static const char *const bodies[3][4] = {
    {"查询本月话费账单", "话费扣多了", "充值没到账", "bill is wrong"},
    {"家里宽带断网了", "网速太慢", "光猫红灯亮", "wifi down"},
    {"办理新套餐", "换成5G套餐", "取消流量包", "change my plan"}};
static const char *const names[3] = {"费用", "网络", "套餐"};
static const char *const ends[] = {"。", "谢谢！", "，急", "", "?", "～"};

static void make(texts *t, int n, int n_classes, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    clear(t);
    for (int i = 0; i < n; i++) {
        char text[200];
        const int k = i % n_classes;
        snprintf(text, sizeof text, "%s%s%s", starts[kehu__random_below(&r, 6)],
                 bodies[k][kehu__random_below(&r, 4)], ends[kehu__random_below(&r, 6)]);
        add(t, text, names[k]);
    }
}

static kept written(const kehu_svm *svm)
{
    kept b = {0};
    const kehu_writer writer = {.write = keep, .ctx = &b};
    assert_int_equal(kehu_svm_write(svm, &writer, NULL), KEHU_OK);
    return b;
}

static void test_svm_learns_classes_apart(void **state)
{
    static texts train, test;
    kehu_svm *svm = NULL;
    kehu_svm_info info;
    int32_t classes[90];
    float probabilities[90 * 3], margins[90 * 3];
    (void)state;
    for (int v = 0; v < 8; v++) {
        const int n_classes = 2 + v % 2;
        const kehu_svm_options o = {.size = sizeof o, .loss = v / 2};
        make(&train, 240, n_classes, 1);
        make(&test, 90, n_classes, 2);
        assert_int_equal(kehu_svm_train(&svm, &train.texts, &train.labels, &o, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_svm_predict(svm, &test.texts, NULL, classes, probabilities,
                                          margins, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_svm_class_count(svm), n_classes);
        assert_string_equal(kehu_svm_class_name(svm, 0),
                            n_classes == 2 ? "网络" : "套餐");
        assert_null(kehu_svm_class_name(svm, n_classes));
        assert_null(kehu_svm_class_name(svm, -1));
        assert_int_equal(kehu_svm_class_find(svm, "没有"), -1);
        for (int i = 0; i < 90; i++) {
            float sum = 0;
            assert_int_equal(classes[i], kehu_svm_class_find(svm, names[i % n_classes]));
            for (int k = 0; k < n_classes; k++)
                sum += probabilities[i * n_classes + k];
            assert_true(fabsf(sum - 1) < 1e-5f);
            assert_true(probabilities[i * n_classes + classes[i]] > 0.5f);
            if (n_classes == 2)
                assert_true(margins[2 * i] == -margins[2 * i + 1]);
        }
        kehu_svm_get_info(svm, &info);
        assert_int_equal(info.n_texts, 240);
        assert_int_equal(info.n_classes, n_classes);
        assert_int_equal(info.n_validated, 240);
        assert_true(info.n_terms > 50 && info.accuracy > 0.99 && info.n_curve >= 4);
        assert_true(info.converged && info.gap <= 1e-4 && info.dual <= info.primal);
        kehu_svm_free(svm);
    }
}

static void test_svm_is_the_same_for_any_number_of_threads(void **state)
{
    static texts train;
    static const uint32_t threads[] = {1, 2, 7};
    uint64_t first = 0;
    (void)state;
    make(&train, 200, 3, 3);
    for (int v = 0; v < 12; v++) {
        kehu_svm *svm;
        const kehu_svm_options o = {
            .size = sizeof o, .n_threads = threads[v % 3], .loss = v / 3};
        const kehu_svm_predict_options p = {.size = sizeof p,
                                            .n_threads = threads[v % 3]};
        float margins[600];
        kept b;
        uint64_t hash;
        assert_int_equal(kehu_svm_train(&svm, &train.texts, &train.labels, &o, NULL),
                         KEHU_OK);
        assert_int_equal(
            kehu_svm_predict(svm, &train.texts, &p, NULL, NULL, margins, NULL), KEHU_OK);
        b = written(svm);
        hash = kehu__hash(b.bytes, b.size, kehu__hash(margins, sizeof margins, 0));
        first = v % 3 == 0 ? hash : first;
        assert_true(hash == first);
        free(b.bytes);
        kehu_svm_free(svm);
    }
}

static void test_svm_explains_its_decision(void **state)
{
    static texts train;
    static const char text[] = "ＷＩＦＩ断网 wifi断网";
    kehu_svm *svm;
    kehu_svm_reason all[64];
    kehu_svm_reason few[2];
    uint32_t n, n_few;
    double margin, bias, sum = 0, shares = 0;
    bool word = false;
    (void)state;
    make(&train, 200, 3, 4);
    assert_int_equal(kehu_svm_train(&svm, &train.texts, &train.labels, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_svm_explain(svm, text, (int64_t)strlen(text), -1, all, 64, &n,
                                      &margin, &bias, NULL),
                     KEHU_OK);
    assert_true(n > 5 && n <= 64 && margin > 0);
    for (uint32_t k = 0; k < n; k++) {
        sum += all[k].contribution;
        shares += all[k].share;
        assert_true(all[k].start >= 0 && all[k].start <= all[k].end &&
                    all[k].end <= (int64_t)strlen(text) && all[k].count > 0);
        assert_true(k == 0 || fabs(all[k].contribution) <= fabs(all[k - 1].contribution));
        if (all[k].is_word && all[k].count == 2) {
            word = true; /* folded: both spellings are one word */
            assert_int_equal(all[k].start, 0);
            assert_int_equal(all[k].end, 12);
        }
    }
    assert_true(word);
    assert_true(fabs(sum + bias - margin) < 1e-5);
    assert_true(fabs(shares - 1) < 1e-9);
    assert_int_equal(kehu_svm_explain(svm, text, (int64_t)strlen(text), -1, few, 2,
                                      &n_few, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(n_few, n);
    assert_memory_equal(few, all, sizeof few);
    assert_int_equal(kehu_svm_explain(svm, NULL, 0, 0, NULL, 0, &n, &margin, &bias, NULL),
                     KEHU_OK);
    assert_int_equal(n, 0);
    assert_true(margin == bias);
    kehu_svm_free(svm);
}

static void test_svm_abstains_and_ranks(void **state)
{
    static texts train, test;
    kehu_svm *svm;
    int32_t classes[30], top[60];
    float p[90];
    const kehu_svm_predict_options never = {.size = sizeof never, .abstain_below = 1e-9};
    (void)state;
    make(&train, 200, 3, 5);
    make(&test, 30, 3, 6);
    {
        const kehu_svm_options o = {.size = sizeof o, .abstain_below = 1};
        assert_int_equal(kehu_svm_train(&svm, &train.texts, &train.labels, &o, NULL),
                         KEHU_OK);
    }
    assert_int_equal(kehu_svm_predict(svm, &test.texts, NULL, classes, p, NULL, NULL),
                     KEHU_OK);
    for (int i = 0; i < 30; i++)
        assert_true(classes[i] == -1 || p[3 * i + classes[i]] >= 1);
    assert_int_equal(kehu_svm_predict(svm, &test.texts, &never, classes, p, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_svm_top(p, 30, 3, 2, top, NULL), KEHU_OK);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(top[2 * i], classes[i]);
        assert_true(p[3 * i + top[2 * i]] >= p[3 * i + top[2 * i + 1]]);
        assert_int_not_equal(top[2 * i], top[2 * i + 1]);
    }
    assert_int_equal(kehu_svm_top(p, 30, 3, 4, top, NULL), KEHU_ARGUMENT);
    kehu_svm_free(svm);
}

static void test_svm_comes_back_from_its_file(void **state)
{
    static texts train;
    kehu_svm *svm, *again;
    float a[600], b[600];
    kept first, second;
    kehu_error err;
    (void)state;
    for (int n_classes = 2; n_classes <= 3; n_classes++) {
        make(&train, 200, n_classes, 7);
        assert_int_equal(kehu_svm_train(&svm, &train.texts, &train.labels, NULL, NULL),
                         KEHU_OK);
        first = written(svm);
        assert_int_equal(kehu_svm_read(&again, first.bytes, first.size, NULL, NULL),
                         KEHU_OK);
        second = written(again);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.bytes, second.bytes, first.size);
        assert_int_equal(kehu_svm_predict(svm, &train.texts, NULL, NULL, a, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_svm_predict(again, &train.texts, NULL, NULL, b, NULL, NULL),
                         KEHU_OK);
        assert_memory_equal(a, b, (size_t)(200 * n_classes) * sizeof *a);
        kehu_svm_free(again);
        assert_int_equal(kehu_svm_save(svm, "test_svm.model", NULL), KEHU_OK);
        assert_int_equal(kehu_svm_load(&again, "test_svm.model", NULL, NULL), KEHU_OK);
        kehu_svm_free(again);
        remove("test_svm.model");
        kehu_svm_free(svm);
        free(first.bytes);
        free(second.bytes);
    }
    assert_int_equal(kehu_svm_load(&again, "no/such.model", NULL, &err), KEHU_NOT_FOUND);
    assert_null(again);
}

/* Every cut and every flipped bit of a small model is seen. */
static void test_svm_refuses_damaged_files(void **state)
{
    static texts train;
    kehu_svm *svm, *again;
    kept whole;
    const kehu_svm_options o = {
        .size = sizeof o, .cost = 1, .char_max = 1, .latin_max = 1, .word_max = 3};
    (void)state;
    make(&train, 12, 2, 8);
    assert_int_equal(kehu_svm_train(&svm, &train.texts, &train.labels, &o, NULL),
                     KEHU_OK);
    whole = written(svm);
    for (size_t size = 0; size < whole.size; size++) {
        assert_int_not_equal(kehu_svm_read(&again, whole.bytes, size, NULL, NULL),
                             KEHU_OK);
        assert_null(again);
    }
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        flip_bit(&whole, bit);
        assert_int_not_equal(kehu_svm_read(&again, whole.bytes, whole.size, NULL, NULL),
                             KEHU_OK);
        assert_null(again);
        flip_bit(&whole, bit);
    }
    assert_int_equal(kehu_svm_read(&again, whole.bytes, whole.size, NULL, NULL), KEHU_OK);
    kehu_svm_free(again);
    free(whole.bytes);
    kehu_svm_free(svm);
}

static int cancel_at(void *ctx, double done, const char *stage)
{
    (void)done;
    (void)stage;
    return (*(int *)ctx)-- == 0;
}

/* Rows without a label are left out as the header says: by the numbers of the others. */
static void test_svm_trains_on_the_rows_that_are_numbered(void **state)
{
    static texts all, some;
    const kehu_svm_options o = {.size = sizeof o, .cost = 1};
    int32_t rows[60];
    kehu_column chosen = {.type = KEHU_CATEGORY, .data = rows};
    kehu_column chosen_labels;
    kehu_svm *svm;
    kept numbered, copied;
    (void)state;
    make(&all, 60, 3, 9);
    clear(&some);
    for (int32_t i = 0; i < 60; i++) {
        char text[200] = "", label[200] = "";
        if (i % 4 == 1) {
            memset(all.label + all.label_ends[i], 0,
                   (size_t)(all.label_ends[i + 1] - all.label_ends[i]));
            continue;
        }
        memcpy(text, all.text + all.text_ends[i],
               (size_t)(all.text_ends[i + 1] - all.text_ends[i]));
        memcpy(label, all.label + all.label_ends[i],
               (size_t)(all.label_ends[i + 1] - all.label_ends[i]));
        add(&some, text, label);
        rows[chosen.length++] = i;
    }
    chosen_labels = chosen;
    chosen.dictionary = &all.texts;
    chosen_labels.dictionary = &all.labels;
    assert_int_equal(kehu_svm_train(&svm, &chosen, &chosen_labels, &o, NULL), KEHU_OK);
    numbered = written(svm);
    kehu_svm_free(svm);
    assert_int_equal(kehu_svm_train(&svm, &some.texts, &some.labels, &o, NULL), KEHU_OK);
    copied = written(svm);
    kehu_svm_free(svm);
    assert_int_equal(numbered.size, copied.size);
    assert_memory_equal(numbered.bytes, copied.bytes, copied.size);
    free(numbered.bytes);
    free(copied.bytes);
}

static void expect(const texts *t, const kehu_svm_options *o, kehu_status wanted,
                   const char *message)
{
    kehu_error err = {0};
    kehu_svm *svm = (kehu_svm *)&err;
    assert_int_equal(kehu_svm_train(&svm, &t->texts, &t->labels, o, &err), wanted);
    assert_null(svm);
    assert_string_equal(err.message, message);
}

static void test_svm_refuses_bad_training_data(void **state)
{
    static texts t;
    static double weight[3] = {1, NAN, 1};
    uint8_t validity = 0x05;
    const kehu_column weights = {.type = KEHU_FLOAT64, .length = 3, .data = weight};
    const kehu_column two = {.type = KEHU_FLOAT64, .length = 2, .data = weight};
    (void)state;
    clear(&t);
    expect(&t, NULL, KEHU_EMPTY, "there are no texts");
    add(&t, "一", "A");
    expect(&t, NULL, KEHU_ONE_CLASS, "all labels are the same");
    add(&t, "二", "");
    expect(&t, NULL, KEHU_DATA,
           "the label of row 1 is empty, the first of 1: train without such rows");
    t.labels.validity = &validity;
    add(&t, "三", "B");
    add(&t, "四", "");
    expect(&t, NULL, KEHU_DATA,
           "the label of row 1 is missing, the first of 2: train without such rows");
    t.texts.length = t.labels.length = 3;
    t.labels.validity = NULL;
    t.label[t.label_ends[1]] = 0;
    t.label_ends[2]++;
    expect(&t, NULL, KEHU_DATA, "the label of row 1 holds a NUL byte");
    t.labels.length = 2;
    expect(&t, NULL, KEHU_ARGUMENT, "3 texts but 2 labels");
    clear(&t);
    add(&t, " \t", "A");
    add(&t, "", "B");
    add(&t, "", "B");
    expect(&t, NULL, KEHU_EMPTY, "all texts are empty");
    expect(&t, &(kehu_svm_options){.size = sizeof(kehu_svm_options), .weights = &weights},
           KEHU_RANGE, "the weight of row 1 is not in 0 to 1e9");
    expect(&t, &(kehu_svm_options){.size = sizeof(kehu_svm_options), .weights = &two},
           KEHU_ARGUMENT, "3 texts but 2 weights");
    weight[1] = 0;
    weight[2] = 0;
    clear(&t);
    add(&t, "一", "A");
    add(&t, "二", "B");
    add(&t, "三", "B");
    expect(&t, &(kehu_svm_options){.size = sizeof(kehu_svm_options), .weights = &weights},
           KEHU_ONE_CLASS, "all rows with a weight are of one class");
}

/* At the most max_terms terms: those of most texts. */
static void test_svm_leaves_out_terms_beyond_the_limit(void **state)
{
    static texts t;
    const kehu_svm_options o = {
        .size = sizeof o, .char_max = 1, .cost = 1, .max_terms = 3};
    kehu_svm_info info;
    kehu_svm *svm;
    uint32_t n;
    (void)state;
    clear(&t);
    add(&t, "甲", "A");
    add(&t, "甲乙", "A");
    add(&t, "甲乙丙", "A");
    add(&t, "丁", "B");
    add(&t, "丁乙", "B");
    add(&t, "丁丙", "B");
    assert_int_equal(kehu_svm_train(&svm, &t.texts, &t.labels, &o, NULL), KEHU_OK);
    kehu_svm_get_info(svm, &info);
    assert_int_equal(info.n_terms, 3);
    assert_int_equal(kehu_svm_explain(svm, "丙", 3, -1, NULL, 0, &n, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(n, 0);
    assert_int_equal(
        kehu_svm_explain(svm, "甲乙丁丙", 12, -1, NULL, 0, &n, NULL, NULL, NULL),
        KEHU_OK);
    assert_int_equal(n, 3);
    kehu_svm_free(svm);
}

/* It is a class like any other, though no fold can judge it. */
static void test_svm_learns_a_class_of_one_text(void **state)
{
    static texts t;
    const kehu_column one = {.type = KEHU_UTF8,
                             .length = 1,
                             .data = "独一无二",
                             .offsets = (int32_t[]){0, 12}};
    const kehu_svm_options o = {.size = sizeof o, .cost = 16};
    kehu_svm *svm;
    int32_t found;
    (void)state;
    make(&t, 60, 3, 9);
    add(&t, "独一无二", "rare");
    assert_int_equal(kehu_svm_train(&svm, &t.texts, &t.labels, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_class_count(svm), 4);
    assert_int_equal(kehu_svm_predict(svm, &one, NULL, &found, NULL, NULL, NULL),
                     KEHU_OK);
    assert_string_equal(kehu_svm_class_name(svm, found), "rare");
    kehu_svm_free(svm);
}

static void test_svm_refuses_bad_options(void **state)
{
    static texts t;
    kehu_svm_options o;
    int stop = 0;
    const kehu_progress progress = {.report = cancel_at, .ctx = &stop};
    (void)state;
    make(&t, 30, 3, 9);
#define REFUSE(field, value, message)                                                    \
    o = (kehu_svm_options){.size = sizeof o, .field = value};                            \
    expect(&t, &o, KEHU_ARGUMENT, message)
    REFUSE(cost, -1, "cost is not 0 nor in 1e-6 to 1e6");
    REFUSE(cost, NAN, "cost is not 0 nor in 1e-6 to 1e6");
    REFUSE(loss, 4, "loss is 4, expected 0 to 3");
    REFUSE(gap, 1, "gap is not in 0 to 1");
    REFUSE(abstain_below, 1.5, "abstain_below is not in 0 to 1");
    REFUSE(balanced, 2, "balanced is 2, expected 0 or 1");
    REFUSE(n_folds, 1, "n_folds is 1, expected 2 to 20");
    REFUSE(char_max, 6, "char_max is 6, expected 1 to 5");
    REFUSE(latin_max, 1, "latin_max is 1, expected 2 to 5");
    REFUSE(precision, 1.5, "precision is not in 0 to 1");
    REFUSE(word_max, 4, "word_max is 4, expected 1 to 3");
    REFUSE(max_terms, 1u << 27, "max_terms is 134217728, expected 1 to 67108864");
#undef REFUSE
    o = (kehu_svm_options){.size = sizeof o, .min_df = 1000};
    expect(&t, &o, KEHU_EMPTY,
           "no term is in at least 1000 texts: all are empty or differ");
    for (int k = 0; k < 4; k++) {
        char message[100];
        static const char *const stages[] = {"vocabulary", "terms", "validation",
                                             "validation"};
        stop = k;
        o = (kehu_svm_options){.size = sizeof o, .progress = &progress};
        snprintf(message, sizeof message, "stopped by the caller during %s", stages[k]);
        expect(&t, &o, KEHU_CANCELLED, message);
    }
}

static void test_svm_reads_older_and_newer_options(void **state)
{
    static texts t;
    kehu_svm *svm;
    struct {
        kehu_svm_options known;
        uint64_t later;
    } newer = {.known = {.size = sizeof newer}};
    kehu_svm_options older = {.size = 8, .n_threads = 2};
    (void)state;
    make(&t, 30, 3, 9);
    assert_int_equal(kehu_svm_train(&svm, &t.texts, &t.labels, &newer.known, NULL),
                     KEHU_OK);
    kehu_svm_free(svm);
    newer.later = 1;
    assert_int_equal(kehu_svm_train(&svm, &t.texts, &t.labels, &newer.known, NULL),
                     KEHU_VERSION);
    older.cost = -1; /* beyond its size, so not looked at */
    assert_int_equal(kehu_svm_train(&svm, &t.texts, &t.labels, &older, NULL), KEHU_OK);
    kehu_svm_free(svm);
}

static void test_svm_takes_awkward_texts(void **state)
{
    static texts t;
    kehu_svm *svm;
    kehu_svm_info info;
    int32_t classes[6];
    (void)state;
    clear(&t);
    add(&t, "\xff\xfe broken \xe4\xb8", "A");
    add(&t, "𠮷野家👍🏽", "B");
    add(&t, "same", "B");
    add(&t, "same", "A");
    add(&t, "", "A");
    add(&t, "only one of C", "C");
    assert_int_equal(kehu_svm_train(&svm, &t.texts, &t.labels, NULL, NULL), KEHU_OK);
    kehu_svm_get_info(svm, &info);
    assert_int_equal(info.n_conflicting, 2);
    assert_int_equal(info.n_empty, 1);
    assert_int_equal(kehu_svm_predict(svm, &t.texts, NULL, classes, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(classes[5], 2);
    kehu_svm_free(svm);
}

/* Each text has a telling word and many strings that no other has, and one label in six
 * is wrong. The probabilities of new texts are as sure as they are right. */
static void test_svm_is_as_sure_as_it_is_right(void **state)
{
    enum { N_TEXTS = 390, N_STRANGE = 12 };
    static texts t[2];
    static float probabilities[N_TEXTS * 2];
    const kehu_svm_options o = {.size = sizeof o, .cost = 1};
    kehu__random r = kehu__random_seed(21);
    int32_t classes[N_TEXTS];
    double sure = 0, right = 0;
    kehu_svm *svm;
    (void)state;
    for (int part = 0; part < 2; part++) {
        clear(&t[part]);
        for (int i = 0; i < N_TEXTS; i++) {
            const bool wrong = kehu__random_below(&r, 6) == 0;
            char text[3 * N_STRANGE + 7];
            for (int k = 0; k < N_STRANGE; k++) {
                const uint32_t c = 0x4E00 + kehu__random_below(&r, 0x5000);
                text[3 * k] = (char)(0xE0 | c >> 12);
                text[3 * k + 1] = (char)(0x80 | (c >> 6 & 0x3F));
                text[3 * k + 2] = (char)(0x80 | (c & 0x3F));
            }
            memcpy(text + sizeof text - 7, i % 2 ? "话费" : "断网", 7);
            add(&t[part], text, (i % 2 == 1) != wrong ? "A" : "B");
        }
    }
    assert_int_equal(kehu_svm_train(&svm, &t[0].texts, &t[0].labels, &o, NULL), KEHU_OK);
    assert_int_equal(
        kehu_svm_predict(svm, &t[1].texts, NULL, classes, probabilities, NULL, NULL),
        KEHU_OK);
    for (int i = 0; i < N_TEXTS; i++) {
        sure += (double)probabilities[2 * i + classes[i]] / N_TEXTS;
        right += (t[1].label[i] == "AB"[classes[i]]) / (double)N_TEXTS;
    }
    assert_true(fabs(sure - right) < 0.04);
    kehu_svm_free(svm);
}

/* Of the texts that get a class enough get the right one, and not much fewer texts than
 * could be. */
static void test_svm_abstains_for_a_wanted_precision(void **state)
{
    enum { N_TEXTS = 360 };
    static const double wanted[] = {0.5, 0.97, 1};
    static texts t[2];
    kehu__random r = kehu__random_seed(31);
    double last = -1;
    (void)state;
    for (int part = 0; part < 2; part++) {
        clear(&t[part]);
        for (int i = 0; i < N_TEXTS; i++) { /* one text in three tells nothing */
            char text[32];
            snprintf(text, sizeof text, "%s%d",
                     i % 3 == 0 ? "您好"
                     : i % 2    ? "话费"
                                : "断网",
                     (int)kehu__random_below(&r, 1000));
            add(&t[part], text, i % 2 ? "A" : "B");
        }
    }
    for (size_t k = 0; k < 3; k++) {
        const kehu_svm_options o = {.size = sizeof o, .precision = wanted[k]};
        kehu_svm *svm;
        kehu_svm_info info;
        int32_t classes[N_TEXTS];
        int n_answered = 0, n_right = 0;
        assert_int_equal(kehu_svm_train(&svm, &t[0].texts, &t[0].labels, &o, NULL),
                         KEHU_OK);
        kehu_svm_get_info(svm, &info);
        assert_true(info.abstain_below >= last && info.abstain_below <= 1);
        last = info.abstain_below;
        assert_int_equal(
            kehu_svm_predict(svm, &t[1].texts, NULL, classes, NULL, NULL, NULL), KEHU_OK);
        for (int i = 0; i < N_TEXTS; i++) {
            n_answered += classes[i] >= 0;
            n_right += classes[i] == (i % 2 ? 0 : 1);
        }
        assert_true(n_right >= (wanted[k] - 0.03) * n_answered);
        assert_true((info.abstain_below == 0) == (k == 0));
        assert_true(k == 0 ? n_answered == N_TEXTS : n_answered < 300);
        assert_true(k == 2 || n_answered > 200);
        kehu_svm_free(svm);
    }
}

/* One text as large as 50 MB is counted in pieces: memory stays far below it. */
static void test_svm_takes_a_text_of_50_mb(void **state)
{
    enum { SIZE = 50 << 20, UNIT = 19 };
    static const char unit[] = "话费 bill 断网 ";
    char *const text = malloc(SIZE + 16);
    const int64_t offsets[4] = {0, SIZE, SIZE + 6, SIZE + 12};
    const int32_t label_ends[4] = {0, 1, 2, 3};
    const kehu_column three = {
        .type = KEHU_LARGE_UTF8, .length = 3, .data = text, .offsets = offsets};
    const kehu_column labels = {
        .type = KEHU_UTF8, .length = 3, .data = "ABB", .offsets = label_ends};
    kehu_svm *svm;
    kehu_svm_options o = {.size = sizeof o, .cost = 1};
    int32_t classes[3];
    faulty f;
    (void)state;
    assert_non_null(text);
    for (int64_t at = 0; at < SIZE; at += UNIT)
        memcpy(text + at, unit, (size_t)(SIZE - at < UNIT ? SIZE - at : UNIT));
    memcpy(text + SIZE, "套餐办理", 12);
    o.alloc = faulty_init(&f, -1);
    assert_int_equal(kehu_svm_train(&svm, &three, &labels, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_predict(svm, &three, NULL, classes, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(classes[0], 0);
    assert_int_equal(classes[1], 1);
    assert_true(f.peak_bytes < 1 << 20);
    kehu_svm_free(svm);
    free(text);
}

static void test_svm_survives_refused_memory(void **state)
{
    static texts t;
    (void)state;
    make(&t, 24, 3, 10);
    for (long refuse = 0;; refuse++) {
        faulty f;
        kehu_svm *svm, *again = NULL;
        kept b = {0};
        int32_t classes[24];
        uint32_t n;
        const kehu_writer writer = {.write = keep, .ctx = &b};
        kehu_svm_options o = {
            .size = sizeof o, .n_folds = 2, .cost = 1, .precision = 0.9};
        kehu_status status;
        o.alloc = faulty_init(&f, refuse);
        status = kehu_svm_train(&svm, &t.texts, &t.labels, &o, NULL);
        assert_true((status == KEHU_OK) == (svm != NULL));
        if (status == KEHU_OK)
            status = kehu_svm_predict(svm, &t.texts, NULL, classes, NULL, NULL, NULL);
        if (status == KEHU_OK)
            status = kehu_svm_explain(svm, "话费", 6, -1, NULL, 0, &n, NULL, NULL, NULL);
        if (status == KEHU_OK)
            status = kehu_svm_write(svm, &writer, NULL);
        if (status == KEHU_OK)
            status = kehu_svm_read(&again, b.bytes, b.size, o.alloc, NULL);
        kehu_svm_free(svm);
        kehu_svm_free(again);
        free(b.bytes);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
        assert_null(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svm_learns_classes_apart),
        cmocka_unit_test(test_svm_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_svm_explains_its_decision),
        cmocka_unit_test(test_svm_abstains_and_ranks),
        cmocka_unit_test(test_svm_comes_back_from_its_file),
        cmocka_unit_test(test_svm_refuses_damaged_files),
        cmocka_unit_test(test_svm_trains_on_the_rows_that_are_numbered),
        cmocka_unit_test(test_svm_refuses_bad_training_data),
        cmocka_unit_test(test_svm_leaves_out_terms_beyond_the_limit),
        cmocka_unit_test(test_svm_learns_a_class_of_one_text),
        cmocka_unit_test(test_svm_refuses_bad_options),
        cmocka_unit_test(test_svm_reads_older_and_newer_options),
        cmocka_unit_test(test_svm_takes_awkward_texts),
        cmocka_unit_test(test_svm_is_as_sure_as_it_is_right),
        cmocka_unit_test(test_svm_abstains_for_a_wanted_precision),
        cmocka_unit_test(test_svm_takes_a_text_of_50_mb),
        cmocka_unit_test(test_svm_survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
