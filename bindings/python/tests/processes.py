"""What the tests look at of processes."""

import contextlib
import os
from pathlib import Path


def children(process="self"):
    """The ids of a process's children; none once it is gone."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # of a thread that ended meanwhile
                found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def busy_grandchildren():
    """The children of this process's worker that have computed for a while: runs, and not one that waits for the next run."""
    found = []
    for pid in (pid for child in children() for pid in children(child)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            user_ticks = int(fields[11])  # field 14 of proc(5); these begin with the third
            if fields[0] != "Z" and user_ticks >= 3:
                found.append(pid)
    return found


def held():
    """Threads, descriptors and children of this process."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), len(children())


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
