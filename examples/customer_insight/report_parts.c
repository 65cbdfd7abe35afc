/* The parts of report.json, one function each. Numbers have a fixed count of
 * decimals, so that the same findings give the same bytes. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { N_KEYWORDS = 8, MAX_REASONS = 128 };

/* ---- Demands ----------------------------------------------------------------------- */

/* Months since year 0 of a moment. */
static int64_t month_of(const kehu_column *time, int64_t i)
{
    char day[16];
    int year = 0, month = 0;
    day_text(day, day_of(((const int64_t *)time->data)[time->start + i]));
    (void)sscanf(day, "%d-%d", &year, &month);
    return 12 * (int64_t)year + month - 1;
}

/* Points that each keyword has given to each class over all texts of that class:
 * [classes][words]. Heavy words that hardly ever occur thus stay behind. */
static kehu_status add_points(double *points, const findings *x, kehu_error *err)
{
    const texts *t = &x->texts;
    const int32_t n_words = kehu_keyword_word_count(t->keyword);
    const kehu_column *text = frame_find(x->base.demands, "text");
    kehu_keyword_match reasons[MAX_REASONS];
    for (int64_t i = 0; i < text->length; i++) {
        const int32_t c = x->demand_class[i];
        const char *name = c < 0 ? "" : names_get(t->classes, c);
        const int32_t class_number =
            kehu_keyword_class_find(t->keyword, name, (int64_t)strlen(name));
        size_t size;
        const char *bytes = text_at(text, i, &size);
        int64_t n = 0;
        if (class_number >= 0)
            TRY(kehu_keyword_explain(t->keyword, bytes, (int64_t)size, class_number,
                                     reasons, MAX_REASONS, &n, err));
        for (int64_t k = 0; k < n && k < MAX_REASONS; k++)
            points[(int64_t)c * n_words + reasons[k].word] += reasons[k].weight;
    }
    return KEHU_OK;
}

static int64_t characters(const char *text)
{
    int64_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* The keywords that have given a class most, best first; single characters work,
 * but say little to a reader. */
static void write_keywords(FILE *file, const kehu_keyword *k, const double *points)
{
    int32_t best[N_KEYWORDS], n = 0;
    for (int32_t w = 0; w < kehu_keyword_word_count(k); w++) {
        if (points[w] <= 0 || characters(kehu_keyword_word(k, w)) < 2 ||
            (n == N_KEYWORDS && points[w] <= points[best[n - 1]]))
            continue;
        int32_t at = n < N_KEYWORDS ? n++ : n - 1;
        for (; at > 0 && points[best[at - 1]] < points[w]; at--)
            best[at] = best[at - 1];
        best[at] = w;
    }
    fputs(",\"keywords\":[", file);
    for (int32_t i = 0; i < n; i++) {
        if (i > 0)
            fputc(',', file);
        json_name(file, kehu_keyword_word(k, best[i]));
    }
    fputs("],\"points\":[", file);
    for (int32_t i = 0; i < n; i++)
        fprintf(file, i > 0 ? ",%.0f" : "%.0f", points[best[i]]);
    fputc(']', file);
}

/* A table of counts [classes][columns] as JSON. */
static void write_counts(FILE *file, const char *name, const int64_t *counts,
                         int64_t rows, int64_t columns)
{
    fprintf(file, ",\n\"%s\":[", name);
    for (int64_t r = 0; r < rows; r++) {
        fputs(r > 0 ? ",\n[" : "[", file);
        for (int64_t c = 0; c < columns; c++)
            fprintf(file, c > 0 ? ",%lld" : "%lld", (long long)counts[r * columns + c]);
        fputc(']', file);
    }
    fputc(']', file);
}

static void write_months(FILE *file, const findings *x, const kehu_column *time,
                         int64_t n_classes)
{
    const int64_t n = time->length;
    int64_t first = INT64_MAX, last = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t m = month_of(time, i);
        first = m < first ? m : first;
        last = m > last ? m : last;
    }
    const int64_t months = n > 0 ? last - first + 1 : 0;
    int64_t *counts = calloc((size_t)(n_classes * months) + 1, sizeof *counts);
    fputs("],\n\"months\":[", file);
    for (int64_t m = 0; m < months; m++)
        fprintf(file, "%s\"%04lld-%02lld\"", m > 0 ? "," : "",
                (long long)((first + m) / 12), (long long)((first + m) % 12 + 1));
    fputc(']', file);
    for (int64_t i = 0; i < n && counts != NULL; i++)
        if (x->demand_class[i] >= 0)
            counts[x->demand_class[i] * months + month_of(time, i) - first]++;
    write_counts(file, "trend", counts, counts == NULL ? 0 : n_classes, months);
    free(counts);
}

