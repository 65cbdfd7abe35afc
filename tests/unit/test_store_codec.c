/* Chunks: packed numbers on every processor, and soundness without reading values. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/codec.h"
#include "store/unpack.h"
#include "support/test.h"

enum { MOST = 600 };

/* Bit by bit. */
static int64_t value_at(const kehu__packed *p, uint32_t i)
{
    uint64_t bits = 0;
    for (uint32_t k = 0; k < p->width; k++) {
        const uint64_t bit = (uint64_t)i * p->width + k;
        bits |= (uint64_t)((unsigned char)p->bytes[bit / 8] >> (bit & 7) & 1) << k;
    }
    return (int64_t)(p->base + p->scale * bits);
}

static void expect_values(const kehu__packed *p, uint32_t first, uint32_t end)
{
    static int64_t values[MOST + 1];
    for (uint32_t on = 0; on < 2; on++) {
        kehu__cpu_limit(on ? UINT32_MAX : 0);
        memset(values, 0x5A, sizeof values);
        kehu__unpack(values, first, end, p);
        kehu__cpu_limit(UINT32_MAX);
        for (uint32_t i = first; i < end; i++)
            if (values[i - first] != value_at(p, i))
                fail_msg("width %u, value %u of %u..%u", p->width, i, first, end);
        assert_int_equal(values[end - first], 0x5A5A5A5A5A5A5A5A);
    }
}

static void test_packed_numbers_are_the_same_on_every_processor(void **state)
{
    static const uint64_t scales[] = {1, 1000000, UINT64_C(0x123456789ABCDEF1)};
    kehu__random r = kehu__random_seed(31);
    (void)state;
    for (uint32_t width = 0; width <= 64; width += width == KEHU__WIDEST_PACK ? 8 : 1)
        for (uint32_t round = 0; round < 30; round++) {
            const uint32_t n = kehu__random_below(&r, MOST) + 1;
            const uint32_t first = round % 2 == 0 ? 0 : kehu__random_below(&r, n);
            const uint32_t end = first + kehu__random_below(&r, n - first + 1);
            const size_t size = ((size_t)n * width + 7) / 8;
            char *bytes = malloc(size + 1); /* one more, so that it is not NULL */
            const kehu__packed p = {bytes + 1, size, kehu__random_next(&r),
                                    scales[round % 3], width};
            for (size_t i = 0; i <= size; i++)
                bytes[i] = (char)kehu__random_next(&r);
            expect_values(&p, first, end);
            expect_values(&p, 0, n);
            free(bytes);
        }
}

static void fill(kehu__vector *v, kehu__random *r, uint32_t n)
{
    const uint32_t kinds =
        kehu__random_below(r, 2) == 0 ? 150 : kehu__random_below(r, 12) + 1;
    const uint32_t how = kehu__random_below(r, 3);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t one = kehu__random_below(r, how == 0 ? 1000000 : kinds);
        char text[16];
        bool added;
        if (how == 2 && one == 0)
            added = kehu__vector_append(v, NULL, 0, 1);
        else if (v->storage == KEHU__TEXTS) {
            const int size = snprintf(text, sizeof text, "%u", (unsigned)one);
            added = kehu__vector_add_text(v, text, (size_t)size);
        } else if (v->storage == KEHU__DOUBLES)
            added = kehu__vector_add_double(v, how == 0 ? one / 7.0 : one);
        else
            added = kehu__vector_add_int(v, (int64_t)one * 86400);
        assert_true(added);
    }
}

/* Are a chunk's rows decoded? Then check says so too, and the other way round. */
static bool expect_agreement(kehu__vector *v, const char *bytes, size_t size, uint32_t n)
{
    const kehu_status status = kehu__vector_decode(v, bytes, size, n);
    assert_int_equal(kehu__vector_check(v, bytes, size, n), status);
    assert_int_equal(v->n_missing, 0);
    return status == KEHU_OK;
}

