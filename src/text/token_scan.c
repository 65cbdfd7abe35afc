/* The words a tokenizer finds as terms: one word, and two in a row. Blanks between
 * two words do not part them, anything else that is no word does. */
#include "text/term_scan.h"

enum { STRETCH = 1 << 30 }; /* bytes given to the tokenizer at most */

/* Does the span count as a word? Dates, amounts, links and the like are rarely the
 * same twice. */
static bool is_word(const kehu_span *span)
{
    return span->kind == KEHU_SPAN_WORD || span->kind == KEHU_SPAN_CHARACTER ||
           span->kind == KEHU_SPAN_LATIN || span->kind == KEHU_SPAN_MIXED ||
           span->kind == KEHU_SPAN_NUMBER;
}

/* Equal for what the tokenizer takes for the same word. */
static uint64_t hash_word(const char *at, uint32_t size)
{
    const char *const end = at + size;
    uint64_t hash = 0xCBF29CE484222325u;
    while (at < end)
        hash = (hash ^ kehu__fold_all(kehu__utf8_next(&at, end))) * 0x100000001B3u;
    return hash == 0 ? 1 : hash;
}

/* The next spans; false at the end of the text. */
static bool find_more(kehu__term_scan *s)
{
    const int64_t left = s->end - s->at;
    int64_t used = 0;
    s->next_found = s->n_found = 0;
    s->found_at = s->at - s->text;
    if (left == 0 || kehu_tokenizer_split(
                         s->tokenizer, s->at, left < STRETCH ? left : STRETCH, s->found,
                         KEHU__SCAN_SPANS, &s->n_found, &used, NULL) != KEHU_OK)
        return false;
    s->at += used;
    return s->n_found > 0;
}

uint32_t kehu__token_scan_fill(kehu__term_scan *s, uint64_t *keys, kehu__span *spans)
{
    uint32_t n = 0;
    while (n + KEHU__SCAN_STEP <= KEHU__SCAN_KEYS) {
        const kehu_span *span;
        if (s->next_found == s->n_found && !find_more(s))
            break;
        span = &s->found[s->next_found++];
        if (is_word(span)) {
            const uint64_t before = s->last_word;
            const int64_t before_start = s->last_start;
            s->word_start = s->found_at + span->start;
            s->word_end = s->word_start + span->size;
            s->word = hash_word(s->text + s->word_start, span->size);
            if (span->part)
                s->last_word = 0; /* it stands inside the word before it */
            n += kehu__scan_word(s, keys + n, spans == NULL ? NULL : spans + n);
            if (span->part) {
                s->last_word = before;
                s->last_start = before_start;
            }
        } else if (span->kind != KEHU_SPAN_SPACE) {
            s->last_word = 0;
        }
    }
    return n;
}
