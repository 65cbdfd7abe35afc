"""kehu.spark gives what one process gives, to the bit, for any partitioning, on a standalone master with two workers.
KEHU_SPARK: another master, such as local[2]."""
import collections
import contextlib
import datetime
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile

import pytest

import kehu

pa, pyspark = pytest.importorskip("pyarrow"), pytest.importorskip("pyspark")
import kehu.spark  # noqa: E402

PARTS = (1, 2, 7, 64)
AS_OF = datetime.date(2024, 12, 1)
CLASSES = {"network": ["网速太慢", "宽带断了", "信号不好", "断网三天"], "bill": ["话费扣错", "账单不对", "乱扣费用", "多扣了钱"]}


SPARK = os.path.join(os.path.dirname(pyspark.__file__), "bin")


@contextlib.contextmanager
def standalone(folder):
    """A standalone master and two workers on loopback, processes of their own that know nothing of kehu: HOST:PORT."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KEHU_LIBRARY")}
    clean |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "PYSPARK_PYTHON": os.environ["PYSPARK_PYTHON"]}
    deploy, started = "org.apache.spark.deploy.", []

    def start(*arguments):
        with open(folder / f"daemon{len(started)}.log", "w", encoding="utf-8") as log:
            started.append(subprocess.Popen([os.path.join(SPARK, "spark-class"), *arguments], env=clean, stdout=log, stderr=log))

    start(deploy + "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
    for k in range(2):
        start(deploy + "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(folder / f"worker{k}"),
              f"spark://127.0.0.1:{port}")
    for _ in range(600):  # the driver gives up after a minute, which a busy machine may need
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert started[0].poll() is None
        time.sleep(.5)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        for process in started[::-1]:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with contextlib.ExitStack() as stack:
        master = os.environ.get("KEHU_SPARK") or "spark://" + stack.enter_context(standalone(tmp_path_factory.mktemp("cluster")))
        session = (pyspark.sql.SparkSession.builder.master(master).appName("kehu").config("spark.executor.memory", "512m")
                   .config("spark.ui.enabled", "false").config("spark.driver.memory", "1g").config("spark.driver.host", "127.0.0.1")
                   .config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.shuffle.partitions", "4")
                   .config("spark.executorEnv.PYTHONPATH", os.pathsep.join(sys.path)).getOrCreate())
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def texts():
    chance = random.Random(3)
    rows = [(i, name, chance.choice(CLASSES[name]) + chance.choice(["", "！", "啊", "，快点"])) for i in range(600)
            for name in [chance.choice(list(CLASSES))]]
    return [*rows, (600, "bill", None), (601, "bill", "")]


@pytest.fixture(scope="module")
def svm(texts):
    return kehu.Svm.train([t for _, _, t in texts], [name for _, name, _ in texts], cost=1, seed=1)


def rows_of(frame, by, *names):
    return [tuple(row[name] for name in names) for row in frame.orderBy(by).collect()]


def listed(table, *names):
    return list(zip(*(table[name].to_list() for name in names)))


@pytest.mark.parametrize("n", PARTS)
def test_classify(spark, texts, svm, n):
    frame = spark.createDataFrame(texts, ["id", "label", "text"]).repartition(n)
    given = [t for _, _, t in texts]
    want = listed(svm.predict(given, probabilities=True), "class", "probability")
    assert rows_of(kehu.spark.classify(frame, svm), "id", "class", "probability") == want


@pytest.mark.parametrize("n", PARTS)
def test_terms_keywords_and_words(spark, texts, svm, n):
    frame = spark.createDataFrame(texts, ["id", "label", "text"]).repartition(n)
    given = [t for _, _, t in texts]
    want = [svm.explain(t or "", limit=2)["term"].to_list() for t in given]
    assert [row[0] for row in rows_of(kehu.spark.classify(frame, svm, terms=2), "id", "terms")] == want
    model = kehu.Keyword.train(given, [name for _, name, _ in texts], keywords_per_class=5)
    told = [model.explain(t or "")["term"].to_list() for t in given]
    answers = listed(model.predict(given), "class", "probability")
    assert rows_of(kehu.spark.keywords(frame, model), "id", "class", "probability", "keywords") == [(*a, t) for a, t in zip(answers, told)]
    words = kehu.Tokenizer.read_words("话费 10\n网速 10\n宽带 10\n")
    assert [row[0] for row in rows_of(kehu.spark.tokenize(frame, words), "id", "words")] == words.words_of(given)


def test_models_travel_with_what_they_were_made_with(spark, texts):
    frame = spark.createDataFrame(texts, ["id", "label", "text"]).repartition(3)
    given = [t for _, _, t in texts]
    words = kehu.Tokenizer.read_words("网速太慢 10\n网速 10\n太慢 10\n宽带断了 10\n宽带 10\n", mode="search")
    want = words.words_of(given)
    assert any("网速" in found and "网速太慢" in found for found in want)
    assert [row[0] for row in rows_of(kehu.spark.tokenize(frame, words), "id", "words")] == want
    model = kehu.Svm.train(given, [name for _, name, _ in texts], cost=1, tokenizer=words)
    want = listed(model.predict(given, probabilities=True), "class", "probability")
    assert rows_of(kehu.spark.classify(frame, model), "id", "class", "probability") == want


@pytest.mark.parametrize("n", PARTS)
def test_score_and_preference(spark, n):
    chance = random.Random(5)
    rows = [(i, chance.randrange(18, 80), chance.choice(["app", "hall", None]), chance.random() * 100) for i in range(400)]
    target = [str(int((a > 40) ^ (c == "app") ^ (chance.random() < .2))) for _, a, c, _ in rows]
    columns = {"age": [r[1] for r in rows], "channel": [r[2] for r in rows], "spend": [r[3] for r in rows]}
    frame = spark.createDataFrame(rows, ["id", "age", "channel", "spend"]).repartition(n)
    tree = kehu.Tree.train(columns, target, n_folds=2)
    scores = tree.score(columns)
    want = [tuple(scores[i].values()) if isinstance(scores[i], dict) else tuple(scores[i]) for i in range(len(rows))]
    assert rows_of(kehu.spark.score(frame, tree), "id", *(f"probability_{c}" for c in tree.classes)) == want
    told = [(tree.explain(columns, i)["condition"].to_list(),) for i in range(20)]
    assert rows_of(kehu.spark.score(frame.where("id < 20"), tree, reasons=True), "id", "reasons") == told
    with pytest.raises(kehu.KehuColumnError, match="no column age"):
        kehu.spark.score(frame.drop("age"), tree)
    model = kehu.Preference.train(columns, target, rules="1 +1.5: age > 40 and channel = hall\n")
    found = kehu.spark.preference(frame.withColumn("words", pyspark.sql.functions.array("channel")), model)
    assert rows_of(found, "id", "class", "probability", "level") == listed(model.score(columns), "class", "probability", "level")
    answers = model.score(columns).labels
    told = [([*model.fired(columns, i)["rule"].to_list(), *model.tree.explain(columns, i, answers[i])["condition"].to_list()],) for i in range(20)]
    assert any("hall" in reason for (reasons,) in told for reason in reasons[:1])
    assert rows_of(kehu.spark.preference(frame.where("id < 20"), model, reasons=True), "id", "reasons") == told


def test_what_is_learned_from_counts_is_what_one_process_learns(spark, texts):
    given = [(name, t or "") for _, name, t in texts]
    words = kehu.Tokenizer.read_words("话费 10\n网速 10\n宽带 10\n断网 10\n多扣 10\n账单 10\n信号 10\n扣错 10\n扣费 10\n")
    want = collections.Counter((name, None) for name, _ in given)
    for (name, _), found in zip(given, words.words_of([t for _, t in given])):
        want.update((name, word) for word in set(found) if word.isalnum())
    assert len(want) > 12
    lists = set()
    for n in PARTS:
        frame = spark.createDataFrame(texts, ["id", "label", "text"]).repartition(n)
        counts = kehu.spark.count_terms(frame, "label", terms=words).cache()
        assert {(row["class"], row["term"]): row["texts"] for row in counts.collect()} == want
        model = kehu.spark.train_keywords(counts, keywords_per_class=20)
        lists.add(model.write_text())
    assert len(lists) == 1
    assert sum(a == name for a, (name, t) in zip(model.predict([t for _, t in given]).labels, given)) >= len(given) - 2
    parts = [kehu.spark.count_terms(frame.where(f"id % 3 = {k}"), "label", terms=words) for k in range(3)]  # as of three days
    assert kehu.spark.train_keywords(parts[0].union(parts[1]).union(parts[2]), keywords_per_class=20).write_text() in lists
    inside = {(row["class"], row["term"]): row["texts"] for row in kehu.spark.count_terms(frame, "label", terms=model).collect()}
    assert inside == collections.Counter((name, word) for name, t in given for word in (None, *model.words) if word is None or word in t)


def test_keywords_of_known_counts(spark):
    def learned(*rows, **options):
        return kehu.spark.train_keywords(spark.createDataFrame(rows, "class string, term string, texts long"), **options)

    counts = [("a", None, 8), ("b", None, 18), ("a", "x", 7), ("b", "x", 1), ("b", "y", 9), ("a", "rare", 2)]
    model = learned(*counts)  # x: log(8/10) and log(2/20); y: log(1/10) and log(10/20); bias: log(8/26) and log(18/26)
    assert [(row["class"], row["keyword"], row["weight"]) for row in (dict(zip(("class", "keyword", "weight"), r)) for r in
            listed(model.lines(), "class", "keyword", "weight"))] == [("a", "x", 100), ("a", "y", -77), ("b", "x", -100), ("b", "y", 77)]
    assert (model.bias("a"), model.bias("b")) == (-39, 39)
    with pytest.raises(kehu.KehuOneClassError, match="the counts are of 1 classes"):
        learned(("a", None, 8), ("a", "x", 7))
    with pytest.raises(kehu.KehuEmptyError, match="no term tells the classes apart"):
        learned(*counts[:2])
    with pytest.raises(kehu.KehuArgumentError, match="min_df is 0"):
        learned(*counts, min_df=0)
    with pytest.raises(Exception, match="column label: a text has no class"):
        kehu.spark.count_terms(spark.createDataFrame([("x", None)], "text string, label string"), "label").collect()
    with pytest.raises(kehu.KehuColumnError, match="no column texts"):
        kehu.spark.train_keywords(spark.createDataFrame([("a", "x")], ["class", "term"]))


def test_a_tree_of_counts_is_the_tree_of_the_rows(spark):
    chance = random.Random(9)
    rows = [(i, age, plan, months, int((age > 4) ^ (plan == "app") ^ (chance.random() < .2))) for i in range(3000)
            for age, plan, months in [(chance.randrange(10), chance.choice(["app", "hall", None]), chance.choice([None, 1, 6, 12]))]]
    features = ["age", "plan", "months"]
    frame = spark.createDataFrame(rows, "id long, age long, plan string, months int, gone int")
    keys = [row[0] for row in frame.orderBy("id").selectExpr("pmod(xxhash64(id), 64L)").collect()]
    want = kehu.Tree.train({name: [row[1 + i] for row in rows] for i, name in enumerate(features)}, [row[4] for row in rows], row_ids=keys, max_leaves=64)
    found = [kehu.spark.train_tree(frame.repartition(n), "gone", features, row_id="id", max_leaves=64) for n in PARTS]
    assert len({bytes(tree.write()) for tree in found}) == 1
    assert found[0].write_rules() == want.write_rules() and found[0].n_leaves > 3
    assert found[0].info.cv_log_loss == want.info.cv_log_loss and found[0].info.weight == len(rows)
    columns = {name: [row[1 + i] for row in rows] for i, name in enumerate(features)}
    assert list(map(tuple, found[0].score(columns))) == list(map(tuple, want.score(columns)))
    assert kehu.spark.train_tree(frame, "gone", features).info.n_rows <= 10 * 3 * 4 * 2
    with pytest.raises(kehu.KehuLimitError, match="age, plan, months, gone have more than max_groups, 9,"):
        kehu.spark.train_tree(frame, "gone", features, max_groups=9)


@pytest.fixture(scope="module")
def transactions():
    chance = random.Random(7)
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=d) for d in range(300)]
    return [(f"c{chance.randrange(250)}", chance.choice(days), chance.randrange(-5000, 10_000_000_000), f"o{chance.randrange(900)}")
            for _ in range(3000)]


def same_as_one_process(frame, order, **options):
    """What kehu.spark.rfm gives is what kehu.rfm_table gives."""
    rows = frame.collect()
    given = {name: [row[name] for row in rows] for name in frame.columns}
    want = kehu.rfm_table(given["customer"], given["day"], given["amount"], order=given["order"] if order else None, as_of=AS_OF, **options)
    found, model, sums = kehu.spark.rfm(frame, "customer", "day", "amount", order="order" if order else None, as_of=AS_OF, **options)
    names = list(want.columns)
    assert sorted(rows_of(found, "customer", *names)) == sorted(listed(want, *names))
    wanted = kehu.Rfm.fit(want, levels=options.get("levels", 5))
    assert [model.cuts(c).at_most for c in ("recency_days", "orders", "spend")] == \
        [wanted.cuts(c).at_most for c in ("recency_days", "orders", "spend")]
    sums.unpersist()


@pytest.mark.parametrize("n", PARTS)
def test_rfm(spark, transactions, n):
    same_as_one_process(spark.createDataFrame(transactions, ["customer", "day", "amount", "order"]).repartition(n), True)


@pytest.mark.parametrize("returns", ["net", "count", "drop"])
@pytest.mark.parametrize("order", [False, True])
def test_rfm_of_numbers_times_and_returns(spark, transactions, returns, order):
    chance = random.Random(11)
    rows = [(int(c[1:]) - 100, datetime.datetime(d.year, d.month, d.day, chance.randrange(24), 59, 59, 999999), int(a / 1e6),
             None if chance.random() < .1 else int(o[1:])) for c, d, a, o in transactions]
    frame = spark.createDataFrame(rows, ["customer", "day", "amount", "order"]).repartition(3)
    same_as_one_process(frame, order, returns=returns, levels=4, day_offset_minutes=480)


def test_rfm_skips_who_is_nobody_and_takes_rules_on_values(spark, transactions):
    frame = spark.createDataFrame([*transactions, (None, AS_OF, 5, "o"), ("", AS_OF, 5, "o")], ["customer", "day", "amount", "order"])
    rules = "Big: spend >= 500000000 and R >= 3\nSeldom: orders <= 4\nOthers: otherwise\n"
    same_as_one_process(frame, True, rules=rules)
    same_as_one_process(frame, False, rules="Best: R = 5 and F = 5 and M = 5\nOthers: otherwise\n")


def test_rfm_of_extreme_amounts(spark):
    days = [datetime.date(2024, 1, 1 + i % 28) for i in range(50)]
    rows = [(i, day, (-1) ** i * (1 << i), i) for i, day in enumerate(days)] + [(i, AS_OF, 1 << 40, -i) for i in range(50)]
    frame = spark.createDataFrame(rows, ["customer", "day", "amount", "order"]).repartition(2)
    same_as_one_process(frame, False)
    with pytest.raises(Exception, match="column amount: a customer's spend does not fit 64 bits"):
        kehu.spark.rfm(spark.createDataFrame([(1, AS_OF, 2**62), (1, AS_OF, 2**62)], ["c", "day", "amount"]), "c", "day", "amount", as_of=AS_OF)


def test_a_worker_maps_one_copy_of_a_model(spark, texts, svm):
    shipped = kehu.spark._Shipped(spark.createDataFrame(texts, ["id", "label", "text"]), svm)
    size = len(bytes(svm.write()))

    def look(batches):
        for _ in batches:
            assert shipped.open() is shipped.open() and [name for name, _ in kehu.spark._loaded].count(shipped.name) == 1
            with open("/proc/self/smaps", encoding="utf-8", errors="replace") as file:
                lines = file.read().split("\n")
            maps = [i for i, line in enumerate(lines) if line.endswith(shipped.name)]
            resident = sum(int(next(x for x in lines[i:] if x.startswith("Rss:")).split()[1]) for i in maps)
            yield pa.RecordBatch.from_arrays([[len(maps)], [any("w" in lines[i].split()[1] for i in maps)], [resident]], names=["maps", "writable", "kb"])

    found = spark.range(64, numPartitions=8).mapInArrow(look, "maps long, writable boolean, kb long").collect()
    assert len(found) == 8
    for row in found:
        assert row["maps"] == 1 and not row["writable"] and 0 < row["kb"] * 1024 <= size + 4095


def parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("who", ["worker", "executor"])
def test_who_dies_changes_nothing(spark, texts, svm, who):
    if who == "executor" and spark.sparkContext.master.startswith("local"):
        pytest.skip("the executor is the driver")
    path = os.path.join(tempfile.mkdtemp(), "died")

    def die_once(batches):
        for rows in batches:
            if not os.path.exists(path):
                with open(path, "w", encoding="utf-8"):
                    pass
                # The worker is a child of a daemon, and that one of the executor.
                os.kill(os.getpid() if who == "worker" else parent(os.getppid()), signal.SIGKILL)
            yield rows

    frame = spark.createDataFrame(texts, ["id", "label", "text"]).repartition(4)
    frame = frame.mapInArrow(die_once, frame.schema)
    want = listed(svm.predict([t for _, _, t in texts], probabilities=True), "class", "probability")
    assert rows_of(kehu.spark.classify(frame, svm), "id", "class", "probability") == want
    assert os.path.exists(path)


def test_mistakes_are_told_in_the_driver(spark, texts, svm, transactions):
    frame = spark.createDataFrame(texts, ["id", "label", "text"])
    with pytest.raises(kehu.KehuColumnError, match="no column note, there are id, label, text"):
        kehu.spark.classify(frame, svm, text="note")
    with pytest.raises(kehu.KehuColumnError, match="column id is bigint, expected string"):
        kehu.spark.classify(frame, svm, text="id")
    with pytest.raises(kehu.KehuColumnError, match="has a column class already"):
        kehu.spark.classify(frame.withColumnRenamed("label", "class"), svm)
    listed_words = kehu.Keyword.train([t for _, _, t in texts], [name for _, name, _ in texts], keywords_per_class=5)
    for call in (lambda column: kehu.spark.keywords(frame, listed_words, text=column), lambda column: kehu.spark.tokenize(frame, text=column),
                 lambda column: kehu.spark.count_terms(frame, "label", text=column)):
        with pytest.raises(kehu.KehuColumnError, match="no column note"):
            call("note")
        with pytest.raises(kehu.KehuColumnError, match="column id is bigint, expected string"):
            call("id")
    columns = {"age": [1, 2, 3, 4] * 50, "plan": ["app", "hall"] * 100}
    tree = kehu.Tree.train(columns, ["0", "1"] * 100, n_folds=2)
    preference = kehu.Preference.train(columns, ["0", "1"] * 100, rules="1 +1.5: age > 3\n")
    people = spark.createDataFrame(list(zip(*columns.values())), list(columns))
    for call in (lambda given: kehu.spark.score(given, tree), lambda given: kehu.spark.preference(given, preference),
                 lambda given: kehu.spark.train_tree(given, "plan", ["age"])):
        with pytest.raises(kehu.KehuColumnError, match="no column age, there are plan"):
            call(people.drop("age"))
        with pytest.raises(kehu.KehuColumnError, match="column age is array<bigint>, expected string or numeric or boolean or date"):
            call(people.withColumn("age", pyspark.sql.functions.array("age")))
    for call in (lambda given: kehu.spark.score(given, tree), lambda given: kehu.spark.preference(given, preference)):
        with pytest.raises(Exception, match="KehuColumnError: column age is UTF8, the tree was trained on numbers"):
            call(people.withColumn("age", pyspark.sql.functions.lit("old"))).collect()
    names = ["customer", "day", "amount", "order"]
    late = spark.createDataFrame(transactions, names)
    with pytest.raises(Exception, match="column day: a row is of day [0-9]+, after as_of_day 19727"):
        kehu.spark.rfm(late, "customer", "day", "amount", as_of=datetime.date(2024, 1, 5))
    for column, row in (("day", ("c1", None, 5, "o")), ("amount", ("c1", AS_OF, None, "o"))):
        with pytest.raises(Exception, match=f"column {column}: a row has no"):
            kehu.spark.rfm(late.union(spark.createDataFrame([row], late.schema)), "customer", "day", "amount", as_of=AS_OF)
    for asked, message in ((("customer", "day", "order"), "column order is string, expected integral"),
                           (("customer", "amount", "amount"), "column amount is bigint, expected date or timestamp"),
                           (("day", "day", "amount"), "column day is date, expected string or integral"),
                           (("who", "day", "amount"), "no column who")):
        with pytest.raises(kehu.KehuColumnError, match=message):
            kehu.spark.rfm(late, *asked, as_of=AS_OF)
    with pytest.raises(kehu.KehuEmptyError, match="no purchase in the window"):
        kehu.spark.rfm(late.where("amount < 0"), "customer", "day", "amount", as_of=AS_OF)


EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "examples", "spark")


def arrive(folder, name, rows):
    """A file that appears as a whole."""
    part = folder / f".{name}"
    part.write_text("".join(json.dumps({"id": str(i), "text": t}, ensure_ascii=False) + "\n" for i, _, t in rows), encoding="utf-8")
    os.rename(part, folder / f"{name}.json")


def answers_in(spark, folder):
    return {row["id"]: (row["class"], row["probability"]) for row in spark.read.schema("id string, class string, probability float").json(str(folder)).collect()}


def test_texts_are_classified_as_they_arrive(spark, texts, svm, tmp_path):
    sys.path.insert(0, EXAMPLES)
    import stream
    incoming, answers = tmp_path / "incoming", tmp_path / "answers"
    incoming.mkdir()
    found = svm.predict([t for _, _, t in texts], probabilities=True)
    want = {str(i): answer for (i, _, _), answer in zip(texts, listed(found, "class", "probability"))}
    for first, last in ((0, 250), (250, 260), (260, len(texts))):  # each time all that has come so far is answered, once
        arrive(incoming, f"texts{first}", texts[first:last])
        stream.start(spark, svm, str(incoming), str(answers), True).awaitTermination()
        assert answers_in(spark, answers) == {i: answer for i, answer in want.items() if int(i) < last}
    written = [line for path in answers.glob("*.json") for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(written) == len(texts)
    batch = kehu.spark.classify(spark.read.schema("id string, text string").json(str(incoming)), svm)
    assert {row["id"]: (row["class"], row["probability"]) for row in batch.collect()} == want


def test_the_readme_learns_from_counts(spark, texts):
    with open(os.path.join(EXAMPLES, "README.md"), encoding="utf-8") as f:
        [snippet] = re.findall(r"```python\n(.*?)```", f.read(), flags=re.S)
    customers = [(i, i % 3 > 0 and i % 7 > 1, "app" if i % 3 else "hall", i % 7, i % 2) for i in range(400)]
    names = {"kehu": kehu, "df": spark.createDataFrame(texts, ["id", "label", "text"]).repartition(2),
             "customers": spark.createDataFrame(customers, ["customer", "left", "plan", "months", "calls"])}
    exec(snippet, names)
    assert names["model"].predict(["断网三天", "账单不对"]).labels == ["network", "bill"]
    assert names["tree"].classes == ("false", "true") and names["tree"].info.weight == len(customers)


def submitted(marked, folder, texts, svm, changed, **environment):
    """Run the README's command that has `marked` in it, in a folder with all it names; the class of each text."""
    with open(os.path.join(EXAMPLES, "README.md"), encoding="utf-8") as f:
        [command] = [block for block in re.findall(r"```sh\n(.*?)```", f.read(), flags=re.S) if marked in block]
    for old, new in {"stream.py": os.path.join(EXAMPLES, "stream.py"), **changed}.items():
        assert old in command
        command = command.replace(old, new)
    svm.save(folder / "demands.svm")
    (folder / "incoming").mkdir()
    arrive(folder / "incoming", "texts", texts)
    done = subprocess.run(["sh", "-ec", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "PATH": SPARK + os.pathsep + os.environ["PATH"], "SPARK_LOCAL_IP": "127.0.0.1", **environment})
    assert done.returncode == 0, done.stdout[-3000:]
    lines = [json.loads(line) for file in (folder / "answers").glob("*.json") for line in file.read_text(encoding="utf-8").splitlines()]
    return {int(line["id"]): line.get("class") for line in lines}


