"""What is asked of hosts: controls and profiles, and what the values of options can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


class Severity(StrEnum):
    """How much a failing control matters, weakest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for critical."""
        return list(Severity).index(self)


class Risk(StrEnum):
    """What applying a control can do to a host that is in use."""

    NONE = "none"
    LOCKOUT_OR_OUTAGE = "lockout-or-outage"


@dataclass(frozen=True, slots=True)
class Limit:
    """What the value of an option has to be beyond its type.

    Attributes:
        at_least: The smallest number.
        at_most: The largest number.
        not_below: A part of the same mapping that is no larger.
        filled: Whether a list has to hold something.
        lists: Whether each value of a mapping has to be a list.
        shape: A regular expression that all of a text, or of each text in a list, has to match.
        words: What such a text is: "a name or an address".
        parts: The same of the parts of a mapping.
    """

    at_least: int | None = None
    at_most: int | None = None
    not_below: str = ""
    filled: bool = False
    lists: bool = False
    shape: str = ""
    words: str = ""
    parts: Mapping[str, Limit] = field(default_factory=dict)
    __pydantic_config__: ClassVar = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Control:
    """One requirement on a host.

    Attributes:
        id: Stable, lower-case, area first: `ssh-no-root`.
        title: The state required, one sentence.
        why: What goes wrong without it, one or two sentences.
        severity: How much a failure matters.
        role: The role that owns it: its folder's name.
        level: 1 or 2 as in the CIS benchmarks; 0 where no benchmark has it.
        risk: What applying it can do to a host in use.
        references: Catalogue name to the numbers in it.
        kind: How it is looked at, brought about and broken, where data says all of it; empty where its role has ways of
            its own.
        want: What has to hold, in the shape of its kind.
    """

    id: str
    title: str
    why: str
    severity: Severity
    role: str
    level: int = 0
    risk: Risk = Risk.NONE
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind: str = ""
    want: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A named list of control ids, in the order they are reported."""

    name: str
    title: str
    controls: tuple[str, ...]
    values: Mapping[str, object] = field(default_factory=dict)


def control_of(controls: Mapping[str, Control], control_id: str) -> Control:
    """The control with this id; one nobody describes any more counts as critical rather than as nothing."""
    known = controls.get(control_id)
    return known or Control(id=control_id, title=control_id, why="", severity=Severity.CRITICAL, role="unknown")
