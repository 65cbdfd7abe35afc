#include "base/cpu.h"
#if defined(KEHU__AVX) /* first of all: it calls malloc, whose name is taken away below */
#include <immintrin.h>
#endif

#include "learn/tree_lanes.h"

#include <string.h>

#include "base/error.h"
#include "learn/tree_encode.h"

/* Where rows that end in a leaf are put. */
#define SPARE (KEHU__LANE_LEAVES - 1)

void kehu__lanes_free(kehu__lanes *lanes)
{
    const kehu_allocator *a = &lanes->alloc;
    kehu__free(a, lanes->asked, lanes->n_features, sizeof *lanes->asked);
    kehu__free(a, lanes->places, lanes->n_features, sizeof *lanes->places);
    kehu__free(a, lanes->trees, lanes->n_trees, sizeof *lanes->trees);
    kehu__free(a, lanes->nodes, lanes->capacity, sizeof *lanes->nodes);
    kehu__free(a, lanes->values, lanes->capacity + (size_t)KEHU__LANE_LEAVES,
               sizeof *lanes->values);
    kehu__free(a, lanes->sets, lanes->capacity, sizeof *lanes->sets);
    *lanes = (kehu__lanes){.alloc = *a};
}

static bool has_code(const kehu__tree_node *node, uint32_t code)
{
    return kehu__tree_goes_left(node, code);
}

static void set_bit(kehu__lane_set *set, uint32_t code)
{
    set->halves[code >> 7][code & 15] |= (uint8_t)(1u << (code >> 4 & 7));
}

/* The codes that go left as a range, where they are one, with the missing at its end
 * or not; else as a set. */
static void lay_out_split(kehu__lanes *lanes, kehu__lane_node *to,
                          const kehu__tree_node *node, const kehu__tree_feature *f)
{
    const uint32_t missing = kehu__tree_missing_code(f);
    uint32_t low = 0, n = 0;
    for (uint32_t c = 0; c < missing; c++)
        n += has_code(node, c);
    while (low < missing && has_code(node, low))
        low++;
    to->shift = has_code(node, missing);
    if (!kehu__tree_is_text(f) && low == n && low + to->shift > 0) {
        to->cut = (uint8_t)(low + to->shift - 1);
        return;
    }
    kehu__lane_set *set = &lanes->sets[lanes->n_sets++];
    to->set = lanes->n_sets;
    for (uint32_t c = 0; c < missing; c++)
        if (has_code(node, c))
            set_bit(set, c);
    if (has_code(node, missing))
        set_bit(set, kehu__tree_is_text(f) ? missing : KEHU__LANE_MISSING);
}

/* What laying out takes, a place a node. */
typedef struct layout {
    uint32_t *counts; /* leaves below */
    uint32_t *ranks;  /* leaves left of those */
    uint32_t *slots;  /* number among the tree's inner nodes; of leaves the spare */
} layout;

static void lay_out_tree(kehu__lanes *lanes, const kehu_tree *tree, uint32_t t,
                         const layout *x)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    const uint32_t root = b->roots[t],
                   end = t + 1 < b->n_trees ? b->roots[t + 1] : b->n_nodes;
    kehu__lane_tree *to = &lanes->trees[t];
    *to = (kehu__lane_tree){.first = lanes->n_nodes, .value = lanes->n_leaves};
    for (uint32_t i = end; i-- > root;)
        x->counts[i] = b->nodes[i].feature < 0 ? 1
                                               : x->counts[b->nodes[i].left] +
                                                     x->counts[b->nodes[i].left + 1];
    to->is_walked = x->counts[root] > KEHU__LANE_LEAVES;
    if (to->is_walked)
        return;
    for (uint32_t i = root; i < end; i++)
        x->slots[i] = b->nodes[i].feature < 0 ? SPARE : to->n_nodes++;
    x->ranks[root] = 0;
    for (uint32_t i = root; i < end; i++) {
        const kehu__tree_node *node = &b->nodes[i];
        kehu__lane_node *lane = &lanes->nodes[lanes->n_nodes];
        if (node->feature < 0) {
            lanes->values[lanes->n_leaves + x->ranks[i]] = b->values[i];
            continue;
        }
        x->ranks[node->left] = x->ranks[i];
        x->ranks[node->left + 1] = x->ranks[i] + x->counts[node->left];
        *lane = (kehu__lane_node){.place = lanes->places[node->feature],
                                  .n_left = (uint8_t)x->counts[node->left],
                                  .left = (uint8_t)x->slots[node->left],
                                  .right = (uint8_t)x->slots[node->left + 1]};
        lay_out_split(lanes, lane, node, &tree->features[node->feature]);
        to->has_sets |= lane->set != 0;
        lanes->n_nodes++;
    }
    lanes->n_leaves += x->counts[root];
}