def labelled(texts, svm):
    return dict(zip([i for i, _, _ in texts], svm.predict([t for _, _, t in texts]).labels))


def test_the_readme_says_how_to_submit(texts, svm, tmp_path):
    found = submitted("--master local[2]", tmp_path, texts, svm, {}, PYTHONPATH=os.pathsep.join(sys.path))
    assert found == labelled(texts, svm)


@pytest.fixture
def cluster(tmp_path):
    with standalone(tmp_path) as address:
        yield address


def test_a_standalone_cluster_gets_kehu_with_the_job(texts, svm, tmp_path, cluster):
    wheel = tmp_path / "kehu-0.1.0-py3-none-manylinux_2_17_x86_64.whl"
    package = os.path.dirname(kehu.__file__)
    with zipfile.ZipFile(wheel, "w") as z:
        for name in (*os.listdir(package), os.path.basename(kehu._library.PATH)):
            if name.endswith((".py", ".so", ".so.0")) and f"kehu/{name}" not in z.namelist():
                z.write(kehu._library.PATH if ".so" in name else os.path.join(package, name), f"kehu/{name}")
    small = " --executor-memory 512m --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 "
    changed = {"HOST:7077": cluster + small, "/shared/answers": f"{tmp_path}/answers --once", "/shared/": f"{tmp_path}/"}
    found = submitted("--archives kehu.zip", tmp_path, texts, svm, changed, PYTHONPATH=os.pathsep.join(sys.path))
    assert found == labelled(texts, svm)
    assert list(tmp_path.glob("worker*/app-*/*/kehu-home/kehu/__init__.py"))


