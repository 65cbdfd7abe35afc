#include "base/hash.h"
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/words.h"

enum { UNIFIED = 0x4E00, UNIFIED_END = 0xA000, RARE = 0x3400, RARE_END = 0x4DC0 };
_Static_assert(KEHU__WORD_CODES == 1 + UNIFIED_END - UNIFIED + RARE_END - RARE,
               "as many codes as characters");

static uint16_t code_of(uint32_t c)
{
    if (c >= UNIFIED && c < UNIFIED_END)
        return (uint16_t)(c - UNIFIED + 1);
    if (c >= RARE && c < RARE_END)
        return (uint16_t)(c - RARE + UNIFIED_END - UNIFIED + 1);
    return 0;
}

uint32_t kehu__word_character_of(uint16_t code)
{
    return code <= UNIFIED_END - UNIFIED
               ? (uint32_t)code - 1 + UNIFIED
               : (uint32_t)code - 1 - (UNIFIED_END - UNIFIED) + RARE;
}

/* The code of the simplified form. */
static uint16_t simplified(uint16_t code)
{
    const uint16_t other = code_of(kehu__simplify(kehu__word_character_of(code)));
    return other != 0 ? other : code;
}

/* The texts as codes, runs of breaks as one; counts only when codes is NULL, and no
 * further than UINT32_MAX. */
static void encode(kehu__word_index *index, const kehu_column *texts)
{
    uint16_t last = 0;
    index->n_codes = 1;
    index->n = 0;
    if (index->codes != NULL)
        index->codes[0] = 0;
    for (int64_t i = 0; i < texts->length; i++) {
        const kehu__text t = kehu__column_text(texts, i);
        const char *p = t.bytes, *const end = p + t.size;
        for (bool more = true; more;) {
            uint16_t code = 0;
            more = p < end;
            if (more) {
                code = code_of(kehu__utf8_next(&p, end));
                if (code != 0 && index->codes != NULL)
                    code = simplified(code);
            }
            if (code == 0 && last == 0)
                continue;
            if (index->codes != NULL)
                index->codes[index->n_codes] = code;
            index->n += code != 0;
            if (++index->n_codes == UINT32_MAX) /* before a size_t wraps */
                return;
            last = code;
        }
    }
}

/* Places by their first character, in order of the text. */
static void deal_places(kehu__word_index *index)
{
    size_t at = 0, n;
    uint32_t task = 0;
    for (size_t i = 0; i < index->n_codes; i++)
        index->first[index->codes[i]]++;
    index->first[0] = 0;
    for (uint32_t c = 1; c < KEHU__WORD_CODES; c++) {
        n = index->first[c];
        index->first[c] = at;
        /* Cut by size, so that the tasks are the same for any number of threads. */
        while (task < KEHU__WORD_TASKS && at >= index->n * task / KEHU__WORD_TASKS)
            index->task[task++] = c;
        at += n;
    }
    while (task <= KEHU__WORD_TASKS)
        index->task[task++] = KEHU__WORD_CODES;
    for (size_t i = 0; i < index->n_codes; i++)
        if (index->codes[i] != 0)
            index->places[index->first[index->codes[i]]++] = (uint32_t)i;
    for (uint32_t c = KEHU__WORD_CODES; c > 0; c--)
        index->first[c] = index->first[c - 1];
    index->first[1] = 0;
}

/* Sort places that share their first `depth` characters by those that follow, where
 * enough of them do. Three-way radix quicksort (Bentley and Sedgewick, SODA 1997), the
 * pivot at a place that depends on the range alone. */
static void sort_places(const kehu__word_index *index, uint32_t *places, size_t n,
                        uint32_t depth)
{
    const uint16_t *const codes = index->codes;
    while (n >= index->min_count && n > 1 && depth < index->max_characters) {
        const uint16_t pivot = codes[places[kehu__mix64(n) % n] + depth];
        size_t less = 0, more = n;
        for (size_t i = 0; i < more;) {
            const uint32_t place = places[i];
            const uint16_t c = codes[place + depth];
            if (c < pivot) {
                places[i++] = places[less];
                places[less++] = place;
            } else if (c > pivot) {
                places[i] = places[--more];
                places[more] = place;
            } else
                i++;
        }
        if (pivot != 0)
            sort_places(index, places + less, more - less, depth + 1);
        if (less < n - more) {
            sort_places(index, places, less, depth);
            places += more;
            n -= more;
        } else {
            sort_places(index, places + more, n - more, depth);
            n = less;
        }
    }
}

static void sort_task(void *arg, int64_t task)
{
    const kehu__word_index *index = arg;
    for (uint32_t c = index->task[task]; c < index->task[task + 1]; c++)
        sort_places(index, index->places + index->first[c],
                    index->first[c + 1] - index->first[c], 1);
}

kehu_status kehu__word_index_build(kehu__word_index *out, const kehu_column *texts,
                                   uint32_t min_count, uint32_t max_characters,
                                   const kehu__run *run, const kehu_allocator *alloc,
                                   kehu_error *err)
{
    *out = (kehu__word_index){.alloc = *alloc, .max_characters = max_characters};
    encode(out, texts);
    if (out->n_codes == UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "texts has 4294967295 Chinese characters or more");
    out->min_count = min_count != 0 ? min_count : 10 + (uint32_t)(out->n / 2000000);
    out->codes = kehu__alloc(alloc, out->n_codes + 1, sizeof *out->codes);
    out->first = kehu__alloc_zero(alloc, KEHU__WORD_CODES + 1, sizeof *out->first);
    out->places = kehu__alloc(alloc, out->n + 1, sizeof *out->places);
    if (out->codes == NULL || out->first == NULL || out->places == NULL)
        return kehu__no_memory(err, "characters");
    encode(out, texts);
    out->codes[out->n_codes] = 0;
    deal_places(out);
    KEHU_TRY(kehu__progress(run, 0.2, "sorting strings", err));
    kehu__parallel(run, KEHU__WORD_TASKS, sort_task, out);
    return KEHU_OK;
}

void kehu__word_index_free(kehu__word_index *index)
{
    kehu__free(&index->alloc, index->codes, index->n_codes + 1, sizeof *index->codes);
    kehu__free(&index->alloc, index->first, KEHU__WORD_CODES + 1, sizeof *index->first);
    kehu__free(&index->alloc, index->places, index->n + 1, sizeof *index->places);
}
