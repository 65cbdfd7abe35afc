"""One probability tree by LightGBM, XGBoost and scikit-learn: peer_tree.py FOLDER PEER THREADS.

FOLDER holds what bench_tree wrote: x.f32 (rows of 50 raw little-endian floats) and y.u8. Matrix in, tree of depth 8
out, then the probability of every row. Figures: train_s, score_s, row_s (one row a call), log_loss on the train rows; of
LightGBM also tree_s, a tree on a Dataset that is ready.
"""
import os
import sys
import time

import numpy

from peer import figure, timed

folder, peer, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
COLUMNS, DEPTH, CALLS = 50, 8, 200
os.environ["OMP_NUM_THREADS"] = str(threads)
x = numpy.fromfile(os.path.join(folder, "x.f32"), dtype="<f4").reshape(-1, COLUMNS)
y = numpy.fromfile(os.path.join(folder, "y.u8"), dtype="u1")
share = float(y.mean())


def measure(fit, predict):
    model = timed("train_s", fit, warm=False)
    p = numpy.clip(timed("score_s", lambda: predict(model, x)), 1e-6, 1 - 1e-6)
    figure("log_loss", float(-numpy.mean(numpy.where(y == 1, numpy.log(p), numpy.log(1 - p)))))
    one = x[:1].copy()

    def many():
        for _ in range(CALLS):
            predict(model, one)

    many()
    start = time.process_time()
    many()
    figure("row_s", (time.process_time() - start) / CALLS)


def lightgbm_peer():
    import lightgbm
    options = {"objective": "binary", "num_leaves": 2 ** DEPTH, "max_depth": DEPTH, "learning_rate": 1, "max_bin": 255, "min_data_in_leaf": 20,
               "num_threads": threads, "verbose": -1}
    measure(lambda: lightgbm.train(options, lightgbm.Dataset(x, y), 1), lambda m, rows: m.predict(rows, num_threads=threads))
    quickest = []
    for layout in ("force_row_wise", "force_col_wise"):
        shaped = {**options, layout: True}
        ready = lightgbm.Dataset(x, y, params=shaped).construct()
        lightgbm.train(shaped, ready, 1)
        start = time.process_time()
        lightgbm.train(shaped, ready, 1)
        quickest.append(time.process_time() - start)
    figure("tree_s", min(quickest))


def xgboost_peer():
    import xgboost
    options = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 1, "tree_method": "hist", "max_bin": 256, "base_score": share,
               "nthread": threads, "verbosity": 0}
    measure(lambda: xgboost.train(options, xgboost.DMatrix(x, y, nthread=threads), 1), lambda m, rows: m.inplace_predict(rows))


def hgb_peer():
    from sklearn.ensemble import HistGradientBoostingClassifier
    make = HistGradientBoostingClassifier(max_iter=1, max_depth=DEPTH, max_leaf_nodes=2 ** DEPTH, learning_rate=1, early_stopping=False)
    measure(lambda: make.fit(x, y), lambda m, rows: m.predict_proba(rows)[:, 1])


def sklearn_peer():
    from sklearn.tree import DecisionTreeClassifier
    measure(lambda: DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=20).fit(x, y), lambda m, rows: m.predict_proba(rows)[:, 1])


{"lightgbm": lightgbm_peer, "xgboost": xgboost_peer, "hgb": hgb_peer, "sklearn": sklearn_peer}[peer]()
