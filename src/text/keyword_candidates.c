#include "text/keyword_candidates.h"

#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "data/column.h"
#include "text/automaton.h"

#define NONE    UINT32_MAX          /* no term, no symbol */
#define IS_WORD (UINT32_C(1) << 31) /* of a symbol that is a word */
enum {
    REPORT = 4096, /* texts between two reports */
    MAX_WORDS = 2  /* in a term */
};

/* Keys to numbers 0, 1, 2, ... as they come, by open addressing. */
typedef struct numbering {
    kehu_allocator alloc;
    uint64_t *keys; /* [n_slots] */
    uint32_t *ids;  /* [n_slots] number + 1; 0 is a free slot */
    size_t n_slots, n;
} numbering;

static void numbering_free(numbering *m)
{
    kehu__free(&m->alloc, m->keys, m->n_slots, sizeof *m->keys);
    kehu__free(&m->alloc, m->ids, m->n_slots, sizeof *m->ids);
}

static bool numbering_grow(numbering *m)
{
    numbering wider = {
        .alloc = m->alloc, .n_slots = m->n_slots == 0 ? 1024 : m->n_slots * 2, .n = m->n};
    wider.keys = kehu__alloc(&m->alloc, wider.n_slots, sizeof *wider.keys);
    wider.ids = kehu__alloc_zero(&m->alloc, wider.n_slots, sizeof *wider.ids);
    if (wider.keys == NULL || wider.ids == NULL) {
        numbering_free(&wider);
        return false;
    }
    for (size_t i = 0; i < m->n_slots; i++)
        if (m->ids[i] != 0) {
            size_t at = (size_t)kehu__mix64(m->keys[i]) & (wider.n_slots - 1);
            while (wider.ids[at] != 0)
                at = (at + 1) & (wider.n_slots - 1);
            wider.keys[at] = m->keys[i];
            wider.ids[at] = m->ids[i];
        }
    numbering_free(m);
    *m = wider;
    return true;
}

/* The number of a key, a new one if need be; NONE when memory is refused. */
static uint32_t number_of(numbering *m, uint64_t key)
{
    size_t at;
    if (2 * (m->n + 1) > m->n_slots && !numbering_grow(m))
        return NONE;
    at = (size_t)kehu__mix64(key) & (m->n_slots - 1);
    while (m->ids[at] != 0) {
        if (m->keys[at] == key)
            return m->ids[at] - 1;
        at = (at + 1) & (m->n_slots - 1);
    }
    m->keys[at] = key;
    m->ids[at] = (uint32_t)++m->n;
    return (uint32_t)m->n - 1;
}

/* Signs are terms by themselves, but not part of longer ones. */
static bool is_sign(uint32_t c)
{
    return c < 0x80 || (c >= 0xA1 && c < 0xC0) || c == 0xD7 || c == 0xF7 ||
           (c >= 0x2000 && c < 0x2E80 && !(c >= 0x2600 && c < 0x27C0)) ||
           (c >= 0x3000 && c < 0x3005) || (c >= 0x3008 && c < 0x3021) || c == 0x30FB ||
           (c >= 0xFE00 && c < 0xFE70) || (c >= 0xFF00 && c < 0xFF66) || c >= 0xFFF0;
}

static bool add_symbol(kehu__candidates *t, uint32_t s)
{
    if (!kehu__grow(&t->alloc, &t->symbols, &t->symbol_capacity, t->n_symbols + 1,
                    sizeof *t->symbols))
        return false;
    t->symbols[t->n_symbols++] = s;
    return true;
}

/* Note the folded text of symbol number n_names. */
static bool add_name(kehu__candidates *t, const char *text, const char *end)
{
    const size_t size = (size_t)(end - text);
    char *room;
    if (!kehu__grow(&t->alloc, &t->name_at, &t->name_capacity, t->n_names + 2,
                    sizeof *t->name_at))
        return false;
    t->name_at[0] = 0;
    room = kehu__buffer_room(&t->names, size + 1);
    if (room == NULL)
        return false;
    t->names.size -= size + 1;
    t->names.size += kehu__keyword_normalize(room, text, size);
    t->name_at[++t->n_names] = (uint32_t)t->names.size;
    return true;
}

/* Ends what may be a term, if something has begun. */
static bool part(kehu__candidates *t, size_t first)
{
    return t->n_symbols == first || t->symbols[t->n_symbols - 1] == NONE ||
           add_symbol(t, NONE);
}

