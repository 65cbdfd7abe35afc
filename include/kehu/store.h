/* kehu/store.h - customers and their events, kept in one directory.
 *
 *     kehu_store *store = NULL;
 *     kehu_error err;
 *     kehu_store_options options = {.size = sizeof options, .mode = KEHU_STORE_CREATE};
 *     int64_t when = 1700000000000000, cents = 1990;
 *     int32_t offsets[] = {0, 4};
 *     kehu_column columns[] = {
 *         {.name = "customer", .type = KEHU_UTF8, .length = 1, .data = "C001",
 *          .offsets = offsets},
 *         {.name = "time", .type = KEHU_TIMESTAMP, .length = 1, .data = &when},
 *         {.name = "amount", .type = KEHU_INT64, .length = 1, .data = &cents}};
 *     if (kehu_store_open(&store, "shop.kehu", &options, &err) != KEHU_OK ||
 *         kehu_store_add_events(store, columns, 3, NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     kehu_store_free(store);
 *
 * Two parts. CUSTOMERS: an id and declared fields, each update a row "these fields
 * have these values from this time on". EVENTS: customer, time, kind, channel,
 * item, amount, quantity, text, and declared properties.
 *
 * A batch is atomic: all rows or none. Once add has returned KEHU_OK under the
 * default durability the rows survive a crash of the process, the system and the
 * power. Nothing on the disk is changed in place except the end of the log.
 * Readers hold a snapshot, which never changes, and never block the writer; they
 * may live in other threads and other processes. Every byte read is checked
 * against a checksum: damage gives KEHU_FORMAT, never a wrong answer.
 *
 * Customer ids are texts of 1 to 1024 bytes of UTF-8 without NUL; integer columns
 * are accepted and stand for their decimal text. Ids are ordered by their bytes.
 * All texts are UTF-8; a text has up to 16 MiB. A store is for one writer at a time
 * (KEHU_BUSY otherwise) on a local file system: after a fork the child may take snapshots
 * of its copy of the handle, and free it. */
#ifndef KEHU_STORE_H
#define KEHU_STORE_H

#include <kehu/arrow.h>
#include <kehu/base.h>
#include <kehu/column.h>
#include <kehu/csv.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The writer's handle: one thread at a time. */
typedef struct kehu_store kehu_store;
/* What the store held at one moment. Immutable: shareable between threads. */
typedef struct kehu_snapshot kehu_snapshot;
/* A walk over a snapshot, which may be freed before it: one thread at a time. */
typedef struct kehu_scan kehu_scan;

typedef enum kehu_store_part {
    KEHU_STORE_CUSTOMERS = 0,
    KEHU_STORE_EVENTS = 1
} kehu_store_part;

typedef enum kehu_store_mode {
    KEHU_STORE_EXISTING = 0, /* KEHU_NOT_FOUND where there is no store */
    KEHU_STORE_CREATE = 1,   /* make one where there is none */
    KEHU_STORE_NEW = 2       /* KEHU_DUPLICATE where there is one */
} kehu_store_mode;

/* When a batch reaches the disk. */
typedef enum kehu_store_durability {
    KEHU_STORE_SYNC = 0,  /* before add returns */
    KEHU_STORE_BATCH = 1, /* after every MiB, at kehu_store_sync, flush and free */
    KEHU_STORE_NONE = 2   /* at kehu_store_sync, flush and free only */
} kehu_store_durability;

typedef struct kehu_store_options {
    uint32_t size;
    uint32_t mode;               /* a kehu_store_mode; 0 opens an existing store */
    uint32_t durability;         /* a kehu_store_durability; 0 syncs every batch */
    uint32_t max_segments;       /* a part, before an add or flush merges some; 2..1000;
                                    0 means 8 */
    uint64_t flush_bytes;        /* of log, before it is sorted into a segment;
                                    4 KiB..1 GiB; 0 means 16 MiB */
    uint64_t store_id;           /* of a new store; 0 draws one at random */
    const kehu_allocator *alloc; /* NULL means the C library */
} kehu_store_options;

