"""The supervisor's lines as typed events, and events folded into an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opsharden.model import Change, ChangeStatus

LOST = "Ansible's answer was too large to be kept; whether it changed something is not known."
_STATUS = {
    "runner_on_ok": ChangeStatus.OK,
    "runner_on_failed": ChangeStatus.FAILED,
    "runner_on_unreachable": ChangeStatus.UNREACHABLE,
    "runner_on_skipped": ChangeStatus.SKIPPED,
}
_FILED = (ChangeStatus.CHANGED, ChangeStatus.FAILED, ChangeStatus.UNREACHABLE)


@dataclass(frozen=True)
class TaskStarted:
    """Ansible began a task."""

    role: str
    task: str


@dataclass(frozen=True)
class HostResult:
    """One task on one host."""

    host: str
    role: str
    task: str
    status: ChangeStatus
    message: str = ""


@dataclass(frozen=True)
class Stats:
    """Ansible's own last word: host to number of tasks, by kind."""

    ok: Mapping[str, int]
    changed: Mapping[str, int]
    failures: Mapping[str, int]
    unreachable: Mapping[str, int]


PlayEvent = TaskStarted | HostResult | Stats


class PlayStatus(StrEnum):
    """How an Ansible run ended."""

    COMPLETE = "complete"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class PlayOutcome:
    """What came of a play.

    Attributes:
        status: Whether it ran to its end.
        changes: Tasks that changed something, failed for good, or could not reach their host.
        failed: Hosts on which a task failed for good.
        unreachable: Hosts that Ansible could not reach.
        missing: Hosts expected and never seen.
    """

    status: PlayStatus
    changes: tuple[Change, ...]
    failed: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def typed(line: Mapping[str, Any], clean: Callable[[str], str]) -> PlayEvent | None:
    """One line as an event; None for what is no event of a play.

    Args:
        line: As the supervisor wrote it.
        clean: Takes secrets out of a text.
    """
    kind = line["kind"]
    role, task = str(line.get("role") or ""), str(line.get("task") or "")
    if kind.endswith("task_start"):
        return TaskStarted(role, task)
    if kind == "playbook_on_stats":
        stats = line["stats"]
        return Stats(*(dict(stats.get(name) or {}) for name in ("ok", "changed", "failures", "dark")))
    if kind not in _STATUS:
        return None
    status, message = _status(line), clean(str(line.get("message") or ""))
    return HostResult(str(line.get("host") or ""), role, task, status, LOST if line.get("lost") else message)


def _status(line: Mapping[str, Any]) -> ChangeStatus:
    status = _STATUS[line["kind"]]
    if status is ChangeStatus.OK and (line.get("changed") or line.get("lost")):
        return ChangeStatus.CHANGED
    if status is ChangeStatus.FAILED and line.get("ignore_errors"):
        return ChangeStatus.OK
    return status


def outcome(events: Sequence[PlayEvent], expected: Iterable[str], status: PlayStatus) -> PlayOutcome:
    """Fold the events of a play. A host that a task failed on and a rescue brought back has not failed."""
    results = [event for event in events if isinstance(event, HostResult)]
    failed, unreachable = _with(results, ChangeStatus.FAILED), _with(results, ChangeStatus.UNREACHABLE)
    seen = {result.host for result in results}
    for stats in (event for event in events if isinstance(event, Stats)):
        failed = {host for host, count in stats.failures.items() if count}
        seen |= {host for counts in (stats.ok, stats.failures, stats.unreachable) for host in counts}
    changes = (
        Change(result.host, result.role, result.task, result.status, result.message)
        for result in results
        if result.status in _FILED and (result.status is not ChangeStatus.FAILED or result.host in failed)
    )
    missing = tuple(host for host in expected if host not in seen)
    return PlayOutcome(status, tuple(changes), tuple(sorted(failed)), tuple(sorted(unreachable)), missing)


def _with(results: Iterable[HostResult], status: ChangeStatus) -> set[str]:
    return {result.host for result in results if result.status is status}
