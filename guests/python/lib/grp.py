"""grp for the sandbox: the groups of the users in pwd."""
import operator as _operator
from collections import namedtuple as _namedtuple

struct_group = _namedtuple("struct_group", "gr_name gr_passwd gr_gid gr_mem")
struct_group.__module__ = "grp"
_groups = [struct_group("root", "x", 0, []), struct_group("user", "x", 1000, [])]


def getgrall():
    return list(_groups)


def getgrgid(id):
    id = _operator.index(id)
    for group in _groups:
        if group.gr_gid == id:
            return group
    raise KeyError(f"getgrgid(): gid not found: {id}")


def getgrnam(name):
    if not isinstance(name, str):
        raise TypeError(f"argument must be str, not {type(name).__name__}")
    if "\0" in name:
        raise ValueError("embedded null byte")
    for group in _groups:
        if group.gr_name == name:
            return group
    raise KeyError(f"getgrnam(): name not found: {name!r}")
