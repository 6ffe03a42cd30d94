"""What os and socket lack on this platform, added while the guest is built. A function that would start a program or reach
the network stays absent where scripts ask with hasattr(); the error then says why."""
import errno as _errno
import sys as _sys

from _sandbox import missing, names_missing, refuses

_UID = 1000
_NO_PROGRAMS = "programs cannot be started here"


def no_program(program):
    """The error of subprocess: the one scripts catch when a tool is not installed."""
    error = FileNotFoundError(_errno.ENOENT, "No such file or directory", program)
    error.add_note("(" + missing("starting programs", "nothing is installed in it") + ")")
    return error


def system(command):
    """Runs no command: answers what a shell answers when it does not find one."""
    import os
    command = os.fsdecode(command)
    if _sys.stdout is not None:
        _sys.stdout.flush()
    print(f"sh: 1: {command.split()[0] if command.split() else ''}: not found ("
          + missing("os.system", _NO_PROGRAMS) + ")", file=_sys.stderr, flush=True)
    return 127 << 8


def chmod(path, mode, *, dir_fd=None, follow_symlinks=True):
    """Files have no permission bits here: the call checks that the file is there, and changes nothing."""
    import os
    os.stat(path, dir_fd=dir_fd)


def chown(path, uid, gid, *, dir_fd=None, follow_symlinks=True):
    import operator
    import os
    operator.index(uid), operator.index(gid)
    os.stat(path, dir_fd=dir_fd)


def fchmod(fd, mode):
    import os
    os.fstat(fd)


def fchown(fd, uid, gid):
    import os
    os.fstat(fd)


def lchown(path, uid, gid):
    import os
    os.lstat(path)


def statvfs(path, /):
    raise OSError(_errno.ENOSYS, missing("os.statvfs", "the host's disks are not visible"))


def get_terminal_size(fd=1, /):
    raise OSError(_errno.ENOTTY, "Inappropriate ioctl for device")


def getlogin():
    return "user"


def getgroups():
    return [_UID]


def sched_getaffinity(pid, /):
    return {0}


def getloadavg():
    raise OSError(missing("os.getloadavg", "the host is not visible"))


def sysconf(name, /):
    try:
        return _SYSCONF[name]
    except KeyError:
        raise ValueError("unrecognized configuration name") from None


_SYSCONF = {"SC_PAGE_SIZE": 65536, "SC_PAGESIZE": 65536, "SC_NPROCESSORS_ONLN": 1, "SC_NPROCESSORS_CONF": 1,
            "SC_CLK_TCK": 100, "SC_OPEN_MAX": 256, "SC_ARG_MAX": 2097152, "SC_NGROUPS_MAX": 65536}
_mask = 0o022


def umask(mask, /):
    global _mask
    before, _mask = _mask, mask & 0o777
    return before


def _constant(name, value):
    def function():
        return value
    function.__name__ = function.__qualname__ = name
    return function


def install(os, socket_names):
    """Adds what is absent to the namespace of os and to that of socket."""
    mine = globals()
    for name in ("system", "chmod", "fchmod"):  # libc's own succeed whatever they are asked
        os[name] = mine[name]
        mine[name].__module__ = "os"
    for name in ("chown", "fchown", "lchown", "get_terminal_size", "getlogin", "getgroups", "sched_getaffinity",
                 "getloadavg", "statvfs", "sysconf", "umask"):
        mine[name].__module__ = "os"
        _add(os, name, mine[name])
    refuse = refuses("os", _NO_PROGRAMS)
    for name in [name for name in os if name.startswith(("exec", "spawn"))]:  # Python's own, over calls that are absent
        os[name] = refuse(name)
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        _add(os, name, _constant(name, _UID))
    _add(os, "getppid", _constant("getppid", 1))
    _add(os, "sysconf_names", dict.fromkeys(_SYSCONF, 0))
    for name in ("cpu_count", "process_cpu_count"):
        os[name] = _constant(name, 1)
    if "terminal_size" not in os:
        from collections import namedtuple
        os["terminal_size"] = namedtuple("terminal_size", "columns lines")
        os["terminal_size"].__module__ = "os"
    os["__getattr__"] = names_missing("os", _NO_PROGRAMS + ", and the platform has no such call")
    _install_network(socket_names)


def _add(names, name, value):
    if name not in names:
        names[name] = value
        if isinstance(names.get("__all__"), list):
            names["__all__"].append(name)


# ---- network ----

def _unreachable(*_args, **_kwargs):
    import socket
    raise socket.gaierror(getattr(socket, "EAI_AGAIN", -3),
                          "Temporary failure in name resolution (" + missing("the network", "it has none") + ")")


def _gethostname():
    return "localhost"


def _install_network(names):
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        if name == "getaddrinfo" or name not in names:
            names[name] = _getaddrinfo if name == "getaddrinfo" else _unreachable
    _add(names, "gethostname", _gethostname)
    names["__getattr__"] = names_missing("socket", "it has no network")


def _getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """Numbers need no network to be looked up."""
    import socket
    if isinstance(host, str) and host.replace(".", "").isdigit() and host.count(".") == 3:
        kind = type or socket.SOCK_STREAM
        return [(socket.AF_INET, socket.SocketKind(kind), proto or (6 if kind == socket.SOCK_STREAM else 17), "",
                 (host, int(port or 0)))]
    return _unreachable()
