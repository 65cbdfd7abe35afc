/* The vectoriser against a plain one: terms kept as strings of characters, counted
 * by comparing each with each. Random texts from a printed seed. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "text/terms.h"

enum { N = 12, MAX_CHARS = 24, MAX_TERMS = 600, MAX_TEXT = 128, MAX_ALL = 4000 };

/* Letters that fold, others that do not, blanks, broken bytes, rare characters. */
static const struct {
    const char *bytes;
    uint32_t folded; /* ' ' = blank */
    int word;        /* of a script with words */
} letters[] = {{"a", 'a', 1},
               {"B", 'b', 1},
               {"\xEF\xBC\xA1", 'a', 1},
               {"7", '7', 1},
               {"\xC3\x89", 0xE9, 1},
               {" ", ' ', 0},
               {"\t", ' ', 0},
               {"\xE4\xB8\xAD", 0x4E2D, 0},
               {"\xE6\x96\x87", 0x6587, 0},
               {"!", '!', 0},
               {"\xFF", 0xFFFD, 0},
               {"\xF0\xA0\xAE\xB7", 0x20BB7, 0}};
enum { N_LETTERS = sizeof letters / sizeof *letters };

typedef struct term {
    uint32_t c[2 * MAX_CHARS + 4];
    int n, block, count;
} term;

typedef struct row {
    term terms[MAX_TERMS];
    int n;
    double share;
} row;

static int same(const term *a, const term *b)
{
    return a->block == b->block && a->n == b->n &&
           memcmp(a->c, b->c, (size_t)a->n * sizeof *a->c) == 0;
}

static void put(row *r, const uint32_t *c, int n, int block)
{
    term t = {.n = n, .block = block, .count = 1};
    memcpy(t.c, c, (size_t)n * sizeof *c);
    for (int k = 0; k < r->n; k++)
        if (same(&r->terms[k], &t)) {
            r->terms[k].count++;
            return;
        }
    assert_true(r->n < MAX_TERMS);
    r->terms[r->n++] = t;
}

static int latin(uint32_t c)
{
    return c < 0x80 || c == 0xE9;
}

static void put_grams(row *r, const uint32_t *c, int n, const kehu__term_options *o)
{
    for (int first = 0; first < n; first++)
        for (int length = 1; first + length <= n && length <= 5; length++) {
            int all_latin = 1;
            for (int k = 0; k < length; k++)
                all_latin = all_latin && latin(c[first + k]);
            if (length > (int)o->char_max && !(all_latin && length <= (int)o->latin_max))
                continue;
            if (length == 1 && c[first] <= ' ')
                continue;
            put(r, c + first, length, 0);
        }
}

/* Words are runs of word characters; a pair is broken by other writing. */
static void put_words(row *r, const int *picked, int n, const kehu__term_options *o)
{
    uint32_t pair[2 * MAX_CHARS + 4];
    int last = -1, last_size = 0, covered = 0, all = 0;
    uint32_t word[MAX_CHARS], previous[MAX_CHARS];
    int size = 0;
    for (int k = 0; k <= n; k++) {
        const int is_word = k < n && letters[picked[k]].word;
        all += k < n && letters[picked[k]].folded != ' ';
        covered += is_word;
        if (is_word) {
            word[size++] = letters[picked[k]].folded;
            continue;
        }
        if (size > 0) {
            put(r, word, size, 1);
            if (last >= 0 && o->word_max == 2) {
                memcpy(pair, previous, (size_t)last_size * sizeof *pair);
                pair[last_size] = ' ';
                memcpy(pair + last_size + 1, word, (size_t)size * sizeof *pair);
                put(r, pair, last_size + 1 + size, 1);
            }
            memcpy(previous, word, (size_t)size * sizeof *word);
            last = 0;
            last_size = size;
            size = 0;
        }
        if (k < n && letters[picked[k]].folded >= 0x2E80)
            last = -1;
    }
    r->share = all == 0 ? 0 : (double)covered / all;
}

