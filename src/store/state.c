#include "store/state.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/tail.h"

enum { READER_ATTEMPTS = 100 };

static int look_at_name(void *arg, const char *name)
{
    kehu__folder *f = arg;
    uint64_t number;
    switch (kehu__file_kind_of(name, &number)) {
    case KEHU__FILE_MANIFEST:
        f->n_manifests++;
        f->newest = number > f->newest ? number : f->newest;
        break;
    case KEHU__FILE_SEGMENT:
        f->n_segments++;
        break;
    case KEHU__FILE_LOG:
        f->n_logs++;
        break;
    case KEHU__FILE_FOREIGN:
        if (f->n_foreign++ == 0)
            snprintf(f->foreign, sizeof f->foreign, "%s", name);
        break;
    case KEHU__FILE_LOCK:
    case KEHU__FILE_TEMPORARY:
        break;
    }
    return 0;
}

kehu_status kehu__folder_look(kehu__folder *f, const kehu__io *io, const char *folder,
                              kehu_error *err)
{
    int result;
    *f = (kehu__folder){0};
    result = io->list(io->ctx, folder, look_at_name, f);
    return result < 0 ? kehu__io_fail(result, "open folder", folder, err) : KEHU_OK;
}

kehu__store_state kehu__state_new(const kehu__io *io, const kehu_allocator *alloc)
{
    return (kehu__store_state){.alloc = *alloc,
                               .io = io,
                               .manifest = kehu__manifest_new(alloc),
                               .log = kehu__log_new(io, alloc)};
}

void kehu__state_drop_images(kehu__store_state *s)
{
    for (size_t i = 0; i < s->n_images; i++)
        for (int part = 0; part < KEHU__PARTS; part++)
            kehu__segment_release(s->images[i].parts[part]);
    s->n_images = 0;
}

void kehu__state_close(kehu__store_state *s)
{
    kehu__state_drop_images(s);
    kehu__free(&s->alloc, s->images, s->image_capacity, sizeof *s->images);
    s->images = NULL;
    s->image_capacity = 0;
    for (uint32_t i = 0; s->segments != NULL && i < s->manifest.n_segments; i++)
        kehu__segment_release(s->segments[i]);
    kehu__free(&s->alloc, s->segments, s->segment_capacity, sizeof *s->segments);
    s->segments = NULL;
    s->segment_capacity = 0;
    kehu__log_close(&s->log);
    kehu__manifest_free(&s->manifest);
}

kehu_status kehu__state_apply(kehu__store_state *s, const kehu__frame *f, kehu_error *err)
{
    size_t size;
    const char *payload = kehu__frame_payload(f, &size);
    if (f->type == KEHU__FRAME_FIELD) {
        kehu__reader r = kehu__reader_new(payload, size);
        return kehu__field_read(&r, &s->manifest.schema, s->log.name, err);
    }
    if (f->type != KEHU__FRAME_ERASE)
        return KEHU_OK;
    if (size == 0 || size > KEHU__MAX_KEY)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has an erasure that cannot be",
                          s->log.name);
    return kehu__marks_add(&s->manifest.gone.customers, payload, size, f->sequence)
               ? KEHU_OK
               : kehu__no_memory(err, "an erasure");
}

static kehu_status open_segments(kehu__store_state *s, kehu_error *err)
{
    const uint32_t n = s->manifest.n_segments;
    if (n == 0)
        return KEHU_OK;
    s->segments = kehu__alloc_zero(&s->alloc, n, sizeof *s->segments);
    if (s->segments == NULL)
        return kehu__no_memory(err, "segments");
    s->segment_capacity = n;
    for (uint32_t i = 0; i < n; i++) {
        const kehu__manifest_segment *m = &s->manifest.segments[i];
        KEHU_TRY(kehu__segment_open(&s->segments[i], s->io, s->folder,
                                    s->manifest.store_id, m->number, m->part, m->size,
                                    m->directory_crc, &s->alloc, err));
        if (s->segments[i]->rows != m->rows)
            return kehu__fail(err, KEHU_FORMAT, -1, "%s does not fit the manifest",
                              s->segments[i]->name);
    }
    return KEHU_OK;
}

