/* The symbols of keywords: characters and words, numbered. */
#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "text/automaton_build.h"

/* Is the folded form of the word text[0 .. end) these bytes? */
static bool same_word(const char *folded, uint32_t size, const char *text,
                      const char *end)
{
    const char *f = folded, *f_end = folded + size;
    uint32_t c = kehu__fold(kehu__utf8_next(&text, end));
    while (c != 0 && f != f_end && kehu__utf8_next(&f, f_end) == c)
        c = kehu__word_next(&text, end);
    return c == 0 && f == f_end;
}

size_t kehu__keyword_normalize(char *out, const char *text, size_t size)
{
    const char *p = text, *end = text + size;
    size_t n = 0, symbols = 0;
    bool blank = false;
    while (p != end) {
        const char *at = p;
        const kehu__symbol s = kehu__symbol_next(&p, end);
        if (s.kind == KEHU__SYMBOL_BROKEN)
            return SIZE_MAX;
        if (s.kind == KEHU__SYMBOL_BLANK) {
            blank = n > 0;
            continue;
        }
        symbols += 1 + blank;
        if (symbols > KEHU__KEYWORD_SYMBOLS)
            return SIZE_MAX;
        if (blank)
            out[n++] = ' ';
        blank = false;
        n += (size_t)kehu__utf8_put(out + n, s.c);
        if (s.kind == KEHU__SYMBOL_WORD) {
            kehu__utf8_next(&at, p);
            for (uint32_t c; (c = kehu__word_next(&at, p)) != 0;)
                n += (size_t)kehu__utf8_put(out + n, c);
        }
    }
    out[n] = '\0';
    return n;
}

uint32_t kehu__word_code(const kehu__automaton *a, uint64_t hash, const char *text,
                         const char *end)
{
    if (a->n_slots == 0)
        return 0;
    for (uint32_t at = (uint32_t)hash & (a->n_slots - 1);;
         at = (at + 1) & (a->n_slots - 1)) {
        const kehu__symbol_word *w;
        if (a->slots[at] == 0)
            return 0;
        w = &a->words[a->slots[at] - 1];
        if (w->hash == hash && same_word(a->bytes + w->at, w->size, text, end))
            return a->n_characters + a->slots[at] - 1;
    }
}
static const char *keyword_start(const kehu__keyword_codes *b, uint32_t i)
{
    return b->a->bytes + b->starts[i];
}

static const char *keyword_end(const kehu__keyword_codes *b, uint32_t i)
{
    return b->a->bytes + b->starts[i + 1] - 1;
}

static void add_word(kehu__automaton *a, const kehu__symbol *s, const char *text,
                     const char *end)
{
    uint32_t at = (uint32_t)s->hash & (a->n_slots - 1);
    if (kehu__word_code(a, s->hash, text, end) != 0)
        return;
    while (a->slots[at] != 0)
        at = (at + 1) & (a->n_slots - 1);
    a->words[a->n_words] =
        (kehu__symbol_word){s->hash, (uint32_t)(text - a->bytes), (uint32_t)(end - text)};
    a->slots[at] = ++a->n_words;
}

/* False when refused. */
static bool add_character(kehu__automaton *a, uint32_t c)
{
    uint16_t *code;
    if (a->page_of[c >> 8] == 0) {
        uint16_t *pages = kehu__resize(&a->alloc, a->pages, (size_t)a->n_pages << 8,
                                       (size_t)(a->n_pages + 1) << 8, sizeof *pages);
        if (pages == NULL)
            return false;
        memset(pages + ((size_t)a->n_pages << 8), 0, 256 * sizeof *pages);
        a->pages = pages;
        a->page_of[c >> 8] = (uint16_t)a->n_pages++;
    }
    code = &a->pages[(size_t)a->page_of[c >> 8] << 8 | (c & 0xFF)];
    if (*code == 0)
        *code = (uint16_t)a->n_characters++;
    return true;
}

