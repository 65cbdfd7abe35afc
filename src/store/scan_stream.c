/* A scan behind Arrow's C stream interface. The first batch is read when the schema is
 * asked for, and kept for its columns' sake. */
#include <errno.h>

#include "base/error.h"
#include "store/snapshot.h"

typedef struct stream {
    kehu_allocator alloc;
    kehu_scan *scan;
    kehu_table *first;  /* NULL before it is read */
    bool given, ended;  /* the first; all */
    kehu_status failed; /* a batch was lost: no more are given */
    kehu_error err;     /* of the last call */
} stream;

static kehu_status copy_next(stream *m, kehu_table **out)
{
    kehu_scan_batch batch;
    KEHU_TRY(kehu_scan_next(m->scan, &batch, &m->err));
    KEHU_TRY(kehu_table_copy(out, batch.columns, batch.n_columns, &m->alloc, &m->err));
    m->ended = batch.n_rows == 0;
    return KEHU_OK;
}

/* The next batch as a table, without rows at the end. */
static kehu_status next_table(stream *m, kehu_table **out)
{
    if (m->failed == KEHU_OK)
        m->failed = copy_next(m, out);
    return m->failed;
}

static kehu_status begin(stream *m)
{
    return m->first == NULL ? next_table(m, &m->first) : KEHU_OK;
}

static int answer(stream *m, kehu_status status)
{
    m->err.code = status;
    return status == KEHU_OK ? 0 : status == KEHU_NO_MEMORY ? ENOMEM : EIO;
}

static int get_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    stream *const m = s->private_data;
    kehu_status status = begin(m);
    if (status == KEHU_OK)
        status = kehu_arrow_export(out, NULL, m->first, &m->err);
    return answer(m, status);
}

static kehu_status give_next(stream *m, struct ArrowArray *out)
{
    kehu_table *table = NULL;
    kehu_status status;
    KEHU_TRY(begin(m));
    if (!m->given && !m->ended) {
        KEHU_TRY(kehu_arrow_export(NULL, out, m->first, &m->err));
        m->given = true;
        return KEHU_OK;
    }
    if (!m->ended)
        KEHU_TRY(next_table(m, &table));
    if (m->ended) {
        kehu_table_free(table);
        return KEHU_OK;
    }
    status = kehu_arrow_export(NULL, out, table, &m->err);
    kehu_table_free(table);
    return status;
}

static int get_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    stream *const m = s->private_data;
    out->release = NULL;
    if (m->failed == KEHU_OK)
        m->failed = give_next(m, out);
    return answer(m, m->failed);
}

static const char *get_last_error(struct ArrowArrayStream *s)
{
    const stream *const m = s->private_data;
    return m->err.code == KEHU_OK ? NULL : m->err.message;
}

static void release(struct ArrowArrayStream *s)
{
    stream *const m = s->private_data;
    const kehu_allocator a = m->alloc;
    kehu_table_free(m->first);
    kehu_scan_free(m->scan);
    kehu__free(&a, m, 1, sizeof *m);
    s->release = NULL;
}

kehu_status kehu_scan_stream(struct ArrowArrayStream *out, const kehu_snapshot *snapshot,
                             kehu_store_part part, const kehu_scan_options *options,
                             kehu_error *err)
{
    kehu_scan *scan;
    stream *m;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "stream is NULL");
    KEHU_TRY(kehu_scan_open(&scan, snapshot, part, options, err));
    m = kehu__alloc_zero(&snapshot->alloc, 1, sizeof *m);
    if (m == NULL) {
        kehu_scan_free(scan);
        return kehu__no_memory(err, "an Arrow stream");
    }
    m->alloc = snapshot->alloc;
    m->scan = scan;
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release,
                                     .private_data = m};
    return KEHU_OK;
}