static void plain(row *r, const int *picked, int n, const kehu__term_options *o)
{
    uint32_t c[2 * MAX_CHARS + 4];
    int size = 0, blank = 0;
    *r = (row){.n = 0};
    for (int k = 0; k < n; k++) {
        if (letters[picked[k]].folded == ' ') {
            blank = 1;
            continue;
        }
        if (size == 0)
            c[size++] = 2;
        else if (blank)
            c[size++] = ' ';
        blank = 0;
        c[size++] = letters[picked[k]].folded;
    }
    if (size == 0)
        return;
    c[size++] = 3;
    put_grams(r, c, size, o);
    if (o->word_max > 0)
        put_words(r, picked, n, o);
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The row's values by the definition, sorted. */
static int plain_values(double *values, const row *rows, int at, uint32_t min_df)
{
    const row *const r = &rows[at];
    double squares[2] = {0};
    int n = 0, blocks[MAX_TERMS];
    for (int k = 0; k < r->n; k++) {
        uint32_t df = 0;
        for (int i = 0; i < N; i++)
            for (int j = 0; j < rows[i].n; j++)
                df += same(&rows[i].terms[j], &r->terms[k]) != 0;
        if (df < min_df)
            continue;
        values[n] = (1 + log(r->terms[k].count)) * (1 + log((1.0 + N) / (1.0 + df)));
        blocks[n] = r->terms[k].block;
        squares[blocks[n]] += values[n] * values[n];
        n++;
    }
    for (int k = 0; k < n; k++)
        values[k] *= (blocks[k] == 1 ? sqrt(r->share) : 1) / sqrt(squares[blocks[k]]);
    qsort(values, (size_t)n, sizeof *values, rising);
    return n;
}

static void compare(const row *rows, const kehu__term_rows *got, uint32_t min_df)
{
    static double a[MAX_TERMS], b[MAX_TERMS];
    for (int i = 0; i < N; i++) {
        const int n = plain_values(a, rows, i, min_df);
        const int64_t first = got->starts[i];
        assert_int_equal(got->starts[i + 1] - first, n);
        for (int k = 0; k < n; k++) {
            b[k] = (double)got->values[first + k];
            assert_true(k == 0 || got->columns[first + k] > got->columns[first + k - 1]);
        }
        qsort(b, (size_t)n, sizeof *b, rising);
        for (int k = 0; k < n; k++)
            assert_true(fabs(a[k] - b[k]) < 1e-5);
    }
}

static void one_case(kehu__random *r)
{
    static row rows[N];
    char text[N * MAX_TEXT];
    int32_t offsets[N + 1] = {0};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = N, .data = text, .offsets = offsets};
    kehu__term_options o = {.max_terms = 1 << 20};
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {.n_threads = 1 + kehu__random_below(r, 3)};
    kehu__terms *terms;
    kehu__term_rows got;
    kehu_status status;
    bool any = false;
    o.char_max = 1 + kehu__random_below(r, 5);
    o.latin_max = o.char_max + kehu__random_below(r, 6 - o.char_max);
    o.word_max = kehu__random_below(r, 3);
    o.min_df = 1 + kehu__random_below(r, 3);
    for (int i = 0; i < N; i++) {
        int picked[MAX_CHARS];
        const int n = (int)kehu__random_below(r, MAX_CHARS + 1);
        const uint32_t variety = 1 + kehu__random_below(r, N_LETTERS);
        offsets[i + 1] = offsets[i];
        for (int k = 0; k < n; k++) {
            picked[k] = (int)kehu__random_below(r, variety);
            memcpy(text + offsets[i + 1], letters[picked[k]].bytes,
                   strlen(letters[picked[k]].bytes));
            offsets[i + 1] += (int32_t)strlen(letters[picked[k]].bytes);
        }
        plain(&rows[i], picked, n, &o);
    }
    for (int i = 0; i < N; i++) {
        static double values[MAX_TERMS];
        any = any || plain_values(values, rows, i, o.min_df) > 0;
    }
    status = kehu__terms_build(&terms, &texts, &o, &run, &alloc, NULL);
    assert_int_equal(status, any ? KEHU_OK : KEHU_EMPTY);
    if (!any)
        return;
    assert_int_equal(kehu__terms_rows(&got, terms, &texts, &run, &alloc, NULL), KEHU_OK);
    compare(rows, &got, o.min_df);
    kehu__term_rows_free(&got);
    kehu__terms_free(terms);
}

static void test_terms_agree_with_a_plain_vectoriser(void **state)
{
    const uint64_t seed = 20240601;
    kehu__random r = kehu__random_seed(seed);
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int k = 0; k < 150; k++)
        one_case(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms_agree_with_a_plain_vectoriser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
