/* base/thread.h - work cut into numbered tasks, run on several threads. */
#ifndef KEHU_SRC_BASE_THREAD_H
#define KEHU_SRC_BASE_THREAD_H

#include <kehu/base.h>

/* What a handle's options say about threads, progress and cancelling. */
typedef struct kehu__run {
    uint32_t n_threads; /* 0 means 1 */
    const kehu_executor *executor;
    const kehu_progress *progress;
} kehu__run;

/* Call task(arg, i) once for each i in 0..n_tasks-1, on at most n_threads
 * threads (or the host's executor), and return when all have ended. Threads
 * live for this call only. If none can be started the caller does the work.
 * Cut work by data size and reduce in task order: the answer must not depend
 * on n_threads. */
void kehu__parallel(const kehu__run *run, int64_t n_tasks,
                    void (*task)(void *arg, int64_t i), void *arg);

/* How many tasks run at once, at least 1. */
uint32_t kehu__run_threads(const kehu__run *run);

/* The thread that calls: equal to what another call gave in it while it lives. */
uintptr_t kehu__this_thread(void);

/* Report; KEHU_CANCELLED (with err filled in) when the callback says stop. Call
 * from the calling thread only; call sparingly, say every 100 ms of work. */
kehu_status kehu__progress(const kehu__run *run, double done, const char *stage,
                           kehu_error *err);

#if defined(_WIN32)
/* For thread.c: the system's header and its many names stay in thread_windows.c. NULL
 * when no thread is to be had. */
void *kehu__windows_thread(void *(*work)(void *arg), void *arg);
void kehu__windows_join(void *thread);
uintptr_t kehu__windows_this_thread(void);
#endif

#endif
