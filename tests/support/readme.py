"""Write the C program that the README shows: readme.py README.md OUT.c"""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as readme:
    programs = re.findall(r"^```c\n(.*?)^```", readme.read(), flags=re.S | re.M)
if len(programs) != 1:
    sys.exit(f"the README shows {len(programs)} C programs, expected 1")
if len(programs[0].splitlines()) > 20:
    sys.exit("the README's C program is longer than 20 lines")
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write(programs[0])
