/* A keyword list: made from a draft, then only read. */
#include <kehu/keyword.h>

#include <string.h>

#include "base/error.h"
#include "base/sort.h"
#include "text/keyword.h"

kehu__draft kehu__draft_new(const kehu_allocator *alloc)
{
    return (kehu__draft){.alloc = *alloc,
                         .strings = kehu__buffer_new(alloc),
                         .head_at = KEHU__NO_NOTE,
                         .tail_at = KEHU__NO_NOTE,
                         .scale = KEHU__KEYWORD_SCALE};
}

void kehu__draft_free(kehu__draft *d)
{
    kehu__buffer_free(&d->strings);
    kehu__free(&d->alloc, d->lines, d->line_capacity, sizeof *d->lines);
    kehu__free(&d->alloc, d->biases, d->bias_capacity, sizeof *d->biases);
}

uint32_t kehu__draft_text(kehu__draft *d, const char *text, size_t size)
{
    const uint32_t at = (uint32_t)d->strings.size;
    kehu__buffer_add(&d->strings, text, size);
    kehu__buffer_u8(&d->strings, 0);
    d->failed = d->failed || d->strings.failed || d->strings.size > UINT32_MAX - 1;
    return at;
}

void kehu__draft_add(kehu__draft *d, kehu__draft_line line)
{
    if (kehu__grow(&d->alloc, &d->lines, &d->line_capacity, d->n_lines + 1, sizeof line))
        d->lines[d->n_lines++] = line;
    else
        d->failed = true;
}

void kehu__draft_add_bias(kehu__draft *d, kehu__draft_bias bias)
{
    if (kehu__grow(&d->alloc, &d->biases, &d->bias_capacity, d->n_biases + 1,
                   sizeof bias))
        d->biases[d->n_biases++] = bias;
    else
        d->failed = true;
}

