/* Feed a fuzz target with every file of a corpus folder and with seeded
 * mutations of them, under any compiler.
 *
 *     replay CORPUS [MUTATIONS [SEED]]      default 2000 mutations, seed 1 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FILES = 512, MAX_BYTES = 1 << 20, GROWTH = 64 };

typedef struct sample {
    uint8_t *bytes;
    size_t size;
} sample;

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t read_corpus(const char *folder, sample samples[MAX_FILES])
{
    char *names[MAX_FILES], path[4096];
    size_t n = 0, kept = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir != NULL && n < MAX_FILES && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && (names[n] = strdup(e->d_name)) != NULL)
            n++;
    if (dir != NULL)
        closedir(dir);
    qsort(names, n, sizeof *names, by_name); /* the folder's order is not fixed */
    for (size_t i = 0; i < n; i++) {
        FILE *f;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        f = fopen(path, "rb");
        if (f != NULL && (samples[kept].bytes = malloc(MAX_BYTES)) != NULL) {
            samples[kept].size = fread(samples[kept].bytes, 1, MAX_BYTES, f);
            kept++;
        }
        if (f != NULL)
            fclose(f);
        free(names[i]);
    }
    return kept;
}

/* One to eight small changes: a byte, a bit, a cut, a repeat, a splice. */
static size_t mutate(uint8_t *out, const sample *s, const sample *other, kehu__random *r)
{
    size_t size = s->size;
    if (size > 0)
        memcpy(out, s->bytes, size);
    for (uint32_t k = 1 + kehu__random_below(r, 8); k > 0; k--) {
        const size_t at = size == 0 ? 0 : kehu__random_below(r, (uint32_t)size);
        const uint32_t how = kehu__random_below(r, 6);
        if (how == 0 && size > 0)
            out[at] = (uint8_t)kehu__random_next(r);
        else if (how == 1 && size > 0)
            out[at] ^= (uint8_t)(1u << kehu__random_below(r, 8));
        else if (how == 2)
            size = at;
        else if (how == 3 && size > 0 && size < s->size + GROWTH) {
            memmove(out + at + 1, out + at, size - at);
            size++;
        } else if (how == 4 && size > 0) {
            memmove(out + at, out + at + 1, size - at - 1);
            size--;
        } else if (how == 5 && other->size > 0) {
            const size_t from = kehu__random_below(r, (uint32_t)other->size);
            size_t n = 1 + kehu__random_below(r, 32);
            if (n > other->size - from)
                n = other->size - from;
            if (n > size - at)
                n = size - at;
            memcpy(out + at, other->bytes + from, n);
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    static sample samples[MAX_FILES];
    const long mutations = argc > 2 ? atol(argv[2]) : 2000;
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    kehu__random r = kehu__random_seed(seed);
    uint8_t *out = malloc(MAX_BYTES + 8 * GROWTH);
    size_t n = argc > 1 ? read_corpus(argv[1], samples) : 0;
    if (out == NULL || n == 0) {
        fprintf(stderr, "no corpus in %s\n", argc > 1 ? argv[1] : "(no folder given)");
        return 1;
    }
    for (size_t i = 0; i < n; i++)
        LLVMFuzzerTestOneInput(samples[i].bytes, samples[i].size);
    for (long i = 0; i < mutations; i++) {
        const sample *s = &samples[kehu__random_below(&r, (uint32_t)n)];
        const sample *other = &samples[kehu__random_below(&r, (uint32_t)n)];
        /* An exact-size copy, so that a read past the end is seen. */
        const size_t size = mutate(out, s, other, &r);
        uint8_t *exact = malloc(size + (size == 0));
        if (exact == NULL)
            return 1;
        memcpy(exact, out, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    printf("%zu files and %ld mutations, seed %llu\n", n, mutations,
           (unsigned long long)seed);
    for (size_t i = 0; i < n; i++)
        free(samples[i].bytes);
    free(out);
    return 0;
}
