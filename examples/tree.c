/* Who is about to leave: learn it from customers whose choice is known, then score
 * a new one and say why. */
#include <kehu/tree.h>

#include <stdio.h>
#include <stdlib.h>

enum { N = 1000, MAX_STEPS = 64 };

/* Made-up customers: short contracts leave early, small spenders more often. */
static void make(double *months, double *spend, int32_t *contract, uint8_t *left)
{
    uint32_t r = 1;
    for (int i = 0; i < N; i++) {
        r = r * 1664525u + 1013904223u;
        months[i] = r >> 8 & 63;
        spend[i] = (r >> 14 & 127) + 20;
        contract[i] = (int32_t)(r >> 22 & 1);
        if ((r >> 24) % 100 < (contract[i] == 0 && months[i] < 24 ? 70 : 15))
            left[i / 8] |= (uint8_t)(1 << i % 8);
    }
}

int main(void)
{
    static double months[N], spend[N];
    static int32_t contract[N];
    static uint8_t left[N / 8];
    static const int32_t offsets[] = {0, 7, 11};
    const kehu_column kinds = {
        .type = KEHU_UTF8, .length = 2, .data = "monthlyyear", .offsets = offsets};
    const kehu_column columns[] = {
        {.name = "months", .type = KEHU_FLOAT64, .length = N, .data = months},
        {.name = "spend", .type = KEHU_FLOAT64, .length = N, .data = spend},
        {.name = "contract",
         .type = KEHU_CATEGORY,
         .length = N,
         .data = contract,
         .dictionary = &kinds}};
    const kehu_column target = {
        .name = "left", .type = KEHU_BOOL, .length = N, .data = left};
    kehu_tree *tree = NULL;
    static double p[N][2];
    kehu_tree_step steps[MAX_STEPS];
    kehu_error err;
    uint32_t n_steps;
    int64_t most = 0;
    double base;
    char text[200];

    make(months, spend, contract, left);
    if (kehu_tree_train(&tree, columns, 3, &target, NULL, NULL, NULL, &err) != KEHU_OK ||
        kehu_tree_score(tree, columns, 3, p[0], NULL, &err) != KEHU_OK)
        goto failed;
    for (int64_t i = 1; i < N; i++)
        if (p[i][1] > p[most][1])
            most = i;
    if (kehu_tree_explain(tree, columns, 3, most, 1, steps, MAX_STEPS, &n_steps, &base,
                          &err) != KEHU_OK)
        goto failed;
    printf("customer %d will leave with probability %.3f\n", (int)most, p[most][1]);
    printf("  %+.3f  all customers\n", base);
    for (uint32_t i = 0; i < n_steps; i++) {
        if (steps[i].change == 0)
            continue;
        if (kehu_tree_step_text(tree, &steps[i], text, sizeof text, NULL, &err) !=
            KEHU_OK)
            goto failed;
        printf("  %+.3f  %s\n", steps[i].change, text);
    }
    kehu_tree_free(tree);
    return 0;

failed:
    fprintf(stderr, "%s\n", err.message);
    kehu_tree_free(tree);
    return 1;
}
