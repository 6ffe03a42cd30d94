#!/usr/bin/env python3
"""Fails when the source tree breaks one of the rules that keep its layers apart.

    check_layers.py ROOT              checks the tree; prints `file:line: rule: what is wrong` for each violation
    check_layers.py --self-test ROOT  plants violations in a copy of ROOT's sources and sees that each is found

The rules:
    arrow       an #include, or a library in a layer's CMakeLists.txt, that points to a later layer
    cycle       layers that link each other in a circle
    unknown     an include, folder or public header that the tables below do not know
    wasmtime    a header of the WebAssembly engine outside wasm/
    system      a header of the operating system, or a raw system call, outside os/ and jail/ (tests are exempt)
    test        a source that includes a helper of the tests (test_*.h, *_test.h, *_test_support.h)
    public      a public header that includes something that is not installed
    length      a source file of more than 500 lines
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

# The layers in the order data flows. A layer may use those in earlier rows, and itself.
ORDER = [
    ["base"],
    ["os"],
    ["format"],
    ["catalog", "policy"],
    ["invoke"],
    ["guests", "jail"],
    ["wasm", "native"],
    ["run"],
    ["audit"],
    ["api"],
    ["worker", "cli"],
]
RANK = {layer: rank for rank, row in enumerate(ORDER) for layer in row}

# Layers of one row know nothing of each other, but for (user, used) pairs named here with their reason.
SIBLINGS = {}

# Public headers and the layer whose vocabulary each belongs to.
PUBLIC_HEADERS = {
    "export.h": "base",
    "error.h": "base",
    "manifest.h": "format",
    "permissions.h": "format",
    "hooks.h": "format",
    "hook_decision.h": "format",
    "fork.h": "format",
    "invocation.h": "format",
    "claude_code.h": "format",
    "skill.h": "catalog",
    "limits.h": "invoke",
    "options.h": "invoke",
    "outcome.h": "run",
    "disclosure.h": "api",
    "runtime.h": "api",
    "openskills.h": "api",
}

WASMTIME_HEADER = re.compile(r"(wasm|wasi|wasmtime|wasmtime/.*)\.(h|hh)")
WASMTIME_LAYERS = {"wasm"}

SYSTEM_HEADER = re.compile(
    r"(unistd|fcntl|poll|dirent|signal|spawn|sched|pwd|grp|termios|netdb|syscall)\.h|csignal"
    r"|(sys|linux|asm|net|netinet|arpa)/.*\.h"
)
SYSTEM_CALL = re.compile(
    r"(?<![\w:>.])(?:::)?syscall\s*\(|(?<![\w:>])::(?:open|openat|close|read|write|pread|pwrite|lseek|fork|vfork"
    r"|execve?|execvp|waitpid|kill|pipe2?|dup[23]?|mmap|munmap|mprotect|stat|fstat|fstatat|unlink|unlinkat|rename"
    r"|renameat|mkdir|mkdirat|socket|connect|prctl|ptrace|setrlimit|signal|sigaction|poll|ppoll|ioctl|fcntl|chdir"
    r"|fchdir)\s*\("
)
SYSTEM_LAYERS = {"os", "jail"}

MAX_LINES = 500
# Everything written by hand; generated and fetched files are not in these folders.
LENGTH_FOLDERS = ["runtime", "guests", "bindings", "scripts", "examples", "tests", "bench", "cmake"]
LENGTH_SUFFIXES = {".h", ".cc", ".c", ".rs", ".py", ".sh", ".cmake", ".js", ".ts"}
LENGTH_NAMES = {"CMakeLists.txt"}
SKIPPED_FOLDERS = {"node_modules", "target", "__pycache__", ".git"}

CXX_SUFFIXES = {".h", ".cc"}
TEST_FILE = re.compile(r".*_(test|fuzz|bench)\.cc|(.*_test(_support)?|test_.*)\.h")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')

Violation = namedtuple("Violation", "file line rule message")


class Tree:
    """The parts of a checkout that the rules speak about."""

    def __init__(self, root):
        self.root = Path(root)
        self.sources = self.root / "runtime" / "src"
        self.public = self.root / "runtime" / "include"

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    def layer_of(self, path):
        """The layer a file belongs to; None for one that has none."""
        if self.sources in path.parents:
            return path.relative_to(self.sources).parts[0]
        if path.parent == self.public / "openskills":
            return PUBLIC_HEADERS.get(path.name)
        return None

    def cxx_files(self):
        for folder in (self.sources, self.public):
            yield from sorted(p for p in folder.rglob("*") if p.suffix in CXX_SUFFIXES and p.is_file())

    def read(self, path):
        return path.read_text(encoding="utf-8", errors="replace")


def may_use(user, used):
    if user == used or (user, used) in SIBLINGS:
        return True
    return RANK[used] < RANK[user]


def without_comments(line):
    """Good enough for one line: what stands after // or between /* and */ on it is no code."""
    return re.sub(r"/\*.*?\*/", "", line).split("//", 1)[0]


