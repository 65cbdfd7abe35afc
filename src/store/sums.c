#include "store/sums.h"

#include "base/bytes.h"

enum { CHUNK = 1 << 16 };

/* Amounts are taken in halves of 32 bits, which do not overflow within a chunk, so that
 * the loop has no branch. */
static int64_t take_chunk(kehu__wide *sum, int64_t last, const int64_t *amount,
                          const int64_t *sequence, uint32_t n)
{
    uint64_t low = 0, high = 0, more;
    int64_t top;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t raised = (uint64_t)amount[i] ^ UINT64_C(1) << 63;
        low += (uint32_t)raised;
        high += raised >> 32;
        last = sequence[i] > last ? sequence[i] : last;
    }
    top = (int64_t)high - ((int64_t)n << 31); /* of what was not raised */
    kehu__wide_add(sum, (int64_t)low);
    more = (uint64_t)top << 32;
    sum->low += more;
    sum->high += (top < 0 ? ~(~top >> 32) : top >> 32) + (sum->low < more);
    return last;
}

void kehu__sums_take(kehu__wide *sum, int64_t *last, const int64_t *amount,
                     const int64_t *sequence, uint32_t n)
{
    for (uint32_t i = 0; amount == NULL && i < n; i++)
        *last = sequence[i] > *last ? sequence[i] : *last;
    for (uint32_t i = 0; amount != NULL && i < n; i += CHUNK)
        *last = take_chunk(sum, *last, amount + i, sequence + i,
                           n - i < CHUNK ? n - i : CHUNK);
}

bool kehu__sums_begin(kehu__sums *s, const kehu_allocator *alloc)
{
    static const uint32_t numbers[] = {KEHU__TIME, KEHU__SEQUENCE, KEHU__EVENTS,
                                       KEHU__LATEST, KEHU__AMOUNT};
    *s = (kehu__sums){.rows = kehu__rows_new(alloc)};
    if (kehu__rows_add(&s->rows, KEHU__KEY, KEHU__TEXTS) == NULL)
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (kehu__rows_add(&s->rows, numbers[i], KEHU__INTS) == NULL)
            return false;
    return true;
}

void kehu__sums_free(kehu__sums *s)
{
    kehu__rows_free(&s->rows);
}

bool kehu__sums_goes_on(const kehu__sums *s, const char *key, size_t size)
{
    uint32_t last_size;
    const char *last;
    if (s->rows.n == 0)
        return false;
    last = kehu__vector_text(kehu__rows_find(&s->rows, KEHU__KEY), s->rows.n - 1,
                             &last_size);
    return size == last_size && kehu__same_bytes(key, last, size);
}

static bool add_customer(kehu__sums *s, const char *key, size_t size, int64_t time)
{
    kehu__rows *r = &s->rows;
    s->amount = (kehu__wide){0, 0};
    return kehu__vector_add_text(kehu__rows_find(r, KEHU__KEY), key, size) &&
           kehu__vector_add_int(kehu__rows_find(r, KEHU__TIME), time) &&
           kehu__vector_add_int(kehu__rows_find(r, KEHU__SEQUENCE), 0) &&
           kehu__vector_add_int(kehu__rows_find(r, KEHU__EVENTS), 0) &&
           kehu__vector_add_int(kehu__rows_find(r, KEHU__LATEST), 0) &&
           kehu__vector_add_int(kehu__rows_find(r, KEHU__AMOUNT), 0);
}

static void put_amount(kehu__vector *v, uint32_t at, const kehu__wide *amount)
{
    const bool fits = kehu__wide_fits(amount);
    v->n_missing += !fits;
    v->n_missing -= v->missing[at];
    v->missing[at] = !fits;
    v->values.ints[at] = fits ? (int64_t)amount->low : 0;
}

bool kehu__sums_add(kehu__sums *s, const char *key, size_t size, const kehu__rows *rows,
                    uint32_t first, uint32_t end)
{
    const int64_t *time = kehu__rows_get(rows, KEHU__TIME)->values.ints;
    const int64_t *sequence = kehu__rows_get(rows, KEHU__SEQUENCE)->values.ints;
    const kehu__vector *amount = kehu__rows_get(rows, KEHU__AMOUNT);
    int64_t *latest;
    uint32_t at;
    if (!kehu__sums_goes_on(s, key, size)) {
        if (!add_customer(s, key, size, time[first]))
            return false;
        s->rows.n++;
    }
    at = s->rows.n - 1;
    kehu__rows_find(&s->rows, KEHU__EVENTS)->values.ints[at] += end - first;
    kehu__rows_find(&s->rows, KEHU__LATEST)->values.ints[at] = time[end - 1];
    latest = &kehu__rows_find(&s->rows, KEHU__SEQUENCE)->values.ints[at];
    kehu__sums_take(&s->amount, latest,
                    amount == NULL ? NULL : amount->values.ints + first, sequence + first,
                    end - first);
    put_amount(kehu__rows_find(&s->rows, KEHU__AMOUNT), at, &s->amount);
    return true;
}
