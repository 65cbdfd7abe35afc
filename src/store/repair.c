/* A new store of what can still be read of a damaged one. The damaged one is only read.
 */
#include "store/repair.h"

#include <string.h>

#include "base/error.h"
#include "store/merge.h"
#include "store/snapshot.h"
#include "store/tail.h"

enum { FILE_NAME, BYTE, PART, ROWS, FIRST, LAST, FROM, UNTIL, REASON };

static void begin_table(kehu__losses *losses, const kehu_allocator *a)
{
    kehu__builder *b = &losses->rows;
    *b = kehu__builder_new(a);
    kehu__builder_add(b, "file", KEHU_UTF8);
    kehu__builder_add(b, "byte", KEHU_INT64);
    kehu__builder_add(b, "part", KEHU_UTF8);
    kehu__builder_add(b, "rows", KEHU_INT64);
    kehu__builder_add(b, "first_customer", KEHU_UTF8);
    kehu__builder_add(b, "last_customer", KEHU_UTF8);
    kehu__builder_add(b, "first_sequence", KEHU_INT64);
    kehu__builder_add(b, "last_sequence", KEHU_INT64);
    kehu__builder_add(b, "reason", KEHU_UTF8);
}

static void put_integer(kehu__builder *b, size_t column, int64_t x)
{
    if (x < 0)
        kehu__builder_missing(b, column);
    else
        kehu__builder_integer(b, column, x);
}

/* Figures below 0 and a part of -1 are not known. */
static void add_file(kehu__losses *losses, const char *file, int64_t byte, int part,
                     int64_t rows, int64_t first_sequence, const kehu_error *why)
{
    kehu__builder *b = &losses->rows;
    kehu__builder_text(b, FILE_NAME, file, strlen(file));
    put_integer(b, BYTE, byte);
    if (part < 0)
        kehu__builder_missing(b, PART);
    else if (part == KEHU_STORE_EVENTS)
        kehu__builder_text(b, PART, "events", 6);
    else
        kehu__builder_text(b, PART, "customers", 9);
    put_integer(b, ROWS, rows);
    kehu__builder_missing(b, FIRST);
    kehu__builder_missing(b, LAST);
    put_integer(b, FROM, first_sequence);
    kehu__builder_missing(b, UNTIL);
    kehu__builder_text(b, REASON, why->message, strlen(why->message));
    (void)kehu__builder_end_row(b); /* remembered */
}

void kehu__losses_add_block(kehu__losses *losses, const kehu__segment *s,
                            const kehu__block_entry *block, const kehu_error *why)
{
    kehu__builder *b = &losses->rows;
    const char *part = s->part == KEHU_STORE_EVENTS ? "events" : "customers";
    kehu__builder_text(b, FILE_NAME, s->name, strlen(s->name));
    kehu__builder_integer(b, BYTE, (int64_t)block->offset);
    kehu__builder_text(b, PART, part, strlen(part));
    kehu__builder_integer(b, ROWS, block->rows);
    kehu__builder_text(b, FIRST, block->first_key, block->first_size);
    kehu__builder_text(b, LAST, block->last_key, block->last_size);
    kehu__builder_integer(b, FROM, (int64_t)block->min_sequence);
    kehu__builder_integer(b, UNTIL, (int64_t)block->max_sequence);
    kehu__builder_text(b, REASON, why->message, strlen(why->message));
    (void)kehu__builder_end_row(b);
}

/* The newest manifest that can be read. An older one forgets what came after it, be it
 * that a customer was erased: the report says so. */
static kehu_status find_manifest(kehu__store_state *s, kehu__losses *losses,
                                 kehu_error *err)
{
    kehu__folder f;
    KEHU_TRY(kehu__folder_look(&f, s->io, s->folder, err));
    if (f.newest == 0)
        return kehu__fail(err, KEHU_NOT_FOUND, -1, "%s is not a kehu store", s->folder);
    for (uint64_t number = f.newest; number > 0 && number + 1 >= f.newest; number--) {
        kehu_error why;
        char name[32];
        const kehu_status status =
            kehu__manifest_read(&s->manifest, s->io, s->folder, number, &s->alloc, &why);
        if (status == KEHU_OK)
            return KEHU_OK;
        if (!kehu__is_loss(status))
            return kehu__fail(err, status, why.where, "%s", why.message);
        kehu__file_name(name, KEHU__FILE_MANIFEST, number);
        add_file(losses, name, -1, -1, -1, -1, &why);
    }
    return kehu__fail(err, KEHU_FORMAT, -1, "no manifest in %s can be read", s->folder);
}

static kehu_status open_segments(kehu__store_state *s, kehu__losses *losses,
                                 kehu_error *err)
{
    kehu__manifest *m = &s->manifest;
    uint32_t n = 0;
    if (m->n_segments == 0)
        return KEHU_OK;
    s->segments = kehu__alloc_zero(&s->alloc, m->n_segments, sizeof *s->segments);
    if (s->segments == NULL)
        return kehu__no_memory(err, "segments");
    s->segment_capacity = m->n_segments;
    for (uint32_t i = 0; i < m->n_segments; i++) {
        const kehu__manifest_segment g = m->segments[i];
        kehu_error why;
        const kehu_status status =
            kehu__segment_open(&s->segments[n], s->io, s->folder, m->store_id, g.number,
                               g.part, g.size, g.directory_crc, &s->alloc, &why);
        if (status == KEHU_OK) {
            m->segments[n++] = g;
        } else if (kehu__is_loss(status)) {
            char name[32];
            kehu__file_name(name, KEHU__FILE_SEGMENT, g.number);
            add_file(losses, name, -1, (int)g.part, (int64_t)g.rows, -1, &why);
        } else {
            m->n_segments = n;
            return kehu__fail(err, status, -1, "%s", why.message);
        }
    }
    m->n_segments = n;
    return KEHU_OK;
}

