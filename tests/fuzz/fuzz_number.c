/* Arbitrary text as a number: what is read agrees with strtod, and what is written
 * reads back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

static void check_double(const char *text, size_t size)
{
    char out[KEHU__NUMBER_BYTES];
    double x = 0, y = 0, want;
    const kehu__number result = kehu__parse_double(text, size, &x);
    if (result == KEHU__NUMBER_BAD || isnan(x))
        return;
    want = strtod(text, NULL);
    check(memcmp(&x, &want, sizeof x) == 0);
    check((result == KEHU__NUMBER_RANGE) == (isinf(x) != 0));
    check(kehu__parse_double(out, (size_t)kehu__format_double(out, x), &y) == result);
    check(memcmp(&x, &y, sizeof x) == 0);
    for (int decimals = 0; decimals <= 9; decimals++)
        check(kehu__format_fixed(out, x, decimals) < KEHU__NUMBER_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), out[KEHU__NUMBER_BYTES];
    int64_t v, back;
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_double(text, size);
    if (kehu__parse_int64(text, size, &v) == KEHU__NUMBER_OK)
        check(v == strtoll(text, NULL, 10));
    for (int decimals = 0; decimals <= 18; decimals += 2)
        if (kehu__parse_money(text, size, decimals,
                              KEHU__NUMBER_GROUPS | KEHU__NUMBER_WIDE,
                              &v) == KEHU__NUMBER_OK) {
            const int n = kehu__format_money(out, v, decimals);
            check(kehu__parse_money(out, (size_t)n, decimals, 0, &back) ==
                  KEHU__NUMBER_OK);
            check(back == v);
        }
    free(text);
    return 0;
}
