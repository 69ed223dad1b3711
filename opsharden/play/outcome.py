"""The events of a play folded into what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opsharden.model import Change, ChangeStatus
from opsharden.play.events import HostCounts, HostResult, PlayEvent, Stats

_KEPT = (ChangeStatus.CHANGED, ChangeStatus.FAILED, ChangeStatus.UNREACHABLE)


class PlayStatus(StrEnum):
    """How an Ansible run ended."""

    COMPLETE = "complete"
    CANCELLED = "cancelled"
    BROKEN = "broken"


@dataclass(frozen=True)
class PlayOutcome:
    """What came of a play.

    Attributes:
        status: Whether it ran to its end, was cancelled, or began and then died.
        changes: Tasks that changed something, failed for good, or could not reach their host.
        failed: Hosts on which a task failed for good.
        unreachable: Hosts that Ansible could not reach.
        missing: Hosts expected and never seen.
        counts: Host to numbers of tasks.
        reason: What went wrong, where it broke.
    """

    status: PlayStatus
    changes: tuple[Change, ...]
    failed: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    counts: Mapping[str, HostCounts] = field(default_factory=dict)
    reason: str = ""


class Ledger:
    """Keeps of each event only what the outcome needs."""

    def __init__(self, expected: tuple[str, ...]) -> None:
        self._expected = expected
        self._kept: list[HostResult] = []
        self._tally: dict[str, Counter[ChangeStatus]] = {}
        self._certain: Counter[str] = Counter()
        self.stats: Stats | None = None

    @property
    def empty(self) -> bool:
        """Whether no host was heard of."""
        return not self._tally

    @property
    def failures(self) -> tuple[str, ...]:
        """The messages of failed tasks."""
        return tuple(result.message for result in self._kept if result.status is ChangeStatus.FAILED)

    @property
    def changed(self) -> bool:
        """Whether anything was changed anywhere."""
        return any(result.status is ChangeStatus.CHANGED for result in self._kept)

    def add(self, event: PlayEvent) -> None:
        """Take note of an event."""
        if isinstance(event, Stats):
            self.stats = event
        elif isinstance(event, HostResult):
            self._tally.setdefault(event.host, Counter())[event.status] += 1
            if event.status in _KEPT and not event.ignored:
                self._kept.append(event)
            if event.changed and not event.unknown and (event.ignored or event.status is ChangeStatus.CHANGED):
                self._certain[event.host] += 1

    def outcome(self, status: PlayStatus, reason: str = "") -> PlayOutcome:
        """What came of it. Ansible's own counts hold where it gave them, ours where it could not."""
        counts = self.stats.hosts if self.stats else {host: _counted(tally) for host, tally in self._tally.items()}
        seen = {*self._tally, *counts}
        return PlayOutcome(
            status=status,
            changes=tuple(Change(r.host, r.role, r.task, r.status, r.message) for r in self._lasting()),
            failed=tuple(sorted(host for host, count in counts.items() if count.failed)),
            unreachable=tuple(sorted(host for host, count in counts.items() if count.unreachable)),
            missing=tuple(host for host in self._expected if host not in seen),
            counts=counts,
            reason=reason,
        )

    def _lasting(self) -> list[HostResult]:
        """Without failures that a `rescue` made good, and without unknown results that changed nothing.

        Rescued are on each host the first so many failures, for one that is not rescued ends the host. What the
        counts have beyond the changes we know of is due to unknown results; where there is no such rest, none did.
        """
        if self.stats is None:
            return self._kept
        rescued = {host: count.rescued for host, count in self.stats.hosts.items()}
        rest = {host: count.changed - self._certain[host] for host, count in self.stats.hosts.items()}
        lasting = []
        for result in self._kept:
            if result.status is ChangeStatus.FAILED and rescued.get(result.host, 0) > 0:
                rescued[result.host] -= 1
            elif not result.unknown or rest.get(result.host, 1) > 0:
                lasting.append(result)
        return lasting


def _counted(tally: Counter[ChangeStatus]) -> HostCounts:
    changed = tally[ChangeStatus.CHANGED]
    return HostCounts(
        ok=tally[ChangeStatus.OK] + changed,
        changed=changed,
        failed=tally[ChangeStatus.FAILED],
        unreachable=tally[ChangeStatus.UNREACHABLE],
        skipped=tally[ChangeStatus.SKIPPED],
    )
