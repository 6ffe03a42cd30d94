#!/usr/bin/env python3
"""Parity: runs each case with native CPython of the same version and with the guest, and compares standard output,
standard error, exit status and the files left behind.

    compare.py --native "$(guests/python/host_python.sh)" --guest 'RUNNER … {workspace} … {stdlib} … python3'

The guest's command is split like a shell would; {workspace} is replaced by the folder of the case, which the runner
preopens as /workspace (with PWD=/workspace), and the case's own arguments are appended. Native paths are replaced by
the guest's before the comparison. Prints a line for each case that differs; the exit status says whether any does.
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from cases import CASES

GUEST_LIB = "/usr/lib/python3.13"


def run(command, case, folder, env):
    done = subprocess.run(command, input=case.stdin, capture_output=True, cwd=folder, env=env, timeout=120)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
             if path.is_file() and "__pycache__" not in path.parts}
    return {"stdout": done.stdout, "stderr": done.stderr, "status": done.returncode, "files": files}


def normal(result, replacements):
    """Paths as the guest sees them, and addresses as if there were one."""
    def translate(data):
        for old, new in replacements:
            data = data.replace(old.encode(), new.encode())
        return re.sub(rb"0x[0-9a-f]{6,}", b"0xADDRESS", data)
    return {key: translate(value) if isinstance(value, bytes) else value for key, value in result.items()}


def make_folder(parent, name, case):
    folder = parent / name
    for path, text in case.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    folder.mkdir(exist_ok=True)
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--except", dest="left_out", action="append", default=[], metavar="NAME",
                        help="leave out a case that the runner answers itself (repeatable)")
    parser.add_argument("--only", help="run the cases whose name contains this text")
    options = parser.parse_args()
    native_lib = subprocess.run([options.native, "-c", "import os; print(os.path.dirname(os.__file__))"],
                                capture_output=True, text=True, check=True).stdout.strip()
    # Found through PATH under the guest's name, so that messages begin alike.
    env = {"PATH": os.path.dirname(options.native) + ":/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8",
           "PYTHONDONTWRITEBYTECODE": "1"}
    failed = count = 0
    with tempfile.TemporaryDirectory() as temporary:
        parent = pathlib.Path(temporary).resolve()
        for case in (case for case in CASES if case.name not in options.left_out):
            if options.only and options.only not in case.name:
                continue
            count += 1
            native_folder = make_folder(parent, f"native-{case.name}", case)
            guest_folder = make_folder(parent, f"guest-{case.name}", case)
            expected = normal(run(["python3", *case.argv], case, native_folder, env),
                              [(str(native_folder), "/workspace"), (native_lib, GUEST_LIB), (options.native, "/usr/bin/python3")])
            guest = [part.replace("{workspace}", str(guest_folder)) for part in shlex.split(options.guest)]
            actual = normal(run([*guest, *case.argv], case, guest_folder, None), [])
            different = [key for key in expected if expected[key] != actual[key]]
            if different:
                failed += 1
                print(f"DIFFERENT {case.name}: {', '.join(different)}")
                for key in different:
                    print(f"  native {key}: {expected[key]!r}\n  guest  {key}: {actual[key]!r}")
    print(f"{count - failed} of {count} cases equal")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
