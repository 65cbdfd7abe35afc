#include "base/hash.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "text/duplicate.h"
#include "text/normalize.h"
#include "text/symbol.h"

enum { TEXTS_A_TASK = 512, FEW = 96, LONGEST = 16 };

typedef struct building {
    kehu__shingles *s;
    const kehu_column *texts;
    uint32_t length;
} building;

/* The next character that counts, its traditional form kept; 0 at the end. */
static uint32_t next_character(const char **p, const char *end)
{
    while (*p < end) {
        const uint32_t c = kehu__fold(kehu__utf8_next(p, end));
        if (!kehu__blank(c) && c != 0)
            return c == KEHU__BAD_BYTE ? 0xFFFD : c;
    }
    return 0;
}

static void count_texts(void *arg, int64_t task)
{
    const building *b = arg;
    const int64_t from = task * TEXTS_A_TASK, to = from + TEXTS_A_TASK;
    for (int64_t i = from; i < to && i < b->s->n; i++) {
        const kehu__text t = kehu__column_text(b->texts, i);
        const char *p = t.bytes, *const end = p + t.size;
        int64_t n = 0;
        while (p < end && next_character(&p, end) != 0)
            n++;
        b->s->sizes[i] = n < b->length ? n > 0 : n - b->length + 1;
    }
}

static int by_item(const void *a, const void *b, void *ctx)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

static void sort_items(uint64_t *items, int64_t n)
{
    if (n > FEW) {
        kehu__sort(items, (size_t)n, sizeof *items, by_item, NULL);
        return;
    }
    for (int64_t i = 1; i < n; i++) {
        const uint64_t x = items[i];
        int64_t j = i;
        for (; j > 0 && items[j - 1] > x; j--)
            items[j] = items[j - 1];
        items[j] = x;
    }
}

static int64_t drop_doubles(uint64_t *items, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || items[i] != items[i - 1])
            items[kept++] = items[i];
    return kept;
}

/* One number for the `count` characters that end with window[last]. */
static uint64_t shingle_of(const uint32_t *window, uint32_t last, uint32_t count)
{
    uint64_t key = 0;
    for (uint32_t k = count; k-- > 0;) {
        const uint32_t c = window[(last + LONGEST - k) % LONGEST];
        key = count > 3 ? kehu__mix64(key ^ c) : key << 21 | c;
    }
    return kehu__mix64(key);
}

static void fill_texts(void *arg, int64_t task)
{
    const building *b = arg;
    const int64_t from = task * TEXTS_A_TASK, to = from + TEXTS_A_TASK;
    for (int64_t i = from; i < to && i < b->s->n; i++) {
        const kehu__text t = kehu__column_text(b->texts, i);
        const char *p = t.bytes, *const end = p + t.size;
        uint64_t *const items = b->s->items + b->s->starts[i];
        uint32_t window[LONGEST] = {0}, seen = 0, at = 0, c;
        int64_t n = 0;
        while (p < end && (c = next_character(&p, end)) != 0) {
            window[at = (at + 1) % LONGEST] = kehu__simplify(c);
            seen += seen < b->length;
            if (seen == b->length)
                items[n++] = shingle_of(window, at, seen);
        }
        if (n == 0 && seen > 0)
            items[n++] = shingle_of(window, at, seen);
        sort_items(items, n);
        b->s->sizes[i] = drop_doubles(items, n);
    }
}

kehu_status kehu__shingles_build(kehu__shingles *out, const kehu_column *texts,
                                 uint32_t length, const kehu__run *run,
                                 const kehu_allocator *alloc, kehu_error *err)
{
    const int64_t n = texts->length, n_tasks = (n + TEXTS_A_TASK - 1) / TEXTS_A_TASK;
    building b = {out, texts, length};
    *out = (kehu__shingles){.alloc = *alloc, .n = n};
    out->starts = kehu__alloc_zero(alloc, (size_t)n + 1, sizeof *out->starts);
    out->sizes = kehu__alloc_zero(alloc, (size_t)n + 1, sizeof *out->sizes);
    if (out->starts == NULL || out->sizes == NULL)
        return kehu__no_memory(err, "texts");
    kehu__parallel(run, n_tasks, count_texts, &b);
    for (int64_t i = 0; i < n; i++)
        out->starts[i + 1] = out->starts[i] + out->sizes[i];
    if (out->starts[n] == 0)
        return KEHU_OK;
    if ((uint64_t)out->starts[n] > SIZE_MAX / sizeof *out->items)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "texts has %lld shingles, more than fit in memory",
                          (long long)out->starts[n]);
    out->items = kehu__alloc(alloc, (size_t)out->starts[n], sizeof *out->items);
    if (out->items == NULL)
        return kehu__no_memory(err, "shingles");
    kehu__parallel(run, n_tasks, fill_texts, &b);
    return KEHU_OK;
}

void kehu__shingles_free(kehu__shingles *s)
{
    if (s->items != NULL)
        kehu__free(&s->alloc, s->items, (size_t)s->starts[s->n], sizeof *s->items);
    kehu__free(&s->alloc, s->starts, (size_t)s->n + 1, sizeof *s->starts);
    kehu__free(&s->alloc, s->sizes, (size_t)s->n + 1, sizeof *s->sizes);
}

double kehu__shingles_jaccard(const kehu__shingles *s, int64_t a, int64_t b)
{
    const uint64_t *x = s->items + s->starts[a], *y = s->items + s->starts[b];
    const uint64_t *const x_end = x + s->sizes[a], *const y_end = y + s->sizes[b];
    int64_t both = 0;
    while (x < x_end && y < y_end) {
        const uint64_t p = *x, q = *y;
        both += p == q;
        x += p <= q;
        y += q <= p;
    }
    return (double)both / (double)(s->sizes[a] + s->sizes[b] - both);
}
