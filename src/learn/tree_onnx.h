/* learn/tree_onnx.h - the parts of an ONNX graph. Field numbers are those of onnx.proto.
 */
#ifndef KEHU_SRC_LEARN_TREE_ONNX_H
#define KEHU_SRC_LEARN_TREE_ONNX_H

#include "learn/protobuf.h"
#include "learn/tree_model.h"

enum {
    KEHU__ONNX_UINT8 = 2,
    KEHU__ONNX_INT64 = 7,
    KEHU__ONNX_STRING,
    KEHU__ONNX_DOUBLE = 11
};
enum {
    KEHU__ONNX_A_FLOAT = 1,
    KEHU__ONNX_A_INT,
    KEHU__ONNX_A_TENSOR = 4,
    KEHU__ONNX_A_FLOATS = 6,
    KEHU__ONNX_A_INTS,
    KEHU__ONNX_A_STRINGS
};
#define KEHU__ONNX_ML "ai.onnx.ml"

static inline kehu__buffer kehu__onnx_part(const kehu__buffer *graph)
{
    return kehu__buffer_new(&graph->alloc);
}

/* "kehu:", what of at most 10 bytes, and a number. */
typedef struct kehu__onnx_name {
    char text[48];
} kehu__onnx_name;
kehu__onnx_name kehu__onnx_name_of(const char *what, uint32_t i);

/* An attribute begun, to be ended as field 5 of its node; and a whole one. */
kehu__buffer kehu__onnx_attribute(const kehu__buffer *node, const char *name, int type);
void kehu__onnx_add_int(kehu__buffer *node, const char *name, int64_t v);

/* A finished node into the graph; frees it. */
void kehu__onnx_end_node(kehu__buffer *graph, kehu__buffer *node, const char *type,
                         const char *domain);

/* A node of one output and one or two inputs (b may be NULL), begun, and whole. */
kehu__buffer kehu__onnx_begin(const kehu__buffer *graph, const char *out, const char *a,
                              const char *b);
void kehu__onnx_op(kehu__buffer *graph, const char *type, const char *out, const char *a,
                   const char *b);

/* A constant of the graph: numbers[rows][columns]; without columns, one whole number. */
void kehu__onnx_matrix(kehu__buffer *graph, const char *name, const double *numbers,
                       uint32_t rows, uint32_t columns);
void kehu__onnx_whole(kehu__buffer *graph, const char *name, int64_t v);

/* The trees, from row to out[rows][classes]: a tree's probabilities, or what an
 * ensemble's trees add up to. */
void kehu__onnx_add_trees(kehu__buffer *graph, const kehu_tree *tree, const char *row,
                          const char *out);

/* An ensemble's probabilities, calibrated, from what its trees add up to. */
void kehu__onnx_add_answer(kehu__buffer *graph, const kehu_tree *tree, const char *sums,
                           const char *out);

#endif
