"""What a finding says, for people: what, what it is, what it should be, where that is set, and what to do about it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_WHERE = re.compile(r" \((?P<where>[~/][^()]*)\)$")
_NAMED = 3
"""So many hosts are named in advice; with more, apply finds them by itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was compared.

    Attributes:
        what: The thing; empty where the check compared two plain values.
        found: What it is.
        wanted: What it should be.
        where: The file, and the line if it is known, that says so; empty where it is not known.
    """

    what: str
    found: str
    wanted: str
    where: str = ""

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        thing = f"{self.what}: " if self.what else ""
        where = f" ({self.where})" if self.where else ""
        return f"{thing}{self.found or 'empty'}, should be {self.wanted or 'empty'}{where}"


def paired(observed: str, expected: str) -> tuple[Line, ...]:
    """Bring together what a check found and what it wanted, thing by thing.

    Checks say both in lines of `what: value`, what was found with `(path:line)` behind it where that is known.

    Args:
        observed: Of a finding.
        expected: Of the same.

    Returns:
        A line for each thing; a single one without `what` where they are two plain values; none where nothing was
        compared.
    """
    if not observed and not expected:
        return ()
    wanted = dict(part for line in expected.split("\n") for part in _parts(line))
    lines: list[Line] = []
    for said in observed.split("\n"):
        fitting = next(((what, found) for what, found in _parts(said) if what in wanted), None)
        if fitting:
            what, found = fitting
            lines.append(Line(what, *_place(found, wanted[what])))
        elif lines:
            lines[-1] = replace(lines[-1], found=f"{lines[-1].found}\n{said}")
        else:
            return (Line("", observed, expected),)
    return tuple(lines)


def apply_command(control: str, hosts: Sequence[str]) -> str:
    """The command that brings a control about on these hosts; empty where there are none."""
    if not hosts:
        return ""
    limit = f" -l {shlex.quote(','.join(hosts))}" if len(hosts) <= _NAMED else ""
    return f"opsharden apply --control {control}{limit}"


def sentences(by_hand: str, by_apply: bool) -> tuple[str, ...]:
    """What is left to the administrator; there is always something where apply does nothing."""
    said = tuple(filter(None, by_hand.split("\n")))
    return said if said or by_apply else ("Apply does not change this.",)


def _parts(line: str) -> Iterator[tuple[str, str]]:
    """Every way to read a line as `what: value`, the longest `what` first: it may hold a colon itself."""
    ends = [found.start() for found in re.finditer(": ", line)]
    return ((line[:end], line[end + 2 :]) for end in reversed(ends))


def _place(found: str, wanted: str) -> tuple[str, str, str]:
    place = _WHERE.search(found)
    return (found[: place.start()], wanted, place["where"]) if place else (found, wanted, "")
