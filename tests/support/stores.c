#include "support/stores.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/column.h"

static void end_test(const kehu_error *err)
{
    fprintf(stderr, "%s\n", err->message);
    abort();
}

kehu_store *store_new(const char *folder, uint64_t flush_bytes)
{
    const kehu_store_options options = {
        .size = sizeof options, .mode = KEHU_STORE_NEW, .flush_bytes = flush_bytes};
    kehu_store *store = NULL;
    kehu_error err;
    store_remove(folder);
    if (kehu_store_open(&store, folder, &options, &err) != KEHU_OK)
        end_test(&err);
    return store;
}

kehu_snapshot *store_see(kehu_store *store)
{
    kehu_snapshot *snapshot = NULL;
    kehu_error err;
    if (kehu_snapshot_open(&snapshot, store, NULL, &err) != KEHU_OK)
        end_test(&err);
    return snapshot;
}

/* A text column of n pointers; free with free_text. */
typedef struct text_column {
    char *bytes;
    int32_t *offsets;
    uint8_t *validity;
} text_column;

static text_column make_text(kehu_column *c, const char *name, const char *const *texts,
                             int64_t n)
{
    text_column t = {NULL, calloc((size_t)n + 1, 4), calloc((size_t)n / 8 + 1, 1)};
    int32_t size = 0;
    for (int64_t i = 0; i < n; i++) {
        size += texts[i] == NULL ? 0 : (int32_t)strlen(texts[i]);
        t.offsets[i + 1] = size;
        if (texts[i] != NULL)
            t.validity[i / 8] = (uint8_t)(t.validity[i / 8] | 1u << (i & 7));
    }
    t.bytes = calloc((size_t)size + 1, 1);
    for (int64_t i = 0; i < n; i++)
        if (texts[i] != NULL)
            memcpy(t.bytes + t.offsets[i], texts[i], strlen(texts[i]));
    *c = (kehu_column){.name = name,
                       .type = KEHU_UTF8,
                       .length = n,
                       .data = t.bytes,
                       .offsets = t.offsets,
                       .validity = t.validity};
    return t;
}

static void free_text(text_column *t)
{
    free(t->bytes);
    free(t->offsets);
    free(t->validity);
}

enum { CUSTOMER, KIND, CHANNEL, TEXT, N_TEXTS };

kehu_status store_add(kehu_store *store, const store_event *events, int64_t n,
                      kehu_error *err)
{
    static const char *const names[N_TEXTS] = {"customer", "kind", "channel", "text"};
    kehu_column columns[N_TEXTS + 2];
    text_column texts[N_TEXTS];
    const char **strings = calloc((size_t)n + 1, sizeof *strings);
    int64_t *times = calloc((size_t)n + 1, 8), *amounts = calloc((size_t)n + 1, 8);
    uint8_t *has_amount = calloc((size_t)n / 8 + 1, 1);
    kehu_status status;
    for (int k = 0; k < N_TEXTS; k++) {
        for (int64_t i = 0; i < n; i++)
            strings[i] = k == CUSTOMER  ? events[i].customer
                         : k == KIND    ? events[i].kind
                         : k == CHANNEL ? events[i].channel
                                        : events[i].text;
        texts[k] = make_text(&columns[k], names[k], strings, n);
    }
    for (int64_t i = 0; i < n; i++) {
        times[i] = events[i].time;
        amounts[i] = events[i].amount;
        if (events[i].amount != INT64_MIN)
            has_amount[i / 8] = (uint8_t)(has_amount[i / 8] | 1u << (i & 7));
    }
    columns[N_TEXTS] =
        (kehu_column){.name = "time", .type = KEHU_TIMESTAMP, .length = n, .data = times};
    columns[N_TEXTS + 1] = (kehu_column){.name = "amount",
                                         .type = KEHU_INT64,
                                         .length = n,
                                         .data = amounts,
                                         .validity = has_amount};
    status = kehu_store_add_events(store, columns, N_TEXTS + 2, NULL, err);
    for (int k = 0; k < N_TEXTS; k++)
        free_text(&texts[k]);
    free(strings);
    free(times);
    free(amounts);
    free(has_amount);
    return status;
}

kehu_status store_add_numbers(kehu_store *store, const int64_t *customers,
                              const int64_t *times, const int64_t *amounts, int64_t n,
                              kehu_error *err)
{
    const kehu_column c[] = {
        {.name = "customer", .type = KEHU_INT64, .length = n, .data = customers},
        {.name = "time", .type = KEHU_TIMESTAMP, .length = n, .data = times},
        {.name = "amount", .type = KEHU_INT64, .length = n, .data = amounts}};
    return kehu_store_add_events(store, c, 3, NULL, err);
}

kehu_status store_set(kehu_store *store, const char *const *customers, const char *name,
                      const char *const *values, const int64_t *valid_from, int64_t n,
                      kehu_error *err)
{
    kehu_column columns[3];
    text_column ids = make_text(&columns[0], "customer", customers, n);
    text_column texts = make_text(&columns[1], name, values, n);
    kehu_status status;
    columns[2] = (kehu_column){
        .name = "valid_from", .type = KEHU_TIMESTAMP, .length = n, .data = valid_from};
    status =
        kehu_store_add_customers(store, columns, valid_from == NULL ? 2 : 3, NULL, err);
    free_text(&ids);
    free_text(&texts);
    return status;
}

