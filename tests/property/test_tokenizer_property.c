/* The tokenizer against plain twins: lookup against a list, the word graph
 * against trying all ways, the trie against its keys. */
#include <kehu/tokenizer.h>

#define KEHU_ALLOW_LIBC_ALLOC

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"
#include "text/dictionary.h"
#include "text/tokenizer.h"

enum { SEED = 20240506, ROUNDS = 300, MOST_WORDS = 40, MOST_CHARS = 14 };

/* Few characters, so that words overlap a lot. */
static const char *const alphabet[] = {"中", "国", "人", "民", "大", "学"};
enum { LETTERS = 6 };

typedef struct list {
    char words[MOST_WORDS][32];
    uint32_t frequencies[MOST_WORDS];
    int n;
} list;

static void random_text(kehu__random *r, uint32_t least, uint32_t most, char *out)
{
    const uint32_t n = least + kehu__random_below(r, most - least + 1);
    out[0] = '\0';
    for (uint32_t i = 0; i < n; i++)
        strcat(out, alphabet[kehu__random_below(r, LETTERS)]);
}

static int find(const list *l, const char *word, size_t size)
{
    for (int i = 0; i < l->n; i++)
        if (strlen(l->words[i]) == size && memcmp(l->words[i], word, size) == 0)
            return i;
    return -1;
}

static void random_list(kehu__random *r, list *l)
{
    const uint32_t n = 1 + kehu__random_below(r, MOST_WORDS);
    l->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        random_text(r, 1, 4, l->words[l->n]);
        if (find(l, l->words[l->n], strlen(l->words[l->n])) < 0)
            l->frequencies[l->n++] = 1 + kehu__random_below(r, 1000);
    }
}

static kehu_tokenizer *make(const list *l)
{
    char text[MOST_WORDS * 64];
    size_t used = 0;
    kehu_tokenizer *t;
    for (int i = 0; i < l->n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %u\n", l->words[i],
                                 (unsigned)l->frequencies[i]);
    assert_int_equal(kehu_tokenizer_read_words(&t, text, used, NULL, NULL), KEHU_OK);
    return t;
}

/* The cost of a piece of text as one step; -1 = it is none. */
static int64_t step_cost(const list *l, uint64_t total, const char *piece, size_t size)
{
    const int k = find(l, piece, size);
    if (k >= 0)
        return kehu__dictionary_cost_of(total, l->frequencies[k]);
    return size == 3 ? kehu__dictionary_cost_of(total, 1) : -1;
}

static int64_t cheapest(const list *l, uint64_t total, const char *text, size_t size)
{
    int64_t best = -1;
    if (size == 0)
        return 0;
    for (size_t n = 3; n <= size && n <= 12; n += 3) {
        const int64_t first = step_cost(l, total, text, n);
        const int64_t sum =
            first < 0 ? -1 : first + cheapest(l, total, text + n, size - n);
        if (sum >= 0 && (best < 0 || sum < best))
            best = sum;
    }
    return best;
}

static void test_the_way_found_costs_as_little_as_any(void **state)
{
    kehu__random r = kehu__random_seed(SEED);
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        list l;
        char text[64];
        kehu_span spans[64];
        kehu_tokenizer *t;
        uint64_t total = 0;
        int64_t n, cost = 0;
        random_list(&r, &l);
        random_text(&r, 0, MOST_CHARS, text);
        for (int i = 0; i < l.n; i++)
            total += l.frequencies[i];
        t = make(&l);
        assert_int_equal(kehu_tokenizer_split(t, text, (int64_t)strlen(text), spans, 64,
                                              &n, NULL, NULL),
                         KEHU_OK);
        for (int64_t i = 0; i < n; i++) {
            const int64_t step =
                step_cost(&l, total, text + spans[i].start, spans[i].size);
            assert_true(step >= 0);
            assert_int_equal(spans[i].word != 0,
                             find(&l, text + spans[i].start, spans[i].size) >= 0);
            cost += step;
        }
        assert_int_equal(cost, cheapest(&l, total, text, strlen(text)));
        kehu_tokenizer_free(t);
    }
}

