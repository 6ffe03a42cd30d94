#!/usr/bin/env python3
"""Runs the Python scripts of a folder of skills with native CPython and with `openskills run`, and compares standard
output, standard error, exit status and the files they leave.

    collection.py --native "$(guests/python/host_python.sh)" --openskills build/bin/openskills --library GUEST/lib
                  [--report FILE] [--only TEXT] FOLDER…

A script takes part when it is a program of a skill and everything it imports is in the guest or beside it. Each runs
without arguments, with --help, and with arguments guessed from its calls of add_argument (guess.py) over a workspace
of sample files (samples.py). Natively there are no tools (PATH is empty) and, where this can be had, no network. What two native
runs under other hash secrets do not agree on is compared with digits, addresses and the order of lines left out.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import guess
import samples

LIMIT_S = 30


class Side:
    """One way to run a script: what a workspace, a skill and the library are called there."""

    def __init__(self, options):
        self.options = options
        offline = subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0
        self.offline = ["unshare", "-n"] if offline else []

    def native(self, program, argv, workspace, secret):
        env = {"PATH": "/nonexistent", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
               "PYTHONHASHSEED": str(secret), "PYTHONPATH": f"{self.options.library}/site-packages",
               "SKILL_DIR": str(program.skill), "CLAUDE_SKILL_DIR": str(program.skill)}
        command = [*self.offline, "/usr/bin/env", "-i", *(f"{k}={v}" for k, v in env.items()), self.options.native,
                   str(program.path), *argv]
        names = [(str(workspace), "/workspace"), (str(program.skill), "/skill"),
                 (f"{self.options.library}/site-packages", "/usr/lib/python3.13/site-packages"),
                 (self.options.native_library, "/usr/lib/python3.13"), (self.options.native, "/usr/bin/python3")]
        return result_of(command, workspace, names)

    def guest(self, program, argv, workspace):
        command = [self.options.openskills, "run", str(program.skill), str(program.path.relative_to(program.skill)),
                   "--workspace", str(workspace), "--timeout", f"{LIMIT_S}s", "--", *argv]
        return result_of(command, workspace, [])


def result_of(command, workspace, names):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, cwd=workspace, timeout=LIMIT_S + 10)
        status, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        status, out, err = "timeout", b"", b""
    result = {"status": status, "stdout": translated(out, names), "stderr": translated(err, names)}
    for path in sorted(workspace.rglob("*")):
        if path.is_file() and not path.is_symlink():
            result[f"file {path.relative_to(workspace)}"] = translated(path.read_bytes(), names)
    return result


def translated(data, names):
    for old, new in names:
        data = data.replace(old.encode(), new.encode())
    return re.sub(rb"0x[0-9a-f]{6,}", b"0xADDRESS", data)


def blurred(value):
    """What remains equal when times, random names and the order of sets differ."""
    if not isinstance(value, bytes):
        return value
    return sorted(re.sub(rb"[0-9a-fA-F]{8,}|\d+", b"#", line) for line in value.splitlines())


def compare(native, again, guest):
    """(differing keys, whether anything had to be blurred)."""
    different, unsteady = [], False
    for key in native.keys() | guest.keys() | again.keys():
        if native.get(key) == guest.get(key):
            continue
        if native.get(key) != again.get(key):
            unsteady = True
            if key not in native or key not in again or blurred(native[key]) == blurred(guest.get(key, b"")):
                continue
            if blurred(native[key]) != blurred(again[key]):
                continue
        different.append(key)
    return sorted(different), unsteady


def excerpt(native, guest, key):
    def lines(value):
        return value.decode(errors="replace").splitlines() if isinstance(value, bytes) else [repr(value)]
    left, right = lines(native.get(key, "absent")), lines(guest.get(key, "absent"))
    for number in range(max(len(left), len(right))):
        pair = [side[number] if number < len(side) else "(end)" for side in (left, right)]
        if pair[0] != pair[1]:
            return f"native {pair[0][:150]!r}, guest {pair[1][:150]!r}"
    return "line ends"


def try_script(side, program):
    """[(argv, native status, differing keys, unsteady, excerpts)], one for each command line."""
    rows = []
    for argv in guess.command_lines(program):
        with tempfile.TemporaryDirectory(dir=side.options.scratch) as folder:
            spaces = [pathlib.Path(folder, name) for name in ("a", "b", "c")]
            for space in spaces:
                samples.fill(space, side.options.samples)
            native = side.native(program, argv, spaces[0], 1)
            again = side.native(program, argv, spaces[1], 2)
            guest = side.guest(program, argv, spaces[2])
        different, unsteady = compare(native, again, guest)
        rows.append((argv, native["status"], different, unsteady, [f"{k}: {excerpt(native, guest, k)}" for k in different]))
    return rows


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--openskills", required=True)
    parser.add_argument("--library", required=True, help="the folder lib of the guest pack")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="scripts whose path contains this")
    parser.add_argument("--report", help="write every command line's result to this file")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    options.library, options.openskills = os.path.realpath(options.library), os.path.realpath(options.openskills)
    options.native_library = subprocess.run([options.native, "-c", "import os; print(os.path.dirname(os.__file__))"],
                                            capture_output=True, text=True, check=True).stdout.strip()
    return options


def run_all(options, programs):
    report = open(options.report, "w", encoding="utf-8", buffering=1) if options.report else None
    counts = collections.Counter()
    side = Side(options)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for program, rows in zip(programs, pool.map(lambda one: try_script(side, one), programs)):
            counts["scripts"] += 1
            counts["scripts equal in every run"] += not any(row[2] for row in rows)
            for argv, status, different, unsteady, texts in rows:
                counts["runs"] += 1
                counts["runs that succeed natively"] += status == 0
                counts["runs equal"] += not different
                counts["of these unsteady natively"] += not different and unsteady
                if different:
                    print(f"DIFFERENT {program.path} {argv}", *texts, sep="\n    ", flush=True)
                if report:
                    verdict = "different" if different else "unsteady" if unsteady else "equal"
                    report.write(f"{verdict}\t{status}\t{program.path}\t{argv}\t{different}\n")
    return counts


def main():
    options = parse_arguments()
    known = samples.modules_of(options.library, options.native)
    programs, left_out = guess.find_programs(options.folders, known)
    programs = [program for program in programs if options.only in str(program.path)]
    with tempfile.TemporaryDirectory() as scratch:
        options.scratch = scratch
        options.samples = pathlib.Path(scratch, "samples")
        samples.make(options.samples, options.native, options.library)
        counts = run_all(options, programs)
        shutil.rmtree(options.samples)
    for name, count in counts.items():
        print(f"{count:6} {name}")
    for reason, count in left_out.most_common():
        print(f"{count:6} left out: {reason}")
    return 1 if counts["runs"] != counts["runs equal"] else 0


if __name__ == "__main__":
    sys.exit(main())
