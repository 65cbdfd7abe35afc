#include "store/log.h"

#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/rows.h"

enum { CRC_AT = 36, SEARCH_BYTES = 1 << 16, SMALL = 1 << 12, GROWTH = 1 << 14 };
static const char magic[4] = {'K', 'F', 'R', 'M'};

kehu__store_log kehu__log_new(const kehu__io *io, const kehu_allocator *alloc)
{
    return (kehu__store_log){.alloc = *alloc, .io = io, .fd = -1};
}

void kehu__log_close(kehu__store_log *log)
{
    for (size_t i = 0; i < log->n_frames; i++)
        kehu__free(&log->alloc, log->frames[i].bytes, log->frames[i].capacity, 1);
    kehu__free(&log->alloc, log->frames, log->capacity, sizeof *log->frames);
    if (log->fd >= 0)
        log->io->close(log->io->ctx, log->fd);
    *log = kehu__log_new(log->io, &log->alloc);
}

static kehu_status open_file(kehu__store_log *log, const char *folder, uint64_t number,
                             int flags, const char *doing, kehu_error *err)
{
    char path[KEHU__PATH_MAX];
    log->number = number;
    kehu__file_name(log->name, KEHU__FILE_LOG, number);
    kehu__file_path(path, folder, log->name);
    log->fd = log->io->open(log->io->ctx, path, flags, 0600);
    return log->fd < 0 ? kehu__io_fail(log->fd, doing, path, err) : KEHU_OK;
}

kehu_status kehu__log_create(kehu__store_log *log, const char *folder, uint64_t number,
                             uint64_t store_id, uint64_t first_sequence, kehu_error *err)
{
    unsigned char header[KEHU__FILE_HEADER];
    const kehu__file_header h = {KEHU__FILE_LOG, store_id, number, first_sequence, 0};
    kehu_status status =
        open_file(log, folder, number, O_RDWR | O_CREAT | O_TRUNC, "create", err);
    kehu__file_header_write(header, &h);
    if (status == KEHU_OK)
        status =
            kehu__io_write(log->io, log->fd, header, sizeof header, 0, log->name, err);
    if (status == KEHU_OK) {
        const int result = log->io->sync(log->io->ctx, log->fd);
        if (result < 0)
            status = kehu__io_fail(result, "sync", log->name, err);
    }
    if (status != KEHU_OK) {
        kehu__log_close(log);
        return status;
    }
    log->crc = kehu__load32(header + KEHU__FILE_HEADER - 4);
    log->next_sequence = first_sequence;
    log->durable = first_sequence - 1;
    log->end = KEHU__FILE_HEADER;
    return KEHU_OK;
}

static bool header_sound(const kehu__store_log *log, const char *h)
{
    static const char zeros[3];
    const uint8_t type = (uint8_t)h[4];
    return memcmp(h, magic, sizeof magic) == 0 &&
           kehu__load32(h + CRC_AT) == kehu__crc32c(log->crc, h, CRC_AT) &&
           type >= KEHU__FRAME_CUSTOMERS && type <= KEHU__FRAME_ERASE &&
           memcmp(h + 5, zeros, sizeof zeros) == 0;
}

/* Is there, from byte `at` on, a frame that says the one at the log's end was
 * durable? Then that one was lost by the disk and not by a crash. */
static kehu_status look_for_later(const kehu__store_log *log, int64_t at, int64_t size,
                                  kehu_error *err)
{
    kehu_status status = KEHU_OK;
    char *window = kehu__alloc(&log->alloc, SEARCH_BYTES, 1);
    if (window == NULL)
        return kehu__no_memory(err, log->name);
    while (status == KEHU_OK && size - at >= KEHU__FRAME_HEADER) {
        const size_t n = (size_t)(size - at < SEARCH_BYTES ? size - at : SEARCH_BYTES);
        status = kehu__io_read(log->io, log->fd, window, n, at, log->name, err);
        for (size_t i = 0; status == KEHU_OK && i + KEHU__FRAME_HEADER <= n; i++)
            if (window[i] == magic[0] && header_sound(log, window + i) &&
                kehu__load64(window + i + 16) > log->next_sequence &&
                kehu__load64(window + i + 24) >= log->next_sequence)
                status = kehu__fail(err, KEHU_FORMAT, log->end,
                                    "%s is damaged at byte %lld, before its end",
                                    log->name, (long long)log->end);
        at += (int64_t)(n - KEHU__FRAME_HEADER + 1);
    }
    kehu__free(&log->alloc, window, SEARCH_BYTES, 1);
    return status;
}

