"""Run once, while the guest is built: imports what scripts import, runs what runs at every start, and leaves the
few objects behind that the start renews. Its names are read by init.c."""
import gc
import sys

import _sandbox_packages
import _sandbox_threads
import _script_code


def _complete_platform():
    """Before anything takes names out of these modules."""
    import _sandbox_os
    import os
    import signal
    import socket
    import threading
    if not hasattr(signal, "valid_signals"):
        signal.valid_signals = lambda: set(signal.Signals)
    _sandbox_threads.install(threading.__dict__)
    _sandbox_os.install(os.__dict__, socket.__dict__)


# What the interpreter had imported before this file: a sibling file never stands for these, natively neither.
_started_with = set(sys.modules)

PRELOAD = """
abc argparse array ast atexit base64 binascii bisect builtins calendar codecs collections.abc configparser contextlib
contextvars copy csv dataclasses datetime decimal difflib enum errno fnmatch fractions functools getpass gettext glob
gzip hashlib heapq hmac html html.parser importlib importlib.util inspect io itertools json keyword linecache locale
logging math mimetypes numbers operator os os.path pathlib pickle platform posixpath pprint queue random re reprlib
secrets select shlex shutil signal socket stat statistics string stringprep struct subprocess sys tempfile textwrap
threading time token tokenize tomllib traceback types typing unicodedata urllib.error urllib.parse urllib.request uuid
warnings weakref xml.etree.ElementTree zipfile zlib zoneinfo
""".split()


def _preload():
    import importlib
    _complete_platform()
    for name in PRELOAD:
        importlib.import_module(name)


_preload()

# The most used of the bundled packages. What others cost is in docs/performance.md.
PACKAGES = """
bs4 defusedxml.ElementTree defusedxml.minidom dotenv openpyxl pypdf requests rich.console rich.table yaml
""".split()

import sysconfig

_sandbox_packages.keep(PACKAGES, sysconfig.get_path("purelib"))

import linecache
import logging
import os
import random
import threading


def _freeze_listings():
    # Otherwise a library with other file times than at the build (a package manager's, say) is listed at every run.
    for folder, folders, _ in os.walk(sys._stdlib_dir):
        folders[:] = [name for name in folders if name not in ("__pycache__", "tzdata") and not name.endswith(".dist-info")]
        finder = sys.path_hooks[-1](folder)
        finder._fill_cache()
        finder.__class__ = _sandbox_packages.LibraryFinder
        sys.path_importer_cache[folder] = finder


_freeze_listings()

_script_code.install()

block = _sandbox_threads.block
handlers = tuple(logging._handlerList)
threads = (threading, threading._shutdown, threading._threading_atexits, _sandbox_threads._runnable)
codes = _script_code.codes
environ = os.environ._data
environ.clear()
logging_names = logging.__dict__
freeze = gc.freeze
reseed = super(random.Random, random._inst).seed
main_names = {name: value for name, value in sys.modules["__main__"].__dict__.items()
              if name not in ("__annotations__",)}


WARM_SOURCE = '''
import argparse, json, re, sys
from dataclasses import dataclass, field
from typing import Optional
class Point:
    """A point."""
    def __init__(self, x, y=0, *rest, **named):
        self.x, self.y = x, y
    @property
    def sum(self): return self.x + self.y
    def __repr__(self): return f"Point({self.x!r}, {self.y:>5})"
@dataclass
class Row:
    name: str
    tags: list = field(default_factory=list)
    note: Optional[str] = None
def main(argv=None):
    total = 0
    for index, value in enumerate(range(20)):
        if value % 3 == 0 and index or not value:
            continue
        elif value > 15:
            break
        else:
            total += Point(value, y=index).sum
    try:
        text = {"a": [1, 2.5, None, True], "b": {"c": "d" * 3}}
        found = [m.group(1) for m in re.finditer(r"(\\w+)=(\\d+)", "a=1 b=22 c=333") if m]
        with open("/dev/null") as nothing:
            pass
    except (OSError, ValueError) as error:
        found = {k: v for k, v in text.items()}
    finally:
        total = (lambda n: n ** 2)(total)
    return [Row("x"), repr(Row("y", [1])), total, found[:1] if isinstance(found, list) else sorted(found)]
if __name__ == "__main__":
    sys.exit(main())
'''


