#include <kehu/redact.h>

#include <stdlib.h>
#include <string.h>

#include "support/faulty.h"
#include "support/test.h"

static const char *const texts[] = {"请打13812345678", "没有", "",
                                    "卡4111111111111111。"};
enum { N = 4 };

/* The texts as a column, the third missing. */
static kehu_column column(char bytes[256], int32_t offsets[N + 1])
{
    static const uint8_t validity[1] = {0x0B};
    offsets[0] = 0;
    for (int i = 0; i < N; i++) {
        const size_t n = strlen(texts[i]);
        memcpy(bytes + offsets[i], texts[i], n);
        offsets[i + 1] = offsets[i] + (int32_t)n;
    }
    return (kehu_column){.name = "note",
                         .type = KEHU_UTF8,
                         .length = N,
                         .data = bytes,
                         .offsets = offsets,
                         .validity = validity};
}

static void expect_row(const kehu_table *table, int64_t row, const char *expected)
{
    const kehu_column *c = kehu_table_column(table, 0);
    const int64_t *ends = c->offsets;
    assert_int_equal(ends[row + 1] - ends[row], strlen(expected));
    assert_memory_equal((const char *)c->data + ends[row], expected, strlen(expected));
}

static void test_redact_replaces_in_a_column(void **state)
{
    char bytes[256];
    int32_t offsets[N + 1];
    const kehu_column c = column(bytes, offsets);
    const char *const stars[KEHU_REDACT_KINDS] = {"***", "", "", "", ""};
    const kehu_redact_options phones = {
        .size = sizeof phones, .kinds = 1u << KEHU_REDACT_PHONE, .instead = stars};
    int64_t counts[KEHU_REDACT_KINDS];
    kehu_table *table;
    (void)state;
    assert_int_equal(kehu_redact_texts(&table, &c, NULL, counts, NULL), KEHU_OK);
    assert_string_equal(kehu_table_column(table, 0)->name, "note");
    assert_int_equal(kehu_table_row_count(table), N);
    expect_row(table, 0, "请打[phone]");
    expect_row(table, 1, "没有");
    expect_row(table, 3, "卡[bank card]。");
    assert_int_equal(kehu_table_column(table, 0)->validity[0] & 0x0F, 0x0B);
    assert_int_equal(counts[KEHU_REDACT_PHONE], 1);
    assert_int_equal(counts[KEHU_REDACT_BANK_CARD], 1);
    assert_int_equal(counts[KEHU_REDACT_EMAIL], 0);
    kehu_table_free(table);
    assert_int_equal(kehu_redact_texts(&table, &c, &phones, NULL, NULL), KEHU_OK);
    expect_row(table, 0, "请打***");
    expect_row(table, 3, texts[3]);
    kehu_table_free(table);
}

static void test_redact_tells_kind_and_place(void **state)
{
    const char text[] = "王五\xFF a.b@c.com 13812345678";
    kehu_redact_span spans[1];
    int64_t n;
    (void)state;
    assert_int_equal(kehu_redact_find(text, sizeof text - 1, NULL, spans, 1, &n, NULL),
                     KEHU_OK);
    assert_int_equal(n, 2);
    assert_int_equal(spans[0].kind, KEHU_REDACT_EMAIL);
    assert_int_equal(spans[0].start, 8);
    assert_int_equal(spans[0].end, 17);
    assert_string_equal(kehu_redact_kind_name(KEHU_REDACT_ADDRESS), "address");
    assert_null(kehu_redact_kind_name(KEHU_REDACT_KINDS));
    assert_int_equal(kehu_redact_find(NULL, 0, NULL, NULL, 0, &n, NULL), KEHU_OK);
    assert_int_equal(n, 0);
}

/* The check digits decide: of ten last digits one is a card's, of eleven one is an
 * identity card's. */
static void test_redact_checks_digits(void **state)
{
    char card[] = "411111111111111?", identity[] = "11010519491231002?";
    int cards = 0, identities = 0;
    int64_t n;
    (void)state;
    for (const char *c = "0123456789X"; *c != '\0'; c++) {
        kehu_redact_span span;
        card[15] = identity[17] = *c;
        assert_int_equal(kehu_redact_find(card, 16, NULL, &span, 1, &n, NULL), KEHU_OK);
        cards += n == 1 && span.kind == KEHU_REDACT_BANK_CARD;
        assert_int_equal(kehu_redact_find(identity, 18, NULL, &span, 1, &n, NULL),
                         KEHU_OK);
        identities += n == 1 && span.kind == KEHU_REDACT_IDENTITY_CARD;
    }
    assert_int_equal(cards, 1);
    assert_int_equal(identities, 1);
}

static void test_redact_refuses_bad_arguments(void **state)
{
    char bytes[256];
    int32_t offsets[N + 1];
    kehu_column c = column(bytes, offsets);
    kehu_redact_options options = {.size = sizeof options, .kinds = 32};
    const char *const holes[KEHU_REDACT_KINDS] = {"a", NULL, "", "", ""};
    kehu_table *table;
    kehu_error err;
    int64_t n;
    (void)state;
    assert_int_equal(kehu_redact_find("x", 1, &options, NULL, 0, &n, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "kinds is 32, expected 0 to 31");
    options = (kehu_redact_options){.size = sizeof options, .instead = holes};
    assert_int_equal(kehu_redact_texts(&table, &c, &options, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "instead[1] is NULL");
    assert_null(table);
    assert_int_equal(kehu_redact_find("x", -1, NULL, NULL, 0, &n, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_redact_find("x", 1, NULL, NULL, 1, &n, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_redact_texts(NULL, &c, NULL, NULL, &err), KEHU_ARGUMENT);
    c.type = KEHU_INT64;
    assert_int_equal(kehu_redact_texts(&table, &c, NULL, NULL, &err), KEHU_COLUMN);
}

static void test_redact_without_memory(void **state)
{
    char bytes[256];
    int32_t offsets[N + 1];
    const kehu_column c = column(bytes, offsets);
    long n = 0;
    (void)state;
    for (kehu_status status = KEHU_NO_MEMORY; status != KEHU_OK; n++) {
        faulty f;
        const kehu_redact_options options = {.size = sizeof options,
                                             .alloc = faulty_init(&f, n)};
        kehu_table *table;
        status = kehu_redact_texts(&table, &c, &options, NULL, NULL);
        if (status != KEHU_OK) {
            assert_int_equal(status, KEHU_NO_MEMORY);
            assert_null(table);
        }
        kehu_table_free(table);
        assert_int_equal(f.live_blocks, 0);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact_replaces_in_a_column),
        cmocka_unit_test(test_redact_tells_kind_and_place),
        cmocka_unit_test(test_redact_checks_digits),
        cmocka_unit_test(test_redact_refuses_bad_arguments),
        cmocka_unit_test(test_redact_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
