"""Print passed, failed and skipped of a test run: count.py LOG

The log is Meson's testlog.json (one JSON object a line), a JUnit .xml, as pytest writes it, or a folder of such files,
as Maven leaves it. A run of no tests at all counts as a failure.
"""
import glob
import json
import os
import sys
import xml.etree.ElementTree as xml

counts = {"OK": 0, "FAIL": 0, "SKIP": 0}


def results(path):
    if os.path.isdir(path):
        for report in glob.glob(os.path.join(path, "TEST-*.xml")):
            yield from results(report)
    elif path.endswith(".xml"):
        for case in xml.parse(path).iter("testcase"):
            kinds = {child.tag for child in case}
            yield "FAIL" if kinds & {"failure", "error"} else "SKIP" if "skipped" in kinds else "OK"
    else:
        with open(path, encoding="utf-8") as log:
            for line in log:
                yield json.loads(line)["result"]


try:
    for result in results(sys.argv[1]):
        counts[result if result in counts else "FAIL"] += 1
except (OSError, xml.ParseError):
    counts["FAIL"] += 1  # the run ended before it wrote a log
if not any(counts.values()):
    counts["FAIL"] += 1
print(counts["OK"], counts["FAIL"], counts["SKIP"])
