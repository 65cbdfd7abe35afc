/* Dirty rows are planted at fixed distances, in turn; the truth file gets the
 * line and reason of each, so that a reject report can be checked to the row. */
#include "sheet.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int sheet_open(sheet *s, const char *folder, const char *name, const char *header)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path ||
        (s->file = fopen(path, "wb")) == NULL) {
        fprintf(stderr, "generate: cannot write %s in %s\n", name, folder);
        return 0;
    }
    s->name = name;
    s->line = 2;
    fprintf(s->file, "%s\n", header);
    return 1;
}

static void plant(sheet *s)
{
    const dirt *d = &s->dirt[s->n_planted++ % s->n_dirt];
    fprintf(s->truth, "dirty,%s,%ld,%s\n", s->name, s->line, d->reason);
    fwrite(d->row, 1, d->size, s->file);
    fputc('\n', s->file);
    s->line++;
}

void sheet_row(sheet *s, int lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(s->file, format, args);
    va_end(args);
    fputc('\n', s->file);
    s->line += 1 + lines;
    s->rows++;
    if (s->every > 0 && s->rows % s->every == 0)
        plant(s);
}

int sheet_close(sheet *s)
{
    int good = !ferror(s->file);
    good = fclose(s->file) == 0 && good;
    if (!good)
        fprintf(stderr, "generate: cannot write %s to its end\n", s->name);
    return good;
}
