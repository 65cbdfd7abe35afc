/* Opening a dictionary: addresses of the sections, and for bytes from outside
 * every number checked that looking up relies on. */
#include "text/dictionary.h"

#include "base/error.h"
#include "base/maths.h"

enum { N_PLANE_PAGES = 0x1100 };

int32_t kehu__dictionary_cost_of(uint64_t total, uint64_t frequency)
{
    const double ratio = (double)total / (frequency == 0 ? 1.0 : (double)frequency);
    const double cost = ratio <= 1 ? 0 : KEHU__COST_ONE * kehu__log(ratio) + 0.5;
    return cost >= KEHU__COST_HARD ? KEHU__COST_HARD - 1 : (int32_t)cost;
}

static bool section(const kehu__container *c, const char *tag, const char **bytes,
                    size_t size)
{
    size_t found;
    return kehu__container_find(c, tag, bytes, &found) && found == size;
}

static kehu_status find_sections(kehu__dictionary *d, const kehu__container *c,
                                 const char *name, kehu_error *err)
{
    const char *head;
    size_t size, slots_size, tags_size, spellings_size;
    kehu__reader r;
    if (!kehu__container_find(c, "HEAD", &head, &size) ||
        !kehu__container_find(c, "TRIE", &d->trie.slots, &slots_size) ||
        !kehu__container_find(c, "TAGS", &d->tags, &tags_size) ||
        !kehu__container_find(c, "SPLT", &d->spellings, &spellings_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s lacks a section of a dictionary",
                          name);
    r = kehu__reader_new(head, size);
    d->n_pages = kehu__read_u32(&r);
    d->n_values = kehu__read_u32(&r);
    d->n_tags = kehu__read_u32(&r);
    d->n_words = kehu__read_u32(&r);
    d->n_spelled = kehu__read_u32(&r);
    d->longest = kehu__read_u32(&r);
    d->trie.n_slots = kehu__read_u32(&r);
    d->trie.slot_bytes = kehu__read_u32(&r);
    d->trie.label_bits = kehu__read_u32(&r);
    d->trie.base_bits = kehu__read_u32(&r);
    d->trie.value_bits = kehu__read_u32(&r);
    d->unknown_cost = (int32_t)kehu__read_u32(&r);
    d->total = kehu__read_u64(&r);
    d->fingerprint = kehu__read_u64(&r);
    d->tag_bytes = (uint32_t)tags_size;
    d->spelling_bytes = (uint32_t)spellings_size;
    if (r.failed || !section(c, "PAGE", &d->pages, 2 * (size_t)N_PLANE_PAGES) ||
        !section(c, "CHAR", &d->labels, (size_t)d->n_pages * 512) ||
        !section(c, "COST", &d->costs, (size_t)d->n_values * 2) ||
        !section(c, "FREQ", &d->frequencies, (size_t)d->n_values * 4) ||
        !section(c, "TAGI", &d->tag_numbers, (size_t)d->n_values * 2) ||
        !section(c, "SPEL", &d->spelled, (size_t)d->n_spelled * 8) ||
        slots_size != (size_t)d->trie.n_slots * d->trie.slot_bytes + 8)
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s has a section of another size than its head says", name);
    return KEHU_OK;
}

static bool sizes_make_sense(const kehu__dictionary *d)
{
    const kehu__trie *t = &d->trie;
    return d->n_pages > 0 && d->n_pages <= N_PLANE_PAGES && d->n_values > 1 &&
           d->n_tags > 0 && d->n_words > 0 && d->longest > 0 &&
           d->longest <= KEHU__WORD_MAX && t->label_bits >= 1 && t->label_bits <= 16 &&
           t->base_bits >= 1 && t->base_bits <= 26 && t->value_bits >= 1 &&
           t->value_bits <= 26 &&
           t->slot_bytes == (t->label_bits + t->base_bits + t->value_bits + 7) / 8 &&
           t->n_slots > 1 && d->unknown_cost >= 0 && d->unknown_cost < KEHU__COST_HARD &&
           d->total > 0;
}

/* Tags are short and each is ended; spellings follow each other. */
static bool texts_fit(const kehu__dictionary *d)
{
    uint32_t n = 0, length = 0, last_end = 0, last_id = 0;
    for (uint32_t i = 0; i < d->tag_bytes; i++) {
        length = d->tags[i] == '\0' ? 0 : length + 1;
        n += d->tags[i] == '\0';
        if (length > KEHU__TAG_MAX)
            return false;
    }
    if (n != d->n_tags || length != 0)
        return false;
    for (uint32_t i = 0; i < d->n_spelled; i++) {
        const uint32_t id = kehu__load32(d->spelled + 8 * (size_t)i);
        const uint32_t end = kehu__load32(d->spelled + 8 * (size_t)i + 4);
        if (id <= last_id || end <= last_end || id >= d->trie.n_slots)
            return false;
        last_id = id;
        last_end = end;
    }
    return last_end == d->spelling_bytes;
}

static bool numbers_fit(const kehu__dictionary *d)
{
    uint32_t words = 0;
    for (uint32_t i = 0; i < N_PLANE_PAGES; i++)
        if (kehu__load16(d->pages + 2 * (size_t)i) >= d->n_pages)
            return false;
    for (uint32_t i = 0; i < d->n_values; i++) {
        const uint32_t frequency = kehu__load32(d->frequencies + 4 * (size_t)i);
        const int32_t cost = kehu__dictionary_cost(d, i);
        if (kehu__load16(d->tag_numbers + 2 * (size_t)i) >= d->n_tags ||
            (cost == KEHU__COST_HARD) != (frequency > KEHU__FREQUENCY_MAX))
            return false;
    }
    for (uint32_t i = 1; i < d->trie.n_slots; i++) {
        const uint32_t value = kehu__slot_value(&d->trie, kehu__trie_slot(&d->trie, i));
        words += value != 0;
        if (value >= d->n_values)
            return false;
    }
    return words == d->n_words;
}

kehu_status kehu__dictionary_open(kehu__dictionary *d, const void *bytes, size_t size,
                                  bool trusted, const kehu_allocator *alloc,
                                  const char *name, kehu_error *err)
{
    kehu__container c;
    memset(d, 0, sizeof *d);
    if (trusted)
        kehu__container_trust(&c, bytes, size);
    else
        KEHU_TRY(kehu__container_open(&c, bytes, size, "DIC1", name, err));
    KEHU_TRY(find_sections(d, &c, name, err));
    if (trusted)
        return KEHU_OK;
    if (!sizes_make_sense(d) || !texts_fit(d) || !numbers_fit(d))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds a number out of range", name);
    return kehu__trie_check(&d->trie, d->longest, alloc, err);
}