static void print_value(FILE *f, const kehu_column *c, int64_t i)
{
    if (!kehu__column_valid(c, i))
        fputc('~', f);
    else if (kehu__type_is_text(c->type)) {
        const kehu__text t = kehu__column_text(c, i);
        fwrite(t.bytes, 1, (size_t)t.size, f);
    } else if (c->type == KEHU_FLOAT64)
        fprintf(f, "%.17g", kehu__column_number(c, i));
    else
        fprintf(f, "%lld", (long long)kehu__column_integer(c, i));
}

/* Windows' tmpfile wants the root folder, and its tempnam gives two processes one name. D
 * and T: a file until it is closed, and no longer. */
FILE *text_open(void)
{
#if defined(_WIN32)
    static int n_opened;
    char path[64];
    sprintf(path, "kehu.%d.%d", (int)getpid(), n_opened++);
    FILE *f = fopen(path, "w+bTD");
#else
    FILE *f = tmpfile();
#endif
    if (f == NULL)
        abort();
    return f;
}

char *text_close(FILE *f)
{
    const long size = ftell(f);
    char *text = malloc((size_t)size + 1);
    rewind(f);
    if (text == NULL || fread(text, 1, (size_t)size, f) != (size_t)size)
        abort();
    text[size] = '\0';
    fclose(f);
    return text;
}

void store_print_rows(FILE *f, const kehu_column *columns, int64_t n_columns,
                      int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t k = 0; k < n_columns; k++) {
            print_value(f, &columns[k], i);
            fputc(k + 1 < n_columns ? '|' : '\n', f);
        }
}

char *store_totals_text(const kehu_snapshot *snapshot, const kehu_scan_options *options,
                        kehu_error *err)
{
    kehu_table *table = NULL;
    FILE *f;
    if (kehu_snapshot_totals(&table, snapshot, options, err) != KEHU_OK)
        return NULL;
    f = text_open();
    store_print_rows(f, kehu_table_column(table, 0), kehu_table_column_count(table),
                     kehu_table_row_count(table));
    kehu_table_free(table);
    return text_close(f);
}

char *store_text(const kehu_snapshot *snapshot, kehu_store_part part,
                 const kehu_scan_options *options, kehu_error *err)
{
    char *text;
    FILE *f = text_open();
    kehu_scan *scan = NULL;
    kehu_scan_batch b = {0};
    kehu_status status = kehu_scan_open(&scan, snapshot, part, options, err);
    while (status == KEHU_OK && (status = kehu_scan_next(scan, &b, err)) == KEHU_OK &&
           b.n_rows > 0)
        store_print_rows(f, b.columns, b.n_columns, b.n_rows);
    kehu_scan_free(scan);
    text = text_close(f);
    if (status == KEHU_OK)
        return text;
    free(text);
    return NULL;
}

char *store_text_now(kehu_store *store, kehu_store_part part, kehu_error *err)
{
    kehu_snapshot *snapshot = NULL;
    char *text = NULL;
    if (kehu_snapshot_open(&snapshot, store, NULL, err) == KEHU_OK)
        text = store_text(snapshot, part, NULL, err);
    kehu_snapshot_free(snapshot);
    return text;
}

char *store_text_path(const char *path, kehu_store_part part, kehu_error *err)
{
    kehu_snapshot *snapshot = NULL;
    char *text = NULL;
    if (kehu_snapshot_open_path(&snapshot, path, NULL, err) == KEHU_OK)
        text = store_text(snapshot, part, NULL, err);
    kehu_snapshot_free(snapshot);
    return text;
}

void store_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    char path[1024];
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *bytes;
    if (f == NULL)
        return NULL;
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    bytes = malloc(*size + 1);
    *size = fread(bytes, 1, *size, f);
    fclose(f);
    return bytes;
}

static bool file_has(const char *path, const char *text)
{
    const size_t n = strlen(text);
    bool found = false;
    size_t size = 0;
    char *bytes = read_file(path, &size);
    for (size_t i = 0; !found && i + n <= size; i++)
        found = memcmp(bytes + i, text, n) == 0;
    free(bytes);
    return found;
}

static bool same_file(const char *a, const char *b)
{
    size_t a_size = 0, b_size = 0;
    char *a_bytes = read_file(a, &a_size), *b_bytes = read_file(b, &b_size);
    const bool same = a_bytes != NULL && b_bytes != NULL && a_size == b_size &&
                      memcmp(a_bytes, b_bytes, a_size) == 0;
    free(a_bytes);
    free(b_bytes);
    return same;
}

bool store_same_files(const char *a, const char *b)
{
    DIR *dir = opendir(a);
    bool same = dir != NULL && store_count_files(a) == store_count_files(b);
    char a_path[1024], b_path[1024];
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        snprintf(a_path, sizeof a_path, "%s/%s", a, e->d_name);
        snprintf(b_path, sizeof b_path, "%s/%s", b, e->d_name);
        same = same && (e->d_name[0] == '.' || same_file(a_path, b_path));
    }
    if (dir != NULL)
        closedir(dir);
    return same;
}

bool store_has_bytes(const char *folder, const char *text)
{
    DIR *dir = opendir(folder);
    bool found = false;
    char path[1024];
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        found = found || (e->d_name[0] != '.' && file_has(path, text));
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

int store_count_files(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    if (dir != NULL)
        closedir(dir);
    return n;
}
