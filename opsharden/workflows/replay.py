"""verify --replay: every verdict of a run derived again from what was observed then, with no host."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsharden.errors import NotRecorded
from opsharden.evidence import Store
from opsharden.model import Finding, HostStatus, Observation, RunRecord, Severity, Verdict
from opsharden.probe import RecordedTransport, Recorder, Subject, judge
from opsharden.workflows import exitcode
from opsharden.workflows.values import Noted
from opsharden.workflows.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Deviation:
    """A verdict that comes out otherwise than it was filed.

    Attributes:
        filed: As the run filed it.
        derived: As it comes out now.
    """

    filed: Finding
    derived: Finding


@dataclass(frozen=True)
class Replay:
    """A run judged again.

    Attributes:
        record: The run with its findings as they come out now.
        deviations: Those that differ from what was filed.
        same_content: Whether roles, checks and profiles are, to the letter, those of the run.
    """

    record: RunRecord
    deviations: tuple[Deviation, ...]
    same_content: bool


def replay(place: Workplace, store: Store, reference: str, fail_on: Severity) -> Replay:
    """Judge a run again by the checks at hand, from the answers and the values on file.

    Args:
        place: Whose checks.
        store: Where the run is filed.
        reference: A run id, the beginning of one, or `latest`.
        fail_on: The weakest severity whose failures make the result `findings`.

    Raises:
        UsageError: None or several runs are meant.
        EvidenceError: The store cannot be read, or was altered.
    """
    record = store.record(reference, observations=True)
    filed: dict[str, list[Finding]] = {}
    for finding in record.findings:
        filed.setdefault(finding.host, []).append(finding)
    tested = {member.host for member in record.members if member.status is HostStatus.TESTED}
    derived: list[Finding] = []
    for host, findings in filed.items():
        # A host that could not be reached then has left nothing to judge.
        again = _judged(place, host, findings, store.observed_of(record.run.id, host)) if host in tested else findings
        derived += again
    deviations = tuple(
        Deviation(before, after)
        for before, after in zip((finding for findings in filed.values() for finding in findings), derived, strict=True)
        if before.verdict is not after.verdict
    )
    code = exitcode.of_findings(tuple(derived), record.members, record.controls, fail_on)
    judged = replace(record, run=replace(record.run, exit_code=code), findings=tuple(derived))
    return Replay(judged, deviations, place.catalogue.digest == record.run.content_digest)


def _judged(
    place: Workplace, host: str, findings: Sequence[Finding], observed: Sequence[Observation]
) -> tuple[Finding, ...]:
    recorders: dict[str, Recorder] = {}
    by_host: dict[str, list[Observation]] = {host: []}
    for seen in observed:
        by_host.setdefault(seen.host, []).append(seen)

    def recorder(name: str) -> Recorder:
        if name not in by_host:
            raise NotRecorded(f"The run did not look at {host} from {name}.")
        if name not in recorders:
            recorders[name] = Recorder(RecordedTransport(name, by_host[name]))
        return recorders[name]

    checks = tuple(check for finding in findings for check in place.checks.get(finding.control, ()))
    subject = Subject(host, recorder(host), Noted(observed), recorder, math.inf)
    judged = {each.control: each for each in judge(checks, subject)}
    return tuple(place.by_apply(judged.get(finding.control) or _gone(finding)) for finding in findings)


def _gone(finding: Finding) -> Finding:
    reason = "There is no check of this control any more."
    return Finding(finding.host, finding.control, Verdict.ERROR, reason=reason)
