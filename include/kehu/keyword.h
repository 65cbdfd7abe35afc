/* kehu/keyword.h - classify texts by keywords that anyone can read and edit.
 *
 * A model is a list of lines "class, keyword, weight". The weights of the
 * keywords found in a text are added up class by class, each keyword once; the
 * class with the most points is the answer, and the keywords found are the
 * reason. The list is learned from labelled texts, written by hand, or both:
 * learn, save as text, edit, load, learn again with the edited list as `base`.
 *
 *     kehu_keyword *k = NULL;
 *     kehu_keyword_answers a = {.classes = classes};      // int32_t classes[n]
 *     kehu_error err;
 *     if (kehu_keyword_train(&k, &texts, &labels, NULL, &err) != KEHU_OK ||
 *         kehu_keyword_save_text(k, "keywords.txt", &err) != KEHU_OK ||
 *         kehu_keyword_predict(k, &more, NULL, &a, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_keyword_free(k);
 *
 * Matching ignores case and full or half width. A keyword in a script that puts
 * blanks between words (Latin, Cyrillic, Greek, Arabic, ...) matches whole words,
 * numbers included; Chinese, Japanese, Korean and all other keywords match any
 * part of a text. A blank in a keyword matches any run of blanks.
 *
 * The text file, UTF-8, one line a keyword, fields parted by tabs:
 *
 *     # Lines that begin with # are notes. They stay with the line below them.
 *     class    keyword    weight     learned: learning again may change or drop it
 *     class    +keyword   weight     added: stays listed, its weight is learned again
 *     class    !keyword   weight     fixed: stays as it is
 *     class    -keyword              forbidden for this class; class * means for all
 *     class    keyword               added, with weight 50 until it is learned
 *     @bias    class      points     given to the class whatever the text says
 *     @scale   n                     probability = softmax(points * n / 1,000,000)
 *     @abstain n                     no answer when the probability is below n / 10,000
 *     @format  1
 *
 * Weights are whole numbers from -100 to 100. A backslash before a character takes
 * away its special meaning: "\#5 bus" as a class, "\!" as a keyword.
 *
 * Method of learning: an L2-loss linear SVM over all words and short character
 * strings ranks them by |weight| sqrt(df (1 - df / n)); the best of each class are
 * kept, and one more SVM over these alone gives the weights. */
#ifndef KEHU_KEYWORD_H
#define KEHU_KEYWORD_H

#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A keyword list ready for use. Immutable: every function taking
 * `const kehu_keyword *` may be called from many threads at once. */
typedef struct kehu_keyword kehu_keyword;

typedef enum kehu_keyword_mode {
    KEHU_KEYWORD_SIGNED,  /* a keyword speaks for or against every class */
    KEHU_KEYWORD_UNSIGNED /* a class has its own keywords, with weights above 0 only */
} kehu_keyword_mode;

