"""The leases of runs, each with leases of its own; the hosts are a table of who has what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from opsharden.errors import Unreachable
from opsharden.safety.lease import Holder, Taken
from opsharden.workflows import holding
from opsharden.workflows.holding import Leases


class Fleet:
    """Hosts, and the run that has the lease on each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has: dict[str, str] = {}
        self.asked: list[str] = []
        self.gone: set[str] = set()
        self.waited: list[tuple[str, str]] = []
        self.cancel = threading.Event()
        self._lock = threading.Lock()
        monkeypatch.setattr(holding, "_NAP", 0.01)
        fleet = self

        def ask(leases: Leases, name: str) -> Callable[[], object]:
            return fleet._ask(name, leases._holder.run)

        monkeypatch.setattr(Leases, "_ask", ask)

    def run(self, name: str, patience: float = 10) -> Leases:
        place: Any = SimpleNamespace(settings=SimpleNamespace(apply_timeout=patience))
        return Leases(place, Holder(name, "anna", "node", "now"), self.cancel, self._tell)

    def _ask(self, name: str, run: str) -> Callable[[], object]:
        with self._lock:
            self.asked.append(name)
            if name in self.gone:
                raise Unreachable(f"{name} is gone.")
            if name in self.has:
                raise Taken(f"{name} is being changed.", "Wait.", self.has[name])
            self.has[name] = run
            return lambda: self.has.pop(name)

    def _tell(self, hub: str, taken: Taken) -> None:
        self.waited.append((hub, taken.run))


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(monkeypatch)


def test_hosts_are_held_as_long_as_the_block_lasts(fleet: Fleet) -> None:
    fleet.gone = {"c"}
    with fleet.run("r1").hosts(["a", "b", "c"]) as refused:
        assert fleet.has == {"a": "r1", "b": "r1"}
        assert {name: error.message for name, error in refused.items()} == {"c": "c is gone."}
    assert fleet.has == {}


def test_for_a_host_nobody_waits(fleet: Fleet) -> None:
    with fleet.run("r1").hosts(["a"]), fleet.run("r2").hosts(["a", "b"]) as refused:
        assert list(refused) == ["a"]
        assert fleet.has == {"a": "r1", "b": "r2"}
    assert fleet.waited == []


def test_what_one_run_needs_twice_it_has_once_and_until_the_last_is_done(fleet: Fleet) -> None:
    run = fleet.run("r1")
    with run.hubs(["hub"]):
        with run.hubs(["hub"]), run.hosts(["hub"]) as refused:
            assert refused == {}
        assert fleet.has == {"hub": "r1"}
    assert (fleet.has, fleet.asked) == ({}, ["hub"])


def test_a_hub_is_waited_for_and_had_when_it_is_free(fleet: Fleet) -> None:
    first, second, order = fleet.run("r1"), fleet.run("r2"), []

    def use(run: Leases, name: str) -> None:
        with run.hubs(["hub"]) as refused:
            assert refused == {}
            order.append(name)
            time.sleep(0.05)
            order.append(name)

    threads = [threading.Thread(target=use, args=pair) for pair in ((first, "r1"), (second, "r2"), (first, "r1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(order) == 6
    assert "".join(order) in ("r1r1r1r1r2r2", "r2r2r1r1r1r1"), "never both runs at once"
    assert len(fleet.waited) <= 2
    assert fleet.has == {}


def test_waiting_has_an_end_and_all_that_is_left_of_a_run_knows_it(fleet: Fleet) -> None:
    fleet.has = {"hub": "r0"}
    run = fleet.run("r1", patience=0.1)
    with run.hubs(["hub", "other"]) as refused:
        assert {name: error.message for name, error in refused.items()} == {"hub": "hub is being changed."}
        assert fleet.has == {"hub": "r0", "other": "r1"}
    assert fleet.waited == [("hub", "r0")]
    began = time.monotonic()
    with run.hubs(["hub"]) as refused:
        assert list(refused) == ["hub"]
    assert time.monotonic() - began < 0.1
    assert fleet.waited == [("hub", "r0")], "told once"


def test_two_runs_that_want_the_same_hubs_and_each_others_hosts_both_end(fleet: Fleet) -> None:
    done: list[str] = []

    def use(run: Leases, host: str, *hubs: str) -> None:
        for _ in range(5):
            with run.hubs(hubs) as none, run.hosts([host, *hubs[:1]]):
                assert none == {}
                time.sleep(0.005)
        done.append(host)

    pairs = ((fleet.run("r1"), "a", "h1", "h2"), (fleet.run("r2"), "h1", "h2"), (fleet.run("r3"), "a", "h2", "h1"))
    threads = [threading.Thread(target=use, args=each, daemon=True) for each in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 3
    assert fleet.has == {}


def test_a_hub_that_is_ours_by_another_name_is_not_waited_for(fleet: Fleet) -> None:
    fleet.has = {"hub": "r1"}  # one machine, two names in the inventory
    run = fleet.run("r1")
    with run.hubs(["hub"]) as refused:
        assert refused == {}
    assert fleet.has == {"hub": "r1"}
    with run.hosts(["hub"]) as refused:
        assert list(refused) == ["hub"], "as hosts, both names would be changed at once"


def test_ctrl_c_ends_the_waiting(fleet: Fleet) -> None:
    fleet.has = {"hub": "r0"}
    threading.Timer(0.05, fleet.cancel.set).start()
    with fleet.run("r1").hubs(["hub"]) as refused:
        assert list(refused) == ["hub"]


def test_a_hub_that_cannot_be_reached_is_no_reason_to_wait(fleet: Fleet) -> None:
    fleet.gone = {"hub"}
    with fleet.run("r1").hubs(["hub"]) as refused:
        assert refused["hub"].message == "hub is gone."
    assert fleet.waited == []
