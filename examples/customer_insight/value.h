/* value.h - recency, frequency and money of each customer, and segments. */
#ifndef CUSTOMER_INSIGHT_VALUE_H
#define CUSTOMER_INSIGHT_VALUE_H

#include "customers.h"

enum { MIGRATION_DAYS = 90 };

typedef struct value {
    kehu_rfm_base *base;
    kehu_rfm *rfm;
    kehu_segments *segments;
    kehu_rfm_columns columns; /* [columns.n] who has bought something */
    kehu_column keys;         /* their ids, ascending */
    uint8_t *grades;          /* [columns.n][3] */
    int32_t *segment;         /* [columns.n] */
    kehu_segment_total *totals;
    double *mean_recency; /* [segments] */
    int64_t *migration;   /* [segments + 1][segments + 1]: customers by the segment
                             MIGRATION_DAYS before and now, last: in none; or NULL */
    int decimals;         /* of the money */
} value;

/* From purchases and recharges. Nobody bought anything: columns.n is 0. */
kehu_status value_find(value *v, const base *b, const flags *f, kehu_error *err);
void value_free(value *v);

/* rfm.csv and segments.csv */
kehu_status value_write(const value *v, outputs *o, kehu_error *err);

/* --part rfm: the same from any file of order lines. */
kehu_status run_rfm(const flags *f, kehu_error *err);

#endif
