/* What the classifiers found, as CSV; and their part of the job run alone. */
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { N_REASONS = 6, MAX_WORDS = 64 };

static int into_file(void *ctx, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, ctx) != size;
}

static kehu_status write_evaluations(const texts *t, outputs *o, kehu_error *err)
{
    FILE *file;
    const int64_t n = names_count(t->classes);
    const char **class_names;
    kehu_status status = KEHU_OK;
    TRY(outputs_open(o, &file, "evaluation.json", err));
    class_names = malloc((size_t)n * sizeof *class_names);
    if (class_names == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the class names");
    for (int64_t c = 0; c < n; c++)
        class_names[c] = names_get(t->classes, c);
    for (int m = 0; m < N_METHODS && status == KEHU_OK; m++) {
        const quality *q = &t->quality[m];
        const kehu_evaluation_report report = {.size = sizeof report,
                                               .format = KEHU_EVALUATION_JSON,
                                               .name = method_names[m],
                                               .evaluation = &q->evaluation,
                                               .n_classes = (uint32_t)n,
                                               .classes = q->classes,
                                               .confusion = q->confusion,
                                               .class_names = class_names,
                                               .comparison = &q->comparison};
        const kehu_writer writer = {.write = into_file, .ctx = file};
        status = kehu_evaluation_write(&report, &writer, err);
    }
    free(class_names);
    return status;
}

kehu_status texts_write_methods(const texts *t, outputs *o, kehu_error *err)
{
    FILE *file;
    TRY(outputs_open(o, &file, "methods.csv", err));
    fputs("method,texts,accuracy,macro_f1,coverage,model_bytes,texts_per_second\n", file);
    for (int m = 0; m < N_METHODS; m++) {
        const quality *q = &t->quality[m];
        csv_name(file, true, method_names[m]);
        csv_count(file, false, q->evaluation.n);
        csv_real(file, false, q->evaluation.accuracy, 4);
        csv_real(file, false, q->evaluation.macro_f1, 4);
        csv_real(file, false, q->evaluation.coverage, 4);
        csv_count(file, false, q->model_bytes);
        csv_real(file, false, q->texts_per_second, 0);
        csv_end(file);
    }
    return write_evaluations(t, o, err);
}

/* "word:weight" of the reasons, blanks between. */
typedef struct line {
    char bytes[1024];
    size_t size;
} line;

static void add_reason(line *l, const char *word, size_t size, const char *weight)
{
    if (l->size + size + strlen(weight) + 2 > sizeof l->bytes)
        return;
    if (l->size > 0)
        l->bytes[l->size++] = ' ';
    memcpy(l->bytes + l->size, word, size);
    l->size += size;
    memcpy(l->bytes + l->size, weight, strlen(weight));
    l->size += strlen(weight);
}

kehu_status texts_write_words(const texts *t, FILE *file, const char *text, size_t size,
                              int32_t class_number, kehu_error *err)
{
    kehu_keyword_match reasons[MAX_WORDS];
    int64_t n = 0;
    line l = {.size = 0};
    const char *name = class_number < 0 ? "" : names_get(t->classes, class_number);
    const int32_t c = kehu_keyword_class_find(t->keyword, name, (int64_t)strlen(name));
    if (c >= 0)
        TRY(kehu_keyword_explain(t->keyword, text, (int64_t)size, c, reasons, MAX_WORDS,
                                 &n, err));
    for (int64_t i = 0, shown = 0; i < n && i < MAX_WORDS && shown < N_REASONS; i++)
        if (reasons[i].weight > 0) {
            char weight[16];
            const char *word = kehu_keyword_word(t->keyword, reasons[i].word);
            snprintf(weight, sizeof weight, ":%d", (int)reasons[i].weight);
            add_reason(&l, word, strlen(word), weight);
            shown++;
        }
    csv_text(file, false, l.bytes, l.size);
    return KEHU_OK;
}

kehu_status texts_write_terms(const texts *t, FILE *file, const char *text, size_t size,
                              int32_t class_number, kehu_error *err)
{
    kehu_svm_reason reasons[N_REASONS];
    uint32_t n = 0;
    line l = {.size = 0};
    const char *name = class_number < 0 ? "" : names_get(t->classes, class_number);
    const int32_t c = kehu_svm_class_find(t->svm, name);
    if (c >= 0)
        TRY(kehu_svm_explain(t->svm, text, (int64_t)size, c, reasons, N_REASONS, &n, NULL,
                             NULL, err));
    for (uint32_t i = 0; i < n && i < N_REASONS; i++) {
        char weight[32];
        snprintf(weight, sizeof weight, ":%.3f", reasons[i].contribution);
        add_reason(&l, text + reasons[i].start,
                   (size_t)(reasons[i].end - reasons[i].start), weight);
    }
    csv_text(file, false, l.bytes, l.size);
    return KEHU_OK;
}

/* A file of "label<TAB>text" lines, in which quotes have no meaning. */
typedef struct labelled {
    text_list text, label;
} labelled;

static void labelled_free(labelled *l)
{
    text_list_free(&l->text);
    text_list_free(&l->label);
}

static kehu_status add_line(labelled *l, const char *path, const char *bytes, size_t size,
                            kehu_error *err)
{
    const char *tab = size == 0 ? NULL : memchr(bytes, '\t', size);
    const size_t label_size = tab == NULL ? 0 : (size_t)(tab - bytes);
    if (label_size == 0)
        return fail(err, KEHU_FORMAT, "%s, line %lld: not label<TAB>text", path,
                    (long long)l->text.n + 1);
    TRY(text_list_add(&l->label, bytes, label_size, err));
    return text_list_add(&l->text, tab + 1, size - label_size - 1, err);
}

/* The next line without what ends it; its size, -1 at the end of the file. */
static int64_t read_line(FILE *file, char **bytes, size_t *room)
{
    size_t size = 0;
    int c;
    while ((c = getc(file)) != EOF && c != '\n') {
        if (size == *room) {
            char *const grown = realloc(*bytes, *room = 2 * *room + 256);
            if (grown == NULL)
                return -2;
            *bytes = grown;
        }
        (*bytes)[size++] = (char)c;
    }
    if (c == EOF && size == 0)
        return -1;
    return (int64_t)(size - (size > 0 && (*bytes)[size - 1] == '\r'));
}

static kehu_status read_labelled(labelled *l, const char *path, kehu_error *err)
{
    char *bytes = NULL;
    size_t room = 0;
    int64_t size;
    kehu_status status = KEHU_OK;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return fail(err, errno == ENOENT ? KEHU_NOT_FOUND : KEHU_IO, "%s: %s", path,
                    strerror(errno));
    step("reading");
    while (status == KEHU_OK && (size = read_line(file, &bytes, &room)) != -1)
        status = size < 0 ? fail(err, KEHU_NO_MEMORY, "no memory for a line of %s", path)
                          : add_line(l, path, bytes, (size_t)size, err);
    if (status == KEHU_OK && ferror(file))
        status = fail(err, KEHU_IO, "%s: %s", path, strerror(errno));
    if (status == KEHU_OK && l->text.n == 0)
        status = fail(err, KEHU_EMPTY, "%s has no lines", path);
    free(bytes);
    fclose(file);
    return status;
}

static kehu_status write_answers(const texts *t, const kehu_column *text, outputs *o,
                                 kehu_error *err)
{
    FILE *file;
    TRY(outputs_open(o, &file, "demands.csv", err));
    fputs("row,label,keyword_class,keyword_words,svm_class,svm_probability,svm_terms\n",
          file);
    for (int64_t i = 0; i < text->length; i++) {
        size_t size;
        const char *bytes = text_at(text, i, &size);
        const int32_t k = t->answer[KEYWORD][i], s = t->answer[SVM][i];
        csv_count(file, true, i + 1);
        csv_name(file, false, t->label[i] < 0 ? "" : names_get(t->classes, t->label[i]));
        csv_name(file, false, k < 0 ? "" : names_get(t->classes, k));
        TRY(texts_write_words(t, file, bytes, size, k, err));
        csv_name(file, false, s < 0 ? "" : names_get(t->classes, s));
        csv_real(file, false, t->probability[SVM][i], 4);
        TRY(texts_write_terms(t, file, bytes, size, s, err));
        csv_end(file);
    }
    return KEHU_OK;
}

kehu_status run_classify(const flags *f, kehu_error *err)
{
    labelled known = {0}, test = {0};
    outputs *o = NULL;
    texts t = {0};
    kehu_status status = read_labelled(&known, f->texts, err);
    if (status == KEHU_OK)
        status = read_labelled(&test, f->test, err);
    if (status == KEHU_OK)
        status = outputs_new(&o, f->out, err);
    if (status == KEHU_OK) {
        const kehu_column text = text_list_column(&test.text, "text");
        const kehu_column known_text = text_list_column(&known.text, "text");
        const kehu_column label = text_list_column(&test.label, "label");
        const kehu_column known_label = text_list_column(&known.label, "label");
        status = texts_try(&t, &known_text, &known_label, &text, &label, f, err);
        if (status == KEHU_OK)
            status = texts_write_methods(&t, o, err);
        if (status == KEHU_OK)
            status = write_answers(&t, &text, o, err);
    }
    if (status == KEHU_OK)
        status = outputs_publish(o, err);
    texts_free(&t);
    outputs_free(o);
    labelled_free(&known);
    labelled_free(&test);
    return status;
}
