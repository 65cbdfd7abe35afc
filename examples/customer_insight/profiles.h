/* profiles.h - everything known of one customer in one row, and target lists. */
#ifndef CUSTOMER_INSIGHT_PROFILES_H
#define CUSTOMER_INSIGHT_PROFILES_H

#include "customers.h"
#include "preferences.h"
#include "texts.h"
#include "themes.h"
#include "value.h"

/* All that the steps before have found. */
typedef struct findings {
    base base;
    texts texts;
    preferences preferences;
    value value;
    int64_t *value_of; /* [customers] row in value, -1 for who bought nothing */
    int32_t
        *demand_class; /* [demands] class of texts.classes: the label, else the SVM's */
    int32_t *main_demand; /* [customers] the most frequent of these, -1: none */
    tracking tracking;    /* log NULL: without --statuses */
    themes themes;
} findings;

typedef struct target {
    int64_t customer;
    double score;
} target;

typedef struct target_list {
    char *name; /* "retention", "win_back", "care" or "content:" and an item */
    target *targets;
    int64_t n;
} target_list;

enum { MAX_LISTS = 64 };

typedef struct target_lists {
    target_list lists[MAX_LISTS];
    int n;
} target_lists;

kehu_status profiles_find(findings *x, kehu_error *err);
kehu_status profiles_write(const findings *x, outputs *o, kehu_error *err);

/* Retention: the riskiest twentieth of those who are still there, if they spend (M 3
 * or more). Win back: segments "At risk" and "Can't lose". Care: three demands or
 * more. content:X : rather reliant on X or more. */
kehu_status targets_find(target_lists *t, const findings *x, kehu_error *err);
kehu_status targets_write(const target_lists *t, const findings *x, outputs *o,
                          kehu_error *err);
void targets_free(target_lists *t);

#endif
