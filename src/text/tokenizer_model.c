/* Trained tokenizers: learning, the file, splitting, comparing.
 *
 * The file is a container of kind "TOK2":
 *   HEAD  u32 labels; of both tables places and pairs; i32[4][4] transitions
 *   WRDS  the training words, a container "DIC2"
 *   OTHR  the other dictionary, likewise; empty = none
 *   NEAR  u32 key, u32 number a place: pairs side by side; GAPD those with a gap
 *   WGHT  u16[4] a record, 32768 = 0 */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/utf8.h"
#include "data/column.h"
#include "text/atom.h"
#include "text/segmenter_train.h"
#include "text/tokenizer.h"

enum { DEFAULT_EPOCHS = 8, MAX_EPOCHS = 100, TRANSITION_MAX = 1 << 20 };
static const double DEFAULT_DROPOUT = 0.9;

void kehu__model_release(kehu__model *m)
{
    if (m != NULL && atomic_fetch_sub(&m->users, 1) == 1) {
        const kehu_allocator alloc = m->alloc;
        kehu__lexicon_release(m->words);
        kehu__lexicon_release(m->other);
        kehu__free(&alloc, m->owned, m->owned_size, 1);
        kehu__free(&alloc, m, 1, sizeof *m);
    }
}

static uint32_t largest_label(const kehu__dictionary *d)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < (size_t)d->n_pages * 256; i++) {
        const uint32_t label = kehu__load16(d->labels + 2 * i);
        largest = label > largest ? label : largest;
    }
    return largest;
}

/* A table whose places are as many as it says, with the pairs it says, and at
 * least one of them free, so that every search ends. */
static bool table_fits(const kehu__pairs *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i <= p->mask; i++) {
        const uint64_t place = kehu__load64(p->places + 8 * (size_t)i);
        const uint64_t number = place >> 32;
        n += place != 0;
        if (place != 0 && (number == 0 || number > p->n))
            return false;
    }
    return n == p->n && n <= p->mask;
}

static bool read_table(kehu__reader *r, const kehu__container *c, const char *tag,
                       kehu__pairs *p)
{
    const uint32_t places = kehu__read_u32(r);
    size_t size;
    const char *bytes;
    p->n = kehu__read_u32(r);
    if (!kehu__container_find(c, tag, &bytes, &size) || places < 2 ||
        (places & (places - 1)) != 0 || size != (uint64_t)places * 8)
        return false;
    p->mask = places - 1;
    p->places = bytes;
    return true;
}

/* The numbers of a model; its words are open. */
static bool read_numbers(kehu__model *m, const kehu__container *c, bool trusted)
{
    kehu__segmenter *s = &m->segmenter;
    const char *head;
    size_t size, n_records;
    kehu__reader r;
    if (!kehu__container_find(c, "HEAD", &head, &size))
        return false;
    r = kehu__reader_new(head, size);
    s->n_labels = kehu__read_u32(&r);
    if (!read_table(&r, c, "NEAR", &s->near) || !read_table(&r, c, "GAPD", &s->gapped))
        return false;
    for (int a = 0; a < KEHU__TAGS; a++)
        for (int b = 0; b < KEHU__TAGS; b++) {
            const int32_t w = (int32_t)kehu__read_u32(&r);
            if (w > TRANSITION_MAX || w < -TRANSITION_MAX)
                return false;
            s->transitions[a][b] = w;
        }
    if (r.failed || s->n_labels < 4 || s->n_labels > UINT16_MAX ||
        s->near.n > (uint32_t)INT32_MAX / 16 || s->gapped.n > (uint32_t)INT32_MAX / 16)
        return false;
    n_records = kehu__segmenter_lay_out(s);
    return kehu__container_find(c, "WGHT", &s->weights, &size) &&
           size == n_records * KEHU__TAGS * 2 &&
           (trusted || (table_fits(&s->near) && table_fits(&s->gapped) &&
                        largest_label(&s->words) == s->n_labels - 4));
}

static kehu_status open_parts(kehu__model *m, bool trusted, const char *name,
                              kehu_error *err)
{
    kehu__container c;
    const char *words, *other;
    size_t words_size, other_size;
    if (trusted)
        kehu__container_trust(&c, m->bytes, m->size);
    else
        KEHU_TRY(kehu__container_open(&c, m->bytes, m->size, "TOK2", name, err));
    if (!kehu__container_find(&c, "WRDS", &words, &words_size) ||
        !kehu__container_find(&c, "OTHR", &other, &other_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s lacks a section of a tokenizer",
                          name);
    KEHU_TRY(kehu__lexicon_new(&m->words, &m->alloc, words, words_size, NULL, 0, trusted,
                               name, err));
    if (other_size > 0)
        KEHU_TRY(kehu__lexicon_new(&m->other, &m->alloc, other, other_size, NULL, 0,
                                   trusted, name, err));
    m->segmenter.words = m->words->dictionary;
    m->segmenter.other = m->other == NULL ? NULL : &m->other->dictionary;
    if (!read_numbers(m, &c, trusted))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds a number out of range", name);
    return KEHU_OK;
}

static kehu_status open_model(kehu_tokenizer **out, const char *bytes, size_t size,
                              char *owned, size_t owned_size, bool trusted,
                              const char *name, const kehu_tokenizer_options *opt,
                              kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu__model *m = kehu__alloc_zero(&alloc, 1, sizeof *m);
    kehu__lexicon *lexicon;
    kehu_status status;
    if (m == NULL) {
        kehu__free(&alloc, owned, owned_size, 1);
        return kehu__no_memory(err, "the tokenizer");
    }
    m->alloc = alloc;
    m->bytes = bytes;
    m->size = size;
    m->owned = owned;
    m->owned_size = owned_size;
    atomic_init(&m->users, 1);
    status = open_parts(m, trusted, name, err);
    if (status != KEHU_OK) {
        kehu__model_release(m);
        return status;
    }
    lexicon = m->other != NULL ? m->other : m->words;
    atomic_fetch_add(&lexicon->users, 1);
    return kehu__tokenizer_new(out, lexicon, NULL, m, opt, err);
}

kehu_status kehu__model_open(kehu_tokenizer **out, const char *bytes, size_t size,
                             char *owned, bool trusted, const char *name,
                             const kehu_tokenizer_options *opt, kehu_error *err)
{
    return open_model(out, bytes, size, owned, size, trusted, name, opt, err);
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
                status = kehu__dictionary_builder_add(b, &word, err);
                start = i + 1;
            }
    }
    if (status == KEHU_OK)
        status = kehu__lexicon_build(out, b, alloc, err);
    kehu__gold_free(&gold, alloc);
    kehu__dictionary_builder_free(b);
    return status;
}

