/* The tree's container, kind TRE1, TRE3 for a distilled tree, or TRE2 for an ensemble:
 *
 *   HEAD  features, classes, nodes u32; criterion u32; rows u64; weight, least leaf
 *         weight, shrinkage, cross-validated log-loss, cut penalty, doubles
 *   CLAS  a class: size u32, name
 *   FEAT  the columns (learn/tree_feature_file.h)
 *   NODE  a node: feature u32 (all ones = leaf), left u32, cut u32, flags u32, gain
 *         double; categories: four u64, the codes that go left
 *   PROB  class weights, then probabilities, doubles, node after node
 *
 * An ensemble has a root alone, and a section BOOS (learn/tree_ensemble_file.h). */
#include <kehu/tree.h>

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "learn/tree_ensemble_file.h"
#include "learn/tree_feature_file.h"

static const char *const kinds[] = {[KEHU_TREE_SINGLE] = "TRE1",
                                    [KEHU_TREE_ENSEMBLE] = "TRE2",
                                    [KEHU_TREE_DISTILLED] = "TRE3"};
static const uint32_t LEAF = UINT32_MAX;
enum { MAX_FEATURES = KEHU__TREE_MAX_FEATURES, MAX_NODES = 131071, MAX_DEPTH = 64 };

static void write_head(kehu__buffer *b, const kehu_tree *tree)
{
    const kehu_tree_info *s = &tree->summary;
    kehu__buffer_u32(b, tree->n_features);
    kehu__buffer_u32(b, tree->classes.n);
    kehu__buffer_u32(b, tree->n_nodes);
    kehu__buffer_u32(b, (uint32_t)s->criterion);
    kehu__buffer_u64(b, (uint64_t)s->n_rows);
    kehu__buffer_double(b, s->weight);
    kehu__buffer_double(b, s->min_leaf_weight);
    kehu__buffer_double(b, s->shrinkage);
    kehu__buffer_double(b, s->cv_log_loss);
    kehu__buffer_double(b, s->cut_penalty);
}

void kehu__tree_write_node(kehu__buffer *b, const kehu_tree *tree,
                           const kehu__tree_node *node)
{
    kehu__buffer_u32(b, node->feature < 0 ? LEAF : (uint32_t)node->feature);
    kehu__buffer_u32(b, node->left);
    kehu__buffer_u32(b, node->cut);
    kehu__buffer_u32(b, node->flags);
    kehu__buffer_double(b, node->gain);
    if (node->feature >= 0 && kehu__tree_is_text(&tree->features[node->feature]))
        for (int i = 0; i < 4; i++)
            kehu__buffer_u64(b, node->left_codes[i]);
}

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_tree *tree = handle;
    enum { HEAD, CLAS, FEAT, NODE, PROB, BOOS, N_SECTIONS };
    static const char tags[N_SECTIONS][5] = {"HEAD", "CLAS", "FEAT",
                                             "NODE", "PROB", "BOOS"};
    kehu__buffer parts[N_SECTIONS];
    kehu__section sections[N_SECTIONS];
    const size_t cells = (size_t)tree->n_nodes * tree->classes.n;
    bool failed = false;
    (void)err;
    *out = kehu__buffer_new(&tree->alloc);
    for (int i = 0; i < N_SECTIONS; i++)
        parts[i] = kehu__buffer_new(&tree->alloc);
    write_head(&parts[HEAD], tree);
    for (uint32_t k = 0; k < tree->classes.n; k++) {
        const char *name = kehu__tree_name(&tree->classes, k);
        kehu__tree_write_text(&parts[CLAS], name, strlen(name));
    }
    for (uint32_t f = 0; f < tree->n_features; f++)
        kehu__tree_write_feature(&parts[FEAT], &tree->features[f]);
    for (uint32_t i = 0; i < tree->n_nodes; i++)
        kehu__tree_write_node(&parts[NODE], tree, &tree->nodes[i]);
    for (size_t i = 0; i < cells; i++)
        kehu__buffer_double(&parts[PROB], tree->weights[i]);
    for (size_t i = 0; i < cells; i++)
        kehu__buffer_double(&parts[PROB], tree->probabilities[i]);
    if (tree->ensemble != NULL)
        kehu__ensemble_write(&parts[BOOS], tree);
    for (int i = 0; i < N_SECTIONS; i++) {
        memcpy(sections[i].tag, tags[i], sizeof sections[i].tag);
        sections[i].bytes = parts[i].bytes;
        sections[i].size = parts[i].size;
        failed |= parts[i].failed;
    }
    if (failed)
        out->failed = true;
    else
        kehu__container_build(out, kinds[tree->summary.kind], sections,
                              tree->ensemble == NULL ? BOOS : N_SECTIONS);
    for (int i = 0; i < N_SECTIONS; i++)
        kehu__buffer_free(&parts[i]);
    return KEHU_OK;
}

