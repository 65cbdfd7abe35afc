"""What the peers' programs share: CPU time of a call after a warm-up, and the figure lines."""
import time


def figure(name, value):
    print(f"figure {name} {value!r}", flush=True)


def resident_mb():
    """Megabytes of this process that are in memory now."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def timed(name, call, warm=True):
    """Print the CPU seconds of call() as figure <name>; returns what it returned."""
    if warm:
        call()
    start = time.process_time()
    result = call()
    figure(name, time.process_time() - start)
    return result
