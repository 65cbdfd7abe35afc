"""What the peers' programs share: CPU time of a call after a warm-up, and the figure lines."""
import time


def figure(name, value):
    print(f"figure {name} {value!r}", flush=True)


def timed(name, call, warm=True):
    """Print the CPU seconds of call() as figure <name>; returns what it returned."""
    if warm:
        call()
    start = time.process_time()
    result = call()
    figure(name, time.process_time() - start)
    return result
