/* The averaged structured perceptron (Collins 2002). Weights are whole numbers,
 * and so are their sums over all steps, so the result is the same everywhere. */
#include "text/segmenter_train.h"

#include "base/error.h"
#include "base/random.h"
#include "base/sort.h"
#include "data/column.h"

void kehu__gold_free(kehu__gold *gold, const kehu_allocator *alloc)
{
    kehu__free(alloc, gold->text, gold->capacity, 1);
    kehu__free(alloc, gold->ends, gold->capacity, 1);
    *gold = (kehu__gold){.text = NULL};
}

/* Bytes of the blank that stands at p, full width included; 0 = none does. */
static size_t blank_at(const char *p, size_t size)
{
    if (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')
        return 1;
    return size >= 3 && memcmp(p, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

kehu_status kehu__gold_read(kehu__gold *gold, const char *line, size_t size,
                            const kehu_allocator *alloc, kehu_error *err)
{
    if (size > gold->capacity) {
        kehu__gold_free(gold, alloc);
        gold->text = kehu__alloc(alloc, size, 1);
        gold->ends = kehu__alloc(alloc, size, 1);
        gold->capacity = size;
        if (gold->text == NULL || gold->ends == NULL) {
            kehu__gold_free(gold, alloc);
            return kehu__no_memory(err, "a sentence");
        }
    }
    gold->size = 0;
    for (size_t i = 0, blank; i<size; i += blank> 0 ? blank : 1) {
        blank = blank_at(line + i, size - i);
        if (blank == 0) {
            gold->ends[gold->size] = 0;
            gold->text[gold->size++] = line[i];
        } else if (gold->size > 0) {
            gold->ends[gold->size - 1] = 1;
        }
    }
    if (gold->size > 0)
        gold->ends[gold->size - 1] = 1;
    return KEHU_OK;
}

/* All pairs of the corpus, sorted; a pair's number is its place + 1. */
typedef struct pair_list {
    kehu_allocator alloc;
    uint64_t *keys;
    size_t n, capacity;
    bool failed;
} pair_list;

/* A weight and the sum of steps * changes, from which the average follows. */
typedef struct trainer {
    kehu_allocator alloc;
    kehu__segmenter *s;
    const kehu_column *sentences;
    int32_t *weights; /* [records][4] */
    int64_t *sums;
    int32_t transitions[KEHU__TAGS][KEHU__TAGS];
    int64_t transition_sums[KEHU__TAGS][KEHU__TAGS];
    int64_t step;
    uint8_t *hidden[KEHU__LISTS]; /* a bit a slot of a list; NULL = hides nothing */
    pair_list lists[2];           /* side by side, with a gap */
    kehu__buffer tables[2];       /* the same as tables */
    kehu__gold gold;
    kehu__random random;
    double dropout;
    kehu__piece piece;
    kehu__features features;
    int32_t scores[KEHU__PIECE_MAX][KEHU__TAGS];
    uint8_t wanted[KEHU__PIECE_MAX], found[KEHU__PIECE_MAX];
} trainer;

/* Call each() with every piece of a row; wanted tags filled in. */
static void each_piece(trainer *t, void (*each)(trainer *t, void *ctx), void *ctx)
{
    const char *p = t->gold.text, *const end = p + t->gold.size;
    while (p < end) {
        kehu_span_kind alone;
        const char *next = kehu__piece_read(&t->piece, &t->s->alphabet, p, end, &alone);
        bool begins = true;
        for (uint32_t i = 0; i < t->piece.n; i++) {
            const size_t last = (size_t)(p - t->gold.text) + t->piece.offsets[i + 1] - 1;
            const bool whole = t->piece.whole[i] != 0;
            const bool ends = t->gold.ends[last] != 0 || whole || i + 1 == t->piece.n ||
                              t->piece.whole[i + 1] != 0;
            begins |= whole;
            t->wanted[i] = begins ? (ends ? KEHU__TAG_S : KEHU__TAG_B)
                                  : (ends ? KEHU__TAG_E : KEHU__TAG_M);
            begins = ends;
        }
        kehu__features_label(&t->features, &t->piece, t->s, p);
        if (t->piece.n > 0)
            each(t, ctx);
        p = next;
    }
}

static kehu_status read_row(trainer *t, int64_t row, kehu_error *err)
{
    const kehu__text text = kehu__column_text(t->sentences, row);
    return kehu__gold_read(&t->gold, text.bytes, (size_t)text.size, &t->alloc, err);
}

static void add_pair(pair_list *list, uint32_t a, uint32_t b)
{
    if (list->failed || !kehu__grow(&list->alloc, &list->keys, &list->capacity,
                                    list->n + 1, sizeof *list->keys))
        list->failed = true;
    else
        list->keys[list->n++] = (uint64_t)a << 16 | b;
}

static void collect_pairs(trainer *t, void *ctx)
{
    pair_list *lists = ctx;
    for (uint32_t k = 1; k < KEHU__PADS + t->piece.n + 1; k++) {
        const uint16_t *c = t->piece.labels + k;
        add_pair(&lists[0], c[0], c[1]);
        add_pair(&lists[1], c[0], c[2]);
    }
}

/* A table of n different keys, numbered from 1 up in their order. */
static kehu_status write_table(const uint64_t *keys, uint32_t n, kehu__buffer *out,
                               kehu__numbering *pairs, kehu_error *err)
{
    uint32_t size = 4;
    char *table;
    while (size / 4 * 3 < n)
        size *= 2;
    table = kehu__buffer_room(out, (size_t)size * 8);
    if (table == NULL)
        return kehu__no_memory(err, "the pairs");
    memset(table, 0, (size_t)size * 8);
    *pairs = (kehu__numbering){table, size - 1, n};
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t key = (uint32_t)keys[i];
        uint32_t at = kehu__numbering_hash(key) & pairs->mask;
        while (kehu__load64(table + 8 * (size_t)at) != 0)
            at = (at + 1) & pairs->mask;
        kehu__store64(table + 8 * (size_t)at, (uint64_t)(i + 1) << 32 | key);
    }
    return KEHU_OK;
}

/* The different pairs of a list, sorted, as a table. */
static kehu_status build_table(pair_list *list, kehu__buffer *out, kehu__numbering *pairs,
                               kehu_error *err)
{
    uint64_t *scratch = kehu__alloc(&list->alloc, list->n, sizeof *scratch);
    uint32_t n = 0;
    if (scratch == NULL)
        return kehu__no_memory(err, "the pairs");
    kehu__sort_u64(list->keys, scratch, list->n);
    kehu__free(&list->alloc, scratch, list->n, sizeof *scratch);
    for (size_t i = 0; i < list->n; i++)
        if (list->keys[i] != 0 && (i == 0 || list->keys[i] != list->keys[i - 1]))
            list->keys[n++] = list->keys[i];
    list->n = n;
    return write_table(list->keys, n, out, pairs, err);
}

static kehu_status number_pairs(trainer *t, kehu_error *err)
{
    pair_list *const lists = t->lists;
    static const char none[16]; /* a table of two free places */
    kehu_status status = KEHU_OK;
    t->s->near = t->s->gapped = (kehu__numbering){none, 1, 0};
    for (int64_t row = 0; row < t->sentences->length && status == KEHU_OK; row++) {
        status = read_row(t, row, err);
        if (status == KEHU_OK)
            each_piece(t, collect_pairs, lists);
    }
    if (status == KEHU_OK && (lists[0].failed || lists[1].failed))
        status = kehu__no_memory(err, "the pairs");
    if (status == KEHU_OK && lists[0].n == 0)
        status = kehu__fail(err, KEHU_EMPTY, -1, "sentences have no word");
    if (status == KEHU_OK)
        status = build_table(&lists[0], &t->tables[0], &t->s->near, err);
    if (status == KEHU_OK)
        status = build_table(&lists[1], &t->tables[1], &t->s->gapped, err);
    return status;
}

/* Hide or show the word in this slot of a list. */
static void set_hidden(trainer *t, int list, uint32_t at, bool hide)
{
    const uint8_t bit = (uint8_t)(1u << (at & 7));
    if (t->hidden[list] == NULL || at == 0)
        return;
    if (hide)
        t->hidden[list][at >> 3] |= bit;
    else
        t->hidden[list][at >> 3] &= (uint8_t)~bit;
}

static double hiding_chance(const trainer *t, uint32_t value)
{
    kehu__word word;
    kehu__dictionary_value(t->s->words, value, &word);
    return word.frequency == 1   ? t->dropout
           : word.frequency == 2 ? t->dropout / 2
           : word.frequency <= 4 ? t->dropout / 4
                                 : 0;
}

/* How much more seldom a word is hidden in the other dictionary too. That one may have
 * been made from more of the same texts, and then has all words of the corpus, but
 * not of others. Chosen on parts of two training corpora. */
static const double OTHER_SHARE = 0.15;

/* Hide words of the piece by their rarity: the model must do without them, as it
 * will have to with words it has never seen. Called twice: hides, then shows. */
static void hide_words(trainer *t, bool hide)
{
    const kehu__segmenter *s = t->s;
    for (uint32_t i = 0, first = 0; i < t->piece.n; i++) {
        uint32_t at, value;
        if (t->wanted[i] == KEHU__TAG_B || t->wanted[i] == KEHU__TAG_S)
            first = i;
        if (t->wanted[i] != KEHU__TAG_E || i - first >= KEHU__LISTED_LONGEST)
            continue;
        at = kehu__dictionary_find_labels(s->words, t->piece.labels + KEHU__PADS + first,
                                          i + 1 - first, &value);
        if (at == 0)
            continue;
        const double u = hide ? kehu__random_unit(&t->random) : 0;
        const double chance = hide ? hiding_chance(t, value) : 1;
        if (u < chance)
            set_hidden(t, 0, at, hide);
        if (t->hidden[1] != NULL && u < chance * (hide ? OTHER_SHARE : 1))
            set_hidden(t, 1,
                       kehu__dictionary_find_labels(s->other,
                                                    t->features.other_labels + first,
                                                    i + 1 - first, &value),
                       hide);
    }
}

static void change(trainer *t, uint32_t record, uint8_t tag, int delta)
{
    const size_t at = (size_t)record * KEHU__TAGS + tag;
    t->weights[at] += delta;
    t->sums[at] += t->step * delta;
}

static void change_transition(trainer *t, uint8_t from, uint8_t to, int delta)
{
    t->transitions[from][to] += delta;
    t->transition_sums[from][to] += t->step * delta;
}

static void learn_piece(trainer *t, void *ctx)
{
    uint32_t records[KEHU__FEATURES];
    (void)ctx;
    hide_words(t, true);
    kehu__features_find(&t->features, &t->piece, t->s, t->hidden);
    hide_words(t, false);
    for (uint32_t i = 0; i < t->piece.n; i++) {
        const uint32_t n =
            kehu__features_records(&t->features, &t->piece, t->s, i, records);
        int32_t sum[KEHU__TAGS] = {0};
        for (uint32_t k = 0; k < n; k++)
            for (size_t g = 0; g < KEHU__TAGS; g++)
                sum[g] += t->weights[(size_t)records[k] * KEHU__TAGS + g];
        memcpy(t->scores[i], sum, sizeof sum);
    }
    kehu__piece_best(&t->piece, t->scores, (const int32_t(*)[KEHU__TAGS])t->transitions,
                     t->found);
    t->step++;
    if (memcmp(t->found, t->wanted, t->piece.n) == 0)
        return;
    for (uint32_t i = 0; i < t->piece.n; i++) {
        const uint8_t *w = t->wanted + i, *f = t->found + i;
        if (*w != *f) {
            const uint32_t n =
                kehu__features_records(&t->features, &t->piece, t->s, i, records);
            for (uint32_t k = 0; k < n; k++)
                if (records[k] != 0) {
                    change(t, records[k], *w, 1);
                    change(t, records[k], *f, -1);
                }
        }
        if (i > 0 && (w[0] != f[0] || w[-1] != f[-1])) {
            change_transition(t, w[-1], w[0], 1);
            change_transition(t, f[-1], f[0], -1);
        }
    }
}

static kehu_status run_epochs(trainer *t, const kehu__segmenter_options *options,
                              const kehu__run *run, kehu_error *err)
{
    const int64_t n = t->sentences->length, total = n * options->epochs;
    uint32_t *order = kehu__alloc(&t->alloc, (size_t)n, sizeof *order);
    kehu_status status = order == NULL ? kehu__no_memory(err, "training") : KEHU_OK;
    for (int64_t i = 0; i < n && status == KEHU_OK; i++)
        order[i] = (uint32_t)i;
    for (int64_t k = 0; k < total && status == KEHU_OK; k++) {
        const int64_t i = k % n;
        if (i == 0)
            for (int64_t j = n - 1; j > 0; j--) {
                const uint32_t with = kehu__random_below(&t->random, (uint32_t)j + 1);
                const uint32_t kept = order[j];
                order[j] = order[with];
                order[with] = kept;
            }
        if (k % 512 == 0)
            status = kehu__progress(run, (double)k / (double)total, "train", err);
        if (status == KEHU_OK)
            status = read_row(t, order[i], err);
        if (status == KEHU_OK)
            each_piece(t, learn_piece, NULL);
    }
    kehu__free(&t->alloc, order, (size_t)n, sizeof *order);
    return status;
}

static size_t hidden_bytes(const kehu__dictionary *d)
{
    return d == NULL ? 0 : d->trie.n_slots / 8 + 1;
}

static void free_trainer(trainer *t, size_t n_weights)
{
    const kehu_allocator alloc = t->alloc;
    for (int k = 0; k < 2; k++) {
        kehu__free(&alloc, t->lists[k].keys, t->lists[k].capacity,
                   sizeof *t->lists[k].keys);
        kehu__buffer_free(&t->tables[k]);
    }
    kehu__free(&alloc, t->hidden[0], hidden_bytes(t->s->words), 1);
    kehu__free(&alloc, t->hidden[1], hidden_bytes(t->s->other), 1);
    kehu__free(&alloc, t->sums, n_weights, sizeof *t->sums);
    kehu__free(&alloc, t->weights, n_weights, sizeof *t->weights);
    kehu__gold_free(&t->gold, &alloc);
    kehu__free(&alloc, t, 1, sizeof *t);
}

static kehu_status build(const trainer *t, kehu__buffer parts[KEHU__MODEL_PARTS],
                         kehu_error *err)
{
    kehu__learned learned = {.s = t->s,
                             .weights = t->weights,
                             .sums = t->sums,
                             .steps = t->step,
                             .keys = {t->lists[0].keys, t->lists[1].keys},
                             .alloc = &t->alloc};
    memcpy(learned.transitions, t->transitions, sizeof t->transitions);
    memcpy(learned.transition_sums, t->transition_sums, sizeof t->transition_sums);
    return kehu__segmenter_build(&learned, parts, err);
}

kehu_status kehu__segmenter_train(kehu__segmenter *s, const kehu_column *sentences,
                                  const kehu__segmenter_options *options,
                                  const kehu__run *run, const kehu_allocator *alloc,
                                  kehu__buffer parts[KEHU__MODEL_PARTS], kehu_error *err)
{
    trainer *t = kehu__alloc_zero(alloc, 1, sizeof *t);
    kehu_status status;
    size_t n = 0;
    if (t == NULL)
        return kehu__no_memory(err, "training");
    t->alloc = *alloc;
    t->s = s;
    t->sentences = sentences;
    t->dropout = options->dropout;
    t->random = kehu__random_seed(options->seed);
    for (int k = 0; k < 2; k++) {
        t->lists[k].alloc = *alloc;
        t->tables[k] = kehu__buffer_new(alloc);
    }
    status = number_pairs(t, err);
    if (status == KEHU_OK) {
        n = (size_t)kehu__segmenter_lay_out(s) * KEHU__TAGS;
        t->weights = kehu__alloc_zero(alloc, n, sizeof *t->weights);
        t->sums = kehu__alloc_zero(alloc, n, sizeof *t->sums);
        t->hidden[0] = kehu__alloc_zero(alloc, hidden_bytes(s->words), 1);
        t->hidden[1] = kehu__alloc_zero(alloc, hidden_bytes(s->other), 1);
        if (t->weights == NULL || t->sums == NULL || t->hidden[0] == NULL ||
            (s->other != NULL && t->hidden[1] == NULL))
            status = kehu__no_memory(err, "training");
    }
    if (status == KEHU_OK)
        status = run_epochs(t, options, run, err);
    if (status == KEHU_OK)
        status = build(t, parts, err);
    free_trainer(t, n);
    return status;
}
