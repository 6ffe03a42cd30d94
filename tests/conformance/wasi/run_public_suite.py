#!/usr/bin/env python3
"""Runs the wasm32-wasip1 tests of a checkout of WebAssembly/wasi-testsuite with `openskills wasm`.

    run_public_suite.py SUITE [--binary build/bin/openskills] [--isolation process|in-process] [--only TEXT]

SUITE is a checkout of the branch prod/testsuite-base, which holds the compiled tests. Prints what failed and a count;
exit code 1 when anything did. Each test gets a fresh copy of its folder.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]


def wanted_of(module):
    """How the test is started and what it has to give, as the suite's specification has it."""
    wanted = {"args": [], "root": None, "env": {}, "exit_code": 0, "stdout": None, "stderr": None}
    description = module.with_suffix(".json")
    if description.exists():
        wanted.update(json.loads(description.read_text()))
    return wanted


def failure_of(module, options, scratch):
    """What is wrong, or None."""
    wanted = wanted_of(module)
    command = [options.binary, "wasm", module, "--isolation", options.isolation]
    if wanted["root"]:
        folder = scratch / "root"
        if (module.parent / wanted["root"]).is_dir():
            shutil.copytree(module.parent / wanted["root"], folder, symlinks=True)
        else:
            folder.mkdir()
        command += ["--mount", f"{folder}:/"]
    for name, value in wanted["env"].items():
        command += ["--env", f"{name}={value}"]
    done = subprocess.run([*map(str, command), "--", *wanted["args"]], stdin=subprocess.DEVNULL, capture_output=True,
                          cwd=scratch, timeout=120)
    if done.returncode != wanted["exit_code"]:
        return f"exit code {done.returncode}: {done.stderr.decode(errors='replace').strip()[-600:]}"
    for stream, got in (("stdout", done.stdout), ("stderr", done.stderr)):
        if wanted[stream] is not None and got.decode(errors="replace") != wanted[stream]:
            return f"{stream} is {got!r}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "bin" / "openskills")
    parser.add_argument("--isolation", choices=("process", "in-process"), default="process")
    parser.add_argument("--only", default="", help="only tests whose path contains this")
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    modules = sorted(options.suite.resolve().glob("tests/*/testsuite/wasm32-wasip1/*.wasm"))
    modules = [module for module in modules if options.only in str(module)]
    if not modules:
        sys.exit(f"{options.suite} has no tests/*/testsuite/wasm32-wasip1/*.wasm: is it the branch prod/testsuite-base?")
    failed = 0
    for module in modules:
        with tempfile.TemporaryDirectory(prefix="openskills-suite.") as folder:
            os.chmod(folder, 0o755)
            failure = failure_of(module, options, pathlib.Path(folder))
        if failure is not None:
            failed += 1
            print(f"FAILED {module.parts[-4]}/{module.name}: {failure}")
    print(f"{len(modules) - failed} of {len(modules)} passed, isolation {options.isolation}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