/* What a line of the file says. */
typedef enum kehu_keyword_mark {
    KEHU_KEYWORD_LEARNED,
    KEHU_KEYWORD_ADDED,    /* + */
    KEHU_KEYWORD_FIXED,    /* ! */
    KEHU_KEYWORD_FORBIDDEN /* - */
} kehu_keyword_mark;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_keyword_options {
    uint32_t size;               /* sizeof(kehu_keyword_options) */
    uint32_t keywords_per_class; /* to choose, 1..10000; 0 means 50. Signed: a keyword
                                    chosen for any class is listed for all it tells
                                    something about */
    uint32_t mode;               /* a kehu_keyword_mode; 0 is signed */
    uint32_t min_df;             /* texts a keyword must be in, >= 1; 0 means 3 */
    uint32_t max_symbols;        /* characters (or words) of a keyword, 1..8; 0 means 4 */
    double cost;                 /* C of the ranking SVM, > 0 and finite; 0 means 0.01 */
    double precision;            /* share of right answers wanted among those given, below
                                    1: less sure ones abstain; 0 means answer always */
    uint64_t seed;               /* of the order in which the solver visits the texts */
    const kehu_keyword *base;    /* its fixed, added and forbidden lines are respected and
                                    its notes kept; NULL means none */
    uint32_t n_threads;          /* 0 means 1; the model is the same for any number */
    const kehu_executor *executor; /* NULL means own threads */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_keyword_options;

/* Learn a keyword list.
 *
 * out      receives a new handle, or NULL on failure; free with kehu_keyword_free()
 * texts    [n] UTF-8 text or category column; missing means empty. Bytes that are
 *          not UTF-8 match nothing and do no harm
 * labels   [n] text or category column, the class of each text; not missing, not
 *          empty, at most 255 bytes of UTF-8 without line breaks
 * options  NULL for all defaults
 *
 * Texts without any candidate keyword still count for the bias of their class.
 * Fails with KEHU_ARGUMENT (option out of range, columns of different length),
 * KEHU_COLUMN (not text), KEHU_EMPTY (nothing that tells the classes apart),
 * KEHU_ONE_CLASS, KEHU_DATA (label missing; err->where is the row), KEHU_LIMIT
 * (more than 32,767 classes), KEHU_CANCELLED, KEHU_NO_MEMORY.
 * Time O(bytes of text x max_symbols) and twice (below 10,000 texts: six times) an
 * SVM of all candidates; extra memory some 80 bytes a character of the texts (at 4
 * symbols) and 64 bytes a text and candidate for each sixteen classes.
 * Deterministic for any n_threads. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_train(
    kehu_keyword **out, const kehu_column *texts, const kehu_column *labels,
    const kehu_keyword_options *options, kehu_error *err);

/* How a learned model was made; all zero for a model read from a file. */
typedef struct kehu_keyword_info {
    int64_t n_texts;
    int64_t n_empty;       /* texts without any character or word */
    int64_t n_conflicts;   /* texts that stand there again under another label */
    int64_t n_candidates;  /* words and strings looked at */
    double accuracy;       /* of held-out texts, by lists learned without them: each
                              fifth in turn below 10,000 texts, else one fifth; had
                              it answered always */
    double coverage;       /* share of the texts with at least one keyword */
    double answered;       /* share of the texts whose answer is not to abstain */
    double answered_right; /* share of right answers among those */
} kehu_keyword_info;
KEHU_API void kehu_keyword_get_info(const kehu_keyword *k, kehu_keyword_info *training);

/* Where the answers to n texts go. Each array has n places (scores n times the
 * number of classes) or is NULL when it is not wanted. */
typedef struct kehu_keyword_answers {
    int32_t *classes;      /* class, or -1: abstains */
    int32_t *best;         /* class with the most points, even where it abstains; ties
                              go to the lower class */
    double *probabilities; /* of the best class, 0..1 */
    int32_t *margins;      /* points the best class is ahead of the second */
    int32_t *n_keywords;   /* different keywords in the text */
    int32_t *scores;       /* [n][n_classes] points of each class */
} kehu_keyword_answers;

typedef struct kehu_keyword_predict_options {
    uint32_t size;                 /* sizeof(kehu_keyword_predict_options) */
    uint32_t n_threads;            /* 0 means 1 */
    double min_probability;        /* abstain below, 0..1; 0 means the model's own */
    const kehu_executor *executor; /* NULL means own threads */
    const kehu_progress *progress; /* NULL means none */
} kehu_keyword_predict_options;

/* Classify texts (as for training). It abstains where the probability is too low,
 * and where no keyword is found and no class has a bias.
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN, KEHU_CANCELLED, KEHU_NO_MEMORY; the
 * answers are then unspecified. Time O(bytes + keywords found x classes). */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_keyword_predict(const kehu_keyword *k, const kehu_column *texts,
                     const kehu_keyword_predict_options *options,
                     const kehu_keyword_answers *answers, kehu_error *err);

/* A keyword found: text[start .. end), counted in bytes of the text as given. */
typedef struct kehu_keyword_match {
    int64_t start, end;
    int32_t word;   /* 0 .. kehu_keyword_word_count() - 1 */
    int32_t weight; /* points for the class asked about; 0 where it says nothing */
} kehu_keyword_match;

/* All places of all keywords in one text of `size` bytes, overlapping ones
 * included, by rising end, longer before shorter. The first `capacity` are written
 * and *count is how many there are. class_number is the class whose weights are given,
 * or -1 for the best class of this text.
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY. Time O(size + matches). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_match_text(
    const kehu_keyword *k, const char *text, int64_t size, int32_t class_number,
    kehu_keyword_match *matches, int64_t capacity, int64_t *count, kehu_error *err);

/* The reasons for one text and class: each keyword that gives or takes points,
 * once, at its first place; the greatest |weight| first, then by place. With the
 * bias of the class the weights add up to its points. Otherwise as above. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_explain(
    const kehu_keyword *k, const char *text, int64_t size, int32_t class_number,
    kehu_keyword_match *reasons, int64_t capacity, int64_t *count, kehu_error *err);

/* Classes, sorted by the bytes of their names. Names are borrowed from the model. */
KEHU_API int32_t kehu_keyword_class_count(const kehu_keyword *k);
KEHU_API const char *kehu_keyword_class_name(const kehu_keyword *k, int32_t class_number);
KEHU_API int32_t kehu_keyword_class_find(const kehu_keyword *k, const char *name,
                                         int64_t size); /* -1: no such class */
KEHU_API int32_t kehu_keyword_bias(const kehu_keyword *k, int32_t class_number);

/* The different keywords, sorted by their bytes, folded; out of range gives NULL. */
KEHU_API int32_t kehu_keyword_word_count(const kehu_keyword *k);
KEHU_API const char *kehu_keyword_word(const kehu_keyword *k, int32_t word);

/* The lines of the list, sorted by class and keyword; those for all classes (*),
 * which have class_number -1, come first. */
typedef struct kehu_keyword_line {
    int32_t class_number;
    int32_t weight; /* -100..100; 0 for a forbidden keyword */
    int32_t mark;   /* a kehu_keyword_mark */
    const char *keyword;
} kehu_keyword_line;
KEHU_API int64_t kehu_keyword_line_count(const kehu_keyword *k);
/* Fails with KEHU_ARGUMENT (no such line). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_get_line(const kehu_keyword *k,
                                                           int64_t i,
                                                           kehu_keyword_line *line,
                                                           kehu_error *err);

/* A difference between two lists. */
typedef struct kehu_keyword_change {
    const char *class_name;     /* "*" for all classes */
    const char *keyword;        /* NULL for the bias of the class */
    int32_t old_mark, new_mark; /* a kehu_keyword_mark, or -1: not in this list */
    int32_t old_weight, new_weight;
} kehu_keyword_change;

/* What has been added, removed and changed from `from` to `to`, by class and
 * keyword, the bias first. The first `capacity` are written and *count is how many
 * there are. The texts are borrowed from the two models. Time O(lines). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_diff(const kehu_keyword *from,
                                                       const kehu_keyword *to,
                                                       kehu_keyword_change *changes,
                                                       int64_t capacity, int64_t *count,
                                                       kehu_error *err);

/* The list as text. What is written does not depend on anything but the model, so
 * that files can be compared, and reading it gives the same model, which gives the
 * same answers. Reading fails with KEHU_FORMAT (a line is wrong: the message says
 * which and why, err->where is its 0-based number), KEHU_ENCODING (not UTF-8),
 * KEHU_DUPLICATE (a keyword twice in a class), KEHU_VERSION, KEHU_EMPTY (no class),
 * KEHU_LIMIT, KEHU_NOT_FOUND, KEHU_IO, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_save_text(const kehu_keyword *k,
                                                            const char *path,
                                                            kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_write_text(const kehu_keyword *k,
                                                             const kehu_writer *writer,
                                                             kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_load_text(kehu_keyword **out,
                                                            const char *path,
                                                            const kehu_allocator *alloc,
                                                            kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_read_text(kehu_keyword **out,
                                                            const char *text, size_t size,
                                                            const kehu_allocator *alloc,
                                                            kehu_error *err);

/* The same as a model file (kind "KEY1"), faster to load and with a checksum. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_save(const kehu_keyword *k,
                                                       const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_write(const kehu_keyword *k,
                                                        const kehu_writer *writer,
                                                        kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_load(kehu_keyword **out,
                                                       const char *path,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_keyword_read(kehu_keyword **out,
                                                       const void *bytes, size_t size,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);

/* Release a model. NULL is allowed. */
KEHU_API void kehu_keyword_free(kehu_keyword *k);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_KEYWORD_H */
