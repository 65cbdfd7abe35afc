/* Hand-made texts of customers with what is to be redacted marked by kind. */
#include <kehu/redact.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { LINE = 1024, MOST = 16 };

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

static void test_redact_finds_what_is_marked_and_nothing_else(void **state)
{
    const char *source = getenv("KEHU_SOURCE");
    char path[1024], line[LINE], text[LINE];
    int64_t right = 0, marked = 0, found = 0, n_lines = 0;
    FILE *f;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/redact.txt",
             source == NULL ? "." : source);
    f = fopen(path, "rb");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        kehu_redact_span wanted[MOST], got[MOST];
        const int64_t n_wanted = take_marks(line, text, wanted);
        const int64_t before = right;
        int64_t n;
        assert_int_equal(
            kehu_redact_find(text, (int64_t)strlen(text), NULL, got, MOST, &n, NULL),
            KEHU_OK);
        for (int64_t i = 0; i < n_wanted; i++)
            for (int64_t k = 0; k < n; k++)
                right += wanted[i].kind == got[k].kind &&
                         wanted[i].start == got[k].start && wanted[i].end == got[k].end;
        if (right - before != n_wanted || n != n_wanted)
            print_message("%s: %d found of %d\n", text, (int)n, (int)n_wanted);
        marked += n_wanted;
        found += n;
        n_lines++;
    }
    fclose(f);
    print_message("%d texts: recall %.4f, precision %.4f\n", (int)n_lines,
                  (double)right / (double)marked, (double)right / (double)found);
    assert_true(n_lines >= 200 && marked >= 130);
    assert_true((double)right >= 0.99 * (double)marked);
    assert_true((double)right >= 0.98 * (double)found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact_finds_what_is_marked_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
