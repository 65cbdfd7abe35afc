/* customer_insight - from three CSV files to target lists and a report.
 *
 *     customer_insight --customers customers.csv --events events.csv
 *                      --demands demands.csv --as-of 2026-01-31 --out FOLDER
 *                      [--page template.html]
 *
 * Reads, by the names in the header,
 *     customers  customer_id and any other columns; an "occupation" known for some is
 *                inferred for the others
 *     events     customer_id, time, kind (purchase, recharge, contact or usage), and
 *                where there is one event_id, channel, item (of a usage: the content;
 *                of a contact: "complain"), amount, quantity
 *     demands    demand_id, customer_id, time, text, and channel, class (the label)
 *     statuses   demand_id, customer_id, time, status: what became of the demands
 *     answers    customer_id, time, feature, functional, dysfunctional (1 to 5): Kano's
 *                questionnaire
 * into a customer store; sorts the texts into classes by two methods and compares
 * them; follows the demands and finds what they are about and what to do first; finds
 * each customer's preferences, value and segment; writes into FOLDER
 *
 *     demands.csv      each text's class by both methods, and why
 *     methods.csv      how good both methods are, cross-validated
 *     evaluation.json  the same by class, with the confusion matrix and McNemar's test
 *     demand_ranks.csv  demand_trends.csv  demand_changes.csv  demand_bursts.csv
 *     demand_needs.csv  demand_topics.csv  demand_words.csv  demand_copies.csv
 *     demand_summaries.csv  demand_texts.csv
 *                      what the texts are about: first what to do first, with reasons
 *     demand_counts.csv  demand_times.csv  demand_ageing.csv  demand_overdue.csv
 *     demand_classes.csv  demand_customers.csv  demand_refused.csv
 *                      where they stand, with --statuses
 *     demand_tones.csv  demand_held.csv  demand_kano.csv
 *                      with --sentiment, --spam, --answers
 *     preferences.csv  levels.csv  rfm.csv  segments.csv  profiles.csv  targets.csv
 *     rejects.csv      each bad row with its line and reason
 *     report.json      all of it in short (report/report.schema.json describes it)
 *     report.html      the same to look at, with --page
 *     store            the customer store
 *
 * All files appear at the end or none does. The same input gives the same bytes,
 * but for texts_per_second in methods.csv.
 *
 * Exit status: 0; 1 when it failed, with one line on stderr; 2 for wrong flags. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "customer_insight/report.h"

static const char usage[] =
    "usage: customer_insight --customers FILE --events FILE [--demands FILE] --as-of "
    "DATE --out FOLDER\n"
    "  --as-of DATE       today, as 2026-01-31; later rows are rejected\n"
    "  --page FILE        template of report.html, made by examples/report/build.sh\n"
    "  --vocabulary FILE  CSV column,value of all allowed channels, contents and "
    "classes\n"
    "  --target COLUMN    of the customers: the risk that it is \"yes\" is scored\n"
    "  --statuses FILE    CSV: what became of the demands\n"
    "  --machine FILE     which status may follow which (kehu/demand.h has the "
    "default)\n"
    "  --answers FILE     CSV: Kano's questionnaire\n"
    "  --weights FILE     what makes a class urgent (kehu/priority.h has the default)\n"
    "  --sentiment FILE   words of tone: a list of kehu/sentiment.h\n"
    "  --needs FILE       words of need, instead of the library's (kehu/need.h)\n"
    "  --spam CLASS       its demands are held back from all but the counts\n"
    "  --redact yes       takes phones, cards, e-mail and postal addresses out of the "
    "texts\n"
    "                     before they are stored\n"
    "  --folds N          of the cross-validation, 2 to 20; 5\n"
    "  --threads N        1 to 64; 2\n"
    "single parts, on any file:\n"
    "  --part classify --texts FILE --test FILE --out FOLDER\n"
    "                     both methods; lines of label<TAB>text\n"
    "  --part score --customers FILE --target COLUMN [--hold-out TENTHS] --out FOLDER\n"
    "                     a tree, judged on the rows held out\n"
    "  --part rfm --events FILE --customer COLUMN --order COLUMN --time COLUMN\n"
    "       --price COLUMN --quantity COLUMN --as-of DATE [--decimals N]\n"
    "       [--cancelled PREFIX] [--returns net|count|drop] --out FOLDER\n"
    "                     recency, frequency, money of order lines\n";

/* ---- Failing and progress ------------------------------------------------------ */

