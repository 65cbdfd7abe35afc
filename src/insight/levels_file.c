/* The levels' container, kind LEV1:
 *
 *   HEAD  mode u32, classes u32
 *   CUTS  four doubles a class
 *   NAME  five names, each with its NUL */
#include <kehu/levels.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "insight/levels.h"

static const char kind[] = "LEV1";

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_levels *levels = handle;
    kehu__buffer head = kehu__buffer_new(&levels->alloc),
                 cuts = kehu__buffer_new(&levels->alloc);
    (void)err;
    *out = kehu__buffer_new(&levels->alloc);
    kehu__buffer_u32(&head, (uint32_t)levels->mode);
    kehu__buffer_u32(&head, levels->n_classes);
    for (size_t i = 0; i < (size_t)levels->n_classes * KEHU__LEVEL_CUTS; i++)
        kehu__buffer_double(&cuts, levels->cuts[i]);
    if (head.failed || cuts.failed)
        out->failed = true;
    else {
        const kehu__section sections[] = {
            {"HEAD", head.bytes, head.size},
            {"CUTS", cuts.bytes, cuts.size},
            {"NAME", levels->names, levels->starts[KEHU_LEVEL_COUNT]}};
        kehu__container_build(out, kind, sections, 3);
    }
    kehu__buffer_free(&head);
    kehu__buffer_free(&cuts);
    return KEHU_OK;
}

/* Five names that fill the bytes exactly, none of them empty. */
static bool find_names(const char *bytes, size_t size, const char **names)
{
    size_t at = 0;
    for (uint32_t i = 0; i < KEHU_LEVEL_COUNT; i++) {
        const char *end = at < size ? memchr(bytes + at, '\0', size - at) : NULL;
        if (end == NULL || end == bytes + at)
            return false;
        names[i] = bytes + at;
        at = (size_t)(end - bytes) + 1;
    }
    return at == size;
}

static bool read_cuts(kehu__reader *r, kehu_levels *levels)
{
    for (uint32_t k = 0; k < levels->n_classes; k++)
        for (uint32_t c = 0; c < KEHU__LEVEL_CUTS; c++) {
            double *cut = &levels->cuts[(size_t)k * KEHU__LEVEL_CUTS + c];
            *cut = kehu__read_double(r);
            if (!(*cut >= 0) || isinf(*cut) || (c > 0 && *cut < cut[-1]))
                return false;
        }
    return !r->failed && r->at == r->end;
}

static kehu_status read_levels(kehu_levels **out, const kehu__container *c,
                               const char *name, const kehu_allocator *alloc,
                               kehu_error *err)
{
    const char *head, *cuts, *text, *names[KEHU_LEVEL_COUNT];
    size_t head_size, cuts_size, text_size;
    uint32_t mode = 0, n_classes = 0;
    kehu__reader r;
    if (kehu__container_find(c, "HEAD", &head, &head_size) && head_size == 8) {
        r = kehu__reader_new(head, head_size);
        mode = kehu__read_u32(&r);
        n_classes = kehu__read_u32(&r);
    }
    if (n_classes < 1 || n_classes > KEHU__LEVEL_CLASSES || mode > KEHU_LEVEL_LIFT ||
        !kehu__container_find(c, "CUTS", &cuts, &cuts_size) ||
        cuts_size != (size_t)n_classes * KEHU__LEVEL_CUTS * 8 ||
        !kehu__container_find(c, "NAME", &text, &text_size) ||
        !find_names(text, text_size, names))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: its head or names", name);
    KEHU_TRY(kehu__levels_new(out, (kehu_level_mode)mode, n_classes, names, alloc, err));
    r = kehu__reader_new(cuts, cuts_size);
    if (!read_cuts(&r, *out))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s is damaged: cuts", name);
    return KEHU_OK;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_levels *levels = NULL;
    kehu__container c;
    kehu_status status;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, kind, from->name, err));
    status = read_levels(&levels, &c, from->name, &from->alloc, err);
    if (status == KEHU_OK)
        *(kehu_levels **)out = levels;
    else
        kehu_levels_free(levels);
    return status;
}

static const kehu__handle_file file = {"levels", build, make};

kehu_status kehu_levels_save(const kehu_levels *levels, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, levels, path, err);
}

kehu_status kehu_levels_write(const kehu_levels *levels, const kehu_writer *writer,
                              kehu_error *err)
{
    return kehu__handle_write(&file, levels, writer, err);
}

kehu_status kehu_levels_load(kehu_levels **out, const char *path,
                             const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_levels_read(kehu_levels **out, const void *bytes, size_t size,
                             const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
