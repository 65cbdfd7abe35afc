/* Weights of 8 bits: each term has a scale, which is a power of the fourth root of two,
 * one byte for its exponent; a weight is a whole number of -127 to 127 times it. In
 * memory they are floats like any others. The section: n_columns u32, n_classes u32,
 * bias float, zero u32, the bias's weights as floats, the exponents, the numbers. */
#include <math.h>

#include "base/bytes.h"
#include "text/svm_model.h"

enum { LARGEST = 127, TOP_EXPONENT = 255 };

/* The smallest that no weight exceeds. */
static uint32_t exponent_for(const float *weights, uint32_t width)
{
    float largest = 0;
    uint32_t low = 0, high = TOP_EXPONENT;
    for (uint32_t k = 0; k < width; k++)
        largest = fabsf(weights[k]) > largest ? fabsf(weights[k]) : largest;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (LARGEST * kehu__linear_scale(middle) >= largest)
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
        float *const w = m->own + j * m->stride;
        const float scale = kehu__linear_scale(exponent_for(w, m->width));
        for (uint32_t k = 0; k < m->width; k++)
            w[k] = (float)number_of(w[k], scale) * scale;
    }
}

/* The weights of a term into w[width]. */
static void fetch(const kehu__linear *m, uint32_t column, float *w)
{
    for (uint32_t k = 0; k < m->width; k++)
        w[k] = kehu__linear_weight(m, column, k);
}

bool kehu__svm_write_packed(const kehu_svm *svm, kehu__buffer *to)
{
    const kehu__linear *const m = svm->linear;
    float *const w = kehu__alloc(&svm->alloc, m->width, sizeof *w);
    if (w == NULL)
        return false;
    kehu__buffer_u32(to, m->n_columns);
    kehu__buffer_u32(to, m->n_classes);
    kehu__buffer_float(to, m->bias);
    kehu__buffer_u32(to, 0);
    for (uint32_t k = 0; k < m->width; k++)
        kehu__buffer_float(to, m->bias_weights[k]);
    for (uint32_t j = 0; j < m->n_columns; j++) {
        fetch(m, j, w);
        kehu__buffer_u8(to, (uint8_t)exponent_for(w, m->width));
    }
    for (uint32_t j = 0; j < m->n_columns; j++) {
        float scale;
        fetch(m, j, w);
        scale = kehu__linear_scale(exponent_for(w, m->width));
        for (uint32_t k = 0; k < m->width; k++)
            kehu__buffer_u8(to, (uint8_t)number_of(w[k], scale));
    }
    kehu__free(&svm->alloc, w, m->width, sizeof *w);
    return true;
}

static bool numbers_sound(const int8_t *numbers, size_t n)
{
    bool sound = true;
    for (size_t i = 0; i < n; i++)
        sound = sound && numbers[i] >= -LARGEST;
    return sound;
}

/* A copy as floats of the model that `shape` describes. */
static kehu_status unpack(kehu_svm *svm, const kehu__linear *shape, kehu_error *err)
{
    kehu__linear *m;
    KEHU_TRY(kehu__linear_new(&m, shape->n_columns, shape->n_classes, shape->bias,
                              &svm->alloc, err));
    svm->linear = m;
    for (uint32_t j = 0; j <= m->n_columns; j++)
        for (uint32_t k = 0; k < m->width; k++)
            m->own[(size_t)j * m->stride + k] =
                j < m->n_columns ? kehu__linear_weight(shape, j, k)
                                 : kehu__load_float(shape->bias_weights + k);
    return KEHU_OK;
}

kehu_status kehu__svm_read_packed(kehu_svm *svm, const char *bytes, size_t size,
                                  bool in_place, const char *name, kehu_error *err)
{
    kehu__reader r = kehu__reader_new(bytes, size);
    const uint32_t n_columns = kehu__read_u32(&r), n_classes = kehu__read_u32(&r);
    const float bias = kehu__read_float(&r);
    const uint64_t width = kehu__linear_width(n_classes);
    const uint32_t unused = kehu__read_u32(&r);
    kehu__linear shape = {.n_columns = n_columns,
                          .n_classes = n_classes,
                          .width = (uint32_t)width,
                          .bias = bias,
                          .bias_weights = (const float *)(const void *)r.at};
    if (r.failed || unused != 0 || n_columns != kehu__terms_count(svm->terms) ||
        n_classes != svm->classes.n || !isfinite(bias) ||
        (uint64_t)(r.end - r.at) != width * sizeof(float) + n_columns * (width + 1))
        return kehu__fail(err, KEHU_FORMAT, -1,
                          "%s: weights do not agree with terms and classes", name);
    for (uint32_t k = 0; k < width; k++)
        if (!isfinite(kehu__read_float(&r)))
            return kehu__fail(err, KEHU_FORMAT, -1, "%s: a weight is not a finite number",
                              name);
    shape.exponents = (const uint8_t *)kehu__read_bytes(&r, n_columns);
    shape.numbers = (const int8_t *)r.at;
    if (!numbers_sound(shape.numbers, (size_t)(r.end - r.at)))
        return kehu__fail(err, KEHU_FORMAT, -1, "%s: a weight is out of range", name);
    return in_place ? kehu__linear_over(&svm->linear, &shape, &svm->alloc, err)
                    : unpack(svm, &shape, err);
}
