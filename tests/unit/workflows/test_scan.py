"""Reaching hosts before there is a run to file them under; this machine is the host."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsharden import settings
from opsharden.evidence import Store
from opsharden.model import HostStatus, Trigger, TriggerKind
from opsharden.probe.transports.dialogue import Dialogue
from opsharden.workflows.filing import filed, open_store
from opsharden.workflows.scan import ScanResult, reaching
from opsharden.workflows.targets import Choice, Targets, choose
from opsharden.workflows.workplace import Access, Workplace, open_workplace

TRIGGER = Trigger(TriggerKind.SCHEDULE, "nightly", "opsharden verify")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workplace, Targets]:
    monkeypatch.chdir(tmp_path)
    place = open_workplace(settings.load(flags={}), Access())
    control = next(iter(place.catalogue.controls))
    return place, choose(place, Choice("localhost", controls=(control,)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command that is sent to this machine."""
    commands: list[str] = []
    plain = Dialogue.exchange

    def exchange(self: Dialogue, wanted: tuple[str, ...]) -> object:
        commands.extend(wanted)
        return plain(self, wanted)

    monkeypatch.setattr(Dialogue, "exchange", exchange)
    return commands


def test_without_a_run_nothing_is_asked_and_nothing_stays(here: tuple[Workplace, Targets], asked: list[str]) -> None:
    threads = set(threading.enumerate())
    with reaching(*here):
        time.sleep(0.5)
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
        assert not thread.is_alive()
    assert asked == []


def test_what_goes_wrong_meanwhile_is_what_is_told(here: tuple[Workplace, Targets], asked: list[str]) -> None:
    with pytest.raises(RuntimeError, match="the store"), reaching(*here):
        raise RuntimeError("the store")
    assert asked == []


def test_hosts_that_were_reached_before_are_filed_like_others(
    here: tuple[Workplace, Targets], asked: list[str], tmp_path: Path
) -> None:
    place, targets = here
    seen: list[ScanResult] = []
    with reaching(place, targets) as hosts:
        time.sleep(0.5)
        assert asked == []
        with Store.open(tmp_path / "evidence.db") as store, filed(store, "verify", place, targets, TRIGGER) as run:
            hosts.look(run, seen.append)
            assert [each.member.status for each in seen] == [HostStatus.TESTED]
            assert {finding.control for finding in store.record(run.id).findings} == set(targets.wanted["localhost"])
    assert asked != []


def test_what_is_told_of_a_host_at_once_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h").write_text("w ansible_ssh_private_key_file=/hunter2hunter2\n")
    access = Access(become_password=SecretStr("hunter2hunter2"))
    place = open_workplace(settings.load(flags={"inventory": ["h"]}), access)
    targets = choose(place, Choice())
    seen: list[ScanResult] = []
    with (
        open_store(place, [place.host("w")]) as store,
        filed(store, "verify", place, targets, TRIGGER) as run,
        reaching(place, targets) as hosts,
    ):
        hosts.look(run, seen.append)
    assert [each.member.reason.partition(" does")[0] for each in seen] == ["The key file /[redacted]"]
