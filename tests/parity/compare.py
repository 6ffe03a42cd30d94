#!/usr/bin/env python3
"""One set of cases (cases.json) through C++, the command line, Python and TypeScript: the answers must be the same.

    compare.py --build-dir DIR [--guests DIR] [--python PYTHON] [--node-project DIR] [-v]

DIR has bin/openskills and bin/openskills_parity_driver, for which --guests names the guests. PYTHON has the package `openskills`, the Node project the package
`@openskills/runtime`; a language that is not named is left out. Run ids, times and measured sizes are masked; everything
else counts. First the comparison itself is tested: a planted difference must be found.
"""

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from command_line import CommandLine

HERE = Path(__file__).resolve().parent
RUNS = ("execute_skill", "run_script", "exec", "run_module")
# (module (memory (export "memory") 1) (func (export "_start"))), one whose _start grows memory until it is refused and
# then is unreachable, and one whose _start is unreachable.
TINY = "0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a040102000b"
GROW = ("0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a11010f0003"
        "4041104000417f470d000b000b")
TRAP = "0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a05010300000b"
# What differs from run to run.
MASKED = ("run_id", "usage")


def vocabulary():
    return json.loads((HERE.parents[1] / "bindings/vocabulary.json").read_text())


def not_covered(cases, table):
    """Names of the table that no case uses: what a new method or option needs besides its twins."""
    calls = {test["call"] for test in cases if "only_in" not in test}
    yield from (f"no case calls '{name}'" for name in table["methods"] if name not in calls)
    used = {"RunOptions": set(), "PromptRequest": set(), "ActivateRequest": set()}
    for test in cases:
        used["RunOptions"] |= set(test.get("options", ())) | {"workspace"}
        used["RunOptions"] |= {name for flag, name in (("streamed", "on_output"), ("cancel_after_ms", "cancel")) if flag in test}
        if test["call"] == "prompt":
            used["PromptRequest"] |= {{"only": "filter"}.get(name, name) for name in test["takes"]}
        if test["call"] == "activate":
            used["ActivateRequest"] |= set(test["takes"]["request"])
    for struct, names in used.items():
        yield from (f"no case uses '{name}' of {struct}" for name in table[struct] if name not in names)
    statuses = {test["expect"]["status"] for test in cases if isinstance(test.get("expect"), dict) and "status" in test["expect"]}
    yield from (f"no case ends as '{name}'" for name in table["choices"]["status"] if name not in statuses | {"limit"})


def filled(value, places):
    if isinstance(value, str):
        for name, path in places.items():
            value = value.replace("{" + name + "}", str(path))
        return value
    if isinstance(value, list):
        return [filled(one, places) for one in value]
    if isinstance(value, dict):
        return {filled(name, places): filled(one, places) for name, one in value.items()}
    return value


def prepare(test, number, scratch):
    """The case with folders of its own, the same for each side, in `scratch`."""
    folder = scratch / str(number)
    places = {name: folder / name for name in ("work", "artifacts", "mounted", "project")} | {"skills": HERE / "skills"}
    for name in ("work", "artifacts", "mounted/out", "project/.agents/skills/of-the-project"):
        (folder / name).mkdir(parents=True)
    (folder / "project/.git").mkdir()
    (folder / "project/.agents/skills/of-the-project/SKILL.md").write_text("---\nname: of-the-project\ndescription: Its own.\n---\n")
    for name in ("work", "mounted"):
        (folder / name / "there.txt").write_text("there\n")
    (folder / "work/tiny.wasm").write_bytes(bytes.fromhex(TINY))
    (folder / "work/grow.wasm").write_bytes(bytes.fromhex(GROW))
    (folder / "work/trap.wasm").write_bytes(bytes.fromhex(TRAP))
    test = {"runtime": {}, **test}
    test["runtime"] = {"skills": ["{skills}"], **test["runtime"]}
    if test["call"] in RUNS:
        test["options"] = {"workspace": "{work}", **test.get("options", {})}
    test = filled(test, places)
    for path, text in test.get("write_before", {}).items():
        Path(path).write_text(text)
    return test


def masked(answer, scratch):
    """A copy without what differs from run to run; folders of the test's own are named alike."""
    def plain(value):
        if isinstance(value, str):
            return value.replace(str(scratch), "{scratch}")
        if isinstance(value, list):
            return [plain(one) for one in value]
        if isinstance(value, dict):
            return {name: "masked" if name in MASKED else plain(one) for name, one in value.items()}
        return round(value, 4) if isinstance(value, float) else value
    return plain(answer)