def _use_common_modules():
    import argparse, contextlib, csv, dataclasses, datetime, io, json, pathlib, re, textwrap, traceback
    names = {"__name__": "warm", "__builtins__": __builtins__}
    exec(compile(WARM_SOURCE, "<warm>", "exec"), names)
    names["main"]()
    out = io.StringIO()
    writer = csv.DictWriter(out, ["a", "b"])
    writer.writeheader()
    writer.writerow({"a": 1, "b": 2})
    list(csv.DictReader(io.StringIO(out.getvalue())))
    datetime.datetime.fromisoformat("2024-01-02T03:04:05").strftime("%Y-%m-%d")
    textwrap.dedent("  a\n  b")
    try:
        raise ValueError("warm")
    except ValueError:
        traceback.format_exc()
    path = pathlib.Path("/skill") / "a" / "b.txt"
    path.suffix, path.stem, path.parent, path.name, str(path.with_suffix(".md"))
    with contextlib.redirect_stdout(out):
        print("x", 1, 2.5, None, sep=",", file=out)
    parser = argparse.ArgumentParser(description="warm up", prog="warm")
    parser.add_argument("path", nargs="*", help="paths")
    parser.add_argument("--count", "-c", type=int, default=3, help="how many")
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("--kind", choices=["a", "b"], default="a")
    sub = argparse.ArgumentParser()
    commands = sub.add_subparsers(dest="command")
    commands.add_parser("list").add_argument("--all", action="store_true")
    sub.parse_args(["list", "--all"])
    parser.parse_args(["x", "y", "--count", "4", "--flag", "--kind=b"])
    parser.format_help()
    re.compile(r"^(?P<key>[\w.-]+)\s*[:=]\s*(.*?)(?:#.*)?$", re.M | re.I).sub(r"\1", "a: b # c\nd=e")
    re.findall(r"\d{4}-\d{2}-\d{2}|[^\W_]+", "2024-01-02 words")
    data = {"rows": [{"id": i, "name": f"n{i}", "ok": True, "x": 1.5, "none": None} for i in range(10)]}
    for options in ({}, {"indent": 2}, {"sort_keys": True}, {"indent": 2, "ensure_ascii": False}):
        json.loads(json.dumps(data, **options))


def _warm_up():
    """Bytecode specialises itself by writing into itself: done here, a run need not write those pages."""
    import re
    for _ in range(60):
        re.purge()
        _use_common_modules()
    re.purge()
    linecache.clearcache()


_warm_up()


def _compile_patterns():
    """Patterns that the library compiles on first use stay in the cache of `re`: argparse needs some for each parser, by
    how many values its arguments take."""
    import argparse
    import itertools
    shapes = (None, "?", "*", "+")
    positionals = [*itertools.product(shapes, repeat=1), *itertools.product(shapes, repeat=2),
                   *((None, None, shape) for shape in shapes)]
    for positional in positionals:
        parser = argparse.ArgumentParser(prog="warm", description="warm up", epilog="end")
        for number, shape in enumerate(positional):
            parser.add_argument(f"argument{number}", nargs=shape, help="a text")
        parser.add_argument("--count", "-c", type=int, default=3, help="how many")
        parser.add_argument("--flag", action="store_true")
        for shape in shapes:
            parser.add_argument(f"--several{shape}", nargs=shape)
        options = [f"--several{shape}" for shape in shapes]
        parser.parse_args(["x"] * len(positional) + ["--count", "4", *itertools.chain(*((name, "a") for name in options))])
        parser.format_help()


_compile_patterns()
# What a type's attribute is found to be is kept where another may take its place: that of common scripts comes last.
_use_common_modules()
linecache.clearcache()


def _shadowed():
    names = {}
    for name in sys.modules:
        top = name.partition(".")[0]
        if name not in _started_with and top not in _started_with and top not in sys.builtin_module_names:
            names.setdefault(top, []).append(name)
    return {top: tuple(submodules) for top, submodules in names.items()}


shadowed = _shadowed()
