/* base/prefetch.h - fetch memory into the cache before it is wanted. Only time depends
 * on it: any address will do, and other compilers than gcc and clang leave it out. */
#ifndef KEHU_SRC_BASE_PREFETCH_H
#define KEHU_SRC_BASE_PREFETCH_H

#if defined(__GNUC__)
#define KEHU__PREFETCH(address)       __builtin_prefetch(address)
#define KEHU__PREFETCH_WRITE(address) __builtin_prefetch(address, 1)
/* For functions that only prefetch: gcc takes them for ones without effect and drops
 * their calls, unless they are inlined at once. */
#define KEHU__ALWAYS_INLINE __attribute__((always_inline)) static inline
#else
#define KEHU__PREFETCH(address)       ((void)(address))
#define KEHU__PREFETCH_WRITE(address) ((void)(address))
#define KEHU__ALWAYS_INLINE           static inline
#endif

#endif
