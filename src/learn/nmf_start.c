/* Where the factorization starts: non-negative double singular value decomposition
 * (Boutsidis and Gallopoulos, Pattern Recognition 41, 2008). The singular vectors come
 * from subspace iteration (Halko, Martinsson and Tropp, SIAM Review 53, 2011) over at
 * most MOST_ROWS rows. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "learn/nmf.h"

enum { MORE = 8, ROUNDS = 5, MOST_ROWS = 50000, JACOBI_SWEEPS = 30 };

typedef struct starting {
    const kehu__sparse *rows;
    int64_t *chosen; /* [n] rows to look at, rising */
    size_t n;
    uint32_t m, p;     /* columns; singular vectors looked for */
    double *q, *z;     /* [m][p] */
    double *c, *e;     /* [p][p] */
    double *y;         /* [p] */
    uint32_t *order;   /* [p] of the singular values, falling */
    double (*part)[2]; /* [p] squares of the negative and positive part of u */
} starting;

/* Rows that are not empty: all of them, or one of each of MOST_ROWS equal parts. Which
 * one is hashed, so that what comes in turns in the texts is not lost. */
static bool choose_rows(starting *s, const kehu_allocator *alloc)
{
    const kehu__sparse *const r = s->rows;
    uint64_t n = 0, seen = 0;
    int64_t i = -1;
    for (int64_t row = 0; row < r->n_rows; row++)
        n += r->starts[row + 1] > r->starts[row];
    s->n = n < MOST_ROWS ? (size_t)n : MOST_ROWS;
    s->chosen = kehu__alloc(alloc, s->n, sizeof *s->chosen);
    if (s->chosen == NULL)
        return false;
    for (size_t part = 0; part < s->n; part++) {
        const uint64_t from = n * part / s->n, to = n * (part + 1) / s->n;
        const uint64_t wanted = from + kehu__mix64(part) % (to - from);
        while (seen <= wanted) {
            i++;
            seen += r->starts[i + 1] > r->starts[i];
        }
        s->chosen[part] = i;
    }
    return true;
}

/* y = x Q of row i. */
static void project(const starting *s, int64_t i)
{
    const kehu__sparse *const r = s->rows;
    memset(s->y, 0, s->p * sizeof *s->y);
    for (int64_t at = r->starts[i]; at < r->starts[i + 1]; at++) {
        const double *const q = s->q + (size_t)r->columns[at] * s->p;
        const double v = r->values[at];
        for (uint32_t t = 0; t < s->p; t++)
            s->y[t] += v * q[t];
    }
}

/* The columns of Q made orthonormal, twice over; dependent ones become zero. */
static void orthonormalize(starting *s)
{
    const uint32_t m = s->m, p = s->p;
    for (uint32_t t = 0; t < p; t++) {
        double squares = 0;
        for (int again = 0; again < 2; again++) {
            memset(s->y, 0, p * sizeof *s->y);
            for (uint32_t j = 0; j < m; j++)
                for (uint32_t u = 0; u < t; u++)
                    s->y[u] += s->q[(size_t)j * p + u] * s->q[(size_t)j * p + t];
            for (uint32_t j = 0; j < m; j++)
                for (uint32_t u = 0; u < t; u++)
                    s->q[(size_t)j * p + t] -= s->y[u] * s->q[(size_t)j * p + u];
        }
        for (uint32_t j = 0; j < m; j++)
            squares += s->q[(size_t)j * p + t] * s->q[(size_t)j * p + t];
        for (uint32_t j = 0; j < m; j++)
            s->q[(size_t)j * p + t] *= squares > 1e-20 ? 1 / sqrt(squares) : 0;
    }
}

/* Q towards the space of the first singular vectors. */
static void iterate(starting *s)
{
    const kehu__sparse *const r = s->rows;
    const size_t size = (size_t)s->m * s->p;
    kehu__random random = kehu__random_seed(1);
    for (size_t i = 0; i < size; i++)
        s->q[i] = kehu__random_unit(&random) - 0.5;
    orthonormalize(s);
    for (int round = 0; round < ROUNDS; round++) {
        memset(s->z, 0, size * sizeof *s->z);
        for (size_t k = 0; k < s->n; k++) {
            const int64_t i = s->chosen[k];
            project(s, i);
            for (int64_t at = r->starts[i]; at < r->starts[i + 1]; at++) {
                double *const z = s->z + (size_t)r->columns[at] * s->p;
                for (uint32_t t = 0; t < s->p; t++)
                    z[t] += (double)r->values[at] * s->y[t];
            }
        }
        memcpy(s->q, s->z, size * sizeof *s->q);
        orthonormalize(s);
    }
}

/* One rotation of C, E along, that makes c[a][b] zero. */
static void rotate(starting *s, uint32_t a, uint32_t b)
{
    const uint32_t p = s->p;
    const double off = s->c[(size_t)a * p + b];
    const double theta = (s->c[(size_t)b * p + b] - s->c[(size_t)a * p + a]) / (2 * off);
    const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double cosine = 1 / sqrt(t * t + 1), sine = t * cosine;
    for (uint32_t i = 0; i < p; i++) {
        double *const x = s->c + (size_t)i * p, *const v = s->e + (size_t)i * p;
        const double xa = x[a], va = v[a];
        x[a] = cosine * xa - sine * x[b];
        x[b] = sine * xa + cosine * x[b];
        v[a] = cosine * va - sine * v[b];
        v[b] = sine * va + cosine * v[b];
    }
    for (uint32_t i = 0; i < p; i++) {
        const double xa = s->c[(size_t)a * p + i], xb = s->c[(size_t)b * p + i];
        s->c[(size_t)a * p + i] = cosine * xa - sine * xb;
        s->c[(size_t)b * p + i] = sine * xa + cosine * xb;
    }
}

