#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char mark[] = "@REPORT@";

const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

void json_name(FILE *file, const char *text)
{
    json_text(file, text, strlen(text));
}

/* ---- demands.csv and rejects.csv ------------------------------------------------ */

static kehu_status write_demand(FILE *file, const findings *x, const kehu_column *c,
                                int64_t i, kehu_error *err)
{
    const texts *t = &x->texts;
    const int32_t k = t->answer[KEYWORD][i], s = t->answer[SVM][i],
                  final = x->demand_class[i];
    size_t size;
    char day[16];
    const char *id = text_at(&c[4], i, &size);
    csv_text(file, true, id, size);
    id = text_at(&c[0], i, &size);
    csv_text(file, false, id, size);
    day_text(day, day_of(((const int64_t *)c[1].data)[c[1].start + i]));
    csv_name(file, false, day);
    id = text_at(&c[2], i, &size);
    csv_text(file, false, id, size);
    csv_name(file, false, t->label[i] < 0 ? "" : names_get(t->classes, t->label[i]));
    csv_name(file, false, final < 0 ? "" : names_get(t->classes, final));
    const char *text = text_at(&c[3], i, &size);
    csv_name(file, false, k < 0 ? "" : names_get(t->classes, k));
    csv_real(file, false, k < 0 ? 0 : t->probability[KEYWORD][i], 4);
    TRY(texts_write_words(t, file, text, size, k, err));
    csv_name(file, false, s < 0 ? "" : names_get(t->classes, s));
    csv_real(file, false, t->probability[SVM][i], 4);
    TRY(texts_write_terms(t, file, text, size, s, err));
    csv_end(file);
    return KEHU_OK;
}

kehu_status demands_write(const findings *x, outputs *o, kehu_error *err)
{
    FILE *file;
    const kehu_column *columns = frame_columns(x->base.demands, NULL);
    TRY(outputs_open(o, &file, "demands.csv", err));
    fputs("demand_id,customer,day,channel,label,class,keyword_class,keyword_probability,"
          "keyword_words,svm_class,svm_probability,svm_terms\n",
          file);
    for (int64_t i = 0; i < frame_rows(x->base.demands); i++)
        TRY(write_demand(file, x, columns, i, err));
    return KEHU_OK;
}

/* One line of rejects.csv, for sorting. */
typedef struct reject {
    int64_t line, row;
} reject;

static int by_line(const void *a, const void *b)
{
    const reject *x = a, *y = b;
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
                              : (x->row > y->row) - (x->row < y->row);
}

