#include <kehu/gate.h>

#include <stdio.h>
#include <string.h>

#include "support/test.h"

enum { N = 120 };

typedef struct texts {
    char bytes[N * 40];
    int32_t at[N + 1];
    kehu_column column;
} texts;

static void add(texts *t, int64_t i, const char *text)
{
    const size_t size = strlen(text);
    memcpy(t->bytes + t->at[i], text, size);
    t->at[i + 1] = t->at[i] + (int32_t)size;
    t->column = (kehu_column){
        .type = KEHU_UTF8, .length = i + 1, .data = t->bytes, .offsets = t->at};
}

/* Even rows are good; the last four good ones read like spam. */
static void fill(texts *x, texts *labels)
{
    char text[40];
    for (int i = 0; i < N; i++) {
        const int spam = i % 2 == 1;
        snprintf(text, sizeof text, spam || i >= N - 8 ? "免费中奖%d元" : "明天%d点开会",
                 i * 37 % 101);
        add(x, i, text);
        add(labels, i, spam ? "spam" : "ham");
    }
}

static kehu_status train(kehu_gate **g, const texts *x, const texts *labels,
                         double recall, const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_gate_options opt = {
        .size = sizeof opt, .recall = recall, .cost = 1, .n_folds = 3, .alloc = alloc};
    return kehu_gate_train(g, &x->column, &labels->column, "ham", &opt, err);
}

static void test_gate_threshold_is_as_wanted(void **state)
{
    static texts x, labels;
    kehu_gate_info by_f1, all;
    kehu_gate *g;
    (void)state;
    fill(&x, &labels);
    assert_int_equal(train(&g, &x, &labels, 0, NULL, NULL), KEHU_OK);
    kehu_gate_get_info(g, &by_f1);
    assert_int_equal(by_f1.n_good, N / 2);
    assert_int_equal(by_f1.n_spam, N / 2);
    /* 56 of 60 good ones look good, all spam looks like spam. */
    assert_true(by_f1.passed > .93 && by_f1.caught == 1 && by_f1.macro_f1 > .96);
    kehu_gate_free(g);
    assert_int_equal(train(&g, &x, &labels, .98, NULL, NULL), KEHU_OK);
    kehu_gate_get_info(g, &all);
    assert_true(all.passed >= .98 && all.threshold > by_f1.threshold);
    assert_true(all.caught < by_f1.caught);
    kehu_gate_free(g);
}

static void test_gate_lists_what_it_holds_back(void **state)
{
    static texts x, labels, fresh;
    kehu_gate *g, *again;
    kehu_table *t;
    char found[40];
    (void)state;
    fill(&x, &labels);
    add(&fresh, 0, "后天开会");
    add(&fresh, 1, "恭喜中奖");
    add(&fresh, 2, "");
    assert_int_equal(train(&g, &x, &labels, 0, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_gate_save(g, "test_gate.gat", NULL), KEHU_OK);
    kehu_gate_free(g);
    assert_int_equal(kehu_gate_load(&again, "test_gate.gat", NULL, NULL), KEHU_OK);
    remove("test_gate.gat");
    assert_int_equal(kehu_gate_hold(&t, again, &fresh.column, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 1);
    assert_int_equal(((const int64_t *)kehu_table_column(t, 0)->data)[0], 1);
    const kehu_column *term = kehu_table_column(t, 2);
    snprintf(found, sizeof found, "%.*s", (int)((const int64_t *)term->offsets)[1],
             (const char *)term->data);
    assert_true(found[0] != '\0' && strstr("中奖", found) != NULL);
    kehu_table_free(t);
    kehu_gate_free(again);
}

static void test_gate_refuses_bad_labels(void **state)
{
    static texts x, labels, three, equal;
    kehu_gate *g = NULL;
    kehu_error err;
    (void)state;
    fill(&x, &labels);
    for (int i = 0; i < N; i++) {
        add(&three, i, i == 7 ? "other" : i % 2 ? "spam" : "ham");
        add(&equal, i, "ham");
    }
    assert_int_equal(train(&g, &x, &three, 0, NULL, &err), KEHU_DATA);
    assert_int_equal(err.where, 7);
    assert_int_equal(train(&g, &x, &equal, 0, NULL, &err), KEHU_ONE_CLASS);
    assert_int_equal(train(&g, &x, &labels, .999, NULL, &err), KEHU_EMPTY);
    assert_string_equal(err.message, "60 good messages cannot tell a recall of 0.999");
    assert_int_equal(train(&g, &x, &labels, 1, NULL, &err), KEHU_ARGUMENT);
    labels.column.length--;
    assert_int_equal(train(&g, &x, &labels, 0, NULL, &err), KEHU_ARGUMENT);
    assert_null(g);
    labels.column.length++;
    assert_int_equal(kehu_gate_train(&g, &x.column, &labels.column, "good", NULL, &err),
                     KEHU_NOT_FOUND);
    assert_string_equal(err.message, "no label is good");
}

static void test_gate_tells_a_recall_from_just_enough(void **state)
{
    static texts x, labels;
    kehu_gate *g;
    kehu_error err;
    (void)state;
    fill(&x, &labels);
    x.column.length = labels.column.length = 20;
    assert_int_equal(train(&g, &x, &labels, .9, NULL, NULL), KEHU_OK);
    kehu_gate_free(g);
    assert_int_equal(train(&g, &x, &labels, .91, NULL, &err), KEHU_EMPTY);
}

static void test_gate_survives_refused_requests(void **state)
{
    static texts x, labels;
    faulty f;
    long step = 1;
    (void)state;
    fill(&x, &labels);
    for (long at = 0; at >= 0; at += step, step += at / 50) {
        kehu_gate *g;
        kehu_table *t = NULL;
        kehu_status status = train(&g, &x, &labels, 0, faulty_init(&f, at), NULL);
        if (status == KEHU_OK)
            status = kehu_gate_hold(&t, g, &x.column, NULL);
        assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && t == NULL));
        kehu_table_free(t);
        kehu_gate_free(g);
        assert_int_equal(f.live_blocks, 0);
        if (status == KEHU_OK)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_threshold_is_as_wanted),
        cmocka_unit_test(test_gate_lists_what_it_holds_back),
        cmocka_unit_test(test_gate_refuses_bad_labels),
        cmocka_unit_test(test_gate_tells_a_recall_from_just_enough),
        cmocka_unit_test(test_gate_survives_refused_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
