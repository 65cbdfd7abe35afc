#include "base/maths.h"
#include "base/utf8.h"
#include "text/tokenizer.h"
#include "text/words.h"

enum {
    AROUND = 8,    /* characters before and behind a string that are looked at with it */
    LOOKED_AT = 64 /* occurrences */
};

/* A task's work: the counts of the characters beside a string. */
typedef struct measuring {
    const kehu__word_index *index;
    const kehu_words_options *wanted;
    const kehu_tokenizer *known; /* NULL = no dictionary */
    uint64_t frequent;           /* frequency of a frequent word in it */
    uint32_t *beside;            /* [KEHU__WORD_CODES] 0 between strings */
    uint16_t *touched;           /* [KEHU__WORD_CODES] */
    kehu__buffer *into;
    size_t counts[KEHU__NEW_WORD_MAX + 1]; /* of the string's first characters */
} measuring;

/* A range of places. */
typedef struct range {
    size_t from, to;
} range;

/* Of a sorted range the part where the character `depth` places on is `code`. */
static range narrow(const kehu__word_index *index, range r, uint32_t depth, uint16_t code)
{
    range found = r;
    for (int end = 0; end < 2; end++) {
        size_t low = end ? found.from : r.from, high = r.to;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            const uint16_t c = index->codes[index->places[middle] + depth];
            if (c < code || (end && c == code))
                low = middle + 1;
            else
                high = middle;
        }
        if (end)
            found.to = low;
        else
            found.from = low;
    }
    return found;
}

/* How often the string at a place occurs; it does min_count times at least. */
static size_t count_string(const kehu__word_index *index, uint32_t place, uint32_t length)
{
    const uint16_t *const codes = index->codes + place;
    range r = {index->first[codes[0]], index->first[codes[0] + 1]};
    for (uint32_t depth = 1; depth < length; depth++)
        r = narrow(index, r, depth, codes[depth]);
    return r.to - r.from;
}

/* What a string that often must reach: no cohesion can be above ln(N / n(w)). */
static double wanted_cohesion(const measuring *m, size_t count)
{
    const double nearly = 0.9 * kehu__log((double)m->index->n / (double)count);
    return nearly < m->wanted->min_cohesion ? nearly : m->wanted->min_cohesion;
}

/* The least pointwise mutual information of a split, or something below `wanted` as soon
 * as there is one. */
static double cohesion(const measuring *m, uint32_t place, uint32_t length, double wanted)
{
    const double both = (double)m->counts[length] * (double)m->index->n;
    double least = 0;
    for (uint32_t left = length - 1; left > 0; left--) {
        const size_t right = count_string(m->index, place + left, length - left);
        const double bits = kehu__log(both / ((double)m->counts[left] * (double)right));
        if (left == length - 1 || bits < least)
            least = bits;
        if (least < wanted)
            break;
    }
    return least;
}

/* Entropy of the characters `offset` from each place, breaks all different. */
static double entropy(const measuring *m, range r, uint32_t offset, bool before)
{
    const double n = (double)(r.to - r.from), log_n = kehu__log(n);
    uint32_t n_touched = 0, breaks = 0;
    double sum = 0;
    for (size_t i = r.from; i < r.to; i++) {
        const uint32_t place = m->index->places[i];
        const uint16_t c = m->index->codes[before ? place - 1 : place + offset];
        if (c == 0)
            breaks++;
        else if (m->beside[c]++ == 0)
            m->touched[n_touched++] = c;
    }
    for (uint32_t i = 0; i < n_touched; i++) {
        const double k = m->beside[m->touched[i]];
        sum += k * (log_n - kehu__log(k));
        m->beside[m->touched[i]] = 0;
    }
    return (sum + breaks * log_n) / n;
}

/* A string as UTF-8, 3 bytes a character; returns its size. */
static size_t word_of(const measuring *m, uint32_t place, uint32_t length, char *word)
{
    size_t size = 0;
    for (uint32_t i = 0; i < length; i++)
        size += (size_t)kehu__utf8_put(
            word + size, kehu__word_character_of(m->index->codes[place + i]));
    return size;
}

static bool is_known(const measuring *m, const char *word, size_t size)
{
    kehu_word_info info;
    return kehu_tokenizer_find(m->known, word, size, &info, NULL) == KEHU_OK;
}

/* Whether words that everybody knows are among the parts: one of two characters or
 * more, or one of a single character that is at least each 4,096th word. */
static bool is_phrase(const measuring *m, const char *word, size_t size)
{
    kehu_span parts[4 * KEHU__NEW_WORD_MAX];
    int64_t n;
    if (kehu_tokenizer_split(m->known, word, (int64_t)size, parts, 4 * KEHU__NEW_WORD_MAX,
                             &n, NULL, NULL) != KEHU_OK)
        return false;
    for (int64_t i = 0; i < n; i++) {
        const char *p = word + parts[i].start;
        kehu_word_info info;
        if (parts[i].word == 0)
            continue;
        (void)kehu__utf8_next(&p, word + size);
        if (p < word + parts[i].start + parts[i].size)
            return true;
        if (kehu_tokenizer_find(m->known, word + parts[i].start, parts[i].size, &info,
                                NULL) == KEHU_OK &&
            (uint64_t)info.frequency >= m->frequent)
            return true;
    }
    return false;
}

/* Whether the dictionary's words end at both ends of an occurrence, in what stands
 * around it. */
