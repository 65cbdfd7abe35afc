"""Compare what the program golden writes with golden.json, or write that file anew.

    check_golden.py PROGRAM GOLDEN_JSON SCRATCH [--write]
"""
import hashlib
import json
import os
import shlex
import subprocess
import sys

program, kept, scratch = sys.argv[1:4]
os.makedirs(scratch, exist_ok=True)
for name in os.listdir(scratch):
    os.remove(os.path.join(scratch, name))
# Meson says what runs programs for another processor.
status = subprocess.run([*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), program, scratch]).returncode
if status:
    sys.exit(status)
found = {}
for name in sorted(os.listdir(scratch)):
    with open(os.path.join(scratch, name), "rb") as f:
        found[name] = hashlib.sha256(f.read()).hexdigest()
if sys.argv[4:] == ["--write"]:
    with open(kept, "w", encoding="utf-8", newline="\n") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    sys.exit(0)
with open(kept, encoding="utf-8") as f:
    wanted = json.load(f)
for name in sorted(set(wanted) | set(found)):
    if wanted.get(name) != found.get(name):
        print(f"{name}: golden.json has {wanted.get(name)}, the library gives {found.get(name)}")
sys.exit(wanted != found)
