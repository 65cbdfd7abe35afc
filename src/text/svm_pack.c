/* Weights of 8 bits: each term has a scale, which is a power of the fourth root of two,
 * one byte for its exponent; a weight is a whole number of -127 to 127 times it. In
 * memory they are floats like any others. The section: n_columns u32, n_classes u32,
 * bias float, zero u32, the bias's weights as floats, the exponents, the numbers. */
#include <math.h>

#include "text/svm_model.h"

enum { LARGEST = 127, TOP_EXPONENT = 255 };

static float scale_of(uint32_t exponent)
{
    static const float roots[4] = {1, 1.18920712f, 1.41421356f, 1.68179283f};
    return ldexpf(roots[exponent % 4], (int)(exponent / 4) - 40);
}

/* The smallest that no weight exceeds. */
static uint32_t exponent_for(const float *weights, uint32_t width)
{
    float largest = 0;
    uint32_t low = 0, high = TOP_EXPONENT;
    for (uint32_t k = 0; k < width; k++)
        largest = fabsf(weights[k]) > largest ? fabsf(weights[k]) : largest;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (LARGEST * scale_of(middle) >= largest)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int number_of(float weight, float scale)
{
    const float x = weight / scale;
    return x >= LARGEST ? LARGEST : x <= -LARGEST ? -LARGEST : (int)floorf(x + 0.5f);
}

void kehu__svm_pack(kehu_svm *svm)
{
    kehu__linear *const m = svm->linear;
    for (size_t j = 0; j < m->n_columns; j++) {
        float *const w = m->weights + j * m->stride;
        const float scale = scale_of(exponent_for(w, m->width));
        for (uint32_t k = 0; k < m->width; k++)
            w[k] = (float)number_of(w[k], scale) * scale;
    }
}

void kehu__svm_write_packed(const kehu_svm *svm, kehu__buffer *to)
{
    const kehu__linear *const m = svm->linear;
    kehu__buffer_u32(to, m->n_columns);
    kehu__buffer_u32(to, m->n_classes);
    kehu__buffer_float(to, m->bias);
    kehu__buffer_u32(to, 0);
    for (uint32_t k = 0; k < m->width; k++)
        kehu__buffer_float(to, m->weights[(size_t)m->n_columns * m->stride + k]);
    for (size_t j = 0; j < m->n_columns; j++)
        kehu__buffer_u8(to, (uint8_t)exponent_for(m->weights + j * m->stride, m->width));
    for (size_t j = 0; j < m->n_columns; j++) {
        const float *const w = m->weights + j * m->stride;
        const float scale = scale_of(exponent_for(w, m->width));
        for (uint32_t k = 0; k < m->width; k++)
            kehu__buffer_u8(to, (uint8_t)number_of(w[k], scale));
    }
}

static bool read_numbers(kehu__linear *m, kehu__reader *r)
{
    const char *const exponents = kehu__read_bytes(r, m->n_columns);
    for (size_t j = 0; exponents != NULL && j < m->n_columns; j++) {
        const float scale = scale_of((uint8_t)exponents[j]);
        for (uint32_t k = 0; k < m->width; k++) {
            const int number = (int8_t)kehu__read_u8(r);
            if (number < -LARGEST)
                return false;
            m->weights[j * m->stride + k] = (float)number * scale;
        }
    }
    return !r->failed;
}

kehu_status kehu__svm_read_packed(kehu_svm *svm, const char *bytes, size_t size,
                                  const char *name, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    const uint32_t n_columns = kehu__read_u32(&r), n_classes = kehu__read_u32(&r);
    const float bias = kehu__read_float(&r);
    const uint64_t width = kehu__linear_width(n_classes);
    const uint32_t unused = kehu__read_u32(&r);
    if (r.failed || unused != 0 || n_columns != kehu__terms_count(svm->terms) ||
        n_classes != svm->classes.n || !isfinite(bias) ||
        (uint64_t)(r.end - r.at) != width * sizeof(float) + n_columns * (width + 1))
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s: weights do not agree with terms and classes", name);
    KEHU_TRY(
        kehu__linear_new(&svm->linear, n_columns, n_classes, bias, &svm->alloc, err));
    for (uint32_t k = 0; k < width; k++) {
        const float w = kehu__read_float(&r);
        if (!isfinite(w))
            return kehu__fail(err, KEHU_FORMAT, -1, "%s: a weight is not a finite number",
                              name);
        svm->linear->weights[(size_t)n_columns * svm->linear->stride + k] = w;
    }
    return read_numbers(svm->linear, &r)
               ? KEHU_OK
               : kehu__fail(err, KEHU_FORMAT, -1, "%s: a weight is out of range", name);
}
