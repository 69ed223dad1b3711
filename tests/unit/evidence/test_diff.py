from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opsharden.evidence import Turn, diff
from opsharden.model import Control, Finding, HostStatus, Member, Run, RunRecord, Severity, Verdict

Make = Callable[..., RunRecord]


@pytest.fixture
def record(run: Callable[..., Run], control: Callable[..., Control]) -> Make:
    def make(*findings: Finding, controls: tuple[Control, ...] = ()) -> RunRecord:
        return RunRecord(run(), (), findings, (), {each.id: each for each in controls or (control(),)})

    return make


PASS, FAIL, NOT, ERROR, GONE = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.NOT_APPLICABLE,
    Verdict.ERROR,
    Verdict.UNREACHABLE,
)


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (PASS, FAIL, Turn.WORSE),
        (NOT, FAIL, Turn.WORSE),
        (ERROR, FAIL, Turn.WORSE),
        (GONE, FAIL, Turn.WORSE),
        (FAIL, PASS, Turn.BETTER),
        (FAIL, NOT, Turn.BETTER),
        (ERROR, PASS, Turn.BETTER),
        (GONE, NOT, Turn.BETTER),
        (PASS, ERROR, Turn.LOST_SIGHT),
        (FAIL, ERROR, Turn.LOST_SIGHT),
        (FAIL, GONE, Turn.LOST_SIGHT),
        (NOT, GONE, Turn.LOST_SIGHT),
        (PASS, NOT, Turn.OTHER),
        (NOT, PASS, Turn.OTHER),
        (ERROR, GONE, Turn.OTHER),
    ],
)
def test_which_way_a_verdict_went(
    before: Verdict, after: Verdict, turn: Turn, record: Make, finding: Callable[..., Finding]
) -> None:
    found = diff(record(finding(verdict=before)), record(finding(verdict=after, reason="because")))
    (shift,) = found.shifts
    assert (shift.turn, shift.before, shift.after, shift.reason) == (turn, before, after, "because")
    assert shift.severity is Severity.HIGH
    assert (found.still_failing, found.still_blind) == (0, 0)


@pytest.mark.parametrize(
    ("verdict", "failing", "blind"), [(PASS, 0, 0), (NOT, 0, 0), (FAIL, 1, 0), (ERROR, 0, 1), (GONE, 0, 1)]
)
def test_what_stays_as_it_was_is_counted(
    verdict: Verdict, failing: int, blind: int, record: Make, finding: Callable[..., Finding]
) -> None:
    same = record(finding(verdict=verdict))
    found = diff(same, same)
    assert (found.shifts, found.still_failing, found.still_blind) == ((), failing, blind)


def test_what_is_gone_or_new_is_neither_better_nor_worse(record: Make, finding: Callable[..., Finding]) -> None:
    found = diff(
        record(finding("web1", "old", verdict=FAIL), finding("web2", "old")),
        record(finding("web2", "new", verdict=FAIL), finding("web3", "new")),
    )
    assert {shift.turn for shift in found.shifts} == {Turn.NEW, Turn.GONE}
    assert [(shift.host, shift.before, shift.after) for shift in found.turned(Turn.GONE)] == [
        ("web1", FAIL, None),
        ("web2", PASS, None),
    ]
    assert (found.new_hosts, found.gone_hosts) == (("web3",), ("web1",))
    assert (found.new_controls, found.gone_controls) == (("new",), ("old",))


def test_the_weightiest_come_first(
    record: Make, finding: Callable[..., Finding], control: Callable[..., Control]
) -> None:
    controls = (control("a", severity=Severity.LOW), control("b", severity=Severity.CRITICAL))
    places = [("web2", "a"), ("web1", "a"), ("web1", "b"), ("web1", "unknown")]
    before = record(*(finding(*place) for place in places), controls=controls)
    after = record(*(finding(*place, verdict=FAIL) for place in places), controls=controls)
    assert [(shift.host, shift.control) for shift in diff(before, after).shifts] == [
        ("web1", "b"),
        ("web1", "a"),
        ("web2", "a"),
        ("web1", "unknown"),
    ]


