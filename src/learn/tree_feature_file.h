/* learn/tree_feature_file.h - a tree's column in a file:
 *
 *   kind u8, size u32, name; then edges: count u32, doubles, or levels: count u32, each
 *   size u32 and text; then a double a code, its weight */
#ifndef KEHU_SRC_LEARN_TREE_FEATURE_FILE_H
#define KEHU_SRC_LEARN_TREE_FEATURE_FILE_H

#include <math.h>

#include "file/container.h"
#include "learn/tree_feature.h"

void kehu__tree_write_text(kehu__buffer *b, const char *bytes, size_t size);
void kehu__tree_write_feature(kehu__buffer *b, const kehu__tree_feature *f);

/* KEHU_FORMAT with what is wrong in the file called name. */
kehu_status kehu__tree_damaged(kehu_error *err, const char *name, const char *what);

/* A section's contents; without it a reader that has failed. */
kehu__reader kehu__tree_section(const kehu__container *c, const char *tag);

/* A size and so many bytes, none of them NUL; NULL otherwise. */
const char *kehu__tree_read_text(kehu__reader *r, size_t *size);

/* Into a feature of zeros; kehu__tree_feature_free it whatever is returned. */
kehu_status kehu__tree_read_feature(kehu__reader *r, kehu__tree_feature *f,
                                    const kehu_allocator *alloc, const char *name,
                                    kehu_error *err);

static inline bool kehu__all_read(const kehu__reader *r)
{
    return !r->failed && r->at == r->end;
}

static inline bool kehu__not_negative(double x)
{
    return x >= 0 && !isinf(x);
}

#endif
