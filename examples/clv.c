/* Who is still a customer, and what are they worth over the next year? */
#include <kehu/kehu.h>

#include <stdio.h>

enum { N = 16 };

/* Weeks; repeat purchases, from the first one to the last, to today; euros each. */
static const double repeats[N] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 6, 7, 9, 12};
static const double recency[N] = {0,  0,  0,  0,  0,  4,  30, 11,
                                  30, 12, 33, 38, 20, 39, 37, 41};
static const double age[N] = {10, 39, 30, 25, 38, 39, 35, 27,
                              39, 39, 36, 40, 40, 41, 38, 42};
static const double euros[N] = {0,  0,   0,  0,  0,  8,  95, 18,
                                45, 160, 24, 33, 12, 70, 21, 41};

int main(void)
{
    const kehu_clv_columns rows = {N, repeats, recency, age, euros, NULL};
    const kehu_clv_options spend = {.size = sizeof spend, .model = KEHU_GAMMA_GAMMA};
    kehu_clv *buys = NULL, *spends = NULL;
    kehu_error err = {0};
    double alive[N], purchases[N], value[N];

    if (kehu_clv_fit(&buys, &rows, NULL, &err) == KEHU_OK &&
        kehu_clv_fit(&spends, &rows, &spend, &err) == KEHU_OK &&
        kehu_clv_alive(buys, &rows, alive, &err) == KEHU_OK &&
        kehu_clv_purchases(buys, &rows, 52, purchases, &err) == KEHU_OK &&
        kehu_clv_value(buys, spends, &rows, 52, 0.002, value, &err) == KEHU_OK) {
        puts("repeats  weeks ago  alive  purchases  value");
        for (int i = 0; i < N; i++)
            printf("%7.0f  %9.0f  %4.0f%%  %9.2f  %5.0f\n", repeats[i],
                   age[i] - recency[i], 100 * alive[i], purchases[i], value[i]);
    }
    kehu_clv_free(spends);
    kehu_clv_free(buys);
    if (err.code != KEHU_OK)
        fprintf(stderr, "%s\n", err.message);
    return err.code != KEHU_OK;
}
