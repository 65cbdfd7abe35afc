#include <kehu/arrow.h>

#include <string.h>

#include "base/bytes.h"
#include "data/column.h"
#include "support/test.h"

static kehu_table *sample(const kehu_allocator *alloc)
{
    static const int32_t ends[] = {0, 6, 6, 9};
    static const double x[] = {1.5, 2, 3};
    static const uint8_t some = 5, bits = 6;
    const kehu_column columns[] = {
        {.name = "text",
         .type = KEHU_UTF8,
         .length = 3,
         .data = "李雷abc",
         .offsets = ends,
         .validity = &some},
        {.name = "x", .type = KEHU_FLOAT64, .length = 3, .data = x},
        {.name = "good", .type = KEHU_BOOL, .length = 3, .data = &bits},
    };
    kehu_table *t = NULL;
    return kehu_table_copy(&t, columns, 3, alloc, NULL) == KEHU_OK ? t : NULL;
}

static void assert_sample(const kehu_table *t)
{
    assert_int_equal(kehu_table_row_count(t), 3);
    assert_int_equal(kehu_table_column_count(t), 3);
    assert_int_equal(kehu__column_text(kehu_table_find(t, "text"), 0).size, 6);
    assert_false(kehu__column_valid(kehu_table_find(t, "text"), 1));
    assert_memory_equal(kehu__column_text(kehu_table_find(t, "text"), 2).bytes, "abc", 3);
    assert_true(kehu__column_number(kehu_table_find(t, "x"), 2) == 3);
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "good"), 0), 0);
    assert_int_equal(kehu__column_integer(kehu_table_find(t, "good"), 2), 1);
}

static void test_arrow_export_shares_memory_and_follows_the_standard(void **state)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    kehu_table *t = sample(NULL);
    const kehu_column *x = kehu_table_find(t, "x");
    (void)state;
    assert_int_equal(kehu_arrow_export(&schema, &array, t, NULL), KEHU_OK);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, 3);
    assert_string_equal(schema.children[0]->format, "u");
    assert_string_equal(schema.children[1]->format, "g");
    assert_string_equal(schema.children[2]->format, "b");
    assert_string_equal(schema.children[1]->name, "x");
    assert_int_equal(schema.children[0]->flags, ARROW_FLAG_NULLABLE);
    assert_int_equal(array.length, 3);
    assert_int_equal(array.n_buffers, 1);
    assert_int_equal(array.n_children, 3);
    assert_int_equal(array.children[0]->null_count, 1);
    assert_int_equal(array.children[0]->n_buffers, 3);
    assert_int_equal(array.children[1]->null_count, 0);
    assert_ptr_equal(array.children[1]->buffers[1], x->data);
    assert_null(array.children[1]->buffers[0]);
    kehu_table_free(t); /* what was exported lives on */
    assert_true(((const double *)array.children[1]->buffers[1])[0] == 1.5);
    array.release(&array);
    schema.release(&schema);
    assert_null(array.release);
    assert_null(schema.release);
}

static void test_arrow_children_may_be_moved_out(void **state)
{
    struct ArrowSchema schema, name;
    struct ArrowArray array, x;
    kehu_table *t = sample(NULL);
    (void)state;
    assert_int_equal(kehu_arrow_export(&schema, &array, t, NULL), KEHU_OK);
    x = *array.children[1];
    array.children[1]->release = NULL;
    name = *schema.children[1];
    schema.children[1]->release = NULL;
    array.release(&array);
    schema.release(&schema);
    kehu_table_free(t);
    assert_true(((const double *)x.buffers[1])[2] == 3);
    assert_string_equal(name.name, "x");
    x.release(&x);
    name.release(&name);
}

static void test_arrow_round_trip_moves_and_frees_in_any_order(void **state)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    kehu_table *t = sample(NULL), *back, *again;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_arrow_export(&schema, &array, t, NULL), KEHU_OK);
    assert_int_equal(kehu_arrow_import(&back, &schema, &array, NULL, NULL), KEHU_OK);
    assert_null(schema.release);
    assert_null(array.release);
    assert_sample(back);
    assert_ptr_equal(kehu_table_find(back, "x")->data, kehu_table_find(t, "x")->data);
    kehu_table_free(t);
    assert_sample(back);
    /* A second import of what was moved is an error, not a crash. */
    assert_int_equal(kehu_arrow_import(&again, &schema, &array, NULL, &err),
                     KEHU_ARGUMENT);
    assert_null(again);
    /* An import can be exported again. */
    assert_int_equal(kehu_arrow_export(&schema, &array, back, NULL), KEHU_OK);
    kehu_table_free(back);
    assert_int_equal(kehu_arrow_import(&again, &schema, &array, NULL, NULL), KEHU_OK);
    assert_sample(again);
    kehu_table_free(again);
}

