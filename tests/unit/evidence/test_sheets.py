from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from opsharden.evidence import Store
from opsharden.findings import Findings
from opsharden.model import Control, Finding, HostStatus, Member, Observation, Run, RunState, Verdict
from tests.unit.evidence.conftest import NOON


def test_equal_findings_of_many_hosts_are_kept_once(
    store: Store, run: Callable[..., Run], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    for number in range(50):
        name = f"web{number:02}"
        store.add_host(started.id, Member(name, HostStatus.TESTED), [finding(name, seconds=float(number))], [])
    found = store.record(started.id).findings
    assert isinstance(found, Findings)
    assert [(each.host, each.seconds) for each in found] == [(f"web{n:02}", float(n)) for n in range(50)]
    assert len({id(said) for sheet in found._sheets for said in sheet.findings}) == 1


def test_an_observation_shown_once_is_the_first_hosts(
    store: Store, run: Callable[..., Run], finding: Callable[..., Finding], observation: Callable[..., Observation]
) -> None:
    started = store.begin(run())
    for number, name in enumerate(["web2", "web1"]):
        seen = observation(name, taken_at=NOON + timedelta(seconds=number))
        own = observation(name, command=f"hostname # {name}", taken_at=NOON + timedelta(seconds=number + 5))
        store.add_host(
            started.id, Member(name, HostStatus.TESTED), [finding(name, observations=(seen.digest,))], [seen, own]
        )
    shown = store.record(started.id, observations=True).observations
    assert [(seen.host, seen.command, seen.taken_at) for seen in shown.values()] == [
        ("web2", "sshd -T", NOON),
        ("web2", "hostname # web2", NOON + timedelta(seconds=5)),
        ("web1", "hostname # web1", NOON + timedelta(seconds=6)),
    ]
    assert [seen.host for seen in store.observed_of(started.id, "web1")] == ["web1", "web1"]
    assert store.observed_of(started.id, "nobody") == ()


def test_a_host_that_was_not_looked_at_is_one_row(
    store: Store, run: Callable[..., Run], control: Callable[..., Control]
) -> None:
    started = store.begin(run())
    store.add_controls(started.id, [control()])
    store.add_members(started.id, [Member("web1", HostStatus.TESTED)])
    lost = Member("web1", HostStatus.UNREACHABLE, "web1 is gone", "The host is gone", ("ssh-no-root", "other"))
    store.add_host(started.id, lost, [], [])
    record = store.record(started.id)
    assert (record.members, len(record.findings)) == ((lost,), 0)


def test_what_an_earlier_run_came_to_is_carried_over_as_it_is(
    store: Store, run: Callable[..., Run], finding: Callable[..., Finding], observation: Callable[..., Observation]
) -> None:
    before = store.begin(run(0))
    seen = observation()
    store.add_host(before.id, Member("web1", HostStatus.TESTED), [finding(observations=(seen.digest,))], [seen])
    store.add_host(before.id, Member("web2", HostStatus.UNREACHABLE, "gone", "", ("ssh-no-root",)), [], [])
    store.add_host(before.id, Member("web3", HostStatus.TESTED), [finding("web3", verdict=Verdict.FAIL)], [])
    store.finish(before.id, RunState.COMPLETE, 4, NOON)
    after = store.begin(run(1))
    store.add_members(after.id, [Member(name, HostStatus.TESTED) for name in ("web1", "web2", "web3")])

    store.carry(after.id, before.id, ["web1", "web2"])
    store.add_host(after.id, Member("web3", HostStatus.TESTED), [finding("web3")], [])

    then, now = store.record(before.id), store.record(after.id)
    assert sorted(now.members, key=lambda member: member.host) == list(then.members)
    assert {each.host: each.verdict for each in now.findings} == {"web1": Verdict.PASS, "web3": Verdict.PASS}
    assert store.observed_of(after.id, "web1") == store.observed_of(before.id, "web1")
