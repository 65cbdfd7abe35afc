/* What near-duplicates, new words, topics, tone, summaries and needs find in the texts of
 * need_texts.txt, to the byte: the same from every compiler, machine and number of
 * threads. What was found is left in text_rooms.found; a change on purpose goes into
 * text_rooms.txt. */
#include <kehu/kehu.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/number.h"
#include "file/handle_file.h"
#include "support/test.h"

enum { MOST = 200, COPIES = 3, TOPICS = 4, WORDS = 5 };

static const char dictionary[] =
    "宽带 9\n手机 9\n信号 9\n流量 9\n套餐 9\n客服 9\n话费 9\n营业厅 9\n账单 9\n网速 "
    "9\n电话 9\n"
    "希望 9\n建议 9\n功能 9\n业务 9\n打不开 9\n收不到 9\n太慢 9\n便宜 9\n优惠 9\n速度 "
    "9\n增加 9\n"
    "可以 9\n没有 9\n能不能 9\n怎么 9\n退款 9\n服务 9\n时间 9\n号码 9\n";

typedef struct column_of {
    char bytes[MOST * 512];
    int32_t at[MOST * COPIES + 1];
    int64_t n;
} column_of;

static column_of texts, labels, two, two_labels; /* two: of the labels basic and latent */

static void add(column_of *c, const char *text)
{
    const size_t size = strlen(text);
    assert_true(c->n < MOST * COPIES && (size_t)c->at[c->n] + size <= sizeof c->bytes);
    memcpy(c->bytes + c->at[c->n], text, size);
    c->at[c->n + 1] = c->at[c->n] + (int32_t)size;
    c->n++;
}

static kehu_column column(const column_of *c)
{
    return (kehu_column){
        .type = KEHU_UTF8, .length = c->n, .data = c->bytes, .offsets = c->at};
}

static FILE *open_golden(const char *name)
{
    const char *source = getenv("KEHU_SOURCE");
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/%s", source == NULL ? "." : source,
             name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    return f;
}

/* Every text; each seventh once more with a sign, each eleventh with a word behind it. */
static void read_texts(void)
{
    FILE *f = open_golden("need_texts.txt");
    char line[512], copy[600];
    for (int i = 0; fgets(line, sizeof line, f) != NULL; i++) {
        char *tab = strchr(line, '\t');
        if (line[0] == '#')
            continue;
        *tab = '\0';
        tab[strcspn(tab + 1, "\n") + 1] = '\0';
        add(&texts, tab + 1);
        add(&labels, line);
        if (strcmp(line, "basic") == 0 || strcmp(line, "latent") == 0) {
            add(&two, tab + 1);
            add(&two_labels, line);
        }
        if (i % 7 == 0 || i % 11 == 0) {
            snprintf(copy, sizeof copy, "%s%s", tab + 1, i % 7 == 0 ? "！！" : "急");
            add(&texts, copy);
            add(&labels, line);
        }
    }
    fclose(f);
}

static void check(kehu_status status, const kehu_error *err)
{
    if (status != KEHU_OK)
        fail_msg("%s", err->message);
}

static void write_table(kehu__buffer *b, const char *name, kehu_table *t)
{
    const kehu_writer w = {kehu__handle_collect, b};
    kehu_error err;
    kehu__buffer_text(b, "## ");
    kehu__buffer_text(b, name);
    kehu__buffer_text(b, "\n");
    check(kehu_table_write_csv(t, &w, NULL, &err), &err);
    kehu_table_free(t);
}

static void write_number(kehu__buffer *b, const char *before, double x)
{
    char text[KEHU__NUMBER_BYTES];
    kehu__buffer_text(b, before);
    kehu__buffer_add(b, text, (size_t)kehu__format_double(text, x));
}