/* Class * first, then by name; within a class by keyword, then by line number. */
static int by_class_and_keyword(const void *a, const void *b, void *ctx)
{
    const kehu__draft_line *x = a, *y = b;
    const char *strings = ctx;
    const bool all_x = x->class_at == KEHU__ALL_CLASSES,
               all_y = y->class_at == KEHU__ALL_CLASSES;
    int order = (int)all_y - (int)all_x;
    if (order == 0 && !all_x)
        order = strcmp(strings + x->class_at, strings + y->class_at);
    if (order == 0)
        order = strcmp(strings + x->keyword_at, strings + y->keyword_at);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int bias_by_class(const void *a, const void *b, void *ctx)
{
    const kehu__draft_bias *x = a, *y = b;
    const char *strings = ctx;
    const int order = strcmp(strings + x->class_at, strings + y->class_at);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int by_text(const void *a, const void *b, void *ctx)
{
    const char *strings = ctx;
    return strcmp(strings + *(const uint32_t *)a, strings + *(const uint32_t *)b);
}

static bool same_text(const kehu__draft *d, uint32_t a, uint32_t b)
{
    return a == b || (a != KEHU__ALL_CLASSES && b != KEHU__ALL_CLASSES &&
                      strcmp(d->strings.bytes + a, d->strings.bytes + b) == 0);
}

/* Sort an array of text offsets and drop the repeats; returns how many stay. */
static size_t unique_texts(const kehu__draft *d, uint32_t *at, size_t n)
{
    size_t kept = 0;
    kehu__sort(at, n, sizeof *at, by_text, d->strings.bytes);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !same_text(d, at[kept - 1], at[i]))
            at[kept++] = at[i];
    return kept;
}

/* Index of a text in a sorted array; it is there. */
static uint32_t position(const kehu__draft *d, const uint32_t *at, size_t n, uint32_t x)
{
    size_t low = 0, high = n;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(d->strings.bytes + at[middle], d->strings.bytes + x) <= 0)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static kehu_status check_repeats(const kehu__draft *d, kehu_error *err)
{
    for (size_t i = 1; i < d->n_lines; i++)
        if (same_text(d, d->lines[i - 1].class_at, d->lines[i].class_at) &&
            same_text(d, d->lines[i - 1].keyword_at, d->lines[i].keyword_at))
            return kehu__fail(err, KEHU_DUPLICATE, (int64_t)d->lines[i].number - 1,
                              "line %u: the keyword stands in this class already, on "
                              "line %u",
                              d->lines[i].number, d->lines[i - 1].number);
    for (size_t i = 1; i < d->n_biases; i++)
        if (same_text(d, d->biases[i - 1].class_at, d->biases[i].class_at))
            return kehu__fail(err, KEHU_DUPLICATE, (int64_t)d->biases[i].number - 1,
                              "line %u: the class has a bias already, on line %u",
                              d->biases[i].number, d->biases[i - 1].number);
    return KEHU_OK;
}

/* Forbidding for all classes drops learned lines, but not what a person asked for.
 * The lines for all classes are the first ones. */
static kehu_status drop_forbidden(kehu__draft *d, kehu_error *err)
{
    uint32_t *forbidden;
    size_t n = 0, kept = 0;
    kehu_status status = KEHU_OK;
    while (n < d->n_lines && d->lines[n].class_at == KEHU__ALL_CLASSES)
        n++;
    if (n == 0)
        return KEHU_OK;
    forbidden = kehu__alloc(&d->alloc, n, sizeof *forbidden);
    if (forbidden == NULL)
        return kehu__no_memory(err, "the keyword list");
    for (size_t i = 0; i < n; i++)
        forbidden[i] = d->lines[i].keyword_at;
    for (size_t i = 0; i < d->n_lines; i++) {
        const kehu__draft_line *line = &d->lines[i];
        const uint32_t at = position(d, forbidden, n, line->keyword_at);
        const bool hit = i >= n && same_text(d, forbidden[at], line->keyword_at);
        if (hit &&
            (line->mark == KEHU_KEYWORD_ADDED || line->mark == KEHU_KEYWORD_FIXED)) {
            status = kehu__fail(err, KEHU_DUPLICATE, (int64_t)line->number - 1,
                                "line %u: the keyword is forbidden for all classes, on "
                                "line %u",
                                line->number, d->lines[at].number);
            break;
        }
        if (!hit || line->mark == KEHU_KEYWORD_FORBIDDEN)
            d->lines[kept++] = *line;
    }
    if (status == KEHU_OK)
        d->n_lines = kept;
    kehu__free(&d->alloc, forbidden, n, sizeof *forbidden);
    return status;
}

static kehu_status make_classes(kehu_keyword *k, const kehu__draft *d, kehu_error *err)
{
    const size_t most = d->n_lines + d->n_biases;
    uint32_t *at = kehu__alloc(&k->alloc, most + 1, sizeof *at);
    size_t n = 0;
    kehu_status status = KEHU_OK;
    if (at == NULL)
        return kehu__no_memory(err, "the classes");
    for (size_t i = 0; i < d->n_lines; i++)
        if (d->lines[i].class_at != KEHU__ALL_CLASSES &&
            (n == 0 || !same_text(d, at[n - 1], d->lines[i].class_at)))
            at[n++] = d->lines[i].class_at;
    for (size_t i = 0; i < d->n_biases; i++)
        at[n++] = d->biases[i].class_at;
    n = unique_texts(d, at, n);
    if (n == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1, "the keyword list has no class");
    else if (n > KEHU__KEYWORD_CLASSES)
        status = kehu__fail(err, KEHU_LIMIT, -1, "%zu classes, at most %d are possible",
                            n, KEHU__KEYWORD_CLASSES);
    if (status == KEHU_OK) {
        k->n_classes = (int32_t)n;
        k->class_at = kehu__alloc(&k->alloc, n, sizeof *k->class_at);
        k->bias = kehu__alloc_zero(&k->alloc, n, sizeof *k->bias);
        if (k->class_at == NULL || k->bias == NULL)
            status = kehu__no_memory(err, "the classes");
    }
    if (status == KEHU_OK) {
        memcpy(k->class_at, at, n * sizeof *at);
        for (size_t i = 0; i < d->n_biases; i++)
            k->bias[position(d, at, n, d->biases[i].class_at)] = d->biases[i].points;
        for (size_t i = 1; i < n; i++)
            k->biased = k->biased || k->bias[i] != k->bias[0];
    }
    kehu__free(&k->alloc, at, most + 1, sizeof *at);
    return status;
}

/* The different keywords looked for, side by side and sorted. */
static kehu_status make_words(kehu_keyword *k, const kehu__draft *d, kehu_error *err)
{
    uint32_t *at = kehu__alloc(&k->alloc, d->n_lines + 1, sizeof *at);
    size_t n = 0, size = 0;
    kehu_status status = KEHU_OK;
    if (at == NULL)
        return kehu__no_memory(err, "the keywords");
    for (size_t i = 0; i < d->n_lines; i++)
        if (d->lines[i].mark != KEHU_KEYWORD_FORBIDDEN)
            at[n++] = d->lines[i].keyword_at;
    n = unique_texts(d, at, n);
    for (size_t i = 0; i < n; i++)
        size += strlen(d->strings.bytes + at[i]) + 1;
    k->n_words = (uint32_t)n;
    k->words_size = size;
    k->word_at = kehu__alloc(&k->alloc, n + 1, sizeof *k->word_at);
    k->word_bytes = kehu__alloc(&k->alloc, size + 1, 1);
    k->word_symbols = kehu__alloc(&k->alloc, n + 1, sizeof *k->word_symbols);
    if (k->word_at == NULL || k->word_bytes == NULL || k->word_symbols == NULL) {
        status = kehu__no_memory(err, "the keywords");
        goto done;
    }
    k->word_at[0] = 0;
    for (size_t i = 0; i < n; i++) {
        const char *word = d->strings.bytes + at[i];
        const size_t length = strlen(word);
        memcpy(k->word_bytes + k->word_at[i], word, length + 1);
        k->word_at[i + 1] = k->word_at[i] + (uint32_t)length + 1;
        k->word_symbols[i] = 0;
        for (const char *p = word; p != word + length; k->word_symbols[i]++)
            kehu__symbol_next(&p, word + length);
    }
    status = kehu__automaton_build(&k->automaton, k->word_bytes, k->word_at, k->n_words,
                                   &k->alloc, err);
done:
    kehu__free(&k->alloc, at, d->n_lines + 1, sizeof *at);
    return status;
}

uint32_t kehu__keyword_word_find(const kehu_keyword *k, const char *keyword)
{
    for (uint32_t low = 0, high = k->n_words; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = strcmp(keyword, k->word_bytes + k->word_at[middle]);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return UINT32_MAX;
}

static kehu_status make_lines(kehu_keyword *k, const kehu__draft *d, kehu_error *err)
{
    int32_t class_number = -1;
    if (d->n_lines == 0)
        return KEHU_OK;
    k->n_lines = d->n_lines;
    k->lines = kehu__alloc(&k->alloc, k->n_lines, sizeof *k->lines);
    if (k->lines == NULL)
        return kehu__no_memory(err, "the keyword list");
    for (size_t i = 0; i < d->n_lines; i++) {
        const kehu__draft_line *from = &d->lines[i];
        if (from->class_at != KEHU__ALL_CLASSES &&
            (i == 0 || !same_text(d, d->lines[i - 1].class_at, from->class_at))) {
            do
                class_number++; /* a class may have a bias and no line */
            while (strcmp(k->strings + k->class_at[class_number],
                          k->strings + from->class_at) != 0);
        }
        k->lines[i] = (kehu__keyword_line){.class_number = class_number,
                                           .weight = from->weight,
                                           .word = UINT32_MAX,
                                           .keyword_at = from->keyword_at,
                                           .note_at = from->note_at,
                                           .mark = from->mark};
        if (from->mark != KEHU_KEYWORD_FORBIDDEN)
            k->lines[i].word = kehu__keyword_word_find(k, k->strings + from->keyword_at);
    }
    return KEHU_OK;
}

/* The weights word by word, for adding up. Lines are sorted by class, so cells are. */
static kehu_status make_cells(kehu_keyword *k, kehu_error *err)
{
    k->row = kehu__alloc_zero(&k->alloc, (size_t)k->n_words + 2, sizeof *k->row);
    if (k->row == NULL)
        return kehu__no_memory(err, "the weights");
    for (size_t i = 0; i < k->n_lines; i++)
        if (k->lines[i].word != UINT32_MAX && k->lines[i].weight != 0) {
            k->row[k->lines[i].word + 2]++;
            k->n_cells++;
        }
    k->cells = kehu__alloc(&k->alloc, k->n_cells + 1, sizeof *k->cells);
    if (k->cells == NULL)
        return kehu__no_memory(err, "the weights");
    for (uint32_t w = 0; w < k->n_words; w++)
        k->row[w + 2] += k->row[w + 1];
    for (size_t i = 0; i < k->n_lines; i++)
        if (k->lines[i].word != UINT32_MAX && k->lines[i].weight != 0)
            k->cells[k->row[k->lines[i].word + 1]++] =
                (kehu__keyword_cell){k->lines[i].class_number, k->lines[i].weight};
    return KEHU_OK;
}

static kehu_status fill(kehu_keyword *k, kehu__draft *d, kehu_error *err)
{
    if (d->failed)
        return kehu__no_memory(err, "the keyword list");
    if (d->n_lines > INT32_MAX / KEHU__KEYWORD_WEIGHT - 1)
        return kehu__fail(err, KEHU_LIMIT, -1, "%zu lines, at most %d are possible",
                          d->n_lines, INT32_MAX / KEHU__KEYWORD_WEIGHT - 1);
    kehu__sort(d->lines, d->n_lines, sizeof *d->lines, by_class_and_keyword,
               d->strings.bytes);
    kehu__sort(d->biases, d->n_biases, sizeof *d->biases, bias_by_class,
               d->strings.bytes);
    KEHU_TRY(check_repeats(d, err));
    KEHU_TRY(drop_forbidden(d, err));
    k->strings_size = d->strings.size;
    k->strings = kehu__alloc(&k->alloc, k->strings_size + 1, 1);
    if (k->strings == NULL)
        return kehu__no_memory(err, "the keyword list");
    if (k->strings_size > 0)
        memcpy(k->strings, d->strings.bytes, k->strings_size);
    k->head_at = d->head_at;
    k->tail_at = d->tail_at;
    k->scale = d->scale;
    k->abstain = d->abstain;
    KEHU_TRY(make_classes(k, d, err));
    KEHU_TRY(make_words(k, d, err));
    KEHU_TRY(make_lines(k, d, err));
    return make_cells(k, err);
}

kehu_status kehu__keyword_build(kehu_keyword **out, kehu__draft *d, kehu_error *err)
{
    kehu_keyword *k = kehu__alloc_zero(&d->alloc, 1, sizeof *k);
    kehu_status status;
    *out = NULL;
    if (k == NULL)
        return kehu__no_memory(err, "the keyword list");
    k->alloc = d->alloc;
    status = fill(k, d, err);
    if (status == KEHU_OK)
        *out = k;
    else
        kehu_keyword_free(k);
    return status;
}

void kehu_keyword_free(kehu_keyword *k)
{
    kehu_allocator alloc;
    if (k == NULL)
        return;
    alloc = k->alloc;
    kehu__automaton_free(&k->automaton);
    kehu__free(&alloc, k->strings, k->strings_size + 1, 1);
    kehu__free(&alloc, k->class_at, (size_t)k->n_classes, sizeof *k->class_at);
    kehu__free(&alloc, k->bias, (size_t)k->n_classes, sizeof *k->bias);
    kehu__free(&alloc, k->lines, k->n_lines, sizeof *k->lines);
    kehu__free(&alloc, k->word_bytes, k->words_size + 1, 1);
    kehu__free(&alloc, k->word_at, (size_t)k->n_words + 1, sizeof *k->word_at);
    kehu__free(&alloc, k->word_symbols, (size_t)k->n_words + 1, sizeof *k->word_symbols);
    kehu__free(&alloc, k->row, (size_t)k->n_words + 2, sizeof *k->row);
    kehu__free(&alloc, k->cells, k->n_cells + 1, sizeof *k->cells);
    kehu__free(&alloc, k, 1, sizeof *k);
}

const kehu__keyword_line *kehu__keyword_line_find(const kehu_keyword *k,
                                                  int32_t class_number,
                                                  const char *keyword)
{
    for (size_t low = 0, high = k->n_lines; low < high;) {
        const size_t middle = low + (high - low) / 2;
        const kehu__keyword_line *line = &k->lines[middle];
        int order =
            (class_number > line->class_number) - (class_number < line->class_number);
        if (order == 0)
            order = strcmp(keyword, kehu__keyword_of(k, line));
        if (order == 0)
            return line;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void kehu_keyword_get_info(const kehu_keyword *k, kehu_keyword_info *training)
{
    *training = k->training;
}

int32_t kehu_keyword_class_count(const kehu_keyword *k)
{
    return k->n_classes;
}

const char *kehu_keyword_class_name(const kehu_keyword *k, int32_t class_number)
{
    return class_number < 0 || class_number >= k->n_classes
               ? NULL
               : k->strings + k->class_at[class_number];
}

int32_t kehu_keyword_class_find(const kehu_keyword *k, const char *name, int64_t size)
{
    for (int32_t low = 0, high = k->n_classes; name != NULL && size >= 0 && low < high;) {
        const int32_t middle = low + (high - low) / 2;
        const char *other = k->strings + k->class_at[middle];
        const size_t other_size = strlen(other),
                     least = other_size < (size_t)size ? other_size : (size_t)size;
        int order = memcmp(name, other, least);
        if (order == 0)
            order = ((size_t)size > other_size) - ((size_t)size < other_size);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

int32_t kehu_keyword_bias(const kehu_keyword *k, int32_t class_number)
{
    return class_number < 0 || class_number >= k->n_classes ? 0 : k->bias[class_number];
}

int32_t kehu_keyword_word_count(const kehu_keyword *k)
{
    return (int32_t)k->n_words;
}

const char *kehu_keyword_word(const kehu_keyword *k, int32_t word)
{
    return word < 0 || word >= (int32_t)k->n_words ? NULL
                                                   : k->word_bytes + k->word_at[word];
}

int64_t kehu_keyword_line_count(const kehu_keyword *k)
{
    return (int64_t)k->n_lines;
}

kehu_status kehu_keyword_get_line(const kehu_keyword *k, int64_t i,
                                  kehu_keyword_line *line, kehu_error *err)
{
    const kehu__keyword_line *from;
    if (k == NULL || line == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "k or line is NULL");
    if (i < 0 || i >= (int64_t)k->n_lines)
        return kehu__fail(err, KEHU_ARGUMENT, i, "i is %lld, there are %zu lines",
                          (long long)i, k->n_lines);
    from = &k->lines[i];
    *line = (kehu_keyword_line){from->class_number, from->weight, from->mark,
                                kehu__keyword_of(k, from)};
    return KEHU_OK;
}
