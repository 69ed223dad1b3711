"""The numbers of a run, counted in one place so that no two formats can disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from opsharden.model import Control, ExitCode, Finding, HostStatus, Member, RunRecord, Severity, Verdict

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
        whole: Over all findings.
        severities: Per severity; all four, also where empty.
        roles: Per role.
        hosts: Per inventory name, for all hosts targeted and not excluded.
        grid: Per role and severity.
        matrix: Per host and role.
        population: Per host status; all three, also where empty.
    """

    whole: Tally
    severities: Mapping[Severity, Tally]
    roles: Mapping[str, Tally]
    hosts: Mapping[str, Tally]
    grid: Mapping[tuple[str, Severity], Tally]
    matrix: Mapping[tuple[str, str], Tally]
    population: Mapping[HostStatus, int]


def control_of(controls: Mapping[str, Control], control_id: str) -> Control:
    """The control with this id; one nobody describes any more counts as critical rather than as nothing."""
    known = controls.get(control_id)
    return known or Control(id=control_id, title=control_id, why="", severity=Severity.CRITICAL, role="unknown")


def all_findings(record: RunRecord) -> tuple[Finding, ...]:
    """The findings of a run, by host and control, with the hosts never reached in them.

    A host that could not be reached and left no findings gets `unreachable` for every control of the run:
    otherwise the run would look complete without it.
    """
    seen = {finding.host for finding in record.findings}
    missing = [
        Finding(member.host, control, Verdict.UNREACHABLE, reason=member.reason)
        for member in record.members
        if member.status is HostStatus.UNREACHABLE and member.host not in seen
        for control in record.controls
    ]
    return tuple(sorted((*record.findings, *missing), key=lambda finding: (finding.host, finding.control)))


def summarise(record: RunRecord) -> Summary:
    """Count a run."""
    findings = all_findings(record)

    def control(finding: Finding) -> Control:
        return control_of(record.controls, finding.control)

    severities = _tallies(findings, lambda finding: control(finding).severity)
    hosts = _tallies(findings, lambda finding: finding.host)
    for member in record.members:
        if member.status is not HostStatus.EXCLUDED:
            hosts.setdefault(member.host, Tally({}))
    statuses = Counter(member.status for member in record.members)
    return Summary(
        whole=Tally(Counter(finding.verdict for finding in findings)),
        severities={severity: severities.get(severity, Tally({})) for severity in reversed(Severity)},
        roles=_weakest_first(_tallies(findings, lambda finding: control(finding).role)),
        hosts=_weakest_first(hosts),
        grid=_tallies(findings, lambda finding: (control(finding).role, control(finding).severity)),
        matrix=_tallies(findings, lambda finding: (finding.host, control(finding).role)),
        population={status: statuses[status] for status in HostStatus},
    )


def judge_run(
    findings: Iterable[Finding], members: Iterable[Member], controls: Mapping[str, Control], fail_on: Severity
) -> ExitCode:
    """What a run comes to for the shell script that started it.

    Args:
        findings: All findings of the run.
        members: Its population.
        controls: Control id to control, for the severities.
        fail_on: The weakest severity whose failures count.

    Returns:
        INCOMPLETE where a host was unreachable, a check was in error or nothing at all was looked at;
        else FINDINGS where a control at or above `fail_on` fails; else CLEAN.
    """
    verdicts = tuple(findings)
    looked = [finding for finding in verdicts if finding.verdict.looked]
    unreached = any(member.status is HostStatus.UNREACHABLE for member in members)
    if unreached or not looked or len(looked) < len(verdicts):
        return ExitCode.INCOMPLETE
    failed = [control_of(controls, finding.control) for finding in looked if finding.verdict is Verdict.FAIL]
    if any(control.severity.rank >= fail_on.rank for control in failed):
        return ExitCode.FINDINGS
    return ExitCode.CLEAN


def _tallies(findings: Iterable[Finding], key: Callable[[Finding], K]) -> dict[K, Tally]:
    counts: dict[K, Counter[Verdict]] = {}
    for finding in findings:
        counts.setdefault(key(finding), Counter())[finding.verdict] += 1
    return {name: Tally(counter) for name, counter in counts.items()}


def _weakest_first(tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    return dict(sorted(tallies.items(), key=lambda item: (item[1].strength, -item[1].failed, item[0])))
