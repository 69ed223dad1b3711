from __future__ import annotations

from opsharden.model import Change, ChangeStatus, Finding, RunRecord, Verdict
from opsharden.report.grouping import blind_spots, by_control, by_task
from tests.unit.report import sample

CONTROLS = sample.controls()


def test_two_hundred_hosts_with_one_fault_are_one_variant() -> None:
    findings = [Finding(f"h{n:03}", "ssh-no-root", Verdict.FAIL, "yes", "no", "", ("d",)) for n in range(200)]
    (group,) = by_control(findings, CONTROLS)
    (variant,) = group.variants
    (answer,) = variant.answers
    assert answer.hosts == tuple(f"h{n:03}" for n in range(200))
    assert group.hosts(Verdict.FAIL) == 200


def test_answers_are_kept_apart_by_what_was_observed() -> None:
    findings = [
        Finding("a", "ssh-no-root", Verdict.FAIL, "yes", "no", "", ("1",)),
        Finding("b", "ssh-no-root", Verdict.FAIL, "yes", "no", "", ("2",)),
        Finding("c", "ssh-no-root", Verdict.FAIL, "prohibit-password", "no", "", ("3",)),
        Finding("d", "ssh-no-root", Verdict.PASS, "no", "no", "", ("4",)),
    ]
    (group,) = by_control(findings, CONTROLS)
    assert [variant.hosts for variant in group.variants] == [("a", "b"), ("c",), ("d",)]
    assert [answer.observations for answer in group.variants[0].answers] == [("1",), ("2",)]


def test_most_urgent_first() -> None:
    findings = [
        Finding("a", "ssh-key-only", Verdict.PASS),
        Finding("a", "ssh-grace", Verdict.FAIL),
        Finding("a", "ssh-no-root", Verdict.FAIL),
        Finding("a", "account-uid0", Verdict.ERROR),
        Finding("a", "account-empty", Verdict.FAIL),
        Finding("a", "ssh-idle", Verdict.FAIL),
        Finding("b", "ssh-idle", Verdict.FAIL),
    ]
    order = [group.control.id for group in by_control(findings, CONTROLS)]
    assert order == ["account-empty", "ssh-no-root", "ssh-idle", "ssh-grace", "account-uid0", "ssh-key-only"]


def test_nothing_is_lost_or_doubled(record: RunRecord) -> None:
    groups = by_control(record.findings, record.controls)
    regained = {
        (host, group.control.id, variant.verdict, answer.observations)
        for group in groups
        for variant in group.variants
        for answer in variant.answers
        for host in answer.hosts
    }
    assert regained == {(f.host, f.control, f.verdict, f.observations) for f in record.findings}
    assert sum(len(variant.hosts) for group in groups for variant in group.variants) == len(record.findings)


def test_a_host_out_of_reach_is_one_blind_spot() -> None:
    findings = [Finding("a", control, Verdict.UNREACHABLE, reason="timed out") for control in CONTROLS]
    findings.append(Finding("b", "ssh-grace", Verdict.PASS))
    (spot,) = blind_spots(findings)
    assert (spot.reason, spot.hosts, len(spot.controls)) == ("timed out", ("a",), 45)


def test_changes_are_grouped_by_task_and_failures_come_first() -> None:
    changes = [
        Change("b", "ssh", "Write", ChangeStatus.CHANGED),
        Change("a", "ssh", "Write", ChangeStatus.CHANGED),
        Change("a", "logging", "Start", ChangeStatus.FAILED, "no such unit"),
    ]
    assert [(group.task, group.hosts) for group in by_task(changes)] == [("Start", ("a",)), ("Write", ("a", "b"))]