kehu_status fail(kehu_error *err, kehu_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *err = (kehu_error){.code = status, .where = -1};
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}

static const char *current_step = "";
static time_t last_shown;

void step(const char *name)
{
    current_step = name;
    last_shown = time(NULL);
    fprintf(stderr, "%s\n", name);
}

static int show(void *ctx, double done, const char *stage)
{
    const time_t now = time(NULL);
    (void)ctx;
    if (now > last_shown + 1) {
        last_shown = now;
        fprintf(stderr, "%s: %s %.0f %%\n", current_step, stage, 100 * done);
    }
    return 0;
}

const kehu_progress on_stderr = {show, NULL};

/* ---- Flags ----------------------------------------------------------------------- */

static bool read_number(int32_t *to, const char *text, int32_t least, int32_t most)
{
    char *end;
    const long n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || n < least || n > most)
        return false;
    *to = (int32_t)n;
    return true;
}

/* One flag and its value into f; false when there is no such flag or value. */
static bool read_flag(flags *f, const char *name, const char *word)
{
    const struct {
        const char *name, **to;
    } words[] = {{"--part", &f->part},         {"--customers", &f->customers},
                 {"--events", &f->events},     {"--demands", &f->demands},
                 {"--out", &f->out},           {"--page", &f->page},
                 {"--target", &f->target},     {"--vocabulary", &f->vocabulary},
                 {"--texts", &f->texts},       {"--test", &f->test},
                 {"--customer", &f->customer}, {"--order", &f->order},
                 {"--time", &f->time},         {"--price", &f->price},
                 {"--quantity", &f->quantity}, {"--cancelled", &f->cancelled},
                 {"--statuses", &f->statuses}, {"--answers", &f->answers},
                 {"--machine", &f->machine},   {"--weights", &f->weights},
                 {"--needs", &f->needs},       {"--sentiment", &f->sentiment},
                 {"--spam", &f->spam},         {"--returns", &f->returns}};
    int32_t n;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(name, words[i].name) == 0) {
            *words[i].to = word;
            return true;
        }
    if (strcmp(name, "--as-of") == 0)
        return f->as_of_given = day_read(&f->as_of_day, word);
    if (strcmp(name, "--redact") == 0 && (f->redact = strcmp(word, "yes") == 0))
        return true;
    if (strcmp(name, "--decimals") == 0)
        return read_number(&f->decimals, word, 0, 6);
    if (strcmp(name, "--hold-out") == 0)
        return read_number(&f->hold_out, word, 1, 9);
    if (strcmp(name, "--folds") == 0 && read_number(&n, word, 2, 20)) {
        f->n_folds = (uint32_t)n;
        return true;
    }
    if (strcmp(name, "--threads") == 0 && read_number(&n, word, 1, 64)) {
        f->n_threads = (uint32_t)n;
        return true;
    }
    return false;
}

/* Whether a flag is given that is about demands. */
static bool needs_demands(const flags *f)
{
    return f->statuses != NULL || f->weights != NULL || f->sentiment != NULL ||
           f->needs != NULL || f->spam != NULL || f->answers != NULL;
}

