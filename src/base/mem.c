#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif
#include <stdlib.h>
#define KEHU_ALLOW_LIBC_ALLOC
#include "base/mem.h"

#include <string.h>

enum { LARGE = 4 << 20, PAGE = 4096 };

/* Ask for pages of 2 MB: fewer faults, and fewer misses where a block is gone through at
 * random. It is advice only. The block's own pages in full, so that it stays one mapping
 * and can grow without a copy. */
static void prefer_large_pages(void *ptr, size_t size)
{
#if defined(MADV_HUGEPAGE)
    const size_t before = (uintptr_t)ptr % PAGE;
    if (ptr != NULL && size >= LARGE)
        (void)madvise((char *)ptr - before, before + size, MADV_HUGEPAGE);
#else
    (void)ptr;
    (void)size;
#endif
}

static void *libc_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    ptr = realloc(ptr, new_size);
    prefer_large_pages(ptr, new_size);
    return ptr;
}

kehu_allocator kehu__allocator(const kehu_allocator *user)
{
    if (user != NULL)
        return *user;
    return (kehu_allocator){.resize = libc_resize, .ctx = NULL};
}

void *kehu__alloc(const kehu_allocator *a, size_t count, size_t item_size)
{
    if (count == 0 || item_size == 0 || count > PTRDIFF_MAX / item_size)
        return NULL;
    return a->resize(a->ctx, NULL, 0, count * item_size);
}

void *kehu__alloc_zero(const kehu_allocator *a, size_t count, size_t item_size)
{
    void *ptr = kehu__alloc(a, count, item_size);
    if (ptr != NULL)
        memset(ptr, 0, count * item_size);
    return ptr;
}

void *kehu__resize(const kehu_allocator *a, void *ptr, size_t old_count, size_t new_count,
                   size_t item_size)
{
    if (new_count == 0 || item_size == 0 || new_count > PTRDIFF_MAX / item_size)
        return NULL;
    return a->resize(a->ctx, ptr, ptr == NULL ? 0 : old_count * item_size,
                     new_count * item_size);
}

void kehu__free(const kehu_allocator *a, void *ptr, size_t count, size_t item_size)
{
    if (ptr != NULL)
        a->resize(a->ctx, ptr, count * item_size, 0);
}

bool kehu__grow(const kehu_allocator *a, void *ptr, size_t *capacity, size_t need,
                size_t item_size)
{
    void *old, *grown;
    size_t wanted = *capacity + *capacity / 2;
    if (need <= *capacity)
        return true;
    if (wanted < need)
        wanted = need;
    if (wanted < 16)
        wanted = 16;
    memcpy(&old, ptr, sizeof old);
    grown = kehu__resize(a, old, *capacity, wanted, item_size);
    if (grown == NULL)
        return false;
    memcpy(ptr, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}
