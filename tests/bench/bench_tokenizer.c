/* Figures of splitting a text file, one line a text.
 *
 *     bench_tokenizer FILE [MODEL]
 *     bench_tokenizer train CORPUS MODEL
 *
 * load_s: from nothing to a first split with the built-in dictionary or the model, and
 * what the whole process then keeps in memory; cut_s: all lines, spans with offsets;
 * words: spans that are neither blank nor line end; threads_2: how much sooner the lines
 * as a column are split by two threads. train: a corpus of a sentence a line to a model's
 * file. */
#include <kehu/tokenizer.h>

#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"

static double split_lines(const kehu_tokenizer *t, const char *text, size_t size,
                          kehu_span *spans, int64_t capacity)
{
    kehu_error err;
    int64_t words = 0;
    for (const char *line = text, *end; line < text + size; line = end + 1) {
        int64_t n;
        end = memchr(line, '\n', (size_t)(text + size - line));
        if (end == NULL)
            end = text + size;
        must(kehu_tokenizer_split(t, line, end - line, spans, capacity, &n, NULL, &err),
             &err);
        for (int64_t i = 0; i < n; i++)
            words += spans[i].kind != KEHU_SPAN_SPACE;
    }
    return (double)words;
}

/* Each line as a row. */
static kehu_column rows_of(const char *text, size_t size)
{
    int32_t *offsets = get(size + 2, sizeof *offsets), n = 0;
    offsets[0] = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\n')
            offsets[++n] = (int32_t)i + 1;
    return (kehu_column){
        .type = KEHU_UTF8, .length = n, .data = text, .offsets = offsets};
}

static void free_rows(const kehu_column *rows)
{
    free((void *)(uintptr_t)rows->offsets);
}

static void train(const char *corpus, const char *model)
{
    kehu_tokenizer *dictionary, *t;
    kehu_error err;
    size_t size;
    char *text = read_whole(corpus, &size);
    const kehu_column lines = rows_of(text, size);
    must(kehu_tokenizer_default(&dictionary, NULL, &err), &err);
    must(kehu_tokenizer_train(&t, dictionary, &lines, NULL, &err), &err);
    must(kehu_tokenizer_save(t, model, &err), &err);
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(dictionary);
    free_rows(&lines);
    free(text);
}

/* Wall seconds, the least of RUNS. */
static double split_rows(const kehu_tokenizer *t, const kehu_column *rows,
                         kehu_span *spans, int64_t capacity, uint32_t n_threads)
{
    enum { RUNS = 5 };
    const kehu_tokenizer_batch_options options = {.size = sizeof options,
                                                  .n_threads = n_threads};
    int64_t *starts = get((size_t)rows->length + 1, sizeof *starts);
    double least = 0;
    kehu_error err;
    for (int i = 0; i < RUNS; i++) {
        const double start = wall_seconds();
        must(
            kehu_tokenizer_split_column(t, rows, spans, capacity, starts, &options, &err),
            &err);
        const double took = wall_seconds() - start;
        least = i == 0 || took < least ? took : least;
    }
    free(starts);
    return least;
}

int main(int argc, char **argv)
{
    kehu_tokenizer *t;
    kehu_error err;
    kehu_span few[64];
    int64_t n;
    size_t size;
    double start = cpu_seconds();
    if (argc < 2)
        die("usage: bench_tokenizer FILE [MODEL]");
    if (argc > 3 && strcmp(argv[1], "train") == 0) {
        train(argv[2], argv[3]);
        return 0;
    }
    if (argc > 2)
        must(kehu_tokenizer_map(&t, argv[2], NULL, &err), &err);
    else
        must(kehu_tokenizer_default(&t, NULL, &err), &err);
    must(kehu_tokenizer_split(t, "查询本月话费", 18, few, 64, &n, NULL, &err), &err);
    figure("load_s", cpu_seconds() - start);
    figure("loaded_mb", resident_mb());
    char *text = read_whole(argv[1], &size);
    const int64_t capacity = kehu_tokenizer_bound(t, (int64_t)size);
    kehu_span *spans = get((size_t)capacity, sizeof *spans);
    figure("words", split_lines(t, text, size, spans, capacity));
    start = cpu_seconds();
    split_lines(t, text, size, spans, capacity);
    figure("cut_s", cpu_seconds() - start);
    const kehu_column rows = rows_of(text, size);
    figure("threads_2", split_rows(t, &rows, spans, capacity, 1) /
                            split_rows(t, &rows, spans, capacity, 2));
    free_rows(&rows);
    free(spans);
    free(text);
    kehu_tokenizer_free(t);
    return 0;
}
