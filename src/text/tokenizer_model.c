/* Trained tokenizers: learning, the file, splitting, comparing.
 *
 * The file is a container of kind "TOK4":
 *   NEAR  pairs of characters side by side, GAPD those with a unit between: places,
 *         see segmenter_score.h; NSHF, GSHF their shifts, see segmenter_pairs.h
 *   HEAD  u32 labels of the corpus, of all; 1 = two lists; places and shifts of both
 *         tables; the trie's five numbers; i32[4][4] transitions
 *   PAGE, CHAR  labels of characters, as in a dictionary
 *   NUMB  u32 a label: the number of the word that the character is
 *   TRIE  slots of the words of 3 and more units
 *   SNGL  u16[5][4] a label of the corpus; FIXD u16[4] a record
 *   WORD  the dictionary that numbers the words, a container "DIC2" */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/utf8.h"
#include "data/column.h"
#include "text/atom.h"
#include "text/segmenter_train.h"
#include "text/tokenizer.h"

enum { DEFAULT_EPOCHS = 8, MAX_EPOCHS = 100, N_PAGES = 0x110000 / 256 };

/* In the order of the sections in the file. The places of pairs stand first, at a
 * multiple of their size. */
static const char part_tags[KEHU__MODEL_PARTS][5] = {"NEAR", "GAPD", "NSHF", "GSHF",
                                                     "HEAD", "PAGE", "CHAR", "NUMB",
                                                     "TRIE", "SNGL", "FIXD"};
static const double DEFAULT_DROPOUT = 0.9;

void kehu__model_release(kehu__model *m)
{
    if (m != NULL && atomic_fetch_sub(&m->users, 1) == 1) {
        const kehu_allocator alloc = m->alloc;
        kehu__lexicon_release(m->words);
        kehu__held_release(&m->held, &alloc);
        kehu__free(&alloc, m, 1, sizeof *m);
    }
}

/* A section's bytes, when they are as many as they should be. */
static const char *section(const kehu__container *c, int part, uint64_t size, bool *fits)
{
    const char *bytes = NULL;
    size_t found = 0;
    if (!kehu__container_find(c, part_tags[part], &bytes, &found) || found != size)
        *fits = false;
    return bytes;
}

static void find_parts(kehu__scorer *s, const kehu__container *c, bool *fits)
{
    s->near.places =
        section(c, KEHU__MODEL_NEAR, ((uint64_t)s->near.n + 1) * KEHU__NEAR_SIZE, fits);
    s->near.shifts =
        section(c, KEHU__MODEL_NEAR_SHIFTS, (uint64_t)s->near.n_shifts * 2, fits);
    s->gapped.places = section(c, KEHU__MODEL_GAPPED,
                               ((uint64_t)s->gapped.n + 1) * KEHU__GAPPED_SIZE, fits);
    s->gapped.shifts =
        section(c, KEHU__MODEL_GAPPED_SHIFTS, (uint64_t)s->gapped.n_shifts * 2, fits);
    s->alphabet.pages = section(c, KEHU__MODEL_PAGES, 2 * (uint64_t)N_PAGES, fits);
    s->numbers = section(c, KEHU__MODEL_NUMBERS, (uint64_t)s->n_labels * 4, fits);
    s->longer.slots =
        section(c, KEHU__MODEL_TRIE,
                (uint64_t)s->longer.n_slots * s->longer.slot_bytes + 8, fits);
    s->singles =
        section(c, KEHU__MODEL_SINGLES,
                (uint64_t)s->alphabet.n * KEHU__SINGLE_PLACES * KEHU__RECORD, fits);
    s->fixed =
        section(c, KEHU__MODEL_FIXED, (uint64_t)KEHU__N_MODEL * KEHU__RECORD, fits);
}

/* Every character has a page, and a label that there is. */
static bool alphabet_fits(kehu__scorer *s, const kehu__container *c)
{
    size_t size;
    uint32_t largest = 0;
    if (!kehu__container_find(c, part_tags[KEHU__MODEL_LABELS], &s->alphabet.labels,
                              &size))
        return false;
    for (uint32_t i = 0; i < N_PAGES; i++)
        if (kehu__load16(s->alphabet.pages + 2 * (size_t)i) >= size / 512)
            return false;
    for (size_t i = 0; i + 1 < size; i += 2) {
        const uint32_t label = kehu__load16(s->alphabet.labels + i);
        largest = label > largest ? label : largest;
    }
    return largest < s->n_labels;
}

