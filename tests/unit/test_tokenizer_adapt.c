/* Costs learned from texts that nobody has parted. */
#include <kehu/tokenizer.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "text/tokenizer.h"

enum { ROWS = 300, MOST = 1 << 14 };

/* Of the two ways through 研究生命 and 网络通信 the list prefers the wrong one. */
static const char list[] =
    "研究 10 v\n研究生 90 n\n生命 10 n\n命 50\n起源 5\n的 1000 uj\n"
    "网络 10\n网 30\n络通 200\n信 40\n通信 10\nwifi 3 eng\n没有 7\n";
enum { N_WORDS = 13 };
static const char *const lines[] = {"研究，生命的起源", "", "网络的通信wifi\xFF",
                                    "生命和研究，100元", "通信，网络"};

typedef struct rows {
    char text[ROWS * 64];
    int32_t offsets[ROWS + 1];
    kehu_column column;
} rows;

static const kehu_column *texts(rows *r)
{
    r->offsets[0] = 0;
    for (int i = 0; i < ROWS; i++) {
        const char *s = lines[i % 5];
        memcpy(r->text + r->offsets[i], s, strlen(s));
        r->offsets[i + 1] = r->offsets[i] + (int32_t)strlen(s);
    }
    r->column = (kehu_column){
        .type = KEHU_UTF8, .length = ROWS, .data = r->text, .offsets = r->offsets};
    return &r->column;
}

static kehu_tokenizer *read_list(uint32_t mode)
{
    const kehu_tokenizer_options options = {.size = sizeof options, .mode = mode};
    kehu_tokenizer *t;
    assert_int_equal(kehu_tokenizer_read_words(&t, list, sizeof list - 1, &options, NULL),
                     KEHU_OK);
    return t;
}

