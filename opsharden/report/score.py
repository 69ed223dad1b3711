"""The numbers of a run, counted in one place so that no two formats can disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from opsharden.findings import unseen
from opsharden.model import Control, HostStatus, Member, RunRecord, Severity, Verdict, control_of

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings came to which verdict.

    Attributes:
        counts: Verdict to number of findings; a verdict that did not occur may be missing.
    """

    counts: Mapping[Verdict, int]

    def of(self, verdict: Verdict) -> int:
        """How many findings came to this verdict."""
        return self.counts.get(verdict, 0)

    @property
    def passed(self) -> int:
        """How many passed."""
        return self.of(Verdict.PASS)

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.of(Verdict.FAIL)

    @property
    def total(self) -> int:
        """All findings, looked at or not."""
        return sum(self.counts.values())

    @property
    def looked(self) -> int:
        """Findings for which the host was really looked at."""
        return sum(number for verdict, number in self.counts.items() if verdict.looked)

    @property
    def blind(self) -> int:
        """Findings for which it was not: error and unreachable."""
        return self.total - self.looked

    @property
    def score(self) -> float | None:
        """How much passes of what was judged, pass / (pass + fail), 0 to 1; None where nothing was.

        To be read beside `coverage`.
        """
        return self.passed / judged if (judged := self.passed + self.failed) else None

    @property
    def coverage(self) -> float | None:
        """Looked at / total, 0 to 1; None where there was nothing to look at."""
        return self.looked / self.total if self.total else None

    @property
    def strength(self) -> float:
        """What is known to be good among what applies, 0 to 1: orders the weakest first, the unknown with them."""
        if not self.total:
            return 0.0
        applicable = self.total - self.of(Verdict.NOT_APPLICABLE)
        return self.passed / applicable if applicable else 1.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Every number a report shows. Roles and hosts come weakest first, severities most severe first.

    Attributes:
        whole: Over all controls of all hosts, those nobody could look at with them.
        severities: Per severity; all four, also where empty.
        roles: Per role.
        hosts: Per inventory name, for all hosts targeted and not excluded.
        grid: Per role and severity.
        population: Per host status; all three, also where empty.
    """

    whole: Tally
    severities: Mapping[Severity, Tally]
    roles: Mapping[str, Tally]
    hosts: Mapping[str, Tally]
    grid: Mapping[tuple[str, Severity], Tally]
    population: Mapping[HostStatus, int]


def summarise(record: RunRecord) -> Summary:
    """Count a run."""
    lost = unseen(record)
    by_control = _counted((finding.control, finding.verdict, 1) for finding in record.findings)
    for controls, hosts in Counter(member.controls for member in lost).items():
        for control in controls:
            by_control.setdefault(control, Counter())[Verdict.UNREACHABLE] += hosts
    known = {control: control_of(record.controls, control) for control in by_control}

    def over(key: Callable[[Control], K]) -> dict[K, Tally]:
        rows = ((key(known[name]), *pair) for name, counts in by_control.items() for pair in counts.items())
        return _tallies(_counted(rows))

    severities = over(lambda control: control.severity)
    statuses = Counter(member.status for member in record.members)
    return Summary(
        whole=over(lambda _: None).get(None, Tally({})),
        severities={severity: severities.get(severity, Tally({})) for severity in reversed(Severity)},
        roles=_weakest_first(over(lambda control: control.role)),
        hosts=_weakest_first(_hosts(record, lost)),
        grid=over(lambda control: (control.role, control.severity)),
        population={status: statuses[status] for status in HostStatus},
    )


def matrix(record: RunRecord) -> Mapping[tuple[str, str], Tally]:
    """Per host and role, for the hosts that have findings."""
    roles = {control: described.role for control, described in record.controls.items()}
    unknown = control_of({}, "").role
    return _tallies(
        _counted(
            ((finding.host, roles.get(finding.control, unknown)), finding.verdict, 1) for finding in record.findings
        )
    )


def _hosts(record: RunRecord, lost: Iterable[Member]) -> dict[str, Tally]:
    hosts = _tallies(_counted((finding.host, finding.verdict, 1) for finding in record.findings))
    alike = {number: Tally({Verdict.UNREACHABLE: number}) for number in {len(member.controls) for member in lost}}
    hosts.update((member.host, alike[len(member.controls)]) for member in lost)
    for member in record.members:
        if member.status is not HostStatus.EXCLUDED:
            hosts.setdefault(member.host, Tally({}))
    return hosts


def _counted(rows: Iterable[tuple[K, Verdict, int]]) -> dict[K, Counter[Verdict]]:
    counts: dict[K, Counter[Verdict]] = {}
    for key, verdict, number in rows:
        found = counts.get(key)
        if found is None:
            found = counts[key] = Counter()
        found[verdict] += number
    return counts


def _tallies(counts: Mapping[K, Mapping[Verdict, int]]) -> dict[K, Tally]:
    """As tallies; equal ones are one: of many hosts, most come to the same few numbers."""
    kept: dict[tuple[tuple[Verdict, int], ...], Tally] = {}
    return {name: kept.setdefault(tuple(sorted(each.items())), Tally(each)) for name, each in counts.items()}


def _weakest_first(tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    return dict(sorted(tallies.items(), key=lambda item: (item[1].strength, -item[1].failed, item[0])))
