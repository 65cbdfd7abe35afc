/* kehu/tokenizer.h - words, numbers, amounts, dates, links and more in Chinese
 * customer texts, as spans of the caller's bytes.
 *
 *     kehu_tokenizer *tokenizer = NULL;
 *     kehu_error err;
 *     const char text[] = "充了100元话费，iPhone15pro还是没信号";
 *     kehu_span spans[sizeof text];
 *     int64_t n = 0;
 *     if (kehu_tokenizer_default(&tokenizer, NULL, &err) != KEHU_OK ||
 *         kehu_tokenizer_split(tokenizer, text, sizeof text - 1, spans, sizeof text,
 *                              &n, NULL, &err) != KEHU_OK)
 *         report(err.message);
 *     for (int64_t i = 0; i < n; i++)
 *         use(text + spans[i].start, spans[i].size, spans[i].kind);
 *     kehu_tokenizer_free(tokenizer);
 *
 * The spans cover the text exactly and in order, whatever bytes it holds, so
 * joining them gives the text back. No word is invented: a word stands in the
 * dictionary, is a single Chinese character, or follows a rule (numbers,
 * Latin words, dates ...). Full and half width, upper and lower case,
 * traditional and simplified characters count as the same; the spans always
 * refer to the text as it is.
 *
 * Method: among all ways through the word graph the one with the least sum of
 * -ln(frequency / sum of frequencies); equal sums prefer the longer last word. */
#ifndef KEHU_TOKENIZER_H
#define KEHU_TOKENIZER_H

#include <kehu/base.h>
#include <kehu/column.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A dictionary and a way to use it. Immutable: every function taking
 * `const kehu_tokenizer *` may be called from many threads at once. */
typedef struct kehu_tokenizer kehu_tokenizer;

/* What a span is. Numbers are frozen once released; new kinds are appended. */
typedef enum kehu_span_kind {
    KEHU_SPAN_WORD = 1,    /* a word of the dictionary */
    KEHU_SPAN_CHARACTER,   /* a Chinese character that is no word */
    KEHU_SPAN_LATIN,       /* wifi, don't, Wi-Fi, AT&T */
    KEHU_SPAN_FOREIGN,     /* a run of letters of another script: kana, Hangul, ... */
    KEHU_SPAN_NUMBER,      /* 12, 1,299.00, 50%, 3.5万 */
    KEHU_SPAN_MIXED,       /* iPhone15pro, 5G, 128GB; words like T恤, 5G套餐 */
    KEHU_SPAN_DATE,        /* 2024年5月6日, 2024-05-06, 5月, 10:30 */
    KEHU_SPAN_AMOUNT,      /* 199元, ¥1,299.00, 3.5万元, 100块钱 */
    KEHU_SPAN_URL,         /* https://a.cn/b?c=1, www.a.com, a.com */
    KEHU_SPAN_EMAIL,       /* a.b@c.com */
    KEHU_SPAN_PHONE,       /* 13812345678, 138****5678, 010-12345678, 10086 */
    KEHU_SPAN_EMOJI,       /* one emoji, joined sequences and flags in one piece */
    KEHU_SPAN_PUNCTUATION, /* a mark or symbol; repeated ones (……, ！！！) in one */
    KEHU_SPAN_SPACE,       /* a run of blanks, tabs and line ends */
    KEHU_SPAN_CONTROL,     /* one control or zero-width character, NUL included */
    KEHU_SPAN_BAD_BYTE     /* one byte that is not part of valid UTF-8 */
} kehu_span_kind;

typedef struct kehu_span {
    uint32_t start; /* byte offset into the text */
    uint32_t size;  /* bytes, > 0 */
    uint32_t word;  /* the word's number in the dictionary, 0 = not in it */
    uint16_t kind;  /* a kehu_span_kind */
    uint16_t part;  /* 1 = a word inside the span before it (search mode only) */
} kehu_span;

typedef enum kehu_tokenizer_mode {
    KEHU_TOKENIZER_WORDS = 1, /* the best way through the word graph */
    KEHU_TOKENIZER_SEARCH,    /* the same, and after each word of 3 or more Chinese
                                 characters the dictionary's words of 2 to 4
                                 characters inside it, marked `part` */
    KEHU_TOKENIZER_CHARACTERS /* each Chinese character alone; needs no dictionary */
} kehu_tokenizer_mode;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tokenizer_options {
    uint32_t size;               /* sizeof(kehu_tokenizer_options) */
    uint32_t mode;               /* a kehu_tokenizer_mode; 0 means WORDS */
    uint32_t split_units;        /* 1 = 2024年 | 5月 | 6日 and 199 | 元; 0 = whole */
    const kehu_allocator *alloc; /* NULL means the C library */
} kehu_tokenizer_options;

/* The dictionary that is part of the library: the word list of jieba and some
 * words of customer service. It is used where it lies, so this takes
 * microseconds and a few hundred bytes; its bytes were checked when the library
 * was built and are not checked again.
 *
 * out      receives a new handle, or NULL on failure; free with
 *          kehu_tokenizer_free()
 * options  NULL for all defaults
 *
 * Fails with KEHU_NOT_FOUND (the library was built without the word list; not
 * in CHARACTERS mode), KEHU_ARGUMENT, KEHU_VERSION, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_default(
    kehu_tokenizer **out, const kehu_tokenizer_options *options, kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_tokenizer_free(kehu_tokenizer *tokenizer);

/* Number of words in the dictionary; 0 without one. */
KEHU_API int64_t kehu_tokenizer_count(const kehu_tokenizer *tokenizer);

/* Equal for two tokenizers that give the same spans for every text: a hash of
 * the dictionary's words, frequencies and tags, and of the options. Models
 * trained on words keep it to know the tokenizer they need. */
KEHU_API uint64_t kehu_tokenizer_fingerprint(const kehu_tokenizer *tokenizer);

/* Most spans a text of `size` bytes can have: size, in SEARCH mode 4 * size. */
KEHU_API int64_t kehu_tokenizer_bound(const kehu_tokenizer *tokenizer, int64_t size);

/* Split one text.
 *
 * text      [size] any bytes; size is 0 to 4294967295
 * spans     [capacity] receives the spans
 * n_spans   receives their number
 * used      receives how many bytes of the text the spans cover: less than size
 *           when the spans are full, then split the rest from there on, with the
 *           same result as in one go. NULL: all must fit (kehu_tokenizer_bound()
 *           is always enough)
 *
 * Fails with KEHU_ARGUMENT; KEHU_LIMIT (text above 4 GiB; or `used` is NULL and
 * the spans are full).
 * Allocates nothing. Time O(size * longest word), about linear in practice; a
 * stretch of some 700 characters in which every boundary depends on the next
 * word is cut at its best point so far. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_split(
    const kehu_tokenizer *tokenizer, const char *text, int64_t size, kehu_span *spans,
    int64_t capacity, int64_t *n_spans, int64_t *used, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TOKENIZER_H */
