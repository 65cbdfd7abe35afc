/* kehu/svm.h - short texts sorted into classes by a linear support vector machine.
 *
 * Train on labelled texts, then classify any number, from any number of threads.
 * The vectoriser (characters 1-2 or 1-3, alphabetic scripts also longer strings and
 * words, tf-idf) is part of the model, so raw UTF-8 goes in. Chinese words join them
 * where validation says that they pay, or when options.tokenizer says how to find them.
 *
 *     kehu_svm *svm = NULL;
 *     kehu_error err;
 *     int32_t classes[2];
 *     if (kehu_svm_train(&svm, &texts, &labels, NULL, &err) == KEHU_OK &&
 *         kehu_svm_predict(svm, &new_texts, NULL, classes, NULL, NULL, &err) == KEHU_OK)
 *         printf("%s\n", classes[0] < 0 ? "?" : kehu_svm_class_name(svm, classes[0]));
 *     else
 *         puts(err.message);
 *     kehu_svm_free(svm);
 *
 * Method: one-vs-rest machines with squared hinge loss, solved by dual coordinate
 * descent (Hsieh et al., ICML 2008, as in LIBLINEAR -s 1), or with another loss
 * (-s 3, -s 0, -s 4); the cost C by validation on folds; probabilities by one
 * temperature fitted to the margins of the left-out folds (Guo et al., ICML 2017). Of two
 * classes these folds also tell from where on the second is the more probable, by Platt's
 * method (1999); the margins are moved so that it is from 0 on, unless classes or texts
 * are weighted.
 *
 * The same texts, labels, options and seed give the same model bytes, whatever the
 * number of threads, the processor and the compiler.
 *
 * Invalid UTF-8 is accepted: each broken byte stands for one U+FFFD. */
#ifndef KEHU_SVM_H
#define KEHU_SVM_H

#include <kehu/column.h>
#include <kehu/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A trained classifier. Immutable: every function taking `const kehu_svm *` may be
 * called from many threads at once without locks. */
typedef struct kehu_svm kehu_svm;

