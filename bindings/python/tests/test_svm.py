"""The text classifier, and what all models share."""
import copy
import pickle
import threading

import pytest

import kehu

TEXTS = ["网速太慢", "宽带断了", "信号不好", "话费扣错", "账单不对", "乱扣费用", None, ""]
LABELS = ["network"] * 3 + ["bill"] * 3 + ["network", "bill"]


@pytest.fixture(scope="module")
def model():
    return kehu.Svm.train(TEXTS, LABELS, seed=1, cost=1)


def test_predicts_and_explains(model):
    answers = model.predict(["宽带又断了", None], probabilities=True, margins=True)
    assert answers.labels[0] == "network" and len(answers) == 2
    assert answers["class"].to_list() == answers.labels
    assert sum(answers.probabilities[0]) == pytest.approx(1) and answers.probabilities[0, "network"] > 0.5
    assert answers.margins.shape == (2, 2) and answers.probabilities.to_dict()["bill"][0] < 0.5
    why = model.explain("宽带又断了", limit=100)
    assert why.class_name == "network" and why.n == len(why)
    assert sum(why["contribution"]) + why.bias == pytest.approx(why.margin)
    assert all(why.text[a:b] == term for a, b, term in zip(why["start"], why["end"], why["term"]))
    assert model.explain("宽带", "bill").class_name == "bill"
    with pytest.raises(KeyError, match="no class 'x'"):
        model.explain("宽带", "x")


def test_abstains(model):
    answers = model.predict(["宽带又断了"], abstain_below=1)
    assert answers.labels == [None] and answers["class"].to_list() == [None]


def test_independent_probabilities():
    texts = [f"{text}{i}" for i in range(20) for text in TEXTS[:6]]
    model = kehu.Svm.train(texts, LABELS[:6] * 20, cost=1)
    p = model.predict(["断了", "扣错", "断了，扣错"], probabilities=True, independent=True).probabilities
    assert p[0, "network"] > 0.9 > 0.1 > p[0, "bill"] and p[1, "bill"] > 0.9
    q = model.predict(["断了", "你好"], probabilities=True).probabilities
    assert sum(q[0]) == pytest.approx(1) and abs(sum(p[2]) - 1) > 1e-9


def test_terms_by_class_and_by_hash(model):
    aware = kehu.Svm.train(TEXTS, LABELS, cost=1, class_aware=True)
    hashed = kehu.Svm.train(TEXTS, LABELS, cost=1, hash_bits=12)
    assert hashed.info.n_terms == 4096 and hashed.explain("宽带又断了").n > 0
    for other in (aware, hashed):
        assert other != model and other.predict(["宽带又断了", "扣费不对"]).labels == ["network", "bill"]


def test_learns_on(model):
    more = kehu.Svm.train(TEXTS + ["退订短信", "不要推送"], LABELS + ["spam"] * 2, start=model)
    assert more.classes == ("bill", "network", "spam") and more.info.cost == 1 and more.info.trial == []
    assert more.predict(["宽带又断了", "退订短信"]).labels == ["network", "spam"]