/* The frame at the log's end. *whole tells whether there is one. */
static kehu_status read_frame(kehu__store_log *log, int64_t size, bool *whole,
                              kehu_error *err)
{
    char h[KEHU__FRAME_HEADER];
    kehu__frame f = {0};
    kehu_status status;
    *whole = false;
    if (size - log->end < KEHU__FRAME_HEADER)
        return KEHU_OK;
    KEHU_TRY(kehu__io_read(log->io, log->fd, h, sizeof h, log->end, log->name, err));
    f.type = (kehu__frame_type)h[4];
    f.rows = kehu__load32(h + 12);
    f.sequence = kehu__load64(h + 16);
    f.size = (size_t)kehu__load32(h + 8) + KEHU__FRAME_HEADER;
    f.capacity = f.size;
    if (!header_sound(log, h) || f.sequence != log->next_sequence ||
        f.size > (uint64_t)(size - log->end))
        return KEHU_OK;
    f.bytes = kehu__alloc(&log->alloc, f.size, 1);
    if (f.bytes == NULL || !kehu__grow(&log->alloc, &log->frames, &log->capacity,
                                       log->n_frames + 1, sizeof f)) {
        kehu__free(&log->alloc, f.bytes, f.capacity, 1);
        return kehu__no_memory(err, log->name);
    }
    status = kehu__io_read(log->io, log->fd, f.bytes, f.size, log->end, log->name, err);
    *whole = status == KEHU_OK &&
             kehu__crc32c(0, f.bytes + KEHU__FRAME_HEADER, f.size - KEHU__FRAME_HEADER) ==
                 kehu__load32(h + 32);
    if (!*whole) {
        kehu__free(&log->alloc, f.bytes, f.capacity, 1);
        return status;
    }
    log->frames[log->n_frames++] = f;
    log->next_sequence++;
    log->end += (int64_t)f.size;
    return KEHU_OK;
}

/* The frames of the file's first `size` bytes. A writer may be at work in the zeros
 * behind them: a frame that was not whole is looked at again when there is a later one.
 */
static kehu_status read_frames(kehu__store_log *log, int64_t size, kehu_error *err)
{
    bool whole = true;
    while (whole) {
        kehu_status status;
        while (whole && log->end < size)
            KEHU_TRY(read_frame(log, size, &whole, err));
        if (whole)
            break;
        status = look_for_later(log, log->end + 1, size, err);
        if (status == KEHU_FORMAT)
            KEHU_TRY(read_frame(log, size, &whole, err));
        if (status != KEHU_OK && !whole)
            return status;
    }
    return KEHU_OK;
}

/* The same once more when the file's end has moved meanwhile: its writer cuts off zeros
 * and torn frames. */
static kehu_status read_to_end(kehu__store_log *log, int64_t *size, kehu_error *err)
{
    kehu_error why = {0};
    kehu_status status;
    int64_t before;
    do {
        before = *size;
        status = read_frames(log, before, &why);
        if (status == KEHU_FORMAT)
            *size = log->io->size(log->io->ctx, log->fd);
    } while (status == KEHU_FORMAT && *size >= 0 && *size != before);
    if (status != KEHU_OK && err != NULL)
        *err = why;
    return status;
}