static kehu_status open_once(kehu__store_state *s, uint64_t number, bool writer,
                             kehu_error *err)
{
    KEHU_TRY(kehu__manifest_read(&s->manifest, s->io, s->folder, number, &s->alloc, err));
    KEHU_TRY(open_segments(s, err));
    KEHU_TRY(kehu__log_open(&s->log, s->folder, s->manifest.log_number,
                            s->manifest.store_id, s->manifest.log_first, writer, err));
    for (size_t i = 0; i < s->log.n_frames; i++)
        KEHU_TRY(kehu__state_apply(s, &s->log.frames[i], err));
    return KEHU_OK;
}

kehu_status kehu__state_open(kehu__store_state *s, bool writer, kehu_error *err)
{
    kehu_status status = KEHU_OK;
    uint64_t tried = 0;
    for (int attempt = 0; attempt < READER_ATTEMPTS; attempt++) {
        kehu__folder f;
        KEHU_TRY(kehu__folder_look(&f, s->io, s->folder, err));
        if (f.newest == 0)
            return kehu__fail(err, KEHU_NOT_FOUND, -1, "%s is not a kehu store",
                              s->folder);
        if (f.newest == tried) /* nothing was replaced: that file really is missing */
            return status == KEHU_NOT_FOUND
                       ? kehu__fail(err, KEHU_FORMAT, -1,
                                    "a file that the manifest %llu names is missing",
                                    (unsigned long long)tried)
                       : status;
        tried = f.newest;
        status = open_once(s, tried, writer, err);
        if (status == KEHU_OK)
            return status;
        kehu__state_close(s);
        if (status != KEHU_NOT_FOUND)
            return status;
    }
    return kehu__fail(err, KEHU_BUSY, -1, "the writer of %s replaces files too fast",
                      s->folder);
}

static kehu_status build_part(kehu__store_state *s, kehu__image *image,
                              kehu_store_part part, kehu_error *err)
{
    kehu__tail tail;
    kehu__segment_writer w;
    kehu_status status;
    KEHU_TRY(kehu__tail_sort(&tail, s->log.frames + image->first,
                             image->end - image->first, part, &s->manifest.schema,
                             &s->manifest.gone.customers, err));
    if (tail.n > 0) {
        status = kehu__segment_begin(&w, s->io, NULL, s->manifest.store_id, 1, part,
                                     &s->manifest.schema, err);
        if (status == KEHU_OK) {
            status = kehu__tail_write(&tail, &w, err);
            if (status == KEHU_OK)
                status = kehu__segment_end(&w, err);
            if (status == KEHU_OK)
                status = kehu__segment_of_writer(&image->parts[part], &w, err);
            kehu__segment_writer_free(&w);
        }
    } else
        status = KEHU_OK;
    image->rows += tail.n;
    kehu__tail_free(&tail);
    return status;
}

/* Each image is more than twice as large as the next: a row is sorted again only
 * some log2 times, and a snapshot has few images to merge. */
kehu_status kehu__state_images(kehu__store_state *s, kehu_error *err)
{
    size_t kept = s->n_images, first = kept == 0 ? 0 : s->images[kept - 1].end;
    uint64_t rows = 0;
    kehu__image image;
    kehu_status status = KEHU_OK;
    if (first == s->log.n_frames)
        return KEHU_OK;
    for (size_t i = first; i < s->log.n_frames; i++)
        rows += s->log.frames[i].rows;
    for (; kept > 0 && s->images[kept - 1].rows <= 2 * rows; kept--) {
        first = s->images[kept - 1].first;
        rows += s->images[kept - 1].rows;
    }
    if (!kehu__grow(&s->alloc, &s->images, &s->image_capacity, kept + 1, sizeof image))
        return kehu__no_memory(err, "a snapshot");
    image = (kehu__image){.first = first, .end = s->log.n_frames};
    for (int part = 0; status == KEHU_OK && part < KEHU__PARTS; part++)
        status = build_part(s, &image, (kehu_store_part)part, err);
    if (status != KEHU_OK) {
        for (int part = 0; part < KEHU__PARTS; part++)
            kehu__segment_release(image.parts[part]);
        return status;
    }
    for (size_t i = kept; i < s->n_images; i++)
        for (int part = 0; part < KEHU__PARTS; part++)
            kehu__segment_release(s->images[i].parts[part]);
    s->images[kept] = image;
    s->n_images = kept + 1;
    return KEHU_OK;
}
