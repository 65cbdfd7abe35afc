/* Opening a dictionary: addresses of the sections, and for bytes from outside
 * every number checked that looking up relies on. */
#include "text/dictionary.h"

#include "base/error.h"
#include "base/maths.h"
#include "base/utf8.h"
#include "text/normalize.h"

enum {
    N_CODES = 0x110000,
    N_PLANE_PAGES = N_CODES / 256,
    N_LABELS = 0x10000 + KEHU__LABEL_PAGE
};

int32_t kehu__dictionary_cost_of(uint64_t total, uint64_t frequency)
{
    const double ratio = (double)total / (frequency == 0 ? 1.0 : (double)frequency);
    const double cost = ratio <= 1 ? 0 : KEHU__COST_ONE * kehu__log(ratio) + 0.5;
    return cost >= KEHU__COST_HARD ? KEHU__COST_HARD - 1 : (int32_t)cost;
}

static bool section(const kehu__container *c, const char *tag, const char **bytes,
                    uint64_t size)
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
        !section(c, "CHAR", &d->labels, (uint64_t)d->n_pages * 512) ||
        !section(c, "COST", &d->costs, (uint64_t)d->n_values * 2) ||
        !section(c, "FREQ", &d->frequencies, (uint64_t)d->n_values * 4) ||
        !section(c, "TAGI", &d->tag_numbers, (uint64_t)d->n_values * 2) ||
        !section(c, "SPEL", &d->spelled, (uint64_t)d->n_spelled * 8) ||
        slots_size != (uint64_t)d->trie.n_slots * d->trie.slot_bytes + 8)
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s has a section of another size than its head says", name);
    return KEHU_OK;
}

static bool sizes_make_sense(const kehu__dictionary *d)
{
    return d->n_pages > 0 && d->n_pages <= N_PLANE_PAGES && d->n_values > 1 &&
           d->n_tags > 0 && d->n_words > 0 && d->longest > 0 &&
           d->longest <= KEHU__WORD_MAX && kehu__trie_sizes_fit(&d->trie) &&
           d->unknown_cost >= 0 && d->unknown_cost < KEHU__COST_HARD && d->total > 0;
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
                                  kehu__trust trust, const char *name, kehu_error *err)
{
    kehu__container c;
    memset(d, 0, sizeof *d);
    KEHU_TRY(kehu__container_open_trusted(&c, bytes, size, trust, "DIC2", name, err));
    KEHU_TRY(find_sections(d, &c, name, err));
    d->own = trust == KEHU__TRUST_ALL;
    if (!d->own && (!sizes_make_sense(d) || !texts_fit(d) || !numbers_fit(d)))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds a number out of range", name);
    return KEHU_OK;
}

uint32_t kehu__dictionary_n_labels(const kehu__dictionary *d)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < (size_t)d->n_pages * 256; i++) {
        const uint32_t label = kehu__load16(d->labels + 2 * i);
        largest = label > largest ? label : largest;
    }
    return largest;
}

uint32_t kehu__dictionary_find(const kehu__dictionary *d, const char *bytes, size_t size,
                               uint32_t *value)
{
    const char *p = bytes, *const end = size == 0 ? bytes : bytes + size;
    uint32_t base = 0, id = 0;
    kehu__slot slot = 0;
    for (bool first = true; p < end; first = false) {
        const uint32_t label = kehu__dictionary_label(d, kehu__utf8_next(&p, end));
        if (label == 0 || (!first && base == 0) ||
            (id = kehu__trie_child(&d->trie, base, label, &slot)) == 0)
            return 0;
        base = kehu__slot_base(&d->trie, slot);
    }
    *value = id == 0 ? 0 : kehu__slot_value(&d->trie, slot);
    return *value == 0 ? 0 : id;
}

