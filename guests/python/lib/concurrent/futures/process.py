"""ProcessPoolExecutor for a platform without processes: work runs in this one (see _sandbox_pool)."""
from _sandbox_pool import Executor as _Executor
from concurrent.futures import _base

EXTRA_QUEUED_CALLS = 1
_MAX_WINDOWS_WORKERS = 63 - 2


class BrokenProcessPool(_base.BrokenExecutor):
    """Raised when the initializer of a pool failed."""


class ProcessPoolExecutor(_Executor, _base.Executor):
    _broken_error = BrokenProcessPool
    _prefix = "ForkProcess"

    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), *, max_tasks_per_child=None):
        if max_tasks_per_child is not None and max_tasks_per_child <= 0:
            raise ValueError("max_tasks_per_child must be >= 1")
        self._set_up(max_workers, "", initializer, initargs)

    def map(self, fn, *iterables, timeout=None, chunksize=1):
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        return super().map(fn, *iterables, timeout=timeout)
