/* Near-duplicates against a plain reference that compares every pair, and planted pairs
 * among many texts. Texts are rows of characters that are all different within the
 * alphabet, so that their similarity is known by counting. */
#include <kehu/duplicate.h>

#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "support/test.h"
#include "support/texts.h"

enum { LONGEST = 64, CHARACTERS = 3000, FIRST = 0x4E00 };

typedef struct sample {
    uint32_t characters[LONGEST];
    int n;
} sample;

static sample sample_new(kehu__random *r, int alphabet)
{
    sample s = {.n = 20 + (int)kehu__random_below(r, 30)};
    for (int i = 0; i < s.n; i++)
        s.characters[i] = FIRST + kehu__random_below(r, (uint32_t)alphabet);
    return s;
}

static int in_set(const sample *s, int n, const uint32_t *three)
{
    for (int i = 0; i + 3 <= n; i++)
        if (memcmp(s->characters + i, three, 3 * sizeof *three) == 0)
            return 1;
    return 0;
}

/* Jaccard of the sets of three characters in a row, as its definition has it. */
static double jaccard(const sample *a, const sample *b)
{
    int both = 0, either = 0;
    for (int i = 0; i + 3 <= a->n; i++) {
        if (in_set(a, i + 2, a->characters + i))
            continue;
        either++;
        both += in_set(b, b->n, a->characters + i);
    }
    for (int i = 0; i + 3 <= b->n; i++)
        either +=
            !in_set(b, i + 2, b->characters + i) && !in_set(a, a->n, b->characters + i);
    return (double)both / either;
}

/* A copy that is `most` similar at least: characters are changed until one more change
 * would be too much. */
static sample nearly(const sample *s, double least, int alphabet, kehu__random *r)
{
    sample best = *s;
    for (int tries = 0; tries < 8; tries++) {
        sample next = best;
        const uint32_t at = kehu__random_below(r, (uint32_t)s->n);
        next.characters[at] = FIRST + kehu__random_below(r, (uint32_t)alphabet);
        if (jaccard(s, &next) >= least)
            best = next;
    }
    return best;
}

static kehu_column column_of(const sample *samples, int64_t n)
{
    char *const bytes = malloc((size_t)n * LONGEST * 4 + 1);
    int64_t *const ends = calloc((size_t)n + 1, sizeof *ends);
    for (int64_t i = 0; i < n; i++) {
        ends[i + 1] = ends[i];
        for (int k = 0; k < samples[i].n; k++)
            ends[i + 1] += kehu__utf8_put(bytes + ends[i + 1], samples[i].characters[k]);
    }
    return (kehu_column){
        .type = KEHU_LARGE_UTF8, .length = n, .data = bytes, .offsets = ends};
}

static void fold(const kehu_column *texts, double similarity, uint32_t n_threads,
                 int64_t *groups)
{
    const kehu_duplicate_options o = {
        .size = sizeof o, .similarity = similarity, .n_threads = n_threads};
    kehu_table *table;
    assert_int_equal(kehu_duplicate_fold(&table, groups, texts, &o, NULL), KEHU_OK);
    for (int64_t i = 0; i < texts->length; i++)
        assert_in_range(groups[i], 0, kehu_table_row_count(table) - 1);
    kehu_table_free(table);
}

static int root(const int *parent, int i)
{
    while (parent[i] != i)
        i = parent[i];
    return i;
}

/* No pair is together that the reference keeps apart; few are apart that it joins. */
static void check_small(kehu__random *r, double similarity, int64_t *wanted,
                        int64_t *missed)
{
    enum { N = 120 };
    static sample s[N];
    int parent[N];
    int64_t groups[N], again[N];
    kehu_column texts;
    for (int i = 0; i < N; i++) {
        s[i] = i % 3 == 0
                   ? sample_new(r, 40)
                   : nearly(&s[kehu__random_below(r, (uint32_t)i)], similarity, 40, r);
        parent[i] = i;
        for (int j = 0; j < i; j++)
            if (jaccard(&s[i], &s[j]) >= similarity)
                parent[root(parent, i)] = root(parent, j);
    }
    texts = column_of(s, N);
    fold(&texts, similarity, 1, groups);
    fold(&texts, similarity, 3, again);
    assert_memory_equal(groups, again, sizeof groups);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            const int together = root(parent, i) == root(parent, j);
            assert_true(together || groups[i] != groups[j]);
            *wanted += together;
            *missed += together && groups[i] != groups[j];
        }
    texts_free(&texts);
}

static void test_duplicate_groups_are_those_of_all_pairs(void **state)
{
    kehu__random r = kehu__random_seed(1);
    int64_t wanted = 0, missed = 0;
    (void)state;
    for (int round = 0; round < 60; round++)
        check_small(&r, (double)(3 + round % 7) / 10, &wanted, &missed);
    print_message("%lld pairs together, %lld of them missed\n", (long long)wanted,
                  (long long)missed);
    assert_true(wanted > 10000);
    assert_true(missed <= wanted / 200);
}

static void test_duplicate_finds_planted_pairs(void **state)
{
    enum { PAIRS = 5000, N = 4 * PAIRS };
    sample *const s = calloc(N, sizeof *s);
    int64_t *const groups = calloc(N, sizeof *groups), *const size =
                                                           calloc(N, sizeof *size);
    int64_t found = 0, together = 0;
    kehu__random r = kehu__random_seed(2);
    kehu_column texts;
    (void)state;
    /* The pair of text i is i + N / 2; the second half of each half has none. */
    for (int i = 0; i < N; i++)
        s[i] = i >= N / 2 && i < N / 2 + PAIRS
                   ? nearly(&s[i - N / 2], 0.8, CHARACTERS, &r)
                   : sample_new(&r, CHARACTERS);
    texts = column_of(s, N);
    fold(&texts, 0.8, 2, groups);
    for (int i = 0; i < N; i++)
        size[groups[i]]++;
    for (int i = 0; i < N; i++)
        together += size[i] * (size[i] - 1) / 2;
    for (int i = 0; i < PAIRS; i++)
        found += groups[i] == groups[i + N / 2];
    print_message("planted pairs: recall %.4f, precision %.4f\n", (double)found / PAIRS,
                  (double)found / (double)together);
    assert_true((double)found >= 0.98 * PAIRS);
    assert_true((double)found >= 0.98 * (double)together);
    texts_free(&texts);
    free(s);
    free(groups);
    free(size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicate_groups_are_those_of_all_pairs),
        cmocka_unit_test(test_duplicate_finds_planted_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
