/* CSV into the store. Slices of its tables become rows in memory, these become segments
 * on the disk as a log of them would pass flush_bytes, and one manifest at the end makes
 * them all count: a file of any size is taken in whole or not at all, in bounded memory,
 * and its rows are written once. With a name to resume by, a manifest follows each
 * segment and says how many rows of the file the store has by then. */
#include <string.h>

#include "base/error.h"
#include "data/column.h"
#include "store/handle.h"
#include "store/known.h"
#include "store/tail.h"

enum {
    SLICE_ROWS = 4096,
    PER_LOG = 4 /* bytes of rows in memory, of one in a log */
};

typedef struct importing {
    kehu_store *store;
    kehu_store_part part;
    kehu_csv *csv;
    const kehu_store_import_options *opt;
    kehu__change change;
    kehu__rows *slices;
    size_t n_slices, capacity;
    uint64_t bytes, sequence; /* of the slices; the next one's */
    int64_t n_rows;           /* taken in */
    int64_t row, n_before; /* of the reader's rows: the next one; those the store has */
    kehu_column *columns;  /* of the table, those that are taken */
    int64_t n_columns;
} importing;

static void drop_slices(importing *im)
{
    for (size_t i = 0; i < im->n_slices; i++)
        kehu__rows_free(&im->slices[i]);
    im->n_slices = 0;
    im->bytes = 0;
}

static uint64_t bytes_of(const kehu__rows *rows)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < rows->n_columns; i++)
        bytes += (uint64_t)rows->n * 9 + rows->columns[i].v.own.size;
    return bytes;
}

/* What the option for duplicates says of rows that are there already. */
static kehu_status treat_known(importing *im, kehu__tail *tail, kehu_error *err)
{
    const kehu__manifest *m = &im->change.next;
    kehu__segment **segments;
    uint32_t n = 0;
    int64_t n_dropped = 0;
    kehu_status status;
    if (im->opt->duplicates == KEHU_STORE_KEEP)
        return KEHU_OK;
    segments =
        kehu__alloc(&im->store->alloc, (size_t)m->n_segments + 1, sizeof *segments);
    if (segments == NULL)
        return kehu__no_memory(err, "the import");
    for (uint32_t i = 0; i < m->n_segments; i++)
        if (m->segments[i].part == im->part)
            segments[n++] = im->change.segments[i];
    status = kehu__tail_drop_known(tail, segments, n, m, &n_dropped, err);
    kehu__free(&im->store->alloc, segments, (size_t)m->n_segments + 1, sizeof *segments);
    im->n_rows -= n_dropped;
    if (status == KEHU_OK && n_dropped > 0 && im->opt->duplicates == KEHU_STORE_REFUSE)
        status = kehu__fail(err, KEHU_DUPLICATE, -1,
                            "%lld rows are in the store or before in the file",
                            (long long)n_dropped);
    return status;
}

/* The slices so far become a segment. */
static kehu_status write_segment(importing *im, kehu_error *err)
{
    const kehu__manifest *m = &im->change.next;
    kehu__segment_writer w;
    kehu__tail tail;
    kehu_status status =
        kehu__tail_sort_rows(&tail, im->slices, im->n_slices, im->capacity, &m->schema,
                             &m->gone.customers, err);
    im->slices = NULL;
    im->n_slices = im->capacity = 0;
    im->bytes = 0;
    KEHU_TRY(status);
    status = treat_known(im, &tail, err);
    if (status == KEHU_OK && tail.n > 0) {
        status = kehu__change_segment(&im->change, &w, im->part, err);
        if (status == KEHU_OK) {
            status = kehu__tail_write(&tail, &w, err);
            if (status == KEHU_OK)
                status = kehu__change_add(&im->change, &w, err);
            else
                kehu__segment_writer_free(&w);
        }
    }
    kehu__tail_free(&tail);
    return status;
}

/* Column and reason of a row the store refuses, from the message "x in row 3 ...". */
static kehu_status reject(importing *im, int64_t row, const kehu_error *why,
                          kehu_error *err)
{
    char column[240];
    const char *reason = strstr(why->message, " in row ");
    const size_t n = reason == NULL ? 0 : (size_t)(reason - why->message);
    memcpy(column, why->message, n);
    column[n] = '\0';
    reason = reason == NULL ? NULL : strchr(reason + 8, ' ');
    return kehu_csv_reject(im->csv, row, n == 0 ? NULL : column,
                           reason == NULL ? why->message : reason + 1, NULL, err);
}

