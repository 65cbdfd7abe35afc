/* What is found in piles of texts without labels.
 *
 *     bench_topics duplicate TSV N THREADS    N texts put together of halves of the
 *                                             file's, a third of them nearly copies
 *     bench_topics words MEGABYTES THREADS    words of the dictionary drawn by their
 *                                             frequency, with 500 new ones among them
 *
 *     bench_topics rows TSV OUT               the texts' words as they are factored
 *     bench_topics topics TSV K OUT           topics of a TSV, the first words of each
 *
 * A TSV has a label, a tab and a text on each line. */
#include <kehu/duplicate.h>
#include <kehu/topic.h>
#include <kehu/words.h>

#include <stdatomic.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "bench/figure.h"
#include "text/content.h"
#include "text/normalize.h"

/* The texts of a TSV, pointing into its bytes. */
static kehu_column read_texts(const char *path)
{
    size_t size;
    char *const bytes = read_whole(path, &size), *const texts = get(size + 1, 1);
    int64_t n = 0, *ends;
    for (size_t i = 0; i < size; i++)
        n += bytes[i] == '\n';
    ends = get((size_t)n + 1, sizeof *ends);
    n = 0;
    for (char *p = bytes, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        const char *const tab = memchr(p, '\t', (size_t)(end - p));
        if (tab == NULL)
            die("a line without a tab");
        memcpy(texts + ends[n], tab + 1, (size_t)(end - tab - 1));
        ends[n + 1] = ends[n] + (end - tab - 1);
        n++;
    }
    free(bytes);
    return (kehu_column){
        .type = KEHU_LARGE_UTF8, .length = n, .data = texts, .offsets = ends};
}

/* ---- Near-duplicates -------------------------------------------------------- */

static size_t whole_characters(const char *text, size_t size)
{
    while (size > 0 && (text[size] & 0xC0) == 0x80)
        size--;
    return size;
}

/* The first half of one text, the second half of another. */
static size_t put_together(char *to, const kehu_column *texts, kehu__random *r)
{
    const int64_t *const ends = texts->offsets;
    size_t size = 0;
    for (int half = 0; half < 2; half++) {
        const uint32_t i = kehu__random_below(r, (uint32_t)texts->length);
        const char *const text = (const char *)texts->data + ends[i];
        const size_t all = (size_t)(ends[i + 1] - ends[i]);
        const size_t cut = all < 2 ? all : whole_characters(text, all / 2);
        const size_t from = half ? cut : 0, n = half ? all - cut : cut;
        memcpy(to + size, text + from, n);
        size += n;
    }
    return size;
}

static kehu_column many_texts(const kehu_column *texts, int64_t n)
{
    int64_t *const ends = get((size_t)n + 1, sizeof *ends);
    size_t capacity = 1 << 28;
    char *bytes = get(capacity, 1);
    kehu__random r = kehu__random_seed(1);
    for (int64_t i = 0; i < n; i++) {
        char text[1 << 16];
        size_t size;
        if (i > 0 && kehu__random_below(&r, 3) == 0) {
            const int64_t of = (int64_t)kehu__random_below(&r, (uint32_t)i);
            size = (size_t)(ends[of + 1] - ends[of]);
            memcpy(text, bytes + ends[of], size);
            memcpy(text + size, "。谢", 6);
            size += 6;
        } else
            size = put_together(text, texts, &r);
        if ((size_t)ends[i] + size > capacity &&
            (bytes = realloc(bytes, capacity *= 2)) == NULL)
            die("no memory");
        memcpy(bytes + ends[i], text, size);
        ends[i + 1] = ends[i] + (int64_t)size;
    }
    return (kehu_column){
        .type = KEHU_LARGE_UTF8, .length = n, .data = bytes, .offsets = ends};
}

static void duplicate(const char *path, int64_t n, uint32_t n_threads)
{
    const kehu_column texts = read_texts(path), many = many_texts(&texts, n);
    const kehu_duplicate_options o = {.size = sizeof o, .n_threads = n_threads};
    const double cpu = cpu_seconds(), wall = wall_seconds();
    kehu_table *table;
    kehu_error err;
    must(kehu_duplicate_fold(&table, NULL, &many, &o, &err), &err);
    figure("fold_s", cpu_seconds() - cpu);
    figure("wall_seconds", wall_seconds() - wall);
    figure("megabytes", (double)((const int64_t *)many.offsets)[n] / 1e6);
    figure("groups", (double)kehu_table_row_count(table));
    kehu_table_free(table);
}

/* ---- New words -------------------------------------------------------------- */

enum { PLANTED = 500, LONGEST_WORD = 16 };

