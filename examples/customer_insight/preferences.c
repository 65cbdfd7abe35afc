/* Two sources, fused. What a customer has done speaks for itself; a tree learned
 * from all who have done something speaks for the latent customers, from their
 * fields and their other behaviour. The tree's probabilities count as much as
 * PRIOR_EVENTS events of the customer's own: the posterior mean of a multinomial
 * under a Dirichlet prior. So nobody is without a score, and nobody with a history
 * is judged by others'. */
#include "preferences.h"

#include <stdlib.h>
#include <string.h>

enum { MANY_EVENTS = 20, MAX_FEATURES = 256 };
static const double prior_events = 4, minutes_an_event = 15;

const char *const basis_names[] = {"inferred", "both", "behaviour", "known"};

/* ---- What the trees look at -------------------------------------------------- */

struct features {
    kehu_column columns[MAX_FEATURES];
    uint32_t n;
    double *made[MAX_FEATURES]; /* numbers that belong to us, by the column's place */
    char *names[MAX_FEATURES];  /* of these */
};
typedef struct features features;

static void features_free(features *x)
{
    if (x != NULL)
        for (uint32_t i = 0; i < x->n; i++) {
            free(x->made[i]);
            free(x->names[i]);
        }
    free(x);
}

/* The customer's fields, except what is to be found out. */
static void add_fields(features *x, const base *b, const char *but, const char *also_but)
{
    int64_t n_columns;
    const kehu_column *fields = frame_columns(b->people, &n_columns);
    for (int64_t c = 0; c < n_columns && x->n < MAX_FEATURES; c++)
        if (strcmp(fields[c].name, "customer") != 0 &&
            (but == NULL || strcmp(fields[c].name, but) != 0) &&
            (also_but == NULL || strcmp(fields[c].name, also_but) != 0))
            x->columns[x->n++] = fields[c];
}

/* Shares of the uses, one column an item; missing where there is no use at all. */
static kehu_status add_shares(features *x, const base *b, const double *use,
                              const names *items, const char *prefix, kehu_error *err)
{
    const int64_t n_items = names_count(items);
    for (int64_t k = 0; k < n_items && x->n < MAX_FEATURES; k++) {
        const char *item = names_get(items, k);
        const size_t room = strlen(prefix) + strlen(item) + 2;
        double *share = malloc(((size_t)b->n + 1) * sizeof *share);
        char *name = malloc(room);
        if (share == NULL || name == NULL) {
            free(share);
            free(name);
            return fail(err, KEHU_NO_MEMORY, "no memory for the features");
        }
        for (int64_t i = 0; i < b->n; i++) {
            double sum = 0;
            for (int64_t j = 0; j < n_items; j++)
                sum += use[i * n_items + j];
            share[i] = use[i * n_items + k] / sum; /* NaN, missing, when the sum is 0 */
        }
        snprintf(name, room, "%s %s", prefix, item);
        x->names[x->n] = name;
        x->made[x->n] = share;
        x->columns[x->n] = (kehu_column){
            .name = name, .type = KEHU_FLOAT64, .length = b->n, .data = share};
        x->n++;
    }
    return KEHU_OK;
}

