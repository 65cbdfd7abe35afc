/* Words to container: fold, number the characters by how often they occur (so
 * labels stay small and close), sort, join, number the values, build the trie. */
#include "text/dictionary.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "text/normalize.h"

enum {
    N_CODES = 0x110000,
    N_PLANE_PAGES = N_CODES / 256,
    MAX_TAGS = 4096,
    FIRST_UNFOLDED = 0x10000 /* from here on nothing folds */
};

typedef struct entry {
    uint32_t at, n_chars; /* in the pool of folded characters, later labels */
    uint32_t spelled_at, spelled_size;
    uint32_t frequency, tag;
    uint32_t order; /* place in the input */
    uint32_t value;
    int64_t line;
    bool hard;
} entry;

struct kehu__dictionary_builder {
    kehu_allocator alloc;
    entry *entries;
    size_t n, capacity;
    uint32_t *chars;
    size_t n_chars, chars_capacity;
    uint16_t *labels; /* [n_chars], while building */
    kehu__buffer spelled;
    char (*tags)[KEHU__TAG_MAX + 1];
    size_t n_tags, tags_capacity;
    uint64_t total; /* what costs refer to */
    bool total_given;
    kehu__repeated repeated;
};

kehu__dictionary_builder *kehu__dictionary_builder_new(const kehu_allocator *alloc)
{
    kehu__dictionary_builder *b = kehu__alloc_zero(alloc, 1, sizeof *b);
    if (b != NULL) {
        b->alloc = *alloc;
        b->spelled = kehu__buffer_new(alloc);
    }
    return b;
}

void kehu__dictionary_builder_free(kehu__dictionary_builder *b)
{
    if (b != NULL) {
        const kehu_allocator alloc = b->alloc;
        kehu__free(&alloc, b->entries, b->capacity, sizeof *b->entries);
        kehu__free(&alloc, b->chars, b->chars_capacity, sizeof *b->chars);
        kehu__free(&alloc, b->tags, b->tags_capacity, sizeof *b->tags);
        kehu__buffer_free(&b->spelled);
        kehu__free(&alloc, b, 1, sizeof *b);
    }
}

void kehu__dictionary_builder_repeated(kehu__dictionary_builder *b, kehu__repeated what)
{
    b->repeated = what;
}

void kehu__dictionary_builder_total(kehu__dictionary_builder *b, uint64_t total)
{
    b->total = total;
    b->total_given = true;
}

/* The tag's number; a new tag gets the next one. */
static kehu_status tag_number(kehu__dictionary_builder *b, const char *tag,
                              uint32_t *number, int64_t line, kehu_error *err)
{
    for (size_t i = 0; i < b->n_tags; i++)
        if (strcmp(b->tags[i], tag) == 0) {
            *number = (uint32_t)i;
            return KEHU_OK;
        }
    if (b->n_tags == MAX_TAGS)
        return kehu__fail(err, KEHU_LIMIT, line - 1, "more than %d different tags",
                          MAX_TAGS);
    if (!kehu__grow(&b->alloc, &b->tags, &b->tags_capacity, b->n_tags + 1,
                    sizeof *b->tags))
        return kehu__no_memory(err, "the tags");
    memset(b->tags[b->n_tags], 0, sizeof *b->tags);
    memcpy(b->tags[b->n_tags], tag, strlen(tag));
    *number = (uint32_t)b->n_tags++;
    return KEHU_OK;
}

static kehu_status fold_word(kehu__dictionary_builder *b, const kehu__word *word,
                             entry *e, kehu_error *err)
{
    const char *p = word->bytes, *end = p + word->size;
    e->at = (uint32_t)b->n_chars;
    while (p < end) {
        const uint32_t c = kehu__utf8_next(&p, end);
        if (c == KEHU__BAD_BYTE)
            return kehu__fail(err, KEHU_ENCODING, word->line - 1,
                              "the word is not UTF-8");
        if (e->n_chars == KEHU__WORD_MAX)
            return kehu__fail(err, KEHU_LIMIT, word->line - 1,
                              "the word is longer than %d characters", KEHU__WORD_MAX);
        if (!kehu__grow(&b->alloc, &b->chars, &b->chars_capacity, b->n_chars + 1,
                        sizeof *b->chars))
            return kehu__no_memory(err, "the words");
        b->chars[b->n_chars++] = kehu__fold_all(c);
        e->n_chars++;
    }
    if (e->n_chars == 0)
        return kehu__fail(err, KEHU_EMPTY, word->line - 1, "the word is empty");
    return KEHU_OK;
}

