#include "data/csv_source.h"

#include <errno.h>
#include <fcntl.h>
#include <kehu/csv.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/gb18030.h"

enum { MOST_CHUNK = 1 << 18, LEAST_CHUNK = 64 };

/* What is read at a time: a small file at once. A size of 0 may also mean that the
 * system does not know it. */
static kehu_status allocate_raw(kehu__csv_source *s, kehu_error *err)
{
    s->chunk = s->size == 0 || s->size > MOST_CHUNK ? MOST_CHUNK
               : s->size < LEAST_CHUNK              ? LEAST_CHUNK
                                                    : (size_t)s->size;
    s->raw = kehu__alloc(&s->alloc, s->chunk, 1);
    return s->raw == NULL ? kehu__no_memory(err, "reading a file") : KEHU_OK;
}

kehu_status kehu__csv_source_open(kehu__csv_source *s, const kehu__io *io,
                                  const char *path, const void *bytes, size_t size,
                                  uint32_t encoding, const kehu_allocator *alloc,
                                  kehu_error *err)
{
    *s = (kehu__csv_source){.alloc = *alloc,
                            .io = io,
                            .fd = -1,
                            .memory = bytes,
                            .size = (int64_t)size,
                            .name_bytes = strlen(path) + 1,
                            .encoding = encoding};
    s->name = kehu__alloc(alloc, s->name_bytes, 1);
    if (s->name == NULL)
        return kehu__no_memory(err, "reading a file");
    memcpy(s->name, path, s->name_bytes);
    if (io == NULL)
        return allocate_raw(s, err);
    do
        s->fd = io->open(io->ctx, path, O_RDONLY, 0);
    while (s->fd == -EINTR);
    if (s->fd < 0)
        return kehu__io_fail(s->fd, "open", path, err);
    s->size = io->size(io->ctx, s->fd);
    return s->size < 0 ? kehu__io_fail(s->size, "read", path, err) : allocate_raw(s, err);
}

void kehu__csv_source_close(kehu__csv_source *s)
{
    if (s->io != NULL && s->fd >= 0)
        s->io->close(s->io->ctx, s->fd);
    kehu__free(&s->alloc, s->name, s->name_bytes, 1);
    kehu__free(&s->alloc, s->raw, s->chunk, 1);
    kehu__free(&s->alloc, s->text, s->capacity, 1);
    *s = (kehu__csv_source){.fd = -1};
}

/* Fill raw up to its chunk; *last when the file ended. */
static kehu_status read_raw(kehu__csv_source *s, bool *last, kehu_error *err)
{
    *last = false;
    while (s->raw_size < s->chunk) {
        const size_t room = s->chunk - s->raw_size;
        int64_t n;
        if (s->io != NULL) {
            n = s->io->pread(s->io->ctx, s->fd, s->raw + s->raw_size, room, s->at);
            if (n == -EINTR)
                continue;
            if (n < 0)
                return kehu__io_fail(n, "read", s->name, err);
        } else {
            n = s->size - s->at < (int64_t)room ? s->size - s->at : (int64_t)room;
            if (n > 0)
                memcpy(s->raw + s->raw_size, s->memory + s->at, (size_t)n);
        }
        if (n == 0) {
            *last = true;
            return KEHU_OK;
        }
        s->raw_size += (size_t)n;
        s->at += n;
    }
    return KEHU_OK;
}

/* A byte order mark tells the encoding; UTF-16 and UTF-32 are refused. */
static kehu_status take_mark(kehu__csv_source *s, kehu_error *err)
{
    const unsigned char *b = (const unsigned char *)s->raw;
    const size_t n = s->raw_size;
    const bool utf16 =
        n >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF) ||
                   b[0] == 0 || b[1] == 0);
    if (utf16)
        return kehu__fail(err, KEHU_ENCODING, 0,
                          "%s starts like UTF-16 or a binary file, expected UTF-8 or "
                          "GB18030",
                          s->name);
    if (n >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF) {
        memmove(s->raw, s->raw + 3, n - 3);
        s->raw_size -= 3;
        s->encoding = KEHU_ENCODING_UTF8;
    } else if (n >= 4 && memcmp(b, "\x84\x31\x95\x33", 4) == 0) {
        memmove(s->raw, s->raw + 4, n - 4);
        s->raw_size -= 4;
        s->encoding = KEHU_ENCODING_GB18030;
    }
    return KEHU_OK;
}

/* Number of bytes that are no UTF-8, not counting a character cut at the end. */
static size_t count_bad_utf8(const char *text, size_t size, bool last)
{
    const char *p = text, *end = text + size;
    size_t n_bad = 0;
    while ((p += kehu__utf8_valid(p, (size_t)(end - p))) < end) {
        n_bad += last || end - p > 3;
        p++;
    }
    return n_bad;
}

