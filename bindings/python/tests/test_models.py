"""Every handle does its work, and says what is wrong and where."""
import datetime
import math
import pickle

import pytest

import kehu

DAYS = [datetime.date(2024, 1, 1 + i % 28) for i in range(60)]
SALES = {"customer": [f"C{i % 7}" for i in range(60)], "time": DAYS, "amount": [100 * (i % 11) + 1 for i in range(60)]}
COLUMNS = {"x": [float(i % 40) for i in range(400)], "plan": ["abc"[i % 3] for i in range(400)]}
TARGET = ["yes" if x < 10 else "no" for x in COLUMNS["x"]]
TEXTS = [f"网速{i}" if i % 2 else f"扣费{i}" for i in range(80)]
LABELS = ["network" if i % 2 else "bill" for i in range(80)]


@pytest.fixture(scope="module")
def customers():
    with kehu.RfmBase(datetime.date(2024, 2, 1)) as base:
        base.add(**SALES)
        return base.finish()


@pytest.fixture(scope="module")
def tree():
    return kehu.Tree.train(COLUMNS, TARGET)


def models():
    with kehu.RfmBase(19800) as base:
        base.add(**SALES)
        rows = base.finish()
    return {
        "tokenizer": kehu.Tokenizer.read_words("客户 10 n\n服务 5\n", mode="search"),
        "keyword": kehu.Keyword.train(TEXTS, LABELS),
        "hybrid": kehu.Hybrid.train(TEXTS, LABELS, svm={"cost": 1}),
        "linear": kehu.Linear.train([[1.0, 0], [0, 1.0]], [3, -3]),
        "rfm": kehu.Rfm.fit(rows),
        "segments": kehu.Segments.builtin("rfm_intervals"),
        "machine": kehu.DemandMachine.builtin(),
        "priority": kehu.Priority.builtin(),
        "gate": kehu.Gate.train(TEXTS, LABELS, good="network", cost=1),
        "clv": kehu.Clv.from_parameters("gamma_gamma", [6.25, 3.74, 15.44]),
        "tree": kehu.Tree.train(COLUMNS, TARGET), "bins": kehu.Bins.fit(COLUMNS, n_threads=2),
        "levels": kehu.Levels.fit([[0.1], [0.9]], mode="quantile", names=list("abcde")),
        "preference": kehu.Preference.train(COLUMNS, [None if i % 3 else t for i, t in enumerate(TARGET)]),
    }


