/* Figures of the text classifier.
 *
 *     bench_text rows TRAIN FOLDER CHARS     tf-idf rows of TRAIN, n-grams of up to
 *                                            CHARS characters or for 0 a tokenizer's
 *                                            words, left in FOLDER for the peers:
 *                                            starts.i64 columns.i32 values.f64 labels.i32
 *     bench_text solve TRAIN CHARS THREADS COST GAP    the solver on the same rows
 *     bench_text whole TRAIN TEST HASH_BITS  raw texts to a model and to labels; 0 bits
 *                                            for a vocabulary
 *
 * Files are label<TAB>text, UTF-8. */
#include <kehu/svm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"
#include "learn/linear.h"
#include "text/classes.h"
#include "text/terms.h"

typedef struct texts {
    char *bytes, *text, *label;
    int64_t *text_ends, *label_ends;
    kehu_column texts, labels;
} texts;

static texts read_texts(const char *path)
{
    size_t size, n = 0, text = 0, label = 0;
    texts t = {.bytes = read_whole(path, &size)};
    for (size_t i = 0; i < size; i++)
        n += t.bytes[i] == '\n';
    t.text = get(size, 1);
    t.label = get(size, 1);
    t.text_ends = get(n + 1, sizeof *t.text_ends);
    t.label_ends = get(n + 1, sizeof *t.label_ends);
    n = 0;
    for (const char *at = t.bytes, *end = at + size; at < end; n++) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at));
        const char *const tab = memchr(at, '\t', (size_t)(newline - at));
        memcpy(t.label + label, at, (size_t)(tab - at));
        label += (size_t)(tab - at);
        memcpy(t.text + text, tab + 1, (size_t)(newline - tab - 1));
        text += (size_t)(newline - tab - 1);
        t.text_ends[n + 1] = (int64_t)text;
        t.label_ends[n + 1] = (int64_t)label;
        at = newline + 1;
    }
    t.texts = (kehu_column){.type = KEHU_LARGE_UTF8,
                            .length = (int64_t)n,
                            .data = t.text,
                            .offsets = t.text_ends};
    t.labels = t.texts;
    t.labels.data = t.label;
    t.labels.offsets = t.label_ends;
    return t;
}

typedef struct matrix {
    kehu__terms *terms;
    kehu__term_rows rows;
    kehu__classes classes;
    int32_t *labels;
    kehu__sparse sparse;
} matrix;

/* Leave out the single characters, which a vocabulary always has. */
static void keep_words(matrix *m)
{
    int64_t kept = 0, next = 0;
    for (int64_t i = 0; i < m->rows.n_rows; i++) {
        for (; next < m->rows.starts[i + 1]; next++)
            if (m->rows.columns[next] >= m->terms->n_terms) {
                m->rows.columns[kept] = m->rows.columns[next] - m->terms->n_terms;
                m->rows.values[kept++] = m->rows.values[next];
            }
        m->rows.starts[i + 1] = kept;
    }
    m->sparse.n_columns = m->terms->words->n_terms;
}

static matrix read_matrix(const char *path, const char *chars)
{
    const uint32_t longest = (uint32_t)atoi(chars);
    kehu__term_options o = {.char_max = longest == 0 ? 1 : longest,
                            .latin_max = longest == 0 ? 1 : longest,
                            .min_df = 1,
                            .max_terms = 1 << 24};
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {.n_threads = 1};
    const texts t = read_texts(path);
    matrix m;
    kehu_tokenizer *tokenizer = NULL; /* the terms need it until the end */
    kehu_error err;
    m.labels = get((size_t)t.texts.length, sizeof *m.labels);
    must(kehu__classes_from(&m.classes, m.labels, &t.labels, &alloc, &err), &err);
    must(kehu__terms_build(&m.terms, &t.texts, &o, &run, &alloc, &err), &err);
    if (longest == 0) {
        must(kehu_tokenizer_default(&tokenizer, NULL, &err), &err);
        o.tokenizer = tokenizer;
        o.word_max = 1;
        must(kehu__terms_build(&m.terms->words, &t.texts, &o, &run, &alloc, &err), &err);
    }
    must(kehu__terms_rows(&m.rows, m.terms, &t.texts, &run, &alloc, &err), &err);
    m.sparse = (kehu__sparse){m.rows.n_rows, m.terms->n_terms, m.rows.starts,
                              m.rows.columns, m.rows.values};
    if (longest == 0)
        keep_words(&m);
    return m;
}

