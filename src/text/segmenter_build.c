/* From what training found to the sections of a model. */
#include "base/error.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "text/segmenter_score.h"
#include "text/segmenter_train.h"

enum {
    N_PLANE_PAGES = 0x110000 / 256,
    /* Pairs whose weights all are at most this are left out. Half the pairs, which
     * occurred once and were corrected once; chosen on parts of two training corpora,
     * where F1 falls by .02 percent. */
    NEAR_LEAST = KEHU__WEIGHT_ONE,
    GAPPED_LEAST = KEHU__WEIGHT_ONE * 3 / 2
};

/* A word of the lists in joint labels. */
typedef struct listed {
    uint16_t labels[KEHU__LISTED_LONGEST];
    uint32_t number; /* in the dictionary that gives the words' numbers */
    uint8_t n, lists;
} listed;

typedef struct build {
    const kehu__learned *learned;
    const kehu__segmenter *s;
    kehu_allocator alloc;
    kehu__buffer *parts;
    uint32_t n_labels;
    listed *words;
    size_t n_words, capacity;
    uint32_t *numbers; /* [n_labels] */
    int list;          /* that is being read */
    kehu__trie trie;
    kehu__pairs near, gapped;
} build;

/* The mean over all steps, rounded to the nearest. */
static int32_t average(const build *b, int32_t weight, int64_t sum, int64_t limit)
{
    const int64_t steps = b->learned->steps;
    const int64_t scaled = (int64_t)KEHU__WEIGHT_ONE * ((int64_t)weight * steps - sum);
    const int64_t half = scaled < 0 ? -(steps / 2) : steps / 2;
    const int64_t mean = (scaled + half) / steps;
    return (int32_t)(mean > limit ? limit : mean < -limit ? -limit : mean);
}

static int32_t weight_of(const build *b, size_t record, size_t tag)
{
    const size_t at = record * KEHU__TAGS + tag;
    return average(b, b->learned->weights[at], b->learned->sums[at], 1 << 20);
}

static void write_weight(kehu__buffer *out, int32_t weight, bool own)
{
    const int32_t most = own ? KEHU__WEIGHT_OWN_MAX : KEHU__WEIGHT_MAX;
    const int32_t w = weight > most ? most : weight < -most ? -most : weight;
    kehu__buffer_u16(out, (uint16_t)(most + w));
}

static uint32_t joint_label(const build *b, uint32_t c)
{
    uint32_t label = kehu__dictionary_label(b->s->words, c);
    if (label == 0 && b->s->other != NULL) {
        label = kehu__dictionary_label(b->s->other, c);
        label += label == 0 ? 0 : b->s->alphabet.n - 1;
    }
    return label;
}

static void write_alphabet(build *b)
{
    kehu__buffer *pages = &b->parts[KEHU__MODEL_PAGES];
    kehu__buffer *labels = &b->parts[KEHU__MODEL_LABELS];
    const kehu__segmenter *s = b->s;
    uint16_t n_pages = 1;
    for (int i = 0; i < 256; i++)
        kehu__buffer_u16(labels, 0);
    for (uint32_t page = 0; page < N_PLANE_PAGES; page++) {
        const bool empty =
            kehu__load16(s->words->pages + 2 * (size_t)page) == 0 &&
            (s->other == NULL || kehu__load16(s->other->pages + 2 * (size_t)page) == 0);
        kehu__buffer_u16(pages, empty ? 0 : n_pages);
        n_pages = (uint16_t)(n_pages + !empty);
        for (uint32_t i = 0; i < 256 && !empty; i++)
            kehu__buffer_u16(labels, (uint16_t)joint_label(b, page * 256 + i));
    }
}

