#include <kehu/table.h>

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "data/builder.h"
#include "data/column.h"

size_t kehu__type_bytes(kehu_type type)
{
    switch (type) {
    case KEHU_INT8:
    case KEHU_UINT8:
    case KEHU_CATEGORY8:
        return 1;
    case KEHU_INT16:
    case KEHU_UINT16:
    case KEHU_CATEGORY16:
        return 2;
    case KEHU_INT32:
    case KEHU_UINT32:
    case KEHU_FLOAT32:
    case KEHU_DATE32:
    case KEHU_CATEGORY:
    case KEHU_DECIMAL32:
        return 4;
    case KEHU_INT64:
    case KEHU_UINT64:
    case KEHU_FLOAT64:
    case KEHU_TIMESTAMP:
    case KEHU_TIMESTAMP_S:
    case KEHU_TIMESTAMP_MS:
    case KEHU_TIMESTAMP_NS:
    case KEHU_DECIMAL64:
        return 8;
    case KEHU_DECIMAL128:
    case KEHU_UTF8_VIEW:
        return 16;
    case KEHU_DECIMAL256:
        return 32;
    case KEHU_BOOL:
    case KEHU_UTF8:
    case KEHU_LARGE_UTF8:
        break;
    }
    return 0;
}

void kehu__store_free(const kehu_allocator *a, kehu__store *store)
{
    kehu__free(a, store->data, store->data_capacity, 1);
    kehu__free(a, store->offsets, store->offsets_capacity, 1);
    kehu__free(a, store->validity, store->validity_capacity, 1);
    *store = (kehu__store){0};
}

static kehu_status check_columns(const kehu_column *columns, int64_t n_columns,
                                 kehu_error *err)
{
    if (n_columns < 0 || n_columns > INT32_MAX || (columns == NULL && n_columns > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "columns is NULL or n_columns is %lld, expected 0 to %d",
                          (long long)n_columns, INT32_MAX);
    for (int64_t i = 0; i < n_columns; i++) {
        const char *name = columns[i].name == NULL ? "a column" : columns[i].name;
        KEHU_TRY(kehu__column_check(&columns[i], name, err));
        if (columns[i].length != columns[0].length)
            return kehu__fail(err, KEHU_COLUMN, -1, "%s has %lld rows, expected %lld",
                              name, (long long)columns[i].length,
                              (long long)columns[0].length);
    }
    return KEHU_OK;
}

static void add_like(kehu__builder *b, const kehu_column *c)
{
    const kehu_type kind = kehu__column_kind(c);
    kehu__builder_add(b, c->name == NULL ? "" : c->name,
                      kind == KEHU_CATEGORY ? KEHU_UTF8 : kind);
}

/* Stops where the builder has failed. */
static void add_rows(kehu__builder *b, const kehu_column *columns, int64_t n_columns,
                     int64_t n_rows)
{
    for (int64_t i = 0; n_columns > 0 && i < n_rows; i++) {
        for (int64_t k = 0; k < n_columns; k++)
            kehu__builder_copy(b, (size_t)k, &columns[k], i);
        if (!kehu__builder_end_row(b))
            break;
    }
}

kehu_status kehu_table_copy(kehu_table **out, const kehu_column *columns,
                            int64_t n_columns, const kehu_allocator *user_alloc,
                            kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(user_alloc);
    kehu__builder b = kehu__builder_new(&alloc);
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(check_columns(columns, n_columns, err));
    for (int64_t k = 0; k < n_columns; k++)
        add_like(&b, &columns[k]);
    add_rows(&b, columns, n_columns, n_columns > 0 ? columns[0].length : 0);
    status = kehu__builder_finish(&b, out, err);
    kehu__builder_free(&b);
    return status;
}

kehu_status kehu__tables_check(const kehu_table *const *tables, int64_t n_tables,
                               bool (*fits)(const kehu_column *c,
                                            const kehu_column *first),
                               kehu_error *err)
{
    if (tables == NULL || n_tables < 1)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "tables is NULL or n_tables is %lld, expected 1 or more",
                          (long long)n_tables);
    for (int64_t t = 0; t < n_tables; t++) {
        if (tables[t] == NULL)
            return kehu__fail(err, KEHU_ARGUMENT, t, "table %lld is NULL", (long long)t);
        if (tables[t]->n_columns != tables[0]->n_columns)
            return kehu__fail(err, KEHU_COLUMN, t,
                              "table %lld has %lld columns, the first %lld", (long long)t,
                              (long long)tables[t]->n_columns,
                              (long long)tables[0]->n_columns);
        for (int64_t k = 0; k < tables[t]->n_columns; k++) {
            const kehu_column *first = &tables[0]->columns[k],
                              *c = &tables[t]->columns[k];
            if (strcmp(c->name, first->name) != 0 || !fits(c, first))
                return kehu__fail(err, KEHU_COLUMN, t,
                                  "table %lld has column %s %s where the first has %s %s",
                                  (long long)t, c->name, kehu__type_name(c->type),
                                  first->name, kehu__type_name(first->type));
        }
    }
    return KEHU_OK;
}

