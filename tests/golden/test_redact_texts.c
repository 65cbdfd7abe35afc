/* Hand-made texts of customers with what is to be redacted marked by kind. The last 1,335
 * were tried before the rules knew them, the last 1,028 in thirteen rounds, what one
 * round missed being mended before the next was tried, but for the last:
 *
 *     texts  found to the byte  found at all  right to the byte  right at all
 *       307        94.7 %           98.2 %          95.9 %           99.4 %
 *       120        78.4 %           90.5 %          85.3 %           98.5 %
 *        80        90.2 %           98.0 %          92.0 %            100 %
 *        60        81.4 %           93.0 %          87.5 %            100 %
 *        40        85.3 %            100 %          85.3 %            100 %
 *        40        90.9 %            100 %          90.9 %            100 %
 *        30        82.8 %           96.6 %          85.7 %            100 %
 *        47        70.0 %           97.5 %          68.3 %            100 %
 *        47        84.6 %           97.4 %          82.5 %            100 %
 *       134        75.5 %           81.8 %          91.2 %            100 %
 *       135        85.5 %           95.5 %          88.7 %            100 %
 *       176        89.9 %           98.4 %          90.6 %            100 %
 *        72        84.3 %           92.2 %          89.6 %            100 %
 *        50        92.7 %           97.6 %          95.0 %            100 %
 *
 * of the spans that are marked, then of those that were found. What was not right is
 * mostly ends of addresses. The rounds of 134 and 135 are one set, dealt by turns:
 * addresses in traditional characters and in English, hamlets, offices without a street
 * number. The second half was tried before the mending of the first, too: 78.2 %, 88.2 %,
 * 87.8 % and 100 %. What the rounds missed has been mended since, but for a crossing of
 * two roads, which is nobody's address, marks that stood too narrow, and the texts that
 * are still not right: a card of 18 digits that no scheme has, telephone numbers that no
 * word says to be one, and addresses with names that end like nothing known. */
#include <kehu/redact.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { LINE = 1024, MOST = 16, STILL_WRONG = 22 /* 3 of the last round */ };

static const char letters[KEHU_REDACT_KINDS + 1] = "PIBEA";

/* The line without its marks, and the spans they stood for. */
static int64_t take_marks(const char *line, char *text, kehu_redact_span spans[MOST])
{
    int64_t n = 0;
    char *to = text;
    for (const char *p = line; *p != '\0' && *p != '\n'; p++)
        if (*p == '{') {
            spans[n].kind = (kehu_redact_kind)(strchr(letters, p[1]) - letters);
            spans[n].start = to - text;
            p += 2;
        } else if (*p == '}')
            spans[n++].end = to - text;
        else
            *to++ = *p;
    *to = '\0';
    return n;
}

/* Spans of one line when only these kinds are asked for. */
static int64_t find(const char *text, uint32_t kinds, kehu_redact_span got[MOST])
{
    const kehu_redact_options options = {.size = sizeof options, .kinds = kinds};
    int64_t n;
    assert_int_equal(
        kehu_redact_find(text, (int64_t)strlen(text), &options, got, MOST, &n, NULL),
        KEHU_OK);
    assert_true(n <= MOST);
    return n;
}

static int check_line(const char *text, const kehu_redact_span *wanted, int64_t n_wanted)
{
    kehu_redact_span got[MOST];
    int64_t n = find(text, 0, got), at = 0;
    bool right = n == n_wanted;
    for (int64_t i = 0; right && i < n; i++)
        right = wanted[i].kind == got[i].kind && wanted[i].start == got[i].start &&
                wanted[i].end == got[i].end;
    /* Kind by kind nothing that was marked is missed. */
    for (int kind = 0; right && kind < KEHU_REDACT_KINDS; kind++) {
        n = find(text, 1u << kind, got);
        at = 0;
        for (int64_t i = 0; right && i < n_wanted; i++) {
            if ((int)wanted[i].kind != kind)
                continue;
            while (at < n && got[at].start < wanted[i].start)
                at++;
            right = at < n && got[at].start == wanted[i].start;
        }
    }
    if (!right)
        print_message("%s: %d found of %d\n", text, (int)n, (int)n_wanted);
    return !right;
}

static void test_redact_finds_what_is_marked_and_nothing_else(void **state)
{
    const char *source = getenv("KEHU_SOURCE");
    char path[1024], line[LINE], text[LINE];
    int n_lines = 0, n_wrong = 0;
    FILE *f;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/redact.txt",
             source == NULL ? "." : source);
    f = fopen(path, "rb");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        kehu_redact_span wanted[MOST];
        const int64_t n_wanted = take_marks(line, text, wanted);
        n_wrong += check_line(text, wanted, n_wanted);
        n_lines++;
    }
    fclose(f);
    assert_true(n_lines >= 1574);
    assert_int_equal(n_wrong, STILL_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact_finds_what_is_marked_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
