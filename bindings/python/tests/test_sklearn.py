"""The scikit-learn estimators keep scikit-learn's contracts, and answer what the models answer."""
import copy
import inspect
import pickle

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import kehu
from kehu.sklearn import KehuKeywordClassifier, KehuRFM, KehuTextClassifier, KehuTreeClassifier, KehuVectorizer

TEXTS = [f"{a}{b}{c}" for a in ("宽带", "信号", "话费", "账单") for b in ("又", "总是", "昨天", "这个月") for c in ("断了", "太慢", "扣错", "不对")]
LABELS = np.array(["network" if t[:2] in ("宽带", "信号") else "bill" for t in TEXTS])
RNG = np.random.default_rng(5)
NUMBERS = RNG.normal(size=(300, 3))
CLASSES = np.where(NUMBERS[:, 0] + (NUMBERS[:, 1] > 1) > 0.2, 7, -1)
CUSTOMERS = pd.DataFrame({"recency_days": RNG.integers(0, 400, 200), "orders": RNG.integers(1, 30, 200), "spend": RNG.integers(-100, 100000, 200)})

FITTED = [
    pytest.param(KehuTextClassifier(cost=1), TEXTS, LABELS, id="text"),
    pytest.param(KehuTextClassifier(cost=1, tokenizer=kehu.Tokenizer.default()), TEXTS, LABELS, id="text-words"),
    pytest.param(KehuKeywordClassifier(keywords_per_class=5), TEXTS, LABELS, id="keyword"),
    pytest.param(KehuTreeClassifier(), NUMBERS, CLASSES, id="tree"),
    pytest.param(KehuRFM(), CUSTOMERS, None, id="rfm"),
    pytest.param(KehuVectorizer(ngram_range=(1, 2)), TEXTS, None, id="vectorizer"),
]


@parametrize_with_checks([KehuTextClassifier(), KehuKeywordClassifier(), KehuTreeClassifier(), KehuRFM(), KehuVectorizer()])
def test_conventions(estimator, check):
    check(estimator)


def output(estimator, X):
    found = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else \
        estimator.decision_function(X) if hasattr(estimator, "decision_function") else estimator.transform(X)
    return found.toarray() if hasattr(found, "toarray") else found


@pytest.mark.parametrize("estimator, X, y", FITTED)
def test_copies_answer_the_same_to_the_bit(estimator, X, y, tmp_path):
    fitted = clone(estimator).fit(X, y)
    expected = output(fitted, X)
    joblib.dump(fitted, tmp_path / "m.joblib")
    for again in (clone(fitted).fit(X, y), pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted),
                  joblib.load(tmp_path / "m.joblib"), cloudpickle.loads(cloudpickle.dumps(fitted))):
        assert again is not fitted
        assert output(again, X).tobytes() == expected.tobytes()
        if hasattr(fitted, "model_"):
            assert again.model_.write() == fitted.model_.write()


@pytest.mark.parametrize("labels", [LABELS, np.where(LABELS == "bill", 10, 9), LABELS == "bill", LABELS.astype(object)], ids=lambda y: str(y.dtype))
@pytest.mark.parametrize("estimator", [KehuTextClassifier(cost=1), KehuKeywordClassifier(keywords_per_class=5)], ids=lambda e: type(e).__name__)
def test_labels_of_any_kind(estimator, labels):
    fitted = clone(estimator).fit(TEXTS, labels)
    assert fitted.classes_.dtype == labels.dtype and list(fitted.classes_) == sorted(set(labels.tolist()))
    predicted = fitted.predict(TEXTS)
    assert predicted.dtype == labels.dtype and (predicted == labels).mean() > 0.9
    assert (predicted == fitted.classes_[(fitted.decision_function(TEXTS) > 0).astype(int)]).all()


@pytest.mark.parametrize("texts", [TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS),
                                   pd.DataFrame({"text": TEXTS}), np.array(TEXTS, dtype=object).reshape(-1, 1)],
                         ids=["list", "tuple", "array", "objects", "series", "frame", "column"])
def test_texts_in_any_container(texts):
    expected = KehuTextClassifier(cost=1).fit(TEXTS, LABELS).predict_proba(TEXTS)
    assert (KehuTextClassifier(cost=1).fit(texts, LABELS).predict_proba(texts) == expected).all()


@pytest.mark.parametrize("estimator, train, left_out", [
    (KehuTextClassifier, kehu.Svm.train, {"texts", "labels", "weights", "start", "abstain_below", "precision", "progress"}),
    (KehuKeywordClassifier, kehu.Keyword.train, {"texts", "labels", "precision", "progress"}),
    (KehuTreeClassifier, kehu.Tree.train, {"columns_", "target", "row_ids", "weights", "class_weights", "classes", "progress"}),
])
def test_parameters_are_the_model_s(estimator, train, left_out):
    theirs, ours = inspect.signature(train).parameters, inspect.signature(estimator).parameters
    assert {name: p.default for name, p in ours.items()} == {n: p.default for n, p in theirs.items() if n not in left_out}


