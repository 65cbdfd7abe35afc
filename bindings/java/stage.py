"""Lay a native library where the jar wants it, with its checksum beside it.

    python3 stage.py LIBRARY STRIP PLATFORM FOLDER STAMP

Writes FOLDER/org/kehu/native/PLATFORM/libkehu_jni.so and .sha256. STRIP is a command, or "" to leave the library as it is.
"""
import hashlib
import os
import shutil
import subprocess
import sys

library, strip, platform, folder, stamp = sys.argv[1:]
place = os.path.join(folder, "org", "kehu", "native", platform)
os.makedirs(place, exist_ok=True)
copy = os.path.join(place, "libkehu_jni.so")
shutil.copyfile(library, copy)
if strip:
    subprocess.run([strip, "--strip-unneeded", copy], check=True)
with open(copy, "rb") as f:
    checksum = hashlib.sha256(f.read()).hexdigest()
for path in (copy + ".sha256", stamp):
    with open(path, "w", encoding="ascii", newline="\n") as f:
        f.write(checksum + "\n")
