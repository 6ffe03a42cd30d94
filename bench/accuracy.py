#!/usr/bin/env python3
"""How exactly the limits on wall time, memory and output hold, through the command line.

    bench/accuracy.py [--build build] [--runs 200] [--check]

Time: what a busy loop took beyond its time-out, as the outcome reports it and as the whole process took. Memory: how far
a guest that grows until it is refused stays below its limit (less than a page of 64 KiB, and never above it). Output: how
many bytes are kept of a flood (as many as the limit says).
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import ROOT, percentile

PAGE = 65536
TIMEOUT_MS = 100
WALL_BAR_MS = 20

SPINS = '(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))'
GROWS = """(module (memory (export "memory") 1)
  (func (export "_start") (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))))"""
FLOODS = """(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\07\\00\\00\\00") (data (i32.const 16) "flood! ")
  (func (export "_start") (local $i i32) (loop $l
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))))"""


class Guests:
    """The programs, and runs of them."""

    def __init__(self, build, folder):
        self.binary = build / "bin" / "openskills"
        self.folder = folder
        self.environment = dict(os.environ, OPENSKILLS_CACHE_DIR=str(folder / "cache"))
        for name, text in (("spins", SPINS), ("grows", GROWS), ("floods", FLOODS)):
            bytes_of = subprocess.run([build / "bin" / "openskills_assemble"], input=text.encode(), check=True,
                                      stdout=subprocess.PIPE).stdout
            (folder / name).write_bytes(bytes_of)

    def run(self, name, *flags):
        """The outcome, and how long the process took in ms."""
        started = time.monotonic_ns()
        done = subprocess.run([self.binary, "wasm", self.folder / name, "--json", *flags], env=self.environment,
                              stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout), (time.monotonic_ns() - started) / 1e6


def late(guests, runs):
    """What each run took beyond its time-out: inside, and as a process."""
    flags = ("--timeout", f"{TIMEOUT_MS}ms")
    guests.run("spins", "--timeout", "10s")  # compiles it
    inside, whole = [], []
    for _ in range(runs):
        outcome, took_ms = guests.run("spins", *flags)
        if outcome["status"] != "timeout":
            sys.exit(f"a busy loop ended as {outcome['status']}")
        inside.append(outcome["usage"]["wall_ms"] - TIMEOUT_MS)
        whole.append(took_ms - TIMEOUT_MS)
    return inside, whole


def below(guests, runs):
    """How far below its limit each guest was refused."""
    rest = []
    for _ in range(runs):
        limit = random.randrange(2 * PAGE, 64 * PAGE)
        outcome, _ = guests.run("grows", "--memory", str(limit))
        if not outcome["usage"]["memory_refused"]:
            sys.exit("a guest was not refused memory")
        rest.append(limit - outcome["usage"]["peak_memory_bytes"])
    return rest


def kept(guests, runs):
    """How many bytes more than the limit were kept of each flood of 7,000 bytes."""
    extra = []
    for _ in range(runs):
        limit = random.randrange(1, 7000)
        outcome, _ = guests.run("floods", "--output-limit", str(limit))
        extra.append(len(outcome["stdout"].encode()) - limit)
        if not outcome["stdout_truncated"]:
            sys.exit("a flood was not said to be cut")
    return extra


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    parser.add_argument("--runs", type=int, default=200, help="runs of each (default 200)")
    parser.add_argument("--check", action="store_true", help="exit 1 when a limit does not hold")
    options = parser.parse_args()
    random.seed(4)
    with tempfile.TemporaryDirectory(prefix="openskills-accuracy.") as folder:
        guests = Guests(options.build.resolve(), Path(folder))
        inside, whole = late(guests, options.runs)
        rest, extra = below(guests, options.runs), kept(guests, options.runs)
    rows = [
        ("wall time, ms late in the run", percentile(inside, 0.5), percentile(inside, 0.99), max(inside),
         percentile(inside, 0.99) <= WALL_BAR_MS, f"p99 <= {WALL_BAR_MS}"),
        ("wall time, ms late as a process", percentile(whole, 0.5), percentile(whole, 0.99), max(whole),
         percentile(whole, 0.99) <= WALL_BAR_MS, f"p99 <= {WALL_BAR_MS}"),
        ("memory, bytes below the limit", percentile(rest, 0.5), percentile(rest, 0.99), max(rest),
         0 <= min(rest) and max(rest) < PAGE, "0 .. 65535"),
        ("output, bytes beyond the limit", percentile(extra, 0.5), percentile(extra, 0.99), max(extra),
         min(extra) == max(extra) == 0, "0"),
    ]
    print(f"{'limit':34}{'p50':>10}{'p99':>10}{'most':>10}  bar")
    for name, p50, p99, most, holds, bar in rows:
        print(f"{name:34}{p50:10.2f}{p99:10.2f}{most:10.2f}  {bar:12} {'holds' if holds else 'MISSED'}")
    return 1 if options.check and not all(row[4] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
