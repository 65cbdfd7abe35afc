/* What is found in piles of texts without labels.
 *
 *     bench_topics duplicate TSV N THREADS    N texts put together of halves of the
 *                                             file's, a third of them nearly copies
 *
 * A TSV has a label, a tab and a text on each line. */
#include <kehu/duplicate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "bench/figure.h"

static double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The texts of a TSV, pointing into its bytes. */
static kehu_column read_texts(const char *path)
{
    size_t size;
    char *const bytes = read_whole(path, &size), *const texts = get(size + 1, 1);
    int64_t n = 0, *ends;
    for (size_t i = 0; i < size; i++)
        n += bytes[i] == '\n';
    ends = get((size_t)n + 1, sizeof *ends);
    n = 0;
    for (char *p = bytes, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        const char *const tab = memchr(p, '\t', (size_t)(end - p));
        if (tab == NULL)
            die("a line without a tab");
        memcpy(texts + ends[n], tab + 1, (size_t)(end - tab - 1));
        ends[n + 1] = ends[n] + (end - tab - 1);
        n++;
    }
    free(bytes);
    return (kehu_column){
        .type = KEHU_LARGE_UTF8, .length = n, .data = texts, .offsets = ends};
}

/* ---- Near-duplicates -------------------------------------------------------- */

static size_t whole_characters(const char *text, size_t size)
{
    while (size > 0 && (text[size] & 0xC0) == 0x80)
        size--;
    return size;
}

/* The first half of one text, the second half of another. */
static size_t put_together(char *to, const kehu_column *texts, kehu__random *r)
{
    const int64_t *const ends = texts->offsets;
    size_t size = 0;
    for (int half = 0; half < 2; half++) {
        const uint32_t i = kehu__random_below(r, (uint32_t)texts->length);
        const char *const text = (const char *)texts->data + ends[i];
        const size_t all = (size_t)(ends[i + 1] - ends[i]);
        const size_t cut = all < 2 ? all : whole_characters(text, all / 2);
        const size_t from = half ? cut : 0, n = half ? all - cut : cut;
        memcpy(to + size, text + from, n);
        size += n;
    }
    return size;
}

static kehu_column many_texts(const kehu_column *texts, int64_t n)
{
    int64_t *const ends = get((size_t)n + 1, sizeof *ends);
    size_t capacity = 1 << 28;
    char *bytes = get(capacity, 1);
    kehu__random r = kehu__random_seed(1);
    for (int64_t i = 0; i < n; i++) {
        char text[1 << 16];
        size_t size;
        if (i > 0 && kehu__random_below(&r, 3) == 0) {
            const int64_t of = (int64_t)kehu__random_below(&r, (uint32_t)i);
            size = (size_t)(ends[of + 1] - ends[of]);
            memcpy(text, bytes + ends[of], size);
            memcpy(text + size, "。谢", 6);
            size += 6;
        } else
            size = put_together(text, texts, &r);
        if ((size_t)ends[i] + size > capacity &&
            (bytes = realloc(bytes, capacity *= 2)) == NULL)
            die("no memory");
        memcpy(bytes + ends[i], text, size);
        ends[i + 1] = ends[i] + (int64_t)size;
    }
    return (kehu_column){
        .type = KEHU_LARGE_UTF8, .length = n, .data = bytes, .offsets = ends};
}

static void duplicate(const char *path, int64_t n, uint32_t n_threads)
{
    const kehu_column texts = read_texts(path), many = many_texts(&texts, n);
    const kehu_duplicate_options o = {.size = sizeof o, .n_threads = n_threads};
    const double cpu = cpu_seconds(), wall = wall_seconds();
    kehu_table *table;
    kehu_error err;
    must(kehu_duplicate_fold(&table, NULL, &many, &o, &err), &err);
    figure("fold_s", cpu_seconds() - cpu);
    figure("wall_seconds", wall_seconds() - wall);
    figure("megabytes", (double)((const int64_t *)many.offsets)[n] / 1e6);
    figure("groups", (double)kehu_table_row_count(table));
    kehu_table_free(table);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "duplicate") == 0)
        duplicate(argv[2], atoll(argv[3]), (uint32_t)atoi(argv[4]));
    else
        die("bad arguments");
    return 0;
}