/* Complaints as a share of the contacts. */
static kehu_status add_complaints(features *x, const base *b, kehu_error *err)
{
    double *share = malloc(((size_t)b->n + 1) * sizeof *share);
    if (share == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the features");
    for (int64_t i = 0; i < b->n; i++)
        share[i] = (double)b->n_complaints[i] / (double)b->n_contacts[i];
    x->made[x->n] = share;
    x->columns[x->n++] = (kehu_column){.name = "share of complaints",
                                       .type = KEHU_FLOAT64,
                                       .length = b->n,
                                       .data = share};
    return KEHU_OK;
}

/* ---- Trees ------------------------------------------------------------------- */

/* Learn `target`, known for some customers, and score all: p[n][classes], the classes
 * by name. The caller frees *model. */
static kehu_status learn(kehu_preference **model, double *p, const features *x,
                         const base *b, const kehu_column *target, const names *classes,
                         const flags *f, kehu_error *err)
{
    const int64_t n_classes = names_count(classes);
    const kehu_tree_options tree = {
        .size = sizeof tree, .n_threads = f->n_threads, .progress = &on_stderr};
    const kehu_preference_options options = {.size = sizeof options, .tree = &tree};
    const kehu_tree_score_options so = {.size = sizeof so, .n_threads = f->n_threads};
    TRY(kehu_preference_train(model, x->columns, x->n, target,
                              frame_find(b->people, "customer"), &options, err));
    const uint32_t n_found = kehu_preference_class_count(*model);
    double *found = malloc(((size_t)b->n * n_found + 1) * sizeof *found);
    if (found == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the scores");
    const kehu_status status =
        kehu_preference_score(*model, x->columns, x->n, found, NULL, &so, err);
    for (int64_t i = 0; i < b->n && status == KEHU_OK; i++) {
        memset(p + i * n_classes, 0, (size_t)n_classes * sizeof *p);
        for (uint32_t c = 0; c < n_found; c++) {
            const char *name = kehu_preference_class_name(*model, c);
            const int64_t k = names_find(classes, name, strlen(name));
            if (k >= 0)
                p[i * n_classes + k] = found[(size_t)i * n_found + c];
        }
    }
    free(found);
    return status;
}

static kehu_status preference_new(preference *p, const char *of, const names *items,
                                  int64_t n, kehu_error *err)
{
    const size_t cells = (size_t)(n * names_count(items)) + 1;
    p->of = of;
    p->items = items;
    p->p = calloc(cells, sizeof *p->p);
    p->level = calloc(cells, sizeof *p->level);
    p->basis = calloc((size_t)n + 1, sizeof *p->basis);
    p->levels =
        calloc((size_t)names_count(items) * KEHU_LEVEL_COUNT + 1, sizeof *p->levels);
    if (p->p == NULL || p->level == NULL || p->basis == NULL || p->levels == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the preferences");
    return KEHU_OK;
}

/* The item used most, as the tree's target; ties go to the first. *differs: not all who
 * used enough have the same. */
static kehu_status most_used(text_list *target, bool *differs, const double *use,
                             const names *items, int64_t n, double enough,
                             kehu_error *err)
{
    const int64_t n_items = names_count(items);
    int64_t first = -1;
    *differs = false;
    for (int64_t i = 0; i < n; i++) {
        int64_t best = 0;
        double sum = 0;
        for (int64_t k = 0; k < n_items; k++) {
            sum += use[i * n_items + k];
            if (use[i * n_items + k] > use[i * n_items + best])
                best = k;
        }
        const char *name = sum >= enough ? names_get(items, best) : "";
        if (sum >= enough && first < 0)
            first = best;
        *differs = *differs || (sum >= enough && best != first);
        TRY(text_list_add(target, name, strlen(name), err));
    }
    return KEHU_OK;
}

/* From use to preference; `unit` uses count as one event. Where there is nothing to
 * learn the subject is left out: p->items is NULL then. */
static kehu_status find_by_use(preference *p, const base *b, const features *x,
                               const double *use, double unit, const flags *f,
                               kehu_error *err)
{
    const int64_t n_items = names_count(p->items);
    text_list target = {0};
    kehu_preference *model = NULL;
    bool differs = false;
    kehu_status status = most_used(&target, &differs, use, p->items, b->n, 5 * unit, err);
    if (status == KEHU_OK && differs) {
        const kehu_column column = text_list_column(&target, p->of);
        status = learn(&model, p->p, x, b, &column, p->items, f, err);
    }
    kehu_preference_free(model);
    text_list_free(&target);
    TRY(status);
    if (!differs) {
        fprintf(stderr, "%s: too little or all alike, left out\n", p->of);
        p->items = NULL;
        return KEHU_OK;
    }
    for (int64_t i = 0; i < b->n; i++) {
        double events = 0;
        for (int64_t k = 0; k < n_items; k++)
            events += use[i * n_items + k] / unit;
        for (int64_t k = 0; k < n_items; k++)
            p->p[i * n_items + k] =
                (prior_events * p->p[i * n_items + k] + use[i * n_items + k] / unit) /
                (prior_events + events);
        p->basis[i] = events <= 0            ? INFERRED
                      : events < MANY_EVENTS ? FROM_BOTH
                                             : FROM_BEHAVIOUR;
    }
    return KEHU_OK;
}

/* A field known for some customers only. */
static kehu_status find_field(preference *p, const base *b, const features *x,
                              const kehu_column *field, const flags *f, kehu_error *err)
{
    const int64_t n_items = names_count(p->items);
    kehu_preference *model = NULL;
    const kehu_status status = learn(&model, p->p, x, b, field, p->items, f, err);
    kehu_preference_free(model);
    TRY(status);
    for (int64_t i = 0; i < b->n; i++) {
        size_t size;
        const char *name = text_at(field, i, &size);
        if (size > 0) {
            memset(p->p + i * n_items, 0, (size_t)n_items * sizeof *p->p);
            p->p[i * n_items + names_find(p->items, name, size)] = 1;
            p->basis[i] = KNOWN;
        }
    }
    return KEHU_OK;
}

static kehu_status grade(preference *p, int64_t n, kehu_error *err)
{
    const uint32_t n_items = p->items == NULL ? 0 : (uint32_t)names_count(p->items);
    kehu_levels *levels = NULL;
    if (n_items == 0)
        return KEHU_OK;
    kehu_status status = kehu_levels_fit(&levels, NULL, 0, n_items, NULL, err);
    if (status == KEHU_OK)
        status = kehu_levels_grade(levels, p->p, n, p->level, err);
    if (status == KEHU_OK)
        status = kehu_levels_report(levels, p->p, n, NULL, p->levels, err);
    for (uint32_t i = 0; i < n_items * KEHU_LEVEL_COUNT; i++)
        p->levels[i].name = NULL; /* it goes with the handle */
    kehu_levels_free(levels);
    return status;
}

/* ---- The subjects -------------------------------------------------------------- */

static kehu_status find_channels(preference *p, const base *b, const flags *f,
                                 features *x, kehu_error *err)
{
    step("channel preference");
    TRY(preference_new(p, "channel", b->channels.names, b->n, err));
    add_fields(x, b, f->target, NULL);
    TRY(add_shares(x, b, b->content_use, b->contents.names, "share of", err));
    TRY(find_by_use(p, b, x, b->channel_use, 1, f, err));
    return grade(p, b->n, err);
}

static kehu_status find_contents(preference *p, const base *b, const flags *f,
                                 features *x, kehu_error *err)
{
    step("content preference");
    TRY(preference_new(p, "content", b->contents.names, b->n, err));
    add_fields(x, b, f->target, NULL);
    TRY(add_shares(x, b, b->channel_use, b->channels.names, "share by", err));
    TRY(find_by_use(p, b, x, b->content_use, minutes_an_event, f, err));
    return grade(p, b->n, err);
}

static kehu_status find_occupation(preference *p, const base *b, const flags *f,
                                   const kehu_column *field, features *x, kehu_error *err)
{
    step("occupation");
    p->own = names_new();
    for (int64_t i = 0; i < b->n; i++) {
        size_t size;
        const char *name = text_at(field, i, &size);
        if (p->own == NULL || (size > 0 && names_add(p->own, name, size, NULL) < 0))
            return fail(err, KEHU_NO_MEMORY, "no memory for the names");
    }
    if (names_count(p->own) < 2)
        return KEHU_OK;
    TRY(preference_new(p, "occupation", p->own, b->n, err));
    add_fields(x, b, f->target, "occupation");
    TRY(add_shares(x, b, b->content_use, b->contents.names, "share of", err));
    TRY(add_shares(x, b, b->channel_use, b->channels.names, "share by", err));
    TRY(find_field(p, b, x, field, f, err));
    return grade(p, b->n, err);
}

static bool is_yes(const char *value, size_t size)
{
    return size == 3 && memcmp(value, "yes", 3) == 0;
}

/* The probability that the target field is "yes", from the other fields and the
 * share of complaints: how much a customer does says nothing here, for one who has
 * left does less because of that. */
static kehu_status find_risk(preferences *p, const base *b, const flags *f,
                             const kehu_column *field, features *x, kehu_error *err)
{
    names *classes = names_new();
    double *found = malloc(((size_t)b->n * 2 + 1) * sizeof *found);
    p->risk = calloc((size_t)b->n + 1, sizeof *p->risk);
    p->lost = calloc((size_t)b->n + 1, sizeof *p->lost);
    kehu_status status = KEHU_OK;
    bool comes = false;
    step("risk");
    for (int64_t i = 0; i < b->n && !comes; i++) {
        size_t size;
        const char *value = text_at(field, i, &size);
        comes = is_yes(value, size);
    }
    if (classes == NULL || found == NULL || p->risk == NULL || p->lost == NULL ||
        names_add(classes, "no", 2, NULL) < 0 || names_add(classes, "yes", 3, NULL) < 0)
        status = fail(err, KEHU_NO_MEMORY, "no memory for the risk");
    if (status == KEHU_OK && !comes)
        status = fail(err, KEHU_COLUMN, "--target: no row of %s has a %s of \"yes\"",
                      f->customers, f->target);
    if (status == KEHU_OK) {
        add_fields(x, b, f->target, NULL);
        status = add_complaints(x, b, err);
    }
    if (status == KEHU_OK)
        status = learn(&p->risk_model, found, x, b, field, classes, f, err);
    for (int64_t i = 0; i < b->n && status == KEHU_OK; i++) {
        size_t size;
        const char *value = text_at(field, i, &size);
        p->risk[i] = found[2 * i + 1];
        p->lost[i] = is_yes(value, size);
    }
    names_free(classes);
    free(found);
    return status;
}

kehu_status preferences_find(preferences *p, const base *b, const flags *f,
                             kehu_error *err)
{
    const kehu_column *occupation = frame_find(b->people, "occupation");
    const kehu_column *target =
        f->target == NULL ? NULL : frame_find(b->people, f->target);
    kehu_status status = KEHU_OK;
    if (f->target != NULL && (target == NULL || target->type != KEHU_UTF8))
        return fail(err, KEHU_COLUMN, "--target: %s has no column %s of texts",
                    f->customers, f->target);
    for (int k = 0; k < N_PREFERENCES + 1 && status == KEHU_OK; k++) {
        features *x = calloc(1, sizeof *x);
        if (x == NULL)
            status = fail(err, KEHU_NO_MEMORY, "no memory for the features");
        else if (k == CHANNEL && names_count(b->channels.names) >= 2)
            status = find_channels(&p->of[k], b, f, x, err);
        else if (k == CONTENT && names_count(b->contents.names) >= 2)
            status = find_contents(&p->of[k], b, f, x, err);
        else if (k == OCCUPATION && occupation != NULL && occupation->type == KEHU_UTF8)
            status = find_occupation(&p->of[k], b, f, occupation, x, err);
        else if (k == N_PREFERENCES && target != NULL)
            status = find_risk(p, b, f, target, x, err);
        if (k == N_PREFERENCES)
            p->risk_features = x; /* kept to explain */
        else
            features_free(x);
    }
    return status;
}

kehu_status preferences_explain_risk(const preferences *p, int64_t customer,
                                     reason_text *reason, kehu_error *err)
{
    enum { MAX_STEPS = 64, N_SHOWN = 3 };
    const kehu_tree *tree = kehu_preference_tree(p->risk_model);
    uint32_t event = 0;
    kehu_tree_step steps[MAX_STEPS];
    uint32_t n = 0;
    double start;
    size_t size = 0;
    while (strcmp(kehu_preference_class_name(p->risk_model, event), "yes") != 0)
        event++;
    reason->bytes[0] = '\0';
    TRY(kehu_tree_explain(tree, p->risk_features->columns, p->risk_features->n, customer,
                          event, steps, MAX_STEPS, &n, &start, err));
    for (int shown = 0; shown < N_SHOWN; shown++) {
        uint32_t best = n;
        char condition[96];
        for (uint32_t i = 0; i < n; i++)
            if (steps[i].change > 0 &&
                (best == n || steps[i].change > steps[best].change))
                best = i;
        if (best == n)
            break;
        TRY(kehu_tree_step_text(tree, &steps[best], condition, sizeof condition, NULL,
                                err));
        const int more =
            snprintf(reason->bytes + size, sizeof reason->bytes - size, "%s%s (+%.3f)",
                     shown > 0 ? "; " : "", condition, steps[best].change);
        if (more < 0 || (size_t)more >= sizeof reason->bytes - size)
            break;
        size += (size_t)more;
        steps[best].change = 0;
    }
    return KEHU_OK;
}

int64_t preference_top(const preference *p, int64_t customer)
{
    const int64_t n = names_count(p->items);
    int64_t best = 0;
    for (int64_t k = 1; k < n; k++)
        if (p->p[customer * n + k] > p->p[customer * n + best])
            best = k;
    return best;
}

void preferences_free(preferences *p)
{
    for (int k = 0; k < N_PREFERENCES; k++) {
        free(p->of[k].p);
        free(p->of[k].basis);
        free(p->of[k].level);
        free(p->of[k].levels);
        names_free(p->of[k].own);
    }
    kehu_preference_free(p->risk_model);
    features_free(p->risk_features);
    free(p->risk);
    free(p->lost);
}
