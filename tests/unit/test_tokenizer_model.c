/* Trained tokenizers on a corpus small enough to see through. */
#include <kehu/tokenizer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { MOST = 2048 };

static const char *const sentences[] = {
    "我 要 办理 宽带 。",    "宽带 套餐 多少 钱 ？", "我 的 话费 扣 多 了", "",
    "话费  套餐 怎么 办理 ", "10月 话费 38 元 。",   "多少 钱 一 个 月 ？",
};
enum { N = 7 };

static kehu_column corpus(char *text, int32_t *offsets)
{
    offsets[0] = 0;
    for (int i = 0; i < N; i++) {
        memcpy(text + offsets[i], sentences[i], strlen(sentences[i]));
        offsets[i + 1] = offsets[i] + (int32_t)strlen(sentences[i]);
    }
    return (kehu_column){
        .type = KEHU_UTF8, .length = N, .data = text, .offsets = offsets};
}

static kehu_tokenizer *train(uint64_t seed)
{
    char text[MOST];
    int32_t offsets[N + 1];
    const kehu_column c = corpus(text, offsets);
    const kehu_tokenizer_train_options options = {
        .size = sizeof options, .epochs = 20, .dropout = .2, .seed = seed};
    kehu_tokenizer *t = NULL;
    kehu_error err = {.message = ""};
    if (kehu_tokenizer_train(&t, NULL, &c, &options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return t;
}

static const char *joined(const kehu_tokenizer *t, const char *text)
{
    static char got[4 * MOST];
    static kehu_span spans[MOST];
    size_t used = 0;
    int64_t n, at = 0;
    got[0] = '\0';
    assert_int_equal(
        kehu_tokenizer_split(t, text, (int64_t)strlen(text), spans, MOST, &n, NULL, NULL),
        KEHU_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(spans[i].start, at);
        at += spans[i].size;
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%.*s/%d",
                                 i == 0 ? "" : " ", (int)spans[i].size,
                                 text + spans[i].start, spans[i].kind);
    }
    assert_int_equal(at, strlen(text));
    return got;
}

static void test_model_splits_as_its_corpus(void **state)
{
    kehu_tokenizer *t = train(0);
    (void)state;
    assert_string_equal(joined(t, "我要办理话费套餐。"),
                        "我/1 要/1 办理/1 话费/1 套餐/1 。/13");
    assert_string_equal(joined(t, "wifi套餐多少钱？a@b.cn"),
                        "wifi/3 套餐/1 多少/1 钱/1 ？/13 a@b.cn/10");
    assert_string_equal(joined(t, "10月话费38元。"), "10月/7 话费/1 38/5 元/1 。/13");
    assert_string_equal(joined(t, "\xFF的\xE4"), "\xFF/16 的/1 \xE4/16");
    assert_int_equal(kehu_tokenizer_count(t), 21);
    kehu_tokenizer_free(t);
}

static void test_model_takes_no_text_at_all(void **state)
{
    kehu_tokenizer *t = train(0);
    kehu_word_info info;
    int64_t n = -1, used = -1;
    (void)state;
    assert_int_equal(kehu_tokenizer_split(t, NULL, 0, NULL, 0, &n, &used, NULL), KEHU_OK);
    assert_int_equal(n, 0);
    assert_int_equal(used, 0);
    assert_int_equal(kehu_tokenizer_find(t, NULL, 0, &info, NULL), KEHU_NOT_FOUND);
    kehu_tokenizer_free(t);
}

static void test_model_is_judged(void **state)
{
    char text[MOST];
    int32_t offsets[N + 1];
    const kehu_column c = corpus(text, offsets);
    kehu_tokenizer *t = train(0);
    kehu_tokenizer_quality q;
    (void)state;
    assert_int_equal(kehu_tokenizer_evaluate(t, &c, t, &q, NULL), KEHU_OK);
    assert_int_equal(q.n_wanted, 31);
    assert_int_equal(q.n_new, 0);
    assert_int_equal(q.n_right, q.n_wanted);
    assert_true(q.precision == 1 && q.recall == 1 && q.f1 == 1 && q.new_recall == 0);
    assert_int_equal(kehu_tokenizer_evaluate(t, &c, NULL, &q, NULL), KEHU_OK);
    assert_int_equal(q.n_new, 31);
    assert_true(q.new_recall == 1);
    kehu_tokenizer_free(t);
}

typedef struct bytes {
    char *data;
    size_t size;
} bytes;

static int append(void *ctx, const void *data, size_t size)
{
    bytes *b = ctx;
    b->data = realloc(b->data, b->size + size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return 0;
}

static bytes file_of(const kehu_tokenizer *t)
{
    bytes b = {NULL, 0};
    const kehu_writer writer = {append, &b};
    assert_int_equal(kehu_tokenizer_write(t, &writer, NULL), KEHU_OK);
    return b;
}

static void test_model_is_the_same_for_the_same_seed(void **state)
{
    kehu_tokenizer *t = train(5), *u = train(5), *v = train(6);
    bytes a = file_of(t), b = file_of(u);
    (void)state;
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    assert_int_equal(kehu_tokenizer_fingerprint(t), kehu_tokenizer_fingerprint(u));
    assert_int_not_equal(kehu_tokenizer_fingerprint(t), kehu_tokenizer_fingerprint(v));
    free(a.data);
    free(b.data);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
    kehu_tokenizer_free(v);
}

static void test_model_files_give_the_same_words(void **state)
{
    const kehu_tokenizer_options words = {.size = sizeof words,
                                          .mode = KEHU_TOKENIZER_WORDS};
    const kehu_tokenizer_options accurate = {.size = sizeof accurate,
                                             .mode = KEHU_TOKENIZER_ACCURATE};
    static const char text[] = "我要办理宽带，10月话费38元。";
    kehu_tokenizer *t = train(0), *u;
    bytes b = file_of(t);
    char wanted[MOST];
    kehu_error err;
    (void)state;
    snprintf(wanted, sizeof wanted, "%s", joined(t, text));
    assert_int_equal(kehu_tokenizer_read(&u, b.data, b.size, NULL, NULL), KEHU_OK);
    assert_string_equal(joined(u, text), wanted);
    assert_int_equal(kehu_tokenizer_fingerprint(t), kehu_tokenizer_fingerprint(u));
    kehu_tokenizer_free(u);
    assert_int_equal(kehu_tokenizer_view(&u, b.data, b.size, &words, NULL), KEHU_OK);
    assert_string_equal(joined(u, "宽带套餐"), "宽带/1 套餐/1");
    kehu_tokenizer_free(u);
    assert_int_equal(kehu_tokenizer_read_words(&u, "好 3", 5, &accurate, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "mode ACCURATE needs a trained tokenizer");
    assert_null(u);
    for (size_t n = 0; n < b.size; n += n < 400 ? 1 : 997)
        assert_int_not_equal(kehu_tokenizer_view(&u, b.data, n, NULL, NULL), KEHU_OK);
    for (size_t bit = 0; bit < 8 * b.size; bit += bit < 3200 ? 1 : 99991) {
        b.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(kehu_tokenizer_view(&u, b.data, b.size, NULL, NULL),
                             KEHU_OK);
        b.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    free(b.data);
    kehu_tokenizer_free(t);
}

#define FILE_NAME "test_tokenizer_model.kehu"

/* A map holds neither copy nor memory, and may outlive its file. */
static void test_a_mapped_model_answers_as_a_read_one(void **state)
{
    static const char text[] = "我要办理宽带，10月话费38元。";
    kehu_tokenizer *t = train(0), *mapped, *edited;
    faulty f;
    const kehu_tokenizer_options options = {.size = sizeof options,
                                            .alloc = faulty_init(&f, -1)};
    bytes wanted = file_of(t), got;
    char words[MOST];
    (void)state;
    snprintf(words, sizeof words, "%s", joined(t, text));
    assert_int_equal(kehu_tokenizer_save(t, FILE_NAME, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_map(&mapped, FILE_NAME, &options, NULL), KEHU_OK);
    assert_true(f.peak_bytes < 1500);
    got = file_of(mapped);
    assert_int_equal(got.size, wanted.size);
    assert_memory_equal(got.data, wanted.data, got.size);
#if !defined(_WIN32) /* which keeps the file of a map */
    assert_int_equal(kehu_tokenizer_save(mapped, FILE_NAME, NULL), KEHU_OK);
#endif
    const kehu_column none = {
        .type = KEHU_UTF8, .length = 0, .data = "", .offsets = (int32_t[]){0}};
    assert_int_equal(kehu_tokenizer_edit(&edited, mapped, &none, NULL, NULL, NULL),
                     KEHU_OK);
    kehu_tokenizer_free(mapped);
    assert_string_equal(joined(edited, text), words);
    kehu_tokenizer_free(edited);
    assert_int_equal(f.live_blocks, 0);
    remove(FILE_NAME);
    free(got.data);
    free(wanted.data);
    kehu_tokenizer_free(t);
}

static void test_a_mapped_model_refuses_what_a_read_one_does(void **state)
{
    kehu_tokenizer *t = train(0), *mapped;
    bytes b = file_of(t);
    kehu_error err;
    FILE *file;
    (void)state;
    assert_int_equal(kehu_tokenizer_map(NULL, FILE_NAME, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_tokenizer_map(&mapped, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_tokenizer_map(&mapped, "no/such/file", NULL, &err),
                     KEHU_NOT_FOUND);
    assert_null(mapped);
    for (size_t size = 0; size <= b.size; size += b.size / 5) {
        file = fopen(FILE_NAME, "wb");
        assert_non_null(file);
        b.data[size / 2] ^= 1;
        assert_int_equal(fwrite(b.data, 1, size, file), size);
        fclose(file);
        assert_int_equal(kehu_tokenizer_map(&mapped, FILE_NAME, NULL, &err), KEHU_FORMAT);
        assert_null(mapped);
        b.data[size / 2] ^= 1;
    }
    remove(FILE_NAME);
    assert_int_equal(kehu_tokenizer_save(t, FILE_NAME, NULL), KEHU_OK);
    for (long at = 0; at < 3; at++) {
        faulty f;
        const kehu_tokenizer_options options = {.size = sizeof options,
                                                .alloc = faulty_init(&f, at)};
        assert_int_equal(kehu_tokenizer_map(&mapped, FILE_NAME, &options, &err),
                         KEHU_NO_MEMORY);
        assert_null(mapped);
        assert_int_equal(f.live_blocks, 0);
    }
    remove(FILE_NAME);
    free(b.data);
    kehu_tokenizer_free(t);
}

static void test_model_needs_words_and_sound_options(void **state)
{
    char text[MOST];
    int32_t offsets[N + 1], none[] = {0, 2};
    const kehu_column c = corpus(text, offsets);
    const kehu_column blank = {
        .type = KEHU_UTF8, .length = 1, .data = "  ", .offsets = none};
    const kehu_column broken = {
        .type = KEHU_UTF8, .length = 1, .data = "\xFF ", .offsets = none};
    kehu_tokenizer_train_options options = {.size = sizeof options, .epochs = 101};
    kehu_tokenizer *t;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_train(&t, NULL, &c, &options, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "epochs is 101, expected 1 to 100");
    options = (kehu_tokenizer_train_options){.size = sizeof options, .dropout = -1};
    assert_int_equal(kehu_tokenizer_train(&t, NULL, &c, &options, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "dropout is not above 0 and up to 1");
    assert_int_equal(kehu_tokenizer_train(&t, NULL, &blank, NULL, &err), KEHU_EMPTY);
    assert_int_equal(kehu_tokenizer_train(&t, NULL, &broken, NULL, &err), KEHU_ENCODING);
    assert_string_equal(err.message, "sentences, row 0: the word is not UTF-8");
    assert_null(t);
}

static int stop_at_once(void *ctx, double done, const char *stage)
{
    (void)ctx;
    assert_string_equal(stage, "train");
    return done >= 0;
}

static void test_model_stops_training_when_told(void **state)
{
    char text[MOST];
    int32_t offsets[N + 1];
    const kehu_column c = corpus(text, offsets);
    const kehu_progress progress = {stop_at_once, NULL};
    const kehu_tokenizer_train_options options = {.size = sizeof options,
                                                  .progress = &progress};
    kehu_tokenizer *t;
    (void)state;
    assert_int_equal(kehu_tokenizer_train(&t, NULL, &c, &options, NULL), KEHU_CANCELLED);
    assert_null(t);
}

static void test_model_goes_on_where_the_spans_were_full(void **state)
{
    kehu_tokenizer *t = train(0);
    static char text[6 * MOST];
    static kehu_span whole[6 * MOST], some[1000];
    int64_t n, m, used, k = 0, at = 0;
    (void)state;
    for (int i = 0; i < 300; i++)
        strcat(text, "我要办理宽带，话费套餐。");
    const int64_t size = (int64_t)strlen(text);
    assert_int_equal(kehu_tokenizer_split(t, text, size, whole, 6 * MOST, &n, NULL, NULL),
                     KEHU_OK);
    while (at < size) {
        assert_int_equal(
            kehu_tokenizer_split(t, text + at, size - at, some, 1000, &m, &used, NULL),
            KEHU_OK);
        for (int64_t i = 0; i < m; i++, k++)
            assert_true(some[i].start + at == whole[k].start &&
                        some[i].size == whole[k].size);
        at += used;
    }
    assert_int_equal(k, n);
    kehu_tokenizer_free(t);
}

static void test_every_refused_allocation_is_reported(void **state)
{
    char text[MOST];
    int32_t offsets[N + 1];
    const kehu_column c = corpus(text, offsets);
    kehu_status status;
    long at = 0;
    (void)state;
    do {
        faulty f;
        const kehu_tokenizer_train_options options = {
            .size = sizeof options, .epochs = 1, .alloc = faulty_init(&f, at++)};
        kehu_tokenizer *t;
        kehu_tokenizer_quality q;
        status = kehu_tokenizer_train(&t, NULL, &c, &options, NULL);
        if (status != KEHU_OK)
            assert_null(t);
        if (status == KEHU_OK)
            status = kehu_tokenizer_evaluate(t, &c, NULL, &q, NULL);
        assert_true(status == KEHU_NO_MEMORY || status == KEHU_OK);
        kehu_tokenizer_free(t);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    } while (status != KEHU_OK);
    assert_true(at > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_splits_as_its_corpus),
        cmocka_unit_test(test_model_takes_no_text_at_all),
        cmocka_unit_test(test_model_is_judged),
        cmocka_unit_test(test_model_is_the_same_for_the_same_seed),
        cmocka_unit_test(test_model_files_give_the_same_words),
        cmocka_unit_test(test_a_mapped_model_answers_as_a_read_one),
        cmocka_unit_test(test_a_mapped_model_refuses_what_a_read_one_does),
        cmocka_unit_test(test_model_needs_words_and_sound_options),
        cmocka_unit_test(test_model_stops_training_when_told),
        cmocka_unit_test(test_model_goes_on_where_the_spans_were_full),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