static kehu_status take_word(void *ctx, const kehu__word *word, uint32_t id,
                             kehu_error *err)
{
    build *b = ctx;
    const bool gives_number = b->list == (b->s->other == NULL ? 0 : 1);
    const char *p = word->bytes, *const end = p + word->size;
    listed w = {.number = gives_number ? id : 0, .lists = (uint8_t)(1 << b->list)};
    for (; p < end; w.n++) {
        if (w.n == KEHU__LISTED_LONGEST)
            return KEHU_OK;
        w.labels[w.n] = (uint16_t)joint_label(b, kehu__utf8_next(&p, end));
    }
    if (w.n == 1) {
        if (gives_number)
            b->numbers[w.labels[0]] = id;
        return KEHU_OK;
    }
    if (!kehu__grow(&b->alloc, &b->words, &b->capacity, b->n_words + 1, sizeof w))
        return kehu__no_memory(err, "the words");
    b->words[b->n_words++] = w;
    return KEHU_OK;
}

static int by_labels(const void *x, const void *y, void *ctx)
{
    const listed *a = x, *b = y;
    const int n = a->n < b->n ? a->n : b->n;
    (void)ctx;
    for (int i = 0; i < n; i++)
        if (a->labels[i] != b->labels[i])
            return a->labels[i] < b->labels[i] ? -1 : 1;
    return a->n != b->n ? (a->n < b->n ? -1 : 1) : a->lists - b->lists;
}

static bool same_labels(const listed *a, const listed *b)
{
    return a->n == b->n && memcmp(a->labels, b->labels, a->n * sizeof *a->labels) == 0;
}

/* The words of both lists, sorted, each once. */
static kehu_status list_words(build *b, kehu_error *err)
{
    size_t n = 0;
    KEHU_TRY(kehu__dictionary_each(b->s->words, &b->alloc, take_word, b, err));
    b->list = 1;
    if (b->s->other != NULL)
        KEHU_TRY(kehu__dictionary_each(b->s->other, &b->alloc, take_word, b, err));
    kehu__sort(b->words, b->n_words, sizeof *b->words, by_labels, NULL);
    for (size_t i = 0; i < b->n_words; i++) {
        if (n > 0 && same_labels(&b->words[n - 1], &b->words[i])) {
            b->words[n - 1].lists |= b->words[i].lists;
            b->words[n - 1].number |= b->words[i].number; /* one of them is 0 */
        } else {
            b->words[n++] = b->words[i];
        }
    }
    b->n_words = n;
    for (uint32_t i = 0; i < b->n_labels; i++)
        kehu__buffer_u32(&b->parts[KEHU__MODEL_NUMBERS], b->numbers[i]);
    return KEHU_OK;
}

/* The trie of the words of three and more units. */
static kehu_status write_trie(build *b, kehu_error *err)
{
    kehu__buffer *out = &b->parts[KEHU__MODEL_TRIE];
    kehu__trie_key *keys = kehu__alloc_zero(&b->alloc, b->n_words + 1, sizeof *keys);
    uint32_t *places = kehu__alloc(&b->alloc, b->n_words + 1, sizeof *places);
    kehu_status status = KEHU_OK;
    size_t n = 0;
    if (keys == NULL || places == NULL)
        status = kehu__no_memory(err, "the trie");
    for (size_t i = 0; i < b->n_words && status == KEHU_OK; i++)
        if (b->words[i].n > 2)
            keys[n++] =
                (kehu__trie_key){b->words[i].labels, b->words[i].n, b->words[i].lists};
    if (status == KEHU_OK && n > 0)
        status = kehu__trie_build(&b->trie, out, places, keys, n, &b->alloc, err);
    else
        kehu__buffer_u64(out, 0);
    b->trie.slots = out->bytes;
    kehu__free(&b->alloc, places, b->n_words + 1, sizeof *places);
    kehu__free(&b->alloc, keys, b->n_words + 1, sizeof *keys);
    return status;
}

/* The trie's base below the first two units of a word. */
static uint32_t base_of(const build *b, const listed *w)
{
    kehu__slot slot;
    if (kehu__trie_child(&b->trie, 0, w->labels[0], &slot) == 0 ||
        kehu__trie_child(&b->trie, kehu__slot_base(&b->trie, slot), w->labels[1],
                         &slot) == 0)
        return 0;
    return kehu__slot_base(&b->trie, slot);
}

