#!/usr/bin/env python3
"""How searching and memory grow with the number of skills: prints both for 1,000, 10,000 and 100,000 of them.

    bench/scaling.py [--build build] [--runs 9] [--largest 100000]

Time is that of discovery without an index (discover_bench), the median of the runs, and beside it the floor that
bench/run.py compares it with. Memory is what a catalog takes of the heap (refresh_bench). The folders are made in the
temporary folder and removed.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from make_skills import make_skills
from run import ROOT, Program


def microseconds_each(command, count, runs):
    with Program(command, Path(command[-1])) as program:
        program.sample()
        return median(program.sample() for _ in range(runs)) / 1e3 / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--largest", type=int, default=100_000)
    arguments = parser.parse_args()
    programs = arguments.build.resolve() / "bench"
    print(f"{'skills':>8}  {'us each':>8}  {'floor us':>8}  {'ratio':>6}  {'bytes each':>10}")
    count = 1_000
    while count <= arguments.largest:
        with tempfile.TemporaryDirectory(prefix="openskills-scaling-") as scratch:
            folder = Path(scratch) / "skills"
            make_skills(folder, count)
            ours = microseconds_each([programs / "discover_bench", folder], count, arguments.runs)
            floor = microseconds_each([programs / "scan_floor", folder], count, arguments.runs)
            said = subprocess.run([programs / "refresh_bench", folder], input=b"", capture_output=True).stderr.decode()
            memory = re.search(r"(\d+) bytes", said)[1]
        print(f"{count:8,}  {ours:8.1f}  {floor:8.1f}  {ours / floor:5.2f}x  {memory:>10}", flush=True)
        count *= 10


if __name__ == "__main__":
    main()
