#include <kehu/words.h>

#include <stdio.h>

#include "support/test.h"
#include "support/texts.h"

enum { MANY = 400, ROOM = 96 };

/* Sentences in which 飞享 and 鹏博士 stand between ever other characters, some of them
 * with a break, and 宽带 as a word that is known. */
static kehu_column sentences(void)
{
    static char bytes[MANY][ROOM];
    const char *texts[MANY];
    for (int i = 0; i < MANY; i++) {
        static const char *const planted[] = {"飞享", "鹏博士", "宽带"};
        const unsigned a = 0x4E00 + (unsigned)(i * 37 % 97),
                       b = 0x5E00 + (unsigned)(i * 53 % 89),
                       c = 0x6E00 + (unsigned)(i * 71 % 83);
        snprintf(bytes[i], ROOM, "%c%c%c%c%c%c%s%s%c%c%c", 0xE0 | a >> 12,
                 0x80 | (a >> 6 & 63), 0x80 | (a & 63), 0xE0 | b >> 12,
                 0x80 | (b >> 6 & 63), 0x80 | (b & 63), planted[i % 3],
                 i % 10 == 0 ? "，" : "", 0xE0 | c >> 12, 0x80 | (c >> 6 & 63),
                 0x80 | (c & 63));
        texts[i] = i % 50 == 49 ? NULL : bytes[i];
    }
    return texts_column(texts, MANY);
}

/* A dictionary in which 宽带 is the only word. */
static kehu_tokenizer *dictionary(void)
{
    kehu_tokenizer *t;
    assert_int_equal(
        kehu_tokenizer_read_words(&t, "宽带 5", strlen("宽带 5"), NULL, NULL), KEHU_OK);
    return t;
}

static void test_words_finds_what_stands_free_and_is_new(void **state)
{
    kehu_column texts = sentences();
    kehu_tokenizer *known = dictionary(), *mine;
    kehu_words_options o = {.size = sizeof o, .tokenizer = known};
    kehu_word_info info;
    kehu_table *table;
    (void)state;
    assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 2);
    for (int64_t i = 0; i < 2; i++) {
        const int three = texts_equal(kehu_table_find(table, "word"), i, "鹏博士");
        assert_true(three || texts_equal(kehu_table_find(table, "word"), i, "飞享"));
        assert_in_range(whole_number(table, "count", i), 120, 134);
    }
    assert_int_equal(kehu_tokenizer_edit(&mine, known, kehu_table_find(table, "word"),
                                         NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_tokenizer_find(mine, "鹏博士", 9, &info, NULL), KEHU_OK);
    kehu_tokenizer_free(mine);
    kehu_table_free(table);
    o.max_characters = 2; /* 鹏博 never stands free */
    assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 1);
    kehu_table_free(table);
    o = (kehu_words_options){.size = sizeof o, .tokenizer = known, .max_words = 1};
    assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 1);
    kehu_table_free(table);
    kehu_tokenizer_free(known);
    texts_free(&texts);
}

static void test_words_asks_more_of_phrases(void **state)
{
    static char bytes[MANY][ROOM];
    const char *lines[MANY];
    kehu_tokenizer *known = dictionary();
    kehu_words_options o = {.size = sizeof o, .tokenizer = known, .phrase_cohesion = 20};
    kehu_column texts;
    kehu_table *table;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        const unsigned a = 0x5E00 + (unsigned)(i * 53 % 89);
        snprintf(bytes[i], ROOM, "%c%c%c%s%c%c%c", 0xE0 | a >> 12, 0x80 | (a >> 6 & 63),
                 0x80 | (a & 63), i % 4 == 0 ? "宽带猫" : "天地", 0xE0 | a >> 12,
                 0x80 | (a >> 6 & 63), 0x80 | ((a ^ 5) & 63));
        lines[i] = bytes[i];
    }
    texts = texts_column(lines, MANY);
    for (int asked = 0; asked < 2; asked++) {
        o.min_cohesion = 0.5;
        o.phrase_cohesion = asked ? 20 : 0.5;
        assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
        assert_int_equal(kehu_table_row_count(table), 2 - asked);
        assert_true(texts_equal(kehu_table_find(table, "word"), 1 - asked, "天地"));
        kehu_table_free(table);
    }
    kehu_tokenizer_free(known);
    texts_free(&texts);
}

