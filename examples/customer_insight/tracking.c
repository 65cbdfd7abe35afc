#include "tracking.h"

#include <string.h>

static const char *const files[N_DEMAND_TABLES] = {
    "demand_counts.csv",  "demand_times.csv",   "demand_ageing.csv",
    "demand_overdue.csv", "demand_classes.csv", "demand_customers.csv",
    "demand_refused.csv"};

static kehu_status open_log(tracking *t, const flags *f, kehu_error *err)
{
    const char *builtin = kehu_demand_machine_builtin();
    const kehu_demands_options opt = {
        .size = sizeof opt, .n_threads = f->n_threads, .progress = &on_stderr};
    kehu_demands_options with_machine = opt;
    if (f->machine != NULL)
        TRY(kehu_demand_machine_load(&t->machine, f->machine, NULL, err));
    else
        TRY(kehu_demand_machine_read(&t->machine, builtin, strlen(builtin), NULL, err));
    with_machine.machine = t->machine;
    return kehu_demands_new(&t->log, &with_machine, err);
}

/* Every demand enters the first status of the machine. */
static kehu_status add_intakes(tracking *t, const base *b, const texts *classes,
                               const int32_t *demand_class, kehu_error *err)
{
    const char *first = kehu_demand_machine_get_name(t->machine, 0);
    text_list status = {0}, class_of = {0};
    kehu_status s = KEHU_OK;
    for (int64_t i = 0; i < frame_rows(b->demands) && s == KEHU_OK; i++) {
        const char *name =
            demand_class[i] < 0 ? "" : names_get(classes->classes, demand_class[i]);
        s = text_list_add(&status, first, strlen(first), err);
        if (s == KEHU_OK)
            s = text_list_add(&class_of, name, strlen(name), err);
    }
    const kehu_column statuses = text_list_column(&status, "status");
    const kehu_column class_names = text_list_column(&class_of, "class");
    const kehu_demand_batch batch = {.demand = frame_find(b->demands, "demand_id"),
                                     .time = frame_find(b->demands, "time"),
                                     .status = &statuses,
                                     .customer = frame_find(b->demands, "customer"),
                                     .channel = frame_find(b->demands, "channel"),
                                     .class_of = &class_names};
    if (s == KEHU_OK)
        s = kehu_demands_add(t->log, &batch, err);
    text_list_free(&status);
    text_list_free(&class_of);
    return s;
}

kehu_status tracking_find(tracking *t, const base *b, const texts *classes,
                          const int32_t *demand_class, const flags *f, kehu_error *err)
{
    const kehu_demand_report_options opt = {.size = sizeof opt,
                                            .period = KEHU_DEMAND_MONTH};
    const kehu_demand_batch batch = {.demand = frame_find(b->statuses, "demand_id"),
                                     .time = frame_find(b->statuses, "time"),
                                     .status = frame_find(b->statuses, "status")};
    step("tracking");
    TRY(open_log(t, f, err));
    TRY(add_intakes(t, b, classes, demand_class, err));
    TRY(kehu_demands_add(t->log, &batch, err));
    TRY(kehu_demands_finish(t->log, ((int64_t)b->as_of_day + 1) * DAY_US - 1, &opt, err));
    TRY(kehu_demands_get_counts(t->log, &t->counts, err));
    for (int k = 0; k < N_DEMAND_TABLES; k++)
        TRY(kehu_demands_get_table(&t->tables[k], t->log, (kehu_demand_table)k, err));
    return KEHU_OK;
}

void tracking_free(tracking *t)
{
    for (int k = 0; k < N_DEMAND_TABLES; k++)
        kehu_table_free(t->tables[k]);
    kehu_demands_free(t->log);
    kehu_demand_machine_free(t->machine);
}

kehu_status tracking_write(const tracking *t, outputs *o, kehu_error *err)
{
    for (int k = 0; k < N_DEMAND_TABLES; k++)
        TRY(outputs_table(o, t->tables[k], files[k], err));
    return KEHU_OK;
}

int64_t tracking_row(const tracking *t, kehu_demand_table report, const char *class_name)
{
    const kehu_table *table = t->tables[report];
    const kehu_column *class_of = kehu_table_find(table, "class");
    const kehu_column *channel = kehu_table_find(table, "channel");
    for (int64_t i = 0; i < kehu_table_row_count(table); i++) {
        size_t size;
        const char *name = text_at(class_of, i, &size);
        if (present(class_of, i) && (channel == NULL || !present(channel, i)) &&
            size == strlen(class_name) && memcmp(name, class_name, size) == 0)
            return i;
    }
    return -1;
}