/* Has a pair weights worth keeping? */
static bool counts(const build *b, size_t record, size_t n_places, int32_t least)
{
    for (size_t k = 0; k < n_places * KEHU__TAGS; k++) {
        const int32_t w = weight_of(b, record + k / KEHU__TAGS, k % KEHU__TAGS);
        if (w > least || w < -least)
            return true;
    }
    return false;
}

/* One kind of pairs on its way into its table. */
typedef struct pairing {
    const kehu__numbering *numbering;
    const uint64_t *keys; /* of training, by number - 1 */
    size_t first_record, n_places, size, weights_at;
    int32_t least;
    kehu__pairs *pairs;
    kehu__buffer *out, *shifts;
} pairing;

/* The keys that need a place, each once; *keys has room for all. */
static uint32_t choose_keys(const build *b, const pairing *p, bool words, uint64_t *keys,
                            uint64_t *scratch)
{
    uint32_t n = 0, kept = 0;
    for (uint32_t i = 0; i < p->numbering->n; i++)
        if (counts(b, p->first_record + (size_t)(i + 1) * p->n_places, p->n_places,
                   p->least))
            keys[n++] = p->keys[i];
    for (size_t i = 0; i < b->n_words && words; i++)
        keys[n++] = kehu__pair_key(b->words[i].labels[0], b->words[i].labels[1]);
    kehu__sort_u64(keys, scratch, n);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || keys[i] != keys[i - 1])
            keys[kept++] = keys[i];
    return kept;
}

static uint8_t pair_weight(int32_t w)
{
    enum { STEP = 1 << KEHU__PAIR_SHIFT };
    const int32_t steps = (w < 0 ? w - STEP / 2 : w + STEP / 2) / STEP;
    return (uint8_t)(KEHU__PAIR_ZERO + (steps > KEHU__PAIR_MAX    ? KEHU__PAIR_MAX
                                        : steps < -KEHU__PAIR_MAX ? -KEHU__PAIR_MAX
                                                                  : steps));
}

/* All places: free ones first, then what training found. */
static kehu_status write_places(const build *b, const pairing *p, const uint32_t *keys,
                                uint32_t n, kehu_error *err)
{
    const size_t total = ((size_t)p->pairs->n + 1) * p->size;
    char *places = kehu__buffer_room(p->out, total);
    if (places == NULL)
        return kehu__no_memory(err, "the pairs");
    p->pairs->places = places;
    p->pairs->shifts = p->shifts->bytes;
    memset(places, 0, total);
    for (size_t i = 0; i <= p->pairs->n; i++)
        memset(places + i * p->size + p->weights_at, KEHU__PAIR_ZERO,
               p->n_places * KEHU__TAGS);
    for (uint32_t i = 0; i < n; i++)
        kehu__store32(places + p->size * kehu__pair_place(p->pairs, keys[i]), keys[i]);
    for (uint32_t i = 0; i < p->numbering->n; i++) {
        const uint32_t key = (uint32_t)p->keys[i];
        const size_t record = p->first_record + (size_t)(i + 1) * p->n_places;
        char *const place = places + p->size * kehu__pair_place(p->pairs, key);
        if (kehu__load32(place) != key || !counts(b, record, p->n_places, p->least))
            continue;
        for (size_t k = 0; k < p->n_places * KEHU__TAGS; k++)
            place[p->weights_at + k] = (char)pair_weight(
                weight_of(b, record + p->n_places - 1 - k / KEHU__TAGS, k % KEHU__TAGS));
    }
    return KEHU_OK;
}

