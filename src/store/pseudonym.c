#include "store/pseudonym.h"

#include <string.h>

#include "base/error.h"

enum { SHORTEST_KEY = 16 };

kehu_status kehu__pseudonym_key(kehu__hmac *m, const void *key, uint64_t size,
                                bool *given, kehu_error *err)
{
    *given = size > 0;
    if ((key == NULL) != (size == 0) || (size > 0 && size < SHORTEST_KEY) ||
        size > SIZE_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "a key for pseudonyms has %d bytes or more, this one %llu",
                          SHORTEST_KEY, (unsigned long long)(key == NULL ? 0 : size));
    if (*given)
        kehu__hmac_begin(m, key, (size_t)size);
    return KEHU_OK;
}

void kehu__pseudonym_write(const kehu__hmac *m, const char *id, size_t size,
                           char out[KEHU__PSEUDONYM])
{
    uint8_t digest[32];
    kehu__hmac_of(m, id, size, digest);
    for (int i = 0; i < KEHU__PSEUDONYM; i++)
        out[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

kehu_status kehu_pseudonym(char *out, const char *customer, const void *key,
                           size_t key_size, kehu_error *err)
{
    kehu__hmac m;
    bool given;
    if (out == NULL || customer == NULL || key == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out, customer or key is NULL");
    KEHU_TRY(kehu__pseudonym_key(&m, key, key_size, &given, err));
    kehu__pseudonym_write(&m, customer, strlen(customer), out);
    out[KEHU__PSEUDONYM] = '\0';
    return KEHU_OK;
}