kehu_status kehu__dictionary_builder_add(kehu__dictionary_builder *b,
                                         const kehu__word *word, kehu_error *err)
{
    const size_t n_chars = b->n_chars;
    entry e = {.frequency = word->frequency,
               .order = (uint32_t)b->n,
               .line = word->line,
               .hard = word->hard,
               .spelled_at = (uint32_t)b->spelled.size,
               .spelled_size = (uint32_t)word->size};
    kehu_status status = fold_word(b, word, &e, err);
    if (status == KEHU_OK && b->spelled.size + word->size > INT32_MAX)
        status =
            kehu__fail(err, KEHU_LIMIT, word->line - 1, "the words take more than 2 GiB");
    if (status == KEHU_OK)
        status = tag_number(b, word->tag, &e.tag, word->line, err);
    if (status == KEHU_OK) {
        kehu__buffer_add(&b->spelled, word->bytes, word->size);
        if (b->spelled.failed || !kehu__grow(&b->alloc, &b->entries, &b->capacity,
                                             b->n + 1, sizeof *b->entries))
            status = kehu__no_memory(err, "the words");
    }
    if (status == KEHU_OK)
        b->entries[b->n++] = e;
    else
        b->n_chars = n_chars;
    return status;
}

/* Equal words together, equal spellings of them together, each by input order. */
static int by_labels(const void *x, const void *y, void *ctx)
{
    const kehu__dictionary_builder *t = ctx;
    const entry *a = x, *b = y;
    const uint32_t n = a->n_chars < b->n_chars ? a->n_chars : b->n_chars;
    const uint32_t size =
        a->spelled_size < b->spelled_size ? a->spelled_size : b->spelled_size;
    int spelled;
    for (uint32_t i = 0; i < n; i++)
        if (t->labels[a->at + i] != t->labels[b->at + i])
            return t->labels[a->at + i] < t->labels[b->at + i] ? -1 : 1;
    if (a->n_chars != b->n_chars)
        return a->n_chars < b->n_chars ? -1 : 1;
    spelled =
        memcmp(t->spelled.bytes + a->spelled_at, t->spelled.bytes + b->spelled_at, size);
    if (spelled != 0 || a->spelled_size != b->spelled_size)
        return spelled != 0 ? spelled : a->spelled_size < b->spelled_size ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static bool same_word(const kehu__dictionary_builder *b, const entry *x, const entry *y)
{
    return x->n_chars == y->n_chars && memcmp(b->labels + x->at, b->labels + y->at,
                                              x->n_chars * sizeof *b->labels) == 0;
}

static bool same_spelling(const kehu__dictionary_builder *b, const entry *x,
                          const entry *y)
{
    return x->spelled_size == y->spelled_size &&
           memcmp(b->spelled.bytes + x->spelled_at, b->spelled.bytes + y->spelled_at,
                  x->spelled_size) == 0;
}

static kehu_status refuse_repeated(const entry *first, const entry *again,
                                   kehu_error *err)
{
    if (again->frequency == first->frequency && again->tag == first->tag &&
        again->hard == first->hard)
        return KEHU_OK;
    return kehu__fail(err, KEHU_DUPLICATE, again->line - 1,
                      "line %lld: the word of line %lld again, with another frequency or "
                      "tag",
                      (long long)again->line, (long long)first->line);
}

/* What the equal words [i, end) come to. */
static kehu_status join_run(const kehu__dictionary_builder *b, size_t i, size_t end,
                            entry *joined, kehu_error *err)
{
    uint64_t sum = 0;
    bool hard = false, any = false;
    for (; i < end; i++) {
        const entry *e = &b->entries[i];
        const bool again = i + 1 < end && same_spelling(b, e, e + 1);
        if (again && b->repeated == KEHU__REPEATED_REFUSED)
            KEHU_TRY(refuse_repeated(e, e + 1, err));
        if (b->repeated == KEHU__REPEATED_WORD) {
            if (!any || e->order > joined->order)
                *joined = *e;
        } else if (!again || b->repeated == KEHU__REPEATED_COUNTED) {
            /* otherwise the last of its spelling */
            sum += e->frequency;
            hard |= e->hard;
            if (!any || e->frequency > joined->frequency)
                *joined = *e;
        }
        any |= !again || b->repeated == KEHU__REPEATED_WORD ||
               b->repeated == KEHU__REPEATED_COUNTED;
    }
    if (b->repeated != KEHU__REPEATED_WORD) {
        joined->hard = hard;
        joined->frequency =
            sum < KEHU__FREQUENCY_MAX ? (uint32_t)sum : KEHU__FREQUENCY_MAX;
    }
    return KEHU_OK;
}

/* One entry for each run of equal words. */
static kehu_status join_equal(kehu__dictionary_builder *b, kehu_error *err)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < b->n; i = end) {
        entry joined = {.at = 0};
        for (end = i + 1; end < b->n && same_word(b, &b->entries[i], &b->entries[end]);)
            end++;
        KEHU_TRY(join_run(b, i, end, &joined, err));
        b->entries[kept++] = joined;
    }
    b->n = kept;
    for (size_t i = 0; i < kept && !b->total_given; i++)
        b->total += b->entries[i].frequency;
    b->total += b->total == 0; /* all frequencies are 0: a list of words to remove */
    return KEHU_OK;
}

