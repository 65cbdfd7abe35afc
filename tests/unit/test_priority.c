#include <kehu/priority.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "support/test.h"

static kehu_priority *parse(const char *text)
{
    kehu_priority *p = NULL;
    kehu_error err;
    if (kehu_priority_read(&p, text, strlen(text), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return p;
}

static void test_priority_weights_are_read_and_kept(void **state)
{
    const char *path = "test_priority.txt";
    kehu_priority *p = parse(kehu_priority_builtin()), *again;
    (void)state;
    assert_int_equal(kehu_priority_count(p), 4);
    assert_string_equal(kehu_priority_get_name(p, 2), "negative_share");
    assert_true(kehu_priority_get_weight(p, 0) == 3);
    assert_null(kehu_priority_get_name(p, 4));
    assert_true(kehu_priority_get_weight(p, -1) == 0);
    assert_int_equal(kehu_priority_save(p, path, NULL), KEHU_OK);
    assert_int_equal(kehu_priority_load(&again, path, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_priority_count(again), 4);
    unlink(path);
    kehu_priority_free(again);
    kehu_priority_free(p);
    p = parse("\xEF\xBB\xBF 数量 ： 2.5\r\n# x\r\n\r\ng: 0");
    assert_string_equal(kehu_priority_get_name(p, 0), "数量");
    assert_true(kehu_priority_get_weight(p, 0) == 2.5);
    kehu_priority_free(p);
}

/* A file that cannot be weights is not taken into memory first. */
static void test_priority_does_not_read_a_large_file(void **state)
{
    const char *path = "test_priority_large.txt";
    FILE *f = fopen(path, "wb");
    kehu_priority *p;
    kehu_error err;
    faulty memory;
    (void)state;
    assert_non_null(f);
    assert_int_equal(fseek(f, 1 << 20, SEEK_SET), 0);
    putc('x', f);
    fclose(f);
    assert_int_equal(kehu_priority_load(&p, path, faulty_init(&memory, -1), &err),
                     KEHU_LIMIT);
    assert_string_equal(err.message,
                        "test_priority_large.txt has 1048577 bytes, at most 1048576 are "
                        "read");
    assert_null(p);
    assert_int_equal(memory.requests, 0);
    unlink(path);
}

static void test_priority_refuses_bad_lines(void **state)
{
    static const struct {
        const char *text;
        kehu_status status;
        int64_t where;
        const char *message;
    } cases[] = {
        {"", KEHU_EMPTY, -1, "no input has a weight above 0"},
        {"a: 0\nb: 0", KEHU_EMPTY, -1, "no input has a weight above 0"},
        {"a 1", KEHU_FORMAT, 0, "line 1: expected an input, a colon and a weight"},
        {"a: 1\nb: x", KEHU_FORMAT, 1, "line 2: expected an input, a colon and a weight"},
        {"a: nan", KEHU_FORMAT, 0, "line 1: expected an input, a colon and a weight"},
        {": 1", KEHU_FORMAT, 0, "line 1: expected an input, a colon and a weight"},
        {"a: -1", KEHU_RANGE, 0, "line 1: the weight is not within 0 to 1000000"},
        {"a: 1e999", KEHU_RANGE, 0, "line 1: the weight is not within 0 to 1000000"},
        {"score: 1", KEHU_DUPLICATE, 0,
         "line 1: the ranked table would have two columns score"},
        {"a: 1\na_share: 2", KEHU_DUPLICATE, 1,
         "line 2: the ranked table would have two columns a_share"},
        {"a_points: 1\nb: 1\na: 2", KEHU_DUPLICATE, 2,
         "line 3: the ranked table would have two columns a_points"},
        {"a: 1\n\na: 2", KEHU_DUPLICATE, 2, "line 3: the input a stands there twice"},
        {"a: 1\n\xFF: 2", KEHU_ENCODING, 1, "line 2 is not valid UTF-8 text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kehu_priority *p = NULL;
        kehu_error err;
        assert_int_equal(
            kehu_priority_read(&p, cases[i].text, strlen(cases[i].text), NULL, &err),
            cases[i].status);
        assert_int_equal(err.where, cases[i].where);
        assert_string_equal(err.message, cases[i].message);
        assert_null(p);
    }
}

static int to_bytes(void *ctx, const void *bytes, size_t size)
{
    char *text = ctx;
    const size_t have = strlen(text);
    if (have + size + 1 > 2000)
        return 1;
    memcpy(text + have, bytes, size);
    text[have + size] = '\0';
    return 0;
}

static const int32_t GROUP_AT[] = {0, 4, 7, 10, 15};
static const kehu_column GROUPS = {
    .type = KEHU_UTF8, .length = 4, .data = "billnetappother", .offsets = GROUP_AT};

static void test_priority_ranks_with_reasons(void **state)
{
    static const int64_t volume[] = {50, 900, 50, 1};
    static const double growth[] = {.5, -.25, 0, NAN};
    static const uint8_t some = 0x7;
    const kehu_column columns[] = {
        {.name = "x", .type = KEHU_INT64, .length = 4, .data = volume},
        {.name = "growth",
         .type = KEHU_FLOAT64,
         .length = 4,
         .data = growth,
         .validity = &some},
        {.name = "volume", .type = KEHU_INT64, .length = 4, .data = volume}};
    kehu_priority *p = parse("volume: 3\ngrowth: 1\n");
    char text[2000] = "";
    const kehu_writer writer = {to_bytes, text};
    kehu_table *t;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_priority_rank(&t, p, &GROUPS, columns, 3, &err), KEHU_OK);
    assert_int_equal(kehu_table_write_csv(t, &writer, NULL, &err), KEHU_OK);
    assert_string_equal(
        text, "group,rank,score,volume,volume_share,volume_points,growth,growth_share,"
              "growth_points\n"
              "net,1,0.8333333333333334,900,1,0.75,-0.25,0.3333333333333333,"
              "0.08333333333333333\n"
              "bill,2,0.625,50,0.5,0.375,0.5,1,0.25\n"
              "app,3,0.5416666666666666,50,0.5,0.375,0,0.6666666666666666,"
              "0.16666666666666666\n"
              "other,4,0,1,0,0,,0,0\n");
    kehu_table_free(t);
    assert_int_equal(kehu_priority_rank(&t, p, &GROUPS, columns, 2, &err), KEHU_COLUMN);
    assert_string_equal(err.message, "no column volume, which the weights name");
    assert_null(t);
    kehu_priority_free(p);
}

/* ---- Monotone in each input ---- */

enum { N = 12, INPUTS = 3 };

static void rank_all(const kehu_priority *p, double values[INPUTS][N], int64_t ranks[N])
{
    static const char *const names[INPUTS] = {"a", "b", "c"};
    static const int32_t at[N + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const kehu_column groups = {
        .type = KEHU_UTF8, .length = N, .data = "ABCDEFGHIJKL", .offsets = at};
    kehu_column columns[INPUTS];
    kehu_table *t;
    kehu_error err;
    for (int k = 0; k < INPUTS; k++)
        columns[k] = (kehu_column){
            .name = names[k], .type = KEHU_FLOAT64, .length = N, .data = values[k]};
    if (kehu_priority_rank(&t, p, &groups, columns, INPUTS, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < N; i++) {
        const char *name = (const char *)kehu_table_column(t, 0)->data + i;
        ranks[*name - 'A'] = ((const int64_t *)kehu_table_find(t, "rank")->data)[i];
    }
    kehu_table_free(t);
}

static void test_priority_never_falls_when_an_input_rises(void **state)
{
    kehu__random r = kehu__random_seed(3);
    (void)state;
    for (int round = 0; round < 20000; round++) {
        double values[INPUTS][N];
        int64_t before[N], after[N];
        char text[100];
        const uint32_t group = kehu__random_below(&r, N),
                       input = kehu__random_below(&r, INPUTS);
        kehu_priority *p;
        snprintf(text, sizeof text, "a: %u\nb: %g\nc: 1", kehu__random_below(&r, 4),
                 kehu__random_unit(&r));
        p = parse(text);
        for (int k = 0; k < INPUTS; k++)
            for (int i = 0; i < N; i++)
                values[k][i] = kehu__random_below(&r, 9) == 0
                                   ? (double)NAN
                                   : (double)kehu__random_below(&r, 8) - 4;
        rank_all(p, values, before);
        values[input][group] = isnan(values[input][group])
                                   ? (double)kehu__random_below(&r, 8) - 4
                                   : values[input][group] + kehu__random_below(&r, 4);
        rank_all(p, values, after);
        assert_true(after[group] <= before[group]);
        kehu_priority_free(p);
    }
}

static void test_priority_survives_every_refused_request(void **state)
{
    static const int64_t volume[] = {50, 900, 50, 1};
    const kehu_column column = {
        .name = "v", .type = KEHU_INT64, .length = 4, .data = volume};
    faulty f;
    long at = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; at++) {
        kehu_priority *p;
        kehu_table *t = NULL;
        status = kehu_priority_read(&p, "v: 1", 4, faulty_init(&f, at), NULL);
        if (status == KEHU_OK)
            status = kehu_priority_rank(&t, p, &GROUPS, &column, 1, NULL);
        assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && t == NULL));
        kehu_table_free(t);
        kehu_priority_free(p);
        assert_int_equal(f.live_blocks, 0);
    }
    assert_true(at > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priority_weights_are_read_and_kept),
        cmocka_unit_test(test_priority_does_not_read_a_large_file),
        cmocka_unit_test(test_priority_refuses_bad_lines),
        cmocka_unit_test(test_priority_ranks_with_reasons),
        cmocka_unit_test(test_priority_never_falls_when_an_input_rises),
        cmocka_unit_test(test_priority_survives_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