static kehu_status stream_of(struct ArrowArrayStream *stream, const kehu_table *t)
{
    return kehu_arrow_export_stream(stream, &t, 1, NULL);
}

static void test_arrow_stream_gives_an_array_a_table(void **state)
{
    kehu_table *t = sample(NULL), *other, *back;
    const kehu_table *two[2] = {t, t};
    struct ArrowArrayStream stream;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_arrow_export_stream(&stream, two, 2, NULL), KEHU_OK);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(kehu_arrow_next(&back, &stream, NULL, NULL), KEHU_OK);
        assert_sample(back);
        assert_ptr_equal(kehu_table_find(back, "x")->data, kehu_table_find(t, "x")->data);
        kehu_table_free(back);
    }
    assert_int_equal(kehu_arrow_next(&back, &stream, NULL, NULL), KEHU_OK);
    assert_null(back);
    stream.release(&stream);
    kehu_column columns[3] = {*kehu_table_column(t, 0), *kehu_table_column(t, 1),
                              *kehu_table_column(t, 1)};
    columns[2].name = "good";
    assert_int_equal(kehu_table_copy(&other, columns, 3, NULL, NULL), KEHU_OK);
    two[1] = other;
    assert_int_equal(kehu_arrow_export_stream(&stream, two, 2, &err), KEHU_COLUMN);
    assert_string_equal(err.message,
                        "table 1 has column good FLOAT64 where the first has good BOOL");
    assert_int_equal(err.where, 1);
    two[1] = NULL;
    assert_int_equal(kehu_arrow_export_stream(&stream, two, 2, NULL), KEHU_ARGUMENT);
    assert_int_equal(kehu_arrow_export_stream(&stream, two, 0, NULL), KEHU_ARGUMENT);
    kehu_table_free(other);
    kehu_table_free(t);
}

static void test_arrow_stream_gives_one_array_then_ends(void **state)
{
    struct ArrowArrayStream stream;
    kehu_table *t = sample(NULL), *back;
    (void)state;
    assert_int_equal(stream_of(&stream, t), KEHU_OK);
    kehu_table_free(t);
    assert_int_equal(kehu_arrow_next(&back, &stream, NULL, NULL), KEHU_OK);
    assert_sample(back);
    assert_int_equal(kehu_arrow_next(&t, &stream, NULL, NULL), KEHU_OK);
    assert_null(t);
    assert_null(stream.get_last_error(&stream));
    stream.release(&stream);
    assert_null(stream.release);
    assert_sample(back); /* lives on without the stream */
    kehu_table_free(back);
    assert_int_equal(kehu_arrow_next(&t, &stream, NULL, NULL), KEHU_ARGUMENT);
}

static void test_arrow_empty_columns_have_buffers(void **state)
{
    const kehu_column columns[] = {{.name = "t", .type = KEHU_UTF8},
                                   {.name = "x", .type = KEHU_FLOAT64}};
    struct ArrowSchema schema;
    struct ArrowArray array;
    kehu_table *t, *back;
    (void)state;
    assert_int_equal(kehu_table_copy(&t, columns, 2, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_arrow_export(&schema, &array, t, NULL), KEHU_OK);
    assert_non_null(array.children[0]->buffers[1]);
    assert_int_equal(((const int32_t *)array.children[0]->buffers[1])[0], 0);
    assert_int_equal(kehu_arrow_import(&back, &schema, &array, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(back), 0);
    kehu_table_free(back);
    kehu_table_free(t);
}

/* ---- a producer of our own, to send what others send ---- */

static int released;

static void release_array(struct ArrowArray *a)
{
    for (int64_t i = 0; i < a->n_children; i++)
        if (a->children[i]->release != NULL)
            a->children[i]->release(a->children[i]);
    if (a->dictionary != NULL && a->dictionary->release != NULL)
        a->dictionary->release(a->dictionary);
    a->release = NULL;
    released++;
}

static void release_schema(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i]->release != NULL)
            s->children[i]->release(s->children[i]);
    s->release = NULL;
    released++;
}

