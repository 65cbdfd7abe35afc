/* tracking.h - demands from intake to solution: where they stand, how long replies took,
 * what is late. */
#ifndef CUSTOMER_INSIGHT_TRACKING_H
#define CUSTOMER_INSIGHT_TRACKING_H

#include "customers.h"
#include "texts.h"

enum { N_DEMAND_TABLES = KEHU_DEMAND_REFUSED + 1 };

typedef struct tracking {
    kehu_demand_machine *machine;
    kehu_demands *log;
    kehu_demand_counts counts;
    kehu_table *tables[N_DEMAND_TABLES]; /* by kehu_demand_table */
} tracking;

/* From the demands and what --statuses tells of them, as of the end of the day of the
 * job. demand_class: [demands] class of t->classes, -1 for none. */
kehu_status tracking_find(tracking *t, const base *b, const texts *classes,
                          const int32_t *demand_class, const flags *f, kehu_error *err);
void tracking_free(tracking *t);

/* demand_counts.csv, demand_times.csv, ... */
kehu_status tracking_write(const tracking *t, outputs *o, kehu_error *err);

/* Row of a class in a report of one row a class (CLASSES) or the sums of one (TIMES,
 * channel missing); -1 when it is not there. */
int64_t tracking_row(const tracking *t, kehu_demand_table report, const char *class_name);

#endif
