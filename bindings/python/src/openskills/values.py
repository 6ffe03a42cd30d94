"""What calls answer: frozen values with the members of the C++ structs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Dict, Optional, Tuple, Type, TypeVar, cast

__all__ = [
    "ActivatedSkill",
    "FoundSkill",
    "Manifest",
    "PromptText",
    "SkillChanges",
    "SkillDiagnostic",
    "SkillFile",
    "SkillInfo",
]

T = TypeVar("T", bound="Value")
K = TypeVar("K")


class Value:
    """Frozen; can be pickled. Those there can be thousands of have slots; those made in every run have none."""

    __slots__ = ()

    def __reduce__(self) -> Tuple[Any, Tuple[Any, ...]]:
        return (type(self), tuple(getattr(self, name) for name in names_of(type(self))))

    @classmethod
    def from_json(cls: Type[T], json: Dict[str, Any]) -> T:
        return cls(*[tuple(value) if type(value) is list else value for value in map(json.__getitem__, names_of(cls))])


def made_of(kind: Type[K], members: Dict[str, Any]) -> K:
    """For a class without slots: as its constructor, which takes ten times as long for a frozen class. Keeps `members`."""
    value = _new(kind)
    _set(value, "__dict__", members)
    return value


_new = object.__new__
_set = object.__setattr__  # a frozen class has none of its own
_NAMES: Dict[type, Tuple[str, ...]] = {}


def names_of(kind: Type[Value]) -> Tuple[str, ...]:
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(cast(Any, kind)))
    return names


@dataclass(frozen=True)
class SkillDiagnostic(Value):
    __slots__ = ("code", "severity", "message", "path", "line", "column")
    code: str
    severity: str
    message: str
    path: str
    line: int
    column: int


@dataclass(frozen=True)
class SkillInfo(Value):
    __slots__ = ("id", "name", "description", "path", "source", "user_invocable", "model_invocable", "diagnostics")
    id: str
    name: str
    description: str
    path: str
    source: str
    user_invocable: bool
    model_invocable: bool
    diagnostics: Tuple[SkillDiagnostic, ...]

    @classmethod
    def from_json(cls, json: Dict[str, Any]) -> SkillInfo:
        members: Dict[str, Any] = {**json, "diagnostics": diagnostics_from(json["diagnostics"])}
        return cls(**members)


@dataclass(frozen=True)
class PromptText(Value):
    __slots__ = ("text", "instructions", "tool_schema", "skills", "shortened", "omitted")
    text: str
    instructions: str
    tool_schema: str
    skills: int
    shortened: Tuple[str, ...]
    omitted: Tuple[str, ...]


@dataclass(frozen=True)
class ActivatedSkill(Value):
    __slots__ = ("id", "text", "text_sha256", "files", "diagnostics")
    id: str
    text: str
    text_sha256: str
    files: Tuple[str, ...]
    diagnostics: Tuple[SkillDiagnostic, ...]

    @classmethod
    def from_json(cls, json: Dict[str, Any]) -> ActivatedSkill:
        diagnostics = diagnostics_from(json["diagnostics"])
        members: Dict[str, Any] = {**json, "files": tuple(json["files"]), "diagnostics": diagnostics}
        return cls(**members)


@dataclass(frozen=True)
class Manifest(Value):
    """What a skill's frontmatter says. Scalars are text as they were written: `version: 1.0` is `"1.0"`."""

    __slots__ = (
        "name", "description", "license", "compatibility", "metadata", "allowed_tools", "allowed_tool_rules",
        "disallowed_tool_rules", "when_to_use", "argument_hint", "arguments", "paths", "model", "effort", "agent",
        "context", "shell", "background", "user_invocable", "disable_model_invocation", "other",
    )  # fmt: skip
    name: str
    description: str
    license: Optional[str]
    compatibility: Optional[str]
    metadata: Dict[str, str]
    allowed_tools: Optional[str]
    allowed_tool_rules: Tuple[str, ...]
    disallowed_tool_rules: Tuple[str, ...]
    when_to_use: Optional[str]
    argument_hint: Optional[str]
    arguments: Tuple[str, ...]
    paths: Tuple[str, ...]
    model: Optional[str]
    effort: Optional[str]
    agent: Optional[str]
    context: str
    shell: str
    background: bool
    user_invocable: bool
    disable_model_invocation: bool
    other: Dict[str, Any]


@dataclass(frozen=True)
class SkillFile(Value):
    __slots__ = ("path", "size_bytes")
    path: str
    size_bytes: int


@dataclass(frozen=True)
class FoundSkill(Value):
    __slots__ = ("skill", "score")
    skill: SkillInfo
    score: float

    @classmethod
    def from_json(cls, json: Dict[str, Any]) -> FoundSkill:
        return cls(SkillInfo.from_json(json["skill"]), json["score"])


@dataclass(frozen=True)
class SkillChanges(Value):
    """Ids. False when nothing differs."""

    __slots__ = ("added", "changed", "removed")
    added: Tuple[str, ...]
    changed: Tuple[str, ...]
    removed: Tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def diagnostics_from(json: Any) -> Tuple[SkillDiagnostic, ...]:
    return tuple(SkillDiagnostic.from_json(one) for one in json)