def differences(wanted, found, path="", subset=False):
    """Where `found` is not `wanted`; as a subset, members that `wanted` lacks do not count."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in wanted.keys() | (set() if subset else found.keys()):
            if name not in found or name not in wanted:
                yield f"{path}.{name} is on one side only"
            else:
                yield from differences(wanted[name], found[name], f"{path}.{name}", subset)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found)):
            yield from differences(one, other, f"{path}[{index}]", subset)
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield f"{path or 'the answer'}: {json.dumps(wanted, ensure_ascii=False)[:300]} against {json.dumps(found, ensure_ascii=False)[:300]}"


class Side:
    def __init__(self, name, cases, scratch, environment):
        self.name, self.scratch, self.environment = name, scratch / name, environment
        self.cases = [
            (number, prepare(test, number, self.scratch))
            for number, test in enumerate(cases)
            if name in test.get("only_in", (name,)) and (name != "command line" or (test.get("command_line", True) and "only_in" not in test))
        ]

    def answers(self, command, cwd=None):
        """Of a driver: by the case's number."""
        request = self.scratch / "request.json"
        request.write_text(json.dumps([test for _, test in self.cases]))
        ended = subprocess.run([*command, request], cwd=cwd, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=900)
        if ended.returncode != 0:
            sys.exit(f"the driver of {self.name} failed ({ended.returncode}):\n{ended.stderr[-4000:]}")
        return {number: masked(answer, self.scratch) for (number, _), answer in zip(self.cases, json.loads(ended.stdout))}

    def answers_of_commands(self, program):
        command_line, answers, codes = CommandLine(program), {}, {}
        for number, test in self.cases:
            answer, codes[number] = command_line.answer(test, self.environment)
            answers[number] = masked(answer, self.scratch)
        return answers, codes


def compare(cases, sides, codes):
    """`sides`: of each its answers by number. A line for each difference."""
    for number, test in enumerate(cases):
        reference = sides["C++"].get(number)
        for name, answers in sides.items():
            if number not in answers:
                continue
            answer = answers[number]
            where = f"{test['name']} [{name}]"
            for line in differences(test["expect"], answer, subset=True) if "expect" in test else ():
                yield f"{where}: not as expected: {line}"
            if reference is None or name == "C++":
                continue
            # A command prints fewer members of some values; what it prints must be the same.
            is_part = name == "command line" and test["call"] not in RUNS
            for line in differences(answer, reference, subset=True) if is_part else differences(reference, answer):
                yield f"{where}: not as in C++: {line}"
        if "exit" in test and number in codes and codes[number] != test["exit"]:
            yield f"{test['name']}: the command line's exit code is {codes[number]}, not {test['exit']}"


def self_test(cases, sides, codes, table):
    """Plants a difference on each side, and names nobody uses, and sees that each is found."""
    def found(change, text):
        planted_sides, planted_codes, planted_table = copy.deepcopy((sides, codes, table))
        change(planted_sides, planted_codes, planted_table)
        lines = [*compare(cases, planted_sides, planted_codes), *not_covered(cases, planted_table)]
        if not any(text in line for line in lines):
            sys.exit(f"a planted difference was not found: {text}")

    number = next(n for n, test in enumerate(cases) if test["name"] == "an exit code is data")
    for name in sides:
        found(lambda s, c, t: s[name][number].update(exit_code=4), "exit_code")
        found(lambda s, c, t: s[name][number].update(planted=1), "planted is on one side only")
        found(lambda s, c, t: s[name][number]["isolation"]["layers"].update(landlock=True), "landlock")
    found(lambda s, c, t: c.update({number: 0}), "exit code is 0")
    found(lambda s, c, t: t["methods"].update(planted_method={}), "no case calls 'planted_method'")
    found(lambda s, c, t: t["RunOptions"].append("planted_option"), "no case uses 'planted_option'")


def answers_of_all(arguments, cases, scratch):
    environment = {"OPENSKILLS_CACHE_DIR": str(scratch / "cache"), "XDG_CONFIG_HOME": str(scratch / "config"), "HOME": str(scratch / "home")}
    (scratch / "cache").mkdir(mode=0o700)
    (scratch / "home").mkdir()

    def side(name):
        guests = {"OPENSKILLS_GUEST_PATH": str(arguments.guests)} if arguments.guests and name in ("C++", "command line") else {}
        return Side(name, cases, scratch, {**environment, **guests})

    programs = arguments.build_dir / "bin"
    sides = {"C++": side("C++").answers([programs / "openskills_parity_driver"])}
    sides["command line"], codes = side("command line").answers_of_commands(programs / "openskills")
    if arguments.python:
        sides["python"] = side("python").answers([arguments.python, "-B", HERE / "drivers/driver.py"])
    if arguments.node_project:
        sides["typescript"] = side("typescript").answers(["node", HERE / "drivers/driver.mjs"], cwd=arguments.node_project)
    return sides, codes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--guests", type=lambda text: Path(text).resolve())
    parser.add_argument("--python")
    parser.add_argument("--node-project", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true", help="print the answers of C++")
    arguments = parser.parse_args()
    cases, table = json.loads((HERE / "cases.json").read_text()), vocabulary()
    scratch = Path(tempfile.mkdtemp(prefix="openskills-parity-"))
    try:
        sides, codes = answers_of_all(arguments, cases, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if arguments.verbose:
        for number, answer in sides["C++"].items():
            print(cases[number]["name"], json.dumps(answer, ensure_ascii=False))
    lines = [*not_covered(cases, table), *compare(cases, sides, codes)]
    for line in lines:
        print(line)
    if lines:
        return 1
    self_test(cases, sides, codes, table)
    print(f"{len(cases)} cases: {', '.join(sides)} agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
