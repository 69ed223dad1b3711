"""What Ansible did, as small frozen values, and their form on the pipe from the supervisor: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from opsharden.model import ChangeStatus


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task begins; its results follow, host by host."""

    role: str
    task: str


@dataclass(frozen=True, slots=True)
class HostBegan:
    """A task begins on one host. Where no result follows, nobody knows how it ended there."""

    host: str
    role: str
    task: str


@dataclass(frozen=True, slots=True)
class HostResult:
    """What one task came to on one host.

    Attributes:
        host: Inventory name.
        role: The role the task is of; empty for tasks of none.
        task: Its name.
        status: What became of it.
        message: What Ansible said where it failed; where something was changed, what the module says of it.
        ignored: It failed and the role goes on regardless (`ignore_errors`).
        changed: Something was changed, whatever else became of it.
        unknown: Ansible hid the result (`no_log`) or dropped it because of its size, so that nobody can tell from it
            whether something was changed. Such a result is called changed until the final counts say otherwise.
        timed_out: It took longer than a task may, and was ended on this side; on the host it may still run.
    """

    host: str
    role: str
    task: str
    status: ChangeStatus
    message: str = ""
    ignored: bool = False
    changed: bool = False
    unknown: bool = False
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something Ansible says that belongs to no task.

    Attributes:
        level: `error`, `warning` or `output`.
        text: As Ansible printed it, possibly of several lines.
    """

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class HostCounts:
    """How many tasks came to what on one host, counted as in Ansible's recap: changed ones are also ok."""

    ok: int = 0
    changed: int = 0
    failed: int = 0
    unreachable: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Ansible's own last word: without it, a run did not come to its end."""

    hosts: Mapping[str, HostCounts]


@dataclass(frozen=True, slots=True)
class Ended:
    """The supervisor's last word, after which nothing of the run is alive on this machine.

    Attributes:
        cancelled: It was told to stop.
        fault: Why Ansible could not be run; empty where it could.
    """

    cancelled: bool = False
    fault: str = ""


PlayEvent = TaskStarted | HostBegan | HostResult | Notice | Stats
_KINDS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (TaskStarted, HostBegan, HostResult, Notice, Stats, Ended)
}


def to_line(event: PlayEvent | Ended) -> str:
    """The event as one line of JSON, with its newline."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}) + "\n"


def from_line(line: str) -> PlayEvent | Ended:
    """The event a line stands for.

    Raises:
        ValueError: The line is none of ours.
    """
    fields = json.loads(line)
    try:
        adapter = _KINDS[fields.pop("event")]
    except (KeyError, AttributeError, TypeError):
        raise ValueError("not an event") from None
    event: PlayEvent | Ended = adapter.validate_python(fields)
    return event