static bool read_head(kehu__reader r, kehu_tree *tree, uint32_t *n_classes)
{
    kehu_tree_info *s = &tree->summary;
    uint32_t criterion;
    uint64_t n_rows;
    tree->n_features = kehu__read_u32(&r);
    *n_classes = kehu__read_u32(&r);
    tree->n_nodes = kehu__read_u32(&r);
    criterion = kehu__read_u32(&r);
    n_rows = kehu__read_u64(&r);
    s->weight = kehu__read_double(&r);
    s->min_leaf_weight = kehu__read_double(&r);
    s->shrinkage = kehu__read_double(&r);
    s->cv_log_loss = kehu__read_double(&r);
    s->cut_penalty = kehu__read_double(&r);
    s->criterion = (kehu_tree_criterion)criterion;
    s->n_rows = (int64_t)n_rows;
    return kehu__all_read(&r) && tree->n_features >= 1 &&
           tree->n_features <= MAX_FEATURES && *n_classes >= 2 &&
           *n_classes <= KEHU__TREE_MAX_CLASSES && tree->n_nodes % 2 == 1 &&
           tree->n_nodes <= MAX_NODES && criterion <= KEHU_TREE_GAIN_RATIO &&
           n_rows >= 1 && n_rows <= INT32_MAX && s->weight > 0 &&
           kehu__not_negative(s->weight) && kehu__not_negative(s->min_leaf_weight) &&
           kehu__not_negative(s->shrinkage) && kehu__not_negative(s->cut_penalty) &&
           (kehu__not_negative(s->cv_log_loss) || s->cv_log_loss == -1);
}

static kehu_status read_classes(kehu__reader r, kehu_tree *tree, uint32_t n,
                                const char *name, kehu_error *err)
{
    kehu__reader first = r;
    size_t size, total = 0;
    uint32_t at = 0;
    for (uint32_t k = 0; k < n; k++) {
        kehu__tree_read_text(&first, &size);
        total += size + 1;
    }
    if (!kehu__all_read(&first))
        return kehu__tree_damaged(err, name, "class names");
    KEHU_TRY(kehu__tree_names_alloc(&tree->classes, n, total, &tree->alloc, err));
    for (uint32_t k = 0; k < n; k++) {
        const char *bytes = kehu__tree_read_text(&r, &size);
        memcpy(tree->classes.bytes + at, bytes, size);
        tree->classes.bytes[at + size] = '\0';
        tree->classes.starts[k] = at;
        at += (uint32_t)size + 1;
        for (uint32_t j = 0; j < k; j++)
            if (strcmp(kehu__tree_name(&tree->classes, j),
                       kehu__tree_name(&tree->classes, k)) == 0)
                return kehu__tree_damaged(err, name, "a class is there twice");
    }
    return KEHU_OK;
}

static kehu_status read_features(kehu__reader r, kehu_tree *tree, uint32_t n,
                                 const char *name, kehu_error *err)
{
    if ((size_t)n > (size_t)(r.end - r.at))
        return kehu__tree_damaged(err, name, "columns");
    tree->features = kehu__alloc_zero(&tree->alloc, n, sizeof *tree->features);
    if (tree->features == NULL)
        return kehu__no_memory(err, "the tree");
    tree->n_features = n;
    for (uint32_t f = 0; f < n; f++) {
        KEHU_TRY(
            kehu__tree_read_feature(&r, &tree->features[f], &tree->alloc, name, err));
        for (uint32_t g = 0; g < f; g++)
            if (strcmp(tree->features[g].name, tree->features[f].name) == 0)
                return kehu__tree_damaged(err, name, "a column is there twice");
    }
    return kehu__all_read(&r) ? KEHU_OK : kehu__tree_damaged(err, name, "columns");
}

