/* A column of texts, cut into stretches of about 64 KB. Each stretch writes to the
 * part of the caller's array that its texts could fill at most; afterwards the
 * parts are moved together, in order. */
#include <kehu/tokenizer.h>

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/thread.h"
#include "data/column.h"

enum { STRETCH = 1 << 16, TASKS_A_REPORT = 64 };

typedef struct stretch {
    int64_t first_row, room; /* place in spans before moving together */
} stretch;

typedef struct batch {
    const kehu_tokenizer *t;
    const kehu_column *texts;
    kehu_span *spans;
    int64_t *starts;
    const stretch *stretches; /* one more than there are tasks */
    int64_t first_task;
} batch;

kehu_status kehu_tokenizer_bound_column(const kehu_tokenizer *t, const kehu_column *texts,
                                        int64_t *bound, kehu_error *err)
{
    int64_t bytes = 0;
    if (t == NULL || bound == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer or bound is NULL");
    *bound = 0;
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    for (int64_t i = 0; i < texts->length; i++) {
        const int64_t size = kehu__column_text(texts, i).size;
        if (size > UINT32_MAX)
            return kehu__fail(err, KEHU_LIMIT, i,
                              "texts, row %lld has %lld bytes, 4294967295 is the most",
                              (long long)i, (long long)size);
        bytes += size;
    }
    *bound = kehu_tokenizer_bound(t, bytes);
    return KEHU_OK;
}

/* starts[i + 1] - starts[first row] becomes the spans of rows first..i. */
static void split_stretch(void *arg, int64_t task)
{
    const batch *b = arg;
    const stretch *s = &b->stretches[b->first_task + task];
    int64_t n = 0;
    for (int64_t row = s[0].first_row; row < s[1].first_row; row++) {
        const kehu__text text = kehu__column_text(b->texts, row);
        int64_t more = 0;
        /* Cannot fail: the arguments are checked, the room suffices. */
        if (kehu_tokenizer_split(b->t, text.bytes, text.size, b->spans + s->room + n,
                                 s[1].room - s->room - n, &more, NULL, NULL) != KEHU_OK)
            more = 0;
        n += more;
        b->starts[row + 1] = n;
    }
}

/* Row and place where each stretch begins; with out NULL only their number. */
static int64_t cut(const kehu_tokenizer *t, const kehu_column *texts, stretch *out)
{
    int64_t n = 0, bytes = 0, room = 0;
    for (int64_t row = 0; row < texts->length; row++) {
        if (bytes == 0 && out != NULL)
            out[n] = (stretch){row, room};
        const int64_t size = kehu__column_text(texts, row).size;
        room += kehu_tokenizer_bound(t, size);
        bytes += size + 1; /* so that a million empty rows are cut as well */
        if (bytes >= STRETCH || row + 1 == texts->length) {
            bytes = 0;
            n++;
        }
    }
    if (out != NULL)
        out[n] = (stretch){texts->length, room};
    return n;
}

static void move_together(const batch *b, int64_t n_tasks)
{
    int64_t at = 0;
    b->starts[0] = 0;
    for (int64_t k = 0; k < n_tasks; k++) {
        const stretch *s = &b->stretches[k];
        const int64_t n = b->starts[s[1].first_row];
        if (at != s->room)
            memmove(b->spans + at, b->spans + s->room, (size_t)n * sizeof *b->spans);
        for (int64_t row = s[0].first_row; row < s[1].first_row; row++)
            b->starts[row + 1] += at;
        at += n;
    }
}

kehu_status kehu_tokenizer_split_column(const kehu_tokenizer *t, const kehu_column *texts,
                                        kehu_span *spans, int64_t capacity,
                                        int64_t *starts,
                                        const kehu_tokenizer_batch_options *options,
                                        kehu_error *err)
{
    kehu_tokenizer_batch_options opt = {0};
    kehu_allocator alloc;
    kehu__run run;
    kehu_status status = KEHU_OK;
    stretch *stretches;
    int64_t bound, n;
    if (t == NULL || starts == NULL || (spans == NULL && capacity > 0))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "tokenizer, spans or starts is NULL");
    KEHU_TRY(kehu__options_read(&opt, sizeof opt, options, err));
    KEHU_TRY(kehu_tokenizer_bound_column(t, texts, &bound, err));
    if (capacity < bound)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "capacity is %lld, these texts need up to %lld",
                          (long long)capacity, (long long)bound);
    alloc = kehu__allocator(opt.alloc);
    run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    n = cut(t, texts, NULL);
    stretches = kehu__alloc(&alloc, (size_t)n + 1, sizeof *stretches);
    if (stretches == NULL)
        return kehu__no_memory(err, "splitting the texts");
    cut(t, texts, stretches);
    batch b = {t, texts, spans, starts, stretches, 0};
    for (; b.first_task < n && status == KEHU_OK; b.first_task += TASKS_A_REPORT) {
        const int64_t left = n - b.first_task;
        status = kehu__progress(&run, (double)b.first_task / (double)n, "split", err);
        if (status == KEHU_OK)
            kehu__parallel(&run, left < TASKS_A_REPORT ? left : TASKS_A_REPORT,
                           split_stretch, &b);
    }
    if (status == KEHU_OK)
        move_together(&b, n);
    kehu__free(&alloc, stretches, (size_t)n + 1, sizeof *stretches);
    return status;
}
