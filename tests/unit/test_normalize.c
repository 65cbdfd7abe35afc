#include "text/normalize.h"

#include "base/utf8.h"
#include "support/test.h"

static void test_fold_joins_width_and_case(void **state)
{
    static const struct {
        uint32_t from, to;
    } pairs[] = {
        {'A', 'a'},       {'Z', 'z'},         {'@', '@'},
        {'[', '['},       {'7', '7'},         {0xFF21, 'a'},
        {0xFF41, 'a'},    {0xFF10, '0'},      {0xFF0C, ','},
        {0x3000, ' '},    {0xFFE5, 0xA5},     {0xC9, 0xE9},
        {0xD7, 0xD7},     {0xDF, 0xDF},       {0x100, 0x101},
        {0x101, 0x101},   {0x139, 0x13A},     {0x13A, 0x13A},
        {0x178, 0xFF},    {0x17D, 0x17E},     {0x130, 0x130},
        {0x3A9, 0x3C9},   {0x3A2, 0x3A2},     {0x416, 0x436},
        {0x401, 0x451},   {0x4E00, 0x4E00},   {0x9FFF, 0x9FFF},
        {0x3001, 0x3001}, {0x1F600, 0x1F600}, {KEHU__BAD_BYTE, KEHU__BAD_BYTE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(kehu__fold(pairs[i].from), pairs[i].to);
}

static void test_fold_twice_changes_nothing_more(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        const uint32_t once = kehu__fold(c);
        assert_int_equal(kehu__fold(once), once);
        if (once != c)
            assert_true(once <= 0x10FFFF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold_joins_width_and_case),
        cmocka_unit_test(test_fold_twice_changes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
