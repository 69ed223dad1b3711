from pathlib import Path
from threading import Event

import pytest

from opsharden.errors import LabError, UsageError
from opsharden.lab import lifecycle
from opsharden.lab.hosts import Fingerprint
from opsharden.lab.lifecycle import Lab
from opsharden.lab.spec import LabHost, Suite

HOSTS = tuple(LabHost(f"h{n}", f"192.0.2.{n}", Suite.BOOKWORM, f"opsharden-x-h{n}", "planned") for n in range(1, 40))
KEY = Fingerprint("ED25519", "SHA256:x")


def test_every_host_is_brought_up_and_its_keys_are_told() -> None:
    undone: list[str] = []
    keys = lifecycle._some_at_once(lambda _host: (KEY,), HOSTS, undo=lambda: undone.append("undone"))
    assert keys == {host.name: (KEY,) for host in HOSTS}
    assert undone == []


def test_after_a_failure_what_was_started_is_undone_and_no_more_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "_AT_ONCE", 1)
    tried: list[str] = []
    undone = Event()

    def bring_up(host: LabHost) -> tuple[Fingerprint, ...]:
        tried.append(host.name)
        if host.name == "h2":
            raise LabError("Host h2 did not come up.")
        if host.name == "h3":  # under way while h2's failure is noticed
            assert undone.wait(timeout=60)
        return (KEY,)

    with pytest.raises(LabError, match="h2"):
        lifecycle._some_at_once(bring_up, HOSTS, undo=undone.set)
    assert undone.is_set()
    assert tried in (["h1", "h2"], ["h1", "h2", "h3"])


def test_a_host_the_lab_does_not_have_is_named_with_those_it_has() -> None:
    lab = Lab("x", Path("/srv/x"), HOSTS[:2])
    assert lab.host("h2") is HOSTS[1]
    with pytest.raises(UsageError, match="Lab x has no host 'h9'") as caught:
        lab.host("h9")
    assert caught.value.advice == "Its hosts are: h1, h2."
