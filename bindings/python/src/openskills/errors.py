"""What goes wrong, as exceptions. `code` is stable and the same in every language; compare it, never the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Tuple, Type

from . import _native

if TYPE_CHECKING:
    from .outcome import Outcome

__all__ = ["InvalidArgument", "OpenSkillsError", "RunFailed", "SkillNotFound"]


class OpenSkillsError(Exception):
    """A call that failed. `hint` says what would mend it and may be empty."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" + (f"\n{self.hint}" if self.hint else "")


class SkillNotFound(OpenSkillsError, LookupError):
    """No visible skill has that id."""


class InvalidArgument(OpenSkillsError, TypeError, ValueError):
    """A value of a wrong type or form, or an option that does not exist: code `invalid-argument`."""

    def __init__(self, code: str = "invalid-argument", message: str = "", hint: str = "") -> None:
        super().__init__(code, message, hint)


class RunFailed(OpenSkillsError):
    """What `Outcome.raise_for_status()` raises. `code` is the error's, or, where the run began, the status
    (`failed`, `timeout`, …)."""

    def __init__(self, code: str, message: str, hint: str, outcome: Outcome) -> None:
        super().__init__(code, message, hint)
        self.outcome = outcome

    def __reduce__(self) -> Tuple[Type[RunFailed], Tuple[str, str, str, Outcome]]:
        return (type(self), (self.code, self.message, self.hint, self.outcome))


_CLASSES: Dict[str, Type[OpenSkillsError]] = {"skill-not-found": SkillNotFound, "invalid-argument": InvalidArgument}


def from_native(problem: _native.Error) -> OpenSkillsError:
    code, message, hint = problem.args
    return _CLASSES.get(code, OpenSkillsError)(code, message, hint)


def invalid(message: str) -> InvalidArgument:
    return InvalidArgument(message=message)
