/* All there is about one person, as JSON. */
#include <string.h>

#include "base/error.h"
#include "data/column.h"
#include "data/json.h"
#include "store/snapshot.h"

/* A customer's values without a date have been valid since ever. Events may well have
 * a property named valid_from, of any type. */
static void write_row(kehu__json *j, const kehu_scan_batch *b, kehu_store_part part,
                      int64_t row)
{
    kehu__json_object(j);
    for (int64_t k = 0; k < b->n_columns; k++) {
        const kehu_column *c = &b->columns[k];
        const bool ever = part == KEHU_STORE_CUSTOMERS &&
                          strcmp(c->name, "valid_from") == 0 &&
                          ((const int64_t *)c->data)[row] == KEHU__FIRST_TIME;
        if (!kehu__column_valid(c, row) || ever)
            continue;
        kehu__json_key(j, c->name);
        kehu__json_cell(j, c, row, 0);
    }
    kehu__json_end(j);
}

static kehu_status write_rows(kehu__json *j, const kehu_snapshot *snapshot,
                              kehu_store_part part, const char *customer, kehu_error *err)
{
    kehu_scan *scan;
    kehu_scan_batch b = {.n_rows = 1};
    kehu_status status = KEHU_OK;
    KEHU_TRY(kehu__scan_everything(&scan, snapshot, part, customer, err));
    kehu__json_array(j);
    while (status == KEHU_OK && b.n_rows > 0) {
        status = kehu_scan_next(scan, &b, err);
        for (int64_t i = 0; status == KEHU_OK && i < b.n_rows; i++)
            write_row(j, &b, part, i);
    }
    kehu__json_end(j);
    kehu_scan_free(scan);
    return status;
}

static void write_fields(kehu__json *j, const kehu_snapshot *snapshot)
{
    const kehu__schema *s = &snapshot->schema;
    kehu__json_array(j);
    for (uint32_t i = 0; i < s->n_fields[KEHU_STORE_CUSTOMERS]; i++) {
        const kehu_store_field *f = &s->fields[KEHU_STORE_CUSTOMERS][i];
        kehu__json_object(j);
        kehu__json_key(j, "name");
        kehu__json_string(j, f->name);
        kehu__json_key(j, "layer");
        kehu__json_integer(j, f->layer);
        kehu__json_key(j, "origin");
        kehu__json_string(j, f->origin);
        kehu__json_key(j, "age_limit_days");
        kehu__json_integer(j, f->age_limit_days);
        kehu__json_key(j, "inputs");
        kehu__json_string(j, f->inputs);
        kehu__json_end(j);
    }
    kehu__json_end(j);
}

kehu_status kehu_snapshot_export(const kehu_snapshot *snapshot, const char *customer,
                                 const kehu_writer *writer, kehu_error *err)
{
    kehu__json *j;
    kehu_status status;
    if (snapshot == NULL || customer == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "snapshot, customer or writer is NULL");
    j = kehu__alloc(&snapshot->alloc, 1, sizeof *j);
    if (j == NULL)
        return kehu__no_memory(err, "an export");
    kehu__json_init(j, writer);
    kehu__json_object(j);
    kehu__json_key(j, "customer");
    kehu__json_string(j, customer);
    kehu__json_key(j, "sequence");
    kehu__json_integer(j, (int64_t)snapshot->sequence);
    kehu__json_key(j, "fields");
    write_fields(j, snapshot);
    kehu__json_key(j, "values");
    status = write_rows(j, snapshot, KEHU_STORE_CUSTOMERS, customer, err);
    if (status == KEHU_OK) {
        kehu__json_key(j, "events");
        status = write_rows(j, snapshot, KEHU_STORE_EVENTS, customer, err);
    }
    if (status == KEHU_OK) {
        kehu__json_end(j);
        kehu__json_line(j);
        status = kehu__json_finish(j, err);
    }
    kehu__free(&snapshot->alloc, j, 1, sizeof *j);
    return status;
}
