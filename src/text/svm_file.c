/* Sections: CLAS class names, TERM vocabulary, INDX its index, WGHT weights, INFO how
 * training went; WORD, where a tokenizer is used, its fingerprint and the words'
 * vocabulary, WIDX the index of that; TRYS, where terms were chosen, the choices; PLAT
 * each class's sigmoid. A model of at most max_bytes has TRM8, WRD8 and WGT8 in place of
 * TERM, WORD and WGHT: packed, see svm_pack.c. Only a mapped file's index is used, all
 * others are made anew. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "text/svm_model.h"
#include "text/tokenizer.h"

static const char kind[] = "SVM1";

static void write_weights(const kehu__linear *m, kehu__buffer *to)
{
    kehu__buffer_u32(to, m->n_columns);
    kehu__buffer_u32(to, m->n_classes);
    kehu__buffer_float(to, m->bias);
    kehu__buffer_u32(to, 0);
    for (uint32_t j = 0; j <= m->n_columns; j++)
        for (uint32_t k = 0; k < m->width; k++)
            kehu__buffer_float(to, kehu__linear_weight(m, j, k));
}

static kehu_status read_weights(kehu_svm *svm, const char *bytes, size_t size,
                                bool in_place, const char *name, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    const uint32_t n_columns = kehu__read_u32(&r), n_classes = kehu__read_u32(&r);
    const float bias = kehu__read_float(&r);
    const uint64_t width = kehu__linear_width(n_classes);
    const uint32_t unused = kehu__read_u32(&r);
    if (r.failed || unused != 0 || n_columns != kehu__terms_count(svm->terms) ||
        n_classes != svm->classes.n || !isfinite(bias) ||
        (uint64_t)(r.end - r.at) != ((uint64_t)n_columns + 1) * width * sizeof(float))
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s: weights do not agree with terms and classes", name);
    if (in_place) {
        const kehu__linear shape = {.n_columns = n_columns,
                                    .n_classes = n_classes,
                                    .bias = bias,
                                    .weights = (const float *)(const void *)r.at};
        KEHU_TRY(kehu__linear_over(&svm->linear, &shape, &svm->alloc, err));
    } else
        KEHU_TRY(
            kehu__linear_new(&svm->linear, n_columns, n_classes, bias, &svm->alloc, err));
    for (size_t j = 0; j <= n_columns; j++)
        for (uint32_t k = 0; k < width; k++) {
            const float w = kehu__read_float(&r);
            if (!isfinite(w))
                return kehu__fail(err, KEHU_FORMAT, -1,
                                  "%s: a weight is not a finite number", name);
            if (!in_place)
                svm->linear->own[j * svm->linear->stride + k] = w;
        }
    return KEHU_OK;
}

static void write_info(const kehu_svm *svm, kehu__buffer *to)
{
    const kehu_svm_info *const i = &svm->info;
    kehu__buffer_double(to, svm->info.abstain_below);
    kehu__buffer_double(to, i->temperature);
    kehu__buffer_double(to, i->cost);
    kehu__buffer_double(to, i->primal);
    kehu__buffer_double(to, i->dual);
    kehu__buffer_double(to, i->gap);
    kehu__buffer_double(to, i->accuracy);
    kehu__buffer_u64(to, (uint64_t)i->n_texts);
    kehu__buffer_u64(to, (uint64_t)i->n_empty);
    kehu__buffer_u64(to, (uint64_t)i->n_conflicting);
    kehu__buffer_u64(to, (uint64_t)i->n_validated);
    kehu__buffer_u32(to, i->passes);
    kehu__buffer_u32(to, i->converged);
    kehu__buffer_u32(to, i->n_curve);
    kehu__buffer_u32(to, i->class_aware);
    for (uint32_t k = 0; k < i->n_curve; k++) {
        kehu__buffer_double(to, i->curve[k].cost);
        kehu__buffer_double(to, i->curve[k].accuracy);
        kehu__buffer_double(to, i->curve[k].gap);
    }
}

static bool read_info(kehu_svm *svm, const char *bytes, size_t size)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    kehu_svm_info *const i = &svm->info;
    bool sound;
    svm->info.abstain_below = kehu__read_double(&r);
    i->temperature = kehu__read_double(&r);
    i->cost = kehu__read_double(&r);
    i->primal = kehu__read_double(&r);
    i->dual = kehu__read_double(&r);
    i->gap = kehu__read_double(&r);
    i->accuracy = kehu__read_double(&r);
    i->n_texts = (int64_t)kehu__read_u64(&r);
    i->n_empty = (int64_t)kehu__read_u64(&r);
    i->n_conflicting = (int64_t)kehu__read_u64(&r);
    i->n_validated = (int64_t)kehu__read_u64(&r);
    i->passes = kehu__read_u32(&r);
    i->converged = kehu__read_u32(&r);
    i->n_curve = kehu__read_u32(&r);
    i->class_aware = kehu__read_u32(&r);
    sound = i->class_aware <= 1 && i->n_curve <= sizeof i->curve / sizeof *i->curve &&
            svm->info.abstain_below >= 0 && svm->info.abstain_below <= 1 &&
            i->temperature > 0 && i->temperature < 1e6 && i->cost > 0 &&
            isfinite(i->cost) && isfinite(i->primal) && isfinite(i->dual) &&
            isfinite(i->gap) && i->n_texts >= 1 && i->n_empty >= 0 &&
            i->n_conflicting >= 0 && i->n_validated >= 0;
    for (uint32_t k = 0; sound && k < i->n_curve; k++) {
        i->curve[k].cost = kehu__read_double(&r);
        i->curve[k].accuracy = kehu__read_double(&r);
        i->curve[k].gap = kehu__read_double(&r);
    }
    i->n_classes = svm->classes.n;
    i->n_terms = kehu__terms_count(svm->terms);
    i->char_max = svm->terms->options.char_max;
    i->words = svm->terms->words != NULL;
    return sound && !r.failed && r.at == r.end;
}

static void write_trials(const kehu_svm_info *i, kehu__buffer *to)
{
    for (uint32_t k = 0; k < i->n_trials; k++) {
        kehu__buffer_u32(to, i->trial[k].char_max);
        kehu__buffer_u32(to, i->trial[k].words | i->trial[k].class_aware << 1);
        kehu__buffer_double(to, i->trial[k].cost);
        kehu__buffer_double(to, i->trial[k].accuracy);
    }
}

static bool read_trials(kehu_svm_info *i, const char *bytes, size_t size)
{
    enum { TRIAL_BYTES = 24 };
    kehu__reader r = kehu__reader_new(bytes, size);
    if (size % TRIAL_BYTES != 0 ||
        size / TRIAL_BYTES > sizeof i->trial / sizeof *i->trial)
        return false;
    i->n_trials = (uint32_t)(size / TRIAL_BYTES);
    for (uint32_t k = 0; k < i->n_trials; k++) {
        uint32_t how;
        i->trial[k].char_max = kehu__read_u32(&r);
        how = kehu__read_u32(&r);
        i->trial[k].words = how & 1;
        i->trial[k].class_aware = how >> 1;
        if (how > 3)
            return false;
        i->trial[k].cost = kehu__read_double(&r);
        i->trial[k].accuracy = kehu__read_double(&r);
    }
    return true;
}

static void write_sigmoids(const kehu_svm *svm, kehu__buffer *to)
{
    for (uint32_t k = 0; k < svm->classes.n; k++) {
        kehu__buffer_double(to, svm->sigmoids[k].slope);
        kehu__buffer_double(to, svm->sigmoids[k].offset);
    }
}

/* Files of before had none. */
static kehu_status read_sigmoids(kehu_svm *svm, const kehu__container *c,
                                 const char *name, kehu_error *err)
{
    const uint32_t n = svm->classes.n;
    const char *bytes;
    size_t size;
    const bool there = kehu__container_find(c, "PLAT", &bytes, &size);
    kehu__reader r = {.failed = true};
    bool sound = !there || size == n * 2 * sizeof(double);
    if (there)
        r = kehu__reader_new(bytes, size);
    svm->sigmoids = kehu__alloc(&svm->alloc, n, sizeof *svm->sigmoids);
    if (svm->sigmoids == NULL)
        return kehu__no_memory(err, "the classes");
    for (uint32_t k = 0; k < n; k++) {
        kehu__sigmoid s = {1, 0};
        if (there) {
            s.slope = kehu__read_double(&r);
            s.offset = kehu__read_double(&r);
        }
        sound = sound && s.slope >= 0 && isfinite(s.slope) && isfinite(s.offset);
        svm->sigmoids[k] = s;
    }
    return sound ? KEHU_OK
                 : kehu__fail(err, KEHU_FORMAT, -1,
                              "%s: a class's probabilities are wrong", name);
}

