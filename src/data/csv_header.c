/* The first row of a CSV: names, and what becomes of each column. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/sort.h"
#include "data/csv.h"

enum { MAX_COLUMNS = 65536, INFER_BYTES = 1 << 20 };

static const char *name_of(const kehu_csv *csv)
{
    return csv->source.name;
}

/* The first row that is not empty, with all its cells. */
static kehu_status find_first_row(kehu_csv *csv, kehu_error *err)
{
    kehu__csv_row *row = &csv->row;
    kehu__csv_found found;
    const char *from, *bad;
    bool nul;
    for (;;) {
        KEHU_TRY(kehu__csv_find_row(csv, &found, err));
        if (found == KEHU__CSV_NONE)
            return csv->source.at == 0
                       ? kehu__fail(err, KEHU_EMPTY, -1, "%s is empty", name_of(csv))
                       : kehu__fail(err, KEHU_EMPTY, -1, "%s has no row", name_of(csv));
        if (found == KEHU__CSV_CUT)
            return kehu__fail(err, KEHU_LIMIT, csv->line - 1,
                              "%s, line %lld: the first row is longer than %u bytes",
                              name_of(csv), (long long)csv->line,
                              (unsigned)csv->options.max_row_bytes);
        if (found != KEHU__CSV_ROW)
            return kehu__fail(err, KEHU_FORMAT, csv->line - 1, "%s, line %lld: %s",
                              name_of(csv), (long long)csv->line,
                              found == KEHU__CSV_UNCLOSED ? "a quote is not closed"
                                                          : "text after a closing quote");
        if (row->n_cells <= row->capacity)
            break;
        if (row->n_cells > MAX_COLUMNS)
            return kehu__fail(err, KEHU_LIMIT, csv->line - 1,
                              "%s has %zu columns, at most %d are read", name_of(csv),
                              row->n_cells, MAX_COLUMNS);
        if (!kehu__grow(&csv->alloc, &row->cells, &row->capacity, row->n_cells,
                        sizeof *row->cells))
            return kehu__no_memory(err, "reading a file");
    }
    from = csv->source.text + csv->source.start;
    bad = kehu__csv_bad_byte(from, row->next, &nul);
    if (bad < row->next)
        return kehu__fail(err, KEHU_ENCODING, csv->line - 1,
                          "%s, line %lld: the first row %s%s", name_of(csv),
                          (long long)csv->line, nul ? "has a NUL byte" : "is ",
                          nul ? "" : kehu__csv_source_bad_text(&csv->source));
    return KEHU_OK;
}

/* Of , ; tab | the one that cuts the first row into most values. */
static kehu_status detect_delimiter(kehu_csv *csv, kehu_error *err)
{
    const char candidates[] = {',', ';', '\t', '|'};
    size_t most = 0;
    char best = ',';
    for (size_t i = 0; i < sizeof candidates; i++) {
        csv->delimiter = candidates[i];
        KEHU_TRY(find_first_row(csv, err));
        if (csv->row.n_cells > most) {
            most = csv->row.n_cells;
            best = candidates[i];
        }
    }
    csv->delimiter = best;
    return find_first_row(csv, err);
}

/* Without a header: the fields' names, then numbers. */
static kehu__text made_up_name(const kehu_csv *csv, size_t i,
                               char number[KEHU__NUMBER_BYTES])
{
    if (i < csv->options.n_fields)
        return (kehu__text){csv->options.fields[i].name,
                            (int64_t)strlen(csv->options.fields[i].name)};
    return (kehu__text){number, kehu__format_uint64(number, i + 1)};
}

static kehu_status cell_name(kehu_csv *csv, size_t i, char number[KEHU__NUMBER_BYTES],
                             kehu__text *name, kehu_error *err)
{
    if ((csv->options.flags & KEHU_CSV_NO_HEADER) != 0)
        *name = made_up_name(csv, i, number);
    else if (!kehu__csv_cell_text(csv, &csv->row.cells[i], name))
        return kehu__no_memory(err, "column names");
    *name = kehu__trim(*name);
    return KEHU_OK;
}

/* Copy the names into one block; targets[i].field.name points into it. */
static kehu_status take_names(kehu_csv *csv, kehu_error *err)
{
    const size_t n = csv->row.n_cells;
    char number[KEHU__NUMBER_BYTES], *p;
    kehu__text name;
    csv->targets = kehu__alloc_zero(&csv->alloc, n, sizeof *csv->targets);
    if (csv->targets == NULL)
        return kehu__no_memory(err, "column names");
    csv->n_targets = n;
    for (size_t i = 0; i < n; i++) {
        KEHU_TRY(cell_name(csv, i, number, &name, err));
        csv->names_bytes += (size_t)name.size + 1;
    }
    csv->names = p = kehu__alloc(&csv->alloc, csv->names_bytes, 1);
    if (csv->names == NULL)
        return kehu__no_memory(err, "column names");
    for (size_t i = 0; i < n; i++) {
        KEHU_TRY(cell_name(csv, i, number, &name, err));
        csv->targets[i] =
            (kehu__csv_target){.column = KEHU__CSV_DROPPED, .field = {.name = p}};
        if (name.size > 0)
            memcpy(p, name.bytes, (size_t)name.size);
        p[name.size] = '\0';
        p += name.size + 1;
    }
    return KEHU_OK;
}

typedef struct named {
    const char *name;
    size_t column;
} named;

