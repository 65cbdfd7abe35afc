/* text/hybrid_model.h - the inside of a hybrid, shared by its files. */
#ifndef KEHU_SRC_TEXT_HYBRID_MODEL_H
#define KEHU_SRC_TEXT_HYBRID_MODEL_H

#include <kehu/hybrid.h>

#include "base/error.h"
#include "base/mem.h"
#include "data/column.h"

enum { KEHU__HYBRID_MILLION = 1000000 };

struct kehu_hybrid {
    kehu_allocator alloc;
    kehu_keyword *keyword;
    kehu_svm *svm;
    int32_t *class_of; /* [n_svm_classes] the keyword list's number of each */
    uint32_t n_svm_classes;
    int32_t threshold; /* in millionths; above a million: never the keywords */
    kehu_hybrid_info info;
};

/* Number the machine's classes as the keyword list does. Fails with KEHU_FORMAT (name
 * is for the message) when the list has not got one, KEHU_NO_MEMORY. */
kehu_status kehu__hybrid_map(kehu_hybrid *h, const char *name, kehu_error *err);

/* Give back both models. */
void kehu__hybrid_clear(kehu_hybrid *h);

/* Some rows of a text column as a column, without a copy of the texts. */
typedef struct kehu__picked {
    int32_t *codes;    /* rows of the texts, or their own codes */
    uint8_t *validity; /* of the codes */
    int64_t n, capacity;
    kehu_column column;
} kehu__picked;

/* Rows i of a checked column of at most 2^31 - 1 rows whose chosen[i] is what. False
 * when refused; kehu__unpick() is due either way. */
bool kehu__pick(kehu__picked *p, const kehu_column *from, const uint8_t *chosen,
                uint8_t what, const kehu_allocator *alloc);
void kehu__unpick(kehu__picked *p, const kehu_allocator *alloc);

#endif