/* The encoding in which less of raw is wrong; raw starts with a byte that is not
 * ASCII. */
static void choose_encoding(kehu__csv_source *s, bool last)
{
    char scratch[4096];
    const size_t bad_utf8 = count_bad_utf8(s->raw, s->raw_size, last);
    size_t bad_gb = 0, at = 0, used = 1;
    while (at < s->raw_size && used > 0 && bad_gb < bad_utf8) {
        kehu__gb18030_decode(scratch, sizeof scratch, s->raw + at, s->raw_size - at, last,
                             &used, &bad_gb);
        at += used;
    }
    s->encoding = bad_gb < bad_utf8 ? KEHU_ENCODING_GB18030 : KEHU_ENCODING_UTF8;
}

static size_t ascii_prefix(const char *text, size_t size)
{
    size_t i = 0;
    for (uint64_t eight; size - i >= 8; i += 8) {
        memcpy(&eight, text + i, sizeof eight);
        if ((eight & 0x8080808080808080u) != 0)
            break;
    }
    while (i < size && (unsigned char)text[i] < 0x80)
        i++;
    return i;
}

/* The first byte of text that is NUL or not ASCII, eight at a time: only of these
 * does a byte less one, or the byte itself, have its highest bit set. */
static size_t plain_prefix(const char *text, size_t size)
{
    size_t i = 0;
    for (uint64_t eight; size - i >= 8; i += 8) {
        memcpy(&eight, text + i, sizeof eight);
        if (((eight | (eight - 0x0101010101010101u)) & 0x8080808080808080u) != 0)
            break;
    }
    while (i < size && (unsigned char)text[i] < 0x80 && text[i] != '\0')
        i++;
    return i;
}

/* Move the window to the start of its buffer and make room behind it. */
static bool make_room(kehu__csv_source *s, size_t room)
{
    if (s->start > 0) {
        memmove(s->text, s->text + s->start, s->end - s->start);
        s->end -= s->start;
        s->plain = s->plain > s->start ? s->plain - s->start : 0;
        s->start = 0;
    }
    s->moves++;
    return kehu__grow(&s->alloc, &s->text, &s->capacity, s->end + room, 1);
}

static void drop_raw(kehu__csv_source *s, size_t n)
{
    s->raw_size -= n;
    memmove(s->raw, s->raw + n, s->raw_size);
}

/* Append a chunk to the window. */
static kehu_status read_more(kehu__csv_source *s, kehu_error *err)
{
    bool last;
    size_t plain, used;
    /* A GB18030 character of two bytes may take three in UTF-8. */
    if (!make_room(s, s->chunk * 3 / 2 + 8))
        return kehu__no_memory(err, "reading a file");
    KEHU_TRY(read_raw(s, &last, err));
    if (!s->mark_taken) {
        KEHU_TRY(take_mark(s, err));
        s->mark_taken = true;
    }
    if (s->encoding == KEHU_ENCODING_AUTO) {
        plain = ascii_prefix(s->raw, s->raw_size);
        memcpy(s->text + s->end, s->raw, plain);
        s->end += plain;
        drop_raw(s, plain);
        if (s->raw_size == 0) {
            s->ended = last;
            return KEHU_OK;
        }
        KEHU_TRY(read_raw(s, &last, err)); /* more to judge by */
        choose_encoding(s, last);
        if (plain > 0)
            return KEHU_OK; /* decoded by the next call, with room of its own */
    }
    if (s->encoding == KEHU_ENCODING_GB18030)
        s->end += kehu__gb18030_decode(s->text + s->end, s->chunk * 3 / 2 + 8, s->raw,
                                       s->raw_size, last, &used, NULL);
    else {
        memcpy(s->text + s->end, s->raw, s->raw_size);
        s->end += used = s->raw_size;
    }
    drop_raw(s, used);
    s->ended = last && s->raw_size == 0;
    return KEHU_OK;
}

kehu_status kehu__csv_source_more(kehu__csv_source *s, kehu_error *err)
{
    if (s->ended)
        return KEHU_OK;
    const bool all_plain = s->plain == s->end || s->plain <= s->start;
    KEHU_TRY(read_more(s, err));
    if (all_plain)
        s->plain += plain_prefix(s->text + s->plain, s->end - s->plain);
    return KEHU_OK;
}

const char *kehu__csv_source_bad_text(const kehu__csv_source *s)
{
    return s->encoding == KEHU_ENCODING_GB18030 ? "not valid GB18030" : "not valid UTF-8";
}
