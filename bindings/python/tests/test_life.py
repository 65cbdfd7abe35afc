"""Handles live and die: no leak, no crash, whatever the order, the thread or the process."""
import ctypes
import datetime
import gc
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import kehu
from kehu import _call

TEXTS, LABELS = [f"文本{i % 50}号" for i in range(300)], ["abc"[i % 50 % 3] for i in range(300)]


def rss_kib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.fixture
def owners(monkeypatch):
    """How many owners of handles are alive."""
    alive = [0]
    made, freed = _call.Owner.__init__, _call.Owner.__del__

    def init(self, *arguments):
        made(self, *arguments)
        alive[0] += 1

    def delete(self):
        alive[0] -= 1
        freed(self)

    monkeypatch.setattr(_call.Owner, "__init__", init)
    monkeypatch.setattr(_call.Owner, "__del__", delete)
    return alive


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")
def test_ten_thousand_handles_and_capsules_leave_nothing(owners):
    rules = kehu.Segments.builtin("rfm_grid").write()
    whole = kehu.Table({"x": list(range(1000)), "t": ["客户"] * 1000})

    def round_trip():
        table = kehu.Table({"x": [1.0, None], "t": ["客户", "x"]})
        assert len(kehu.Table(table.__class__.concat([table, table]))) == 4
        kehu.Segments.read(rules)
        whole.__arrow_c_stream__()
        whole.__arrow_c_array__()
        whole["t"].__arrow_c_array__()

    for _ in range(300):
        round_trip()
    gc.collect()
    before, alive = rss_kib(), owners[0]
    for _ in range(2500):
        round_trip()
    gc.collect()
    assert owners[0] == alive
    assert rss_kib() - before < 1024


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")
def test_failures_leave_nothing(owners):
    def fail():
        for wrong in (lambda: kehu.Svm.train(["a"], ["b"]), lambda: kehu.Table({"x": ["a", "\ud800"]}), lambda: kehu.Svm.read(b"x"),
                      lambda: kehu.Segments.read("bad"), lambda: kehu.Table({"x": ["a", 1]})):
            with pytest.raises((kehu.KehuError, TypeError)):
                wrong()

    for _ in range(50):
        fail()
    gc.collect()
    before, alive = rss_kib(), owners[0]
    for _ in range(500):
        fail()
    gc.collect()
    assert owners[0] == alive and rss_kib() - before < 1024


def test_parts_outlive_what_they_are_a_part_of():
    hybrid = kehu.Hybrid.train(TEXTS, LABELS, svm={"cost": 1})
    svm, keyword = hybrid.svm, hybrid.keyword
    want = svm.predict(TEXTS).labels
    hybrid.close()
    del hybrid
    gc.collect()
    assert svm.predict(TEXTS).labels == want and keyword.classes == ("a", "b", "c")


def test_a_model_keeps_its_tokenizer():
    words = kehu.Tokenizer.read_words("文本 10\n")
    model = kehu.Svm.train(TEXTS, LABELS, cost=1, tokenizer=words)
    want = model.predict(TEXTS).labels
    words.close()
    gc.collect()
    assert model.predict(TEXTS).labels == want


def test_a_snapshot_outlives_its_store(tmp_path):
    store = kehu.Store(tmp_path / "s", mode="new")
    store.add_events({"customer": ["C1"], "time": [datetime.date(2024, 1, 1)], "amount": [5]})
    snapshot = store.snapshot()
    scan = snapshot.scan("events")
    store.close()
    snapshot.close()
    assert scan.next()["amount"].to_list() == [5] and scan.next() is None
    with pytest.raises(kehu.KehuClosedError, match="this Store is closed"):
        store.flush()


def test_threads_take_turns_at_a_store(tmp_path):
    store = kehu.Store(tmp_path / "s", mode="new", durability="none")
    day = kehu.Table({"time": [datetime.date(2024, 1, 1)] * 50})["time"]

    def work(k):
        for _ in range(20):
            store.add_events({"customer": [f"C{k}"] * 50, "time": day})

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert store.snapshot().totals()["events"].to_list() == [1000] * 4 and store.sequence == 80


def test_a_callback_cannot_use_the_handle_it_is_called_from():
    data = b"a\n" + (b"1" * 200 + b"\n") * 400000

    def again(done, stage):
        csv.next()

    csv = kehu.Csv(data, progress=again)
    with pytest.raises(kehu.KehuBusyError, match="in the middle of a call"):
        csv.rest()


