"""Write the table of base/powers.h: the top 128 bits of 10^q, rounded down.

Usage: powers.py OUTPUT
"""
import sys

FIRST, LAST = -342, 324


def top_bits(q):
    """Floor of 10^q scaled by a power of two into [2^127, 2^128)."""
    if q >= 0:
        shift = 128 - (5**q).bit_length()
        return 5**q << shift if shift >= 0 else 5**q >> -shift
    value = (1 << 128 + (5**-q).bit_length()) // 5**-q
    return value >> value.bit_length() - 128


with open(sys.argv[1], "w", encoding="ascii") as out:
    print("/* Made by powers.py. */", file=out)
    print('#include "base/powers.h"', file=out)
    print("const kehu__u128 kehu__powers_of_ten[KEHU__LAST_POWER - KEHU__FIRST_POWER + 1] = {", file=out)
    for q in range(FIRST, LAST + 1):
        value = top_bits(q)
        print(f"    {{0x{value >> 64:016X}, 0x{value & (1 << 64) - 1:016X}}},", file=out)
    print("};", file=out)