static kehu_status write_pairs(const build *b, const pairing *p, bool words,
                               kehu_error *err)
{
    const size_t most = p->numbering->n + (words ? b->n_words : 0) + 1;
    uint64_t *keys = kehu__alloc(&b->alloc, most, 2 * sizeof *keys);
    uint32_t *chosen = kehu__alloc(&b->alloc, most, sizeof *chosen), n = 0;
    kehu_status status = KEHU_OK;
    if (keys == NULL || chosen == NULL)
        status = kehu__no_memory(err, "the pairs");
    else
        n = choose_keys(b, p, words, keys, keys + most);
    for (uint32_t i = 0; i < n; i++)
        chosen[i] = (uint32_t)keys[i];
    if (status == KEHU_OK)
        status = kehu__pairs_build(p->pairs, chosen, n, p->shifts, &b->alloc, err);
    if (status == KEHU_OK)
        status = write_places(b, p, chosen, n, err);
    kehu__free(&b->alloc, chosen, most, sizeof *chosen);
    kehu__free(&b->alloc, keys, most, 2 * sizeof *keys);
    return status;
}

/* What the lists say, into the places of their words' first two units. */
static void write_words(const build *b)
{
    for (size_t i = 0; i < b->n_words; i++) {
        const listed *w = &b->words[i];
        const size_t at =
            kehu__pair_place(&b->near, kehu__pair_key(w->labels[0], w->labels[1]));
        char *place = b->parts[KEHU__MODEL_NEAR].bytes + KEHU__NEAR_SIZE * at;
        uint32_t found = kehu__load32(place + KEHU__NEAR_BASE);
        if (w->n == 2) {
            found |= (uint32_t)w->lists << KEHU__BASE_BITS;
            kehu__store32(place + KEHU__NEAR_NUMBER, w->number);
        } else {
            char *const thirds = place + KEHU__NEAR_THIRDS;
            found |= base_of(b, w); /* the same for all such words */
            kehu__store32(thirds,
                          kehu__load32(thirds) | 1u << kehu__third_bit(w->labels[2]));
        }
        kehu__store32(place + KEHU__NEAR_BASE, found);
    }
}

static void add_record(const build *b, int32_t *to, size_t record)
{
    for (size_t tag = 0; tag < KEHU__TAGS; tag++)
        to[tag] += weight_of(b, b->s->fixed_at + record, tag);
}

/* Record i behind the n-grams of a model: what always occurs together, added up. */
static void join(const build *b, size_t i, int32_t sum[KEHU__TAGS])
{
    const size_t around = i - KEHU__MODEL_AROUND;
    if (i < KEHU__MODEL_SAME) {
        add_record(b, sum, KEHU__FIXED_FIVE + i);
        add_record(b, sum, KEHU__FIXED_THREE + i / KEHU__N_TYPES % (size_t)KEHU__N_THREE);
    } else if (i < KEHU__MODEL_AROUND) {
        add_record(b, sum, KEHU__FIXED_SAME + (i - KEHU__MODEL_SAME));
    } else if (i < KEHU__MODEL_BOTH) {
        const size_t here = around / KEHU__N_BESIDE; /* of its list */
        add_record(b, sum, KEHU__FIXED_AROUND + around);
        add_record(b, sum, KEHU__FIXED_HERE + here);
        add_record(b, sum,
                   KEHU__FIXED_EDGES + here / 8 * KEHU__N_BESIDE +
                       around % KEHU__N_BESIDE);
    } else {
        add_record(b, sum, KEHU__FIXED_BOTH + (i - KEHU__MODEL_BOTH));
    }
}

static void write_records(const build *b)
{
    kehu__buffer *singles = &b->parts[KEHU__MODEL_SINGLES];
    kehu__buffer *fixed = &b->parts[KEHU__MODEL_FIXED];
    for (size_t label = 0; label < b->s->alphabet.n; label++)
        for (size_t k = KEHU__SINGLE_PLACES; k-- > 0;)
            for (size_t tag = 0; tag < KEHU__TAGS; tag++)
                write_weight(singles,
                             weight_of(b, 1 + label * KEHU__SINGLE_PLACES + k, tag),
                             k == KEHU__SINGLE_PLACES / 2);
    for (size_t i = 0; i < KEHU__N_MODEL; i++) {
        int32_t sum[KEHU__TAGS] = {0};
        join(b, i, sum);
        for (size_t tag = 0; tag < KEHU__TAGS; tag++)
            write_weight(fixed, sum[tag], i < KEHU__MODEL_SAME);
    }
}