def test_two_threads_really_run_at_once():
    """Reported, not asserted: the machine may be busy."""
    texts = TEXTS * 100
    model = kehu.Svm.train(TEXTS, LABELS, cost=1)

    def both(n):
        threads = [threading.Thread(target=model.predict, args=(texts,)) for _ in range(n)]
        start = time.perf_counter()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return time.perf_counter() - start

    one, two = min(both(1) for _ in range(3)), min(both(2) for _ in range(3))
    print(f"two threads: {2 * one / two:.2f} times one")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_children_of_a_process_that_trained_with_threads_finish():
    code = """
import os, sys, kehu
texts, labels = [f"文本{i % 50}号" for i in range(300)], ["abc"[i % 50 % 3] for i in range(300)]
want = kehu.Svm.train(texts, labels, n_threads=4).write()
children = []
for _ in range(100):
    child = os.fork()
    if child == 0:
        os._exit(kehu.Svm.train(texts, labels, cost=0.0625, n_threads=2).predict(texts, n_threads=2).labels is None)
    children.append(child)
print(sum(os.waitpid(c, 0)[1] == 0 for c in children))
"""
    out = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60, check=True)
    assert out.stdout.split() == [b"100"]


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_stops_a_long_training():
    code = """
import kehu, time
texts, labels = [f"文本{i}号{i * 7919 % 10007}" for i in range(60000)], [str(i % 97) for i in range(60000)]
print("ready", flush=True)
start = time.monotonic()
try:
    kehu.Svm.train(texts, labels)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == "stopped\n"
    assert child.wait(timeout=20) == 0


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_in_a_writer_is_never_lost():
    """Wherever it strikes, on entering the callback too: all of the bytes, or KeyboardInterrupt."""
    code = """
import kehu, signal, threading
table = kehu.Table({"x": list(range(200000))})
want, found, main = table.write_csv(), set(), threading.main_thread().ident
for i in range(60):
    strike = threading.Timer(0.001 + 0.0004 * i, signal.pthread_kill, (main, signal.SIGINT))
    try:
        strike.start()
        got = table.write_csv()
        found.add("all" if got == want else "a part")
        strike.join()
    except KeyboardInterrupt:
        found.add("stopped")
    except kehu.KehuError as e:
        found.add(repr(e))
print(*sorted(found))
"""
    out = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=120, check=True, text=True).stdout
    assert out in ("stopped\n", "all stopped\n")


def test_a_handle_that_another_thread_closes_is_no_null_pointer():
    class Closing(kehu.Table):
        @property
        def _owner(self):
            owner, self.__dict__["owner"] = self.__dict__.get("owner"), None
            return owner

        @_owner.setter
        def _owner(self, owner):
            self.__dict__["owner"] = owner

    table = Closing({"x": [1]})
    assert table._own() is not None
    with pytest.raises(kehu.KehuClosedError):
        table._own()


def test_two_bases_merge_crosswise():
    bases = [kehu.RfmBase(datetime.date(2024, 2, 1)) for _ in range(2)]
    for k, base in enumerate(bases):
        base.add([f"C{k}"], [datetime.date(2024, 1, 1)], [5], order=[f"O{k}"])

    def work(one, other):
        for _ in range(300):
            one.merge(other)

    threads = [threading.Thread(target=work, args=order, daemon=True) for order in (bases, bases[::-1])]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert not any(t.is_alive() for t in threads)
    assert [base.counts.customers for base in bases] == [2, 2]


def test_an_interpreter_ends_with_everything_open():
    code = """
import kehu, pickle
t = kehu.Table({"x": ["a"]})
capsule, arrays = t.__arrow_c_stream__(), t.__arrow_c_array__()
model = kehu.Segments.builtin("rfm_grid")
class Loop: pass
loop = Loop(); loop.me = loop; loop.model = model; loop.capsule = capsule
"""
    subprocess.run([sys.executable, "-X", "dev", "-c", code], check=True, timeout=20)


def test_bars_and_callables_report_progress():
    tqdm = pytest.importorskip("tqdm").tqdm
    many = [f"文本{i}号" for i in range(3000)]
    labels = [str(i % 7) for i in range(3000)]
    bar = tqdm(disable=False, file=open(os.devnull, "w"))
    kehu.Svm.train(many, labels, progress=bar)
    assert bar.total == 100 and 0 < bar.n <= 100
    sink = sys.stderr
    try:
        sys.stderr = open(os.devnull, "w")
        assert kehu.Svm.train(many, labels, progress=tqdm) == kehu.Svm.train(many, labels)
    finally:
        sys.stderr = sink


def test_the_library_frees_no_python_memory():
    """A buffer lives as long as a table that looks at it."""
    data = ctypes.create_string_buffer(b"a,b\n1,2\n")
    csv = kehu.Csv(data.raw[:-1])
    del data
    gc.collect()
    assert csv.rest().to_dict() == {"a": ["1"], "b": ["2"]}
