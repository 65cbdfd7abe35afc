"""Print the version that include/kehu/base.h states."""
import os
import re

base = os.path.join(os.path.dirname(__file__), "..", "include", "kehu", "base.h")
with open(base, encoding="utf-8") as header:
    text = header.read()
print(".".join(re.search(rf"KEHU_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")))
