"""Write src/kehu/_abi.py, the ctypes declarations of every public function, struct and constant, from the headers.

    python3 bindings/python/generate_abi.py include/kehu bindings/python/src/kehu/_abi.py

The file is kept beside the code that uses it; a test says so when the headers have gone on without it.

Reads the small, regular C that kehu's headers are written in: enums, structs, opaque handles, functions. Anything it
does not understand stops it with the header's name and the declaration.
"""
import os
import re
import sys

SCALARS = {
    "char": "c_char", "int": "c_int", "int8_t": "c_int8", "int16_t": "c_int16", "int32_t": "c_int32", "int64_t": "c_int64",
    "uint8_t": "c_uint8", "uint16_t": "c_uint16", "uint32_t": "c_uint32", "uint64_t": "c_uint64",
    "size_t": "c_size_t", "ptrdiff_t": "c_ssize_t", "float": "c_float", "double": "c_double", "bool": "c_bool",
}


class Abi:
    def __init__(self):
        self.constants = {}  # name -> int
        self.enums = []  # (type, [constant names])
        self.structs = {}  # name -> [(field, ctype)], in order of definition
        self.handles = []  # opaque types
        self.callbacks = {}  # ctype expression -> name in _abi.py
        self.functions = {}  # name -> (result, [(argument, ctype)])

    # Types

    def ctype(self, text, where):
        """A C type, without a declared name, as a ctypes expression."""
        words = re.sub(r"\b(const|struct)\b", " ", text).replace("*", " * ").split()
        stars = words.count("*")
        base = " ".join(w for w in words if w != "*")
        if base == "void":
            return "None" if stars == 0 else "c_void_p" if stars == 1 else pointer("c_void_p", stars - 1)
        if base == "char" and stars > 0:
            # Only text that is read is a c_char_p: a buffer to write must not be copied.
            read_only = re.match(r"\s*const\b", text)
            return pointer("c_char_p", stars - 1) if read_only else pointer("c_char", stars)
        if base in SCALARS:
            return pointer(SCALARS[base], stars)
        if any(base == name for name, _ in self.enums):
            return pointer("c_int", stars)
        if base in self.structs:
            return pointer(base, stars)
        if base in self.handles:
            return "c_void_p" if stars == 1 else pointer("c_void_p", stars - 1)
        sys.exit(f"{where}: the type '{text.strip()}' is not understood")

    def split_name(self, declaration, where):
        """'const double *x' -> (name, ctype); function pointers and arrays too."""
        declaration = " ".join(declaration.split())
        callback = re.fullmatch(r"(.+?)\(\s*\*\s*(\w*)\s*\)\s*\((.*)\)", declaration)
        if callback:
            result, name, arguments = callback.groups()
            parts = [self.split_name(a, where)[1] for a in split_arguments(arguments)]
            return name, f"CFUNCTYPE({', '.join([self.ctype(result, where)] + parts)})"
        array = re.fullmatch(r"(.+?)(\w+)\s*((?:\[[^\]]*\]\s*)+)", declaration)
        if array:
            text, name, sizes = array.groups()
            kind = self.ctype(text, where)
            for size in reversed(re.findall(r"\[([^\]]*)\]", sizes)):
                kind = f"({kind} * {self.value(size, where)})"
            return name, kind
        plain = re.fullmatch(r"(.*?[\s*])(\w+)", declaration)
        if plain and (plain[1].strip() not in ("const", "struct", "const struct")):
            return plain[2], self.ctype(plain[1], where)
        return "", self.ctype(declaration, where)

    def value(self, expression, where):
        names = re.sub(r"\b[A-Z]\w+\b", lambda m: str(self.constants[m[0]]) if m[0] in self.constants else m[0], expression)
        names = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", names)
        if not re.fullmatch(r"[\s\d()+\-*<|xXa-fA-F]+", names):
            sys.exit(f"{where}: the constant '{expression}' is not understood")
        return eval(names)  # digits and operators only, checked above

    # Declarations

    def enum(self, name, body, where):
        members, following = [], 0
        for part in (p.strip() for p in body.split(",")):
            if not part:
                continue
            constant, _, given = (p.strip() for p in part.partition("="))
            following = self.value(given, where) if given else following
            self.constants[constant] = following
            members.append(constant)
            following += 1
        if name:
            self.enums.append((name, members))

    def struct(self, name, body, where):
        self.structs[name] = []  # first, as a struct may point to its own kind
        fields = []
        for part in (p.strip() for p in body.split(";")):
            if not part:
                continue
            if "(" in part:
                fields.append(self.split_name(part, where))
                continue
            pieces = [p.strip() for p in part.split(",")]
            first = self.split_name(pieces[0], where)
            fields.append(first)
            base = re.match(r"(.*?)[\s*]*\w+\s*(\[.*)?$", pieces[0])[1]
            fields.extend(self.split_name(f"{base} {more}", where) for more in pieces[1:])
        self.structs[name] = fields

    def function(self, text, where):
        match = re.fullmatch(r"(.+?)(kehu_\w+)\s*\((.*)\)", " ".join(text.split()))
        if not match:
            sys.exit(f"{where}: the function '{text.strip()}' is not understood")
        result, name, arguments = match.groups()
        parts = [] if arguments.strip() == "void" else [self.split_name(a, where) for a in split_arguments(arguments)]
        self.functions[name] = (self.ctype(result, where), parts)

    def header(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        where = os.path.basename(path)
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S).replace("\\\n", " ")
        for name, value in re.findall(r"^#define (KEHU_\w+)[ \t]+(\(?-?[\d][^\n]*|\([^\n]*)$", text, flags=re.M):
            if "(" not in name and "__" not in value and "do" not in value:
                self.constants[name] = self.value(value, where)
        statuses = re.findall(r"X\((\w+), (-?\d+), \"([^\"]*)\"\)", text)
        if statuses:
            self.enum("kehu_status", ",".join(f"KEHU_{n} = {v}" for n, v, _ in statuses), where)
        text = re.sub(r"^\s*#.*$", " ", text, flags=re.M)
        text = re.sub(r"typedef enum kehu_status \{.*?\} kehu_status;", " ", text, flags=re.S)
        text = re.sub(r'extern "C" \{', " ", text)
        declaration = re.compile(
            r"typedef\s+enum\s+\w+\s*\{(?P<members>[^}]*)\}\s*(?P<enum>\w+)\s*;|enum\s*\{(?P<bare>[^}]*)\}\s*;|"
            r"typedef\s+struct\s+\w+\s*\{(?P<fields>[^}]*)\}\s*(?P<struct>\w+)\s*;|typedef\s+struct\s+\w+\s+(?P<handle>\w+)\s*;|"
            r"struct\s+(?P<plain>\w+)\s*\{(?P<plain_fields>[^}]*)\}\s*;|"
            r"KEHU_API\s+(?:KEHU_MUST_CHECK\s+)?(?P<function>[^;{]+);")
        for match in declaration.finditer(text):
            found = match.groupdict()
            if found["enum"]:
                self.enum(found["enum"], found["members"], where)
            elif found["bare"]:
                self.enum("", found["bare"], where)
            elif found["struct"]:
                self.struct(found["struct"], found["fields"], where)
            elif found["plain"]:
                self.handles = [h for h in self.handles if h != found["plain"]]
                self.struct(found["plain"], found["plain_fields"], where)
            elif found["handle"]:
                self.handles.append(found["handle"])
            else:
                self.function(found["function"], where)


