"""pty for the sandbox, which has neither terminals nor other programs: it imports, and each call says so."""
from tty import setraw, tcgetattr, tcsetattr

from _sandbox import refuses

__all__ = ["openpty", "fork", "spawn"]
STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, CHILD = 0, 1, 2, 0

_refuse = refuses("pty", "it has no terminals, and programs cannot be started here")
openpty, fork, spawn = _refuse("openpty"), _refuse("fork"), _refuse("spawn")