typedef enum kehu_svm_loss {
    KEHU_SVM_SQUARED_HINGE = 0, /* L2-loss */
    KEHU_SVM_HINGE,             /* L1-loss */
    KEHU_SVM_LOGISTIC,          /* logistic regression */
    KEHU_SVM_CRAMMER_SINGER     /* hinge over all classes at once, by one thread */
} kehu_svm_loss;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_svm_options {
    uint32_t size;                 /* sizeof(kehu_svm_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    const kehu_allocator *alloc;   /* NULL means the C library */
    uint64_t seed;                 /* order of the texts in the solver */
    double cost;          /* C, 1e-6..1e6; 0 means chosen from 2^-4, 2^-3, ... 2^6 by
                             validation */
    int32_t loss;         /* a kehu_svm_loss */
    uint32_t n_folds;     /* for choosing C and for probabilities, 2..20; 0 means 5. On
                             many texts some of the folds are enough and the rest are
                             not used: see kehu_svm_info.n_validated */
    double gap;           /* relative duality gap to stop at, above 0, below 1; 0 means
                             1e-4 */
    uint32_t char_max;    /* longest n-gram of characters, 1..5; 0 means 2, or 3 where
                             validation says that it pays: see fixed_terms */
    uint32_t latin_max;   /* longest n-gram of alphabetic characters, char_max..5; 0
                             means 5 */
    uint32_t word_max;    /* words in a row, 1..2, 3 for no words; 0 means 2 */
    uint32_t min_df;      /* a term is in at least so many texts; 0 means 1 */
    uint32_t max_terms;   /* the most frequent are kept, at least 1; 0 means 4194304 */
    uint32_t balanced;    /* 1: classes weigh the same, however many texts they have;
                             0: texts weigh the same */
    double abstain_below; /* texts whose best probability is lower get no class,
                             0..1; the default of kehu_svm_predict; 0 means never */
    const kehu_column *weights; /* numbers >= 0, one a text, times C; 0 leaves the text
                                   out of the solver; NULL means 1 */
    const kehu_tokenizer *tokenizer; /* its words are terms too, up to word_max in a row:
                                        a block of its own, min_df and max_terms counted
                                        apart. Borrowed: it outlives training and the
                                        model. Not with word_max 3. NULL means that of
                                        kehu_tokenizer_default(), where the library has
                                        one and validation says that its words pay */
    uint32_t fixed_terms; /* 1, or a cost that is given: char_max 0 means 2, a tokenizer
                             that is NULL means none. 0: words, then strings of 3, are
                             validated like C, and join the terms when they set right
                             more texts than chance would: n_better - n_worse >
                             sqrt(n_better + n_worse). Four times the training time;
                             words take 3 to 6 times the time of kehu_svm_predict */
    uint64_t max_bytes;   /* the model's file is no larger: weights of 8 bits, and of the
                             terms those that move margins most; they are learned and
                             calibrated again without the others. 0 means all terms,
                             weights of 32 bits */
    double precision; /* abstain_below is chosen so that of the left-out texts that get a
                         class at least this share gets the right one, and as many as
                         can be get one; 1 where none can. Above 0, at most 1, and not
                         together with abstain_below. 0 means not chosen */
    const kehu_svm *start; /* an earlier model, of fewer texts or classes, borrowed for the
                              call: cost and terms are its own where the options leave
                              them 0, none are validated, and the solver starts where it
                              was. texts are all texts, those it has learned too. Its
                              tokenizer must outlive the new model. NULL for none */
    uint32_t class_aware; /* 1: a term weighs more, the fewer classes have it: its weight is
                             multiplied by 1 + 2 f / (2 + g), where f is the number of
                             its texts in the class that has most of them, and g the sum
                             of rank times number over the classes (TF-IGM). 2: it does
                             not. 0: as validation says, after it has chosen the terms; 2
                             with fixed_terms. Takes 4 bytes a term of a text more for
                             each thread that validates */
    uint32_t hash_bits; /* not 0: no vocabulary, but 2^hash_bits columns, 10..26, on which
                           terms fall by their hash, some together. Memory and the model's
                           size then do not grow with the texts; 20 suits some 100,000
                           terms. max_terms is without effect, max_bytes not allowed */
} kehu_svm_options;

/* Train.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_svm_free()
 * texts    text column, at least two rows; missing and empty texts are allowed as
 *          long as some text is not
 * labels   text or category column of the same length: the name of each text's
 *          class, at most 65,535 bytes; none missing or empty. Class numbers follow
 *          the names in byte order. To train without some rows copies nothing: give
 *          texts and labels as KEHU_CATEGORY with the other rows' numbers as codes
 * options  NULL for all defaults
 * err      NULL if only the status matters
 *
 * Fails with KEHU_ARGUMENT (an option out of range, lengths that differ),
 * KEHU_COLUMN (not text), KEHU_DATA (a label is missing, empty, too long or holds a
 * NUL: err->where is the row), KEHU_RANGE (a weight), KEHU_EMPTY (no texts, or all
 * of them empty), KEHU_ONE_CLASS, KEHU_LIMIT (2^26 different terms or 65,536
 * classes; or max_bytes is too little for a model), KEHU_CANCELLED, KEHU_NO_MEMORY.
 * A class of a single text is allowed; it cannot be validated.
 * Time O(terms of all texts x classes / 16), some ten times that for choosing C and
 * four times that for choosing terms; extra memory about 8 bytes a term of a text, 64
 * bytes a different term and text for each 16 classes, and as much again for each
 * thread that validates.
 * Without a cost the model depends on whether the library was built with a dictionary;
 * with fixed_terms 1 it does not. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_train(kehu_svm **out,
                                                    const kehu_column *texts,
                                                    const kehu_column *labels,
                                                    const kehu_svm_options *options,
                                                    kehu_error *err);

typedef struct kehu_svm_predict_options {
    uint32_t size;                 /* sizeof(kehu_svm_predict_options) */
    uint32_t n_threads;            /* 0 means 1; does not change the result */
    const kehu_executor *executor; /* the host's threads instead; NULL for none */
    const kehu_progress *progress; /* NULL for none */
    double abstain_below; /* texts whose best probability is lower get class -1, 0..1;
                             0 means what the model was trained with */
    uint32_t independent; /* 1: each class's probability is its own, by Platt's method, for
                             texts that may have several classes or none: take those above
                             a threshold. They do not add up to 1. classes are as before */
} kehu_svm_predict_options;