/* Characters by falling number of uses, then by code: numbers from 1 up. */
static kehu_status number_characters(kehu__dictionary_builder *b, uint16_t *label_of,
                                     kehu_error *err)
{
    const size_t n = b->n_chars;
    uint64_t *order = kehu__alloc(&b->alloc, 2 * n, sizeof *order);
    size_t used = 0;
    if (order == NULL)
        return kehu__no_memory(err, "the characters");
    for (size_t i = 0; i < n; i++)
        order[i] = b->chars[i];
    kehu__sort_u64(order, order + n, n);
    for (size_t i = 0, end; i < n; i = end) { /* a run becomes its length and code */
        const uint64_t c = order[i];
        for (end = i; end < n && order[end] == c; end++) {
        }
        order[used++] = (uint64_t)(UINT32_MAX - (uint32_t)(end - i)) << 32 | c;
    }
    kehu__sort_u64(order, order + n, used);
    for (size_t i = 0; i < used && i < UINT16_MAX; i++)
        label_of[(uint32_t)order[i]] = (uint16_t)(i + 1);
    for (size_t i = 0; i < n; i++)
        b->labels[i] = label_of[b->chars[i]];
    kehu__free(&b->alloc, order, 2 * n, sizeof *order);
    if (used > UINT16_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "the words use %zu different characters, %d is the most", used,
                          UINT16_MAX);
    return KEHU_OK;
}

/* PAGE and CHAR: every character gets the label of what it folds to. */
static uint32_t write_labels(uint16_t *label_of, kehu__buffer *pages,
                             kehu__buffer *labels)
{
    uint32_t n_pages = 1, from, to = 0;
    for (uint32_t i = 0; (from = kehu__traditional(i, &to)) != 0; i++)
        label_of[from] = label_of[to];
    for (uint32_t c = 0; c < FIRST_UNFOLDED; c++)
        label_of[c] = label_of[kehu__fold(c)];
    for (int i = 0; i < 256; i++)
        kehu__buffer_u16(labels, 0);
    for (uint32_t page = 0; page < N_PLANE_PAGES; page++) {
        const uint16_t *row = label_of + (size_t)page * 256;
        bool empty = true;
        for (int i = 0; i < 256; i++)
            empty = empty && row[i] == 0;
        kehu__buffer_u16(pages, (uint16_t)(empty ? 0 : n_pages));
        n_pages += !empty;
        for (int i = 0; i < 256 && !empty; i++)
            kehu__buffer_u16(labels, row[i]);
    }
    return n_pages;
}

static uint64_t value_key(const entry *e)
{
    return (uint64_t)!e->hard << 63 |
           (uint64_t)(KEHU__FREQUENCY_MAX - e->frequency) << 16 | e->tag;
}

/* COST, FREQ, TAGI: one value for each frequency and tag that occur together,
 * from frequent to rare, so that what texts use lies close together. */