static void leave_rows(const char *path, const char *folder, const char *chars)
{
    const matrix m = read_matrix(path, chars);
    const size_t rows = (size_t)m.rows.n_rows, n = (size_t)m.rows.starts[rows];
    double *const values = get(n, sizeof *values);
    for (size_t j = 0; j < n; j++)
        values[j] = (double)m.rows.values[j];
    keep(folder, "starts.i64", m.rows.starts, (rows + 1) * sizeof *m.rows.starts);
    keep(folder, "columns.i32", m.rows.columns, n * sizeof *m.rows.columns);
    keep(folder, "values.f64", values, n * sizeof *values);
    keep(folder, "labels.i32", m.labels, rows * sizeof *m.labels);
}

/* Processor and passing seconds of one solution. */
static void solve(const char *path, const char *chars, const char *threads,
                  const char *cost, const char *gap)
{
    const matrix m = read_matrix(path, chars);
    const kehu_allocator alloc = kehu__allocator(NULL);
    const kehu__run run = {.n_threads = (uint32_t)atoi(threads)};
    const kehu__linear_options o = {.cost = strtod(cost, NULL), .gap = strtod(gap, NULL)};
    kehu__linear_report report;
    kehu_error err;
    double start = 0, passed = 0;
    for (int warm = 0; warm < 2; warm++) {
        kehu__linear_problem *p;
        kehu__linear *model;
        start = cpu_seconds();
        passed = wall_seconds();
        must(kehu__linear_prepare(&p, &m.sparse, m.labels, m.classes.n, NULL, 0, &alloc,
                                  &err),
             &err);
        must(kehu__linear_solve(p, &o, &run, &report, &err), &err);
        must(kehu__linear_extract(&model, p, &err), &err);
        start = cpu_seconds() - start;
        passed = wall_seconds() - passed;
        kehu__linear_problem_free(p);
        kehu__linear_free(model);
    }
    figure("solve_s", start);
    figure("solve_passed", passed);
    figure("primal", report.primal);
    figure("dual", report.dual);
    figure("passes", report.passes);
}

static void whole(const char *train, const char *test, const char *hash_bits)
{
    const texts a = read_texts(train), b = read_texts(test);
    const kehu_svm_options o = {
        .size = sizeof o, .cost = 0.5, .hash_bits = (uint32_t)atoi(hash_bits)};
    int32_t *const classes = get((size_t)b.texts.length, sizeof *classes);
    int64_t right = 0;
    kehu_svm_info info;
    kehu_svm *svm;
    kehu_error err;
    double start = cpu_seconds();
    must(kehu_svm_train(&svm, &a.texts, &a.labels, &o, &err), &err);
    figure("train_s", cpu_seconds() - start);
    kehu_svm_get_info(svm, &info);
    figure("passes", info.passes);
    must(kehu_svm_predict(svm, &b.texts, NULL, classes, NULL, NULL, &err), &err);
    start = cpu_seconds();
    must(kehu_svm_predict(svm, &b.texts, NULL, classes, NULL, NULL, &err), &err);
    start = cpu_seconds() - start;
    figure("predict_s", start);
    figure("texts_per_second", (double)b.texts.length / start);
    for (int64_t i = 0; i < b.texts.length; i++) {
        const char *const name = kehu_svm_class_name(svm, classes[i]);
        const size_t size = (size_t)(b.label_ends[i + 1] - b.label_ends[i]);
        right +=
            strlen(name) == size && memcmp(name, b.label + b.label_ends[i], size) == 0;
    }
    figure("accuracy", 100 * (double)right / (double)b.texts.length);
    kehu_svm_free(svm);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "rows") == 0)
        leave_rows(argv[2], argv[3], argv[4]);
    else if (argc == 7 && strcmp(argv[1], "solve") == 0)
        solve(argv[2], argv[3], argv[4], argv[5], argv[6]);
    else if (argc == 5 && strcmp(argv[1], "whole") == 0)
        whole(argv[2], argv[3], argv[4]);
    else
        die("usage: bench_text rows|solve|whole ...");
    return 0;
}