static struct ArrowSchema schema_of(const char *format, const char *name)
{
    return (struct ArrowSchema){
        .format = format, .name = name, .release = release_schema};
}

static struct ArrowArray array_of(const void **buffers, int64_t n_buffers, int64_t offset,
                                  int64_t length, int64_t nulls)
{
    return (struct ArrowArray){.length = length,
                               .null_count = nulls,
                               .offset = offset,
                               .n_buffers = n_buffers,
                               .buffers = buffers,
                               .release = release_array};
}

static void test_arrow_import_honours_offsets_of_parent_and_child(void **state)
{
    static const int32_t values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const int32_t ends[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    static const uint8_t valid[] = {0xDF, 0xFF}; /* number 5 is missing */
    const void *numbers[] = {valid, values}, *texts[] = {NULL, ends, "abcdefghij"};
    const void *none[] = {NULL};
    struct ArrowArray a = array_of(numbers, 2, 2, 8, -1);
    struct ArrowArray b = array_of(texts, 3, 1, 9, 0);
    struct ArrowSchema sa = schema_of("i", "n"), sb = schema_of("u", NULL);
    struct ArrowArray *arrays[] = {&a, &b};
    struct ArrowSchema *schemas[] = {&sa, &sb};
    struct ArrowArray parent = array_of(none, 1, 3, 4, 0);
    struct ArrowSchema schema = schema_of("+s", "");
    kehu_table *t;
    (void)state;
    parent.n_children = schema.n_children = 2;
    parent.children = arrays;
    schema.children = schemas;
    released = 0;
    assert_int_equal(kehu_arrow_import(&t, &schema, &parent, NULL, NULL), KEHU_OK);
    assert_int_equal(released, 3); /* the schemas */
    assert_int_equal(kehu_table_row_count(t), 4);
    assert_false(kehu__column_valid(kehu_table_column(t, 0), 0));
    assert_int_equal(kehu__column_integer(kehu_table_column(t, 0), 1), 6);
    assert_int_equal(*kehu__column_text(kehu_table_column(t, 1), 0).bytes, 'e');
    assert_int_equal(*kehu__column_text(kehu_table_column(t, 1), 3).bytes, 'h');
    assert_string_equal(kehu_table_column(t, 1)->name, "");
    kehu_table_free(t);
    assert_int_equal(released, 6);
}

static void test_arrow_import_takes_dictionaries_of_any_code(void **state)
{
    static const int8_t c8[] = {9, 1, 0, 1};
    static const int16_t c16[] = {9, 1, 0, 1};
    static const int32_t c32[] = {9, 1, 0, 1}, ends[] = {0, 1, 3};
    static const int64_t c64[] = {9, 1, 0, 1};
    const struct {
        const char *format;
        const void *codes;
        kehu_type type;
        const char *out;
        bool is_shared;
    } cases[] = {
        {"c", c8, KEHU_CATEGORY8, "C", true},   {"C", c8, KEHU_CATEGORY8, "C", true},
        {"s", c16, KEHU_CATEGORY16, "S", true}, {"S", c16, KEHU_CATEGORY16, "S", true},
        {"i", c32, KEHU_CATEGORY, "i", true},   {"I", c32, KEHU_CATEGORY, "i", true},
        {"l", c64, KEHU_CATEGORY, "i", false}};
    const void *texts[] = {NULL, ends, "abb"};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const void *codes[] = {NULL, cases[k].codes};
        struct ArrowArray words = array_of(texts, 3, 0, 2, 0);
        struct ArrowSchema word_schema = schema_of("u", "");
        struct ArrowArray a = array_of(codes, 2, 1, 3, 0);
        struct ArrowSchema s = schema_of(cases[k].format, "level");
        kehu_table *t;
        a.dictionary = &words;
        s.dictionary = &word_schema;
        assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_table_column(t, 0)->type, cases[k].type);
        assert_int_equal(kehu_table_column(t, 0)->data == cases[k].codes,
                         cases[k].is_shared);
        assert_int_equal(kehu__column_text(kehu_table_column(t, 0), 0).size, 2);
        assert_int_equal(kehu__column_text(kehu_table_column(t, 0), 1).size, 1);
        {
            struct ArrowSchema out_schema;
            struct ArrowArray out;
            assert_int_equal(kehu_arrow_export(&out_schema, &out, t, NULL), KEHU_OK);
            assert_string_equal(out_schema.children[0]->format, cases[k].out);
            assert_string_equal(out_schema.children[0]->dictionary->format, "u");
            assert_int_equal(out.children[0]->dictionary->length, 2);
            kehu_table_free(t);
            out.release(&out);
            out_schema.release(&out_schema);
        }
    }
}

