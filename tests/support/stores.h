/* support/stores.h - small stores for tests: events from plain structs, a scan as
 * text to compare, folders that are emptied first. */
#ifndef KEHU_TESTS_STORES_H
#define KEHU_TESTS_STORES_H
#include <kehu/store.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct store_event {
    const char *customer;
    int64_t time;
    const char *kind; /* NULL = missing, as for channel and text */
    const char *channel;
    int64_t amount; /* INT64_MIN = missing */
    const char *text;
} store_event;

/* A new store where there may have been one; flush_bytes as in kehu_store_options. And a
 * snapshot of its newest state. The test ends with a message where either fails. */
kehu_store *store_new(const char *folder, uint64_t flush_bytes);
kehu_snapshot *store_see(kehu_store *store);

kehu_status store_add(kehu_store *store, const store_event *events, int64_t n,
                      kehu_error *err);

/* The same of integer ids, times and amounts. */
kehu_status store_add_numbers(kehu_store *store, const int64_t *customers,
                              const int64_t *times, const int64_t *amounts, int64_t n,
                              kehu_error *err);

/* Customers with one text field each: columns "customer", name and, where valid_from
 * is not NULL, "valid_from". NULL texts are missing. */
kehu_status store_set(kehu_store *store, const char *const *customers, const char *name,
                      const char *const *values, const int64_t *valid_from, int64_t n,
                      kehu_error *err);

/* A file to write text to, and its text, which the second gives when it closes it; free()
 * it. */
FILE *text_open(void);
char *text_close(FILE *f);

/* Rows of columns as the lines that follow. */
void store_print_rows(FILE *f, const kehu_column *columns, int64_t n_columns,
                      int64_t n_rows);

/* All rows a scan gives, as lines of values with | between and ~ for missing ones;
 * free() it. NULL when a call failed, with err filled in. */
char *store_text(const kehu_snapshot *snapshot, kehu_store_part part,
                 const kehu_scan_options *options, kehu_error *err);

/* The same of the newest snapshot of a store or path. */
char *store_text_now(kehu_store *store, kehu_store_part part, kehu_error *err);
char *store_text_path(const char *path, kehu_store_part part, kehu_error *err);

/* Totals as lines "customer|events|first_time|last_time|amount"; likewise. */
char *store_totals_text(const kehu_snapshot *snapshot, const kehu_scan_options *options,
                        kehu_error *err);

/* Remove a folder and the files in it. */
void store_remove(const char *folder);

/* Is this text in any file of the folder? */
bool store_has_bytes(const char *folder, const char *text);
int store_count_files(const char *folder);

/* Have both folders the same files with the same bytes? */
bool store_same_files(const char *a, const char *b);
#endif
