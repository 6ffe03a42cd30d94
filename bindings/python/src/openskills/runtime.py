"""OpenSkillRuntime: finds skills and runs their scripts in a sandbox."""

from __future__ import annotations

import atexit
import json
import logging
from os import PathLike as OsPathLike
from typing import Any, AsyncIterator, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import _native, background
from .bundle import bundled_guests
from .errors import from_native, invalid
from .options import OpenStdin, PathLike, RunOptions, dump, options_members, resolve, text, text_or_path, texts
from .outcome import Outcome, outcome_from
from .values import (
    ActivatedSkill, FoundSkill, Manifest, PromptText, SkillChanges, SkillDiagnostic, SkillFile, SkillInfo,
    diagnostics_from,
)  # fmt: skip

__all__ = ["Conversation", "OpenSkillRuntime", "SkillWatcher"]

Skills = Union[PathLike, Sequence[PathLike], None]
SkillFilter = Callable[[SkillInfo], bool]

_log = logging.getLogger("openskills")
_SILENT = background.Relay(None)
_NO_STDIN = OpenStdin(None)
atexit.register(_native.shut_down)


def runtime_options(skills: Any, options: Dict[str, Any]) -> str:
    wanted = {name: value for name, value in options.items() if value is not None}
    if skills is not None:
        wanted["skills"] = texts("skills", [skills] if isinstance(skills, (str, OsPathLike)) else skills)
    if "guest_directories" in wanted:
        wanted["guest_directories"] = texts("guest_directories", wanted["guest_directories"])
    guests = bundled_guests()
    if guests is not None:
        wanted["guest_directories"] = [*wanted.get("guest_directories", ()), guests]
    return dump(wanted)


class Conversation:
    """Which skills one conversation has active, so that none is given twice."""

    __slots__ = ("_native",)

    def __init__(self) -> None:
        self._native = _native.Conversation()

    def active(self) -> List[str]:
        """Ids, oldest first."""
        return self._native.active()

    def covers(self, path: PathLike) -> bool:
        """Whether an absolute path lies in an active skill's folder: it may be read without asking again."""
        return self._native.covers(text("path", path if isinstance(path, str) else str(path)))

    def render_again(self, max_characters_each: int = 20_000, max_characters: int = 100_000) -> str:
        """After a compaction: the texts of the active skills, most recent first, within the bounds."""
        return self._native.render_again(max_characters_each, max_characters)


class SkillWatcher:
    """Tells which skills changed on disk, as it happens. Takes what `OpenSkillRuntime` takes."""

    def __init__(self, skills: Skills = None, **options: Any) -> None:
        try:
            self._native = _native.start_watcher(runtime_options(skills, options))
        except _native.Error as problem:
            raise from_native(problem) from None

    @classmethod
    def start(cls, skills: Skills = None, **options: Any) -> SkillWatcher:
        """Searches once and begins to watch."""
        return cls(skills, **options)

    def wait(self, timeout_ms: int) -> Optional[SkillChanges]:
        """Waits for a change; None when the time is over."""
        if isinstance(timeout_ms, bool) or not isinstance(timeout_ms, int) or not 0 <= timeout_ms < 2**32:
            raise invalid("timeout_ms must be a whole number, 0 or more")
        try:
            found = self._native.wait(timeout_ms)
        except _native.Error as problem:
            raise from_native(problem) from None
        return None if found is None else SkillChanges.from_json(json.loads(found))

    async def await_change(self, timeout_ms: int = 2**32 - 1) -> Optional[SkillChanges]:
        """`wait()` that leaves the event loop free."""
        return await background.call(lambda: self.wait(timeout_ms))


