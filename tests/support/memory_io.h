/* support/memory_io.h - a folder in memory behind the system's file calls, which
 * remembers every change and what was synced, so that a test can ask: what might be
 * on the disk if the power fails now? One folder: only the last part of a path
 * counts. */
#ifndef KEHU_TESTS_MEMORY_IO_H
#define KEHU_TESTS_MEMORY_IO_H
#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"
#include "file/io.h"

typedef struct memory_io memory_io;

memory_io *memory_io_new(void);
void memory_io_free(memory_io *m);
const kehu__io *memory_io_table(memory_io *m);

/* The same files, with no past. */
memory_io *memory_io_copy(const memory_io *m);

/* Files by number, in order of creation: name NULL behind the last. */
const char *memory_io_name(const memory_io *m, size_t i);
const unsigned char *memory_io_bytes(const memory_io *m, const char *name, size_t *size);
/* Change or make a file, without a trace in the past. */
void memory_io_set(memory_io *m, const char *name, const void *bytes, size_t size);
bool memory_io_has(const memory_io *m, const char *text);

/* Changes so far, and a number to remember at this point of the past. */
size_t memory_io_changes(const memory_io *m);
void memory_io_mark(memory_io *m, long mark);

/* A folder as the disk might have it had the power failed after `n` changes: what was
 * synced is there; of the rest each change to a name and each 512-byte sector of a
 * write may have happened or not, or (a new sector) be zeros. *mark receives the last
 * mark before. */
memory_io *memory_io_crash(const memory_io *m, size_t n, kehu__random *r, long *mark);
#endif