static void test_check_refuses_what_decoding_refuses(void **state)
{
    const kehu_allocator a = kehu__allocator(NULL);
    kehu__random r = kehu__random_seed(32);
    long sound = 0, refused = 0;
    (void)state;
    for (int round = 0; round < 600; round++) {
        const kehu__storage storage = (kehu__storage)(round % 3);
        const uint32_t n = kehu__random_below(&r, MOST) + 1;
        kehu__vector v = kehu__vector_new(&a, storage);
        kehu__vector back = kehu__vector_new(&a, storage);
        kehu__buffer chunk = kehu__buffer_new(&a);
        fill(&v, &r, n);
        kehu__vector_encode(&v, &chunk);
        assert_false(chunk.failed);
        assert_true(expect_agreement(&back, chunk.bytes, chunk.size, n));
        for (int k = 0; k < 40; k++) {
            const size_t at = kehu__random_below(&r, (uint32_t)chunk.size);
            const size_t near = kehu__random_below(&r, 40) % chunk.size;
            char *byte = &chunk.bytes[k % 2 == 0 ? near : at];
            const char kept = *byte;
            bool is_sound;
            *byte = (char)(*byte ^ 1 << kehu__random_below(&r, 8));
            is_sound = expect_agreement(&back, chunk.bytes, chunk.size, n);
            sound += is_sound;
            refused += !is_sound;
            *byte = kept;
        }
        kehu__vector_free(&v);
        kehu__vector_free(&back);
        kehu__buffer_free(&chunk);
    }
    assert_true(sound > 1000 && refused > 1000);
}

static bool same_values(const kehu__vector *a, const kehu__vector *b)
{
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t a_size = 8, b_size = 8;
        const char *x = (const char *)a->values.any + (size_t)i * 8;
        const char *y = (const char *)b->values.any + (size_t)i * 8;
        if (a->storage == KEHU__TEXTS) {
            x = kehu__vector_text(a, i, &a_size);
            y = kehu__vector_text(b, i, &b_size);
        }
        if (a->missing[i] != b->missing[i] || a_size != b_size ||
            (!a->missing[i] && memcmp(x, y, a_size) != 0))
            return false;
    }
    return a->n == b->n && a->n_missing == b->n_missing;
}

/* A chunk there and back, all rows and some of them, with the n-th allocation refused. */
static bool goes_through(const kehu__vector *v, const kehu_allocator *a)
{
    kehu__vector back = kehu__vector_new(a, v->storage);
    kehu__buffer chunk = kehu__buffer_new(a);
    kehu_status status = KEHU_NO_MEMORY;
    kehu__vector_encode(v, &chunk);
    if (!chunk.failed)
        status = kehu__vector_decode(&back, chunk.bytes, chunk.size, v->n);
    if (status == KEHU_OK) {
        assert_true(same_values(v, &back));
        status = kehu__vector_decode_rows(&back, chunk.bytes, chunk.size, v->n, v->n / 3,
                                          v->n / 2);
    }
    if (status == KEHU_OK)
        status = kehu__vector_check(&back, chunk.bytes, chunk.size, v->n);
    assert_true(status == KEHU_OK || status == KEHU_NO_MEMORY);
    kehu__vector_free(&back);
    kehu__buffer_free(&chunk);
    return status == KEHU_OK;
}

static void test_chunks_survive_every_refused_allocation(void **state)
{
    const kehu_allocator plain = kehu__allocator(NULL);
    kehu__random r = kehu__random_seed(33);
    (void)state;
    for (int round = 0; round < 90; round++) {
        kehu__vector v = kehu__vector_new(&plain, (kehu__storage)(round % 3));
        bool whole = false;
        fill(&v, &r, round % 9 == 0 ? 0 : kehu__random_below(&r, MOST) + 1);
        for (long n = 0; !whole; n++) {
            faulty f;
            whole = goes_through(&v, faulty_init(&f, n));
            assert_int_equal(f.live_blocks, 0);
        }
        kehu__vector_free(&v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_numbers_are_the_same_on_every_processor),
        cmocka_unit_test(test_chunks_survive_every_refused_allocation),
        cmocka_unit_test(test_check_refuses_what_decoding_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
