/* From text to spans, block by block on the stack.
 *
 * A block is a stretch of text as units: a Chinese character is a unit, and so
 * is each character of an atom, of which only the first may begin a word and
 * only the last may end one. Over the units goes the forward shortest path: a
 * step is one atom, one character, or a word of the dictionary. A unit that no
 * step crosses is a cut: what lies before it is final. A full block is emitted
 * up to its last cut, and the next one begins there. */
#include "text/tokenizer.h"

#include "base/error.h"
#include "base/utf8.h"
#include "text/atom.h"
#include "text/normalize.h"

enum {
    UNITS = 1024,
    NUMERAL_MAX = 24, /* characters of a number in Chinese numerals */
    HARD = 1 << 16,   /* a unit of a word to keep whole costs minus this */
    NO_PATH = 1 << 30,
    NUMERAL_COST = 6 * KEHU__COST_ONE, /* as a frequent word: e^-6 of all words */
    PART_MIN = 2,
    PART_MAX = 4 /* characters of a word inside a word */
};

/* What is a number in Chinese numerals has this minus its kind where the number of a
 * word stands. */
static const uint32_t RULE_WORD = UINT32_MAX, LEAST_RULE_WORD = UINT32_MAX - 255;

typedef struct block {
    uint32_t n;                  /* units */
    bool last;                   /* the text, or this stretch of it, ends here */
    uint32_t offsets[UNITS + 1]; /* bytes from the block's start */
    uint16_t labels[UNITS + 1];
    uint16_t edit_labels[UNITS + 1]; /* in the edits; unused without any */
    uint16_t else_labels[UNITS + 1]; /* labels, by the second simplified form */
    bool any_else;                   /* some unit has such a form */
    uint8_t atoms[UNITS + 1]; /* units of the atom that begins here, 0 = inside one */
    uint8_t kinds[UNITS + 1];
    uint8_t numerals[UNITS + 1]; /* kehu__numeral of the unit */
    int32_t costs[UNITS + 1];
    uint32_t words[UNITS + 1];  /* last word on the best way to here */
    uint8_t lengths[UNITS + 1]; /* and its units */
} block;

typedef struct output {
    kehu_span *spans;
    int64_t n, capacity;
} output;

/* The labels of character c as unit i. */
static inline void set_labels(const kehu_tokenizer *t, block *b, uint32_t i, uint32_t c)
{
    b->labels[i] = t->lexicon == NULL
                       ? 0
                       : (uint16_t)kehu__dictionary_label(&t->lexicon->dictionary, c);
    const uint32_t other = kehu__simplify_else(c);
    b->else_labels[i] = b->labels[i];
    if (other != 0 && t->lexicon != NULL) {
        b->else_labels[i] =
            (uint16_t)kehu__dictionary_label(&t->lexicon->dictionary, other);
        b->any_else = true;
    }
    if (t->edits != NULL)
        b->edit_labels[i] = (uint16_t)kehu__dictionary_label(&t->edits->dictionary, c);
}

/* Append an atom as units; false when the block has no room. An atom of more
 * units than a word can have never meets a word: it is left out. */
static bool add_atom(const kehu_tokenizer *t, block *b, const char *start, const char *p,
                     const kehu__atom *atom)
{
    const uint32_t first = b->n;
    uint32_t n = first;
    while (p < atom->end) {
        if (n == UNITS || n - first == KEHU__WORD_MAX)
            return false;
        b->offsets[n] = (uint32_t)(p - start);
        b->atoms[n] = 0;
        b->numerals[n] = KEHU__NUMERAL_NONE;
        set_labels(t, b, n++, kehu__utf8_next(&p, atom->end));
    }
    b->atoms[first] = (uint8_t)(n - first);
    b->kinds[first] = (uint8_t)atom->kind;
    b->n = n;
    return true;
}

static bool too_long(const char *p, const char *end)
{
    uint32_t n = 0;
    if (end - p <= KEHU__WORD_MAX)
        return false;
    while (p < end && n <= KEHU__WORD_MAX) {
        kehu__utf8_next(&p, end);
        n++;
    }
    return n > KEHU__WORD_MAX;
}

/* Read units from start on. When the first thing there is an atom too long for
 * any word, the block stays empty and *alone is that atom. */
