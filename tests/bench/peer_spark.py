"""One measured process of bench_spark.py.

    peer_spark.py FOLDER prepare_texts TRAIN TEST     trains the models, writes the texts
    peer_spark.py FOLDER prepare_sales ROWS
    peer_spark.py FOLDER text kehu|java|logistic|one_vs_rest
    peer_spark.py FOLDER rfm|rfm_once kehu|ntile|approx

KEHU_SPARK_JARS: class path of kehu-spark and kehu, for java.
"""
import datetime
import os
import shutil
import sys
import threading
import time

from pyspark.sql import DataFrame, SparkSession, Window, functions as f

import kehu
import kehu.spark
from peer import figure

folder, what, *more = sys.argv[1:]
AS_OF = datetime.date(2024, 12, 31)
TIMES = 20
REPEATS = 3


def inside(*parts):
    return os.path.join(folder, *parts)


# ---- What all processes of this job take -------------------------------------------

def descendants():
    """[pid, CPU ticks with those of ended children, resident pages, command] of this process and all below it."""
    found, below = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                name, _, rest = file.read().partition("(")[2].rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        found[int(pid)] = [int(pid), sum(map(int, fields[11:15])), int(fields[21]), name]
        below.setdefault(int(fields[1]), []).append(int(pid))
    todo = [os.getpid()]
    for pid in todo:
        todo += below.get(pid, [])
    return [found[pid] for pid in todo if pid in found]


def model_memory():
    """Megabytes of the mapped model: resident in one process at most, and in all together, shared pages counted once."""
    one = together = 0.0
    for pid, *_ in descendants():
        size = dict.fromkeys(("Rss:", "Pss:"), 0)
        try:
            with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
                inside = False
                for line in file:
                    first, *rest = line.split()
                    inside = "kehu-" in line and (".svm" in line or ".model" in line) if "-" in first else inside
                    if inside and first in size:
                        size[first] += int(rest[0])
        except OSError:
            continue
        one, together = max(one, size["Rss:"] / 1e3), together + size["Pss:"] / 1e3
    return one, together


class Peak(threading.Thread):
    """Megabytes of the Python workers, the largest seen of one; and of all processes together."""

    def __init__(self):
        super().__init__(daemon=True)
        self.worker = self.all = 0.0
        self.ended = threading.Event()

    def run(self):
        page = os.sysconf("SC_PAGE_SIZE") / 1e6
        while not self.ended.wait(0.2):
            seen = descendants()
            self.all = max(self.all, sum(s[2] for s in seen) * page)
            self.worker = max([self.worker, *(s[2] * page for s in seen[1:] if s[3].startswith("python"))])


def measured(name, work, once=False):
    """The least of REPEATS, after a first one that compiles and starts workers."""
    if not once:
        work()
    peak, seen = Peak(), []
    peak.start()
    for _ in range(1 if once else REPEATS):
        ticks, start = sum(d[1] for d in descendants()), time.perf_counter()
        work()
        wall = time.perf_counter() - start
        seen.append(((sum(d[1] for d in descendants()) - ticks) / os.sysconf("SC_CLK_TCK"), wall))
    peak.ended.set()
    figure(name, min(cpu for cpu, _ in seen))
    figure("wall_s", min(wall for _, wall in seen))
    figure("worker_mb", peak.worker)
    figure("all_mb", peak.all)


def session():
    spark = (SparkSession.builder.master("local[2]").appName("bench").config("spark.ui.enabled", "false").config("spark.driver.memory", "4g")
             .config("spark.sql.parquet.compression.codec", "uncompressed")
             .config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "8").config("spark.local.dir", inside("local"))
             .config("spark.driver.extraClassPath", os.environ.get("KEHU_SPARK_JARS", "")).getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    return spark


# ---- Inputs ----------------------------------------------------------------------

def labelled(path):
    with open(path, encoding="utf-8") as lines:
        return [tuple(line.rstrip("\n").split("\t", 1)) for line in lines]