def pointer(kind, stars):
    for _ in range(stars):
        kind = f"POINTER({kind})"
    return kind


def split_arguments(text):
    """At the commas outside brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def in_order(folder):
    """Headers, each after those it includes."""
    done = []

    def visit(name):
        if name in done:
            return
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            for other in re.findall(r"#include <kehu/(\w+\.h)>", f.read()):
                visit(other)
        done.append(name)

    for name in sorted(n for n in os.listdir(folder) if n.endswith(".h")):
        visit(name)
    return done


def source(abi):
    yield '"""What the C headers declare, for ctypes. Generated by generate_abi.py; do not edit."""'
    yield "from __future__ import annotations"
    yield ""
    yield "from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_float, c_int, c_int8, c_int16, c_int32,"
    yield "                    c_int64, c_size_t, c_ssize_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p)"
    yield ""
    yield "TYPE_CHECKING = False"
    yield "if TYPE_CHECKING:"
    yield "    from typing import Any"
    yield ""
    for name, value in abi.constants.items():
        yield f"{name} = {value}"
    yield ""
    yield "ENUMS: dict[str, dict[str, int]] = {"
    for name, members in abi.enums:
        yield f"    {name!r}: {{{', '.join(f'{m!r}: {abi.constants[m]}' for m in members)}}},"
    yield "}"
    for name in abi.structs:
        yield ""
        yield ""
        yield f"class {name}(Structure):"
        yield "    pass"
    yield ""
    yield ""
    for name, fields in abi.structs.items():
        yield f"{name}._fields_ = ["
        for field, kind in fields:
            yield f"    ({field!r}, {kind}),"
        yield "]"
    yield ""
    yield "STRUCTS: dict[str, type[Structure]] = {"
    for name in abi.structs:
        yield f"    {name!r}: {name},"
    yield "}"
    yield ""
    yield "# name: (result, [argument types], [argument names])"
    yield "FUNCTIONS: dict[str, Any] = {"
    for name, (result, arguments) in abi.functions.items():
        yield f"    {name!r}: ({result}, [{', '.join(k for _, k in arguments)}], {[n for n, _ in arguments]!r}),"
    yield "}"


def main():
    folder, out = sys.argv[1:]
    abi = Abi()
    for name in in_order(folder):
        abi.header(os.path.join(folder, name))
    with open(out, "w", encoding="utf-8", newline="\n") as f:
        f.write("\n".join(source(abi)) + "\n")


if __name__ == "__main__":
    main()
