#define KEHU_ALLOW_LIBC_ALLOC
#include "support/store_fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/handle.h"
#include "store/snapshot.h"
#include "support/memory_io.h"
#include "support/stores.h"

static memory_io *small_store(void)
{
    memory_io *m = memory_io_new();
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .store_id = 7};
    const kehu_store_field city = {.name = "city", .type = KEHU_UTF8};
    const kehu_store_field price = {.name = "price", .type = KEHU_FLOAT64, .layer = 2};
    const char *const who[] = {"a", "c"}, *const cities[] = {"北京", NULL};
    const store_event e[] = {{"a", 10, "buy", "web", 100, "好的"},
                             {"b", 20, "buy", NULL, -5, NULL},
                             {"c", 30, NULL, "app", INT64_MIN, "投诉"}};
    kehu_store *store;
    if (kehu__store_open(&store, "f", &options, memory_io_table(m), NULL) != KEHU_OK ||
        kehu_store_declare(store, KEHU_STORE_CUSTOMERS, &city, NULL) != KEHU_OK ||
        store_set(store, who, "city", cities, NULL, 2, NULL) != KEHU_OK ||
        store_add(store, e, 3, NULL) != KEHU_OK ||
        kehu_store_flush(store, NULL) != KEHU_OK ||
        store_add(store, e, 2, NULL) != KEHU_OK ||
        kehu_store_declare(store, KEHU_STORE_EVENTS, &price, NULL) != KEHU_OK ||
        store_set(store, who, "city", cities, NULL, 1, NULL) != KEHU_OK ||
        kehu_store_erase(store, "b", NULL) != KEHU_OK)
        abort();
    kehu_store_free(store);
    return m;
}

static void repair_header(uint8_t *bytes)
{
    kehu__store32(bytes + 60, kehu__crc32c(0, bytes, 60));
}

static void repair_manifest(uint8_t *bytes, size_t size)
{
    if (size < 76)
        return;
    kehu__store64(bytes + 64, size - 76);
    kehu__store32(bytes + size - 4, kehu__crc32c(0, bytes, size - 4));
}

/* Frames one behind the other as far as their sizes lead. */
static void repair_log(uint8_t *bytes, size_t size)
{
    const uint32_t file_crc = kehu__load32(bytes + 60);
    for (size_t at = 64; size - at >= 40;) {
        uint8_t *h = bytes + at;
        const size_t n = kehu__load32(h + 8);
        if (n > size - at - 40)
            return;
        kehu__store32(h + 32, kehu__crc32c(0, h + 40, n));
        kehu__store32(h + 36, kehu__crc32c(file_crc, h, 36));
        at += 40 + n;
    }
}

/* The chunks a directory entry lists get the checksums they need. */
static void repair_directory(uint8_t *bytes, size_t at, size_t end)
{
    while (end - at >= 48) {
        uint64_t offset = kehu__load64(bytes + at);
        uint32_t n;
        at += 48;
        for (int key = 0; key < 2; key++) {
            if (end - at < 4 || kehu__load32(bytes + at) > end - at - 4)
                return;
            at += 4 + kehu__load32(bytes + at);
        }
        if (end - at < 4)
            return;
        n = kehu__load32(bytes + at);
        at += 4;
        for (; n > 0 && end - at >= 12; n--, at += 12) {
            const uint32_t size = kehu__load32(bytes + at + 4);
            if (offset > end || size > end - offset)
                return;
            kehu__store32(bytes + at + 8, kehu__crc32c(0, bytes + offset, size));
            offset += size;
        }
    }
}

static uint32_t repair_segment(uint8_t *bytes, size_t size)
{
    uint8_t *tail = bytes + size - 48;
    uint64_t at, n;
    if (size < 64 + 48)
        return 0;
    at = kehu__load64(tail);
    n = kehu__load64(tail + 8);
    if (at < size - 48 && n <= size - 48 - at) {
        repair_directory(bytes, (size_t)at, (size_t)(at + n));
        kehu__store32(tail + 16, kehu__crc32c(0, bytes + at, (size_t)n));
    }
    kehu__store32(tail + 44, kehu__crc32c(0, tail, 44));
    return kehu__load32(tail + 16);
}

/* Tell the manifest the segment's size and directory checksum. */
static void fit_manifest(memory_io *m, size_t size, uint32_t directory_crc)
{
    enum { EVENTS_SEGMENT = 64 + 8 + 28 + 32 };
    size_t n;
    const unsigned char *old = memory_io_bytes(m, "MANIFEST-0000000002", &n);
    unsigned char *bytes = malloc(n);
    memcpy(bytes, old, n);
    kehu__store64(bytes + EVENTS_SEGMENT + 8, size);
    kehu__store32(bytes + EVENTS_SEGMENT + 24, directory_crc);
    repair_manifest(bytes, n);
    memory_io_set(m, "MANIFEST-0000000002", bytes, n);
    free(bytes);
}

static void read_everything(const kehu_snapshot *snapshot)
{
    for (int part = 0; part < 2; part++) {
        kehu_error err;
        free(store_text(snapshot, (kehu_store_part)part, NULL, &err));
    }
    {
        kehu_table *totals;
        if (kehu_snapshot_totals(&totals, snapshot, NULL, NULL) == KEHU_OK)
            kehu_table_free(totals);
    }
    (void)!kehu_snapshot_check(snapshot, NULL, NULL, NULL);
}

void store_fuzz(const char *name, const uint8_t *bytes, size_t size)
{
    static memory_io *sound; /* made once */
    memory_io *m;
    uint8_t *copy = malloc(size + 1);
    kehu_snapshot *snapshot;
    kehu_store *store;
    if (copy == NULL)
        abort();
    if (sound == NULL)
        sound = small_store();
    m = memory_io_copy(sound);
    if (size > 0)
        memcpy(copy, bytes, size);
    if (size >= 64) {
        repair_header(copy);
        if (name[0] == 'M')
            repair_manifest(copy, size);
        else if (name[0] == 'l')
            repair_log(copy, size);
        else
            fit_manifest(m, size, repair_segment(copy, size));
    }
    memory_io_set(m, name, copy, size);
    if (kehu__snapshot_open_path(&snapshot, "f", NULL, memory_io_table(m), NULL) ==
        KEHU_OK) {
        read_everything(snapshot);
        kehu_snapshot_free(snapshot);
    }
    if (kehu__store_open(&store, "f", NULL, memory_io_table(m), NULL) == KEHU_OK) {
        (void)!kehu_store_compact(store, NULL);
        (void)!kehu_store_erase(store, "a", NULL);
        (void)!kehu_store_purge(store, NULL, NULL);
        kehu_store_free(store);
    }
    free(copy);
    memory_io_free(m);
}