def arrow_message(user, used):
    if RANK[user] == RANK[used]:
        return f"{user} and {used} stand side by side and know nothing of each other"
    return f"{user} comes before {used}; what it needs from there must reach it as an interface of its own"


def resolve(tree, path, quoted, target):
    """The layer an include leads to; None for what is not ours, `?` for ours but unknown."""
    if target.startswith("openskills/"):
        return PUBLIC_HEADERS.get(target.removeprefix("openskills/"), "?")
    if not quoted:
        return None
    if (path.parent / target).is_file():
        return tree.layer_of((path.parent / target).resolve())
    if (tree.sources / target).is_file():
        return target.split("/", 1)[0]
    return "?"


def check_include(tree, path, line, layer, quoted, target):
    report = lambda rule, message: Violation(tree.name(path), line, rule, message)
    is_public = tree.public in path.parents
    used = resolve(tree, path, quoted, target)
    if used == "?":
        yield report("unknown", f"{target} is not in the tree, or not among check_layers.py's public headers")
    elif used is not None and used in RANK and not may_use(layer, used):
        yield report("arrow", f"{target}: {arrow_message(layer, used)}")
    is_test = TEST_FILE.fullmatch(path.name)
    if TEST_FILE.fullmatch(target.rsplit("/", 1)[-1]) and used is not None and not is_test:
        yield report("test", f"{target} is for tests, which may do what other sources may not")
    if is_public and used not in (None, "?") and not target.startswith("openskills/"):
        yield report("public", f"{target} is not installed, so no user of this header could compile it")
    if WASMTIME_HEADER.fullmatch(target) and layer not in WASMTIME_LAYERS and used is None:
        yield report("wasmtime", f"{target}: only wasm/ knows the engine")
    if SYSTEM_HEADER.fullmatch(target) and layer not in SYSTEM_LAYERS and not is_test:
        yield report("system", f"{target}: only os/ and jail/ talk to the kernel")


def check_sources(tree):
    for path in tree.cxx_files():
        layer = tree.layer_of(path)
        if layer is None:
            yield Violation(tree.name(path), 1, "unknown", "name this public header's layer in check_layers.py")
            continue
        if layer not in RANK:
            yield Violation(tree.name(path), 1, "unknown", f"{layer} is no layer; name it in check_layers.py")
            continue
        for number, text in enumerate(tree.read(path).split("\n"), start=1):
            found = INCLUDE.match(text)
            if found:
                yield from check_include(tree, path, number, layer, found.group(1) == '"', found.group(2))
            elif layer not in SYSTEM_LAYERS and not TEST_FILE.fullmatch(path.name):
                call = SYSTEM_CALL.search(without_comments(text))
                if call:
                    message = f"{call.group().rstrip('( ')}: only os/ and jail/ talk to the kernel"
                    yield Violation(tree.name(path), number, "system", message)


def check_lengths(tree):
    for folder in LENGTH_FOLDERS:
        for path in sorted((tree.root / folder).rglob("*")):
            if SKIPPED_FOLDERS & set(path.parts) or not path.is_file():
                continue
            if path.suffix in LENGTH_SUFFIXES or path.name in LENGTH_NAMES:
                lines = tree.read(path).count("\n")
                if lines > MAX_LINES:
                    message = f"{lines} lines; {MAX_LINES} is the most: split it"
                    yield Violation(tree.name(path), lines, "length", message)


def cmake_commands(text):
    """(line, name, arguments) of each command, comments left out."""
    text = re.sub(r"#[^\n]*", "", text)
    for found in re.finditer(r"(\w+)\s*\(([^()]*)\)", text):
        yield text.count("\n", 0, found.start()) + 1, found.group(1).lower(), found.group(2).split()