static uint32_t write_values(kehu__dictionary_builder *b, uint64_t *keys, uint32_t *which,
                             kehu__buffer out[3])
{
    uint32_t n_values = 1;
    uint64_t last = 0;
    for (size_t i = 0; i < b->n; i++) {
        keys[i] = value_key(&b->entries[i]);
        which[i] = (uint32_t)i;
    }
    kehu__sort_pairs(keys, which, keys + b->n, which + b->n, b->n);
    kehu__buffer_u16(&out[0], 0); /* value 0 stands for no word */
    kehu__buffer_u32(&out[1], 0);
    kehu__buffer_u16(&out[2], 0);
    for (size_t i = 0; i < b->n; i++) {
        entry *e = &b->entries[which[i]];
        if (i == 0 || keys[i] != last) {
            const int32_t cost = e->hard
                                     ? KEHU__COST_HARD
                                     : kehu__dictionary_cost_of(b->total, e->frequency);
            kehu__buffer_u16(&out[0], (uint16_t)cost);
            kehu__buffer_u32(&out[1], e->frequency | (uint32_t)e->hard << 31);
            kehu__buffer_u16(&out[2], (uint16_t)e->tag);
            n_values++;
        }
        last = keys[i];
        e->value = n_values - 1;
    }
    return n_values;
}

static bool folds_to_itself(const kehu__dictionary_builder *b, const entry *e)
{
    const char *p = b->spelled.bytes + e->spelled_at, *end = p + e->spelled_size;
    while (p < end) {
        const uint32_t c = kehu__utf8_next(&p, end);
        if (kehu__fold_all(c) != c)
            return false;
    }
    return true;
}

/* SPEL and SPLT, by rising word id. */
static uint32_t write_spellings(const kehu__dictionary_builder *b, const uint32_t *places,
                                uint64_t *keys, uint32_t *which, kehu__buffer out[2])
{
    uint32_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (!folds_to_itself(b, &b->entries[i])) {
            keys[n] = places[i];
            which[n++] = (uint32_t)i;
        }
    kehu__sort_pairs(keys, which, keys + n, which + n, n);
    for (uint32_t i = 0; i < n; i++) {
        const entry *e = &b->entries[which[i]];
        kehu__buffer_add(&out[1], b->spelled.bytes + e->spelled_at, e->spelled_size);
        kehu__buffer_u32(&out[0], (uint32_t)keys[i]);
        kehu__buffer_u32(&out[0], (uint32_t)out[1].size);
    }
    return n;
}

/* Independent of how the file is laid out: words, frequencies, tags only. */
static uint64_t content_hash(const kehu__dictionary_builder *b)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        const entry *e = &b->entries[i];
        uint64_t h = kehu__hash(b->chars + e->at, e->n_chars * sizeof *b->chars, 1);
        h = kehu__hash(b->tags[e->tag], strlen(b->tags[e->tag]), h);
        sum += kehu__mix64(h ^ e->frequency ^ (uint64_t)e->hard << 32);
    }
    return kehu__mix64(sum + b->n);
}

enum { HEAD, PAGE, CHAR, TRIE, COST, FREQ, TAGI, TAGS, SPEL, SPLT, N_SECTIONS };

static void write_head(const kehu__dictionary_builder *b, const kehu__trie *trie,
                       const uint32_t counts[3], kehu__buffer *head)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->entries[i].n_chars > longest)
            longest = b->entries[i].n_chars;
    kehu__buffer_u32(head, counts[0]);
    kehu__buffer_u32(head, counts[1]);
    kehu__buffer_u32(head, (uint32_t)b->n_tags);
    kehu__buffer_u32(head, (uint32_t)b->n);
    kehu__buffer_u32(head, counts[2]);
    kehu__buffer_u32(head, longest);
    kehu__buffer_u32(head, trie->n_slots);
    kehu__buffer_u32(head, trie->slot_bytes);
    kehu__buffer_u32(head, trie->label_bits);
    kehu__buffer_u32(head, trie->base_bits);
    kehu__buffer_u32(head, trie->value_bits);
    kehu__buffer_u32(head, (uint32_t)kehu__dictionary_cost_of(b->total, 1));
    kehu__buffer_u64(head, b->total);
    kehu__buffer_u64(head, content_hash(b));
}

