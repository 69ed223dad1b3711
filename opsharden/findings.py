"""The findings of many hosts, kept small: equal hosts come to the same, and only name and clock differ."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter
from typing import overload

from opsharden.model import Finding, HostStatus, Member, RunRecord


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one host came to.

    Attributes:
        host: Inventory name.
        findings: In the order they were made; their own host and seconds are not looked at.
        seconds: How long each of them took.
    """

    host: str
    findings: Sequence[Finding]
    seconds: array[float]

    def __iter__(self) -> Iterator[Finding]:
        """The findings, as this host's."""
        return map(self._own, self.findings, self.seconds)

    def in_order(self) -> Iterator[Finding]:
        """The findings, as this host's, by control."""
        pairs = sorted(zip(self.findings, self.seconds, strict=True), key=lambda pair: pair[0].control)
        return (self._own(*pair) for pair in pairs)

    def _own(self, said: Finding, seconds: float) -> Finding:
        return Finding(
            self.host,
            said.control,
            said.verdict,
            said.observed,
            said.expected,
            said.reason,
            said.observations,
            seconds,
            said.by_hand,
            said.by_apply,
        )


class Findings(Sequence[Finding]):
    """All findings of a run, host by host. Each is made when it is asked for and not kept.

    Args:
        sheets: One for each host.
    """

    def __init__(self, sheets: Iterable[Sheet]) -> None:
        self._sheets = tuple(sheets)

    def __iter__(self) -> Iterator[Finding]:
        """Host by host, in the order they were made."""
        return (finding for sheet in self._sheets for finding in sheet)

    def __len__(self) -> int:
        """How many."""
        return sum(len(sheet.findings) for sheet in self._sheets)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """One, or some; counts through all before it."""
        if isinstance(index, slice):
            return tuple(self)[index]
        place = range(len(self))[index]
        return next(islice(iter(self), place, None))

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same findings."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """As a tuple of them."""
        return hash(tuple(self))

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that have findings."""
        return frozenset(sheet.host for sheet in self._sheets if sheet.findings)

    def in_order(self) -> Iterator[Finding]:
        """By host and control."""
        return (finding for sheet in sorted(self._sheets, key=lambda sheet: sheet.host) for finding in sheet.in_order())


def in_order(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Any findings, by host and control."""
    if isinstance(findings, Findings):
        return findings.in_order()
    return iter(sorted(findings, key=attrgetter("host", "control")))


def hosts_of(findings: Sequence[Finding]) -> frozenset[str]:
    """The hosts that have findings."""
    return findings.hosts if isinstance(findings, Findings) else frozenset(finding.host for finding in findings)


def unseen(record: RunRecord) -> tuple[Member, ...]:
    """The hosts that could not be looked at and have no findings, each with the controls nobody looked at.

    Without them, the run would look complete. Of a run that did not file which controls these were, it is all it
    asked for.
    """
    seen = hosts_of(record.findings)
    every = tuple(record.controls)
    return tuple(
        member if member.controls else replace(member, controls=every)
        for member in record.members
        if member.status is HostStatus.UNREACHABLE and member.host not in seen
    )
