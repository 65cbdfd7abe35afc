#include <kehu/duplicate.h>

#include <stdio.h>

#include "support/faulty.h"
#include "support/test.h"
#include "support/texts.h"

static const char *const copies[] = {
    "昨天晚上宽带突然断网，打电话没有人接，请尽快派人来修！",
    "话费多扣了二十元",
    "昨天晚上宽带突然断网，打电话没有人接，请尽快派人来修啊！",
    "",
    "话费多扣了 二十元",
    "昨天晚上宽带突然断网，打电话没有人接，请尽快派人来修！",
    NULL,
    "話費多扣了二十元",
    "谢谢",
    "\xFF\xFE",
    "\xFF \xFE",
};
enum { N = sizeof copies / sizeof *copies };

static void test_duplicate_counts_copies_once_with_their_volume(void **state)
{
    kehu_column texts = texts_column(copies, N);
    const int64_t expected[N] = {0, 1, 0, -1, 1, 0, -1, 1, 3, 2, 2};
    int64_t groups[N];
    kehu_table *table;
    (void)state;
    assert_int_equal(kehu_duplicate_fold(&table, groups, &texts, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 4);
    assert_memory_equal(groups, expected, sizeof expected);
    assert_true(texts_equal(kehu_table_column(table, 0), 0, copies[0]));
    assert_true(texts_equal(kehu_table_column(table, 0), 3, "谢谢"));
    assert_int_equal(whole_number(table, "volume", 0), 3);
    assert_int_equal(whole_number(table, "forms", 0), 2);
    assert_int_equal(whole_number(table, "row", 1), 1);
    assert_int_equal(whole_number(table, "volume", 1), 3);
    assert_int_equal(whole_number(table, "forms", 1), 1); /* blanks and 話費 apart */
    kehu_table_free(table);
    texts_free(&texts);
}

static void test_duplicate_joins_at_the_similarity_and_not_below(void **state)
{
    /* Shingles of one character: 4 of 5 are common. */
    static const char *const pair[] = {"甲乙丙丁", "甲乙丙丁戊"};
    kehu_column texts = texts_column(pair, 2);
    (void)state;
    for (int below = 0; below < 2; below++) {
        const kehu_duplicate_options o = {
            .size = sizeof o, .shingle = 1, .similarity = below ? 0.81 : 0.8};
        int64_t groups[2];
        kehu_table *table;
        assert_int_equal(kehu_duplicate_fold(&table, groups, &texts, &o, NULL), KEHU_OK);
        assert_int_equal(kehu_table_row_count(table), 1 + below);
        assert_int_equal(groups[1], below);
        kehu_table_free(table);
    }
    texts_free(&texts);
}

static void test_duplicate_takes_no_texts_and_empty_ones(void **state)
{
    static const char *const blank[] = {" ", NULL, "", "　\n"};
    kehu_column none = texts_column(blank, 0), blanks = texts_column(blank, 4);
    int64_t groups[4] = {7, 7, 7, 7};
    kehu_table *table;
    (void)state;
    assert_int_equal(kehu_duplicate_fold(&table, NULL, &none, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 0);
    kehu_table_free(table);
    assert_int_equal(kehu_duplicate_fold(&table, groups, &blanks, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(groups[i], -1);
    kehu_table_free(table);
    texts_free(&none);
    texts_free(&blanks);
}

/* Linear, or this would not end: all equal, and one template with a number in it. */
static void test_duplicate_is_not_quadratic_in_copies(void **state)
{
    enum { MANY = 100000, ROOM = 128 };
    char *const bytes = malloc((size_t)MANY * ROOM);
    int64_t *const ends = calloc(MANY + 1, sizeof *ends);
    kehu_column texts = {
        .type = KEHU_LARGE_UTF8, .length = MANY, .data = bytes, .offsets = ends};
    (void)state;
    for (int numbered = 0; numbered < 2; numbered++) {
        kehu_table *table;
        for (int i = 0; i < MANY; i++)
            ends[i + 1] =
                ends[i] + snprintf(bytes + ends[i], ROOM,
                                   "尊敬的客户，您的流量套餐本月已经用完，余额还有%03d"
                                   "元，请及时充值",
                                   numbered ? i % 1000 : 0);
        assert_int_equal(kehu_duplicate_fold(&table, NULL, &texts, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_table_row_count(table), 1);
        assert_int_equal(whole_number(table, "volume", 0), MANY);
        assert_int_equal(whole_number(table, "forms", 0), numbered ? 1000 : 1);
        kehu_table_free(table);
    }
    free(bytes);
    free(ends);
}

static void test_duplicate_refuses_bad_arguments(void **state)
{
    kehu_column texts = texts_column(copies, N);
    kehu_duplicate_options o = {.size = sizeof o, .shingle = 17};
    kehu_table *table;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_duplicate_fold(&table, NULL, &texts, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "shingle is 17, expected 1 to 16");
    assert_null(table);
    o = (kehu_duplicate_options){.size = sizeof o, .similarity = 1.5};
    assert_int_equal(kehu_duplicate_fold(&table, NULL, &texts, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "similarity is 1.5, expected 0.1 to 1");
    assert_int_equal(kehu_duplicate_fold(NULL, NULL, &texts, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_duplicate_fold(&table, NULL, NULL, NULL, &err), KEHU_ARGUMENT);
    texts.type = KEHU_INT64;
    assert_int_equal(kehu_duplicate_fold(&table, NULL, &texts, NULL, &err), KEHU_COLUMN);
    texts_free(&texts);
}

static int stop(void *ctx, double done, const char *stage)
{
    (void)done;
    (void)stage;
    return --*(int *)ctx < 0;
}

static void test_duplicate_can_be_stopped(void **state)
{
    kehu_column texts = texts_column(copies, N);
    (void)state;
    for (int steps = 0; steps < 3; steps++) {
        int left = steps;
        const kehu_progress progress = {stop, &left};
        const kehu_duplicate_options o = {.size = sizeof o, .progress = &progress};
        kehu_table *table;
        assert_int_equal(kehu_duplicate_fold(&table, NULL, &texts, &o, NULL),
                         KEHU_CANCELLED);
        assert_null(table);
    }
    texts_free(&texts);
}

static void test_duplicate_without_memory(void **state)
{
    kehu_column texts = texts_column(copies, N);
    long n = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        const kehu_duplicate_options o = {.size = sizeof o, .alloc = faulty_init(&f, n)};
        kehu_table *table;
        int64_t groups[N];
        status = kehu_duplicate_fold(&table, groups, &texts, &o, NULL);
        if (status != KEHU_OK) {
            assert_int_equal(status, KEHU_NO_MEMORY);
            assert_null(table);
        }
        kehu_table_free(table);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 15);
    texts_free(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicate_counts_copies_once_with_their_volume),
        cmocka_unit_test(test_duplicate_joins_at_the_similarity_and_not_below),
        cmocka_unit_test(test_duplicate_takes_no_texts_and_empty_ones),
        cmocka_unit_test(test_duplicate_is_not_quadratic_in_copies),
        cmocka_unit_test(test_duplicate_refuses_bad_arguments),
        cmocka_unit_test(test_duplicate_can_be_stopped),
        cmocka_unit_test(test_duplicate_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
