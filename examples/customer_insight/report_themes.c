/* What became of the demands and what they are about, for report.json. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_LATEST = 10, N_COPIES = 10, N_NEW_WORDS = 30, N_BURSTS = 20 };

/* ---- Values of tables ---- */

static void write_text(FILE *file, const kehu_column *c, int64_t i)
{
    size_t size;
    const char *text = text_at(c, i, &size);
    json_text(file, text, size);
}

static void write_number(FILE *file, double x, int decimals)
{
    if (isfinite(x))
        fprintf(file, "%.*f", decimals, x);
    else
        fputs("null", file);
}

static void write_day(FILE *file, const kehu_column *c, int64_t i)
{
    char day[16];
    day_text(day, ((const int32_t *)c->data)[c->start + i]);
    if (present(c, i))
        json_name(file, day);
    else
        fputs("null", file);
}

static double number_of(const kehu_table *t, const char *column, int64_t i)
{
    return i < 0 ? NAN : number_at(kehu_table_find(t, column), i);
}

/* One row of a table as members, the first without a comma before it. */
static void write_members(FILE *file, const kehu_table *t, int64_t i,
                          const char *const (*columns)[2], int n)
{
    for (int k = 0; k < n; k++) {
        const kehu_column *c = kehu_table_find(t, columns[k][0]);
        fprintf(file, "%s\"%s\":", k > 0 ? "," : "{", columns[k][1]);
        if (c->type == KEHU_UTF8 || c->type == KEHU_LARGE_UTF8)
            write_text(file, c, i);
        else if (c->type == KEHU_DATE32)
            write_day(file, c, i);
        else
            write_number(file, number_at(c, i), c->type == KEHU_FLOAT64 ? 4 : 0);
    }
}

/* The first rows of a table as an array of objects. */
static void write_rows(FILE *file, const char *name, const kehu_table *t, int64_t most,
                       const char *const (*columns)[2], int n)
{
    fprintf(file, ",\n\"%s\":[", name);
    for (int64_t i = 0; t != NULL && i < kehu_table_row_count(t) && i < most; i++) {
        fputs(i > 0 ? ",\n" : "\n", file);
        write_members(file, t, i, columns, n);
        fputc('}', file);
    }
    fputc(']', file);
}

#define COLUMNS(list) list, (int)(sizeof(list) / sizeof *(list))

/* ---- Tracking ---- */

/* Demands of a class by status. */
static void write_statuses(FILE *file, const tracking *t, const char *class_name)
{
    const kehu_table *counts = t->tables[KEHU_DEMAND_COUNTS];
    const kehu_column *class_of = kehu_table_find(counts, "class");
    const kehu_column *status = kehu_table_find(counts, "status");
    const int64_t *demands = kehu_table_find(counts, "demands")->data;
    fputs(",\"statuses\":[", file);
    for (int32_t k = 0; k < kehu_demand_machine_count(t->machine); k++) {
        const char *name = kehu_demand_machine_get_name(t->machine, k);
        int64_t n = 0;
        for (int64_t i = 0; i < kehu_table_row_count(counts); i++) {
            size_t class_size, size;
            const char *of = text_at(class_of, i, &class_size);
            const char *in = text_at(status, i, &size);
            if (class_size == strlen(class_name) &&
                memcmp(of, class_name, class_size) == 0 && size == strlen(name) &&
                memcmp(in, name, size) == 0)
                n += demands[i];
        }
        fprintf(file, k > 0 ? ",%lld" : "%lld", (long long)n);
    }
    fputc(']', file);
}

/* Hours, and the share in time, of replies or solutions. */
static void write_times(FILE *file, const tracking *t, int64_t row, const char *name,
                        const char *verb)
{
    const kehu_table *times = t->tables[KEHU_DEMAND_TIMES];
    char column[32];
    snprintf(column, sizeof column, "%s_judged", verb);
    const double judged = number_of(times, column, row);
    fprintf(file, ",\"%s\":{\"median_hours\":", name);
    snprintf(column, sizeof column, "%s_median_s", verb);
    write_number(file, number_of(times, column, row) / 3600, 2);
    fputs(",\"p90_hours\":", file);
    snprintf(column, sizeof column, "%s_p90_s", verb);
    write_number(file, number_of(times, column, row) / 3600, 2);
    fputs(",\"in_time\":", file);
    snprintf(column, sizeof column, "%s_within", verb);
    write_number(file, judged > 0 ? number_of(times, column, row) / judged : NAN, 4);
    fputc('}', file);
}

