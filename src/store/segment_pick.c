/* Rows in order lie all over their sets: what is wanted soon is prefetched, and what the
 * places tell by themselves (customers, times) is not looked up. */
#include "store/segment_pick.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/prefetch.h"

enum { AHEAD = 16 };

static kehu__source source_of(const kehu__vector *v)
{
    return v == NULL ? (kehu__source){0}
                     : (kehu__source){v->values.any,
                                      v->n_missing == 0 ? NULL : v->missing, v->bytes};
}

bool kehu__picker_begin(kehu__picker *p, const kehu__segment_writer *w,
                        const kehu__rows *sets, size_t n_sets)
{
    const size_t n = w->block.n_columns;
    *p = (kehu__picker){.sets = sets, .n_sets = n_sets, .n_columns = n};
    for (size_t c = 0; c < n; c++)
        p->n_texts += w->block.columns[c].v.storage == KEHU__TEXTS;
    if (n_sets > SIZE_MAX / n)
        return false;
    p->sources = kehu__alloc(&w->alloc, n * n_sets, sizeof *p->sources);
    if (p->n_texts > 0)
        p->texts =
            kehu__alloc(&w->alloc, p->n_texts, KEHU__BLOCK_ROWS * sizeof *p->texts);
    for (size_t c = 0; p->sources != NULL && c < n; c++)
        for (size_t s = 0; s < n_sets; s++)
            p->sources[c * n_sets + s] =
                source_of(kehu__rows_get(&sets[s], w->block.columns[c].id));
    if (p->sources != NULL && (p->texts != NULL || p->n_texts == 0))
        return true;
    kehu__picker_free(p, w);
    return false;
}

void kehu__picker_free(kehu__picker *p, const kehu__segment_writer *w)
{
    kehu__free(&w->alloc, p->sources, p->n_columns * p->n_sets, sizeof *p->sources);
    kehu__free(&w->alloc, p->texts, p->n_texts, KEHU__BLOCK_ROWS * sizeof *p->texts);
    p->sources = NULL;
    p->texts = NULL;
}

static inline void prefetch_value(const kehu__source *from, const kehu__place *places,
                                  uint32_t i, uint32_t n)
{
    const kehu__place *ahead = &places[i + AHEAD < n ? i + AHEAD : i];
    const char *values = from[ahead->set].values;
    if (values != NULL)
        KEHU__PREFETCH(values + (size_t)ahead->row * 8);
}

static inline bool is_missing(const kehu__source *s, uint32_t row)
{
    return s->values == NULL || (s->missing != NULL && s->missing[row]);
}

/* ---- Texts ---- */

/* Look up the texts of the next rows; returns their bytes. */
static uint64_t find_texts(const kehu__picker *p, const kehu__segment_writer *w,
                           const kehu__place *places, uint32_t n)
{
    kehu__text *texts = p->texts;
    uint64_t bytes = 0;
    for (size_t c = 0; c < p->n_columns; c++) {
        const kehu__source *from = p->sources + c * p->n_sets;
        if (w->block.columns[c].v.storage != KEHU__TEXTS)
            continue;
        for (uint32_t i = 0; i < n; i++) {
            const kehu__source *s = &from[places[i].set];
            kehu__vector_piece piece;
            prefetch_value(from, places, i, n);
            texts[i] = (kehu__text){"", -1};
            if (is_missing(s, places[i].row))
                continue;
            memcpy(&piece, s->values + (size_t)places[i].row * 8, sizeof piece);
            texts[i] =
                (kehu__text){piece.size == 0 ? "" : s->bytes + piece.at, piece.size};
            bytes += piece.size;
            KEHU__PREFETCH(texts[i].bytes);
        }
        texts += KEHU__BLOCK_ROWS;
    }
    return bytes;
}

static bool put_texts(kehu__vector *to, const kehu__text *texts, uint32_t n)
{
    size_t at = to->own.size, size = 0;
    for (uint32_t i = 0; i < n; i++)
        size += texts[i].size > 0 ? (size_t)texts[i].size : 0;
    if (size > 0 && kehu__buffer_room(&to->own, size) == NULL)
        return false;
    to->bytes = to->own.bytes;
    for (uint32_t i = 0; i < n; i++) {
        const bool missing = texts[i].size < 0;
        const uint32_t length = missing ? 0 : (uint32_t)texts[i].size;
        to->values.pieces[to->n + i] = (kehu__vector_piece){(uint32_t)at, length};
        to->missing[to->n + i] = missing;
        to->n_missing += missing;
        if (length > 0)
            kehu__copy_short(to->own.bytes + at, texts[i].bytes, length);
        at += length;
    }
    return true;
}

