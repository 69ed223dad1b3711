from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from opsharden.errors import EvidenceError
from opsharden.evidence import Store
from opsharden.model import (
    Change,
    ChangeStatus,
    Control,
    ExitCode,
    Finding,
    HostStatus,
    Member,
    Observation,
    Run,
    RunState,
    Verdict,
)
from opsharden.redaction import Redactor


def on_test(host: str) -> Member:
    return Member(host, HostStatus.TESTED)


def count(database: Path, table: str) -> int:
    with sqlite3.connect(database) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found[0])


def test_all_of_a_run_comes_back_as_it_was_filed(
    store: Store,
    run: Callable[..., Run],
    control: Callable[..., Control],
    observation: Callable[..., Observation],
    finding: Callable[..., Finding],
) -> None:
    started = store.begin(run())
    seen = observation(stdout=b"\x00\xffraw\n", stderr=b"warning", rc=3, truncated=True)
    later = observation(stdout=b"uncited", taken_at=seen.taken_at + timedelta(microseconds=1234), seconds=1.5)
    found = finding(
        verdict=Verdict.FAIL,
        observed="yes",
        expected="no",
        reason="assert 'yes' == 'no'",
        observations=(seen.digest,),
        seconds=0.125,
    )
    controls = [control(), control("ssh-grace")]
    changed = Change("web1", "ssh", "Write settings", ChangeStatus.FAILED, "no space")
    store.add_controls(started.id, controls)
    store.add_members(started.id, [on_test("web1"), Member("web2", HostStatus.EXCLUDED, "not in --limit")])
    store.add_host(started.id, on_test("web1"), [found], [seen, later])
    store.add_host(started.id, Member("web3", HostStatus.UNREACHABLE, "connection refused"), [], [])
    store.add_changes(started.id, [changed])
    ended = started.started_at + timedelta(seconds=9)
    store.finish(started.id, RunState.COMPLETE, ExitCode.FINDINGS, ended)

    record = store.record(started.id, observations=True)

    assert record.run == run(state=RunState.COMPLETE, exit_code=3, ended_at=ended)
    assert record.members == (
        on_test("web1"),
        Member("web2", HostStatus.EXCLUDED, "not in --limit"),
        Member("web3", HostStatus.UNREACHABLE, "connection refused"),
    )
    assert record.findings == (found,)
    assert record.changes == (changed,)
    assert record.controls == {each.id: each for each in controls}
    assert list(record.controls) == ["ssh-no-root", "ssh-grace"]
    assert record.observations == {seen.digest: seen, later.digest: later}
    assert store.observed(started.id) == {"web1": (seen, later)}
    assert store.record(started.id).observations == {}


def test_equal_hosts_are_stored_once_and_an_unchanged_host_adds_one_row(
    store: Store,
    database: Path,
    run: Callable[..., Run],
    observation: Callable[..., Observation],
    finding: Callable[..., Finding],
) -> None:
    hosts = ["web1", "web2", "web3"]
    for number in range(2):
        started = store.begin(run(number))
        for offset, host in enumerate(hosts):
            seen = observation(host, taken_at=started.started_at + timedelta(seconds=offset), seconds=offset + 0.5)
            found = finding(host, observations=(seen.digest,), seconds=offset)
            store.add_host(started.id, on_test(host), [found], [seen])

    assert {table: count(database, table) for table in ("member", "sheet", "finding", "observation")} == {
        "member": 6,
        "sheet": 1,
        "finding": 1,
        "observation": 1,
    }
    times = {host: taken[0].taken_at for host, taken in store.observed("latest").items()}
    assert times == {host: started.started_at + timedelta(seconds=n) for n, host in enumerate(hosts)}
    assert [(each.host, each.seconds) for each in store.record("latest").findings] == [
        ("web1", 0),
        ("web2", 1),
        ("web3", 2),
    ]


def test_an_observation_from_a_peer_keeps_the_peers_name(
    store: Store, run: Callable[..., Run], observation: Callable[..., Observation]
) -> None:
    started = store.begin(run())
    from_hub = observation("hub", b"port open")
    store.add_host(started.id, on_test("web1"), [], [observation(), from_hub])

    assert [seen.host for seen in store.observed(started.id)["web1"]] == ["web1", "hub"]