static void write_head(const build *b)
{
    kehu__buffer *head = &b->parts[KEHU__MODEL_HEAD];
    const kehu__learned *l = b->learned;
    const uint32_t numbers[] = {
        b->s->alphabet.n,   b->n_labels,        b->s->other != NULL, b->near.n,
        b->near.n_shifts,   b->gapped.n,        b->gapped.n_shifts,  b->trie.n_slots,
        b->trie.slot_bytes, b->trie.label_bits, b->trie.base_bits,   b->trie.value_bits};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        kehu__buffer_u32(head, numbers[i]);
    for (int from = 0; from < KEHU__TAGS; from++)
        for (int to = 0; to < KEHU__TAGS; to++)
            kehu__buffer_u32(head, (uint32_t)average(b, l->transitions[from][to],
                                                     l->transition_sums[from][to],
                                                     KEHU__TRANSITION_MAX));
}

static kehu_status build_parts(build *b, kehu_error *err)
{
    const kehu__segmenter *s = b->s;
    kehu__buffer *parts = b->parts;
    const pairing near = {&s->near,
                          b->learned->keys[0],
                          s->near_at,
                          KEHU__NEAR_PLACES,
                          KEHU__NEAR_SIZE,
                          KEHU__NEAR_WEIGHTS,
                          NEAR_LEAST,
                          &b->near,
                          &parts[KEHU__MODEL_NEAR],
                          &parts[KEHU__MODEL_NEAR_SHIFTS]};
    const pairing gapped = {&s->gapped,
                            b->learned->keys[1],
                            s->gapped_at,
                            KEHU__GAPPED_PLACES,
                            KEHU__GAPPED_SIZE,
                            KEHU__GAPPED_WEIGHTS,
                            GAPPED_LEAST,
                            &b->gapped,
                            &parts[KEHU__MODEL_GAPPED],
                            &parts[KEHU__MODEL_GAPPED_SHIFTS]};
    write_alphabet(b);
    KEHU_TRY(list_words(b, err));
    KEHU_TRY(write_trie(b, err));
    KEHU_TRY(write_pairs(b, &near, true, err));
    KEHU_TRY(write_pairs(b, &gapped, false, err));
    write_words(b);
    write_records(b);
    write_head(b);
    for (int k = 0; k < KEHU__MODEL_PARTS; k++)
        if (parts[k].failed)
            return kehu__no_memory(err, "the model");
    return KEHU_OK;
}

kehu_status kehu__segmenter_build(const kehu__learned *learned,
                                  kehu__buffer parts[KEHU__MODEL_PARTS], kehu_error *err)
{
    const kehu__segmenter *s = learned->s;
    build b = {.learned = learned, .s = s, .alloc = *learned->alloc, .parts = parts};
    kehu_status status;
    b.n_labels =
        s->alphabet.n + (s->other == NULL ? 0 : kehu__dictionary_n_labels(s->other));
    if (b.n_labels > UINT16_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "sentences and dictionary use %u different characters, %d is "
                          "the most",
                          (unsigned)b.n_labels, UINT16_MAX);
    b.numbers = kehu__alloc_zero(&b.alloc, b.n_labels, sizeof *b.numbers);
    status = b.numbers == NULL ? kehu__no_memory(err, "the words") : build_parts(&b, err);
    kehu__free(&b.alloc, b.numbers, b.n_labels, sizeof *b.numbers);
    kehu__free(&b.alloc, b.words, b.capacity, sizeof *b.words);
    return status;
}