typedef struct build_scratch {
    uint16_t *label_of;
    kehu__trie_key *keys;
    uint32_t *places, *which;
    uint64_t *sort_keys;
} build_scratch;

static kehu_status build_sections(kehu__dictionary_builder *b, build_scratch *s,
                                  kehu__buffer *out, kehu_error *err)
{
    kehu__trie trie;
    uint32_t counts[3];
    KEHU_TRY(number_characters(b, s->label_of, err));
    kehu__sort(b->entries, b->n, sizeof *b->entries, by_labels, b);
    KEHU_TRY(join_equal(b, err));
    counts[0] = write_labels(s->label_of, &out[PAGE], &out[CHAR]);
    counts[1] = write_values(b, s->sort_keys, s->which, &out[COST]);
    for (size_t i = 0; i < b->n; i++)
        s->keys[i] = (kehu__trie_key){b->labels + b->entries[i].at, b->entries[i].n_chars,
                                      b->entries[i].value};
    KEHU_TRY(
        kehu__trie_build(&trie, &out[TRIE], s->places, s->keys, b->n, &b->alloc, err));
    counts[2] = write_spellings(b, s->places, s->sort_keys, s->which, &out[SPEL]);
    for (size_t i = 0; i < b->n_tags; i++)
        kehu__buffer_add(&out[TAGS], b->tags[i], strlen(b->tags[i]) + 1);
    write_head(b, &trie, counts, &out[HEAD]);
    return KEHU_OK;
}

kehu_status kehu__dictionary_build(kehu__dictionary_builder *b, kehu__buffer *out,
                                   kehu_error *err)
{
    static const char tags[N_SECTIONS][5] = {"HEAD", "PAGE", "CHAR", "TRIE", "COST",
                                             "FREQ", "TAGI", "TAGS", "SPEL", "SPLT"};
    const size_t n = b->n;
    kehu__buffer parts[N_SECTIONS];
    kehu__section sections[N_SECTIONS];
    build_scratch s;
    kehu_status status;
    if (n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "the dictionary has no word");
    for (int i = 0; i < N_SECTIONS; i++)
        parts[i] = kehu__buffer_new(&b->alloc);
    s.label_of = kehu__alloc_zero(&b->alloc, N_CODES, sizeof *s.label_of);
    s.keys = kehu__alloc(&b->alloc, n, sizeof *s.keys);
    s.places = kehu__alloc(&b->alloc, n, sizeof *s.places);
    s.which = kehu__alloc(&b->alloc, 2 * n, sizeof *s.which);
    s.sort_keys = kehu__alloc(&b->alloc, 2 * n, sizeof *s.sort_keys);
    b->labels = kehu__alloc(&b->alloc, b->n_chars, sizeof *b->labels);
    if (s.label_of == NULL || s.keys == NULL || s.places == NULL || s.which == NULL ||
        s.sort_keys == NULL || b->labels == NULL)
        status = kehu__no_memory(err, "building the dictionary");
    else
        status = build_sections(b, &s, parts, err);
    for (int i = 0; i < N_SECTIONS && status == KEHU_OK; i++) {
        if (parts[i].failed)
            status = kehu__no_memory(err, "building the dictionary");
        memcpy(sections[i].tag, tags[i], sizeof tags[i]);
        sections[i].bytes = parts[i].bytes;
        sections[i].size = parts[i].size;
    }
    if (status == KEHU_OK)
        kehu__container_build(out, "DIC2", sections, N_SECTIONS);
    if (status == KEHU_OK && out->failed)
        status = kehu__no_memory(err, "building the dictionary");

    kehu__free(&b->alloc, b->labels, b->n_chars, sizeof *b->labels);
    b->labels = NULL;
    kehu__free(&b->alloc, s.sort_keys, 2 * n, sizeof *s.sort_keys);
    kehu__free(&b->alloc, s.which, 2 * n, sizeof *s.which);
    kehu__free(&b->alloc, s.places, n, sizeof *s.places);
    kehu__free(&b->alloc, s.keys, n, sizeof *s.keys);
    kehu__free(&b->alloc, s.label_of, N_CODES, sizeof *s.label_of);
    for (int i = 0; i < N_SECTIONS; i++)
        kehu__buffer_free(&parts[i]);
    return status;
}
