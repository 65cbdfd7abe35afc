/* people.h - the operator's customers: what its files show of them, and what
 * only the truth knows. */
#ifndef SAMPLE_PEOPLE_H
#define SAMPLE_PEOPLE_H

#include <stdint.h>

#include "random.h"

enum {
    N_CHANNELS = 7,
    N_CONTENTS = 8,
    N_OCCUPATIONS = 7,
    N_PLANS = 7,
    N_REGIONS = 8,
    FIRST_DAY = 20089, /* 2025-01-01, as days since 1970-01-01 */
    N_DAYS = 365
};

extern const char *const channel_names[N_CHANNELS];
extern const char *const content_names[N_CONTENTS];
extern const char *const occupation_names[N_OCCUPATIONS];
extern const char *const plan_names[N_PLANS];
extern const char *const region_names[N_REGIONS];

typedef struct person {
    /* shown in customers.csv */
    int age, female, region, plan, contract_months, broadband;
    int join_day, arpu_cents, data_mb, voice_minutes;
    int occupation_known, left;
    /* known to the truth */
    int occupation;
    int channel_weight[N_CHANNELS], content_weight[N_CONTENTS];
    int channel, content;    /* where the weights are largest */
    int leave_per_mille;     /* propensity to leave within the year */
    int last_day;            /* last day as a customer, within the year */
    int activity, annoyance; /* per cent of the usual, 5 to 400 */
} person;

/* Customer number i of the operator that `seed` makes. */
person person_make(uint64_t seed, int i);

/* "2025-03-09" of a day since 1970-01-01. */
void day_text(char out[16], int day);
#endif
