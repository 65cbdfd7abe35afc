#include "profiles.h"

#include <stdlib.h>
#include <string.h>

enum { RISKIEST = 20, MANY_DEMANDS = 3, GOOD_MONEY = 3, RATHER_RELIANT = 3 };

/* Highest score first, then in the order of the customers. */
static int by_score(const void *a, const void *b)
{
    const target *x = a, *y = b;
    return x->score != y->score
               ? (x->score < y->score) - (x->score > y->score)
               : (x->customer > y->customer) - (x->customer < y->customer);
}

static kehu_status new_list(target_lists *t, const char *prefix, const char *name,
                            target_list **list, int64_t n, kehu_error *err)
{
    *list = NULL;
    if (t->n == MAX_LISTS)
        return fail(err, KEHU_LIMIT, "more than %d target lists", MAX_LISTS);
    const size_t room = strlen(prefix) + strlen(name) + 1;
    *list = &t->lists[t->n++];
    (*list)->name = malloc(room);
    (*list)->targets = malloc(((size_t)n + 1) * sizeof *(*list)->targets);
    if ((*list)->name == NULL || (*list)->targets == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the targets");
    snprintf((*list)->name, room, "%s%s", prefix, name);
    return KEHU_OK;
}

static void add_target(target_list *list, int64_t customer, double score)
{
    list->targets[list->n++] = (target){customer, score};
}

static void sort_list(target_list *list)
{
    if (list->n > 0)
        qsort(list->targets, (size_t)list->n, sizeof *list->targets, by_score);
}

static bool lost(const findings *x, int64_t i)
{
    return x->preferences.lost != NULL && x->preferences.lost[i];
}

static kehu_status find_retention(target_lists *t, const findings *x, kehu_error *err)
{
    target_list *list;
    int64_t kept = 0;
    TRY(new_list(t, "retention", "", &list, x->base.n, err));
    for (int64_t i = 0; i < x->base.n; i++)
        if (!lost(x, i))
            add_target(list, i, x->preferences.risk[i]);
    sort_list(list);
    list->n /= RISKIEST;
    for (int64_t k = 0; k < list->n; k++) {
        const int64_t at = x->value_of[list->targets[k].customer];
        if (at >= 0 && x->value.grades[3 * at + 2] >= GOOD_MONEY)
            list->targets[kept++] = list->targets[k];
    }
    list->n = kept;
    return KEHU_OK;
}

static kehu_status find_win_back(target_lists *t, const findings *x, kehu_error *err)
{
    target_list *list;
    TRY(new_list(t, "win_back", "", &list, x->base.n, err));
    for (int64_t i = 0; i < x->base.n; i++) {
        const int64_t at = x->value_of[i];
        const char *segment =
            at < 0 ? "" : kehu_segments_get_name(x->value.segments, x->value.segment[at]);
        if (!lost(x, i) &&
            (strcmp(segment, "At risk") == 0 || strcmp(segment, "Can't lose") == 0))
            add_target(list, i, (double)x->value.columns.spend[at]);
    }
    sort_list(list);
    for (int64_t k = 0; k < list->n; k++) /* shown in money, not in minor units */
        for (int d = 0; d < x->value.decimals; d++)
            list->targets[k].score /= 10;
    return KEHU_OK;
}

static kehu_status find_care(target_lists *t, const findings *x, kehu_error *err)
{
    target_list *list;
    TRY(new_list(t, "care", "", &list, x->base.n, err));
    for (int64_t i = 0; i < x->base.n; i++)
        if (!lost(x, i) && x->base.n_demands[i] >= MANY_DEMANDS)
            add_target(list, i, (double)x->base.n_demands[i]);
    sort_list(list);
    return KEHU_OK;
}

static kehu_status find_content(target_lists *t, const findings *x, int64_t item,
                                kehu_error *err)
{
    const preference *p = &x->preferences.of[CONTENT];
    const int64_t n_items = names_count(p->items);
    target_list *list;
    TRY(new_list(t, "content:", names_get(p->items, item), &list, x->base.n, err));
    for (int64_t i = 0; i < x->base.n; i++)
        if (!lost(x, i) && p->level[i * n_items + item] >= RATHER_RELIANT)
            add_target(list, i, 100 * p->p[i * n_items + item]);
    sort_list(list);
    return KEHU_OK;
}

kehu_status targets_find(target_lists *t, const findings *x, kehu_error *err)
{
    const preference *content = &x->preferences.of[CONTENT];
    step("target lists");
    if (x->preferences.risk != NULL && x->value.columns.n > 0)
        TRY(find_retention(t, x, err));
    if (x->value.columns.n > 0)
        TRY(find_win_back(t, x, err));
    TRY(find_care(t, x, err));
    for (int64_t k = 0;
         content->items != NULL && k < names_count(content->items) && t->n < MAX_LISTS;
         k++)
        TRY(find_content(t, x, k, err));
    return KEHU_OK;
}

/* What has put a customer on a list, in words. */
static kehu_status find_reason(const target_list *list, const findings *x,
                               int64_t customer, reason_text *reason, kehu_error *err)
{
    const int64_t at = x->value_of[customer];
    const int32_t demand = x->main_demand[customer];
    if (strcmp(list->name, "retention") == 0)
        return preferences_explain_risk(&x->preferences, customer, reason, err);
    if (strcmp(list->name, "win_back") == 0)
        snprintf(reason->bytes, sizeof reason->bytes,
                 "%s: %lld days since the last of %lld orders",
                 kehu_segments_get_name(x->value.segments, x->value.segment[at]),
                 (long long)x->value.columns.recency_days[at],
                 (long long)x->value.columns.orders[at]);
    else if (strcmp(list->name, "care") == 0)
        snprintf(reason->bytes, sizeof reason->bytes, "%lld demands, mostly %s",
                 (long long)x->base.n_demands[customer],
                 demand < 0 ? "unsorted" : names_get(x->texts.classes, demand));
    else
        snprintf(reason->bytes, sizeof reason->bytes, "%s",
                 basis_names[x->preferences.of[CONTENT].basis[customer]]);
    return KEHU_OK;
}

kehu_status targets_write(const target_lists *t, const findings *x, outputs *o,
                          kehu_error *err)
{
    FILE *file;
    TRY(outputs_open(o, &file, "targets.csv", err));
    fputs("list,rank,customer,score,reason\n", file);
    for (int k = 0; k < t->n; k++)
        for (int64_t i = 0; i < t->lists[k].n; i++) {
            const target *found = &t->lists[k].targets[i];
            reason_text reason;
            TRY(find_reason(&t->lists[k], x, found->customer, &reason, err));
            csv_name(file, true, t->lists[k].name);
            csv_count(file, false, i + 1);
            csv_name(file, false, names_get(x->base.ids, found->customer));
            csv_real(file, false, found->score, 4);
            csv_name(file, false, reason.bytes);
            csv_end(file);
        }
    return KEHU_OK;
}

void targets_free(target_lists *t)
{
    for (int k = 0; k < t->n; k++) {
        free(t->lists[k].name);
        free(t->lists[k].targets);
    }
}
