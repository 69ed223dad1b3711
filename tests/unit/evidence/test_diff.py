from __future__ import annotations

from collections.abc import Callable

import pytest

from opsharden.evidence import Turn, diff
from opsharden.model import Control, Finding, Run, RunRecord, Severity, Verdict

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
