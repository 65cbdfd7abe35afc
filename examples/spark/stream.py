"""Texts that arrive in a folder are classified as they come.

    spark-submit stream.py MODEL INCOMING ANSWERS [--once]

MODEL     a kehu.Svm or kehu.Hybrid, as `python -m kehu train` writes it
INCOMING  folder; a file of JSON Lines with id and text is moved into it as a whole, under a name of its own
ANSWERS   folder; gets JSON Lines with id, class and probability, and in _checkpoint what has been read
--once    answer what is there and not yet answered, then end; without it go on until stopped, every ten seconds

A file is answered once, also when the job was stopped or a machine failed in between. The answers are those of
kehu.spark.classify on all the texts at once, and of one process, to the bit.
"""
import argparse
import os

import kehu
import kehu.spark
from pyspark.sql import SparkSession


def load(path):
    try:
        return kehu.Svm.load(path)
    except kehu.KehuKindError:
        return kehu.Hybrid.load(path)


def start(spark, model, incoming, answers, once):
    """The running query."""
    texts = spark.readStream.schema("id string, text string").json(incoming)
    answered = kehu.spark.classify(texts, model).select("id", "class", "probability")
    trigger = {"availableNow": True} if once else {"processingTime": "10 seconds"}
    return (answered.writeStream.format("json").option("path", answers).option("checkpointLocation", os.path.join(answers, "_checkpoint"))
            .trigger(**trigger).start())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("incoming")
    parser.add_argument("answers")
    parser.add_argument("--once", action="store_true")
    args = parser.parse_args()
    spark = SparkSession.builder.appName("kehu stream").getOrCreate()
    start(spark, load(args.model), args.incoming, args.answers, args.once).awaitTermination()


if __name__ == "__main__":
    main()