/* The symbols of one text; terms do not reach across a NONE. Signs stand alone. */
static bool read_text(kehu__candidates *t, numbering *m, kehu__text text)
{
    const char *p = text.bytes, *end = p + text.size;
    const size_t first = t->n_symbols;
    bool word_before = false, blank = false;
    while (p < end) {
        const char *at = p;
        const kehu__symbol s = kehu__symbol_next(&p, end);
        const bool word = s.kind == KEHU__SYMBOL_WORD;
        const bool sign = s.kind == KEHU__SYMBOL_CHARACTER && is_sign(s.c);
        /* Control characters cannot stand in the file. */
        const bool unusable = s.kind == KEHU__SYMBOL_BROKEN || s.c < 0x20 || s.c == 0x7F;
        uint32_t id;
        if (s.kind == KEHU__SYMBOL_BLANK) {
            blank = true;
            continue;
        }
        /* A blank joins two words, and parts all else. */
        if ((sign || s.kind == KEHU__SYMBOL_BROKEN ||
             (blank && !(word && word_before))) &&
            !part(t, first))
            return false;
        word_before = word;
        blank = false;
        if (unusable)
            continue;
        id = number_of(m, word ? s.hash | (uint64_t)1 << 63 : s.c);
        if (id == NONE || (id == t->n_names && !add_name(t, at, p)) ||
            !add_symbol(t, word ? id | IS_WORD : id) || (sign && !part(t, first)))
            return false;
    }
    t->n_empty += t->n_symbols == first;
    return add_symbol(t, NONE);
}

static kehu_status read_texts(kehu__candidates *t, const kehu_column *texts,
                              const kehu__run *run, kehu_error *err)
{
    numbering m = {.alloc = t->alloc};
    kehu_status status = KEHU_OK;
    t->n_texts = texts->length;
    t->text_at = kehu__alloc(&t->alloc, (size_t)t->n_texts + 1, sizeof *t->text_at);
    if (t->text_at == NULL)
        return kehu__no_memory(err, "the texts");
    t->text_at[0] = 0;
    for (int64_t i = 0; i < t->n_texts && status == KEHU_OK; i++) {
        if (i % REPORT == 0)
            status =
                kehu__progress(run, 0.1 * (double)i / (double)t->n_texts, "read", err);
        if (status == KEHU_OK && !read_text(t, &m, kehu__column_text(texts, i)))
            status = kehu__no_memory(err, "the texts");
        if (status == KEHU_OK && t->n_symbols > UINT32_MAX - 2)
            status = kehu__fail(err, KEHU_LIMIT, i,
                                "the texts up to row %lld have more than %u characters",
                                (long long)i, UINT32_MAX - 2);
        t->text_at[i + 1] = (int64_t)t->n_symbols;
    }
    numbering_free(&m);
    return status;
}

/* What is counted of a possible term. */
typedef struct tally {
    uint32_t df, last_text; /* text number + 1 */
    uint32_t at;
} tally;

typedef struct tallies {
    tally *items;
    size_t n, capacity;
} tallies;

static bool is_word(uint32_t symbol)
{
    return symbol != NONE && (symbol & IS_WORD) != 0;
}

/* The key of the possible term of n symbols at place i: its first and its last
 * n - 1 symbols must be terms. */
static bool key_at(const kehu__candidates *t, uint32_t n, size_t i, uint64_t *key)
{
    uint32_t left, right;
    if (n == 1) {
        *key = t->symbols[i];
        return t->symbols[i] != NONE;
    }
    left = t->level[n - 2][i];
    right = i + 1 < t->n_symbols ? t->level[n - 2][i + 1] : NONE;
    if (left == NONE || right == NONE ||
        t->terms[left].n_words + is_word(t->symbols[i + n - 1]) > MAX_WORDS)
        return false;
    *key = (uint64_t)left << 32 | right;
    return true;
}

/* Number the possible terms of n symbols in level[n - 1] and count their texts. */
static kehu_status count_level(kehu__candidates *t, tallies *c, uint32_t n,
                               const kehu__run *run, double done, double share,
                               kehu_error *err)
{
    numbering m = {.alloc = t->alloc};
    uint32_t *level = t->level[n - 1];
    kehu_status status = KEHU_OK;
    c->n = 0;
    for (int64_t text = 0; text < t->n_texts && status == KEHU_OK; text++) {
        if (text % REPORT == 0)
            status = kehu__progress(run, done + share * (double)text / (double)t->n_texts,
                                    "count", err);
        for (int64_t i = t->text_at[text]; i < t->text_at[text + 1]; i++) {
            uint64_t key;
            uint32_t id = NONE;
            tally *one;
            if (key_at(t, n, (size_t)i, &key)) {
                id = number_of(&m, key);
                if (id == NONE || !kehu__grow(&t->alloc, &c->items, &c->capacity,
                                              (size_t)id + 1, sizeof *c->items)) {
                    status = kehu__no_memory(err, "the candidates");
                    break;
                }
                one = &c->items[id];
                if (id == c->n) {
                    *one = (tally){.at = (uint32_t)i};
                    c->n++;
                }
                one->df += one->last_text != (uint32_t)text + 1;
                one->last_text = (uint32_t)text + 1;
            }
            level[i] = id;
        }
    }
    numbering_free(&m);
    return status;
}