enum { MAX_SECTIONS = 9 };

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_svm *svm = handle;
    kehu__buffer parts[MAX_SECTIONS];
    kehu__section sections[MAX_SECTIONS] = {{.tag = "CLAS"}, {.tag = "TERM"},
                                            {.tag = "WGHT"}, {.tag = "INFO"},
                                            {.tag = "INDX"}, {.tag = "PLAT"}};
    const bool packed = svm->info.bits == 8;
    uint32_t n = 6;
    bool failed = false;
    *out = kehu__buffer_new(&svm->alloc);
    for (uint32_t k = 0; k < MAX_SECTIONS; k++)
        parts[k] = kehu__buffer_new(&svm->alloc);
    kehu__classes_write(&svm->classes, &parts[0]);
    kehu__terms_write(svm->terms, packed, &parts[1]);
    if (packed) {
        failed = !kehu__svm_write_packed(svm, &parts[2]);
        memcpy(sections[1].tag, "TRM8", sizeof sections[1].tag);
        memcpy(sections[2].tag, "WGT8", sizeof sections[2].tag);
    } else {
        write_weights(svm->linear, &parts[2]);
    }
    write_info(svm, &parts[3]);
    kehu__terms_write_index(svm->terms, &parts[4]);
    write_sigmoids(svm, &parts[5]);
    if (svm->terms->keys == NULL)
        memcpy(sections[1].tag, "THSH", sizeof sections[1].tag);
    if (svm->terms->words != NULL) {
        kehu__buffer_u64(&parts[n], svm->fingerprint);
        kehu__terms_write(svm->terms->words, packed, &parts[n]);
        sections[n] = (kehu__section){.tag = "WORD"};
        if (packed)
            memcpy(sections[n].tag, "WRD8", sizeof sections[n].tag);
        if (svm->terms->words->keys == NULL)
            memcpy(sections[n].tag, "WHSH", sizeof sections[n].tag);
        kehu__terms_write_index(svm->terms->words, &parts[++n]);
        sections[n++] = (kehu__section){.tag = "WIDX"};
    }
    if (svm->info.n_trials > 0) {
        write_trials(&svm->info, &parts[n]);
        sections[n++] = (kehu__section){.tag = "TRYS"};
    }
    for (uint32_t k = 0; k < n; k++) {
        sections[k].bytes = parts[k].bytes;
        sections[k].size = parts[k].size;
        failed = failed || parts[k].failed;
    }
    if (!failed)
        kehu__container_build(out, kind, sections, n);
    for (uint32_t k = 0; k < n; k++)
        kehu__buffer_free(&parts[k]);
    return failed ? kehu__no_memory(err, "the model's bytes") : KEHU_OK;
}

