"""What a caller grants: the options of a run and of a runtime, checked for the library."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from . import _native
from .errors import invalid
from .values import made_of

__all__ = ["CancelToken", "Mount", "RunOptions"]

PathLike = Union[str, "os.PathLike[str]"]
Stdin = Union[bytes, bytearray, memoryview, str, Path, IO[bytes], IO[str], None]
OnOutput = Callable[[str, bytes], Any]


class CancelToken:
    """Cancels runs from anywhere. One token may serve several; it stays cancelled."""

    __slots__ = ("_native",)

    def __init__(self) -> None:
        self._native = _native.StopToken()

    def cancel(self) -> None:
        self._native.cancel()

    @property
    def cancelled(self) -> bool:
        return self._native.cancelled()


@dataclass(frozen=True)
class Mount:
    """A further host folder, seen by the script at `guest_path`."""

    host_path: PathLike
    guest_path: str
    writable: bool = True


@dataclass(frozen=True)
class RunOptions:
    """None means the library's default. `timeout` (a timedelta, or seconds) is another way to say `timeout_ms`."""

    timeout_ms: Optional[int] = None
    memory_bytes: Optional[int] = None
    output_limit_bytes: Optional[int] = None
    workspace: Optional[PathLike] = None
    workspace_access: Optional[str] = None
    cwd: Optional[str] = None
    tier: Optional[str] = None
    isolation: Optional[str] = None
    missing_layers: Optional[str] = None
    requirements: Optional[str] = None
    expected_digest: Optional[str] = None
    environment: Optional[Mapping[str, str]] = None
    mounts: Optional[Sequence[Mount]] = None
    stdin: Stdin = None
    seed: Optional[int] = None
    clock_start_ns: Optional[int] = None
    artifacts_directory: Optional[PathLike] = None
    on_output: Optional[OnOutput] = None
    cancel: Optional[CancelToken] = None
    timeout: Union[timedelta, float, None] = None

    def with_changes(self, changes: Dict[str, Any]) -> RunOptions:
        if not changes:
            return self
        if not _NAMES.issuperset(changes):
            unknown = min(changes.keys() - _NAMES)
            raise invalid(f"there is no run option {unknown!r}; known are {', '.join(sorted(_NAMES))}")
        # As replace(), which takes six times as long. What was not said is the class's own None.
        return made_of(RunOptions, changes if self is _DEFAULT else {**self.__dict__, **changes})


_NAMES = {field.name for field in fields(RunOptions)}


def dump(value: Any) -> str:
    """JSON in UTF-8 as the library reads it; what has no such form is an argument of a wrong type."""
    try:
        text = _ENCODER.encode(value)
        if not text.isascii():
            text.encode()  # fails for half a surrogate pair
    except (TypeError, ValueError, RecursionError) as problem:
        raise invalid(f"this cannot be given as JSON: {problem}") from None
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mount):
        return {name: getattr(value, name) for name in ("host_path", "guest_path", "writable")}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no type of JSON")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)


def milliseconds(timeout: Any) -> int:
    if isinstance(timeout, bool) or not isinstance(timeout, (timedelta, int, float)):
        raise invalid(f"timeout must be a timedelta or seconds, not {type(timeout).__name__}")
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if not 0 < seconds < 1e9:
        raise invalid("timeout must be more than 0 and less than 30 years")
    return max(1, round(seconds * 1000))


def options_members(options: RunOptions) -> Dict[str, Any]:
    members = vars(options)
    if options.timeout is None:
        return members
    return {**members, "timeout_ms": milliseconds(options.timeout)}


def resolve(options: Any, changes: Dict[str, Any]) -> RunOptions:
    if options is None:
        options = _DEFAULT
    if not isinstance(options, RunOptions):
        raise invalid(f"options must be RunOptions, not {type(options).__name__}")
    resolved = options.with_changes(changes)
    if resolved.cancel is not None and not isinstance(resolved.cancel, CancelToken):
        raise invalid(f"cancel must be a CancelToken, not {type(resolved.cancel).__name__}")
    if resolved.on_output is not None and not callable(resolved.on_output):
        raise invalid("on_output must be callable")
    return resolved


_DEFAULT = RunOptions()


class OpenStdin:
    """What the library reads as standard input: bytes, or a descriptor that is this run's own until `close()`."""

    def __init__(self, source: Any) -> None:
        self.native: _native.Stdin = None
        self._descriptor: Optional[int] = None
        if source is None:
            return
        if isinstance(source, str):
            self.native = source.encode("utf-8", "surrogatepass")
        elif isinstance(source, (bytes, bytearray, memoryview)):
            self.native = bytes(source)
        elif isinstance(source, os.PathLike):
            self._open(source)
        elif hasattr(source, "fileno"):
            self.native = self._descriptor = os.dup(source.fileno())
        else:
            raise invalid(f"stdin must be text, bytes, a path or an open file, not {type(source).__name__}")

    def _open(self, path: Any) -> None:
        try:
            self.native = self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError) as problem:
            raise invalid(f"stdin: {problem}") from None

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def texts(name: str, values: Any) -> List[str]:
    """A list of texts; a text itself is no list of its letters."""
    if not isinstance(values, (list, tuple)) and (isinstance(values, (str, bytes)) or not isinstance(values, Sequence)):
        raise invalid(f"{name} must be a list of texts, not {type(values).__name__}")
    return [text_or_path(name, one) for one in values]


def text_or_path(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    return text(name, os.fspath(value) if isinstance(value, os.PathLike) else value)


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid(f"{name} must be text, not {type(value).__name__}")
    return value
