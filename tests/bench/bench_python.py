# peers: numpy pyarrow
"""What the Python package costs on top of the library: importing, one call, batches of 100,000 texts, two threads.

A batch's overhead is the time of predict() outside the C function, which is swapped for one that does nothing.
Peers: pyarrow's conversion of the same list, and a call of a C extension (zlib.crc32).
"""
import os
import sys

from harness import bar, in_turn, table

tests, scratch = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
os.environ["KEHU_LIBRARY"] = os.path.join(tests, "..", "src", "libkehu.so")
os.environ["PYTHONPATH"] = os.path.join(here, "..", "..", "bindings", "python", "src")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
programs = {who: [sys.executable, os.path.join(here, "peer_python.py"), who] for who in ("kehu", "pyarrow", "extension")}
in_turn(programs, runs=1)  # writes the bytecode
medians = in_turn(programs)
print("\nPython: CPU seconds, and nanoseconds of CPU time a text or a call")
table(medians)
ours = medians["kehu"]
bar("python.import_ms", ours["import_ms"], 40, at_most=True)
bar("python.list.overhead_ns", ours["list_first_ns"], 150, at_most=True)
bar("python.arrow.overhead_ns", ours["arrow_ns"], 5, at_most=True)
bar("python.list.pyarrow", medians["pyarrow"]["list_first_ns"] / ours["texts_first_ns"], 1)
bar("python.call.extension", ours["call_ns"] / medians["extension"]["call_ns"], 5, at_most=True)
bar("python.threads.2", ours["threads_2"], 1.8)
