#include "themes.h"

#include <stdlib.h>
#include <string.h>

kehu_status themes_check(const flags *f, kehu_error *err)
{
    kehu_demand_machine *machine = NULL;
    kehu_priority *weights = NULL;
    kehu_keyword *words = NULL;
    kehu_sentiment *scorer = NULL;
    kehu_status status = KEHU_OK;
    if (f->machine != NULL)
        status = kehu_demand_machine_load(&machine, f->machine, NULL, err);
    if (status == KEHU_OK && f->weights != NULL)
        status = kehu_priority_load(&weights, f->weights, NULL, err);
    if (status == KEHU_OK && f->sentiment != NULL)
        status = kehu_keyword_load_text(&words, f->sentiment, NULL, err);
    if (words != NULL)
        status = kehu_sentiment_from_words(&scorer, words, NULL, err);
    kehu_sentiment_free(scorer);
    kehu_keyword_free(words);
    kehu_priority_free(weights);
    kehu_demand_machine_free(machine);
    return status;
}

static const char GOOD[] = "good", SPAM[] = "spam";

/* ---- Spam ---- */

/* Labelled texts teach the gate, of the others it holds back. Too few of them: no gate.
 */
static kehu_status pass_gate(themes *t, const themes_context *c, const text_list *known,
                             const text_list *labels, const text_list *others,
                             kehu_error *err)
{
    const kehu_gate_options opt = {.size = sizeof opt,
                                   .n_threads = c->flags->n_threads,
                                   .recall = 0.995,
                                   .cost = 1,
                                   .progress = &on_stderr};
    const kehu_column text = text_list_column(known, "text");
    const kehu_column label = text_list_column(labels, "label");
    const kehu_column rest = text_list_column(others, "text");
    kehu_gate *gate = NULL;
    kehu_status status = kehu_gate_train(&gate, &text, &label, GOOD, &opt, err);
    if (status == KEHU_OK)
        status = kehu_gate_hold(&t->held, gate, &rest, err);
    kehu_gate_free(gate);
    if (status == KEHU_EMPTY)
        return KEHU_OK;
    for (int64_t i = 0; status == KEHU_OK && i < kehu_table_row_count(t->held); i++)
        t->is_spam[t->unlabelled[(
            (const int64_t *)kehu_table_find(t->held, "row")->data)[i]]] = true;
    return status;
}

