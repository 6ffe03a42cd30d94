"""make_lib.py SOURCE BUILD OUT GUEST_LIB OVERLAY WHEELS: writes the guest's library: the standard library without what a
sandbox has no use for, stand-ins for what it lacks (OVERLAY), the bundled packages (WHEELS), each module compiled ahead.
Run by the native interpreter of the same version."""
import collections
import concurrent.futures
import marshal
import os
import pathlib
import py_compile
import re
import shutil
import sys
import types
import zipfile

# Test suites, graphical programs, installers and front ends of extension modules the guest does not have.
LEFT_OUT = {
    "test", "idlelib", "tkinter", "turtle.py", "turtledemo", "ensurepip", "lib2to3", "msilib", "ctypes", "_aix_support.py", "_android_support.py", "_ios_support.py", "_apple_support.py", "_osx_support.py",
    "__phello__", "__hello__.py", "__pycache__", "site-packages",
}


def left_out(path):
    return any(part in LEFT_OUT for part in path.parts)


def copy_overlay(overlay, out):
    for path in sorted(overlay.rglob("*.py")):
        target = out / path.relative_to(overlay)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def install_wheels(wheels, site_packages):
    """What pip would install, without compiled parts (their packages fall back to Python) and type stubs."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                parts = pathlib.PurePosixPath(name).parts
                if name.endswith((".so", ".pyd", ".pyi", ".pyx", ".c", ".h", "/")) or parts[0].endswith(".data"):
                    continue
                if parts[-1] == "RECORD" or ".agents" in parts or "tests" in parts:
                    continue
                target = site_packages.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


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
    # Instead of sleeping the loop runs what waits for a thread: the executor's work.
    "asyncio/base_events.py": [
        ("        event_list = self._selector.select(timeout)\n",
         "        if timeout != 0 and _sandbox_threads.run_one():\n            timeout = 0\n"
         "        event_list = self._selector.select(timeout)\n"),
        ("import collections.abc\n", "import _sandbox_threads\nimport collections.abc\n"),
    ],
    # Handlers of signals are kept; the sandbox never sends any.
    "asyncio/unix_events.py": [
        ("            signal.set_wakeup_fd(self._csock.fileno())\n",
         "            if self._csock is not None:\n                signal.set_wakeup_fd(self._csock.fileno())\n"),
        ("            signal.siginterrupt(sig, False)\n", "            getattr(signal, 'siginterrupt', lambda *_: None)(sig, False)\n"),
        ("        if not self._signal_handlers:\n            try:\n                signal.set_wakeup_fd(-1)\n",
         "        if not self._signal_handlers and self._csock is not None:\n            try:\n                signal.set_wakeup_fd(-1)\n"),
    ],
    # The sandbox's locale is C.UTF-8, for which no translations exist either, and there is no folder of them: argparse asks
    # for a dozen texts a run.
    "gettext.py": [
        ("        if lang == 'C':\n", "        if lang in ('C', 'C.UTF-8'):\n"),
        ("def dgettext(domain, message):\n",
         "def dgettext(domain, message):\n    if domain not in _localedirs and not os.path.isdir(_default_localedir):\n"
         "        return message\n"),
    ],
    # The compiled queue waits where no other code can run; Python's own waits on a lock (_sandbox_threads).
    "queue.py": [
        ("    from _queue import SimpleQueue\n", "    import _queue; SimpleQueue = None\n"),
        # A bounded queue slows its producer down; where nobody is left to take anything it holds more instead.
        ("                    while self._qsize() >= self.maxsize:\n                        self.not_full.wait()\n",
         "                    while self._qsize() >= self.maxsize and _sandbox_threads.pending():\n"
         "                        self.not_full.wait()\n"),
        ("import threading\n", "import _sandbox_threads\nimport threading\n"),
    ],
    # No program is ever there: the error that scripts catch when a tool is not installed.
    "subprocess.py": [
        ("            raise OSError(\n                errno.ENOTSUP, f\"{sys.platform} does not support processes.\"\n            )\n",
         "            from _sandbox_os import no_program\n"
         "            program = args if isinstance(args, (str, bytes, os.PathLike)) else list(args)[0]\n"
         "            raise no_program(os.fspath(executable or ('/bin/sh' if shell else program)))\n"),
    ],
    # The interpreter of the snapshot is no file that could be read.
    "platform.py": [
        ("            return lib, version\n\n    libc_search", "            return lib, version\n\n    if not os.path.exists(executable):\n"
         "        return lib, version\n\n    libc_search"),
    ],
    "hashlib.py": [
        ("    from _hashlib import pbkdf2_hmac\n", "    from _sandbox_hash import pbkdf2_hmac\n"),
        ("    from _hashlib import scrypt\n", "    from _sandbox_hash import scrypt\n"),
    ],
    "venv/__init__.py": [
        ("        env_dir = os.path.abspath(env_dir)\n        context = self.ensure_directories(env_dir)\n",
         "        from _sandbox import missing\n"
         "        raise OSError(missing('venv', 'packages cannot be installed in it, and the ones it has are there already'))\n"),
    ],
}

# Work of pools runs in the interpreter's own thread, when somebody waits for it.
APPENDED = {
    "concurrent/futures/thread.py": """

