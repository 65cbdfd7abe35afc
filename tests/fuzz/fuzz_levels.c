/* Arbitrary bytes as cut points and as a preference: reading answers with a
 * status, and what is read grades or scores. The checksums are put right first,
 * so that the readers' own checks are reached. */
#include <kehu/preference.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_levels(const void *bytes, size_t size)
{
    kehu_levels *levels = NULL;
    if (kehu_levels_read(&levels, bytes, size, NULL, NULL) == KEHU_OK) {
        const uint32_t n = kehu_levels_class_count(levels);
        double *p = calloc(n, sizeof *p);
        uint8_t *grades = calloc(n, 1);
        if (p == NULL || grades == NULL ||
            kehu_levels_grade(levels, p, 1, grades, NULL) != KEHU_OK)
            abort();
        for (uint32_t k = 0; k < n; k++)
            if (grades[k] >= KEHU_LEVEL_COUNT)
                abort();
        free(grades);
        free(p);
    }
    kehu_levels_free(levels);
}

static void use_preference(const void *bytes, size_t size)
{
    kehu_preference *preference = NULL;
    if (kehu_preference_read(&preference, bytes, size, NULL, NULL) == KEHU_OK) {
        const double visits[2] = {0, 7}, age[2] = {20, 60};
        const kehu_column columns[2] = {
            {.name = "visits", .type = KEHU_FLOAT64, .length = 2, .data = visits},
            {.name = "age", .type = KEHU_FLOAT64, .length = 2, .data = age}};
        const uint32_t n = kehu_preference_class_count(preference);
        double *p = calloc(2 * (size_t)n, sizeof *p);
        if (p == NULL)
            abort();
        if (kehu_preference_score(preference, columns, 2, p, NULL, NULL, NULL) == KEHU_OK)
            for (uint32_t k = 0; k < 2 * n; k++)
                if (!(p[k] >= 0 && p[k] <= 1 + 1e-9))
                    abort();
        free(p);
    }
    kehu_preference_free(preference);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = repair_container(data, size);
    if (bytes != NULL) {
        use_levels(bytes, size);
        use_preference(bytes, size);
    }
    free(bytes);
    return 0;
}
