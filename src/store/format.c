#include "store/format.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

enum { CRC_AT = 60, DIGITS = 10 };
static const char magic[6] = {'K', 'E', 'H', 'U', 0x1A, 0x0A};

static const struct {
    const char *letters, *before, *after;
} kinds[] = {
    [KEHU__FILE_MANIFEST] = {"SMAN", "MANIFEST-", ""},
    [KEHU__FILE_LOG] = {"SLOG", "log-", ".kl"},
    [KEHU__FILE_SEGMENT] = {"SSEG", "seg-", ".ks"},
};

void kehu__file_header_write(unsigned char bytes[KEHU__FILE_HEADER],
                             const kehu__file_header *h)
{
    memset(bytes, 0, KEHU__FILE_HEADER);
    memcpy(bytes, magic, sizeof magic);
    bytes[6] = KEHU__STORE_MAJOR;
    bytes[7] = KEHU__STORE_MINOR;
    memcpy(bytes + 8, kinds[h->kind].letters, 4);
    kehu__store32(bytes + 12, h->features);
    kehu__store64(bytes + 24, h->store_id);
    kehu__store64(bytes + 32, h->number);
    kehu__store64(bytes + 40, h->first_sequence);
    kehu__store32(bytes + CRC_AT, kehu__crc32c(0, bytes, CRC_AT));
}

kehu_status kehu__file_header_read(const unsigned char bytes[KEHU__FILE_HEADER],
                                   kehu__file_header *h, const char *name,
                                   kehu_error *err)
{
    const uint64_t store_id = kehu__load64(bytes + 24);
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return kehu__fail(err, KEHU_FORMAT, 0, "%s is not a file of a kehu store", name);
    if (kehu__load32(bytes + CRC_AT) != kehu__crc32c(0, bytes, CRC_AT))
        return kehu__fail(err, KEHU_FORMAT, 0, "the header of %s is damaged", name);
    if (bytes[6] > KEHU__STORE_MAJOR)
        return kehu__fail(err, KEHU_VERSION, 6,
                          "%s has store format %d, this kehu reads up to %d", name,
                          bytes[6], KEHU__STORE_MAJOR);
    if ((kehu__load32(bytes + 12) & ~(uint32_t)KEHU__STORE_FEATURES) != 0)
        return kehu__fail(err, KEHU_VERSION, 12,
                          "%s needs a feature this kehu does not know", name);
    if (memcmp(bytes + 8, kinds[h->kind].letters, 4) != 0 || bytes[6] == 0 ||
        kehu__load64(bytes + 32) != h->number)
        return kehu__fail(err, KEHU_FORMAT, 8, "%s holds another file under its name",
                          name);
    if (h->store_id != 0 && h->store_id != store_id)
        return kehu__fail(err, KEHU_FORMAT, 24, "%s belongs to another store", name);
    h->store_id = store_id;
    h->first_sequence = kehu__load64(bytes + 40);
    h->features = kehu__load32(bytes + 12);
    return KEHU_OK;
}

void kehu__file_name(char name[32], kehu__file_kind kind, uint64_t number)
{
    snprintf(name, 32, "%s%010llu%s", kinds[kind].before, (unsigned long long)number,
             kinds[kind].after);
}

void kehu__file_path(char path[KEHU__PATH_MAX], const char *folder, const char *name)
{
    snprintf(path, KEHU__PATH_MAX, "%.*s/%.80s", KEHU__FOLDER_MAX, folder, name);
}

/* The number between `before` and `after`; false when the name is not so made. */
static bool number_between(const char *name, const char *before, const char *after,
                           uint64_t *number)
{
    const size_t n = strlen(before), size = strlen(name);
    uint64_t v = 0;
    if (size != n + DIGITS + strlen(after) || memcmp(name, before, n) != 0 ||
        strcmp(name + n + DIGITS, after) != 0)
        return false;
    for (size_t i = n; i < n + DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(name[i] - '0');
    }
    *number = v;
    return v > 0;
}

kehu__file_kind kehu__file_kind_of(const char *name, uint64_t *number)
{
    *number = 0;
    if (strcmp(name, "LOCK") == 0)
        return KEHU__FILE_LOCK;
    for (kehu__file_kind k = KEHU__FILE_MANIFEST; k <= KEHU__FILE_SEGMENT; k++)
        if (number_between(name, kinds[k].before, kinds[k].after, number))
            return k;
    if (number_between(name, "MANIFEST-", ".tmp", number))
        return KEHU__FILE_TEMPORARY;
    return KEHU__FILE_FOREIGN;
}
