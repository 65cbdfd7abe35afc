/* customers.h - the three input files, checked row by row into a customer store,
 * and what is read back from it. */
#ifndef CUSTOMER_INSIGHT_CUSTOMERS_H
#define CUSTOMER_INSIGHT_CUSTOMERS_H

#include "insight.h"

/* Rows of one input file, and what was wrong with the others. */
typedef struct intake {
    const char *name; /* "customers", "events", "demands", ... */
    const char *path; /* as on the command line; its last part names it in reports */
    int64_t rows, rejected;
    kehu_table *rejects; /* line, column, reason, value */
} intake;

enum { CUSTOMERS, EVENTS, DEMANDS, STATUSES, ANSWERS, N_INTAKES };
extern const char *const intake_names[N_INTAKES]; /* "customers", ... */

/* Paths of the input files, NULL where there is none. */
void intake_paths(const flags *f, const char *paths[N_INTAKES]);

/* The values a column may have: those listed in --vocabulary, else all that occur. */
typedef struct vocabulary {
    names *names;
    bool fixed;
} vocabulary;

enum { MAX_TOPICS = 12 };

/* All that the later steps work on. Customers are numbered in the order of their
 * ids. */
typedef struct base {
    intake intakes[N_INTAKES];
    vocabulary channels, contents, classes;
    names *ids; /* number of each customer */
    int64_t n;  /* customers */
    int32_t as_of_day;
    bool redact; /* the texts, before they are stored */
    kehu_store *store;
    kehu_snapshot *snapshot;
    frame *people;   /* "customer" and the columns of customers.csv */
    frame *demands;  /* customer, time, channel, text, demand_id, class; no rows without
                        --demands */
    frame *statuses; /* demand_id, time, status; the same of --statuses */
    frame *answers;  /* feature, functional, dysfunctional; of --answers */
    double *channel_use; /* [n][channels] contacts, purchases and recharges */
    double *content_use; /* [n][contents] quantity used */
    double *used;        /* [n] the sum over the contents */
    int64_t *n_contacts, *n_complaints, *n_demands; /* [n] */
    names *topics;     /* of contacts, the first MAX_TOPICS */
    int64_t *contacts; /* [channels][MAX_TOPICS + 1] by channel and topic; last: others */
} base;

/* Check that the files can be opened and have their columns, before anything is
 * written. */
kehu_status base_check_files(const flags *f, kehu_error *err);

/* Read the files that the flags name into a new store at store_path, and the base
 * back from it. */
kehu_status base_read(base *b, const flags *f, const char *store_path, kehu_error *err);
void base_free(base *b);

/* One file into b->store. */
kehu_status intake_read(base *b, int which, const char *path, kehu_error *err);

/* Number of a customer, -1 when there is none. */
int64_t base_find(const base *b, const kehu_column *customer, int64_t row);

#endif
