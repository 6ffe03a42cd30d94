#!/usr/bin/env python3
"""Fails when a name of bindings/vocabulary.json is missing on a side, or the C++ headers have one that is not in it.

    check_vocabulary.py ROOT              compares the table with C++, Python and TypeScript; a line for each difference
    check_vocabulary.py --self-test ROOT  plants a name on each side and sees that it is found
"""

import ast
import json
import re
import sys
from pathlib import Path

# Structs whose members are the same in every language: name in the table, header, name in C++.
STRUCTS = {
    "RuntimeOptions": ("runtime.h", "RuntimeOptions"),
    "RunOptions": ("options.h", "RunOptions"),
    "Mount": ("options.h", "ExtraMount"),
    "PromptRequest": ("disclosure.h", "PromptRequest"),
    "ActivateRequest": ("disclosure.h", "ActivateRequest"),
    "SkillInfo": ("skill.h", "SkillInfo"),
    "SkillDiagnostic": ("skill.h", "SkillDiagnostic"),
    "PromptText": ("disclosure.h", "PromptText"),
    "ActivatedSkill": ("disclosure.h", "ActivatedSkill"),
    "Manifest": ("manifest.h", "Manifest"),
    "SkillFile": ("disclosure.h", "SkillFile"),
    "FoundSkill": ("disclosure.h", "FoundSkill"),
    "SkillChanges": ("disclosure.h", "SkillChanges"),
    "Error": ("error.h", "Error"),
    "Outcome": ("outcome.h", "Outcome"),
    "Artifact": ("outcome.h", "Artifact"),
    "Usage": ("outcome.h", "OutcomeUsage"),
}
# Members whose C++ name says more than the table's.
CPP_NAMES = {"stdout_bytes": "stdout", "stderr_bytes": "stderr", "signal_number": "signal", "stdin_source": "stdin"}
# Members of the table that a language writes otherwise, or passes beside the options.
PYTHON_NAMES = {"as": "as_"}
TYPESCRIPT_NAMES = {"cancel": "signal"}


def block(text, opening):
    """What stands between the brace after `opening` and its counterpart."""
    start = text.index("{", text.index(opening)) + 1
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return text[start : end - 1]


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def cpp_methods(header):
    body = block(header, "class OPENSKILLS_API OpenSkillRuntime").split("private:")[0]
    body = re.sub(r"\s+", " ", without_comments(body))
    names = re.findall(r"(?:^|;|public:)\s*(?:\[\[nodiscard\]\] )?[\w:<>, ]+ (\w+)\(", body)
    return {name for name in names if name not in ("operator", "OpenSkillRuntime")}


def cpp_members(header, struct):
    body = re.sub(r"\{[^{}]*\}", "", without_comments(block(header, f"struct {struct} {{")))
    names = re.findall(r"(\w+)\s*(?:=[^;]*)?;", body)
    return {CPP_NAMES.get(name, name) for name in names}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def python_names(sources):
    names = set()
    for text in sources:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
                names.update(argument.arg for argument in node.args.args + node.args.kwonlyargs)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
    return names


def typescript_names(sources):
    names = set()
    for text in sources:
        names.update(re.findall(r"^\s*(?:readonly |async |get |static |export )*(\w+)\??\s*[(:<]", text, re.MULTILINE))
    return names


class Sides:
    def __init__(self, root):
        self.table = json.loads((root / "bindings/vocabulary.json").read_text())
        include = root / "runtime/include/openskills"
        self.headers = {path.name: path.read_text() for path in include.glob("*.h")}
        self.python = [path.read_text() for path in sorted((root / "bindings/python/src/openskills").glob("*.py"))]
        self.typescript = [path.read_text() for path in sorted((root / "bindings/ts/src").glob("*.ts"))]

    def differences(self):
        yield from self.between("methods", set(self.table["methods"]), cpp_methods(self.headers["runtime.h"]))
        left_out = set(self.table["cpp_only"])
        for name, (header, struct) in STRUCTS.items():
            members = cpp_members(self.headers[header], struct) - left_out
            yield from self.between(name, set(self.table[name]), members)
        python, typescript = python_names(self.python), typescript_names(self.typescript)
        wanted = {name: None for group in ["methods", *STRUCTS, "Isolation", "Layers", "Conversation"] for name in self.table[group]}
        for name in wanted:
            if PYTHON_NAMES.get(name, name) not in python:
                yield f"Python has no '{PYTHON_NAMES.get(name, name)}'"
            if TYPESCRIPT_NAMES.get(name, camel(name)) not in typescript:
                yield f"TypeScript has no '{TYPESCRIPT_NAMES.get(name, camel(name))}'"

    def between(self, what, table, cpp):
        for name in sorted(cpp - table):
            yield f"{what}: C++ has '{name}', vocabulary.json has not"
        for name in sorted(table - cpp):
            yield f"{what}: vocabulary.json has '{name}', C++ has not"


def self_test(root):
    def planted(change, expected):
        sides = Sides(root)
        change(sides)
        if not any(expected in line for line in sides.differences()):
            sys.exit(f"a planted difference was not found: {expected}")

    def add_method(sides):
        text = sides.headers["runtime.h"]
        sides.headers["runtime.h"] = text.replace(" private:", "  [[nodiscard]] int planted_method() const;\n private:", 1)

    planted(add_method, "C++ has 'planted_method'")
    planted(lambda sides: sides.table["RunOptions"].append("planted"), "C++ has not")
    planted(lambda sides: sides.table["methods"].update(planted_call={}), "Python has no 'planted_call'")
    planted(lambda sides: sides.table["methods"].update(planted_call={}), "TypeScript has no 'plantedCall'")


def main(arguments):
    root = Path(arguments[-1])
    found = sorted(set(Sides(root).differences()))
    for line in found:
        print(line)
    if not found and arguments[0] == "--self-test":
        self_test(root)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