/* Blocks end where texts are long: the same words as for each sentence alone. */
static void test_long_texts_are_their_sentences(void **state)
{
    enum { SENTENCES = 400, BYTES = SENTENCES * 64 };
    kehu__random r = kehu__random_seed(SEED + 1);
    static char text[BYTES], sentence[64];
    static kehu_span whole[BYTES], one[64];
    list l;
    kehu_tokenizer *t;
    int64_t n, m, k = 0;
    size_t at = 0;
    (void)state;
    random_list(&r, &l);
    t = make(&l);
    text[0] = '\0';
    for (int i = 0; i < SENTENCES; i++) {
        random_text(&r, 1, MOST_CHARS, sentence);
        strcat(text, sentence);
        strcat(text, "。");
    }
    assert_int_equal(kehu_tokenizer_split(t, text, (int64_t)strlen(text), whole, BYTES,
                                          &n, NULL, NULL),
                     KEHU_OK);
    while (text[at] != '\0') {
        const size_t size = (size_t)(strstr(text + at, "。") - (text + at)) + 3;
        assert_int_equal(
            kehu_tokenizer_split(t, text + at, (int64_t)size, one, 64, &m, NULL, NULL),
            KEHU_OK);
        for (int64_t i = 0; i < m; i++, k++) {
            assert_int_equal(one[i].start + at, whole[k].start);
            assert_int_equal(one[i].size, whole[k].size);
            assert_int_equal(one[i].word, whole[k].word);
        }
        at += size;
    }
    assert_int_equal(k, n);
    kehu_tokenizer_free(t);
}

static void test_the_trie_has_its_keys_and_no_others(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 2);
    const kehu_allocator alloc = kehu__allocator(NULL);
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        list l;
        kehu_tokenizer *t;
        kehu_word_info info;
        random_list(&r, &l);
        t = make(&l);
        assert_int_equal(kehu_tokenizer_count(t), l.n);
        for (int i = 0; i < 200; i++) {
            char word[32];
            int k;
            random_text(&r, 1, 5, word);
            k = find(&l, word, strlen(word));
            assert_int_equal(kehu_tokenizer_find(t, word, strlen(word), &info, NULL),
                             k < 0 ? KEHU_NOT_FOUND : KEHU_OK);
            if (k >= 0)
                assert_int_equal(info.frequency, l.frequencies[k]);
        }
        assert_int_equal(kehu__trie_check(&t->lexicon->dictionary.trie, 4, &alloc, NULL),
                         KEHU_OK);
        kehu_tokenizer_free(t);
    }
}

