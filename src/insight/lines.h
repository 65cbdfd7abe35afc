/* insight/lines.h - the texts that people edit (machines, weights): lines, lists, colons.
 */
#ifndef KEHU_SRC_INSIGHT_LINES_H
#define KEHU_SRC_INSIGHT_LINES_H

#include <kehu/base.h>

#include <stdbool.h>

typedef struct kehu__part {
    const char *at, *end;
} kehu__part;

typedef struct kehu__lines {
    const char *at, *end;
    int32_t line; /* the last one read, from 1 */
} kehu__lines;

/* A byte order mark is skipped. */
kehu__lines kehu__lines_of(const char *text, size_t size);

/* The next line that is neither blank nor begins with #, without blanks around it;
 * part->at is NULL behind the last. Fails with KEHU_ENCODING. */
kehu_status kehu__lines_next(kehu__lines *lines, kehu__part *part, kehu_error *err);

/* Cut at the first colon (: or ：) into what is before and after it; false without one or
 * with nothing before it. */
bool kehu__part_cut(kehu__part whole, kehu__part *before, kehu__part *after);

/* Take the next item off a list cut by commas (, or ，); false at its end. */
bool kehu__part_item(kehu__part *list, kehu__part *item);

kehu__part kehu__part_trim(kehu__part part);

/* How many of its bytes to show in a message: no character cut in two. */
int kehu__part_shown(kehu__part part);

static inline size_t kehu__part_size(kehu__part part)
{
    return (size_t)(part.end - part.at);
}
#endif
