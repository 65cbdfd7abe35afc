/* learn/fuse.h - two voices as one probability: class k's is proportional to
 * probability^a * exp(b * score + c[k]). Without scores, probabilities put right by a
 * slope and an offset a class. */
#ifndef KEHU_SRC_LEARN_FUSE_H
#define KEHU_SRC_LEARN_FUSE_H

#include <stdint.h>

enum { KEHU__FUSE_MAX_CLASSES = 255 };

typedef struct kehu__fuse {
    double probability, score; /* a and b */
} kehu__fuse;

/* Rows without a score above 0 are a group of their own, for silence means something
 * else than a weak word. scores may be NULL: all are silent. */
enum { KEHU__FUSE_SILENT = 0, KEHU__FUSE_SPOKEN = 1, KEHU__FUSE_GROUPS = 2 };
uint32_t kehu__fuse_group(const double *scores, uint32_t n_classes);

/* fused[n_classes] of one row; may be the same array as probabilities, which are above
 * 0. scores may be NULL. */
void kehu__fuse_row(const kehu__fuse *f, const double *offsets, const double *scores,
                    const double *probabilities, uint32_t n_classes, double *fused);

/* Rows to fit on: those of the group with a label. */
typedef struct kehu__fuse_rows {
    const double *scores;        /* [n][n_classes]; NULL = none */
    const double *probabilities; /* [n][n_classes], above 0 */
    const int32_t *labels;       /* [n] -1 = none */
    int64_t n;
    uint32_t n_classes;
    int32_t group; /* -1 = both */
} kehu__fuse_rows;

int64_t kehu__fuse_count(const kehu__fuse_rows *rows);

/* The a and b, never negative, and offsets[n_classes] of least log-loss. */
void kehu__fuse_fit(const kehu__fuse_rows *rows, kehu__fuse *f, double *offsets);

#endif