/* Whether rows of `c` may stand below those of `first`. */
static bool fits_below(const kehu_column *c, const kehu_column *first)
{
    return kehu__type_is_text(first->type)
               ? kehu__type_is_text(c->type)
               : kehu__column_kind(first) == kehu__column_kind(c);
}

kehu_status kehu_table_concat(kehu_table **out, const kehu_table *const *tables,
                              int64_t n_tables, const kehu_allocator *user_alloc,
                              kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(user_alloc);
    kehu__builder b = kehu__builder_new(&alloc);
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tables_check(tables, n_tables, fits_below, err));
    for (int64_t k = 0; k < tables[0]->n_columns; k++)
        add_like(&b, &tables[0]->columns[k]);
    for (int64_t t = 0; t < n_tables && b.failed == KEHU_OK; t++)
        add_rows(&b, tables[t]->columns, tables[t]->n_columns, tables[t]->n_rows);
    status = kehu__builder_finish(&b, out, err);
    kehu__builder_free(&b);
    return status;
}

int64_t kehu_table_row_count(const kehu_table *table)
{
    return table == NULL ? 0 : table->n_rows;
}

int64_t kehu_table_column_count(const kehu_table *table)
{
    return table == NULL ? 0 : table->n_columns;
}

const kehu_column *kehu_table_column(const kehu_table *table, int64_t i)
{
    return table == NULL || i < 0 || i >= table->n_columns ? NULL : &table->columns[i];
}

const kehu_column *kehu_table_find(const kehu_table *table, const char *name)
{
    for (int64_t i = 0; table != NULL && name != NULL && i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

kehu_table *kehu__table_new(const kehu_allocator *a, size_t n_columns, size_t names_bytes)
{
    kehu_table *t = kehu__alloc_zero(a, 1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->alloc = *a;
    atomic_init(&t->holders, 1);
    t->n_columns = (int64_t)n_columns;
    t->names_bytes = names_bytes;
    t->columns = kehu__alloc_zero(a, n_columns, sizeof *t->columns);
    t->stores = kehu__alloc_zero(a, n_columns, sizeof *t->stores);
    t->names = kehu__alloc(a, names_bytes, 1);
    if (n_columns > 0 && (t->columns == NULL || t->stores == NULL || t->names == NULL)) {
        kehu__free(a, t->columns, n_columns, sizeof *t->columns);
        kehu__free(a, t->stores, n_columns, sizeof *t->stores);
        kehu__free(a, t->names, names_bytes, 1);
        kehu__free(a, t, 1, sizeof *t);
        return NULL;
    }
    return t;
}

kehu_table *kehu__table_hold(const kehu_table *table)
{
    /* The count of holders is no part of the table that callers see. */
    kehu_table *t = (kehu_table *)(uintptr_t)table;
    atomic_fetch_add_explicit(&t->holders, 1, memory_order_relaxed);
    return t;
}

void kehu_table_free(kehu_table *table)
{
    if (table == NULL ||
        atomic_fetch_sub_explicit(&table->holders, 1, memory_order_acq_rel) > 1)
        return;
    {
        const kehu_allocator alloc = table->alloc;
        const size_t n = (size_t)table->n_columns;
        if (table->let_go != NULL)
            table->let_go(table);
        for (size_t i = 0; i < n; i++)
            kehu__store_free(&alloc, &table->stores[i]);
        kehu__free(&alloc, table->stores, n, sizeof *table->stores);
        kehu__free(&alloc, table->columns, n, sizeof *table->columns);
        kehu__free(&alloc, table->names, table->names_bytes, 1);
        kehu__free(&alloc, table, 1, sizeof *table);
    }
}
