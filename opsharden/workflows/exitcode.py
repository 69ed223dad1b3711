"""What a verb comes to for the shell script that called it: clean, findings or incomplete. It is decided here alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

from opsharden.catalogue import KINDS_ROLE
from opsharden.evidence.diff import Difference, Turn
from opsharden.model import (
    Control,
    ExitCode,
    Finding,
    HostStatus,
    Member,
    RunRecord,
    Severity,
    Verdict,
    control_of,
)

if TYPE_CHECKING:  # loads libraries of its own, which not every verb needs
    from opsharden.workflows.preparing import Outcome


def of_findings(
    findings: Iterable[Finding], members: Iterable[Member], controls: Mapping[str, Control], fail_on: Severity
) -> ExitCode:
    """A verify.

    Args:
        findings: All findings of the run.
        members: Its population.
        controls: Control id to control, for the severities.
        fail_on: The weakest severity whose failures count.

    Returns:
        INCOMPLETE where a host was unreachable, a check was in error or nothing at all was looked at;
        else FINDINGS where a control at or above `fail_on` fails; else CLEAN.
    """
    if any(member.status is HostStatus.UNREACHABLE for member in members):
        return ExitCode.INCOMPLETE
    looked, blind, failed = False, False, set[str]()
    for finding in findings:
        looked = looked or finding.verdict.looked
        blind = blind or not finding.verdict.looked
        if finding.verdict is Verdict.FAIL:
            failed.add(finding.control)
    if blind or not looked:
        return ExitCode.INCOMPLETE
    if any(control_of(controls, control).severity.rank >= fail_on.rank for control in failed):
        return ExitCode.FINDINGS
    return ExitCode.CLEAN


def of_apply(after: RunRecord, lost: Set[str], failures: Set[tuple[str, str]], fail_on: Severity) -> ExitCode:
    """An apply: for tasks as for hosts, what was expected is held against what was seen.

    Args:
        after: What was seen at the end.
        lost: Hosts where not all could be tried.
        failures: Host and role of each task that failed.
        fail_on: The weakest severity whose failures count.

    Returns:
        What a verify comes to. A failed task whose role still has a control that fails on that host is told by that
        finding; any other one leaves something undone that no verdict tells of: INCOMPLETE, as with a lost host.
    """
    told = {
        (finding.host, role)
        for finding in after.findings
        if finding.verdict is Verdict.FAIL and finding.control in after.controls
        for role in _tasks_of(after.controls[finding.control])
    }
    if lost or failures - told:
        return ExitCode.INCOMPLETE
    return of_findings(after.findings, after.members, after.controls, fail_on)


def _tasks_of(control: Control) -> tuple[str, ...]:
    """The roles whose tasks may have been to bring it about."""
    return (control.role, KINDS_ROLE) if control.kind else (control.role,)


def of_bootstrap(outcomes: Iterable[Outcome], left_out: Iterable[Member]) -> ExitCode:
    """A bootstrap: INCOMPLETE where a host that was named is not ready."""
    lost = any(member.status is HostStatus.UNREACHABLE for member in left_out)
    return ExitCode.INCOMPLETE if lost or any(outcome.failure for outcome in outcomes) else ExitCode.CLEAN


def of_difference(found: Difference) -> ExitCode:
    """Two runs compared: FINDINGS where something got worse, else INCOMPLETE where we lost sight of something."""
    turns = {shift.turn for shift in found.shifts}
    if Turn.WORSE in turns:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if Turn.LOST_SIGHT in turns else ExitCode.CLEAN
