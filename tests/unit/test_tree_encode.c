/* Bins of columns: cuts as of values all sorted, codes as found one by one. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/maths.h"
#include "base/random.h"
#include "learn/tree_edges.h"
#include "learn/tree_encode.h"
#include "support/test.h"

enum { MANY = 60000, SHAPES = 9, ROWS = 5000, INPUTS = 19 };

/* Values of one shape after the other: spread, skewed, whole, crowded, few. */
static double draw(int shape, kehu__random *r)
{
    const double u = kehu__random_unit(r), v = kehu__random_unit(r);
    switch (shape) {
    case 0:
        return u + v - 1;
    case 1:
        return kehu__exp(12 * u);
    case 2:
        return floor(600 * u * v);
    case 3:
        return floor(200 * u);
    case 4:
        return u < 0.5 ? 7 : v;
    case 5:
        return u < 0.001 ? 1e9 * v : v;
    case 6:
        return u < 0.001 ? (v < 0.5 ? -(double)INFINITY : (double)INFINITY) : v;
    case 7:
        return u < 0.3 ? (double)NAN : -v * 1e-300;
    default:
        return 3;
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double a, double b)
{
    const double m = 0.5 * a + 0.5 * b;
    return m > a && m <= b ? m : b;
}

/* The edges by their definition, of values all sorted. */
static uint32_t plain_edges(double *edges, double *values, size_t n)
{
    uint32_t n_different = 1, k = 0;
    qsort(values, n, sizeof *values, by_value);
    for (size_t i = 1; i < n; i++)
        n_different += values[i] > values[i - 1];
    for (size_t q = 1; q < (n_different <= 254 ? n : 254); q++) {
        size_t at = n_different <= 254 ? q : q * n / 254;
        while (n_different > 254 && at > 0 && at < n && values[at] == values[at - 1])
            at++;
        if (at == 0 || at == n || values[at] == values[at - 1])
            continue;
        if (k == 0 || middle(values[at - 1], values[at]) > edges[k - 1])
            edges[k++] = middle(values[at - 1], values[at]);
    }
    return k;
}

static void test_edges_are_those_of_sorted_values(void **state)
{
    static double values[MANY], kept[MANY];
    static float floats[MANY];
    static uint8_t use[MANY];
    kehu__tree_sample sample = {.alloc = kehu__allocator(NULL)};
    (void)state;
    for (int shape = 0; shape < SHAPES; shape++)
        for (int narrow = 0; narrow < 2; narrow++) {
            const kehu_column column = {.name = "x",
                                        .type = narrow ? KEHU_FLOAT32 : KEHU_FLOAT64,
                                        .length = MANY,
                                        .data = narrow ? (const void *)floats : values};
            double edges[KEHU__TREE_MAX_BINS], expected[KEHU__TREE_MAX_BINS];
            kehu__random r = kehu__random_seed((uint64_t)shape);
            size_t n_kept = 0;
            uint32_t n, n_expected;
            for (int i = 0; i < MANY; i++) {
                values[i] = draw(shape, &r);
                floats[i] = (float)values[i];
                use[i] = kehu__random_below(&r, 9) > 0;
                if (use[i] && !isnan(values[i]))
                    kept[n_kept++] = narrow ? (double)floats[i] : values[i];
            }
            assert_int_equal(
                kehu__tree_edges_learn(edges, &n, &column, use, &sample, NULL), KEHU_OK);
            n_expected = plain_edges(expected, kept, n_kept);
            assert_int_equal(n, n_expected);
            assert_memory_equal(edges, expected, n * sizeof *edges);
        }
    kehu__tree_sample_free(&sample);
}

typedef struct table {
    float floats[ROWS];
    double doubles[ROWS];
    int16_t shorts[ROWS];
    int32_t categories[ROWS];
    uint8_t tiny[ROWS], present[ROWS / 8], use[ROWS];
    kehu_column words, columns[INPUTS];
} table;

static const char word_bytes[] = "abcdefg";
static const int32_t word_offsets[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Columns of every layout that is coded in its own way, some of them with gaps, under
 * missing values what no code is. */
static void make(table *t, int shape)
{
    const struct {
        kehu_type type;
        const void *data;
    } layouts[] = {{KEHU_FLOAT32, t->floats}, {KEHU_FLOAT64, t->doubles},
                   {KEHU_INT16, t->shorts},   {KEHU_CATEGORY, t->categories},
                   {KEHU_CATEGORY8, t->tiny}, {KEHU_BOOL, t->tiny}};
    static char names[INPUTS][2];
    kehu__random r = kehu__random_seed((uint64_t)shape);
    for (int i = 0; i < ROWS; i++) {
        t->doubles[i] = draw(shape, &r);
        t->floats[i] = (float)t->doubles[i];
        t->shorts[i] = (int16_t)kehu__random_below(&r, 1000);
        t->tiny[i] = (uint8_t)kehu__random_below(&r, 7);
        t->use[i] = i > 2000 || kehu__random_below(&r, 3) > 0;
    }
    for (int i = 0; i < ROWS / 8; i++)
        t->present[i] = (uint8_t)kehu__random_below(&r, 256);
    for (int i = 0; i < ROWS; i++)
        t->categories[i] = t->present[i / 8] >> i % 8 & 1 ? t->tiny[i] : -7;
    t->words = (kehu_column){
        .type = KEHU_UTF8, .length = 7, .data = word_bytes, .offsets = word_offsets};
    for (int f = 0; f < INPUTS; f++) {
        const size_t layout = (size_t)f % 6;
        names[f][0] = (char)('a' + f);
        t->columns[f] =
            (kehu_column){.name = names[f],
                          .type = layouts[layout].type,
                          .length = ROWS - 3,
                          .start = layout == 5 ? 0 : 3,
                          .data = layouts[layout].data,
                          .validity = f >= 6 || layout == 3 ? t->present : NULL,
                          .dictionary = layout == 3 || layout == 4 ? &t->words : NULL};
    }
}

/* Of learnt bins, or (`moved`) of others that values lie on, below and above. */
static void check(const table *t, bool moved)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {.n_threads = 2};
    kehu__tree_sample sample = {.alloc = alloc};
    kehu__tree_feature features[INPUTS];
    kehu__tree_codes codes = {.stride = 24};
    const int64_t n = t->columns[0].length;
    uint32_t row = 0;
    for (int f = 0; f < INPUTS; f++) {
        kehu__tree_feature *feature = &features[f];
        assert_int_equal(
            kehu__tree_feature_learn(feature, &t->columns[f], t->use, &sample, NULL),
            KEHU_OK);
        for (uint32_t i = 0; moved && i < feature->n_edges; i++) {
            const double x = t->doubles[3 + i];
            feature->edges[i] = isnan(x)     ? 1e300
                                : i % 3 == 0 ? x
                                             : nextafter(x, i % 3 == 1 ? -INFINITY : 1e9);
        }
        if (moved && feature->n_edges > 0)
            qsort(feature->edges, feature->n_edges, sizeof(double), by_value);
    }
    for (int64_t i = 0; i < n; i++)
        codes.n_rows += t->use[i] != 0;
    codes.by_column = calloc(codes.n_rows, INPUTS);
    codes.by_row = malloc(codes.n_rows * codes.stride);
    assert_true(codes.by_column != NULL && codes.by_row != NULL);
    memset(codes.by_row, 0xff, codes.n_rows * codes.stride);
    assert_int_equal(kehu__tree_encode(&codes, features, INPUTS, t->columns, t->use, &run,
                                       &alloc, NULL),
                     KEHU_OK);
    for (int64_t i = 0; i < n; i++) {
        if (!t->use[i])
            continue;
        for (uint32_t f = 0; f < INPUTS; f++) {
            uint8_t entries[7];
            if (kehu__tree_is_text(&features[f]))
                kehu__tree_code_dictionary(&features[f], &t->columns[f], entries);
            const uint32_t code =
                kehu__tree_code(&features[f], &t->columns[f], entries, i);
            assert_int_equal(codes.by_row[row * codes.stride + f], code);
            assert_int_equal(codes.by_column[(size_t)f * codes.n_rows + row], code);
        }
        for (size_t f = INPUTS; f < codes.stride; f++)
            assert_int_equal(codes.by_row[row * codes.stride + f], 0);
        row++;
    }
    free(codes.by_column);
    free(codes.by_row);
    for (int f = 0; f < INPUTS; f++)
        kehu__tree_feature_free(&features[f], &alloc);
    kehu__tree_sample_free(&sample);
}

static void test_codes_are_those_of_one_by_one(void **state)
{
    static table t;
    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        make(&t, shape);
        check(&t, false);
        check(&t, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges_are_those_of_sorted_values),
        cmocka_unit_test(test_codes_are_those_of_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
