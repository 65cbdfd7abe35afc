"""An ensemble of so many trees of so many leaves by XGBoost, LightGBM and compiled by TL2cgen.

    peer_ensemble.py FOLDER train TREES LEAVES
    peer_ensemble.py FOLDER PEER THREADS

FOLDER holds what bench_tree wrote: x.f32 (rows of 50 raw little-endian floats) and y.u8. train learns from the first
20,000 rows, as ours does, and leaves the models in FOLDER; a peer then scores all rows. Figures: score_s, row_s.
"""
import os
import sys
import time

import numpy

from peer import figure, timed

folder, peer, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
COLUMNS, TRAIN, CALLS = 50, 20000, 200
os.environ["OMP_NUM_THREADS"] = str(threads)
x = numpy.fromfile(os.path.join(folder, "x.f32"), dtype="<f4").reshape(-1, COLUMNS)


def path(name):
    return os.path.join(folder, name)


def train(trees, leaves):
    import lightgbm
    import tl2cgen
    import treelite
    import xgboost
    y = numpy.fromfile(path("y.u8"), dtype="u1")[:TRAIN]
    shape = {"objective": "binary:logistic", "grow_policy": "lossguide", "max_leaves": leaves, "max_depth": 12, "eta": 0.04, "tree_method": "hist",
             "nthread": 2}
    booster = xgboost.train(shape, xgboost.DMatrix(x[:TRAIN], y), trees)
    booster.save_model(path("xgboost.json"))
    options = {"objective": "binary", "num_leaves": leaves, "max_depth": 12, "learning_rate": 0.04, "num_threads": 2, "verbose": -1}
    lightgbm.train(options, lightgbm.Dataset(x[:TRAIN], y), trees).save_model(path("lightgbm.txt"))
    model = treelite.frontend.load_xgboost_model(path("xgboost.json"))
    tl2cgen.export_lib(model, toolchain="gcc", libpath=path("tl2cgen.so"), params={"parallel_comp": 8}, nthread=2)


def measure(predict):
    timed("score_s", lambda: predict(x))
    one = x[:1].copy()

    def many():
        for _ in range(CALLS):
            predict(one)

    many()
    start = time.process_time()
    many()
    figure("row_s", (time.process_time() - start) / CALLS)


def xgboost_peer():
    import xgboost
    booster = xgboost.Booster({"nthread": threads}, model_file=path("xgboost.json"))
    measure(booster.inplace_predict)


def lightgbm_peer():
    import lightgbm
    booster = lightgbm.Booster(model_file=path("lightgbm.txt"))
    measure(lambda rows: booster.predict(rows, num_threads=threads))


def tl2cgen_peer():
    import tl2cgen
    predictor = tl2cgen.Predictor(path("tl2cgen.so"), nthread=threads)
    measure(lambda rows: predictor.predict(tl2cgen.DMatrix(rows)))


if peer == "train":
    train(threads, int(sys.argv[4]))
else:
    {"xgboost": xgboost_peer, "lightgbm": lightgbm_peer, "tl2cgen": tl2cgen_peer}[peer]()