static kehu_tokenizer *adapt(const kehu_tokenizer *t, const kehu_column *c,
                             kehu_tokenizer_adapt_options options)
{
    kehu_tokenizer *out;
    kehu_error err = {.message = ""};
    options.size = sizeof options;
    if (kehu_tokenizer_adapt(&out, t, c, &options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return out;
}

static const char *joined(const kehu_tokenizer *t, const char *text)
{
    static char got[MOST];
    kehu_span spans[256];
    size_t used = 0;
    int64_t n;
    assert_int_equal(
        kehu_tokenizer_split(t, text, (int64_t)strlen(text), spans, 256, &n, NULL, NULL),
        KEHU_OK);
    for (int64_t i = 0; i < n; i++)
        used +=
            (size_t)snprintf(got + used, sizeof got - used, "%s%.*s", i == 0 ? "" : "|",
                             (int)spans[i].size, text + spans[i].start);
    return got;
}

static int64_t frequency_of(const kehu_tokenizer *t, const char *word)
{
    kehu_word_info info;
    return kehu_tokenizer_find(t, word, strlen(word), &info, NULL) == KEHU_OK
               ? info.frequency
               : -1;
}

static void test_adapt_learns_what_the_texts_say(void **state)
{
    static rows r;
    kehu_tokenizer *t = read_list(0);
    kehu_tokenizer *u = adapt(t, texts(&r), (kehu_tokenizer_adapt_options){.prior = 100});
    kehu_word_info info;
    (void)state;
    assert_string_equal(joined(t, "研究生命，网络通信"), "研究生|命|，|网|络通|信");
    assert_string_equal(joined(u, "研究生命，网络通信"), "研究|生命|，|网络|通信");
    assert_int_equal(kehu_tokenizer_count(u), N_WORDS);
    assert_int_equal(kehu_tokenizer_find(u, "研究", 6, &info, NULL), KEHU_OK);
    assert_string_equal(info.tag, "v");
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
}

/* The formula, by counting the spans here: a word found n times gains n - 5 times the
 * sum of frequencies through `prior`, one not found keeps its frequency. */
static void test_adapt_mixes_counts_and_old_frequencies(void **state)
{
    static rows r;
    static const char *const words[] = {"研究", "生命", "起源", "的",   "网络",
                                        "通信", "wifi", "没有", "络通", "研究生"};
    kehu_tokenizer *t = read_list(KEHU_TOKENIZER_SEARCH);
    kehu_tokenizer *u =
        adapt(t, texts(&r), (kehu_tokenizer_adapt_options){.rounds = 1, .prior = 500});
    int64_t counts[10] = {0};
    (void)state;
    for (int row = 0; row < ROWS; row++) {
        const char *text = r.text + r.offsets[row];
        kehu_span spans[256];
        int64_t n;
        assert_int_equal(kehu_tokenizer_split(t, text,
                                              r.offsets[row + 1] - r.offsets[row], spans,
                                              256, &n, NULL, NULL),
                         KEHU_OK);
        for (int64_t i = 0; i < n; i++)
            for (int k = 0; k < 10 && spans[i].part == 0; k++)
                counts[k] += spans[i].size == strlen(words[k]) &&
                             memcmp(text + spans[i].start, words[k], spans[i].size) == 0;
    }
    assert_true(counts[0] > 5 && counts[7] == 0);
    for (int k = 0; k < 10; k++) {
        const double found = counts[k] > 5 ? (double)counts[k] - 5 : 0;
        const double total = (double)t->lexicon->dictionary.total;
        const double wanted =
            (double)frequency_of(t, words[k]) + found * (total / 500) + .5;
        assert_int_equal(frequency_of(u, words[k]), (int64_t)wanted);
    }
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
}

static kehu_status add_up(void *ctx, const kehu__word *word, uint32_t id, kehu_error *err)
{
    uint64_t *sum = ctx;
    (void)id;
    (void)err;
    assert_true(word->frequency >= 1);
    *sum += word->frequency;
    return KEHU_OK;
}

/* Even where frequencies reach their bound and all others shrink. */
static void test_adapt_keeps_every_word_and_probabilities_sum_to_one(void **state)
{
    static const double priors[] = {1e-6, 1, 1e15};
    static rows r;
    kehu_tokenizer *t = read_list(0);
    (void)state;
    for (int k = 0; k < 3; k++) {
        kehu_tokenizer *u =
            adapt(t, texts(&r), (kehu_tokenizer_adapt_options){.prior = priors[k]});
        const kehu__dictionary *d = &u->lexicon->dictionary;
        uint64_t sum = 0;
        assert_int_equal(kehu__dictionary_each(d, &u->alloc, add_up, &sum, NULL),
                         KEHU_OK);
        assert_int_equal(sum, d->total);
        assert_int_equal(kehu_tokenizer_count(u), N_WORDS);
        assert_int_equal(frequency_of(u, "没有"), k == 0 ? 1 : 7);
        kehu_tokenizer_free(u);
    }
    kehu_tokenizer_free(t);
}

static void test_adapt_keeps_edits_and_mode(void **state)
{
    static const int32_t offsets[] = {0, 9, 18, 24};
    static const int64_t frequencies[] = {KEHU_WORD_WHOLE, KEHU_WORD_REMOVED, 30};
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 3, .data = "命的起研究生和研", .offsets = offsets};
    static rows r;
    kehu_tokenizer *t = read_list(KEHU_TOKENIZER_SEARCH), *edited, *u;
    kehu_word_info info;
    (void)state;
    assert_int_equal(kehu_tokenizer_edit(&edited, t, &words, frequencies, NULL, NULL),
                     KEHU_OK);
    u = adapt(edited, texts(&r), (kehu_tokenizer_adapt_options){.prior = 100});
    assert_int_equal(kehu_tokenizer_count(u), kehu_tokenizer_count(edited));
    assert_int_equal(kehu_tokenizer_find(u, "命的起", 9, &info, NULL), KEHU_OK);
    assert_int_equal(info.whole, 1);
    assert_int_equal(frequency_of(u, "研究生"), -1);
    assert_true(frequency_of(u, "和研") > 30);
    assert_string_equal(joined(u, "生命的起源"), "生|命的起|源");
    assert_int_equal(kehu_tokenizer_bound(u, 1), 4); /* SEARCH still */
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(edited);
    kehu_tokenizer_free(u);
}

static void test_adapt_is_the_same_for_every_number_of_threads(void **state)
{
    static rows r;
    kehu_tokenizer *t = read_list(0);
    kehu_tokenizer *one =
        adapt(t, texts(&r), (kehu_tokenizer_adapt_options){.rounds = 3, .prior = 50});
    (void)state;
    for (uint32_t n = 2; n < 40; n += 5) {
        kehu_tokenizer *many = adapt(
            t, &r.column,
            (kehu_tokenizer_adapt_options){.rounds = 3, .prior = 50, .n_threads = n});
        assert_int_equal(one->lexicon->held.size, many->lexicon->held.size);
        assert_memory_equal(one->lexicon->held.bytes, many->lexicon->held.bytes,
                            one->lexicon->held.size);
        kehu_tokenizer_free(many);
    }
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(one);
}

static void test_adapt_changes_nothing_without_words(void **state)
{
    static const int32_t offsets[] = {0, 0, 5, 10};
    static const uint8_t validity[] = {5};
    const kehu_column none = {.type = KEHU_UTF8};
    const kehu_column wordless = {.type = KEHU_UTF8,
                                  .length = 3,
                                  .data = "\xFF\xE7 \0x12345",
                                  .offsets = offsets,
                                  .validity = validity};
    kehu_tokenizer *t = read_list(0);
    kehu_tokenizer *a = adapt(t, &none, (kehu_tokenizer_adapt_options){.rounds = 1});
    kehu_tokenizer *b = adapt(t, &wordless, (kehu_tokenizer_adapt_options){.rounds = 1});
    (void)state;
    assert_int_equal(kehu_tokenizer_fingerprint(t), kehu_tokenizer_fingerprint(a));
    assert_int_equal(kehu_tokenizer_fingerprint(t), kehu_tokenizer_fingerprint(b));
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(a);
    kehu_tokenizer_free(b);
}

static void test_adapt_comes_back_from_a_file(void **state)
{
    static rows r;
    kehu_tokenizer *t = read_list(0), *back;
    kehu_tokenizer *u = adapt(t, texts(&r), (kehu_tokenizer_adapt_options){.prior = 100});
    (void)state;
    assert_int_equal(kehu_tokenizer_save(u, "tokenizer_adapt.kehu", NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_load(&back, "tokenizer_adapt.kehu", NULL, NULL),
                     KEHU_OK);
    remove("tokenizer_adapt.kehu");
    assert_int_equal(kehu_tokenizer_fingerprint(u), kehu_tokenizer_fingerprint(back));
    assert_string_equal(joined(back, "研究生命"), "研究|生命");
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(u);
    kehu_tokenizer_free(back);
}

static int stop_later(void *ctx, double done, const char *stage)
{
    int *left = ctx;
    assert_string_equal(stage, "adapt");
    assert_true(done >= 0 && done < 1);
    return (*left)-- == 0;
}

static void test_adapt_stops_when_told(void **state)
{
    static rows r;
    kehu_tokenizer *t = read_list(0), *u;
    (void)state;
    for (int calls = 0; calls < 2; calls++) { /* in the first round, in the second */
        int left = calls;
        const kehu_progress progress = {stop_later, &left};
        const kehu_tokenizer_adapt_options options = {.size = sizeof options,
                                                      .progress = &progress};
        assert_int_equal(kehu_tokenizer_adapt(&u, t, texts(&r), &options, NULL),
                         KEHU_CANCELLED);
        assert_null(u);
    }
    kehu_tokenizer_free(t);
}

static void assert_refused(const kehu_tokenizer *t, const kehu_column *c,
                           kehu_tokenizer_adapt_options options, kehu_status status,
                           const char *message)
{
    kehu_tokenizer *out = (kehu_tokenizer *)&out;
    kehu_error err;
    options.size = sizeof options;
    assert_int_equal(kehu_tokenizer_adapt(&out, t, c, &options, &err), status);
    assert_string_equal(err.message, message);
    assert_null(out);
}

static void test_adapt_refuses_wrong_arguments(void **state)
{
    static const int32_t offsets[] = {0, 7};
    const kehu_column corpus = {
        .type = KEHU_UTF8, .length = 1, .data = "好 的", .offsets = offsets};
    const kehu_column c = {.type = KEHU_UTF8}, numbers = {.type = KEHU_INT64};
    kehu_tokenizer *t = read_list(0), *trained;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_tokenizer_adapt(NULL, t, &c, NULL, NULL), KEHU_ARGUMENT);
    assert_refused(NULL, &c, (kehu_tokenizer_adapt_options){0}, KEHU_ARGUMENT,
                   "tokenizer is NULL");
    assert_refused(t, &c, (kehu_tokenizer_adapt_options){.rounds = 21}, KEHU_ARGUMENT,
                   "rounds is 21, expected 1 to 20");
    assert_refused(t, &c, (kehu_tokenizer_adapt_options){.prior = -1}, KEHU_ARGUMENT,
                   "prior is not in 1e-9 to 1e15");
    assert_refused(t, &c, (kehu_tokenizer_adapt_options){.prior = 1e-303}, KEHU_ARGUMENT,
                   "prior is not in 1e-9 to 1e15");
    assert_refused(t, &c, (kehu_tokenizer_adapt_options){.prior = NAN}, KEHU_ARGUMENT,
                   "prior is not in 1e-9 to 1e15");
    assert_int_equal(kehu_tokenizer_adapt(&trained, t, &numbers, NULL, &err),
                     KEHU_COLUMN);
    assert_int_equal(kehu_tokenizer_adapt(&trained, t, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_tokenizer_train(&trained, NULL, &corpus, NULL, NULL), KEHU_OK);
    assert_refused(trained, &c, (kehu_tokenizer_adapt_options){0}, KEHU_ARGUMENT,
                   "mode ACCURATE goes by a model, not by the costs of words");
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(trained);
}

static void test_adapt_reports_every_refused_allocation(void **state)
{
    static rows r;
    kehu_tokenizer *t = read_list(0);
    kehu_status status;
    long at = 0;
    (void)state;
    do {
        faulty f;
        const kehu_tokenizer_adapt_options options = {
            .size = sizeof options, .n_threads = 2, .alloc = faulty_init(&f, at++)};
        kehu_tokenizer *u;
        status = kehu_tokenizer_adapt(&u, t, texts(&r), &options, NULL);
        assert_true(status == KEHU_NO_MEMORY || status == KEHU_OK);
        assert_int_equal(u == NULL, status != KEHU_OK);
        kehu_tokenizer_free(u);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
    } while (status != KEHU_OK);
    assert_true(at > 50);
    kehu_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapt_learns_what_the_texts_say),
        cmocka_unit_test(test_adapt_mixes_counts_and_old_frequencies),
        cmocka_unit_test(test_adapt_keeps_every_word_and_probabilities_sum_to_one),
        cmocka_unit_test(test_adapt_keeps_edits_and_mode),
        cmocka_unit_test(test_adapt_is_the_same_for_every_number_of_threads),
        cmocka_unit_test(test_adapt_changes_nothing_without_words),
        cmocka_unit_test(test_adapt_comes_back_from_a_file),
        cmocka_unit_test(test_adapt_stops_when_told),
        cmocka_unit_test(test_adapt_refuses_wrong_arguments),
        cmocka_unit_test(test_adapt_reports_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
