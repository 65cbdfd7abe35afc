/* The factorization finds planted topics, and its weights satisfy the conditions of the
 * least squares problem they are to solve. */
#include <math.h>
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "learn/nmf.h"
#include "support/test.h"

enum { ROWS = 400, COLUMNS = 60, TOPICS = 5, EACH = COLUMNS / TOPICS };

typedef struct sample {
    int64_t starts[ROWS + 1];
    uint32_t columns[ROWS * COLUMNS];
    float values[ROWS * COLUMNS];
    kehu__sparse rows;
} sample;

/* Rows of the columns of one topic each, or of two, with some noise. */
static sample *sample_new(uint64_t seed)
{
    sample *s = calloc(1, sizeof *s);
    kehu__random r = kehu__random_seed(seed);
    for (int i = 0; i < ROWS; i++) {
        const uint32_t topic = kehu__random_below(&r, TOPICS);
        int64_t at = s->starts[i];
        for (uint32_t j = 0; j < COLUMNS; j++) {
            const uint32_t chance = j / EACH == topic ? 2 : 40;
            if (kehu__random_below(&r, chance) != 0)
                continue;
            s->columns[at] = j;
            s->values[at++] = (float)(0.2 + kehu__random_unit(&r));
        }
        s->starts[i + 1] = at;
    }
    s->rows = (kehu__sparse){ROWS, COLUMNS, s->starts, s->columns, s->values};
    return s;
}

/* u >= 0, and no coordinate would do better a little higher or (where it is above 0)
 * lower: the conditions of Karush, Kuhn and Tucker. */
static void check_row(const sample *s, int row, const float *h, const float *u)
{
    double rest[COLUMNS] = {0};
    for (int64_t e = s->starts[row]; e < s->starts[row + 1]; e++)
        rest[s->columns[e]] += (double)s->values[e];
    for (int j = 0; j < COLUMNS; j++)
        for (int t = 0; t < TOPICS; t++)
            rest[j] -= (double)u[t] * (double)h[j * TOPICS + t];
    for (int t = 0; t < TOPICS; t++) {
        double slope = 0;
        for (int j = 0; j < COLUMNS; j++)
            slope += rest[j] * (double)h[j * TOPICS + t];
        assert_true(u[t] >= 0);
        assert_true(slope < 1e-4);
        assert_true(u[t] == 0 || slope > -1e-4);
    }
}

static void test_topics_are_the_planted_ones_and_weights_the_best(void **state)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        sample *s = sample_new(seed);
        float h[COLUMNS * TOPICS], again[COLUMNS * TOPICS], gram[TOPICS * TOPICS];
        kehu__run one = {1, NULL, NULL}, four = {4, NULL, NULL};
        int found[TOPICS] = {0};
        assert_int_equal(kehu__nmf_fit(h, &s->rows, TOPICS, 200, &one, &alloc, NULL),
                         KEHU_OK);
        assert_int_equal(kehu__nmf_fit(again, &s->rows, TOPICS, 200, &four, &alloc, NULL),
                         KEHU_OK);
        assert_memory_equal(h, again, sizeof h);
        for (int t = 0; t < TOPICS; t++) {
            double of[TOPICS] = {0};
            int best = 0;
            for (int j = 0; j < COLUMNS; j++)
                of[j / EACH] += (double)h[j * TOPICS + t] * (double)h[j * TOPICS + t];
            for (int k = 0; k < TOPICS; k++)
                best = of[k] > of[best] ? k : best;
            assert_true(of[best] > 0.9);
            found[best]++;
        }
        for (int k = 0; k < TOPICS; k++)
            assert_int_equal(found[k], 1);
        kehu__nmf_gram(gram, h, COLUMNS, TOPICS);
        for (int i = 0; i < ROWS; i++) {
            float u[TOPICS];
            kehu__nmf_row(u, s->columns + s->starts[i], s->values + s->starts[i],
                          s->starts[i + 1] - s->starts[i], h, gram, TOPICS);
            check_row(s, i, h, u);
        }
        free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topics_are_the_planted_ones_and_weights_the_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
