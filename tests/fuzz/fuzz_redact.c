/* Arbitrary bytes as a text: what is found lies inside, in order, apart, and is the same
 * when asked for one by one; nothing of the rest is lost when it is replaced. */
#include <kehu/redact.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 64 };

static void check(int right)
{
    if (!right)
        abort();
}

static void check_texts(const char *text, size_t size, const kehu_redact_span *spans,
                        int64_t n)
{
    static const char *const nothing[KEHU_REDACT_KINDS] = {"", "", "", "", ""};
    const kehu_redact_options options = {.size = sizeof options, .instead = nothing};
    const int64_t offsets[2] = {0, (int64_t)size};
    const kehu_column column = {
        .type = KEHU_LARGE_UTF8, .length = 1, .data = text, .offsets = offsets};
    int64_t counts[KEHU_REDACT_KINDS], all = 0, left = (int64_t)size;
    kehu_table *table;
    if (kehu_redact_texts(&table, &column, &options, counts, NULL) != KEHU_OK)
        abort();
    for (int k = 0; k < KEHU_REDACT_KINDS; k++)
        all += counts[k];
    check(all == n);
    for (int64_t i = 0; i < n; i++)
        left -= spans[i].end - spans[i].start;
    check(((const int64_t *)kehu_table_column(table, 0)->offsets)[1] == left);
    kehu_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    kehu_redact_span spans[ROOM];
    int64_t n, end = 0;
    check(kehu_redact_find(text, (int64_t)size, NULL, spans, ROOM, &n, NULL) == KEHU_OK);
    if (n > ROOM)
        return 0;
    for (int64_t i = 0; i < n; i++) {
        check(spans[i].start >= end && spans[i].end > spans[i].start);
        check(kehu_redact_kind_name(spans[i].kind) != NULL);
        end = spans[i].end;
    }
    check(end <= (int64_t)size);
    check_texts(text, size, spans, n);
    return 0;
}