/* Make terms of those counted often enough, and put their numbers in the level. */
static bool keep_frequent(kehu__candidates *t, tallies *c, uint32_t n, uint32_t min_df)
{
    uint32_t *level = t->level[n - 1];
    for (size_t id = 0; id < c->n; id++) {
        tally *one = &c->items[id];
        kehu__candidate_term term = {
            .df = one->df, .at = one->at, .n_symbols = (uint8_t)n};
        if (one->df < min_df) {
            one->last_text = NONE;
            continue;
        }
        if (!kehu__grow(&t->alloc, &t->terms, &t->term_capacity, t->n_terms + 1,
                        sizeof *t->terms))
            return false;
        term.prefix = n == 1 ? NONE : t->level[n - 2][one->at];
        term.suffix = n == 1 ? NONE : t->level[n - 2][one->at + 1];
        term.n_words = (uint8_t)((n == 1 ? 0 : t->terms[term.prefix].n_words) +
                                 is_word(t->symbols[one->at + n - 1]));
        one->last_text = (uint32_t)t->n_terms;
        t->terms[t->n_terms++] = term;
    }
    for (size_t i = 0; i < t->n_symbols; i++)
        if (level[i] != NONE)
            level[i] = c->items[level[i]].last_text;
    return true;
}

static int by_falling_df(const void *a, const void *b, void *ctx)
{
    const kehu__candidates *t = ctx;
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (t->terms[x].df != t->terms[y].df)
        return t->terms[x].df > t->terms[y].df ? -1 : 1;
    return (x > y) - (x < y);
}

/* Choose the terms that get a column, and number the columns. */
static kehu_status make_columns(kehu__candidates *t, uint32_t **column_of,
                                kehu_error *err)
{
    uint32_t n = 0, *column;
    *column_of = column = kehu__alloc_zero(&t->alloc, t->n_terms + 1, sizeof *column);
    t->order = kehu__alloc(&t->alloc, t->n_terms + 1, sizeof *t->order);
    if (column == NULL || t->order == NULL)
        return kehu__no_memory(err, "the candidates");
    for (size_t i = 0; i < t->n_terms; i++) {
        const kehu__candidate_term *term = &t->terms[i];
        if (term->n_symbols > 1) {
            if (t->terms[term->prefix].df == term->df)
                column[term->prefix] = NONE;
            if (t->terms[term->suffix].df == term->df)
                column[term->suffix] = NONE;
        }
    }
    for (uint32_t i = 0; i < t->n_terms; i++)
        if (column[i] != NONE)
            t->order[n++] = i;
    kehu__sort(t->order, n, sizeof *t->order, by_falling_df, t);
    for (uint32_t c = 0; c < n; c++)
        column[t->order[c]] = c;
    t->rows.n_columns = n;
    return KEHU_OK;
}

static int by_number(const void *a, const void *b, void *ctx)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

static kehu_status make_rows(kehu__candidates *t, const uint32_t *column_of,
                             uint32_t max_symbols, kehu_error *err)
{
    t->starts = kehu__alloc(&t->alloc, (size_t)t->n_texts + 1, sizeof *t->starts);
    if (t->starts == NULL)
        return kehu__no_memory(err, "the rows");
    t->starts[0] = 0;
    for (int64_t text = 0; text < t->n_texts; text++) {
        const size_t first = t->n_entries;
        size_t n = first;
        const int64_t places = t->text_at[text + 1] - t->text_at[text];
        if (!kehu__grow(&t->alloc, &t->columns, &t->column_capacity,
                        first + (size_t)places * max_symbols, sizeof *t->columns))
            return kehu__no_memory(err, "the rows");
        for (uint32_t level = 0; level < max_symbols; level++)
            for (int64_t i = t->text_at[text]; i < t->text_at[text + 1]; i++) {
                const uint32_t term = t->level[level][i];
                if (term != NONE && column_of[term] != NONE)
                    t->columns[n++] = column_of[term];
            }
        kehu__sort(t->columns + first, n - first, sizeof *t->columns, by_number, NULL);
        for (size_t i = first; i < n; i++)
            if (i == first || t->columns[i] != t->columns[i - 1])
                t->columns[t->n_entries++] = t->columns[i];
        t->starts[text + 1] = (int64_t)t->n_entries;
    }
    t->values = kehu__alloc(&t->alloc, t->n_entries + 1, sizeof *t->values);
    if (t->values == NULL)
        return kehu__no_memory(err, "the rows");
    for (size_t i = 0; i < t->n_entries; i++)
        t->values[i] = 1;
    t->rows.n_rows = t->n_texts;
    t->rows.starts = t->starts;
    t->rows.columns = t->columns;
    t->rows.values = t->values;
    return KEHU_OK;
}

