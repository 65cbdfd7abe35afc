"""Write the whole library as two files to drop into another project: kehu.c and kehu.h.

    python3 src/amalgamate.py FOLDER

    cc -std=c11 -O2 -ffp-contract=off -pthread -c kehu.c      (link with -lm -pthread)

For Windows by MinGW, add -DKEHU_STATIC to whatever includes kehu.h, unless it is to be a DLL.

Comes without the built-in dictionary, which is not C: kehu_tokenizer_default() says so, other dictionaries load.
Names that are private to one source file and stand in several get the file's name in front.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(TOP, "src")
TABLES = {"base": ["powers.py"], "data": ["gb18030.py"]}  # programs that write C
WINDOWS = ("BOOL", "BYTE", "CHAR", "DWORD", "FLOAT", "INT", "INT64", "LONG", "SHORT", "UINT", "UINT8", "VOID", "WORD")  # types of its headers
ROOMS = ("base", "file", "data", "learn", "text", "store", "insight")
LICENCE = "/* kehu {version}, in one file. Apache-2.0: see LICENSE of the project; parts of its tables are from OpenCC\n" \
          " * (Apache-2.0). Made by src/amalgamate.py: change the sources, not this. */\n"
BEFORE = "#ifndef _POSIX_C_SOURCE\n#define _POSIX_C_SOURCE 200809L\n#endif\n#ifndef _FILE_OFFSET_BITS\n" \
         "#define _FILE_OFFSET_BITS 64\n#endif\n#if defined(_WIN32)\n#define __USE_MINGW_ANSI_STDIO 1\n#define _CRT_RAND_S\n" \
         "#endif\n#define KEHU_BUILDING\n"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">].*$', re.M)
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def sources(scratch):
    """Name and path of the C files of each room, in the order of its meson.build; tables are made in the scratch folder."""
    for room in ROOMS:
        listed = read(os.path.join(SOURCE, room, "meson.build")).split("kehu_sources += files(", 1)[1].split(")", 1)[0]
        for name in re.findall(r"'([^']+\.c)'", listed):
            yield f"{room}/{name}", os.path.join(SOURCE, room, name)
        for program in TABLES.get(room, ()):
            path = os.path.join(scratch, program.replace(".py", "_table.c"))
            subprocess.run([sys.executable, os.path.join(SOURCE, room, program), path], check=True)
            yield f"{room}/{program}", path
    yield "text/no_words.c", os.path.join(SOURCE, "text", "no_words.c")


def blanked(text):
    """The text with comments and literals blanked, every other character in its place."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def outside_braces(code):
    """What stands at file scope, each pair of braces there left as {}."""
    kept, depth = [], 0
    for piece in re.split(r"([{}])", re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", "", code, flags=re.M)):
        if piece == "{":
            kept.append("{" if depth == 0 else "")
            depth += 1
        elif piece == "}":
            depth -= 1
            kept.append("}" if depth == 0 else "")
        elif depth == 0:
            kept.append(piece)
    return "".join(kept)


def private_names(code):
    names = set()
    for body in re.findall(r"\benum\b[^{};()]*\{([^}]*)\}", code):
        names.update(re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"\([^()]*\)", "", body)))
    scope = outside_braces(code)
    names.update(re.findall(r"\b(?:struct|union|enum)\s+(\w+)\s*\{", scope))
    names.update(re.findall(r"\btypedef\b[^;]*?\b(\w+)\s*;", scope))
    names.update(re.findall(r"\btypedef\b[^;(]*\(\s*\*\s*(\w+)\s*\)", scope))
    names.update(re.findall(r"\btypedef\b[^;(]*\b\w+\s+\**(\w+)\s*\((?!\s*\*)", scope))  # of a function
    for statement in re.findall(r"\bstatic\b([^;]*?(?:;|=|\)\s*\{))", scope):
        function = re.match(r"[^=;(]*?\b(\w+)\s*\(", statement)
        if function:
            names.add(function[1])
        else:
            names.update(re.findall(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?=[,;=])", statement))
    return {name for name in names if not name.startswith(("kehu", "KEHU")) and not name[0].isdigit()}


def member_places(code):
    """Where members are declared: a name in a struct's body that is followed by what ends a declarator."""
    places, stack = set(), []
    for m in re.finditer(r"\b(struct|union)\b[^{};()=]*\{|[{}]|\b[A-Za-z_]\w*\b(?=\s*(?:[;,\[:]|\)\s*\())", code):
        if m[0].endswith("{"):
            stack.append(m[1] is not None)
        elif m[0] == "}":
            stack.pop()
        elif stack and stack[-1]:
            places.add(m.start())
    return places


def renamed(text, code, names, prefix):
    """The text with these names behind the prefix, but for members."""
    members, parts, at = member_places(code), [], 0
    for m in re.finditer(r"(?<![\w.])(?<!->)[A-Za-z_]\w*", code):
        if m[0] in names and m.start() not in members:
            parts += [text[at:m.start()], prefix, "_", m[0]]
            at = m.end()
    return "".join(parts) + text[at:]


def conditional(before):
    """Does what stands before this place leave a condition open, other than a header's guard?"""
    code = blanked(before)
    guard = len(re.findall(r"^#ifndef (\w+_H)\n#define \1$", code, re.M))
    return len(re.findall(r"^[ \t]*#[ \t]*if", code, re.M)) - len(re.findall(r"^[ \t]*#[ \t]*endif", code, re.M)) > guard


class Amalgam:
    def __init__(self):
        self.system, self.seen = [], set()

    def inlined(self, text, folder):
        """The text with our own headers in their place, each once, and the system's noted."""
        def one(m):
            if m[1] == "<" and not m[2].startswith("kehu/"):
                if conditional(text[:m.start()]):
                    return m[0]
                if m[2] not in self.system:
                    self.system.append(m[2])
                return ""
            path = next(p for p in (os.path.join(folder, m[2]), os.path.join(SOURCE, m[2]), os.path.join(TOP, "include", m[2]))
                        if os.path.exists(p))
            if path in self.seen:
                return ""
            if not path.endswith(".inc.h"):  # those stand in as often as they are named
                self.seen.add(path)
            return self.inlined(read(path), os.path.dirname(path))
        return INCLUDE.sub(one, text)


def included(names):
    """Lines for the system's headers; those of one family of processors only there."""
    def one(name):
        line = f"#include <{name}>\n"
        return f"#if defined(__x86_64__) || defined(__i386__)\n{line}#endif\n" if name == "cpuid.h" or name.endswith("intrin.h") else line
    return "".join(map(one, names))


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(re.sub(r"\n{3,}", "\n\n", text))


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    number = re.findall(r"#define KEHU_VERSION_(?:MAJOR|MINOR|PATCH)\s+(\d+)", read(os.path.join(TOP, "include", "kehu", "base.h")))
    head = LICENCE.format(version=".".join(number))
    public = Amalgam()
    text = public.inlined(read(os.path.join(TOP, "include", "kehu", "kehu.h")), os.path.join(TOP, "include", "kehu"))
    write(folder, "kehu.h", f"{head}#ifndef KEHU_AMALGAM_H\n#define KEHU_AMALGAM_H\n{included(public.system)}{text}\n#endif\n")

    inner = Amalgam()
    inner.seen |= public.seen
    with tempfile.TemporaryDirectory() as scratch:
        texts = {name: inner.inlined(read(path), os.path.dirname(path)) for name, path in sources(scratch)}
    codes = {name: blanked(text) for name, text in texts.items()}
    private = {name: private_names(code) for name, code in codes.items()}
    users = collections.Counter(name for names in private.values() for name in names)
    users.update(WINDOWS)
    parts = []
    # What takes in the names of Windows comes last.
    for file in sorted(texts, key=lambda name: "<windows.h>" in texts[name]):
        clashing = {name for name in private[file] if users[name] > 1}
        body = renamed(texts[file], codes[file], clashing, re.sub(r"\W", "_", os.path.splitext(file)[0]))
        macros = re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", blanked(body), re.M)
        own = "".join(f"#undef {name}\n" for name in dict.fromkeys(macros) if not name.upper().startswith("KEHU"))
        parts.append(f"\n/* ---- {file} ---- */\n{body}\n{own}")
    write(folder, "kehu.c", f'{head}{BEFORE}#include "kehu.h"\n{included(inner.system)}{"".join(parts)}')


main()