/* The numbers of a model. What its places, shifts, weights and slots hold needs no
 * check: any value gives some tags, and no look-up leaves its section. */
static bool read_numbers(kehu__scorer *s, const kehu__container *c)
{
    const char *head;
    size_t size;
    kehu__reader r;
    bool fits = true;
    if (!kehu__container_find(c, part_tags[KEHU__MODEL_HEAD], &head, &size))
        return false;
    r = kehu__reader_new(head, size);
    s->alphabet.n = kehu__read_u32(&r);
    s->n_labels = kehu__read_u32(&r);
    s->two_lists = kehu__read_u32(&r) != 0;
    s->near.n = kehu__read_u32(&r);
    s->near.n_shifts = kehu__read_u32(&r);
    s->gapped.n = kehu__read_u32(&r);
    s->gapped.n_shifts = kehu__read_u32(&r);
    s->longer.n_slots = kehu__read_u32(&r);
    s->longer.slot_bytes = kehu__read_u32(&r);
    s->longer.label_bits = kehu__read_u32(&r);
    s->longer.base_bits = kehu__read_u32(&r);
    s->longer.value_bits = kehu__read_u32(&r);
    for (int a = 0; a < KEHU__TAGS; a++)
        for (int b = 0; b < KEHU__TAGS; b++) {
            const int32_t w = (int32_t)kehu__read_u32(&r);
            if (w > KEHU__TRANSITION_MAX || w < -KEHU__TRANSITION_MAX)
                return false;
            s->transitions[a][b] = w;
        }
    if (r.failed || s->alphabet.n < 4 || s->alphabet.n > s->n_labels ||
        s->n_labels > UINT16_MAX || s->near.n == 0 || s->near.n_shifts == 0 ||
        s->gapped.n == 0 || s->gapped.n_shifts == 0 ||
        (s->longer.n_slots > 0 && !kehu__trie_sizes_fit(&s->longer)))
        return false;
    find_parts(s, c, &fits);
    return fits && alphabet_fits(s, c);
}

