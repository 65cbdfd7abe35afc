/* Damage: every truncation and every flipped bit of every file of a small store.
 * Reading must give an error, or what the store held after some earlier batch of the
 * log, never anything else.
 *
 *     test_store_damage [ROUNDS]      default 1; each round another store */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/snapshot.h"
#include "support/memory_io.h"
#include "support/stores.h"
#include "support/test.h"

enum { MAX_STATES = 40 };

static int rounds = 1;
static char *shown[MAX_STATES];
static int n_shown;
static uint64_t least_kept; /* batches in segments are never dropped */

/* Events, customers and totals; NULL when one cannot be read. */
static char *all_texts(const kehu_snapshot *snapshot)
{
    kehu_error err;
    char *texts[3] = {store_text(snapshot, KEHU_STORE_EVENTS, NULL, &err),
                      store_text(snapshot, KEHU_STORE_CUSTOMERS, NULL, &err),
                      store_totals_text(snapshot, NULL, &err)};
    char *all = NULL;
    if (texts[0] != NULL && texts[1] != NULL && texts[2] != NULL) {
        all = malloc(strlen(texts[0]) + strlen(texts[1]) + strlen(texts[2]) + 1);
        strcpy(all, texts[0]);
        strcat(all, texts[1]);
        strcat(all, texts[2]);
    }
    for (int i = 0; i < 3; i++)
        free(texts[i]);
    return all;
}

static void keep_state(kehu_store *store)
{
    kehu_snapshot *snapshot;
    assert_int_equal(kehu_snapshot_open(&snapshot, store, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_store_sequence(store), n_shown);
    shown[n_shown++] = all_texts(snapshot);
    kehu_snapshot_free(snapshot);
}

static memory_io *make_store(int round)
{
    memory_io *m = memory_io_new();
    kehu_store_options options = {.size = sizeof options,
                                  .mode = KEHU_STORE_NEW,
                                  .store_id = 1000003u * (unsigned)(round + 1)};
    const kehu_store_field city = {.name = "city", .type = KEHU_UTF8, .layer = 1};
    const char *const who[] = {"b", "张三"}, *const cities[] = {"上海", NULL};
    const store_event e[] = {{"a", 10 + round, "buy", "web", 100, "好的"},
                             {"b", 20, "buy", NULL, -5, NULL},
                             {"张三", 30, NULL, "app", INT64_MIN, "投诉"},
                             {"a", 5, "call", NULL, 1 << 20, ""},
                             {"c", 40 + 1000 * round, "buy", "web", 7, "续费"}};
    kehu_store *store;
    kehu_error err;
    n_shown = 0;
    if (kehu__store_open(&store, "f", &options, memory_io_table(m), &err) != KEHU_OK)
        fail_msg("%s", err.message);
    keep_state(store);
    assert_int_equal(kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, &err), 0);
    keep_state(store);
    assert_int_equal(store_add(store, e, 3, &err), KEHU_OK);
    keep_state(store);
    assert_int_equal(store_set(store, who, "city", cities, NULL, 2, &err), KEHU_OK);
    keep_state(store);
    assert_int_equal(kehu_store_erase(store, "nobody", &err), KEHU_OK);
    keep_state(store);
    assert_int_equal(kehu_store_flush(store, &err), KEHU_OK);
    least_kept = kehu_store_sequence(store);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_add(store, e + 2 + i, 1, &err), KEHU_OK);
        keep_state(store);
    }
    assert_int_equal(kehu_store_erase(store, "c", &err), KEHU_OK);
    keep_state(store);
    assert_int_equal(store_set(store, who, "city", cities, NULL, 1, &err), KEHU_OK);
    keep_state(store);
    kehu_store_free(store);
    return m;
}

/* 0 an error, 1 an earlier state, 2 all of it; anything else fails. */
static int look(memory_io *m, const char *what)
{
    kehu_snapshot *snapshot;
    kehu_error err = {0};
    uint64_t sequence;
    char *text;
    if (kehu__snapshot_open_path(&snapshot, "f", NULL, memory_io_table(m), &err) !=
        KEHU_OK) {
        assert_true(err.message[0] != '\0');
        return 0;
    }
    sequence = kehu_snapshot_sequence(snapshot);
    text = all_texts(snapshot);
    kehu_snapshot_free(snapshot);
    if (text == NULL)
        return 0;
    if (sequence < least_kept || sequence >= (uint64_t)n_shown ||
        strcmp(text, shown[sequence]) != 0)
        fail_msg("a wrong answer: %s", what);
    free(text);
    return sequence + 1 == (uint64_t)n_shown ? 2 : 1;
}

/* A writer may cut the log, but must then go on from an earlier state. */
static void open_as_writer(const memory_io *m)
{
    const store_event more = {"m", 1, "buy", NULL, 2, NULL};
    memory_io *copy = memory_io_copy(m);
    kehu_store *store;
    if (kehu__store_open(&store, "f", NULL, memory_io_table(copy), NULL) == KEHU_OK) {
        uint64_t sequence = kehu_store_sequence(store);
        assert_int_equal(store_add(store, &more, 1, NULL), KEHU_OK);
        kehu_store_free(store);
        assert_int_equal(kehu__store_open(&store, "f", NULL, memory_io_table(copy), NULL),
                         KEHU_OK);
        assert_int_equal(kehu_store_sequence(store), sequence + 1);
        kehu_store_free(store);
    }
    memory_io_free(copy);
}

static long counts[3], images;

static void damage_file(const memory_io *m, const char *name)
{
    memory_io *damaged = memory_io_copy(m);
    size_t size;
    const unsigned char *bytes = memory_io_bytes(m, name, &size);
    unsigned char *copy = malloc(size + 1);
    char what[120];
    if (size > 0)
        memcpy(copy, bytes, size);
    for (size_t n = 0; n < size; n++) {
        snprintf(what, sizeof what, "%s cut to %zu bytes", name, n);
        memory_io_set(damaged, name, copy, n);
        counts[look(damaged, what)]++;
        open_as_writer(damaged);
    }
    for (size_t bit = 0; bit < 8 * size; bit++) {
        snprintf(what, sizeof what, "%s with bit %zu flipped", name, bit);
        copy[bit / 8] ^= (unsigned char)(1u << bit % 8);
        memory_io_set(damaged, name, copy, size);
        counts[look(damaged, what)]++;
        if (bit % 5 == 0)
            open_as_writer(damaged);
        copy[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    images += (long)(9 * size);
    free(copy);
    memory_io_free(damaged);
}

static void test_damage_is_never_a_wrong_answer(void **state)
{
    (void)state;
    for (int round = 0; round < rounds; round++) {
        memory_io *m = make_store(round);
        assert_int_equal(look(m, "no damage"), 2);
        for (size_t i = 0; memory_io_name(m, i) != NULL; i++)
            damage_file(m, memory_io_name(m, i));
        for (int i = 0; i < n_shown; i++)
            free(shown[i]);
        memory_io_free(m);
    }
    printf("%ld images: %ld refused, %ld an earlier state, %ld complete\n", images,
           counts[0], counts[1], counts[2]);
    /* What may be complete: a file that does not count (the manifest before, LOCK). */
    assert_true(counts[0] > counts[1] + counts[2]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage_is_never_a_wrong_answer),
    };
    rounds = argc > 1 ? atoi(argv[1]) : rounds;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
