#include "base/cpu.h"

#include <stdatomic.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static uint32_t find(void)
{
    uint32_t a, b, c, d, found = 0;
    uint64_t saved;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    if (c & 1u << 20)
        found |= KEHU__CPU_SSE42;
    if (!(c & 1u << 27) || !(c & 1u << 28)) /* OSXSAVE, AVX */
        return found;
    saved = saved_registers();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return found;
    if ((saved & 0x6) == 0x6 && (b & 1u << 5))
        found |= KEHU__CPU_AVX2;
    if ((saved & 0xE6) == 0xE6 && (b & 1u << 16) && (b & 1u << 17) && (b & 1u << 30) &&
        (b & 1u << 31))
        found |= KEHU__CPU_AVX512;
    return found;
}
#else
static uint32_t find(void)
{
    return 0;
}
#endif

#define UNKNOWN 0x80000000u

static atomic_uint known = UNKNOWN;
static atomic_uint allowed = UINT32_MAX;

uint32_t kehu__cpu(void)
{
    uint32_t bits = atomic_load_explicit(&known, memory_order_relaxed);
    if (bits == UNKNOWN) {
        bits = find();
        atomic_store_explicit(&known, bits, memory_order_relaxed);
    }
    return bits & atomic_load_explicit(&allowed, memory_order_relaxed);
}

void kehu__cpu_limit(uint32_t bits)
{
    atomic_store_explicit(&allowed, bits, memory_order_relaxed);
}
