#include <string.h>

#include "base/hash.h"
#include "base/maths.h"
#include "base/sort.h"
#include "text/duplicate.h"

enum { MOST_HASHES = 128, TEXTS_A_TASK = 4096, NEAR = 32, HEADS = 32 };

/* Texts with their keys, sorted so that equal keys stand together. */
typedef struct keyed {
    size_t n;
    uint64_t *keys, *key_scratch;
    uint32_t *texts, *text_scratch;
} keyed;

static bool keyed_new(keyed *k, size_t n, const kehu_allocator *a)
{
    *k = (keyed){.n = n};
    k->keys = kehu__alloc(a, n, sizeof *k->keys);
    k->key_scratch = kehu__alloc(a, n, sizeof *k->key_scratch);
    k->texts = kehu__alloc(a, n, sizeof *k->texts);
    k->text_scratch = kehu__alloc(a, n, sizeof *k->text_scratch);
    return n == 0 || (k->keys != NULL && k->key_scratch != NULL && k->texts != NULL &&
                      k->text_scratch != NULL);
}

static void keyed_free(keyed *k, size_t n, const kehu_allocator *a)
{
    kehu__free(a, k->keys, n, sizeof *k->keys);
    kehu__free(a, k->key_scratch, n, sizeof *k->key_scratch);
    kehu__free(a, k->texts, n, sizeof *k->texts);
    kehu__free(a, k->text_scratch, n, sizeof *k->text_scratch);
}

static size_t run_end(const keyed *k, size_t from)
{
    size_t to = from + 1;
    while (to < k->n && k->keys[to] == k->keys[from])
        to++;
    return to;
}

/* ---- Equal sets ------------------------------------------------------------- */

static bool same_set(const kehu__shingles *s, uint32_t a, uint32_t b)
{
    return s->sizes[a] == s->sizes[b] &&
           memcmp(s->items + s->starts[a], s->items + s->starts[b],
                  (size_t)s->sizes[a] * sizeof *s->items) == 0;
}

kehu_status kehu__duplicate_forms(const kehu__shingles *s, uint32_t *form,
                                  kehu_error *err)
{
    const size_t n = (size_t)s->n;
    keyed k;
    kehu_status status = KEHU_OK;
    if (!keyed_new(&k, n, &s->alloc)) {
        status = kehu__no_memory(err, "texts");
        goto done;
    }
    k.n = 0;
    for (size_t i = 0; i < n; i++) {
        form[i] = (uint32_t)i;
        if (s->sizes[i] == 0)
            continue;
        k.keys[k.n] = kehu__hash(s->items + s->starts[i],
                                 (size_t)s->sizes[i] * sizeof *s->items, 0);
        k.texts[k.n++] = (uint32_t)i;
    }
    kehu__sort_pairs(k.keys, k.texts, k.key_scratch, k.text_scratch, k.n);
    for (size_t from = 0, to; from < k.n; from = to) {
        to = run_end(&k, from);
        for (size_t i = from + 1; i < to; i++)
            for (size_t j = from; j < i; j++)
                if (form[k.texts[j]] == k.texts[j] &&
                    same_set(s, k.texts[j], k.texts[i])) {
                    form[k.texts[i]] = k.texts[j];
                    break;
                }
    }
done:
    keyed_free(&k, n, &s->alloc);
    return status;
}

/* ---- Similar sets ----------------------------------------------------------- */

typedef struct linking {
    const kehu__shingles *s;
    uint32_t *group; /* the parent of a text, its group's first text at the root */
    const uint32_t *forms;
    keyed k;
    double similarity;
    uint32_t n_bands, n_rows, band;
} linking;

/* As many rows a band as the hashes allow while a pair that is just similar enough is
 * missed with a chance below 1 in 1,000. */
static void choose_bands(linking *l)
{
    double together = 1; /* the chance that such a pair agrees in one band */
    for (uint32_t rows = 1; rows <= MOST_HASHES; rows++) {
        double bands;
        together *= l->similarity;
        bands = kehu__log(1e-3) / kehu__log1p(-together);
        if (rows > 1 && (bands + 1) * rows > MOST_HASHES)
            break;
        l->n_rows = rows;
        l->n_bands = (uint32_t)bands + 1;
    }
}