def test_models_are_kept(model, tmp_path):
    model.save(tmp_path / "m.kehu")
    data = model.write()
    assert (tmp_path / "m.kehu").read_bytes() == data
    for again in (kehu.Svm.load(tmp_path / "m.kehu"), kehu.Svm.map(tmp_path / "m.kehu"), kehu.Svm.read(data), kehu.Svm.read(bytearray(data)),
                  pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert again == model and again.write() == data and hash(again) == hash(model)
        assert again.info.n_classes == 2
    assert model != 3


def test_damaged_models_are_refused(model):
    data = model.write()
    for bad in (b"", b"no model", data[:-1], data[:40] + bytes([data[40] ^ 1]) + data[41:], data + b"x"):
        with pytest.raises(kehu.KehuFormatError):
            kehu.Svm.read(bad)
    with pytest.raises(kehu.KehuNotFoundError):
        kehu.Svm.load("/nowhere/m.kehu")
    with pytest.raises(kehu.KehuArgumentError, match="NUL"):
        kehu.Svm.load("a\0b")


@pytest.mark.parametrize("texts, labels, options, kind, where, message", [
    (TEXTS, LABELS[:-1], {}, kehu.KehuArgumentError, -1, "7"),
    (TEXTS, [*LABELS[:-1], None], {}, kehu.KehuDataError, 7, "row 7 is missing, the first of 1: train without such rows"),
    (TEXTS, ["a"] * 8, {}, kehu.KehuOneClassError, -1, "all labels are the same"),
    ([], [], {}, kehu.KehuEmptyError, -1, "text"),
    ([1, 2], ["a", "b"], {}, kehu.KehuColumnError, -1, "text"),
    (TEXTS, LABELS, {"cost": -1}, kehu.KehuArgumentError, -1, "cost"),
    (TEXTS, LABELS, {"n_folds": -1}, kehu.KehuArgumentError, -1, "n_folds is -1"),
    (TEXTS, LABELS, {"loss": "big"}, kehu.KehuArgumentError, -1, "loss is 'big', expected one of 'squared_hinge', 'hinge', 'logistic', 'crammer_singer'"),
    (TEXTS, LABELS, {"weights": [1.0] * 7 + [-1.0]}, kehu.KehuRangeError, 7, "weight"),
])
def test_bad_training_is_refused(texts, labels, options, kind, where, message):
    with pytest.raises(kind, match=message) as e:
        kehu.Svm.train(texts, labels, **options)
    assert e.value.where == where and type(e.value) is kind


def test_options_by_a_wrong_name_or_type_are_type_errors():
    with pytest.raises(TypeError, match="speed"):
        kehu.Svm.train(TEXTS, LABELS, speed=1)
    with pytest.raises(TypeError, match="cost is str"):
        kehu.Svm.train(TEXTS, LABELS, cost="1")


def test_closed_models_say_so():
    model = kehu.Svm.train(TEXTS, LABELS, cost=1)
    with model:
        assert model.classes == ("bill", "network")
    for use in (lambda: model.predict(TEXTS), lambda: model.info, lambda: model.write(), model.__enter__):
        with pytest.raises(kehu.KehuClosedError, match="this Svm is closed"):
            use()
    assert repr(model) == "<closed Svm>"


def test_progress_and_its_exceptions():
    many, labels = [f"文本{i}号" for i in range(3000)], [str(i % 7) for i in range(3000)]
    seen = []
    kehu.Svm.train(many, labels, progress=lambda done, stage: seen.append((done, stage)))
    assert seen and all(0 <= done <= 1 and stage for done, stage in seen)

    def stop(done, stage):
        raise KeyboardInterrupt(stage)

    with pytest.raises(KeyboardInterrupt):
        kehu.Svm.train(many, labels, progress=stop)
    with pytest.raises(TypeError, match="progress is int"):
        kehu.Svm.train(many, labels, progress=3)


def test_threads_share_a_model_that_is_closed_meanwhile():
    model = kehu.Svm.train(TEXTS, LABELS, cost=1)
    want = model.predict(TEXTS * 500).labels
    found = []

    def work():
        try:
            found.append(model.predict(TEXTS * 500).labels == want)
        except kehu.KehuClosedError:
            found.append(True)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    model.close()
    for t in threads:
        t.join()
    assert found == [True] * 8


@pytest.mark.parametrize("limit", [-1, 2**32])
def test_a_limit_that_is_no_count_is_refused(limit):
    model = kehu.Svm.train(["网速慢", "断网了", "扣费错", "乱收费"], ["network", "network", "bill", "bill"], cost=1)
    with pytest.raises(kehu.KehuArgumentError, match=f"limit is {limit}"):
        model.explain("宽带又断了", "bill", limit=limit)
