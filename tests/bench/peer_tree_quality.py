"""Probabilities of one test set by one tree: peer_tree_quality.py PEER FOLDER.

FOLDER holds train.csv and test.csv, whose last column is the target, 0 or 1; PEER.txt receives a probability a test row.
kehu and kehu_distilled choose for themselves; the others are tuned by 5 folds of the train rows: scikit-learn's exact tree on
one-hot columns, and one tree of XGBoost and of LightGBM (learning rate 1) on categories as they are.
"""
import itertools
import os
import sys

import numpy
import pandas

peer, folder = sys.argv[1:3]
train, test = (pandas.read_csv(os.path.join(folder, name + ".csv"), keep_default_na=False, na_values=[""]) for name in ("train", "test"))
target = train.columns[-1]
y = train.pop(target).to_numpy()
test.pop(target)
texts = [c for c in train if not pandas.api.types.is_numeric_dtype(train[c])]


def kehu_tree(kind):
    import kehu

    def columns(rows):
        return {c: [None if pandas.isna(v) else v for v in rows[c]] for c in rows}

    model = kehu.Tree.train(columns(train), y.tolist(), kind=kind, n_threads=1)
    return [row[1] for row in model.score(columns(test))]


def one_hot():
    both = pandas.get_dummies(pandas.concat([train, test]), columns=texts, dummy_na=True, dtype="float32")
    numbers = [c for c in train if c not in texts and both[c].isna().any()]
    for c in numbers:
        both[f"{c} missing"] = both[c].isna().astype("float32")
    return both.fillna(-1).to_numpy(dtype="float32")


def categories():
    both = pandas.concat([train, test])
    for c in texts:
        both[c] = both[c].astype("category")
    return both.iloc[:len(train)], both.iloc[len(train):]


def take(x, rows):
    return x.iloc[rows] if hasattr(x, "iloc") else x[rows]


def tuned(x, options, fit, predict):
    """The options of least log-loss over 5 folds, fitted to all train rows."""
    folds = numpy.random.default_rng(0).integers(0, 5, len(y))

    def loss(how):
        total = 0
        for f in range(5):
            model = fit(take(x, numpy.flatnonzero(folds != f)), y[folds != f], how)
            p = numpy.clip(predict(model, take(x, numpy.flatnonzero(folds == f))), 1e-6, 1 - 1e-6)
            total -= numpy.log(numpy.where(y[folds == f] == 1, p, 1 - p)).sum()
        return total

    grid = [dict(zip(options, values)) for values in itertools.product(*options.values())]
    return fit(x, y, min(grid, key=loss))


def sklearn_tree():
    from sklearn.tree import DecisionTreeClassifier
    x = one_hot()

    def predict(model, rows):
        return model.predict_proba(rows)[:, 1]

    model = tuned(x[:len(y)], {"criterion": ["entropy", "gini"], "max_depth": [5, 7, 9, 12], "min_samples_leaf": [10, 30, 100]},
                  lambda rows, labels, how: DecisionTreeClassifier(random_state=0, **how).fit(rows, labels), predict)
    return predict(model, x[len(y):])


def xgboost_tree():
    import xgboost
    x, new = categories()

    def matrix(rows, labels=None):
        return xgboost.DMatrix(rows, labels, enable_categorical=True, nthread=1)

    def fit(rows, labels, how):
        fixed = {"objective": "binary:logistic", "eta": 1, "tree_method": "hist", "base_score": float(labels.mean()), "nthread": 1, "verbosity": 0}
        return xgboost.train({**fixed, **how}, matrix(rows, labels), 1)

    model = tuned(x, {"max_depth": [4, 6, 8, 10], "min_child_weight": [1, 5, 20]}, fit, lambda m, rows: m.predict(matrix(rows)))
    return model.predict(matrix(new))


def lightgbm_tree():
    import lightgbm
    x, new = categories()

    def fit(rows, labels, how):
        fixed = {"objective": "binary", "learning_rate": 1, "num_threads": 1, "verbose": -1}
        return lightgbm.train({**fixed, **how}, lightgbm.Dataset(rows, labels), 1)

    return tuned(x, {"num_leaves": [8, 16, 31, 64, 128], "min_data_in_leaf": [20, 50, 100]}, fit, lambda m, rows: m.predict(rows)).predict(new)


found = {"kehu": lambda: kehu_tree("single"), "kehu_distilled": lambda: kehu_tree("distilled"), "sklearn": sklearn_tree,
         "xgboost": xgboost_tree, "lightgbm": lightgbm_tree}[peer]()
numpy.savetxt(os.path.join(folder, peer + ".txt"), found, fmt="%.9g")
