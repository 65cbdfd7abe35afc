/* learn/tree_lanes.inc.h - one tree's part of the margins of some blocks of rows,
 * included once for each instruction set with NAME(x), TARGET and, where sets can be
 * asked, MEMBERS(left, code, set); ADD_LEAVES(margins, leaves, values, n_nodes). The
 * additions are those of the walk in their order, so every set gives the same bits. */

typedef uint8_t NAME(bytes) __attribute__((vector_size(64)));
#define bytes NAME(bytes)
#define PARTS (KEHU__LANE_WIDTH / 64)

TARGET static void NAME(add_tree)(const kehu__lanes *lanes, const kehu__lane_tree *tree,
                                  const uint8_t *codes, uint32_t n_blocks,
                                  double *margins)
{
    const kehu__lane_node *const nodes = lanes->nodes + tree->first;
    const double *const values = lanes->values + tree->value;
    bytes rows[KEHU__LANE_LEAVES][PARTS];
    for (uint32_t b = 0; b < n_blocks; b++) {
        const uint8_t *const block = codes + (size_t)b * KEHU__LANE_WIDTH;
        uint8_t leaves[KEHU__LANE_WIDTH];
        bytes leaf[PARTS] = {{0}};
        for (int v = 0; v < PARTS; v++)
            rows[0][v] = ~(bytes){0};
        for (uint32_t i = 0; i < tree->n_nodes; i++) {
            const kehu__lane_node *const node = &nodes[i];
            const uint8_t *const column = block + (size_t)node->place * KEHU__LANE_ROWS;
            const bytes shift = (bytes){0} + node->shift, cut = (bytes){0} + node->cut,
                        n_left = (bytes){0} + node->n_left;
            for (int v = 0; v < PARTS; v++) {
                const bytes here = rows[i][v];
                bytes code, left, right;
                memcpy(&code, column + (size_t)v * sizeof code, sizeof code);
                left = (bytes)(code + shift <= cut);
#ifdef MEMBERS
                if (node->set != 0)
                    MEMBERS(left, code, &lanes->sets[node->set - 1]);
#endif
                right = here & ~left;
                left &= here;
                rows[node->left][v] = left;
                rows[node->right][v] = right;
                leaf[v] += right & n_left;
            }
        }
        memcpy(leaves, leaf, sizeof leaves);
        ADD_LEAVES(margins + (size_t)b * KEHU__LANE_WIDTH, leaves, values, tree->n_nodes);
    }
}

#undef PARTS
#undef bytes
#undef NAME
#undef TARGET
#undef MEMBERS
#undef ADD_LEAVES
