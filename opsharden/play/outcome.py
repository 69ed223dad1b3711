"""The events of a play folded into what came of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from opsharden.model import Change, ChangeStatus
from opsharden.play.events import HostBegan, HostCounts, HostResult, PlayEvent, Stats
from opsharden.play.preparation import GO_ON

UNKNOWN_END = "It had begun; how it ended is unknown, and it may still run there."
# What ssh says where it never got in.
_OUTSIDE = re.compile(
    r"banner exchange|refused|denied|resolve|no route|unreachable|verification failed|\bkex|too many authentication"
    r"|connection (to \S+ port \d+ )?(timed out|closed)",
    re.IGNORECASE,
)
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
        changes: Tasks that changed something, failed for good, could not reach their host, or whose end is unknown.
        failed: Hosts on which a task failed for good.
        ended: Hosts on which nothing was done any more behind a failed task; elsewhere the next role went on.
        timed_out: Hosts on which a task took longer than it may; it may still run there.
        unreachable: Hosts that Ansible could not reach.
        missing: Hosts expected and never seen.
        counts: Host to numbers of tasks.
        reason: What went wrong, where it broke.
    """

    status: PlayStatus
    changes: tuple[Change, ...]
    failed: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    timed_out: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    counts: Mapping[str, HostCounts] = field(default_factory=dict)
    reason: str = ""


class Ledger:
    """Keeps of each event only what the outcome needs."""

    def __init__(self, expected: tuple[str, ...]) -> None:
        self._expected = expected
        self._kept: list[HostResult] = []
        self._final: set[int] = set()
        self._gone_on: Counter[str] = Counter()
        self._under_way: dict[str, HostBegan] = {}
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
    def fruitless(self) -> bool:
        """Whether nothing was changed anywhere, and something failed on every host."""
        failed = {result.host for result in self._kept if result.status is ChangeStatus.FAILED}
        return failed.issuperset(self._tally) and not any(kept.status is ChangeStatus.CHANGED for kept in self._kept)

    def add(self, event: PlayEvent) -> None:
        """Take note of an event."""
        if isinstance(event, Stats):
            self.stats = event
        elif isinstance(event, HostBegan):
            self._under_way[event.host] = event
        elif isinstance(event, HostResult):
            self._under_way.pop(event.host, None)
            if event.task == GO_ON and not event.role:
                self._goes_on(event.host)
            else:
                self._add_result(event)

    def _add_result(self, event: HostResult) -> None:
        if event.status is ChangeStatus.UNREACHABLE and (
            event.host in self._tally or not _OUTSIDE.search(event.message)
        ):
            event = replace(event, message=f"{event.message} {UNKNOWN_END}".strip())
        self._tally.setdefault(event.host, Counter())[event.status] += 1
        if event.status in _KEPT and not event.ignored:
            self._kept.append(event)
        if event.changed and not event.unknown and (event.ignored or event.status is ChangeStatus.CHANGED):
            self._certain[event.host] += 1

    def _goes_on(self, host: str) -> None:
        """The last failure there was for good, although Ansible counts it as rescued: so that the next role goes on."""
        self._gone_on[host] += 1
        of_host = (i for i, kept in enumerate(self._kept) if kept.host == host and kept.status is ChangeStatus.FAILED)
        self._final.update(sorted(of_host)[-1:])

    def outcome(self, status: PlayStatus, reason: str = "") -> PlayOutcome:
        """What came of it. Ansible's own counts hold where it gave them, ours where it could not."""
        counts = self.stats.hosts if self.stats else {host: _counted(tally) for host, tally in self._tally.items()}
        seen = {*self._tally, *counts, *self._under_way}
        lasting = self._lasting()
        open_ended = [] if self.stats else [began for began in self._under_way.values() if began.task != GO_ON]
        return PlayOutcome(
            status=status,
            changes=(
                *(Change(r.host, r.role, r.task, r.status, r.message) for r in lasting),
                *(Change(began.host, began.role, began.task, ChangeStatus.FAILED, UNKNOWN_END) for began in open_ended),
            ),
            failed=tuple(sorted({result.host for result in lasting if result.status is ChangeStatus.FAILED})),
            ended=tuple(sorted(host for host, count in counts.items() if count.failed)),
            timed_out=tuple(sorted({result.host for result in lasting if result.timed_out})),
            unreachable=tuple(sorted(host for host, count in counts.items() if count.unreachable)),
            missing=tuple(host for host in self._expected if host not in seen),
            counts=counts,
            reason=reason,
        )

    def _lasting(self) -> list[HostResult]:
        """Without failures that a role's own `rescue` made good, and without unknown results that changed nothing.

        Rescued are on each host the first so many failures that no going on followed, for one that is not rescued ends
        the role. What the counts have beyond the changes we know of is due to unknown results; where there is no such
        rest, none did.
        """
        if self.stats is None:
            return self._kept
        rescued = {host: count.rescued - self._gone_on[host] for host, count in self.stats.hosts.items()}
        rest = {host: count.changed - self._certain[host] for host, count in self.stats.hosts.items()}
        lasting = []
        for place, result in enumerate(self._kept):
            made_good = place not in self._final and rescued.get(result.host, 0) > 0
            if result.status is ChangeStatus.FAILED and made_good:
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
