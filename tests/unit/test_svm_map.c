/* A classifier over a mapped file answers as the one that was read. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if !defined(_WIN32)
#include <sys/wait.h>
#endif

#include "fuzz/repair.h"

#include "base/bytes.h"
#include "base/random.h"
#include "file/container.h"
#include "kehu/svm.h"
#include "support/svm.h"
#include "text/svm_model.h"

enum { N = 240, MAX_TEXT = 64, MOST_CLASSES = 20 };

static char text[N * MAX_TEXT], label[2 * N], path[64];
static int32_t text_ends[N + 1], label_ends[N + 1];
static const kehu_column texts = {
    .type = KEHU_UTF8, .length = N, .data = text, .offsets = text_ends};
static const kehu_column labels = {
    .type = KEHU_UTF8, .length = N, .data = label, .offsets = label_ends};

/* Characters by chance, one of them the class's own. */
static void make(uint32_t n_classes)
{
    kehu__random r = kehu__random_seed(n_classes);
    for (uint32_t i = 0; i < N; i++) {
        char *at = text + text_ends[i];
        for (uint32_t k = 0; k < 8; k++) {
            const uint32_t c =
                k == 3 ? 0x5000 + i % n_classes : 0x4E00 + kehu__random_below(&r, 90);
            *at++ = (char)(0xE0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3F));
            *at++ = (char)(0x80 | (c & 0x3F));
        }
        text_ends[i + 1] = (int32_t)(at - text);
        label[2 * i] = (char)('a' + i % n_classes / 10);
        label[2 * i + 1] = (char)('0' + i % n_classes % 10);
        label_ends[i + 1] = 2 * (int32_t)i + 2;
    }
}

static kehu_svm *trained(const kehu_tokenizer *tokenizer, uint64_t max_bytes)
{
    const kehu_svm_options o = {
        .size = sizeof o, .cost = 1, .tokenizer = tokenizer, .max_bytes = max_bytes};
    kehu_svm *svm;
    assert_int_equal(kehu_svm_train(&svm, &texts, &labels, &o, NULL), KEHU_OK);
    return svm;
}

static void same_answers(const kehu_svm *a, const kehu_svm *b)
{
    static float x[2][N * MOST_CLASSES];
    const size_t n = N * (size_t)kehu_svm_class_count(a);
    kehu__buffer p = written(a), q = written(b);
    assert_int_equal(kehu_svm_predict(a, &texts, NULL, NULL, NULL, x[0], NULL), KEHU_OK);
    assert_int_equal(kehu_svm_predict(b, &texts, NULL, NULL, NULL, x[1], NULL), KEHU_OK);
    assert_memory_equal(x[0], x[1], n * sizeof(float));
    assert_int_equal(p.size, q.size);
    assert_memory_equal(p.bytes, q.bytes, p.size);
    for (int i = 0; i < 4; i++) {
        kehu_svm_reason r[2][16];
        uint32_t count[2];
        double margin[2], bias[2];
        for (int k = 0; k < 2; k++)
            assert_int_equal(kehu_svm_explain(k == 0 ? a : b, text + text_ends[i],
                                              text_ends[i + 1] - text_ends[i], -1, r[k],
                                              16, &count[k], &margin[k], &bias[k], NULL),
                             KEHU_OK);
        assert_int_equal(count[0], count[1]);
        assert_true(margin[0] == margin[1] && bias[0] == bias[1]);
        assert_memory_equal(r[0], r[1], (count[0] < 16 ? count[0] : 16) * sizeof **r);
    }
    kehu__buffer_free(&p);
    kehu__buffer_free(&q);
}

static kehu_tokenizer *some_words(void)
{
    static const char list[] = "一丁\n丁七\n七三\n上下\n";
    kehu_tokenizer *t;
    assert_int_equal(kehu_tokenizer_read_words(&t, list, sizeof list - 1, NULL, NULL),
                     KEHU_OK);
    return t;
}

/* Two classes, some, some that fill most of a line, and more than one line. */
static void test_a_mapped_model_answers_as_a_read_one(void **state)
{
    static const uint32_t class_counts[] = {2, 3, 7, 12, 16, MOST_CLASSES};
    kehu_tokenizer *const t = some_words();
    (void)state;
    for (int k = 0; k < 24; k++) {
        kehu_svm *svm, *mapped;
        make(class_counts[k / 4]);
        svm = trained(k & 1 ? t : NULL, k & 2 ? 1 << 15 : 0);
        assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
        assert_int_equal(kehu_svm_map(&mapped, path, t, NULL, NULL), KEHU_OK);
        assert_int_equal(info_of(mapped).bits, k & 2 ? 8 : 32);
        same_answers(svm, mapped);
        kehu_svm_free(mapped);
        kehu_svm_free(svm);
    }
    kehu_tokenizer_free(t);
}

