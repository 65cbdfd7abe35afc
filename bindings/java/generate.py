"""Write what Java and C must agree on, from the headers: a native method for every public function and where every
field of every struct lies.

    python3 generate.py ABI_GENERATOR INCLUDE_FOLDER OUT_FOLDER

Writes OUT_FOLDER/Native.java, Layout.java, Constants.java and native.c. All pointers are longs; nothing is checked
here, that is the work of the classes above. The C file refuses to compile where a struct lies otherwise than Layout
says, and both sides carry one fingerprint of all declarations, which is compared after loading.
"""
import hashlib
import importlib.util
import os
import re
import sys

PACKAGE = "org.kehu"
# ctypes expression -> (Java type, JNI type, how C gets its argument from the JNI type)
NUMBERS = {
    "c_char": ("byte", "jbyte", "(char)"), "c_int": ("int", "jint", "(int)"), "c_int32": ("int", "jint", "(int32_t)"),
    "c_uint32": ("int", "jint", "(uint32_t)"), "c_int64": ("long", "jlong", "(int64_t)"),
    "c_uint64": ("long", "jlong", "(uint64_t)"), "c_size_t": ("long", "jlong", "(size_t)"),
    "c_double": ("double", "jdouble", "(double)"),
}
POINTER = ("long", "jlong", "(void *)(intptr_t)")


def load(path):
    spec = importlib.util.spec_from_file_location("generate_abi", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kind(ctype, where):
    if ctype in NUMBERS:
        return NUMBERS[ctype]
    if ctype in ("c_void_p", "c_char_p") or ctype.startswith("POINTER("):
        return POINTER
    sys.exit(f"{where}: no Java type for {ctype}")


def camel(name):
    first, *rest = re.sub(r"^kehu_", "", name).split("_")
    return first + "".join(r[:1].upper() + r[1:] for r in rest)


def layouts(source):
    """{struct: (size, [(field, offset)])} as ctypes lays them out."""
    module = {}
    exec(source, module)
    import ctypes
    return {name: (ctypes.sizeof(s), [(f[0], getattr(s, f[0]).offset) for f in s._fields_]) for name, s in module["STRUCTS"].items()}


def java_head(what):
    return [f"package {PACKAGE};", "", f"/** {what} Made by generate.py from the C headers. */"]


def java_native(functions):
    lines = java_head("Every public function of the C library; pointers are addresses.")
    lines += ["final class Native {", "    static {", "        Loader.load();", "    }", "", "    private Native() {}", ""]
    for name, (result, arguments) in functions.items():
        java = "void" if result == "None" else kind(result, name)[0]
        parts = [f"{kind(k, name)[0]} {camel(n)}" for n, k in arguments]
        lines += [f"    static native {java} {camel(name)}({', '.join(parts)});"]
    return lines + ["}"]


def java_layout(structs, fingerprint):
    lines = java_head("Where the fields of the C structs lie, in bytes.")
    lines += ["final class Layout {", f"    static final long FINGERPRINT = {fingerprint}L;", "", "    private Layout() {}"]
    for name, (size, fields) in structs.items():
        short = camel(name)
        lines += ["", f"    static final class {short[:1].upper() + short[1:]} {{", f"        static final int SIZEOF = {size};"]
        lines += [f"        static final int {field.upper()} = {offset};" for field, offset in fields]
        lines += ["    }"]
    return lines + ["}"]


def java_constants(constants):
    lines = java_head("The constants of the C headers.") + ["final class Constants {", "    private Constants() {}", ""]
    for name, value in constants.items():
        lines.append(f"    static final long {re.sub('^KEHU_', '', name)} = {value}L;")
    return lines + ["}"]


def c_source(functions, structs, fingerprint):
    yield "/* The native methods of org.kehu.Native. Made by generate.py; do not edit. */"
    yield from ("#include <jni.h>", "#include <stddef.h>", "#include <stdint.h>", "#include <kehu/arrow.h>", "#include <kehu/kehu.h>", "")
    for name, (size, fields) in structs.items():
        tag = name if name.startswith("kehu_") else f"struct {name}"
        yield f'_Static_assert(sizeof({tag}) == {size}, "{name}");'
        for field, offset in fields:
            yield f'_Static_assert(offsetof({tag}, {field}) == {offset}, "{name}.{field}");'
    prefix = "Java_" + PACKAGE.replace(".", "_") + "_Native_"
    for name, (result, arguments) in functions.items():
        jni = "void" if result == "None" else kind(result, name)[1]
        parts = "".join(f", {kind(k, name)[1]} a{i}" for i, (_, k) in enumerate(arguments))
        call = f"{name}({', '.join(f'{kind(k, name)[2]}a{i}' for i, (_, k) in enumerate(arguments))})"
        if jni != "void":
            call = f"return (jlong)(intptr_t){call}" if kind(result, name) is POINTER else f"return ({jni}){call}"
        yield from ("", f"JNIEXPORT {jni} JNICALL {prefix}{camel(name)}(JNIEnv *env, jclass self{parts});",
                    f"JNIEXPORT {jni} JNICALL {prefix}{camel(name)}(JNIEnv *env, jclass self{parts})",
                    "{", "    (void)env, (void)self;", f"    {call};", "}")
    memory = f"Java_{PACKAGE.replace('.', '_')}_Loader_fingerprint"
    yield from ("", f"JNIEXPORT jlong JNICALL {memory}(JNIEnv *env, jclass self);",
                f"JNIEXPORT jlong JNICALL {memory}(JNIEnv *env, jclass self)",
                "{", "    (void)env, (void)self;", f"    return INT64_C({fingerprint});", "}")


def main():
    generator, include, out = sys.argv[1:]
    module = load(generator)
    abi = module.Abi()
    for name in module.in_order(include):
        abi.header(os.path.join(include, name))
    structs = layouts("\n".join(module.source(abi)))
    declared = repr((abi.functions, structs, abi.constants)).encode()
    fingerprint = int.from_bytes(hashlib.sha256(declared).digest()[:7], "big")
    files = {
        "Native.java": java_native(abi.functions), "Layout.java": java_layout(structs, fingerprint),
        "Constants.java": java_constants(abi.constants), "native.c": c_source(abi.functions, structs, fingerprint),
    }
    os.makedirs(out, exist_ok=True)
    for name, lines in files.items():
        with open(os.path.join(out, name), "w", encoding="utf-8", newline="\n") as f:
            f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
