/* store/segment.h - an immutable file of sorted rows of one part.
 *
 * A file header (format.h), blocks, the directory, the tail. Rows are ordered by
 * customer id (bytes), time and sequence number. A block holds up to 512 of them
 * as one chunk (codec.h) a column, without gaps; column 0, the customer, is packed
 * run lengths and then a chunk of the runs' ids. The directory has for each block:
 *
 *     offset u64, rows u32, runs u32, least and greatest time i64, sequence u64,
 *     size u32 and bytes of the first and of the last id, column count u32,
 *     and a column: id u32, bytes u32, CRC-32C u32
 *
 * Segments of events with KEHU__FEATURE_SUMS have between these blocks others, in which
 * a row is a customer and what the file's events of it sum up to (sums.h). Their entries
 * stand between the others in the directory, as their blocks do in the file, with bit 31
 * set in rows.
 *
 * Tail, 48 bytes: directory offset u64, size u64, CRC-32C u32; blocks u32; rows u64;
 * part u32; blocks of sums u32, zeros, CRC-32C u32 of the 44 bytes before. */
#ifndef KEHU_SRC_STORE_SEGMENT_H
#define KEHU_SRC_STORE_SEGMENT_H

#include <stdatomic.h>

#include "store/format.h"
#include "store/sums.h"

#define KEHU__SUMS_BLOCK (UINT32_C(1) << 31) /* in the rows of a directory entry */

enum {
    KEHU__BLOCK_ROWS = 512,
    KEHU__BLOCK_TEXT = 1 << 20, /* bytes of text that close a block early */
    KEHU__SEGMENT_TAIL = 48,
    KEHU__COLUMN_ENTRY = 12 /* bytes of a column in the directory */
};

typedef struct kehu__block_entry {
    uint64_t offset;
    uint32_t rows, runs, n_columns;
    uint32_t first_size, last_size;
    const char *first_key, *last_key;
    int64_t min_time, max_time;
    uint64_t min_sequence, max_sequence;
    const char *columns; /* [n_columns] of id, bytes, CRC */
    uint64_t size;       /* of all chunks */
} kehu__block_entry;

/* Shared by the store and its snapshots; the last to release closes the file. */
typedef struct kehu__segment {
    atomic_int holders;
    kehu_allocator alloc;
    const kehu__io *io;
    kehu_store_part part;
    uint64_t number, size, rows;
    char name[32];
    int fd;      /* -1 = in memory */
    char *image; /* the whole file in memory, or NULL */
    size_t image_capacity;
    char *directory;
    size_t directory_size;
    uint32_t directory_crc;
    kehu__block_entry *blocks;
    uint32_t n_blocks, block_capacity;
    uint64_t *prefixes; /* [n_blocks] of last ids, from byte n_alike on; or NULL */
    size_t n_alike;     /* bytes with which all last ids begin */
    int64_t min_time, max_time; /* of all blocks */
    uint64_t max_sequence;
    struct kehu__segment *sums; /* the blocks of sums as a part of their own, reading the
                                   same file; NULL = it has none */
    struct kehu__pages *pages;  /* NULL = blocks are not kept (page.h) */
} kehu__segment;

/* Open a file; size and directory_crc are what the manifest says, checked. */
kehu_status kehu__segment_open(kehu__segment **out, const kehu__io *io,
                               const char *folder, uint64_t store_id, uint64_t number,
                               kehu_store_part part, uint64_t size,
                               uint32_t directory_crc, const kehu_allocator *alloc,
                               kehu_error *err);

/* The same from a finished writer without a file, whose bytes it takes over. */
struct kehu__segment_writer;
kehu_status kehu__segment_of_writer(kehu__segment **out, struct kehu__segment_writer *w,
                                    kehu_error *err);

kehu__segment *kehu__segment_hold(kehu__segment *s);
void kehu__segment_release(kehu__segment *s);

