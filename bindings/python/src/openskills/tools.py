"""What a model needs to use skills, as functions with JSON Schemas.

    tools = SkillTools(runtime, workspace="./work")
    answer = tools.call("run_skill_script", {"skill": "csv-report", "script": "scripts/report.py"})

The host fixes limits and grants; nothing a model passes can widen them. What a model gets wrong is an answer that says
so, never an exception.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, cast

from .errors import OpenSkillsError
from .options import RunOptions, resolve
from .outcome import Outcome
from .runtime import Conversation, OpenSkillRuntime
from .values import SkillInfo

__all__ = ["SkillTools", "ToolAnswer", "outcome_text"]

Schema = Dict[str, Any]

# Name, description and JSON Schema of each tool; the npm package has the same file.
_TOOLS: Dict[str, Dict[str, Any]] = {
    tool["name"]: tool for tool in json.loads((Path(__file__).parent / "tools.json").read_text("utf-8"))
}


def _each_tool() -> Iterator[Tuple[str, str, Schema]]:
    for tool in _TOOLS.values():
        yield tool["name"], tool["description"], deepcopy(tool["schema"])  # a caller may change what it is given


@dataclass(frozen=True)
class ToolAnswer:
    """What to give back to the model."""

    text: str
    is_error: bool = False


def outcome_text(outcome: Outcome) -> str:
    """An outcome as a model reads it."""
    lines: List[str] = []
    if outcome.stdout_bytes:
        lines.append(outcome.stdout.rstrip())
    if outcome.stderr_bytes:
        lines.append("[stderr]\n" + outcome.stderr.rstrip())
    if outcome.stdout_truncated or outcome.stderr_truncated:
        lines.append("[output was cut]")
    lines += [f"[{file.change} {file.path}]" for file in outcome.artifacts]
    if outcome.status == "failed":
        lines.append(f"[exit code {outcome.exit_code}]")
    elif not outcome.ok:
        lines.append(f"[{outcome.status}{' ' + outcome.limit if outcome.limit else ''}]")
    if outcome.error is not None:
        lines.append(f"{outcome.error.message} [{outcome.error.code}]")
    return "\n".join(lines) or "[no output]"


def _checked(name: str, given: Any) -> Dict[str, Any]:
    def wrong(what: str) -> OpenSkillsError:
        return OpenSkillsError("invalid-argument", f"{name}: {what}")

    schema = _TOOLS[name]["schema"]
    if not isinstance(given, dict):
        raise wrong("the arguments must be an object")
    arguments = cast(Dict[str, Any], given)
    for key, value in arguments.items():
        wanted = schema["properties"].get(key)
        if wanted is None:
            raise wrong(f"there is no argument '{key}'; known are: {', '.join(schema['properties'])}")
        is_list = wanted["type"] == "array"
        if not (_is_list_of_text(value) if is_list else isinstance(value, str)):
            raise wrong(f"'{key}' must be {'a list of strings' if is_list else 'a string'}")
    for key in schema["required"]:
        if key not in arguments:
            raise wrong(f"'{key}' is missing")
    return arguments


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


class SkillTools:
    """The tools over one runtime and one conversation. `options` hold for every run."""

    def __init__(
        self,
        runtime: OpenSkillRuntime,
        options: Optional[RunOptions] = None,
        *,
        filter: Optional[Callable[[SkillInfo], bool]] = None,
        conversation: Optional[Conversation] = None,
        max_characters: int = 30_000,
        **changes: Any,
    ) -> None:
        self._runtime = runtime
        self._options = resolve(options, changes)
        self._filter = filter
        self._conversation = Conversation() if conversation is None else conversation
        self._max_characters = max_characters

    def system_prompt(self) -> str:
        """What belongs into the system prompt; empty without skills."""
        prompt = self._runtime.prompt(show_locations=False, filter=self._takes_part)
        return f"{prompt.instructions}\n\n{prompt.text}" if prompt.text else ""

    def for_openai(self) -> List[Schema]:
        return [
            {"type": "function", "function": {"name": name, "description": about, "parameters": schema}}
            for name, about, schema in _each_tool()
        ]

    def for_anthropic(self) -> List[Schema]:
        return [{"name": name, "description": about, "input_schema": schema} for name, about, schema in _each_tool()]

    def for_mcp(self) -> List[Schema]:
        return [{"name": name, "description": about, "inputSchema": schema} for name, about, schema in _each_tool()]

    def call(self, name: str, arguments: Any) -> ToolAnswer:
        """Carries out what a model asked for. `arguments` is an object, or its JSON text."""
        if name not in _TOOLS:
            return ToolAnswer(f"there is no tool '{name}'", is_error=True)
        if isinstance(arguments, str):
            try:
                arguments = json.loads(arguments or "{}")
            except (ValueError, RecursionError):
                return ToolAnswer(f"{name}: the arguments are not valid JSON", is_error=True)
        try:
            text: str = getattr(self, "_" + name)(**_checked(name, arguments))
        except OpenSkillsError as problem:
            return ToolAnswer(str(problem), is_error=True)
        if len(text) > self._max_characters:
            text = f"{text[: self._max_characters]}\n[cut after {self._max_characters} characters]"
        return ToolAnswer(text)

    def _takes_part(self, skill: SkillInfo) -> bool:
        return skill.model_invocable and (self._filter is None or self._filter(skill))

    def _allowed(self, id: str) -> str:
        if any(one.id == id and self._takes_part(one) for one in self._runtime.skills()):
            return id
        raise OpenSkillsError("skill-not-found", f"there is no skill '{id}'; list_skills lists them")

    def _list_skills(self) -> str:
        lines = [f"{one.id}: {one.description}" for one in self._runtime.skills() if self._takes_part(one)]
        return "\n".join(lines) or "There are no skills."

    def _activate_skill(self, skill: str, arguments: Optional[str] = None) -> str:
        return self._runtime.activate(
            self._allowed(skill), arguments, by="model", shown_directory="/skill", conversation=self._conversation
        ).text

    def _read_skill_file(self, skill: str, path: str) -> str:
        return self._runtime.read(self._allowed(skill), path).decode("utf-8", "replace")

    def _run_skill_script(
        self, skill: str, script: str, arguments: Optional[List[str]] = None, stdin: Optional[str] = None
    ) -> str:
        options = self._with(stdin)
        return outcome_text(self._runtime.run_script(self._allowed(skill), script, arguments or (), options))

    def _exec_command(self, command: List[str], skill: Optional[str] = None, stdin: Optional[str] = None) -> str:
        id = None if skill is None else self._allowed(skill)
        return outcome_text(self._runtime.exec(id, command, self._with(stdin)))

    def _with(self, stdin: Optional[str]) -> RunOptions:
        return self._options if stdin is None else resolve(self._options, {"stdin": stdin})
