"""A command that did not say what a check wanted to know, told in a sentence that is the same for equal causes."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from opsharden.errors import Unanswered
from opsharden.visible import quoted

_LONGEST = 100
_NOT_FOUND = re.compile(r"(?:^|: )(?P<program>[^:\s]+): (?:command |inaccessible or )?not found\s*$")
_SHELL = re.compile(r"^(?:/bin/)?(?:sh|bash|dash)(?:: (?:line )?\d+)?: ")
_SYSTEMD = (
    ("has not been booted with systemd", "systemd does not run there"),
    ("failed to connect to bus", "systemd does not answer there"),
    ("failed to get d-bus connection", "systemd does not answer there"),
)
_PROGRAM_MISSING, _PROGRAM_REFUSED, _SIGNALLED = 127, 126, 128


class Unasked(Unanswered, AssertionError):  # noqa: N818 - see `Unanswered`
    """A command failed where a check needs its output. Testinfra raises an AssertionError, and checks may catch one."""


class Missing(Unanswered, ValueError):  # noqa: N818 - see `Unanswered`
    """A program that testinfra works with is not there. Testinfra raises a ValueError, and checks may catch one."""


def shown(command: str) -> str:
    """A command as it stands in a sentence: its first line, cut."""
    first, _, rest = command.strip().partition("\n")
    text = quoted(first, _LONGEST)
    return f"`{text}{' …' if rest and not text.endswith('…') else ''}`"


def unasked(command: str, rc: int, stderr: bytes) -> Unasked:
    """Why nobody knows what a command would have said.

    Args:
        command: As it was sent.
        rc: Its exit status; negative where a signal ended it.
        stderr: What it said there.
    """
    return Unasked(f"{shown(command)} could not be asked: {reason(command, rc, stderr)}.")


def reason(command: str, rc: int, stderr: bytes) -> str:
    """Why a command failed, without a full stop: what is missing, or its first words, and its exit status."""
    lines = [line for line in stderr[: 1 << 16].decode("utf-8", "backslashreplace").splitlines() if line.strip()]
    said = _SHELL.sub("", lines[0].strip()) if lines else ""
    how = f"exit {rc}"
    if rc < 0 or rc > _SIGNALLED:
        how = f"ended by {_signal(-rc if rc < 0 else rc - _SIGNALLED)}"
    return f"{_cause(command, rc, lines, said)} ({how})"


def _cause(command: str, rc: int, lines: Sequence[str], said: str) -> str:
    for words, meaning in _SYSTEMD:
        if any(words in line.lower() for line in lines):
            return meaning
    if rc == _PROGRAM_MISSING:
        named = next((found for line in lines if (found := _NOT_FOUND.search(line))), None)
        program = named["program"] if named else command.split(maxsplit=1)[0] if command.split() else ""
        return f"{quoted(program, _LONGEST)} is not installed"
    if rc == _PROGRAM_REFUSED and said:
        return f"it may not be run there, {quoted(said)}"
    return quoted(said) or "it did not say why"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