/* Open a store as its writer, making the folder (mode 0700) and files (mode 0600)
 * if asked to. A batch torn by a crash is cut off; unfinished files are removed.
 *
 * path  a folder, at most 4000 bytes with its full name; holds nothing but the store
 *
 * Fails with KEHU_BUSY (another writer has it open), KEHU_NOT_FOUND, KEHU_DUPLICATE,
 * KEHU_FORMAT (damage; a foreign folder; files of two stores), KEHU_VERSION (made by
 * a newer kehu), KEHU_IO, KEHU_ARGUMENT, KEHU_NO_MEMORY. A failed open changes
 * nothing, but one that was to make a store may leave a folder for the next to use.
 * Memory: the unsorted log (flush_bytes) and some 0.7 bytes a stored row.
 * Time: reads the whole log, at most flush_bytes or one batch more. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_open(kehu_store **out, const char *path,
                                                     const kehu_store_options *options,
                                                     kehu_error *err);

/* Close. NULL is allowed. Under KEHU_STORE_BATCH and _NONE the last batches are
 * synced, without a way to say that it failed: call kehu_store_sync first. */
KEHU_API void kehu_store_free(kehu_store *store);

/* A declared field of customers or property of events. */
typedef struct kehu_store_field {
    const char *name;        /* UTF-8, 1 to 255 bytes, unlike any other column's */
    kehu_type type;          /* BOOL, INT64, FLOAT64, DATE32, TIMESTAMP or UTF8 */
    uint32_t layer;          /* 1 natural attribute, 2 consumption behaviour, 3 derived,
                                4 knowledge, 5 marketing conclusion; 0 means 1 */
    uint32_t age_limit_days; /* after which a value is stale; 0 means never */
    const char *origin;      /* where values come from; NULL means "" */
    const char *inputs;      /* names of the fields it is derived from, comma between;
                                NULL means "" */
} kehu_store_field;

/* Declare a field. The very same declaration again is fine. Durable as a batch is.
 * Fails with KEHU_DUPLICATE (another field, or a built-in column, has the name),
 * KEHU_ARGUMENT, KEHU_LIMIT (4096 fields), and as kehu_store_add_events does. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_declare(kehu_store *store,
                                                        kehu_store_part part,
                                                        const kehu_store_field *field,
                                                        kehu_error *err);

/* Add or update customers, as one batch.
 *
 * columns     by name, in any order: "customer" (text or integer; needed);
 *             "valid_from" (TIMESTAMP or DATE32; missing means since ever); "source"
 *             (text of up to 1024 bytes: where the row is from); declared fields. A
 *             missing value leaves the field as it was; of several values the one with
 *             the latest valid_from counts, then the one added last.
 * n_columns   1 or more; all columns of one length, at most 16,777,216
 * sequence    receives the batch's number, one more than the one before; or NULL
 *
 * Fails with KEHU_COLUMN (needed, unknown or doubled column, another type or length),
 * KEHU_DATA (an empty or too long id; a NUL byte), KEHU_ENCODING (not UTF-8),
 * KEHU_RANGE (a number not finite or outside the field's type, a time outside years
 * 1 to 9999): err->where is the row; KEHU_LIMIT (too many rows, over 1 GiB in all),
 * KEHU_IO, KEHU_NO_MEMORY: nothing was added. KEHU_POISONED after a failed sync:
 * nothing more can be written and the last batch may or may not be there; free the
 * handle and open again to see. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_add_customers(kehu_store *store,
                                                              const kehu_column *columns,
                                                              int64_t n_columns,
                                                              uint64_t *sequence,
                                                              kehu_error *err);

/* Add events, as one batch. The columns are "customer" (text or integer; needed),
 * "time" (TIMESTAMP or DATE32; needed, no value missing), "kind", "channel", "item",
 * "text", "source" (text), "amount" (integers, minor units such as cents), "quantity"
 * (numbers) and declared properties. Otherwise as kehu_store_add_customers. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_add_events(kehu_store *store,
                                                           const kehu_column *columns,
                                                           int64_t n_columns,
                                                           uint64_t *sequence,
                                                           kehu_error *err);

/* A column of a file and what the store calls it. */
typedef struct kehu_store_name {
    const char *file;
    const char *store;
} kehu_store_name;

