/* Arbitrary bytes as a tree: reading answers with a status, and what is read
 * scores, explains and writes itself. The checksums are put right first, so that
 * the tree's own checks are reached. */
#include <kehu/tree.h>

#include <math.h>
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

static void use(const kehu_tree *tree)
{
    const kehu_writer writer = {ignore, NULL};
    const uint32_t F = kehu_tree_feature_count(tree), K = kehu_tree_class_count(tree);
    double *numbers = calloc(F, sizeof *numbers), *p = calloc(K, sizeof *p), sum = 0;
    kehu_tree_info info;
    kehu_status text, onnx;
    const char **texts = calloc(F, sizeof *texts);
    if (numbers == NULL || p == NULL || texts == NULL)
        abort();
    for (int round = 0; round < 3; round++) {
        for (uint32_t f = 0; f < F; f++) {
            numbers[f] = round == 0 ? (double)NAN : round == 1 ? 1 : -1e9;
            texts[f] = round == 0 ? NULL : round == 1 ? "month" : "?";
        }
        if (kehu_tree_score_row(tree, numbers, texts, p, NULL) != KEHU_OK)
            abort();
        for (uint32_t k = 0; k < K; k++)
            sum += p[k];
    }
    kehu_tree_get_info(tree, &info);
    text = info.kind == KEHU_TREE_ENSEMBLE ? KEHU_ARGUMENT : KEHU_OK;
    onnx = kehu_tree_write_onnx(tree, &writer, NULL);
    if (sum != 3 || kehu_tree_write_rules(tree, &writer, NULL) != text ||
        kehu_tree_write_dump(tree, &writer, NULL) != KEHU_OK ||
        kehu_tree_write_sql(tree, 0, &writer, NULL) != KEHU_OK ||
        (onnx != KEHU_OK && onnx != KEHU_ENCODING && onnx != KEHU_DUPLICATE) ||
        kehu_tree_write(tree, &writer, NULL) != KEHU_OK)
        abort();
    free(numbers);
    free(p);
    free(texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kehu_tree *tree = NULL;
    uint8_t *bytes = repair_container(data, size);
    if (bytes != NULL && kehu_tree_read(&tree, bytes, size, NULL, NULL) == KEHU_OK)
        use(tree);
    kehu_tree_free(tree);
    free(bytes);
    return 0;
}