static int by_name(const void *a, const void *b, void *ctx)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    (void)ctx;
    return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

static const named *find_name(const named *sorted, size_t n, const char *name)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (strcmp(sorted[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(sorted[low].name, name) == 0 ? &sorted[low] : NULL;
}

static kehu_status match_field(kehu_csv *csv, const named *sorted, uint32_t i,
                               kehu_error *err)
{
    const kehu_field *field = &csv->options.fields[i];
    const named *found = find_name(sorted, csv->n_targets, field->name);
    if (found != NULL) {
        kehu__csv_target *t = &csv->targets[found->column];
        if (t->column != KEHU__CSV_DROPPED)
            return kehu__fail(err, KEHU_ARGUMENT, i, "two fields are named %s",
                              field->name);
        *t = (kehu__csv_target){.column = (int32_t)i, .field = *field};
        return KEHU_OK;
    }
    if ((field->flags & KEHU_FIELD_OPTIONAL) == 0)
        return kehu__fail(err, KEHU_COLUMN, i, "%s, line %lld: no column %s",
                          name_of(csv), (long long)csv->line, field->name);
    if (!kehu__grow(&csv->alloc, &csv->absent, &csv->absent_capacity, csv->n_absent + 1,
                    sizeof *csv->absent))
        return kehu__no_memory(err, "column names");
    csv->absent[csv->n_absent++] = i;
    return KEHU_OK;
}

static kehu_status match_fields(kehu_csv *csv, kehu_error *err)
{
    const size_t n = csv->n_targets;
    named *sorted = kehu__alloc(&csv->alloc, n, sizeof *sorted);
    kehu_status status = KEHU_OK;
    if (sorted == NULL)
        return kehu__no_memory(err, "column names");
    for (size_t i = 0; i < n; i++)
        sorted[i] = (named){csv->targets[i].field.name, i};
    kehu__sort(sorted, n, sizeof *sorted, by_name, NULL);
    for (size_t i = 1; i < n && status == KEHU_OK; i++)
        if (sorted[i].name[0] != '\0' && strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            status = kehu__fail(err, KEHU_DUPLICATE, (int64_t)sorted[i].column,
                                "%s, line %lld: two columns are named %s", name_of(csv),
                                (long long)csv->line, sorted[i].name);
    for (uint32_t i = 0; i < csv->options.n_fields && status == KEHU_OK; i++)
        status = match_field(csv, sorted, i, err);
    kehu__free(&csv->alloc, sorted, n, sizeof *sorted);
    return status;
}

/* Give the columns without a field the narrowest type that fits the first rows,
 * as far as they lie in the window. Nothing is consumed. */
static kehu_status infer_types(kehu_csv *csv, kehu_error *err)
{
    kehu__csv_source *s = &csv->source;
    const char *p, *end;
    while (!s->ended && s->end - s->start < INFER_BYTES)
        KEHU_TRY(kehu__csv_source_more(s, err));
    p = s->text + s->start;
    end = s->text + s->end;
    for (uint32_t n = 0; n < csv->options.infer_rows; p = csv->row.next) {
        if (kehu__csv_scan(&csv->row, p, end, csv->delimiter, s->ended) != KEHU__CSV_ROW)
            break;
        if (csv->row.n_cells != csv->n_targets)
            continue;
        for (size_t i = 0; i < csv->n_targets; i++) {
            kehu_field *f = &csv->targets[i].field;
            kehu__text text;
            if (csv->targets[i].column != KEHU__CSV_DROPPED)
                continue;
            if (!kehu__csv_cell_text(csv, &csv->row.cells[i], &text))
                return kehu__no_memory(err, "reading a file");
            f->type = kehu__cell_infer(f->type, &csv->rules, text);
        }
        n++;
    }
    return KEHU_OK;
}

/* The fields in their order, then the other columns in the file's. */
static kehu_status add_columns(kehu_csv *csv, kehu_error *err)
{
    const kehu_csv_options *o = &csv->options;
    int32_t next = (int32_t)o->n_fields;
    for (uint32_t i = 0; i < o->n_fields; i++)
        kehu__builder_add(&csv->builder, o->fields[i].name,
                          kehu__field_type(&o->fields[i]));
    for (size_t i = 0; i < csv->n_targets; i++) {
        kehu__csv_target *t = &csv->targets[i];
        if (t->column != KEHU__CSV_DROPPED || (o->flags & KEHU_CSV_ONLY_FIELDS) != 0)
            continue;
        t->column = next++;
        kehu__builder_add(&csv->builder, t->field.name, kehu__field_type(&t->field));
    }
    return csv->builder.failed == KEHU_OK ? KEHU_OK
                                          : kehu__builder_fail(&csv->builder, err);
}

kehu_status kehu__csv_read_header(kehu_csv *csv, kehu_error *err)
{
    const kehu_csv_options *o = &csv->options;
    KEHU_TRY((o->flags & KEHU_CSV_DETECT) != 0 ? detect_delimiter(csv, err)
                                               : find_first_row(csv, err));
    KEHU_TRY(take_names(csv, err));
    KEHU_TRY(match_fields(csv, err));
    if ((o->flags & KEHU_CSV_NO_HEADER) == 0)
        kehu__csv_consume(csv, csv->row.next, csv->row.n_lines);
    if (o->infer_rows > 0 && (o->flags & KEHU_CSV_ONLY_FIELDS) == 0)
        KEHU_TRY(infer_types(csv, err));
    return add_columns(csv, err);
}