static void test_a_mapped_model_copies_neither_terms_nor_weights(void **state)
{
    faulty f;
    kehu_svm *svm, *mapped;
    (void)state;
    make(12);
    svm = trained(NULL, 0);
    assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_map(&mapped, path, NULL, faulty_init(&f, -1), NULL),
                     KEHU_OK);
    assert_true(KEHU__BIG_ENDIAN || f.peak_bytes < 2500);
    assert_true(info_of(mapped).n_terms > 1500);
    kehu_svm_free(mapped);
    assert_int_equal(f.live_blocks, 0);
    kehu_svm_free(svm);
}

#if !defined(_WIN32) /* which keeps the file of a map, and knows neither fork nor /proc  \
                      */
/* How often this process maps the file; -1 where the system does not tell. */
static int count_maps(void)
{
    char line[512];
    int n = 0;
    FILE *const f = fopen("/proc/self/maps", "r");
    if (f == NULL)
        return -1;
    while (fgets(line, sizeof line, f) != NULL)
        n += strstr(line, path) != NULL;
    fclose(f);
    return n;
}

static void test_a_freed_model_leaves_no_map(void **state)
{
    kehu_svm *svm, *mapped;
    (void)state;
    if (count_maps() < 0)
        skip();
    make(3);
    svm = trained(NULL, 0);
    assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_map(&mapped, path, NULL, NULL, NULL), KEHU_OK);
    assert_int_equal(count_maps(), 1);
    kehu_svm_free(mapped);
    assert_int_equal(count_maps(), 0);
    kehu_svm_free(svm);
}

/* The file may be replaced or removed; the map is the old one's. Another process that
 * maps it answers the same. */
