/* learn/tree_plain.inc.h - the walk of tree_plain.c, included once for each type of
 * values with REAL, an integer BITS of its size, NAME(x), NARROW(x) from double, AFTER(x)
 * for the next value above, and FAR and LEAST, the least value above zero times FAR. */

typedef struct NAME(node) {
    const REAL *values;
    REAL scale, threshold; /* a value times scale at or above it goes to next[1] */
    uint32_t next[2];      /* of leaves themselves */
} NAME(node);

/* What is missing takes next[0], as NaN is at or above nothing. Where this is the right
 * child values turn round: x < t says -x >= what comes after -t. That is subnormal for
 * zero, and as nothing to a host that flushes such, hence FAR. */
static void NAME(turn_round)(NAME(node) * n)
{
    const REAL t = n->threshold;
    const uint32_t left = n->next[0];
    n->next[0] = n->next[1];
    n->next[1] = left;
    n->scale = t == 0 ? -FAR : -1;
    if (isnan(t)) /* all that is present goes left */
        n->threshold = -(REAL)INFINITY;
    else if (t == -(REAL)INFINITY)
        n->threshold = (REAL)NAN;
    else
        n->threshold = t == 0 ? LEAST : AFTER(-t);
}

/* One level of some rows; is there one that has not ended? */
static inline bool NAME(step)(const NAME(node) * nodes, int64_t row, uint32_t n,
                              bool fetch, uint32_t *at)
{
    uint32_t moved = 0;
    for (uint32_t j = 0; j < n; j++) {
        const NAME(node) *node = &nodes[at[j]];
        const REAL x = node->values[row + j] * node->scale;
        const uint32_t next = node->next[x >= node->threshold];
        if (fetch)
            KEHU__PREFETCH(nodes[next].values + row + j);
        moved |= at[j] ^ next;
        at[j] = next;
    }
    return moved != 0;
}

/* The next levels of n rows of a block, one after the other so that every row's next
 * value is fetched meanwhile; groups whose rows have all ended are left out. */
static void NAME(go_down)(const NAME(node) * nodes, int64_t row, uint32_t n,
                          uint32_t n_levels, uint32_t *at)
{
    bool moving[BLOCK_BYTES / sizeof(REAL) / TOGETHER];
    memset(moving, true, sizeof moving);
    for (uint32_t d = 0; d < n_levels; d++)
        for (uint32_t i = 0; i < n; i += TOGETHER) {
            const uint32_t some = n - i < TOGETHER ? n - i : TOGETHER;
            if (moving[i / TOGETHER])
                moving[i / TOGETHER] =
                    d + 1 < n_levels ? NAME(step)(nodes, row + i, some, true, at + i)
                                     : NAME(step)(nodes, row + i, some, false, at + i);
        }
}

#if defined(KEHU__AVX)
/* The first levels as a heap from 1 on: a node is known by its place alone, and what it
 * asks is picked from two registers. */
enum { NAME(PLACES) = 2 * 64 / sizeof(REAL), NAME(LEVELS) = sizeof(REAL) == 4 ? 5 : 4 };

typedef struct NAME(top) {
    REAL scales[NAME(PLACES)], thresholds[NAME(PLACES)];
    BITS columns[NAME(PLACES)]; /* place in values of that level */
    BITS nodes[NAME(PLACES)];   /* where the levels below begin */
    uint32_t n_columns[NAME(LEVELS)];
    const REAL *values[NAME(LEVELS)][NAME(PLACES) / 2]; /* columns that a level asks */
} NAME(top);

static void NAME(fill_top)(NAME(top) * top, const NAME(node) * nodes)
{
    uint32_t at[2 * NAME(PLACES)] = {0}, i = 1;
    for (uint32_t d = 0; d < NAME(LEVELS); d++)
        for (; i < 2u << d; i++) {
            const NAME(node) *node = &nodes[at[i]];
            uint32_t k = 0;
            while (k < top->n_columns[d] && top->values[d][k] != node->values)
                k++;
            top->values[d][k] = node->values;
            top->n_columns[d] += k == top->n_columns[d];
            top->scales[i] = node->scale;
            top->thresholds[i] = node->threshold;
            top->columns[i] = (BITS)k;
            at[2 * i] = node->next[0];
            at[2 * i + 1] = node->next[1];
        }
    for (i = 0; i < NAME(PLACES); i++)
        top->nodes[i] = (BITS)at[NAME(PLACES) + i];
}

