/* Segments of a few customers from their purchases, with the reasons for one. */
#include <kehu/kehu.h>

#include <stdio.h>
#include <string.h>

enum { ROWS = 14, AS_OF = 20089 }; /* 2025-01-01 */

static const char ids[] = "AnnBobAnnCatAnnDanBobEveAnnFayCatAnnGusBob";
static const int32_t id_at[ROWS + 1] = {0,  3,  6,  9,  12, 15, 18, 21,
                                        24, 27, 30, 33, 36, 39, 42};
static const int32_t days[ROWS] = {20080, 19900, 20050, 19700, 20000, 20070, 19950,
                                   19400, 20085, 20060, 19800, 20088, 19600, 19990};
static const int64_t cents[ROWS] = {12900, 4500, 8800, 2000, 15000, 990, 5600,
                                    3000,  7700, 2500, 1800, 9900,  500, -1200};

int main(void)
{
    const kehu_column id = {
        .type = KEHU_UTF8, .length = ROWS, .data = ids, .offsets = id_at};
    const kehu_column day = {.type = KEHU_DATE32, .length = ROWS, .data = days};
    const kehu_column money = {.type = KEHU_INT64, .length = ROWS, .data = cents};
    const kehu_rfm_batch batch = {.customer = &id, .time = &day, .amount = &money};
    const char *rules = kehu_segments_builtin("rfm_grid");
    kehu_rfm_base *base = NULL;
    kehu_rfm *rfm = NULL;
    kehu_segments *table = NULL;
    kehu_rfm_columns c;
    kehu_column keys;
    kehu_rfm_reason why;
    kehu_error err = {0};
    int32_t codes[ROWS];

    if (kehu_rfm_base_new(&base, AS_OF, NULL, &err) == KEHU_OK &&
        kehu_rfm_base_add(base, &batch, &err) == KEHU_OK &&
        kehu_rfm_base_finish(base, &c, &keys, &err) == KEHU_OK &&
        kehu_rfm_fit(&rfm, &c, NULL, &err) == KEHU_OK &&
        kehu_segments_read(&table, rules, strlen(rules), NULL, &err) == KEHU_OK &&
        kehu_segments_assign_rfm(table, rfm, &c, NULL, 0, codes, &err) == KEHU_OK &&
        kehu_rfm_explain(rfm, c.recency_days[0], c.orders[0], c.spend[0], &why, &err) ==
            KEHU_OK) {
        const int64_t *at = keys.offsets;
        for (int64_t i = 0; i < c.n; i++)
            printf("%.*s  %4lld days  %lld orders  %6lld cents  %s\n",
                   (int)(at[i + 1] - at[i]), (const char *)keys.data + at[i],
                   (long long)c.recency_days[i], (long long)c.orders[i],
                   (long long)c.spend[i], kehu_segments_get_name(table, codes[i]));
        printf("the first has R %d, F %d, M %d: spend is above %lld\n", why.grade[0],
               why.grade[1], why.grade[2], (long long)why.above[KEHU_RFM_SPEND]);
    }
    kehu_segments_free(table);
    kehu_rfm_free(rfm);
    kehu_rfm_base_free(base);
    if (err.code != KEHU_OK)
        fprintf(stderr, "%s\n", err.message);
    return err.code != KEHU_OK;
}