static void test_a_mapped_model_outlives_its_file_and_is_shared(void **state)
{
    kehu_svm *svm, *mapped, *other;
    pid_t child;
    int result;
    (void)state;
    make(7);
    svm = trained(NULL, 0);
    assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
    assert_int_equal(kehu_svm_map(&mapped, path, NULL, NULL, NULL), KEHU_OK);
    make(3);
    other = trained(NULL, 0);
    assert_int_equal(kehu_svm_save(other, path, NULL), KEHU_OK);
    kehu_svm_free(other);
    assert_int_equal(unlink(path), 0);
    make(7);
    same_answers(svm, mapped);
    child = fork();
    if (child == 0) {
        int32_t classes[N];
        int wrong =
            kehu_svm_predict(mapped, &texts, NULL, classes, NULL, NULL, NULL) != KEHU_OK;
        for (int i = 0; i < N && !wrong; i++)
            wrong = classes[i] != i % 7;
        kehu_svm_free(mapped);
        kehu_svm_free(svm);
        _exit(wrong);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    kehu_svm_free(mapped);
    kehu_svm_free(svm);
}
#endif

/* Where a section stands in a model file. */
static char *section(kehu__buffer *b, const char *tag, size_t *size)
{
    kehu__container c;
    const char *found;
    assert_int_equal(kehu__container_open(&c, b->bytes, b->size, "SVM1", "it", NULL),
                     KEHU_OK);
    assert_true(kehu__container_find(&c, tag, &found, size));
    return b->bytes + (found - b->bytes);
}

static kehu_status over(const kehu__buffer *b)
{
    uint8_t *const bytes = repair_container((const uint8_t *)b->bytes, b->size);
    kehu_svm *svm;
    kehu_status status;
    assert_non_null(bytes);
    status = kehu__svm_over(&svm, bytes, b->size, NULL, NULL, NULL);
    assert_true((svm != NULL) == (status == KEHU_OK));
    kehu_svm_free(svm);
    repair_free(bytes);
    return status;
}

static void test_a_mapped_model_is_checked_in_full(void **state)
{
    kehu_svm *svm;
    kehu__buffer b;
    char *index, *keys, *weights;
    size_t index_size, size, at = 0, none = 0;
    uint32_t entry;
    /* Where integers are swapped, the index is made anew from the terms. */
    const kehu_status bad_index = KEHU__BIG_ENDIAN ? KEHU_OK : KEHU_FORMAT;
    (void)state;
    make(3);
    svm = trained(NULL, 0);
    b = written(svm);
    assert_int_equal(over(&b), KEHU_OK);
    index = section(&b, "INDX", &index_size);
    keys = section(&b, "TERM", &size) + 32;
    weights = section(&b, "WGHT", &size) + 16;
    while (kehu__load32(index + at) == 0)
        at += 4;
    while (kehu__load32(index + none) != 0)
        none += 4;
    entry = kehu__load32(index + at);

    kehu__store32(index + at, 0); /* a term is not found */
    assert_int_equal(over(&b), bad_index);
    kehu__store32(index + at, entry | KEHU__MAX_TERMS); /* no such term */
    assert_int_equal(over(&b), bad_index);
    kehu__store32(index + at, entry & ~(uint32_t)KEHU__MAX_TERMS); /* none at all */
    assert_int_equal(over(&b), bad_index);
    kehu__store32(index + at, entry);
    kehu__store32(index + none, entry); /* one too many */
    assert_int_equal(over(&b), bad_index);
    for (size_t k = 0; k < index_size; k += 4) /* no place is free */
        kehu__store32(index + k, entry);
    assert_int_equal(over(&b), bad_index);
    kehu__buffer_free(&b);

    b = written(svm);
    keys = section(&b, "TERM", &size) + 32;
    memcpy(keys + 8, keys, 8); /* a term twice */
    assert_int_equal(over(&b), KEHU_FORMAT);
    kehu__buffer_free(&b);
    b = written(svm);
    weights = section(&b, "WGHT", &size) + 16;
    kehu__store32(weights + 40, 0x7FC00000); /* not a number */
    assert_int_equal(over(&b), KEHU_FORMAT);
    kehu__buffer_free(&b);
    kehu_svm_free(svm);
}

static void test_a_mapped_model_refuses_what_a_read_one_does(void **state)
{
    kehu_svm *svm = NULL;
    kehu_error err;
    FILE *f;
    (void)state;
    assert_int_equal(kehu_svm_map(NULL, path, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_svm_map(&svm, NULL, NULL, NULL, &err), KEHU_ARGUMENT);
    assert_int_equal(kehu_svm_map(&svm, "no/such/file", NULL, NULL, &err),
                     KEHU_NOT_FOUND);
    assert_non_null(strstr(err.message, "no/such/file"));
    assert_int_equal(kehu_svm_map(&svm, ".", NULL, NULL, &err), KEHU_IO);
    f = fopen(path, "wb");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(kehu_svm_map(&svm, path, NULL, NULL, &err), KEHU_FORMAT);
    f = fopen(path, "wb");
    assert_non_null(f);
    for (int i = 0; i < 5000; i++)
        fputc(i & 0xFF, f);
    fclose(f);
    assert_int_equal(kehu_svm_map(&svm, path, NULL, NULL, &err), KEHU_FORMAT);
    assert_null(svm);
}

static void test_mapping_survives_every_refused_request(void **state)
{
    kehu_tokenizer *const t = some_words();
    (void)state;
    make(3);
    for (int packed = 0; packed < 2; packed++) {
        kehu_svm *const svm = trained(t, packed ? 1 << 15 : 0);
        bool done = false;
        assert_int_equal(kehu_svm_save(svm, path, NULL), KEHU_OK);
        for (long at = 0; !done; at++) {
            faulty f;
            kehu_svm *mapped;
            const kehu_status status =
                kehu_svm_map(&mapped, path, t, faulty_init(&f, at), NULL);
            done = status == KEHU_OK && f.requests <= at;
            if (status != KEHU_OK) {
                assert_int_equal(status, KEHU_NO_MEMORY);
                assert_null(mapped);
            }
            kehu_svm_free(mapped);
            assert_int_equal(f.live_blocks, 0);
            assert_int_equal(f.live_bytes, 0);
        }
        kehu_svm_free(svm);
    }
    kehu_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mapped_model_answers_as_a_read_one),
        cmocka_unit_test(test_a_mapped_model_copies_neither_terms_nor_weights),
#if !defined(_WIN32)
        cmocka_unit_test(test_a_freed_model_leaves_no_map),
        cmocka_unit_test(test_a_mapped_model_outlives_its_file_and_is_shared),
#endif
        cmocka_unit_test(test_a_mapped_model_is_checked_in_full),
        cmocka_unit_test(test_a_mapped_model_refuses_what_a_read_one_does),
        cmocka_unit_test(test_mapping_survives_every_refused_request),
    };
    int failed;
    snprintf(path, sizeof path, "test_svm_map.%d.model", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
