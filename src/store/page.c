#include "store/page.h"

static size_t size_of_slots(uint32_t n)
{
    return sizeof(kehu__pages) + (size_t)n * sizeof(_Atomic(kehu__page *));
}

bool kehu__pages_begin(kehu__segment *s)
{
    uint64_t largest = 0, n;
    for (uint32_t i = 0; i < s->n_blocks; i++)
        largest = s->blocks[i].size > largest ? s->blocks[i].size : largest;
    if (largest > KEHU__PAGES_BYTES)
        return true;
    largest += sizeof(kehu__page);
    n = KEHU__PAGES_BYTES / largest;
    n = n < s->n_blocks ? n : s->n_blocks;
    if (n == 0)
        return true;
    s->pages = kehu__alloc(&s->alloc, size_of_slots((uint32_t)n), 1);
    if (s->pages == NULL)
        return false;
    s->pages->page_size = (size_t)largest;
    s->pages->n = (uint32_t)n;
    for (uint32_t i = 0; i < n; i++)
        atomic_init(&s->pages->slots[i], NULL);
    return true;
}

void kehu__pages_free(kehu__segment *s)
{
    if (s->pages == NULL)
        return;
    for (uint32_t i = 0; i < s->pages->n; i++)
        kehu__page_drop(&s->alloc, atomic_load(&s->pages->slots[i]));
    kehu__free(&s->alloc, s->pages, size_of_slots(s->pages->n), 1);
}

kehu__page *kehu__page_take(const kehu__segment *s, uint32_t block)
{
    kehu__page *page = atomic_exchange(&s->pages->slots[block % s->pages->n], NULL);
    if (page == NULL) {
        page = kehu__alloc(&s->alloc, s->pages->page_size, 1);
        if (page == NULL)
            return NULL;
        page->size = s->pages->page_size;
    } else if (page->block == block)
        return page;
    page->block = block;
    page->verified = 0;
    return page;
}

void kehu__page_give(const kehu__segment *s, kehu__page *page)
{
    kehu__page_drop(&s->alloc,
                    atomic_exchange(&s->pages->slots[page->block % s->pages->n], page));
}

void kehu__page_drop(const kehu_allocator *alloc, kehu__page *page)
{
    if (page != NULL)
        kehu__free(alloc, page, page->size, 1);
}
