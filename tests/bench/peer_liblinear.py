"""LIBLINEAR's own C library on rows that bench_text left: peer_liblinear.py FOLDER SOLVER COST.

Figures: solve_s (its train() alone, without the conversion to its nodes), primal and dual objective, summed over the
one-vs-rest problems.
"""
import ctypes
import os
import re
import sys
import tempfile
import time

import numpy as np
import scipy.sparse
from liblinear import liblinear as ll

from peer import figure

folder, solver, cost = sys.argv[1], sys.argv[2], float(sys.argv[3])


def array(name, kind):
    return np.fromfile(os.path.join(folder, name), kind)


labels = array("labels.i32", "i4")
rows = scipy.sparse.csr_matrix((array("values.f64", "f8"), array("columns.i32", "i4"), array("starts.i64", "i8")))
problem = ll.problem(labels.astype(float), rows)
parameter = ll.parameter(f"-s {solver} -c {cost} -B -1")
problem.set_bias(parameter.bias)

# It tells the dual objective of each problem on stdout only.
sys.stdout.flush()
saved = os.dup(1)
with tempfile.TemporaryFile() as told:
    os.dup2(told.fileno(), 1)
    ll.liblinear.set_print_string_function(ll.PRINT_STRING_FUN(0))
    start = time.process_time()
    model = ll.toPyModel(ll.liblinear.train(problem, parameter))
    seconds = time.process_time() - start
    ctypes.CDLL(None).fflush(None)
    os.dup2(saved, 1)
    told.seek(0)
    text = told.read().decode()

n_w = 1 if model.nr_class == 2 else model.nr_class
w = np.ctypeslib.as_array(model.w, shape=(model.nr_feature * n_w,)).reshape(model.nr_feature, n_w)
margins = rows @ w
primal = 0.5 * float((w * w).sum())
for k, label in enumerate(model.get_labels()[:n_w]):
    slack = np.maximum(0, 1 - np.where(labels == label, 1.0, -1.0) * margins[:, k])
    primal += cost * float((slack if solver == "3" else slack * slack).sum())
figure("solve_s", seconds)
figure("primal", primal)
figure("dual", -sum(float(x) for x in re.findall(r"Objective value = (\S+)", text)))