static void fill(const kehu_tokenizer *t, block *b, const char *start, const char *end,
                 kehu__atom *alone)
{
    const char *p = start;
    b->n = 0;
    b->last = b->any_else = false;
    while (p < end && b->n < UNITS) {
        const char *next = p;
        const uint32_t c = kehu__utf8_next(&next, end);
        if (kehu__class_of(c) == KEHU__CLASS_HAN) {
            b->offsets[b->n] = (uint32_t)(p - start);
            b->atoms[b->n] = 1;
            b->kinds[b->n] = KEHU_SPAN_CHARACTER;
            b->numerals[b->n] = kehu__numeral(c);
            set_labels(t, b, b->n++, c);
            p = next;
        } else {
            const kehu__atom atom = kehu__atom_at(p, end, t->split_units);
            if (too_long(p, atom.end)) {
                *alone = atom;
                b->last = true;
                break;
            }
            if (!add_atom(t, b, start, p, &atom))
                break;
            p = atom.end;
        }
    }
    b->offsets[b->n] = (uint32_t)(p - start);
    b->last |= p == end;
}

static inline void relax(block *b, uint32_t from, uint32_t to, int32_t cost,
                         uint32_t word)
{
    const int32_t sum = b->costs[from] + cost;
    if (sum < b->costs[to]) {
        b->costs[to] = sum;
        b->words[to] = word;
        b->lengths[to] = (uint8_t)(to - from);
    }
}

static inline bool may_end(const block *b, uint32_t unit)
{
    return unit == b->n || b->atoms[unit] != 0;
}

/* All words that begin at unit i, by the block's labels or else_labels. Returns the
 * furthest unit one ends at. */
static uint32_t relax_words(const kehu__dictionary *d, block *b, const uint16_t *labels,
                            uint32_t i)
{
    const kehu__trie *trie = &d->trie;
    const uint32_t end = b->n - i < d->longest ? b->n : i + d->longest;
    uint32_t reach = i, base = 0, at;
    kehu__slot slot;
    for (uint32_t j = i; j < end && labels[j] != 0; j++) {
        if ((at = kehu__trie_child(trie, base, labels[j], &slot)) == 0)
            break;
        const uint32_t value = kehu__slot_value(trie, slot);
        if (value != 0 && may_end(b, j + 1)) {
            const int32_t cost = kehu__dictionary_cost(d, value);
            relax(b, i, j + 1,
                  cost == KEHU__COST_HARD ? -HARD * (int32_t)(j + 1 - i) : cost, at);
            reach = j + 1;
        }
        if ((base = kehu__slot_base(trie, slot)) == 0)
            break;
    }
    return reach;
}

static uint32_t longest(const kehu_tokenizer *t)
{
    const uint32_t word = t->lexicon->dictionary.longest;
    const uint32_t edit = t->edits == NULL ? 0 : t->edits->dictionary.longest;
    const uint32_t most = word > edit ? word : edit;
    return most > NUMERAL_MAX ? most : NUMERAL_MAX;
}

/* Two dictionaries walked in step, the edits' word deciding where both have one. */
typedef struct walk {
    const kehu_tokenizer *t;
    const block *b;
    const uint16_t *labels; /* the block's labels or else_labels */
    uint32_t at, end;       /* the next unit, the last that a word may end before */
    uint32_t base, edit_base;
    bool alive, edit_alive;
    uint32_t word; /* of the word that ends before `at`, 0 = none does */
    int32_t cost;
} walk;

static walk walk_from(const kehu_tokenizer *t, const block *b, const uint16_t *labels,
                      uint32_t i)
{
    const uint32_t most = longest(t), end = b->n - i < most ? b->n : i + most;
    return (walk){t, b, labels, i, end, 0, 0, true, t->edits != NULL, 0, 0};
}

/* The value one dictionary has for the units so far; 0 = none. */
static uint32_t walk_one(const kehu__trie *trie, uint32_t label, uint32_t *base,
                         bool *alive, uint32_t *id)
{
    kehu__slot slot;
    if (!*alive || label == 0 ||
        (*id = kehu__trie_child(trie, *base, label, &slot)) == 0) {
        *alive = false;
        return 0;
    }
    *base = kehu__slot_base(trie, slot);
    *alive = *base != 0;
    return kehu__slot_value(trie, slot);
}

/* One unit further; false when no word goes on. */
static bool walk_on(walk *w)
{
    const kehu__dictionary *d = &w->t->lexicon->dictionary;
    uint32_t id = 0, edit_id = 0, value, edit_value = 0;
    w->word = 0;
    if (w->at == w->end || (!w->alive && !w->edit_alive))
        return false;
    value = walk_one(&d->trie, w->labels[w->at], &w->base, &w->alive, &id);
    if (w->edit_alive)
        edit_value = walk_one(&w->t->edits->dictionary.trie, w->b->edit_labels[w->at],
                              &w->edit_base, &w->edit_alive, &edit_id);
    w->at++;
    if (!may_end(w->b, w->at))
        return true;
    if (edit_value != 0) {
        w->cost = w->t->edit_costs[edit_value];
        w->word = w->cost == KEHU__EDIT_REMOVED ? 0 : kehu__edit_id(w->t, edit_id);
    } else if (value != 0) {
        w->cost = kehu__dictionary_cost(d, value);
        if (w->cost == KEHU__COST_HARD)
            w->cost = KEHU__EDIT_WHOLE;
        w->word = id;
    }
    return true;
}

