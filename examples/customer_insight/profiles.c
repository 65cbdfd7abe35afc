#include "profiles.h"

#include <stdlib.h>
#include <string.h>

/* Number of the customer with key i of the value step. */
static int64_t customer_of_key(const findings *x, int64_t i)
{
    const kehu_column *keys = &x->value.keys;
    const int64_t *offsets = (const int64_t *)keys->offsets + keys->start + i;
    return names_find(x->base.ids, (const char *)keys->data + offsets[0],
                      (size_t)(offsets[1] - offsets[0]));
}

/* The most frequent class of each customer's demands, the first of equals. */
static kehu_status find_main_demands(findings *x, kehu_error *err)
{
    const int64_t n_classes =
        x->texts.classes == NULL ? 0 : names_count(x->texts.classes);
    const int64_t n = frame_rows(x->base.demands);
    const kehu_column *customer = frame_find(x->base.demands, "customer");
    int64_t *counts = calloc((size_t)(x->base.n * n_classes) + 1, sizeof *counts);
    if (counts == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the profiles");
    for (int64_t i = 0; i < n && n_classes > 0; i++) {
        const int64_t who = base_find(&x->base, customer, i);
        const int32_t class_number = x->demand_class[i];
        if (who < 0 || class_number < 0)
            continue;
        const int64_t count = ++counts[who * n_classes + class_number];
        const int32_t best = x->main_demand[who];
        if (best < 0 || count > counts[who * n_classes + best] ||
            (count == counts[who * n_classes + best] && class_number < best))
            x->main_demand[who] = class_number;
    }
    free(counts);
    return KEHU_OK;
}

kehu_status profiles_find(findings *x, kehu_error *err)
{
    const size_t n = (size_t)x->base.n;
    const int64_t n_demands = frame_rows(x->base.demands);
    x->value_of = malloc((n + 1) * sizeof *x->value_of);
    x->main_demand = malloc((n + 1) * sizeof *x->main_demand);
    x->demand_class = malloc(((size_t)n_demands + 1) * sizeof *x->demand_class);
    if (x->value_of == NULL || x->main_demand == NULL || x->demand_class == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the profiles");
    memset(x->value_of, 0xFF, n * sizeof *x->value_of);
    memset(x->main_demand, 0xFF, n * sizeof *x->main_demand);
    for (int64_t i = 0; i < x->value.columns.n; i++) {
        const int64_t who = customer_of_key(x, i);
        if (who >= 0)
            x->value_of[who] = i;
    }
    for (int64_t i = 0; i < n_demands; i++)
        x->demand_class[i] = x->texts.label == NULL   ? -1
                             : x->texts.label[i] >= 0 ? x->texts.label[i]
                                                      : x->texts.answer[SVM][i];
    return find_main_demands(x, err);
}

/* Best item, its score, level and basis: empty where there is no such subject. */
static void write_preference(FILE *file, const preference *p, int64_t i)
{
    if (p->items == NULL) {
        fputs(",,,", file);
        return;
    }
    const int64_t best = preference_top(p, i), at = i * names_count(p->items) + best;
    csv_name(file, false, names_get(p->items, best));
    csv_real(file, false, 100 * p->p[at], 2);
    csv_name(file, false, basis_names[p->basis[i]]);
}

static void write_value(FILE *file, const findings *x, int64_t i)
{
    const value *v = &x->value;
    const int64_t at = x->value_of[i];
    if (at < 0) {
        fputs(",,,,,,,", file);
        return;
    }
    csv_count(file, false, v->columns.recency_days[at]);
    csv_count(file, false, v->columns.orders[at]);
    csv_money(file, false, v->columns.spend[at], v->decimals);
    for (int g = 0; g < 3; g++)
        csv_count(file, false, v->grades[3 * at + g]);
    csv_name(file, false, kehu_segments_get_name(v->segments, v->segment[at]));
}

kehu_status profiles_write(const findings *x, outputs *o, kehu_error *err)
{
    const base *b = &x->base;
    FILE *file;
    TRY(outputs_open(o, &file, "profiles.csv", err));
    fputs("customer,channel,channel_score,channel_basis,content,content_score,content_"
          "basis,"
          "occupation,occupation_score,occupation_basis,recency_days,orders,spend,r,f,m,"
          "segment,"
          "contacts,complaints,usage,demands,main_demand,risk\n",
          file);
    for (int64_t i = 0; i < b->n; i++) {
        const int32_t demand = x->main_demand[i];
        csv_name(file, true, names_get(b->ids, i));
        for (int k = 0; k < N_PREFERENCES; k++)
            write_preference(file, &x->preferences.of[k], i);
        write_value(file, x, i);
        csv_count(file, false, b->n_contacts[i]);
        csv_count(file, false, b->n_complaints[i]);
        csv_real(file, false, b->used[i], 0);
        csv_count(file, false, b->n_demands[i]);
        csv_name(file, false, demand < 0 ? "" : names_get(x->texts.classes, demand));
        if (x->preferences.risk != NULL)
            csv_real(file, false, x->preferences.risk[i], 4);
        else
            fputc(',', file);
        csv_end(file);
    }
    return KEHU_OK;
}
