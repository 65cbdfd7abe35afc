#include "base/thread.h"

#include <stdatomic.h>
#include <stdbool.h>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "base/error.h"

enum { MAX_THREADS = 256 };

typedef struct queue {
    atomic_llong next;
    int64_t n_tasks;
    void (*task)(void *arg, int64_t i);
    void *arg;
} queue;

static void *work(void *arg)
{
    queue *q = arg;
    for (;;) {
        const long long i = atomic_fetch_add_explicit(&q->next, 1, memory_order_relaxed);
        if (i >= q->n_tasks)
            return NULL;
        q->task(q->arg, (int64_t)i);
    }
}

#if defined(_WIN32)
typedef void *thread_handle;

static bool start(thread_handle *t, queue *q)
{
    *t = kehu__windows_thread(work, q);
    return *t != NULL;
}

static void join(thread_handle t)
{
    kehu__windows_join(t);
}

uintptr_t kehu__this_thread(void)
{
    return kehu__windows_this_thread();
}
#else
typedef pthread_t thread_handle;

static bool start(thread_handle *t, queue *q)
{
    return pthread_create(t, NULL, work, q) == 0;
}

static void join(thread_handle t)
{
    pthread_join(t, NULL);
}

uintptr_t kehu__this_thread(void)
{
    return (uintptr_t)pthread_self(); /* a number or a pointer on every system we know */
}
#endif

uint32_t kehu__run_threads(const kehu__run *run)
{
    const uint32_t n = run->executor != NULL ? run->executor->n : run->n_threads;
    return n == 0 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

void kehu__parallel(const kehu__run *run, int64_t n_tasks,
                    void (*task)(void *arg, int64_t i), void *arg)
{
    queue q = {.n_tasks = n_tasks, .task = task, .arg = arg};
    thread_handle threads[MAX_THREADS];
    uint32_t started = 0;
    const uint32_t wanted = kehu__run_threads(run);
    if (run->executor != NULL) {
        run->executor->run(run->executor->ctx, n_tasks, task, arg);
        return;
    }
    while (started + 1 < wanted && (int64_t)started + 1 < n_tasks &&
           start(&threads[started], &q))
        started++;
    work(&q);
    while (started > 0)
        join(threads[--started]);
}

kehu_status kehu__progress(const kehu__run *run, double done, const char *stage,
                           kehu_error *err)
{
    if (run->progress != NULL && run->progress->report != NULL &&
        run->progress->report(run->progress->ctx, done, stage) != 0)
        return kehu__fail(err, KEHU_CANCELLED, -1, "stopped by the caller during %s",
                          stage);
    return KEHU_OK;
}