def links_of(tree):
    """(file, line, user, used) of every link between layers, as the CMake files under runtime/ say it."""
    for path in sorted((tree.root / "runtime").rglob("CMakeLists.txt")):
        for line, command, arguments in cmake_commands(tree.read(path)):
            if command == "openskills_layer" and arguments:
                user = arguments[0]
            elif command == "target_link_libraries" and arguments and arguments[0].startswith("openskills_"):
                user = arguments[0].removeprefix("openskills_")
            else:
                continue
            if user not in RANK:
                if command == "openskills_layer":
                    yield path, line, user, None
                continue
            for argument in arguments[1:]:
                used = argument.removeprefix("openskills_")
                if used != argument and used in RANK:
                    yield path, line, user, used


def find_cycle(graph):
    """One cycle as a list of layers, or None."""
    done, path = set(), []

    def visit(layer):
        if layer in path:
            return path[path.index(layer):] + [layer]
        if layer in done:
            return None
        path.append(layer)
        for used in sorted(graph.get(layer, ())):
            found = visit(used)
            if found:
                return found
        path.pop()
        done.add(layer)
        return None

    return next((cycle for layer in sorted(graph) if (cycle := visit(layer))), None)


def check_links(tree):
    graph = {}
    for path, line, user, used in links_of(tree):
        if used is None:
            yield Violation(tree.name(path), line, "unknown", f"{user} is no layer; name it in check_layers.py")
            continue
        graph.setdefault(user, set()).add(used)
        if not may_use(user, used) or user == used:
            yield Violation(tree.name(path), line, "arrow", f"links openskills_{used}: {arrow_message(user, used)}")
    cycle = find_cycle(graph)
    if cycle:
        message = "layers link each other in a circle: " + " -> ".join(cycle)
        yield Violation("runtime/CMakeLists.txt", 1, "cycle", message)


def check(root):
    tree = Tree(root)
    if not tree.sources.is_dir():
        sys.exit(f"{root} is not a checkout: it has no runtime/src")
    return [*check_sources(tree), *check_links(tree), *check_lengths(tree)]


