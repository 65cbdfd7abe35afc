"""Load services on loopback with wrk: texts a second, p99, CPU time a text of the service itself."""
import os
import re
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager

SECONDS, WARM_UP, RUNS, CONNECTIONS = 4, 20, 5, 4
HERE = os.path.dirname(os.path.abspath(__file__))
TO_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@contextmanager
def running(command):
    """Starts a service that prints its port, and gives (process, port)."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = next((line for line in process.stdout if "listening on port" in line), None)
            if line is None:
                sys.exit(f"{' '.join(command)} did not start")
            yield process, int(re.sub(r"\D", "", line))
        finally:
            process.terminate()


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as f:
        ticks = f.read().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def load(service, path, texts, n, seconds):
    """One run of wrk, n texts a request: {texts_per_s, p99_s, cpu_s} of the texts answered."""
    process, port = service
    before = cpu_seconds(process)
    said = subprocess.run(["wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", os.path.join(HERE, "post.lua"),
                           f"http://127.0.0.1:{port}{path}", "--", texts, str(n)], stdout=subprocess.PIPE, text=True, check=True).stdout
    requests = re.search(r"(\d+) requests in ([\d.]+)(\w+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(\w+)", said)
    if requests is None or p99 is None or "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"the load test of port {port} went wrong:\n{said}")
    answered = int(requests[1]) * n
    return {"texts_per_s": answered / (float(requests[2]) * TO_SECONDS[requests[3]]), "p99_s": float(p99[1]) * TO_SECONDS[p99[2]],
            "cpu_s": (cpu_seconds(process) - before) / answered}


def load_in_turn(services, texts, n):
    """services: {who: (command, path)}. Warm, five runs of each in turn; {who: {figure: median}}."""
    seen = {who: [] for who in services}
    with ExitStack() as stack:
        up = {who: stack.enter_context(running(command)) for who, (command, _) in services.items()}
        for who, (_, path) in services.items():
            load(up[who], path, texts, n, WARM_UP)
        for _ in range(RUNS):
            for who, (_, path) in services.items():
                seen[who].append(load(up[who], path, texts, n, SECONDS))
    return {who: {name: statistics.median(run[name] for run in runs) for name in runs[0]} for who, runs in seen.items()}
