#include "bench/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double resident_mb(void)
{
    unsigned long kb = 0;
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    if (f == NULL)
        die("/proc/self/status cannot be read");
    while (fgets(line, sizeof line, f) != NULL && sscanf(line, "VmRSS: %lu", &kb) != 1) {
    }
    fclose(f);
    return (double)kb / 1024;
}

void figure(const char *name, double value)
{
    printf("figure %s %.15g\n", name, value);
}

void die(const char *message)
{
    fprintf(stderr, "bench: %s\n", message);
    exit(1);
}

void must(kehu_status status, const kehu_error *err)
{
    if (status != KEHU_OK)
        die(err->message);
}

void *get(size_t count, size_t item_size)
{
    void *p = calloc(count + (count == 0), item_size);
    if (p == NULL)
        die("no memory");
    return p;
}

char *read_whole(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    long length = -1;
    char *bytes;
    if (f != NULL && fseek(f, 0, SEEK_END) == 0)
        length = ftell(f);
    if (length < 0 || fseek(f, 0, SEEK_SET) != 0)
        die(path);
    bytes = get((size_t)length + 1, 1);
    if (fread(bytes, 1, (size_t)length, f) != (size_t)length)
        die(path);
    fclose(f);
    if (size != NULL)
        *size = (size_t)length;
    return bytes;
}

void keep(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        die(path);
}
