/* kehu/hybrid.h - keywords where they are sure, the support vector machine for the
 * rest.
 *
 * Most texts get an answer that a person can read in the keyword list; the hard ones
 * are left to the machine. How sure is sure enough is found on held-out texts.
 *
 *     kehu_hybrid *h = NULL;
 *     kehu_error err;
 *     if (kehu_hybrid_train(&h, &texts, &labels, NULL, &err) != KEHU_OK ||
 *         kehu_hybrid_predict(h, &more, NULL, classes, by, NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_hybrid_free(h);
 *
 * Either model explains its own decisions: kehu_hybrid_keyword(), kehu_hybrid_svm(). */
#ifndef KEHU_HYBRID_H
#define KEHU_HYBRID_H

#include <kehu/keyword.h>
#include <kehu/svm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Both models and the threshold between them. Immutable: every function taking
 * `const kehu_hybrid *` may be called from many threads at once. */
typedef struct kehu_hybrid kehu_hybrid;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_hybrid_options {
    uint32_t size;                       /* sizeof(kehu_hybrid_options) */
    const kehu_keyword_options *keyword; /* NULL means its defaults, but 200 keywords a
                                            class; threads, executor, progress and
                                            allocator below replace its own */
    const kehu_svm_options *svm;         /* NULL means its defaults; likewise; without
                                            weights of texts, tokenizer and start */
    uint64_t seed;                       /* which fifth of the texts is held out */
    uint32_t n_threads;                  /* 0 means 1; does not change the result */
    const kehu_executor *executor;       /* NULL means own threads */
    const kehu_progress *progress;       /* NULL means none */
    const kehu_allocator *alloc;         /* NULL means the C library */
} kehu_hybrid_options;

/* Train both models and choose the threshold: the lowest probability of the keywords
 * at which they and the machine together are right on as many of a held-out fifth of
 * the texts as the machine alone. Then both are trained again on all texts.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_hybrid_free()
 * texts, labels  as for kehu_keyword_train() and kehu_svm_train()
 *
 * Fails as these do, and with KEHU_EMPTY when too few texts are left to hold out a
 * fifth. Time: both trainings twice. Deterministic for any n_threads. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_hybrid_train(kehu_hybrid **out,
                                                       const kehu_column *texts,
                                                       const kehu_column *labels,
                                                       const kehu_hybrid_options *options,
                                                       kehu_error *err);

/* Who decided. */
typedef enum kehu_hybrid_by {
    KEHU_HYBRID_KEYWORD = 1,
    KEHU_HYBRID_SVM = 2
} kehu_hybrid_by;

typedef struct kehu_hybrid_predict_options {
    uint32_t size;                 /* sizeof(kehu_hybrid_predict_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    const kehu_executor *executor; /* NULL means own threads */
    const kehu_progress *progress; /* NULL means none */
} kehu_hybrid_predict_options;

/* Classify [n] texts.
 *
 * classes        [n] class number, as in the keyword list; -1 where the machine, asked,
 *                abstains; may be NULL
 * by             [n] a kehu_hybrid_by; may be NULL
 * probabilities  [n] of the class, as who decided sees it; may be NULL
 *
 * Fails as kehu_keyword_predict() and kehu_svm_predict(), and with KEHU_LIMIT above
 * 2^31 - 1 texts; the arrays are then unspecified. Extra memory 12 bytes a text, and 4
 * bytes a class for each text left to the machine. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_hybrid_predict(const kehu_hybrid *h, const kehu_column *texts,
                    const kehu_hybrid_predict_options *options, int32_t *classes,
                    uint8_t *by, double *probabilities, kehu_error *err);

/* What the held-out fifth said. All zero for a model read from a file, but for the
 * threshold. */
typedef struct kehu_hybrid_info {
    double threshold;        /* keywords decide from this probability on; above 1 never */
    int64_t n_held_out;      /* texts */
    double by_keyword;       /* share of them decided by keywords */
    double accuracy;         /* of both together, 0..1 */
    double keyword_accuracy; /* of the keywords alone */
    double svm_accuracy;     /* of the machine alone */
} kehu_hybrid_info;
KEHU_API void kehu_hybrid_get_info(const kehu_hybrid *h, kehu_hybrid_info *info);

/* The two models, borrowed. Classes are numbered by the keyword list. */
KEHU_API const kehu_keyword *kehu_hybrid_keyword(const kehu_hybrid *h);
KEHU_API const kehu_svm *kehu_hybrid_svm(const kehu_hybrid *h);

/* A model file (kind "HYB1") that holds both. Statuses as for the other models. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_hybrid_save(const kehu_hybrid *h,
                                                      const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_hybrid_write(const kehu_hybrid *h,
                                                       const kehu_writer *writer,
                                                       kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_hybrid_load(kehu_hybrid **out, const char *path,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_hybrid_read(kehu_hybrid **out,
                                                      const void *bytes, size_t size,
                                                      const kehu_allocator *alloc,
                                                      kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_hybrid_free(kehu_hybrid *h);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_HYBRID_H */
