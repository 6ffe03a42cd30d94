#!/usr/bin/env python3
"""CPython's own regression tests, inside the guest, as an outside judge.

    regression.py --openskills build/bin/openskills --source CPYTHON_SOURCE [--all | MODULE…] [--report FILE]

Without modules the fast subset of regression.txt runs, as in every test run; with --all every module that upstream runs.
Each module has a process of its own. A method counts as passed when it ran and held; methods that CPython's suite skips
on WASI are not counted, others that are skipped are no pass. The exceptions of regression.txt, each with its reason,
may fail; any other failure, and an exception that passes, makes the exit status 1.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# Modules that test what the guest does not carry (a graphical toolkit, an editor) or need files of another build.
NEVER = {"test_idle", "test_tkinter", "test_ttk", "test_ttk_textonly", "test_tcl", "test_turtle", "test_winreg", "test_winapi",
         "test_msilib", "test_winsound", "test_winconsoleio", "test_wmi", "test_startfile", "test_launcher", "test_gdb",
         "test_perfmaps", "test_perf_profiler", "test_generated_cases", "test_peg_generator", "test_freeze_tools", "test_tools",
         "test_clinic", "test_c_locale_coercion"}


def read_list():
    """The fast subset, and the exceptions: id to reason."""
    subset, exceptions = [], {}
    for line in (HERE / "regression.txt").read_text().splitlines():
        line = line.strip()
        if line.startswith("-"):
            name, _, reason = line[1:].strip().partition(" ")
            exceptions[name] = reason.strip()
        elif line and not line.startswith("#"):
            subset += line.split()
    return subset, exceptions


def all_modules(folder):
    names = {path.stem for path in folder.glob("test_*.py")} | {path.parent.name for path in folder.glob("test_*/__init__.py")}
    return sorted(names - NEVER)


def run_module(options, tests, module):
    """(module, {id: (status, reason)}, note)."""
    with tempfile.TemporaryDirectory() as workspace:
        shutil.copy(HERE / "regression_driver.py", workspace)
        command = [options.openskills, "exec", "--workspace", workspace, "--mount", f"{tests}:/cpython:ro", "--env",
                   "PYTHONPATH=/cpython", "--timeout", f"{options.timeout}s", "--memory", "1G", "--", "python3",
                   "regression_driver.py", "/workspace/results", module]
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
        results, note = {}, ""
        path = pathlib.Path(workspace, "results")
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            status, _, rest = line.partition("\t")
            name, _, reason = rest.partition("\t")
            if status == "start":
                results.setdefault(name, ("crash", "the run ended in it"))
            else:
                results[name] = (status, reason)
        if done.returncode != 0 or not results:
            tail = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
            note = f"exit {done.returncode}: {tail[0][:200]}"
        return module, results, note


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--openskills", required=True)
    parser.add_argument("--source", required=True, help="CPython's unpacked source of the guest's version")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for one module")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--report", help="write every method's result to this file")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    subset, exceptions = read_list()
    source = pathlib.Path(options.source) / "Lib" / "test"
    modules = options.modules or (all_modules(source) if options.all else subset)
    counts = dict.fromkeys(("pass", "fail", "skip", "crash"), 0)
    surprises, lines = [], []
    report = open(options.report, "w", encoding="utf-8", buffering=1) if options.report else None
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copytree(source, pathlib.Path(temporary, "test"), ignore=shutil.ignore_patterns("__pycache__"))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for module, results, note in pool.map(lambda name: run_module(options, temporary, name), modules):
                for name, (status, reason) in results.items():
                    counts[status] += 1
                    lines.append(f"{status}\t{name}\t{reason}")
                    if status in ("fail", "crash") and name not in exceptions:
                        surprises.append(f"{status.upper()} {name}: {reason}")
                    if status == "pass" and name in exceptions:
                        surprises.append(f"PASSES NOW {name}: take it out of regression.txt")
                bad = sum(status in ("fail", "crash") for status, _ in results.values())
                lines.append(f"module\t{module}\t{len(results)} methods, {bad} bad {note}")
                if note and f"test.{module}" not in exceptions and not bad:
                    surprises.append(f"{module}: {note}")
                if report:
                    report.write("\n".join(lines) + "\n")
                    lines.clear()
    for surprise in surprises:
        print(surprise)
    judged = counts["pass"] + counts["fail"] + counts["crash"]
    print(f"{counts['pass']} of {judged} test methods pass ({100 * counts['pass'] / max(judged, 1):.1f} %), "
          f"{counts['skip']} are skipped, in {len(modules)} modules")
    return 1 if surprises or not judged else 0


if __name__ == "__main__":
    sys.exit(main())
