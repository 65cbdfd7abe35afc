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
    KEHU_SPAN_DATE,        /* 2024年5月6日, 2024-05-06, 5月, 10:30, 二〇二四年 */
    KEHU_SPAN_AMOUNT,      /* 199元, ¥1,299.00, 3.5万元, 100块钱, 2块5 */
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
    KEHU_TOKENIZER_WORDS = 1,  /* the best way through the word graph */
    KEHU_TOKENIZER_SEARCH,     /* the same, and after each word of 3 or more Chinese
                                  characters the dictionary's words of 2 to 4
                                  characters inside it, marked `part` */
    KEHU_TOKENIZER_CHARACTERS, /* each Chinese character alone; needs no dictionary */
    KEHU_TOKENIZER_ACCURATE    /* by a model, see kehu_tokenizer_train() */
} kehu_tokenizer_mode;

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tokenizer_options {
    uint32_t size;               /* sizeof(kehu_tokenizer_options) */
    uint32_t mode;               /* a kehu_tokenizer_mode; 0 means WORDS, for a file of a
                                    trained tokenizer ACCURATE */
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

/* A dictionary from text, a word a line: the word, then if you like its frequency
 * (digits) and its tag (small letters), parted by blanks, as jieba has them. The
 * word may hold blanks itself. A word without a frequency gets 1. Lines end in
 * LF or CRLF; empty lines and a byte order mark are skipped. Words that differ
 * only in width, case or script variant are one word, their frequencies add up.
 *
 * path, text  UTF-8; nothing of it is kept
 *
 * Fails with, err->where being the line, from 0: KEHU_ENCODING (not UTF-8; says
 * so when it looks like GB18030), KEHU_RANGE (a frequency outside 1 to
 * 2147483647), KEHU_DUPLICATE (a word again with another frequency or tag),
 * KEHU_LIMIT (a word above 255 characters, more than 65535 different characters,
 * 16 million trie nodes or 2 GiB); KEHU_EMPTY (no word at all), KEHU_NOT_FOUND,
 * KEHU_IO, KEHU_ARGUMENT, KEHU_VERSION, KEHU_NO_MEMORY.
 * Time O(n log n); 350,000 words take about half a second and 60 MB while
 * building. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_load_words(kehu_tokenizer **out, const char *path,
                          const kehu_tokenizer_options *options, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_read_words(kehu_tokenizer **out, const char *text, size_t size,
                          const kehu_tokenizer_options *options, kehu_error *err);

/* The words as such text, by code points. A word that is kept whole loses that
 * mark, which the format does not have. Fails with KEHU_NOT_FOUND (no
 * dictionary), KEHU_FORMAT (a damaged one), KEHU_IO, KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_save_words(
    const kehu_tokenizer *tokenizer, const char *path, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_write_words(
    const kehu_tokenizer *tokenizer, const kehu_writer *writer, kehu_error *err);

/* Keep the dictionary (with all edits) in a file, or hand it to a writer. The
 * options are not part of it. Fails as kehu_tokenizer_save_words does. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_save(const kehu_tokenizer *tokenizer,
                                                         const char *path,
                                                         kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_write(const kehu_tokenizer *tokenizer,
                                                          const kehu_writer *writer,
                                                          kehu_error *err);

/* The way back. _load and _read keep a copy of the bytes; _view uses them where
 * they lie: they must stay as long as the handle and all handles made from it. All of
 * them check the checksum and everything that splitting relies on first; that no slot of
 * the dictionary hangs loose is checked where its words are listed: to write them as
 * text, to keep edits, to adapt, to train. Fail with KEHU_FORMAT, KEHU_KIND,
 * KEHU_VERSION, KEHU_NOT_FOUND, KEHU_IO, KEHU_ARGUMENT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_load(kehu_tokenizer **out, const char *path,
                    const kehu_tokenizer_options *options, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_read(kehu_tokenizer **out, const void *bytes, size_t size,
                    const kehu_tokenizer_options *options, kehu_error *err);
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_view(kehu_tokenizer **out, const void *bytes, size_t size,
                    const kehu_tokenizer_options *options, kehu_error *err);

/* The same as kehu_tokenizer_load, but the file stays where it is and is used through a
 * read-only map, which all processes that map it share; nothing is copied. As long as the
 * handle and handles made from it live, the file may be replaced, as
 * kehu_tokenizer_save() does, or removed, but not written into or cut. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_map(kehu_tokenizer **out, const char *path,
                   const kehu_tokenizer_options *options, kehu_error *err);

/* What a word's frequency may also be in kehu_tokenizer_edit(). */
#define KEHU_WORD_AUTOMATIC 0  /* just enough to be kept whole where it stands alone */
#define KEHU_WORD_WHOLE     -1 /* never split, wherever it occurs */
#define KEHU_WORD_REMOVED   -2 /* no longer a word */

/* A new handle with words added, changed or removed; the old one stays as it is
 * and may be freed. Both share the dictionary, so this costs the edited words
 * only. Edits add up: those of the old handle hold in the new one too. They are
 * for the modes that go by the dictionary, not for ACCURATE.
 *
 * words        [n] text column; any characters but line ends, tabs and a blank at
 *              either end, up to 255 of them. A word may begin or end inside
 *              no Latin word or number: "15" never splits "iPhone15"
 * frequencies  [n] 1 to 2147483647, or one of the above; NULL = all AUTOMATIC.
 *              Of a word given twice the last counts
 * options      mode and so on of the new handle; NULL = those of the old one
 *
 * Fails with, err->where being the row: KEHU_DATA (empty word, or a character
 * it may not have), KEHU_ENCODING, KEHU_LIMIT, KEHU_RANGE; KEHU_NOT_FOUND (the
 * old handle has no dictionary), KEHU_COLUMN, KEHU_ARGUMENT, KEHU_VERSION,
 * KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_edit(
    kehu_tokenizer **out, const kehu_tokenizer *tokenizer, const kehu_column *words,
    const int64_t *frequencies, const kehu_tokenizer_options *options, kehu_error *err);

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tokenizer_adapt_options {
    uint32_t size;                 /* sizeof(kehu_tokenizer_adapt_options) */
    uint32_t rounds;               /* times the texts are split, 1..20; 0 means 2 */
    double prior;                  /* words of text that the old frequencies count as,
                                      1e-9 to 1e15; 0 means 20000 */
    uint32_t n_threads;            /* 0 means 1; above 16 is 16 */
    const kehu_executor *executor; /* NULL means threads for this call only */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_tokenizer_adapt_options;

/* Learn the costs of words from texts that nobody has parted: a new handle with the
 * words of the old one, edits included, whose frequencies are the old ones and the
 * words found in the texts together. It can be saved like any other. A word keeps its
 * tag, and a frequency of at least 1 however seldom it is.
 *
 * tokenizer  any but a trained one in ACCURATE mode; its mode and split_units are those
 *            of the new handle. The texts are split in WORDS mode
 * texts      [n] text column, any bytes; without a word in them nothing changes
 *
 * Fails with KEHU_NOT_FOUND (the tokenizer has no dictionary), KEHU_LIMIT (a text above
 * 4 GiB; err->where is the row), KEHU_FORMAT or KEHU_ENCODING (a damaged dictionary),
 * KEHU_COLUMN, KEHU_ARGUMENT, KEHU_VERSION, KEHU_CANCELLED, KEHU_NO_MEMORY.
 * The same bytes for every number of threads. A round takes the time of splitting the
 * texts and of building the dictionary, and 8 bytes a trie node and thread beside that.
 * Method: p(w) ~ max(0, count(w) - 5) + prior * p_old(w), counts being those of the
 * best way under the costs of the round before ("Viterbi training", absolute discounting:
 * else seldom compounds that the dictionary happens to have would hold together). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_adapt(
    kehu_tokenizer **out, const kehu_tokenizer *tokenizer, const kehu_column *texts,
    const kehu_tokenizer_adapt_options *options, kehu_error *err);

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tokenizer_train_options {
    uint32_t size;                 /* sizeof(kehu_tokenizer_train_options) */
    uint32_t epochs;               /* passes over the corpus, 1..100; 0 means 8 */
    double dropout;                /* chance that a word of the corpus is hidden from the
                                      dictionary features, above 0 up to 1; 0 means .9 */
    uint64_t seed;                 /* of the order and the hiding */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_tokenizer_train_options;

/* Learn to split as a corpus does; the new handle is in ACCURATE mode. There,
 * links, e-mail addresses, telephone numbers, emoji and Latin words come out as
 * elsewhere, everything else is parted as in the corpus, dates and amounts
 * included; words may be found that no dictionary has (they are then
 * KEHU_SPAN_WORD with number 0). A text is taken sentence by sentence, at most
 * 1,000 characters at a time.
 *
 * dictionary  its words serve as hints, a few hidden at random while training; NULL =
 *             only those of the corpus
 * sentences   [n] text column, the words of each row parted by blanks of half or full
 *             width; further blanks and empty rows do no harm
 *
 * Fails with KEHU_EMPTY (no word), KEHU_ENCODING, KEHU_LIMIT (a word above 255
 * characters; err->where is the row), KEHU_COLUMN, KEHU_ARGUMENT,
 * KEHU_FORMAT (a damaged dictionary), KEHU_VERSION, KEHU_CANCELLED, KEHU_NO_MEMORY.
 * The same bytes for the same input and options. A million words take about a
 * second a pass and 300 MB; the model about 16 MB with its dictionary.
 * Source: Collins, "Discriminative training methods for hidden Markov models",
 * EMNLP 2002 (averaged structured perceptron). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_train(
    kehu_tokenizer **out, const kehu_tokenizer *dictionary, const kehu_column *sentences,
    const kehu_tokenizer_train_options *options, kehu_error *err);

/* How a tokenizer does on sentences parted by hand. */
typedef struct kehu_tokenizer_quality {
    int64_t n_wanted, n_found, n_right; /* words: in the sentences, found, in both */
    int64_t n_new, n_new_right;         /* wanted words that `known` lacks */
    double precision, recall, f1;       /* 0 to 1; 0 without words */
    double new_recall;                  /* n_new_right / n_new; 0 when there is none */
} kehu_tokenizer_quality;

/* Compare with sentences whose words are parted by blanks. known is a tokenizer
 * whose dictionary says which words are not new; NULL = all are. Fails with
 * KEHU_COLUMN, KEHU_ARGUMENT, KEHU_LIMIT, KEHU_NO_MEMORY. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_evaluate(
    const kehu_tokenizer *tokenizer, const kehu_column *sentences,
    const kehu_tokenizer *known, kehu_tokenizer_quality *quality, kehu_error *err);

/* Release a handle. NULL is allowed. */
KEHU_API void kehu_tokenizer_free(kehu_tokenizer *tokenizer);

/* What the dictionary says of a word. */
typedef struct kehu_word_info {
    uint32_t word;     /* its number, as in kehu_span */
    uint32_t whole;    /* 1 = never split */
    int64_t frequency; /* of all the forms that fold to it */
    char tag[16];      /* part of speech as in the list, "" = none */
} kehu_word_info;

/* Look a word up in any of its forms. Fails with KEHU_NOT_FOUND, KEHU_ARGUMENT. */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_tokenizer_find(const kehu_tokenizer *tokenizer,
                                                         const char *word, size_t size,
                                                         kehu_word_info *info,
                                                         kehu_error *err);

/* Number of words in the dictionary; 0 without one. Edited words that were not
 * in it before are counted, removed ones are not. */
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
 *           same result as in one go (in ACCURATE mode give it room for 1,000
 *           spans). NULL: all must fit (kehu_tokenizer_bound()
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

/* Where the spans of a text lie in code points, as editors and other languages count;
 * each bad byte is one.
 *
 * text    [size] that was split
 * spans   [n] as they came, or the first of them
 * starts  [n] receives how many code points stand before each span
 * sizes   [n] receives how many it has
 *
 * Fails with KEHU_ARGUMENT (a NULL, n or size below 0; spans of another text: err->where
 * is which).
 * Allocates nothing. Time O(size), in SEARCH mode a few times that. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_characters(const char *text, int64_t size, const kehu_span *spans,
                          int64_t n, uint32_t *starts, uint32_t *sizes, kehu_error *err);

/* Zero every field you do not care about: zero always means the default. */
typedef struct kehu_tokenizer_batch_options {
    uint32_t size;                 /* sizeof(kehu_tokenizer_batch_options) */
    uint32_t n_threads;            /* 0 means 1; above 256 is 256 */
    const kehu_executor *executor; /* NULL means threads for this call only */
    const kehu_progress *progress; /* NULL means none */
    const kehu_allocator *alloc;   /* NULL means the C library */
} kehu_tokenizer_batch_options;

/* Most spans a column of texts can have, to size the array of the next
 * function. Fails with KEHU_COLUMN, KEHU_LIMIT (a text above 4 GiB) or KEHU_ARGUMENT. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_bound_column(const kehu_tokenizer *tokenizer, const kehu_column *texts,
                            int64_t *bound, kehu_error *err);

/* Split a column of texts. The spans of row i are spans[starts[i]] to
 * spans[starts[i + 1] - 1], with offsets into that row's text; a missing text
 * has none. The same for every number of threads.
 *
 * texts     [n] text column
 * spans     [capacity], at least kehu_tokenizer_bound_column()
 * starts    [n + 1]
 * options   NULL for all defaults
 *
 * Fails with KEHU_LIMIT (capacity too small; or a text above 4 GiB, then
 * err->where is the row), KEHU_COLUMN, KEHU_ARGUMENT, KEHU_VERSION,
 * KEHU_CANCELLED, KEHU_NO_MEMORY; spans and starts are then unspecified. Extra
 * memory 16 bytes for each 64 KB of text, none for a text. */
KEHU_API KEHU_MUST_CHECK kehu_status
kehu_tokenizer_split_column(const kehu_tokenizer *tokenizer, const kehu_column *texts,
                            kehu_span *spans, int64_t capacity, int64_t *starts,
                            const kehu_tokenizer_batch_options *options, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_TOKENIZER_H */
