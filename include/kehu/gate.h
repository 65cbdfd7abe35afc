/* kehu/gate.h - hold spam back before anyone reads it, and no more good messages than
 * wanted.
 *
 *     const kehu_gate_options wanted = {.size = sizeof wanted, .recall = 0.999};
 *     kehu_gate *gate = NULL;
 *     kehu_table *held = NULL;
 *     kehu_error err;
 *     if (kehu_gate_train(&gate, &texts, &labels, "ham", &wanted, &err) != KEHU_OK ||
 *         kehu_gate_hold(&held, gate, &new_texts, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_table_free(held);
 *     kehu_gate_free(gate);
 *
 * A linear SVM of two classes scores texts; those above a threshold are held back: they
 * are listed, nothing is deleted. The threshold comes from the training texts alone, each
 * scored by a model that has not learned from it. */
#ifndef KEHU_GATE_H
#define KEHU_GATE_H

#include <kehu/svm.h>
#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A trained gate. Immutable: threads may share it. */
typedef struct kehu_gate kehu_gate;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_gate_options {
    uint32_t size;                 /* sizeof(kehu_gate_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    uint64_t seed;                 /* of the folds, and of the SVM */
    double recall;                 /* share of good messages that shall pass, below 1; 0
                                      means: as many as make the macro-F1 largest */
    double spam_weight;            /* what a spam message weighs in learning, a good one
                                      weighing 1; 1e-3..1e3; 0 means 1 */
    double cost;                   /* as kehu_svm_options.cost; 0 means by validation */
    uint32_t char_max;             /* as kehu_svm_options.char_max; 0 means 3 */
    uint32_t n_folds;              /* 2..20; 0 means 5 */
    const kehu_executor *executor; /* instead of n_threads; NULL means none */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_gate_options;

/* Learn from labelled texts.
 *
 * texts, labels  text columns of equal length; labels are of two classes
 * good           the label of good messages
 *
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_ONE_CLASS, KEHU_DATA (three labels or
 * more), KEHU_NOT_FOUND (no label is `good`), KEHU_EMPTY (a fold without one of them; too
 * few good messages to tell the wanted recall), KEHU_VERSION, KEHU_CANCELLED,
 * KEHU_NO_MEMORY. Cost: n_folds + 1 trainings. Deterministic, whatever n_threads. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_gate_train(kehu_gate **out, const kehu_column *texts, const kehu_column *labels,
                const char *good, const kehu_gate_options *options, kehu_error *err);

/* What training found; shares are of the training texts, each scored by a model that has
 * not learned from it. */
typedef struct kehu_gate_info {
    int64_t n_good, n_spam;
    double recall;    /* as wanted, 0 = by macro-F1 */
    double threshold; /* scores above it are held back */
    double passed;    /* share of good messages that pass */
    double caught;    /* share of spam that is held back */
    double macro_f1;
    double cost; /* of the SVM */
} kehu_gate_info;
KEHU_API void kehu_gate_get_info(const kehu_gate *gate, kehu_gate_info *out);

/* List what is held back: a table of row (INT64), score (FLOAT64, above the threshold)
 * and term (LARGE_UTF8, what speaks most for spam, missing where nothing does), in the
 * order of the rows. Missing and empty texts pass. The table is the caller's to free.
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_NO_MEMORY. Time O(bytes). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_gate_hold(kehu_table **out,
                                                    const kehu_gate *gate,
                                                    const kehu_column *texts,
                                                    kehu_error *err);

/* The SVM inside, borrowed, for more reasons. */
KEHU_API const kehu_svm *kehu_gate_svm(const kehu_gate *gate);

/* A model file (kind "GAT1"), to a path or a writer and back; all of it is checked when
 * it is read; bytes are not kept. alloc NULL means the C library. Fail with
 * KEHU_ARGUMENT, KEHU_IO, KEHU_LIMIT (writing above 4 GiB), KEHU_NO_MEMORY; reading also
 * with KEHU_NOT_FOUND (no file), KEHU_FORMAT,
 * KEHU_KIND, KEHU_VERSION. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_gate_save(const kehu_gate *gate,
                                                    const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_gate_write(const kehu_gate *gate,
                                                     const kehu_writer *writer,
                                                     kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_gate_load(kehu_gate **out, const char *path,
                                                    const kehu_allocator *alloc,
                                                    kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_gate_read(kehu_gate **out, const void *bytes,
                                                    size_t size,
                                                    const kehu_allocator *alloc,
                                                    kehu_error *err);

/* Release a gate. NULL is allowed. */
KEHU_API void kehu_gate_free(kehu_gate *gate);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_GATE_H */
