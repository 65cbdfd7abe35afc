/* support/demands.h - logs of demands by hand: rows as text, NULL for what is missing. */
#ifndef KEHU_TESTS_DEMANDS_H
#define KEHU_TESTS_DEMANDS_H

#include <kehu/demand.h>

#include <string.h>

typedef struct row {
    const char *demand;
    int64_t time;
    const char *status, *customer, *class_of;
} row;

enum { MAX_ROWS = 16 };

typedef struct texts {
    char bytes[400];
    int32_t offsets[MAX_ROWS + 1];
    uint8_t validity[2];
    kehu_column column;
} texts;

static inline void add_text(texts *t, int64_t i, const char *text)
{
    const size_t size = text == NULL ? 0 : strlen(text);
    if (size > 0)
        memcpy(t->bytes + t->offsets[i], text, size);
    t->offsets[i + 1] = t->offsets[i] + (int32_t)size;
    if (text != NULL)
        t->validity[i / 8] |= (uint8_t)(1 << i % 8);
    t->column = (kehu_column){.type = KEHU_UTF8,
                              .length = i + 1,
                              .data = t->bytes,
                              .offsets = t->offsets,
                              .validity = t->validity};
}

static inline kehu_status add_rows(kehu_demands *d, const row *rows, int64_t n,
                                   kehu_error *err)
{
    texts demand = {0}, status = {0}, customer = {0}, class_of = {0};
    int64_t times[MAX_ROWS];
    for (int64_t i = 0; i < n; i++) {
        add_text(&demand, i, rows[i].demand);
        add_text(&status, i, rows[i].status);
        add_text(&customer, i, rows[i].customer);
        add_text(&class_of, i, rows[i].class_of);
        times[i] = rows[i].time;
    }
    const kehu_column time = {.type = KEHU_TIMESTAMP, .length = n, .data = times};
    const kehu_demand_batch batch = {.demand = &demand.column,
                                     .time = &time,
                                     .status = &status.column,
                                     .customer = &customer.column,
                                     .class_of = &class_of.column};
    return kehu_demands_add(d, &batch, err);
}

#endif
