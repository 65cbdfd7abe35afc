#include "store/marks.h"

#include <string.h>

#include "store/vector.h"

/* The place of a key, or where it belongs. */
static uint32_t place_of(const kehu__marks *list, const char *key, size_t size,
                         bool *there)
{
    uint32_t low = 0, high = list->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const kehu__mark *e = &list->items[middle];
        if (kehu__text_order(e->key, e->size, key, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *there = low < list->n && kehu__text_order(list->items[low].key,
                                               list->items[low].size, key, size) == 0;
    return low;
}

bool kehu__marks_add(kehu__marks *list, const char *key, size_t size, uint64_t number)
{
    bool there;
    const uint32_t at = place_of(list, key, size, &there);
    char *copy;
    if (there) {
        if (number > list->items[at].number)
            list->items[at].number = number;
        return true;
    }
    if (!kehu__grow(&list->alloc, &list->items, &list->capacity, (size_t)list->n + 1,
                    sizeof *list->items) ||
        (copy = kehu__alloc(&list->alloc, size, 1)) == NULL)
        return false;
    memcpy(copy, key, size);
    memmove(list->items + at + 1, list->items + at,
            (size_t)(list->n - at) * sizeof *list->items);
    list->items[at] = (kehu__mark){copy, (uint32_t)size, number};
    list->n++;
    return true;
}

void kehu__marks_restore(kehu__marks *list, const char *key, size_t size, uint64_t number)
{
    bool there;
    const uint32_t at = place_of(list, key, size, &there);
    if (!there)
        return;
    list->items[at].number = number;
    if (number > 0)
        return;
    kehu__free(&list->alloc, list->items[at].key, list->items[at].size, 1);
    list->n--;
    memmove(list->items + at, list->items + at + 1,
            (size_t)(list->n - at) * sizeof *list->items);
}

uint64_t kehu__marks_get(const kehu__marks *list, const char *key, size_t size)
{
    bool there;
    const uint32_t at = place_of(list, key, size, &there);
    return there ? list->items[at].number : 0;
}

bool kehu__marks_between(const kehu__marks *list, const char *first, size_t first_size,
                         const char *last, size_t last_size)
{
    bool there;
    const uint32_t at = place_of(list, first, first_size, &there);
    return at < list->n && kehu__text_order(list->items[at].key, list->items[at].size,
                                            last, last_size) <= 0;
}

void kehu__marks_free(kehu__marks *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        kehu__free(&list->alloc, list->items[i].key, list->items[i].size, 1);
    kehu__free(&list->alloc, list->items, list->capacity, sizeof *list->items);
    *list = (kehu__marks){.alloc = list->alloc};
}

bool kehu__marks_copy(kehu__marks *to, const kehu__marks *from)
{
    *to = (kehu__marks){.alloc = from->alloc};
    for (uint32_t i = 0; i < from->n; i++)
        if (!kehu__marks_add(to, from->items[i].key, from->items[i].size,
                             from->items[i].number)) {
            kehu__marks_free(to);
            return false;
        }
    return true;
}
