/* Arbitrary bytes as bins: reading answers with a status, and what is read trains a tree
 * and writes itself. The checksums are put right first, so that the bins' own checks are
 * reached. */
#include <kehu/bins.h>

#include <stdlib.h>

#include "fuzz/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    (void)bytes;
    (void)size;
    return 0;
}

static void use(const kehu_bins *bins)
{
    const kehu_writer writer = {ignore, NULL};
    const int64_t n = kehu_bins_row_count(bins);
    const kehu_tree_options options = {.size = sizeof options, .n_folds = 1};
    uint8_t *y = calloc((size_t)n, 1);
    kehu_tree *tree = NULL;
    kehu_status status;
    if (y == NULL)
        abort();
    for (int64_t i = 0; i < n; i++)
        y[i] = i % 3 == 0;
    const kehu_column target = {.type = KEHU_UINT8, .length = n, .data = y};
    status = kehu_tree_train_bins(&tree, bins, &target, NULL, NULL, &options, NULL);
    if ((status != KEHU_OK && status != KEHU_DATA && status != KEHU_ONE_CLASS) ||
        (status == KEHU_OK) != (tree != NULL) ||
        kehu_bins_write(bins, &writer, NULL) != KEHU_OK)
        abort();
    kehu_tree_free(tree);
    free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kehu_bins *bins = NULL;
    uint8_t *bytes = repair_container(data, size);
    if (bytes != NULL && kehu_bins_read(&bins, bytes, size, NULL, NULL) == KEHU_OK)
        use(bins);
    kehu_bins_free(bins);
    free(bytes);
    return 0;
}