static void write_class(FILE *file, const tracking *t, int64_t i)
{
    const kehu_table *classes = t->tables[KEHU_DEMAND_CLASSES];
    char name[1024];
    size_t size;
    const char *text = text_at(kehu_table_find(classes, "class"), i, &size);
    const kehu_table *late = t->tables[KEHU_DEMAND_OVERDUE];
    int64_t n_late = 0;
    snprintf(name, sizeof name, "%.*s", (int)size, text);
    for (int64_t k = 0; k < kehu_table_row_count(late); k++) {
        size_t late_size;
        const char *of = text_at(kehu_table_find(late, "class"), k, &late_size);
        n_late += late_size == size && memcmp(of, text, size) == 0;
    }
    fputs(i > 0 ? ",\n{\"name\":" : "\n{\"name\":", file);
    json_text(file, text, size);
    fprintf(file, ",\"demands\":%.0f,\"open\":%.0f,\"overdue\":%lld,\"repeats\":%.0f",
            number_of(classes, "demands", i), number_of(classes, "open", i),
            (long long)n_late, number_of(classes, "repeats", i));
    write_statuses(file, t, name);
    const int64_t row = tracking_row(t, KEHU_DEMAND_TIMES, name);
    write_times(file, t, row, "reply", "reply");
    write_times(file, t, row, "solution", "solve");
    fputc('}', file);
}

void report_tracking(FILE *file, const tracking *t)
{
    static const char *const latest[][2] = {{"demand", "demand"},
                                            {"class", "class"},
                                            {"channel", "channel"},
                                            {"status", "status"},
                                            {"late_s", "late_seconds"}};
    const kehu_demand_counts *n = &t->counts;
    fprintf(file,
            ",\n\"tracking\":{\"rows\":%lld,\"refused\":%lld,\"demands\":%lld,"
            "\"open\":%lld,\"repeats\":%lld,\"reply_within_hours\":24,"
            "\"solve_within_hours\":72,\"statuses\":[",
            (long long)n->rows, (long long)n->refused, (long long)n->demands,
            (long long)n->open, (long long)n->repeats);
    for (int32_t k = 0; k < kehu_demand_machine_count(t->machine); k++) {
        fputs(k > 0 ? "," : "", file);
        json_name(file, kehu_demand_machine_get_name(t->machine, k));
    }
    fputs("],\"classes\":[", file);
    for (int64_t i = 0; i < kehu_table_row_count(t->tables[KEHU_DEMAND_CLASSES]); i++)
        write_class(file, t, i);
    fputc(']', file);
    write_rows(file, "latest", t->tables[KEHU_DEMAND_OVERDUE], N_LATEST, COLUMNS(latest));
    fputc('}', file);
}

/* ---- Themes ---- */

/* The reasons of a rank: each input with its value, place and points. */
static void write_ranks(FILE *file, const themes *t)
{
    fputs(",\n\"ranks\":[", file);
    for (int64_t i = 0; i < kehu_table_row_count(t->ranks); i++) {
        fputs(i > 0 ? ",\n{\"class\":" : "\n{\"class\":", file);
        write_text(file, kehu_table_find(t->ranks, "group"), i);
        fprintf(file, ",\"rank\":%.0f,\"score\":%.4f,\"inputs\":[",
                number_of(t->ranks, "rank", i), number_of(t->ranks, "score", i));
        for (int32_t k = 0; k < kehu_priority_count(t->weights); k++) {
            const char *name = kehu_priority_get_name(t->weights, k);
            char points[300];
            snprintf(points, sizeof points, "%s_points", name);
            fputs(k > 0 ? ",{\"name\":" : "{\"name\":", file);
            json_name(file, name);
            fputs(",\"value\":", file);
            write_number(file, number_of(t->ranks, name, i), 4);
            fprintf(file, ",\"points\":%.4f}", number_of(t->ranks, points, i));
        }
        fputs("]}", file);
    }
    fputc(']', file);
}

