"""Write the tables of data/gb18030.c from Python's own codec.

Usage: gb18030.py OUTPUT
"""
import sys


def decode(code):
    """The character of a code as a number, 0 when there is none."""
    try:
        text = bytes(code).decode("gb18030")
    except UnicodeDecodeError:
        return 0
    return ord(text) if len(text) == 1 else 0


def two_bytes():
    """All of 0x8140 to 0xFEFE, 190 trail bytes (no 0x7F) for each lead byte."""
    for lead in range(0x81, 0xFF):
        for trail in [*range(0x40, 0x7F), *range(0x80, 0xFF)]:
            yield decode([lead, trail])


def four_byte_ranges():
    """(first number, first character) of each run among the codes of the BMP, counted from 0x81308130."""
    expected = None
    for number in range(39420):
        rest, b4 = divmod(number, 10)
        rest, b3 = divmod(rest, 126)
        b1, b2 = divmod(rest, 10)
        character = decode([0x81 + b1, 0x30 + b2, 0x81 + b3, 0x30 + b4])
        if character != expected:
            yield number, character
        expected = character + 1 if character else 0


with open(sys.argv[1], "w", encoding="ascii") as out:
    codes = list(two_bytes())
    print("/* Made by gb18030.py. */", file=out)
    print('#include "data/gb18030.h"', file=out)
    print(f"const uint16_t kehu__gb18030_pairs[{len(codes)}] = {{", file=out)
    for i in range(0, len(codes), 10):
        print("    " + " ".join(f"0x{c:04X}," for c in codes[i : i + 10]), file=out)
    print("};", file=out)
    runs = list(four_byte_ranges())
    print(f"const uint16_t kehu__gb18030_runs[{len(runs) + 1}][2] = {{", file=out)
    for number, character in runs:
        print(f"    {{{number}, 0x{character:04X}}},", file=out)
    print("    {39420, 0},\n};", file=out)
    print(f"const int kehu__gb18030_n_runs = {len(runs)};", file=out)
