/* Hyperscan on the work of bench_keyword.c: KEYWORDS as a set of literals, TEXT as one
 * block. Compiled by bench_keyword.py, with libhs. */
#include <hs/hs.h>

#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"

enum { REPEATS = 9, MOST = 100000 };

typedef struct match {
    int64_t end;
    unsigned keyword;
} match;

typedef struct found {
    match *matches; /* written as ours are; NULL: only counted */
    int64_t n;
} found;

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *ctx)
{
    found *f = ctx;
    (void)from;
    (void)flags;
    if (f->matches != NULL)
        f->matches[f->n] = (match){(int64_t)to, id};
    f->n++;
    return 0;
}

int main(int argc, char **argv)
{
    static const char *words[MOST];
    static unsigned flags[MOST], ids[MOST];
    static size_t sizes[MOST];
    unsigned n = 0;
    size_t size;
    hs_database_t *database = NULL;
    hs_compile_error_t *problem = NULL;
    hs_scratch_t *scratch = NULL;
    found f = {NULL, 0};
    double start, best = 1e9, sum = 0;
    char *list, *text;
    if (argc < 3)
        die("usage: peer_hyperscan KEYWORDS TEXT");
    list = read_whole(argv[1], NULL);
    text = read_whole(argv[2], &size);
    for (char *p = strtok(list, "\n"); p != NULL && n < MOST; p = strtok(NULL, "\n")) {
        words[n] = p;
        ids[n] = n;
        sizes[n++] = strlen(p);
    }
    start = cpu_seconds();
    if (hs_compile_lit_multi(words, flags, ids, sizes, n, HS_MODE_BLOCK, NULL, &database,
                             &problem) != HS_SUCCESS ||
        hs_alloc_scratch(database, &scratch) != HS_SUCCESS)
        die("the keywords do not compile");
    figure("build_s", cpu_seconds() - start);
    for (int i = 0; i <= REPEATS; i++) {
        if (i == 1)
            f.matches = get((size_t)f.n, sizeof *f.matches);
        f.n = 0;
        start = cpu_seconds();
        if (hs_scan(database, text, (unsigned)size, 0, scratch, on_match, &f) !=
            HS_SUCCESS)
            die("the scan failed");
        if (i > 0 && cpu_seconds() - start < best)
            best = cpu_seconds() - start;
    }
    for (int64_t i = 0; i < f.n; i++)
        sum += (double)(f.matches[i].end % 1000);
    figure("match_s", best);
    figure("match_mb_per_second", (double)size / best / 1e6);
    figure("matches", (double)f.n);
    figure("checksum", sum);
    hs_free_scratch(scratch);
    hs_free_database(database);
    free(f.matches);
    free(list);
    free(text);
    return 0;
}
