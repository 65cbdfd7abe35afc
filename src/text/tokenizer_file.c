/* Dictionaries in and out: text lists and files. */
#include <kehu/tokenizer.h>

#include "base/error.h"
#include "base/sort.h"
#include "file/handle_file.h"
#include "text/dictionary_text.h"
#include "text/tokenizer.h"

static kehu_status need_lexicon(const kehu_tokenizer *t, kehu_error *err)
{
    if (t->lexicon == NULL)
        return kehu__fail(err, KEHU_NOT_FOUND, -1, "the tokenizer has no dictionary");
    return KEHU_OK;
}

static kehu_status read_words(kehu_tokenizer **out, const char *text, size_t size,
                              const char *name, const kehu_tokenizer_options *opt,
                              kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu__dictionary_builder *b = kehu__dictionary_builder_new(&alloc);
    kehu__lexicon *lexicon = NULL;
    kehu_status status = b == NULL ? kehu__no_memory(err, "the dictionary") : KEHU_OK;
    if (status == KEHU_OK)
        status = kehu__dictionary_read_text(b, text, size, name, err);
    if (status == KEHU_OK)
        status = kehu__lexicon_build(&lexicon, b, &alloc, err);
    kehu__dictionary_builder_free(b);
    return status == KEHU_OK ? kehu__tokenizer_new(out, lexicon, NULL, NULL, opt, err)
                             : status;
}