/* Classify.
 *
 * classes        [n] class number of each text, -1 where the model abstains; may be
 *                NULL
 * probabilities  [n][n_classes], each row sums to 1, or as options.independent says; may
 *                be NULL
 * margins        [n][n_classes] the larger, the surer; may be NULL
 *
 * Of equal margins the lower class number wins. A text without a known term is
 * judged by the bias alone, which favours frequent classes.
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_CANCELLED, KEHU_NO_MEMORY; the arrays
 * are then unspecified. Time O(characters x classes), extra memory O(longest text)
 * for each thread. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_svm_predict(const kehu_svm *svm, const kehu_column *texts,
                 const kehu_svm_predict_options *options, int32_t *classes,
                 float *probabilities, float *margins, kehu_error *err);

/* The k most probable classes of each row of probabilities[n][n_classes], best
 * first, equal ones by number: classes[n][k]. 1 <= k <= n_classes. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_top(const float *probabilities, int64_t n,
                                                  uint32_t n_classes, uint32_t k,
                                                  int32_t *classes, kehu_error *err);

/* One term of a decision. The term itself is text[start] to text[end - 1] as it
 * stands in the text, case and width untouched. */
typedef struct kehu_svm_reason {
    int64_t start, end;  /* bytes of the first occurrence */
    uint32_t count;      /* occurrences in the text */
    uint32_t is_word;    /* 1: words; 0: a string of characters */
    double contribution; /* to the margin, signed */
    double share;        /* |contribution| as part of the sum of them all, 0..1 */
} kehu_svm_reason;

/* Why does this text get this class?
 *
 * text, size    one text in UTF-8; NULL when size is 0
 * class_number  the class to explain, -1 for the one of the largest margin
 * reasons       [capacity] filled with the terms of largest |contribution|, in falling
 *               order, equal ones by position; NULL when capacity is 0
 * n             receives how many terms are known in the text; min(n, capacity) are
 *               written
 * margin, bias  receive the class's margin and the part no term is behind; the
 *               contributions of all terms and bias add up to margin, but for
 *               rounding; may be NULL
 *
 * The same bytes may come twice, as a word and as a string; for people, add up those of
 * equal text.
 *
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_svm_explain(const kehu_svm *svm, const char *text, int64_t size,
                 int32_t class_number, kehu_svm_reason *reasons, uint32_t capacity,
                 uint32_t *n, double *margin, double *bias, kehu_error *err);

/* One step of choosing C. */
typedef struct kehu_svm_curve {
    double cost;
    double accuracy; /* on the left-out texts, 0..1 */
    double gap;      /* largest relative duality gap reached */
} kehu_svm_curve;

/* One choice of terms that was validated. */
typedef struct kehu_svm_trial {
    uint32_t char_max; /* longest n-gram of characters */
    uint32_t words;    /* 1: with the words of a tokenizer */
    double cost;       /* the best C for these terms */
    double accuracy;   /* on the left-out texts, 0..1 */
    uint32_t class_aware; /* 1: weighted by what classes have them */
} kehu_svm_trial;

