"""fcntl for the sandbox. Locks are granted: nothing else runs here, and they hold for nobody outside."""
import os as _os

from _sandbox import names_missing, refuses

F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL = 0, 1, 2, 3, 4
F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN = 5, 6, 7, 8, 9
F_DUPFD_CLOEXEC, F_RDLCK, F_WRLCK, F_UNLCK, FD_CLOEXEC = 1030, 0, 1, 2, 1
LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN = 1, 2, 4, 8
TIOCGWINSZ, FIONREAD = 0x5413, 0x541B


def _descriptor(fd):
    if not isinstance(fd, int):
        if not hasattr(fd, "fileno"):
            raise TypeError("argument must be an int, or have a fileno() method.")
        fd = fd.fileno()
    if not isinstance(fd, int):
        raise TypeError("fileno() returned a non-integer")
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    _os.fstat(fd)  # EBADF when it is none
    return fd


def flock(fd, operation, /):
    _descriptor(fd)


def lockf(fd, cmd, len=0, start=0, whence=0, /):
    _descriptor(fd)


def fcntl(fd, cmd, arg=0, /):
    _descriptor(fd)
    if cmd == F_GETFD:
        return FD_CLOEXEC
    if cmd in (F_SETFD, F_SETLK, F_SETLKW):
        return 0 if isinstance(arg, int) else arg
    if cmd in (F_GETFL, F_SETFL):
        return 0
    return _refuse("fcntl")()


def ioctl(fd, request, arg=0, mutate_flag=True, /):
    _descriptor(fd)
    raise OSError(25, "Inappropriate ioctl for device")


_refuse = refuses("fcntl", "it has no such file operations")
__getattr__ = names_missing("fcntl", "it has no such file operations")