/* A negative code must not become one of the upper half. */
static void test_arrow_import_refuses_negative_codes_of_long_dictionaries(void **state)
{
    enum { WORDS = 200 };
    static int32_t ends[WORDS + 1];
    static const int8_t codes[] = {1, -1};
    const void *texts[] = {NULL, ends, NULL}, *buffers[] = {NULL, codes};
    struct ArrowArray words = array_of(texts, 3, 0, WORDS, 0),
                      a = array_of(buffers, 2, 0, 2, 0);
    struct ArrowSchema of_words = schema_of("u", ""), s = schema_of("c", "level");
    kehu_table *t;
    kehu_error err;
    (void)state;
    a.dictionary = &words;
    s.dictionary = &of_words;
    assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "level has code -1, expected 0 to 199");
}

static void test_arrow_import_takes_dictionaries_of_views(void **state)
{
    static const struct {
        int32_t size;
        char text[12];
    } views[] = {{1, "a"}, {2, "bb"}};
    static const uint32_t codes[] = {1, 0};
    const void *word_buffers[] = {NULL, views, NULL}, *buffers[] = {NULL, codes};
    struct ArrowArray words = array_of(word_buffers, 3, 0, 2, 0),
                      a = array_of(buffers, 2, 0, 2, 0);
    struct ArrowSchema of_words = schema_of("vu", ""), s = schema_of("I", "c");
    kehu_table *t;
    (void)state;
    a.dictionary = &words;
    s.dictionary = &of_words;
    assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_column(t, 0)->type, KEHU_CATEGORY);
    assert_memory_equal(kehu__column_text(kehu_table_column(t, 0), 0).bytes, "bb", 2);
    assert_int_equal(kehu__column_text(kehu_table_column(t, 0), 1).size, 1);
    kehu_table_free(t);
}

static void test_arrow_import_reads_times_and_views(void **state)
{
    static const int64_t times[] = {1500, -1, 86400000};
    static const struct {
        const char *format;
        kehu_type type;
        int64_t want[3];
    } cases[] = {
        {"tss:", KEHU_TIMESTAMP_S, {1500000000, -1000000, INT64_C(86400000000000)}},
        {"tsm:UTC", KEHU_TIMESTAMP_MS, {1500000, -1000, 86400000000}},
        {"tsu:Asia/Shanghai", KEHU_TIMESTAMP, {1500, -1, 86400000}},
        {"tsn:", KEHU_TIMESTAMP_NS, {1, -1, 86400}},
        {"tdm", KEHU_DATE32, {0, -1, 1}},
    };
    const void *buffers[] = {NULL, times};
    kehu_table *t;
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct ArrowArray a = array_of(buffers, 2, 0, 3, 0);
        struct ArrowSchema s = schema_of(cases[k].format, "t");
        assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu_table_column(t, 0)->type, cases[k].type);
        assert_int_equal(kehu_table_column(t, 0)->data == times,
                         cases[k].type != KEHU_DATE32);
        for (int64_t i = 0; i < 3; i++)
            assert_true(kehu__column_integer(kehu_table_column(t, 0), i) ==
                        cases[k].want[i]);
        kehu_table_free(t);
    }
    {
        static const char longer[] = "a text of more than twelve bytes";
        static const int64_t sizes[] = {sizeof longer - 1};
        static const uint8_t valid = 5;
        struct {
            int32_t size;
            char start[4];
            int32_t buffer, at;
        } views[3] = {{2, "ab", 0, 0}, {77, "", 9, 9}, {30, "text", 0, 2}};
        const void *view_buffers[] = {&valid, views, longer, sizes};
        struct ArrowArray a = array_of(view_buffers, 4, 0, 3, 1);
        struct ArrowSchema s = schema_of("vu", "v");
        assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
        assert_int_equal(kehu__column_text(kehu_table_column(t, 0), 0).size, 2);
        assert_false(kehu__column_valid(kehu_table_column(t, 0), 1));
        assert_ptr_equal(kehu__column_text(kehu_table_column(t, 0), 2).bytes, longer + 2);
        {
            struct ArrowSchema out_schema;
            struct ArrowArray out;
            assert_int_equal(kehu_arrow_export(&out_schema, &out, t, NULL), KEHU_OK);
            assert_string_equal(out_schema.children[0]->format, "vu");
            assert_int_equal(out.children[0]->n_buffers, 4);
            for (int i = 0; i < 4; i++)
                assert_ptr_equal(out.children[0]->buffers[i], view_buffers[i]);
            out.release(&out);
            out_schema.release(&out_schema);
        }
        kehu_table_free(t);
        views[2].at = 3;
        a = array_of(view_buffers, 4, 0, 3, 1);
        s = schema_of("vu", "v");
        assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_ARGUMENT);
    }
}

