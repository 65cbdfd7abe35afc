#include <kehu/summary.h>

#include "support/test.h"
#include "support/texts.h"

static const char *const complaints[] = {
    "昨天小区宽带断网了。请尽快派人来修！！谢谢。",
    "小区宽带又断网了；客服电话打不通",
    NULL,
    "昨天小区宽带断网了。",
    "\xFF\xFE",
    "  The bill is 3.5 yuan too high. Please check it ",
    "客服电话一直打不通，宽带断网",
};
enum { N = sizeof complaints / sizeof *complaints };

static void test_summary_takes_central_sentences_as_they_stand(void **state)
{
    kehu_column texts = texts_column(complaints, N);
    kehu_table *one, *three;
    kehu_summary_options o = {.size = sizeof o, .n_sentences = 8};
    double before = 1;
    (void)state;
    assert_int_equal(kehu_summary_find(&one, &texts, &o, NULL), KEHU_OK);
    o.n_threads = 3;
    assert_int_equal(kehu_summary_find(&three, &texts, &o, NULL), KEHU_OK);
    assert_true(texts_equal(kehu_table_column(one, 0), 0, "昨天小区宽带断网了。"));
    assert_int_equal(whole_number(one, "row", 0), 0);
    assert_int_equal(kehu_table_row_count(one), kehu_table_row_count(three));
    for (int64_t i = 0; i < kehu_table_row_count(one); i++) {
        const kehu_column *const c = kehu_table_column(one, 0);
        const int64_t *const ends = c->offsets;
        const int64_t start = whole_number(one, "start", i),
                      end = whole_number(one, "end", i);
        const double score = ((const double *)kehu_table_find(one, "score")->data)[i];
        assert_int_equal(end - start, ends[i + 1] - ends[i]);
        assert_memory_equal(complaints[whole_number(one, "row", i)] + start,
                            (const char *)c->data + ends[i], (size_t)(end - start));
        assert_true(score <= before && score > 0);
        assert_int_equal(whole_number(three, "start", i), start);
        /* The copy, and what is too short, are not there. */
        assert_int_not_equal(whole_number(one, "row", i), 3);
        assert_false(texts_equal(c, i, "谢谢。"));
        before = score;
    }
    kehu_table_free(one);
    kehu_table_free(three);
    texts_free(&texts);
}

static void test_summary_parts_sentences(void **state)
{
    static const char *const text[] = {"  甲乙丙丁戊己！？ 子丑寅卯辰巳。\n"
                                       "The bill is 3.5 yuan. Second one"};
    static const char *const expected[] = {"甲乙丙丁戊己！？", "子丑寅卯辰巳。",
                                           "The bill is 3.5 yuan.", "Second one"};
    kehu_column texts = texts_column(text, 1);
    const kehu_summary_options o = {
        .size = sizeof o, .n_sentences = 9, .max_similarity = 1};
    kehu_table *table;
    (void)state;
    assert_int_equal(kehu_summary_find(&table, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 4);
    for (int k = 0; k < 4; k++) {
        int found = 0;
        for (int64_t i = 0; i < 4; i++)
            found += texts_equal(kehu_table_column(table, 0), i, expected[k]);
        assert_int_equal(found, 1);
    }
    kehu_table_free(table);
    texts_free(&texts);
}

static void test_summary_refuses_and_takes_nothing(void **state)
{
    kehu_column texts = texts_column(complaints, N), none = texts_column(complaints, 0);
    kehu_summary_options o = {.size = sizeof o, .n_sentences = 1001};
    kehu_table *table;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_summary_find(&table, &texts, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_sentences is 1001, expected 1 to 1000");
    o = (kehu_summary_options){.size = sizeof o, .max_similarity = -1};
    assert_int_equal(kehu_summary_find(&table, &texts, &o, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_summary_find(NULL, &texts, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_summary_find(&table, &none, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 0);
    kehu_table_free(table);
    texts.type = KEHU_INT64;
    assert_int_equal(kehu_summary_find(&table, &texts, NULL, &err), KEHU_COLUMN);
    texts_free(&texts);
    texts_free(&none);
}

static void test_summary_without_memory(void **state)
{
    kehu_column texts = texts_column(complaints, N);
    long n = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        const kehu_summary_options o = {.size = sizeof o, .alloc = faulty_init(&f, n)};
        kehu_table *table;
        status = kehu_summary_find(&table, &texts, &o, NULL);
        if (status != KEHU_OK) {
            assert_int_equal(status, KEHU_NO_MEMORY);
            assert_null(table);
        }
        kehu_table_free(table);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 10);
    texts_free(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary_takes_central_sentences_as_they_stand),
        cmocka_unit_test(test_summary_parts_sentences),
        cmocka_unit_test(test_summary_refuses_and_takes_nothing),
        cmocka_unit_test(test_summary_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