static void add_tables(kehu__buffer *b, const kehu_tokenizer *tokenizer, uint32_t threads)
{
    const kehu_column text = column(&texts), label = column(&labels);
    const kehu_duplicate_options folding = {
        .size = sizeof folding, .shingle = 2, .similarity = 0.7, .n_threads = threads};
    const kehu_words_options words = {.size = sizeof words,
                                      .min_count = 3,
                                      .min_cohesion = 2,
                                      .phrase_cohesion = 3,
                                      .min_entropy = 0.6,
                                      .tokenizer = tokenizer,
                                      .n_threads = threads};
    const kehu_summary_options summing = {
        .size = sizeof summing, .n_sentences = 6, .n_threads = threads};
    const kehu_needs_options needs = {.size = sizeof needs, .n_threads = threads};
    kehu_table *t;
    kehu_error err;
    check(kehu_duplicate_fold(&t, NULL, &text, &folding, &err), &err);
    write_table(b, "duplicate", t);
    check(kehu_words_find(&t, &text, &words, &err), &err);
    write_table(b, "words", t);
    check(kehu_summary_find(&t, &text, &summing, &err), &err);
    write_table(b, "summary", t);
    check(kehu_needs_find(&t, KEHU_NEEDS_CLASSES, &text, &label, &needs, &err), &err);
    write_table(b, "needs", t);
}

static void add_topics(kehu__buffer *b, const kehu_tokenizer *tokenizer, uint32_t threads)
{
    const kehu_column text = column(&texts);
    const kehu_topic_options opt = {.size = sizeof opt,
                                    .n_topics = TOPICS,
                                    .min_df = 2,
                                    .tokenizer = tokenizer,
                                    .n_threads = threads};
    kehu_topic *topics;
    kehu_error err;
    check(kehu_topic_fit(&topics, &text, &opt, &err), &err);
    kehu__buffer_text(b, "## topic\n");
    for (uint32_t k = 0; k < TOPICS; k++) {
        kehu_topic_info info;
        kehu_topic_word found[WORDS];
        uint32_t n;
        check(kehu_topic_get_info(topics, k, &info, &err), &err);
        check(kehu_topic_words(topics, k, found, WORDS, &n, &err), &err);
        write_number(b, "", info.share);
        write_number(b, " ", info.coherence);
        for (uint32_t i = 0; i < n && i < WORDS; i++) {
            kehu__buffer_text(b, " ");
            kehu__buffer_text(b, found[i].word);
            write_number(b, ":", found[i].weight);
        }
        kehu__buffer_text(b, "\n");
    }
    kehu_topic_free(topics);
}

static void add_tone(kehu__buffer *b, uint32_t threads)
{
    const kehu_column text = column(&two), label = column(&two_labels);
    const kehu_sentiment_options opt = {
        .size = sizeof opt, .n_words = 30, .positive = "latent", .n_threads = threads};
    const kehu_sentiment_score_options scoring = {.size = sizeof scoring,
                                                  .n_threads = threads};
    static int32_t points[MOST * COPIES];
    static double probabilities[MOST * COPIES];
    const kehu_sentiment_answers answers = {.points = points,
                                            .probabilities = probabilities};
    const kehu_writer w = {kehu__handle_collect, b};
    kehu_sentiment *s;
    kehu_error err;
    check(kehu_sentiment_train(&s, &text, &label, &opt, &err), &err);
    kehu__buffer_text(b, "## sentiment\n");
    check(kehu_keyword_write_text(kehu_sentiment_words(s), &w, &err), &err);
    check(kehu_sentiment_score(s, &text, &scoring, &answers, &err), &err);
    for (int64_t i = 0; i < text.length; i += 5) {
        write_number(b, "", points[i]);
        write_number(b, " ", probabilities[i]);
        kehu__buffer_text(b, "\n");
    }
    kehu_sentiment_free(s);
}

static kehu__buffer find_all(uint32_t threads)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&a);
    kehu_tokenizer *tokenizer;
    kehu_error err;
    check(kehu_tokenizer_read_words(&tokenizer, dictionary, sizeof dictionary - 1, NULL,
                                    &err),
          &err);
    add_tables(&b, tokenizer, threads);
    add_topics(&b, tokenizer, threads);
    add_tone(&b, threads);
    kehu_tokenizer_free(tokenizer);
    assert_false(b.failed);
    return b;
}

static void test_text_rooms_find_the_same_to_the_byte(void **state)
{
    static char wanted[1 << 16];
    (void)state;
    read_texts();
    FILE *f = open_golden("text_rooms.txt");
    const size_t size = fread(wanted, 1, sizeof wanted, f);
    fclose(f);
    for (uint32_t threads = 1; threads <= 3; threads++) {
        kehu__buffer b = find_all(threads);
        f = fopen("text_rooms.found", "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(b.bytes, 1, b.size, f), b.size);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(b.size, size);
        assert_memory_equal(b.bytes, wanted, size);
        kehu__buffer_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_rooms_find_the_same_to_the_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