/* Number of symbols and of word symbols, repeats included. */
static void count_symbols(const kehu__keyword_codes *b, size_t *n_symbols,
                          size_t *n_words)
{
    *n_symbols = *n_words = 0;
    for (uint32_t i = 0; i < b->n; i++)
        for (const char *p = keyword_start(b, i); p != keyword_end(b, i);) {
            const kehu__symbol s = kehu__symbol_next(&p, keyword_end(b, i));
            ++*n_symbols;
            *n_words += s.kind == KEHU__SYMBOL_WORD;
        }
}

typedef struct counted {
    uint32_t code, n;
} counted;

static int by_falling_count(const void *left, const void *right, void *ctx)
{
    const counted *x = left, *y = right;
    (void)ctx;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Number the characters by falling count in the keywords: what is looked up often
 * then lies together. */
static kehu_status sort_characters(kehu__keyword_codes *b, kehu_error *err)
{
    kehu__automaton *a = b->a;
    const uint32_t n = a->n_characters;
    counted *order = kehu__alloc_zero(&a->alloc, n, sizeof *order);
    uint16_t *rank = kehu__alloc(&a->alloc, n, sizeof *rank);
    if (order != NULL && rank != NULL) {
        for (uint32_t i = 0; i < b->n; i++)
            for (const char *p = keyword_start(b, i); p != keyword_end(b, i);) {
                const kehu__symbol s = kehu__symbol_next(&p, keyword_end(b, i));
                if (s.kind != KEHU__SYMBOL_WORD)
                    order[kehu__character_code(a, s.c)].n++;
            }
        for (uint32_t code = 0; code < n; code++)
            order[code].code = code;
        kehu__sort(order + 1, n - 1, sizeof *order, by_falling_count, NULL);
        for (uint32_t code = 0; code < n; code++)
            rank[order[code].code] = (uint16_t)code;
        for (size_t i = 0; i < (size_t)a->n_pages << 8; i++)
            a->pages[i] = rank[a->pages[i]];
    }
    kehu__free(&a->alloc, order, n, sizeof *order);
    kehu__free(&a->alloc, rank, n, sizeof *rank);
    return order != NULL && rank != NULL
               ? KEHU_OK
               : kehu__no_memory(err, "the keywords' characters");
}

/* Pages whose characters are neither folded nor parts of words: Chinese, Hangul,
 * private use. */
static bool is_plain_page(uint32_t page)
{
    return (page >= 0x31 && page < 0xA6) || (page >= 0xAC && page < 0xD8) ||
           (page >= 0xE0 && page < 0xFB);
}

static uint16_t direct_code(const kehu__automaton *a, uint32_t c)
{
    const uint32_t folded = kehu__fold(c);
    /* Two bytes, or half a pair of UTF-16, are left out. */
    if ((c >= 0x80 && c < 0x800) || (c >= 0xD800 && c < 0xE000) ||
        kehu__word_character(folded) || kehu__blank(folded) || kehu__apostrophe(folded))
        return KEHU__NOT_DIRECT;
    return (uint16_t)kehu__character_code(a, folded);
}

static kehu_status make_direct(kehu__automaton *a, kehu_error *err)
{
    a->direct = kehu__alloc(&a->alloc, KEHU__DIRECT, sizeof *a->direct);
    if (a->direct == NULL)
        return kehu__no_memory(err, "the keywords' characters");
    for (uint32_t page = 0; page < KEHU__DIRECT >> 8; page++) {
        uint16_t *to = a->direct + ((size_t)page << 8);
        if (is_plain_page(page))
            memcpy(to, a->pages + ((size_t)a->page_of[page] << 8), 256 * sizeof *to);
        else
            for (uint32_t c = 0; c < 256; c++)
                to[c] = direct_code(a, page << 8 | c);
    }
    return KEHU_OK;
}

/* Give every character and word of the keywords its code. */
static kehu_status find_symbols(kehu__keyword_codes *b, kehu_error *err)
{
    kehu__automaton *a = b->a;
    size_t n_words;
    count_symbols(b, &b->n_codes, &n_words);
    if (b->n_codes > UINT32_MAX / 4)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "the keywords have %zu symbols, at most "
                          "%u are possible",
                          b->n_codes, UINT32_MAX / 4);
    a->n_pages = 1; /* the empty page */
    a->n_characters = 1;
    a->page_of = kehu__alloc_zero(&a->alloc, KEHU__CHARACTER_PAGES, sizeof *a->page_of);
    a->pages = kehu__alloc_zero(&a->alloc, 256, sizeof *a->pages);
    if (a->page_of == NULL || a->pages == NULL)
        return kehu__no_memory(err, "the keywords' characters");
    if (n_words > 0) {
        a->n_slots = 16;
        while (a->n_slots < 2 * n_words)
            a->n_slots *= 2;
        a->word_capacity = (uint32_t)n_words;
        a->slots = kehu__alloc_zero(&a->alloc, a->n_slots, sizeof *a->slots);
        a->words = kehu__alloc(&a->alloc, n_words, sizeof *a->words);
        if (a->slots == NULL || a->words == NULL)
            return kehu__no_memory(err, "the keywords' words");
    }
    for (uint32_t i = 0; i < b->n; i++)
        for (const char *p = keyword_start(b, i); p != keyword_end(b, i);) {
            const char *at = p;
            const kehu__symbol s = kehu__symbol_next(&p, keyword_end(b, i));
            if (s.kind == KEHU__SYMBOL_WORD)
                add_word(a, &s, at, p);
            else if (a->n_characters == UINT16_MAX)
                return kehu__fail(err, KEHU_LIMIT, -1,
                                  "the keywords have more than %d different characters",
                                  UINT16_MAX - 1);
            else if (!add_character(a, s.c))
                return kehu__no_memory(err, "the keywords' characters");
        }
    a->n_symbols = a->n_characters + a->n_words;
    KEHU_TRY(sort_characters(b, err));
    return make_direct(a, err);
}