/* The part that a frame's rows belong to, -1 for none. */
static int part_of(const kehu__frame *f)
{
    if (f->type == KEHU__FRAME_EVENTS)
        return KEHU_STORE_EVENTS;
    return f->type == KEHU__FRAME_CUSTOMERS ? KEHU_STORE_CUSTOMERS : -1;
}

/* Take in a frame, and a batch's rows on trial. */
static kehu_status take_frame(kehu__store_state *s, const kehu__frame *f, kehu_error *err)
{
    const int part = part_of(f);
    kehu__tail tail;
    KEHU_TRY(kehu__state_apply(s, f, err));
    if (part < 0)
        return KEHU_OK;
    KEHU_TRY(kehu__tail_sort(&tail, f, 1, (kehu_store_part)part, &s->manifest.schema,
                             &s->manifest.gone.customers, err));
    kehu__tail_free(&tail);
    return KEHU_OK;
}

/* The frames up to the first that means nothing, as a right checksum does not say that a
 * writer made it; of the later ones the erasures. A field may be lost with it, so that
 * later batches would name wrong ones. */
static kehu_status take_frames(kehu__store_state *s, kehu__losses *losses,
                               kehu_error *err)
{
    kehu__store_log *log = &s->log;
    const size_t n = log->n_frames;
    kehu_status status = KEHU_OK;
    bool lost = false;
    log->n_frames = 0;
    for (size_t i = 0; i < n; i++) {
        const kehu__frame f = log->frames[i];
        const bool wanted = status == KEHU_OK && (!lost || f.type == KEHU__FRAME_ERASE);
        kehu_error why = {0};
        if (wanted)
            status = take_frame(s, &f, &why);
        if (wanted && status == KEHU_OK) {
            log->frames[log->n_frames++] = f;
            continue;
        }
        kehu__free(&log->alloc, f.bytes, f.capacity, 1);
        if (wanted && kehu__is_loss(status)) {
            add_file(losses, log->name, -1, -1, -1, (int64_t)f.sequence, &why);
            status = KEHU_OK;
            lost = true;
        } else if (wanted)
            status = kehu__fail(err, status, -1, "%s", why.message);
    }
    return status;
}

/* The log up to the first frame that is not sound. */
static kehu_status open_log(kehu__store_state *s, kehu__losses *losses, kehu_error *err)
{
    const kehu__manifest *m = &s->manifest;
    kehu_error why = {0};
    char name[32];
    kehu_status status = kehu__log_salvage(&s->log, s->folder, m->log_number, m->store_id,
                                           m->log_first, &why);
    kehu__file_name(name, KEHU__FILE_LOG, m->log_number);
    if (status != KEHU_OK && !kehu__is_loss(status))
        return kehu__fail(err, status, -1, "%s", why.message);
    if (status != KEHU_OK)
        add_file(losses, name, s->log.end > 0 ? s->log.end : -1, -1, -1,
                 (int64_t)s->log.next_sequence, &why);
    return take_frames(s, losses, err);
}

static kehu_status repair(kehu__store_state *s, const char *to, kehu__losses *losses,
                          const kehu_progress *progress, kehu_error *err)
{
    const kehu_snapshot_options newest = {.size = sizeof newest};
    kehu_snapshot *snapshot = NULL;
    kehu_status status;
    KEHU_TRY(find_manifest(s, losses, err));
    KEHU_TRY(open_segments(s, losses, err));
    KEHU_TRY(open_log(s, losses, err));
    KEHU_TRY(kehu__snapshot_of(&snapshot, s, &newest, err));
    status = kehu__snapshot_copy(snapshot, to, losses, progress, err);
    kehu_snapshot_free(snapshot);
    return status;
}

kehu_status kehu__store_repair(kehu_table **lost, const char *from, const char *to,
                               const kehu__io *io, const kehu_progress *progress,
                               const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu__losses losses;
    kehu__store_state *s;
    kehu_status status;
    if (lost == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "lost is NULL");
    *lost = NULL;
    if (from == NULL || from[0] == '\0' || strlen(from) > KEHU__FOLDER_MAX)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "from is NULL, empty or over %d bytes",
                          KEHU__FOLDER_MAX);
    s = kehu__alloc(&a, 1, sizeof *s);
    if (s == NULL)
        return kehu__no_memory(err, "a repair");
    *s = kehu__state_new(io, &a);
    memcpy(s->folder, from, strlen(from) + 1);
    begin_table(&losses, &a);
    status = repair(s, to, &losses, progress, err);
    if (status == KEHU_OK)
        status = kehu__builder_end(&losses.rows, true, lost, err);
    else
        kehu__builder_free(&losses.rows);
    kehu__state_close(s);
    kehu__free(&a, s, 1, sizeof *s);
    return status;
}

kehu_status kehu_store_repair(kehu_table **lost, const char *from, const char *to,
                              const kehu_progress *progress, const kehu_allocator *alloc,
                              kehu_error *err)
{
    return kehu__store_repair(lost, from, to, &kehu__io_system, progress, alloc, err);
}
