/* text/segmenter_train.h - learning a segmenter from a corpus. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_TRAIN_H
#define KEHU_SRC_TEXT_SEGMENTER_TRAIN_H

#include "base/thread.h"
#include "text/segmenter_features.h"

/* Sections of a model, see tokenizer_model.c. */
enum {
    KEHU__MODEL_NEAR,
    KEHU__MODEL_GAPPED,
    KEHU__MODEL_NEAR_SHIFTS,
    KEHU__MODEL_GAPPED_SHIFTS,
    KEHU__MODEL_HEAD,
    KEHU__MODEL_PAGES,
    KEHU__MODEL_LABELS,
    KEHU__MODEL_NUMBERS,
    KEHU__MODEL_TRIE,
    KEHU__MODEL_SINGLES,
    KEHU__MODEL_FIXED,
    KEHU__MODEL_PARTS
};

typedef struct kehu__segmenter_options {
    uint32_t epochs;
    double dropout; /* chance to hide a word that occurs once */
    uint64_t seed;
} kehu__segmenter_options;

/* A gold text: its bytes without the blanks that part the words, and where words
 * end. */
typedef struct kehu__gold {
    char *text;
    uint8_t *ends; /* [size]: 1 = the byte is the last of a word */
    size_t size, capacity;
} kehu__gold;

/* Take the blanks out of a line. Fails with KEHU_NO_MEMORY. */
kehu_status kehu__gold_read(kehu__gold *gold, const char *line, size_t size,
                            const kehu_allocator *alloc, kehu_error *err);
void kehu__gold_free(kehu__gold *gold, const kehu_allocator *alloc);

/* What training found: sums over all steps, of which weights are the means. */
typedef struct kehu__learned {
    const kehu__segmenter *s;
    const int32_t *weights; /* [records][4], the last */
    const int64_t *sums;    /* of steps * changes */
    int32_t transitions[KEHU__TAGS][KEHU__TAGS];
    int64_t transition_sums[KEHU__TAGS][KEHU__TAGS];
    int64_t steps;
    uint64_t *keys[2]; /* pairs by number - 1: side by side, with a gap */
    const kehu_allocator *alloc;
} kehu__learned;

/* Learn from sentences, and append the model's sections to parts. Fails with
 * KEHU_EMPTY (no word), KEHU_LIMIT (too many characters), KEHU_CANCELLED,
 * KEHU_NO_MEMORY. */
kehu_status kehu__segmenter_train(kehu__segmenter *s, const kehu_column *sentences,
                                  const kehu__segmenter_options *options,
                                  const kehu__run *run, const kehu_allocator *alloc,
                                  kehu__buffer parts[KEHU__MODEL_PARTS], kehu_error *err);

/* The sections of what was learned. */
kehu_status kehu__segmenter_build(const kehu__learned *learned,
                                  kehu__buffer parts[KEHU__MODEL_PARTS], kehu_error *err);
#endif
