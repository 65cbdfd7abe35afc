"""Fail when a rule of the house is broken in src/ or include/:

- includes point downwards only (base < simd, file < data < learn < text < store < insight);
- nothing in src/ writes to stdout or stderr, or calls abort, exit, setlocale, rand and the like;
- exp, log and pow of libm, whose bits differ between machines, are not used;
- a .c file with a public header includes it first.

Usage: check_house.py SOURCE_ROOT
"""
import os
import re
import sys

ROOMS = {"base": 0, "simd": 1, "file": 1, "data": 2, "learn": 3, "text": 4, "store": 5, "insight": 6}
BANNED = re.compile(
    r"\b(printf|vprintf|puts|putchar|fprintf|vfprintf|perror|fputs|fwrite|fopen|stdout|stderr|abort|exit|_exit|"
    r"quick_exit|atexit|setlocale|rand|srand|random|srandom|drand48|getenv|setenv|signal|sigaction|system|"
    r"strtod|strtof|atof|sprintf|strcpy|strcat|strtok|gmtime|localtime|mktime|time|clock|qsort|alloca|"
    r"exp|log|log2|log10|log1p|expm1|pow|sin|cos|tan|tanh|lgamma|tgamma)\s*\(|\b(stdout|stderr)\b")


def code_only(text):
    """Comments and string literals blanked, line numbers kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def complaints(root):
    src = os.path.join(root, "src")
    for folder, _, names in sorted(os.walk(src)):
        room = os.path.relpath(folder, src).split(os.sep)[0]
        for name in sorted(n for n in names if n.endswith((".c", ".h"))):
            path = os.path.join(folder, name)
            text = open(path, encoding="utf-8").read()
            where = os.path.relpath(path, root)
            includes = re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', text, flags=re.M)
            for included in includes:
                other = included.split("/")[0]
                if other in ROOMS and ROOMS[other] > ROOMS[room]:
                    yield f"{where}: {room} may not include {included}"
                if other in ROOMS and other != room and ROOMS[other] == ROOMS[room]:
                    yield f"{where}: {room} and {other} stand side by side, neither includes the other"
            own = f"kehu/{name[:-2]}.h"
            if name.endswith(".c") and os.path.exists(os.path.join(root, "include", own)) and includes[:1] != [own]:
                yield f"{where}: includes {own} first"
            for number, line in enumerate(code_only(text).splitlines(), 1):
                for match in BANNED.finditer(line):
                    yield f"{where}:{number}: {match[1] or match[2]} is not used in src/"


def main():
    found = list(complaints(sys.argv[1]))
    print("\n".join(found) or "the house is in order")
    return bool(found)


sys.exit(main())