/* ---- Numbers ---- */

static void put_numbers(kehu__vector *to, const kehu__source *from,
                        const kehu__place *places, uint32_t n)
{
    char *values = (char *)(to->values.ints + to->n);
    uint8_t *missing = to->missing + to->n;
    memset(values, 0, (size_t)n * 8);
    for (uint32_t i = 0; i < n; i++) {
        const kehu__source *s = &from[places[i].set];
        prefetch_value(from, places, i, n);
        missing[i] = is_missing(s, places[i].row);
        to->n_missing += missing[i];
        if (s->values != NULL)
            memcpy(values + (size_t)i * 8, s->values + (size_t)places[i].row * 8, 8);
    }
}

static void put_times(kehu__vector *to, const kehu__place *places, uint32_t n)
{
    memset(to->missing + to->n, 0, n);
    for (uint32_t i = 0; i < n; i++)
        to->values.ints[to->n + i] = places[i].time;
}

/* All rows of a set have the first one's. */
static void put_sequences(kehu__vector *to, const kehu__source *from,
                          const kehu__place *places, uint32_t n)
{
    memset(to->missing + to->n, 0, n);
    for (uint32_t i = 0; i < n; i++)
        memcpy(to->values.ints + to->n + i, from[places[i].set].values, 8);
}

/* ---- Rows ---- */

static const char *key_at(const kehu__picker *p, const kehu__place *place, uint32_t *size)
{
    return kehu__vector_text(kehu__rows_get(&p->sets[place->set], KEHU__KEY), place->row,
                             size);
}

static bool put_runs(kehu__segment_writer *w, const kehu__picker *p,
                     const kehu__place *places, uint32_t n)
{
    for (uint32_t first = 0, end; first < n; first = end) {
        uint32_t size;
        const char *key = key_at(p, &places[first], &size);
        for (end = first + 1; end < n && places[end].customer == places[first].customer;)
            end++;
        if (!kehu__segment_add_run(w, key, size, end - first))
            return false;
    }
    return true;
}

/* n rows, whose texts have been found, into an empty block. */
static bool put_rows(kehu__segment_writer *w, const kehu__picker *p,
                     const kehu__place *places, uint32_t n)
{
    const kehu__text *texts = p->texts;
    for (size_t c = 0; c < p->n_columns; c++) {
        const uint32_t id = w->block.columns[c].id;
        const kehu__source *from = p->sources + c * p->n_sets;
        kehu__vector *to = &w->block.columns[c].v;
        if (!kehu__vector_reserve(to, (size_t)to->n + n))
            return false;
        if (to->storage == KEHU__TEXTS) {
            if (!put_texts(to, texts, n))
                return false;
            texts += KEHU__BLOCK_ROWS;
        } else if (id == KEHU__TIME)
            put_times(to, places, n);
        else if (id == KEHU__SEQUENCE)
            put_sequences(to, from, places, n);
        else
            put_numbers(to, from, places, n);
        to->n += n;
    }
    w->block.n += n;
    return put_runs(w, p, places, n);
}

kehu_status kehu__segment_pick(kehu__segment_writer *w, const kehu__picker *p,
                               const kehu__place *places, size_t n, kehu_error *err)
{
    for (size_t at = 0; at < n;) {
        const kehu__place *next = places + at;
        const uint32_t take =
            n - at < KEHU__BLOCK_ROWS ? (uint32_t)(n - at) : KEHU__BLOCK_ROWS;
        if (w->block.n > 0 || find_texts(p, w, next, take) > KEHU__BLOCK_TEXT) {
            uint32_t size;
            const char *key = key_at(p, next, &size);
            KEHU_TRY(
                kehu__segment_add(w, key, size, &p->sets[next->set], next->row, 1, err));
            at++;
            continue;
        }
        if (!put_rows(w, p, next, take))
            return kehu__segment_refused(w, err);
        at += take;
        if (w->block.n == KEHU__BLOCK_ROWS)
            KEHU_TRY(kehu__segment_close_block(w, err));
    }
    return KEHU_OK;
}
