#include <kehu/need.h>

#include <stdio.h>
#include <string.h>

#include "support/demands.h"
#include "support/test.h"

static int to_bytes(void *ctx, const void *bytes, size_t size)
{
    char *text = ctx;
    const size_t have = strlen(text);
    if (have + size + 1 > 3000)
        return 1;
    memcpy(text + have, bytes, size);
    text[have + size] = '\0';
    return 0;
}

typedef struct input {
    texts text, class_of;
} input;

static void fill(input *in, const char *const (*rows)[2], int64_t n)
{
    *in = (input){0};
    for (int64_t i = 0; i < n; i++) {
        add_text(&in->class_of, i, rows[i][0]);
        add_text(&in->text, i, rows[i][1]);
    }
}

static void expect(const input *in, kehu_needs_report report,
                   const kehu_needs_options *options, const char *csv)
{
    char text[3000] = "";
    const kehu_writer writer = {to_bytes, text};
    kehu_table *t = NULL;
    kehu_error err;
    if (kehu_needs_find(&t, report, &in->text.column, &in->class_of.column, options,
                        &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_table_write_csv(t, &writer, NULL, &err), KEHU_OK);
    assert_string_equal(text, csv);
    kehu_table_free(t);
}

static const char *const ROWS[][2] = {
    {"net", "没信号，打不通"},
    {"net", "没信号"},
    {"net", "网速太慢"},
    {"bill", "太贵"},
    {"bill", "要是能按天算"},
    {"bill", "谢谢"},
    {NULL, NULL},
    {"bill", "wish you well"},
};
enum { N_ROWS = sizeof ROWS / sizeof *ROWS };

static void test_needs_of_texts_come_with_their_words(void **state)
{
    input in;
    (void)state;
    fill(&in, ROWS, N_ROWS);
    expect(&in, KEHU_NEEDS_TEXTS, NULL,
           "need,basic,expected,latent,words\n"
           "basic,150,0,0,\"没信号:75, 打不通:75\"\n"
           "basic,75,0,0,没信号:75\n"
           "expected,0,140,0,\"太慢:70, 慢:70\"\n"
           "expected,0,125,0,\"太贵:70, 贵:55\"\n"
           "latent,0,0,135,\"要是能:90, 要是:45\"\n"
           ",0,0,0,\n,0,0,0,\n,0,0,0,\n");
}

static void test_needs_of_classes_are_sums_of_their_texts(void **state)
{
    const kehu_needs_options one = {.size = sizeof one, .n_words = 1, .n_threads = 2};
    input in;
    (void)state;
    fill(&in, ROWS, N_ROWS);
    expect(&in, KEHU_NEEDS_CLASSES, NULL,
           "class,texts,basic,expected,latent,none,basic_share,expected_share,"
           "latent_share,need,basic_words,expected_words,latent_words\n"
           "\"\",1,0,0,0,1,,,,,\"\",\"\",\"\"\n"
           "bill,4,0,1,1,2,0,0.5,0.5,expected,\"\",\"太贵:1, 贵:1\","
           "\"要是:1, 要是能:1\"\n"
           "net,3,2,1,0,0,0.6666666666666666,0.3333333333333333,0,basic,"
           "\"没信号:2, 打不通:1\",\"太慢:1, 慢:1\",\"\"\n");
    expect(&in, KEHU_NEEDS_CLASSES, &one,
           "class,texts,basic,expected,latent,none,basic_share,expected_share,"
           "latent_share,need,basic_words,expected_words,latent_words\n"
           "\"\",1,0,0,0,1,,,,,\"\",\"\",\"\"\n"
           "bill,4,0,1,1,2,0,0.5,0.5,expected,\"\",太贵:1,要是:1\n"
           "net,3,2,1,0,0,0.6666666666666666,0.3333333333333333,0,basic,没信号:2,"
           "太慢:1,\"\"\n");
}

static kehu_keyword *read_words(const char *text)
{
    kehu_keyword *k = NULL;
    kehu_error err;
    if (kehu_keyword_read_text(&k, text, strlen(text), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return k;
}

/* A list of one's own decides alone; its other classes speak of no need. */
static void test_needs_by_an_edited_list(void **state)
{
    kehu_keyword *k = read_words("basic\t谢谢\t10\nnone\t没信号\t20\n");
    const kehu_needs_options own = {.size = sizeof own, .words = k};
    input in;
    (void)state;
    fill(&in, ROWS, N_ROWS);
    expect(&in, KEHU_NEEDS_TEXTS, &own,
           "need,basic,expected,latent,words\n,0,0,0,\n,0,0,0,\n,0,0,0,\n,0,0,0,\n"
           ",0,0,0,\nbasic,10,0,0,谢谢:10\n,0,0,0,\n,0,0,0,\n");
    kehu_keyword_free(k);
}

/* What is learned from labelled texts is a list as any other. */
static void test_needs_by_a_learned_list(void **state)
{
    input in = {0};
    kehu_keyword *k = NULL;
    const kehu_keyword_options opt = {.size = sizeof opt, .min_df = 2};
    (void)state;
    for (int64_t i = 0; i < 12; i++) {
        add_text(&in.class_of, i, i % 2 == 0 ? "latent" : "basic");
        add_text(&in.text, i, i % 2 == 0 ? "想象一下" : "坏掉");
    }
    assert_int_equal(
        kehu_keyword_train(&k, &in.text.column, &in.class_of.column, &opt, NULL),
        KEHU_OK);
    const kehu_needs_options own = {.size = sizeof own, .words = k};
    kehu_table *t = NULL;
    assert_int_equal(kehu_needs_find(&t, KEHU_NEEDS_CLASSES, &in.text.column,
                                     &in.class_of.column, &own, NULL),
                     KEHU_OK);
    assert_int_equal(((const int64_t *)kehu_table_find(t, "basic")->data)[0], 6);
    assert_int_equal(((const int64_t *)kehu_table_find(t, "latent")->data)[1], 6);
    kehu_table_free(t);
    kehu_keyword_free(k);
}

static void test_needs_words_are_a_list_to_edit(void **state)
{
    kehu_keyword *k = NULL, *again;
    char text[20000] = "";
    (void)state;
    assert_int_equal(kehu_needs_words(&k, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_keyword_class_count(k), 3);
    assert_true(kehu_keyword_word_count(k) > 200);
    for (int64_t i = 0; i < kehu_keyword_line_count(k); i++) {
        kehu_keyword_line line;
        assert_int_equal(kehu_keyword_get_line(k, i, &line, NULL), KEHU_OK);
        assert_int_equal(line.mark, KEHU_KEYWORD_ADDED);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s\t+%s\t%d\n",
                 kehu_keyword_class_name(k, line.class_number), line.keyword,
                 (int)line.weight);
    }
    again = read_words(text);
    int64_t n = -1;
    assert_int_equal(kehu_keyword_diff(k, again, NULL, 0, &n, NULL), KEHU_OK);
    assert_int_equal(n, 0);
    kehu_keyword_free(again);
    kehu_keyword_free(k);
    assert_int_equal(kehu_needs_words(NULL, NULL, NULL), KEHU_ARGUMENT);
}

static void test_needs_refuse_bad_arguments(void **state)
{
    kehu_keyword *k = read_words("a\tb\t1\n");
    const kehu_needs_options many = {.size = sizeof many, .n_words = 101};
    const kehu_needs_options unknown = {.size = sizeof unknown, .reserved = 1};
    const kehu_needs_options other = {.size = sizeof other, .words = k};
    const int64_t number = 1;
    const kehu_column no_text = {.type = KEHU_INT64, .length = 1, .data = &number};
    input in;
    kehu_table *t;
    kehu_error err;
    (void)state;
    fill(&in, ROWS, 2);
    const kehu_column *text = &in.text.column;
    assert_int_equal(kehu_needs_find(&t, (kehu_needs_report)2, text, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_needs_find(&t, KEHU_NEEDS_TEXTS, text, NULL, &many, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "n_words is 101, expected 1 to 100");
    assert_int_equal(kehu_needs_find(&t, KEHU_NEEDS_TEXTS, text, NULL, &unknown, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_needs_find(&t, KEHU_NEEDS_TEXTS, NULL, NULL, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_needs_find(&t, KEHU_NEEDS_TEXTS, &no_text, NULL, NULL, &err),
                     KEHU_COLUMN);
    in.class_of.column.length = 1;
    assert_int_equal(
        kehu_needs_find(&t, KEHU_NEEDS_CLASSES, text, &in.class_of.column, NULL, &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "class_of has 1 rows, texts has 2");
    assert_int_equal(kehu_needs_find(&t, KEHU_NEEDS_TEXTS, text, NULL, &other, &err),
                     KEHU_NOT_FOUND);
    assert_null(t);
    kehu_keyword_free(k);
}

static void test_needs_of_nothing(void **state)
{
    const kehu_column empty = {.type = KEHU_UTF8};
    (void)state;
    for (int k = KEHU_NEEDS_TEXTS; k <= KEHU_NEEDS_CLASSES; k++) {
        kehu_table *t = NULL;
        assert_int_equal(
            kehu_needs_find(&t, (kehu_needs_report)k, &empty, NULL, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_table_row_count(t), 0);
        kehu_table_free(t);
    }
}

static void test_needs_survive_every_refused_request(void **state)
{
    input in;
    faulty f;
    (void)state;
    fill(&in, ROWS, N_ROWS);
    for (int k = KEHU_NEEDS_TEXTS; k <= KEHU_NEEDS_CLASSES; k++) {
        long at = 0;
        for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; at++) {
            const kehu_needs_options opt = {.size = sizeof opt,
                                            .alloc = faulty_init(&f, at)};
            kehu_table *t;
            status = kehu_needs_find(&t, (kehu_needs_report)k, &in.text.column,
                                     &in.class_of.column, &opt, NULL);
            assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && t == NULL));
            kehu_table_free(t);
            assert_int_equal(f.live_blocks, 0);
        }
        assert_true(at > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs_of_texts_come_with_their_words),
        cmocka_unit_test(test_needs_of_classes_are_sums_of_their_texts),
        cmocka_unit_test(test_needs_by_an_edited_list),
        cmocka_unit_test(test_needs_by_a_learned_list),
        cmocka_unit_test(test_needs_words_are_a_list_to_edit),
        cmocka_unit_test(test_needs_refuse_bad_arguments),
        cmocka_unit_test(test_needs_of_nothing),
        cmocka_unit_test(test_needs_survive_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