/* An allocator that knows the most that was held. */
typedef struct counted {
    atomic_size_t now, most;
} counted;

static void *counted_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    counted *c = ctx;
    size_t now, most;
    if (new_size == 0) {
        free(ptr);
        atomic_fetch_sub(&c->now, old_size);
        return NULL;
    }
    now = atomic_fetch_add(&c->now, new_size - (ptr == NULL ? 0 : old_size)) + new_size -
          (ptr == NULL ? 0 : old_size);
    most = atomic_load(&c->most);
    while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
        ;
    return realloc(ptr, new_size);
}

/* The dictionary's words of Chinese characters, each as long as its share. */
typedef struct lexicon {
    char *text;
    size_t size;
    char (*words)[LONGEST_WORD * 4];
    double *until; /* sum of the frequencies so far */
    int64_t n;
} lexicon;

static int add_bytes(void *ctx, const void *bytes, size_t size)
{
    lexicon *l = ctx;
    if ((l->text = realloc(l->text, l->size + size + 1)) == NULL)
        die("no memory");
    memcpy(l->text + l->size, bytes, size);
    l->size += size;
    l->text[l->size] = '\0';
    return 0;
}

static int is_simple(const char *word, size_t size)
{
    for (const char *p = word; p < word + size;) {
        const uint32_t c = kehu__utf8_next(&p, word + size);
        if (c < 0x4E00 || c > 0x9FA5 || kehu__simplify(c) != c)
            return 0;
    }
    return size < LONGEST_WORD * 4;
}

static lexicon read_lexicon(const kehu_tokenizer *t)
{
    lexicon l = {.text = NULL};
    kehu_error err;
    int64_t lines = 0;
    must(kehu_tokenizer_write_words(t, &(kehu_writer){add_bytes, &l}, &err), &err);
    for (size_t i = 0; i < l.size; i++)
        lines += l.text[i] == '\n';
    l.words = get((size_t)lines, sizeof *l.words);
    l.until = get((size_t)lines, sizeof *l.until);
    for (char *p = l.text, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        const char *const blank = memchr(p, ' ', (size_t)(end - p));
        if (blank == NULL || !is_simple(p, (size_t)(blank - p)))
            continue;
        memcpy(l.words[l.n], p, (size_t)(blank - p));
        l.until[l.n] = atof(blank) + (l.n > 0 ? l.until[l.n - 1] : 0);
        l.n++;
    }
    return l;
}