static kehu_status read_all(kehu__store_log *log, uint64_t store_id,
                            uint64_t first_sequence, bool writer, kehu_error *err)
{
    unsigned char header[KEHU__FILE_HEADER];
    kehu__file_header h = {KEHU__FILE_LOG, store_id, log->number, 0, 0};
    int64_t size = log->io->size(log->io->ctx, log->fd);
    int result = 0;
    if (size < 0)
        return kehu__io_fail(size, "read", log->name, err);
    KEHU_TRY(kehu__io_read(log->io, log->fd, header, sizeof header, 0, log->name, err));
    KEHU_TRY(kehu__file_header_read(header, &h, log->name, err));
    if (h.first_sequence != first_sequence)
        return kehu__fail(err, KEHU_FORMAT, 40, "%s does not fit the manifest",
                          log->name);
    log->crc = kehu__load32(header + KEHU__FILE_HEADER - 4);
    log->next_sequence = first_sequence;
    log->end = KEHU__FILE_HEADER;
    KEHU_TRY(read_to_end(log, &size, err));
    if (writer) {
        if (log->end < size)
            result = log->io->truncate(log->io->ctx, log->fd, log->end);
        if (result < 0)
            return kehu__io_fail(result, "cut the torn end off", log->name, err);
        KEHU_TRY(kehu__log_sync(log, err));
    }
    return KEHU_OK;
}

kehu_status kehu__log_open(kehu__store_log *log, const char *folder, uint64_t number,
                           uint64_t store_id, uint64_t first_sequence, bool writer,
                           kehu_error *err)
{
    kehu_status status =
        open_file(log, folder, number, writer ? O_RDWR : O_RDONLY, "open", err);
    if (status == KEHU_OK)
        status = read_all(log, store_id, first_sequence, writer, err);
    if (status != KEHU_OK)
        kehu__log_close(log);
    return status;
}

/* Take in the erasure of which a sound header stands at a place, if all of it is sound.
 */
static kehu_status keep_erasure(kehu__store_log *log, const char *header, int64_t at,
                                int64_t size, kehu_error *err)
{
    kehu__frame f = {.type = KEHU__FRAME_ERASE, .sequence = kehu__load64(header + 16)};
    kehu_status status;
    f.size = (size_t)kehu__load32(header + 8) + KEHU__FRAME_HEADER;
    f.capacity = f.size;
    if (f.size > KEHU__FRAME_HEADER + KEHU__MAX_KEY || f.size > (uint64_t)(size - at))
        return KEHU_OK;
    f.bytes = kehu__alloc(&log->alloc, f.size, 1);
    if (f.bytes == NULL || !kehu__grow(&log->alloc, &log->frames, &log->capacity,
                                       log->n_frames + 1, sizeof f)) {
        kehu__free(&log->alloc, f.bytes, f.capacity, 1);
        return kehu__no_memory(err, log->name);
    }
    status = kehu__io_read(log->io, log->fd, f.bytes, f.size, at, log->name, err);
    if (status == KEHU_OK &&
        kehu__crc32c(0, f.bytes + KEHU__FRAME_HEADER, f.size - KEHU__FRAME_HEADER) ==
            kehu__load32(header + 32))
        log->frames[log->n_frames++] = f;
    else
        kehu__free(&log->alloc, f.bytes, f.capacity, 1);
    return status;
}

/* Who was erased behind the damage shall not come back. */
static kehu_status keep_later_erasures(kehu__store_log *log, kehu_error *err)
{
    const int64_t size = log->io->size(log->io->ctx, log->fd);
    kehu_status status = KEHU_OK;
    char *window = kehu__alloc(&log->alloc, SEARCH_BYTES, 1);
    if (window == NULL)
        return kehu__no_memory(err, log->name);
    for (int64_t at = log->end; status == KEHU_OK && size - at >= KEHU__FRAME_HEADER;) {
        const size_t n = (size_t)(size - at < SEARCH_BYTES ? size - at : SEARCH_BYTES);
        status = kehu__io_read(log->io, log->fd, window, n, at, log->name, err);
        for (size_t i = 0; status == KEHU_OK && i + KEHU__FRAME_HEADER <= n; i++)
            if (window[i] == magic[0] && header_sound(log, window + i) &&
                window[i + 4] == KEHU__FRAME_ERASE)
                status = keep_erasure(log, window + i, at + (int64_t)i, size, err);
        at += (int64_t)(n - KEHU__FRAME_HEADER + 1);
    }
    kehu__free(&log->alloc, window, SEARCH_BYTES, 1);
    return status;
}