/* Rows first..first+n-1 of the table as a slice. */
static kehu_status take_slice(importing *im, int64_t first, int64_t n, kehu_error *err)
{
    kehu_status status;
    for (int64_t i = 0; i < im->n_columns; i++) {
        im->columns[i].start += first;
        im->columns[i].length = n;
    }
    if (kehu__grow(&im->store->alloc, &im->slices, &im->capacity, im->n_slices + 1,
                   sizeof *im->slices))
        status =
            kehu__batch_take(&im->slices[im->n_slices], &im->change.next.schema, im->part,
                             im->columns, im->n_columns, im->sequence, err);
    else
        status = kehu__no_memory(err, "the import");
    for (int64_t i = 0; i < im->n_columns; i++)
        im->columns[i].start -= first;
    if (status == KEHU_OK) {
        im->bytes += bytes_of(&im->slices[im->n_slices++]);
        im->sequence++;
        im->n_rows += n;
    }
    return status;
}

/* The same, but a bad row is rejected and those around it kept. */
static kehu_status take_rows(importing *im, int64_t first, int64_t n, kehu_error *err)
{
    while (n > 0) {
        kehu_error why = {.where = -1};
        const kehu_status status = take_slice(im, first, n, &why);
        if (status == KEHU_OK)
            return KEHU_OK;
        if (why.where < 0)
            return status == KEHU_NO_MEMORY
                       ? kehu__no_memory(err, "the import")
                       : kehu__fail(err, status, -1, "%s", why.message);
        KEHU_TRY(take_rows(im, first, why.where, err)); /* rejects are in row order */
        KEHU_TRY(reject(im, first + why.where, &why, err));
        first += why.where + 1;
        n -= why.where + 1;
    }
    return KEHU_OK;
}

/* The store's name for a column of the file. */
static const char *name_of(const importing *im, const char *name)
{
    for (int64_t i = 0; i < im->opt->n_names; i++)
        if (strcmp(im->opt->names[i].file, name) == 0)
            return im->opt->names[i].store;
    return name;
}

static kehu_status choose_columns(importing *im, const kehu_table *table, kehu_error *err)
{
    const int64_t n = kehu_table_column_count(table);
    im->n_columns = 0;
    for (int64_t i = 0; i < n; i++) {
        kehu_column c = *kehu_table_column(table, i);
        c.name = name_of(im, c.name);
        if (kehu__schema_find(&im->change.next.schema, im->part, c.name) != UINT32_MAX)
            im->columns[im->n_columns++] = c;
    }
    return im->n_columns > 0
               ? KEHU_OK
               : kehu__fail(err, KEHU_COLUMN, -1, "no column of the file is the store's");
}

static kehu_status check_rejects(const importing *im, kehu_error *err)
{
    const int64_t n = kehu_csv_reject_count(im->csv);
    return im->opt->max_rejects > 0 && n > im->opt->max_rejects
               ? kehu__fail(err, KEHU_DATA, -1, "%lld rows are bad, at most %lld may be",
                            (long long)n, (long long)im->opt->max_rejects)
               : KEHU_OK;
}

/* What was taken in so far counts from now on. */
static kehu_status commit(importing *im, kehu_error *err)
{
    const char *name = im->opt->resume;
    int64_t n_removed;
    if (name != NULL &&
        !kehu__marks_add(&im->change.next.imports, name, strlen(name), (uint64_t)im->row))
        return kehu__no_memory(err, "the import");
    KEHU_TRY(kehu__change_restart_log(&im->change, im->sequence, err));
    KEHU_TRY(kehu__change_commit(&im->change, err));
    im->n_before = im->row;
    (void)kehu__store_merge_some(im->store, NULL);
    (void)kehu__store_clean(im->store, true, false, &n_removed, NULL);
    return KEHU_OK;
}

/* The slices have grown to a segment: what has been read needs no second reading. */
static kehu_status write_part(importing *im, kehu_error *err)
{
    KEHU_TRY(write_segment(im, err));
    if (im->opt->resume == NULL)
        return KEHU_OK;
    KEHU_TRY(check_rejects(im, err));
    KEHU_TRY(commit(im, err));
    KEHU_TRY(kehu__store_check(im->store, err));
    return kehu__change_begin(&im->change, im->store, err);
}

/* The rows just read are those the store has: they were read for their rejects. */
static void forget_rows(importing *im)
{
    im->sequence -= im->n_slices;
    im->n_rows = 0;
    drop_slices(im);
}