# Each case: the file to change, the text to add, and the rule that must name the file. None: nothing may be found.
CASES = [
    ("include a later layer", "runtime/src/os/planted.h", '#include "catalog/catalog.h"\n', "arrow"),
    ("include a later layer from a test", "runtime/src/base/planted_test.cc", '#include "os/files.h"\n', "arrow"),
    ("include through a relative path", "runtime/src/base/planted.cc", '#include "../os/files.h"\n', "arrow"),
    ("include with blanks", "runtime/src/base/planted.cc", '  #  include  "os/files.h"\n', "arrow"),
    ("include a sibling", "runtime/src/policy/planted.cc", '#include "catalog/catalog.h"\n', "arrow"),
    ("include a later public header", "runtime/src/base/planted.cc", "#include <openskills/runtime.h>\n", "arrow"),
    ("include an unlisted public header", "runtime/src/cli/planted.cc", '#include "openskills/nope.h"\n', "unknown"),
    ("include a file that is not there", "runtime/src/cli/planted.cc", '#include "base/nope.h"\n', "unknown"),
    ("add an unlisted public header", "runtime/include/openskills/planted.h", "#pragma once\n", "unknown"),
    ("add an unlisted folder", "runtime/src/planted/planted.cc", "int planted;\n", "unknown"),
    ("leave the installed headers", "runtime/include/openskills/error.h", '#include "base/utf8.h"\n', "public"),
    ("wasm.h outside wasm/", "runtime/src/run/planted.cc", "#include <wasm.h>\n", "wasmtime"),
    ("wasi.h outside wasm/", "runtime/src/api/planted.cc", "#include <wasi.h>\n", "wasmtime"),
    ("wasmtime.h outside wasm/", "runtime/src/cli/planted.cc", "#include <wasmtime.h>\n", "wasmtime"),
    ("wasmtime/store.h outside wasm/", "runtime/src/jail/planted.cc", "#include <wasmtime/store.h>\n", "wasmtime"),
    ("unistd.h outside os/", "runtime/src/run/planted.cc", "#include <unistd.h>\n", "system"),
    ("sys/stat.h outside os/", "runtime/src/wasm/planted.cc", "#include <sys/stat.h>\n", "system"),
    ("linux/landlock.h outside jail/", "runtime/src/run/planted.h", "#include <linux/landlock.h>\n", "system"),
    ("a raw call outside os/", "runtime/src/run/planted.cc", "int f(int fd) { return ::close(fd); }\n", "system"),
    ("syscall() outside os/", "runtime/src/run/planted.cc", "long f() { return syscall(39); }\n", "system"),
    ("a helper of the tests", "runtime/src/catalog/planted.cc", '#include "planted_test.h"\n', "test"),
    ("a file that is too long", "runtime/src/base/planted.cc", "// line\n" * 501, "length"),
    ("a script that is too long", "scripts/planted.sh", "# line\n" * 501, "length"),
    ("link a later layer", "runtime/src/os/CMakeLists.txt", "openskills_layer(os PUBLIC\n  openskills_run)\n", "arrow"),
    ("link a sibling", "runtime/src/jail/CMakeLists.txt",
     "target_link_libraries(openskills_jail PRIVATE openskills_guests)\n", "arrow"),
    ("link in a circle", "runtime/src/base/CMakeLists.txt",
     "target_link_libraries(openskills_base PRIVATE openskills_os)\n", "cycle"),
    ("declare an unlisted layer", "runtime/src/cli/CMakeLists.txt", "openskills_layer(planted)\n", "unknown"),
    ("allowed: an earlier layer", "runtime/src/cli/planted.cc",
     '#include "os/files.h"\n#include "openskills/error.h"\n', None),
    ("allowed: the engine in wasm/", "runtime/src/wasm/planted.cc", "#include <wasmtime.h>\n", None),
    ("allowed: the kernel in os/", "runtime/src/os/planted.cc",
     "#include <unistd.h>\nint f() { return ::close(3); }\n", None),
    ("allowed: the kernel in jail/", "runtime/src/jail/planted.cc", "#include <linux/landlock.h>\n", None),
    ("allowed: the kernel in a test", "runtime/src/run/planted_test.cc", "#include <unistd.h>\n", None),
    ("allowed: the kernel in a test's helper", "runtime/src/run/test_planted.h", "#include <unistd.h>\n", None),
    ("allowed: a comment", "runtime/src/run/planted.cc", "// #include <unistd.h> and ::close(fd)\n", None),
    ("allowed: a method", "runtime/src/run/planted.cc", "void f() { File::open(3); file.read(4); }\n", None),
    ("allowed: a long line count", "runtime/src/base/planted.cc", "// line\n" * 500, None),
]


def copy_sources(root, target):
    """What the rules read, and nothing else: a copy of a build folder would take long."""
    for folder in ("runtime/src", "runtime/include", "scripts"):
        wanted = lambda path: path.suffix in CXX_SUFFIXES | LENGTH_SUFFIXES or path.name in LENGTH_NAMES
        for path in (root / folder).rglob("*"):
            if path.is_file() and wanted(path):
                copy = target / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    # The cases lean on these; an early tree may not have them yet.
    for name in ("runtime/src/catalog/catalog.h", "runtime/src/os/files.h", "runtime/src/base/utf8.h"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).touch()


def run_case(copy, before, file, text):
    """The violations that adding `text` to `file` brings, and the tree as it was."""
    path = copy / file
    made = not path.parent.exists()
    old = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((old or "") + text, encoding="utf-8")
    try:
        return [violation for violation in check(copy) if violation not in before]
    finally:
        if old is None:
            path.unlink()
        else:
            path.write_text(old, encoding="utf-8")
        if made:
            path.parent.rmdir()


def self_test(root):
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / "tree"
        copy_sources(root, copy)
        before = set(check(copy))
        for title, file, text, rule in CASES:
            found = run_case(copy, before, file, text)
            # A circle has no one file; every other rule must point at the planted one.
            named = [v for v in found if v.rule == rule and (v.file == file or rule == "cycle")]
            good = bool(named) if rule else not found
            if not good:
                failures += 1
                print(f"FAILED  {title}: expected {rule or 'nothing'}, found {found or 'nothing'}")
        if set(check(copy)) != before:
            failures += 1
            print("FAILED  the copy is not as it was")
    print(f"{len(CASES) - failures} of {len(CASES)} cases as expected")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    root = options.root.resolve()
    if options.self_test:
        return self_test(root)
    violations = check(root)
    for violation in violations:
        print(f"{violation.file}:{violation.line}: {violation.rule}: {violation.message}")
    if not violations:
        print("the layers hold")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