/* relax_words with edits. */
static uint32_t relax_edited(const kehu_tokenizer *t, block *b, const uint16_t *labels,
                             uint32_t i)
{
    walk w = walk_from(t, b, labels, i);
    uint32_t reach = i;
    while (walk_on(&w))
        if (w.word != 0) {
            relax(b, i, w.at,
                  w.cost == KEHU__EDIT_WHOLE ? -HARD * (int32_t)(w.at - i) : w.cost,
                  w.word);
            reach = w.at;
        }
    return reach;
}

static inline uint32_t relax_all(const kehu_tokenizer *t, block *b,
                                 const uint16_t *labels, uint32_t i)
{
    return t->edits == NULL ? relax_words(&t->lexicon->dictionary, b, labels, i)
                            : relax_edited(t, b, labels, i);
}

/* The number in Chinese numerals that begins at unit i. Not looking back keeps
 * the promise that a text may be split from any word on. */
static uint32_t relax_numeral(const kehu_tokenizer *t, block *b, uint32_t i)
{
    kehu_span_kind kind;
    uint32_t n = b->n - i;
    n = kehu__numeral_run(b->numerals + i, n < NUMERAL_MAX ? n : NUMERAL_MAX,
                          !t->split_units, &kind);
    if (n > 0)
        relax(b, i, i + n, NUMERAL_COST, RULE_WORD - (uint32_t)kind);
    return i + n;
}

/* Costs and last words of all units up to the block's last cut (its end, when
 * the text ends there); returns that cut. */
static uint32_t find_path(const kehu_tokenizer *t, block *b)
{
    const kehu__dictionary *d = t->lexicon == NULL ? NULL : &t->lexicon->dictionary;
    const bool words = d != NULL && t->mode != KEHU_TOKENIZER_CHARACTERS;
    const int32_t unknown = d == NULL ? 1 : d->unknown_cost;
    const uint32_t margin = words ? longest(t) : 1;
    const uint32_t stop = b->last ? b->n : b->n - margin;
    uint32_t reach = 0, cut = 0, boundary = 0;
    b->costs[0] = 0;
    for (uint32_t i = 1; i <= b->n; i++)
        b->costs[i] = NO_PATH;
    for (uint32_t i = 0; i < b->n && i <= stop; i++) {
        uint32_t far = i + b->atoms[i];
        if (far == i)
            continue;
        boundary = i;
        if (reach <= i)
            cut = i;
        const uint32_t alone = far;
        if (words) {
            const uint32_t word = relax_all(t, b, b->labels, i);
            far = word > far ? word : far;
        }
        if (words && b->any_else) {
            const uint32_t word = relax_all(t, b, b->else_labels, i);
            far = word > far ? word : far;
        }
        if (words && b->numerals[i] != KEHU__NUMERAL_NONE) {
            const uint32_t number = relax_numeral(t, b, i);
            far = number > far ? number : far;
        }
        relax(b, i, alone, unknown, 0); /* after the words, which win when equal */
        reach = far > reach ? far : reach;
    }
    if (b->last)
        return b->n;
    return cut > 0 ? cut : boundary;
}

/* The best way to `cut`, turned round: lengths[i] and words[i] now tell the word
 * that begins at i. */
static void turn_round(block *b, uint32_t cut)
{
    uint32_t to = cut, length = b->lengths[cut], word = b->words[cut];
    while (to > 0) {
        const uint32_t from = to - length;
        const uint32_t length_before = b->lengths[from], word_before = b->words[from];
        b->lengths[from] = (uint8_t)length;
        b->words[from] = word;
        to = from;
        length = length_before;
        word = word_before;
    }
}

static bool add_span(output *out, uint64_t start, uint64_t size, uint32_t word,
                     uint32_t kind, uint32_t part)
{
    if (out->n == out->capacity)
        return false;
    out->spans[out->n++] = (kehu_span){(uint32_t)start, (uint32_t)size, word,
                                       (uint16_t)kind, (uint16_t)part};
    return true;
}

