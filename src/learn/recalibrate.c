#include "learn/recalibrate.h"

#include <string.h>

#include "base/error.h"
#include "base/maths.h"
#include "base/sort.h"
#include "learn/isotonic.h"

static bool takes_part(const kehu__outcomes *rows, int64_t i, int32_t skip)
{
    return rows->labels[i] >= 0 && (rows->fold == NULL || rows->fold[i] != skip);
}

static kehu_status fit_slope(kehu__calibration *c, const kehu__outcomes *rows,
                             int32_t skip, bool *refused, kehu_error *err)
{
    const size_t n = (size_t)rows->n;
    int32_t *labels = kehu__alloc(&c->alloc, n, sizeof *labels);
    const kehu__fuse_rows x = {NULL,    rows->probabilities, labels,
                               rows->n, rows->n_classes,     -1};
    c->offsets = kehu__alloc_zero(&c->alloc, c->n_classes, sizeof *c->offsets);
    if (labels == NULL || c->offsets == NULL) {
        kehu__free(&c->alloc, labels, n, sizeof *labels);
        return kehu__no_memory(err, "a calibration");
    }
    for (size_t i = 0; i < n; i++)
        labels[i] = takes_part(rows, (int64_t)i, skip) ? rows->labels[i] : -1;
    kehu__fuse_fit(&x, &c->slope, c->offsets);
    kehu__free(&c->alloc, labels, n, sizeof *labels);
    *refused = !(c->slope.probability > 0);
    return KEHU_OK;
}

/* Room to fit one class's function in. */
typedef struct points {
    size_t capacity;
    uint64_t *keys, *key_scratch;
    uint32_t *rows, *row_scratch;
    double *x, *y, *w;
} points;

static void free_points(points *p, const kehu_allocator *alloc)
{
    kehu__free(alloc, p->keys, p->capacity, sizeof *p->keys);
    kehu__free(alloc, p->key_scratch, p->capacity, sizeof *p->key_scratch);
    kehu__free(alloc, p->rows, p->capacity, sizeof *p->rows);
    kehu__free(alloc, p->row_scratch, p->capacity, sizeof *p->row_scratch);
    kehu__free(alloc, p->x, p->capacity, sizeof *p->x);
    kehu__free(alloc, p->y, p->capacity, sizeof *p->y);
    kehu__free(alloc, p->w, p->capacity, sizeof *p->w);
}

static kehu_status alloc_points(points *p, size_t n, const kehu_allocator *alloc,
                                kehu_error *err)
{
    *p = (points){.capacity = n};
    p->keys = kehu__alloc(alloc, n, sizeof *p->keys);
    p->key_scratch = kehu__alloc(alloc, n, sizeof *p->key_scratch);
    p->rows = kehu__alloc(alloc, n, sizeof *p->rows);
    p->row_scratch = kehu__alloc(alloc, n, sizeof *p->row_scratch);
    p->x = kehu__alloc(alloc, n, sizeof *p->x);
    p->y = kehu__alloc(alloc, n, sizeof *p->y);
    p->w = kehu__alloc(alloc, n, sizeof *p->w);
    if (p->keys == NULL || p->key_scratch == NULL || p->rows == NULL ||
        p->row_scratch == NULL || p->x == NULL || p->y == NULL || p->w == NULL)
        return kehu__no_memory(err, "a calibration");
    return KEHU_OK;
}

/* n knots out of the points. */
static kehu_status keep_knots(kehu__isotonic *map, const points *p, uint32_t n,
                              const kehu_allocator *alloc, kehu_error *err)
{
    map->x = kehu__alloc(alloc, n, sizeof *map->x);
    if (map->x == NULL)
        return kehu__no_memory(err, "a calibration");
    map->y = kehu__alloc(alloc, n, sizeof *map->y);
    if (map->y == NULL) {
        kehu__free(alloc, map->x, n, sizeof *map->x);
        map->x = NULL;
        return kehu__no_memory(err, "a calibration");
    }
    map->n = n;
    memcpy(map->x, p->x, n * sizeof *map->x);
    memcpy(map->y, p->y, n * sizeof *map->y);
    return KEHU_OK;
}

/* *rises says whether outcomes do with the class's probability. Of a class that these
 * rows do not have nothing was learned: it stays as it is, and is not thought
 * impossible. */
static kehu_status fit_class(kehu__calibration *c, const kehu__outcomes *rows, uint32_t k,
                             int32_t skip, points *p, bool *rises, kehu_error *err)
{
    double corners[] = {0, 1};
    const points unchanged = {.x = corners, .y = corners};
    const uint32_t K = rows->n_classes;
    uint32_t n = 0;
    double seen = 0;
    *rises = false;
    for (int64_t i = 0; i < rows->n; i++)
        if (takes_part(rows, i, skip)) {
            p->keys[n] = kehu__order_f64(rows->probabilities[(size_t)i * K + k]);
            p->rows[n++] = (uint32_t)i;
        }
    kehu__sort_pairs(p->keys, p->rows, p->key_scratch, p->row_scratch, n);
    for (uint32_t i = 0; i < n; i++) {
        p->x[i] = rows->probabilities[(size_t)p->rows[i] * K + k];
        p->y[i] = rows->labels[p->rows[i]] == (int32_t)k;
        p->w[i] = 1;
        seen += p->y[i];
    }
    if (seen == 0 && K > 2)
        return keep_knots(&c->maps[k], &unchanged, 2, &c->alloc, err);
    n = kehu__isotonic_fit(p->x, p->y, p->w, n);
    *rises = n >= 2;
    return keep_knots(&c->maps[k], p, n, &c->alloc, err);
}

