"""kehu.spark gives what one process gives, to the bit, for any partitioning: two executors, each a process of its own."""
import datetime
import os
import random
import signal
import sys
import tempfile

import pytest

import kehu

pyspark = pytest.importorskip("pyspark")
import kehu.spark  # noqa: E402

PARTS = (1, 2, 7, 64)
AS_OF = datetime.date(2024, 12, 1)
CLASSES = {"network": ["网速太慢", "宽带断了", "信号不好", "断网三天"], "bill": ["话费扣错", "账单不对", "乱扣费用", "多扣了钱"]}


@pytest.fixture(scope="module")
def spark():
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (pyspark.sql.SparkSession.builder.master("local-cluster[2,1,1024]").appName("kehu")
               .config("spark.ui.enabled", "false").config("spark.driver.memory", "1g").config("spark.executor.memory", "512m")
               .config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "4")
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


def test_terms_keywords_and_words(spark, texts, svm):
    frame = spark.createDataFrame(texts, ["id", "label", "text"]).repartition(7)
    given = [t for _, _, t in texts]
    want = [svm.explain(t or "", limit=2)["term"].to_list() for t in given]
    assert [row[0] for row in rows_of(kehu.spark.classify(frame, svm, terms=2), "id", "terms")] == want
    model = kehu.Keyword.train(given, [name for _, name, _ in texts], keywords_per_class=5)
    told = [model.explain(t or "")["term"].to_list() for t in given]
    answers = listed(model.predict(given), "class", "probability")
    assert rows_of(kehu.spark.keywords(frame, model), "id", "class", "probability", "keywords") == [(*a, t) for a, t in zip(answers, told)]
    words = kehu.Tokenizer.read_words("话费 10\n网速 10\n宽带 10\n")
    assert [row[0] for row in rows_of(kehu.spark.tokenize(frame, words), "id", "words")] == words.words_of(given)


@pytest.mark.parametrize("n", (1, 7))
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
    model = kehu.Preference.train(columns, target)
    assert rows_of(kehu.spark.preference(frame.select("id", *columns), model), "id", "class", "probability", "level") == \
        listed(model.score(columns), "class", "probability", "level")


@pytest.fixture(scope="module")
def transactions():
    chance = random.Random(7)
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=d) for d in range(300)]
    return [(f"c{chance.randrange(250)}", chance.choice(days), chance.randrange(-5000, 10_000_000_000), f"o{chance.randrange(900)}")
            for _ in range(3000)]


@pytest.mark.parametrize("n", PARTS)
def test_rfm(spark, transactions, n):
    frame = spark.createDataFrame(transactions, ["customer", "day", "amount", "order"]).repartition(n)
    customer, day, amount, order = map(list, zip(*transactions))
    want = kehu.rfm_table(customer, day, amount, order=order, as_of=AS_OF)
    found, model = kehu.spark.rfm(frame, "customer", "day", "amount", order="order", as_of=AS_OF)
    names = list(want.columns)
    assert sorted(rows_of(found, "customer", *names)) == sorted(listed(want, *names))
    assert [model.cuts(c).at_most for c in ("recency_days", "orders", "spend")] == \
        [kehu.Rfm.fit(want).cuts(c).at_most for c in ("recency_days", "orders", "spend")]
    found.unpersist()


def test_a_worker_that_dies_changes_nothing(spark, texts, svm):
    path = os.path.join(tempfile.mkdtemp(), "died")

    def die_once(batches):
        for rows in batches:
            if not os.path.exists(path):
                with open(path, "w"):
                    pass
                os.kill(os.getpid(), signal.SIGKILL)
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
    late = spark.createDataFrame(transactions, ["customer", "day", "amount", "order"])
    with pytest.raises(Exception, match="after as_of_day"):
        kehu.spark.rfm(late, "customer", "day", "amount", as_of=datetime.date(2024, 1, 5))
