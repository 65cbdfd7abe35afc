#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* vsnprintf cuts at a byte: drop the first bytes of a character cut in two. */
static void drop_cut_character(char *message)
{
    size_t n = strlen(message), lead = n;
    if (n + 1 < sizeof((kehu_error *)0)->message)
        return;
    while (lead > 0 && n - lead < 4 && ((unsigned char)message[lead - 1] & 0xC0) == 0x80)
        lead--;
    if (lead > 0 && (unsigned char)message[lead - 1] >= 0xC0) {
        const unsigned char c = (unsigned char)message[lead - 1];
        const size_t needed = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        if (n - lead + 1 < needed)
            message[lead - 1] = '\0';
    }
}

kehu_status kehu__fail(kehu_error *err, kehu_status code, int64_t where,
                       const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        err->code = code;
        err->field = 0;
        err->where = where;
        va_start(args, format);
        vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        drop_cut_character(err->message);
    }
    return code;
}

kehu_status kehu__no_memory(kehu_error *err, const char *what)
{
    return kehu__fail(err, KEHU_NO_MEMORY, -1, "no memory for %s", what);
}

kehu_status kehu__options_read(void *into, size_t into_size, const void *from,
                               kehu_error *err)
{
    uint32_t claimed;
    if (from == NULL)
        return KEHU_OK;
    memcpy(&claimed, from, sizeof claimed);
    if (claimed < sizeof claimed || claimed > 4096)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "options.size is not set");
    for (size_t i = into_size; i < claimed; i++)
        if (((const unsigned char *)from)[i] != 0)
            return kehu__fail(err, KEHU_VERSION, -1,
                              "options use a field this library does not know");
    memcpy(into, from, claimed < into_size ? claimed : into_size);
    return KEHU_OK;
}

int32_t kehu_version_number(void)
{
    return KEHU_VERSION_NUMBER;
}

int32_t kehu_abi_number(void)
{
    return KEHU_ABI_NUMBER;
}

const char *kehu_status_name(kehu_status status)
{
    switch (status) {
#define X(name, value, text)                                                             \
    case KEHU_##name:                                                                    \
        return #name;
        KEHU_STATUS_MAP(X)
#undef X
    }
    return "UNKNOWN";
}

const char *kehu_status_text(kehu_status status)
{
    switch (status) {
#define X(name, value, text)                                                             \
    case KEHU_##name:                                                                    \
        return text;
        KEHU_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}