static void write_channels(FILE *file, const findings *x, const kehu_column *channel,
                           int64_t n_classes)
{
    const names *channels = x->base.channels.names;
    const int64_t n_channels = names_count(channels);
    int64_t *counts = calloc((size_t)(n_classes * n_channels) + 1, sizeof *counts);
    fputs(",\n\"channels\":[", file);
    for (int64_t c = 0; c < n_channels; c++) {
        if (c > 0)
            fputc(',', file);
        json_name(file, names_get(channels, c));
    }
    fputc(']', file);
    for (int64_t i = 0; i < channel->length && counts != NULL; i++) {
        size_t size;
        const char *name = text_at(channel, i, &size);
        const int64_t at = names_find(channels, name, size);
        if (at >= 0 && x->demand_class[i] >= 0)
            counts[x->demand_class[i] * n_channels + at]++;
    }
    write_counts(file, "by_channel", counts, counts == NULL ? 0 : n_classes, n_channels);
    free(counts);
}

kehu_status report_demands(FILE *file, const findings *x, kehu_error *err)
{
    const texts *t = &x->texts;
    const int64_t n = frame_rows(x->base.demands), n_classes = names_count(t->classes);
    const int64_t n_words = kehu_keyword_word_count(t->keyword);
    double *points = calloc((size_t)(n_classes * n_words) + 1, sizeof *points);
    if (points == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the keywords");
    const kehu_status status = add_points(points, x, err);
    fprintf(file, ",\n\"demands\":{\"n\":%lld,\"n_labelled\":%lld,\"classes\":[",
            (long long)n, (long long)t->n_labelled);
    for (int64_t c = 0; c < n_classes; c++) {
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++)
            count += x->demand_class[i] == c;
        fputs(c > 0 ? ",\n{\"name\":" : "\n{\"name\":", file);
        json_name(file, names_get(t->classes, c));
        fprintf(file, ",\"count\":%lld,\"share\":%.4f", (long long)count,
                n > 0 ? (double)count / (double)n : 0);
        write_keywords(file, t->keyword, points + c * n_words);
        fputc('}', file);
    }
    write_months(file, x, frame_find(x->base.demands, "time"), n_classes);
    write_channels(file, x, frame_find(x->base.demands, "channel"), n_classes);
    fputc('}', file);
    free(points);
    return status;
}

void report_methods(FILE *file, const texts *t)
{
    fputs(",\n\"methods\":[", file);
    for (int m = 0; m < N_METHODS; m++) {
        const quality *q = &t->quality[m];
        fprintf(
            file,
            "%s\n{\"name\":\"%s\",\"accuracy\":%.4f,\"macro_f1\":%.4f,\"coverage\":%.4f,"
            "\"model_bytes\":%lld,\"classes\":[",
            m > 0 ? "," : "", method_names[m], q->evaluation.accuracy,
            q->evaluation.macro_f1, q->evaluation.coverage, (long long)q->model_bytes);
        for (int64_t c = 0; c < names_count(t->classes); c++) {
            fputs(c > 0 ? ",{\"name\":" : "{\"name\":", file);
            json_name(file, names_get(t->classes, c));
            fprintf(file, ",\"f1\":%.4f,\"count\":%lld}",
                    q->classes[c].n_truth > 0 ? q->classes[c].f1 : 0,
                    (long long)t->n_of[c]);
        }
        fputs("]}", file);
    }
    fputc(']', file);
}

/* ---- Preferences and value
 * --------------------------------------------------------------- */

