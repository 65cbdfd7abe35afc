/* A model as a container of kind "CLV1":
 *
 *     CLVM  model, parameters u32; each parameter and its standard error double;
 *           log-likelihood, n, n_left_out double; groups i64; iterations u32, zero
 *           u32; gradient double
 *     COVA  where the parameters were fitted: the covariance of their logarithms,
 *           row by row, doubles
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "file/container.h"
#include "file/handle_file.h"
#include "insight/clv.h"

#define KIND "CLV1"

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_clv *clv = handle;
    const kehu_clv_fit_report *f = &clv->fit;
    kehu__buffer b = kehu__buffer_new(&clv->alloc), covariance = b;
    (void)err;
    *out = b;
    kehu__buffer_u32(&b, f->model);
    kehu__buffer_u32(&b, f->n_parameters);
    for (uint32_t k = 0; k < f->n_parameters; k++) {
        kehu__buffer_double(&b, f->parameter[k]);
        kehu__buffer_double(&b, f->standard_error[k]);
    }
    kehu__buffer_double(&b, f->log_likelihood);
    kehu__buffer_double(&b, f->n);
    kehu__buffer_double(&b, f->n_left_out);
    kehu__buffer_u64(&b, (uint64_t)f->n_groups);
    kehu__buffer_u32(&b, (uint32_t)f->iterations);
    kehu__buffer_u32(&b, 0);
    kehu__buffer_double(&b, f->gradient);
    for (uint32_t k = 0; k < f->n_parameters; k++)
        for (uint32_t j = 0; j < f->n_parameters; j++)
            kehu__buffer_double(&covariance, clv->covariance[k][j]);
    const kehu__section sections[] = {{"CLVM", b.bytes, b.size},
                                      {"COVA", covariance.bytes, covariance.size}};
    kehu__container_build(out, KIND, sections, clv->has_covariance ? 2 : 1);
    out->failed = out->failed || b.failed || covariance.failed;
    kehu__buffer_free(&covariance);
    kehu__buffer_free(&b);
    return KEHU_OK;
}

static bool at_least_zero(double x)
{
    return x >= 0 && isfinite(x);
}

static bool read_report(kehu__reader *r, kehu_clv_fit_report *f)
{
    bool sound = true;
    f->model = kehu__read_u32(r);
    f->n_parameters = kehu__read_u32(r);
    if (r->failed || f->model > KEHU_GAMMA_GAMMA ||
        f->n_parameters != kehu__clv_kinds[f->model].n_parameters)
        return false;
    memcpy(f->name, kehu__clv_kinds[f->model].names, sizeof f->name);
    for (uint32_t k = 0; k < f->n_parameters; k++) {
        f->parameter[k] = kehu__read_double(r);
        f->standard_error[k] = kehu__read_double(r);
        sound = sound && kehu__clv_fits(f->parameter[k]) &&
                at_least_zero(f->standard_error[k]);
    }
    f->log_likelihood = kehu__read_double(r);
    f->n = kehu__read_double(r);
    f->n_left_out = kehu__read_double(r);
    f->n_groups = (int64_t)kehu__read_u64(r);
    f->iterations = (int32_t)kehu__read_u32(r);
    sound = kehu__read_u32(r) == 0 && sound;
    f->gradient = kehu__read_double(r);
    return sound && !r->failed && r->at == r->end && isfinite(f->log_likelihood) &&
           at_least_zero(f->n) && at_least_zero(f->n_left_out) && f->n_groups >= 0 &&
           f->iterations >= 0 && at_least_zero(f->gradient);
}

/* Symmetric, and nothing below zero in its diagonal. */
static bool read_covariance(kehu__reader *r, kehu_clv *clv)
{
    const uint32_t n = clv->fit.n_parameters;
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t j = 0; j < n; j++) {
            const double v = clv->covariance[k][j] = kehu__read_double(r);
            if (!isfinite(v) || (j == k && v < 0) ||
                (j < k && v != clv->covariance[j][k]))
                return false;
        }
    clv->has_covariance = true;
    return !r->failed && r->at == r->end;
}

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_clv clv = {.alloc = from->alloc}, *made;
    kehu__container c;
    const char *section = "";
    size_t n = 0;
    KEHU_TRY(kehu__container_open(&c, from->bytes, from->size, KIND, from->name, err));
    const bool found = kehu__container_find(&c, "CLVM", &section, &n);
    kehu__reader r = kehu__reader_new(found ? section : "", found ? n : 0);
    bool sound = found && read_report(&r, &clv.fit);
    if (sound && kehu__container_find(&c, "COVA", &section, &n)) {
        r = kehu__reader_new(section, n);
        sound = read_covariance(&r, &clv);
    }
    if (!sound)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s holds an impossible model",
                          from->name);
    made = kehu__alloc(&from->alloc, 1, sizeof *made);
    if (made == NULL)
        return kehu__no_memory(err, "a model");
    *made = clv;
    *(kehu_clv **)out = made;
    return KEHU_OK;
}

static const kehu__handle_file file = {"clv", build, make};

kehu_status kehu_clv_save(const kehu_clv *clv, const char *path, kehu_error *err)
{
    return kehu__handle_save(&file, clv, path, err);
}

kehu_status kehu_clv_write(const kehu_clv *clv, const kehu_writer *writer,
                           kehu_error *err)
{
    return kehu__handle_write(&file, clv, writer, err);
}

kehu_status kehu_clv_load(kehu_clv **out, const char *path, const kehu_allocator *alloc,
                          kehu_error *err)
{
    return kehu__handle_load(&file, out, path, NULL, alloc, err);
}

kehu_status kehu_clv_read(kehu_clv **out, const void *bytes, size_t size,
                          const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}
