/* The default dictionary on the SIGHAN 2005 test texts: word F1.
 *
 * Data: KEHU_DATA, else ../shared/data beside the source tree; without it the
 * program says so and counts as skipped. Scored by word spans, white space
 * removed. The floors are what jieba-rs reaches on the same files with jieba's
 * dictionary and without its hidden Markov model. Nothing of the dictionary mode or
 * of the model for PKU was chosen on these files; the MSR text was looked at more than
 * once while its model was made, so its figure is a little kind. The training text of
 * PKU is a rebuild. */
#include <kehu/tokenizer.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/real_data.h"
#include "support/test.h"

enum { LINE = 1 << 16 };

static char folder[1024];

/* Words end where the bits are set. */
typedef struct cuts {
    char text[LINE];
    unsigned char ends[LINE];
    size_t size;
} cuts;

static void read_gold(const char *line, cuts *gold)
{
    memset(gold->ends, 0, sizeof gold->ends);
    gold->size = 0;
    for (; *line != '\0' && *line != '\n' && *line != '\r'; line++) {
        if (*line != ' ')
            gold->text[gold->size++] = *line;
        else if (gold->size > 0)
            gold->ends[gold->size - 1] = 1;
    }
    if (gold->size > 0)
        gold->ends[gold->size - 1] = 1;
}

/* A word list by bytes, sorted: new words are those that it lacks as they are
 * written, as in the bakeoff. */
typedef struct known {
    char **words;
    size_t n;
} known;

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int is_known(const known *k, const char *word, size_t size)
{
    char copy[512], *p = copy;
    if (size >= sizeof copy)
        return 0;
    memcpy(copy, word, size);
    copy[size] = '\0';
    return bsearch(&p, k->words, k->n, sizeof *k->words, by_text) != NULL;
}

typedef struct score {
    double f1, new_recall; /* percent */
} score;

/* As the training part of MSR is kept: a number is 0, Latin letters are X, half width. */
static void fold_line(char *line)
{
    char *out = line;
    char last = ' ';
    for (const char *p = line; *p != '\0';) {
        const unsigned char *b = (const unsigned char *)p;
        const int wide = b[0] == 0xEF && (b[1] == 0xBC || b[1] == 0xBD);
        const unsigned at = wide ? (b[1] - 0xBCu) * 64 + b[2] - 0x80u : 0;
        const char c = wide && at > 0 && at < 0x5F ? (char)(0x20 + at) : *p;
        const int number =
            isdigit((unsigned char)c) || (last == '0' && (c == '.' || c == '%'));
        const int letter = isalpha((unsigned char)c);
        p += wide && at > 0 && at < 0x5F ? 3 : 1;
        if ((number && last == '0') || (letter && last == 'X'))
            continue;
        last = number ? '0' : letter ? 'X' : c;
        *out++ = last;
    }
    *out = '\0';
}

static score score_of(const kehu_tokenizer *t, const char *name, const known *list,
                      int folded)
{
    static char line[LINE], path[2048];
    static cuts gold;
    static kehu_span spans[LINE];
    long n_gold = 0, n_found = 0, n_right = 0, n_new = 0, n_new_right = 0;
    FILE *f;
    snprintf(path, sizeof path, "%s/cws/%s", folder, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        int64_t n;
        size_t start = 0;
        if (folded)
            fold_line(line);
        read_gold(line, &gold);
        assert_int_equal(kehu_tokenizer_split(t, gold.text, (int64_t)gold.size, spans,
                                              LINE, &n, NULL, NULL),
                         KEHU_OK);
        n_found += (long)n;
        for (size_t i = 0, k = 0; i < gold.size; i++) {
            if (!gold.ends[i])
                continue;
            while (k < (size_t)n && spans[k].start < start)
                k++;
            const int right = k < (size_t)n && spans[k].start == start &&
                              spans[k].size == i + 1 - start;
            const int is_new =
                list != NULL && !is_known(list, gold.text + start, i + 1 - start);
            n_right += right;
            n_gold++;
            n_new += is_new;
            n_new_right += is_new && right;
            start = i + 1;
        }
    }
    fclose(f);
    const double p = 100 * (double)n_right / (double)n_found,
                 r = 100 * (double)n_right / (double)n_gold,
                 of_new = n_new == 0 ? 0 : 100 * (double)n_new_right / (double)n_new;
    printf("%s: precision %.2f recall %.2f F1 %.2f, of %ld new words %.2f\n", name, p, r,
           2 * p * r / (p + r), n_new, of_new);
    return (score){2 * p * r / (p + r), of_new};
}

static void test_dictionary_words_on_pku_and_msr(void **state)
{
    kehu_tokenizer *t;
    (void)state;
    if (kehu_tokenizer_default(&t, NULL, NULL) == KEHU_NOT_FOUND)
        skip();
    assert_true(score_of(t, "pku_test.txt", NULL, 0).f1 >= 83.6);
    assert_true(score_of(t, "msr_test.txt", NULL, 0).f1 >= 82.7);
    kehu_tokenizer_free(t);
}

