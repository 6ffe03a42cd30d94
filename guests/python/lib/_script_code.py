"""Code of a skill's own files, made ahead of the runs that use it.

    python3 -I -m _script_code SCRIPT ROOT FOLDER

compiles SCRIPT and what it may import from beneath ROOT, and runs none of it. FOLDER/code maps paths to marshalled code,
itself marshalled; FOLDER/sources has a line for each file that was read, SCRIPT first: its size, mtime and ctime (ns) as
they were when it was read, and its path beneath ROOT. In a run the host has mounted such a folder, and `codes` is what
it holds: a path that is not in it is compiled as ever.
"""
import marshal
from importlib._bootstrap_external import SourceFileLoader, SourceLoader

codes = {}

MAX_ENTRIES = 5000  # of the folders that are searched
MAX_FILES = 256
MAX_FILE_BYTES = 2 << 20
MAX_CODE_BYTES = 8 << 20


def _get_code(self, fullname):
    # A loader derived from this one may make other code of the same file.
    code = codes.get(self.path) if codes and type(self) is SourceFileLoader else None
    return marshal.loads(code) if code is not None else SourceLoader.get_code(self, fullname)


def install():
    """For imports. The program itself is looked up by run.c."""
    # Tracebacks leave out the frames of that file.
    file = SourceLoader.get_code.__code__.co_filename
    _get_code.__code__ = _get_code.__code__.replace(co_filename=file)
    SourceFileLoader.get_code = _get_code


def _python_files(root):
    """Every Python file beneath the root, by the name it is imported under: that of its folder for a package."""
    import os
    found, seen = {}, 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in ("__pycache__", "node_modules"))
        seen += len(folders) + len(files)
        if seen > MAX_ENTRIES:
            break
        for name in sorted(files):
            if name.endswith(".py") and "\n" not in folder + name:
                stem = os.path.basename(folder) if name == "__init__.py" else name[:-3]
                found.setdefault(stem, []).append(os.path.join(folder, name))
    return found


def _imported_names(tree):
    import ast
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            dotted = [node.module or "", *(alias.name for alias in node.names)]
        else:
            continue
        for name in dotted:
            names.update(name.split("."))
    return names


def _compile(path):
    """The file's status, its code if it may be kept, and the names it imports. A file that makes the compiler warn is
    compiled by each run, which then warns."""
    import ast
    import os
    import warnings
    with open(path, "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        source = file.read(MAX_FILE_BYTES + 1)
    if len(source) > MAX_FILE_BYTES:
        return status, None, set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tree = compile(source, path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
            code = marshal.dumps(compile(tree, path, "exec", dont_inherit=True, optimize=0))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return status, None, set()
    return status, None if caught else code, _imported_names(tree)


def main(script, root, folder):
    by_name = _python_files(root)
    waiting, known = [script], {script}
    made, sources, size = {}, [], 0
    while waiting and len(sources) < MAX_FILES and size < MAX_CODE_BYTES:
        path = waiting.pop(0)
        try:
            status, code, names = _compile(path)
        except OSError:
            continue
        sources.append(f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {path[len(root) + 1:]}\n")
        if code is not None:
            made[path] = code
            size += len(code)
        for name in sorted(names):
            for other in by_name.get(name, ()):
                if other not in known:
                    known.add(other)
                    waiting.append(other)
    with open(folder + "/code", "wb") as file:
        marshal.dump(made, file)
    with open(folder + "/sources", "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(sources)


if __name__ == "__main__":
    import sys
    main(*sys.argv[1:])
