/* support/real_data.h - where the real data lies: KEHU_DATA, else beside the source
 * tree. Tests without it say so and end with REAL_DATA_SKIPPED. */
#ifndef KEHU_TESTS_REAL_DATA_H
#define KEHU_TESTS_REAL_DATA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { REAL_DATA_SKIPPED = 77 };

/* The data folder; false, and said on stderr, when it does not hold the file `name`. */
static inline bool real_data_find(char *folder, size_t size, const char *name)
{
    const char *const data = getenv("KEHU_DATA"), *const source = getenv("KEHU_SOURCE");
    char path[2048];
    FILE *f;
    if (data != NULL)
        snprintf(folder, size, "%s", data);
    else
        snprintf(folder, size, "%s/../shared/data", source == NULL ? "." : source);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "skipped: no data at %s\n", path);
        return false;
    }
    fclose(f);
    return true;
}
#endif