static kehu_status fit_isotonic(kehu__calibration *c, const kehu__outcomes *rows,
                                int32_t skip, bool *refused, kehu_error *err)
{
    const uint32_t K = rows->n_classes;
    points p;
    kehu_status status;
    *refused = true;
    c->maps = kehu__alloc_zero(&c->alloc, K, sizeof *c->maps);
    if (c->maps == NULL)
        return kehu__no_memory(err, "a calibration");
    status = alloc_points(&p, (size_t)rows->n, &c->alloc, err);
    for (uint32_t k = K == 2 ? 1 : 0; k < K && status == KEHU_OK; k++) {
        bool rises;
        status = fit_class(c, rows, k, skip, &p, &rises, err);
        *refused &= !rises;
    }
    free_points(&p, &c->alloc);
    return status;
}

kehu_status kehu__calibration_fit(kehu__calibration *c, kehu_tree_calibration method,
                                  const kehu__outcomes *rows, int32_t skip, bool *refused,
                                  const kehu_allocator *alloc, kehu_error *err)
{
    int64_t n = 0;
    *c = (kehu__calibration){.alloc = *alloc,
                             .n_classes = rows->n_classes,
                             .method = KEHU_TREE_CALIBRATE_NONE};
    *refused = false;
    for (int64_t i = 0; i < rows->n; i++)
        n += takes_part(rows, i, skip);
    if (n == 0 || method == KEHU_TREE_CALIBRATE_NONE)
        return KEHU_OK;
    KEHU_TRY(method == KEHU_TREE_CALIBRATE_SLOPE
                 ? fit_slope(c, rows, skip, refused, err)
                 : fit_isotonic(c, rows, skip, refused, err));
    if (!*refused)
        c->method = method;
    return KEHU_OK;
}

void kehu__calibration_free(kehu__calibration *c)
{
    for (uint32_t k = 0; c->maps != NULL && k < c->n_classes; k++) {
        kehu__free(&c->alloc, c->maps[k].x, c->maps[k].n, sizeof *c->maps[k].x);
        kehu__free(&c->alloc, c->maps[k].y, c->maps[k].n, sizeof *c->maps[k].y);
    }
    kehu__free(&c->alloc, c->maps, c->n_classes, sizeof *c->maps);
    kehu__free(&c->alloc, c->offsets, c->n_classes, sizeof *c->offsets);
    *c = (kehu__calibration){.alloc = c->alloc};
}

static double map_at(const kehu__isotonic *map, double p)
{
    return kehu__isotonic_at(map->x, map->y, map->n, p);
}

void kehu__calibration_apply(const kehu__calibration *c, double *probabilities)
{
    const uint32_t K = c->n_classes;
    double sum = 0;
    if (c->method == KEHU_TREE_CALIBRATE_SLOPE) {
        kehu__fuse_row(&c->slope, c->offsets, NULL, probabilities, K, probabilities);
        return;
    }
    if (c->method != KEHU_TREE_CALIBRATE_ISOTONIC)
        return;
    if (K == 2) {
        probabilities[1] = map_at(&c->maps[1], probabilities[1]);
        probabilities[0] = 1 - probabilities[1];
        return;
    }
    for (uint32_t k = 0; k < K; k++)
        sum += probabilities[k] = map_at(&c->maps[k], probabilities[k]);
    for (uint32_t k = 0; k < K; k++)
        probabilities[k] /= sum;
}

static double held_out_loss(const kehu__calibration *c, const kehu__outcomes *rows,
                            uint32_t fold)
{
    double loss = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        double p[KEHU__FUSE_MAX_CLASSES];
        if (rows->labels[i] < 0 || rows->fold[i] != fold)
            continue;
        memcpy(p, rows->probabilities + (size_t)i * rows->n_classes,
               rows->n_classes * sizeof *p);
        kehu__calibration_apply(c, p);
        loss -= kehu__log(p[rows->labels[i]] > 1e-300 ? p[rows->labels[i]] : 1e-300);
    }
    return loss;
}

kehu_status kehu__calibration_try(double *losses, const kehu__outcomes *rows,
                                  uint32_t n_folds, const kehu_allocator *alloc,
                                  kehu_error *err)
{
    static const kehu_tree_calibration methods[] = {KEHU_TREE_CALIBRATE_NONE,
                                                    KEHU_TREE_CALIBRATE_SLOPE,
                                                    KEHU_TREE_CALIBRATE_ISOTONIC};
    int64_t n = 0;
    for (int64_t i = 0; i < rows->n; i++)
        n += rows->labels[i] >= 0;
    for (int m = 0; m < 3; m++) {
        losses[m] = 0;
        for (uint32_t f = 0; f < n_folds; f++) {
            kehu__calibration c;
            bool refused;
            const kehu_status status = kehu__calibration_fit(
                &c, methods[m], rows, (int32_t)f, &refused, alloc, err);
            if (status == KEHU_OK)
                losses[m] += held_out_loss(&c, rows, f);
            kehu__calibration_free(&c);
            KEHU_TRY(status);
        }
        losses[m] /= (double)n;
    }
    return KEHU_OK;
}
