/* kehu/base.h - what every other header relies on: export mark, version,
 * status codes, error report, allocator, executor, progress, writer. Includes
 * nothing from kehu. */
#ifndef KEHU_BASE_H
#define KEHU_BASE_H

#include <stddef.h>
#include <stdint.h>

#define KEHU_VERSION_MAJOR 0
#define KEHU_VERSION_MINOR 1
#define KEHU_VERSION_PATCH 0
#define KEHU_VERSION_NUMBER                                                              \
    (KEHU_VERSION_MAJOR * 10000 + KEHU_VERSION_MINOR * 100 + KEHU_VERSION_PATCH)

#if defined(_WIN32)
#if defined(KEHU_STATIC)
#define KEHU_API
#elif defined(KEHU_BUILDING)
#define KEHU_API __declspec(dllexport)
#else
#define KEHU_API __declspec(dllimport)
#endif
#else
#define KEHU_API __attribute__((visibility("default")))
#endif

#if defined(__GNUC__)
#define KEHU_MUST_CHECK __attribute__((warn_unused_result))
#else
#define KEHU_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One list, three uses: the enum, kehu_status_name() and the binding tables.
 * Numbers are frozen once released; new codes are appended. */
#define KEHU_STATUS_MAP(X)                                                               \
    X(OK, 0, "success")                                                                  \
    X(NO_MEMORY, -1, "the allocator returned NULL")                                      \
    X(ARGUMENT, -2, "an argument or option broke its documented contract")               \
    X(DATA, -3, "a value in the input data is unusable")                                 \
    X(NOT_FOUND, -4, "no such file, customer, field, term or class")                     \
    X(IO, -5, "the operating system refused a read or a write")                          \
    X(FORMAT, -6, "not the expected file format, or damaged")                            \
    X(VERSION, -7, "file or options come from a newer kehu")                             \
    X(LIMIT, -8, "a documented size limit would be exceeded")                            \
    X(CANCELLED, -9, "the progress callback asked to stop")                              \
    X(INTERNAL, -10, "a bug in kehu; please report it")                                  \
    X(KIND, -11, "a sound kehu file, but of another kind of model")                      \
    X(COLUMN, -12, "a needed column is missing, doubled or of another type")             \
    X(ENCODING, -13, "bytes are not valid in the stated character encoding")             \
    X(DUPLICATE, -14, "the same key twice where keys must differ")                       \
    X(EMPTY, -15, "no rows, or too few, where some are needed")                          \
    X(ONE_CLASS, -16, "training needs at least two classes")                             \
    X(BUSY, -17, "another process or handle holds the lock")                             \
    X(POISONED, -18, "an earlier write failed; close the handle and open it again")      \
    X(RANGE, -19, "a number or date outside its allowed range (NaN, inf, future)")

typedef enum kehu_status {
#define X(name, value, text) KEHU_##name = value,
    KEHU_STATUS_MAP(X)
#undef X
} kehu_status;

/* Detail of one failure, owned by the caller, usually on its stack. Written
 * only when the call fails; passing NULL is always allowed.
 *
 * In messages rows count from 0, as in the caller's arrays: "row 7" has seven before it.
 * Lines of a file count from 1, as editors show them. where counts both from 0. */
typedef struct kehu_error {
    int32_t code;      /* a kehu_status */
    int32_t field;     /* 0: nothing sets it yet; the message names what is meant */
    int64_t where;     /* row, line, place in an array or byte, from 0; -1 = none */
    char message[240]; /* one line of UTF-8, no trailing dot, NUL-terminated */
} kehu_error;

/* One function does it all: allocate (ptr NULL), resize, free (new_size 0).
 * old_size is the size last asked for, so arenas need no block headers.
 * Memory must be aligned for any type, as malloc's is.
 * Must be callable from every thread that uses the handle. */
typedef struct kehu_allocator {
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void *ctx;
} kehu_allocator;

/* The host's thread pool, for callers who have one. run() calls task(arg, i)
 * once for each i in 0..n_tasks-1, from any threads, in any order, and returns
 * when all have returned. n is how many run at once, a hint. Without one,
 * n_threads above 1 starts threads for the call and joins them before it
 * returns, so nothing is left behind for a fork. */
typedef struct kehu_executor {
    void (*run)(void *ctx, int64_t n_tasks, void (*task)(void *arg, int64_t i),
                void *arg);
    uint32_t n;
    void *ctx;
} kehu_executor;

/* Called from the calling thread only, some ten times a second at most.
 * done runs from 0 to 1; stage is a short English word. Return non-zero to
 * stop: the call then returns KEHU_CANCELLED and keeps nothing. */
typedef struct kehu_progress {
    int (*report)(void *ctx, double done, const char *stage);
    void *ctx;
} kehu_progress;

/* Where bytes go. Return 0, or non-zero to stop: the call then fails with
 * KEHU_IO. */
typedef struct kehu_writer {
    int (*write)(void *ctx, const void *bytes, size_t size);
    void *ctx;
} kehu_writer;

/* Version of the library that is loaded, to compare with the header's. */
KEHU_API int32_t kehu_version_number(void);

/* For programs that mirror the headers in another language: rises when anything
 * released changes in a way that a mirror of the old headers would misread. */
#define KEHU_ABI_NUMBER 0
KEHU_API int32_t kehu_abi_number(void);

/* sizeof a public struct, by its name ("kehu_svm_options"); 0 for another name. */
KEHU_API size_t kehu_struct_size(const char *name);

/* Constant name ("NO_MEMORY") and one-line meaning; never NULL. */
KEHU_API const char *kehu_status_name(kehu_status status);
KEHU_API const char *kehu_status_text(kehu_status status);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_BASE_H */