/* What is missing or does not fit together, or NULL. */
static const char *check_flags(const flags *f)
{
    const char *part = f->part;
    if (f->out == NULL)
        return "--out is missing";
    if (part == NULL)
        return f->customers == NULL ? "--customers is missing"
               : f->events == NULL  ? "--events is missing"
               : !f->as_of_given    ? "--as-of is missing: the day to count from"
               : f->demands == NULL && needs_demands(f)
                   ? "--demands is missing, which another flag needs"
               : f->machine != NULL && f->statuses == NULL
                   ? "--statuses is missing, which --machine is for"
                   : NULL;
    if (strcmp(part, "classify") == 0)
        return f->texts == NULL || f->test == NULL ? "--texts or --test is missing"
                                                   : NULL;
    if (strcmp(part, "score") == 0)
        return f->customers == NULL || f->target == NULL
                   ? "--customers or --target is missing"
                   : NULL;
    if (strcmp(part, "rfm") != 0)
        return "--part is none of classify, score and rfm";
    if (f->events == NULL || !f->as_of_given)
        return "--events or --as-of is missing";
    if (f->customer == NULL || f->order == NULL || f->time == NULL || f->price == NULL ||
        f->quantity == NULL)
        return "--customer, --order, --time, --price or --quantity is missing";
    if (strcmp(f->returns, "net") != 0 && strcmp(f->returns, "count") != 0 &&
        strcmp(f->returns, "drop") != 0)
        return "--returns is none of net, count and drop";
    return NULL;
}

/* ---- The whole job ----------------------------------------------------------------- */

static themes_context context_of(const findings *x, const flags *f)
{
    return (themes_context){.base = &x->base,
                            .texts = &x->texts,
                            .demand_class = x->demand_class,
                            .tracking = &x->tracking,
                            .value = &x->value,
                            .value_of = x->value_of,
                            .flags = f};
}

static kehu_status find_all(findings *x, const flags *f, const char *store,
                            kehu_error *err)
{
    TRY(themes_check(f, err));
    TRY(base_read(&x->base, f, store, err));
    if (f->demands != NULL)
        TRY(texts_classify(&x->texts, frame_find(x->base.demands, "text"),
                           frame_find(x->base.demands, "class"),
                           frame_find(x->base.demands, "demand_id"), f, err));
    TRY(preferences_find(&x->preferences, &x->base, f, err));
    TRY(value_find(&x->value, &x->base, f, err));
    TRY(profiles_find(x, err));
    if (f->statuses != NULL)
        TRY(tracking_find(&x->tracking, &x->base, &x->texts, x->demand_class, f, err));
    const themes_context context = context_of(x, f);
    return f->demands == NULL ? KEHU_OK : themes_find(&x->themes, &context, err);
}

static kehu_status write_all(const findings *x, const target_lists *t, const flags *f,
                             outputs *o, kehu_error *err)
{
    step("writing");
    if (f->demands != NULL) {
        TRY(demands_write(x, o, err));
        TRY(texts_write_methods(&x->texts, o, err));
        const themes_context context = context_of(x, f);
        if (f->statuses != NULL)
            TRY(tracking_write(&x->tracking, o, err));
        TRY(themes_write(&x->themes, &context, o, err));
    }
    TRY(preferences_write(&x->preferences, &x->base, o, err));
    TRY(value_write(&x->value, o, err));
    TRY(profiles_write(x, o, err));
    TRY(targets_write(t, x, o, err));
    TRY(rejects_write(&x->base, o, err));
    return report_write(x, t, f, o, err);
}

