/* store/manifest.h - which files make up the store, as one small file.
 *
 * A new one is written whole and renamed into place each time; the one with the
 * highest number counts. It is never skipped: if it is damaged, so is the store.
 *
 * A file header (format.h), payload size u64, payload, CRC-32C u32 of all before.
 * Payload: next file number u64; log number u64 and its first sequence u64; segment
 * count u32, and each: number, size, rows u64, directory CRC u32, part u32; field
 * count u32, and the fields (schema.h); count u32 of erased customers whose rows are
 * still in segments, and each: sequence u64, size u32, bytes; with the feature
 * KEHU__FEATURE_WITHDRAWN the same again of withdrawn sources; with
 * KEHU__FEATURE_IMPORTS of imports that can be taken up again, the number being that of
 * their rows. */
#ifndef KEHU_SRC_STORE_MANIFEST_H
#define KEHU_SRC_STORE_MANIFEST_H

#include "store/format.h"
#include "store/gone.h"
#include "store/schema.h"

typedef struct kehu__manifest_segment {
    uint64_t number, size, rows;
    uint32_t directory_crc;
    kehu_store_part part;
} kehu__manifest_segment;

typedef struct kehu__manifest {
    kehu_allocator alloc;
    uint64_t number, store_id, next_file, log_number, log_first;
    kehu__manifest_segment *segments;
    size_t segment_capacity;
    uint32_t n_segments;
    kehu__schema schema;
    kehu__gone gone;
    kehu__marks imports; /* rows of the file that were taken, by name */
} kehu__manifest;

kehu__manifest kehu__manifest_new(const kehu_allocator *alloc);
void kehu__manifest_free(kehu__manifest *m);
bool kehu__manifest_add(kehu__manifest *m, const kehu__manifest_segment *s);

/* Replace the newest manifest by this one, with all files it names synced before.
 * On failure the old one still counts, unless *unsure. */
kehu_status kehu__manifest_publish(const kehu__manifest *m, const kehu__io *io,
                                   const char *folder, bool *unsure, kehu_error *err);

/* Read MANIFEST-<number>; store_id 0 accepts any store. */
kehu_status kehu__manifest_read(kehu__manifest *m, const kehu__io *io, const char *folder,
                                uint64_t number, const kehu_allocator *alloc,
                                kehu_error *err);

#endif
