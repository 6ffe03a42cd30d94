#!/usr/bin/env python3
"""Runs the cases of this folder with the real binary, in both isolation modes."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "e2e"))

from support import BUILD_DIR, TestCase  # noqa: E402

MODES = ("process", "in-process")
MODULES = BUILD_DIR / "conformance" / "wasi"

# What a case is started with, and what it ends with, where that differs from nothing and 0.
ARGUMENTS = {"arguments": ("one", "", "two words")}
ENVIRONMENT = {"arguments": ("A=1", "B=")}
INPUT = {"streams": b"first\nsecond\n"}
EXIT_CODE = {"process": 33, "exit_in_start": 7}
NO_OUTPUT = {"no_memory", "exit_in_start"}

# The 46 functions, and why one has no success or no failure to show.
FUNCTIONS = """args_get args_sizes_get environ_get environ_sizes_get clock_res_get clock_time_get fd_advise fd_allocate
fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
fd_filestat_set_times fd_pread fd_prestat_get fd_prestat_dir_name fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync
fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink
path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise random_get sched_yield
sock_accept sock_recv sock_send sock_shutdown""".split()
NO_SUCCESS = {
    "fd_allocate": "room that is never written has no place in the quota: always ENOTSUP",
    "proc_raise": "no signals: always ENOTSUP",
    "sock_accept": "no descriptor is a socket",
    "sock_recv": "no descriptor is a socket",
    "sock_send": "no descriptor is a socket",
    "sock_shutdown": "no descriptor is a socket",
}
NO_FAILURE = {"sched_yield": "always succeeds", "proc_exit": "does not return"}
ENDS_THE_PROGRAM = {"proc_exit"}  # its success is the exit code of the case


def build():
    subprocess.run([HERE / "build.sh", MODULES], check=True)
    for source in sorted((HERE / "cases").glob("*.wat")):
        module = subprocess.run([BUILD_DIR / "bin" / "openskills_assemble"], input=source.read_bytes(),
                                stdout=subprocess.PIPE, check=True).stdout
        (MODULES / f"{source.stem}.wasm").write_bytes(module)


class Coverage(unittest.TestCase):
    def test_EveryFunctionSucceedsAndFails(self):
        self.assertEqual(len(FUNCTIONS), 46)
        succeeds, fails = set(), set()
        for source in (HERE / "cases").glob("*.c"):
            for errno, function in re.findall(r"GIVES\((\w+),\s*__wasi_(\w+)\(", source.read_text()):
                (succeeds if errno == "SUCCESS" else fails).add(function)
        self.assertEqual(sorted(set(FUNCTIONS) - succeeds - ENDS_THE_PROGRAM), sorted(NO_SUCCESS))
        self.assertEqual(sorted(set(FUNCTIONS) - fails), sorted(NO_FAILURE))


class Cases(TestCase):
    def run_case(self, name):
        for mode in MODES:
            with self.subTest(mode=mode):
                writable, readable = self.root / f"rw-{mode}", self.root / f"ro-{mode}"
                writable.mkdir()
                readable.mkdir()
                (readable / "file").write_text("read me")
                (readable / "out").symlink_to("../outside")
                (self.root / "outside").write_text("secret")
                flags = [word for pair in ENVIRONMENT.get(name, ()) for word in ("--env", pair)]
                if name in INPUT:
                    flags += ["--stdin", "-"]
                result = self.openskills(
                    "wasm", MODULES / f"{name}.wasm", "--isolation", mode, "--mount", f"{writable}:/rw",
                    "--mount", f"{readable}:/ro:ro", *flags, "--", *ARGUMENTS.get(name, ()),
                    stdin=INPUT.get(name, b""))
                self.assertEqual(result.code, EXIT_CODE.get(name, 0), result.error_text + result.text)
                self.assertEqual(result.text, "" if name in NO_OUTPUT else "passed\n")
                self.assertEqual((readable / "file").read_text(), "read me")
                self.assertEqual(sorted(os.listdir(readable)), ["file", "out"])
                self.assertEqual((self.root / "outside").read_text(), "secret")

    def test_AWrongAnswerIsSeen(self):
        # The control: without its arguments the case finds other ones.
        result = self.openskills("wasm", MODULES / "arguments.wasm")
        self.assertEqual(result.code, 1)
        self.assertIn("line ", result.error_text)


class Determinism(TestCase):
    """--seed and --clock: two runs give the same bytes, and without them they do not."""

    CLOCK = ("--clock", "2026-01-02T03:04:05Z")

    def output(self, *flags, mode="process", order=1):
        # A folder of its own each time, filled in another order, so that the file system's answers differ.
        self.folders = getattr(self, "folders", 0) + 1
        folder = self.root / f"work{self.folders}"
        folder.mkdir()
        for number in list(range(40))[::order]:
            path = folder / f"input{number}"
            path.write_text("x" * number)
            os.utime(path, (1_000_000_000, 1_100_000_000 + number))
        result = self.openskills("wasm", MODULES / "repeatable.wasm", "--isolation", mode, "--mount", f"{folder}:/rw",
                                 *flags)
        self.assertEqual(result.code, 0, result.error_text)
        return result.text

    def of(self, text, word):
        return [line for line in text.splitlines() if line.startswith(word)]

    def test_TwoRunsWithSeedAndClockAreEqual(self):
        flags = ("--seed", "7", *self.CLOCK)
        texts = {self.output(*flags, mode=mode, order=order) for mode in MODES for order in (1, -1)}
        self.assertEqual(len(texts), 1, "\n---\n".join(sorted(texts)))
        text = texts.pop()
        start = 1767323045 * 10**9
        self.assertIn(f"clock 0 at first: {start}, steps of 1\n", text)
        self.assertIn(f"clock 0 after 50 ms: {start + 50_000_000}, ", text)
        self.assertIn("clock 1 at first: 0, ", text)
        self.assertIn("clock 1 after 50 ms: 50000000, ", text)
        self.assertIn(f"made: device 1 inode", text)
        self.assertIn(f"size 5 times {start} {start} {start}\n", text)
        self.assertIn("size 5 times 1100000005000000000 1100000005000000000 1100000005000000000\n", text)
        self.assertEqual(len(self.of(text, "entry ")), 44)

    def test_ASleepUnderAFixedClockTakesNoTime(self):
        self.assertEqual(self.output(*self.CLOCK).count("after 50 ms"), 4)

    def test_DifferentSeedsDiffer(self):
        first, second = (self.output("--seed", seed, *self.CLOCK) for seed in ("7", "8"))
        self.assertNotEqual(self.of(first, "random"), self.of(second, "random"))
        self.assertEqual(self.of(first, "clock"), self.of(second, "clock"))
        self.assertEqual(self.of(first, "entry"), self.of(second, "entry"))

    def test_DifferentClocksDiffer(self):
        first = self.output("--seed", "7", *self.CLOCK)
        second = self.output("--seed", "7", "--clock", "2026-01-02T03:04:06Z")
        self.assertNotEqual(self.of(first, "clock 0"), self.of(second, "clock 0"))
        self.assertEqual(self.of(first, "clock 1"), self.of(second, "clock 1"))
        self.assertEqual(self.of(first, "random"), self.of(second, "random"))

    def test_WithoutThemTwoRunsDiffer(self):
        first, second = self.output(), self.output()
        for word in ("random", "clock 0 at first", "clock 1 after", "made"):
            self.assertNotEqual(self.of(first, word), self.of(second, word), word)


def add_cases():
    for source in sorted((HERE / "cases").iterdir()):
        if source.suffix in (".c", ".wat"):
            name = source.stem
            setattr(Cases, f"test_{name}", lambda self, name=name: self.run_case(name))


if __name__ == "__main__":
    build()
    add_cases()
    unittest.main()