static void find_asked(kehu__lanes *lanes, const kehu__boosted *b)
{
    for (uint32_t f = 0; f < lanes->n_features; f++)
        lanes->places[f] = UINT32_MAX;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].feature >= 0)
            lanes->places[b->nodes[i].feature] = 0;
    for (uint32_t f = 0; f < lanes->n_features; f++)
        if (lanes->places[f] == 0) {
            lanes->places[f] = lanes->n_asked;
            lanes->asked[lanes->n_asked++] = f;
        }
}

kehu_status kehu__lanes_make(kehu__lanes *lanes, const kehu_tree *tree, kehu_error *err)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    const kehu_allocator *a = &tree->alloc;
    const uint32_t n = b->n_nodes;
    const layout x = {kehu__alloc(a, n, sizeof *x.counts),
                      kehu__alloc(a, n, sizeof *x.ranks),
                      kehu__alloc(a, n, sizeof *x.slots)};
    *lanes = (kehu__lanes){.alloc = *a,
                           .n_features = tree->n_features,
                           .n_trees = b->n_trees,
                           .capacity = n};
    lanes->asked = kehu__alloc(a, tree->n_features, sizeof *lanes->asked);
    lanes->places = kehu__alloc(a, tree->n_features, sizeof *lanes->places);
    lanes->trees = kehu__alloc(a, b->n_trees, sizeof *lanes->trees);
    lanes->nodes = kehu__alloc(a, n, sizeof *lanes->nodes);
    lanes->values =
        kehu__alloc_zero(a, n + (size_t)KEHU__LANE_LEAVES, sizeof *lanes->values);
    lanes->sets = kehu__alloc_zero(a, n, sizeof *lanes->sets);
    const bool enough = x.counts != NULL && x.ranks != NULL && x.slots != NULL &&
                        lanes->asked != NULL && lanes->places != NULL &&
                        lanes->trees != NULL && lanes->nodes != NULL &&
                        lanes->values != NULL && lanes->sets != NULL;
    if (enough) {
        find_asked(lanes, b);
        for (uint32_t t = 0; t < b->n_trees; t++)
            lay_out_tree(lanes, tree, t, &x);
    }
    kehu__free(a, x.counts, n, sizeof *x.counts);
    kehu__free(a, x.ranks, n, sizeof *x.ranks);
    kehu__free(a, x.slots, n, sizeof *x.slots);
    return enough ? KEHU_OK : kehu__no_memory(err, "the ensemble");
}

/* A tree of too many leaves, or of sets where lanes are too narrow for them. */
static void walk_tree(const kehu__lanes *lanes, const kehu_tree *tree, uint32_t t,
                      const uint8_t *codes, uint32_t n, double *margins)
{
    const kehu__ensemble *e = tree->ensemble;
    uint32_t at[KEHU__LANE_ROWS];
    for (uint32_t i = 0; i < n; i++)
        at[i] = e->trees.roots[t];
    for (uint32_t d = 0; d < e->depths[t]; d++)
        for (uint32_t i = 0; i < n; i++) {
            const kehu__tree_gate *g = &e->gates[at[i]];
            const uint32_t place = lanes->places[g->feature];
            const uint32_t code = codes[(size_t)place * KEHU__LANE_ROWS + i];
            at[i] = g->left + !(g->left_codes[code >> 6] >> (code & 63) & 1);
        }
    for (uint32_t i = 0; i < n; i++)
        margins[i] += e->trees.values[at[i]];
}

#define ADD_ONE_BY_ONE(margins, leaves, values)                                          \
    do {                                                                                 \
        for (uint32_t row = 0; row < KEHU__LANE_WIDTH; row++)                            \
            (margins)[row] += (values)[(leaves)[row]];                                   \
    } while (0)

#define ADD_LEAVES(margins, leaves, values, n_nodes)                                     \
    ADD_ONE_BY_ONE(margins, leaves, values)
#define NAME(x) plain_##x
#define TARGET
#include "learn/tree_lanes.inc.h"

#if defined(KEHU__AVX)
/* The row of the set is found by a code's low four bits, the bit in it by the others. */
#define BITS 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128
#define MEMBERS(left, code, set)                                                         \
    do {                                                                                 \
        const __m256i fours = _mm256_set1_epi8(15), bits = _mm256_setr_epi8(BITS, BITS); \
        __m256i halves[2], member_codes[2];                                              \
        memcpy(member_codes, &(code), sizeof member_codes);                              \
        for (int h = 0; h < 2; h++) {                                                    \
            __m128i half;                                                                \
            memcpy(&half, (set)->halves[h], sizeof half);                                \
            halves[h] = _mm256_broadcastsi128_si256(half);                               \
        }                                                                                \
        for (int u = 0; u < 2; u++) {                                                    \
            const __m256i c = member_codes[u], low = _mm256_and_si256(c, fours),         \
                          high = _mm256_and_si256(_mm256_srli_epi16(c, 4), fours),       \
                          row = _mm256_blendv_epi8(_mm256_shuffle_epi8(halves[0], low),  \
                                                   _mm256_shuffle_epi8(halves[1], low),  \
                                                   c),                                   \
                          bit = _mm256_shuffle_epi8(bits, high);                         \
            member_codes[u] = _mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit);        \
        }                                                                                \
        memcpy(&(left), member_codes, sizeof member_codes);                              \
    } while (0)