static kehu_status read_words(kehu_svm *svm, kehu__terms_source source,
                              const kehu_tokenizer *given, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(source.bytes, source.size);
    const char *const name = source.name;
    const kehu_tokenizer *tokenizer;
    kehu__terms *words;
    svm->fingerprint = kehu__read_u64(&r);
    if (r.failed)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: the words are cut off", name);
    KEHU_TRY(kehu__tokenizer_wanted(&tokenizer, &svm->tokenizer, svm->fingerprint, given,
                                    "kehu_svm_load_with() or kehu_svm_read_with()", name,
                                    &svm->alloc, err));
    source.bytes = r.at;
    source.size = (size_t)(r.end - r.at);
    KEHU_TRY(kehu__terms_read(&words, &source, &svm->alloc, err));
    svm->terms->words = words;
    words->options.tokenizer = tokenizer;
    for (uint32_t k = 0; words->keys != NULL && k < words->n_terms; k++)
        if ((words->keys[k] & 1) == 0)
            return kehu__fail(err, KEHU_FORMAT, -1, "%s: a word is not marked as one",
                              name);
    if (words->options.word_max == 0 ||
        words->n_terms > UINT32_MAX - 1 - svm->terms->n_terms)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: the words' counts are wrong", name);
    return KEHU_OK;
}

/* Find a vocabulary's section, or the columns' without one, and, where all is used in
 * place, its index. */
static bool find_terms(kehu__terms_source *source, const kehu__container *c,
                       const char *tag, const char *hashed, const char *index,
                       bool in_place)
{
    source->hashed =
        !source->packed && kehu__container_find(c, hashed, &source->bytes, &source->size);
    if (!source->hashed && !kehu__container_find(c, tag, &source->bytes, &source->size))
        return false;
    source->index = NULL;
    return !in_place ||
           kehu__container_find(c, index, &source->index, &source->index_size);
}