/* A decimal of 128 bits as it lies in memory: of the machine's own byte order. */
#define WIDE(high, low)                                                                  \
    {                                                                                    \
        KEHU__BIG_ENDIAN ? (high) : (low), KEHU__BIG_ENDIAN ? (low) : (high)             \
    }

static void test_arrow_import_reads_decimals(void **state)
{
    const uint64_t wide[3][2] = {WIDE(0, 150), WIDE(UINT64_MAX, UINT64_MAX - 149),
                                 WIDE(UINT64_MAX >> 1, UINT64_MAX)};
    const uint64_t whole[3][2] = {WIDE(UINT64_MAX, UINT64_C(1) << 63), WIDE(0, INT64_MAX),
                                  WIDE(0, UINT64_C(1) << 63)};
    static const int32_t narrow[] = {150, -150, INT32_MIN};
    const struct {
        const char *format, *out;
        const void *data;
        double want[3];
    } cases[] = {
        {"d:38,2", "d:38,2", wide, {1.5, -1.5, 1.7014118346046923e36}},
        {"d:38,-1,128", "d:38,-1", wide, {1500, -1500, 1.7014118346046923e39}},
        {"d:9,3,32", "d:9,3,32", narrow, {.15, -.15, -2147483.648}},
    };
    const void *buffers[] = {NULL, NULL};
    kehu_table *t;
    kehu_error err;
    struct ArrowSchema s, out;
    struct ArrowArray a;
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        buffers[1] = cases[k].data;
        a = array_of(buffers, 2, 0, 3, 0);
        s = schema_of(cases[k].format, "d");
        assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
        assert_ptr_equal(kehu_table_column(t, 0)->data, cases[k].data);
        assert_int_equal(kehu__column_kind(kehu_table_column(t, 0)), KEHU_FLOAT64);
        assert_int_equal(kehu_arrow_export(&out, NULL, t, NULL), KEHU_OK);
        assert_string_equal(out.children[0]->format, cases[k].out);
        out.release(&out);
        for (int64_t i = 0; i < 3; i++)
            assert_true(kehu__column_number(kehu_table_column(t, 0), i) ==
                        cases[k].want[i]);
        kehu_table_free(t);
    }
    buffers[1] = whole;
    a = array_of(buffers, 2, 0, 2, 0);
    s = schema_of("d:38,0", "d");
    assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu__column_kind(kehu_table_column(t, 0)), KEHU_INT64);
    assert_true(kehu__column_integer(kehu_table_column(t, 0), 0) == INT64_MIN);
    assert_true(kehu__column_integer(kehu_table_column(t, 0), 1) == INT64_MAX);
    kehu_table_free(t);
    a = array_of(buffers, 2, 0, 3, 0);
    s = schema_of("d:38,0", "d");
    assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, &err), KEHU_RANGE);
    assert_int_equal(err.where, 2);
    for (size_t k = 0; k < 5; k++) {
        static const char *const bad[] = {"d:", "d:38", "d:38,2,100", "d:38,2,", "d:x,2"};
        s = schema_of(bad[k], "d");
        assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_COLUMN);
    }
}

