from __future__ import annotations

from dataclasses import replace

from opsharden.model import ChangeStatus
from opsharden.play.events import HostBegan, HostCounts, HostResult, PlayEvent, Stats
from opsharden.play.outcome import UNKNOWN_END, Ledger, PlayOutcome, PlayStatus
from opsharden.play.preparation import GO_ON

OK = HostResult("a", "ssh", "Looks", ChangeStatus.OK)
CHANGED = HostResult("a", "ssh", "Sets", ChangeStatus.CHANGED, changed=True)
FAILED = HostResult("a", "ssh", "Breaks", ChangeStatus.FAILED, "no")
UNKNOWN = HostResult("a", "ssh", "Hides", ChangeStatus.CHANGED, "hidden", changed=True, unknown=True)


def fold(
    *events: PlayEvent, expected: tuple[str, ...] = ("a",), status: PlayStatus = PlayStatus.COMPLETE
) -> PlayOutcome:
    ledger = Ledger(expected)
    for event in events:
        ledger.add(event)
    return ledger.outcome(status)


def tasks(outcome: PlayOutcome) -> list[str]:
    return [change.task for change in outcome.changes]


def test_only_what_mattered_is_kept() -> None:
    outcome = fold(OK, CHANGED, FAILED, Stats({"a": HostCounts(ok=2, changed=1, failed=1)}))
    assert tasks(outcome) == ["Sets", "Breaks"]
    assert outcome.failed == ("a",)


def test_hosts_never_seen_are_missing_in_the_order_asked() -> None:
    assert fold(OK, Stats({"a": HostCounts(ok=1)}), expected=("c", "a", "b")).missing == ("c", "b")
    assert fold(expected=("a", "b")).missing == ("a", "b")


def test_an_unreachable_host_is_seen() -> None:
    gone = HostResult("a", "ssh", "Looks", ChangeStatus.UNREACHABLE, "no route")
    outcome = fold(gone, Stats({"a": HostCounts(unreachable=1)}))
    assert (outcome.unreachable, outcome.missing, tasks(outcome)) == (("a",), (), ["Looks"])


def test_ignored_failures_are_no_changes() -> None:
    assert tasks(fold(replace(FAILED, ignored=True), Stats({"a": HostCounts(ok=1, ignored=1)}))) == []


def test_rescued_failures_are_no_changes_but_the_one_that_stays_is() -> None:
    rescued, last = replace(FAILED, task="Rescued"), replace(FAILED, task="Final")
    outcome = fold(rescued, last, Stats({"a": HostCounts(rescued=1, failed=1)}))
    assert (tasks(outcome), outcome.failed) == (["Final"], ("a",))
    outcome = fold(rescued, CHANGED, Stats({"a": HostCounts(rescued=1, ok=1, changed=1)}))
    assert (tasks(outcome), outcome.failed) == (["Sets"], ())


def test_the_final_counts_decide_about_unknown_results() -> None:
    assert tasks(fold(CHANGED, UNKNOWN, Stats({"a": HostCounts(ok=2, changed=1)}))) == ["Sets"]
    assert tasks(fold(CHANGED, UNKNOWN, Stats({"a": HostCounts(ok=2, changed=2)}))) == ["Sets", "Hides"]


GONE_ON = HostResult("a", "", GO_ON, ChangeStatus.OK)


def test_a_failure_that_the_next_role_goes_on_behind_stays_one() -> None:
    rescued, final = replace(FAILED, task="Rescued"), replace(FAILED, task="Final")
    outcome = fold(rescued, final, GONE_ON, CHANGED, Stats({"a": HostCounts(ok=2, changed=1, rescued=2)}))
    assert tasks(outcome) == ["Final", "Sets"]
    assert (outcome.failed, outcome.ended) == (("a",), ())


def test_a_failure_that_nothing_goes_on_behind_ends_the_host() -> None:
    outcome = fold(FAILED, GONE_ON, replace(FAILED, task="Handler"), Stats({"a": HostCounts(rescued=1, failed=1)}))
    assert tasks(outcome) == ["Breaks", "Handler"]
    assert outcome.ended == ("a",)


def test_what_had_begun_when_a_play_died_is_told() -> None:
    outcome = fold(OK, HostBegan("a", "ssh", "Sets"), status=PlayStatus.BROKEN)
    assert [(change.task, change.status, change.message) for change in outcome.changes] == [
        ("Sets", ChangeStatus.FAILED, UNKNOWN_END)
    ]
    assert tasks(fold(HostBegan("a", "ssh", "Sets"), CHANGED, status=PlayStatus.BROKEN)) == ["Sets"]


def test_a_host_on_which_a_task_has_begun_was_seen() -> None:
    cut_off = fold(HostBegan("a", "ssh", "Sets"), expected=("a", "b"), status=PlayStatus.CANCELLED)
    assert cut_off.missing == ("b",)


def test_of_a_host_lost_at_the_first_task_nothing_had_begun() -> None:
    gone = HostResult("a", "ssh", "Looks", ChangeStatus.UNREACHABLE, "no route")
    stats = Stats({"a": HostCounts(unreachable=1)})
    assert [change.message for change in fold(gone, stats).changes] == ["no route"]
    silent = replace(gone, message="Data could not be sent")
    assert [change.message for change in fold(silent, stats).changes] == [f"Data could not be sent {UNKNOWN_END}"]
    assert [change.message for change in fold(OK, gone, stats).changes] == [f"no route {UNKNOWN_END}"]


def test_a_task_that_took_too_long_is_told_apart() -> None:
    late = replace(FAILED, timed_out=True)
    assert fold(late, GONE_ON, Stats({"a": HostCounts(rescued=1)})).timed_out == ("a",)


def test_a_change_in_an_ignored_failure_does_not_stand_for_an_unknown_one() -> None:
    ignored = replace(FAILED, ignored=True, changed=True)
    assert tasks(fold(ignored, UNKNOWN, Stats({"a": HostCounts(ok=2, changed=1, ignored=1)}))) == []


def test_without_final_counts_our_own_hold_and_nothing_is_explained_away() -> None:
    outcome = fold(OK, CHANGED, UNKNOWN, FAILED, status=PlayStatus.CANCELLED)
    assert tasks(outcome) == ["Sets", "Hides", "Breaks"]
    assert outcome.counts == {"a": HostCounts(ok=3, changed=2, failed=1)}
    assert outcome.failed == ("a",)
