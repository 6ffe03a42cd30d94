"""pwd for the sandbox, which has two users: the owner of all files, and the one that runs."""
import operator as _operator
from collections import namedtuple as _namedtuple

struct_passwd = _namedtuple("struct_passwd", "pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell")
struct_passwd.__module__ = "pwd"
_users = [struct_passwd("root", "x", 0, 0, "", "/", "/bin/sh"), struct_passwd("user", "x", 1000, 1000, "", "/tmp", "/bin/sh")]


def getpwall():
    return list(_users)


def getpwuid(uid, /):
    uid = _operator.index(uid)
    for user in _users:
        if user.pw_uid == uid:
            return user
    raise KeyError(f"getpwuid(): uid not found: {uid}")


def getpwnam(name, /):
    if not isinstance(name, str):
        raise TypeError(f"argument must be str, not {type(name).__name__}")
    if "\0" in name:
        raise ValueError("embedded null byte")
    for user in _users:
        if user.pw_name == name:
            return user
    raise KeyError(f"getpwnam(): name not found: {name!r}")