kehu_status kehu_tokenizer_read_words(kehu_tokenizer **out, const char *text, size_t size,
                                      const kehu_tokenizer_options *options,
                                      kehu_error *err)
{
    kehu_tokenizer_options opt;
    if (out == NULL || (text == NULL && size > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or text is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    return read_words(out, text, size, "the word list", &opt, err);
}

kehu_status kehu_tokenizer_load_words(kehu_tokenizer **out, const char *path,
                                      const kehu_tokenizer_options *options,
                                      kehu_error *err)
{
    kehu_tokenizer_options opt;
    kehu_allocator alloc;
    char *text;
    size_t size;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    alloc = kehu__allocator(opt.alloc);
    KEHU_TRY(kehu__model_bytes(path, &alloc, &text, &size, err));
    status = read_words(out, text, size, path, &opt, err);
    kehu__free(&alloc, text, size, 1);
    return status;
}

static kehu_status open_handle(kehu_tokenizer **out, const kehu__held *held,
                               const char *name, const kehu_tokenizer_options *opt,
                               kehu_error *err)
{
    const kehu_allocator alloc = kehu__allocator(opt->alloc);
    kehu__lexicon *lexicon;
    if (held->size >= 12 && memcmp(held->bytes + 8, "TOK4", 4) == 0)
        return kehu__model_open(out, held, KEHU__TRUST_NOTHING, name, opt, err);
    KEHU_TRY(kehu__lexicon_new(&lexicon, &alloc, held, KEHU__TRUST_NOTHING, name, err));
    return kehu__tokenizer_new(out, lexicon, NULL, NULL, opt, err);
}

static kehu_status open_owned(kehu_tokenizer **out, char *bytes, size_t size,
                              const char *name, const kehu_tokenizer_options *opt,
                              kehu_error *err)
{
    const kehu__held held = {
        .bytes = bytes, .size = size, .owned = bytes, .owned_size = size};
    return open_handle(out, &held, name, opt, err);
}

kehu_status kehu_tokenizer_view(kehu_tokenizer **out, const void *bytes, size_t size,
                                const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    if (out == NULL || (bytes == NULL && size > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or bytes is NULL");
    const kehu__held held = {.bytes = bytes, .size = size};
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    return open_handle(out, &held, "the dictionary", &opt, err);
}

kehu_status kehu_tokenizer_read(kehu_tokenizer **out, const void *bytes, size_t size,
                                const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    kehu_allocator alloc;
    char *copy = NULL;
    if (out == NULL || (bytes == NULL && size > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or bytes is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    alloc = kehu__allocator(opt.alloc);
    if (size > 0 && (copy = kehu__alloc(&alloc, size, 1)) == NULL)
        return kehu__no_memory(err, "the dictionary");
    if (size > 0)
        memcpy(copy, bytes, size);
    return open_owned(out, copy, size, "the dictionary", &opt, err);
}

kehu_status kehu_tokenizer_load(kehu_tokenizer **out, const char *path,
                                const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    kehu_allocator alloc;
    char *bytes;
    size_t size;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    alloc = kehu__allocator(opt.alloc);
    KEHU_TRY(kehu__model_bytes(path, &alloc, &bytes, &size, err));
    return open_owned(out, bytes, size, path, &opt, err);
}

kehu_status kehu_tokenizer_map(kehu_tokenizer **out, const char *path,
                               const kehu_tokenizer_options *options, kehu_error *err)
{
    kehu_tokenizer_options opt;
    kehu__held held = {.bytes = NULL};
    if (out == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or path is NULL");
    *out = NULL;
    KEHU_TRY(kehu__tokenizer_options(&opt, options, NULL, err));
    KEHU_TRY(kehu__file_map(&held.file, &kehu__io_system, path, UINT32_MAX, err));
    held.bytes = held.file.bytes;
    held.size = held.file.size;
    return open_handle(out, &held, path, &opt, err);
}

/* The words of the dictionary that no edit changes, or those of the edits. */
typedef struct chosen_words {
    const kehu_tokenizer *t;
    bool edits_now;
    kehu_status (*each)(void *ctx, const kehu__word *word, uint32_t id, kehu_error *err);
    void *ctx;
} chosen_words;

static kehu_status pass_on(void *ctx, const kehu__word *word, uint32_t id,
                           kehu_error *err)
{
    const chosen_words *c = ctx;
    uint32_t value;
    if (c->edits_now ? word->frequency == 0 && !word->hard
                     : c->t->edits != NULL &&
                           kehu__dictionary_find(&c->t->edits->dictionary, word->bytes,
                                                 word->size, &value) != 0)
        return KEHU_OK;
    return c->each(c->ctx, word, id, err);
}

kehu_status kehu__tokenizer_each(const kehu_tokenizer *t,
                                 kehu_status (*each)(void *ctx, const kehu__word *word,
                                                     uint32_t id, kehu_error *err),
                                 void *ctx, kehu_error *err)
{
    chosen_words c = {t, false, each, ctx};
    KEHU_TRY(kehu__dictionary_each(&t->lexicon->dictionary, &t->alloc, pass_on, &c, err));
    c.edits_now = true;
    if (t->edits != NULL)
        KEHU_TRY(
            kehu__dictionary_each(&t->edits->dictionary, &t->alloc, pass_on, &c, err));
    return KEHU_OK;
}

static kehu_status add_word(void *ctx, const kehu__word *word, uint32_t id,
                            kehu_error *err)
{
    (void)id;
    return kehu__dictionary_builder_add(ctx, word, err);
}

static kehu_status add_line(void *ctx, const kehu__word *word, uint32_t id,
                            kehu_error *err)
{
    (void)id;
    (void)err;
    kehu__dictionary_write_line(ctx, word);
    return KEHU_OK;
}

/* The container of a handle with edits: one dictionary again, same costs. */
static kehu_status merge(const kehu_tokenizer *t, kehu__buffer *out, kehu_error *err)
{
    kehu__dictionary_builder *b = kehu__dictionary_builder_new(&t->alloc);
    kehu_status status = b == NULL ? kehu__no_memory(err, "the dictionary") : KEHU_OK;
    if (status == KEHU_OK) {
        kehu__dictionary_builder_total(b, t->lexicon->dictionary.total);
        status = kehu__tokenizer_each(t, add_word, b, err);
    }
    if (status == KEHU_OK)
        status = kehu__dictionary_build(b, out, err);
    kehu__dictionary_builder_free(b);
    return status;
}

/* The bytes of a handle's file, built or as they are. */
static kehu_status build(kehu__buffer *built, const void *handle, kehu_error *err)
{
    const kehu_tokenizer *t = handle;
    KEHU_TRY(need_lexicon(t, err));
    *built = kehu__buffer_new(&t->alloc);
    if (t->edits != NULL)
        return merge(t, built, err);
    if (t->model != NULL) {
        kehu__buffer_add(built, t->model->held.bytes, t->model->held.size);
        return KEHU_OK;
    }
    kehu__buffer_add(built, t->lexicon->held.bytes, t->lexicon->held.size);
    return KEHU_OK;
}

static const kehu__handle_file file = {.handle = "tokenizer", .build = build};

kehu_status kehu_tokenizer_save(const kehu_tokenizer *t, const char *path,
                                kehu_error *err)
{
    return kehu__handle_save(&file, t, path, err);
}

kehu_status kehu_tokenizer_write(const kehu_tokenizer *t, const kehu_writer *writer,
                                 kehu_error *err)
{
    return kehu__handle_write(&file, t, writer, err);
}

typedef struct line {
    const char *bytes;
    size_t size;
} line;

static int by_bytes(const void *x, const void *y, void *ctx)
{
    const line *a = x, *b = y;
    const int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
    (void)ctx;
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* Lines in order of their bytes, which for UTF-8 is that of code points. */
static kehu_status sort_lines(const kehu__buffer *from, kehu__buffer *to, kehu_error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t n = 0, k = 0;
    line *lines;
    for (size_t i = 0; i < from->size; i++)
        n += from->bytes[i] == '\n';
    lines = kehu__alloc(&from->alloc, n, sizeof *lines);
    if (lines == NULL && n > 0)
        return kehu__no_memory(err, "the word list");
    for (size_t i = 0, start = 0; i < from->size; i++)
        if (from->bytes[i] == '\n') {
            lines[k++] = (line){from->bytes + start, i + 1 - start};
            start = i + 1;
        }
    kehu__sort(lines, n, sizeof *lines, by_bytes, NULL);
    /* A reader takes a byte-order mark at the start away: one that belongs to the
     * first word needs another before it. */
    if (n > 0 && lines[0].size > 3 && memcmp(lines[0].bytes, mark, 3) == 0)
        kehu__buffer_text(to, mark);
    for (k = 0; k < n; k++)
        kehu__buffer_add(to, lines[k].bytes, lines[k].size);
    kehu__free(&from->alloc, lines, n, sizeof *lines);
    return KEHU_OK;
}

static kehu_status build_list(kehu__buffer *list, const void *handle, kehu_error *err)
{
    const kehu_tokenizer *t = handle;
    kehu__buffer lines;
    kehu_status status;
    KEHU_TRY(need_lexicon(t, err));
    *list = kehu__buffer_new(&t->alloc);
    lines = kehu__buffer_new(&t->alloc);
    status = kehu__tokenizer_each(t, add_line, &lines, err);
    if (status == KEHU_OK && lines.failed)
        status = kehu__no_memory(err, "the word list");
    if (status == KEHU_OK)
        status = sort_lines(&lines, list, err);
    kehu__buffer_free(&lines);
    return status;
}

static const kehu__handle_file list_file = {.handle = "tokenizer", .build = build_list};

kehu_status kehu_tokenizer_save_words(const kehu_tokenizer *t, const char *path,
                                      kehu_error *err)
{
    return kehu__handle_save(&list_file, t, path, err);
}

kehu_status kehu_tokenizer_write_words(const kehu_tokenizer *t, const kehu_writer *writer,
                                       kehu_error *err)
{
    return kehu__handle_write(&list_file, t, writer, err);
}