def test_a_finding_may_stand_on_what_another_host_filed_but_not_on_nothing(
    store: Store, run: Callable[..., Run], observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    seen = observation()
    store.add_host(started.id, on_test("web1"), [], [seen])
    store.add_host(started.id, on_test("web2"), [finding("web2", observations=(seen.digest,))], [])

    with pytest.raises(EvidenceError, match="which was not filed"):
        store.add_host(started.id, on_test("web3"), [finding("web3", observations=("0" * 64,))], [])
    assert [member.host for member in store.record(started.id).members] == ["web1", "web2"]


def test_a_finding_of_another_host_is_refused(
    store: Store, run: Callable[..., Run], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    with pytest.raises(ValueError, match="web2"):
        store.add_host(started.id, on_test("web1"), [finding("web2")], [])


def test_a_host_is_filed_once(store: Store, run: Callable[..., Run], finding: Callable[..., Finding]) -> None:
    started = store.begin(run())
    store.add_host(started.id, on_test("web1"), [finding(verdict=Verdict.FAIL)], [])
    with pytest.raises(EvidenceError, match="filed twice"):
        store.add_host(started.id, on_test("web1"), [finding(verdict=Verdict.PASS)], [])
    assert [each.verdict for each in store.record(started.id).findings] == [Verdict.FAIL]


def test_controls_are_kept_as_they_were(store: Store, run: Callable[..., Run], control: Callable[..., Control]) -> None:
    for number, title in enumerate(["Old title", "New title"]):
        started = store.begin(run(number))
        store.add_controls(started.id, [control(title=title)])
        store.finish(started.id, RunState.COMPLETE, 0, started.started_at)

    titles = [store.record(each.id).controls["ssh-no-root"].title for each in store.runs()]
    assert titles == ["New title", "Old title"]


def test_a_run_is_on_file_before_it_does_anything(store: Store, database: Path, run: Callable[..., Run]) -> None:
    store.begin(run())
    with Store.open(database) as other:
        assert other.run("latest").state is RunState.RUNNING


def test_two_runs_of_one_id_get_two_ids(store: Store, run: Callable[..., Run]) -> None:
    first, second = store.begin(run()), store.begin(run())
    assert first.id == run().id
    assert second.id != first.id
    assert second.id.startswith("20261124-120000-")
    assert len(store.runs()) == 2


def test_a_child_run_names_its_parent(store: Store, run: Callable[..., Run]) -> None:
    parent = store.begin(run(0, verb="apply"))
    store.begin(run(1, parent=parent.id))
    assert store.run("latest").parent == parent.id
    with pytest.raises(EvidenceError):
        store.begin(run(2, parent="20200101-000000-0000"))


@pytest.mark.parametrize("number", range(5))
def test_nothing_is_filed_for_a_run_that_ended(number: int, store: Store, run: Callable[..., Run]) -> None:
    ended = store.begin(run())
    store.finish(ended.id, RunState.COMPLETE, 0, ended.started_at)
    writes: list[Callable[[], None]] = [
        lambda: store.add_controls(ended.id, []),
        lambda: store.add_members(ended.id, [on_test("web1")]),
        lambda: store.add_host(ended.id, on_test("web1"), [], []),
        lambda: store.add_changes(ended.id, []),
        lambda: store.finish(ended.id, RunState.FAILED, 1, ended.started_at),
    ]
    with pytest.raises(EvidenceError, match="it has ended"):
        writes[number]()
    assert store.record(ended.id).members == ()
    assert store.run(ended.id).state is RunState.COMPLETE


def test_nothing_is_filed_for_a_run_that_never_began(store: Store) -> None:
    with pytest.raises(EvidenceError, match="never begun"):
        store.add_host("20261124-120000-0000", on_test("web1"), [], [])


def test_a_time_without_zone_is_refused(
    store: Store, run: Callable[..., Run], observation: Callable[..., Observation]
) -> None:
    naive = run().started_at.replace(tzinfo=None)
    with pytest.raises(Exception, match="no time zone"):
        store.begin(run(started_at=naive))
    started = store.begin(run())
    with pytest.raises(Exception, match="no time zone"):
        store.finish(started.id, RunState.COMPLETE, 0, naive)
    with pytest.raises(Exception, match="no time zone"):
        store.add_host(started.id, on_test("web1"), [], [observation(taken_at=naive)])


def test_secrets_are_not_in_the_file_wherever_they_turned_up(
    database: Path, run: Callable[..., Run], observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    secret = "correct-horse"
    with Store.open(database, redact=Redactor([secret])) as store:
        started = store.begin(run(command=f"opsharden verify -e pw={secret}"))
        seen = observation(stdout=b"a correct-horse\n", stderr=b"correct-horse", command=f"echo {secret}")
        found = finding(
            verdict=Verdict.FAIL, observed=secret, expected=secret, reason=secret, observations=(seen.digest,)
        )
        store.add_members(started.id, [Member("web2", HostStatus.EXCLUDED, secret)])
        store.add_host(started.id, Member("web1", HostStatus.TESTED, secret), [found], [seen])
        store.add_changes(started.id, [Change("web1", "ssh", secret, ChangeStatus.FAILED, secret)])
        record = store.record(started.id, observations=True)

    kept = record.findings[0].observations[0]
    assert kept != seen.digest
    assert record.observations[kept].stdout == b"a [redacted]\n"
    assert record.observations[kept].digest == kept
    raw = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"[redacted]" in raw
    assert secret.encode() not in raw


def test_text_no_database_can_hold_is_kept_as_escapes(
    store: Store, run: Callable[..., Run], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    store.add_host(started.id, on_test("web1"), [finding(observed="caf\udce9 \0")], [])
    assert store.record(started.id).findings[0].observed == "caf\\udce9 \\x00"


def test_threads_wait_for_each_other_even_where_no_other_process_is_waited_for(
    database: Path, run: Callable[..., Run], observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    store = Store.open(database, busy_timeout=0)
    started = store.begin(run())

    def file(number: int) -> None:
        host = f"web{number}"
        seen = [observation(host), observation(host, b"own %d" % number)]
        store.add_host(started.id, on_test(host), [finding(host, observations=(seen[0].digest,))], seen)

    threads = [threading.Thread(target=file, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.record(started.id).findings) == 20
    store.close()


def test_reap_marks_runs_whose_process_is_gone_and_no_others(
    store: Store, database: Path, run: Callable[..., Run]
) -> None:
    alive, rebooted, elsewhere = (store.begin(run(number)) for number in range(3))
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE run SET owner_boot = 'an earlier boot' WHERE id = ?", [rebooted.id])
        connection.execute(
            "UPDATE run SET owner_node = 'other.example', owner_boot = 'another' WHERE id = ?", [elsewhere.id]
        )

    assert [reaped.id for reaped in store.reap()] == [rebooted.id]
    assert {each.id: each.state for each in store.runs()} == {
        alive.id: RunState.RUNNING,
        rebooted.id: RunState.INTERRUPTED,
        elsewhere.id: RunState.RUNNING,
    }
    assert store.run(rebooted.id).ended_at is None
    assert store.reap() == ()


def test_a_run_reaped_by_mistake_can_still_say_how_it_ended(
    store: Store, database: Path, run: Callable[..., Run]
) -> None:
    started = store.begin(run())
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE run SET state = 'interrupted'")
    store.finish(started.id, RunState.COMPLETE, 0, started.started_at)
    assert store.run(started.id).state is RunState.COMPLETE


def test_what_was_read_from_evidence_can_be_filed_again(
    store: Store,
    tmp_path: Path,
    run: Callable[..., Run],
    observation: Callable[..., Observation],
    finding: Callable[..., Finding],
) -> None:
    first = store.begin(run())
    seen = observation(stdout=b"a correct-horse\n")
    store.add_host(first.id, on_test("web1"), [finding(observations=(seen.digest,))], [seen])
    (read,) = store.observed_of(first.id, "web1")
    (found,) = store.record(first.id).findings

    with Store.open(tmp_path / "other.db", redact=Redactor(["correct-horse"])) as other:
        again = other.begin(run())
        other.add_host(again.id, on_test("web1"), [found], [read])
        record = other.record(again.id, observations=True)
    (kept,) = record.observations.values()
    assert kept.stdout == b"a [redacted]\n"
    assert record.findings[0].observations == (kept.digest,) != (seen.digest,)
