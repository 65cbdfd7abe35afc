#include "learn/tree_levels.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

static size_t slot_of(const kehu__tree_levels *levels, kehu__text text)
{
    size_t at = (size_t)kehu__hash(text.bytes, (size_t)text.size, 0);
    for (;; at++) {
        const uint32_t item = levels->slots[at &= levels->n_slots - 1];
        const kehu__text *t;
        if (item == 0)
            return at;
        t = &levels->items[item - 1].text;
        if (t->size == text.size && memcmp(t->bytes, text.bytes, (size_t)text.size) == 0)
            return at;
    }
}

static bool double_slots(kehu__tree_levels *levels)
{
    kehu__tree_levels wider = *levels;
    wider.n_slots = levels->n_slots == 0 ? 64 : 2 * levels->n_slots;
    wider.slots = kehu__alloc_zero(&levels->alloc, wider.n_slots, sizeof *wider.slots);
    if (wider.slots == NULL)
        return false;
    for (size_t i = 0; i < levels->n; i++)
        wider.slots[slot_of(&wider, levels->items[i].text)] = (uint32_t)i + 1;
    kehu__free(&levels->alloc, levels->slots, levels->n_slots, sizeof *levels->slots);
    *levels = wider;
    return true;
}

kehu_status kehu__tree_levels_add(kehu__tree_levels *levels, kehu__text text,
                                  int64_t count, kehu_error *err)
{
    size_t slot;
    if (2 * (levels->n + 1) > levels->n_slots && !double_slots(levels))
        return kehu__no_memory(err, "the categories");
    slot = slot_of(levels, text);
    if (levels->slots[slot] == 0) {
        if (levels->n >= INT32_MAX)
            return kehu__fail(err, KEHU_LIMIT, -1, "more than 2^31 different texts");
        if (!kehu__grow(&levels->alloc, &levels->items, &levels->capacity, levels->n + 1,
                        sizeof *levels->items))
            return kehu__no_memory(err, "the categories");
        levels->items[levels->n++] = (kehu__tree_level_count){text, 0};
        levels->slots[slot] = (uint32_t)levels->n;
    }
    levels->items[levels->slots[slot] - 1].count += count;
    return KEHU_OK;
}

/* A dictionary may hold unused and equal entries: rows are counted per code
 * first. */
static kehu_status add_category(kehu__tree_levels *levels, const kehu_column *c,
                                const uint8_t *use, kehu_error *err)
{
    const kehu_column *d = c->dictionary;
    int64_t *counts;
    kehu_status status = KEHU_OK;
    if (c->length == 0 || d->length == 0)
        return KEHU_OK;
    counts = kehu__alloc_zero(&levels->alloc, (size_t)d->length, sizeof *counts);
    if (counts == NULL)
        return kehu__no_memory(err, "the categories");
    for (int64_t i = 0; i < c->length; i++)
        if ((use == NULL || use[i]) && kehu__column_valid(c, i))
            counts[kehu__column_code(c, i)]++;
    for (int64_t i = 0; i < d->length && status == KEHU_OK; i++) {
        const kehu__text text = kehu__column_text(d, i);
        if (counts[i] > 0 && text.size > 0)
            status = kehu__tree_levels_add(levels, text, counts[i], err);
    }
    kehu__free(&levels->alloc, counts, (size_t)d->length, sizeof *counts);
    return status;
}

kehu_status kehu__tree_levels_add_column(kehu__tree_levels *levels, const kehu_column *c,
                                         const uint8_t *use, kehu_error *err)
{
    if (kehu__column_kind(c) == KEHU_CATEGORY)
        return add_category(levels, c, use, err);
    for (int64_t i = 0; i < c->length; i++) {
        const kehu__text text = kehu__column_text(c, i);
        if ((use == NULL || use[i]) && text.size > 0)
            KEHU_TRY(kehu__tree_levels_add(levels, text, 1, err));
    }
    return KEHU_OK;
}

void kehu__tree_levels_free(kehu__tree_levels *levels)
{
    kehu__free(&levels->alloc, levels->items, levels->capacity, sizeof *levels->items);
    kehu__free(&levels->alloc, levels->slots, levels->n_slots, sizeof *levels->slots);
    *levels = (kehu__tree_levels){.alloc = levels->alloc};
}
