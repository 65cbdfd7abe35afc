/* base/error.h - filling in a caller's kehu_error, and propagating statuses. */
#ifndef KEHU_SRC_BASE_ERROR_H
#define KEHU_SRC_BASE_ERROR_H

#include <kehu/base.h>

/* Write code, where and the formatted message into err (may be NULL) and
 * return code. A message that does not fit is cut at a whole character. */
#if defined(__GNUC__) && defined(_WIN32)
__attribute__((format(gnu_printf, 4, 5)))
#elif defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
kehu_status
kehu__fail(kehu_error *err, kehu_status code, int64_t where, const char *format, ...);

/* Return early, handing the callee's status (and message) straight up. */
#define KEHU_TRY(expr)                                                                   \
    do {                                                                                 \
        const kehu_status try_status = (expr);                                           \
        if (try_status != KEHU_OK)                                                       \
            return try_status;                                                           \
    } while (0)

/* The usual message for a refused allocation. */
kehu_status kehu__no_memory(kehu_error *err, const char *what);

/* Read a caller's options struct into `into` (already zeroed, into_size bytes):
 * older callers are short, newer callers must leave the unknown tail zero. */
kehu_status kehu__options_read(void *into, size_t into_size, const void *from,
                               kehu_error *err);
#endif
