#!/usr/bin/env python3
"""Runs the format suite against a client and reports every case that differs. See README.md beside this file.

  run.py --command PROGRAM        a command line with the contract of openskills
  run.py --adapter PROGRAM        any other client, through a small program of yours
  run.py --reference PROGRAM      only the cases about skills-ref, against such a program

Exit code 0: every case as expected. 1: not. 2: usage.
"""
import argparse
import base64
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 60


def call(command, *arguments):
    return subprocess.run([*command, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)


def codes(diagnostics, severity):
    return [one["code"] for one in diagnostics if one["severity"] == severity]


class OpenSkills:
    """The adapter for the contract of the openskills command line."""

    def __init__(self, command):
        self.command = command

    def validate(self, folder, arguments):
        done = call(self.command, "validate", "--json", *arguments, folder)
        verdict = json.loads(done.stdout)[0]
        if done.returncode != (0 if verdict["valid"] else 1):
            raise ValueError(f"exit code {done.returncode} with valid={verdict['valid']}")
        errors = [one for one in verdict["diagnostics"] if one["severity"] == "error"]
        return {"valid": verdict["valid"], "errors": [one["code"] for one in errors], "lines": [one["line"] for one in errors]}

    def load(self, folder, arguments):
        lenient = json.loads(call(self.command, "validate", "--lenient", "--json", folder).stdout)[0]["diagnostics"]
        shown = json.loads(call(self.command, "show", "--json", *arguments, folder + "/").stdout)
        result = {"loads": "manifest" in shown, "errors": codes(lenient, "error"), "warnings": codes(lenient, "warning")}
        if result["loads"]:
            result.update(shown["manifest"])
        return result

    def skills_ref(self, _folder, arguments):
        return call([*self.command, "skills-ref"], *arguments)


class Adapter(OpenSkills):
    """Any client: PROGRAM validate|load DIR [ARGUMENTS] prints the result's JSON; PROGRAM skills-ref … behaves like it."""

    def validate(self, folder, arguments):
        return json.loads(call(self.command, "validate", folder, *arguments).stdout)

    def load(self, folder, arguments):
        return json.loads(call(self.command, "load", folder, *arguments).stdout)


class Reference(OpenSkills):
    """A program that is the reference library's command line itself."""

    def skills_ref(self, _folder, arguments):
        return call(self.command, *arguments)


def content(file):
    if isinstance(file, str):
        return file.encode()
    if "base64" in file:
        return base64.b64decode(file["base64"])
    return b"".join(text.encode() * count for text, count in file["parts"])


def write_skill(root, case):
    folder = root / case["dir"]
    folder.mkdir()
    for name, file in case["files"].items():
        (folder / name).write_bytes(content(file))
    return str(folder)


def put_paths(value, folder):
    if isinstance(value, str):
        return value.replace("{dir}", folder).replace("{parent}", os.path.dirname(folder))
    if isinstance(value, list):
        return [put_paths(one, folder) for one in value]
    return value


def run_case(client, case, expected, keys):
    """The differences as lines of text."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_skill(pathlib.Path(scratch).resolve(), case)
        arguments = put_paths(case.get("args", []), folder)
        if case["op"] == "skills-ref":
            done = client.skills_ref(folder, arguments)
            actual = {"exit": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}
        else:
            actual = getattr(client, case["op"])(folder, arguments)
        problems = []
        for key, wanted in expected.items():
            wanted = put_paths(wanted, folder)
            if keys and key not in keys:
                continue
            if key == "stderr_contains":
                if wanted not in actual["stderr"]:
                    problems.append(f"stderr lacks {wanted!r}: {actual['stderr']!r}")
            elif key == "metadata":
                # In whatever way a client gives a map of strings.
                if dict(actual.get(key) or {}) != wanted:
                    problems.append(f"{key}: expected {wanted!r}, got {actual.get(key)!r}")
            elif actual.get(key) != wanted:
                problems.append(f"{key}: expected {wanted!r}, got {actual.get(key)!r}")
        return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    client = parser.add_mutually_exclusive_group(required=True)
    client.add_argument("--command", metavar="PROGRAM")
    client.add_argument("--adapter", metavar="PROGRAM")
    client.add_argument("--reference", metavar="PROGRAM")
    parser.add_argument("--without-codes", action="store_true", help="compare verdicts and values, not codes and lines")
    parser.add_argument("--rule", action="append", help="only this rule (repeatable)")
    options = parser.parse_args()
    kind, program = next((kind, text) for kind, text in ((OpenSkills, options.command), (Adapter, options.adapter),
                                                         (Reference, options.reference)) if text)
    client = kind(shlex.split(program))
    keys = {"valid", "loads", "name", "description", "metadata", "allowed_tools", "other", "exit", "stdout", "stderr",
            "stderr_contains"} if options.without_codes else None
    ran = failed = 0
    rules = sorted(path.parent for path in HERE.glob("*/input.json"))
    for rule in rules:
        if options.rule and rule.name not in options.rule:
            continue
        cases = json.loads((rule / "input.json").read_text(encoding="utf-8"))
        expected = json.loads((rule / "expected.json").read_text(encoding="utf-8"))
        if cases.keys() != expected.keys():
            sys.exit(f"{rule}: input.json and expected.json name different cases")
        for name, case in cases.items():
            if kind is Reference and case["op"] != "skills-ref":
                continue
            ran += 1
            try:
                problems = run_case(client, case, expected[name], keys)
            except (ValueError, KeyError, IndexError, TypeError, OSError, subprocess.TimeoutExpired) as error:
                problems = [f"the client gave no result: {type(error).__name__}: {error}"]
            failed += bool(problems)
            for problem in problems:
                print(f"FAIL {rule.name} {name}: {problem}")
    print(f"{ran} cases, {failed} differ")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
