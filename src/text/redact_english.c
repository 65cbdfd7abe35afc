/* Addresses in English. What gives one away is a capitalised name ending in Road, Street
 * and the like behind a number or a room. From there it goes on over capitalised words,
 * numbers and commas. */
#include <string.h>

#include "text/redact.h"

enum { MOST_WORDS = 24, LONGEST_WORD = 32, LONGEST_NUMBER = 6 };

static const char *const rooms[] = {"Room",  "Rm",        "Unit",     "Flat",  "Suite",
                                    "Apt",   "Apartment", "Building", "Block", "Tower",
                                    "House", "Floor",     "No",       NULL};
static const char *const streets[] = {
    "Road",  "Rd",        "Street", "St",      "Avenue",  "Ave",     "Lane",     "Drive",
    "Alley", "Boulevard", "Blvd",   "Parkway", "Highway", "Terrace", "Crescent", NULL};

/* text[start .. end), of letters, digits and what joins them. */
typedef struct word {
    size_t start, end;
    int n_digits;
    bool proper; /* begins with a capital or a digit */
} word;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool in_word(char c)
{
    return is_digit(c) || kehu__redact_letter((unsigned char)c) || c == '-' || c == '/' ||
           c == '#' || c == '\'';
}

static word read_word(const kehu__redacting *r, size_t at)
{
    word w = {.start = at, .end = at};
    while (w.end < r->size && w.end < at + LONGEST_WORD && in_word(r->text[w.end]))
        w.n_digits += is_digit(r->text[w.end++]);
    w.proper = w.end > at && w.end < at + LONGEST_WORD && w.n_digits <= LONGEST_NUMBER &&
               (is_digit(r->text[at]) || (r->text[at] >= 'A' && r->text[at] <= 'Z')) &&
               !(w.end == at + 1 && r->text[at] == 'I');
    return w;
}

static bool is_word_of(const kehu__redacting *r, const word *w, const char *const *list)
{
    const size_t n = w->end - w->start;
    while (*list != NULL &&
           (strlen(*list) != n || memcmp(*list, r->text + w->start, n) != 0))
        list++;
    return *list != NULL;
}

/* Behind the blank, comma or dot that joins a word to the next; its end where nothing
 * does. */
static size_t behind_joint(const kehu__redacting *r, const word *w, bool *comma)
{
    size_t at = w->end;
    *comma = at < r->size && r->text[at] == ',';
    if (at < r->size &&
        (*comma || (r->text[at] == '.' && w->end == w->start + 2))) /* No. Rd. St. */
        at++;
    if (at < r->size && r->text[at] == ' ')
        at++;
    return at;
}

bool kehu__redact_english(const kehu__redacting *r, size_t at, kehu_redact_span *span)
{
    size_t before, end = at;
    const uint32_t c = kehu__redact_before(r, at, &before);
    word w = read_word(r, at);
    bool numbered = false, named = false, found = false;
    if (!w.proper || (w.n_digits == 0 && !is_word_of(r, &w, rooms)) ||
        (c < 0x80 && c > 0 && (in_word((char)c) || c == '.' || c == '_' || c == '@')))
        return false;
    for (int n = 0; n < MOST_WORDS && w.proper; n++) {
        bool comma;
        const size_t next = behind_joint(r, &w, &comma);
        found = found || (numbered && named && is_word_of(r, &w, streets));
        numbered = numbered || w.n_digits > 0;
        named = !comma && w.n_digits == 0 && !is_word_of(r, &w, rooms);
        end = w.end;
        if (next == end)
            break;
        w = read_word(r, next);
    }
    *span = (kehu_redact_span){(int64_t)at, (int64_t)end, KEHU_REDACT_ADDRESS};
    return found;
}