static kehu_status open_parts(kehu__model *m, kehu__trust trust, const char *name,
                              kehu_error *err)
{
    kehu__container c;
    kehu__held words = {.bytes = NULL};
    KEHU_TRY(kehu__container_open_trusted(&c, m->held.bytes, m->held.size, trust, "TOK4",
                                          name, err));
    if (!kehu__container_find(&c, "WORD", &words.bytes, &words.size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s lacks a section of a tokenizer",
                          name);
    if (trust == KEHU__TRUST_NOTHING)
        trust = KEHU__TRUST_HASH;
    KEHU_TRY(kehu__lexicon_new(&m->words, &m->alloc, &words, trust, name, err));
    if (!read_numbers(&m->scorer, &c))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds a number out of range", name);
    return KEHU_OK;
}

kehu_status kehu__model_open(kehu_tokenizer **out, const kehu__held *held,
                             kehu__trust trust, const char *name,
                             const kehu_tokenizer_options *opt, kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu__model *m = kehu__alloc_zero(&alloc, 1, sizeof *m);
    kehu__held taken = *held;
    kehu_status status;
    if (m == NULL) {
        kehu__held_release(&taken, &alloc);
        return kehu__no_memory(err, "the tokenizer");
    }
    m->alloc = alloc;
    m->held = taken;
    atomic_init(&m->users, 1);
    status = open_parts(m, trust, name, err);
    if (status != KEHU_OK) {
        kehu__model_release(m);
        return status;
    }
    atomic_fetch_add(&m->words->users, 1);
    return kehu__tokenizer_new(out, m->words, NULL, m, opt, err);
}

/* A word of row `line - 1`. */
static kehu_status count_word(kehu__dictionary_builder *b, const kehu__word *word,
                              kehu_error *err)
{
    const kehu_status status = kehu__dictionary_builder_add(b, word, err);
    if (status != KEHU_OK && status != KEHU_NO_MEMORY && err != NULL) {
        const kehu_error found = *err;
        return kehu__fail(err, status, found.where, "sentences, row %lld: %s",
                          (long long)found.where, found.message);
    }
    return status;
}

/* The words of a corpus with their numbers of occurrences. */
static kehu_status count_words(kehu__lexicon **out, const kehu_column *sentences,
                               const kehu_allocator *alloc, kehu_error *err)
{
    kehu__dictionary_builder *b = kehu__dictionary_builder_new(alloc);
    kehu__gold gold = {.text = NULL};
    kehu_status status = b == NULL ? kehu__no_memory(err, "the words") : KEHU_OK;
    if (b != NULL)
        kehu__dictionary_builder_repeated(b, KEHU__REPEATED_COUNTED);
    for (int64_t row = 0; row < sentences->length && status == KEHU_OK; row++) {
        const kehu__text text = kehu__column_text(sentences, row);
        size_t start = 0;
        status = kehu__gold_read(&gold, text.bytes, (size_t)text.size, alloc, err);
        for (size_t i = 0; i < gold.size && status == KEHU_OK; i++)
            if (gold.ends[i] != 0) {
                const kehu__word word = {.bytes = gold.text + start,
                                         .size = i + 1 - start,
                                         .frequency = 1,
                                         .line = row + 1};
                status = count_word(b, &word, err);
                start = i + 1;
            }
    }
    if (status == KEHU_OK)
        status = kehu__lexicon_build(out, b, alloc, err);
    kehu__gold_free(&gold, alloc);
    kehu__dictionary_builder_free(b);
    return status;
}

/* Train and append the whole file to out. */
static kehu_status train_file(kehu__buffer *out, const kehu__lexicon *words,
                              const kehu__lexicon *other, const kehu_column *sentences,
                              const kehu_tokenizer_train_options *opt,
                              const kehu_allocator *alloc, kehu_error *err)
{
    const kehu__segmenter_options how = {opt->epochs, opt->dropout, opt->seed};
    const kehu__run run = {.progress = opt->progress};
    const kehu__lexicon *numbering = other == NULL ? words : other;
    const kehu__dictionary *d = &words->dictionary;
    kehu__buffer parts[KEHU__MODEL_PARTS];
    kehu__section sections[KEHU__MODEL_PARTS + 1];
    kehu__segmenter s = {
        .words = d,
        .other = other == NULL ? NULL : &other->dictionary,
        .alphabet = {d->pages, d->labels, kehu__dictionary_n_labels(d) + 4}};
    kehu_status status;
    if (s.alphabet.n > UINT16_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "sentences use %u different characters, %d is the most",
                          (unsigned)s.alphabet.n - 4, UINT16_MAX - 4);
    for (int k = 0; k < KEHU__MODEL_PARTS; k++)
        parts[k] = kehu__buffer_new(alloc);
    status = kehu__segmenter_train(&s, sentences, &how, &run, alloc, parts, err);
    if (status == KEHU_OK) {
        for (int k = 0; k < KEHU__MODEL_PARTS; k++) {
            sections[k] = (kehu__section){.bytes = parts[k].bytes, .size = parts[k].size};
            memcpy(sections[k].tag, part_tags[k], sizeof part_tags[k]);
        }
        sections[KEHU__MODEL_PARTS] =
            (kehu__section){"WORD", numbering->held.bytes, numbering->held.size};
        kehu__container_build(out, "TOK4", sections, KEHU__MODEL_PARTS + 1);
        if (out->failed)
            status = kehu__no_memory(err, "the model");
    }
    for (int k = 0; k < KEHU__MODEL_PARTS; k++)
        kehu__buffer_free(&parts[k]);
    return status;
}

static kehu_status read_train_options(kehu_tokenizer_train_options *opt,
                                      const kehu_tokenizer_train_options *options,
                                      kehu_error *err)
{
    memset(opt, 0, sizeof *opt);
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, options, err));
    if (opt->epochs == 0)
        opt->epochs = DEFAULT_EPOCHS;
    if (opt->dropout == 0) /* exactly: not set */
        opt->dropout = DEFAULT_DROPOUT;
    if (opt->epochs > MAX_EPOCHS)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "epochs is %u, expected 1 to %d",
                          (unsigned)opt->epochs, MAX_EPOCHS);
    if (!(opt->dropout > 0 && opt->dropout <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "dropout is not above 0 and up to 1");
    return KEHU_OK;
}

