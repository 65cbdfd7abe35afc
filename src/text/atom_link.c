/* Links and e-mail addresses: the forms people type, not all that RFC 3986 and
 * RFC 5322 allow. */
#include "text/atom.h"

#include <string.h>

/* Top-level domains that make a bare name a link. */
static const char *const domains[] = {
    "ai",   "app", "asia", "biz",  "cc",  "cn",   "co",   "com",   "de",   "dev",
    "edu",  "gov", "hk",   "info", "io",  "jp",   "kr",   "la",    "ltd",  "me",
    "mobi", "net", "org",  "pro",  "ru",  "shop", "site", "store", "tech", "top",
    "tv",   "tw",  "uk",   "us",   "vip", "wang", "xin",  "xyz",
};

enum { LABEL_MAX = 63, HOST_MAX = 255, LOCAL_MAX = 64 };

static bool is_known_domain(const char *name)
{
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++)
        if (strcmp(name, domains[i]) == 0)
            return true;
    return false;
}

/* name.name.domain at p: its end, or NULL. Set *known when the last name is a
 * listed domain. */
static const char *host_end(const char *p, const char *end, bool *known)
{
    const char *good = NULL, *const start = p;
    char label[LABEL_MAX + 1];
    *known = false;
    for (int n_labels = 0; p - start <= HOST_MAX; n_labels++) {
        size_t size = 0;
        bool letters = false;
        const char *next;
        uint32_t c;
        while (c = kehu__look(p, end, &next),
               kehu__is_alpha(c) || kehu__is_digit(c) || (c == '-' && size > 0)) {
            if (size == LABEL_MAX)
                return good;
            label[size++] = (char)c;
            letters |= kehu__is_alpha(c);
            p = next;
        }
        if (size == 0 || label[size - 1] == '-')
            return good;
        label[size] = '\0';
        if (n_labels > 0 && letters && size >= 2) {
            good = p;
            *known = is_known_domain(label);
        }
        if (c != '.')
            return good;
        p = next;
    }
    return NULL;
}

static bool starts_with(const char **p, const char *end, const char *word)
{
    const char *at = *p, *next;
    for (; *word != '\0'; word++, at = next)
        if (kehu__look(at, end, &next) != (uint32_t)*word)
            return false;
    *p = at;
    return true;
}

static bool in(uint32_t c, const char *set)
{
    return c > 0 && c < 0x80 && strchr(set, (int)c) != NULL;
}

/* Port, path, query and fragment; marks at the end belong to the sentence. */
static const char *path_end(const char *p, const char *end)
{
    const char *good = p, *next;
    uint32_t c = p == end ? KEHU__NO_CHAR : (unsigned char)*p;
    if (!in(c, ":/?#"))
        return p;
    for (; p < end; p = next) { /* unfolded: a full-width mark ends the link */
        c = (unsigned char)*p;
        next = p + 1;
        if (c <= 0x20 || c >= 0x7F || in(c, "\"<>\\^`{|}"))
            break;
        if (!in(c, ".,;:!?'()[]*~"))
            good = next;
    }
    return good;
}

const char *kehu__match_url(const char *p, const char *end)
{
    const char *host = p, *match;
    bool known;
    if (starts_with(&host, end, "http://") || starts_with(&host, end, "https://") ||
        starts_with(&host, end, "ftp://")) {
        const char *path = host_end(host, end, &known);
        if (path == NULL) { /* localhost, an address in numbers */
            uint32_t c;
            path = host;
            while (c = kehu__look(path, end, &match),
                   kehu__is_alpha(c) || kehu__is_digit(c) || c == '.')
                path = match;
        }
        return path == host ? NULL : path_end(path, end);
    }
    match = host_end(p, end, &known);
    if (match == NULL || (!known && !starts_with(&host, end, "www.")))
        return NULL;
    if (kehu__look(match, end, &host) == '@')
        return NULL;
    return path_end(match, end);
}

const char *kehu__match_email(const char *p, const char *end)
{
    const char *next;
    uint32_t c;
    bool known;
    int n = 0;
    while (c = kehu__look(p, end, &next),
           n < LOCAL_MAX && (kehu__is_alpha(c) || kehu__is_digit(c) || in(c, "._%+-"))) {
        p = next;
        n++;
    }
    return c == '@' ? host_end(next, end, &known) : NULL;
}