static uint32_t kind_of(const block *b, uint32_t i, uint32_t length, uint32_t word)
{
    if (b->atoms[i] == length && b->kinds[i] != KEHU_SPAN_CHARACTER)
        return b->kinds[i];
    if (word == 0)
        return KEHU_SPAN_CHARACTER;
    for (uint32_t k = i; k < i + length; k++)
        if (b->atoms[k] != 0 && b->kinds[k] != KEHU_SPAN_CHARACTER)
            return KEHU_SPAN_MIXED;
    return KEHU_SPAN_WORD;
}

/* Dictionary words of 2 to 4 characters inside a word, by start, then size. */
static bool add_parts(const kehu_tokenizer *t, const block *b, uint32_t i,
                      uint32_t length, uint64_t start, output *out)
{
    const uint32_t end = i + length;
    for (uint32_t k = i; k + 1 < end; k++) {
        walk w = walk_from(t, b, b->labels, k);
        if (b->atoms[k] == 0)
            continue;
        while (w.at < end && w.at < k + PART_MAX && walk_on(&w)) {
            const uint32_t n = w.at - k;
            if (w.word != 0 && n >= PART_MIN && n < length &&
                !add_span(out, start + b->offsets[k], b->offsets[w.at] - b->offsets[k],
                          w.word, kind_of(b, k, n, w.word), 1))
                return false;
        }
    }
    return true;
}

/* Write the words of a turned block up to `cut`; returns the unit after the
 * last one that fitted. */
static uint32_t emit(const kehu_tokenizer *t, const block *b, uint32_t cut,
                     uint64_t start, output *out)
{
    for (uint32_t i = 0, next; i < cut; i = next) {
        const uint32_t length = b->lengths[i];
        const bool rule = b->words[i] >= LEAST_RULE_WORD;
        const uint32_t word = rule ? 0 : b->words[i];
        const uint32_t kind =
            rule ? RULE_WORD - b->words[i] : kind_of(b, i, length, word);
        const int64_t n = out->n;
        next = i + length;
        if (!add_span(out, start + b->offsets[i], b->offsets[next] - b->offsets[i], word,
                      kind, 0))
            return i;
        if (t->mode == KEHU_TOKENIZER_SEARCH && word != 0 && length > PART_MIN &&
            (kind == KEHU_SPAN_WORD || kind == KEHU_SPAN_MIXED) &&
            !add_parts(t, b, i, length, start, out)) {
            out->n = n;
            return i;
        }
    }
    return cut;
}

int32_t kehu__tokenizer_cost(const kehu_tokenizer *t, const char *word, size_t size)
{
    kehu_tokenizer plain = *t;
    kehu__atom alone = {word, KEHU_SPAN_CONTROL};
    block b;
    plain.mode = KEHU_TOKENIZER_WORDS;
    plain.edits = NULL;
    fill(&plain, &b, word, word + size, &alone);
    find_path(&plain, &b);
    return b.costs[b.n];
}

kehu_status kehu_tokenizer_split(const kehu_tokenizer *t, const char *text, int64_t size,
                                 kehu_span *spans, int64_t capacity, int64_t *n_spans,
                                 int64_t *used, kehu_error *err)
{
    const char *const end = text == NULL ? NULL : text + (size > 0 ? size : 0);
    const char *p = text;
    output out = {spans, 0, capacity};
    block b;
    if (t == NULL || n_spans == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer or n_spans is NULL");
    *n_spans = 0;
    if (size < 0 || capacity < 0 || (text == NULL && size > 0) ||
        (spans == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "text or spans is NULL, or size or capacity is negative");
    if (size > UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "the text has %lld bytes, 4294967295 is the most",
                          (long long)size);
    if (t->mode == KEHU_TOKENIZER_ACCURATE)
        return kehu__model_split(t, text, size, spans, capacity, n_spans, used, err);
    while (p < end) {
        kehu__atom alone = {p, KEHU_SPAN_CONTROL};
        uint32_t cut, done;
        fill(t, &b, p, end, &alone);
        if (b.n == 0) {
            if (!add_span(&out, (uint64_t)(p - text), (uint64_t)(alone.end - p), 0,
                          (uint32_t)alone.kind, 0))
                break;
            p = alone.end;
            continue;
        }
        cut = find_path(t, &b);
        turn_round(&b, cut);
        done = emit(t, &b, cut, (uint64_t)(p - text), &out);
        p += b.offsets[done];
        if (done < cut)
            break;
    }
    *n_spans = out.n;
    if (used != NULL)
        *used = p - text;
    else if (p < end)
        return kehu__fail(err, KEHU_LIMIT, p - text,
                          "%lld spans do not hold this text; kehu_tokenizer_bound() do",
                          (long long)capacity);
    return KEHU_OK;
}
