/* What is known of preferences, as CSV. */
#include "preferences.h"

static const char *const level_names[KEHU_LEVEL_COUNT] = {
    "hardly", "occasional", "ordinary", "rather reliant", "reliant"};

static void write_customer(FILE *file, const preference *p, const base *b, int64_t i)
{
    const int64_t n_items = names_count(p->items);
    for (int64_t k = 0; k < n_items; k++) {
        csv_name(file, true, names_get(b->ids, i));
        csv_name(file, false, p->of);
        csv_name(file, false, names_get(p->items, k));
        csv_real(file, false, 100 * p->p[i * n_items + k], 2);
        csv_name(file, false, level_names[p->level[i * n_items + k]]);
        csv_name(file, false, basis_names[p->basis[i]]);
        csv_end(file);
    }
}

static void write_levels(FILE *file, const preference *p)
{
    const int64_t n_items = names_count(p->items);
    for (int64_t k = 0; k < n_items * KEHU_LEVEL_COUNT; k++) {
        const kehu_level_row *row = &p->levels[k];
        csv_name(file, true, p->of);
        csv_name(file, false, names_get(p->items, row->class_number));
        csv_name(file, false, level_names[row->level]);
        csv_real(file, false, 100 * row->from, 0);
        csv_real(file, false, 100 * row->to, 0);
        csv_count(file, false, row->n_rows);
        csv_real(file, false, row->share, 4);
        csv_real(file, false, 100 * row->mean_probability, 2);
        csv_end(file);
    }
}

kehu_status preferences_write(const preferences *p, const base *b, outputs *o,
                              kehu_error *err)
{
    FILE *scores, *levels;
    TRY(outputs_open(o, &scores, "preferences.csv", err));
    TRY(outputs_open(o, &levels, "levels.csv", err));
    fputs("customer,of,item,score,level,basis\n", scores);
    fputs("of,item,level,from,to,customers,share,mean_score\n", levels);
    for (int k = 0; k < N_PREFERENCES; k++) {
        const preference *subject = &p->of[k];
        if (subject->items == NULL)
            continue;
        for (int64_t i = 0; i < b->n; i++)
            write_customer(scores, subject, b, i);
        write_levels(levels, subject);
    }
    return KEHU_OK;
}
