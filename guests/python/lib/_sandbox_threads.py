"""Threads for a platform without any. What was started runs when the program waits: in join(), in a lock, a queue or an
event that would block, in sleep(), and at the end of the program.

Every thread then runs to its end in one go, on the stack of the one that waits. A thread that waits itself lets others
start. When it waits for what only the code below it on the stack can bring, it is ended there, as a thread that is
never scheduled again would be. A wait that nothing is left to end is an error instead of a hang.

threading.py calls install() at its end; the guest's program calls block() for every lock that would block.
"""
import _thread
from collections import deque
from time import monotonic, sleep as _sleep

_runnable = deque()    # work in the order it was started: objects with run() and daemon
_running = []          # identifiers of the threads on the stack, innermost last
_vain_waits = []       # beside _running: how often each waited although code below could have gone on
_conditions = []       # of the waits on the stack: callables that say whether the wait is over
_threading = None      # the namespace of threading.py
_next_identifier = 1 << 20
_MOST_NESTED = 48      # each nested thread takes a piece of the one stack there is
_PATIENCE = 3          # timed waits of one thread before code below that could go on is let go on
_STUBBORN = 1000       # times a thread may swallow Suspended


class Suspended(BaseException):
    """Ends a thread that waits for what only the waiting code below it can bring."""


def get_ident():
    return _running[-1] if _running else _thread.get_ident()


def add(work):
    _runnable.append(work)


def forget(work):
    if work in _runnable:
        _runnable.remove(work)


def pending():
    return bool(_runnable)


def run_one():
    """Runs the oldest work to its end; False when there is none."""
    if not _runnable or len(_running) >= _MOST_NESTED:
        return False
    _runnable.popleft().run()
    return True


def _give_way():
    """Ends the running thread when code below it has been kept waiting for long enough."""
    if not _running or not any(condition() for condition in _conditions):
        return
    _vain_waits[-1] += 1
    if _vain_waits[-1] > _STUBBORN:
        raise SystemError("a thread that cannot go on catches its own end")
    if _vain_waits[-1] > _PATIENCE:
        raise Suspended


def wait_for(condition, timeout=None):
    """Waits until condition() is true: the one place where anything waits for a thread. False when time is up."""
    end = None if timeout is None else monotonic() + timeout
    while not condition():
        if end is not None and monotonic() >= end:
            return False
        _conditions.append(condition)
        try:
            ran = run_one()
        finally:
            _conditions.pop()
        if ran:
            continue
        if end is None:
            if _running and any(condition() for condition in _conditions):
                _vain_waits[-1] = max(_vain_waits[-1], _PATIENCE)
                _give_way()
            raise RuntimeError("this wait can never end: no other thread is left to run "
                               "(threads of the WebAssembly sandbox run one after another)")
        _give_way()
        _sleep(max(0, end - monotonic()))
    return True


def block(try_acquire, is_free, timeout):
    """A lock that is taken: called by the guest's program. Returns whether it is acquired now."""
    return wait_for(is_free, timeout) and try_acquire()


def sleep(seconds, /):
    """time.sleep(), which gives what was started its turn first."""
    if not _runnable and not _running:
        return _sleep(seconds)
    begin = monotonic()
    while run_one():
        pass
    _give_way()
    return _sleep(seconds if seconds <= 0 else max(0, seconds - (monotonic() - begin)))


# ---- threading.Thread ----

class _Handle:
    """Stands for _thread._ThreadHandle, which knows only threads of the platform."""

    def __init__(self, ident):
        self.ident = ident
        self._done = False

    def is_done(self):
        return self._done

    def _set_done(self):
        self._done = True

    def join(self, timeout=None):
        wait_for(self.is_done, timeout)


class _ThreadWork:
    def __init__(self, thread):
        self.thread = thread

    @property
    def daemon(self):
        return self.thread._daemonic

    def run(self):
        import contextvars
        thread = self.thread
        try:
            contextvars.Context().run(run_as, thread, _run_thread, thread)
        except Suspended:
            pass
        finally:
            thread._handle._set_done()


def _run_thread(thread):
    try:
        thread.run()
    except Suspended:
        raise
    except BaseException:
        thread._invoke_excepthook(thread)


def new_identifier():
    global _next_identifier
    _next_identifier += 1
    return _next_identifier


def run_as(thread, function, *args):
    """Calls the function as the given Thread, outside any event loop that waits below."""
    import sys
    events = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if events else None
    active = _threading["_active"]
    _running.append(thread._ident)
    _vain_waits.append(0)
    active[thread._ident] = thread
    if loop is not None:
        events._set_running_loop(None)
    try:
        return function(*args)
    finally:
        if loop is not None:
            events._set_running_loop(loop)
        active.pop(thread._ident, None)
        _running.pop()
        _vain_waits.pop()


def _start(self):
    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    self._ident = new_identifier()
    self._native_id = self._ident
    self._handle = _Handle(self._ident)
    self._started.set()
    _threading["_active"][self._ident] = self
    add(_ThreadWork(self))


def _join(self, timeout=None):
    if not self._initialized:
        raise RuntimeError("Thread.__init__() not called")
    if not self._started.is_set():
        raise RuntimeError("cannot join thread before it is started")
    if self is _threading["current_thread"]():
        raise RuntimeError("cannot join current thread")
    wait_for(self._handle.is_done, None if timeout is None else max(timeout, 0))


def _is_alive(self):
    assert self._initialized, "Thread.__init__() not called"
    if not self._started.is_set() or self._handle.is_done():
        return False
    # A loop that does nothing but ask would ask for ever, so that the second question runs the thread.
    if self._ident not in _running and isinstance(self._handle, _Handle):
        if getattr(self, "_asked", False):
            wait_for(self._handle.is_done, 0)
        self._asked = True
    return not self._handle.is_done()


def _start_new_thread(function, args, kwargs={}, /):
    thread = _threading["Thread"](target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    return thread.ident


def _finish():
    """At the end of the program what is no daemon still runs."""
    for work in list(_runnable):
        if work.daemon:
            forget(work)
    while run_one():
        pass


def install(names):
    """REQUIRES: `names` is the namespace of threading.py, complete but for this."""
    global _threading
    import time
    _threading = names
    thread = names["Thread"]
    thread.start, thread.join, thread.is_alive = _start, _join, _is_alive
    names["get_ident"] = names["get_native_id"] = get_ident
    import _threading_local
    names["local"] = _threading_local.local  # the compiled one knows only threads of the platform
    _thread.start_new_thread = _thread.start_new = _start_new_thread
    time.sleep = sleep
    _finish_threads = names["_shutdown"]

    def _shutdown():
        for call in reversed(names["_threading_atexits"]):
            call()
        names["_threading_atexits"].clear()
        _finish()
        _finish_threads()

    names["_shutdown"] = _shutdown
