/* generate - the sample of a telecom operator, made from a seed, with its truth.
 *
 *     generate --grammar demands.grammar --out FOLDER [--seed N] [--customers N]
 *              [--demands N]
 *
 * Writes into an existing folder
 *     customers.csv  one row a customer
 *     events.csv     purchases, recharges, contacts, usage of the year 2025
 *     demands.csv    what customers wrote; three of four labelled
 *     statuses.csv   what became of it
 *     answers.csv    what some answered to Kano's questionnaire
 *     truth.csv      subject,id,name,value: what the other files do not tell -
 *                    customer,C000001,channel,app (also content, occupation,
 *                    leave_per_mille), demand,D00001,class,... (also status),
 *                    feature,NAME,need,..., and the line and reason of every dirty
 *                    row planted (dirty,FILE,LINE,REASON).
 * The same seed gives the same bytes on every machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demands.h"
#include "events.h"
#include "grammar.h"
#include "people.h"
#include "sheet.h"
#include "statuses.h"

typedef struct job {
    const char *grammar, *out;
    int seed, customers, demands;
} job;

/* 流量包 in GB18030, in files that are UTF-8. */
#define GB_WORD "\xC1\xF7\xC1\xBF\xB0\xFC"

static const dirt customer_dirt[] = {
    DIRT("missing_id", ",33,女,城东,畅享58,12,yes,2019-05-01,5,72.50,12000,200,,no"),
    DIRT("duplicate", "C000007,41,男,城西,畅享38,0,no,2015-02-11,9,44.10,3000,150,,no"),
    DIRT("bad_number", "C900001,三十,男,城南,畅享38,0,no,2018-07-30,7,39.90,5200,90,,no"),
    DIRT("bad_date", "C900002,28,女,城北,畅享58,0,no,2020-13-45,5,61.00,9100,80,,no"),
    DIRT("future", "C900003,30,女,高新,尊享199,24,yes,2093-01-01,0,230.00,31000,410,,no"),
    DIRT("out_of_range", "C900004,-5,男,县城,畅享38,0,no,2012-03-09,13,40.00,900,60,,no"),
    DIRT("too_few_columns", "C900005,52,男,乡镇"),
    DIRT("wrong_encoding",
         "C900006,47,男," GB_WORD ",畅享38,0,no,2016-09-17,9,45.00,2100,70,,no"),
    DIRT("bad_number", "C900007,39,女,城东,全家128,12,yes,2017-01-05,8,nan,8000,300,,no"),
    DIRT("nul_byte",
         "C900008,25,女,城\0西,校园29,0,no,2023-09-01,2,33.00,26000,40,学生,no"),
};
static const dirt event_dirt[] = {
    DIRT("missing_id", "X000001,,2025-04-04 10:00:00,purchase,app,流量日包,3.00,1"),
    DIRT("unknown_customer", "X000002,C999999,2025-04-04 10:00:00,recharge,app,,50.00,1"),
    DIRT("bad_date", "X000003,C000001,2025-02-30 10:00:00,contact,hall,query,,1"),
    DIRT("unknown_kind", "X000004,C000002,2025-03-03 10:00:00,teleport,hall,query,,1"),
    DIRT("unknown_channel",
         "X000005,C000003,2025-03-03 10:00:00,contact,pigeon,query,,1"),
    DIRT("bad_number", "X000006,C000004,2025-03-03 10:00:00,recharge,app,,五十,1"),
    DIRT("bad_number", "X000007,C000005,2025-03-03 10:00:00,recharge,app,,inf,1"),
    DIRT("future", "X000008,C000006,2093-03-03 10:00:00,recharge,app,,30.00,1"),
    DIRT("duplicate", "E0000001,C000007,2025-05-05 10:00:00,recharge,app,,30.00,1"),
    DIRT("wrong_encoding",
         "X000010,C000008,2025-05-05 10:00:00,purchase,app," GB_WORD ",20.00,1"),
    DIRT("too_few_columns", "X000011,C000009,2025-05-05"),
    DIRT("too_many_columns",
         "X000012,C000009,2025-05-05 10:00:00,recharge,app,,30.00,1,1,1"),
    DIRT("unknown_content", "X000013,C000010,2025-06-06 10:00:00,usage,,alchemy,,12"),
    DIRT("nul_byte", "X000014,C000011,2025-06-06 10:00:00,purchase,app,流\0量,20.00,1"),
};
static const dirt demand_dirt[] = {
    DIRT("missing_id", ",C000003,2025-02-02 09:00:00,app,资费咨询,套餐多少钱"),
    DIRT("unknown_customer",
         "X00001,C999998,2025-02-02 09:00:00,app,资费咨询,套餐多少钱"),
    DIRT("bad_date", "X00002,C000004,02/30/2025,app,资费咨询,套餐多少钱"),
    DIRT("unknown_channel", "X00003,C000005,2025-02-02 09:00:00,fax,资费咨询,套餐多少钱"),
    DIRT("unknown_class", "X00004,C000006,2025-02-02 09:00:00,app,天气预报,明天下雨吗"),
    DIRT("empty_text", "X00005,C000007,2025-02-02 09:00:00,app,资费咨询,"),
    DIRT("wrong_encoding", "X00006,C000008,2025-02-02 09:00:00,app,资费咨询," GB_WORD),
    DIRT("duplicate", "D00001,C000009,2025-02-02 09:00:00,app,资费咨询,套餐多少钱"),
    DIRT("future", "X00007,C000010,2093-02-02 09:00:00,app,资费咨询,套餐多少钱"),
    DIRT("too_few_columns", "X00008,C000010"),
};