def prepare_sales(spark, rows):
    at, rows = f.xxhash64("id"), int(rows)
    (spark.range(rows).select((f.pmod(at, f.lit(rows // 20)) * 7).alias("customer"),
                              f.date_sub(f.lit(AS_OF), f.pmod(f.shiftright(at, 20), f.lit(700)).cast("int")).alias("day"),
                              (f.pmod(f.shiftright(at, 35), f.lit(50000)) + 100).cast("long").alias("amount"))
     .write.mode("overwrite").parquet(inside("sales")))


def prepare_texts(spark, train, test):
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LinearSVC, LogisticRegression, OneVsRest
    from pyspark.ml.feature import HashingTF, IDF, RegexTokenizer, StringIndexer
    known, asked = labelled(train), labelled(test)
    frame = spark.createDataFrame(known, ["label", "text"])
    spark.createDataFrame(asked * TIMES, ["label", "text"]).repartition(8).write.mode("overwrite").parquet(inside("texts"))
    if not os.path.exists(inside("kehu.svm")):
        kehu.Svm.train([t for _, t in known], [name for name, _ in known], fixed_terms=True).save(inside("kehu.svm"))
    for name, last in (("logistic", LogisticRegression(labelCol="number")),
                       ("one_vs_rest", OneVsRest(classifier=LinearSVC(maxIter=10), labelCol="number"))):
        if os.path.exists(inside(name)):
            continue
        stages = [StringIndexer(inputCol="label", outputCol="number"), RegexTokenizer(inputCol="text", outputCol="words", pattern=".", gaps=False),
                  HashingTF(inputCol="words", outputCol="counts", numFeatures=1 << 16), IDF(inputCol="counts", outputCol="features"), last]
        Pipeline(stages=stages).fit(frame.cache()).write().overwrite().save(inside(name + ".part"))
        shutil.move(inside(name + ".part"), inside(name))


# ---- Measured --------------------------------------------------------------------

def text(spark, who):
    frame = spark.read.parquet(inside("texts"))
    if who in ("kehu", "java"):
        answered = kehu.spark.classify(frame, kehu.Svm.load(inside("kehu.svm"))) if who == "kehu" else by_java(spark, frame)
        right = answered.where("label = class").count()
    else:
        from pyspark.ml import PipelineModel
        model = PipelineModel.load(inside(who))
        names = model.stages[0].labels
        answered = PipelineModel(model.stages[1:]).transform(frame)
        right = answered.where(f.col("label") == f.element_at(f.array(*map(f.lit, names)), f.col("prediction").cast("int") + 1)).count()
        answered = answered.select("label", "text", "prediction")
    figure("accuracy", 100 * right / frame.count())
    measured("classify_s", lambda: answered.write.format("noop").mode("overwrite").save())
    if who in ("kehu", "java"):
        for name, size in zip(("model_one_mb", "model_all_mb"), model_memory()):
            figure(name, size)


def by_java(spark, frame):
    jvm = spark._jvm
    model = jvm.org.kehu.Svm.load(jvm.java.nio.file.Path.of(inside("kehu.svm"), spark.sparkContext._gateway.new_array(jvm.String, 0)))
    return DataFrame(jvm.org.kehu.spark.KehuSpark.classify(frame._jdf, model, "text"), spark)


MEASURES = ("recency_days", "orders", "spend")


def graded_by_sql(frame, who):
    """Customers with grades; and, of percentile_approx, their sums and the edges."""
    customers = frame.groupBy("customer").agg(f.datediff(f.lit(AS_OF), f.max("day")).alias("recency_days"), f.count("*").alias("orders"),
                                              f.sum("amount").alias("spend"))
    names = {"R": f.desc("recency_days"), "F": f.asc("orders"), "M": f.asc("spend")}
    if who == "ntile":
        return customers.select("*", *(f.ntile(5).over(Window.orderBy(by)).alias(name) for name, by in names.items())), None, None
    customers = customers.cache()
    edges = customers.select(*(f.percentile_approx(c, [.2, .4, .6, .8], 10000).alias(c) for c in MEASURES)).first()

    def grade(column, edges):
        return sum((f.when(f.col(column) > edge, 1).otherwise(0) for edge in edges), f.lit(1))

    return (customers.select("*", (6 - grade("recency_days", edges[0])).alias("R"), grade("orders", edges[1]).alias("F"),
                             grade("spend", edges[2]).alias("M")), customers, edges)


def graded_by_kehu(frame):
    found = kehu.spark.rfm(frame, "customer", "day", "amount", as_of=AS_OF)
    return found.customers, found.sums, [found.model.cuts(name).at_most for name in MEASURES]


def wrong_edges(sums, edges):
    """How many are not the values of nearest rank, by counts of the customers below and up to each."""
    asked = [(name, edge, k) for name, of_it in zip(MEASURES, edges) for k, edge in enumerate(of_it, 1)]
    counts = [f.count_if(compared) for name, edge, _ in asked for compared in (f.col(name) < edge, f.col(name) <= edge)]
    n, *seen = sums.agg(f.count("*"), *counts).first()
    return sum(not below < -(-n * k // 5) <= up_to for (_, _, k), below, up_to in zip(asked, seen[::2], seen[1::2]))


def rfm(spark, who, once=False):
    frame = spark.read.parquet(inside("sales"))
    made = []

    def work():
        spark.catalog.clearCache()
        made[:] = graded_by_kehu(frame) if who == "kehu" else graded_by_sql(frame, who)
        made[0].write.format("noop").mode("overwrite").save()

    measured("rfm_s", work, once)
    if made[1] is not None:
        figure("wrong_edges", wrong_edges(*made[1:]))


def rfm_once(spark, who):
    rfm(spark, who, True)


spark = session()
{"prepare_sales": prepare_sales, "prepare_texts": prepare_texts, "text": text, "rfm": rfm, "rfm_once": rfm_once}[what](spark, *more)
spark.stop()