/* A file of the corpora as one text column, a line a row. */
static kehu_column read_lines(const char *command_end)
{
    static char command[2048];
    size_t size = 0, capacity = 1 << 24;
    char *text = malloc(capacity);
    int32_t *offsets, n = 0;
    FILE *f;
    snprintf(command, sizeof command, "xz -dcf '%s/cws/%s'", folder, command_end);
    f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(text);
    for (size_t got; (got = fread(text + size, 1, capacity - size, f)) > 0;)
        size += got;
    assert_int_equal(pclose(f), 0);
    offsets = malloc((size + 2) * sizeof *offsets);
    assert_non_null(offsets);
    offsets[0] = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n')
            offsets[++n] = (int32_t)i + 1;
    return (kehu_column){
        .type = KEHU_UTF8, .length = n, .data = text, .offsets = offsets};
}

static void free_lines(kehu_column *c)
{
    free((void *)(uintptr_t)c->data);
    free((void *)(uintptr_t)c->offsets);
}

static known read_list(kehu_column *words)
{
    char *text = (char *)(uintptr_t)words->data;
    const int32_t *offsets = words->offsets;
    known k = {malloc((size_t)words->length * sizeof *k.words), (size_t)words->length};
    assert_non_null(k.words);
    for (int64_t i = 0; i < words->length; i++) {
        text[offsets[i + 1] - 1] = '\0'; /* the line's end */
        k.words[i] = text + offsets[i];
        k.words[i][strcspn(k.words[i], "\r")] = '\0';
    }
    qsort(k.words, k.n, sizeof *k.words, by_text);
    return k;
}

/* A linear model of another make reaches 94.45 on the same files (KyTea). Passes,
 * dropout and features were chosen on a tenth of the training text. */