/* The first five are no rows at all; the others no status that a demand can enter. */
static const dirt status_dirt[] = {
    DIRT("missing_id", ",C000003,2025-02-02 09:00:00,closed"),
    DIRT("unknown_customer", "D00002,C999998,2025-12-31 09:00:00,closed"),
    DIRT("bad_date", "D00003,C000004,02/30/2025,closed"),
    DIRT("future", "D00004,C000005,2093-02-02 09:00:00,closed"),
    DIRT("too_few_columns", "D00005,C000006"),
    DIRT("unknown_status", "D00006,C000007,2025-12-31 09:00:00,teleported"),
    DIRT("not_allowed", "D00007,C000008,2025-12-31 23:00:00,new"),
    DIRT("before_intake", "D00008,C000009,2024-12-31 23:00:00,assigned"),
    DIRT("unknown_demand", "X99999,C000010,2025-12-31 23:00:00,closed"),
};
static const dirt answer_dirt[] = {
    DIRT("out_of_range", "C000001,2025-11-01 10:00:00,网速快,6,1"),
    DIRT("bad_number", "C000002,2025-11-01 10:00:00,网速快,喜欢,1"),
    DIRT("unknown_customer", "C999997,2025-11-01 10:00:00,网速快,1,5"),
};

#define DIRT_OF(list) .dirt = list, .n_dirt = (int)(sizeof list / sizeof *list)

static void write_customer(sheet *s, const person *p, int i)
{
    char joined[16];
    day_text(joined, p->join_day);
    sheet_row(s, 0, "C%06d,%d,%s,%s,%s,%d,%s,%s,%d,%d.%02d,%d,%d,%s,%s", i + 1, p->age,
              p->female ? "女" : "男", region_names[p->region], plan_names[p->plan],
              p->contract_months, p->broadband ? "yes" : "no", joined,
              (FIRST_DAY + N_DAYS - p->join_day) / 365, p->arpu_cents / 100,
              p->arpu_cents % 100, p->data_mb, p->voice_minutes,
              p->occupation_known ? occupation_names[p->occupation] : "",
              p->left ? "yes" : "no");
    fprintf(s->truth,
            "customer,C%06d,channel,%s\ncustomer,C%06d,content,%s\n"
            "customer,C%06d,occupation,%s\ncustomer,C%06d,leave_per_mille,%d\n",
            i + 1, channel_names[p->channel], i + 1, content_names[p->content], i + 1,
            occupation_names[p->occupation], i + 1, p->leave_per_mille);
}