/* What becomes of an imported event that is the same in every column as one that the
 * store shows already, or as one before it in the file. */
typedef enum kehu_store_duplicates {
    KEHU_STORE_KEEP = 0,  /* it is a row as any other */
    KEHU_STORE_SKIP = 1,  /* it is left out: a file may be imported again, or go on
                             where another one ended */
    KEHU_STORE_REFUSE = 2 /* the import fails with KEHU_DUPLICATE */
} kehu_store_duplicates;

typedef struct kehu_store_import_options {
    uint32_t size;
    uint32_t duplicates;          /* a kehu_store_duplicates; 0 keeps them */
    const kehu_store_name *names; /* [n_names]; a column without an entry keeps its
                                     name */
    int64_t n_names;              /* 0 or more */
    int64_t max_rejects;          /* give up when more rows are bad; 0 means never */
    const char *resume;           /* the file's name among the store's imports, of 1 to
                                     1024 bytes: see below; NULL is all or nothing */
} kehu_store_import_options;

/* Take in the rest of a CSV file or of JSON Lines, all of it or nothing, durably.
 *
 * csv     opened with a field for each column that is not text, such as time and
 *         amount (see kehu/csv.h: encoding, delimiter, zone, decimals, progress);
 *         columns the store does not know are left out. Bad rows are rejected into
 *         its report (line, column, reason), also those only the store refuses
 * n_rows  receives how many rows were taken in; NULL if not wanted
 *
 * The rows get new batch numbers, one for up to 4096 rows. On failure (as
 * kehu_store_add_events, kehu_csv_next; KEHU_DATA for too many bad rows) the store is
 * as before, but the reader has gone on: open the file again for another try. Time
 * O(n log n); memory some 10 times flush_bytes and a batch of the reader.
 *
 * With resume, rows count from when they have grown to flush_bytes, together with the
 * number of rows that the store has of the file by then. After a failure or a crash,
 * open the same file in the same way and import it under the same name: it is read from
 * its beginning, the rows that the store has are left out, the others taken in, each
 * once. A file taken in whole adds nothing when it comes again, or the rows written to
 * its end since; n_rows counts those. Fails with KEHU_DATA when the file has fewer rows
 * than were taken before. A backup of the newest state goes on likewise; so does what
 * kehu_store_repair made, to which the rows that it had to leave out count as taken: the
 * file imported without resume, with KEHU_STORE_SKIP, brings them back. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_import(
    kehu_store *store, kehu_store_part part, kehu_csv *csv,
    const kehu_store_import_options *options, int64_t *n_rows, kehu_error *err);

/* Number of the newest batch, declaration or erasure; 0 for a new store. */
KEHU_API uint64_t kehu_store_sequence(const kehu_store *store);

