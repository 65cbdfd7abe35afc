/* insight/demand_machine.h - a parsed machine of statuses. */
#ifndef KEHU_SRC_INSIGHT_DEMAND_MACHINE_H
#define KEHU_SRC_INSIGHT_DEMAND_MACHINE_H

#include <kehu/demand.h>

#include "base/mem.h"

struct kehu_demand_machine {
    kehu_allocator alloc;
    char *source; /* [source_size] as read */
    size_t source_size;
    char *names; /* [names_size] one after the other, each with its NUL */
    size_t names_size, names_capacity;
    uint32_t n;
    uint32_t name_at[KEHU_DEMAND_MAX_STATUSES];
    uint32_t marks[KEHU_DEMAND_MAX_STATUSES];
    uint64_t next[KEHU_DEMAND_MAX_STATUSES]; /* bit of each status that may follow */
    int32_t line[KEHU_DEMAND_MAX_STATUSES];  /* from 1 */
};

/* The machine's status of this name, -1 without one. */
int32_t kehu__demand_machine_find(const kehu_demand_machine *m, const char *name,
                                  size_t size);

/* Names, marks and transitions are the same. */
bool kehu__demand_machine_same(const kehu_demand_machine *a,
                               const kehu_demand_machine *b);
#endif
