/* Figures of finding keywords in a text.
 *
 *     bench_keyword KEYWORDS TEXT
 *
 * KEYWORDS has one a line, TEXT is taken as one text. build_s: from the list to a
 * model; match_s: every place of every keyword, written as byte positions;
 * classify_s: the lines as texts of their own, the weights of their keywords added up.
 * matches and checksum are for comparing with the peer. */
#include <kehu/keyword.h>

#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"

enum { REPEATS = 9 };

/* The list, every keyword in class a with weight 1. */
static kehu_keyword *read_list(const char *path)
{
    size_t size, at = 0;
    char *words = read_whole(path, &size), *list = get(5 * size + 1, 1);
    kehu_keyword *k;
    kehu_error err;
    double start;
    for (char *p = strtok(words, "\n"); p != NULL; p = strtok(NULL, "\n")) {
        memcpy(list + at, "a\t", 2);
        memcpy(list + at + 2, p, strlen(p));
        memcpy(list + at + 2 + strlen(p), "\t1\n", 3);
        at += strlen(p) + 5;
    }
    start = cpu_seconds();
    must(kehu_keyword_read_text(&k, list, at, NULL, &err), &err);
    figure("build_s", cpu_seconds() - start);
    free(words);
    free(list);
    return k;
}

static void match(const kehu_keyword *k, const char *text, size_t size)
{
    int64_t n, capacity;
    kehu_keyword_match *matches;
    kehu_error err;
    double best = 1e9, sum = 0;
    must(kehu_keyword_match_text(k, text, (int64_t)size, 0, NULL, 0, &capacity, &err),
         &err);
    matches = get((size_t)capacity, sizeof *matches);
    for (int i = 0; i < REPEATS; i++) {
        const double start = cpu_seconds();
        must(kehu_keyword_match_text(k, text, (int64_t)size, 0, matches, capacity, &n,
                                     &err),
             &err);
        if (cpu_seconds() - start < best)
            best = cpu_seconds() - start;
    }
    for (int64_t i = 0; i < n; i++)
        sum += (double)(matches[i].end % 1000);
    figure("match_s", best);
    figure("match_mb_per_second", (double)size / best / 1e6);
    figure("matches", (double)n);
    figure("checksum", sum);
    free(matches);
}

static void classify(const kehu_keyword *k, const char *text, size_t size)
{
    size_t n = 0;
    int64_t *offsets;
    int32_t *scores;
    kehu_column column = {.type = KEHU_LARGE_UTF8, .data = text};
    kehu_error err;
    double best = 1e9;
    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    offsets = get(n + 1, sizeof *offsets);
    scores = get(n, sizeof *scores);
    n = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n')
            offsets[++n] = (int64_t)i + 1;
    column.length = (int64_t)n;
    column.offsets = offsets;
    for (int i = 0; i < REPEATS; i++) {
        const double start = cpu_seconds();
        must(kehu_keyword_predict(k, &column, NULL,
                                  &(kehu_keyword_answers){.scores = scores}, &err),
             &err);
        if (cpu_seconds() - start < best)
            best = cpu_seconds() - start;
    }
    figure("classify_s", best);
    figure("classify_mb_per_second", (double)size / best / 1e6);
    free(offsets);
    free(scores);
}

int main(int argc, char **argv)
{
    kehu_keyword *k;
    char *text;
    size_t size;
    if (argc < 3)
        die("usage: bench_keyword KEYWORDS TEXT");
    k = read_list(argv[1]);
    text = read_whole(argv[2], &size);
    match(k, text, size);
    classify(k, text, size);
    free(text);
    kehu_keyword_free(k);
    return 0;
}
