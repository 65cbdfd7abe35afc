/* Scans of those customers only whose tags and consents are as required, and under other
 * names. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/stores.h"
#include "support/test.h"

/* Customers "0" to "8": tag k of customer c is missing, false or true as digit k of c in
 * base 3 says. "0" has a row of its own, "9" has events only. */
enum { TAGS = 2, CUSTOMERS = 9 };

static kehu_store *fill(const char *folder, const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .alloc = alloc};
    const kehu_store_field fields[] = {{.name = "consent to mail", .type = KEHU_BOOL},
                                       {.name = "会员", .type = KEHU_BOOL},
                                       {.name = "city", .type = KEHU_UTF8}};
    const char *const names[] = {fields[0].name, fields[1].name};
    const char *const ids = "0123456789";
    const int64_t amounts[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512}, times[10] = {0};
    int32_t offsets[11];
    uint8_t bits[TAGS][2] = {{0}}, valid[TAGS][2] = {{0}};
    kehu_store *store = NULL;
    kehu_status status;
    for (int i = 0; i <= 10; i++)
        offsets[i] = i;
    for (int c = 0; c < CUSTOMERS; c++)
        for (int k = 0, rest = c; k < TAGS; k++, rest /= 3) {
            valid[k][c / 8] = (uint8_t)(valid[k][c / 8] | (rest % 3 > 0) << c % 8);
            bits[k][c / 8] = (uint8_t)(bits[k][c / 8] | (rest % 3 > 1) << c % 8);
        }
    store_remove(folder);
    status = kehu_store_open(&store, folder, &options, err);
    for (int k = 0; status == KEHU_OK && k < 3; k++)
        status = kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &fields[k], err);
    for (int64_t k = 0; status == KEHU_OK && k < TAGS; k++) {
        const kehu_column c[] = {
            {.name = "customer",
             .type = KEHU_UTF8,
             .length = CUSTOMERS,
             .data = ids,
             .offsets = offsets},
            {.name = names[k],
             .type = KEHU_BOOL,
             .length = CUSTOMERS,
             .data = bits[k],
             .validity = valid[k]},
        };
        status = kehu_store_add_customers(store, c, 2, NULL, err);
        if (status == KEHU_OK && k == 0)
            status = kehu_store_flush(store, err);
    }
    if (status == KEHU_OK) {
        const kehu_column c[] = {
            {.name = "customer",
             .type = KEHU_UTF8,
             .length = 10,
             .data = ids,
             .offsets = offsets},
            {.name = "time", .type = KEHU_TIMESTAMP, .length = 10, .data = times},
            {.name = "amount", .type = KEHU_INT64, .length = 10, .data = amounts},
        };
        status = kehu_store_add_events(store, c, 3, NULL, err);
    }
    if (status != KEHU_OK) {
        kehu_store_free(store);
        store = NULL;
    }
    return store;
}

static bool mail(int c)
{
    return c < CUSTOMERS && c % 3 == 2;
}
static bool member(int c)
{
    return c < CUSTOMERS && c / 3 == 2;
}

static bool only_mail(int c)
{
    return mail(c);
}
static bool no_mail(int c)
{
    return !mail(c);
}
static bool both(int c)
{
    return mail(c) && member(c);
}
static bool exactly_one(int c)
{
    return mail(c) != member(c);
}
static bool everybody(int c)
{
    (void)c;
    return true;
}
static bool nobody(int c)
{
    (void)c;
    return false;
}

static const struct {
    const char *require;
    bool (*holds)(int c);
} cases[] = {
    {"\"consent to mail\"", only_mail},
    {"not \"consent to mail\"", no_mail},
    {"not not\t\"consent to mail\"", only_mail},
    {"会员 and \"consent to mail\"", both},
    {"会员 and not \"consent to mail\" or \"consent to mail\" and not 会员", exactly_one},
    {"(会员 or \"consent to mail\")and not(会员 and\"consent to mail\")", exactly_one},
    {" 会员 or not 会员 ", everybody},
    {"会员 and not 会员 and 会员", nobody},
    {NULL, everybody},
};

static void expect_rows(const kehu_snapshot *snapshot, const char *require,
                        uint32_t batch_rows, bool (*holds)(int c))
{
    const char *const columns[] = {"customer"};
    const kehu_scan_options scan = {.size = sizeof scan,
                                    .batch_rows = batch_rows,
                                    .columns = columns,
                                    .n_columns = 1,
                                    .require = require};
    for (int part = 0; part < 2; part++) {
        char expected[32], *end = expected;
        kehu_error err = {0};
        char *found = store_text(snapshot, (kehu_store_part)part, &scan, &err);
        if (found == NULL)
            fail_msg("%s", err.message);
        for (int c = 0; c < CUSTOMERS + part; c++)
            if (holds(c)) {
                *end++ = (char)('0' + c);
                *end++ = '\n';
            }
        *end = '\0';
        assert_string_equal(found, expected);
        free(found);
    }
}

