#include "insight/lines.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

kehu__part kehu__part_trim(kehu__part p)
{
    while (p.at < p.end && is_blank(*p.at))
        p.at++;
    while (p.end > p.at && is_blank(p.end[-1]))
        p.end--;
    return p;
}

int kehu__part_shown(kehu__part p)
{
    enum { MOST = 40 };
    size_t n = kehu__part_size(p);
    if (n > MOST)
        for (n = MOST; n > 0 && ((unsigned char)p.at[n] & 0xC0) == 0x80;)
            n--;
    return (int)n;
}

/* The first of a sign and its full-width twin; *size is its length. NULL without. */
static const char *find_sign(kehu__part s, char sign, const char *wide, size_t *size)
{
    for (const char *p = s.at; p < s.end; p++) {
        *size = *p == sign ? 1 : s.end - p >= 3 && memcmp(p, wide, 3) == 0 ? 3 : 0;
        if (*size > 0)
            return p;
    }
    return NULL;
}

bool kehu__part_cut(kehu__part whole, kehu__part *before, kehu__part *after)
{
    size_t size = 0;
    const char *colon = find_sign(whole, ':', "：", &size);
    if (colon == NULL)
        return false;
    *before = kehu__part_trim((kehu__part){whole.at, colon});
    *after = kehu__part_trim((kehu__part){colon + size, whole.end});
    return before->at < before->end;
}

bool kehu__part_item(kehu__part *list, kehu__part *item)
{
    size_t size = 0;
    const char *comma;
    if (list->at == NULL)
        return false;
    comma = find_sign(*list, ',', "，", &size);
    *item = kehu__part_trim((kehu__part){list->at, comma == NULL ? list->end : comma});
    list->at = comma == NULL ? NULL : comma + size;
    return true;
}

kehu__lines kehu__lines_of(const char *text, size_t size)
{
    const size_t mark = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    return (kehu__lines){text + mark, text + size, 0};
}

kehu_status kehu__lines_next(kehu__lines *l, kehu__part *part, kehu_error *err)
{
    while (l->at < l->end) {
        const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
        const kehu__part whole = {l->at, newline == NULL ? l->end : newline};
        const size_t size = kehu__part_size(whole);
        l->at = newline == NULL ? l->end : newline + 1;
        l->line++;
        if (kehu__utf8_valid(whole.at, size) != size ||
            memchr(whole.at, '\0', size) != NULL)
            return kehu__fail(err, KEHU_ENCODING, l->line - 1,
                              "line %d is not valid UTF-8 text", (int)l->line);
        *part = kehu__part_trim(whole);
        if (part->at < part->end && *part->at != '#')
            return KEHU_OK;
    }
    part->at = part->end = NULL;
    return KEHU_OK;
}
