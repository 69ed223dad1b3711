from __future__ import annotations

from collections.abc import Callable

from opsharden.evidence import Store
from opsharden.model import Control, Finding, HostStatus, Member, Observation, Run


def test_a_host_may_have_more_than_one_statement_can_name(
    store: Store, run: Callable[..., Run], observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    seen = [observation(stdout=b"%d" % number) for number in range(1201)]
    found = [finding(control=f"c{n}", observations=(each.digest,)) for n, each in enumerate(seen)]
    for host in ("web1", "web2"):
        own = [finding(host, each.control, observations=each.observations) for each in found]
        store.add_host(
            started.id, Member(host, HostStatus.TESTED), own, [*seen, observation(host, b"own " + host.encode())]
        )

    record = store.record(started.id, observations=True)
    assert [each for each in record.findings if each.host == "web1"] == found
    assert len(record.findings) == 2402
    assert len(record.observations) == 1203


def test_one_answer_may_be_taken_twice(
    store: Store, run: Callable[..., Run], observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    started = store.begin(run())
    seen = observation()
    found = finding(observations=(seen.digest, seen.digest))
    store.add_host(started.id, Member("web1", HostStatus.TESTED), [found, found], [seen, seen])
    assert store.observed(started.id)["web1"] == (seen, seen)
    assert store.record(started.id).findings == (found, found)


def test_controls_may_be_added_bit_by_bit(
    store: Store, run: Callable[..., Run], control: Callable[..., Control]
) -> None:
    started = store.begin(run())
    store.add_controls(started.id, [control("b"), control("a")])
    store.add_controls(started.id, [control("c")])
    assert list(store.record(started.id).controls) == ["b", "a", "c"]
