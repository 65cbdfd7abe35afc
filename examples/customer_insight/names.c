/* A hash table of texts: open addressing, never more than half full. */
#include "insight.h"

#include <stdlib.h>
#include <string.h>

struct names {
    char *bytes; /* the texts, each with a NUL behind it */
    size_t size, bytes_room;
    size_t *starts; /* [n + 1] */
    size_t n, starts_room;
    int64_t *slots; /* number of the text, -1 for none */
    size_t n_slots; /* a power of two */
};

static uint64_t hash(const char *text, size_t size)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return h ^ h >> 32;
}

static int64_t *slot_of(const names *set, const char *text, size_t size)
{
    size_t at = (size_t)hash(text, size) & (set->n_slots - 1);
    for (;; at = (at + 1) & (set->n_slots - 1)) {
        const int64_t i = set->slots[at];
        if (i < 0)
            return &set->slots[at];
        const size_t start = set->starts[i], length = set->starts[i + 1] - start - 1;
        if (length == size && memcmp(set->bytes + start, text, size) == 0)
            return &set->slots[at];
    }
}

static bool rebuild(names *set, size_t n_slots)
{
    int64_t *slots = malloc(n_slots * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0xFF, n_slots * sizeof *slots);
    free(set->slots);
    set->slots = slots;
    set->n_slots = n_slots;
    for (size_t i = 0; i < set->n; i++) {
        const char *text = set->bytes + set->starts[i];
        *slot_of(set, text, set->starts[i + 1] - set->starts[i] - 1) = (int64_t)i;
    }
    return true;
}

names *names_new(void)
{
    names *set = calloc(1, sizeof *set);
    if (set == NULL)
        return NULL;
    set->bytes = malloc(set->bytes_room = 1024);
    set->starts = malloc((set->starts_room = 64) * sizeof *set->starts);
    if (set->bytes == NULL || set->starts == NULL || !rebuild(set, 128)) {
        names_free(set);
        return NULL;
    }
    set->starts[0] = 0;
    return set;
}

static bool make_room(names *set, size_t size)
{
    if (set->size + size + 1 > set->bytes_room) {
        const size_t room = 2 * set->bytes_room + size;
        char *grown = realloc(set->bytes, room);
        if (grown == NULL)
            return false;
        set->bytes = grown;
        set->bytes_room = room;
    }
    if (set->n + 2 > set->starts_room) {
        const size_t room = 2 * set->starts_room;
        size_t *grown = realloc(set->starts, room * sizeof *grown);
        if (grown == NULL)
            return false;
        set->starts = grown;
        set->starts_room = room;
    }
    return 2 * (set->n + 1) <= set->n_slots || rebuild(set, 2 * set->n_slots);
}

int64_t names_add(names *set, const char *text, size_t size, bool *added)
{
    int64_t found = names_find(set, text, size);
    if (added != NULL)
        *added = found < 0;
    if (found >= 0)
        return found;
    if (!make_room(set, size))
        return -1;
    int64_t *slot = slot_of(set, text, size);
    if (size > 0)
        memcpy(set->bytes + set->size, text, size);
    set->bytes[set->size + size] = '\0';
    set->size += size + 1;
    *slot = (int64_t)set->n++;
    set->starts[set->n] = set->size;
    return *slot;
}

int64_t names_find(const names *set, const char *text, size_t size)
{
    return *slot_of(set, text, size);
}

int64_t names_count(const names *set)
{
    return (int64_t)set->n;
}

const char *names_get(const names *set, int64_t i)
{
    return set->bytes + set->starts[i];
}

void names_free(names *set)
{
    if (set != NULL) {
        free(set->bytes);
        free(set->starts);
        free(set->slots);
        free(set);
    }
}