static kehu_status find_spam(themes *t, const themes_context *c, kehu_error *err)
{
    const kehu_column *text = frame_find(c->base->demands, "text");
    const int64_t spam =
        names_find(c->texts->classes, c->flags->spam, strlen(c->flags->spam));
    text_list known = {0}, labels = {0}, others = {0};
    kehu_status status = KEHU_OK;
    if (spam < 0)
        return fail(err, KEHU_NOT_FOUND, "--spam: no demand has the class %s",
                    c->flags->spam);
    t->is_spam = calloc((size_t)text->length + 1, sizeof *t->is_spam);
    t->unlabelled = malloc(((size_t)text->length + 1) * sizeof *t->unlabelled);
    if (t->is_spam == NULL || t->unlabelled == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the gate");
    for (int64_t i = 0; i < text->length && status == KEHU_OK; i++) {
        size_t size;
        const char *bytes = text_at(text, i, &size);
        const int32_t label = c->texts->label[i];
        if (label < 0) {
            t->unlabelled[others.n] = i;
            status = text_list_add(&others, bytes, size, err);
            continue;
        }
        t->is_spam[i] = label == spam;
        status = text_list_add(&known, bytes, size, err);
        if (status == KEHU_OK)
            status = text_list_add(&labels, label == spam ? SPAM : GOOD, 4, err);
    }
    if (status == KEHU_OK)
        status = pass_gate(t, c, &known, &labels, &others, err);
    text_list_free(&known);
    text_list_free(&labels);
    text_list_free(&others);
    return status;
}

/* The texts and classes of what is no spam. */
static kehu_status take_texts(themes *t, const themes_context *c, kehu_error *err)
{
    const kehu_column *text = frame_find(c->base->demands, "text");
    t->row = malloc(((size_t)text->length + 1) * sizeof *t->row);
    if (t->row == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the texts");
    for (int64_t i = 0; i < text->length; i++) {
        size_t size;
        const char *bytes = text_at(text, i, &size);
        const int32_t class_number = c->demand_class[i];
        const char *name =
            class_number < 0 ? "" : names_get(c->texts->classes, class_number);
        if (t->is_spam != NULL && t->is_spam[i])
            continue;
        t->row[t->n++] = i;
        TRY(text_list_add(&t->text, bytes, size, err));
        TRY(text_list_add(&t->class_of, name, strlen(name), err));
    }
    return KEHU_OK;
}

/* ---- Tone and needs ---- */

static kehu_status find_tone(themes *t, const themes_context *c, kehu_error *err)
{
    const kehu_column text = text_list_column(&t->text, "text");
    const size_t n_classes = (size_t)names_count(c->texts->classes);
    kehu_keyword *words = NULL;
    kehu_sentiment *s = NULL;
    t->polarity = malloc((size_t)t->n + 1);
    t->tones = calloc(n_classes + 1, sizeof *t->tones);
    if (t->polarity == NULL || t->tones == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the tone");
    const kehu_sentiment_answers answers = {.polarities = t->polarity};
    kehu_status status = kehu_keyword_load_text(&words, c->flags->sentiment, NULL, err);
    if (status == KEHU_OK)
        status = kehu_sentiment_from_words(&s, words, NULL, err);
    if (status == KEHU_OK)
        status = kehu_sentiment_score(s, &text, NULL, &answers, err);
    for (int64_t i = 0; i < t->n && status == KEHU_OK; i++) {
        const int32_t class_number = c->demand_class[t->row[i]];
        tone *of = &t->tones[class_number < 0 ? (int32_t)n_classes : class_number];
        of->negative += t->polarity[i] < 0;
        of->neither += t->polarity[i] == 0;
        of->positive += t->polarity[i] > 0;
    }
    kehu_sentiment_free(s);
    kehu_keyword_free(words);
    return status;
}

static kehu_status find_needs(themes *t, const themes_context *c, kehu_error *err)
{
    const kehu_column text = text_list_column(&t->text, "text");
    const kehu_column class_of = text_list_column(&t->class_of, "class");
    kehu_needs_options opt = {.size = sizeof opt, .n_threads = c->flags->n_threads};
    kehu_keyword *words = NULL;
    kehu_status status = KEHU_OK;
    if (c->flags->needs != NULL)
        status = kehu_keyword_load_text(&words, c->flags->needs, NULL, err);
    opt.words = words;
    if (status == KEHU_OK)
        status =
            kehu_needs_find(&t->text_needs, KEHU_NEEDS_TEXTS, &text, NULL, &opt, err);
    if (status == KEHU_OK)
        status =
            kehu_needs_find(&t->needs, KEHU_NEEDS_CLASSES, &text, &class_of, &opt, err);
    kehu_keyword_free(words);
    return status;
}

/* ---- What is new ---- */

/* One text a group speaks for all copies of it: a topic is not what was copied most. */
static kehu_status find_topics(themes *t, const themes_context *c, kehu_error *err)
{
    const kehu_topic_options opt = {.size = sizeof opt,
                                    .n_topics = N_TOPICS,
                                    .n_threads = c->flags->n_threads,
                                    .progress = &on_stderr};
    const kehu_status status =
        kehu_topic_fit(&t->topics, kehu_table_find(t->copies, "text"), &opt, err);
    return status == KEHU_NOT_FOUND || status == KEHU_EMPTY ? KEHU_OK : status;
}

static kehu_status find_news(themes *t, const themes_context *c, kehu_error *err)
{
    const kehu_column text = text_list_column(&t->text, "text");
    const kehu_duplicate_options copies = {.size = sizeof copies,
                                           .n_threads = c->flags->n_threads};
    const kehu_words_options words = {.size = sizeof words,
                                      .n_threads = c->flags->n_threads};
    t->group_of = malloc(((size_t)t->n + 1) * sizeof *t->group_of);
    if (t->group_of == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the copies");
    TRY(kehu_duplicate_fold(&t->copies, t->group_of, &text, &copies, err));
    TRY(kehu_words_find(&t->words, kehu_table_find(t->copies, "text"), &words, err));
    return find_topics(t, c, err);
}

/* The days from the first demand to yesterday: today is not over yet. */
static kehu_status find_trends(themes *t, const themes_context *c, kehu_error *err)
{
    enum { MAX_DAYS = 3660 };
    kehu_table **const to[] = {&t->levels, &t->changes, &t->bursts};
    const kehu_column class_of = text_list_column(&t->class_of, "class");
    const kehu_column *time = frame_find(c->base->demands, "time");
    const int64_t *all = (const int64_t *)time->data + time->start;
    int64_t *times = malloc(((size_t)t->n + 1) * sizeof *times);
    const kehu_column own = {.type = KEHU_TIMESTAMP, .length = t->n, .data = times};
    const int32_t last = c->base->as_of_day - 1;
    int32_t first = last;
    kehu_status status = KEHU_OK;
    if (times == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the trends");
    for (int64_t i = 0; i < t->n; i++) {
        times[i] = all[t->row[i]];
        first = day_of(times[i]) < first ? day_of(times[i]) : first;
    }
    first = last - first >= MAX_DAYS ? last - MAX_DAYS + 1 : first;
    for (int k = 0; k <= KEHU_TREND_BURSTS && last > first && status == KEHU_OK; k++)
        status = kehu_trends_find(to[k], (kehu_trend_report)k, &class_of, &own, first,
                                  last, NULL, err);
    free(times);
    return status;
}

/* ---- All ---- */

kehu_status themes_find(themes *t, const themes_context *c, kehu_error *err)
{
    step("themes");
    if (c->flags->spam != NULL)
        TRY(find_spam(t, c, err));
    TRY(take_texts(t, c, err));
    if (c->flags->sentiment != NULL)
        TRY(find_tone(t, c, err));
    TRY(find_needs(t, c, err));
    TRY(find_news(t, c, err));
    TRY(find_trends(t, c, err));
    TRY(themes_rank(t, c, err));
    TRY(themes_summarize(t, c, err));
    if (c->flags->answers == NULL)
        return KEHU_OK;
    return kehu_kano_sum(&t->kano, frame_find(c->base->answers, "feature"),
                         frame_find(c->base->answers, "functional"),
                         frame_find(c->base->answers, "dysfunctional"), NULL, err);
}

void themes_free(themes *t)
{
    kehu_table *const tables[] = {t->held,  t->text_needs, t->needs,   t->copies,
                                  t->words, t->levels,     t->changes, t->bursts,
                                  t->ranks, t->summaries,  t->kano};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        kehu_table_free(tables[i]);
    kehu_topic_free(t->topics);
    kehu_priority_free(t->weights);
    text_list_free(&t->text);
    text_list_free(&t->class_of);
    free(t->is_spam);
    free(t->unlabelled);
    free(t->row);
    free(t->polarity);
    free(t->tones);
    free(t->group_of);
}
