#include "base/thread.h"

#if defined(_WIN32)
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

typedef struct started {
    HANDLE handle;
    void *(*work)(void *arg);
    void *arg;
} started;

static DWORD WINAPI begin(void *arg)
{
    const started *s = arg;
    s->work(s->arg);
    return 0;
}

void *kehu__windows_thread(void *(*work)(void *arg), void *arg)
{
    started *s = HeapAlloc(GetProcessHeap(), 0, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (started){.work = work, .arg = arg};
    s->handle = CreateThread(NULL, 0, begin, s, 0, NULL);
    if (s->handle != NULL)
        return s;
    HeapFree(GetProcessHeap(), 0, s);
    return NULL;
}

void kehu__windows_join(void *thread)
{
    started *s = thread;
    WaitForSingleObject(s->handle, INFINITE);
    CloseHandle(s->handle);
    HeapFree(GetProcessHeap(), 0, s);
}

uintptr_t kehu__windows_this_thread(void)
{
    return GetCurrentThreadId();
}
#endif