static int64_t slice_rows(const importing *im, int64_t n)
{
    if (im->row < im->n_before && im->n_before - im->row < n)
        n = im->n_before - im->row;
    return n < SLICE_ROWS ? n : SLICE_ROWS;
}

static kehu_status take_table(importing *im, const kehu_table *table, kehu_error *err)
{
    const int64_t n_rows = kehu_table_row_count(table);
    const size_t n_columns = (size_t)kehu_table_column_count(table);
    kehu_status status;
    im->columns = kehu__alloc(&im->store->alloc, n_columns, sizeof *im->columns);
    if (im->columns == NULL)
        return kehu__no_memory(err, "the import");
    status = choose_columns(im, table, err);
    for (int64_t at = 0; status == KEHU_OK && at < n_rows;) {
        const int64_t n = slice_rows(im, n_rows - at);
        status = take_rows(im, at, n, err);
        at += n;
        im->row += n;
        if (im->row <= im->n_before)
            forget_rows(im);
        else if (status == KEHU_OK &&
                 im->bytes / PER_LOG >= im->store->options.flush_bytes)
            status = write_part(im, err);
    }
    kehu__free(&im->store->alloc, im->columns, n_columns, sizeof *im->columns);
    im->columns = NULL;
    return status;
}

static kehu_status take_all(importing *im, kehu_error *err)
{
    kehu_table *table = NULL;
    kehu_status status;
    do {
        status = kehu_csv_next(&table, im->csv, err);
        if (status == KEHU_OK && table != NULL)
            status = take_table(im, table, err);
        kehu_table_free(table);
    } while (status == KEHU_OK && table != NULL);
    if (status == KEHU_OK && im->n_slices > 0)
        status = write_segment(im, err);
    if (status == KEHU_OK && im->row < im->n_before)
        status = kehu__fail(err, KEHU_DATA, -1,
                            "the file has %lld rows to read, but %lld were taken before",
                            (long long)im->row, (long long)im->n_before);
    return status == KEHU_OK ? check_rejects(im, err) : status;
}

static kehu_status import(importing *im, kehu_error *err)
{
    const char *name = im->opt->resume;
    kehu_status status;
    KEHU_TRY(kehu__change_begin(&im->change, im->store, err));
    im->sequence = im->store->state.log.next_sequence;
    if (name != NULL)
        im->n_before =
            (int64_t)kehu__marks_get(&im->change.next.imports, name, strlen(name));
    status = kehu__change_flush(&im->change, err);
    if (status == KEHU_OK)
        status = take_all(im, err);
    if (status == KEHU_OK && (name == NULL ? im->n_rows > 0 : im->row > im->n_before))
        status = commit(im, err);
    kehu__change_abandon(&im->change); /* what is not committed */
    drop_slices(im);
    kehu__free(&im->store->alloc, im->slices, im->capacity, sizeof *im->slices);
    return status;
}

kehu_status kehu_store_import(kehu_store *store, kehu_store_part part, kehu_csv *csv,
                              const kehu_store_import_options *options, int64_t *n_rows,
                              kehu_error *err)
{
    kehu_store_import_options opt = {0};
    importing im = {.store = store, .part = part, .csv = csv, .opt = &opt};
    KEHU_TRY(kehu__store_check(store, err));
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    if (csv == NULL || (unsigned)part >= KEHU__PARTS || opt.n_names < 0 ||
        (opt.n_names > 0 && opt.names == NULL))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "csv or names is NULL or part is %d",
                          (int)part);
    if (opt.duplicates > KEHU_STORE_REFUSE ||
        (opt.duplicates != KEHU_STORE_KEEP && part == KEHU_STORE_CUSTOMERS))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "duplicates is %u, expected 0 to %d, for customers 0",
                          (unsigned)opt.duplicates, KEHU_STORE_REFUSE);
    if (opt.resume != NULL &&
        (opt.resume[0] == '\0' || strlen(opt.resume) > KEHU__MAX_KEY))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "resume is empty or over %d bytes",
                          KEHU__MAX_KEY);
    for (int64_t i = 0; i < opt.n_names; i++)
        if (opt.names[i].file == NULL || opt.names[i].store == NULL)
            return kehu__fail(err, KEHU_ARGUMENT, -1, "names[%lld] has a NULL",
                              (long long)i);
    KEHU_TRY(import(&im, err));
    if (n_rows != NULL)
        *n_rows = im.n_rows;
    return KEHU_OK;
}
