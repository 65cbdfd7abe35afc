"""The generated ctypes declarations are those of the package, and say what the library and the C compiler say.

    test_abi.py GENERATOR INCLUDE_FOLDER LIBRARY COMPILER SCRATCH

Every declared function is exported and the other way round; every struct has the size, and every field the offset,
that the compiler gives it; the version number comes through a call.
"""
import ctypes
import importlib.util
import os
import subprocess
import sys
import unittest

GENERATOR, INCLUDE, LIBRARY, COMPILER, SCRATCH = sys.argv[1:6]


def generated():
    os.makedirs(SCRATCH, exist_ok=True)
    path = os.path.join(SCRATCH, "_abi.py")
    subprocess.run([sys.executable, GENERATOR, INCLUDE, path], check=True)
    spec = importlib.util.spec_from_file_location("_abi", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ABI = generated()


def layout_by_compiler():
    """{(struct, field): offset, (struct, ""): size} from a small C program."""
    rows = []
    for name, struct in ABI.STRUCTS.items():
        tag = name if name.startswith("kehu_") else f"struct {name}"
        rows.append(f'printf("{name}  %zu\\n", sizeof({tag}));')
        rows += [f'printf("{name} {field[0]} %zu\\n", offsetof({tag}, {field[0]}));' for field in struct._fields_]
    source, program = os.path.join(SCRATCH, "layout.c"), os.path.join(SCRATCH, "layout")
    with open(source, "w", encoding="utf-8") as f:
        f.write("#include <kehu/kehu.h>\n#include <kehu/arrow.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n" +
                "\n".join(rows) + "\nreturn 0;\n}\n")
    subprocess.run([COMPILER, "-std=c11", "-I", os.path.dirname(os.path.abspath(INCLUDE)), source, "-o", program], check=True)
    lines = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return {tuple(line.split(" ")[:2]): int(line.split(" ")[2]) for line in lines}


class Abi(unittest.TestCase):
    def test_the_package_has_the_declarations_of_these_headers(self):
        kept = os.path.join(os.path.dirname(GENERATOR), "src", "kehu", "_abi.py")
        with open(kept, encoding="utf-8") as f, open(ABI.__file__, encoding="utf-8") as g:
            self.assertTrue(f.read() == g.read(), "make it anew: python3 bindings/python/generate_abi.py include/kehu "
                            "bindings/python/src/kehu/_abi.py")

    def test_the_library_knows_the_size_of_every_struct(self):
        size = ctypes.CDLL(LIBRARY).kehu_struct_size
        size.restype, size.argtypes = ABI.FUNCTIONS["kehu_struct_size"][:2]
        self.assertEqual({n: size(n.encode()) for n in ABI.STRUCTS}, {n: ctypes.sizeof(s) for n, s in ABI.STRUCTS.items()})

    def test_every_function_is_exported_and_every_export_declared(self):
        out = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], stdout=subprocess.PIPE, text=True, check=True).stdout
        exported = {line.split()[-1].split("@")[0] for line in out.splitlines()}
        self.assertEqual({n for n in exported if n.startswith("kehu_")}, set(ABI.FUNCTIONS))

    def test_structs_lie_in_memory_as_the_compiler_lays_them(self):
        found = {}
        for name, struct in ABI.STRUCTS.items():
            found[name, ""] = ctypes.sizeof(struct)
            found.update({(name, field[0]): getattr(struct, field[0]).offset for field in struct._fields_})
        self.assertEqual(found, layout_by_compiler())
        self.assertGreater(len(ABI.STRUCTS), 50)

    def test_a_call_goes_through(self):
        library = ctypes.CDLL(LIBRARY)
        result, arguments, _ = ABI.FUNCTIONS["kehu_version_number"]
        library.kehu_version_number.restype, library.kehu_version_number.argtypes = result, arguments
        self.assertEqual(library.kehu_version_number(), ABI.KEHU_VERSION_NUMBER)


unittest.main(argv=sys.argv[:1])
