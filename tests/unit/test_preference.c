#include <kehu/preference.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { N = 900, K = 3 };

/* Made-up customers: age says the channel; a third have not been seen in any. */
typedef struct customers {
    double age[N], calls[N];
    int32_t channel[N];
    uint8_t known[N / 8 + 1];
    int truth[N];
    kehu_column columns[2], observed;
} customers;

static const char channel_bytes[] = "app"
                                    "hall"
                                    "hotline";
static const int32_t channel_offsets[] = {0, 3, 7, 14};
static const kehu_column channels = {
    .type = KEHU_UTF8, .length = K, .data = channel_bytes, .offsets = channel_offsets};

static void make_customers(customers *c, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    memset(c, 0, sizeof *c);
    for (int i = 0; i < N; i++) {
        c->age[i] = 18 + kehu__random_below(&r, 60);
        c->calls[i] = kehu__random_below(&r, 20);
        c->truth[i] = c->age[i] < 35 ? 0 : c->calls[i] > 12 ? 2 : 1;
        if (kehu__random_below(&r, 5) == 0)
            c->truth[i] = (int)kehu__random_below(&r, K);
        c->channel[i] = c->truth[i];
        if (kehu__random_below(&r, 3) != 0)
            c->known[i / 8] = (uint8_t)(c->known[i / 8] | 1 << i % 8);
    }
    c->columns[0] =
        (kehu_column){.name = "age", .type = KEHU_FLOAT64, .length = N, .data = c->age};
    c->columns[1] = (kehu_column){
        .name = "calls", .type = KEHU_FLOAT64, .length = N, .data = c->calls};
    c->observed = (kehu_column){.name = "channel",
                                .type = KEHU_CATEGORY,
                                .length = N,
                                .data = c->channel,
                                .dictionary = &channels,
                                .validity = c->known};
}

static kehu_preference *train(const customers *c, const kehu_preference_options *options)
{
    kehu_preference *p = NULL;
    kehu_error err = {0};
    if (kehu_preference_train(&p, c->columns, 2, &c->observed, NULL, options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    return p;
}

static void test_preference_finds_the_latent_customers(void **state)
{
    customers c;
    double p[N][K];
    uint8_t levels[N][K];
    int right = 0, latent = 0;
    (void)state;
    make_customers(&c, 1);
    kehu_preference *channel = train(&c, NULL);
    assert_int_equal(kehu_preference_class_count(channel), K);
    assert_string_equal(kehu_preference_class_name(channel, 0), "app");
    assert_string_equal(kehu_preference_class_name(channel, 2), "hotline");
    assert_int_equal(
        kehu_preference_score(channel, c.columns, 2, p[0], levels[0], NULL, NULL),
        KEHU_OK);
    for (int i = 0; i < N; i++) {
        int best = 0;
        for (int k = 0; k < K; k++) {
            assert_int_equal(levels[i][k], (uint8_t)(5 * p[i][k]));
            best = p[i][k] > p[i][best] ? k : best;
        }
        if (!(c.known[i / 8] >> i % 8 & 1)) {
            latent++;
            right += best == c.truth[i];
        }
    }
    assert_true(right > 0.8 * latent);
    assert_int_equal(
        kehu_preference_score(channel, c.columns, 2, NULL, levels[0], NULL, NULL),
        KEHU_OK);
    kehu_preference_free(channel);
}

static void test_preference_report_adds_up(void **state)
{
    customers c;
    kehu_level_row rows[K][KEHU_LEVEL_COUNT];
    (void)state;
    make_customers(&c, 2);
    kehu_preference *channel = train(&c, NULL);
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, &c.observed, NULL, rows[0], NULL),
        KEHU_OK);
    for (int k = 0; k < K; k++) {
        int64_t n = 0, n_known = 0;
        double share = 0;
        for (int l = 0; l < KEHU_LEVEL_COUNT; l++) {
            n += rows[k][l].n_rows;
            n_known += rows[k][l].n_known;
            share += rows[k][l].share;
            assert_int_equal(rows[k][l].class_index, k);
        }
        assert_int_equal(n, N);
        assert_true(n_known > N / 2 && n_known < N);
        assert_true(share > 1 - 1e-12 && share < 1 + 1e-12);
        assert_true(rows[k][4].observed_rate > rows[k][0].observed_rate);
    }
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, NULL, NULL, rows[0], NULL),
        KEHU_OK);
    assert_int_equal(rows[0][0].n_known, 0);
    kehu_preference_free(channel);
}