/* Make all batches durable. Fails with KEHU_POISONED when that did not work. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_sync(kehu_store *store, kehu_error *err);

/* Sort the log into segments now, rather than when it has grown to flush_bytes.
 * On failure the store is as before. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_flush(kehu_store *store, kehu_error *err);

/* Flush, and merge the segments of each part into one. Rarely needed: adds and flushes
 * merge as they go. Time O(rows); memory one block a segment.
 * On failure nothing is lost; part of the work may be done. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_compact(kehu_store *store,
                                                        kehu_error *err);

/* Hide all there is about a customer from every snapshot opened from now on, also
 * those of the past. Durable as a batch is. What is added about the customer later is
 * not hidden. The rows stay on the disk until kehu_store_purge. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_erase(kehu_store *store,
                                                      const char *customer,
                                                      kehu_error *err);

/* Hide every row that came from a source so far (its column "source") from every snapshot
 * opened from now on, also those of the past: a customer's values are those of other
 * sources then. What is added from it later is not hidden. Durable when it returns. The
 * rows stay on the disk until kehu_store_purge. Flushes.
 * Fails as kehu_store_flush does; KEHU_ARGUMENT (source is empty or over 1024 bytes). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_withdraw(kehu_store *store,
                                                         const char *source,
                                                         kehu_error *err);

/* What a purge did, to be kept as evidence. */
typedef struct kehu_store_proof {
    int64_t customers;       /* erased since the last purge */
    int64_t sources;         /* withdrawn since then */
    int64_t customer_rows;   /* removed */
    int64_t event_rows;      /* removed */
    int64_t files_rewritten; /* without these rows: segments, and the log */
    int64_t files_removed;   /* old segments, log and manifests */
    int64_t rows_left;       /* found when all was read again: 0 */
} kehu_store_proof;

/* Remove erased customers and withdrawn sources from every file: segments and log that
 * hold their rows are written anew and read again, the old files and manifests are
 * removed. Afterwards no file of the store has these rows, their texts or (unless added
 * again) the ids. What no program can promise: copies in backups, in the file system's
 * journal, in spare blocks of an SSD; and snapshots open now keep what they have.
 *
 * proof  receives what was done; NULL if not wanted; untouched on failure
 *
 * Fails with KEHU_IO when an old file cannot be removed: call again, with the same handle
 * to have the proof of both. Else on failure the store is as before. Time O(rows of the
 * files that are rewritten). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_purge(kehu_store *store,
                                                      kehu_store_proof *proof,
                                                      kehu_error *err);

/* Which state of the store to see. */
typedef struct kehu_snapshot_options {
    uint32_t size;
    uint32_t as_of;              /* 1: hide what lies after as_of_us */
    int64_t as_of_us;            /* events after it, and values valid only later */
    uint64_t as_of_sequence;     /* hide later batches; 0 hides none */
    const kehu_allocator *alloc; /* of a snapshot by path; NULL means the C library */
} kehu_snapshot_options;

/* See the store as it is now; it stays so while the store goes on. May be freed
 * after the store and in another thread. Call in the store's thread.
 * Fails with KEHU_ARGUMENT, KEHU_NO_MEMORY, KEHU_FORMAT. Time O(rows in the log),
 * less when the last snapshot is not long ago. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_snapshot_open(kehu_snapshot **out, kehu_store *store,
                   const kehu_snapshot_options *options, kehu_error *err);

/* See a store of which another process may be the writer: the state it has made
 * visible by now. Needs no write access. Fails as kehu_store_open does, but never
 * with KEHU_BUSY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_snapshot_open_path(kehu_snapshot **out, const char *path,
                        const kehu_snapshot_options *options, kehu_error *err);

/* Release. NULL is allowed. */
KEHU_API void kehu_snapshot_free(kehu_snapshot *snapshot);

/* Newest batch it may show. */
KEHU_API uint64_t kehu_snapshot_sequence(const kehu_snapshot *snapshot);

/* The declared fields of a part, in order of declaration; valid while the snapshot
 * lives. *fields is NULL where there are none. */
KEHU_API int64_t kehu_snapshot_fields(const kehu_snapshot *snapshot, kehu_store_part part,
                                      const kehu_store_field **fields);

/* What a snapshot is made of; rows that it hides are counted too. */
typedef struct kehu_store_stats {
    uint64_t sequence;
    int64_t rows[2];          /* of customers' updates and of events, in all */
    int64_t log_rows[2];      /* of them in the log */
    int64_t segments[2];      /* files */
    int64_t segment_bytes[2]; /* of them */
    int64_t n_fields[2];      /* declared */
    int64_t first_time;       /* of events, 0 without any */
    int64_t last_time;
    int64_t erased_customers; /* not purged yet */
    int64_t withdrawn_sources;
} kehu_store_stats;

