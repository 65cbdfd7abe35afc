#include <kehu/kano.h>

#include <string.h>

#include "support/test.h"

static void test_kano_table_is_the_published_one(void **state)
{
    static const char *const table[5] = {"QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"};
    static const char letters[] = "MOAIRQ";
    (void)state;
    for (int f = 1; f <= 5; f++)
        for (int d = 1; d <= 5; d++)
            assert_int_equal(letters[kehu_kano_classify(f, d)], table[f - 1][d - 1]);
    assert_int_equal(kehu_kano_classify(0, 1), -1);
    assert_int_equal(kehu_kano_classify(1, 6), -1);
}

static void test_kano_names(void **state)
{
    (void)state;
    assert_string_equal(kehu_kano_kind_name(KEHU_KANO_ONE_DIMENSIONAL),
                        "one-dimensional");
    assert_string_equal(kehu_kano_need_name(KEHU_KANO_ATTRACTIVE), "latent");
    assert_null(kehu_kano_need_name(KEHU_KANO_INDIFFERENT));
    assert_null(kehu_kano_kind_name(KEHU_KANO_KINDS));
}

/* ---- Sums ---- */

enum { MAX_ROWS = 4000 };

typedef struct answers {
    char names[MAX_ROWS * 16];
    int32_t name_at[MAX_ROWS + 1];
    int8_t functional[MAX_ROWS], dysfunctional[MAX_ROWS];
    uint8_t present[MAX_ROWS / 8];
    int64_t n;
} answers;

static void answer(answers *a, const char *feature, int functional, int dysfunctional,
                   int times)
{
    const size_t size = strlen(feature);
    for (int k = 0; k < times; k++, a->n++) {
        memcpy(a->names + a->name_at[a->n], feature, size);
        a->name_at[a->n + 1] = a->name_at[a->n] + (int32_t)size;
        a->functional[a->n] = (int8_t)functional;
        a->dysfunctional[a->n] = (int8_t)dysfunctional;
        if (functional >= 0)
            a->present[a->n / 8] |= (uint8_t)(1 << a->n % 8);
    }
}

