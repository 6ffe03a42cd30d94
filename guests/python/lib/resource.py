"""resource for the sandbox: usage is measured, limits are the host's business."""
import time as _time
from collections import namedtuple as _namedtuple

from _sandbox import missing as _missing, names_missing

error = OSError
RLIM_INFINITY = -1
(RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE,
 RLIMIT_MEMLOCK, RLIMIT_AS) = range(10)
RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD = 0, -1, 1
struct_rusage = _namedtuple("struct_rusage", """ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt
    ru_nswap ru_inblock ru_oublock ru_msgsnd ru_msgrcv ru_nsignals ru_nvcsw ru_nivcsw""")


def getrusage(who, /):
    if who not in (RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD):
        raise ValueError("invalid who parameter")
    import _sandbox_platform
    used, kilobytes = (0.0, 0) if who == RUSAGE_CHILDREN else (_time.process_time(), _sandbox_platform.memory_bytes() // 1024)
    return struct_rusage(used, 0.0, kilobytes, *[0] * 13)


def getrlimit(resource, /):
    if resource not in range(16):
        raise ValueError("invalid resource specified")
    return RLIM_INFINITY, RLIM_INFINITY


def setrlimit(resource, limits, /):
    raise ValueError(_missing("resource.setrlimit", "its limits are set by the host"))


def prlimit(pid, resource, limits=None, /):
    return getrlimit(resource) if limits is None else setrlimit(resource, limits)


def getpagesize():
    return 65536


__getattr__ = names_missing("resource", "its limits are set by the host")