static kehu_status write_rejects_of(FILE *file, const intake *in, kehu_error *err)
{
    const int64_t n = kehu_table_row_count(in->rejects);
    reject *order = malloc(((size_t)n + 1) * sizeof *order);
    if (order == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the rejects");
    for (int64_t i = 0; i < n; i++)
        order[i] = (reject){(int64_t)number_at(kehu_table_column(in->rejects, 0), i), i};
    if (n > 0)
        qsort(order, (size_t)n, sizeof *order, by_line);
    for (int64_t i = 0; i < n; i++) {
        csv_name(file, true, file_name(in->path));
        csv_count(file, false, order[i].line);
        for (int64_t c = 1; c < 4; c++) {
            size_t size;
            const char *text =
                text_at(kehu_table_column(in->rejects, c), order[i].row, &size);
            csv_text(file, false, text, size);
        }
        csv_end(file);
    }
    free(order);
    return KEHU_OK;
}

kehu_status rejects_write(const base *b, outputs *o, kehu_error *err)
{
    FILE *file;
    TRY(outputs_open(o, &file, "rejects.csv", err));
    fputs("file,line,column,reason,value\n", file);
    for (int i = 0; i < N_INTAKES; i++)
        if (b->intakes[i].rejects != NULL)
            TRY(write_rejects_of(file, &b->intakes[i], err));
    return KEHU_OK;
}

/* ---- report.json and report.html --------------------------------------------------- */

static kehu_status write_json(FILE *file, const findings *x, const target_lists *t,
                              const flags *f, kehu_error *err)
{
    const base *b = &x->base;
    char day[16];
    bool first = true;
    day_text(day, b->as_of_day);
    fprintf(file, "{\"schema\":4,\"version\":\"%d.%d.%d\",\"as_of\":\"%s\",\"inputs\":{",
            KEHU_VERSION_MAJOR, KEHU_VERSION_MINOR, KEHU_VERSION_PATCH, day);
    for (int i = 0; i < N_INTAKES; i++)
        if (b->intakes[i].path != NULL) {
            fprintf(file, "%s\"%s\":{\"rows\":%lld,\"rejected\":%lld}", first ? "" : ",",
                    intake_names[i], (long long)b->intakes[i].rows,
                    (long long)b->intakes[i].rejected);
            first = false;
        }
    fputc('}', file);
    if (x->texts.label != NULL) {
        fprintf(file, ",\n\"folds\":%u", (unsigned)f->n_folds);
        TRY(report_demands(file, x, err));
        report_methods(file, &x->texts);
        if (x->tracking.log != NULL)
            report_tracking(file, &x->tracking);
        TRY(report_themes(file, &x->themes, x->texts.classes, err));
    }
    report_preferences(file, &x->preferences);
    report_contacts(file, b);
    if (x->value.columns.n > 0)
        TRY(report_value(file, &x->value, err));
    TRY(report_profile(file, x, f, err));
    report_targets(file, t, x);
    TRY(report_rejects(file, b, err));
    fputs("}\n", file);
    return KEHU_OK;
}

static kehu_status read_page(char **page, const char *path, kehu_error *err)
{
    FILE *file = fopen(path, "rb");
    size_t size = 0, room = 1 << 20;
    char *bytes = malloc(room);
    if (file == NULL) {
        free(bytes);
        return fail(err, errno == ENOENT ? KEHU_NOT_FOUND : KEHU_IO, "--page: %s: %s",
                    path, strerror(errno));
    }
    while (bytes != NULL) {
        size += fread(bytes + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        char *grown = realloc(bytes, room *= 2);
        if (grown == NULL)
            free(bytes);
        bytes = grown;
    }
    const bool good = !ferror(file);
    fclose(file);
    if (bytes == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the page");
    bytes[size] = '\0';
    *page = bytes;
    return good ? KEHU_OK : fail(err, KEHU_IO, "--page: cannot read %s", path);
}

kehu_status report_check_page(const flags *f, kehu_error *err)
{
    char *page = NULL;
    kehu_status status = f->page == NULL ? KEHU_OK : read_page(&page, f->page, err);
    if (page != NULL && status == KEHU_OK && strstr(page, mark) == NULL)
        status =
            fail(err, KEHU_FORMAT, "--page: %s has no place for the report", f->page);
    free(page);
    return status;
}

kehu_status report_write(const findings *x, const target_lists *t, const flags *f,
                         outputs *o, kehu_error *err)
{
    FILE *file;
    char *page = NULL;
    step("report");
    TRY(outputs_open(o, &file, "report.json", err));
    TRY(write_json(file, x, t, f, err));
    if (f->page == NULL)
        return KEHU_OK;
    kehu_status status = read_page(&page, f->page, err);
    const char *found = status == KEHU_OK ? strstr(page, mark) : NULL;
    if (status == KEHU_OK && found == NULL)
        status =
            fail(err, KEHU_FORMAT, "--page: %s has no place for the report", f->page);
    if (status == KEHU_OK)
        status = outputs_open(o, &file, "report.html", err);
    if (status == KEHU_OK) {
        fwrite(page, 1, (size_t)(found - page), file);
        status = write_json(file, x, t, f, err);
        fputs(found + strlen(mark), file);
    }
    free(page);
    return status;
}