/* Count. Fails with KEHU_ARGUMENT (a NULL). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_snapshot_stats(const kehu_snapshot *snapshot,
                                                         kehu_store_stats *stats,
                                                         kehu_error *err);

/* Copy what the snapshot sees, and nothing else, into a new store: a backup of a store
 * in use, or its state as of a sequence number or time. Erased customers and hidden
 * rows are not in it; a part becomes one sorted file, in this library's format. Every
 * block is checked on the way. Until the last file is on the disk the folder is no
 * store: kehu_store_open refuses it. Copies of one snapshot are the same bytes.
 *
 * path  a folder that is empty or is made; at most 4000 bytes
 *
 * Fails with KEHU_DUPLICATE (the folder holds something), KEHU_BUSY (a writer or another
 * backup has it), KEHU_FORMAT (damage: what was written is removed), KEHU_CANCELLED,
 * KEHU_IO, KEHU_ARGUMENT, KEHU_NO_MEMORY. progress may be NULL. Time O(rows); memory one
 * decoded block a segment. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_snapshot_backup(const kehu_snapshot *snapshot,
                                                          const char *path,
                                                          const kehu_progress *progress,
                                                          kehu_error *err);

/* What a check read. */
typedef struct kehu_store_check {
    int64_t blocks, rows, bytes; /* sound and bad blocks; sound rows */
    int64_t bad_blocks;          /* that cannot be read */
    int64_t bad_rows;            /* in them */
} kehu_store_check;

/* Read everything: all checksums, all values, the order of rows, the directory's
 * figures. Goes on behind a bad block to count what is lost.
 * Fails with KEHU_FORMAT when a block is bad (err tells the first, report is filled
 * in), KEHU_CANCELLED, KEHU_NO_MEMORY. report and progress may be NULL. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_snapshot_check(const kehu_snapshot *snapshot,
                                                         kehu_store_check *report,
                                                         const kehu_progress *progress,
                                                         kehu_error *err);

/* Make a new store of what can still be read of a damaged one, which is only read and
 * must have no writer. Every row in it was in the damaged one; of the log it has what
 * comes before the first damage. Erased customers and withdrawn sources stay out.
 *
 * lost  receives a table, the caller's to free, of what was lost, a row a file or block:
 *       file (UTF8), byte (INT64, where in it), part (UTF8, "customers" or "events"),
 *       rows (INT64), first_customer and last_customer (UTF8; between them lie the
 *       customers of whom a block had rows), first_sequence, last_sequence (INT64),
 *       reason (UTF8); what is not known is missing. No row: nothing was lost. A
 *       manifest in it means that an older one was used, which forgets what was erased,
 *       withdrawn or declared since; a log, that batches from first_sequence on are
 *       gone, but not the erasures among them that can be read
 * to    a folder that is empty or is made
 * alloc NULL means the C library; progress may be NULL
 *
 * Fails with KEHU_NOT_FOUND (no store there), KEHU_FORMAT (no manifest can be read),
 * KEHU_VERSION and as kehu_snapshot_backup does. Time and memory as for that. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_store_repair(kehu_table **lost,
                                                       const char *from, const char *to,
                                                       const kehu_progress *progress,
                                                       const kehu_allocator *alloc,
                                                       kehu_error *err);

/* All there is about one customer as one JSON object: the declared fields with layer,
 * origin, age limit and inputs; "values", every update ever made; "events". Times are
 * ISO text in UTC. A customer nobody knows gives empty lists.
 * Fails with KEHU_IO when the writer stops. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_snapshot_export(const kehu_snapshot *snapshot,
                                                          const char *customer,
                                                          const kehu_writer *writer,
                                                          kehu_error *err);

/* Which rows and columns of a snapshot to walk over. */
typedef struct kehu_scan_options {
    uint32_t size;
    uint32_t batch_rows;        /* most rows a batch; 1..1,048,576; 0 means 8192 */
    const char *const *columns; /* [n_columns] names, in the order wanted */
    int64_t n_columns;          /* 0 means all: events: customer, time, kind, channel,
                                   item, amount, quantity, text and then properties;
                                   customers: customer and then fields. "sequence" (the
                                   batch), "source" and a customer's "valid_from" (the
                                   latest ones) by name only */
    const char *first_customer; /* NULL begins at the first */
    const char *last_customer;  /* included; NULL ends at the last */
    const char *kind;           /* events of this kind only; NULL means all */
    uint32_t from;              /* 1: only events at from_us or later */
    uint32_t until;             /* 1: only events before until_us */
    int64_t from_us;
    int64_t until_us;
    const char *require; /* only of customers for whom this holds: names of BOOL fields
                            of customers, such as tags and consents, with and, or, not
                            and parentheses; a name with blanks or signs stands in
                            "quotes". A missing value, or none as no row is known, is
                            not true. NULL means all */
    const void *pseudonym_key;   /* [pseudonym_key_size] "customer" gives
                                    kehu_pseudonym() under this key; the order of rows
                                    stays that of the ids. NULL gives the ids */
    uint64_t pseudonym_key_size; /* 16 or more bytes; 0 with NULL */
    uint32_t fresh;     /* 1: values older than their field's age limit at fresh_us are
                           missing, in require too; so are values with an age limit of
                           customers whose valid_from nobody gave */
    uint32_t share;     /* walk only this share, 0..n_shares-1 */
    uint32_t n_shares;  /* of the customers, in order, of about as many rows each, for
                           several walks at once; 1..65536; 0 means 1 */
    uint32_t n_threads; /* of kehu_snapshot_totals; the answer is the same for any; 0
                           means 1 */
    int64_t fresh_us;
} kehu_scan_options;

