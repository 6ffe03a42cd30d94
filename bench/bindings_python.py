#!/usr/bin/env python3
"""What the Python binding costs. Run with a Python that has the package `openskills` installed:

    python bench/bindings_python.py [--runs N] [--cpp build/bench/module_call_bench]

Prints medians (and p99 where it says so):
    a run of a tiny module, in process, a hundred calls a sample; with --cpp also what the same call costs in C++,
    measured in turns, and the difference
    the event loop's lateness while 64 runs are under way
    runs a second, one at a time and two at a time, of a script that only computes
    how late a cancelled run and a timed-out run end
"""

import argparse
import asyncio
import statistics
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openskills import CancelToken, OpenSkillRuntime

# (module (memory (export "memory") 1) (func (export "_start")))
TINY = bytes.fromhex("0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a040102000b")
COMPUTE = ["python3", "-c", "n = 0\nfor i in range(3_000_000): n += i"]
SPIN = ["python3", "-c", "while True: pass"]


def p99(samples):
    return sorted(samples)[int(len(samples) * 0.99) - 1]


class CppCalls:
    """The same calls in C++: so many each time they are asked for."""

    def __init__(self, program, module, calls):
        self.process = subprocess.Popen([program, module, str(calls)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def microseconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()) / 1e3

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def overhead(runtime, folder, runs, program):
    calls = 100
    module = folder / "tiny.wasm"
    module.write_bytes(TINY)
    cpp = CppCalls(program, module, calls) if program else None
    here, there = [], []
    for _ in range(max(20, runs // 10)):
        start = time.perf_counter()
        for _ in range(calls):
            outcome = runtime.run_module(module, isolation="in-process", workspace_access="none")
        here.append((time.perf_counter() - start) * 1e6 / calls)
        assert outcome.ok, outcome
        if cpp:
            there.append(cpp.microseconds() / calls)
    line = f"tiny module in process: {statistics.median(here[5:]):.0f} us a call"
    if cpp:
        cpp.end()
        less = statistics.median(there[5:])
        line += f", {less:.0f} us in C++: {statistics.median(here[5:]) - less:.0f} us more"
    print(line)


async def loop_lateness(runtime, work):
    late, done = [], False

    async def watch():
        while not done:
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append((time.perf_counter() - start - 0.001) * 1e3)

    watcher = asyncio.create_task(watch())
    start = time.perf_counter()
    outcomes = await asyncio.gather(*[runtime.aexec(None, ["python3", "-c", "print(1)"], workspace=work) for _ in range(64)])
    took = time.perf_counter() - start
    done = True
    await watcher
    assert all(outcome.ok for outcome in outcomes)
    print(f"event loop during 64 runs ({took:.2f} s): late by {statistics.median(late):.2f} ms, p99 {p99(late):.2f} ms")


def throughput(runtime, work):
    def rate(at_once, runs=12):
        with ThreadPoolExecutor(at_once) as pool:
            start = time.perf_counter()
            list(pool.map(lambda _: runtime.exec(None, COMPUTE, workspace=work).raise_for_status(), range(runs)))
            return runs / (time.perf_counter() - start)

    ratios = [rate(2) / rate(1) for _ in range(3)]
    print(f"two runs at once: {statistics.median(ratios):.2f}x of one")


def lateness(runtime, work, runs):
    cancelled, timed_out = [], []
    for _ in range(runs):
        token, at = CancelToken(), []
        timer = threading.Timer(0.1, lambda: (at.append(time.perf_counter()), token.cancel()))
        timer.start()
        assert runtime.exec(None, SPIN, workspace=work, cancel=token).status == "cancelled"
        cancelled.append((time.perf_counter() - at[0]) * 1e3)
        start = time.perf_counter()
        assert runtime.exec(None, SPIN, workspace=work, timeout_ms=100).status == "timeout"
        timed_out.append((time.perf_counter() - start) * 1e3 - 100)
    for name, samples in (("cancel", cancelled), ("time-out", timed_out)):
        print(f"{name}: {statistics.median(samples):.1f} ms late, p99 {p99(samples):.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--cpp", metavar="PROGRAM", help="module_call_bench, to measure against")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work = folder / "work"
        work.mkdir()
        runtime = OpenSkillRuntime(folder / "work")
        runtime.exec(None, ["python3", "-c", ""], workspace=work).raise_for_status()
        overhead(runtime, folder, arguments.runs, arguments.cpp)
        asyncio.run(loop_lateness(runtime, work))
        throughput(runtime, work)
        lateness(runtime, work, max(20, arguments.runs // 10))


if __name__ == "__main__":
    main()