void report_preferences(FILE *file, const preferences *p)
{
    bool first = true;
    fputs(",\n\"preferences\":[", file);
    for (int k = 0; k < N_PREFERENCES; k++) {
        const preference *subject = &p->of[k];
        if (subject->items == NULL)
            continue;
        fprintf(file, "%s\n{\"of\":\"%s\",\"items\":[", first ? "" : ",", subject->of);
        first = false;
        for (int64_t i = 0; i < names_count(subject->items); i++) {
            fputs(i > 0 ? ",\n{\"name\":" : "\n{\"name\":", file);
            json_name(file, names_get(subject->items, i));
            fputs(",\"counts\":[", file);
            for (int64_t l = 0; l < KEHU_LEVEL_COUNT; l++)
                fprintf(file, l > 0 ? ",%lld" : "%lld",
                        (long long)subject->levels[i * KEHU_LEVEL_COUNT + l].n_rows);
            fputs("]}", file);
        }
        fputs("]}", file);
    }
    fputc(']', file);
}

static kehu_status write_edges(FILE *file, const value *v, kehu_error *err)
{
    static const char *const columns[] = {"recency_days", "orders", "spend"};
    fputs(",\"edges\":{", file);
    for (int k = 0; k < 3; k++) {
        kehu_rfm_cuts cuts;
        TRY(kehu_rfm_get_cuts(v->rfm, (kehu_rfm_column)k, &cuts, err));
        fprintf(file, "%s\"%s\":[", k > 0 ? "," : "", columns[k]);
        for (uint32_t e = 0; e + 1 < cuts.levels; e++) {
            fputs(e > 0 ? "," : "", file);
            csv_money(file, true, cuts.at_most[e], k == 2 ? v->decimals : 0);
        }
        fputc(']', file);
    }
    fputc('}', file);
    return KEHU_OK;
}

/* Customers of one grade in each of the three, so of one segment. */
typedef struct cell {
    int64_t customers, days, spend;
    int32_t segment;
} cell;

