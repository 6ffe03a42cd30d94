"""The Python guest's library: what is bundled works, what the sandbox lacks fails with a clear error and never hangs."""

import json
import unittest

from support import TestCase


class StandardLibrary(TestCase):
    def check(self, code, expected):
        outcome = self.run_python(code)
        self.assertEqual((outcome["stdout"], outcome["stderr"]), (expected, ""))

    def test_CompressesInEveryFormat(self):
        self.check("import bz2, lzma, zlib, gzip, tarfile, zipfile, io, shutil\ndata = b'openskills ' * 1000\n"
                   "for m in (bz2, lzma, zlib, gzip): assert m.decompress(m.compress(data)) == data\n"
                   "for kind in ('gz', 'bz2', 'xz'):\n    with tarfile.open(f'a.{kind}', f'w:{kind}') as t:\n"
                   "        i = tarfile.TarInfo('f'); i.size = len(data); t.addfile(i, io.BytesIO(data))\n"
                   "    with tarfile.open(f'a.{kind}') as t: assert t.extractfile('f').read() == data\n"
                   "for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):\n"
                   "    with zipfile.ZipFile('a.zip', 'w', kind) as z: z.writestr('f', data)\n"
                   "    assert zipfile.ZipFile('a.zip').read('f') == data\nshutil.unpack_archive('a.xz', 'out', 'xztar')\nprint('ok')", "ok\n")

    def test_SqliteStoresInFilesAndInMemory(self):
        self.check("import sqlite3\nfor name in (':memory:', 'x.db', 'x.db'):\n    with sqlite3.connect(name) as db:\n"
                   "        db.execute('create table if not exists t (a, b)')\n        db.executemany('insert into t values (?, ?)',"
                   " [(1, 'x'), (2, 'y')])\n        print(db.execute('select count(*), max(b) from t').fetchone())\n    db.close()\n"
                   "db = sqlite3.connect(':memory:')\ndb.execute('create virtual table d using fts5(t)')\n"
                   "db.execute(\"insert into d values ('hello world')\")\n"
                   "print(db.execute(\"select count(*) from d where d match 'world'\").fetchone(),"
                   " db.execute(\"select json_extract('{\\\"a\\\": 3}', '$.a'), sqrt(16)\").fetchone())",
                   "(2, 'y')\n(2, 'y')\n(4, 'y')\n(1,) (3, 4.0)\n")

    def test_TimeZonesAreKnown(self):
        self.check("from zoneinfo import ZoneInfo, available_timezones\nfrom datetime import datetime\n"
                   "print(datetime(2025, 7, 1, 12, tzinfo=ZoneInfo('Europe/Berlin')).isoformat(),"
                   " datetime(2025, 1, 1, tzinfo=ZoneInfo('America/New_York')).tzname(), len(available_timezones()) > 400)",
                   "2025-07-01T12:00:00+02:00 EST True\n")

    def test_DerivesKeys(self):
        self.check("import hashlib\nprint(hashlib.pbkdf2_hmac('sha256', b'password', b'salt', 2).hex())\n"
                   "print(hashlib.scrypt(b'password', salt=b'NaCl', n=1024, r=8, p=16, dklen=64, maxmem=1 << 26).hex()[:32])",
                   "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43\nfdbabe1c9d3472007856e7190d01e9fe\n")

    def test_EveryModuleOfTheStandardLibraryImportsOrIsKnownToBeAbsent(self):
        absent = {"_android_support", "_apple_support", "_dbm", "_gdbm", "_interpchannels", "_interpqueues", "_interpreters",
                  "_ios_support", "_lsprof", "_msi", "_osx_support", "_aix_support", "_overlapped", "_posixshmem", "_scproxy", "_tkinter",
                  "_winapi", "_wmi", "idlelib", "msvcrt", "nt", "tkinter", "turtle", "turtledemo", "winreg", "winsound", "_ctypes",
                  "_hashlib", "_ssl", "_uuid", "_pyrepl", "this", "antigravity", "pty"}
        outcome = self.run_python("import sys, importlib, json\nfailed = []\nfor name in sorted(sys.stdlib_module_names):\n"
                                  "    if name in ('this', 'antigravity'): continue\n    try: importlib.import_module(name)\n"
                                  "    except ImportError as e: failed.append(name)\nprint(json.dumps(failed))")
        self.assertEqual(set(json.loads(outcome["stdout"])) - absent, set(), outcome["stderr"])


