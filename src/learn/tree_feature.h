/* learn/tree_feature.h - a column as the tree sees it: at most 255 byte codes.
 *
 * Numbers: code = how many of the ascending edges are <= the value. Texts: code
 * = place among the kept levels, then one code for every other text. The last
 * code of both is "missing". */
#ifndef KEHU_SRC_LEARN_TREE_FEATURE_H
#define KEHU_SRC_LEARN_TREE_FEATURE_H

#include "base/mem.h"
#include "data/column.h"
#include "learn/tree_edges.h"

enum { KEHU__TREE_MAX_LEVELS = 253, KEHU__TREE_MAX_FEATURES = 10000 };

typedef enum kehu__tree_kind {
    KEHU__TREE_NUMBER = 0,
    KEHU__TREE_BOOL,
    KEHU__TREE_DATE,
    KEHU__TREE_TIMESTAMP,
    KEHU__TREE_TEXT
} kehu__tree_kind;

typedef struct kehu__tree_feature {
    char *name; /* name_size bytes and a NUL */
    size_t name_size;
    kehu__tree_kind kind;
    uint32_t n_edges;
    double *edges; /* [n_edges] ascending, not NaN */
    uint32_t n_levels;
    char *level_bytes;      /* the levels' texts, ascending, one after the other */
    uint32_t *level_starts; /* [n_levels + 1] */
    uint32_t n_codes;       /* 2 + n_edges, or 2 + n_levels */
    double *code_weight;    /* [n_codes] training weight */
} kehu__tree_feature;

static inline bool kehu__tree_is_text(const kehu__tree_feature *f)
{
    return f->kind == KEHU__TREE_TEXT;
}
static inline uint32_t kehu__tree_missing_code(const kehu__tree_feature *f)
{
    return f->n_codes - 1;
}
static inline kehu__text kehu__tree_level(const kehu__tree_feature *f, uint32_t i)
{
    return (kehu__text){f->level_bytes + f->level_starts[i],
                        (int64_t)f->level_starts[i + 1] - f->level_starts[i]};
}

/* Learn name, kind and codes from the rows with use[i] != 0 (all when NULL) of a
 * checked column. Call kehu__tree_feature_free whatever is returned. The sample's
 * allocator is the feature's. */
kehu_status kehu__tree_feature_learn(kehu__tree_feature *f, const kehu_column *c,
                                     const uint8_t *use, kehu__tree_sample *sample,
                                     kehu_error *err);
/* The same feature once more. Free it whatever is returned. */
kehu_status kehu__tree_feature_copy(kehu__tree_feature *to,
                                    const kehu__tree_feature *from,
                                    const kehu_allocator *alloc, kehu_error *err);
void kehu__tree_feature_free(kehu__tree_feature *f, const kehu_allocator *alloc);

/* The kind a column of this type would have. */
kehu__tree_kind kehu__tree_kind_of(kehu_type type);

/* The column may stand for the feature. */
bool kehu__tree_kinds_agree(kehu__tree_kind trained, kehu__tree_kind given);

uint32_t kehu__tree_code_of_number(const kehu__tree_feature *f, double x);
uint32_t kehu__tree_code_of_text(const kehu__tree_feature *f, kehu__text text);

/* Codes of a CATEGORY column's dictionary entries, so that rows need no text.
 * codes[dictionary length]. */
void kehu__tree_code_dictionary(const kehu__tree_feature *f, const kehu_column *c,
                                uint8_t *codes);

/* Code of row i of a checked column of the right kind. dictionary_codes as above,
 * only for CATEGORY. */
uint32_t kehu__tree_code(const kehu__tree_feature *f, const kehu_column *c,
                         const uint8_t *dictionary_codes, int64_t i);

/* -1, 0 or 1: order of texts by their bytes, a prefix first. */
int kehu__tree_compare_texts(kehu__text a, kehu__text b);

#endif
