"""Trees as ONNX models, read by ONNX Runtime: every probability of a tree the same to the last bit, of an ensemble nearly so."""
import datetime
import random

import pytest

import kehu

np = pytest.importorskip("numpy")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

CITIES = ["北京", "上海", "深圳", "O'Hare", "", "a", "ab", None]
DAY = datetime.date(2024, 1, 1)


def rows(seed, n=500):
    r = random.Random(seed)
    return {
        "spend": [None if r.random() < 0.15 else r.choice([r.uniform(-5, 100), 7.1, float("inf")]) for _ in range(n)],
        "visits": [r.randrange(40) for _ in range(n)],
        "city": [r.choice(CITIES) for _ in range(n)],
        "plan": [r.choice("abcdefghijkl") for _ in range(n)],
        "since": [None if r.random() < 0.1 else DAY + datetime.timedelta(r.randrange(700)) for _ in range(n)],
        "seen": [None if r.random() < 0.1 else datetime.datetime(2024, 5, 1) + datetime.timedelta(minutes=r.randrange(99999)) for _ in range(n)],
        "vip": [r.choice([True, False, None]) for _ in range(n)],
    }


def target(columns, n_classes, seed):
    r = random.Random(seed)
    made = []
    for spend, city, plan, vip in zip(columns["spend"], columns["city"], columns["plan"], columns["vip"]):
        k = (spend is None) + 2 * (city in ("北京", None, "a")) + (plan in "adgh") + bool(vip) + (spend or 0) // 60
        made.append("客" + str(int(k if r.random() < 0.8 and k < 9 else r.randrange(9)) % n_classes))
    return made


def as_numbers(values):
    epoch = datetime.date(1970, 1, 1)
    return [float("nan") if v is None else (v - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1) if isinstance(v, datetime.datetime)
            else (v - epoch).days if isinstance(v, datetime.date) else float(v) for v in values]


def feed(columns):
    return {name: np.array([[v or ""] for v in values], dtype=object) if name in ("city", "plan")
            else np.array(as_numbers(values), dtype=np.float64).reshape(-1, 1) for name, values in columns.items()}


def run(tree, columns):
    session = onnxruntime.InferenceSession(tree.write_onnx(), providers=["CPUExecutionProvider"])
    return session.run(["probabilities", "label"], feed(columns))


def check(tree, columns, at_most=0):
    probabilities, labels = run(tree, columns)
    expected = np.asarray(tree.score(columns))
    assert probabilities.dtype == np.float64 and abs(probabilities - expected).max() <= at_most
    assert [tree.classes[k] for k in expected.argmax(axis=1)] == list(labels)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_scores_are_the_same(n_classes, seed):
    columns = rows(seed)
    tree = kehu.Tree.train(columns, target(columns, n_classes, seed), n_folds=1, min_leaf_weight=3, max_leaves=120, criterion=1 + seed % 3)
    assert tree.n_leaves > 40
    check(tree, columns)
    later = rows(seed + 100)
    later["city"][:3], later["plan"][:3] = ["广州", "æ", "O"], ["?", "", "zz"]  # not in training
    later["visits"] = [None if i % 5 == 0 else v for i, v in enumerate(later["visits"])]  # none was missing there
    check(tree, later)
    edge = [e + d for e in (7.1, 0.0, 60.0) for d in (0, np.spacing(e), -np.spacing(e))]
    check(tree, {**{k: v[:9] for k, v in later.items()}, "spend": edge})


def test_a_recalibrated_tree_and_a_single_leaf():
    columns = rows(9)
    tree = kehu.Tree.train(columns, target(columns, 2, 9))
    check(tree.recalibrate(columns, target(columns, 2, 10))[0], columns)
    leaf = kehu.Tree.train({"spend": columns["spend"]}, ["a", "b"] * 250, min_leaf_weight=400)
    assert leaf.n_leaves == 1
    session = onnxruntime.InferenceSession(leaf.write_onnx(), providers=["CPUExecutionProvider"])
    assert (session.run(["probabilities"], {"spend": [[1.0], [float("nan")]]})[0] == np.asarray(leaf.score({"spend": [1.0, None]}))).all()


def rows_unlike_the_trained(seed):
    later = rows(seed)
    later["city"][:3], later["plan"][:3] = ["广州", "æ", "O"], ["?", "", "zz"]
    later["visits"] = [None if i % 5 == 0 else v for i, v in enumerate(later["visits"])]
    later["spend"][:6] = [7.1, np.nextafter(7.1, 0), np.nextafter(7.1, 9), float("inf"), -float("inf"), None]
    return later


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_ensembles_with_every_calibration(n_classes):
    columns = rows(20, 900)
    outcomes = target(columns, n_classes, 20)
    tree = kehu.Tree.train(columns, outcomes, kind="ensemble", n_folds=3)
    assert tree.info.kind == "ensemble" and tree.info.n_trees > 10
    later = rows_unlike_the_trained(21)
    check(tree, later, at_most=1e-13)
    said = []
    for method in ("none", "slope", "isotonic"):
        model = tree.recalibrate(columns, outcomes, method=method)[0]
        assert model.info.calibration == method
        check(model, columns, at_most=1e-13)
        check(model, later, at_most=1e-13)
        said.append(run(model, later)[0])
    assert min(abs(said[0] - said[1]).max(), abs(said[0] - said[2]).max(), abs(said[1] - said[2]).max()) > 0.001


def test_weighted_ensembles_are_not_calibrated():
    columns = rows(22)
    tree = kehu.Tree.train(columns, target(columns, 2, 22), kind="ensemble", n_folds=3, class_weights=[1, 3])
    assert tree.info.calibration == "none"
    check(tree, rows_unlike_the_trained(23), at_most=1e-13)


def test_a_distilled_tree_is_one_tree():
    columns = rows(24, 2000)
    tree = kehu.Tree.train(columns, target(columns, 2, 24), kind="distilled", n_folds=3)
    check(tree, rows_unlike_the_trained(25))


def test_what_cannot_be_said_is_refused():
    y = ["a", "b"] * 50
    for name, message in (("label", "column label is called as a part of the graph"), ("kehu:row", "column kehu:row is called")):
        with pytest.raises(kehu.KehuDuplicateError, match=message):
            kehu.Tree.train({name: range(100)}, y, n_folds=1).write_onnx()
