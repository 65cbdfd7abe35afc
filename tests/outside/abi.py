"""The library keeps the binary interface of the version it says it is: abi.py LIBRARY SCRATCH [--write]

tests/abi/kehu-VERSION.abi.xz is what libabigail's abidw wrote of that version. New functions, and new fields at the end of
options (which carry their size), are no change; all else fails. --write takes the library's interface as the new reference.
"""
import glob
import lzma
import os
import re
import subprocess
import sys

library, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.join(here, "..", "..")
headers = os.path.join(root, "include", "kehu")
version = subprocess.run([sys.executable, os.path.join(root, "src", "version.py")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
reference = os.path.join(here, "..", "abi", f"kehu-{version}.abi.xz")


# What lies behind a handle is no part of the interface; options may grow at their end.
# (abidw takes a header of the sources for the public one of the same name.)
GROWTH = "[suppress_type]\ntype_kind = struct\nname_regexp = ^kehu_[a-z_]*options$\nhas_data_member_inserted_at = end\n"
PRIVATE = "[suppress_type]\nname_regexp = ^(kehu__.*|{})$\n"


def write(name, text):
    path = os.path.join(scratch, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def handles():
    """Structs that the headers name and do not show."""
    text = "".join(open(path, encoding="utf-8").read() for path in glob.glob(os.path.join(headers, "*.h")))
    named = set(re.findall(r"typedef struct (kehu_\w+) \1;", text))
    return sorted(named - set(re.findall(r"struct (kehu_\w+) \{", text)))


def dump(path):
    subprocess.run(["abidw", "--headers-dir", headers, "--drop-private-types", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs",
                    "--no-architecture", "--out-file", path, library], check=True)
    with open(path, encoding="utf-8") as f:
        return f.read()


def differences(before, after):
    """What abidiff has to say; "" when nothing that matters has changed."""
    done = subprocess.run(["abidiff", "--no-added-syms", "--suppressions", write("suppressions", suppressions), write("before.abi", before),
                           write("after.abi", after)], stdout=subprocess.PIPE, text=True)
    assert done.returncode & 3 == 0, done.stdout
    return done.stdout if done.returncode else ""


def changed(text, pattern, replacement):
    made, n = re.subn(pattern, replacement, text, count=1, flags=re.S)
    assert n == 1, pattern
    return made


os.makedirs(scratch, exist_ok=True)
suppressions = GROWTH + PRIVATE.format("|".join(handles()))
now = dump(os.path.join(scratch, "now.abi"))
if "--write" in sys.argv:
    with open(reference, "wb") as f:
        f.write(lzma.compress(now.encode(), preset=9 | lzma.PRESET_EXTREME))
with lzma.open(reference, "rt", encoding="utf-8") as f:
    before = f.read()
found = differences(before, now)
if found:
    sys.exit(f"the binary interface is not that of {version}:\n{found}")

# What must be seen is seen: a function that has gone, and a field that has moved; a longer options struct is no change.
gone = changed(before, r"    <elf-symbol name='kehu_rfm_free'[^\n]*\n", "")
gone = changed(gone, r" *<function-decl name='kehu_rfm_free'.*?</function-decl>\n", "")
assert "kehu_rfm_free" in differences(before, gone)
moved = changed(before, r"(<class-decl name='kehu_rfm_columns' size-in-bits=')(\d+)(.*?</class-decl>)",
                lambda m: m[1] + str(int(m[2]) + 64) + re.sub(r"(layout-offset-in-bits=')(\d+)", lambda at: at[1] + str(int(at[2]) + 64), m[3]))
assert "kehu_rfm_columns" in differences(before, moved)
field = "<data-member access='public' layout-offset-in-bits='{}'><var-decl name='later' type-id='{}' visibility='default'/></data-member>"
longer = changed(before, r"(<class-decl name='kehu_rfm_options' size-in-bits=')(\d+)(.*?type-id=')([^']+)(.*?)(</class-decl>)",
                 lambda m: m[1] + str(int(m[2]) + 64) + m[3] + m[4] + m[5] + field.format(m[2], m[4]) + m[6])
assert differences(before, longer) == ""
print(f"the binary interface of {version}; a lost function and a moved field would be seen")
