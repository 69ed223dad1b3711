from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from opsharden.errors import EvidenceError, UsageError
from opsharden.evidence import Store
from opsharden.model import (
    Change,
    ChangeStatus,
    Control,
    Finding,
    HostStatus,
    Member,
    Observation,
    Run,
    RunState,
    Verdict,
)

TO_TEST = [Member("web1", HostStatus.TESTED), Member("web2", HostStatus.TESTED)]


def test_runs_come_newest_first(store: Store, run: Callable[..., Run]) -> None:
    for number, verb in enumerate(["verify", "apply", "verify"]):
        store.begin(run(number, verb=verb))
    assert [each.id for each in store.runs()] == [run(2).id, run(1).id, run(0).id]
    assert [each.id for each in store.runs(limit=1)] == [run(2).id]
    assert [each.id for each in store.runs(verb="verify", limit=2)] == [run(2).id, run(0).id]


def test_a_run_is_found_by_id_by_prefix_and_as_the_latest(store: Store, run: Callable[..., Run]) -> None:
    for number in range(2):
        store.begin(run(number))
    assert store.run(run(0).id).id == run(0).id
    assert store.run("20261124-1200").id == run(0).id
    assert store.run("latest").id == run(1).id


@pytest.mark.parametrize("reference", ["20991231", "", "%", "_0261124-120000"])
def test_what_names_no_run_is_a_usage_error(reference: str, store: Store, run: Callable[..., Run]) -> None:
    store.begin(run())
    with pytest.raises(UsageError, match="There is no run"):
        store.run(reference)


def test_a_prefix_of_several_runs_is_a_usage_error(store: Store, run: Callable[..., Run]) -> None:
    for number in range(2):
        store.begin(run(number))
    with pytest.raises(UsageError, match=f"{run(0).id} and {run(1).id}"):
        store.run("20261124")


def test_the_latest_of_no_runs_is_a_usage_error(store: Store) -> None:
    with pytest.raises(UsageError, match="no runs yet"):
        store.run("latest")


def test_a_host_whose_turn_never_came_was_not_tested(
    store: Store, run: Callable[..., Run], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    store.add_members(started.id, TO_TEST)
    store.add_host(started.id, TO_TEST[0], [finding()], [])
    store.finish(started.id, RunState.INTERRUPTED, 130, started.started_at)
    assert store.record(started.id).members == (
        TO_TEST[0],
        Member("web2", HostStatus.EXCLUDED, "not looked at: the run is interrupted"),
    )


def test_a_host_that_had_nothing_to_check_had_its_turn(store: Store, run: Callable[..., Run]) -> None:
    started = store.begin(run())
    store.add_members(started.id, TO_TEST)
    store.add_host(started.id, TO_TEST[0], [], [])
    assert [member.status for member in store.record(started.id).members] == [HostStatus.TESTED, HostStatus.EXCLUDED]


def test_a_host_that_was_changed_had_its_turn(store: Store, run: Callable[..., Run]) -> None:
    started = store.begin(run(verb="apply"))
    store.add_members(started.id, TO_TEST)
    store.add_changes(started.id, [Change("web1", "ssh", "Write", ChangeStatus.CHANGED)])
    assert [member.status for member in store.record(started.id).members] == [HostStatus.TESTED, HostStatus.EXCLUDED]


def test_a_complete_apply_needs_no_findings(store: Store, run: Callable[..., Run]) -> None:
    started = store.begin(run(verb="apply"))
    store.add_members(started.id, TO_TEST)
    store.finish(started.id, RunState.COMPLETE, 0, started.started_at)
    assert store.record(started.id).members == tuple(TO_TEST)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE finding SET content = CAST(replace(content, 'fail', 'pass') AS BLOB)",
        "UPDATE finding SET content = replace(content, 'is yes', 'is no')",
        "UPDATE finding SET verdict = 'pass'",
        "UPDATE finding SET verdict = 'splendid'",
        "UPDATE finding SET control = 'ssh-grace'",
        "UPDATE finding SET digest = 'forged' WHERE verdict = 'fail'",
        "UPDATE observation SET content = CAST(replace(content, ' no', 'yes') AS BLOB)",
        "UPDATE control SET content = CAST(replace(content, 'high', 'low') AS BLOB)",
        "UPDATE control SET content = CAST('{}' AS BLOB)",
        "UPDATE control SET id = 'other'",
        "UPDATE selection SET content = replace(content, 'ssh-grace', 'other')",
        "DELETE FROM sheet",
        "DELETE FROM sheet_finding WHERE seq = 0",
        "DELETE FROM finding WHERE verdict = 'fail'",
        "DELETE FROM observation",
        "UPDATE sheet_observation SET peer = 'elsewhere'",
        "UPDATE sheet SET digest = 'forged'",
        "UPDATE sheet SET format = 1",
        "UPDATE member SET timing = x'00' WHERE timing IS NOT NULL",
    ],
)
def test_what_was_altered_is_not_believed(
    tampering: str,
    store: Store,
    database: Path,
    run: Callable[..., Run],
    control: Callable[..., Control],
    observation: Callable[..., Observation],
    finding: Callable[..., Finding],
) -> None:
    started = store.begin(run())
    store.add_controls(started.id, [control()])
    seen = observation()
    findings = [
        finding(verdict=Verdict.FAIL, reason="permitrootlogin is yes", observations=(seen.digest,)),
        finding(control="ssh-grace"),
    ]
    store.add_host(started.id, TO_TEST[0], findings, [seen])
    store.add_host(started.id, Member("web2", HostStatus.UNREACHABLE, "gone", "", ("ssh-grace",)), [], [])
    store.record(started.id, observations=True)

    with sqlite3.connect(database) as connection:
        assert connection.execute(tampering).rowcount

    with pytest.raises(EvidenceError, match="altered or damaged"):
        store.record(started.id, observations=True)


def test_what_a_finding_stands_on_must_not_be_gone_whoever_filed_it(
    store: Store,
    database: Path,
    run: Callable[..., Run],
    observation: Callable[..., Observation],
    finding: Callable[..., Finding],
) -> None:
    started = store.begin(run())
    seen = observation()
    store.add_host(started.id, TO_TEST[0], [], [seen])
    store.finish(started.id, RunState.COMPLETE, 0, started.started_at)
    after = store.begin(run(1))
    store.add_host(after.id, TO_TEST[1], [finding("web2", observations=(seen.digest,))], [])
    assert len(store.record(after.id).findings) == 1

    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM observation")
    with pytest.raises(EvidenceError, match="what a finding stands on"):
        store.record(after.id)


def test_answers_that_are_gone_are_missed_wherever_they_are_asked_for(
    store: Store, database: Path, run: Callable[..., Run], observation: Callable[..., Observation]
) -> None:
    started = store.begin(run())
    store.add_host(started.id, TO_TEST[0], [], [observation()])
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM sheet_observation")
    for ask in (store.observed, lambda reference: store.observed_of(reference, "web1")):
        with pytest.raises(EvidenceError, match="altered or damaged"):
            ask(started.id)