class OpenSkillRuntime:
    """Any thread may make any call. What takes time has a twin whose name begins with `a`, for asyncio."""

    def __init__(
        self,
        skills: Skills = None,
        *,
        project_directory: Optional[PathLike] = None,
        project_trust: Optional[str] = None,
        profile: Optional[str] = None,
        added_directories: Optional[Sequence[PathLike]] = None,
        accessed_files: Optional[Sequence[PathLike]] = None,
        skill_overrides: Optional[Mapping[str, str]] = None,
        lock_file: Optional[PathLike] = None,
        trust_directory: Optional[PathLike] = None,
        index_directory: Optional[PathLike] = None,
        cache_directory: Optional[PathLike] = None,
        cache_limit_bytes: Optional[int] = None,
        guest_directories: Optional[Sequence[PathLike]] = None,
        digests: Optional[str] = None,
        max_concurrent_runs: Optional[int] = None,
        worker_path: Optional[PathLike] = None,
        on_log: Optional[Callable[[Dict[str, Any]], None]] = None,
    ) -> None:
        options = dict(
            project_directory=project_directory, project_trust=project_trust, profile=profile,
            added_directories=added_directories, accessed_files=accessed_files, skill_overrides=skill_overrides,
            lock_file=lock_file, trust_directory=trust_directory, index_directory=index_directory, cache_directory=cache_directory,
            cache_limit_bytes=cache_limit_bytes, guest_directories=guest_directories, digests=digests,
            max_concurrent_runs=max_concurrent_runs, worker_path=worker_path,
        )  # fmt: skip
        self._on_log = on_log
        self._searched = object()
        self._known: Tuple[object, Tuple[SkillInfo, ...]] = (None, ())
        try:
            self._native = _native.create(runtime_options(skills, options))
        except _native.Error as problem:
            raise from_native(problem) from None

    def load_skills(self) -> None:
        """Searches for skills, reading nothing but SKILL.md files; replaces what was loaded before."""
        self._search("load_skills")
        for one in self.diagnostics():
            self._tell({"event": "diagnostic", "code": one.code, "severity": one.severity, "path": one.path,
                        "message": one.message}, logging.WARNING)  # fmt: skip

    def refresh(self) -> SkillChanges:
        """`load_skills()` again, reading only what is new or changed."""
        return SkillChanges.from_json(self._search("refresh"))

    def _search(self, method: str) -> Any:
        try:
            return self._call(method)
        finally:
            self._searched = object()

    def skills(self) -> List[SkillInfo]:
        """The visible skills, sorted by id."""
        searched = self._searched
        known = self._known
        if known[0] is not searched:
            # Noted under the search that was the last one before: one that ends meanwhile makes it stale.
            known = (searched, _native.skills(self._native, SkillInfo, SkillDiagnostic))
            self._known = known
        return list(known[1])

    def diagnostics(self) -> Tuple[SkillDiagnostic, ...]:
        """What the search had to say: skipped, hidden and blocked skills."""
        return diagnostics_from(self._call("diagnostics"))

    def prompt(
        self,
        *,
        style: Optional[str] = None,
        show_locations: Optional[bool] = None,
        budget_characters: Optional[int] = None,
        filter: Optional[SkillFilter] = None,
    ) -> PromptText:
        """The skills for a system prompt."""
        request: Dict[str, Any] = dict(style=style, show_locations=show_locations, budget_characters=budget_characters)
        return PromptText.from_json(self._call("prompt", {**request, "only": self._only(filter)}))

    def activate(
        self,
        id: str,
        arguments: Optional[str] = None,
        *,
        as_: Optional[str] = None,
        by: Optional[str] = None,
        shown_directory: Optional[PathLike] = None,
        session_id: Optional[str] = None,
        conversation: Optional[Conversation] = None,
    ) -> ActivatedSkill:
        """A skill's instructions. Raises `skill-not-invocable` when its frontmatter keeps `by` out."""
        request = {"arguments": arguments, "as": as_, "by": by, "shown_directory": shown_directory,
                   "session_id": session_id}  # fmt: skip
        native = None if conversation is None else conversation._native
        return ActivatedSkill.from_json(self._call("activate", {"id": text("id", id), "request": request}, native))

    def manifest(self, id: str) -> Manifest:
        """What the skill's frontmatter says, every key of it."""
        return Manifest.from_json(self._call("manifest", {"id": text("id", id)}))

    def files(self, id: str) -> List[SkillFile]:
        return [SkillFile.from_json(one) for one in self._call("files", {"id": text("id", id)})]

    def read(self, id: str, path: PathLike) -> bytes:
        """A file of the skill, which cannot lead out of it."""
        names = [text("id", id), text("path", path if isinstance(path, str) else str(path))]
        for name in names:
            dump(name)
        try:
            return _native.read(self._native, names[0], names[1])
        except _native.Error as problem:
            raise from_native(problem) from None

    def search(self, query: str, limit: int = 10, filter: Optional[SkillFilter] = None) -> List[FoundSkill]:
        arguments = {"query": text("query", query), "limit": limit, "only": self._only(filter)}
        return [FoundSkill.from_json(one) for one in self._call("search", arguments)]

    def execute_skill(
        self, id: str, input: Any = None, options: Optional[RunOptions] = None, **changes: Any
    ) -> Outcome:
        """Runs the skill's entry point with `input` as JSON. Options may also be given by name."""
        return self._run("execute_skill", {"id": text("id", id), "input": input}, resolve(options, changes))

    def run_script(
        self, id: str, script: PathLike, arguments: Sequence[str] = (), options: Optional[RunOptions] = None,
        **changes: Any,
    ) -> Outcome:  # fmt: skip
        """Runs one script of the skill, e.g. `scripts/x.py`."""
        return self._run("run_script", script_arguments(id, script, arguments), resolve(options, changes))

    def exec(
        self, id: Optional[str], command: Sequence[str], options: Optional[RunOptions] = None, **changes: Any
    ) -> Outcome:
        """Runs a command line as a SKILL.md writes it, e.g. `["python3", "scripts/x.py"]`. No shell parses it."""
        return self._run("exec", command_arguments(id, command), resolve(options, changes))

    def run_module(
        self, path: PathLike, arguments: Sequence[str] = (), options: Optional[RunOptions] = None, **changes: Any
    ) -> Outcome:
        """Runs a bare WASI module with nothing mounted but `mounts`."""
        return self._run("run_module", module_arguments(path, arguments), resolve(options, changes))

    async def aload_skills(self) -> None:
        await background.call(self.load_skills)

    async def arefresh(self) -> SkillChanges:
        return await background.call(self.refresh)

    async def aread(self, id: str, path: PathLike) -> bytes:
        return await background.call(lambda: self.read(id, path))

    async def aexecute_skill(
        self, id: str, input: Any = None, options: Optional[RunOptions] = None, **changes: Any
    ) -> Outcome:
        """Cancelling the task cancels the run and its process."""
        return await self._arun("execute_skill", {"id": text("id", id), "input": input}, resolve(options, changes))

    async def arun_script(
        self, id: str, script: PathLike, arguments: Sequence[str] = (), options: Optional[RunOptions] = None,
        **changes: Any,
    ) -> Outcome:  # fmt: skip
        return await self._arun("run_script", script_arguments(id, script, arguments), resolve(options, changes))

    async def aexec(
        self, id: Optional[str], command: Sequence[str], options: Optional[RunOptions] = None, **changes: Any
    ) -> Outcome:
        return await self._arun("exec", command_arguments(id, command), resolve(options, changes))

    async def arun_module(
        self, path: PathLike, arguments: Sequence[str] = (), options: Optional[RunOptions] = None, **changes: Any
    ) -> Outcome:
        return await self._arun("run_module", module_arguments(path, arguments), resolve(options, changes))

    def stream_script(
        self, id: str, script: PathLike, arguments: Sequence[str] = (), options: Optional[RunOptions] = None,
        **changes: Any,
    ) -> AsyncIterator[Tuple[str, Union[bytes, Outcome]]]:  # fmt: skip
        """Yields `("stdout" | "stderr", bytes)` as it comes and last `("outcome", Outcome)`. Leaving the loop early
        (with `aclose()`) cancels the run."""
        given = script_arguments(id, script, arguments)
        return background.stream(self._native, "run_script", given, resolve(options, changes), self._ended)

    def stream_exec(
        self, id: Optional[str], command: Sequence[str], options: Optional[RunOptions] = None, **changes: Any
    ) -> AsyncIterator[Tuple[str, Union[bytes, Outcome]]]:
        given = command_arguments(id, command)
        return background.stream(self._native, "exec", given, resolve(options, changes), self._ended)

    def _call(self, method: str, arguments: Any = None, conversation: Optional[_native.Conversation] = None) -> Any:
        given = "" if arguments is None else dump(arguments)
        try:
            return json.loads(_native.call(self._native, method, given, conversation))
        except _native.Error as problem:
            raise from_native(problem) from None

    def _only(self, filter: Optional[SkillFilter]) -> Optional[List[str]]:
        return None if filter is None else [skill.id for skill in self.skills() if filter(skill)]

    def _run(self, method: str, arguments: Dict[str, Any], options: RunOptions) -> Outcome:
        relay = _SILENT if options.on_output is None else background.Relay(options.on_output)
        source = _NO_STDIN if options.stdin is None else OpenStdin(options.stdin)
        try:
            parts = _native.run(self._native, method, arguments, options_members(options), source.native,
                                relay.native, background.stops_of(options, relay))  # fmt: skip
        except _native.Error as problem:
            raise from_native(problem) from None
        finally:
            source.close()
        relay.raise_problem()
        return self._ended(outcome_from(*parts))

    async def _arun(self, method: str, arguments: Dict[str, Any], options: RunOptions) -> Outcome:
        return self._ended(await background.run(self._native, method, arguments, options))

    def _ended(self, outcome: Outcome) -> Outcome:
        if self._on_log is not None or _log.isEnabledFor(logging.INFO):
            self._tell({"event": "run", "run_id": outcome.run_id, "skill": outcome.skill, "script": outcome.script,
                        "status": outcome.status, "exit_code": outcome.exit_code,
                        "wall_ms": outcome.usage.wall_ms}, logging.INFO)  # fmt: skip
        return outcome

    def _tell(self, record: Dict[str, Any], level: int) -> None:
        if self._on_log is not None:
            self._on_log(record)
        _log.log(level, "%s", record, extra={"openskills": record})


def script_arguments(id: Any, script: Any, arguments: Any) -> Dict[str, Any]:
    return {"id": text("id", id), "script": text_or_path("script", script), "arguments": texts("arguments", arguments)}


def command_arguments(id: Any, command: Any) -> Dict[str, Any]:
    return {"id": "" if id is None else text("id", id), "command": texts("command", command)}


def module_arguments(path: Any, arguments: Any) -> Dict[str, Any]:
    return {"path": text_or_path("path", path), "arguments": texts("arguments", arguments)}