/* A copy has the library's own types. */
static void test_table_copy_makes_foreign_layouts_plain(void **state)
{
    static const uint8_t codes[] = {1, 0}, valid = 3;
    static const int32_t ends[] = {0, 1, 3}, cents[] = {150, -1};
    static const int64_t seconds[] = {1, -1};
    static const char bytes[] = "more than twelve bytes";
    static const void *const buffers[] = {bytes};
    static const int64_t sizes[] = {sizeof bytes - 1};
    static const kehu_view views[] = {{sizeof bytes - 1, "more", 0, 0}, {1, "x", 0, 0}};
    const kehu_view_bytes of_views = {1, buffers, sizes};
    const kehu_column words = {
        .type = KEHU_UTF8, .length = 2, .data = "abb", .offsets = ends};
    const kehu_column columns[] = {
        {.name = "c",
         .type = KEHU_CATEGORY8,
         .length = 2,
         .data = codes,
         .dictionary = &words},
        {.name = "s",
         .type = KEHU_TIMESTAMP_S,
         .length = 2,
         .data = seconds,
         .validity = &valid},
        {.name = "d",
         .type = KEHU_DECIMAL32,
         .precision = 9,
         .scale = 2,
         .length = 2,
         .data = cents},
        {.name = "w", .type = KEHU_DECIMAL32, .precision = 9, .length = 2, .data = cents},
        {.name = "v",
         .type = KEHU_UTF8_VIEW,
         .length = 2,
         .data = views,
         .offsets = &of_views}};
    static const kehu_type types[] = {KEHU_UTF8, KEHU_TIMESTAMP, KEHU_FLOAT64, KEHU_INT64,
                                      KEHU_LARGE_UTF8};
    static const kehu_view beyond[] = {{30, "more", 0, 0}, {1, "x", 0, 0}};
    kehu_column bad = columns[4];
    kehu_table *t, *twice;
    kehu_error err;
    (void)state;
    assert_int_equal(kehu_table_copy(&t, columns, 5, NULL, NULL), KEHU_OK);
    for (int k = 0; k < 5; k++)
        assert_int_equal(kehu_table_column(t, k)->type, types[k]);
    assert_memory_equal(kehu__column_text(kehu_table_column(t, 0), 0).bytes, "bb", 2);
    assert_true(kehu__column_integer(kehu_table_column(t, 1), 1) == -1000000);
    assert_true(kehu__column_number(kehu_table_column(t, 2), 1) == -.01);
    assert_true(kehu__column_integer(kehu_table_column(t, 3), 0) == 150);
    assert_memory_equal(kehu__column_text(kehu_table_column(t, 4), 0).bytes, bytes, 22);
    assert_int_equal(
        kehu_table_concat(&twice, (const kehu_table *const[]){t, t}, 2, NULL, NULL),
        KEHU_OK);
    kehu_table_free(twice);
    kehu_table_free(t);
    bad.data = beyond;
    assert_int_equal(kehu_table_copy(&t, &bad, 1, NULL, &err), KEHU_ARGUMENT);
    assert_string_equal(err.message, "v has an impossible view");
    assert_int_equal(err.where, 0);
    bad.offsets = NULL;
    assert_int_equal(kehu_table_copy(&t, &bad, 1, NULL, NULL), KEHU_ARGUMENT);
}

static int append(void *ctx, const void *bytes, size_t size)
{
    strncat(ctx, bytes, size);
    return 0;
}

static void test_arrow_whole_decimals_may_be_money(void **state)
{
    static const kehu_field money[] = {
        {.name = "cents", .type = KEHU_INT64, .decimals = 2}};
    static const int64_t cents[] = {150, -1};
    const kehu_write_options options = {
        .size = sizeof options, .fields = money, .n_fields = 1};
    const void *buffers[] = {NULL, cents};
    struct ArrowArray a = array_of(buffers, 2, 0, 2, 0);
    struct ArrowSchema s = schema_of("d:18,0,64", "cents");
    char csv[64] = "";
    const kehu_writer writer = {append, csv};
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_write_csv(t, &writer, &options, NULL), KEHU_OK);
    assert_string_equal(csv, "cents\n1.50\n-0.01\n");
    kehu_table_free(t);
}

