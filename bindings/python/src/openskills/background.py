"""Runs that leave the event loop free: what stands between asyncio and the library's threads."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Callable, Dict, Optional, Tuple, TypeVar, Union

from . import _native
from .errors import from_native
from .options import OnOutput, OpenStdin, RunOptions, options_members
from .outcome import Outcome, outcome_from

T = TypeVar("T")
Piece = Tuple[str, Union[bytes, Outcome]]


class Relay:
    """A caller's on_output as the library wants it: it says whether to go on, and never raises."""

    def __init__(self, callback: Optional[OnOutput]) -> None:
        self.native: Optional[_native.OnOutput] = None if callback is None else self._call
        self.stop = None if callback is None else _native.StopToken()
        self._callback = callback
        self._problem: Optional[BaseException] = None

    def _call(self, kind: str, data: bytes) -> bool:
        if self._problem is not None or self._callback is None:
            return False
        try:
            return self._callback(kind, data) is not False
        except BaseException as problem:  # raised where the run was asked for
            self._problem = problem
            if self.stop is not None:
                self.stop.cancel()
            return False

    def raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem


def stops_of(options: RunOptions, relay: Relay) -> Tuple[_native.StopToken, ...]:
    """What cancels the run: the caller's token, and the relay's when on_output raises or the task is cancelled."""
    own = () if relay.stop is None else (relay.stop,)
    return own if options.cancel is None else (*own, options.cancel._native)


class Started:
    """A run in the background. `future` has its parts when it is over."""

    def __init__(
        self, native: _native.Runtime, method: str, arguments: Dict[str, Any], options: RunOptions, relay: Relay
    ) -> None:
        loop = asyncio.get_running_loop()
        self.future: asyncio.Future[_native.Parts] = loop.create_future()
        self.stop = _native.StopToken()
        relay.stop = self.stop
        self._source = OpenStdin(options.stdin)
        self._loop = loop
        try:
            _native.start(native, method, arguments, options_members(options), self._source.native, relay.native,
                          stops_of(options, relay), self._done)  # fmt: skip
        except _native.Error as problem:
            self._source.close()
            raise from_native(problem) from None
        except BaseException:
            self._source.close()
            raise

    def _done(self, parts: _native.Parts) -> None:
        self._source.close()
        try:
            self._loop.call_soon_threadsafe(self._settle, parts)
        except RuntimeError:
            pass  # the loop was closed: nobody waits

    def _settle(self, parts: _native.Parts) -> None:
        if not self.future.done():
            self.future.set_result(parts)

    async def result(self) -> _native.Parts:
        """Cancelling it cancels the run, and waits until its process is gone."""
        try:
            return await asyncio.shield(self.future)
        except asyncio.CancelledError:
            self.stop.cancel()
            await asyncio.wait([self.future])
            raise


async def run(native: _native.Runtime, method: str, arguments: Dict[str, Any], options: RunOptions) -> Outcome:
    relay = Relay(options.on_output)
    parts = await Started(native, method, arguments, options, relay).result()
    relay.raise_problem()
    return outcome_from(*parts)


async def stream(
    native: _native.Runtime,
    method: str,
    arguments: Dict[str, Any],
    options: RunOptions,
    ended: Callable[[Outcome], Outcome],
) -> AsyncIterator[Piece]:
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[Optional[Piece]] = asyncio.Queue()

    def put(kind: str, data: bytes) -> bool:
        loop.call_soon_threadsafe(pieces.put_nowait, (kind, data))
        return options.on_output is None or options.on_output(kind, data) is not False

    relay = Relay(put)
    started = Started(native, method, arguments, options, relay)
    started.future.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        relay.raise_problem()
        yield ("outcome", ended(outcome_from(*started.future.result())))
    finally:
        if not started.future.done():
            started.stop.cancel()
            await asyncio.wait([started.future])


async def call(work: Callable[[], T]) -> T:
    """A call that may read many files, on a thread of the pool."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(answer: Any, problem: Optional[BaseException]) -> None:
        if future.done():
            return
        if problem is None:
            future.set_result(answer)
        else:
            future.set_exception(problem)

    def work_and_tell() -> None:
        answer: Any = None
        problem: Optional[BaseException] = None
        try:
            answer = work()
        except BaseException as raised:
            problem = raised
        try:
            loop.call_soon_threadsafe(settle, answer, problem)
        except RuntimeError:
            pass  # the loop was closed: nobody waits

    try:
        _native.in_background(work_and_tell)
    except _native.Error as problem:
        raise from_native(problem) from None
    return await future
