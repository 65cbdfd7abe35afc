/* A trained tokenizer's file in a sound container, with changes: refused, or a
 * tokenizer that splits texts without a gap, adapts, and writes its words.
 *
 * The file is made here, of a small corpus: half a megabyte of it are weights, which
 * are not worth keeping in a corpus. The input says what to change: a byte for the mode,
 * whether the file is borrowed or copied and whether the tokenizer adapts, then up to 24
 * changes of six bytes each (the section, three bytes of place, two of value, or a cut);
 * what remains is a text. */
#include <kehu/tokenizer.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "file/container.h"

enum {
    N_SECTIONS = 12,
    MOST_BYTES = 1 << 20,
    MOST_CHANGES = 24,
    CHANGE = 6,
    CUTS = 20,
    TEXT = 256
};

static const char tags[N_SECTIONS][5] = {"NEAR", "GAPD", "NSHF", "GSHF", "HEAD", "PAGE",
                                         "CHAR", "NUMB", "TRIE", "SNGL", "FIXD", "WORD"};

typedef struct bytes {
    char at[MOST_BYTES];
    size_t size;
} bytes;

static int append(void *ctx, const void *from, size_t size)
{
    bytes *b = ctx;
    if (size > sizeof b->at - b->size)
        return 1;
    memcpy(b->at + b->size, from, size);
    b->size += size;
    return 0;
}

static void make(bytes *file)
{
    static const char corpus[] = "我们 的 5G 套餐 很 贵 ， 客服 不 理 人 。\n"
                                 "中国人民 银行 的 客服 在 3月 5日 理 人 ！\n"
                                 "中国 人民 很 好 ， 我 要 退款 100 元 。\n";
    static const char list[] =
        "中国人民银行 3\n中国人 2\n人民 9\n客服电话 4\n退款 5\n套餐 6\n";
    const int32_t offsets[] = {0, (int32_t)sizeof corpus - 1};
    const kehu_column sentences = {
        .type = KEHU_UTF8, .length = 1, .data = corpus, .offsets = offsets};
    const kehu_writer writer = {append, file};
    kehu_tokenizer *dictionary, *t;
    if (kehu_tokenizer_read_words(&dictionary, list, sizeof list - 1, NULL, NULL) !=
            KEHU_OK ||
        kehu_tokenizer_train(&t, dictionary, &sentences, NULL, NULL) != KEHU_OK ||
        kehu_tokenizer_write(t, &writer, NULL) != KEHU_OK)
        abort();
    kehu_tokenizer_free(t);
    kehu_tokenizer_free(dictionary);
}

static int drop(void *ctx, const void *from, size_t size)
{
    (void)ctx;
    (void)from;
    (void)size;
    return 0;
}

static void split(const kehu_tokenizer *t, const char *text, size_t size)
{
    kehu_span spans[8 * TEXT];
    int64_t n;
    size_t at = 0;
    if (kehu_tokenizer_bound(t, (int64_t)size) > 8 * TEXT ||
        kehu_tokenizer_split(t, text, (int64_t)size, spans, 8 * TEXT, &n, NULL, NULL) !=
            KEHU_OK)
        abort();
    for (int64_t i = 0; i < n; i++) {
        if (spans[i].size == 0)
            abort();
        if (spans[i].part == 0 && spans[i].start != at)
            abort();
        at += spans[i].part == 0 ? spans[i].size : 0;
    }
    if (at != size)
        abort();
}

static void use(const kehu_tokenizer *t, bool words_mode, bool adapts, const char *text,
                size_t size)
{
    static const char sound[] =
        "中国人民银行的客服，5G套餐\xE4\xB8退款100元 a/b。人民人民";
    const kehu_writer writer = {drop, NULL};
    const int32_t offsets[] = {0, (int32_t)sizeof sound - 1};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 1, .data = sound, .offsets = offsets};
    kehu_tokenizer *adapted = NULL;
    kehu_word_info info;
    split(t, sound, sizeof sound - 1);
    split(t, text, size);
    (void)!kehu_tokenizer_find(t, "人民", 6, &info, NULL);
    (void)!kehu_tokenizer_write_words(t, &writer, NULL);
    if (!adapts)
        return; /* most do not: it takes far longer than the rest */
    if (kehu_tokenizer_adapt(&adapted, t, &texts, NULL, NULL) == KEHU_OK) {
        if (!words_mode)
            abort(); /* a trained one has no costs to learn */
        split(adapted, sound, sizeof sound - 1);
        kehu_tokenizer_free(adapted);
    }
}

/* The sections of the file, in a copy that may be changed. */
typedef struct model {
    bytes file;
    char changed[MOST_BYTES];
    kehu__section sections[N_SECTIONS];
    size_t places[MOST_CHANGES]; /* that are not as in the file */
    int n_places;
} model;

static void take_apart(model *m)
{
    kehu__container c;
    make(&m->file);
    if (kehu__container_open(&c, m->file.at, m->file.size, "TOK4", "the model", NULL) !=
        KEHU_OK)
        abort();
    for (int i = 0; i < N_SECTIONS; i++) {
        kehu__section *s = &m->sections[i];
        const char *found;
        if (!kehu__container_find(&c, tags[i], &found, &s->size))
            abort();
        memcpy(s->tag, tags[i], sizeof tags[i]);
        s->bytes = m->changed + (found - m->file.at);
    }
    memcpy(m->changed, m->file.at, m->file.size);
}

static void change(model *m, kehu__section sections[N_SECTIONS], const uint8_t *how)
{
    const uint32_t place =
        (uint32_t)how[1] | (uint32_t)how[2] << 8 | (uint32_t)how[3] << 16;
    const uint16_t value = kehu__load16(how + 4);
    kehu__section *s = &sections[how[0] % N_SECTIONS];
    if (how[0] / N_SECTIONS == CUTS && s->size > 0) {
        s->size -= value % s->size;
    } else if (s->size >= 2) {
        const size_t at =
            (size_t)((const char *)s->bytes - m->changed) + place % (s->size - 1);
        kehu__store16(m->changed + at, value);
        m->places[m->n_places++] = at;
    }
}

static void change_back(model *m)
{
    while (m->n_places > 0) {
        const size_t at = m->places[--m->n_places];
        memcpy(m->changed + at, m->file.at + at, 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static model m;
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer b = kehu__buffer_new(&alloc);
    kehu__section sections[N_SECTIONS];
    kehu_tokenizer *t = NULL;
    size_t at = 1;
    if (size == 0)
        return 0;
    if (m.file.size == 0)
        take_apart(&m);
    memcpy(sections, m.sections, sizeof sections);
    for (int k = 0; k < MOST_CHANGES && size - at >= CHANGE; k++, at += CHANGE)
        change(&m, sections, data + at);
    kehu__container_build(&b, "TOK4", sections, N_SECTIONS);
    change_back(&m);
    const bool words = (data[0] & 1) != 0;
    const kehu_tokenizer_options options = {.size = sizeof options,
                                            .mode = words ? KEHU_TOKENIZER_WORDS : 0};
    if (!b.failed && (data[0] & 2 ? kehu_tokenizer_read : kehu_tokenizer_view)(
                         &t, b.bytes, b.size, &options, NULL) == KEHU_OK)
        use(t, words, data[0] % 16 < 2, (const char *)data + at,
            size - at < TEXT ? size - at : TEXT);
    kehu_tokenizer_free(t);
    kehu__buffer_free(&b);
    return 0;
}
