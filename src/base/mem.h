/* base/mem.h - the only door to memory. Raw malloc/free do not compile elsewhere. */
#ifndef KEHU_SRC_BASE_MEM_H
#define KEHU_SRC_BASE_MEM_H

#include <kehu/base.h>

#include <stdbool.h>
#include <stdlib.h> /* declares what is taken away below: not to be read after it */

/* Resolve a caller's allocator (or NULL) to one that can be stored by value. */
kehu_allocator kehu__allocator(const kehu_allocator *user);

/* Array of `count` items; NULL on overflow, on refusal and for a count of 0.
 * kehu__alloc does not clear, kehu__alloc_zero does. */
void *kehu__alloc(const kehu_allocator *a, size_t count, size_t item_size);
void *kehu__alloc_zero(const kehu_allocator *a, size_t count, size_t item_size);

/* Change the count, keeping the contents. NULL on failure: ptr is then still
 * valid. new_count must be positive. */
void *kehu__resize(const kehu_allocator *a, void *ptr, size_t old_count, size_t new_count,
                   size_t item_size);

/* Give back an array of exactly `count` items. NULL is allowed. */
void kehu__free(const kehu_allocator *a, void *ptr, size_t count, size_t item_size);

/* Make room for at least `need` items in the array at *ptr, which holds
 * *capacity; grows by half. False when refused: nothing has changed then. */
bool kehu__grow(const kehu_allocator *a, void *ptr, size_t *capacity, size_t need,
                size_t item_size);

/* a * b to ask for; SIZE_MAX, which all of the above refuse, when it does not fit. */
static inline size_t kehu__times(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

#ifndef KEHU_ALLOW_LIBC_ALLOC
#undef malloc
#undef calloc
#undef realloc
#undef free
#define malloc(n)     use_kehu__alloc_instead
#define calloc(n, s)  use_kehu__alloc_instead
#define realloc(p, n) use_kehu__alloc_instead
#define free(p)       use_kehu__free_instead
#endif
#endif
