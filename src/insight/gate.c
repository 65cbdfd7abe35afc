/* A gate's life and work; gate_train.c makes it. */
#include <kehu/gate.h>

#include <string.h>

#include "base/error.h"
#include "data/builder.h"
#include "data/column.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "insight/gate.h"

void kehu_gate_free(kehu_gate *gate)
{
    if (gate == NULL)
        return;
    const kehu_allocator a = gate->alloc;
    kehu_svm_free(gate->svm);
    kehu__free(&a, gate, 1, sizeof *gate);
}

void kehu_gate_get_info(const kehu_gate *gate, kehu_gate_info *out)
{
    *out = gate->info;
}

const kehu_svm *kehu_gate_svm(const kehu_gate *gate)
{
    return gate->svm;
}

kehu_status kehu__gate_scores(const kehu_svm *svm, int32_t spam, const kehu_column *texts,
                              const kehu_svm_predict_options *options, double *scores,
                              const kehu_allocator *alloc, kehu_error *err)
{
    const size_t n = (size_t)texts->length;
    float *margins = kehu__alloc(alloc, n, 2 * sizeof *margins);
    kehu_status status;
    if (margins == NULL && n > 0)
        return kehu__no_memory(err, "scores");
    status = kehu_svm_predict(svm, texts, options, NULL, NULL, margins, err);
    for (size_t i = 0; status == KEHU_OK && i < n; i++)
        scores[i] = (double)margins[2 * i + (size_t)spam] -
                    (double)margins[2 * i + 1 - (size_t)spam];
    kehu__free(alloc, margins, n, 2 * sizeof *margins);
    return status;
}

/* ---- Holding back ---- */

static kehu_status write_row(const kehu_gate *g, kehu__builder *b, int64_t row,
                             kehu__text text, double score, kehu_error *err)
{
    kehu_svm_reason why;
    uint32_t n = 0;
    KEHU_TRY(kehu_svm_explain(g->svm, text.bytes, text.size, g->spam, &why, 1, &n, NULL,
                              NULL, err));
    kehu__builder_integer(b, 0, row);
    kehu__builder_number(b, 1, score);
    if (n > 0 && why.contribution > 0)
        kehu__builder_text(b, 2, text.bytes + why.start, (size_t)(why.end - why.start));
    else
        kehu__builder_missing(b, 2);
    kehu__builder_end_row(b);
    return KEHU_OK;
}

kehu_status kehu_gate_hold(kehu_table **out, const kehu_gate *gate,
                           const kehu_column *texts, kehu_error *err)
{
    kehu__builder b;
    kehu_status status;
    double *scores;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (gate == NULL || texts == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "gate or texts is NULL");
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    scores = kehu__alloc(&gate->alloc, (size_t)texts->length, sizeof *scores);
    if (scores == NULL && texts->length > 0)
        return kehu__no_memory(err, "scores");
    b = kehu__builder_new(&gate->alloc);
    kehu__builder_add(&b, "row", KEHU_INT64);
    kehu__builder_add(&b, "score", KEHU_FLOAT64);
    kehu__builder_add(&b, "term", KEHU_LARGE_UTF8);
    status =
        kehu__gate_scores(gate->svm, gate->spam, texts, NULL, scores, &gate->alloc, err);
    for (int64_t i = 0; i < texts->length && status == KEHU_OK; i++)
        if (scores[i] > gate->info.threshold && kehu__column_text(texts, i).size > 0)
            status = write_row(gate, &b, i, kehu__column_text(texts, i), scores[i], err);
    kehu__free(&gate->alloc, scores, (size_t)texts->length, sizeof *scores);
    if (status == KEHU_OK)
        return kehu__builder_end(&b, true, out, err);
    kehu__builder_free(&b);
    return status;
}

/* ---- Files: HEAD the figures, SVMM the machine's model file ---- */

static const char kind[] = "GAT1";

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_gate *g = handle;
    const kehu_gate_info *i = &g->info;
    const double numbers[] = {i->recall, i->threshold, i->passed,
                              i->caught, i->macro_f1,  i->cost};
    kehu__buffer head = kehu__buffer_new(&g->alloc), svm = head;
    kehu_status status =
        kehu_svm_write(g->svm, &(kehu_writer){kehu__handle_collect, &svm}, err);
    *out = kehu__buffer_new(&g->alloc);
    kehu__buffer_u64(&head, (uint64_t)i->n_good);
    kehu__buffer_u64(&head, (uint64_t)i->n_spam);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        kehu__buffer_double(&head, numbers[k]);
    kehu__buffer_u32(&head, (uint32_t)g->spam);
    if (status == KEHU_OK && (head.failed || svm.failed))
        status = kehu__no_memory(err, "the model file");
    if (status == KEHU_OK) {
        const kehu__section sections[] = {{"HEAD", head.bytes, head.size},
                                          {"SVMM", svm.bytes, svm.size}};
        kehu__container_build(out, kind, sections, 2);
    }
    kehu__buffer_free(&head);
    kehu__buffer_free(&svm);
    return status;
}

static kehu_status read_head(kehu_gate *g, const char *bytes, size_t size,
                             const char *name, kehu_error *err)
{
    kehu_gate_info *i = &g->info;
    double *const numbers[] = {&i->recall, &i->threshold, &i->passed,
                               &i->caught, &i->macro_f1,  &i->cost};
    kehu__reader r = kehu__reader_new(bytes, size);
    bool sound;
    i->n_good = (int64_t)kehu__read_u64(&r);
    i->n_spam = (int64_t)kehu__read_u64(&r);
    sound = i->n_good > 0 && i->n_spam > 0;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        *numbers[k] = kehu__read_double(&r);
        sound = sound && *numbers[k] - *numbers[k] == 0; /* finite */
    }
    g->spam = (int32_t)kehu__read_u32(&r);
    if (r.failed || r.at != r.end || !sound || g->spam < 0 || g->spam > 1)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has wrong figures", name);
    return KEHU_OK;
}

static kehu_status fill(kehu_gate *g, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    const char *head, *svm;
    size_t head_size, svm_size;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, kind, from->name, err));
    if (!kehu__container_find(&c, "HEAD", &head, &head_size) ||
        !kehu__container_find(&c, "SVMM", &svm, &svm_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s lacks a section", from->name);
    KEHU_TRY(read_head(g, head, head_size, from->name, err));
    KEHU_TRY(kehu_svm_read(&g->svm, svm, svm_size, &g->alloc, err));
    if (kehu_svm_class_count(g->svm) != 2)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s is not of two classes", from->name);
    return KEHU_OK;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_gate *g = kehu__alloc_zero(&from->alloc, 1, sizeof *g);
    kehu_status status;
    if (g == NULL)
        return kehu__no_memory(err, "a gate");
    g->alloc = from->alloc;
    status = fill(g, from, err);
    if (status == KEHU_OK)
        memcpy(out, &g, sizeof g);
    else
        kehu_gate_free(g);
    return status;
}

static const kehu__handle_file file = {"gate", build, make};

kehu_status kehu_gate_save(const kehu_gate *gate, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, gate, path, err);
}

kehu_status kehu_gate_write(const kehu_gate *gate, const kehu_writer *writer,
                            kehu_error *err)
{
    return kehu__handle_write(&file, gate, writer, err);
}

kehu_status kehu_gate_load(kehu_gate **out, const char *path, const kehu_allocator *alloc,
                           kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_gate_read(kehu_gate **out, const void *bytes, size_t size,
                           const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