from _sandbox_pool import Executor as _Executor


class ThreadPoolExecutor(_Executor, _base.Executor):
    _broken_error = BrokenThreadPool
    _prefix = "ThreadPoolExecutor"

    def __init__(self, max_workers=None, thread_name_prefix='', initializer=None, initargs=()):
        self._set_up(max_workers, thread_name_prefix, initializer, initargs)
""",
}


def patch(out):
    for name, replacements in PATCHES.items():
        text = (out / name).read_text()
        for old, new in replacements:
            if text.count(old) != 1:
                sys.exit(f"{name}: the text to patch is there {text.count(old)} times: {old!r}")
            text = text.replace(old, new)
        (out / name).write_text(text)
    for name, addition in APPENDED.items():
        with (out / name).open("a") as file:
            file.write(addition)


def copy_sysconfig(build, out):
    """What `sysconfig` tells about the build, without the folders of the machine that built it."""
    (data,) = build.glob("build/lib.*/_sysconfigdata_*.py")
    scope = {}
    exec(data.read_text(), scope)
    variables = scope["build_time_vars"]
    folders = re.compile(re.escape(str(build.parent)) + r"/(source|wasm|zlib|bzip2|xz|sqlite|sysroot|host)-[0-9a-f]+")
    for name, value in variables.items():
        if isinstance(value, str):
            value = re.sub(r"-ffile-prefix-map=\S+ ?|-include \S+ ?|-fprofile-use=\S+ ?|-Wno-profile-\S+ ?", "", value)
            variables[name] = folders.sub(r"/usr/src/\1", value)
    (out / data.name).write_text(f"build_time_vars = {variables!r}\n")


def names_in(code):
    names = {code.co_name, *code.co_names, *code.co_varnames, *code.co_cellvars}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
        else:
            names.update(text for text in (constant if isinstance(constant, tuple) else (constant,)) if isinstance(text, str))
    return {name for name in names if name.isidentifier()}


def compile_one(path, name):
    compiled = py_compile.compile(str(path), dfile=name, doraise=True, optimize=0,
                                  invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return names_in(marshal.loads(pathlib.Path(compiled).read_bytes()[16:]))


# A name that so many files use is one that scripts use.
FILES_OF_A_COMMON_NAME = 12


def compile_all(out, guest_lib):
    """Leaves the names that many files use in a list beside them (init.c)."""
    paths = sorted(out.rglob("*.py"))
    files = collections.Counter()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for names in pool.map(compile_one, paths, [f"{guest_lib}/{path.relative_to(out)}" for path in paths], chunksize=32):
            files.update(names)
    common = sorted((-count, name) for name, count in files.items() if count >= FILES_OF_A_COMMON_NAME)
    (out / "_common_names.txt").write_text("".join(f"{name}\n" for _, name in common), encoding="utf-8")


def main():
    source, build, out, overlay, wheels = (pathlib.Path(sys.argv[i]) for i in (1, 2, 3, 5, 6))
    guest_lib = sys.argv[4]
    copy_sources(source / "Lib", out)
    patch(out)
    copy_overlay(overlay, out)
    copy_sysconfig(build, out)
    (out / "site-packages").mkdir(exist_ok=True)
    install_wheels(wheels, out / "site-packages")
    compile_all(out, guest_lib)
    # One time for all files: two builds of the same inputs are then the same.
    for path in [out, *out.rglob("*")]:
        os.utime(path, (1735689600, 1735689600))


if __name__ == "__main__":
    main()