def test_where_two_checks_speak_on_one_control_the_gravest_counts(
    record: Make, finding: Callable[..., Finding]
) -> None:
    before = record(finding(verdict=PASS))
    after = record(finding(verdict=FAIL), finding(verdict=PASS))
    assert [shift.turn for shift in diff(before, after).shifts] == [Turn.WORSE]


LOST = Member("web1", HostStatus.UNREACHABLE, "web1 is gone", "The host is gone", ("a", "b", "c"))


def run_of(record: Make, *findings: Finding, lost: Member | None = None) -> RunRecord:
    return replace(record(*findings), members=(lost,) if lost else ())


def test_a_host_we_lost_sight_of_is_one_shift(record: Make, finding: Callable[..., Finding]) -> None:
    before = run_of(
        record, finding(control="a"), finding(control="b", verdict=FAIL), finding(control="c", verdict=ERROR)
    )
    found = diff(before, run_of(record, lost=LOST))
    (shift,) = found.shifts
    assert (shift.host, shift.control, shift.turn, shift.controls) == ("web1", "", Turn.LOST_SIGHT, 2)
    assert (shift.reason, found.still_blind, found.still_failing) == ("The host is gone", 1, 0)
    assert (found.gone_hosts, found.gone_controls) == ((), ())


def test_a_host_that_is_back_names_what_fails_and_counts_the_rest(
    record: Make, finding: Callable[..., Finding]
) -> None:
    now = [finding(control="a"), finding(control="b", verdict=FAIL), finding(control="c", verdict=ERROR)]
    found = diff(run_of(record, lost=LOST), run_of(record, *now))
    assert [(s.turn, s.control, s.controls, s.before) for s in found.shifts if s.turn is Turn.WORSE] == [
        (Turn.WORSE, "b", 1, GONE)
    ]
    assert [(s.turn, s.control, s.controls) for s in found.turned(Turn.BETTER)] == [(Turn.BETTER, "", 1)]
    assert found.still_blind == 1


def test_a_host_nobody_looked_at_in_either_run_is_counted(record: Make) -> None:
    found = diff(run_of(record, lost=LOST), run_of(record, lost=LOST))
    assert (found.shifts, found.still_blind) == ((), 3)


def test_a_host_not_looked_at_that_is_new_or_gone_is_one_shift(record: Make) -> None:
    new, gone = diff(record(), run_of(record, lost=LOST)), diff(run_of(record, lost=LOST), record())
    assert [(s.turn, s.after, s.controls) for s in new.shifts] == [(Turn.NEW, GONE, 3)]
    assert [(s.turn, s.before, s.controls) for s in gone.shifts] == [(Turn.GONE, GONE, 3)]
    assert (new.new_hosts, gone.gone_hosts) == (("web1",), ("web1",))


def test_a_comparison_without_a_reason_is_told_by_its_first_line(record: Make, finding: Callable[..., Finding]) -> None:
    worse = finding(verdict=FAIL, observed="umask: 022\nmore", expected="umask: 027\nmore")
    (shift,) = diff(record(finding()), record(worse)).shifts
    assert shift.reason == "umask: 022, should be umask: 027"


def test_what_is_left_to_the_administrator_comes_along(record: Make, finding: Callable[..., Finding]) -> None:
    left = finding(verdict=FAIL, by_hand="Take the line out.", by_apply=False)
    for before in (record(finding()), record(), run_of(record, lost=replace(LOST, controls=(left.control,)))):
        (shift,) = diff(before, record(left)).shifts
        assert (shift.by_hand, shift.by_apply) == ("Take the line out.", False)
    (shift,) = diff(record(left), record(finding())).shifts
    assert (shift.by_hand, shift.by_apply) == ("", True)