static void expect_totals(const kehu_snapshot *snapshot, const char *require,
                          bool (*holds)(int c))
{
    const kehu_scan_options options = {.size = sizeof options, .require = require};
    int64_t expected = 0, found = 0;
    kehu_table *t = NULL;
    kehu_error err = {0};
    const int64_t *amounts;
    if (kehu_snapshot_totals(&t, snapshot, &options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    amounts = kehu_table_find(t, "amount")->data;
    for (int64_t i = 0; i < kehu_table_find(t, "amount")->length; i++)
        found += amounts[i];
    for (int c = 0; c <= CUSTOMERS; c++)
        expected += holds(c) ? (int64_t)1 << c : 0;
    assert_int_equal(found, expected);
    kehu_table_free(t);
}

static void test_a_condition_chooses_customers_and_their_events(void **state)
{
    kehu_error err = {0};
    kehu_store *store = fill("store_require", NULL, &err);
    kehu_snapshot *snapshot = NULL;
    (void)state;
    assert_non_null(store);
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (uint32_t batch_rows = 0; batch_rows < 4; batch_rows++)
            expect_rows(snapshot, cases[i].require, batch_rows, cases[i].holds);
        expect_totals(snapshot, cases[i].require, cases[i].holds);
    }
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static bool all_but_eight(int c)
{
    return mail(c) && c != 8;
}

/* A consent that is taken back counts from then on; as of before, it still holds. */
static void test_a_consent_is_that_of_the_snapshots_time(void **state)
{
    kehu_error err = {0};
    kehu_store *store = fill("store_consent", NULL, &err);
    const kehu_snapshot_options before = {.size = sizeof before,
                                          .as_of_sequence = kehu_store_sequence(store)};
    const uint8_t no = 0;
    const int32_t offsets[] = {0, 1};
    const kehu_column taken_back[] = {
        {.name = "customer",
         .type = KEHU_UTF8,
         .length = 1,
         .data = "8",
         .offsets = offsets},
        {.name = "consent to mail", .type = KEHU_BOOL, .length = 1, .data = &no}};
    kehu_snapshot *now = NULL, *then = NULL;
    (void)state;
    assert_int_equal(kehu_store_add_customers(store, taken_back, 2, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&now, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_snapshot_open(&then, store, &before, &err), KEHU_OK);
    expect_rows(now, cases[0].require, 0, all_but_eight);
    expect_rows(then, cases[0].require, 0, only_mail);
    kehu_snapshot_free(now);
    kehu_snapshot_free(then);
    kehu_store_free(store);
}

static void test_one_customers_history_needs_the_consent_too(void **state)
{
    kehu_error err = {0};
    kehu_store *store = fill("store_require_one", NULL, &err);
    const kehu_scan_options options = {.size = sizeof options,
                                       .require = cases[0].require};
    kehu_snapshot *snapshot = NULL;
    (void)state;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    for (int c = 0; c <= CUSTOMERS; c++) {
        const char id[] = {(char)('0' + c), '\0'};
        kehu_scan *scan = NULL;
        kehu_scan_batch batch;
        assert_int_equal(
            kehu_scan_customer(&scan, snapshot, KEHU_STORE_EVENTS, id, &options, &err),
            KEHU_OK);
        assert_int_equal(kehu_scan_next(scan, &batch, &err), KEHU_OK);
        assert_int_equal(batch.n_rows, mail(c));
        kehu_scan_free(scan);
    }
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_customers_go_by_pseudonyms(void **state)
{
    static const char key[] = "sixteen bytes...";
    const char *const columns[] = {"customer"};
    kehu_scan_options options = {.size = sizeof options,
                                 .columns = columns,
                                 .n_columns = 1,
                                 .first_customer = "8",
                                 .pseudonym_key = key,
                                 .pseudonym_key_size = 16};
    kehu_error err = {0};
    kehu_store *store = fill("store_pseudonyms", NULL, &err);
    kehu_snapshot *snapshot = NULL;
    kehu_table *t = NULL;
    char name[2][KEHU_PSEUDONYM_SIZE], expected[80];
    (void)state;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    assert_int_equal(kehu_pseudonym(name[0], "8", key, 16, &err), KEHU_OK);
    assert_int_equal(kehu_pseudonym(name[1], "9", key, 16, &err), KEHU_OK);
    assert_string_equal(name[0], "6da798c810756fe3a0ab6b4da0c1b1fe");
    snprintf(expected, sizeof expected, "%s\n%s\n", name[0], name[1]);
    for (int part = 0; part < 2; part++) {
        char *found = store_text(snapshot, (kehu_store_part)part, &options, &err);
        assert_non_null(found);
        expected[part == 0 ? 33 : 66] = '\0';
        assert_string_equal(found, expected);
        expected[33] = name[1][0];
        free(found);
    }
    options.n_columns = 0;
    assert_int_equal(kehu_snapshot_totals(&t, snapshot, &options, &err), KEHU_OK);
    assert_memory_equal(kehu_table_find(t, "customer")->data, name[0], 32);
    kehu_table_free(t);
    options.pseudonym_key_size = 15;
    assert_int_equal(kehu_snapshot_totals(&t, snapshot, &options, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message,
                        "a key for pseudonyms has 16 bytes or more, this one 15");
    assert_int_equal(kehu_pseudonym(name[0], "8", key, 15, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_pseudonym(name[0], "8", NULL, 0, &err), KEHU_ARGUMENT);
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static void test_a_condition_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *require;
        kehu_status status;
        int where;
        const char *message;
    } bad[] = {
        {"", KEHU_ARGUMENT, 0, "require: expected a field at ''"},
        {"会员 and", KEHU_ARGUMENT, 10, "require: expected a field at ''"},
        {"会员 会员", KEHU_ARGUMENT, 7, "require: expected and, or at '会员'"},
        {"(会员", KEHU_ARGUMENT, 7, "require: expected ')', and, or at ''"},
        {"会员)", KEHU_ARGUMENT, 6, "require: expected and, or at ')'"},
        {"not or 会员", KEHU_ARGUMENT, 4, "require: expected a field at 'or 会员'"},
        {"\"会员", KEHU_ARGUMENT, 0,
         "require: expected a quote that is closed at '\"会员'"},
        {"会员 and \"a\"\"b\"", KEHU_COLUMN, 11,
         "require: customers have no field a\"b of type bool"},
        {"会员\n会员", KEHU_ARGUMENT, 7, "require: expected and, or at '会员'"},
        {"会员 会员\n", KEHU_ARGUMENT, 7, "require: expected and, or at '会员'"},
        {"会员 一二三四五六七八九十一二三四", KEHU_ARGUMENT, 7,
         "require: expected and, or at '一二三四五六七八九十一二三'"},
        {"city", KEHU_COLUMN, 0, "require: customers have no field city of type bool"},
        {"customer", KEHU_COLUMN, 0,
         "require: customers have no field customer of type bool"},
    };
    kehu_error err = {0};
    kehu_store *store = fill("store_require_bad", NULL, &err);
    kehu_snapshot *snapshot = NULL;
    char many[4096];
    (void)state;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, &err), KEHU_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const kehu_scan_options options = {.size = sizeof options,
                                           .require = bad[i].require};
        kehu_scan *scan = NULL;
        kehu_table *t = NULL;
        assert_int_equal(
            kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &options, &err),
            bad[i].status);
        assert_string_equal(err.message, bad[i].message);
        assert_int_equal(err.where, bad[i].where);
        assert_null(scan);
        assert_int_equal(kehu_snapshot_totals(&t, snapshot, &options, &err),
                         bad[i].status);
        assert_null(t);
    }
    for (int kind = 0; kind < 2; kind++) {
        const kehu_scan_options options = {.size = sizeof options, .require = many};
        kehu_scan *scan = NULL;
        many[0] = '\0';
        for (int i = 0; i < (kind == 0 ? 32 : 128); i++)
            strcat(many, kind == 0 ? "not " : "会员 or ");
        strcat(many, "会员");
        assert_int_equal(
            kehu_scan_open(&scan, snapshot, KEHU_STORE_EVENTS, &options, &err),
            KEHU_LIMIT);
        assert_string_equal(err.message,
                            kind == 0 ? "require: more than 32 levels"
                                      : "require: more than 256 names and operators");
    }
    kehu_snapshot_free(snapshot);
    kehu_store_free(store);
}

static kehu_status scan_all(const kehu_snapshot *snapshot, kehu_error *err)
{
    const kehu_scan_options options = {.size = sizeof options,
                                       .require = cases[4].require};
    kehu_table *t = NULL;
    kehu_status status = kehu_snapshot_totals(&t, snapshot, &options, err);
    kehu_table_free(t);
    for (int part = 0; part < 2 && status == KEHU_OK; part++) {
        kehu_scan *scan = NULL;
        kehu_scan_batch batch = {.n_rows = 1};
        status = kehu_scan_open(&scan, snapshot, (kehu_store_part)part, &options, err);
        while (status == KEHU_OK && batch.n_rows > 0)
            status = kehu_scan_next(scan, &batch, err);
        kehu_scan_free(scan);
    }
    return status;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    kehu_status status = KEHU_NO_MEMORY;
    kehu_error err = {0};
    (void)state;
    kehu_store_free(fill("store_require_memory", NULL, &err));
    for (long n = 0; status == KEHU_NO_MEMORY; n++) {
        faulty f;
        const kehu_snapshot_options options = {.size = sizeof options,
                                               .alloc = faulty_init(&f, n)};
        kehu_snapshot *snapshot = NULL;
        status =
            kehu_snapshot_open_path(&snapshot, "store_require_memory", &options, &err);
        if (status == KEHU_OK)
            status = scan_all(snapshot, &err);
        kehu_snapshot_free(snapshot);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n > 40 || status == KEHU_NO_MEMORY);
    }
    assert_int_equal(status, KEHU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_condition_chooses_customers_and_their_events),
        cmocka_unit_test(test_a_consent_is_that_of_the_snapshots_time),
        cmocka_unit_test(test_one_customers_history_needs_the_consent_too),
        cmocka_unit_test(test_customers_go_by_pseudonyms),
        cmocka_unit_test(test_a_condition_that_cannot_be_is_refused),
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