/* A removed word is as if it had never been there, an added one as if it had. */
static void test_edits_equal_a_list_that_had_them(void **state)
{
    kehu__random r = kehu__random_seed(SEED + 3);
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        list l;
        char text[64], other[32];
        kehu_span a[64], b[64];
        kehu_tokenizer *t, *edited, *merged;
        int64_t n, m, frequencies[2] = {KEHU_WORD_REMOVED, 1};
        int32_t offsets[3] = {0};
        char words[64];
        random_list(&r, &l);
        t = make(&l);
        random_text(&r, 2, 4, other);
        frequencies[1] = 1 + kehu__random_below(&r, 1000);
        snprintf(words, sizeof words, "%s%s", l.words[0], other);
        offsets[1] = (int32_t)strlen(l.words[0]);
        offsets[2] = (int32_t)strlen(words);
        const kehu_column c = {
            .type = KEHU_UTF8, .length = 2, .data = words, .offsets = offsets};
        assert_int_equal(kehu_tokenizer_edit(&edited, t, &c, frequencies, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_tokenizer_save(edited, "tokenizer_property.kehu", NULL),
                         KEHU_OK);
        assert_int_equal(
            kehu_tokenizer_load(&merged, "tokenizer_property.kehu", NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_tokenizer_count(edited), kehu_tokenizer_count(merged));
        random_text(&r, 0, MOST_CHARS, text);
        assert_int_equal(kehu_tokenizer_split(edited, text, (int64_t)strlen(text), a, 64,
                                              &n, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(kehu_tokenizer_split(merged, text, (int64_t)strlen(text), b, 64,
                                              &m, NULL, NULL),
                         KEHU_OK);
        assert_int_equal(n, m);
        for (int64_t i = 0; i < n; i++) {
            assert_int_equal(a[i].size, b[i].size);
            assert_int_equal(a[i].word != 0, b[i].word != 0);
        }
        kehu_tokenizer_free(t);
        kehu_tokenizer_free(edited);
        kehu_tokenizer_free(merged);
    }
    remove("tokenizer_property.kehu");
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

/* Spans that cover the text, whatever the dictionary says; its words, when it has any. */
static void use_changed(const kehu_tokenizer *t)
{
    static const char text[] = "我要办理宽带，10月话费wifi新词\xFF好";
    kehu_span spans[4 * sizeof text];
    bytes words = {NULL, 0};
    const kehu_writer writer = {append, &words};
    kehu_status status;
    int64_t n, at = 0;
    assert_int_equal(kehu_tokenizer_split(t, text, sizeof text - 1, spans,
                                          4 * sizeof text, &n, NULL, NULL),
                     KEHU_OK);
    for (int64_t i = 0; i < n; at += spans[i].part == 0 ? spans[i].size : 0, i++)
        assert_true(spans[i].part != 0 || spans[i].start == at);
    assert_int_equal(at, sizeof text - 1);
    status = kehu_tokenizer_write_words(t, &writer, NULL);
    assert_true(status == KEHU_OK || status == KEHU_FORMAT);
    free(words.data);
}

/* One section of a trained tokenizer's file changed, the checksums right again. */
static void use_changed_model(const bytes *file, kehu__random *r)
{
    enum { N = 12 };
    static const char tags[N][5] = {"NEAR", "GAPD", "NSHF", "GSHF", "HEAD", "PAGE",
                                    "CHAR", "NUMB", "TRIE", "SNGL", "FIXD", "WORD"};
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer out = kehu__buffer_new(&alloc);
    kehu__container c;
    kehu__section sections[N];
    const uint32_t any = kehu__random_below(r, N + 3), k = any < N ? any : 4;
    kehu_tokenizer *t;
    char *copy;
    kehu__container_trust(&c, file->data, file->size);
    for (int i = 0; i < N; i++) {
        const char *from;
        memcpy(sections[i].tag, tags[i], sizeof tags[i]);
        assert_true(kehu__container_find(&c, tags[i], &from, &sections[i].size));
        sections[i].bytes = from;
    }
    copy = malloc(sections[k].size);
    memcpy(copy, sections[k].bytes, sections[k].size);
    copy[kehu__random_below(r, (uint32_t)sections[k].size)] = (char)kehu__random_next(r);
    sections[k].bytes = copy;
    if (kehu__random_below(r, 20) == 0)
        sections[k].size = kehu__random_below(r, (uint32_t)sections[k].size);
    kehu__container_build(&out, "TOK4", sections, N);
    for (uint32_t mode = 0; mode <= KEHU_TOKENIZER_SEARCH; mode++) {
        const kehu_tokenizer_options o = {.size = sizeof o, .mode = mode};
        if (kehu_tokenizer_view(&t, out.bytes, out.size, &o, NULL) != KEHU_OK)
            break;
        use_changed(t);
        kehu_tokenizer_free(t);
    }
    kehu__buffer_free(&out);
    free(copy);
}

static void test_changed_models_are_refused_or_split(void **state)
{
    static const char text[] = "我 要 办理 宽带 。 10月 话费";
    static const int32_t offsets[] = {0, sizeof text - 1};
    const kehu_column c = {
        .type = KEHU_UTF8, .length = 1, .data = text, .offsets = offsets};
    kehu__random r = kehu__random_seed(SEED + 4);
    bytes file = {NULL, 0};
    const kehu_writer writer = {append, &file};
    kehu_tokenizer *t;
    (void)state;
    assert_int_equal(kehu_tokenizer_train(&t, NULL, &c, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_write(t, &writer, NULL), KEHU_OK);
    kehu_tokenizer_free(t);
    for (int round = 0; round < ROUNDS; round++)
        use_changed_model(&file, &r);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_way_found_costs_as_little_as_any),
        cmocka_unit_test(test_long_texts_are_their_sentences),
        cmocka_unit_test(test_the_trie_has_its_keys_and_no_others),
        cmocka_unit_test(test_edits_equal_a_list_that_had_them),
        cmocka_unit_test(test_changed_models_are_refused_or_split),
    };
    printf("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
