/* store/log.h - the append-only log: what came in since the last flush.
 *
 * A file header (format.h) and then frames, each:
 *
 *      0  magic "KFRM", type u8, zeros                      8 bytes
 *      8  payload bytes u32, rows u32
 *     16  sequence u64: one more than the frame before
 *     24  durable u64: the last frame known to be on the disk when this was written
 *     32  CRC-32C u32 of the payload
 *     36  CRC-32C u32 of the 36 bytes before, continued from the file header's CRC
 *     40  payload: a batch (batch.c), a field (schema.h) or a customer id to erase
 *
 * Behind the last frame there may be zeros: a small one written into a file that need
 * not grow for it is on the disk in half the time. A writer that ends cuts them off.
 *
 * Reading stops at the first frame that is not whole. If a later frame says that
 * one was durable, the disk has lost it: KEHU_FORMAT. Else a crash tore what was
 * never acknowledged as durable, and the log ends there. */
#ifndef KEHU_SRC_STORE_LOG_H
#define KEHU_SRC_STORE_LOG_H

#include "store/format.h"

enum { KEHU__FRAME_HEADER = 40 };

typedef enum kehu__frame_type {
    KEHU__FRAME_CUSTOMERS = 1,
    KEHU__FRAME_EVENTS = 2,
    KEHU__FRAME_FIELD = 3,
    KEHU__FRAME_ERASE = 4
} kehu__frame_type;

typedef struct kehu__frame {
    kehu__frame_type type;
    uint32_t rows;
    uint64_t sequence;
    char *bytes; /* header and payload */
    size_t size, capacity;
} kehu__frame;

typedef struct kehu__store_log {
    kehu_allocator alloc;
    const kehu__io *io;
    int fd;       /* -1 = not open */
    uint32_t crc; /* of the file header */
    char name[32];
    uint64_t number, next_sequence, durable;
    int64_t end;  /* where the next frame goes */
    int64_t room; /* up to where a writer has made the file longer with zeros */
    kehu__frame *frames;
    size_t n_frames, capacity;
} kehu__store_log;

kehu__store_log kehu__log_new(const kehu__io *io, const kehu_allocator *alloc);

/* Make an empty log file on the disk; its name there is not yet synced. */
kehu_status kehu__log_create(kehu__store_log *log, const char *folder, uint64_t number,
                             uint64_t store_id, uint64_t first_sequence, kehu_error *err);

/* Read the log up to its last whole frame. A writer (O_RDWR) cuts off the rest and
 * syncs; a reader (O_RDONLY) leaves the file alone. */
kehu_status kehu__log_open(kehu__store_log *log, const char *folder, uint64_t number,
                           uint64_t store_id, uint64_t first_sequence, bool writer,
                           kehu_error *err);

/* Read a damaged log up to its last whole frame in front of the damage, and the erasures
 * behind it. The status says what ended the reading. */
kehu_status kehu__log_salvage(kehu__store_log *log, const char *folder, uint64_t number,
                              uint64_t store_id, uint64_t first_sequence,
                              kehu_error *err);

/* A buffer to put a payload behind the room for the frame's header. */
kehu_status kehu__log_begin(const kehu__store_log *log, kehu__buffer *frame,
                            kehu_error *err);

/* Write the frame, take over the buffer's memory, and keep it in frames. On failure
 * the file is as before (*broken tells when not even that worked) and the buffer
 * stays the caller's. */
kehu_status kehu__log_append(kehu__store_log *log, kehu__frame_type type, uint32_t rows,
                             kehu__buffer *frame, bool *broken, kehu_error *err);

/* Take the last frame out again, in the file too: for a frame whose sync failed. */
void kehu__log_drop_last(kehu__store_log *log);

/* Take away the zeros behind the last frame: of the newest log alone, as readers of one
 * that was replaced may be about to read them. */
void kehu__log_cut(kehu__store_log *log);

kehu_status kehu__log_sync(kehu__store_log *log, kehu_error *err);
void kehu__log_close(kehu__store_log *log);

static inline const char *kehu__frame_payload(const kehu__frame *f, size_t *size)
{
    *size = f->size - KEHU__FRAME_HEADER;
    return f->bytes + KEHU__FRAME_HEADER;
}

#endif