class Packages(TestCase):
    def check(self, code, expected):
        outcome = self.run_python(code)
        self.assertEqual((outcome["stdout"], outcome["stderr"]), (expected, ""))

    def test_AreNotThereUntilTheyAreImported(self):
        self.check("import sys\nnames = ('bs4', 'soupsieve', 'yaml', 'requests', 'urllib3', 'openpyxl', 'pypdf', 'rich', 'dotenv', 'defusedxml')\n"
                   "there = lambda: [name for name in names if name in sys.modules]\nprint(there())\nimport yaml\nprint(there())\n"
                   "import bs4\nprint(there(), 'yaml.nodes' in sys.modules, 'bs4.element' in sys.modules)\n",
                   "[]\n['yaml']\n['bs4', 'soupsieve', 'yaml'] True True\n")

    def test_AreModulesLikeAnyOther(self):
        self.check("import importlib, importlib.util, sys\nspec = importlib.util.find_spec('yaml')\nprint(spec.name, spec.origin)\n"
                   "import yaml\nprint(yaml.__spec__.name, yaml.__file__ == spec.origin, type(yaml.__loader__).__name__,"
                   " yaml.__spec__.loader is yaml.__loader__, yaml.__package__)\n"
                   "yaml.mark = 1\nfirst = yaml\nprint(importlib.reload(yaml) is first, yaml.mark)\n"
                   "for name in [name for name in sys.modules if name.partition('.')[0] == 'yaml']: del sys.modules[name]\n"
                   "import yaml\nprint(yaml is first, hasattr(yaml, 'mark'), yaml.safe_load('a: [1, 2]'))",
                   "yaml /usr/lib/python3.13/site-packages/yaml/__init__.py\nyaml True SourceFileLoader True yaml\nTrue 1\n"
                   "False False {'a': [1, 2]}\n")

    def test_AFileOfTheSkillComesBeforeThem(self):
        skill = self.make_skill("demo", {
            "scripts/x.py": "import sys, yaml\nprint(yaml.mine)\nsys.path.insert(0, '/skill/vendor')\nimport dotenv, requests\n"
                            "print(dotenv.mine, requests.__file__)",
            "scripts/yaml.py": "mine = 'beside'", "vendor/dotenv/__init__.py": "mine = 'vendored'"})
        self.assertEqual(self.openskills("run", skill, "scripts/x.py").text,
                         "beside\nvendored /usr/lib/python3.13/site-packages/requests/__init__.py\n")

    def test_ImportingThemChangesNothingForOthers(self):
        self.check("import sys, warnings\nprint(any(f[2].__name__ == 'SecurityWarning' for f in warnings.filters),"
                   " [name for name in sys.modules if '.' not in name and 'site-packages' in str(getattr(sys.modules[name], '__file__', ''))])",
                   "False []\n")

    def test_BundledPackagesWork(self):
        for name, code, expected in (
            ("yaml", "import yaml; print(yaml.safe_load('a: [1, b]'), yaml.safe_dump({'x': 1}).strip())", "{'a': [1, 'b']} x: 1\n"),
            ("dotenv", "import dotenv; open('.env', 'w').write('A=1'); print(dotenv.dotenv_values('.env')['A'])", "1\n"),
            ("defusedxml", "import defusedxml.ElementTree as E; print(E.fromstring('<a><b/></a>')[0].tag)", "b\n"),
            ("pypdf", "import pypdf\nw = pypdf.PdfWriter(); w.add_blank_page(100, 100); w.write('x.pdf')\n"
                      "print(len(pypdf.PdfReader('x.pdf').pages))", "1\n"),
            ("bs4", "import bs4; print(bs4.BeautifulSoup('<p class=x>t</p>', 'html.parser').select_one('p.x').text)", "t\n"),
            ("openpyxl", "import openpyxl\nb = openpyxl.Workbook(); b.active['A1'] = 42; b.save('x.xlsx')\n"
                         "print(openpyxl.load_workbook('x.xlsx').active['A1'].value)", "42\n"),
            ("xlsxwriter", "import xlsxwriter\nb = xlsxwriter.Workbook('x.xlsx'); b.add_worksheet().write(0, 0, 7); b.close()\n"
                           "import openpyxl; print(openpyxl.load_workbook('x.xlsx').active['A1'].value)", "7\n"),
            ("rich", "from rich.console import Console; Console(width=20, force_terminal=False).print('[bold]hi[/bold]')", "hi\n"),
            ("click", "import click\n@click.command()\n@click.option('--n', default=2)\ndef f(n): click.echo(n * 2)\nf([])", "4\n"),
            ("typer", "import typer\ndef f(name: str = 'x'): print('hello', name)\ntyper.run(f)", "hello x\n"),
            ("jinja2", "import jinja2; print(jinja2.Template('{% for x in l %}{{ x|e }},{% endfor %}').render(l=['<', 2]))", "&lt;,2,\n"),
            ("dateutil", "from dateutil import parser, relativedelta, tz\nprint(parser.parse('3 March 2024 10:00') +"
                         " relativedelta.relativedelta(months=1))", "2024-04-03 10:00:00\n"),
            ("tabulate", "import tabulate; print(tabulate.tabulate([[1, 2]], ['a', 'b'], 'plain'))", "  a    b\n  1    2\n"),
            ("jsonschema", "import jsonschema\ntry: jsonschema.validate({'a': 'x'}, {'properties': {'a': {'type': 'integer'}}})\n"
                           "except jsonschema.ValidationError as e: print(e.message)", "'x' is not of type 'integer'\n"),
            ("tqdm", "import tqdm, sys; print(sum(tqdm.tqdm(range(3), disable=True)))", "3\n"),
            ("markdown", "import markdown; print(markdown.markdown('# t'))", "<h1>t</h1>\n"),
        ):
            with self.subTest(name):
                self.check(code, expected)

    def test_RequestsFailsWithItsOwnErrorForLackOfANetwork(self):
        self.check("import requests\nfor u in ('http://example.org', 'https://example.org'):\n    try: requests.get(u, timeout=5)\n"
                   "    except requests.exceptions.ConnectionError as e: print('no connection', 'sandbox' in str(e))",
                   "no connection True\nno connection True\n")

    def test_MetadataOfPackagesIsThere(self):
        self.check("from importlib.metadata import version; print(version('PyYAML') >= '6')", "True\n")

    def test_PipAnswersForWhatIsThere(self):
        result = self.openskills("exec", "--", "python3", "-m", "pip", "install", "pyyaml>=5", "rich")
        self.assertEqual((result.code, result.text.count("already satisfied")), (0, 2))
        result = self.openskills("exec", "--", "python3", "-m", "pip", "install", "pandas")
        self.assertEqual(result.code, 1)
        self.assertIn(b"pandas", result.err)


