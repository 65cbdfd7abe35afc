/* bench/figure.h - what the measured programs share: CPU time, a file's lines,
 * and giving up with a message. */
#ifndef KEHU_BENCH_FIGURE_H
#define KEHU_BENCH_FIGURE_H

#include <kehu/base.h>

/* CPU seconds this process has used, all threads together. */
double cpu_seconds(void);

/* Seconds since some moment. */
double wall_seconds(void);

/* Megabytes of this process that are in memory now. */
double resident_mb(void);

/* Print "figure <name> <value>". */
void figure(const char *name, double value);

/* Print the message and end the program. */
void die(const char *message);

/* die() with the error's message unless status is KEHU_OK. */
void must(kehu_status status, const kehu_error *err);

/* malloc that ends the program when refused. */
void *get(size_t count, size_t item_size);

/* A whole file, zero-terminated, to be freed; *size may be NULL. */
char *read_whole(const char *path, size_t *size);

/* Write folder/name. */
void keep(const char *folder, const char *name, const void *bytes, size_t size);

#endif
