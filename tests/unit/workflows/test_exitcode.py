from __future__ import annotations

import pytest

from opsharden.evidence import diff
from opsharden.model import ExitCode, Finding, HostStatus, Member, RunRecord, Severity, Verdict
from opsharden.workflows import exitcode
from opsharden.workflows.preparing import Outcome
from tests.unit.report import sample

CONTROLS = sample.controls()
LOW, MEDIUM, HIGH = "ssh-grace", "ssh-ciphers", "ssh-no-root"
TESTED = (Member("a", HostStatus.TESTED),)


def finding(control: str, verdict: Verdict, host: str = "a") -> Finding:
    return Finding(host, control, verdict)


def record(**verdicts: Verdict) -> RunRecord:
    findings = tuple(finding(HIGH, verdict, host) for host, verdict in verdicts.items())
    members = tuple(Member(host, HostStatus.TESTED) for host in verdicts)
    return RunRecord(sample.run(), members, findings, (), CONTROLS)


def test_a_control_nobody_describes_counts_as_critical() -> None:
    assert exitcode.of_findings([finding("gone", Verdict.FAIL)], TESTED, {}, Severity.CRITICAL) is ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("verdicts", "fail_on", "code"),
    [
        ({HIGH: Verdict.PASS, LOW: Verdict.NOT_APPLICABLE}, Severity.LOW, ExitCode.CLEAN),
        ({HIGH: Verdict.PASS, LOW: Verdict.FAIL}, Severity.LOW, ExitCode.FINDINGS),
        ({HIGH: Verdict.PASS, LOW: Verdict.FAIL}, Severity.MEDIUM, ExitCode.CLEAN),
        ({MEDIUM: Verdict.FAIL}, Severity.MEDIUM, ExitCode.FINDINGS),
        ({MEDIUM: Verdict.FAIL}, Severity.HIGH, ExitCode.CLEAN),
        ({HIGH: Verdict.FAIL, LOW: Verdict.ERROR}, Severity.LOW, ExitCode.INCOMPLETE),
        ({HIGH: Verdict.PASS, LOW: Verdict.UNREACHABLE}, Severity.CRITICAL, ExitCode.INCOMPLETE),
        ({}, Severity.LOW, ExitCode.INCOMPLETE),
    ],
)
def test_exit_code(verdicts: dict[str, Verdict], fail_on: Severity, code: ExitCode) -> None:
    findings = [finding(control, verdict) for control, verdict in verdicts.items()]
    assert exitcode.of_findings(findings, TESTED, CONTROLS, fail_on) is code


def test_an_unreachable_host_is_incomplete_even_if_all_others_pass() -> None:
    members = (*TESTED, Member("b", HostStatus.UNREACHABLE, "timed out"))
    assert exitcode.of_findings([finding(HIGH, Verdict.PASS)], members, CONTROLS, Severity.LOW) is ExitCode.INCOMPLETE


def test_an_excluded_host_is_not_missed() -> None:
    members = (*TESTED, Member("b", HostStatus.EXCLUDED, "asked for"))
    assert exitcode.of_findings([finding(HIGH, Verdict.PASS)], members, CONTROLS, Severity.LOW) is ExitCode.CLEAN


@pytest.mark.parametrize(
    ("verdict", "lost", "failures", "code"),
    [
        (Verdict.PASS, set(), set(), ExitCode.CLEAN),
        (Verdict.FAIL, set(), set(), ExitCode.FINDINGS),
        (Verdict.FAIL, set(), {("a", "ssh")}, ExitCode.FINDINGS),
        (Verdict.PASS, set(), {("a", "ssh")}, ExitCode.INCOMPLETE),
        (Verdict.FAIL, set(), {("a", "time")}, ExitCode.INCOMPLETE),
        (Verdict.FAIL, set(), {("b", "ssh")}, ExitCode.INCOMPLETE),
        (Verdict.FAIL, {"a"}, set(), ExitCode.INCOMPLETE),
    ],
)
def test_a_task_that_failed_is_told_by_a_finding_of_its_role_or_leaves_the_apply_incomplete(
    verdict: Verdict, lost: set[str], failures: set[tuple[str, str]], code: ExitCode
) -> None:
    assert exitcode.of_apply(record(a=verdict), lost, failures, Severity.LOW) is code


def test_a_bootstrap_is_incomplete_where_a_host_that_was_named_is_not_ready() -> None:
    ready, failed = Outcome("a"), Outcome("b", failure="no route")
    lost, left_out = Member("c", HostStatus.UNREACHABLE, "odd"), Member("d", HostStatus.EXCLUDED, "winrm")
    assert exitcode.of_bootstrap([ready], [left_out]) is ExitCode.CLEAN
    assert exitcode.of_bootstrap([ready, failed], []) is ExitCode.INCOMPLETE
    assert exitcode.of_bootstrap([ready], [lost]) is ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (Verdict.FAIL, Verdict.FAIL, ExitCode.CLEAN),
        (Verdict.FAIL, Verdict.PASS, ExitCode.CLEAN),
        (Verdict.PASS, Verdict.FAIL, ExitCode.FINDINGS),
        (Verdict.PASS, Verdict.ERROR, ExitCode.INCOMPLETE),
    ],
)
def test_worse_counts_more_than_what_we_lost_sight_of(before: Verdict, after: Verdict, code: ExitCode) -> None:
    assert exitcode.of_difference(diff(record(a=before), record(a=after))) is code
    both = diff(record(a=before, b=Verdict.PASS), record(a=after, b=Verdict.FAIL))
    assert exitcode.of_difference(both) is ExitCode.FINDINGS
