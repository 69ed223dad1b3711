"""What belongs together for a reader: two hundred hosts with one fault are one thing to read, not two hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from opsharden.model import Change, ChangeStatus, Control, Finding, Verdict
from opsharden.report.score import control_of

URGENCY = (Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE, Verdict.PASS, Verdict.NOT_APPLICABLE)
"""Verdicts in the order people want to read them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Hosts whose verdict stands on the very same observations.

    Attributes:
        observations: Digests; empty where nothing could be observed.
        hosts: Inventory names.
    """

    observations: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way a control came out, and the hosts on which it did."""

    verdict: Verdict
    observed: str
    expected: str
    reason: str
    answers: tuple[Answer, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """All its hosts, by name."""
        return tuple(sorted(host for answer in self.answers for host in answer.hosts))


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One control and all that came of it, the most urgent variant first."""

    control: Control
    variants: tuple[Variant, ...]

    def hosts(self, verdict: Verdict) -> int:
        """On how many hosts it came to this verdict."""
        return sum(len(variant.hosts) for variant in self.variants if variant.verdict is verdict)

    @property
    def verdict(self) -> Verdict:
        """Its most urgent verdict."""
        return self.variants[0].verdict


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One reason why hosts could not be looked at, and for what."""

    verdict: Verdict
    reason: str
    hosts: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """One task that did the same on several hosts."""

    role: str
    task: str
    status: ChangeStatus
    message: str
    hosts: tuple[str, ...]


def by_control(findings: Iterable[Finding], controls: Mapping[str, Control]) -> tuple[ControlGroup, ...]:
    """Group findings by control: most urgent verdict first, then severity, then the number of hosts."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.control, []).append(finding)
    groups = (ControlGroup(control_of(controls, name), _variants(members)) for name, members in grouped.items())

    def order(group: ControlGroup) -> tuple[int, int, int, str]:
        verdict = group.verdict
        return URGENCY.index(verdict), -group.control.severity.rank, -group.hosts(verdict), group.control.id

    return tuple(sorted(groups, key=order))


def blind_spots(findings: Iterable[Finding]) -> tuple[BlindSpot, ...]:
    """Group what could not be looked at by reason: a host that refuses sudo is one entry, not one per control."""
    grouped: dict[tuple[Verdict, str], list[Finding]] = {}
    for finding in findings:
        if not finding.verdict.looked:
            grouped.setdefault((finding.verdict, finding.reason), []).append(finding)
    return tuple(
        BlindSpot(
            verdict,
            reason,
            hosts=tuple(sorted({finding.host for finding in members})),
            controls=tuple(sorted({finding.control for finding in members})),
        )
        for (verdict, reason), members in sorted(grouped.items())
    )


def by_task(changes: Iterable[Change]) -> tuple[ChangeGroup, ...]:
    """Group changes by task and outcome, in the order they first happened, what failed first."""
    grouped: dict[tuple[str, str, ChangeStatus, str], list[str]] = {}
    for change in changes:
        grouped.setdefault((change.role, change.task, change.status, change.message), []).append(change.host)
    groups = (ChangeGroup(*key, hosts=tuple(sorted(set(hosts)))) for key, hosts in grouped.items())
    return tuple(sorted(groups, key=lambda group: group.status is ChangeStatus.CHANGED))


def _variants(findings: list[Finding]) -> tuple[Variant, ...]:
    def look(finding: Finding) -> tuple[int, str, str, str]:
        return URGENCY.index(finding.verdict), finding.observed, finding.expected, finding.reason

    variants = (
        Variant(URGENCY[urgency], observed, expected, reason, _answers(list(members)))
        for (urgency, observed, expected, reason), members in groupby(sorted(findings, key=look), key=look)
    )
    return tuple(sorted(variants, key=lambda variant: (URGENCY.index(variant.verdict), -len(variant.hosts))))


def _answers(findings: list[Finding]) -> tuple[Answer, ...]:
    grouped: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        grouped.setdefault(finding.observations, []).append(finding.host)
    answers = [Answer(observations, tuple(sorted(hosts))) for observations, hosts in grouped.items()]
    return tuple(sorted(answers, key=lambda answer: (-len(answer.hosts), answer.hosts)))
