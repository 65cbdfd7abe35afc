/* report.h - report.json (described by report/report.schema.json) and the page. */
#ifndef CUSTOMER_INSIGHT_REPORT_H
#define CUSTOMER_INSIGHT_REPORT_H

#include "profiles.h"

kehu_status demands_write(const findings *x, outputs *o, kehu_error *err);
kehu_status rejects_write(const base *b, outputs *o, kehu_error *err);

/* report.json, and with a page (the template that report/build.sh makes) report.html. */
kehu_status report_write(const findings *x, const target_lists *t, const flags *f,
                         outputs *o, kehu_error *err);

/* Whether --page can be filled, to be known before the work begins. */
kehu_status report_check_page(const flags *f, kehu_error *err);

/* The parts of report.json. Each writes a comma before itself. */
kehu_status report_demands(FILE *file, const findings *x, kehu_error *err);
void report_methods(FILE *file, const texts *t);
void report_tracking(FILE *file, const tracking *t);
kehu_status report_themes(FILE *file, const themes *t, const names *classes,
                          kehu_error *err);
void report_preferences(FILE *file, const preferences *p);
void report_contacts(FILE *file, const base *b);
kehu_status report_value(FILE *file, const value *v, kehu_error *err);
kehu_status report_profile(FILE *file, const findings *x, const flags *f,
                           kehu_error *err);
void report_targets(FILE *file, const target_lists *t, const findings *x);
kehu_status report_rejects(FILE *file, const base *b, kehu_error *err);

/* A name in quotes. */
void json_name(FILE *file, const char *text);

/* The last part of a path. */
const char *file_name(const char *path);

#endif
