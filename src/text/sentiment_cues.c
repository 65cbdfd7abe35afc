#include <string.h>

#include "base/sort.h"
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/sentiment_model.h"
#include "text/symbol.h"

enum {
    REACH = 3,        /* characters between a word and what it changes, at most */
    MOST_FACTOR = 100 /* of a cue's weight after all the words that change it */
};

static int by_place(const void *a, const void *b, void *ctx)
{
    const kehu_keyword_match *x = a, *y = b;
    (void)ctx;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end < y->end) - (x->end > y->end);
}

static kehu_status find_matches(kehu__cueing *c, const kehu_sentiment *s,
                                const char *text, int64_t size, int64_t *n,
                                kehu_error *err)
{
    int64_t kept = 0, end = 0;
    for (;;) {
        KEHU_TRY(kehu_keyword_match_text(s->words, text, size, 0, c->matches,
                                         (int64_t)c->capacity, n, err));
        if ((size_t)*n <= c->capacity)
            break;
        if (!kehu__grow(&c->alloc, &c->matches, &c->capacity, (size_t)*n,
                        sizeof *c->matches))
            return kehu__no_memory(err, "cues");
    }
    kehu__sort(c->matches, (size_t)*n, sizeof *c->matches, by_place, NULL);
    for (int64_t i = 0; i < *n; i++)
        if (c->matches[i].start >= end) {
            end = c->matches[i].end;
            c->matches[kept++] = c->matches[i];
        }
    *n = kept;
    return KEHU_OK;
}

/* Whether only a few characters of words stand between two places. */
static bool is_near(const char *text, int64_t from, int64_t to)
{
    const char *p = text + from, *const end = text + to;
    for (int n = 0; p < end; n++) {
        const uint32_t c = kehu__fold(kehu__utf8_next(&p, end));
        const bool word = kehu__word_character(c) || (c >= 0x3400 && c < 0xA000) ||
                          (c >= 0x20000 && c < 0x32000);
        if (n == REACH || !word)
            return false;
    }
    return true;
}

static bool is_modifier(const kehu__role *r)
{
    return r->negation || r->degree != 0;
}

static bool add_cue(kehu__cueing *c, const kehu_keyword_match *m, const kehu__role *role)
{
    if (!kehu__grow(&c->alloc, &c->cues, &c->cues_capacity, c->n + 1, sizeof *c->cues))
        return false;
    c->cues[c->n++] = (kehu__cue){.cue = {.start = m->start,
                                          .end = m->end,
                                          .from = m->start,
                                          .word = m->word,
                                          .weight = role->weight},
                                  .factor = 1};
    return true;
}

/* The words before match i that change it. */
static void modify(kehu__cueing *c, const kehu_sentiment *s, const char *text, int64_t i)
{
    kehu__cue *const cue = &c->cues[c->n - 1];
    for (int64_t j = i - 1; j >= 0; j--) {
        const kehu_keyword_match *const m = &c->matches[j];
        const kehu__role *const r = &s->roles[m->word];
        if (!is_modifier(r) || c->used[j] || !is_near(text, m->end, cue->cue.from))
            return;
        c->used[j] = 1;
        cue->cue.from = m->start;
        cue->cue.negations += r->negation;
        if (r->negation)
            cue->factor = -cue->factor;
        cue->factor *= (100.0 + r->degree) / 100;
        if (cue->factor > MOST_FACTOR)
            cue->factor = MOST_FACTOR;
        else if (cue->factor < -MOST_FACTOR)
            cue->factor = -MOST_FACTOR;
    }
}

static int by_start(const void *a, const void *b, void *ctx)
{
    const kehu__cue *x = a, *y = b;
    (void)ctx;
    return (x->cue.start > y->cue.start) - (x->cue.start < y->cue.start);
}

kehu_status kehu__sentiment_find(kehu__cueing *c, const kehu_sentiment *s,
                                 const char *text, int64_t size, kehu_error *err)
{
    int64_t n = 0;
    c->n = 0;
    KEHU_TRY(find_matches(c, s, text, size, &n, err));
    if (!kehu__grow(&c->alloc, &c->used, &c->used_capacity, (size_t)n, 1))
        return kehu__no_memory(err, "cues");
    if (n > 0)
        memset(c->used, 0, (size_t)n);
    /* First what is a cue only, so that words of two roles change it if they can. */
    for (int both = 0; both < 2; both++)
        for (int64_t i = 0; i < n; i++) {
            const kehu__role *const r = &s->roles[c->matches[i].word];
            if (r->weight == 0 || c->used[i] || is_modifier(r) != both)
                continue;
            if (!add_cue(c, &c->matches[i], r))
                return kehu__no_memory(err, "cues");
            if (!both)
                modify(c, s, text, i);
        }
    kehu__sort(c->cues, c->n, sizeof *c->cues, by_start, NULL);
    for (size_t i = 0; i < c->n; i++) {
        const double points = c->cues[i].cue.weight * c->cues[i].factor;
        c->cues[i].cue.points = (int32_t)(points + (points < 0 ? -0.5 : 0.5));
    }
    return KEHU_OK;
}

void kehu__cueing_free(kehu__cueing *c)
{
    kehu__free(&c->alloc, c->matches, c->capacity, sizeof *c->matches);
    kehu__free(&c->alloc, c->used, c->used_capacity, 1);
    kehu__free(&c->alloc, c->cues, c->cues_capacity, sizeof *c->cues);
}