static void test_arrow_import_takes_the_type_null(void **state)
{
    struct ArrowArray a = array_of(NULL, 0, 0, 9, 9);
    struct ArrowSchema s = schema_of("n", "nothing");
    kehu_table *t;
    (void)state;
    assert_int_equal(kehu_arrow_import(&t, &s, &a, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_table_row_count(t), 9);
    assert_int_equal(kehu_table_column(t, 0)->type, KEHU_FLOAT64);
    assert_false(kehu__column_valid(kehu_table_column(t, 0), 8));
    kehu_table_free(t);
}

static void test_arrow_import_refuses_what_cannot_be(void **state)
{
    static const int64_t values[] = {1, 2, INT64_MAX};
    static const int32_t falling[] = {0, 5, 3};
    const void *buffers[] = {NULL, values}, *texts[] = {NULL, falling, "abcdef"};
    struct {
        struct ArrowSchema schema;
        struct ArrowArray array;
        kehu_status want;
        const char *message;
    } cases[] = {
        {schema_of("tDs", "d"), array_of(buffers, 2, 0, 3, 0), KEHU_COLUMN,
         "Arrow column d has format tDs, which kehu does not read"},
        {schema_of("l", "n"), array_of(buffers, 1, 0, 3, 0), KEHU_ARGUMENT,
         "Arrow column n lacks buffers"},
        {schema_of("l", "n"), array_of(buffers, 2, 0, -1, 0), KEHU_ARGUMENT,
         "Arrow column n has an impossible length or offset"},
        {schema_of("l", "n"), array_of(buffers, 2, -1, 3, 0), KEHU_ARGUMENT,
         "Arrow column n has an impossible length or offset"},
        {schema_of("l", "n"), array_of(buffers, 2, 0, 3, 1), KEHU_ARGUMENT,
         "Arrow column n lacks the validity buffer"},
        {schema_of("u", "t"), array_of(texts, 3, 0, 2, 0), KEHU_ARGUMENT,
         "offsets of t fall"},
        {schema_of("tss:", "t"), array_of(buffers, 2, 0, 3, 0), KEHU_RANGE,
         "t has a time out of range"},
    };
    kehu_table *t;
    kehu_error err;
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_int_equal(
            kehu_arrow_import(&t, &cases[k].schema, &cases[k].array, NULL, &err),
            cases[k].want);
        assert_string_equal(err.message, cases[k].message);
        assert_null(t);
        assert_non_null(cases[k].schema.release); /* still the caller's */
        assert_non_null(cases[k].array.release);
    }
}

static void test_arrow_survives_every_refused_allocation(void **state)
{
    bool done = false;
    (void)state;
    for (long n = 0; !done; n++) {
        faulty f;
        struct ArrowSchema schema = {.release = NULL};
        struct ArrowArray array = {.release = NULL};
        struct ArrowArrayStream stream = {.release = NULL};
        kehu_table *t = sample(faulty_init(&f, n)), *back = NULL;
        if (t != NULL && stream_of(&stream, t) == KEHU_OK &&
            kehu_arrow_next(&back, &stream, &f.as_allocator, NULL) != KEHU_OK)
            assert_null(back);
        kehu_table_free(back);
        back = NULL;
        if (t != NULL && kehu_arrow_export(&schema, &array, t, NULL) == KEHU_OK &&
            kehu_arrow_import(&back, &schema, &array, &f.as_allocator, NULL) != KEHU_OK)
            assert_null(back);
        done = f.requests <= f.refuse_at;
        assert_true(!done || back != NULL);
        kehu_table_free(back);
        kehu_table_free(t);
        if (array.release != NULL)
            array.release(&array);
        if (schema.release != NULL)
            schema.release(&schema);
        if (stream.release != NULL)
            stream.release(&stream);
        assert_int_equal(f.live_blocks, 0);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrow_export_shares_memory_and_follows_the_standard),
        cmocka_unit_test(test_arrow_children_may_be_moved_out),
        cmocka_unit_test(test_arrow_round_trip_moves_and_frees_in_any_order),
        cmocka_unit_test(test_arrow_stream_gives_an_array_a_table),
        cmocka_unit_test(test_arrow_stream_gives_one_array_then_ends),
        cmocka_unit_test(test_arrow_empty_columns_have_buffers),
        cmocka_unit_test(test_arrow_import_honours_offsets_of_parent_and_child),
        cmocka_unit_test(test_arrow_import_takes_dictionaries_of_any_code),
        cmocka_unit_test(test_arrow_import_refuses_negative_codes_of_long_dictionaries),
        cmocka_unit_test(test_arrow_import_takes_dictionaries_of_views),
        cmocka_unit_test(test_arrow_import_reads_times_and_views),
        cmocka_unit_test(test_arrow_import_reads_decimals),
        cmocka_unit_test(test_table_copy_makes_foreign_layouts_plain),
        cmocka_unit_test(test_arrow_whole_decimals_may_be_money),
        cmocka_unit_test(test_arrow_import_takes_the_type_null),
        cmocka_unit_test(test_arrow_import_refuses_what_cannot_be),
        cmocka_unit_test(test_arrow_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