kehu_status kehu_tokenizer_train(kehu_tokenizer **out, const kehu_tokenizer *dictionary,
                                 const kehu_column *sentences,
                                 const kehu_tokenizer_train_options *options,
                                 kehu_error *err)
{
    kehu_tokenizer_train_options opt;
    kehu_tokenizer_options made = {.mode = KEHU_TOKENIZER_ACCURATE, .split_units = 1};
    const kehu__lexicon *other = dictionary == NULL ? NULL : dictionary->lexicon;
    kehu__lexicon *words = NULL;
    kehu_allocator alloc;
    kehu__buffer built;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_train_options(&opt, options, err));
    KEHU_TRY(kehu__column_check_text(sentences, "sentences", err));
    if (sentences->length > INT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "sentences has more than 2147483647 rows");
    alloc = kehu__allocator(opt.alloc);
    made.alloc = &alloc;
    built = kehu__buffer_new(&alloc);
    status = count_words(&words, sentences, &alloc, err);
    if (status == KEHU_OK)
        status = train_file(&built, words, other, sentences, &opt, &alloc, err);
    kehu__lexicon_release(words);
    if (status != KEHU_OK) {
        kehu__buffer_free(&built);
        return status;
    }
    const kehu__held held = {.bytes = built.bytes,
                             .size = built.size,
                             .owned = built.bytes,
                             .owned_size = built.capacity};
    return kehu__model_open(out, &held, KEHU__TRUST_ALL, "the model", &made, err);
}

/* What a word the model found is. */
static kehu_span_kind kind_of_word(const char *p, const char *end, uint32_t word)
{
    const char *q = p, *last = p;
    bool all_han = true, all_numerals = true;
    uint32_t n = 0, c;
    const kehu__atom atom = kehu__atom_at(p, end, true);
    if (atom.end == end && atom.kind != KEHU_SPAN_CHARACTER)
        return atom.kind;
    for (; q < end; n++) {
        last = q;
        c = kehu__look(q, end, &q);
        const uint8_t numeral = kehu__numeral(c);
        all_han &= kehu__class_of(c) == KEHU__CLASS_HAN;
        all_numerals &= numeral != KEHU__NUMERAL_NONE && numeral < KEHU__NUMERAL_YUAN;
    }
    if (n == 1)
        return word == 0 ? KEHU_SPAN_CHARACTER : KEHU_SPAN_WORD;
    if (all_numerals && word == 0)
        return KEHU_SPAN_NUMBER;
    if (all_han)
        return KEHU_SPAN_WORD;
    c = kehu__look(last, end, &q);
    if (c == 0x5E74 || c == 0x6708 || c == 0x65E5 || c == 0x65F6) /* 年月日时 */
        return KEHU_SPAN_DATE;
    return KEHU_SPAN_MIXED;
}

/* The span of the units [first, end) of a piece that begins at p, `at` of its text. */
static kehu_span span_of(const kehu_tokenizer *t, const kehu__piece *piece,
                         const kehu__places *places, uint32_t first, uint32_t end,
                         const char *p, uint32_t at)
{
    const char *from = p + piece->offsets[first], *to = p + piece->offsets[end];
    const uint32_t units = end - first;
    uint32_t word, value;
    kehu_span_kind kind;
    if (piece->whole[first] != 0 || units > 2)
        word = kehu__dictionary_find(&t->lexicon->dictionary, from, (size_t)(to - from),
                                     &value);
    else
        word = kehu__scorer_number(&t->model->scorer, piece, places, first, units);
    if (piece->whole[first] != 0)
        kind = (kehu_span_kind)piece->whole[first];
    else if (units == 1 && piece->signs[first] != 0)
        kind = (kehu_span_kind)piece->signs[first];
    else
        kind = kehu__piece_kind(piece, first, end, word);
    if (kind == 0)
        kind = kind_of_word(from, to, word);
    return (kehu_span){at + piece->offsets[first], (uint32_t)(to - from), word,
                       (uint16_t)kind, 0};
}

