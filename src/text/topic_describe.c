/* What is said of topics: share, order, examples, coherence. */
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "base/sort.h"
#include "text/topic_model.h"

enum { ROWS_A_TASK = 1024, COHERENT_WORDS = 10 };

typedef struct describing {
    kehu_topic *t;
    const kehu__topic_rows *rows;
    float *weights; /* [n][n_topics] */
} describing;

static void weigh_rows(void *arg, int64_t task)
{
    const describing *d = arg;
    const kehu__topic_rows *const r = d->rows;
    const uint32_t k = d->t->n_topics;
    const int64_t from = task * ROWS_A_TASK, to = from + ROWS_A_TASK;
    for (int64_t i = from; i < to && i < r->n; i++)
        kehu__nmf_row(d->weights + (size_t)i * k, r->columns + r->starts[i],
                      r->values + r->starts[i], r->starts[i + 1] - r->starts[i],
                      d->t->factors, d->t->gram, k);
}

/* Row i goes to its place among the topic's examples, if it has one. */
static void offer(kehu_topic_info *info, float best[KEHU_TOPIC_EXAMPLES], float weight,
                  int64_t row)
{
    int at = KEHU_TOPIC_EXAMPLES;
    while (at > 0 && (info->examples[at - 1] < 0 || best[at - 1] < weight))
        at--;
    if (at == KEHU_TOPIC_EXAMPLES)
        return;
    for (int i = KEHU_TOPIC_EXAMPLES - 1; i > at; i--) {
        info->examples[i] = info->examples[i - 1];
        best[i] = best[i - 1];
    }
    info->examples[at] = row;
    best[at] = weight;
}

static void sum_rows(describing *d)
{
    const uint32_t k = d->t->n_topics;
    float best[KEHU__NMF_MAX][KEHU_TOPIC_EXAMPLES];
    int64_t n = 0;
    for (uint32_t t = 0; t < k; t++) {
        d->t->info[t] = (kehu_topic_info){0};
        for (int i = 0; i < KEHU_TOPIC_EXAMPLES; i++)
            d->t->info[t].examples[i] = -1;
    }
    for (int64_t i = 0; i < d->rows->n; i++) {
        const float *const w = d->weights + (size_t)i * k;
        uint32_t most = 0;
        double sum = 0;
        for (uint32_t t = 0; t < k; t++) {
            sum += (double)w[t];
            most = w[t] > w[most] ? t : most;
        }
        if (!(sum > 0))
            continue;
        n++;
        d->t->info[most].n_texts++;
        for (uint32_t t = 0; t < k; t++)
            if (w[t] > 0) {
                d->t->info[t].share += (double)w[t] / sum;
                offer(&d->t->info[t], best[t], w[t], i);
            }
    }
    for (uint32_t t = 0; t < k && n > 0; t++)
        d->t->info[t].share /= (double)n;
}

static int by_share(const void *a, const void *b, void *ctx)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const kehu_topic_info *info = ctx;
    if (info[x].share != info[y].share)
        return info[x].share < info[y].share ? 1 : -1;
    return (x > y) - (x < y);
}

/* Columns of rows[n][k]: the i-th becomes what the order[i]-th was. */
static void order_columns(float *rows, size_t n, const uint32_t *order, uint32_t k)
{
    float row[KEHU__NMF_MAX];
    for (float *r = rows; r < rows + n * k; r += k) {
        memcpy(row, r, k * sizeof *row);
        for (uint32_t i = 0; i < k; i++)
            r[i] = row[order[i]];
    }
}

/* Topics by falling share, their columns of factors and weights along. */
static void order_topics(describing *d)
{
    kehu_topic *const t = d->t;
    const uint32_t k = t->n_topics;
    uint32_t order[KEHU__NMF_MAX];
    for (uint32_t i = 0; i < k; i++)
        order[i] = i;
    kehu__sort(order, k, sizeof *order, by_share, t->info);
    order_columns(t->factors, t->n_terms, order, k);
    order_columns(d->weights, (size_t)d->rows->n, order, k);
    /* The cycles of the permutation, one after the other. */
    for (uint32_t i = 0; i < k; i++)
        while (order[i] != i) {
            const uint32_t from = order[i];
            const kehu_topic_info moved = t->info[i];
            t->info[i] = t->info[from];
            t->info[from] = moved;
            for (uint32_t later = i + 1; later < k; later++)
                if (order[later] == i) {
                    order[later] = from;
                    break;
                }
            order[i] = i;
        }
    kehu__nmf_gram(t->gram, t->factors, t->n_terms, k);
}

/* ---- Coherence -------------------------------------------------------------- */

/* The texts a topic's first words are in, as bits by text. */
static void find_texts(uint16_t *in, const kehu__topic_rows *r,
                       const kehu__topic_term *words, uint32_t n)
{
    memset(in, 0, (size_t)r->n * sizeof *in);
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t e = r->starts[i]; e < r->starts[i + 1]; e++)
            for (uint32_t w = 0; w < n; w++)
                if (words[w].term == r->columns[e])
                    in[i] = (uint16_t)(in[i] | 1u << w);
}

static double coherence(const uint16_t *in, int64_t n_texts, uint32_t n)
{
    int64_t together[COHERENT_WORDS][COHERENT_WORDS] = {{0}};
    double sum = 0;
    for (int64_t i = 0; i < n_texts; i++)
        for (uint32_t a = 0; a < n && in[i] != 0; a++)
            for (uint32_t b = 0; b <= a && (in[i] >> a & 1) != 0; b++)
                together[a][b] += in[i] >> b & 1;
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = 0; b < a; b++) {
            const double both = (double)together[a][b];
            const double all = kehu__log((double)n_texts / both);
            if (both == 0)
                sum -= 1;
            else if (all == 0)
                sum += 1;
            else
                sum += kehu__log(both * (double)n_texts /
                                 ((double)together[a][a] * (double)together[b][b])) /
                       all;
        }
    return n < 2 ? NAN : sum / (n * (n - 1) / 2.0);
}

kehu_status kehu__topic_describe(kehu_topic *t, const kehu__topic_rows *rows,
                                 const kehu__run *run, kehu_error *err)
{
    const size_t n = (size_t)rows->n;
    describing d = {.t = t, .rows = rows};
    uint16_t *const in = kehu__alloc(&t->alloc, n, sizeof *in);
    kehu_status status = KEHU_OK;
    d.weights = kehu__alloc(&t->alloc, n, t->n_topics * sizeof *d.weights);
    if (in == NULL || d.weights == NULL) {
        status = kehu__no_memory(err, "weights");
        goto done;
    }
    kehu__nmf_gram(t->gram, t->factors, t->n_terms, t->n_topics);
    kehu__parallel(run, (rows->n + ROWS_A_TASK - 1) / ROWS_A_TASK, weigh_rows, &d);
    sum_rows(&d);
    order_topics(&d);
    if (!kehu__topic_rank(t, rows, d.weights)) {
        status = kehu__no_memory(err, "words");
        goto done;
    }
    for (uint32_t k = 0; k < t->n_topics; k++) {
        const kehu__topic_term *const words = t->words + (size_t)k * KEHU_TOPIC_WORDS;
        const uint32_t n_words =
            t->n_words[k] < COHERENT_WORDS ? t->n_words[k] : COHERENT_WORDS;
        find_texts(in, rows, words, n_words);
        t->info[k].coherence = coherence(in, rows->n, n_words);
    }
done:
    kehu__free(&t->alloc, in, n, sizeof *in);
    kehu__free(&t->alloc, d.weights, n, t->n_topics * sizeof *d.weights);
    return status;
}
