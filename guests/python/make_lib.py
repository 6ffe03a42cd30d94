"""make_lib.py SOURCE BUILD OUT GUEST_LIB: writes the guest's library: the standard library without what a sandbox
has no use for, each module compiled ahead. Run by the native interpreter of the same version."""
import os
import pathlib
import py_compile
import re
import shutil
import sys

# Test suites, graphical programs, installers and front ends of extension modules the guest does not have.
LEFT_OUT = {
    "test", "idlelib", "tkinter", "turtle.py", "turtledemo", "ensurepip", "venv", "lib2to3", "msilib", "curses", "ctypes",
    "sqlite3", "_aix_support.py", "_android_support.py", "_ios_support.py", "_apple_support.py", "_osx_support.py",
    "__phello__", "__hello__.py", "__pycache__", "site-packages",
}


def left_out(path):
    return any(part in LEFT_OUT for part in path.parts)


def copy_sources(source, out):
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if path.is_dir() or left_out(relative) or path.suffix in (".pyc", ".whl", ".exe", ".in", ".rst", ".bat", ".ps1"):
            continue
        target = out / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


# Where the sandbox differs from every system CPython knows. Each text must be there exactly once.
PATCHES = {
    # Nothing wakes the loop from outside: there are no other threads, and no socket pairs to do it with.
    "asyncio/selector_events.py": [
        ("    def _close_self_pipe(self):\n",
         "    def _close_self_pipe(self):\n        if self._ssock is None:\n            return\n"),
        ("        self._ssock, self._csock = socket.socketpair()\n",
         "        if not hasattr(socket._socket, 'socketpair'):\n            self._ssock = self._csock = None\n            return\n"
         "        self._ssock, self._csock = socket.socketpair()\n"),
    ],
    # The sandbox's locale is C.UTF-8, for which no translations exist either; argparse asks for a dozen texts a run.
    "gettext.py": [("        if lang == 'C':\n", "        if lang in ('C', 'C.UTF-8'):\n")],
}


def patch(out):
    for name, replacements in PATCHES.items():
        text = (out / name).read_text()
        for old, new in replacements:
            if text.count(old) != 1:
                sys.exit(f"{name}: the text to patch is there {text.count(old)} times: {old!r}")
            text = text.replace(old, new)
        (out / name).write_text(text)


def copy_sysconfig(build, out):
    """What `sysconfig` tells about the build, without the folders of the machine that built it."""
    (data,) = build.glob("build/lib.*/_sysconfigdata_*.py")
    scope = {}
    exec(data.read_text(), scope)
    variables = scope["build_time_vars"]
    folders = re.compile(re.escape(str(build.parent)) + r"/(source|wasm|zlib|sysroot|host)-[0-9a-f]+")
    for name, value in variables.items():
        if isinstance(value, str):
            value = re.sub(r"-ffile-prefix-map=\S+ ?|-include \S+ ?", "", value)
            variables[name] = folders.sub(r"/usr/src/\1", value)
    (out / data.name).write_text(f"build_time_vars = {variables!r}\n")


def compile_all(out, guest_lib):
    for path in sorted(out.rglob("*.py")):
        relative = path.relative_to(out)
        py_compile.compile(str(path), dfile=f"{guest_lib}/{relative}", doraise=True, optimize=0,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def main():
    source, build, out = (pathlib.Path(argument) for argument in sys.argv[1:4])
    guest_lib = sys.argv[4]
    copy_sources(source / "Lib", out)
    patch(out)
    copy_sysconfig(build, out)
    (out / "site-packages").mkdir(exist_ok=True)
    compile_all(out, guest_lib)
    # One time for all files: two builds of the same inputs are then the same.
    for path in [out, *out.rglob("*")]:
        os.utime(path, (1735689600, 1735689600))


main()
