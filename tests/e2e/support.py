"""What the end-to-end tests share: the real binary, skills made for one test, and an ordinary user to be."""

import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

BUILD_DIR = pathlib.Path(os.environ["OPENSKILLS_BUILD_DIR"])
SOURCE_DIR = pathlib.Path(os.environ["OPENSKILLS_SOURCE_DIR"])
BINARY = BUILD_DIR / "bin" / "openskills"
GUESTS = pathlib.Path(os.environ.get("OPENSKILLS_TEST_GUESTS", BUILD_DIR / "share" / "openskills" / "guests"))

ORDINARY_UID = 65534

SKILL_MD = "---\nname: {name}\ndescription: A skill made for one test.\n---\n\n# {name}\n"


class Result:
    def __init__(self, completed):
        self.code = completed.returncode
        self.out = completed.stdout
        self.err = completed.stderr

    @property
    def text(self):
        return self.out.decode()

    @property
    def error_text(self):
        return self.err.decode(errors="replace")

    def json(self):
        return json.loads(self.out)


class TestCase(unittest.TestCase):
    """A temporary folder with skills/ and work/, and a way to run the binary in work/."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="openskills-e2e-"))
        self.addCleanup(self._remove_root)
        self.skills = self.root / "skills"
        self.work = self.root / "work"
        self.home = self.root / "home"
        for folder in (self.skills, self.work, self.home):
            folder.mkdir()

    def _remove_root(self):
        for path, folders, _ in os.walk(self.root):
            for folder in folders:
                # A link to a folder is listed here too; what it leads to is not ours to change.
                if not os.path.islink(os.path.join(path, folder)):
                    os.chmod(os.path.join(path, folder), stat.S_IRWXU)
        shutil.rmtree(self.root)

    def make_skill(self, name="demo", files=None):
        folder = self.skills / name
        for path, content in {"SKILL.md": SKILL_MD.format(name=name), **(files or {})}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    def environment(self, **extra):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "OPENSKILLS_GUEST_PATH": str(GUESTS),
            "OPENSKILLS_CACHE_DIR": os.environ["OPENSKILLS_TEST_CACHE"],
        }
        environment.update(extra)
        return environment

    def openskills(self, *arguments, stdin=b"", cwd=None, env=None, user=None, timeout=120):
        completed = subprocess.run(
            [str(BINARY), *map(str, arguments)],
            input=stdin if isinstance(stdin, bytes) else None,
            stdin=None if isinstance(stdin, bytes) else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd or self.work,
            env=env or self.environment(),
            timeout=timeout,
            user=user,
        )
        return Result(completed)

    def run_python(self, code, *arguments, flags=(), **options):
        """Runs the code as the skill script scripts/x.py and gives the outcome."""
        skill = self.make_skill("demo", {"scripts/x.py": code})
        result = self.openskills(
            "run", skill, "scripts/x.py", "--json", *flags, "--", *arguments, **options)
        return result.json()

    def assert_error(self, result, exit_code, error_code):
        """The command failed with that exit code and named that stable error code, with words around it."""
        self.assertEqual(result.code, exit_code, result.error_text + result.text)
        self.assertIn(f"[{error_code}]", result.error_text)
        self.assertGreater(len(result.error_text), len(error_code) + 20)


def start(test, *arguments, **options):
    """Starts the binary and does not wait."""
    return subprocess.Popen(
        [str(BINARY), *map(str, arguments)], cwd=test.work, env=test.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def children_of(pid):
    """Every descendant of a process. Those that end meanwhile have none."""
    found = []
    try:
        tasks = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return found
    for task in tasks:
        try:
            direct = [int(word) for word in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in direct:
            found += [child, *children_of(child)]
    return found


def is_alive(pid):
    try:
        os.kill(pid, 0)
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


# WebAssembly modules small enough to write by hand.

def leb(value):
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def section(number, body):
    return bytes([number]) + leb(len(body)) + body


def name(text):
    return leb(len(text)) + text.encode()


def module(body, imports=(), memory_pages=1):
    """A module whose _start has that body. Imports are (module, name) of functions without parameters."""
    types = section(1, b"\x01\x60\x00\x00")
    imported = section(2, leb(len(imports)) + b"".join(name(m) + name(n) + b"\x00\x00" for m, n in imports))
    functions = section(3, b"\x01\x00")
    memories = section(5, b"\x01\x00" + leb(memory_pages))
    exports = section(7, b"\x02" + name("memory") + b"\x02\x00" + name("_start") + b"\x00" + leb(len(imports)))
    code = b"\x00" + body + b"\x0b"
    codes = section(10, b"\x01" + leb(len(code)) + code)
    return b"\0asm\x01\0\0\0" + types + imported + functions + memories + exports + codes


RETURNS = b""
TRAPS = b"\x00"
LOOPS_FOREVER = b"\x03\x40\x0c\x00\x0b"


def send_interrupt(process):
    process.send_signal(signal.SIGINT)
