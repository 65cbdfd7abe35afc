/* Both forms of the tokenizer's arithmetic, by SSE2 and without, give the same sums and
 * ways. Where there is no SSE2 the second form stands beside itself; the sums are also
 * added up by hand. */
#include "support/lanes_run.h"

#include "base/random.h"
#include "support/test.h"

/* Weights as a file may hold them, at their ends now and then. */
static uint16_t weight(kehu__random *r, uint32_t most)
{
    const uint32_t how = kehu__random_below(r, 8);
    return (uint16_t)(how == 0   ? 0
                      : how == 1 ? 2 * most
                                 : kehu__random_below(r, 2 * most + 1));
}

static void fill(char *bytes, size_t size, kehu__random *r)
{
    for (size_t i = 0; i < size; i++) {
        const uint32_t how = kehu__random_below(r, 8);
        const uint32_t byte = kehu__random_below(r, 256);
        bytes[i] = (char)(how == 0 ? 0 : how == 1 ? 255 : byte);
    }
}

static int32_t transition(kehu__random *r)
{
    const uint32_t most = kehu__random_below(r, 2) == 0 ? 300 : KEHU__TRANSITION_MAX;
    return (int32_t)kehu__random_below(r, 2 * most + 1) - (int32_t)most;
}

static void make(lanes_input *in, kehu__random *r)
{
    memset(in, 0, sizeof *in);
    in->n = 1 + kehu__random_below(r, LANES_UNITS);
    for (uint32_t i = 0; i < in->n; i++) {
        for (uint32_t k = 0; k < KEHU__SINGLE_PLACES * KEHU__TAGS; k++) {
            const bool own = k / KEHU__TAGS == KEHU__SINGLE_PLACES / 2;
            kehu__store16(in->singles[i] + 2 * (size_t)k,
                          weight(r, own ? KEHU__WEIGHT_OWN_MAX : KEHU__WEIGHT_MAX));
        }
        fill(in->near[i], KEHU__NEAR_SIZE, r);
        fill(in->gapped[i], KEHU__GAPPED_SIZE, r);
        in->whole[i] = kehu__random_below(r, 8) == 0;
    }
    for (int tag = 0; tag < KEHU__TAGS; tag++) {
        in->start[tag] = tag == KEHU__TAG_E ? 0 : KEHU__NO_WAY;
        in->after[0][tag] = transition(r);
        in->after[1][tag] = transition(r);
    }
}

/* What step `at` sums up for a tag: the characters and pairs of the steps before. Place
 * k of a character is for k steps on; the pairs come one step later. */
static uint32_t by_hand(const lanes_input *in, uint32_t at, uint32_t tag)
{
    uint32_t sum = 0;
    for (uint32_t k = 0; k < KEHU__SINGLE_PLACES && k <= at; k++)
        sum += kehu__load16(in->singles[at - k] + (size_t)KEHU__RECORD * k +
                            2 * (size_t)tag);
    for (uint32_t k = 0; k < KEHU__NEAR_PLACES && k + 1 <= at; k++)
        sum += (uint32_t)(uint8_t)in->near[at - 1 - k][KEHU__NEAR_WEIGHTS + 4 * k + tag]
               << KEHU__PAIR_SHIFT;
    for (uint32_t k = 0; k < KEHU__GAPPED_PLACES && k + 2 <= at; k++)
        sum +=
            (uint32_t)(uint8_t)in->gapped[at - 2 - k][KEHU__GAPPED_WEIGHTS + 4 * k + tag]
            << KEHU__PAIR_SHIFT;
    return sum;
}

static void test_both_forms_give_the_same_sums_and_ways(void **state)
{
    enum { PIECES = 3000 };
    kehu__random r = kehu__random_seed(3);
    (void)state;
    for (int i = 0; i < PIECES; i++) {
        static lanes_input in;
        lanes_output fast, scalar;
        make(&in, &r);
        lanes_run(&in, &fast);
        lanes_run_scalar(&in, &scalar);
        assert_memory_equal(fast.sums, scalar.sums, sizeof fast.sums);
        assert_memory_equal(fast.bits, scalar.bits, sizeof fast.bits);
        assert_int_equal(fast.last, scalar.last);
        for (uint32_t k = 0; k < in.n; k++)
            for (uint32_t tag = 0; tag < KEHU__TAGS; tag++)
                assert_int_equal(fast.sums[k] >> 16 * tag & 0xFFFF, by_hand(&in, k, tag));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_forms_give_the_same_sums_and_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