static bool stands_apart(const measuring *m, uint32_t place, uint32_t length)
{
    char text[4 * (KEHU__NEW_WORD_MAX + 2 * AROUND)];
    kehu_span parts[4 * (KEHU__NEW_WORD_MAX + 2 * AROUND)];
    const uint16_t *const codes = m->index->codes;
    uint32_t from = place, to = place + length;
    size_t size, start, end;
    int64_t n;
    bool starts = false, ends = false;
    while (place - from < AROUND && codes[from - 1] != 0)
        from--;
    while (to - place - length < AROUND && codes[to] != 0)
        to++;
    start = word_of(m, from, place - from, text);
    end = start + word_of(m, place, length, text + start);
    size = end + word_of(m, place + length, to - place - length, text + end);
    if (kehu_tokenizer_split(m->known, text, (int64_t)size, parts, sizeof text, &n, NULL,
                             NULL) != KEHU_OK)
        return true;
    for (int64_t i = 0; i < n; i++) {
        starts = starts || parts[i].start == start;
        ends = ends || parts[i].start + parts[i].size == end;
    }
    return starts && ends;
}

/* Whether it is mostly a piece of words that the dictionary has. */
static bool is_fragment(const measuring *m, range r, uint32_t length)
{
    const size_t n = r.to - r.from, step = 1 + (n - 1) / LOOKED_AT;
    size_t apart = 0, seen = 0;
    for (size_t i = r.from; i < r.to; i += step, seen++)
        apart += stands_apart(m, m->index->places[i], length);
    return 2 * apart < seen;
}

static void measure(measuring *m, range r, uint32_t length)
{
    const uint32_t place = m->index->places[r.from];
    kehu__new_word w = {place, length, (uint32_t)(r.to - r.from), 0, 0, 0, 0};
    const double wanted = wanted_cohesion(m, r.to - r.from);
    w.cohesion = cohesion(m, place, length, wanted);
    if (w.cohesion < wanted)
        return;
    w.left = entropy(m, r, 0, true);
    if (w.left < m->wanted->min_entropy)
        return;
    w.right = entropy(m, r, length, false);
    if (w.right < m->wanted->min_entropy)
        return;
    w.score = w.cohesion + (w.left < w.right ? w.left : w.right);
    if (m->known != NULL) {
        char word[4 * KEHU__NEW_WORD_MAX];
        const size_t size = word_of(m, place, length, word);
        if (is_known(m, word, size))
            return;
        if (is_phrase(m, word, size)) {
            if (w.cohesion < m->wanted->phrase_cohesion)
                return;
            w.score -= m->wanted->phrase_cohesion - m->wanted->min_cohesion;
        }
        if (is_fragment(m, r, length))
            return;
    }
    kehu__buffer_add(m->into, &w, sizeof w);
}

/* Strings that begin with the first `length` characters of a range. */
static void walk(measuring *m, range r, uint32_t length)
{
    m->counts[length] = r.to - r.from;
    if (length > 1)
        measure(m, r, length);
    if (length == m->index->max_characters)
        return;
    for (range next = {r.from, r.from}; next.from < r.to; next.from = next.to) {
        const uint16_t c = m->index->codes[m->index->places[next.from] + length];
        next.to = next.from + 1;
        while (next.to < r.to && m->index->codes[m->index->places[next.to] + length] == c)
            next.to++;
        if (c != 0 && next.to - next.from >= m->index->min_count)
            walk(m, next, length + 1);
    }
}

/* What all tasks share. */
typedef struct job {
    measuring common;
    kehu__buffer found[KEHU__WORD_TASKS];
} job;

static void measure_task(void *arg, int64_t task)
{
    job *j = arg;
    measuring m = j->common;
    const kehu_allocator *const a = &m.index->alloc;
    m.into = &j->found[task];
    m.beside = kehu__alloc_zero(a, KEHU__WORD_CODES, sizeof *m.beside);
    m.touched = kehu__alloc(a, KEHU__WORD_CODES, sizeof *m.touched);
    if (m.beside == NULL || m.touched == NULL)
        m.into->failed = true;
    for (uint32_t c = m.index->task[task]; c < m.index->task[task + 1]; c++) {
        const range r = {m.index->first[c], m.index->first[c + 1]};
        if (!m.into->failed && r.to - r.from >= m.index->min_count)
            walk(&m, r, 1);
    }
    kehu__free(a, m.beside, KEHU__WORD_CODES, sizeof *m.beside);
    kehu__free(a, m.touched, KEHU__WORD_CODES, sizeof *m.touched);
}

kehu_status kehu__words_measure(kehu__buffer *into, const kehu__word_index *index,
                                const kehu_words_options *wanted,
                                const kehu_tokenizer *known, const kehu__run *run,
                                kehu_error *err)
{
    job j = {.common = {.index = index, .wanted = wanted}};
    if (known != NULL && known->lexicon != NULL) {
        j.common.known = known;
        j.common.frequent = known->lexicon->dictionary.total / 4096 + 1;
    }
    for (int i = 0; i < KEHU__WORD_TASKS; i++)
        j.found[i] = kehu__buffer_new(&index->alloc);
    kehu__parallel(run, KEHU__WORD_TASKS, measure_task, &j);
    for (int i = 0; i < KEHU__WORD_TASKS; i++) {
        kehu__buffer_add(into, j.found[i].bytes, j.found[i].size);
        into->failed = into->failed || j.found[i].failed;
        kehu__buffer_free(&j.found[i]);
    }
    return into->failed ? kehu__no_memory(err, "new words") : KEHU_OK;
}