/* The codes on the left of an ordered split follow from its cut. */
static void set_ordered_codes(kehu__tree_node *n, const kehu__tree_feature *f)
{
    const uint32_t missing = kehu__tree_missing_code(f);
    for (uint32_t t = 0; t <= n->cut; t++)
        n->left_codes[t >> 6] |= (uint64_t)1 << (t & 63);
    if (n->flags & KEHU__TREE_MISSING_LEFT)
        n->left_codes[missing >> 6] |= (uint64_t)1 << (missing & 63);
}

static bool category_codes_sound(const kehu__tree_node *n, const kehu__tree_feature *f)
{
    const uint32_t missing = kehu__tree_missing_code(f);
    for (uint32_t code = f->n_codes; code < 256; code++)
        if (kehu__tree_goes_left(n, code))
            return false;
    return n->cut == 0 && kehu__tree_goes_left(n, missing) ==
                              ((n->flags & KEHU__TREE_MISSING_LEFT) != 0);
}

bool kehu__tree_read_node(kehu__reader *r, const kehu_tree *tree, kehu__tree_node *n)
{
    const uint32_t feature = kehu__read_u32(r);
    const kehu__tree_feature *f;
    n->left = kehu__read_u32(r);
    n->cut = kehu__read_u32(r);
    n->flags = kehu__read_u32(r);
    n->gain = kehu__read_double(r);
    n->feature = -1;
    if (r->failed)
        return false;
    if (feature == LEAF)
        return n->left == 0 && n->cut == 0 && n->flags == 0 && n->gain == 0;
    if (feature >= tree->n_features ||
        n->flags > (KEHU__TREE_MISSING_LEFT | KEHU__TREE_LEARNED) ||
        !kehu__not_negative(n->gain))
        return false;
    n->feature = (int32_t)feature;
    f = &tree->features[feature];
    if (!kehu__tree_is_text(f)) {
        if (n->cut > f->n_edges)
            return false;
        set_ordered_codes(n, f);
        return true;
    }
    for (int j = 0; j < 4; j++)
        n->left_codes[j] = kehu__read_u64(r);
    return category_codes_sound(n, f);
}

static bool read_node(kehu__reader *r, kehu_tree *tree, uint32_t i)
{
    kehu__tree_node *n = &tree->nodes[i];
    if (!kehu__tree_read_node(r, tree, n))
        return false;
    if (n->feature < 0)
        return true;
    if (n->left % 2 != 1 || n->left <= i || n->left >= tree->n_nodes - 1 ||
        tree->nodes[n->left].depth != 0 || n->depth >= MAX_DEPTH)
        return false;
    for (uint32_t c = n->left; c < n->left + 2; c++) {
        tree->nodes[c].parent = i;
        tree->nodes[c].depth = n->depth + 1;
    }
    return true;
}

static kehu_status read_nodes(kehu__reader r, kehu_tree *tree, const char *name,
                              kehu_error *err)
{
    for (uint32_t i = 0; i < tree->n_nodes; i++)
        /* Parents come first, so a node without a depth by now has none. */
        if ((i > 0 && tree->nodes[i].depth == 0) || !read_node(&r, tree, i))
            return kehu__tree_damaged(err, name, "nodes");
    return kehu__all_read(&r) ? KEHU_OK : kehu__tree_damaged(err, name, "nodes");
}

static kehu_status read_probabilities(kehu__reader r, kehu_tree *tree, const char *name,
                                      kehu_error *err)
{
    const uint32_t K = tree->classes.n;
    const size_t cells = (size_t)tree->n_nodes * K;
    for (size_t i = 0; i < cells; i++) {
        tree->weights[i] = kehu__read_double(&r);
        if (!kehu__not_negative(tree->weights[i]))
            return kehu__tree_damaged(err, name, "class weights of a node");
    }
    for (size_t i = 0; i < cells; i += K) {
        double sum = 0;
        for (uint32_t k = 0; k < K; k++) {
            const double p = kehu__read_double(&r), steps = p * KEHU__TREE_ONE;
            if (!(p > 0 && p < 1) || floor(steps) != steps)
                return kehu__tree_damaged(err, name, "probabilities of a node");
            tree->probabilities[i + k] = p;
            sum += p;
        }
        if (sum != 1)
            return kehu__tree_damaged(err, name,
                                      "probabilities of a node do not sum to 1");
    }
    return kehu__all_read(&r) ? KEHU_OK : kehu__tree_damaged(err, name, "probabilities");
}

