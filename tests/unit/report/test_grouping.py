from __future__ import annotations

from opsharden.model import Change, ChangeStatus, Finding, HostStatus, Member, RunRecord, Verdict
from opsharden.report.grouping import blind_spots, by_control, by_task, excluded, unseen_again
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
    lost = Member("a", HostStatus.UNREACHABLE, "a timed out", "The host timed out", tuple(CONTROLS))
    (spot,) = blind_spots(RunRecord(sample.run(), (lost,), (Finding("b", "ssh-grace", Verdict.PASS),), (), CONTROLS))
    assert (spot.reason, spot.hosts, len(spot.controls)) == ("a timed out", ("a",), 45)


def test_ten_thousand_hosts_with_one_cause_are_one_blind_spot_in_words_that_hold_for_all() -> None:
    names = [f"h{n:05}" for n in range(10000)]
    lost = [Member(name, HostStatus.UNREACHABLE, f"{name} timed out", "The host timed out") for name in names]
    (spot,) = blind_spots(RunRecord(sample.run(), tuple(lost), (), (), CONTROLS))
    assert (spot.reason, len(spot.hosts), len(spot.controls)) == ("The host timed out", 10000, 45)
    assert spot.reasons["h00007"] == "h00007 timed out"


def test_a_run_filed_host_by_control_is_still_one_blind_spot() -> None:
    findings = tuple(Finding("a", control, Verdict.UNREACHABLE, reason="timed out") for control in CONTROLS)
    members = (Member("a", HostStatus.UNREACHABLE, "timed out"),)
    (spot,) = blind_spots(RunRecord(sample.run(), members, findings, (), CONTROLS))
    assert (spot.reason, spot.hosts, len(spot.controls)) == ("timed out", ("a",), 45)


def test_hosts_left_out_for_one_reason_are_together() -> None:
    members = [Member(name, HostStatus.EXCLUDED, "asked for") for name in ("b", "a")]
    assert excluded([*members, Member("c", HostStatus.TESTED)]) == {"asked for": ("a", "b")}


def test_what_apply_touched_and_nobody_could_look_at_again_is_named() -> None:
    changes = tuple(Change(host, "ssh", "Write", ChangeStatus.CHANGED) for host in ("a", "b"))
    members = (Member("a", HostStatus.UNREACHABLE, "gone"), Member("b", HostStatus.TESTED))
    record = RunRecord(sample.run(verb="apply"), members, (), changes, CONTROLS)
    assert unseen_again(record) == ("a",)


def test_a_fix_is_offered_where_apply_brings_something_about_and_only_there() -> None:
    findings = [
        Finding("a", "ssh-no-root", Verdict.FAIL, "yes", "no"),
        Finding("b", "ssh-no-root", Verdict.FAIL, "yes", "no", by_hand="Line 3 is yours.", by_apply=False),
        Finding("a", "ssh-grace", Verdict.FAIL, "yes", "no", by_hand="Line 3 is yours.", by_apply=False),
        Finding("a", "ssh-idle", Verdict.FAIL, by_apply=False),
    ]
    groups = {group.control.id: group for group in by_control(findings, CONTROLS)}
    assert groups["ssh-no-root"].fix == "opsharden apply --control ssh-no-root -l a"
    assert [variant.left for variant in groups["ssh-no-root"].variants] == [(), ("Line 3 is yours.",)]
    assert groups["ssh-grace"].fix == ""
    assert groups["ssh-idle"].variants[0].left == ("Apply does not change this.",)


def test_changes_are_grouped_by_task_and_failures_come_first() -> None:
    changes = [
        Change("b", "ssh", "Write", ChangeStatus.CHANGED),
        Change("a", "ssh", "Write", ChangeStatus.CHANGED),
        Change("a", "logging", "Start", ChangeStatus.FAILED, "no such unit"),
    ]
    assert [(group.task, group.hosts) for group in by_task(changes)] == [("Start", ("a",)), ("Write", ("a", "b"))]
