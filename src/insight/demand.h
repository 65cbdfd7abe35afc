/* insight/demand.h - the inside of kehu_demands. Demands are numbered as they are first
 * seen; rows lie with those of 65,536 neighbours, so that a part's rows are put in order
 * inside a core's cache, and parts are the tasks of finish. */
#ifndef KEHU_SRC_INSIGHT_DEMAND_H
#define KEHU_SRC_INSIGHT_DEMAND_H

#include <kehu/demand.h>

#include "base/thread.h"
#include "insight/demand_machine.h"
#include "insight/keys.h"

enum {
    KEHU__DEMAND_PART_BITS = 16,
    KEHU__DEMAND_PART = 1 << KEHU__DEMAND_PART_BITS,
    KEHU__DEMAND_CHANNELS = 1024,
    KEHU__DEMAND_CLASSES = 4096,
    KEHU__DEMAND_NO_TIME = 254, /* statuses of rows that will be refused */
    KEHU__DEMAND_UNKNOWN = 255,
    KEHU__DEMAND_NONE = 255 /* the status of a demand not taken in */
};

#define KEHU__DEMAND_NO_ROW      UINT32_MAX
#define KEHU__DEMAND_NO_CUSTOMER UINT32_MAX
#define KEHU__DEMAND_NOBODY      UINT32_MAX /* in a file: a row without a demand */

typedef struct kehu__demand_row {
    int64_t time;
    uint32_t number; /* over all batches */
    uint16_t demand; /* number inside the part */
    uint8_t status;
} kehu__demand_row;

typedef struct kehu__demand_part {
    kehu__demand_row *rows;
    size_t n, capacity;
    kehu_demand_counts counts; /* of finish */
    bool refused_memory;
} kehu__demand_part;

/* What a demand's earliest row of the first status says. */
typedef struct kehu__demand_intake {
    int64_t time;
    uint32_t row; /* KEHU__DEMAND_NO_ROW: there is none */
    uint32_t customer;
    uint16_t channel, class_of;
} kehu__demand_intake;

/* A demand as of the moment of finish; times in microseconds since the intake, -1
 * where it has not happened. */
typedef struct kehu__demand_state {
    int64_t reply, solution;
} kehu__demand_state;

typedef struct kehu__demand_group {
    int64_t demands, open, customers, repeats;
} kehu__demand_group;

struct kehu_demands {
    kehu_allocator alloc;
    kehu__run run;
    int32_t offset_minutes;
    kehu_demand_machine *machine;
    kehu__keys statuses; /* names of the machine, by number */
    kehu__keys ids, customers, channels, classes;
    bool ids_set, customers_set; /* their kind is known */
    bool poisoned;
    uint32_t n_rows;
    uint32_t *nobodys; /* rows without a demand */
    size_t n_nobodys, nobodys_capacity;
    kehu__demand_intake *intakes; /* [ids.n] */
    size_t intakes_capacity;
    kehu__demand_part *parts;
    size_t n_parts, parts_capacity;
    /* What finish made. */
    bool finished;
    int64_t as_of;
    kehu_demand_report_options report;
    uint32_t n_states;
    uint8_t *status; /* [n_states]; KEHU__DEMAND_NONE: not taken in yet */
    kehu__demand_state *states;
    kehu_demand_counts counts; /* repeats and customers when by_class is there */
    /* Made of these when first wanted. */
    kehu__demand_group *by_class, *by_customer;
    size_t n_by_class, n_by_customer;
};

/* Room for what is known of a new demand, `number` being the next; and its rows, or those
 * without a demand, in the order of their numbers. False when memory is refused. */
bool kehu__demands_have(kehu_demands *d, uint32_t number);
bool kehu__demands_keep_row(kehu_demands *d, uint32_t demand, int64_t time,
                            uint32_t number, uint8_t status);
bool kehu__demands_keep_nobody(kehu_demands *d, uint32_t row);

/* An intake counts when it is earlier than the one known. */
static inline bool kehu__demand_is_first(const kehu__demand_intake *known, int64_t time)
{
    return known->row == KEHU__DEMAND_NO_ROW || time < known->time;
}

/* Forget what finish made. */
void kehu__demands_unfinish(kehu_demands *d);

/* Why a row is refused, as tables say it. */
typedef enum kehu__demand_reason {
    KEHU__DEMAND_FINE,
    KEHU__DEMAND_LATER, /* than as_of: not refused */
    KEHU__DEMAND_WITHOUT_TIME,
    KEHU__DEMAND_WITHOUT_STATUS,
    KEHU__DEMAND_BEFORE_INTAKE,
    KEHU__DEMAND_NOT_ALLOWED,
    KEHU__DEMAND_WITHOUT_ID
} kehu__demand_reason;

/* A demand on its way through the machine. */
typedef struct kehu__demand_walk {
    uint8_t status;
    int64_t taken_in, replied, solved; /* times; INT64_MIN = not yet */
} kehu__demand_walk;

/* Tell of every row of a part in the order of demands and times: what the machine says
 * to it and where its demand was before. End tells of a demand's last row. False when
 * memory is refused. */
typedef struct kehu__demand_teller {
    void (*row)(void *ctx, uint32_t demand, const kehu__demand_row *row,
                kehu__demand_reason reason, uint8_t before);
    void (*end)(void *ctx, uint32_t demand, const kehu__demand_walk *walk);
    void *ctx;
} kehu__demand_teller;
bool kehu__demand_follow(const kehu_demands *d, size_t part, int64_t as_of,
                         const kehu__demand_teller *teller);

static inline bool kehu__demand_taken(const kehu_demands *d, uint32_t demand)
{
    return d->status[demand] != KEHU__DEMAND_NONE;
}

static inline bool kehu__demand_open(const kehu_demands *d, uint32_t demand)
{
    return kehu__demand_taken(d, demand) &&
           (d->machine->marks[d->status[demand]] & KEHU_DEMAND_OPEN) != 0;
}

static inline int64_t kehu__demand_age(const kehu_demands *d, uint32_t demand)
{
    return d->as_of - d->intakes[demand].time;
}

#define KEHU__HOUR_US INT64_C(3600000000)

/* Fill by_class and by_customer, and the counts they give. */
kehu_status kehu__demand_find_repeats(kehu_demands *d, kehu_error *err);

/* The reports. */
kehu_status kehu__demand_table_counts(kehu_table **out, kehu_demands *d, kehu_error *err);
kehu_status kehu__demand_table_times(kehu_table **out, kehu_demands *d, kehu_error *err);
kehu_status kehu__demand_table_open(kehu_table **out, kehu_demands *d, bool late,
                                    kehu_error *err);
kehu_status kehu__demand_table_groups(kehu_table **out, kehu_demands *d, bool customers,
                                      kehu_error *err);
kehu_status kehu__demand_table_refused(kehu_table **out, kehu_demands *d,
                                       kehu_error *err);

#endif
