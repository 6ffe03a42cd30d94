"""Pools of workers for a platform without threads and processes: work runs in this process, one piece after another,
when somebody waits for it (see _sandbox_threads). Serves concurrent.futures and multiprocessing."""
import _sandbox_threads as _threads


class FutureWork:
    """One call of an executor. Its worker has the name that the first thread of the pool would have."""
    daemon = False

    def __init__(self, executor, future, function, args, kwargs):
        self.executor, self.future = executor, future
        self.function, self.args, self.kwargs = function, args, kwargs

    def run(self):
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = _threads.run_as(self.executor._worker(), self._call)
        except _threads.Suspended:
            self.future.set_exception(RuntimeError("this work waits for what only its submitter can bring"))
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def _call(self):
        self.executor._initialize()
        return self.function(*self.args, **self.kwargs)


class Executor:
    """Mixed into both executors of concurrent.futures; they differ in the errors they raise and in names."""
    _broken_error = RuntimeError
    _prefix = "Pool"
    _count = 0

    def _set_up(self, max_workers, prefix, initializer, initargs):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        import os
        self._max_workers = max_workers or min(32, (os.cpu_count() or 1) + 4)
        if not prefix:
            prefix = f"{self._prefix}-{type(self)._count}"
            type(self)._count += 1
        self._thread_name_prefix = prefix
        self._initializer, self._initargs = initializer, initargs
        self._thread = None
        self._shutdown = False
        self._broken = False
        self._work = []

    def _worker(self):
        if self._thread is None:
            import threading
            self._thread = threading.Thread(name=f"{self._thread_name_prefix}_0")
            self._thread._ident = self._thread._native_id = _threads.new_identifier()
        return self._thread

    def _initialize(self):
        if self._broken:
            raise self._broken_error(self._broken)
        initializer, self._initializer = self._initializer, None
        if initializer is not None:
            try:
                initializer(*self._initargs)
            except BaseException:
                from concurrent.futures import _base
                _base.LOGGER.critical("Exception in initializer:", exc_info=True)
                self._broken = "A thread initializer failed, the thread pool is not usable anymore"
                raise self._broken_error(self._broken) from None

    def submit(self, fn, /, *args, **kwargs):
        if self._broken:
            raise self._broken_error(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        from concurrent.futures import _base
        future = _base.Future()
        work = FutureWork(self, future, fn, args, kwargs)
        self._work.append(work)
        _threads.add(work)
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._shutdown = True
        work, self._work = self._work, []
        if cancel_futures:
            for piece in work:
                piece.future.cancel()
        if wait:
            for piece in work:
                _threads.wait_for(piece.future.done)


class Pool:
    """multiprocessing.Pool and ThreadPool, over the executor above."""

    def __init__(self, processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None):
        if processes is not None and processes < 1:
            raise ValueError("Number of processes must be at least 1")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        from concurrent.futures import ThreadPoolExecutor
        import os
        self._executor = ThreadPoolExecutor(processes or os.cpu_count() or 1, "PoolWorker", initializer, initargs)
        self._processes = self._executor._max_workers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminate()

    def _submit(self, function, args, kwargs={}, callback=None, error_callback=None):
        try:
            result = Result(self._executor.submit(function, *args, **kwargs))
        except RuntimeError:
            raise ValueError("Pool not running") from None
        result._then(callback, error_callback)
        return result

    def apply(self, func, args=(), kwds={}):
        return self.apply_async(func, args, kwds).get()

    def apply_async(self, func, args=(), kwds={}, callback=None, error_callback=None):
        return self._submit(func, args, kwds, callback, error_callback)

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable).get()

    def map_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        items = list(iterable)
        return self._submit(lambda: [func(item) for item in items], (), {}, callback, error_callback)

    def starmap(self, func, iterable, chunksize=None):
        return self.starmap_async(func, iterable).get()

    def starmap_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return self.map_async(lambda args: func(*args), iterable, chunksize, callback, error_callback)

    def imap(self, func, iterable, chunksize=1):
        return Results([self._submit(func, (item,)) for item in iterable])

    imap_unordered = imap

    def close(self):
        self._executor.shutdown(wait=False)

    def terminate(self):
        self._executor.shutdown(wait=False, cancel_futures=True)

    def join(self):
        if not self._executor._shutdown:
            raise ValueError("Pool is still running")
        while _threads.run_one():
            pass


class Result:
    def __init__(self, future):
        self._future = future

    def _then(self, callback, error_callback):
        def done(future):
            error = future.exception()
            if error is None and callback:
                callback(future.result())
            elif error is not None and error_callback:
                error_callback(error)
        if callback or error_callback:
            self._future.add_done_callback(done)

    def get(self, timeout=None):
        from concurrent.futures import TimeoutError as Expired
        try:
            return self._future.result(timeout)
        except Expired:
            if self._future.done():
                raise
            from multiprocessing import TimeoutError
            raise TimeoutError from None

    def wait(self, timeout=None):
        _threads.wait_for(self._future.done, timeout)

    def ready(self):
        return self._future.done()

    def successful(self):
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return self._future.exception() is None


class Results:
    def __init__(self, results):
        self._results = iter(results)

    def __iter__(self):
        return self

    def next(self, timeout=None):
        return next(self._results).get(timeout)

    __next__ = next