class WhatTheSandboxLacks(TestCase):
    def failure(self, code):
        """Standard error's last line of a script that must end by itself, in time and with an error."""
        outcome = self.run_python(code, flags=("--timeout", "20s"))
        self.assertEqual(outcome["status"], "failed", outcome)
        return outcome["stderr"].strip()

    def test_RealUsesSayWhatIsMissing(self):
        for code in ("import subprocess; subprocess.run(['git', 'status'])", "import os; os.popen('ls').read()",
                     "import os; os.fork()", "import os; os.execvp('ls', ['ls'])", "import os; os.pipe()",
                     "import ctypes; ctypes.CDLL('libc.so.6')", "import ctypes; ctypes.cdll.msvcrt",
                     "import curses; curses.initscr()", "import ssl, socket; ssl.create_default_context().wrap_socket(None)",
                     "import socket; socket.create_connection(('example.org', 80))", "import socket; socket.gethostbyname('example.org')",
                     "import multiprocessing as m\nif __name__ == '__main__': m.Process(target=print).start()",
                     "import multiprocessing as m; m.Lock()", "import venv; venv.create('x')", "import ensurepip; ensurepip.bootstrap()",
                     "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
                     "import urllib.request; urllib.request.urlopen('https://example.org')",
                     "import asyncio; asyncio.run(asyncio.create_subprocess_exec('ls'))"):
            with self.subTest(code):
                self.assertIn("sandbox", self.failure(code))

    def test_NothingHangs(self):
        for code, error in (("input('> ')", "EOFError"), ("import threading; threading.Event().wait()", "RuntimeError"),
                            ("import threading; l = threading.Lock(); l.acquire(); l.acquire()", "RuntimeError"),
                            ("import queue; queue.Queue().get()", "RuntimeError")):
            with self.subTest(code):
                self.assertIn(error, self.failure(code))

    def test_GuardedUsesWork(self):
        outcome = self.run_python(
            "import os, sys, urllib.request, urllib.error, subprocess, shutil, readline, curses, termios, fcntl\n"
            "try: subprocess.run(['git'])\nexcept FileNotFoundError: print('no git')\n"
            "try: urllib.request.urlopen('http://example.org')\nexcept urllib.error.URLError: print('no network')\n"
            "print(hasattr(os, 'fork'), shutil.which('git'), os.cpu_count(), os.system('git --version') != 0)\n"
            "readline.parse_and_bind('tab: complete')\n")
        self.assertEqual(outcome["stdout"], "no git\nno network\nFalse None 1 True\n")
        self.assertIn("git: not found", outcome["stderr"])