def test_every_model_is_kept_and_shown(tmp_path):
    for name, model in models().items():
        data = model.write()
        model.save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == data, name
        for again in (type(model).load(tmp_path / name), type(model).read(data), pickle.loads(pickle.dumps(model))):
            assert again.write() == data and type(again) is type(model), name
        assert pickle.loads(pickle.dumps(model)) == model
        assert repr(model).startswith("<") and len(repr(model)) < 400
        if name not in ("segments", "machine", "priority", "linear"):
            for damaged in (data[:len(data) // 2], data[:-8] + bytes(8)):
                with pytest.raises(kehu.KehuFormatError):
                    type(model).read(damaged)
            with pytest.raises(kehu.KehuKindError):
                (kehu.Tree if name != "tree" else kehu.Rfm).read(data)
        with model:
            pass
        with pytest.raises(kehu.KehuClosedError):
            model.write()
        assert "closed" in repr(model)


def test_tokenizer(tmp_path):
    t = kehu.Tokenizer.read_words("宽带 10 n\n网速 8\n")
    assert t.words("宽带网速慢😀\0x") == ["宽带", "网速", "慢", "😀", "\0", "x"]
    assert t.split("𠮷野家500元").to_dict()["text"] == ["𠮷", "野", "家", "500元"]
    spans = t.split(["宽带", None, "", "网速慢"])
    assert spans["row"].to_list() == [0, 3, 3] and spans["text"].to_list() == ["宽带", "网速", "慢"]
    assert t.words_of(["宽带", None, "网速慢"], n_threads=2) == [["宽带"], [], ["网速", "慢"]]
    assert t.find("宽带").frequency == 10 and t.find("宽带").tag == "n" and t.find("没有") is None and "网速" in t and len(t) == 2
    edited = t.edit(["网速慢", "宽带"], [kehu.tokenizer.WHOLE, kehu.tokenizer.REMOVED])
    assert edited.words("宽带网速慢") == ["宽", "带", "网速慢"] and t.words("网速慢") == ["网速", "慢"]
    assert t.fingerprint != edited.fingerprint and t == kehu.Tokenizer.read(t.write())
    data = t.write()
    assert kehu.Tokenizer.view(data).words("宽带") == ["宽带"] == kehu.Tokenizer.read_words(t.write_words()).words("宽带")
    t.save(tmp_path / "words.kehu")
    assert t == kehu.Tokenizer.load(tmp_path / "words.kehu") == kehu.Tokenizer.map(tmp_path / "words.kehu")
    trained = kehu.Tokenizer.train(["宽带 网速 慢", "网速 宽带"] * 5, t, epochs=2)
    assert trained.evaluate(["宽带 网速"]).f1 == 1
    with pytest.raises(kehu.KehuRangeError) as e:
        kehu.Tokenizer.read_words("好\n坏 99999999999\n")
    assert e.value.where == 1 and "line 2" in str(e.value)
    for wrong, kind, message in [(lambda: t.words(3), TypeError, "text is int"), (lambda: t.words("\ud800"), kehu.KehuEncodingError, "U\\+D800"),
                                 (lambda: t.edit(["a"], [1, 2]), kehu.KehuColumnError, "frequencies has 2 values where words has 1"),
                                 (lambda: t.edit(["a"], [1.5]), kehu.KehuDataError, "frequencies is 1.5 in row 0"),
                                 (lambda: kehu.Tokenizer.default(mode="fast"), kehu.KehuArgumentError, "mode is 'fast'")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_keyword(tmp_path):
    model = kehu.Keyword.train(TEXTS, LABELS, keywords_per_class=3)
    answers = model.predict(["网速慢", "什么", None], scores=True, min_probability=0.6)
    assert answers.labels == ["network", None, None] and answers.scores.shape == (3, 2)
    assert answers["best"][0] == "network" and answers["n_keywords"].to_list()[0] >= 1
    why = model.explain("这网速")
    assert why.class_name == "network" and all(why.text[a:b] == t for a, b, t in zip(why["start"], why["end"], why["term"]))
    assert len(model.match_text("网速网速")) >= 2 and len(model.match_text("网速网速", limit=1)) == 1
    lines = model.lines()
    assert set(lines["mark"]) == {"learned"} and set(lines["class"]) <= {"bill", "network"} and model.words
    edited = kehu.Keyword.read_text(model.write_text() + "bill\t!退款\t90\nbill\t-网速\n")
    changes = model.diff(edited)
    assert "退款" in changes["keyword"].to_list() and "fixed" in changes["new_mark"].to_list()
    again = kehu.Keyword.train(TEXTS, LABELS, base=edited)
    assert again.predict(["退款"]).labels == ["bill"]
    model.save_text(tmp_path / "k.txt")
    assert kehu.Keyword.load_text(tmp_path / "k.txt") == model
    assert isinstance(model.bias("bill"), int) and model.info.n_texts == 80
    with pytest.raises(kehu.KehuFormatError) as e:
        kehu.Keyword.read_text("bill\t!退款\t90\nbill\tx\t999\n")
    assert e.value.where == 1


def test_hybrid():
    model = kehu.Hybrid.train(TEXTS, LABELS, svm={"cost": 1}, keyword={"keywords_per_class": 5}, n_threads=2)
    answers = model.predict(["网速慢", "扣费"])
    assert answers.labels == ["network", "bill"] and set(answers["by"]) <= {"keyword", "svm"}
    assert 8 <= model.info.n_held_out <= 24 and model.keyword.explain("网速").n >= 1
    with pytest.raises(TypeError, match="speed"):
        kehu.Hybrid.train(TEXTS, LABELS, svm={"speed": 1})
    with pytest.raises(TypeError, match="weights"):
        kehu.Hybrid.train(TEXTS, LABELS, svm={"weights": [1]})


def test_linear():
    rows = [[1.0, 0, 0], [0.9, 0, 0.1], [0, 1, 0], [0, 0.8, 0]]
    model = kehu.Linear.train(rows, [5, 5, -2, -2], cost=1)
    assert model.classes == (-2, 5) and model.predict(rows, margins=True).labels == [5, 5, -2, -2]
    assert model.predict(rows, margins=True).margins.shape == (4, 2) and model.info.converged == 1
    for loss, solver in [("hinge", b"L2R_L1LOSS_SVC_DUAL"), ("logistic", b"L2R_LR"), ("crammer_singer", b"L2R_L1LOSS_SVC_DUAL")]:
        other = kehu.Linear.train(rows, [5, 5, -2, -2], cost=1, loss=loss)
        assert other.predict(rows).labels == [5, 5, -2, -2] and other.write().split()[1] == solver
    assert kehu.Linear.train(rows, [5, 5, -2, 3], loss="crammer_singer").write().split()[1] == b"MCSVM_CS"
    data = kehu.Libsvm.read(b"5 1:1\n5 1:.9 3:.1\n-2 2:1\n-2 2:.8\n")
    assert len(data) == 4 and data.n_columns == 3 and kehu.Linear.train(data, cost=1) == model
    assert kehu.Libsvm.read(data.write()).labels == [5, 5, -2, -2]
    for wrong, kind, message in [
            (lambda: kehu.Linear.train(rows, [1, 2]), kehu.KehuColumnError, "labels has 2 values where rows has 4"),
            (lambda: kehu.Linear.train([[1], [1, 2]], [1, 2]), kehu.KehuColumnError, "rows has 2 numbers in row 1, expected 1"),
            (lambda: kehu.Linear.train(rows, [1, 1.5, 2, 2]), kehu.KehuDataError, "labels is 1.5 in row 1"),
            (lambda: kehu.Linear.train(rows), TypeError, "labels is None"),
            (lambda: kehu.Linear.train(rows, [1, 1, 1, 1]), kehu.KehuOneClassError, None),
            (lambda: kehu.Linear.train([[math.nan], [1]], [1, 2]), kehu.KehuRangeError, None),
            (lambda: kehu.Libsvm.read(b"1 2:1 1:1\n"), kehu.KehuDataError, None),
            (lambda: kehu.Linear.train(3, [1]), TypeError, "rows is int")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_rfm(customers):
    rfm = kehu.Rfm.fit(customers, rule="interpolated", recency_levels=3, edges={"spend": [1000, 2000]})
    assert rfm.cuts("spend").at_most == [1000, 2000] and rfm.cuts("spend").given == 1 and rfm.cuts("recency_days").levels == 3
    assert rfm.cuts("orders").rule == "interpolated"
    grades = rfm.grade(customers)
    assert set(grades) == {"R", "F", "M"} and all(1 <= g <= 5 for g in grades["F"])
    why = rfm.explain(3, 9, 1500)
    assert why["column"].to_list() == ["recency_days", "orders", "spend"] and why["grade"][2] == 2 and why["above"][2] == 1000
    assert rfm.explain(3, 9, 10**6)["at_most"][2] is None
    assert rfm.drift(customers).psi["orders"] == 0 and sum(rfm.drift(customers).count["orders"]) == 7
    assert kehu.Rfm.fit({"recency_days": [1.0, 2.0], "orders": [1, 1], "spend": [1, 2]}, levels=2)
    for wrong, kind, message in [
            (lambda: kehu.Rfm.fit({"orders": [1]}), kehu.KehuColumnError, "customers has no column recency_days, there are orders"),
            (lambda: kehu.Rfm.fit({"recency_days": [1, -1], "orders": [1, 1], "spend": [1, 1]}), kehu.KehuDataError, "recency_days"),
            (lambda: kehu.Rfm.fit({"recency_days": [1, None], "orders": [1, 1], "spend": [1, 1]}), kehu.KehuDataError, "recency_days has no value in row 1"),
            (lambda: kehu.Rfm.fit({"recency_days": [1.5], "orders": [1], "spend": [1]}), kehu.KehuDataError, "recency_days is 1.5 in row 0"),
            (lambda: kehu.Rfm.fit(customers, levels=11), kehu.KehuArgumentError, "recency_days has 11 levels"),
            (lambda: kehu.Rfm.fit(customers, rule="best"), kehu.KehuArgumentError, "rule is 'best'"),
            (lambda: kehu.Rfm.fit(customers, edges={"money": [1]}), kehu.KehuArgumentError, "edges has 'money'"),
            (lambda: rfm.explain(1.5, 1, 1), TypeError, "recency_days is 1.5 of type float"),
            (lambda: kehu.RfmBase("2024-01-01"), TypeError, "as_of is str"),
            (lambda: kehu.RfmBase(0, returns="maybe"), kehu.KehuArgumentError, "returns is 'maybe'")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_rfm_bases_add_up():
    whole, parts = kehu.RfmBase(19800), [kehu.RfmBase(19800) for _ in range(2)]
    whole.add(**SALES)
    for k, part in enumerate(parts):
        part.add(**{name: values[k::2] for name, values in SALES.items()})
    parts[0].merge(parts[1])
    assert parts[0].write() == whole.write() and parts[0].finish() == whole.finish()
    again = pickle.loads(pickle.dumps(whole))
    again.add(["new"], [datetime.datetime(2024, 1, 5, 23, 59)], [1])
    assert again.counts.rows == 61 and again.finish()["customer"].to_list()[-1] == "new"
    with pytest.raises(kehu.KehuRangeError) as e:
        whole.add(["a", "b"], [datetime.date(2024, 1, 1), datetime.date(2034, 1, 1)], [1, 1])
    assert e.value.where == 1 and whole.counts.rows == 60
    with pytest.raises(kehu.KehuBusyError):
        whole.merge(whole)
    with pytest.raises(kehu.KehuEmptyError):
        kehu.RfmBase(0).finish()


def test_segments(customers):
    rules = kehu.Segments.builtin("rfm_grid")
    rfm = kehu.Rfm.fit(customers)
    rules.check_rfm(rfm)
    found = rules.assign_rfm(rfm, customers)
    assert len(found.segments) == len(rules.names) and len(found) == 7
    totals = rules.totals(found, customers)
    assert sum(totals["customers"]) == 7 and sum(totals["spend"]) == sum(SALES["amount"])
    moved = rules.migration(customers["customer"], found, customers["customer"], found.numbers)
    assert sum(map(sum, moved.to_lists())) == 7 and moved.columns[-1] == "(absent)"
    for wrong, kind, message in [
            (lambda: kehu.Segments.builtin("none"), kehu.KehuNotFoundError, "no built-in table 'none'"),
            (lambda: kehu.Segments.read("A: x >"), kehu.KehuFormatError, "line 1"),
            (lambda: kehu.Segments.read("A: x > 1").assign({"y": [1]}), kehu.KehuColumnError, "x"),
            (lambda: kehu.Segments.read("A: x > 1").assign({"x": [2, 0]}), kehu.KehuDataError, None),
            (lambda: kehu.Segments.read("A: x > 1").explain({"x": [2]}, 5), kehu.KehuArgumentError, "row"),
            (lambda: rules.totals([0], customers), kehu.KehuColumnError, "assigned has 1 rows, the customers 7"),
            (lambda: rules.totals([99] * 7, customers), kehu.KehuArgumentError, "99")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_clv():
    base = kehu.ClvBase(datetime.date(2024, 3, 1), period_days=1)
    base.add(**SALES)
    rows = base.finish()
    assert rows["frequency"].to_list()[0] >= 1 and set(rows) == {"customer", "frequency", "recency", "age", "spend"}
    buys = kehu.Clv.from_parameters("bg_nbd", [0.243, 4.414, 0.793, 2.426])
    spends = kehu.Clv.from_parameters("gamma_gamma", [6.25, 3.74, 1544.0])
    assert buys.info.model == "bg_nbd" and list(buys.info.parameters) == ["r", "alpha", "a", "b"]
    values = buys.value(spends, rows, 12, 0.01)
    assert len(values) == 7 and all(v > 0 for v in values) and values.name == "value"
    assert all(0 < p <= 1 for p in buys.alive(rows)) and all(v >= 0 for v in buys.waiting(rows)) and spends.spend(rows)[0] > 0
    many = {"frequency": [i % 5 for i in range(200)], "recency": [30.0 * (i % 5 > 0) * (i % 7 + 1) / 7 for i in range(200)], "age": [39.0] * 200}
    fitted = kehu.Clv.fit(many)
    assert fitted.info.iterations > 0 and fitted.info.n == 200 and all(v > 0 for v in fitted.info.parameters.values())
    many["spend"] = [100.0 + i % 13 if i % 5 else 0.0 for i in range(200)]
    spend_fit = kehu.Clv.fit(many, model="gamma_gamma")
    interval = fitted.value_interval(spend_fit, many, 12, 0.01)
    assert all(a <= v <= b for a, v, b in zip(interval["low"], fitted.value(spend_fit, many, 12, 0.01), interval["high"]))
    for wrong, kind, message in [
            (lambda: buys.value_interval(spends, rows, 12), kehu.KehuArgumentError, None),
            (lambda: kehu.Clv.fit(many, model="x"), kehu.KehuArgumentError, "model is 'x'"),
            (lambda: kehu.Clv.from_parameters("bg_nbd", [1.0]), kehu.KehuArgumentError, None),
            (lambda: buys.alive({"frequency": [1], "recency": [1]}), kehu.KehuColumnError, "rows has no column age"),
            (lambda: buys.alive({"frequency": [1.5], "recency": [1], "age": [2]}), kehu.KehuDataError, None),
            (lambda: buys.spend(rows), kehu.KehuArgumentError, None),
            (lambda: buys.purchases(rows, "long"), TypeError, "horizon is 'long' of type str")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_tree(tree):
    scores = tree.score({**COLUMNS, "more": [1] * 400}, leaves=True, unseen=True, missing=True, n_threads=2)
    assert max(scores.leaves) < tree.n_leaves and scores.unseen == {"x": 0, "plan": 0} and scores.missing == {"x": 0, "plan": 0}
    assert tree.score_row({"x": 3.0, "plan": "a"}) == dict(zip(tree.classes, scores[3]))
    assert tree.score_row({}) == dict(zip(tree.classes, tree.score({"x": [None], "plan": [None]})[0]))
    path = tree.explain(COLUMNS, 3, "yes")
    assert path.base + sum(path["change"]) == scores[3, "yes"] and path["feature"][0] == "x"
    assert tree.explain(COLUMNS, 3).class_name == "yes"
    assert sum(tree.importance().values()) == 1 and tree.features == ("x", "plan") and tree.info.criterion in kehu.tree.CRITERIA
    assert "x" in tree.write_rules() and "CASE" in tree.write_sql("`") and tree.write_dump()
    assert tree.drift(COLUMNS).features["x"] < 1e-6 and set(tree.drift(COLUMNS).levels) == {"no", "yes"}
    worth = tree.permute(COLUMNS, [*TARGET[:-1], None], n_repeats=3, n_threads=2)
    assert worth["feature"].to_list() == ["x", "plan"] and worth["importance"][0] > 0.1 > worth["importance"][1]
    calm = ["no" if i % 2 else t for i, t in enumerate(TARGET)]
    fresh, found = tree.recalibrate(COLUMNS, calm)
    assert found.method in kehu.tree.CALIBRATIONS and not found.refused and found.log_loss_after < found.log_loss_before
    assert sum(row[1] for row in fresh.score(COLUMNS)) < 0.7 * sum(row[1] for row in scores) and fresh.features == tree.features
    assert tree.recalibrate(COLUMNS, ["no" if t == "yes" else "yes" for t in TARGET], method="isotonic")[1].refused
    falling = kehu.Tree.train(COLUMNS, TARGET, monotone={"x": -1}).score({"x": range(40), "plan": ["a"] * 40}).to_lists()
    assert all(a[1] >= b[1] for a, b in zip(falling, falling[1:]))
    many = kehu.Tree.train(COLUMNS, TARGET, kind="ensemble", n_folds=2, n_threads=2)
    assert many.info.kind == "ensemble" and many.info.n_trees > 10 and many.info.calibration in kehu.tree.CALIBRATIONS[1:] and "trees" in repr(many)
    why, scored = many.explain(COLUMNS, 3, "yes"), many.score(COLUMNS)
    assert why.base + sum(why["change"]) == scored[3, "yes"] and kehu.Tree.read(many.write()).score(COLUMNS).to_lists() == scored.to_lists()
    assert kehu.Tree.train(COLUMNS, TARGET, kind="best", n_folds=2).info.cv_log_loss <= many.info.cv_log_loss
    taught = kehu.Tree.train(COLUMNS, TARGET, kind="distilled", n_folds=2, n_threads=2)
    assert taught.info.kind in ("single", "distilled") and taught.info.n_trees == 1 and "leaves" in repr(taught) and "leaf 1:" in taught.write_rules()
    assert taught.info.cv_log_loss <= kehu.Tree.train(COLUMNS, TARGET, n_folds=2).info.cv_log_loss
    weighted = kehu.Tree.train(COLUMNS, TARGET, classes=["yes", "no", "never"], class_weights=[1, 2, 1], n_folds=1, row_ids=range(400), weights=[1] * 400)
    assert weighted.classes == ("yes", "no", "never")
    for wrong, kind, message in [
            (lambda: kehu.Tree.train(COLUMNS, [*TARGET[:-1], None]), kehu.KehuDataError, None),
            (lambda: kehu.Tree.train(COLUMNS, TARGET[:-1]), kehu.KehuArgumentError, "39"),
            (lambda: kehu.Tree.train({"x": [1, 2]}, ["a", "a"]), kehu.KehuOneClassError, None),
            (lambda: kehu.Tree.train({"": [1, 2]}, ["a", "b"]), kehu.KehuColumnError, None),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, weights=[-1] * 400), kehu.KehuRangeError, None),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, max_depth=2**33), kehu.KehuArgumentError, "max_depth is 8589934592, which its type cannot hold"),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, criterion="luck"), kehu.KehuArgumentError, "criterion is 'luck'"),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, speed=1), TypeError, "speed"),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, kind="wood"), kehu.KehuArgumentError, "kind is 'wood'"),
            (lambda: many.write_rules(), kehu.KehuArgumentError, "trees has no rules"),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, monotone={"y": 1}), kehu.KehuColumnError, "monotone names 'y'"),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, monotone={"plan": 1}), kehu.KehuColumnError, "plan is text"),
            (lambda: kehu.Tree.train(COLUMNS, TARGET, monotone=[1]), kehu.KehuArgumentError, "n_monotone is 1"),
            (lambda: tree.permute(COLUMNS, TARGET[:-1]), kehu.KehuArgumentError, "the target has 399 rows"),
            (lambda: tree.permute(COLUMNS, [None] * 399 + ["maybe"]), kehu.KehuDataError, "row 399 is not a class"),
            (lambda: tree.recalibrate(COLUMNS, TARGET, method="magic"), kehu.KehuArgumentError, "method is 'magic'"),
            (lambda: tree.score({"x": [1.0]}), kehu.KehuColumnError, "plan"),
            (lambda: tree.score({"x": ["a"], "plan": ["a"]}), kehu.KehuColumnError, "x"),
            (lambda: tree.explain(COLUMNS, 400), kehu.KehuArgumentError, "row is 400, expected 0 to 399"),
            (lambda: tree.explain(COLUMNS, 1.5, "yes"), TypeError, "row is 1.5 of type float"),
            (lambda: tree.explain(COLUMNS, 0, "maybe"), KeyError, "no class 'maybe'"),
            (lambda: tree.write_sql("'"), kehu.KehuArgumentError, "quote")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_levels(tree):
    scores = tree.score(COLUMNS)
    levels = kehu.Levels.fit(scores, mode="lift", cuts=[0.5, 1, 2, 3])
    assert levels.mode == "lift" and len(levels.cuts) == 2
    observed = [tree.classes.index(t) for t in TARGET]
    report = levels.report(scores, observed)
    parts = levels.report(scores, observed, segments=["南" if i % 4 else None if i % 8 else "北" for i in range(400)])
    assert len(parts) == 20 and sum(parts["n_rows"]) == 700 and parts["segment"].to_list()[::5] == ["北", "北", "南", "南"]
    assert set(parts["mode"]) == {"lift"} and '"segment":"北"' in parts.write_json()
    assert levels.report(scores, segments=[7] * 400)["share"].to_list() == report["share"].to_list()
    assert len(report) == 10 and sum(report["n_rows"]) == 800 and report["class"].to_list()[:5] == ["no"] * 5
    for wrong, kind, message in [
            (lambda: kehu.Levels.fit([[1.5]]), kehu.KehuRangeError, None),
            (lambda: kehu.Levels.fit([[0.5], [0.5, 0.5]]), kehu.KehuColumnError, "probabilities has 2 numbers in row 1, expected 1"),
            (lambda: kehu.Levels.fit([["a"]]), kehu.KehuDataError, "probabilities is 'a' in row 0"),
            (lambda: levels.grade([[0.5]]), kehu.KehuColumnError, "probabilities has 1 columns, expected 2"),
            (lambda: levels.report(scores, [0]), kehu.KehuColumnError, "observed has 1 rows"),
            (lambda: levels.report(scores, segments=[0]), kehu.KehuColumnError, "segments has 1 rows"),
            (lambda: kehu.Levels.fit(scores, cuts=[0.1]), kehu.KehuArgumentError, "cuts has 1 values, expected 4"),
            (lambda: kehu.Levels.fit([], mode="quantile"), kehu.KehuError, None)]:
        with pytest.raises(kind, match=message):
            wrong()


