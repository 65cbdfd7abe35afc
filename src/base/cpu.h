/* base/cpu.h - what this processor can do, found at the first question. */
#ifndef KEHU_SRC_BASE_CPU_H
#define KEHU_SRC_BASE_CPU_H

#include <stdint.h>

enum {
    KEHU__CPU_SSE42 = 1,
    KEHU__CPU_AVX2 = 2,  /* with the system saving the wide registers */
    KEHU__CPU_AVX512 = 4 /* F, BW, DQ and VL */
};

/* Set of the bits above. Thread-safe. */
uint32_t kehu__cpu(void);

/* For tests: pretend only these bits are there, UINT32_MAX = all found. */
void kehu__cpu_limit(uint32_t bits);

/* May a kernel be compiled for AVX? For Windows gcc does not align its place of 32 bytes
 * on the stack (its bug 54412), which such a kernel needs. */
#if defined(__x86_64__) && (!defined(_WIN32) || defined(__clang__))
#define KEHU__AVX
#endif

#endif