kehu_status kehu__log_salvage(kehu__store_log *log, const char *folder, uint64_t number,
                              uint64_t store_id, uint64_t first_sequence, kehu_error *err)
{
    log->next_sequence = first_sequence;
    KEHU_TRY(open_file(log, folder, number, O_RDONLY, "open", err));
    {
        const kehu_status status = read_all(log, store_id, first_sequence, false, err);
        if (status == KEHU_FORMAT && log->end >= KEHU__FILE_HEADER &&
            keep_later_erasures(log, NULL) == KEHU_NO_MEMORY)
            return kehu__no_memory(err, log->name);
        return status;
    }
}

kehu_status kehu__log_begin(const kehu__store_log *log, kehu__buffer *frame,
                            kehu_error *err)
{
    *frame = kehu__buffer_new(&log->alloc);
    return kehu__buffer_room(frame, KEHU__FRAME_HEADER) == NULL
               ? kehu__no_memory(err, "the batch")
               : KEHU_OK;
}

void kehu__log_cut(kehu__store_log *log)
{
    if (log->room > log->end)
        log->io->truncate(log->io->ctx, log->fd, log->end);
    log->room = 0;
}

/* Behind a small frame that made the file longer, room for others. That there is none, on
 * a full disk say, is no failure of the frame. */
static void make_room(kehu__store_log *log, size_t frame)
{
    static const char zeros[GROWTH];
    if (log->end <= log->room)
        return;
    log->room = log->end;
    if (frame <= SMALL && kehu__io_write(log->io, log->fd, zeros, sizeof zeros, log->end,
                                         log->name, NULL) == KEHU_OK)
        log->room += GROWTH;
}

kehu_status kehu__log_append(kehu__store_log *log, kehu__frame_type type, uint32_t rows,
                             kehu__buffer *frame, bool *broken, kehu_error *err)
{
    char *h = frame->bytes;
    kehu_status status;
    *broken = false;
    if (frame->failed || !kehu__grow(&log->alloc, &log->frames, &log->capacity,
                                     log->n_frames + 1, sizeof *log->frames))
        return kehu__no_memory(err, "the batch");
    memset(h, 0, KEHU__FRAME_HEADER);
    memcpy(h, magic, sizeof magic);
    h[4] = (char)type;
    kehu__store32(h + 8, (uint32_t)(frame->size - KEHU__FRAME_HEADER));
    kehu__store32(h + 12, rows);
    kehu__store64(h + 16, log->next_sequence);
    kehu__store64(h + 24, log->durable);
    kehu__store32(h + 32, kehu__crc32c(0, h + KEHU__FRAME_HEADER,
                                       frame->size - KEHU__FRAME_HEADER));
    kehu__store32(h + CRC_AT, kehu__crc32c(log->crc, h, CRC_AT));
    status = kehu__io_write(log->io, log->fd, h, frame->size, log->end, log->name, err);
    if (status != KEHU_OK) {
        *broken = log->io->truncate(log->io->ctx, log->fd, log->end) < 0;
        log->room = log->end;
        return status;
    }
    log->frames[log->n_frames++] = (kehu__frame){
        type, rows, log->next_sequence, frame->bytes, frame->size, frame->capacity};
    log->end += (int64_t)frame->size;
    log->next_sequence++;
    make_room(log, frame->size);
    *frame = kehu__buffer_new(&log->alloc);
    return KEHU_OK;
}

void kehu__log_drop_last(kehu__store_log *log)
{
    const kehu__frame *f = &log->frames[--log->n_frames];
    log->next_sequence--;
    log->end -= (int64_t)f->size;
    log->io->truncate(log->io->ctx, log->fd, log->end);
    log->room = log->end;
    kehu__free(&log->alloc, f->bytes, f->capacity, 1);
}

kehu_status kehu__log_sync(kehu__store_log *log, kehu_error *err)
{
    const int result = log->io->sync(log->io->ctx, log->fd);
    if (result < 0)
        return kehu__io_fail(result, "sync", log->name, err);
    log->durable = log->next_sequence - 1;
    return KEHU_OK;
}
