"""Pools for a platform without processes and threads: work runs in this process (see _sandbox_pool)."""
from _sandbox_pool import Pool, Result as AsyncResult, Results as IMapIterator

__all__ = ["Pool", "ThreadPool"]
ApplyResult = MapResult = AsyncResult
IMapUnorderedIterator = IMapIterator


class ThreadPool(Pool):
    pass
