"""Many threads at once: the answers are those of one, and nothing is lost. On a free-threaded Python they truly meet."""
import datetime
import gc
import sys
import threading

import pytest

import kehu

THREADS = 8
TEXTS = [f"文本{i % 7}号" for i in range(210)]
LABELS = ["abc"[i % 7 % 3] for i in range(210)]
DAYS = [datetime.date(2024, 1, 1 + i % 28) for i in range(210)]


def together(work, rounds=30):
    """work(k, round) in all threads, which start each round at once."""
    start, failed = threading.Barrier(THREADS), []

    def run(k):
        try:
            for i in range(rounds):
                start.wait(60)
                work(k, i)
        except threading.BrokenBarrierError:
            pass
        except BaseException as e:
            failed.append(e)
            start.abort()

    threads = [threading.Thread(target=run, args=(k,), daemon=True) for k in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert not failed and not any(t.is_alive() for t in threads), failed


def test_importing_leaves_the_lock_as_it_is():
    if not hasattr(sys, "_is_gil_enabled"):
        pytest.skip("this Python has no other way")
    import subprocess
    code = "import sys; before = sys._is_gil_enabled(); import kehu; kehu.Table({'x': ['a']}); print(before == sys._is_gil_enabled())"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout == "True\n"


def test_one_model_answers_all():
    model = kehu.Svm.train(TEXTS, LABELS, cost=1)
    labels, data = model.predict(TEXTS).labels, model.write()
    why = model.explain(TEXTS[0]).to_dict()

    def work(k, i):
        answer = model.predict(TEXTS, probabilities=True)
        assert answer.labels == labels and model.write() == data and model.explain(TEXTS[0]).to_dict() == why
        assert kehu.Svm.read(data) == model and hash(model) == hash(data)

    together(work)


def test_one_table_and_one_result_are_looked_at_by_all():
    pa = pytest.importorskip("pyarrow")
    model = kehu.Svm.train(TEXTS, LABELS, cost=1)
    want = model.predict(TEXTS).to_dict()
    shared = {}

    def work(k, i):
        if k == 0:
            shared[i] = (model.predict(TEXTS), kehu.Table(pa.table({"x": pa.chunked_array([TEXTS[:100], TEXTS[100:]])})))
        ready.wait(60)
        result, table = shared[i]
        assert result.to_dict() == want and table["x"].to_list() == TEXTS  # put together, joined, by whoever is first
        assert pa.table(table)["x"].to_pylist() == TEXTS and kehu.Table(pa.table(result)).to_dict() == want

    ready = threading.Barrier(THREADS)
    together(work, 20)


def test_handles_close_while_others_use_them():
    shared = {}
    ready = threading.Barrier(THREADS)

    def work(k, i):
        if k == 0:
            shared[i] = kehu.Table({"x": TEXTS, "y": list(range(210))})
        ready.wait(60)
        table = shared[i]
        try:
            assert table["x"].to_list() == TEXTS and len(table) == 210
            if k == 1:
                table.close()
        except kehu.KehuClosedError:
            pass

    together(work, 60)
    assert all(table.closed for table in shared.values())


def test_builders_are_used_in_turn(tmp_path):
    store = kehu.Store(tmp_path / "s", mode="new", durability="none")
    base = kehu.RfmBase(datetime.date(2024, 2, 1))

    def work(k, i):
        store.add_events({"customer": [f"C{k}"] * 210, "time": DAYS, "amount": [1] * 210})
        base.add([f"C{k}"] * 210, DAYS, [1] * 210)

    together(work, 10)
    assert store.snapshot().totals()["events"].to_list() == [2100] * THREADS and base.counts.customers == THREADS


def test_capsules_and_views_are_dropped_anywhere():
    table = kehu.Table({"x": TEXTS, "y": list(range(210))})
    shared = [None] * THREADS

    def work(k, i):
        shared[k] = (table.__arrow_c_stream__(), table.__arrow_c_array__(), table["y"].view(), kehu.Table(table))
        old = shared[(k + 1) % THREADS]
        if old is not None:
            assert old[2].tolist() == list(range(210))
        del old
        shared[(k + 3) % THREADS] = None

    together(work, 200)
    gc.collect()
    assert table["x"].to_list() == TEXTS


def test_a_list_that_changes_meanwhile_is_read_as_it_was_at_some_moment():
    values = [["a", "b"] * 200]

    def work(k, i):
        if k == 0:
            values[0][:] = ["c"] * (100 + i)
        else:
            made = kehu.Table({"x": values[0]})["x"].to_list()
            assert set(made) <= {"a", "b", "c"} and len(made) <= 400

    together(work, 100)


def test_exceptions_stay_in_their_thread():
    def work(k, i):
        with pytest.raises(kehu.KehuEncodingError) as e:
            kehu.Table({f"column {k}": ["x"] * k + ["\udc80"]})
        assert e.value.where == k and str(e.value).startswith(f"column {k}: row {k} has the surrogate")

        def stop(done, stage):
            raise KeyError(k)

        with pytest.raises(KeyError, match=str(k)):
            kehu.Svm.train(TEXTS, LABELS, cost=1, progress=stop)

    together(work)