static int by_codes(const void *left, const void *right, void *ctx)
{
    const kehu__keyword_codes *b = ctx;
    const uint32_t x = *(const uint32_t *)left, y = *(const uint32_t *)right;
    const uint32_t nx = b->first[x + 1] - b->first[x], ny = b->first[y + 1] - b->first[y];
    const uint32_t *p = b->codes + b->first[x], *q = b->codes + b->first[y];
    for (uint32_t i = 0; i < nx && i < ny; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return (nx > ny) - (nx < ny);
}

/* The keywords as codes, sorted: the keywords below a state lie side by side. */
static kehu_status encode(kehu__keyword_codes *b, kehu_error *err)
{
    const kehu_allocator *alloc = &b->a->alloc;
    uint32_t at = 0;
    b->codes = kehu__alloc(alloc, b->n_codes, sizeof *b->codes);
    b->first = kehu__alloc(alloc, (size_t)b->n + 1, sizeof *b->first);
    b->order = kehu__alloc(alloc, b->n, sizeof *b->order);
    if (b->codes == NULL || b->first == NULL || b->order == NULL)
        return kehu__no_memory(err, "the keywords");
    for (uint32_t i = 0; i < b->n; i++) {
        b->first[i] = at;
        b->order[i] = i;
        for (const char *p = keyword_start(b, i); p != keyword_end(b, i);)
            b->codes[at++] = kehu__automaton_symbol(b->a, &p, keyword_end(b, i));
    }
    b->first[b->n] = at;
    kehu__sort(b->order, b->n, sizeof *b->order, by_codes, b);
    return KEHU_OK;
}

kehu_status kehu__keyword_codes_make(kehu__keyword_codes *b, kehu_error *err)
{
    KEHU_TRY(find_symbols(b, err));
    return b->n > 0 ? encode(b, err) : KEHU_OK;
}

void kehu__keyword_codes_free(kehu__keyword_codes *b)
{
    const kehu_allocator *alloc = &b->a->alloc;
    kehu__free(alloc, b->codes, b->n_codes, sizeof *b->codes);
    kehu__free(alloc, b->first, (size_t)b->n + 1, sizeof *b->first);
    kehu__free(alloc, b->order, b->n, sizeof *b->order);
}