/* What a scatter shows of any number of customers: at most levels^3 points. */
static kehu_status write_cells(FILE *file, const value *v, kehu_error *err)
{
    const size_t side = KEHU_RFM_MAX_LEVELS, n = side * side * side;
    cell *cells = calloc(n, sizeof *cells);
    if (cells == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the grades");
    for (int64_t i = 0; i < v->columns.n; i++) {
        const uint8_t *g = v->grades + 3 * i;
        cell *c = &cells[((g[0] - 1u) * side + (g[1] - 1u)) * side + (g[2] - 1u)];
        c->customers++;
        c->days += v->columns.recency_days[i];
        c->spend += v->columns.spend[i];
        c->segment = v->segment[i];
    }
    const char *comma = "";
    fputs(",\n\"cells\":[", file);
    for (size_t k = 0; k < n; k++) {
        const cell *c = &cells[k];
        if (c->customers == 0)
            continue;
        fprintf(file,
                "%s\n{\"grades\":[%zu,%zu,%zu],\"segment\":%d,\"count\":%lld,"
                "\"mean_recency_days\":%.2f,\"spend\":",
                comma, k / side / side + 1, k / side % side + 1, k % side + 1,
                (int)c->segment, (long long)c->customers,
                (double)c->days / (double)c->customers);
        csv_money(file, true, c->spend, v->decimals);
        fputc('}', file);
        comma = ",";
    }
    fputc(']', file);
    free(cells);
    return KEHU_OK;
}

kehu_status report_value(FILE *file, const value *v, kehu_error *err)
{
    kehu_rfm_cuts r, f;
    TRY(kehu_rfm_get_cuts(v->rfm, KEHU_RFM_RECENCY, &r, err));
    TRY(kehu_rfm_get_cuts(v->rfm, KEHU_RFM_ORDERS, &f, err));
    int64_t heat[KEHU_RFM_MAX_LEVELS * KEHU_RFM_MAX_LEVELS] = {0};
    for (int64_t i = 0; i < v->columns.n; i++)
        heat[(v->grades[3 * i] - 1) * (int)f.levels + v->grades[3 * i + 1] - 1]++;
    fprintf(file, ",\n\"rfm\":{\"n\":%lld,\"levels\":%u", (long long)v->columns.n,
            (unsigned)r.levels);
    TRY(write_edges(file, v, err));
    write_counts(file, "heat", heat, r.levels, f.levels);
    fputs(",\n\"segments\":[", file);
    for (int32_t k = 0; k < kehu_segments_count(v->segments); k++) {
        const kehu_segment_total *t = &v->totals[k];
        const double n = (double)t->customers;
        fputs(k > 0 ? ",\n{\"name\":" : "\n{\"name\":", file);
        json_name(file, kehu_segments_get_name(v->segments, k));
        fprintf(file,
                ",\"count\":%lld,\"share\":%.4f,\"spend\":", (long long)t->customers,
                n / (double)v->columns.n);
        csv_money(file, true, t->spend, v->decimals);
        fprintf(file, ",\"mean_recency_days\":%.2f,\"mean_orders\":%.2f}",
                v->mean_recency[k], n > 0 ? (double)t->orders / n : 0);
    }
    fputc(']', file);
    TRY(write_cells(file, v, err));
    const int64_t side = kehu_segments_count(v->segments) + 1;
    if (v->migration != NULL) {
        fprintf(file, ",\"migration_days\":%d", MIGRATION_DAYS);
        write_counts(file, "migration", v->migration, side, side);
    }
    fputc('}', file);
    return KEHU_OK;
}

void report_contacts(FILE *file, const base *b)
{
    const int64_t n_channels = names_count(b->channels.names);
    const int64_t n_topics = names_count(b->topics);
    fputs(",\n\"contacts\":{\"channels\":[", file);
    for (int64_t c = 0; c < n_channels; c++) {
        fputs(c > 0 ? "," : "", file);
        json_name(file, names_get(b->channels.names, c));
    }
    fputs("],\"topics\":[", file);
    for (int64_t t = 0; t < n_topics; t++) {
        json_name(file, names_get(b->topics, t));
        fputc(',', file);
    }
    fputs("\"\"],\"counts\":[", file);
    for (int64_t c = 0; c < n_channels; c++) {
        const int64_t *counts = &b->contacts[c * (MAX_TOPICS + 1)];
        fputs(c > 0 ? ",[" : "[", file);
        for (int64_t t = 0; t < n_topics; t++)
            fprintf(file, "%lld,", (long long)counts[t]);
        fprintf(file, "%lld]", (long long)counts[MAX_TOPICS]);
    }
    fputs("]}", file);
}

/* ---- Rejects
 * ------------------------------------------------------------------------------- */

/* Rejected rows of a file by what was wrong, in the order of first occurrence. */
static kehu_status count_rejects(FILE *file, const intake *in, bool *first,
                                 kehu_error *err)
{
    const kehu_table *t = in->rejects;
    names *reasons = names_new();
    int64_t *counts = calloc((size_t)kehu_table_row_count(t) + 1, sizeof *counts);
    kehu_status status = KEHU_OK;
    for (int64_t i = 0; i < kehu_table_row_count(t) && status == KEHU_OK; i++) {
        char line[300];
        size_t column_size, size;
        const char *column = text_at(kehu_table_column(t, 1), i, &column_size);
        const char *reason = text_at(kehu_table_column(t, 2), i, &size);
        const int n = snprintf(line, sizeof line, "%.*s%s%.*s", (int)column_size, column,
                               column_size > 0 ? ": " : "", (int)size, reason);
        const int64_t at =
            reasons == NULL || counts == NULL
                ? -1
                : names_add(reasons, line,
                            (size_t)n < sizeof line ? (size_t)n : sizeof line - 1, NULL);
        if (at < 0)
            status = fail(err, KEHU_NO_MEMORY, "no memory for the rejects");
        else
            counts[at]++;
    }
    for (int64_t i = 0; status == KEHU_OK && reasons != NULL && i < names_count(reasons);
         i++) {
        fputs(*first ? "\n{\"file\":" : ",\n{\"file\":", file);
        json_name(file, file_name(in->path));
        fputs(",\"reason\":", file);
        json_name(file, names_get(reasons, i));
        fprintf(file, ",\"count\":%lld}", (long long)counts[i]);
        *first = false;
    }
    names_free(reasons);
    free(counts);
    return status;
}

kehu_status report_rejects(FILE *file, const base *b, kehu_error *err)
{
    bool first = true;
    fputs(",\n\"rejects\":[", file);
    for (int i = 0; i < N_INTAKES; i++)
        if (b->intakes[i].rejects != NULL)
            TRY(count_rejects(file, &b->intakes[i], &first, err));
    fputc(']', file);
    return KEHU_OK;
}
