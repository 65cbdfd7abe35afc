/* Cut points as a container of kind "RFM1" with one section:
 *
 *     CUTS  three times (recency, orders, spend): levels, rule, given u32, zero
 *           u32; n, least, most i64; levels - 1 times edge double, at_most i64;
 *           levels times count i64
 */
#include <kehu/rfm.h>

#include <math.h>

#include "base/error.h"
#include "file/container.h"
#include "insight/rfm.h"

#define KIND "RFM1"

static void build(kehu__buffer *out, const kehu_rfm *rfm)
{
    kehu__buffer b = kehu__buffer_new(&rfm->alloc);
    for (int k = 0; k < KEHU__RFM_COLUMNS; k++) {
        const kehu_rfm_cuts *c = &rfm->cuts[k];
        kehu__buffer_u32(&b, c->levels);
        kehu__buffer_u32(&b, c->rule);
        kehu__buffer_u32(&b, c->given);
        kehu__buffer_u32(&b, 0);
        kehu__buffer_u64(&b, (uint64_t)c->n);
        kehu__buffer_u64(&b, (uint64_t)c->least);
        kehu__buffer_u64(&b, (uint64_t)c->most);
        for (uint32_t j = 0; j + 1 < c->levels; j++) {
            kehu__buffer_double(&b, c->edge[j]);
            kehu__buffer_u64(&b, (uint64_t)c->at_most[j]);
        }
        for (uint32_t j = 0; j < c->levels; j++)
            kehu__buffer_u64(&b, (uint64_t)c->count[j]);
    }
    const kehu__section section = {"CUTS", b.bytes, b.size};
    kehu__container_build(out, KIND, &section, 1);
    out->failed = out->failed || b.failed;
    kehu__buffer_free(&b);
}

/* One column; false when a field is cut off or makes no sense. */
static bool read_cuts(kehu__reader *r, kehu_rfm_cuts *c)
{
    int64_t sum = 0;
    c->levels = kehu__read_u32(r);
    c->rule = kehu__read_u32(r);
    c->given = kehu__read_u32(r);
    if (r->failed || c->levels < 2 || c->levels > KEHU_RFM_MAX_LEVELS ||
        c->rule > KEHU_RFM_EQUAL_WIDTH || c->given > 1 || kehu__read_u32(r) != 0)
        return false;
    c->n = (int64_t)kehu__read_u64(r);
    c->least = (int64_t)kehu__read_u64(r);
    c->most = (int64_t)kehu__read_u64(r);
    for (uint32_t j = 0; j + 1 < c->levels; j++) {
        c->edge[j] = kehu__read_double(r);
        c->at_most[j] = (int64_t)kehu__read_u64(r);
        if (!isfinite(c->edge[j]) ||
            (j > 0 && (c->at_most[j] < c->at_most[j - 1] || c->edge[j] < c->edge[j - 1])))
            return false;
    }
    for (uint32_t j = 0; j < c->levels; j++) {
        c->count[j] = (int64_t)kehu__read_u64(r);
        if (c->count[j] < 0 || c->count[j] > c->n - sum)
            return false;
        sum += c->count[j];
        c->n_used += c->count[j] > 0;
    }
    return !r->failed && sum == c->n && c->least <= c->most;
}

static kehu_status read_named(kehu_rfm **out, const void *bytes, size_t size,
                              const kehu_allocator *alloc, const char *name,
                              kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_rfm rfm = {.alloc = a};
    kehu__container c;
    const char *section;
    size_t n;
    bool sound;
    KEHU_TRY(kehu__container_open(&c, bytes, size, KIND, name, err));
    sound = kehu__container_find(&c, "CUTS", &section, &n);
    kehu__reader r = kehu__reader_new(sound ? section : "", sound ? n : 0);
    for (int k = 0; sound && k < KEHU__RFM_COLUMNS; k++)
        sound = read_cuts(&r, &rfm.cuts[k]) && rfm.cuts[k].n == rfm.cuts[0].n;
    if (!sound || r.at != r.end)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds impossible cut points", name);
    *out = kehu__alloc(&a, 1, sizeof **out);
    if (*out == NULL)
        return kehu__no_memory(err, "cut points");
    **out = rfm;
    return KEHU_OK;
}

kehu_status kehu_rfm_read(kehu_rfm **out, const void *bytes, size_t size,
                          const kehu_allocator *alloc, kehu_error *err)
{
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (bytes == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bytes is NULL");
    return read_named(out, bytes, size, alloc, "the model", err);
}

kehu_status kehu_rfm_load(kehu_rfm **out, const char *path, const kehu_allocator *alloc,
                          kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_status status;
    char *bytes = NULL;
    size_t size = 0;
    if (out == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or path is NULL");
    *out = NULL;
    KEHU_TRY(kehu__model_bytes(path, &a, &bytes, &size, err));
    status = read_named(out, bytes, size, alloc, path, err);
    kehu__free(&a, bytes, size, 1);
    return status;
}

kehu_status kehu_rfm_write(const kehu_rfm *rfm, const kehu_writer *writer,
                           kehu_error *err)
{
    kehu_status status;
    if (rfm == NULL || writer == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rfm or writer is NULL");
    kehu__buffer b = kehu__buffer_new(&rfm->alloc);
    build(&b, rfm);
    status = kehu__model_write(&b, writer, err);
    kehu__buffer_free(&b);
    return status;
}

kehu_status kehu_rfm_save(const kehu_rfm *rfm, const char *path, kehu_error *err)
{
    kehu_status status;
    if (rfm == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "rfm or path is NULL");
    kehu__buffer b = kehu__buffer_new(&rfm->alloc);
    build(&b, rfm);
    status = kehu__model_save(&b, path, err);
    kehu__buffer_free(&b);
    return status;
}
