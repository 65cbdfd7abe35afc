/* preferences.h - how much each customer relies on each channel and content, and
 * what occupation a customer has, as probabilities and five levels. */
#ifndef CUSTOMER_INSIGHT_PREFERENCES_H
#define CUSTOMER_INSIGHT_PREFERENCES_H

#include "customers.h"

/* One subject of preference: "channel", "content" or "occupation". */
typedef struct preference {
    const char *of;
    const names *items;
    double *p;      /* [customers][items] the next contact's channel, the content of the
                       next minute, the occupation; each row sums to 1 */
    uint8_t *basis; /* [customers] a preference_basis */
    uint8_t *level; /* [customers][items] 0 hardly .. 4 reliant */
    kehu_level_row *levels; /* [items][KEHU_LEVEL_COUNT] */
    names *own;             /* items that no one else keeps; or NULL */
} preference;

typedef enum preference_basis {
    INFERRED,
    FROM_BOTH,
    FROM_BEHAVIOUR,
    KNOWN
} preference_basis;
extern const char *const basis_names[];

enum { CHANNEL, CONTENT, OCCUPATION, N_PREFERENCES };

typedef struct preferences {
    preference of[N_PREFERENCES]; /* of.items NULL: there is nothing to learn it from */
    double *risk;                 /* [customers] probability of --target; NULL without */
    uint8_t *lost;                /* [customers] 1 where the target has come already */
    kehu_preference *risk_model;
    struct features *risk_features;
} preferences;

kehu_status preferences_find(preferences *p, const base *b, const flags *f,
                             kehu_error *err);
void preferences_free(preferences *p);

/* The item of the greatest probability. */
int64_t preference_top(const preference *p, int64_t customer);

/* Why a customer's risk is high: the conditions that raise it most, and by how much. */
typedef struct reason_text {
    char bytes[400];
} reason_text;
kehu_status preferences_explain_risk(const preferences *p, int64_t customer,
                                     reason_text *reason, kehu_error *err);

/* preferences.csv and levels.csv */
kehu_status preferences_write(const preferences *p, const base *b, outputs *o,
                              kehu_error *err);

/* --part score: a tree learned on a part of any table, judged on the rest. */
kehu_status run_score(const flags *f, kehu_error *err);

#endif