static void test_preference_refuses_bad_input(void **state)
{
    customers c;
    kehu_preference *channel;
    kehu_level_row rows[K][KEHU_LEVEL_COUNT];
    kehu_error err;
    (void)state;
    make_customers(&c, 3);
    channel = train(&c, NULL);
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, &c.columns[0], NULL, rows[0], &err),
        KEHU_COLUMN);
    assert_string_equal(
        err.message, "observed is FLOAT64, expected text, BOOL or integers up to INT64");
    c.observed.length = 3;
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, &c.observed, NULL, rows[0], &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "observed has 3 rows, the columns have 900");
    kehu_preference_free(channel);
    c.observed.length = N;
    memset(c.known, 0, sizeof c.known);
    assert_int_equal(
        kehu_preference_train(&channel, c.columns, 2, &c.observed, NULL, NULL, &err),
        KEHU_EMPTY);
    assert_string_equal(err.message, "no row has an observed class");
    assert_null(channel);
    c.observed.length = 0;
    assert_int_equal(
        kehu_preference_train(&channel, c.columns, 2, &c.observed, NULL, NULL, &err),
        KEHU_EMPTY);
}

static kehu_status whole_life(const customers *c, const kehu_allocator *alloc)
{
    const kehu_tree_options tree = {
        .size = sizeof tree, .min_leaf_weight = 20, .max_leaves = 8};
    const kehu_levels_options lift = {.size = sizeof lift, .mode = KEHU_LEVEL_LIFT};
    const kehu_preference_options options = {
        .size = sizeof options, .tree = &tree, .levels = &lift, .alloc = alloc};
    kehu_preference *p = NULL, *back = NULL;
    kehu_level_row rows[K][KEHU_LEVEL_COUNT];
    kehu_status status =
        kehu_preference_train(&p, c->columns, 2, &c->observed, NULL, &options, NULL);
    if (status == KEHU_OK)
        status = kehu_preference_save(p, "preference_test.kehu", NULL);
    if (status == KEHU_OK)
        status = kehu_preference_load(&back, "preference_test.kehu", alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_preference_report(back, c->columns, 2, &c->observed, NULL, rows[0],
                                        NULL);
    kehu_preference_free(p);
    kehu_preference_free(back);
    return status;
}

static void test_preference_survives_every_refused_allocation(void **state)
{
    customers c;
    long refuse_at = 0;
    (void)state;
    make_customers(&c, 4);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status = whole_life(&c, faulty_init(&f, refuse_at));
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 40);
    remove("preference_test.kehu");
}

typedef struct memory {
    char *bytes;
    size_t size;
} memory;

static int to_memory(void *ctx, const void *bytes, size_t size)
{
    memory *m = ctx;
    m->bytes = realloc(m->bytes, m->size + size);
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
    return 0;
}

static void test_preference_comes_back_from_its_bytes(void **state)
{
    customers c;
    double p[N][K], q[N][K];
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    kehu_preference *back;
    (void)state;
    make_customers(&c, 5);
    kehu_preference *channel = train(&c, NULL);
    assert_int_equal(kehu_preference_write(channel, &writer, NULL), KEHU_OK);
    assert_int_equal(kehu_preference_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_preference_score(channel, c.columns, 2, p[0], NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_preference_score(back, c.columns, 2, q[0], NULL, NULL, NULL),
                     KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    kehu_preference_free(back);
    for (size_t n = 0; n < m.size; n++)
        assert_int_equal(kehu_preference_read(&back, m.bytes, n, NULL, NULL),
                         KEHU_FORMAT);
    for (size_t byte = 0; byte < m.size; byte++) {
        m.bytes[byte] ^= 0x10;
        assert_int_not_equal(kehu_preference_read(&back, m.bytes, m.size, NULL, NULL),
                             KEHU_OK);
        m.bytes[byte] ^= 0x10;
    }
    kehu_preference_free(channel);
    free(m.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preference_finds_the_latent_customers),
        cmocka_unit_test(test_preference_report_adds_up),
        cmocka_unit_test(test_preference_refuses_bad_input),
        cmocka_unit_test(test_preference_survives_every_refused_allocation),
        cmocka_unit_test(test_preference_comes_back_from_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
