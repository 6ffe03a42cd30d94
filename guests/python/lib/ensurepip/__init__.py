"""ensurepip for the sandbox: packages cannot be installed in it."""
from _sandbox import missing as _missing

__all__ = ["version", "bootstrap"]


def version():
    return "none"


def bootstrap(*args, **kwargs):
    raise SystemExit(_missing("pip", "packages cannot be installed in it"))
