"""Print passed, failed and skipped of a meson test run: count.py testlog.json (one JSON object a line)."""
import json
import sys

counts = {"OK": 0, "FAIL": 0, "SKIP": 0}
try:
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            result = json.loads(line)["result"]
            counts[result if result in counts else "FAIL"] += 1
except OSError:
    counts["FAIL"] += 1  # the run ended before it wrote a log
print(counts["OK"], counts["FAIL"], counts["SKIP"])