static const char *draw(const lexicon *l, kehu__random *r)
{
    const double at = kehu__random_unit(r) * l->until[l->n - 1];
    int64_t low = 0, high = l->n - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (l->until[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return l->words[low];
}

/* Words that the dictionary lacks, of 2 to 4 characters, any that its words have. */
static void plant(char planted[PLANTED][LONGEST_WORD * 4], const lexicon *l,
                  const kehu_tokenizer *t, kehu__random *r)
{
    static char seen[0xA000 - 0x4E00];
    for (int64_t i = 0; i < l->n; i++)
        for (const char *p = l->words[i]; *p != '\0';) {
            const uint32_t c = kehu__utf8_next(&p, p + 4) - 0x4E00;
            if (c < sizeof seen)
                seen[c] = 1;
        }
    for (int i = 0; i < PLANTED;) {
        const uint32_t length = 2 + kehu__random_below(r, 3);
        size_t size = 0;
        kehu_word_info info;
        while (size < 3 * length) {
            const uint32_t c = kehu__random_below(r, sizeof seen);
            if (seen[c])
                size += (size_t)kehu__utf8_put(planted[i] + size, 0x4E00 + c);
        }
        planted[i][size] = '\0';
        i += kehu_tokenizer_find(t, planted[i], size, &info, NULL) != KEHU_OK;
    }
}

/* Every so often, 100 to 2,000 times in 100 MB, a planted word instead. */
static char *grow(size_t size, char planted[PLANTED][LONGEST_WORD * 4], const lexicon *l,
                  kehu__random *r)
{
    char *const text = get(size + 4 * LONGEST_WORD, 1);
    double until[PLANTED];
    for (int i = 0; i < PLANTED; i++)
        until[i] = (i > 0 ? until[i - 1] : 0) + 100 + kehu__random_below(r, 1900);
    for (size_t at = 0; at < size;) {
        const char *word = draw(l, r);
        /* A word takes 5 bytes on average: so many of them are in 100 MB. */
        const double of = kehu__random_unit(r) * 1e8 / 5;
        if (of < until[PLANTED - 1])
            for (int i = 0; i < PLANTED; i++)
                if (of < until[i]) {
                    word = planted[i];
                    break;
                }
        memcpy(text + at, word, strlen(word));
        at += strlen(word);
    }
    return text;
}

static void words(double megabytes, uint32_t n_threads)
{
    static char planted[PLANTED][LONGEST_WORD * 4];
    const size_t size = (size_t)(megabytes * 1e6) / 3 * 3;
    const int64_t ends[2] = {0, (int64_t)size};
    counted memory = {0, 0};
    const kehu_allocator alloc = {counted_resize, &memory};
    const kehu_words_options o = {
        .size = sizeof o, .n_threads = n_threads, .alloc = &alloc};
    kehu__random r = kehu__random_seed(1);
    kehu_tokenizer *t;
    kehu_table *table;
    kehu_error err;
    kehu_column texts = {.type = KEHU_LARGE_UTF8, .length = 1, .offsets = ends};
    double cpu, wall, found = 0;
    lexicon l;
    must(kehu_tokenizer_default(&t, NULL, &err), &err);
    l = read_lexicon(t);
    plant(planted, &l, t, &r);
    texts.data = grow(size, planted, &l, &r);
    cpu = cpu_seconds();
    wall = wall_seconds();
    must(kehu_words_find(&table, &texts, &o, &err), &err);
    figure("words_s", cpu_seconds() - cpu);
    figure("wall_seconds", wall_seconds() - wall);
    figure("memory_per_byte", (double)atomic_load(&memory.most) / (double)size);
    for (int i = 0; i < PLANTED; i++) {
        const kehu_column *const c = kehu_table_column(table, 0);
        const int64_t *const at = c->offsets;
        for (int64_t k = 0; k < c->length; k++)
            if ((size_t)(at[k + 1] - at[k]) == strlen(planted[i]) &&
                memcmp((const char *)c->data + at[k], planted[i], strlen(planted[i])) ==
                    0)
                found++;
    }
    figure("recall", found / PLANTED);
    figure("precision", found / (double)kehu_table_row_count(table));
    kehu_table_free(table);
}

/* ---- Topics ----------------------------------------------------------------- */

static FILE *write_file(const char *path)
{
    FILE *const f = fopen(path, "wb");
    if (f == NULL)
        die(path);
    return f;
}

static void rows(const char *path, const char *out)
{
    const kehu_column texts = read_texts(path);
    const int64_t *const ends = texts.offsets;
    static kehu__content c;
    FILE *const f = write_file(out);
    kehu_tokenizer *t;
    kehu_error err;
    must(kehu_tokenizer_default(&t, NULL, &err), &err);
    for (int64_t i = 0; i < texts.length; i++) {
        const char *part = "";
        kehu__content_begin(&c, t, (const char *)texts.data + ends[i],
                            ends[i + 1] - ends[i]);
        for (; kehu__content_next(&c); part = "\t")
            fprintf(f, "%s%s", part, c.word);
        fputc('\n', f);
    }
    fclose(f);
}

static void topics(const char *path, uint32_t k, const char *out)
{
    const kehu_column texts = read_texts(path);
    const kehu_topic_options o = {.size = sizeof o, .n_topics = k};
    kehu_topic *t;
    kehu_error err;
    FILE *const f = write_file(out);
    double cpu;
    must(kehu_topic_fit(&t, &texts, &(kehu_topic_options){.size = sizeof o, .passes = 1},
                        &err),
         &err);
    kehu_topic_free(t);
    cpu = cpu_seconds();
    must(kehu_topic_fit(&t, &texts, &o, &err), &err);
    figure("fit_s", cpu_seconds() - cpu);
    for (uint32_t i = 0; i < k; i++) {
        kehu_topic_word words_of[10];
        uint32_t n;
        must(kehu_topic_words(t, i, words_of, 10, &n, &err), &err);
        for (uint32_t w = 0; w < n && w < 10; w++)
            fprintf(f, "%s%s", w == 0 ? "" : "\t", words_of[w].word);
        fputc('\n', f);
    }
    fclose(f);
    kehu_topic_free(t);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "duplicate") == 0)
        duplicate(argv[2], atoll(argv[3]), (uint32_t)atoi(argv[4]));
    else if (argc == 4 && strcmp(argv[1], "words") == 0)
        words(atof(argv[2]), (uint32_t)atoi(argv[3]));
    else if (argc == 4 && strcmp(argv[1], "rows") == 0)
        rows(argv[2], argv[3]);
    else if (argc == 5 && strcmp(argv[1], "topics") == 0)
        topics(argv[2], (uint32_t)atoi(argv[3]), argv[4]);
    else
        die("bad arguments");
    return 0;
}
