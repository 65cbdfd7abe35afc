/* From what an ensemble's trees add up to, to calibrated probabilities: a softmax, and
 * for each class the straight lines of its rising function, as sums of pieces. */
#include <string.h>

#include "learn/tree_onnx.h"

static kehu__onnx_name name_of(const char *what, uint32_t k)
{
    return kehu__onnx_name_of(what, k);
}

/* Margins with their start, and with the calibration's slope and offsets. */
static void add_margins(kehu__buffer *graph, const kehu_tree *tree, const char *sums,
                        const char *out)
{
    const kehu__ensemble *e = tree->ensemble;
    const kehu__calibration *c = &e->calibration;
    const uint32_t K = tree->classes.n, O = e->trees.n_outputs;
    double start[KEHU__TREE_MAX_CLASSES] = {0};
    memcpy(start + (O == 1), e->trees.start, O * sizeof *start);
    kehu__onnx_matrix(graph, "kehu:start", start, 1, K);
    if (c->method != KEHU_TREE_CALIBRATE_SLOPE) {
        kehu__onnx_op(graph, "Add", out, sums, "kehu:start");
        return;
    }
    kehu__onnx_op(graph, "Add", "kehu:margins", sums, "kehu:start");
    kehu__onnx_matrix(graph, "kehu:slope", &c->slope.probability, 1, 1);
    kehu__onnx_matrix(graph, "kehu:offsets", c->offsets, 1, K);
    kehu__onnx_op(graph, "Mul", "kehu:sloped", "kehu:margins", "kehu:slope");
    kehu__onnx_op(graph, "Add", out, "kehu:sloped", "kehu:offsets");
}

static void add_softmax(kehu__buffer *graph, const char *margins, const char *out)
{
    kehu__buffer node = kehu__onnx_begin(graph, out, margins, NULL);
    kehu__onnx_add_int(&node, "axis", 1);
    kehu__onnx_end_node(graph, &node, "Softmax", "");
}

/* The constants of a rising function: where its pieces begin and end, and their slopes;
 * of one knot a piece of no length. */
static void add_pieces(kehu__buffer *graph, const kehu__isotonic *map, uint32_t k,
                       const kehu_allocator *alloc)
{
    const uint32_t n = map->n > 1 ? map->n - 1 : 1, last = map->n - 1;
    const size_t first = map->n > 1;
    double *slopes = kehu__alloc_zero(alloc, n, sizeof *slopes);
    if (slopes == NULL) {
        graph->failed = true;
        return;
    }
    for (uint32_t i = 0; i < last; i++)
        slopes[i] = (map->y[i + 1] - map->y[i]) / (map->x[i + 1] - map->x[i]);
    kehu__onnx_matrix(graph, name_of("from", k).text, map->x, 1, n);
    kehu__onnx_matrix(graph, name_of("to", k).text, map->x + first, 1, n);
    kehu__onnx_matrix(graph, name_of("slopes", k).text, slopes, n, 1);
    kehu__onnx_matrix(graph, name_of("lowest", k).text, map->y, 1, 1);
    kehu__free(alloc, slopes, n, sizeof *slopes);
}

/* The rising function of class k at its share. */
static void add_map(kehu__buffer *graph, const kehu_tree *tree, uint32_t k)
{
    kehu__buffer gather;
    kehu__onnx_whole(graph, name_of("class", k).text, k);
    gather = kehu__onnx_begin(graph, name_of("share", k).text, "kehu:shares",
                              name_of("class", k).text);
    kehu__onnx_add_int(&gather, "axis", 1);
    kehu__onnx_end_node(graph, &gather, "Gather", "");
    add_pieces(graph, &tree->ensemble->calibration.maps[k], k, &tree->alloc);
    kehu__onnx_op(graph, "Max", name_of("above", k).text, name_of("share", k).text,
                  name_of("from", k).text);
    kehu__onnx_op(graph, "Min", name_of("below", k).text, name_of("above", k).text,
                  name_of("to", k).text);
    kehu__onnx_op(graph, "Sub", name_of("pieces", k).text, name_of("below", k).text,
                  name_of("from", k).text);
    kehu__onnx_op(graph, "MatMul", name_of("rise", k).text, name_of("pieces", k).text,
                  name_of("slopes", k).text);
    kehu__onnx_op(graph, "Add", name_of("mapped", k).text, name_of("rise", k).text,
                  name_of("lowest", k).text);
}

static void add_isotonic(kehu__buffer *graph, const kehu_tree *tree, const char *out)
{
    const uint32_t K = tree->classes.n;
    kehu__buffer row = kehu__onnx_part(graph), sum;
    for (uint32_t k = K == 2; k < K; k++)
        add_map(graph, tree, k);
    if (K == 2) {
        const double one = 1;
        kehu__onnx_matrix(graph, "kehu:one", &one, 1, 1);
        kehu__onnx_op(graph, "Sub", name_of("mapped", 0).text, "kehu:one",
                      name_of("mapped", 1).text);
    }
    for (uint32_t k = 0; k < K; k++)
        kehu__pb_text(&row, 1, name_of("mapped", k).text);
    kehu__pb_text(&row, 2, "kehu:mapped");
    kehu__onnx_add_int(&row, "axis", 1);
    kehu__onnx_end_node(graph, &row, "Concat", "");
    kehu__onnx_whole(graph, "kehu:across", 1);
    sum = kehu__onnx_begin(graph, "kehu:sum", "kehu:mapped", "kehu:across");
    kehu__onnx_end_node(graph, &sum, "ReduceSum", "");
    kehu__onnx_op(graph, "Div", out, "kehu:mapped", "kehu:sum");
}

void kehu__onnx_add_answer(kehu__buffer *graph, const kehu_tree *tree, const char *sums,
                           const char *out)
{
    add_margins(graph, tree, sums, "kehu:odds");
    if (tree->ensemble->calibration.method != KEHU_TREE_CALIBRATE_ISOTONIC) {
        add_softmax(graph, "kehu:odds", out);
        return;
    }
    add_softmax(graph, "kehu:odds", "kehu:shares");
    add_isotonic(graph, tree, out);
}