static void test_words_takes_anything(void **state)
{
    static const char *const odd[] = {NULL, "", "\xFF\xFE", "abc 123", "国", "𠮷𠮷𠮷"};
    kehu_column texts = texts_column(odd, 6), none = texts_column(odd, 0);
    kehu_table *table;
    (void)state;
    assert_int_equal(kehu_words_find(&table, &texts, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 0);
    kehu_table_free(table);
    assert_int_equal(kehu_words_find(&table, &none, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 0);
    kehu_table_free(table);
    texts_free(&texts);
    texts_free(&none);
}

/* One text of 6 MB in which all is the same, within the memory that the header says. */
static void test_words_is_not_quadratic_in_equal_characters(void **state)
{
    enum { CHARACTERS = 2000000 };
    char *const text = malloc(3 * CHARACTERS);
    const int64_t ends[2] = {0, 3 * CHARACTERS};
    const kehu_column texts = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = ends};
    faulty f;
    const kehu_words_options o = {
        .size = sizeof o, .max_characters = 10, .alloc = faulty_init(&f, -1)};
    kehu_table *table;
    (void)state;
    for (int i = 0; i < CHARACTERS; i++)
        memcpy(text + 3 * i, "好", 3);
    assert_int_equal(kehu_words_find(&table, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(table), 0);
    assert_true(f.peak_bytes < 6 * (size_t)CHARACTERS + (1 << 20));
    kehu_table_free(table);
    free(text);
}

static void test_words_is_the_same_for_any_number_of_threads(void **state)
{
    kehu_column texts = sentences();
    kehu_words_options o = {
        .size = sizeof o, .min_cohesion = 0.1, .min_entropy = 0.1, .min_count = 2};
    kehu_table *one, *three;
    (void)state;
    assert_int_equal(kehu_words_find(&one, &texts, &o, NULL), KEHU_OK);
    o.n_threads = 3;
    assert_int_equal(kehu_words_find(&three, &texts, &o, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(one), kehu_table_row_count(three));
    assert_memory_equal(kehu_table_find(one, "score")->data,
                        kehu_table_find(three, "score")->data,
                        (size_t)kehu_table_row_count(one) * sizeof(double));
    kehu_table_free(one);
    kehu_table_free(three);
    texts_free(&texts);
}

static void test_words_refuses_bad_arguments(void **state)
{
    kehu_column texts = sentences();
    kehu_words_options o = {.size = sizeof o, .max_characters = 11};
    kehu_table *table;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_words_find(&table, &texts, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "max_characters is 11, expected 2 to 10");
    assert_null(table);
    o = (kehu_words_options){.size = sizeof o, .min_entropy = -1};
    assert_int_equal(kehu_words_find(&table, &texts, &o, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "min_entropy is -1, expected 0 or more");
    o = (kehu_words_options){.size = sizeof o, .min_count = 1};
    assert_int_equal(kehu_words_find(&table, &texts, &o, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_words_find(NULL, &texts, NULL, &err), KEHU_ARGUMENT);
    texts.type = KEHU_INT64;
    assert_int_equal(kehu_words_find(&table, &texts, NULL, &err), KEHU_COLUMN);
    texts_free(&texts);
}

static void test_words_without_memory(void **state)
{
    kehu_column texts = sentences();
    long n = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        const kehu_words_options o = {.size = sizeof o, .alloc = faulty_init(&f, n)};
        kehu_table *table;
        status = kehu_words_find(&table, &texts, &o, NULL);
        if (status != KEHU_OK) {
            assert_int_equal(status, KEHU_NO_MEMORY);
            assert_null(table);
        }
        kehu_table_free(table);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    }
    assert_true(n > 100);
    texts_free(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_finds_what_stands_free_and_is_new),
        cmocka_unit_test(test_words_asks_more_of_phrases),
        cmocka_unit_test(test_words_takes_anything),
        cmocka_unit_test(test_words_is_not_quadratic_in_equal_characters),
        cmocka_unit_test(test_words_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_words_refuses_bad_arguments),
        cmocka_unit_test(test_words_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