/* Where rows stand below the first levels. Returns how many rows; the others have yet to
 * begin. */
AVX512 static uint32_t NAME(go_first)(const NAME(top) * top, int64_t row, uint32_t n,
                                      uint32_t *at)
{
    typedef BITS bits __attribute__((vector_size(64)));
    typedef REAL reals __attribute__((vector_size(64)));
    enum { LANES = 64 / sizeof(REAL), TURNS = 4, ROWS = TURNS * LANES };
    uint32_t done = 0;
    for (; n - done >= ROWS; done += ROWS) {
        bits place[TURNS], x[TURNS];
        for (int v = 0; v < TURNS; v++)
            place[v] = (bits){0} + 1;
        for (uint32_t d = 0; d < NAME(LEVELS); d++) {
            memcpy(x, top->values[d][0] + row + done, sizeof x);
            for (uint32_t k = 1; k < top->n_columns[d]; k++) {
                bits other[TURNS];
                memcpy(other, top->values[d][k] + row + done, sizeof other);
                for (int v = 0; v < TURNS; v++)
                    x[v] ^= (x[v] ^ other[v]) &
                            ((bits)PICK(top->columns, place[v]) == (BITS)k);
            }
            for (int v = 0; v < TURNS; v++) {
                const reals scale = (reals)PICK(top->scales, place[v]),
                            threshold = (reals)PICK(top->thresholds, place[v]);
                place[v] += place[v] - (bits)((reals)x[v] * scale >= threshold);
            }
        }
        for (int v = 0; v < TURNS; v++) {
            const bits nodes = (bits)PICK(top->nodes, place[v]);
            for (uint32_t j = 0; j < LANES; j++)
                at[done + (uint32_t)v * LANES + j] = (uint32_t)nodes[j];
        }
    }
    return done;
}
#endif

typedef struct NAME(walker) {
    uint32_t depth;
    NAME(node) * nodes; /* [n_nodes] */
#if defined(KEHU__AVX)
    NAME(top) top;
#endif
} NAME(walker);

static void NAME(walk)(const NAME(walker) * w, int64_t row, uint32_t n, uint32_t *at)
{
    uint32_t done = 0;
#if defined(KEHU__AVX)
    if (kehu__cpu() & KEHU__CPU_AVX512)
        done = NAME(go_first)(&w->top, row, n, at);
    if (w->depth > NAME(LEVELS))
        NAME(go_down)(w->nodes, row, done, w->depth - NAME(LEVELS), at);
#endif
    memset(at + done, 0, (n - done) * sizeof *at);
    NAME(go_down)(w->nodes, row + done, n - done, w->depth, at + done);
}

static void NAME(fill)(NAME(walker) * w, const kehu_tree *tree, const void *const *values)
{
    w->depth = tree->summary.depth;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const kehu__tree_node *n = &tree->nodes[i];
        const bool is_leaf = n->feature < 0;
        w->nodes[i].values = values[tree->nodes[is_leaf ? 0 : i].feature];
        w->nodes[i].scale = 1;
        w->nodes[i].threshold = is_leaf ? (REAL)NAN : NARROW(tree->thresholds[i]);
        w->nodes[i].next[0] = is_leaf ? i : n->left;
        w->nodes[i].next[1] = n->left + 1;
        if (!is_leaf && (n->flags & KEHU__TREE_MISSING_LEFT) == 0)
            NAME(turn_round)(&w->nodes[i]);
    }
#if defined(KEHU__AVX)
    NAME(fill_top)(&w->top, w->nodes);
#endif
}

#undef REAL
#undef BITS
#undef NAME
#undef AFTER
#undef NARROW
#undef FAR
#undef LEAST