class FreshState(TestCase):
    CODE = ("import random, uuid, tempfile, time, secrets, os\nprint(random.random(), random.Random().random(), uuid.uuid1(), uuid.uuid4(),"
            " tempfile.mkdtemp(), secrets.token_hex(8), os.urandom(4).hex(), time.time_ns(), time.monotonic_ns())")

    def test_TwoRunsShareNothing(self):
        first, second = (self.run_python(self.CODE)["stdout"].split() for _ in range(2))
        self.assertEqual([a for a, b in zip(first, second) if a == b], [])

    def test_WithSeedAndClockTheyAreTheSame(self):
        flags = ("--seed", "3", "--clock", "2026-01-02T03:04:05Z")
        first, second = (self.run_python(self.CODE, flags=flags)["stdout"].split() for _ in range(2))
        self.assertEqual(first[:7], second[:7])
        other = self.run_python(self.CODE, flags=("--seed", "4", *flags[2:]))["stdout"].split()
        self.assertEqual([a for a, b in zip(first[:7], other[:7]) if a == b], [])


class Requirements(TestCase):
    BLOCK = "# /// script\n# dependencies = [{}]\n# ///\nprint('ran')\n"

    def run_script(self, files, *flags):
        skill = self.make_skill("demo", files)
        return self.openskills("run", skill, "scripts/x.py", *flags)

    def test_ABlockThatTheGuestSatisfiesRuns(self):
        self.assertEqual(self.run_script({"scripts/x.py": self.BLOCK.format("'rich>=10', 'PyYAML'")}).text, "ran\n")

    def test_ABlockThatAsksForMoreIsRefusedWithTheList(self):
        files = {"scripts/x.py": self.BLOCK.format("'rich', 'pandas>=2', 'numpy'")}
        result = self.run_script(files)
        self.assertEqual((result.code, result.text), (126, ""))
        self.assertIn(b"pandas>=2, numpy", result.err)
        self.assertIn(b"[requirements-missing]", result.err)
        self.assertEqual(self.run_script(files, "--ignore-requirements").text, "ran\n")

    def test_ARequirementsFileCountsWhereItIsImported(self):
        listed = {"requirements.txt": "pandas\nrich\n"}
        self.assertEqual(self.run_script({**listed, "scripts/x.py": "import json; print('ran')"}).text, "ran\n")
        result = self.run_script({**listed, "scripts/x.py": "import pandas\n"})
        self.assertEqual(result.code, 126)
        self.assertIn(b"pandas", result.err)
        guarded = "try:\n    import pandas\nexcept ImportError:\n    print('without')\n"
        self.assertEqual(self.run_script({**listed, "scripts/x.py": guarded}).text, "without\n")

    def test_UvRunNamesPackages(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import rich; print('ran')"})
        self.assertEqual(self.openskills("exec", "--skill", skill, "--", "uv", "run", "--with", "rich", "scripts/x.py").text, "ran\n")
        result = self.openskills("exec", "--skill", skill, "--", "uv", "run", "--with=pandas", "scripts/x.py")
        self.assertEqual(result.code, 126)


if __name__ == "__main__":
    unittest.main()
