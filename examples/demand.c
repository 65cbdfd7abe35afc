/* A log of demands: what is late, what was refused and why. */
#include <kehu/kehu.h>

#include <stdio.h>

enum { ROWS = 7 };

static const int64_t ids[ROWS] = {1, 1, 2, 2, 3, 3, 2};
static const char statuses[] = "newsolvednewansweredreopenednewassigned";
static const int32_t status_at[ROWS + 1] = {0, 3, 9, 12, 20, 28, 31, 39};
static const char customers[] = "AnnBobAnn";
static const int32_t customer_at[ROWS + 1] = {0, 3, 3, 6, 6, 6, 9, 9};
static const char classes[] = "billnetbill";
static const int32_t class_at[ROWS + 1] = {0, 4, 4, 7, 7, 7, 11, 11};
static const int32_t days[ROWS] = {19800, 19801, 19802, 19803, 19804, 19805, 19806};

int main(void)
{
    const kehu_column id = {.type = KEHU_INT64, .length = ROWS, .data = ids};
    const kehu_column day = {.type = KEHU_DATE32, .length = ROWS, .data = days};
    const kehu_column status = {
        .type = KEHU_UTF8, .length = ROWS, .data = statuses, .offsets = status_at};
    const kehu_column customer = {
        .type = KEHU_UTF8, .length = ROWS, .data = customers, .offsets = customer_at};
    const kehu_column class_of = {
        .type = KEHU_UTF8, .length = ROWS, .data = classes, .offsets = class_at};
    const kehu_demand_batch batch = {.demand = &id,
                                     .time = &day,
                                     .status = &status,
                                     .customer = &customer,
                                     .class_of = &class_of};
    const int64_t as_of = INT64_C(19810) * 24 * 3600 * 1000000;
    kehu_demands *demands = NULL;
    kehu_table *late = NULL, *refused = NULL;
    kehu_demand_counts counts;
    kehu_error err = {0};

    if (kehu_demands_new(&demands, NULL, &err) == KEHU_OK &&
        kehu_demands_add(demands, &batch, &err) == KEHU_OK &&
        kehu_demands_finish(demands, as_of, NULL, &err) == KEHU_OK &&
        kehu_demands_get_counts(demands, &counts, &err) == KEHU_OK &&
        kehu_demands_get_table(&late, demands, KEHU_DEMAND_OVERDUE, &err) == KEHU_OK &&
        kehu_demands_get_table(&refused, demands, KEHU_DEMAND_REFUSED, &err) == KEHU_OK) {
        const int64_t *demand = kehu_table_find(late, "demand")->data;
        const int64_t *late_s = kehu_table_find(late, "late_s")->data;
        const kehu_column *reason = kehu_table_find(refused, "reason");
        const int64_t *at = reason->offsets;
        printf("%lld demands, %lld open, %lld asked again\n", (long long)counts.demands,
               (long long)counts.open, (long long)counts.repeats);
        for (int64_t i = 0; i < kehu_table_row_count(late); i++)
            printf("demand %lld is %lld hours late\n", (long long)demand[i],
                   (long long)late_s[i] / 3600);
        for (int64_t i = 0; i < kehu_table_row_count(refused); i++)
            printf("a row was refused: %.*s\n", (int)(at[i + 1] - at[i]),
                   (const char *)reason->data + at[i]);
    }
    kehu_table_free(refused);
    kehu_table_free(late);
    kehu_demands_free(demands);
    if (err.code != KEHU_OK)
        fprintf(stderr, "%s\n", err.message);
    return err.code != KEHU_OK;
}