static void test_model_learns_from_pku(void **state)
{
    kehu_column train, words;
    kehu_tokenizer *dictionary, *t;
    kehu_error err = {.message = ""};
    known list;
    score got;
    (void)state;
    if (kehu_tokenizer_default(&dictionary, NULL, NULL) == KEHU_NOT_FOUND)
        skip();
    train = read_lines("pku_train.txt.xz");
    words = read_lines("pku_words.txt.xz");
    list = read_list(&words);
    if (kehu_tokenizer_train(&t, dictionary, &train, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    got = score_of(t, "pku_test.txt", &list, 0);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(dictionary);
    free_lines(&train);
    free_lines(&words);
    free(list.words);
    assert_true(got.f1 >= 95.6);
    assert_true(got.new_recall >= 74);
}

/* All rows but each tenth without their blanks into `raw`, each tenth into `kept`. */
static void part_tenths(const kehu_column *lines, kehu_column *raw, kehu_column *kept)
{
    const char *text = lines->data;
    const int32_t *offsets = lines->offsets;
    kehu_column *const parts[2] = {raw, kept};
    for (int k = 0; k < 2; k++) {
        char *out = malloc((size_t)offsets[lines->length] + 1);
        int32_t *ends = malloc(((size_t)lines->length + 1) * sizeof *ends), n = 0;
        size_t size = 0;
        assert_non_null(out);
        assert_non_null(ends);
        ends[0] = 0;
        for (int64_t row = 0; row < lines->length; row++) {
            if ((row % 10 == 9) != (k == 1))
                continue;
            for (int32_t i = offsets[row]; i < offsets[row + 1]; i++)
                if (k == 1 || text[i] != ' ')
                    out[size++] = text[i];
            ends[++n] = (int32_t)size;
        }
        *parts[k] =
            (kehu_column){.type = KEHU_UTF8, .length = n, .data = out, .offsets = ends};
    }
}

/* Costs learned from nine tenths of a training text without its blanks, tried on the
 * other tenth. Rounds, prior and discount were chosen on other tenths of the same. */
static void assert_adapting_gains(const char *name, double least)
{
    kehu_column lines = read_lines(name), raw, kept;
    const kehu_tokenizer_options options = {.size = sizeof options, .split_units = 1};
    kehu_tokenizer *t, *adapted;
    kehu_tokenizer_quality before, after;
    if (kehu_tokenizer_default(&t, &options, NULL) == KEHU_NOT_FOUND)
        skip();
    part_tenths(&lines, &raw, &kept);
    assert_int_equal(kehu_tokenizer_adapt(&adapted, t, &raw, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_evaluate(t, &kept, NULL, &before, NULL), KEHU_OK);
    assert_int_equal(kehu_tokenizer_evaluate(adapted, &kept, NULL, &after, NULL),
                     KEHU_OK);
    printf("%s, a tenth: F1 %.2f, adapted to the others %.2f\n", name, 100 * before.f1,
           100 * after.f1);
    assert_true(after.f1 >= before.f1 + least);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(adapted);
    free_lines(&lines);
    free_lines(&raw);
    free_lines(&kept);
}

static void test_adapting_gains_on_texts_of_the_same_kind(void **state)
{
    (void)state;
    assert_adapting_gains("pku_train.txt.xz", .005);
    assert_adapting_gains("msr_train_part10.txt.xz", .01);
}

static size_t n_characters(const char *word)
{
    size_t n = 0;
    for (; *word != '\0'; word++)
        n += ((unsigned char)*word & 0xC0) != 0x80;
    return n;
}

/* The list folded as the training part is, each word once, in order. */
static void fold_list(known *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        fold_line(list->words[i]);
    qsort(list->words, list->n, sizeof *list->words, by_text);
    for (size_t i = 0; i < list->n; i++)
        if (list->words[i][0] != '\0' &&
            (n == 0 || strcmp(list->words[n - 1], list->words[i]) != 0))
            list->words[n++] = list->words[i];
    list->n = n;
}

/* A column of rows that are written one after another. */
typedef struct rows {
    char *text;
    int32_t *offsets, n, size;
} rows;

static rows rows_new(size_t most_bytes, size_t most_rows)
{
    rows r = {malloc(most_bytes), malloc((most_rows + 1) * sizeof *r.offsets), 0, 0};
    assert_non_null(r.text);
    assert_non_null(r.offsets);
    r.offsets[0] = 0;
    return r;
}

static void add_text(rows *r, const char *text, size_t size)
{
    memcpy(r->text + r->size, text, size);
    r->size += (int32_t)size;
}

static kehu_column rows_column(const rows *r)
{
    return (kehu_column){
        .type = KEHU_UTF8, .length = r->n, .data = r->text, .offsets = r->offsets};
}

/* The training part has L in the place of each word of more than four characters (1.1
 * percent of its words), so that nothing can be learned of those. Take long words of
 * the list instead, at random: what they are is lost. */
static kehu_column fill_in_long_words(const kehu_column *lines, const known *list)
{
    enum { LONGER_THAN = 4, LONGEST = 256 };
    const char *text = lines->data;
    const int32_t *offsets = lines->offsets;
    const size_t size = (size_t)offsets[lines->length];
    rows out = rows_new(8 * size, (size_t)lines->length);
    uint64_t state = 7;
    for (int64_t row = 0; row < lines->length; row++) {
        for (int32_t i = offsets[row]; i < offsets[row + 1]; i++) {
            const char *word = NULL;
            const int begins = i == offsets[row] || text[i - 1] == ' ';
            if (!begins || text[i] != 'L' ||
                (text[i + 1] != ' ' && text[i + 1] != '\n')) {
                add_text(&out, text + i, 1);
                continue;
            }
            while (word == NULL || n_characters(word) <= LONGER_THAN) {
                state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
                word = list->words[(state >> 33) % list->n];
            }
            assert_true(strlen(word) < LONGEST);
            assert_true((size_t)out.size + LONGEST < 8 * size);
            add_text(&out, word, strlen(word));
        }
        out.offsets[++out.n] = out.size;
    }
    return rows_column(&out);
}

/* A tenth of the training text and the word list of the whole, the list and the test
 * folded as the text is. */
static void test_model_learns_from_a_tenth_of_msr(void **state)
{
    kehu_column part, words, train, folded;
    kehu_tokenizer *dictionary = NULL, *t = NULL;
    kehu_error err = {.message = ""};
    known list;
    rows lines;
    score got;
    (void)state;
    part = read_lines("msr_train_part10.txt.xz");
    words = read_lines("msr_words.txt.xz");
    list = read_list(&words);
    lines = rows_new((size_t)((const int32_t *)words.offsets)[words.length] + 1, 1);
    fold_list(&list);
    for (size_t i = 0; i < list.n; i++) {
        add_text(&lines, list.words[i], strlen(list.words[i]));
        add_text(&lines, "\n", 1);
    }
    lines.offsets[++lines.n] = lines.size;
    folded = rows_column(&lines);
    train = fill_in_long_words(&part, &list);
    if (kehu_tokenizer_read_words(&dictionary, lines.text, (size_t)lines.size, NULL,
                                  &err) != KEHU_OK ||
        kehu_tokenizer_train(&t, dictionary, &train, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    got = score_of(t, "msr_test.txt", NULL, 1);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(dictionary);
    free_lines(&part);
    free_lines(&words);
    free_lines(&train);
    free_lines(&folded);
    free(list.words);
    assert_true(got.f1 >= 96);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dictionary_words_on_pku_and_msr),
        cmocka_unit_test(test_adapting_gains_on_texts_of_the_same_kind),
        cmocka_unit_test(test_model_learns_from_pku),
        cmocka_unit_test(test_model_learns_from_a_tenth_of_msr),
    };
    if (!real_data_find(folder, sizeof folder, "cws/pku_test.txt"))
        return REAL_DATA_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
