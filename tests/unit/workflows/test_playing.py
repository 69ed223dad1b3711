"""Batches side by side; Ansible is a script of the test's."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opsharden.catalogue import load_catalogue
from opsharden.errors import PlayError
from opsharden.evidence import Store
from opsharden.model import Change, ChangeStatus, Run, RunState, utcnow
from opsharden.play import UNKNOWN_END, HostResult, PlayOutcome, PlayStatus
from opsharden.safety.lease import Taken
from opsharden.workflows import playing, progress
from opsharden.workflows.batches import Batch
from opsharden.workflows.filing import RunHandle
from opsharden.workflows.holding import Leases
from opsharden.workflows.playing import Player
from opsharden.workflows.progress import Event

CATALOGUE = load_catalogue()
FINE = PlayOutcome(PlayStatus.COMPLETE, ())
Script = Callable[[Batch, threading.Event], PlayOutcome]


class Heard:
    """Keeps what it is told of."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, progress.Stage):
            self.said.append(f"{event.title}: {event.hosts}")
        if isinstance(event, HostResult):
            self.said.append(f"{event.host}: {event.task}: {event.message}")


class Stage:
    """A player, and what is played in place of Ansible."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        now = utcnow()
        run = store.begin(Run("r1", "apply", RunState.RUNNING, now, "anna", "node", "opsharden apply", "1"))
        place: Any = SimpleNamespace(settings=SimpleNamespace(forks=4, apply_timeout=0), catalogue=CATALOGUE)
        self.heard = Heard()
        self.script: Script = lambda batch, cancel: FINE
        self.held: set[str] = set()
        self.hubs: dict[str, dict[str, tuple[str, ...]]] = {}
        self.played: list[tuple[str, ...]] = []
        self.cleaned: list[str] = []
        self.player = Player(place, SimpleNamespace(), RunHandle(run.id, store), self.heard, check=False)  # type: ignore[arg-type]
        self._store = store
        monkeypatch.setattr(playing, "play_request", lambda place, targets, batch, run, check: batch)
        monkeypatch.setattr(playing, "run_play", self._play)
        monkeypatch.setattr(playing, "hubs", lambda *_: self.hubs)
        monkeypatch.setattr(Leases, "_ask", self._ask)
        monkeypatch.setattr(playing, "end_orphans", self._clean)

    def play(self, *hosts: Sequence[str]) -> None:
        controls = ("usr-shadowed", "acc-umask")
        self.player.play([Batch(dict.fromkeys(of_one, controls), ("accounts",)) for of_one in hosts])

    @property
    def filed(self) -> set[tuple[str, str, str]]:
        return {(each.host, each.task, each.message) for each in self._store.record("r1").changes}

    def _play(self, batch: Batch, listen: object, *, cancel: threading.Event) -> PlayOutcome:
        self.played.append(batch.hosts)
        return self.script(batch, cancel)

    def _ask(self, name: str) -> Callable[[], object]:
        if name in self.held:
            raise Taken(f"{name} is taken.", "Wait.", "r0")
        return lambda: None

    def _clean(self, place: object, hosts: Sequence[str], run: str) -> tuple[str, ...]:
        self.cleaned += hosts
        return ()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Store.open(tmp_path / "evidence.db") as store:
        yield Stage(store, monkeypatch)


def failed(host: str, role: str = "accounts", message: str = "no") -> Change:
    return Change(host, role, "Breaks", ChangeStatus.FAILED, message)


def test_all_is_well(stage: Stage) -> None:
    stage.play("ab", "c")
    assert sorted(stage.player.touched) == ["a", "b", "c"]
    assert (stage.player.failures, stage.player.lost, stage.player.played) == (set(), set(), True)


def test_a_batch_that_breaks_ends_no_other_and_its_hosts_count_as_touched(stage: Stage) -> None:
    died = PlayOutcome(PlayStatus.BROKEN, (failed("a", message="begun"),), failed=("a",), reason="killed")
    stage.script = lambda batch, cancel: died if "a" in batch.hosts else FINE
    stage.play("ab", "c")
    assert sorted(stage.player.touched) == ["a", "b", "c"]
    assert stage.player.lost == {"a", "b"}
    assert ("b", "Run Ansible", "Ansible died in the middle: killed") in stage.filed
    assert "b: Run Ansible: Ansible died in the middle: killed" in stage.heard.said


def test_one_host_that_ansible_will_not_have_is_found_and_the_others_are_played(stage: Stage) -> None:
    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        if "c" in batch.hosts:
            raise PlayError("Ansible could not run: a vault.", "Nothing was changed.")
        return FINE

    stage.script = script
    stage.play("abcd")
    assert sorted(stage.player.touched) == ["a", "b", "d"]
    assert stage.player.lost == {"c"}
    assert stage.filed == {("c", "Run Ansible", "Ansible could not run: a vault. Nothing was changed.")}
    assert stage.player.played


def test_where_it_will_have_no_host_the_search_has_an_end(stage: Stage) -> None:
    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        raise PlayError("Ansible could not run.")

    stage.script = script
    stage.play([f"h{number}" for number in range(100)])
    assert len(stage.played) < 30
    assert len(stage.player.lost) == 100
    assert (stage.player.touched, stage.player.played) == ({}, False)
    assert stage.player.refusals[0].message == "Ansible could not run."


def test_what_failed_is_tried_one_by_one_and_judged_by_the_second_try(stage: Stage) -> None:
    at_first = PlayOutcome(PlayStatus.COMPLETE, (failed("a"), failed("b")), failed=("a", "b"))
    then = PlayOutcome(PlayStatus.COMPLETE, (failed("b"), failed("b", message="else")), failed=("b",))
    batches: list[Batch] = []

    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        batches.append(batch)
        return then if batch.singly else at_first

    stage.script = script
    stage.play("abc")
    assert [(batch.hosts, batch.singly) for batch in batches] == [(("a", "b", "c"), False), (("a", "b"), True)]
    assert stage.player.failures == {("b", "accounts")}
    assert stage.filed == {("a", "Breaks", "no"), ("b", "Breaks", "no"), ("b", "Breaks", "else")}
    assert stage.player.lost == set()


def test_what_nobody_foresaw_in_one_batch_is_raised_when_all_are_done(stage: Stage) -> None:
    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        if "a" in batch.hosts:
            raise RuntimeError("a mistake")
        time.sleep(0.05)
        return FINE

    stage.script = script
    with pytest.raises(RuntimeError, match="a mistake"):
        stage.play("a", "b", "c")
    assert sorted(stage.played) == [("a",), ("b",), ("c",)]
    assert sorted(stage.player.touched) == ["a", "b", "c"]


def test_lost_hosts_are_known_and_what_may_still_run_there_is_ended(stage: Stage) -> None:
    gone = Change("a", "ssh", "Sets", ChangeStatus.UNREACHABLE, UNKNOWN_END)
    late = PlayOutcome(
        PlayStatus.COMPLETE,
        (gone, failed("b")),
        failed=("b",),
        timed_out=("b",),
        unreachable=("a",),
        missing=("c",),
    )
    stage.script = lambda batch, cancel: late
    stage.play("abcd")
    assert stage.player.lost == {"a", "b", "c"}
    assert stage.cleaned == ["a", "b"]
    assert sorted(stage.player.touched) == ["a", "b", "d"], "what Ansible never saw it did not touch"
    assert len(stage.played) == 1, "nothing is tried again on hosts that hang"


def test_a_host_that_somebody_else_changes_is_left_alone_and_told(stage: Stage) -> None:
    stage.held = {"b", "d"}
    stage.play("abc", "d")
    assert stage.played == [("a", "c")]
    assert stage.player.lost == {"b", "d"}
    assert ("b", "Hold the host for this run", "b is taken. Wait.") in stage.filed
    assert "b: Hold the host for this run: b is taken. Wait." in stage.heard.said
    assert sorted(stage.player.touched) == ["a", "c"]


def test_only_what_needs_a_hub_waits_for_it_and_is_left_alone_without_it(stage: Stage) -> None:
    stage.held = {"hub"}
    stage.hubs = {"hub": {"a": ("acc-umask",), "b": ("usr-shadowed", "acc-umask")}}
    batches: list[Batch] = []

    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        batches.append(batch)
        return FINE

    stage.script = script
    stage.play("abc")
    assert [dict(batch.needs) for batch in batches] == [
        {"a": ("usr-shadowed",), "c": ("usr-shadowed", "acc-umask")},
    ]
    assert stage.filed == {(host, "Hold hub for this run", "hub is taken. Wait.") for host in "ab"}
    assert stage.player.lost == {"a", "b"}
    assert "Waiting for hub, a hub (hub is taken): 1" in stage.heard.said
    assert sorted(stage.player.touched) == ["a", "c"]


def test_never_are_more_hosts_worked_on_than_forks_allow(stage: Stage) -> None:
    now, most, lock = 0, 0, threading.Lock()

    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        nonlocal now, most
        with lock:
            now += len(batch.hosts)
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= len(batch.hosts)
        return FINE

    stage.script = script
    stage.play("ab", "cd", "ef", "ghi", "jklmno")
    assert most in (4, 6), "six in one batch are six: Ansible itself is held to its forks"
    assert sum(map(len, stage.played)) == 15


def test_ctrl_c_ends_every_batch_and_nothing_further_begins(stage: Stage) -> None:
    def script(batch: Batch, cancel: threading.Event) -> PlayOutcome:
        if "a" in batch.hosts:
            time.sleep(0.1)  # or it would come while the pool begins, which no person is quick enough for
            _thread.interrupt_main()
        assert cancel.wait(10)
        begun = (failed("a", message="begun"),)
        return PlayOutcome(PlayStatus.CANCELLED, begun, failed=("a",), missing=batch.hosts[1:])

    stage.script = script
    with pytest.raises(KeyboardInterrupt):
        stage.play("abc", "d", "ef", "gh")
    assert len(stage.played) <= 2
    assert ("a", "Breaks", "begun") in stage.filed
    assert {"a", "b", "c"} <= set(stage.cleaned) == set(stage.player.touched)
