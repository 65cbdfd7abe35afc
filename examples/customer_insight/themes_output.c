/* What the texts are about, as CSV. */
#include <string.h>

#include "themes.h"

static void write_id(FILE *file, const themes_context *c, bool first, int64_t demand)
{
    size_t size;
    const char *id = text_at(frame_find(c->base->demands, "demand_id"), demand, &size);
    csv_text(file, first, id, size);
}

/* Labelled as spam, or held back by the gate, with its reason. */
static kehu_status write_held(const themes *t, const themes_context *c, outputs *o,
                              kehu_error *err)
{
    FILE *file;
    const int64_t n = frame_rows(c->base->demands);
    TRY(outputs_open(o, &file, "demand_held.csv", err));
    fputs("demand_id,by,score,term\n", file);
    for (int64_t i = 0; i < n; i++)
        if (t->is_spam[i] && c->texts->label[i] >= 0) {
            write_id(file, c, true, i);
            fputs(",label,,\n", file);
        }
    for (int64_t i = 0; t->held != NULL && i < kehu_table_row_count(t->held); i++) {
        size_t size;
        const char *term = text_at(kehu_table_find(t->held, "term"), i, &size);
        const int64_t row = ((const int64_t *)kehu_table_find(t->held, "row")->data)[i];
        write_id(file, c, true, t->unlabelled[row]);
        csv_name(file, false, "gate");
        csv_real(file, false, number_at(kehu_table_find(t->held, "score"), i), 4);
        csv_text(file, false, term, size);
        csv_end(file);
    }
    return KEHU_OK;
}

/* Tone and need of each demand, and the group of copies it is in. */
static kehu_status write_texts(const themes *t, const themes_context *c, outputs *o,
                               kehu_error *err)
{
    static const char *const tones[] = {"negative", "", "positive"};
    const kehu_column *need = kehu_table_find(t->text_needs, "need");
    const kehu_column *words = kehu_table_find(t->text_needs, "words");
    const int64_t *volume = kehu_table_find(t->copies, "volume")->data;
    FILE *file;
    TRY(outputs_open(o, &file, "demand_texts.csv", err));
    fputs("demand_id,tone,need,need_words,group,copies\n", file);
    for (int64_t i = 0; i < t->n; i++) {
        size_t size;
        write_id(file, c, true, t->row[i]);
        csv_name(file, false, t->polarity == NULL ? "" : tones[t->polarity[i] + 1]);
        const char *text = text_at(need, i, &size);
        csv_text(file, false, text, size);
        text = text_at(words, i, &size);
        csv_text(file, false, text, size);
        csv_count(file, false, t->group_of[i]);
        csv_count(file, false, t->group_of[i] < 0 ? 1 : volume[t->group_of[i]]);
        csv_end(file);
    }
    return KEHU_OK;
}

static kehu_status write_copies(const themes *t, const themes_context *c, outputs *o,
                                kehu_error *err)
{
    const int64_t *volume = kehu_table_find(t->copies, "volume")->data;
    const int64_t *forms = kehu_table_find(t->copies, "forms")->data;
    const int64_t *row = kehu_table_find(t->copies, "row")->data;
    FILE *file;
    TRY(outputs_open(o, &file, "demand_copies.csv", err));
    fputs("group,demand_id,volume,forms,text\n", file);
    for (int64_t i = 0; i < kehu_table_row_count(t->copies) && volume[i] > 1; i++) {
        size_t size;
        const char *text = text_at(kehu_table_find(t->copies, "text"), i, &size);
        csv_count(file, true, i);
        write_id(file, c, false, t->row[row[i]]);
        csv_count(file, false, volume[i]);
        csv_count(file, false, forms[i]);
        csv_text(file, false, text, size);
        csv_end(file);
    }
    return KEHU_OK;
}