static kehu_status write_topics(FILE *file, const themes *t, kehu_error *err)
{
    fputs(",\n\"topics\":[", file);
    for (uint32_t k = 0; t->topics != NULL && k < kehu_topic_count(t->topics); k++) {
        kehu_topic_info info;
        kehu_topic_word words[TOPIC_WORDS];
        uint32_t n;
        TRY(kehu_topic_get_info(t->topics, k, &info, err));
        TRY(kehu_topic_words(t->topics, k, words, TOPIC_WORDS, &n, err));
        fprintf(file, "%s\n{\"share\":%.4f,\"texts\":%lld,\"words\":[", k > 0 ? "," : "",
                info.share, (long long)info.n_texts);
        for (uint32_t i = 0; i < n && i < TOPIC_WORDS; i++) {
            fputs(i > 0 ? "," : "", file);
            json_name(file, words[i].word);
        }
        fputs("],\"example\":", file);
        if (info.examples[0] < 0)
            fputs("\"\"", file);
        else
            write_text(file, kehu_table_find(t->copies, "text"), info.examples[0]);
        fputc('}', file);
    }
    fputc(']', file);
    return KEHU_OK;
}

/* What was copied at least once. */
static void write_copies(FILE *file, const themes *t)
{
    static const char *const columns[][2] = {{"text", "text"}, {"volume", "volume"}};
    const int64_t *volume = kehu_table_find(t->copies, "volume")->data;
    int64_t n = 0;
    while (n < kehu_table_row_count(t->copies) && n < N_COPIES && volume[n] > 1)
        n++;
    write_rows(file, "copies", t->copies, n, COLUMNS(columns));
}

static void write_tones(FILE *file, const themes *t, const names *classes)
{
    fputs(",\n\"tones\":[", file);
    for (int64_t k = 0; k < names_count(classes); k++) {
        fputs(k > 0 ? ",\n{\"class\":" : "\n{\"class\":", file);
        json_name(file, names_get(classes, k));
        fprintf(file, ",\"negative\":%lld,\"neither\":%lld,\"positive\":%lld}",
                (long long)t->tones[k].negative, (long long)t->tones[k].neither,
                (long long)t->tones[k].positive);
    }
    fputc(']', file);
}

kehu_status report_themes(FILE *file, const themes *t, const names *classes,
                          kehu_error *err)
{
    static const char *const needs[][2] = {{"class", "class"},
                                           {"basic", "basic"},
                                           {"expected", "expected"},
                                           {"latent", "latent"},
                                           {"none", "none"},
                                           {"basic_words", "basic_words"},
                                           {"expected_words", "expected_words"},
                                           {"latent_words", "latent_words"}};
    static const char *const levels[][2] = {{"group", "class"},
                                            {"level", "level"},
                                            {"growth", "growth"},
                                            {"growth_low", "growth_low"},
                                            {"growth_high", "growth_high"},
                                            {"last_change", "last_change"}};
    static const char *const bursts[][2] = {{"group", "class"},
                                            {"first", "first"},
                                            {"last", "last"},
                                            {"events", "events"},
                                            {"expected", "expected"}};
    static const char *const words[][2] = {{"word", "word"}, {"count", "count"}};
    static const char *const sentences[][2] = {{"class", "class"},
                                               {"sentence", "sentence"}};
    static const char *const kano[][2] = {{"feature", "feature"},
                                          {"answers", "answers"},
                                          {"need", "need"},
                                          {"better", "better"},
                                          {"worse", "worse"}};
    const int64_t all = INT64_MAX;
    fprintf(file, ",\n\"themes\":{\"n\":%lld", (long long)t->n);
    if (t->held != NULL)
        fprintf(file, ",\"held\":%lld", (long long)kehu_table_row_count(t->held));
    write_ranks(file, t);
    write_rows(file, "needs", t->needs, all, COLUMNS(needs));
    if (t->tones != NULL)
        write_tones(file, t, classes);
    write_rows(file, "trends", t->levels, all, COLUMNS(levels));
    write_rows(file, "bursts", t->bursts, N_BURSTS, COLUMNS(bursts));
    write_rows(file, "new_words", t->words, N_NEW_WORDS, COLUMNS(words));
    write_copies(file, t);
    write_rows(file, "sentences", t->summaries, all, COLUMNS(sentences));
    if (t->kano != NULL)
        write_rows(file, "kano", t->kano, all, COLUMNS(kano));
    TRY(write_topics(file, t, err));
    fputc('}', file);
    return KEHU_OK;
}
