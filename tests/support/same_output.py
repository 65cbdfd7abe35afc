"""Run a program and compare what it prints with a file: same_output.py EXPECTED PROGRAM [ARGUMENT...]"""
import subprocess
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    expected = f.read()
done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, encoding="utf-8")
if done.returncode != 0 or done.stdout != expected:
    print(f"ended with {done.returncode} and printed:\n{done.stdout}\nexpected:\n{expected}")
    sys.exit(1)