/* The key of a set for one band: of n_rows hashes the least over its items. */
static uint64_t band_key(const linking *l, uint32_t text)
{
    const uint64_t *const items = l->s->items + l->s->starts[text];
    const int64_t n = l->s->sizes[text];
    uint64_t key = 0;
    for (uint32_t r = 0; r < l->n_rows; r++) {
        const uint64_t number = (uint64_t)l->band * l->n_rows + r;
        const uint64_t add = kehu__mix64(2 * number),
                       by = kehu__mix64(2 * number + 1) | 1;
        uint64_t least = UINT64_MAX;
        for (int64_t i = 0; i < n; i++) {
            const uint64_t h = (items[i] ^ add) * by;
            least = h < least ? h : least;
        }
        key = kehu__mix64(key ^ least);
    }
    return key;
}

static void fill_keys(void *arg, int64_t task)
{
    linking *l = arg;
    const size_t from = (size_t)task * TEXTS_A_TASK;
    for (size_t i = from; i < from + TEXTS_A_TASK && i < l->k.n; i++) {
        l->k.texts[i] = l->forms[i];
        l->k.keys[i] = band_key(l, l->forms[i]);
    }
}

static uint32_t root_of(uint32_t *group, uint32_t i)
{
    while (group[i] != i)
        i = group[i] = group[group[i]];
    return i;
}

/* Join the two texts' groups if they are similar; true if they now are one. */
static bool join(linking *l, uint32_t a, uint32_t b)
{
    const uint32_t x = root_of(l->group, a), y = root_of(l->group, b);
    const int64_t n = l->s->sizes[a], m = l->s->sizes[b];
    if (x == y)
        return true;
    if ((double)(n < m ? n : m) / (double)(n < m ? m : n) < l->similarity ||
        kehu__shingles_jaccard(l->s, a, b) < l->similarity)
        return false;
    l->group[x < y ? y : x] = x < y ? x : y;
    return true;
}

/* Texts that agree in a band: each is compared with those right before it and with
 * heads, the first ones that were like no head before them. */
static void join_run(linking *l, const uint32_t *texts, size_t n)
{
    uint32_t heads[HEADS];
    size_t n_heads = 0;
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t h = 0; h < n_heads; h++)
            found = join(l, heads[h], texts[i]) || found;
        if (!found && n_heads < HEADS)
            heads[n_heads++] = texts[i];
        for (size_t j = i < NEAR ? 0 : i - NEAR; j < i; j++)
            (void)join(l, texts[j], texts[i]);
    }
}

static kehu_status link_bands(linking *l, const kehu__run *run, kehu_error *err)
{
    const int64_t n_tasks = ((int64_t)l->k.n + TEXTS_A_TASK - 1) / TEXTS_A_TASK;
    for (l->band = 0; l->band < l->n_bands; l->band++) {
        KEHU_TRY(
            kehu__progress(run, (double)l->band / l->n_bands, "comparing texts", err));
        kehu__parallel(run, n_tasks, fill_keys, l);
        kehu__sort_pairs(l->k.keys, l->k.texts, l->k.key_scratch, l->k.text_scratch,
                         l->k.n);
        for (size_t from = 0, to; from < l->k.n; from = to) {
            to = run_end(&l->k, from);
            if (to - from > 1)
                join_run(l, l->k.texts + from, to - from);
        }
    }
    return KEHU_OK;
}

kehu_status kehu__duplicate_link(const kehu__shingles *s, const uint32_t *form,
                                 uint32_t *group, double similarity, const kehu__run *run,
                                 kehu_error *err)
{
    linking l = {.s = s, .group = group, .similarity = similarity};
    uint32_t *forms = NULL;
    size_t n_forms = 0, n = 0;
    kehu_status status = KEHU_OK;
    for (int64_t i = 0; i < s->n; i++) {
        group[i] = form[i];
        n_forms += form[i] == i && s->sizes[i] > 0;
    }
    if (n_forms < 2 || similarity >= 1)
        return KEHU_OK;
    forms = kehu__alloc(&s->alloc, n_forms, sizeof *forms);
    if (!keyed_new(&l.k, n_forms, &s->alloc) || forms == NULL) {
        status = kehu__no_memory(err, "texts");
        goto done;
    }
    for (int64_t i = 0; i < s->n; i++)
        if (form[i] == i && s->sizes[i] > 0)
            forms[n++] = (uint32_t)i;
    l.forms = forms;
    choose_bands(&l);
    status = link_bands(&l, run, err);
    for (int64_t i = 0; i < s->n && status == KEHU_OK; i++)
        group[i] = root_of(group, (uint32_t)i);
done:
    keyed_free(&l.k, n_forms, &s->alloc);
    kehu__free(&s->alloc, forms, n_forms, sizeof *forms);
    return status;
}
