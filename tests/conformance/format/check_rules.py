#!/usr/bin/env python3
"""Checks that docs/format-rules.md and the tests name each other: check_rules.py SOURCE_DIR"""
import pathlib
import re
import sys

ID = re.compile(r"^(?:C|CC|T|RP|RT|RV|RE)-?\d+$")


def table_rows(document):
    for line in document.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("| ") else []
        if cells and all(ID.match(one.strip()) for one in cells[0].split(",")):
            yield [one.strip() for one in cells[0].split(",")], cells[-1]


def unit_tests(folder):
    tests = set()
    for path in sorted(folder.rglob("*_test.cc")):
        tests.update(".".join(one) for one in re.findall(r"TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(encoding="utf-8")))
    return tests


def check(source):
    suite = source / "tests" / "conformance" / "format"
    folders = {path.parent.name for path in suite.glob("*/input.json")}
    tests = unit_tests(source / "runtime" / "src")
    problems, listed, prefixes = [], set(), set()
    for ids, cell in table_rows(source / "docs" / "format-rules.md"):
        listed.update(ids)
        if not cell:
            problems.append(f"{ids}: no test is named")
        for prefix in re.findall(r"`([\w.]+)`", cell):
            prefixes.add(prefix)
            if not any(test == prefix or test.startswith(prefix + "_") for test in tests):
                problems.append(f"{ids}: there is no test {prefix}")
        if "conformance" in cell and not folders & set(ids):
            problems.append(f"{ids}: there is no folder in {suite}")
    for folder in sorted(folders - listed):
        problems.append(f"{suite / folder}: the table has no such rule")
    for test in sorted(unit_tests(source / "runtime" / "src" / "format")):
        if re.match(r"\w+\.(?:C_|CC_|T)\d+_", test) and not any(test.startswith(prefix + "_") for prefix in prefixes):
            problems.append(f"{test}: the table does not name it")
    if not listed or not tests:
        problems.append("nothing was found to check")
    return problems


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1]))
    print("\n".join(found) or "every rule has its test")
    sys.exit(1 if found else 0)