static int write_customers(const job *j, const person *people, FILE *truth)
{
    sheet s = {.truth = truth, .every = 250, DIRT_OF(customer_dirt)};
    if (!sheet_open(
            &s, j->out, "customers.csv",
            "customer_id,age,gender,region,plan,contract_months,broadband,join_date,"
            "tenure_years,arpu,data_mb,voice_minutes,occupation,left"))
        return 0;
    for (int i = 0; i < j->customers; i++)
        write_customer(&s, &people[i], i);
    return sheet_close(&s);
}

static int write_all(const job *j, const grammar *g, const person *people, FILE *truth)
{
    sheet events = {.truth = truth, .every = 2500, DIRT_OF(event_dirt)};
    sheet demands = {.truth = truth, .every = 125, DIRT_OF(demand_dirt)};
    sheet statuses = {.truth = truth, .every = 400, DIRT_OF(status_dirt)};
    sheet answers = {.truth = truth, .every = 200, DIRT_OF(answer_dirt)};
    fprintf(truth, "subject,id,name,value\n");
    if (!write_customers(j, people, truth) ||
        !sheet_open(&events, j->out, "events.csv",
                    "event_id,customer_id,time,kind,channel,item,amount,quantity"))
        return 0;
    const int enough = write_events(&events, people, j->customers, (uint64_t)j->seed);
    if (!sheet_close(&events) || !enough ||
        !sheet_open(&demands, j->out, "demands.csv",
                    "demand_id,customer_id,time,channel,class,text"))
        return 0;
    int good = sheet_open(&statuses, j->out, "statuses.csv",
                          "demand_id,customer_id,time,status");
    if (good) {
        write_demands(&demands, &statuses, g, people, j->customers, j->demands,
                      (uint64_t)j->seed);
        good = sheet_close(&statuses);
    }
    if (!sheet_close(&demands) || !good ||
        !sheet_open(&answers, j->out, "answers.csv",
                    "customer_id,time,feature,functional,dysfunctional"))
        return 0;
    write_answers(&answers, j->customers, j->customers / 100, (uint64_t)j->seed);
    if (!sheet_close(&answers))
        return 0;
    fprintf(stderr, "generate: %d customers, %ld events, %ld demands in %s\n",
            j->customers, events.rows, demands.rows, j->out);
    return 1;
}

static int generate(const job *j)
{
    char path[4096];
    grammar *g = grammar_load(j->grammar);
    person *people = malloc((size_t)j->customers * sizeof *people);
    FILE *truth = NULL;
    int good = g != NULL && people != NULL;
    for (int i = 0; i < j->customers && good; i++)
        people[i] = person_make((uint64_t)j->seed, i);
    if (good) {
        snprintf(path, sizeof path, "%s/truth.csv", j->out);
        truth = fopen(path, "wb");
        if (truth == NULL)
            fprintf(stderr, "generate: cannot write truth.csv in %s\n", j->out);
        good = truth != NULL && write_all(j, g, people, truth) && !ferror(truth);
    }
    if (truth != NULL && fclose(truth) != 0)
        good = 0;
    free(people);
    grammar_free(g);
    return good;
}

/* A whole number from 1 to 10 million, else 0. */
static int read_count(const char *word)
{
    int n = 0;
    for (; *word >= '0' && *word <= '9' && n < 1000000; word++)
        n = 10 * n + (*word - '0');
    return *word == '\0' ? n : 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: generate --grammar FILE --out FOLDER [--seed N] "
                    "[--customers N] [--demands N]\n");
    return 2;
}

int main(int argc, char **argv)
{
    job j = {.seed = 20260101, .customers = 20000, .demands = 8000};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--grammar") == 0)
            j.grammar = argv[i + 1];
        else if (strcmp(argv[i], "--out") == 0)
            j.out = argv[i + 1];
        else if (strcmp(argv[i], "--seed") == 0)
            j.seed = read_count(argv[i + 1]);
        else if (strcmp(argv[i], "--customers") == 0)
            j.customers = read_count(argv[i + 1]);
        else if (strcmp(argv[i], "--demands") == 0)
            j.demands = read_count(argv[i + 1]);
        else
            return usage();
    }
    if (argc % 2 == 0 || j.grammar == NULL || j.out == NULL || j.seed <= 0 ||
        j.customers < 100 || j.demands < 1)
        return usage();
    return generate(&j) ? 0 : 1;
}