static kehu_status read_sections(kehu_svm *svm, const kehu__container *c,
                                 const kehu__handle_source *from, kehu_error *err)
{
    const char *clas, *wght, *info, *trys, *const name = from->name;
    size_t clas_size, wght_size, info_size, trys_size, unused;
    const bool packed = kehu__container_find(c, "WGT8", &wght, &wght_size);
    /* Files of before had no index. */
    const bool in_place = from->stays && !KEHU__BIG_ENDIAN &&
                          kehu__container_find(c, "INDX", &clas, &unused);
    kehu__terms_source terms = {.packed = packed, .name = name};
    if (!kehu__container_find(c, "CLAS", &clas, &clas_size) ||
        !find_terms(&terms, c, packed ? "TRM8" : "TERM", "THSH", "INDX", in_place) ||
        (!packed && !kehu__container_find(c, "WGHT", &wght, &wght_size)) ||
        !kehu__container_find(c, "INFO", &info, &info_size))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: a section is missing", name);
    KEHU_TRY(kehu__classes_read(&svm->classes, clas, clas_size, name, &svm->alloc, err));
    svm->info.bits = packed ? 8 : 32;
    KEHU_TRY(kehu__terms_read(&svm->terms, &terms, &svm->alloc, err));
    if (find_terms(&terms, c, packed ? "WRD8" : "WORD", "WHSH", "WIDX", in_place))
        KEHU_TRY(read_words(svm, terms, from->with, err));
    if (packed)
        KEHU_TRY(kehu__svm_read_packed(svm, wght, wght_size, in_place, name, err));
    else
        KEHU_TRY(read_weights(svm, wght, wght_size, in_place, name, err));
    if (!read_info(svm, info, info_size) ||
        (kehu__container_find(c, "TRYS", &trys, &trys_size) &&
         !read_trials(&svm->info, trys, trys_size)))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: a number of the model is wrong",
                          name);
    return read_sigmoids(svm, c, name, err);
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu__container c;
    kehu_svm *svm;
    kehu_status status;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, kind, from->name, err));
    svm = kehu__alloc_zero(&from->alloc, 1, sizeof *svm);
    if (svm == NULL)
        return kehu__no_memory(err, "a model");
    svm->alloc = from->alloc;
    status = read_sections(svm, &c, from, err);
    if (status == KEHU_OK)
        *(kehu_svm **)out = svm;
    else
        kehu_svm_free(svm);
    return status;
}

static const kehu__handle_file file = {"svm", build, make};

kehu_status kehu_svm_save(const kehu_svm *svm, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, svm, path, err);
}

kehu_status kehu_svm_write(const kehu_svm *svm, const kehu_writer *writer,
                           kehu_error *err)
{
    return kehu__handle_write(&file, svm, writer, err);
}

kehu_status kehu_svm_load_with(kehu_svm **out, const char *path,
                               const kehu_tokenizer *tokenizer,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, tokenizer, alloc, err);
}

kehu_status kehu__svm_over(kehu_svm **out, const void *bytes, size_t size,
                           const kehu_tokenizer *tokenizer, const kehu_allocator *alloc,
                           kehu_error *err)
{
    const kehu__handle_source from = {.bytes = bytes,
                                      .size = size,
                                      .name = "the model",
                                      .with = tokenizer,
                                      .stays = true,
                                      .alloc = kehu__allocator(alloc)};
    *out = NULL;
    return make(out, &from, err);
}

kehu_status kehu_svm_map(kehu_svm **out, const char *path,
                         const kehu_tokenizer *tokenizer, const kehu_allocator *alloc,
                         kehu_error *err)
{
    kehu__handle_source from = {
        .name = path, .with = tokenizer, .stays = true, .alloc = kehu__allocator(alloc)};
    kehu__mapping mapping;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "path is NULL");
    KEHU_TRY(kehu__file_map(&mapping, &kehu__io_system, path, UINT32_MAX, err));
    from.bytes = mapping.bytes == NULL ? "" : mapping.bytes;
    from.size = mapping.size;
    status = make(out, &from, err);
    if (status == KEHU_OK)
        (*out)->file = mapping;
    else
        kehu__file_unmap(&mapping);
    return status;
}

kehu_status kehu_svm_read_with(kehu_svm **out, const void *bytes, size_t size,
                               const kehu_tokenizer *tokenizer,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, tokenizer, alloc, err);
}

kehu_status kehu_svm_load(kehu_svm **out, const char *path, const kehu_allocator *alloc,
                          kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_svm_read(kehu_svm **out, const void *bytes, size_t size,
                          const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