static kehu_status write_topics(const themes *t, const themes_context *c, outputs *o,
                                kehu_error *err)
{
    const int64_t *row = kehu_table_find(t->copies, "row")->data;
    FILE *file;
    TRY(outputs_open(o, &file, "demand_topics.csv", err));
    fputs("topic,share,coherence,texts,words,example\n", file);
    for (uint32_t k = 0; t->topics != NULL && k < kehu_topic_count(t->topics); k++) {
        kehu_topic_info info;
        kehu_topic_word words[TOPIC_WORDS];
        uint32_t n;
        char line[1024] = "";
        TRY(kehu_topic_get_info(t->topics, k, &info, err));
        TRY(kehu_topic_words(t->topics, k, words, TOPIC_WORDS, &n, err));
        for (uint32_t i = 0; i < n && i < TOPIC_WORDS; i++)
            if (strlen(line) + strlen(words[i].word) + 2 < sizeof line) {
                strcat(line, i > 0 ? " " : "");
                strcat(line, words[i].word);
            }
        csv_count(file, true, (int64_t)k + 1);
        csv_real(file, false, info.share, 4);
        csv_real(file, false, info.coherence, 4);
        csv_count(file, false, info.n_texts);
        csv_name(file, false, line);
        if (info.examples[0] < 0)
            csv_name(file, false, "");
        else
            write_id(file, c, false, t->row[row[info.examples[0]]]);
        csv_end(file);
    }
    return KEHU_OK;
}

static kehu_status write_summaries(const themes *t, const themes_context *c, outputs *o,
                                   kehu_error *err)
{
    const int64_t *row = kehu_table_find(t->summaries, "row")->data;
    FILE *file;
    TRY(outputs_open(o, &file, "demand_summaries.csv", err));
    fputs("class,demand_id,score,sentence\n", file);
    for (int64_t i = 0; i < kehu_table_row_count(t->summaries); i++) {
        size_t size;
        const char *text = text_at(kehu_table_find(t->summaries, "class"), i, &size);
        csv_text(file, true, text, size);
        write_id(file, c, false, t->row[row[i]]);
        csv_real(file, false, number_at(kehu_table_find(t->summaries, "score"), i), 4);
        text = text_at(kehu_table_find(t->summaries, "sentence"), i, &size);
        csv_text(file, false, text, size);
        csv_end(file);
    }
    return KEHU_OK;
}

static kehu_status write_tones(const themes *t, const themes_context *c, outputs *o,
                               kehu_error *err)
{
    FILE *file;
    TRY(outputs_open(o, &file, "demand_tones.csv", err));
    fputs("class,negative,neither,positive\n", file);
    for (int64_t k = 0; k < names_count(c->texts->classes); k++) {
        csv_name(file, true, names_get(c->texts->classes, k));
        csv_count(file, false, t->tones[k].negative);
        csv_count(file, false, t->tones[k].neither);
        csv_count(file, false, t->tones[k].positive);
        csv_end(file);
    }
    return KEHU_OK;
}

kehu_status themes_write(const themes *t, const themes_context *c, outputs *o,
                         kehu_error *err)
{
    const struct {
        const kehu_table *table;
        const char *name;
    } tables[] = {{t->needs, "demand_needs.csv"},   {t->words, "demand_words.csv"},
                  {t->levels, "demand_trends.csv"}, {t->changes, "demand_changes.csv"},
                  {t->bursts, "demand_bursts.csv"}, {t->ranks, "demand_ranks.csv"},
                  {t->kano, "demand_kano.csv"}};
    if (t->is_spam != NULL)
        TRY(write_held(t, c, o, err));
    if (t->tones != NULL)
        TRY(write_tones(t, c, o, err));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].table != NULL)
            TRY(outputs_table(o, tables[i].table, tables[i].name, err));
    TRY(write_texts(t, c, o, err));
    TRY(write_copies(t, c, o, err));
    TRY(write_topics(t, c, o, err));
    return write_summaries(t, c, o, err);
}
