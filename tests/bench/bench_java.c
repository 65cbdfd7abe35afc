/* What the C library itself takes for the batch of bench_java.py: load a model, classify
 * the first 1,000 texts of a file (label<TAB>text) again and again.
 *
 *     bench_java MODEL TEST REPEATS */
#include <kehu/svm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"

enum { N_TEXTS = 1000 };

int main(int argc, char **argv)
{
    static int32_t ends[N_TEXTS + 1], classes[N_TEXTS];
    kehu_svm *svm = NULL;
    kehu_error err;
    size_t size;
    char *bytes, *text;
    int32_t n = 0;
    if (argc != 4)
        die("bench_java MODEL TEST REPEATS");
    must(kehu_svm_load(&svm, argv[1], NULL, &err), &err);
    bytes = read_whole(argv[2], &size);
    text = get(size, 1);
    for (const char *at = bytes; n < N_TEXTS && at < bytes + size; n++) {
        const char *const tab = strchr(at, '\t');
        const char *const newline = tab == NULL ? NULL : strchr(tab, '\n');
        if (newline == NULL)
            die("a line without a tab");
        memcpy(text + ends[n], tab + 1, (size_t)(newline - tab - 1));
        ends[n + 1] = ends[n] + (int32_t)(newline - tab - 1);
        at = newline + 1;
    }
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = n, .data = text, .offsets = ends};
    double start = 0;
    const int repeats = atoi(argv[3]);
    for (int i = 0; i < 2 * repeats; i++) { /* the first half is warm-up */
        if (i == repeats)
            start = cpu_seconds();
        must(kehu_svm_predict(svm, &texts, NULL, classes, NULL, NULL, &err), &err);
    }
    figure("batch_s", (cpu_seconds() - start) / repeats);
    kehu_svm_free(svm);
    free(text);
    free(bytes);
    return 0;
}
