/* Which words say what a topic is about: those that its texts have, weighed by how much
 * of the topic a text has, and that other topics have less of. So relevance with lambda
 * 2/3 (Sievert and Shirley, LDAvis, 2014). */
#include "base/sort.h"
#include "text/topic_model.h"

/* One topic's column of said[n_terms][n_topics]: how much of it stands in texts with the
 * term. */
typedef struct one_topic {
    const double *said;
    const double *all; /* [n_terms] over the topics */
    uint32_t n_topics;
} one_topic;

static double said_of(const one_topic *o, uint32_t term)
{
    return o->said[(size_t)term * o->n_topics];
}

/* By said * sqrt(said / all), squared. Terms are in order of their frequency. */
static int by_relevance(const void *a, const void *b, void *ctx)
{
    const one_topic *o = ctx;
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const double p = said_of(o, x), q = said_of(o, y);
    const double r = p * p * p / o->all[x], s = q * q * q / o->all[y];
    if (r != s)
        return r < s ? 1 : -1;
    return (x > y) - (x < y);
}

static void count(double *said, const kehu__topic_rows *rows, const float *weights,
                  uint32_t k)
{
    for (int64_t i = 0; i < rows->n; i++) {
        const float *const w = weights + (size_t)i * k;
        for (int64_t e = rows->starts[i]; e < rows->starts[i + 1]; e++) {
            double *const to = said + (size_t)rows->columns[e] * k;
            for (uint32_t t = 0; t < k; t++)
                to[t] += (double)w[t];
        }
    }
}

static void rank_topic(kehu_topic *t, uint32_t topic, one_topic *o, uint32_t *order)
{
    kehu__topic_term *const words = t->words + (size_t)topic * KEHU_TOPIC_WORDS;
    uint32_t n = 0;
    double sum = 0;
    for (uint32_t j = 0; j < t->n_terms; j++)
        if (said_of(o, j) > 0) {
            order[n++] = j;
            sum += said_of(o, j);
        }
    kehu__sort(order, n, sizeof *order, by_relevance, o);
    for (uint32_t i = 0; i < n && i < KEHU_TOPIC_WORDS; i++)
        words[i] = (kehu__topic_term){order[i], (float)(said_of(o, order[i]) / sum)};
    t->n_words[topic] = n < KEHU_TOPIC_WORDS ? n : KEHU_TOPIC_WORDS;
}

bool kehu__topic_rank(kehu_topic *t, const kehu__topic_rows *rows, const float *weights)
{
    const uint32_t n = t->n_terms, k = t->n_topics;
    double *const said = kehu__alloc_zero(&t->alloc, n, k * sizeof *said),
                  *const all = kehu__alloc_zero(&t->alloc, n, sizeof *all);
    uint32_t *const order = kehu__alloc(&t->alloc, n, sizeof *order);
    const bool done = said != NULL && all != NULL && order != NULL;
    if (done) {
        count(said, rows, weights, k);
        for (size_t i = 0; i < (size_t)n * k; i++)
            all[i / k] += said[i];
        for (uint32_t topic = 0; topic < k; topic++) {
            one_topic o = {said + topic, all, k};
            rank_topic(t, topic, &o, order);
        }
    }
    kehu__free(&t->alloc, said, n, k * sizeof *said);
    kehu__free(&t->alloc, all, n, sizeof *all);
    kehu__free(&t->alloc, order, n, sizeof *order);
    return done;
}