def test_what_is_no_column_of_texts_is_refused():
    with pytest.raises(ValueError, match="put it into a list"):
        KehuTextClassifier().fit("宽带", ["a"])
    with pytest.raises(ValueError, match="2 columns"):
        KehuTextClassifier().fit(np.array([["a", "b"]]), ["a"])
    with pytest.raises(ValueError, match="2 texts, y has 3"):
        KehuTextClassifier().fit(["a", "b"], ["a", "b", "c"])


def test_text_classifier_is_the_models():
    fitted = KehuTextClassifier(cost=1, seed=3).fit(TEXTS, LABELS)
    assert fitted.model_ == kehu.Svm.train(TEXTS, list(LABELS), cost=1, seed=3)
    assert fitted.predict(TEXTS).tolist() == fitted.model_.predict(TEXTS).labels
    probabilities = fitted.predict_proba(TEXTS)
    assert probabilities.sum(axis=1) == pytest.approx(1) and fitted.classes_[probabilities.argmax(axis=1)].tolist() == fitted.predict(TEXTS).tolist()
    weighted = KehuTextClassifier(cost=1).fit(TEXTS, LABELS, sample_weight=np.linspace(0.1, 1, len(TEXTS)))
    assert weighted.model_ != KehuTextClassifier(cost=1).fit(TEXTS, LABELS).model_


def test_many_classes_keep_their_order():
    labels = np.array([i % 12 for i in range(240)])  # as text, 10 sorts before 2
    texts = [f"第{'甲乙丙丁戊己庚辛壬癸子丑'[i]}类" for i in labels]
    fitted = KehuTextClassifier(cost=1).fit(texts, labels)
    assert (fitted.predict(texts) == labels).all()
    assert (fitted.predict_proba(texts).argmax(axis=1) == labels).all() and (fitted.decision_function(texts).argmax(axis=1) == labels).all()


def test_tree_takes_frames_with_gaps_and_categories():
    frame = pd.DataFrame({"tenure": RNG.integers(0, 60, 300).astype(float), "plan": RNG.choice(["a", "b"], 300)})
    frame.loc[::17, "tenure"] = np.nan
    left = (frame.tenure < 12) & (frame.plan == "a")
    fitted = KehuTreeClassifier().fit(frame, left)
    assert fitted.feature_names_in_.tolist() == ["tenure", "plan"] and fitted.model_.features == ("tenure", "plan")
    assert (fitted.predict(frame) == left).mean() > 0.95
    assert fitted.model_ == kehu.Tree.train(frame, [str(v) for v in left])
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame.rename(columns={"plan": "other"}))


def test_rfm_grades_as_the_model_does():
    model = kehu.Rfm.fit(CUSTOMERS, levels=4)
    grades = model.grade(CUSTOMERS)
    fitted = KehuRFM(levels=4).fit(CUSTOMERS)
    assert fitted.transform(CUSTOMERS).tolist() == [list(row) for row in zip(*(grades[name].to_list() for name in "RFM"))]
    assert fitted.get_feature_names_out().tolist() == ["recency_days", "orders", "spend"]
    assert [c.edge for c in fitted.cuts_] == [model.cuts(name).edge for name in CUSTOMERS]
    framed = KehuRFM(levels=4).set_output(transform="pandas").fit_transform(CUSTOMERS)
    assert framed.columns.tolist() == CUSTOMERS.columns.tolist()
    with pytest.raises(ValueError, match="low_is_good has 'x'"):
        KehuRFM(low_is_good=["x"]).fit(CUSTOMERS)


def test_pipelines_searches_and_calibration():
    search = GridSearchCV(KehuTextClassifier(n_folds=2), {"cost": [0.5, 2], "char_max": [1, 2]}, cv=3).fit(TEXTS, LABELS)
    assert search.best_score_ > 0.8 and search.best_params_["cost"] in (0.5, 2)
    calibrated = CalibratedClassifierCV(KehuKeywordClassifier(keywords_per_class=5), cv=3).fit(TEXTS, LABELS)
    assert calibrated.predict_proba(TEXTS).shape == (len(TEXTS), 2) and calibrated.score(TEXTS, LABELS) > 0.8
    words = make_pipeline(FunctionTransformer(lambda texts: [t + "。" for t in texts]), KehuVectorizer(), LogisticRegression())
    assert cross_val_score(words, TEXTS, LABELS, cv=3).mean() > 0.8
    assert cross_val_score(CalibratedClassifierCV(KehuTreeClassifier(), cv=2), NUMBERS, CLASSES, cv=2).mean() > 0.8
    both = ColumnTransformer([("grades", KehuRFM(), list(CUSTOMERS)), ("words", KehuVectorizer(), "text")])
    frame = CUSTOMERS.assign(text=[TEXTS[i % len(TEXTS)] for i in range(len(CUSTOMERS))])
    assert both.fit_transform(frame).shape[0] == len(frame)
