"""Fail when the shared library needs anything but libc, libm and the loader.

Usage: check_needed.py LIBRARY
"""
import re
import subprocess
import sys

out = subprocess.run(["readelf", "-d", sys.argv[1]], capture_output=True, text=True, check=True).stdout
needed = re.findall(r"\(NEEDED\).*\[(.+)\]", out)
extra = [n for n in needed if not re.match(r"(libc|libm|libpthread|ld-linux.*|ld-musl.*)\.so", n)]
print("NEEDED:", *needed)
sys.exit(bool(extra))