void kehu__dictionary_value(const kehu__dictionary *d, uint32_t value, kehu__word *word)
{
    const uint32_t frequency = kehu__load32(d->frequencies + 4 * (size_t)value);
    const char *tag = d->tags;
    for (uint32_t n = kehu__load16(d->tag_numbers + 2 * (size_t)value); n > 0; n--)
        tag += strlen(tag) + 1;
    word->frequency = frequency & KEHU__FREQUENCY_MAX;
    word->hard = frequency > KEHU__FREQUENCY_MAX;
    memset(word->tag, 0, sizeof word->tag);
    memcpy(word->tag, tag, strlen(tag));
}

typedef struct reading {
    const kehu__dictionary *d;
    uint32_t *parents;  /* [2 * n_slots], the second half is scratch */
    uint32_t *chars;    /* [N_LABELS] the folded character of each label */
    uint32_t n_spelled; /* spellings passed */
    char text[4 * KEHU__WORD_MAX];
} reading;

/* The text of the word in slot id: as spelled, else its folded characters. */
static void read_word(reading *r, uint32_t id, kehu__word *word)
{
    const kehu__dictionary *d = r->d;
    uint32_t chars[KEHU__WORD_MAX], n = 0;
    char *out = r->text;
    if (r->n_spelled < d->n_spelled &&
        kehu__load32(d->spelled + 8 * (size_t)r->n_spelled) == id) {
        const uint32_t i = r->n_spelled++;
        const uint32_t start = i == 0 ? 0 : kehu__load32(d->spelled + 8 * (size_t)i - 4);
        word->bytes = d->spellings + start;
        word->size = kehu__load32(d->spelled + 8 * (size_t)i + 4) - start;
        return;
    }
    for (uint32_t at = id; at != 0 && n < KEHU__WORD_MAX;)
        chars[n++] = r->chars[kehu__trie_label_up(&d->trie, r->parents, &at)];
    while (n > 0)
        out += kehu__utf8_put(out, chars[--n]);
    word->bytes = r->text;
    word->size = (size_t)(out - r->text);
}

kehu_status kehu__dictionary_each(const kehu__dictionary *d, const kehu_allocator *alloc,
                                  kehu_status (*each)(void *ctx, const kehu__word *word,
                                                      uint32_t id, kehu_error *err),
                                  void *ctx, kehu_error *err)
{
    const size_t n = d->trie.n_slots;
    reading r = {.d = d};
    kehu_status status = KEHU_OK;
    if (!d->own)
        KEHU_TRY(kehu__trie_check(&d->trie, d->longest, alloc, err));
    r.parents = kehu__alloc(alloc, 2 * n, sizeof *r.parents);
    r.chars = kehu__alloc_zero(alloc, N_LABELS, sizeof *r.chars);
    if (r.parents == NULL || r.chars == NULL)
        status = kehu__no_memory(err, "reading the dictionary");
    else if (!kehu__trie_parents(&d->trie, r.parents, r.parents + n))
        status = kehu__fail(err, KEHU_INTERNAL, -1, "the trie is broken");
    for (uint32_t c = 0; c < N_CODES && status == KEHU_OK; c++) {
        const uint32_t label = kehu__dictionary_label(d, c);
        if (c % 256 == 0 && kehu__load16(d->pages + 2 * (c / 256)) == 0)
            c += 255; /* an empty page */
        else if (label != 0 && kehu__fold_all(c) == c)
            r.chars[label] = c;
    }
    for (uint32_t id = 1; id < n && status == KEHU_OK; id++) {
        const uint32_t value = kehu__slot_value(&d->trie, kehu__trie_slot(&d->trie, id));
        kehu__word word = {.bytes = NULL};
        if (value == 0)
            continue;
        read_word(&r, id, &word);
        kehu__dictionary_value(d, value, &word);
        status = each(ctx, &word, id, err);
    }
    kehu__free(alloc, r.chars, N_LABELS, sizeof *r.chars);
    kehu__free(alloc, r.parents, 2 * n, sizeof *r.parents);
    return status;
}
