"""What a run came to."""

from __future__ import annotations

import base64
import json as json_module
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from .errors import RunFailed
from .values import Value, made_of, names_of

__all__ = ["Artifact", "Error", "Isolation", "Layers", "Outcome", "Usage"]


@dataclass(frozen=True)
class Error(Value):
    """A failure that an outcome tells of."""

    __slots__ = ("code", "message", "hint")
    code: str
    message: str
    hint: str


@dataclass(frozen=True)
class Artifact(Value):
    """A file that the script created, modified or deleted. `path` is relative to the workspace."""

    __slots__ = ("path", "bytes", "sha256", "change")
    path: str
    bytes: int
    sha256: Optional[str]
    change: str


@dataclass(frozen=True)
class Usage(Value):
    wall_ms: float
    cpu_ms: float
    peak_memory_bytes: int
    memory_refused: bool
    disk_written_bytes: int


@dataclass(frozen=True)
class Layers(Value):
    """Which walls stood; `landlock` is the ABI in force, or 0."""

    wasm: bool
    landlock: int
    seccomp: bool
    namespaces: Tuple[str, ...]
    network: str


@dataclass(frozen=True)
class Isolation(Value):
    tier: Optional[str]
    mode: Optional[str]
    reason: Optional[str]
    guest: Optional[str]
    layers: Layers


@dataclass(frozen=True)
class Outcome(Value):
    """A script that failed is data: see `ok`, or call `raise_for_status()`."""

    run_id: str
    skill: Optional[str]
    digest: Optional[str]
    script: Optional[str]
    argv: Tuple[str, ...]
    status: str
    exit_code: Optional[int]
    signal: Optional[int]
    limit: Optional[str]
    error: Optional[Error]
    output_is: str
    stdout_bytes: bytes
    stderr_bytes: bytes
    stdout_truncated: bool
    stderr_truncated: bool
    artifacts: Tuple[Artifact, ...]
    artifacts_complete: bool
    usage: Usage
    isolation: Isolation

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def stdout(self) -> str:
        """Standard output as text; what is not UTF-8 is replaced."""
        return self.stdout_bytes.decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        return self.stderr_bytes.decode("utf-8", "replace")

    @property
    def output(self) -> Any:
        """Of `execute_skill`: standard output parsed as JSON, else its text; None without any."""
        if self.output_is == "json":
            return json_module.loads(self.stdout_bytes)
        return _text_or_base64(self.stdout_bytes) if self.output_is == "text" else None

    def raise_for_status(self) -> Outcome:
        """Returns itself when the run was ok; raises `RunFailed` otherwise."""
        if self.ok:
            return self
        if self.error is not None:
            raise RunFailed(self.error.code, self.error.message, self.error.hint, self)
        ended = f"with exit code {self.exit_code}" if self.exit_code is not None else f"as {self.status}"
        raise RunFailed(self.status, f"the script ended {ended}", self.stderr[-2000:], self)

    def to_json(self) -> Dict[str, Any]:
        """The object that the command line's --json prints."""
        return {
            "schema": 1, "run_id": self.run_id, "skill": self.skill, "digest": self.digest, "script": self.script,
            "argv": list(self.argv), "status": self.status, "exit_code": self.exit_code, "signal": self.signal,
            "limit": self.limit, "error": self._error_json(), "output": self.output,
            "stdout": _text_or_base64(self.stdout_bytes), "stderr": _text_or_base64(self.stderr_bytes),
            "stdout_truncated": self.stdout_truncated, "stderr_truncated": self.stderr_truncated,
            "artifacts": [_plain(one) for one in self.artifacts], "artifacts_complete": self.artifacts_complete,
            "usage": _plain(self.usage), "isolation": _plain(self.isolation),
        }  # fmt: skip

    def _error_json(self) -> Optional[Dict[str, Any]]:
        error = self.error
        if error is None:
            return None
        return {"code": error.code, "message": error.message, "hint": error.hint or None}


def _text_or_base64(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        return {name: _plain(getattr(value, name)) for name in names_of(type(value))}
    return list(value) if isinstance(value, tuple) else value


def outcome_from(parts: Dict[str, Any], stdout: bytes, stderr: bytes) -> Outcome:
    del parts["schema"]
    isolation = parts["isolation"]
    isolation["layers"] = made_of(Layers, isolation["layers"])
    parts["isolation"] = made_of(Isolation, isolation)
    parts["usage"] = made_of(Usage, parts["usage"])
    if parts["artifacts"]:
        parts["artifacts"] = tuple([Artifact.from_json(one) for one in parts["artifacts"]])
    if parts["error"] is not None:
        parts["error"] = Error.from_json({**parts["error"], "hint": parts["error"]["hint"] or ""})
    parts["stdout_bytes"] = stdout
    parts["stderr_bytes"] = stderr
    return made_of(Outcome, parts)
