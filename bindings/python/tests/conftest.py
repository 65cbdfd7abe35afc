"""Run with KEHU_LIBRARY naming the shared library, and the package on the path:

    KEHU_LIBRARY=build/src/libkehu.so PYTHONPATH=bindings/python/src python -m pytest bindings/python/tests
"""
import os

collect_ignore = ["test_abi.py"]  # a program of its own, run by Meson with the compiler
os.environ.setdefault("SCIPY_ARRAY_API", "1")  # or scikit-learn leaves out a check; read when scipy is imported
