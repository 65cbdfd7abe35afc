/* support/faulty_io.h - the system's file calls with the n-th of them failing,
 * for tests. One per test; no globals. */
#ifndef KEHU_TESTS_FAULTY_IO_H
#define KEHU_TESTS_FAULTY_IO_H
#include <stdbool.h>

#include "file/io.h"

/* Instead of an errno: read or write a part only (half, at least one byte; other
 * calls succeed). */
enum { FAULTY_IO_SHORT = -1 };

typedef struct faulty_io {
    kehu__io as_io;
    const kehu__io *base; /* what does the work; the system's unless set after init */
    long fail_at;         /* 0-based call to fail, -1 = none */
    int how;              /* an errno, or FAULTY_IO_SHORT */
    bool sticky;          /* every later call fails too (not sensible with EINTR) */
    long calls;           /* made so far */
    long open_files;      /* not closed yet */
    bool failed;          /* a call was made to fail */
} faulty_io;

/* A close that fails has closed the file. */
const kehu__io *faulty_io_init(faulty_io *f, long fail_at, int how, bool sticky);
#endif