kehu_status kehu__model_split(const kehu_tokenizer *t, const char *text, int64_t size,
                              kehu_span *spans, int64_t capacity, int64_t *n_spans,
                              int64_t *used, kehu_error *err)
{
    const kehu__scorer *s = &t->model->scorer;
    const char *p = text, *const end = size == 0 ? text : text + size;
    kehu__places places;
    kehu__piece piece;
    uint8_t tags[KEHU__PIECE_MAX];
    int64_t n = 0;
    while (p < end) {
        kehu_span_kind alone = KEHU_SPAN_CONTROL;
        const char *next = kehu__piece_read(&piece, &s->alphabet, p, end, &alone);
        const uint32_t at = (uint32_t)(p - text);
        const int64_t n_before = n;
        if (piece.n > 0) {
            kehu__scorer_tag(s, &piece, &places, tags);
        } else if (n < capacity) {
            spans[n] = (kehu_span){at, (uint32_t)(next - p), 0, (uint16_t)alone, 0};
            n++;
        } else {
            break;
        }
        uint32_t i = 0, first = 0;
        for (; i < piece.n; i++) {
            if (tags[i] != KEHU__TAG_E && tags[i] != KEHU__TAG_S)
                continue;
            if (n == capacity)
                break;
            spans[n++] = span_of(t, &piece, &places, first, i + 1, p, at);
            first = i + 1;
        }
        if (i < piece.n) { /* a piece is split whole or not at all */
            n = n_before;
            break;
        }
        p = next;
    }
    *n_spans = n;
    if (used != NULL)
        *used = p - text;
    if (p < end && (used == NULL || p == text))
        return kehu__fail(err, KEHU_LIMIT, p - text,
                          "%lld spans do not hold this text; kehu_tokenizer_bound() do",
                          (long long)capacity);
    return KEHU_OK;
}

/* Words of one sentence that are in both; start and size tell. */
static void compare(const kehu__gold *gold, const kehu_span *spans, int64_t n,
                    const kehu_tokenizer *known, kehu_tokenizer_quality *q)
{
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        q->n_found += spans[i].part == 0;
    for (size_t i = 0, start = 0; i < gold->size; i++) {
        kehu_word_info info;
        if (gold->ends[i] == 0)
            continue;
        while (k < n && (spans[k].start < start || spans[k].part != 0))
            k++;
        const bool right =
            k < n && spans[k].start == start && spans[k].size == i + 1 - start;
        const bool is_new =
            known == NULL || kehu_tokenizer_find(known, gold->text + start, i + 1 - start,
                                                 &info, NULL) != KEHU_OK;
        q->n_wanted++;
        q->n_right += right;
        q->n_new += is_new;
        q->n_new_right += is_new && right;
        start = i + 1;
    }
}

static double ratio(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

kehu_status kehu_tokenizer_evaluate(const kehu_tokenizer *t, const kehu_column *sentences,
                                    const kehu_tokenizer *known,
                                    kehu_tokenizer_quality *quality, kehu_error *err)
{
    kehu_tokenizer_quality q = {0};
    kehu__gold gold = {.text = NULL};
    kehu_span *spans = NULL;
    size_t capacity = 0;
    kehu_status status = KEHU_OK;
    if (t == NULL || quality == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer or quality is NULL");
    memset(quality, 0, sizeof *quality);
    KEHU_TRY(kehu__column_check_text(sentences, "sentences", err));
    for (int64_t row = 0; row < sentences->length && status == KEHU_OK; row++) {
        const kehu__text text = kehu__column_text(sentences, row);
        int64_t n = 0, bound;
        status = kehu__gold_read(&gold, text.bytes, (size_t)text.size, &t->alloc, err);
        if (status != KEHU_OK)
            break;
        bound = kehu_tokenizer_bound(t, (int64_t)gold.size);
        if (!kehu__grow(&t->alloc, &spans, &capacity, (size_t)bound, sizeof *spans))
            status = kehu__no_memory(err, "the spans");
        else
            status = kehu_tokenizer_split(t, gold.text, (int64_t)gold.size, spans, bound,
                                          &n, NULL, err);
        if (status == KEHU_OK)
            compare(&gold, spans, n, known, &q);
    }
    kehu__gold_free(&gold, &t->alloc);
    kehu__free(&t->alloc, spans, capacity, sizeof *spans);
    if (status != KEHU_OK)
        return status;
    q.precision = ratio(q.n_right, q.n_found);
    q.recall = ratio(q.n_right, q.n_wanted);
    q.f1 = ratio(2 * q.n_right, q.n_found + q.n_wanted);
    q.new_recall = ratio(q.n_new_right, q.n_new);
    *quality = q;
    return KEHU_OK;
}