/* Eigenvectors of C = Y'Y in the columns of E, by Jacobi's method. */
static void find_eigenvectors(starting *s)
{
    const uint32_t p = s->p;
    double trace = 0;
    for (uint32_t a = 0; a < p; a++) {
        for (uint32_t b = 0; b < p; b++)
            s->e[(size_t)a * p + b] = a == b;
        trace += s->c[(size_t)a * p + a];
    }
    for (int sweep = 0; sweep < JACOBI_SWEEPS; sweep++) {
        bool changed = false;
        for (uint32_t a = 0; a < p; a++)
            for (uint32_t b = a + 1; b < p; b++)
                if (fabs(s->c[(size_t)a * p + b]) > 1e-12 * trace) {
                    rotate(s, a, b);
                    changed = true;
                }
        if (!changed)
            break;
    }
    for (uint32_t a = 0; a < p; a++) {
        uint32_t at = a;
        while (at > 0 && s->c[(size_t)s->order[at - 1] * p + s->order[at - 1]] <
                             s->c[(size_t)a * p + a]) {
            s->order[at] = s->order[at - 1];
            at--;
        }
        s->order[at] = a;
    }
}

static void decompose(starting *s)
{
    const uint32_t p = s->p;
    iterate(s);
    memset(s->c, 0, (size_t)p * p * sizeof *s->c);
    for (size_t k = 0; k < s->n; k++) {
        project(s, s->chosen[k]);
        for (uint32_t a = 0; a < p; a++)
            if (s->y[a] != 0)
                for (uint32_t b = 0; b < p; b++)
                    s->c[(size_t)a * p + b] += s->y[a] * s->y[b];
    }
    find_eigenvectors(s);
    for (size_t k = 0; k < s->n; k++) {
        project(s, s->chosen[k]);
        for (uint32_t t = 0; t < p; t++) {
            double u = 0;
            for (uint32_t a = 0; a < p; a++)
                u += s->y[a] * s->e[(size_t)a * p + t];
            s->part[t][u > 0] += u * u;
        }
    }
}

/* Topic t: the part of its singular vector, positive or negative, that says more
 * together with the same part of the other side's. */
static void take_part(const starting *s, float *factors, uint32_t k, uint32_t t)
{
    const uint32_t p = s->p, of = s->order[t];
    double squares[2] = {0, 0}, sign, length;
    for (uint32_t j = 0; j < s->m; j++) {
        double v = 0;
        for (uint32_t a = 0; a < p; a++)
            v += s->q[(size_t)j * p + a] * s->e[(size_t)a * p + of];
        squares[v > 0] += v * v;
        s->z[j] = v;
    }
    sign = squares[1] * s->part[of][1] < squares[0] * s->part[of][0] ? -1 : 1;
    length = sqrt(squares[sign > 0]);
    for (uint32_t j = 0; j < s->m; j++)
        factors[(size_t)j * k + t] =
            sign * s->z[j] > 0 ? (float)(sign * s->z[j] / length) : 0;
}

bool kehu__nmf_start(float *factors, const kehu__sparse *rows, uint32_t k,
                     const kehu_allocator *alloc)
{
    const uint32_t m = rows->n_columns, p = k + MORE < m ? k + MORE : m;
    const size_t size = (size_t)m * p;
    starting s = {.rows = rows, .m = m, .p = p};
    bool whole;
    s.q = kehu__alloc(alloc, size, sizeof *s.q);
    s.z = kehu__alloc(alloc, size, sizeof *s.z);
    s.c = kehu__alloc(alloc, (size_t)p * p, sizeof *s.c);
    s.e = kehu__alloc(alloc, (size_t)p * p, sizeof *s.e);
    s.y = kehu__alloc(alloc, p, sizeof *s.y);
    s.order = kehu__alloc(alloc, p, sizeof *s.order);
    s.part = kehu__alloc_zero(alloc, p, sizeof *s.part);
    whole = choose_rows(&s, alloc) && s.q != NULL && s.z != NULL && s.c != NULL &&
            s.e != NULL && s.y != NULL && s.order != NULL && s.part != NULL;
    if (whole) {
        decompose(&s);
        for (uint32_t t = 0; t < k && t < p; t++)
            take_part(&s, factors, k, t);
    }
    kehu__free(alloc, s.chosen, s.n, sizeof *s.chosen);
    kehu__free(alloc, s.q, size, sizeof *s.q);
    kehu__free(alloc, s.z, size, sizeof *s.z);
    kehu__free(alloc, s.c, (size_t)p * p, sizeof *s.c);
    kehu__free(alloc, s.e, (size_t)p * p, sizeof *s.e);
    kehu__free(alloc, s.y, p, sizeof *s.y);
    kehu__free(alloc, s.order, p, sizeof *s.order);
    kehu__free(alloc, s.part, p, sizeof *s.part);
    return whole;
}
