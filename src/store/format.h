/* store/format.h - what all files of a store begin with.
 *
 *      0  magic "KEHU" 0x1A 0x0A, format major, minor          8 bytes
 *      8  kind, four letters: SMAN manifest, SLOG log, SSEG segment
 *     12  features a reader must know u32 (else KEHU_VERSION)
 *     16  features a reader may ignore u32, zero u32
 *     24  store id u64: the same in all files of one store
 *     32  file number u64: the one in its name
 *     40  first sequence number a log may hold u64; 0 elsewhere
 *     48  zeros
 *     60  CRC-32C u32 of the 60 bytes before
 *
 * All numbers in all files are little-endian. Names: MANIFEST-<n>, log-<n>.kl,
 * seg-<n>.ks with ten digits; *.tmp is being written; LOCK is empty. */
#ifndef KEHU_SRC_STORE_FORMAT_H
#define KEHU_SRC_STORE_FORMAT_H

#include "base/buffer.h"
#include "file/io.h"

enum {
    KEHU__FILE_HEADER = 64,
    KEHU__STORE_MAJOR = 1,
    KEHU__STORE_MINOR = 0,
    KEHU__FEATURE_WITHDRAWN = 1, /* of a manifest: it lists withdrawn sources */
    KEHU__FEATURE_SUMS = 2,      /* of a segment of events: it has their sums */
    KEHU__FEATURE_IMPORTS = 4,   /* of a manifest: it lists imports to be taken up */
    KEHU__STORE_FEATURES = 7,    /* all of them */
    KEHU__PATH_MAX = 4096,
    KEHU__FOLDER_MAX = 4000
};

typedef enum kehu__file_kind {
    KEHU__FILE_FOREIGN, /* none of the store's names */
    KEHU__FILE_MANIFEST,
    KEHU__FILE_LOG,
    KEHU__FILE_SEGMENT,
    KEHU__FILE_LOCK,
    KEHU__FILE_TEMPORARY
} kehu__file_kind;

typedef struct kehu__file_header {
    kehu__file_kind kind;
    uint64_t store_id, number, first_sequence;
    uint32_t features; /* that a reader must know */
} kehu__file_header;

void kehu__file_header_write(unsigned char bytes[KEHU__FILE_HEADER],
                             const kehu__file_header *h);

/* Check a header against what it should be; h->store_id 0 accepts any and is
 * filled in, first_sequence and features are filled in. Fails with KEHU_FORMAT or
 * KEHU_VERSION. */
kehu_status kehu__file_header_read(const unsigned char bytes[KEHU__FILE_HEADER],
                                   kehu__file_header *h, const char *name,
                                   kehu_error *err);

/* The name of a file, and its path in the store's folder. */
void kehu__file_name(char name[32], kehu__file_kind kind, uint64_t number);
void kehu__file_path(char path[KEHU__PATH_MAX], const char *folder, const char *name);

/* What a name in the folder stands for. */
kehu__file_kind kehu__file_kind_of(const char *name, uint64_t *number);

#endif