static void write_head(kehu__buffer *head, const kehu__segmenter *s)
{
    kehu__buffer_u32(head, s->n_labels);
    kehu__buffer_u32(head, s->near.mask + 1);
    kehu__buffer_u32(head, s->near.n);
    kehu__buffer_u32(head, s->gapped.mask + 1);
    kehu__buffer_u32(head, s->gapped.n);
    for (int a = 0; a < KEHU__TAGS; a++)
        for (int b = 0; b < KEHU__TAGS; b++)
            kehu__buffer_u32(head, (uint32_t)s->transitions[a][b]);
}

/* Train and append the whole file to out. */
static kehu_status train_file(kehu__buffer *out, const kehu__lexicon *words,
                              const kehu__lexicon *other, const kehu_column *sentences,
                              const kehu_tokenizer_train_options *opt,
                              const kehu_allocator *alloc, kehu_error *err)
{
    enum { HEAD, NEAR, GAPD, WGHT, N_PARTS };
    const kehu__segmenter_options how = {opt->epochs, opt->dropout, opt->seed};
    const kehu__run run = {.progress = opt->progress};
    kehu__buffer parts[N_PARTS];
    kehu__segmenter s = {.words = words->dictionary,
                         .other = other == NULL ? NULL : &other->dictionary,
                         .n_labels = largest_label(&words->dictionary) + 4};
    kehu_status status;
    if (s.n_labels > UINT16_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "sentences use %u different characters, %d is the most",
                          (unsigned)s.n_labels - 4, UINT16_MAX - 4);
    for (int k = 0; k < N_PARTS; k++)
        parts[k] = kehu__buffer_new(alloc);
    status = kehu__segmenter_train(&s, sentences, &how, &run, alloc, &parts[NEAR],
                                   &parts[GAPD], &parts[WGHT], err);
    if (status == KEHU_OK) {
        write_head(&parts[HEAD], &s);
        const kehu__section sections[] = {{"HEAD", parts[HEAD].bytes, parts[HEAD].size},
                                          {"WRDS", words->bytes, words->size},
                                          {"OTHR", other == NULL ? NULL : other->bytes,
                                           other == NULL ? 0 : other->size},
                                          {"NEAR", parts[NEAR].bytes, parts[NEAR].size},
                                          {"GAPD", parts[GAPD].bytes, parts[GAPD].size},
                                          {"WGHT", parts[WGHT].bytes, parts[WGHT].size}};
        kehu__container_build(out, "TOK2", sections,
                              sizeof sections / sizeof sections[0]);
        if (out->failed || parts[HEAD].failed || parts[WGHT].failed)
            status = kehu__no_memory(err, "the model");
    }
    for (int k = 0; k < N_PARTS; k++)
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
    return open_model(out, built.bytes, built.size, built.bytes, built.capacity, true,
                      "the model", &made, err);
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
                         uint32_t first, uint32_t end, const char *p, uint32_t at)
{
    const char *from = p + piece->offsets[first], *to = p + piece->offsets[end];
    const uint16_t *labels =
        t->model->other == NULL ? piece->labels + KEHU__PADS : piece->other_labels;
    const kehu__dictionary *d = &t->lexicon->dictionary;
    uint32_t word, value;
    kehu_span_kind kind;
    if (piece->whole[first] != 0) {
        word = kehu__dictionary_find(d, from, (size_t)(to - from), &value);
        kind = (kehu_span_kind)piece->whole[first];
    } else {
        word = kehu__dictionary_find_labels(d, labels + first, end - first, &value);
        kind = kehu__piece_kind(piece, first, end, word);
        if (kind == 0)
            kind = kind_of_word(from, to, word);
    }
    return (kehu_span){at + piece->offsets[first], (uint32_t)(to - from), word,
                       (uint16_t)kind, 0};
}

kehu_status kehu__model_split(const kehu_tokenizer *t, const char *text, int64_t size,
                              kehu_span *spans, int64_t capacity, int64_t *n_spans,
                              int64_t *used, kehu_error *err)
{
    const kehu__segmenter *s = &t->model->segmenter;
    const char *p = text, *const end = text + size;
    kehu__piece piece;
    uint8_t tags[KEHU__PIECE_MAX];
    int64_t n = 0;
    while (p < end) {
        kehu_span_kind alone = KEHU_SPAN_CONTROL;
        const char *next = kehu__piece_read(&piece, s, p, end, &alone);
        const uint32_t at = (uint32_t)(p - text);
        const int64_t n_before = n;
        if (piece.n > 0) {
            kehu__piece_prepare(&piece, s, NULL);
            kehu__piece_tag(&piece, s, tags);
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
            spans[n++] = span_of(t, &piece, first, i + 1, p, at);
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