#define ADD_LEAVES(margins, leaves, values, n_nodes)                                     \
    ADD_ONE_BY_ONE(margins, leaves, values)
#define NAME(x) avx2_##x
#define TARGET  __attribute__((target("avx2")))
#include "learn/tree_lanes.inc.h"

#define MEMBERS(left, code, set)                                                         \
    do {                                                                                 \
        const __m512i fours = _mm512_set1_epi8(15),                                      \
                      bits = _mm512_broadcast_i32x4(_mm_setr_epi8(BITS));                \
        __m128i first, second;                                                           \
        __m512i c;                                                                       \
        memcpy(&c, &(code), sizeof c);                                                   \
        memcpy(&first, (set)->halves[0], sizeof first);                                  \
        memcpy(&second, (set)->halves[1], sizeof second);                                \
        const __m512i low = _mm512_and_si512(c, fours),                                  \
                      high = _mm512_and_si512(_mm512_srli_epi16(c, 4), fours),           \
                      below = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(first), low),   \
                      above = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(second), low),  \
                      row =                                                              \
                          _mm512_mask_blend_epi8(_mm512_movepi8_mask(c), below, above),  \
                      bit = _mm512_shuffle_epi8(bits, high);                             \
        c = _mm512_movm_epi8(_mm512_test_epi8_mask(row, bit));                           \
        memcpy(&(left), &c, sizeof c);                                                   \
    } while (0)
/* Values of 16 leaves are picked from two registers; which 16 it is, the higher bits of
 * the leaf say. */
#define PICK(table, at)                                                                  \
    _mm512_mask_blend_pd(_mm512_test_epi64_mask(at, sixteen),                            \
                         _mm512_permutex2var_pd((table)[0], at, (table)[1]),             \
                         _mm512_permutex2var_pd((table)[2], at, (table)[3]))
#define ADD_LEAVES(margins, leaves, values, n_nodes)                                     \
    do {                                                                                 \
        const __m512i sixteen = _mm512_set1_epi64(16),                                   \
                      thirty_two = _mm512_set1_epi64(32);                                \
        __m512d table[8];                                                                \
        memcpy(table, (values), sizeof table);                                           \
        for (uint32_t row = 0; row < KEHU__LANE_WIDTH; row += 8) {                       \
            const __m128i eight =                                                        \
                _mm_loadl_epi64((const __m128i *)(const void *)((leaves) + row));        \
            const __m512i at = _mm512_cvtepu8_epi64(eight);                              \
            __m512d value = PICK(table, at);                                             \
            if ((n_nodes) >= 32)                                                         \
                value = _mm512_mask_blend_pd(_mm512_test_epi64_mask(at, thirty_two),     \
                                             value, PICK(table + 4, at));                \
            _mm512_storeu_pd((margins) + row,                                            \
                             _mm512_add_pd(_mm512_loadu_pd((margins) + row), value));    \
        }                                                                                \
    } while (0)
#define NAME(x) avx512_##x
#define TARGET  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "learn/tree_lanes.inc.h"
#undef BITS
#undef PICK
#endif
#undef ADD_ONE_BY_ONE

typedef void lane_adder(const kehu__lanes *lanes, const kehu__lane_tree *tree,
                        const uint8_t *codes, uint32_t n_blocks, double *margins);

void kehu__lanes_add_up(const kehu__lanes *lanes, const kehu_tree *tree,
                        const uint8_t *codes, uint32_t n, double *margins)
{
    const kehu__boosted *b = &tree->ensemble->trees;
    const uint32_t O = b->n_outputs,
                   n_blocks = (n + KEHU__LANE_WIDTH - 1) / KEHU__LANE_WIDTH;
    lane_adder *add = plain_add_tree;
    bool takes_sets = false;
#if defined(KEHU__AVX)
    const uint32_t cpu = kehu__cpu();
    takes_sets = cpu & KEHU__CPU_AVX2;
    if (takes_sets)
        add = cpu & KEHU__CPU_AVX512 ? avx512_add_tree : avx2_add_tree;
#endif
    for (uint32_t o = 0; o < O; o++)
        for (uint32_t i = 0; i < n_blocks * KEHU__LANE_WIDTH; i++)
            margins[(size_t)o * KEHU__LANE_ROWS + i] = b->start[o];
    for (uint32_t t = 0; t < b->n_trees; t++) {
        const kehu__lane_tree *lane = &lanes->trees[t];
        double *const m = margins + (size_t)(t % O) * KEHU__LANE_ROWS;
        if (lane->is_walked || (lane->has_sets && !takes_sets))
            walk_tree(lanes, tree, t, codes, n, m);
        else
            add(lanes, lane, codes, n_blocks, m);
    }
}
