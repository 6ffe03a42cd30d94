"""training.py LIBRARY: what the guest is made fast for: the work that scripts of skills do, over and over. Run by an
interpreter that counts (profile.sh). LIBRARY is a folder of Python sources to compile."""
import ast
import collections
import configparser
import contextlib
import csv
import dataclasses
import datetime
import decimal
import functools
import hashlib
import html
import io
import itertools
import json
import os
import pathlib
import re
import statistics
import string
import sys
import tempfile
import textwrap
import traceback
import urllib.parse
import xml.etree.ElementTree as ElementTree

PROGRAM = '''
"""Reports what a text says."""
import argparse, json, re, sys
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 10
PATTERN = re.compile(r"^(?P<key>[A-Za-z_]\\w*)\\s*[:=]\\s*(?P<value>.*?)\\s*(?:#.*)?$")

@dataclass
class Entry:
    key: str
    value: str = ""
    notes: list = field(default_factory=list)

    def valid(self):
        return bool(self.value) and not self.key.startswith("_")

def parse(lines):
    for number, line in enumerate(lines, 1):
        match = PATTERN.match(line)
        if not match:
            continue
        entry = Entry(match["key"], match["value"])
        if number % 2 == 0 and entry.valid():
            entry.notes.append(f"line {number}")
        yield entry

def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", nargs="?", help="file to read")
    parser.add_argument("--limit", "-n", type=int, default=LIMIT, help="how many (default: %(default)s)")
    parser.add_argument("--format", choices=("json", "text"), default="text")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(argv)
    try:
        text = Path(options.input).read_text(encoding="utf-8") if options.input else "name: x\\nsize = 3 # three\\n"
    except (OSError, UnicodeDecodeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    entries = [entry for entry in parse(text.splitlines()) if entry.valid()][: options.limit]
    if options.format == "json":
        print(json.dumps([vars(entry) for entry in entries], indent=2, ensure_ascii=False))
    else:
        for entry in sorted(entries, key=lambda one: (-len(one.value), one.key)):
            print("{:<10} {}".format(entry.key, entry.value.upper()), *entry.notes, sep=", ")
    return 0

if __name__ == "__main__":
    sys.exit(main())
'''


def programs():
    for arguments in ([], ["--format", "json", "-n", "3"], ["--help"], ["no-such-file"]) * 60:
        sys.argv = ["report.py", *arguments]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            with contextlib.suppress(SystemExit):
                exec(compile(PROGRAM, "report.py", "exec"), {"__name__": "__main__", "__doc__": "A report."})
        re.purge()


def sources(library):
    for path in sorted(pathlib.Path(library).glob("*.py"))[:60]:
        text = path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")
    for node in ast.walk(ast.parse(text)):
        isinstance(node, ast.Name)


class Point:
    def __init__(self, x, y=0, *rest, **named):
        self.x, self.y = x, y

    def __add__(self, other):
        return Point(self.x + other.x, y=self.y + other.y)

    @property
    def length(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5


def objects():
    total = Point(0)
    for number in range(500):
        total += Point(number, 1)
        total.length

    @functools.lru_cache
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    def numbers(limit):
        for number in range(limit):
            yield number
    fibonacci(50)
    sum(numbers(500)), [x for x in range(300) if x % 3], {k: v for k, v in zip("abc", range(3))}
    list(itertools.product("ab", range(3))), statistics.mean(range(20)), decimal.Decimal("1.1") + 3
    try:
        {}["missing"]
    except KeyError:
        traceback.format_exc()


def texts():
    words = " ".join(f"w{number % 17}={number}" for number in range(300))
    re.findall(r"(\w+)=(\d+)", words), re.sub(r"\d+", lambda match: str(int(match[0]) + 1), words)
    re.split(r"[=\s]+", words), re.search(r"(?i)W16=(?P<n>\d{3})", words)
    counts = collections.Counter(words.split())
    sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for word in words.split():
        word.upper().strip().partition("="), "%s %5d" % (word, 3), f"{word:>10}|{word!r}", word.startswith("w1")
    textwrap.fill("lorem ipsum " * 30), textwrap.dedent("  a\n   b"), string.Template("$a").substitute(a=1)
    html.escape(words), urllib.parse.urlparse("https://a.example/b?c=d"), urllib.parse.quote(words)
    hashlib.sha256(words.encode()).hexdigest()


def data():
    rows = {"rows": [{"id": n, "name": f"n{n}", "v": n * 1.5, "t": [1, 2, None, True]} for n in range(100)]}
    for options in ({}, {"indent": 2}, {"sort_keys": True}):
        json.loads(json.dumps(rows, **options))
    table = io.StringIO()
    writer = csv.DictWriter(table, ["a", "b"])
    writer.writeheader()
    writer.writerows({"a": n, "b": n * 2} for n in range(50))
    list(csv.DictReader(io.StringIO(table.getvalue())))
    tree = ElementTree.fromstring("<a>" + "".join(f'<b i="{n}">t{n}</b>' for n in range(40)) + "</a>")
    [element.get("i") for element in tree.iter("b")], ElementTree.tostring(tree)
    settings = configparser.ConfigParser()
    settings.read_string("[a]\nb = c\n")
    day = datetime.datetime.strptime("2024-01-02", "%Y-%m-%d") + datetime.timedelta(3)
    day.isoformat(), day.strftime("%d/%m/%Y"), datetime.date.fromisoformat("2024-02-03")

    @dataclasses.dataclass
    class Record:
        a: int
        b: str = "x"
    [repr(Record(n, "y")) for n in range(20)]


def files():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "file.txt")
        path.write_text("one\ntwo\n" * 100)
        with open(path) as lines:
            [line.rstrip() for line in lines]
        os.listdir(folder), list(os.walk(folder)), path.with_suffix(".md").exists(), path.relative_to(folder)


def main():
    programs()
    sources(LIBRARY)
    for _ in range(30):
        objects(), texts(), data(), files()


LIBRARY = sys.argv[1]
main()