/* How training went. */
typedef struct kehu_svm_info {
    uint32_t n_classes;
    uint32_t n_terms;
    int64_t n_texts;       /* trained on */
    int64_t n_empty;       /* of them without a term */
    int64_t n_conflicting; /* texts that also occur with another label */
    int64_t n_validated;   /* texts that were left out once and judged */
    double cost;           /* C used */
    double primal, dual;   /* objective values of the final solve */
    double gap;            /* (primal - dual) / primal */
    uint32_t passes;       /* over the texts, the most of a block of classes */
    uint32_t converged;    /* 1: the wanted gap was reached */
    double temperature;    /* margins are divided by it before the softmax */
    double accuracy;       /* on the left-out texts at the chosen C; NaN when none */
    uint32_t n_curve;      /* steps below, by rising cost; 0 when C was given */
    kehu_svm_curve curve[16];
    uint32_t char_max; /* longest n-gram of characters in use */
    uint32_t words;    /* 1: words of a tokenizer are among the terms */
    uint32_t n_trials; /* choices of terms below, in the order of their trial; 0
                          when none was to be made */
    kehu_svm_trial trial[4];
    uint32_t bits;        /* of a weight in the file: 32, or 8 with max_bytes */
    double abstain_below; /* as given or chosen; 0 = never, 1 = always */
    uint32_t class_aware; /* 1: terms are weighted by what classes have them */
} kehu_svm_info;

/* Fill *info. svm and info are not NULL. */
KEHU_API void kehu_svm_get_info(const kehu_svm *svm, kehu_svm_info *info);

/* How many classes; their numbers are 0 to one less. */
KEHU_API uint32_t kehu_svm_class_count(const kehu_svm *svm);

/* NUL-terminated; NULL when there is no such class. Valid while svm lives. */
KEHU_API const char *kehu_svm_class_name(const kehu_svm *svm, int32_t class_number);

/* Number of a class, -1 when there is none of that name. */
KEHU_API int32_t kehu_svm_class_find(const kehu_svm *svm, const char *name);

/* Write a model file: to a path (replaced as a whole or not at all) or to a writer.
 * Fails with KEHU_ARGUMENT, KEHU_IO, KEHU_LIMIT (above 4 GiB), KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_save(const kehu_svm *svm, const char *path,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_write(const kehu_svm *svm,
                                                    const kehu_writer *writer,
                                                    kehu_error *err);

/* Read a model file, all of it checked. bytes are not kept. alloc NULL means the C
 * library. Fails with KEHU_NOT_FOUND (no file; or the model was trained with another
 * tokenizer than kehu_tokenizer_default() gives: the message has its fingerprint),
 * KEHU_IO, KEHU_FORMAT (damaged), KEHU_KIND (another model), KEHU_VERSION,
 * KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_load(kehu_svm **out, const char *path,
                                                   const kehu_allocator *alloc,
                                                   kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_read(kehu_svm **out, const void *bytes,
                                                   size_t size,
                                                   const kehu_allocator *alloc,
                                                   kehu_error *err);

/* The same for a model trained with a tokenizer: one of the same
 * kehu_tokenizer_fingerprint(), borrowed, outliving the model. Not used when the model
 * has no words; NULL is as above. A wrong one fails with KEHU_ARGUMENT, the message has
 * both fingerprints. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_load_with(kehu_svm **out, const char *path,
                                                        const kehu_tokenizer *tokenizer,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_read_with(kehu_svm **out, const void *bytes,
                                                        size_t size,
                                                        const kehu_tokenizer *tokenizer,
                                                        const kehu_allocator *alloc,
                                                        kehu_error *err);

/* The same as kehu_svm_load_with, but the file stays where it is: its terms and weights
 * are read from a read-only map, which all processes that map it share. The file is
 * checked in full. Until kehu_svm_free() it may be replaced, as kehu_svm_save() does, or
 * removed, but not written into or cut. Copied all the same: class names; the weights of
 * terms, 4 bytes each, of a model of 8 bits; everything on a big-endian machine. The
 * answers are the same. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_svm_map(kehu_svm **out, const char *path,
                                                  const kehu_tokenizer *tokenizer,
                                                  const kehu_allocator *alloc,
                                                  kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_svm_free(kehu_svm *svm);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_SVM_H */