/* Bytes of the file, checked to lie inside it; and the failure of any such check. */
kehu_status kehu__segment_fetch(const kehu__segment *s, void *to, size_t size,
                                uint64_t at, kehu_error *err);
kehu_status kehu__segment_damaged(const kehu__segment *s, const char *what,
                                  kehu_error *err);

/* A decoded block: its runs and some columns. */
typedef struct kehu__segment_block {
    kehu__rows rows;    /* wanted columns that the block has, never column 0 */
    kehu__vector keys;  /* [n_runs] ids, ascending */
    int64_t *run_first; /* [n_runs + 1] first row of each run, and the end */
    uint32_t n_runs;
    size_t run_capacity;
    kehu__buffer bytes;      /* what rows and keys point into, unless that is */
    struct kehu__page *page; /* this one */
} kehu__segment_block;

kehu__segment_block kehu__block_new(const kehu_allocator *alloc);
void kehu__block_free(kehu__segment_block *b);

/* A customer whose rows alone are wanted. */
typedef struct kehu__one_key {
    const char *key;
    size_t size;
} kehu__one_key;

/* What is wanted of a block: columns 0 to 2, those of the ids, and their rows. */
typedef struct kehu__block_wish {
    const uint32_t *ids;
    uint32_t n_ids;
    const kehu__one_key
        *one;   /* only this customer's, of whom there may be none; or NULL */
    bool check; /* the other columns are read too, but for their soundness */
} kehu__block_wish;

/* Read, check and decode. The checksums are those of all rows. Fails with KEHU_FORMAT
 * (damage), KEHU_IO, KEHU_NO_MEMORY. */
kehu_status kehu__block_read(kehu__segment_block *b, const kehu__segment *s,
                             uint32_t block, const kehu__schema *schema,
                             const kehu__block_wish *wish, kehu_error *err);

/* First block whose last id is not below a key. */
uint32_t kehu__segment_seek(const kehu__segment *s, const char *key, size_t size);

/* Builds a segment from rows that come in order. */
typedef struct kehu__segment_writer {
    kehu_allocator alloc;
    const kehu__io *io;
    int fd; /* -1 = stays in memory */
    char name[32];
    kehu_store_part part;
    uint64_t number, rows;
    uint32_t n_blocks, n_sum_blocks, directory_crc;
    uint64_t written; /* bytes already in the file */
    kehu__rows block;  /* without column 0, which is */
    kehu__vector keys; /* a run of rows each, of */
    int64_t lengths[KEHU__BLOCK_ROWS];
    kehu__sums sums; /* of events: not yet in a block */
    kehu__buffer out, directory;
} kehu__segment_writer;

/* Begin a file, or with folder NULL an image in memory. */
kehu_status kehu__segment_begin(kehu__segment_writer *w, const kehu__io *io,
                                const char *folder, uint64_t store_id, uint64_t number,
                                kehu_store_part part, const kehu__schema *schema,
                                kehu_error *err);

/* Add rows first..first+n-1, all of this customer, which have columns 1 and 2 at
 * least. */
kehu_status kehu__segment_add(kehu__segment_writer *w, const char *key, uint32_t key_size,
                              const kehu__rows *rows, uint32_t first, uint32_t n,
                              kehu_error *err);

/* The same in steps: the next n rows of the block are of this customer, whose rows may
 * be its last ones; false when memory is refused. And the end of the block. */
bool kehu__segment_add_run(kehu__segment_writer *w, const char *key, uint32_t key_size,
                           uint32_t n);
kehu_status kehu__segment_close_block(kehu__segment_writer *w, kehu_error *err);

kehu_status kehu__segment_refused(const kehu__segment_writer *w, kehu_error *err);

/* Complete the file and sync it; w->written is its size then. */
kehu_status kehu__segment_end(kehu__segment_writer *w, kehu_error *err);

/* Release the writer's memory and close its file, which stays. */
void kehu__segment_writer_free(kehu__segment_writer *w);

#endif