/* The output must not take the place of an input, as demands.csv would. */
static kehu_status check_inputs_stay(const flags *f, kehu_error *err)
{
    static const char *const written[] = {"demands.csv",
                                          "methods.csv",
                                          "preferences.csv",
                                          "levels.csv",
                                          "rfm.csv",
                                          "segments.csv",
                                          "profiles.csv",
                                          "targets.csv",
                                          "rejects.csv",
                                          "report.json",
                                          "report.html",
                                          "evaluation.json",
                                          "demand_counts.csv",
                                          "demand_times.csv",
                                          "demand_ageing.csv",
                                          "demand_overdue.csv",
                                          "demand_classes.csv",
                                          "demand_customers.csv",
                                          "demand_refused.csv",
                                          "demand_held.csv",
                                          "demand_needs.csv",
                                          "demand_words.csv",
                                          "demand_trends.csv",
                                          "demand_changes.csv",
                                          "demand_bursts.csv",
                                          "demand_ranks.csv",
                                          "demand_kano.csv",
                                          "demand_tones.csv",
                                          "demand_texts.csv",
                                          "demand_copies.csv",
                                          "demand_topics.csv",
                                          "demand_summaries.csv"};
    const char *const inputs[] = {f->customers, f->events,    f->demands, f->vocabulary,
                                  f->page,      f->statuses,  f->answers, f->machine,
                                  f->weights,   f->sentiment, f->needs};
    char path[4096];
    struct stat in, out;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        for (size_t k = 0; k < sizeof written / sizeof *written; k++)
            if (inputs[i] != NULL &&
                snprintf(path, sizeof path, "%s/%s", f->out, written[k]) <
                    (int)sizeof path &&
                stat(inputs[i], &in) == 0 && stat(path, &out) == 0 &&
                in.st_dev == out.st_dev && in.st_ino == out.st_ino)
                return fail(err, KEHU_ARGUMENT,
                            "--out: %s is an input and would be replaced", path);
    return KEHU_OK;
}

static kehu_status run_all(const flags *f, kehu_error *err)
{
    findings x = {0};
    target_lists targets = {.n = 0};
    outputs *o = NULL;
    const char *store = NULL;
    kehu_status status = base_check_files(f, err);
    if (status == KEHU_OK)
        status = check_inputs_stay(f, err);
    if (status == KEHU_OK)
        status = report_check_page(f, err);
    if (status == KEHU_OK)
        status = outputs_new(&o, f->out, err);
    if (status == KEHU_OK)
        status = outputs_folder(o, &store, "store", err);
    if (status == KEHU_OK)
        status = find_all(&x, f, store, err);
    if (status == KEHU_OK)
        status = targets_find(&targets, &x, err);
    if (status == KEHU_OK)
        status = write_all(&x, &targets, f, o, err);
    texts_free(&x.texts);
    preferences_free(&x.preferences);
    value_free(&x.value);
    targets_free(&targets);
    tracking_free(&x.tracking);
    themes_free(&x.themes);
    free(x.value_of);
    free(x.demand_class);
    free(x.main_demand);
    base_free(&x.base); /* closes the store, which then gets its name */
    if (status == KEHU_OK)
        status = outputs_publish(o, err);
    outputs_free(o);
    return status;
}

int main(int argc, char **argv)
{
    flags f = {
        .n_threads = 2, .n_folds = 5, .hold_out = 3, .decimals = 2, .returns = "net"};
    kehu_error err = {0};
    const char *wrong = argc % 2 == 0 ? "the last flag has no value" : NULL;
    for (int i = 1; i + 1 < argc && wrong == NULL; i += 2)
        if (!read_flag(&f, argv[i], argv[i + 1])) {
            fprintf(stderr, "customer_insight: %s %s is not possible\n", argv[i],
                    argv[i + 1]);
            return 2;
        }
    if (wrong == NULL)
        wrong = check_flags(&f);
    if (wrong != NULL) {
        fprintf(stderr, "customer_insight: %s\n%s", wrong, usage);
        return 2;
    }
    const kehu_status status = f.part == NULL                    ? run_all(&f, &err)
                               : strcmp(f.part, "classify") == 0 ? run_classify(&f, &err)
                               : strcmp(f.part, "score") == 0    ? run_score(&f, &err)
                                                                 : run_rfm(&f, &err);
    if (status != KEHU_OK)
        fprintf(stderr, "customer_insight: %s: %s\n", kehu_status_name(status),
                err.message);
    return status == KEHU_OK ? 0 : 1;
}
