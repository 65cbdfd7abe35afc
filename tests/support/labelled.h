/* support/labelled.h - a file of lines "label<TAB>text", packed with xz, as two
 * text columns. For tests on real data only. */
#ifndef KEHU_TESTS_LABELLED_H
#define KEHU_TESTS_LABELLED_H

#include <kehu/column.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct labelled {
    char *bytes;
    int64_t *text_ends, *label_ends; /* [n + 1] */
    char *texts_bytes, *labels_bytes;
    kehu_column texts, labels;
} labelled;

static inline void labelled_free(labelled *l)
{
    free(l->bytes);
    free(l->text_ends);
    free(l->label_ends);
    free(l->texts_bytes);
    free(l->labels_bytes);
    memset(l, 0, sizeof *l);
}

static inline char *labelled_unpack(const char *path, size_t *size)
{
    enum { STEP = 1 << 20 };
    char command[4200], *bytes = NULL;
    size_t got;
    FILE *f;
    *size = 0;
    snprintf(command, sizeof command, "xz -dc '%s'", path);
    f = popen(command, "r");
    do {
        char *const larger = realloc(bytes, *size + STEP);
        if (larger == NULL)
            abort();
        bytes = larger;
        got = f == NULL ? 0 : fread(bytes + *size, 1, STEP, f);
        *size += got;
    } while (got > 0);
    if (f == NULL || pclose(f) != 0)
        *size = 0;
    return bytes;
}

/* The part "train" or "test" of a set of texts, as "thuc_title". False when it cannot be
 * read. */
static inline bool labelled_read(labelled *l, const char *folder, const char *set,
                                 const char *part)
{
    char path[4096];
    size_t size, n = 0, text = 0, label = 0;
    memset(l, 0, sizeof *l);
    snprintf(path, sizeof path, "%s/text/%s.%s.tsv.xz", folder, set, part);
    l->bytes = labelled_unpack(path, &size);
    for (size_t i = 0; i < size; i++)
        n += l->bytes[i] == '\n';
    l->text_ends = calloc(n + 1, sizeof *l->text_ends);
    l->label_ends = calloc(n + 1, sizeof *l->label_ends);
    l->texts_bytes = malloc(size + 1);
    l->labels_bytes = malloc(size + 1);
    n = 0;
    for (const char *at = l->bytes, *end = at + size; at < end; n++) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at));
        const char *const tab = memchr(at, '\t', (size_t)(newline - at));
        memcpy(l->labels_bytes + label, at, (size_t)(tab - at));
        label += (size_t)(tab - at);
        memcpy(l->texts_bytes + text, tab + 1, (size_t)(newline - tab - 1));
        text += (size_t)(newline - tab - 1);
        l->text_ends[n + 1] = (int64_t)text;
        l->label_ends[n + 1] = (int64_t)label;
        at = newline + 1;
    }
    l->texts = (kehu_column){.name = "text",
                             .type = KEHU_LARGE_UTF8,
                             .length = (int64_t)n,
                             .data = l->texts_bytes,
                             .offsets = l->text_ends};
    l->labels = l->texts;
    l->labels.name = "label";
    l->labels.data = l->labels_bytes;
    l->labels.offsets = l->label_ends;
    return n > 0;
}

/* Label of row i, NUL-terminated. */
static inline void labelled_label(const labelled *l, int64_t i, char name[256])
{
    const size_t size = (size_t)(l->label_ends[i + 1] - l->label_ends[i]);
    memcpy(name, l->labels_bytes + l->label_ends[i], size < 255 ? size : 255);
    name[size < 255 ? size : 255] = 0;
}
#endif
