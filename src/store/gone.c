#include "store/gone.h"

#include <string.h>

/* The place of a key, or where it belongs. */
static uint32_t place_of(const kehu__erased_list *list, const char *key, size_t size,
                         bool *there)
{
    uint32_t low = 0, high = list->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const kehu__erased *e = &list->items[middle];
        if (kehu__text_order(e->key, e->size, key, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *there = low < list->n && kehu__text_order(list->items[low].key,
                                               list->items[low].size, key, size) == 0;
    return low;
}

bool kehu__erased_add(kehu__erased_list *list, const char *key, size_t size,
                      uint64_t sequence)
{
    bool there;
    const uint32_t at = place_of(list, key, size, &there);
    char *copy;
    if (there) {
        if (sequence > list->items[at].sequence)
            list->items[at].sequence = sequence;
        return true;
    }
    if (!kehu__grow(&list->alloc, &list->items, &list->capacity, (size_t)list->n + 1,
                    sizeof *list->items) ||
        (copy = kehu__alloc(&list->alloc, size, 1)) == NULL)
        return false;
    memcpy(copy, key, size);
    memmove(list->items + at + 1, list->items + at,
            (size_t)(list->n - at) * sizeof *list->items);
    list->items[at] = (kehu__erased){copy, (uint32_t)size, sequence};
    list->n++;
    return true;
}

void kehu__erased_restore(kehu__erased_list *list, const char *key, size_t size,
                          uint64_t sequence)
{
    bool there;
    const uint32_t at = place_of(list, key, size, &there);
    if (!there)
        return;
    list->items[at].sequence = sequence;
    if (sequence > 0)
        return;
    kehu__free(&list->alloc, list->items[at].key, list->items[at].size, 1);
    list->n--;
    memmove(list->items + at, list->items + at + 1,
            (size_t)(list->n - at) * sizeof *list->items);
}

uint64_t kehu__erased_until(const kehu__erased_list *list, const char *key, size_t size)
{
    bool there;
    const uint32_t at = place_of(list, key, size, &there);
    return there ? list->items[at].sequence : 0;
}

bool kehu__erased_between(const kehu__erased_list *list, const char *first,
                          size_t first_size, const char *last, size_t last_size)
{
    bool there;
    const uint32_t at = place_of(list, first, first_size, &there);
    return at < list->n && kehu__text_order(list->items[at].key, list->items[at].size,
                                            last, last_size) <= 0;
}

static void free_list(kehu__erased_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        kehu__free(&list->alloc, list->items[i].key, list->items[i].size, 1);
    kehu__free(&list->alloc, list->items, list->capacity, sizeof *list->items);
    *list = (kehu__erased_list){.alloc = list->alloc};
}

static bool copy_list(kehu__erased_list *to, const kehu__erased_list *from)
{
    *to = (kehu__erased_list){.alloc = from->alloc};
    for (uint32_t i = 0; i < from->n; i++)
        if (!kehu__erased_add(to, from->items[i].key, from->items[i].size,
                              from->items[i].sequence)) {
            free_list(to);
            return false;
        }
    return true;
}

kehu__gone kehu__gone_new(const kehu_allocator *alloc)
{
    return (kehu__gone){{.alloc = *alloc}, {.alloc = *alloc}};
}

bool kehu__gone_copy(kehu__gone *to, const kehu__gone *from)
{
    *to = kehu__gone_new(&from->customers.alloc);
    if (copy_list(&to->customers, &from->customers) &&
        copy_list(&to->sources, &from->sources))
        return true;
    kehu__gone_free(to);
    return false;
}

void kehu__gone_free(kehu__gone *gone)
{
    free_list(&gone->customers);
    free_list(&gone->sources);
}

bool kehu__gone_source(const kehu__gone *gone, const kehu__vector *source, uint32_t row,
                       uint64_t sequence)
{
    uint32_t size;
    const char *text;
    if (gone->sources.n == 0 || source == NULL || source->missing[row])
        return false;
    text = kehu__vector_text(source, row, &size);
    return sequence <= kehu__erased_until(&gone->sources, text, size);
}
