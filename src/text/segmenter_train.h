/* text/segmenter_train.h - learning a segmenter from a corpus. */
#ifndef KEHU_SRC_TEXT_SEGMENTER_TRAIN_H
#define KEHU_SRC_TEXT_SEGMENTER_TRAIN_H

#include "base/thread.h"
#include "text/segmenter.h"

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

/* Learn: appends the sections of a model (see tokenizer_model.c) to the buffers.
 * s has its words and other list; the pairs and the rest are filled in. */
kehu_status kehu__segmenter_train(kehu__segmenter *s, const kehu_column *sentences,
                                  const kehu__segmenter_options *options,
                                  const kehu__run *run, const kehu_allocator *alloc,
                                  kehu__buffer *near, kehu__buffer *gapped,
                                  kehu__buffer *weights, kehu_error *err);
#endif