static kehu_status sum(kehu_table **t, const answers *a, const kehu_allocator *alloc,
                       kehu_error *err)
{
    const kehu_column feature = {
        .type = KEHU_UTF8, .length = a->n, .data = a->names, .offsets = a->name_at};
    const kehu_column functional = {
        .type = KEHU_INT8, .length = a->n, .data = a->functional, .validity = a->present};
    const kehu_column dysfunctional = {
        .type = KEHU_INT8, .length = a->n, .data = a->dysfunctional};
    return kehu_kano_sum(t, &feature, &functional, &dysfunctional, alloc, err);
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

static void expect(const answers *a, const char *csv)
{
    char text[2000] = "";
    const kehu_writer writer = {to_bytes, text};
    kehu_table *t;
    kehu_error err;
    if (sum(&t, a, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    assert_int_equal(kehu_table_write_csv(t, &writer, NULL, &err), KEHU_OK);
    assert_string_equal(text, csv);
    kehu_table_free(t);
}

static const char HEAD[] = "feature,answers,must_be,one_dimensional,attractive,"
                           "indifferent,reverse,questionable,kind,need,better,worse\n";

/* Skis of Sauerwein, Bailom, Matzler and Hinterhuber, "The Kano model: how to delight
 * your customers", 1996: shares in tenths of a percent, and the coefficients that the
 * paper prints with two digits (edge grip .40 and -.83, ease of turn .57 and -.78). */
static void test_kano_worked_example(void **state)
{
    static const struct {
        const char *feature;
        int a, o, m, i, r, q;
        double better, worse;
        const char *kind;
    } skis[] = {
        {"ease of turn", 104, 451, 305, 115, 12, 12, .57, -.78, "one-dimensional"},
        {"edge grip", 70, 323, 493, 95, 3, 15, .40, -.83, "must-be"}};
    static answers a;
    kehu_table *t;
    (void)state;
    for (int k = 0; k < 2; k++) {
        answer(&a, skis[k].feature, 1, 3, skis[k].a);
        answer(&a, skis[k].feature, 1, 5, skis[k].o);
        answer(&a, skis[k].feature, 3, 5, skis[k].m);
        answer(&a, skis[k].feature, 4, 2, skis[k].i);
        answer(&a, skis[k].feature, 2, 1, skis[k].r);
        answer(&a, skis[k].feature, 5, 5, skis[k].q);
    }
    assert_int_equal(sum(&t, &a, NULL, NULL), KEHU_OK);
    for (int k = 0; k < 2; k++) {
        const double better = ((const double *)kehu_table_find(t, "better")->data)[k];
        const double worse = ((const double *)kehu_table_find(t, "worse")->data)[k];
        const kehu_column *kind = kehu_table_find(t, "kind");
        const int64_t *at = kind->offsets;
        assert_int_equal((int)(better * 100 + .5), (int)(skis[k].better * 100 + .5));
        assert_int_equal((int)(-worse * 100 + .5), (int)(-skis[k].worse * 100 + .5));
        assert_memory_equal((const char *)kind->data + at[k], skis[k].kind,
                            (size_t)(at[k + 1] - at[k]));
    }
    kehu_table_free(t);
}

static void test_kano_counts_by_feature(void **state)
{
    static answers a;
    char csv[600];
    (void)state;
    answer(&a, "套餐", 1, 5, 1);
    answer(&a, "app", 2, 5, 1);
    answer(&a, "套餐", 1, 1, 1);
    answer(&a, "套餐", -1, 1, 1); /* missing */
    answer(&a, "套餐", 3, 5, 1);  /* as many M as O: M */
    answer(&a, "none", -1, 5, 1);
    answer(&a, "odd", 5, 1, 2);
    strcpy(csv, HEAD);
    strcat(csv, "app,1,1,0,0,0,0,0,must-be,basic,0,-1\n"
                "none,0,0,0,0,0,0,0,,,,\n"
                "odd,2,0,0,0,0,2,0,reverse,,,\n"
                "套餐,3,1,1,0,0,0,1,must-be,basic,0.5,-1\n");
    expect(&a, csv);
    a.n = 0;
    expect(&a, HEAD);
}

static void test_kano_refuses_bad_answers(void **state)
{
    static answers a;
    const kehu_column text = {.type = KEHU_UTF8, .length = 0};
    const int64_t one = 1;
    const kehu_column longer = {.type = KEHU_INT64, .length = 1, .data = &one};
    kehu_table *t;
    kehu_error err;
    (void)state;
    answer(&a, "x", 1, 5, 3);
    answer(&a, "x", 1, 0, 1);
    assert_int_equal(sum(&t, &a, NULL, &err), KEHU_RANGE);
    assert_int_equal(err.where, 3);
    assert_string_equal(err.message, "row 3: an answer is not 1 to 5");
    assert_null(t);
    assert_int_equal(kehu_kano_sum(&t, &text, &text, &text, NULL, &err), KEHU_COLUMN);
    assert_int_equal(kehu_kano_sum(&t, &text, &longer, &longer, NULL, &err),
                     KEHU_ARGUMENT);
    assert_int_equal(kehu_kano_sum(&t, &text, NULL, &longer, NULL, &err), KEHU_ARGUMENT);
}

static void test_kano_survives_every_refused_request(void **state)
{
    static answers a;
    faulty f;
    long at = 0;
    (void)state;
    answer(&a, "x", 1, 5, 3);
    answer(&a, "y", 1, 5, 3);
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; at++) {
        kehu_table *t;
        status = sum(&t, &a, faulty_init(&f, at), NULL);
        assert_true(status == KEHU_OK || (status == KEHU_NO_MEMORY && t == NULL));
        kehu_table_free(t);
        assert_int_equal(f.live_blocks, 0);
    }
    assert_true(at > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kano_table_is_the_published_one),
        cmocka_unit_test(test_kano_names),
        cmocka_unit_test(test_kano_worked_example),
        cmocka_unit_test(test_kano_counts_by_feature),
        cmocka_unit_test(test_kano_refuses_bad_answers),
        cmocka_unit_test(test_kano_survives_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