static kehu_status read_tree(kehu_tree *tree, const kehu__container *c,
                             kehu_tree_kind kind, const char *name, kehu_error *err)
{
    uint32_t n_classes = 0, n_features, n_nodes;
    const kehu__reader prob = kehu__tree_section(c, "PROB");
    if (!read_head(kehu__tree_section(c, "HEAD"), tree, &n_classes) ||
        (size_t)(prob.end - prob.at) != (size_t)tree->n_nodes * n_classes * 16) {
        tree->n_features = tree->n_nodes = 0;
        return kehu__tree_damaged(err, name, "its head");
    }
    n_features = tree->n_features;
    n_nodes = tree->n_nodes;
    tree->n_features = tree->n_nodes = 0; /* until they are allocated */
    KEHU_TRY(read_classes(kehu__tree_section(c, "CLAS"), tree, n_classes, name, err));
    KEHU_TRY(read_features(kehu__tree_section(c, "FEAT"), tree, n_features, name, err));
    KEHU_TRY(kehu__tree_alloc_nodes(tree, n_nodes, err));
    KEHU_TRY(read_nodes(kehu__tree_section(c, "NODE"), tree, name, err));
    KEHU_TRY(read_probabilities(prob, tree, name, err));
    kehu__tree_finish(tree);
    if (kind != KEHU_TREE_ENSEMBLE) {
        tree->summary.kind = kind;
        return tree->summary.criterion != KEHU_TREE_AUTO
                   ? KEHU_OK
                   : kehu__tree_damaged(err, name, "its head");
    }
    if (n_nodes != 1)
        return kehu__tree_damaged(err, name, "its root");
    return kehu__ensemble_read(kehu__tree_section(c, "BOOS"), tree, name, err);
}

/* A file is what it says; what is wrong with it is found after. */
static kehu_tree_kind kind_of(const void *bytes, size_t size)
{
    for (int k = KEHU_TREE_DISTILLED; k > KEHU_TREE_SINGLE; k--)
        if (kinds[k] != NULL && size >= 12 &&
            memcmp((const char *)bytes + 8, kinds[k], 4) == 0)
            return (kehu_tree_kind)k;
    return KEHU_TREE_SINGLE;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    kehu_tree *tree;
    kehu_status status;
    const kehu_tree_kind kind = kind_of(from->bytes, from->size);
    KEHU_TRY(
        kehu__container_open(&c, from->bytes, from->size, kinds[kind], from->name, err));
    tree = kehu__alloc_zero(&from->alloc, 1, sizeof *tree);
    if (tree == NULL)
        return kehu__no_memory(err, "the tree");
    tree->alloc = from->alloc;
    status = read_tree(tree, &c, kind, from->name, err);
    if (status == KEHU_OK)
        *(kehu_tree **)out = tree;
    else
        kehu_tree_free(tree);
    return status;
}

static const kehu__handle_file file = {"tree", build, make};

kehu_status kehu__tree_copy(kehu_tree **out, const kehu_tree *tree,
                            const kehu_allocator *alloc, kehu_error *err)
{
    kehu__buffer bytes = kehu__buffer_new(alloc);
    const kehu_writer writer = {kehu__handle_collect, &bytes};
    kehu_status status = kehu_tree_write(tree, &writer, err);
    if (status == KEHU_OK && bytes.failed)
        status = kehu__no_memory(err, "the tree");
    if (status == KEHU_OK)
        status = kehu_tree_read(out, bytes.bytes, bytes.size, alloc, err);
    kehu__buffer_free(&bytes);
    return status;
}

kehu_status kehu_tree_save(const kehu_tree *tree, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, tree, path, err);
}

kehu_status kehu_tree_write(const kehu_tree *tree, const kehu_writer *writer,
                            kehu_error *err)
{
    return kehu__handle_write(&file, tree, writer, err);
}

kehu_status kehu_tree_load(kehu_tree **out, const char *path, const kehu_allocator *alloc,
                           kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_tree_read(kehu_tree **out, const void *bytes, size_t size,
                           const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
