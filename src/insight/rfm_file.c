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
#include "file/handle_file.h"
#include "insight/rfm.h"

#define KIND "RFM1"

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_rfm *rfm = handle;
    kehu__buffer b = kehu__buffer_new(&rfm->alloc);
    (void)err;
    *out = b;
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
    return KEHU_OK;
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

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_rfm rfm = {.alloc = from->alloc}, *made;
    kehu__container c;
    const char *section;
    size_t n;
    bool sound;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, KIND, from->name, err));
    sound = kehu__container_find(&c, "CUTS", &section, &n);
    kehu__reader r = kehu__reader_new(sound ? section : "", sound ? n : 0);
    for (int k = 0; sound && k < KEHU__RFM_COLUMNS; k++)
        sound = read_cuts(&r, &rfm.cuts[k]) && rfm.cuts[k].n == rfm.cuts[0].n;
    if (!sound || r.at != r.end)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds impossible cut points",
                          from->name);
    made = kehu__alloc(&from->alloc, 1, sizeof *made);
    if (made == NULL)
        return kehu__no_memory(err, "cut points");
    *made = rfm;
    *(kehu_rfm **)out = made;
    return KEHU_OK;
}

static const kehu__handle_file file = {"rfm", build, make};

kehu_status kehu_rfm_save(const kehu_rfm *rfm, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, rfm, path, err);
}

kehu_status kehu_rfm_write(const kehu_rfm *rfm, const kehu_writer *writer,
                           kehu_error *err)
{
    return kehu__handle_write(&file, rfm, writer, err);
}

kehu_status kehu_rfm_load(kehu_rfm **out, const char *path, const kehu_allocator *alloc,
                          kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_rfm_read(kehu_rfm **out, const void *bytes, size_t size,
                          const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