/* The name a customer goes by outside: 32 hexadecimal digits, the first half of
 * HMAC-SHA-256 (RFC 2104) of the id under a key. The same key gives the same name, so
 * what is handed out at different times can be joined; nobody without the key can tell
 * whose it is, or make the name for an id. Whoever keeps the key can, so such data is
 * still personal. Names and numbers inside texts stay: see kehu/redact.h.
 *
 * out       [KEHU_PSEUDONYM_SIZE] with NUL
 * key       [key_size] random bytes, 16 or more
 *
 * Fails with KEHU_ARGUMENT. Thread-safe. */
enum { KEHU_PSEUDONYM_SIZE = 33 };
KEHU_API KEHU_MUST_CHECK kehu_status kehu_pseudonym(char *out, const char *customer,
                                                    const void *key, size_t key_size,
                                                    kehu_error *err);

/* Walk over events, ordered by customer, time and batch, or over customers, ordered
 * by id, one row each with the value of every field that counts; for customers kind,
 * from and until are not allowed. Options are copied.
 * Fails with KEHU_COLUMN (no such column; a required one that is not BOOL: err->where is
 * its byte), KEHU_ARGUMENT, KEHU_LIMIT (over 256 names and operators, 64 fields or 32
 * levels in require), KEHU_NO_MEMORY. Memory: one decoded block a segment (512 rows) and
 * one batch; twice that, and a walk over those fields of customers, with require. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_scan_open(kehu_scan **out,
                                                    const kehu_snapshot *snapshot,
                                                    kehu_store_part part,
                                                    const kehu_scan_options *options,
                                                    kehu_error *err);

/* One customer's whole history, or, with KEHU_STORE_CUSTOMERS, the one row of
 * fields. Reads one block a segment; a customer without rows gives no rows. options
 * may be NULL; its customer range is not used. Blocks read so are kept for the next
 * customer, up to 16 MB a segment, until the segment's last snapshot is freed. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_scan_customer(
    kehu_scan **out, const kehu_snapshot *snapshot, kehu_store_part part,
    const char *customer, const kehu_scan_options *options, kehu_error *err);

/* Events summed up a customer: what recency, frequency and monetary value are made of.
 *
 * out      receives a table, the caller's to free, of customer (LARGE_UTF8), events
 *          (INT64, how many), first_time and last_time (TIMESTAMP), amount (INT64, the
 *          sum; a missing amount counts as 0); one row a customer that has such
 *          events, ordered by id
 * options  as for a scan, but columns and batch_rows stay 0; NULL takes all events
 *
 * Fails with KEHU_RANGE (a sum beyond 64 bits: err->where is the row), KEHU_FORMAT,
 * KEHU_IO, KEHU_NO_MEMORY. Memory O(customers). Time O(customers) from the sums that
 * segments keep, and the rows of those erased since; O(rows) with kind, with times or an
 * as-of that leave rows out, after a withdrawal, or when an older kehu wrote a segment:
 * until kehu_store_purge, or kehu_store_compact. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_snapshot_totals(kehu_table **out, const kehu_snapshot *snapshot,
                     const kehu_scan_options *options, kehu_error *err);

/* Count customers, and events, by the value of a column, with no group so small that it
 * points at anyone: groups of fewer customers are counted together in one row without a
 * name, with the rows that have no value; while that row is too small itself, the
 * smallest of the others joins it.
 *
 * out            receives a table, the caller's to free, of group (LARGE_UTF8), customers
 *                (INT64, different ones) and, for events, events (INT64) and amount
 *                (INT64, a missing one counts as 0); ordered by name, the one without a
 *                name last
 * by             a text or BOOL column of the part
 * min_customers  a group; 1 shows all; 0 means 5
 * options        as for a scan, without columns and pseudonym_key; NULL takes all
 *
 * Who may ask again with other options can tell more from the differences. Fails as
 * kehu_scan_open does; KEHU_COLUMN (by is of another type), KEHU_RANGE (a sum beyond 64
 * bits). Time O(rows), read two or three times; memory O(groups). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_snapshot_groups(
    kehu_table **out, const kehu_snapshot *snapshot, kehu_store_part part, const char *by,
    uint32_t min_customers, const kehu_scan_options *options, kehu_error *err);

/* The next rows. Texts are UTF8 columns, "customer" included; the others have the
 * type of the field: "time" and "valid_from" TIMESTAMP, "amount" and "sequence"
 * INT64, "quantity" FLOAT64. A missing value is marked in the validity bits. */
typedef struct kehu_scan_batch {
    const kehu_column *columns; /* [n_columns], valid until the next call */
    int64_t n_columns;
    int64_t n_rows; /* 0 after the last row */
} kehu_scan_batch;

/* Fails with KEHU_FORMAT (damage), KEHU_IO, KEHU_NO_MEMORY: batch has no rows then,
 * and so it will from then on. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_scan_next(kehu_scan *scan,
                                                    kehu_scan_batch *batch,
                                                    kehu_error *err);

/* The same walk for programs that read Arrow: a stream of one array of structs a batch.
 * The stream and the arrays live on without the snapshot and without each other; release
 * may be called from any thread, so the snapshot's allocator must allow that.
 *
 * out  the caller's struct, filled in only on success; its calls answer EIO and a message
 *      where kehu_scan_next fails, ENOMEM without memory
 *
 * Fails as kehu_scan_open does. A batch is copied once. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_scan_stream(struct ArrowArrayStream *out,
                                                      const kehu_snapshot *snapshot,
                                                      kehu_store_part part,
                                                      const kehu_scan_options *options,
                                                      kehu_error *err);

/* Release. NULL is allowed. */
KEHU_API void kehu_scan_free(kehu_scan *scan);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_STORE_H */
