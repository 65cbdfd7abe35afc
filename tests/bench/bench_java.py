"""What a call from Java costs over the C library, by CPU time and by JMH; titles classified beside jieba-analysis with
LIBLINEAR's Java port, one thread; and both behind the same HTTP server, Undertow, under load. Needs a JDK, Maven and wrk,
which it installs, and the THUCNews titles."""
import glob
import json
import lzma
import os
import subprocess
import sys

from harness import bar, data_folder, in_turn, ratio, table
from java_service import load_in_turn

PEERS = ["com.huaban:jieba-analysis:1.0.2", "de.bwaldvogel:liblinear:2.44"]
REPEATS = "500"  # half a million texts until the JIT compiler is done

tests, scratch = (os.path.abspath(a) for a in sys.argv[1:3])
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
folder = os.path.join(scratch, "java")
repository = os.path.join(folder, "m2")
os.makedirs(folder, exist_ok=True)
train, test, model, texts = (os.path.join(folder, name) for name in ("train.tsv", "test.tsv", "titles.svm", "texts.txt"))


def run(*command):
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")


def maven(*arguments):
    run("mvn", "-q", "-B", "-Dstyle.color=never", f"-Dmaven.repo.local={repository}", *arguments)


run("sh", "-c", ". tests/support/install.sh && ensure javac=openjdk-17-jdk-headless mvn=maven wrk=wrk")
release = os.path.dirname(tests)
run("meson", "setup", "--reconfigure", release)  # as the JDK may be new
run("ninja", "-C", release, "bindings/java/natives.stamp")
maven("-f", "bindings/java", "-DskipTests", "-Dmaven.javadoc.skip", "-Dmaven.source.skip", f"-Dkehu.target={folder}/target",
      f"-Dkehu.build={release}/bindings/java", "install")
maven("-f", "bindings/java/jmh", f"-Dkehu.target={folder}/jmh", "package")
for peer in PEERS:
    maven("dependency:get", f"-Dartifact={peer}")
maven("-f", "examples/java", "dependency:build-classpath", "-DexcludeArtifactIds=kehu", f"-Dmdep.outputFile={folder}/server.path")
jar = f"{folder}/target/kehu-0.1.0.jar"
peers = [j for part in ("com/huaban", "de/bwaldvogel", "org/apache/commons/commons-lang3/3.3.1")
         for j in glob.glob(f"{repository}/{part}/**/*.jar", recursive=True)]
with open(f"{folder}/server.path", encoding="utf-8") as f:
    server = f.read().strip()
ours, theirs = f"{folder}/classes:{jar}:{server}", ":".join([f"{folder}/classes", server] + peers)
run("javac", "-encoding", "UTF-8", "-d", f"{folder}/classes", "-cp", f"{ours}:{theirs}",
    f"{here}/BenchJava.java", f"{here}/PeerJava.java", f"{here}/PeerService.java", f"{root}/examples/java/ClassifyService.java")
for name, path in (("train", train), ("test", test)):
    with lzma.open(os.path.join(data_folder(), "text", f"thuc_title.{name}.tsv.xz")) as packed, open(path, "wb") as out:
        out.write(packed.read())
with open(test, encoding="utf-8") as labelled, open(texts, "w", encoding="utf-8") as out:
    out.writelines(line.partition("\t")[2] for line in labelled)


def java(classes, *arguments):
    return ["java", "-Xmx4g", "-Dfile.encoding=UTF-8", "-cp", classes, *arguments]


# The model is some 35 MB that is read at random: with small pages its place in memory, not the call, decides. Large
# ones for all.
os.environ["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
run(*java(ours, "org.kehu.BenchJava", "train", train, model))
medians = in_turn({"c": [os.path.join(tests, "bench_java"), model, test, REPEATS],
                   "java": java(ours, "org.kehu.BenchJava", "batch", model, test, REPEATS)})
print("\n1,000 titles a call, CPU seconds a call")
table(medians, ours="c")
batch = medians["c"]["batch_s"]
bar("java.no_op_ns", medians["java"]["no_op_s"] * 1e9, 20, at_most=True)
bar("java.list_over_c_ns_a_text", (medians["java"]["list_s"] - batch) * 1e6, 200, at_most=True)
bar("java.buffer_over_c", medians["java"]["buffer_s"] / batch, 1.05, at_most=True)

medians = in_turn({"kehu": java(ours, "org.kehu.BenchJava", "whole", train, test),
                   "jieba+liblinear": java(theirs, "PeerJava", train, test)})
print("\ntitles learned and classified one by one, CPU seconds")
table(medians)
bar("java.classify.jieba_liblinear", ratio(medians, "jieba+liblinear", "classify_s"), 10)
bar("java.accuracy_over_jieba_liblinear", medians["kehu"]["accuracy"] - medians["jieba+liblinear"]["accuracy"], 0)

report = os.path.join(folder, "jmh.json")
run("java", "-jar", f"{folder}/jmh/kehu-jmh.jar", "-p", f"model={model}", "-p", f"texts={test}", "-foe", "true", "-rf", "json", "-rff", report)
print("\nJMH, ns a call or a text")
with open(report, encoding="utf-8") as f:
    for found in json.load(f):
        score = found["primaryMetric"]
        print(f"{found['benchmark'].rpartition('.')[2]:34}{score['score']:24.6g} +- {score['scoreError']:.3g}")

for n in (1, 100):
    medians = load_in_turn({"kehu": (java(ours, "ClassifyService", model, "0"), "/classify"),
                            "kehu, reasons": (java(ours, "ClassifyService", model, "0"), "/explain"),
                            "jieba+liblinear": (java(theirs, "PeerService", train, "0"), "/classify")}, texts, n)
    print(f"\nservices on loopback, 4 connections, {n} titles a request; CPU seconds a title")
    table(medians)
bar("java.service.jieba_liblinear", medians["kehu"]["texts_per_s"] / medians["jieba+liblinear"]["texts_per_s"], 10)
