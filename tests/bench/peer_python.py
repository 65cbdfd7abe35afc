"""One measured process of bench_python.py: peer_python.py kehu|pyarrow|extension."""
import sys
import threading
import time

N = 100_000
BASE = "客户反映宽带网速很慢,希望尽快处理,已经投诉三次了,请回电"
who = sys.argv[1]


def figure(name, value):
    print(f"figure {name} {value:.6g}")


def texts():
    return [BASE + str(i) for i in range(N)]


def cpu(work, *arguments):
    start = time.thread_time()
    work(*arguments)
    return time.thread_time() - start


def best(work, make=lambda: (), runs=7):
    """Of CPU time; what `make` gives is fresh each time and not counted."""
    return min(cpu(work, *make()) for _ in range(runs))


def calls(call, n=200_000):
    """Nanoseconds a call, without the loop."""
    def loop():
        for _ in range(n):
            call()

    def nothing():
        for _ in range(n):
            pass

    return (best(loop) - best(nothing)) / n * 1e9


def kehu():
    start = time.process_time()
    import kehu
    figure("import_ms", (time.process_time() - start) * 1e3)
    import pyarrow

    import kehu.svm as module
    model = kehu.Svm.train(texts()[:1000], ["abc"[i % 3] for i in range(1000)], cost=1, n_folds=2)
    whole, library = texts(), module.lib
    arrow = pyarrow.array(whole)
    model.predict(arrow)

    class Idle:
        def __getattr__(self, name):
            return (lambda *_: 0) if name == "kehu_svm_predict" else getattr(library, name)

    module.lib = Idle()
    figure("list_first_ns", best(model.predict, lambda: (texts(),)) / N * 1e9)
    figure("list_again_ns", best(lambda: model.predict(whole)) / N * 1e9)
    figure("arrow_ns", best(lambda: model.predict(arrow)) / N * 1e9)
    module.lib = library
    figure("texts_first_ns", best(lambda x: module.text_column(x, "texts"), lambda: (texts(),)) / N * 1e9)
    figure("predict_s", best(lambda: model.predict(arrow), runs=3))
    owner, count = model._own(), library.kehu_svm_class_count
    figure("call_ns", calls(lambda: count(owner)))
    pointer = owner.value
    figure("call_pointer_ns", calls(lambda: count(pointer)))
    figure("one_text_ns", calls(lambda: model.predict([BASE]), 5000))
    tree = kehu.Tree.train({"x": [float(i % 50) for i in range(500)]}, ["yes" if i % 50 < 20 else "no" for i in range(500)])
    figure("score_row_ns", calls(lambda: tree.score_row({"x": 3.0}), 20000))
    figure("threads_2", 2 * wall(model, arrow, 1) / wall(model, arrow, 2))


def wall(model, data, n):
    """Wall seconds of n threads that each do the same."""
    found = []
    for _ in range(3):
        threads = [threading.Thread(target=model.predict, args=(data,)) for _ in range(n)]
        start = time.perf_counter()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        found.append(time.perf_counter() - start)
    return min(found)


def pyarrow():
    import pyarrow
    figure("list_first_ns", best(pyarrow.array, lambda: (texts(),)) / N * 1e9)
    whole = texts()
    pyarrow.array(whole)
    figure("list_again_ns", best(pyarrow.array, lambda: (whole,)) / N * 1e9)


def extension():
    import zlib
    call, data = zlib.crc32, b"x"
    figure("call_ns", calls(lambda: call(data)))


{"kehu": kehu, "pyarrow": pyarrow, "extension": extension}[who]()