def test_preference():
    observed = [None if i % 3 else t for i, t in enumerate(TARGET)]
    columns = {**COLUMNS, "y": [x * x for x in COLUMNS["x"]]}
    model = kehu.Preference.train(columns, observed, rules="yes +3: x < 5\nno -1: plan = a", tree={"max_leaves": 4}, levels={"mode": "quantile"})
    scored = model.score(columns)
    assert scored.labels[0] == "yes" and set(scored["level"]) <= set(model.levels.names) and scored.levels.shape == (400, 2)
    assert model.fusion("spoken").n_rules == 2 and set(model.fusion("silent").offsets) == {"no", "yes"}
    assert model.fired(columns, 0)["class"].to_list() == ["yes", "no"]
    assert len(model.report(columns, observed)) == 10 and model.tree.explain(columns, 0).class_name in ("yes", "no")
    for wrong, kind, message in [
            (lambda: kehu.Preference.train(COLUMNS, [None] * 400), kehu.KehuError, None),
            (lambda: kehu.Preference.train(COLUMNS, observed, rules="yes: x < 5"), kehu.KehuFormatError, "line 1"),
            (lambda: kehu.Preference.train(COLUMNS, observed, tree={"speed": 1}), TypeError, "speed"),
            (lambda: model.fired(columns, -1), kehu.KehuArgumentError, "row")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_evaluate():
    e = kehu.evaluate(["a", "b", "b", "c"], ["a", "b", None, "b"], probabilities=[[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]])
    assert (e.accuracy, e.coverage, e.n_answered) == (0.5, 0.75, 3) and e.confusion[1, "(none)"] == 1 and e.confusion[2, "b"] == 1
    assert kehu.evaluate([0, 1, 1], [0, -1, 1]).n_answered == 2
    model = kehu.Svm.train(TEXTS, LABELS, cost=1)
    assert kehu.evaluate(LABELS, model.predict(TEXTS)).accuracy == 1
    assert kehu.compare([1, 1, 0], [1, 1, 0], [1, 0, 1]).only_a == 2
    assert "accuracy" in e.write(name="ours", comparison=kehu.compare([1, 0], [1, 0], [1, 1])) and '"n":4' in e.write(format="json").replace(" ", "")

    def learn(known, asked):
        model = kehu.Svm.train([TEXTS[i] for i in known], [LABELS[i] for i in known], cost=1)
        return model.predict([TEXTS[i] for i in asked], probabilities=True)

    validated = kehu.cross_validate(learn, LABELS, ids=TEXTS, n_folds=3, probabilities=True)
    assert kehu.evaluate(LABELS, validated, probabilities=validated.probabilities).accuracy == 1
    assert validated["answer"].to_list() == LABELS
    curve = kehu.learning_curve(learn, LABELS, shares=[0.3, 1])
    assert curve["n_known"][0] < curve["n_known"][1] and curve["accuracy"][1] == 1

    def fail(known, asked):
        raise ZeroDivisionError("in learn")

    with pytest.raises(ZeroDivisionError, match="in learn"):
        kehu.cross_validate(fail, LABELS)
    with pytest.raises(kehu.KehuColumnError, match="learn gave 1 answers to"):
        kehu.cross_validate(lambda known, asked: ["bill"], LABELS)
    with pytest.raises(TypeError, match="learn gave no probabilities"):
        kehu.cross_validate(lambda known, asked: ["bill"] * len(asked), LABELS, probabilities=True)


def test_probabilities_that_a_learner_does_not_tell_are_zero():
    """Not what the fold before it was told."""
    folds = []

    def learn(known, asked):
        names = ["bill", "network"][:1 if folds else 2]
        folds.append(asked)
        answers = kehu.Table({"answer": ["bill"] * len(asked)})
        answers.labels = ["bill"] * len(asked)
        answers.probabilities = kehu.Matrix(kehu.results.filled("f", [0.25] * len(asked) * len(names)), "f", len(asked), names)
        return answers

    found = kehu.cross_validate(learn, LABELS, n_folds=3, probabilities=True, classes=["bill", "network"]).probabilities
    for k, asked in enumerate(folds):
        assert [found[i] for i in asked] == [[0.25, 0 if k else 0.25]] * len(asked)
    for wrong, kind, message in [
            (lambda: kehu.evaluate(["a"], ["a", "b"]), kehu.KehuColumnError, "answers has 2 rows where truth has 1"),
            (lambda: kehu.evaluate(["a", None], ["a", "a"]), kehu.KehuDataError, "truth is None in row 1"),
            (lambda: kehu.evaluate(["a"], ["b"], classes=["a"]), kehu.KehuDataError, "answers is 'b' in row 0, expected one of 'a'"),
            (lambda: kehu.evaluate([], []), kehu.KehuError, None),
            (lambda: kehu.evaluate_binary([0.5, 2], [0, 1]), kehu.KehuRangeError, None),
            (lambda: kehu.evaluate_binary([0.5], [0, 1]), kehu.KehuColumnError, "happened has 2 rows"),
            (lambda: kehu.gains([0.5], [0, 1]), kehu.KehuColumnError, "happened has 2 rows"),
            (lambda: kehu.gains([0.5], [0], n_groups=0), kehu.KehuArgumentError, "n_groups is 0"),
            (lambda: kehu.calibration([0.5], [1], groups=[0, 1]), kehu.KehuColumnError, "groups has 2 rows"),
            (lambda: kehu.calibration([0.5], [1], groups=[3], n_groups=3), kehu.KehuRangeError, "groups.0. is 3"),
            (lambda: kehu.evaluate_binary([0.5], [-1]), kehu.KehuDataError, "happened is -1 in row 0")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_redact():
    text = "𠮷a@b.cn，电话１３８１２３４５６７８，再打13812345678" * 5
    found = kehu.redact_find(text)
    assert len(found) == 15 and set(found["kind"]) == {"email", "phone"}
    assert all(text[a:b] == t for a, b, t in zip(found["start"], found["end"], found["term"]))
    assert kehu.redact_find(text, kinds=["email"])["term"].to_list() == ["a@b.cn"] * 5
    assert kehu.redact_texts([text]).counts == {"phone": 10, "identity_card": 0, "bank_card": 0, "email": 5, "address": 0}
    for wrong, kind, message in [(lambda: kehu.redact_find(text, kinds=["name"]), kehu.KehuArgumentError, "kinds is 'name'"),
                                 (lambda: kehu.redact_find(text, kinds=[]), ValueError, "kinds is empty"),
                                 (lambda: kehu.redact_texts([1]), kehu.KehuColumnError, None),
                                 (lambda: kehu.redact_texts([text], instead={"x": "y"}), kehu.KehuArgumentError, "instead is 'x'")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_csv(tmp_path):
    path = tmp_path / "销售.csv"
    path.write_bytes("客户;金额;日期\n甲;1,234.50;2024年5月6日\n乙;x;2024-05-07\n".encode("gb18030"))
    with kehu.Csv(path, fields={"金额": "money2 loose", "日期": "date required"}, delimiter="detect") as csv:
        batch = csv.next()
        assert batch.rows() == [{"金额": 123450, "日期": datetime.date(2024, 5, 6), "客户": "甲"}]
        assert csv.line(0) == 2 and csv.line(9) == 0
        csv.reject(0, "unknown", column="客户", value="甲")
        assert csv.next() is None
        assert csv.rejects().to_dict()["line"] == [3, 2] and csv.reject_count == 2 and csv.row_count == 1
    assert kehu.read_csv(b"1;2\n", header=False, delimiter=";", infer_rows=10).to_dict() == {"1": [1], "2": [2]}
    assert kehu.read_csv(b'{"a": 1}\n{"a": null}\n', json=True, fields={"a": "int"})["a"].to_list() == [1, None]
    assert kehu.read_csv(b"a\n-\nNA\n1\n", fields={"a": "int"}, missing=["-", "NA"])["a"].to_list() == [None, None, 1]
    with kehu.Csv(b"id,age\n1,30\n2,unknown\nx,old\n", fields={"id": "int", "age": "int coerce"}) as csv:
        assert csv.rest().to_dict() == {"id": [1, 2], "age": [30, None]} and csv.coerced_count == 1 and csv.reject_count == 1
        assert csv.coerced().rows() == [{"line": 3, "column": "age", "reason": "not a whole number", "value": "unknown"}]
    for wrong, kind, message in [
            (lambda: kehu.Csv(tmp_path / "none.csv"), kehu.KehuNotFoundError, "none.csv"),
            (lambda: kehu.Csv(b""), kehu.KehuEmptyError, None), (lambda: kehu.Csv(b"a,a\n"), kehu.KehuDuplicateError, "a"),
            (lambda: kehu.Csv(b"a\n", fields={"b": "int"}), kehu.KehuColumnError, "b"),
            (lambda: kehu.Csv(b"a\n", fields={"a": "number"}), kehu.KehuArgumentError, "field a is 'number'"),
            (lambda: kehu.Csv(b"a\n", fields={"a": "int soon"}), kehu.KehuArgumentError, "flag of field a is 'soon'"),
            (lambda: kehu.Csv(b"a\n", fields={"a": "int coerce required"}), kehu.KehuArgumentError, "both REQUIRED and COERCE"),
            (lambda: kehu.Csv(b"a\n", encoding="utf16"), kehu.KehuArgumentError, "encoding is 'utf16'"),
            (lambda: kehu.Csv(3), TypeError, None), (lambda: kehu.read_csv(b"a\n", speed=1), TypeError, "speed")]:
        with pytest.raises(kind, match=message):
            wrong()


def test_store(tmp_path):
    store = kehu.Store(tmp_path / "s", mode="new", durability="batch")
    store.declare("customers", "age", "int", layer=1, origin="form", age_limit_days=30)
    store.declare("customers", "score", "float", layer=3, inputs=["age"])
    store.add_customers({"customer": [7, 8], "age": [30, None], "score": [0.5, 0.25]})
    sales = kehu.Csv(b"who,when,amount\nC1,2024-01-05,19.90\nC1,never,1\n7,2024-02-05 10:00,5\n",
                     fields={"when": "time", "amount": "money2"})
    assert store.import_csv("events", sales, names={"who": "customer", "when": "time"}) == 2 and sales.reject_count == 1
    store.flush()
    store.sync()
    snapshot = store.snapshot()
    assert [f.name for f in snapshot.fields("customers")] == ["age", "score"] and snapshot.fields("customers")[1].inputs == ["age"]
    assert snapshot.customers()["customer"].to_list() == ["7", "8"] and snapshot.customers(columns=["age"])["age"].to_list() == [30, None]
    assert snapshot.events(start=datetime.date(2024, 2, 1))["customer"].to_list() == ["7"]
    assert snapshot.events(end=datetime.datetime(2024, 2, 1), columns=["amount"])["amount"].to_list() == [1990]
    assert len(snapshot.events(customer="nobody")) == 0 and "amount" in snapshot.events(kind="none").columns
    assert snapshot.totals()["amount"].to_list() == [500, 1990]
    assert snapshot.export("7")["events"][0]["amount"] == 500
    assert snapshot.stats.rows == [2, 2] and snapshot.check().bad_blocks == 0
    assert store.snapshot(as_of=datetime.date(2024, 1, 31)).totals()["amount"].to_list() == [1990]
    store.erase("7")
    assert store.purge().rows_left == 0 and len(store.snapshot().events()) == 1 and len(snapshot.events()) == 2
    store.compact()
    store.snapshot().backup(tmp_path / "copy")
    assert len(kehu.Snapshot.open(tmp_path / "copy").events()) == 1
    one = {"customer": ["a"], "time": [datetime.date(2024, 1, 1)]}
    for wrong, kind, message in [
            (lambda: kehu.Store(tmp_path / "s"), kehu.KehuBusyError, None), (lambda: kehu.Store(tmp_path / "no"), kehu.KehuNotFoundError, None),
            (lambda: store.add_events({"customer": ["a"]}), kehu.KehuColumnError, "time"),
            (lambda: store.add_events({**one, "amount": [1.5]}), kehu.KehuError, "amount"),
            (lambda: store.add_events({**one, "colour": ["red"]}), kehu.KehuColumnError, "colour"),
            (lambda: store.add_events({"customer": ["a", ""], "time": [datetime.date(2024, 1, 1)] * 2}), kehu.KehuDataError, None),
            (lambda: store.declare("customers", "age", "text"), kehu.KehuDuplicateError, "age"),
            (lambda: store.declare("people", "age", "text"), kehu.KehuArgumentError, "part is 'people'"),
            (lambda: store.declare("events", "x", "money"), kehu.KehuArgumentError, "type is 'money'"),
            (lambda: store.erase("a\0b"), kehu.KehuArgumentError, "NUL"),
            (lambda: snapshot.events(columns=["colour"]), kehu.KehuColumnError, "colour"),
            (lambda: snapshot.events(start="2024"), TypeError, "start is str"),
            (lambda: snapshot.scan("events", speed=1), TypeError, "speed")]:
        with pytest.raises(kind, match=message):
            wrong()
    store.close()
    assert kehu.Store(tmp_path / "s").sequence > 0


def test_store_hands_out_with_consent_under_pseudonyms(tmp_path):
    import hashlib
    import hmac

    import pyarrow
    key = b"sixteen bytes..."
    with kehu.Store(tmp_path / "s", mode="new") as store:
        store.declare("customers", "consent to mail", "bool")
        store.declare("customers", "会员", "bool")
        store.add_customers({"customer": ["a", "b", "c"], "consent to mail": [True, False, True], "会员": [True, True, None]})
        store.add_events({"customer": ["a", "b", "c", "d"], "time": [datetime.date(2024, 1, 1)] * 4, "amount": [1, 2, 4, 8]})
        snapshot = store.snapshot()
    require = '"consent to mail" and not 会员'
    assert snapshot.customers(require=require)["customer"].to_list() == ["c"]
    assert snapshot.events(require="not 会员", columns=["amount"])["amount"].to_list() == [4, 8]
    assert snapshot.totals(require="会员")["amount"].to_list() == [1, 2]
    stream = snapshot.stream("events", require="not 会员", columns=["amount"], batch_rows=1)
    for _ in range(2):
        batches = pyarrow.RecordBatchReader.from_stream(stream)
        assert [batch["amount"].to_pylist() for batch in batches] == [[4], [8]]
    reader = pyarrow.RecordBatchReader.from_stream(snapshot.stream("customers", customer="b"))
    assert kehu.Table(snapshot.stream("events", kind="none")).columns == snapshot.events(kind="none").columns
    names = [hmac.new(key, c.encode(), hashlib.sha256).hexdigest()[:32] for c in "abcd"]
    assert snapshot.events(pseudonym_key=key)["customer"].to_list() == names
    assert snapshot.totals(pseudonym_key=key, require=require)["customer"].to_list() == [names[2]]
    assert kehu.pseudonym("a", key) == names[0]
    for wrong, kind, message in [
            (lambda: snapshot.events(require="consent"), kehu.KehuColumnError, "require: customers have no field consent of type bool"),
            (lambda: snapshot.events(require="会员 or"), kehu.KehuArgumentError, "require: expected a field"),
            (lambda: snapshot.events(pseudonym_key=b"short"), kehu.KehuArgumentError, "16 bytes or more, this one 5"),
            (lambda: kehu.pseudonym("a", "a text, no bytes"), TypeError, "str, expected bytes")]:
        with pytest.raises(kind, match=message):
            wrong()
    snapshot.close()
    assert reader.read_all().to_pylist() == [{"customer": "b", "consent to mail": False, "会员": True}]
