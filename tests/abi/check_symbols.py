"""Fail when the exported symbols differ from tests/abi/symbols.txt."""
import subprocess
import sys

want = set(open(sys.argv[2], encoding="utf-8").read().split())
out = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]], capture_output=True, text=True, check=True).stdout
got = {line.split()[-1].split("@")[0] for line in out.splitlines()}
got = {name for name in got if not name.startswith("KEHU_")}
for name in sorted(got ^ want):
    print(("missing from symbols.txt: " if name in got else "no longer exported: ") + name)
sys.exit(got != want)
