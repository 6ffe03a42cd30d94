"""Bundled packages that are executed before the snapshot, and are there once a program imports them.

Importing one takes tens to hundreds of milliseconds; a program that does not import it must not find it in sys.modules. So
their modules are kept here, and an import that leads to one of their files, as it would without all this, takes the module
from here instead of executing the file. A second import after a `del`, or a reload, executes it.
"""
import builtins
import importlib
import sys
import warnings
from importlib._bootstrap_external import FileFinder, SourceFileLoader

kept = {}  # by name
_specs = {}  # by name: what __spec__ is again once the module is taken
_with = {}  # by top-level name: the top-level names that its import leaves in sys.modules, too


class _KeptLoader(SourceFileLoader):
    taken = None

    def create_module(self, spec):
        self.taken = kept.pop(spec.name, None)  # nothing when it was taken since the spec was made
        return self.taken

    def exec_module(self, module):
        if module is not self.taken:
            return super().exec_module(module)
        self.taken = None
        name = module.__spec__.name
        module.__spec__ = _specs[name]
        tops = _with[name.partition(".")[0]]
        for other in [other for other in kept if other.partition(".")[0] in tops]:
            taken = kept.pop(other)
            sys.modules.setdefault(other, taken)


class LibraryFinder(FileFinder):
    """Finds modules in a folder of the library, which never changes: its listing is the one of the snapshot."""

    def _fill_cache(self):
        pass

    def find_spec(self, fullname, target=None):
        spec = super().find_spec(fullname, target)
        if spec is not None and fullname in kept and spec.origin == kept[fullname].__file__:
            spec.loader = _KeptLoader(fullname, spec.origin)
        return spec


def _tops_below(folder):
    return {name.partition(".")[0] for name, module in sys.modules.items()
            if (getattr(module, "__file__", None) or "").startswith(folder + "/")}


def keep(names, folder):
    """Imports the packages, which lie in that folder, and takes them out of sys.modules."""
    uses = {}
    real_import = builtins.__import__

    def noting_import(name, globals=None, locals=None, fromlist=(), level=0):
        importer = (globals or {}).get("__name__") or ""
        if level == 0:
            uses.setdefault(importer.partition(".")[0], set()).add(name.partition(".")[0])
        return real_import(name, globals, locals, fromlist, level)

    filters = warnings.filters[:]
    builtins.__import__ = noting_import
    try:
        for name in names:
            importlib.import_module(name)
    finally:
        builtins.__import__ = real_import
        warnings.filters[:] = filters
    tops = _tops_below(folder)
    for top in tops:
        reached, waiting = set(), {top}
        while waiting:
            reached |= waiting
            waiting = {used for name in waiting for used in uses.get(name, ()) if used in tops} - reached
        _with[top] = frozenset(reached)
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        kept[name] = sys.modules.pop(name)
        _specs[name] = kept[name].__spec__
