"""What belongs together for a reader: two hundred hosts with one fault are one thing to read, not two hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opsharden.findings import unseen
from opsharden.model import Change, ChangeStatus, Control, Finding, HostStatus, Member, RunRecord, Verdict, control_of
from opsharden.report.lines import Line, apply_command, paired, sentences

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
    by_hand: str
    by_apply: bool
    answers: tuple[Answer, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """All its hosts, by name."""
        return tuple(sorted(host for answer in self.answers for host in answer.hosts))

    @property
    def lines(self) -> tuple[Line, ...]:
        """What it is and what it should be, thing by thing."""
        return paired(self.observed, self.expected)

    @property
    def left(self) -> tuple[str, ...]:
        """What is left to the administrator, where it fails."""
        return sentences(self.by_hand, self.by_apply) if self.verdict is Verdict.FAIL else ()

    @property
    def number(self) -> int:
        """How many hosts."""
        return sum(len(answer.hosts) for answer in self.answers)


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One control and all that came of it, the most urgent variant first."""

    control: Control
    variants: tuple[Variant, ...]

    def hosts(self, verdict: Verdict) -> int:
        """On how many hosts it came to this verdict."""
        return sum(variant.number for variant in self.variants if variant.verdict is verdict)

    @property
    def verdict(self) -> Verdict:
        """Its most urgent verdict."""
        return self.variants[0].verdict

    @property
    def fix(self) -> str:
        """The command that brings it about where it fails; empty where apply does not."""
        mends = [variant for variant in self.variants if variant.verdict is Verdict.FAIL and variant.by_apply]
        return apply_command(self.control.id, sorted(host for variant in mends for host in variant.hosts))


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One cause why hosts could not be looked at, and for what.

    Attributes:
        verdict: What that is to each of the controls.
        cause: In words that hold for all the hosts.
        reasons: Host to the reason it gave itself.
        controls: Ids of what was not looked at, on any of them.
    """

    verdict: Verdict
    cause: str
    reasons: Mapping[str, str]
    controls: tuple[str, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(self.reasons)

    @property
    def own_words(self) -> bool:
        """Whether the hosts have more to say than the cause."""
        return len(self.reasons) > 1 and any(reason != self.cause for reason in self.reasons.values())

    @property
    def reason(self) -> str:
        """The cause; where it is a single host, its own words, which say more."""
        return next(iter(self.reasons.values())) if len(self.reasons) == 1 else self.cause


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
    grouped: dict[str, dict[_Said, dict[tuple[str, ...], list[str]]]] = {}
    for finding in findings:
        variants = grouped.setdefault(finding.control, {})
        said = (
            finding.verdict, finding.observed, finding.expected, finding.reason, finding.by_hand, finding.by_apply
        )  # fmt: skip
        variants.setdefault(said, {}).setdefault(finding.observations, []).append(finding.host)
    groups = (ControlGroup(control_of(controls, name), _variants(members)) for name, members in grouped.items())

    def order(group: ControlGroup) -> tuple[int, int, int, str]:
        verdict = group.verdict
        return URGENCY.index(verdict), -group.control.severity.rank, -group.hosts(verdict), group.control.id

    return tuple(sorted(groups, key=order))


def blind_spots(record: RunRecord) -> tuple[BlindSpot, ...]:
    """Group what could not be looked at by cause: ten thousand hosts that refuse are one entry, not one per control."""
    grouped: dict[tuple[Verdict, str], tuple[dict[str, str], set[str]]] = {}

    def add(verdict: Verdict, cause: str, host: str, reason: str, controls: Iterable[str]) -> None:
        hosts, unlooked = grouped.setdefault((verdict, cause), ({}, set()))
        hosts[host] = reason
        unlooked.update(controls)

    for finding in record.findings:
        if not finding.verdict.looked:
            add(finding.verdict, finding.reason, finding.host, finding.reason, [finding.control])
    for member in unseen(record):
        add(Verdict.UNREACHABLE, member.cause or member.reason, member.host, member.reason, member.controls)
    return tuple(
        BlindSpot(verdict, cause, dict(sorted(hosts.items())), tuple(sorted(controls)))
        for (verdict, cause), (hosts, controls) in sorted(grouped.items())
    )


def excluded(members: Iterable[Member]) -> dict[str, tuple[str, ...]]:
    """The hosts that were left out, by reason."""
    grouped: dict[str, list[str]] = {}
    for member in members:
        if member.status is HostStatus.EXCLUDED:
            grouped.setdefault(member.reason, []).append(member.host)
    return {reason: tuple(sorted(hosts)) for reason, hosts in sorted(grouped.items())}


def unseen_again(record: RunRecord) -> tuple[str, ...]:
    """Hosts that Ansible worked on and that could not be looked at afterwards: nobody knows how they are."""
    touched = {change.host for change in record.changes}
    lost = (member for member in record.members if member.status is HostStatus.UNREACHABLE)
    return tuple(sorted(member.host for member in lost if member.host in touched)) if record.run.verb == "apply" else ()


def by_task(changes: Iterable[Change]) -> tuple[ChangeGroup, ...]:
    """Group changes by task and outcome, in the order they first happened: what failed, what changed, what was well."""
    grouped: dict[tuple[str, str, ChangeStatus, str], list[str]] = {}
    for change in changes:
        grouped.setdefault((change.role, change.task, change.status, change.message), []).append(change.host)
    groups = (ChangeGroup(*key, hosts=tuple(sorted(set(hosts)))) for key, hosts in grouped.items())
    return tuple(sorted(groups, key=lambda group: _PRESSING.index(group.status)))


_PRESSING = (
    ChangeStatus.FAILED,
    ChangeStatus.UNREACHABLE,
    ChangeStatus.CHANGED,
    ChangeStatus.OK,
    ChangeStatus.SKIPPED,
)
_Said = tuple[Verdict, str, str, str, str, bool]


def _variants(said: Mapping[_Said, Mapping[tuple[str, ...], list[str]]]) -> tuple[Variant, ...]:
    variants = (Variant(*words, _answers(hosts)) for words, hosts in sorted(said.items()))
    return tuple(sorted(variants, key=lambda variant: (URGENCY.index(variant.verdict), -variant.number)))


def _answers(grouped: Mapping[tuple[str, ...], list[str]]) -> tuple[Answer, ...]:
    answers = [Answer(observations, tuple(sorted(hosts))) for observations, hosts in grouped.items()]
    return tuple(sorted(answers, key=lambda answer: (-len(answer.hosts), answer.hosts)))
