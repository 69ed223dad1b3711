"""What becomes of the other hosts, where something happens on one that nobody foresaw."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsharden import settings
from opsharden.catalogue import load_catalogue
from opsharden.evidence import Store
from opsharden.inventory import load_inventory
from opsharden.model import Host, HostStatus, Trigger, TriggerKind
from opsharden.workflows.bootstrap import FirstLogin, Outcome, bootstrap
from opsharden.workflows.init import init
from opsharden.workflows.preparing import Preparer
from opsharden.workflows.progress import Event, Prepared, Stage
from opsharden.workflows.workplace import Access, Workplace

TRIGGER = Trigger(TriggerKind.SCHEDULE, "nightly", "opsharden verify")


def test_a_fault_nobody_foresaw_is_told_when_all_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepared(self: Preparer, host: Host) -> Outcome:
        if host.name == "odd":
            raise ZeroDivisionError("nobody foresaw this")
        return Outcome(host.name)

    monkeypatch.setattr(Preparer, "host", prepared)
    init(tmp_path)
    here = settings.load(tmp_path, {})
    place = Workplace(here, Access(), load_inventory(()), load_catalogue(), {}, ())
    told: list[Event] = []
    hosts = [Host(name, "192.0.2.1") for name in ("odd", "web1", "web2")]
    with Store.open(tmp_path / "runs.db") as store:
        with pytest.raises(ZeroDivisionError):
            bootstrap(place, hosts, FirstLogin(), store, TRIGGER, told.append)
        (run,) = store.runs()
        members = store.record(run.id).members
    assert told[0] == Stage("Making ready", 3)
    assert sorted(map(str, told[1:])) == [str(Prepared("web1", "ok")), str(Prepared("web2", "ok"))]
    assert sorted(member.host for member in members if member.status is HostStatus.TESTED) == ["web1", "web2"]
