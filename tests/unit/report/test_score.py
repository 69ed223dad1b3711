from __future__ import annotations

from dataclasses import replace

import pytest

from opsharden.findings import unseen
from opsharden.model import Finding, HostStatus, Member, RunRecord, Severity, Verdict
from opsharden.report.score import Tally, matrix, summarise
from tests.unit.report import sample

CONTROLS = sample.controls()
LOW, MEDIUM, HIGH = "ssh-grace", "ssh-ciphers", "ssh-no-root"
TESTED = (Member("a", HostStatus.TESTED),)


def finding(control: str, verdict: Verdict, host: str = "a") -> Finding:
    return Finding(host, control, verdict)


def test_score_counts_only_what_was_judged_and_coverage_says_what_was_not() -> None:
    tally = Tally(
        {Verdict.PASS: 6, Verdict.FAIL: 2, Verdict.NOT_APPLICABLE: 1, Verdict.ERROR: 1, Verdict.UNREACHABLE: 2}
    )
    assert tally.score == 6 / 8
    assert (tally.looked, tally.blind, tally.total) == (9, 3, 12)
    assert tally.coverage == 9 / 12


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.UNREACHABLE, Verdict.NOT_APPLICABLE])
def test_nothing_judged_is_no_score(verdict: Verdict) -> None:
    assert Tally({verdict: 5}).score is None


def test_unknown_is_as_weak_as_failed() -> None:
    assert Tally({Verdict.UNREACHABLE: 9}).strength == 0
    assert Tally({Verdict.PASS: 1, Verdict.ERROR: 1}).strength == Tally({Verdict.PASS: 1, Verdict.FAIL: 1}).strength
    assert Tally({Verdict.NOT_APPLICABLE: 3}).strength == 1
    assert Tally({}).strength == 0


def test_every_breakdown_adds_up_to_the_whole(record: RunRecord) -> None:
    summary = summarise(record)
    by_hand = sample.by_verdict(record.findings)
    assert min(by_hand.values()) > 0, "the sample must have every verdict"
    for verdict in Verdict:
        assert summary.whole.of(verdict) == by_hand[verdict]
        for part in (summary.severities, summary.roles, summary.hosts, summary.grid, matrix(record)):
            assert sum(tally.of(verdict) for tally in part.values()) == by_hand[verdict]
    assert dict(summary.population) == {HostStatus.TESTED: 4, HostStatus.UNREACHABLE: 1, HostStatus.EXCLUDED: 1}


def test_weakest_first(record: RunRecord) -> None:
    summary = summarise(record)
    assert next(iter(summary.hosts)) == sample.UNREACHED
    assert [tally.strength for tally in summary.roles.values()] == sorted(t.strength for t in summary.roles.values())
    assert list(summary.severities) == [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW]


def test_a_host_never_reached_lowers_the_coverage_even_without_findings(record: RunRecord) -> None:
    silent = replace(record, findings=tuple(f for f in record.findings if f.host != sample.UNREACHED))
    assert summarise(silent) == summarise(record)
    (member,) = unseen(silent)
    assert (member.host, member.controls) == (sample.UNREACHED, tuple(CONTROLS))


def test_only_what_was_to_be_looked_at_counts_as_unreachable(record: RunRecord) -> None:
    lost = Member("lost", HostStatus.UNREACHABLE, "timed out", controls=(HIGH, LOW))
    few = summarise(replace(record, members=(lost,), findings=()))
    assert few.whole.counts == few.hosts["lost"].counts == {Verdict.UNREACHABLE: 2}
    assert few.grid["ssh", Severity.HIGH].blind == few.grid["ssh", Severity.LOW].blind == 1


def test_a_tested_host_without_findings_is_listed(record: RunRecord) -> None:
    more = replace(record, members=(*record.members, Member("idle", HostStatus.TESTED)))
    assert summarise(more).hosts["idle"].coverage is None