def test_a_model_file_that_is_not_on_a_worker_is_told_in_the_driver(spark, texts):
    frame = spark.createDataFrame(texts[:9], ["id", "label", "text"]).repartition(1)
    model = kehu.Svm.train([t for _, _, t in texts], [name for _, name, _ in texts], cost=3)
    name = kehu.spark._Shipped(frame, model).name

    def remove(batches):
        with contextlib.suppress(FileNotFoundError):
            os.remove(pyspark.SparkFiles.get(name))
        yield from batches

    # At the same time, so on each of the two workers.
    spark.range(2, numPartitions=2).mapInArrow(remove, "id long", barrier=True).collect()
    with pytest.raises(Exception, match=f"KehuNotFoundError: the model file {name} is not on this worker"):
        kehu.spark.classify(frame, model).collect()


def test_a_worker_without_the_library_is_told_in_the_driver(spark, texts, svm):
    frame = spark.createDataFrame(texts[:9], ["id", "label", "text"]).repartition(1)
    before = dict(spark.sparkContext.environment)
    spark.sparkContext.environment["KEHU_LIBRARY"] = "/nowhere/libkehu.so"
    try:
        with pytest.raises(Exception, match=r"cannot load the kehu library; tried\s+/nowhere/libkehu.so"):
            kehu.spark.classify(frame, svm).collect()
    finally:
        spark.sparkContext.environment = before
