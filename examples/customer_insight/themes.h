/* themes.h - what the demands' texts are about, together: tone, needs, copies, new words,
 * topics, trends, and what to do first. */
#ifndef CUSTOMER_INSIGHT_THEMES_H
#define CUSTOMER_INSIGHT_THEMES_H

#include "tracking.h"
#include "value.h"

enum { N_TOPICS = 10, TOPIC_WORDS = 6 };

/* Tone of a class's texts. */
typedef struct tone {
    int64_t negative, neither, positive;
} tone;

typedef struct themes {
    bool *is_spam;            /* [demands], NULL without --spam */
    kehu_table *held;         /* row (of unlabelled), score, term: held back by the gate;
                                     NULL: too few labels for one */
    int64_t *unlabelled;      /* [unlabelled demands] where each is among all */
    int64_t n;                /* demands that are no spam */
    int64_t *row;             /* [n] where each is among all */
    text_list text, class_of; /* [n] */
    int8_t *polarity;         /* [n], NULL without --sentiment */
    tone *tones;              /* [classes], the same */
    kehu_table *text_needs, *needs; /* a row a text, a row a class */
    kehu_table *copies;             /* groups of near-duplicates */
    int64_t *group_of;              /* [n] */
    kehu_table *words;              /* new ones */
    kehu_topic *topics;             /* of one text a group; NULL where there are none */
    kehu_table *levels, *changes, *bursts; /* by class; NULL below two days */
    kehu_table *ranks;
    kehu_priority *weights;
    kehu_table *summaries; /* class, sentence, row (of n), score */
    kehu_table *kano;      /* with --answers */
} themes;

/* What the ranks are made of besides the texts. */
typedef struct themes_context {
    const base *base;
    const texts *texts;
    const int32_t *demand_class;
    const tracking *tracking; /* log NULL: without --statuses */
    const value *value;
    const int64_t *value_of;
    const flags *flags;
} themes_context;

/* Are the files that people write for this sound? Said before the large ones are read. */
kehu_status themes_check(const flags *f, kehu_error *err);
kehu_status themes_find(themes *t, const themes_context *c, kehu_error *err);
void themes_free(themes *t);

/* demand_held.csv, demand_needs.csv, ... */
kehu_status themes_write(const themes *t, const themes_context *c, outputs *o,
                         kehu_error *err);

/* The ranks and summaries, of what the others have found. */
kehu_status themes_rank(themes *t, const themes_context *c, kehu_error *err);
kehu_status themes_summarize(themes *t, const themes_context *c, kehu_error *err);

#endif
