"""One tree over numbers and categories by LightGBM, XGBoost and scikit-learn: peer_tree_mixed.py FOLDER PEER THREADS.

FOLDER holds what bench_tree_mixed wrote: x.f32 (rows of 20 raw little-endian floats, the last ten of them codes of
categories, NaN = missing) and y.u8. Matrix in, tree of depth 8 out. Figures: train_s, log_loss on the train rows; of
LightGBM also tree_s, a tree on a Dataset that is ready. All but scikit-learn's exact tree are told which columns are
categories.
"""
import os
import sys
import time

import numpy

from peer import figure, timed

folder, peer, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
COLUMNS, CATEGORIES, DEPTH = 20, list(range(10, 20)), 8
os.environ["OMP_NUM_THREADS"] = str(threads)
x = numpy.fromfile(os.path.join(folder, "x.f32"), dtype="<f4").reshape(-1, COLUMNS)
y = numpy.fromfile(os.path.join(folder, "y.u8"), dtype="u1")


def measure(fit, predict):
    p = numpy.clip(predict(timed("train_s", fit, warm=False)), 1e-6, 1 - 1e-6)
    figure("log_loss", float(-numpy.mean(numpy.where(y == 1, numpy.log(p), numpy.log(1 - p)))))


def lightgbm_peer():
    import lightgbm
    options = {"objective": "binary", "num_leaves": 2 ** DEPTH, "max_depth": DEPTH, "learning_rate": 1, "max_bin": 255, "min_data_in_leaf": 20,
               "num_threads": threads, "verbose": -1}
    measure(lambda: lightgbm.train(options, lightgbm.Dataset(x, y, categorical_feature=CATEGORIES), 1), lambda m: m.predict(x, num_threads=threads))
    quickest = []
    for layout in ("force_row_wise", "force_col_wise"):
        shaped = {**options, layout: True}
        ready = lightgbm.Dataset(x, y, params=shaped, categorical_feature=CATEGORIES).construct()
        lightgbm.train(shaped, ready, 1)
        start = time.process_time()
        lightgbm.train(shaped, ready, 1)
        quickest.append(time.process_time() - start)
    figure("tree_s", min(quickest))


def xgboost_peer():
    import xgboost
    options = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 1, "tree_method": "hist", "max_bin": 256, "base_score": float(y.mean()),
               "nthread": threads, "verbosity": 0}
    types = ["c" if k in CATEGORIES else "q" for k in range(COLUMNS)]

    def rows(labels=None):
        return xgboost.DMatrix(x, labels, nthread=threads, feature_types=types, enable_categorical=True)

    measure(lambda: xgboost.train(options, rows(y), 1), lambda m: m.predict(rows()))


def hgb_peer():
    from sklearn.ensemble import HistGradientBoostingClassifier
    make = HistGradientBoostingClassifier(max_iter=1, max_depth=DEPTH, max_leaf_nodes=2 ** DEPTH, learning_rate=1, early_stopping=False,
                                          categorical_features=CATEGORIES)
    measure(lambda: make.fit(x, y), lambda m: m.predict_proba(x)[:, 1])


def sklearn_peer():
    from sklearn.tree import DecisionTreeClassifier
    measure(lambda: DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=20).fit(x, y), lambda m: m.predict_proba(x)[:, 1])


{"lightgbm": lightgbm_peer, "xgboost": xgboost_peer, "hgb": hgb_peer, "sklearn": sklearn_peer}[peer]()