static kehu_status count(kehu__candidates *t, const kehu_column *texts, uint32_t min_df,
                         uint32_t max_symbols, const kehu__run *run, kehu_error *err)
{
    tallies c = {.n = 0};
    uint32_t *column_of = NULL;
    kehu_status status = read_texts(t, texts, run, err);
    for (uint32_t n = 1; n <= max_symbols && status == KEHU_OK; n++) {
        t->level[n - 1] = kehu__alloc(&t->alloc, t->n_symbols, sizeof *t->level[n - 1]);
        if (t->level[n - 1] == NULL && t->n_symbols > 0)
            status = kehu__no_memory(err, "the candidates");
        else
            status = count_level(t, &c, n, run, 0.1 + 0.9 * (double)(n - 1) / max_symbols,
                                 0.9 / max_symbols, err);
        if (status == KEHU_OK && !keep_frequent(t, &c, n, min_df))
            status = kehu__no_memory(err, "the candidates");
    }
    if (status == KEHU_OK)
        status = make_columns(t, &column_of, err);
    if (status == KEHU_OK)
        status = make_rows(t, column_of, max_symbols, err);
    kehu__free(&t->alloc, c.items, c.capacity, sizeof *c.items);
    kehu__free(&t->alloc, column_of, t->n_terms + 1, sizeof *column_of);
    return status;
}

kehu_status kehu__candidates_count(kehu__candidates *t, const kehu_column *texts,
                                   uint32_t min_df, uint32_t max_symbols,
                                   const kehu__run *run, const kehu_allocator *alloc,
                                   kehu_error *err)
{
    kehu_status status;
    *t = (kehu__candidates){.alloc = *alloc, .names = kehu__buffer_new(alloc)};
    status = count(t, texts, min_df, max_symbols, run, err);
    if (status != KEHU_OK)
        kehu__candidates_free(t);
    return status;
}

void kehu__candidates_free(kehu__candidates *t)
{
    const kehu_allocator *a = &t->alloc;
    kehu__free(a, t->terms, t->term_capacity, sizeof *t->terms);
    kehu__free(a, t->symbols, t->symbol_capacity, sizeof *t->symbols);
    kehu__free(a, t->text_at, (size_t)t->n_texts + 1, sizeof *t->text_at);
    kehu__free(a, t->name_at, t->name_capacity, sizeof *t->name_at);
    kehu__free(a, t->order, t->n_terms + 1, sizeof *t->order);
    kehu__free(a, t->starts, (size_t)t->n_texts + 1, sizeof *t->starts);
    kehu__free(a, t->columns, t->column_capacity, sizeof *t->columns);
    kehu__free(a, t->values, t->n_entries + 1, sizeof *t->values);
    for (int n = 0; n < KEHU__CANDIDATE_SYMBOLS; n++)
        kehu__free(a, t->level[n], t->n_symbols, sizeof *t->level[n]);
    kehu__buffer_free(&t->names);
    *t = (kehu__candidates){.alloc = *a};
}

void kehu__candidates_text(const kehu__candidates *t, uint32_t term, kehu__buffer *to)
{
    const uint32_t *s = t->symbols + t->terms[term].at;
    for (uint32_t i = 0; i < t->terms[term].n_symbols; i++) {
        const uint32_t name = s[i] & ~IS_WORD;
        if (i > 0 && is_word(s[i]) && is_word(s[i - 1]))
            kehu__buffer_u8(to, ' ');
        kehu__buffer_add(to, t->names.bytes + t->name_at[name],
                         t->name_at[name + 1] - t->name_at[name]);
    }
    kehu__buffer_u8(to, 0);
}
