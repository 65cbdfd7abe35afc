/* Nodes, attributes and constants of an ONNX graph. */
#include <string.h>

#include "base/number.h"
#include "learn/tree_onnx.h"

kehu__onnx_name kehu__onnx_name_of(const char *what, uint32_t i)
{
    kehu__onnx_name n = {"kehu:"};
    char *end = n.text + strlen(n.text);
    memcpy(end, what, strlen(what));
    end += strlen(what);
    *end++ = ' ';
    end[kehu__format_int64(end, i)] = '\0';
    return n;
}

kehu__buffer kehu__onnx_attribute(const kehu__buffer *node, const char *name, int type)
{
    kehu__buffer a = kehu__onnx_part(node);
    kehu__pb_text(&a, 1, name);
    kehu__pb_int(&a, 20, type);
    return a;
}

void kehu__onnx_add_int(kehu__buffer *node, const char *name, int64_t v)
{
    kehu__buffer a = kehu__onnx_attribute(node, name, KEHU__ONNX_A_INT);
    kehu__pb_int(&a, 3, v);
    kehu__pb_message(node, 5, &a);
}

void kehu__onnx_end_node(kehu__buffer *graph, kehu__buffer *node, const char *type,
                         const char *domain)
{
    kehu__pb_text(node, 4, type);
    kehu__pb_text(node, 7, domain);
    kehu__pb_message(graph, 1, node);
}

kehu__buffer kehu__onnx_begin(const kehu__buffer *graph, const char *out, const char *a,
                              const char *b)
{
    kehu__buffer node = kehu__onnx_part(graph);
    kehu__pb_text(&node, 1, a);
    if (b != NULL)
        kehu__pb_text(&node, 1, b);
    kehu__pb_text(&node, 2, out);
    return node;
}

void kehu__onnx_op(kehu__buffer *graph, const char *type, const char *out, const char *a,
                   const char *b)
{
    kehu__buffer node = kehu__onnx_begin(graph, out, a, b);
    kehu__onnx_end_node(graph, &node, type, "");
}

void kehu__onnx_matrix(kehu__buffer *graph, const char *name, const double *numbers,
                       uint32_t rows, uint32_t columns)
{
    kehu__buffer tensor = kehu__onnx_part(graph), raw = kehu__onnx_part(graph);
    for (size_t i = 0; i < (size_t)rows * columns; i++)
        kehu__buffer_double(&raw, numbers[i]);
    kehu__pb_int(&tensor, 1, rows);
    kehu__pb_int(&tensor, 1, columns);
    kehu__pb_int(&tensor, 2, KEHU__ONNX_DOUBLE);
    kehu__pb_text(&tensor, 8, name);
    kehu__pb_message(&tensor, 9, &raw);
    kehu__pb_message(graph, 5, &tensor);
}

void kehu__onnx_whole(kehu__buffer *graph, const char *name, int64_t v)
{
    kehu__buffer tensor = kehu__onnx_part(graph), raw = kehu__onnx_part(graph);
    kehu__buffer_u64(&raw, (uint64_t)v);
    kehu__pb_int(&tensor, 1, 1);
    kehu__pb_int(&tensor, 2, KEHU__ONNX_INT64);
    kehu__pb_text(&tensor, 8, name);
    kehu__pb_message(&tensor, 9, &raw);
    kehu__pb_message(graph, 5, &tensor);
}
