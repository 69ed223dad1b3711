from typing import Any

import pytest

from opsharden.errors import LabError
from opsharden.lab import hosts, podman
from opsharden.lab.machine import Cgroups, Machine
from opsharden.lab.spec import HostSpec, LabHost, Suite


def container(name: str, address: str, state: str = "running", suite: str = "bookworm") -> dict[str, Any]:
    """What of `podman ps --format json` we read, as podman 4.3.1 writes it."""
    labels = {
        "opsharden.lab": "x",
        "opsharden.lab.host": name,
        "opsharden.lab.suite": suite,
        "opsharden.lab.address": address,
    }
    return {"Names": [f"opsharden-x-{name}"], "State": state, "Labels": labels, "Pid": 1}


def answer(monkeypatch: pytest.MonkeyPatch, content: list[dict[str, Any]]) -> None:
    monkeypatch.setattr(podman, "ask_json", lambda *_arguments: content)


def test_hosts_are_read_from_their_labels_and_sorted_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [container("deb13-1", "10.89.0.100", "exited", "trixie"), container("deb12-1", "10.89.0.20")]
    answer(monkeypatch, found)
    assert hosts.present("x") == (
        LabHost("deb12-1", "10.89.0.20", Suite.BOOKWORM, "opsharden-x-deb12-1", "running"),
        LabHost("deb13-1", "10.89.0.100", Suite.TRIXIE, "opsharden-x-deb13-1", "exited"),
    )


def test_labs_are_read_from_their_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, [{"name": "n", "labels": {"opsharden.lab": "x", "opsharden.lab.home": "/srv/x"}}])
    assert hosts.homes() == {"x": "/srv/x"}


def test_new_hosts_get_the_next_free_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, [{"subnets": [{"subnet": "10.89.4.0/24", "gateway": "10.89.4.1"}]}])
    wanted = (HostSpec("deb12-1", Suite.BOOKWORM), HostSpec("deb13-1", Suite.TRIXIE))
    planned = hosts.plan("x", wanted, frozenset({"10.89.4.10"}))
    assert [(host.name, host.address, host.container) for host in planned] == [
        ("deb12-1", "10.89.4.11", "opsharden-x-deb12-1"),
        ("deb13-1", "10.89.4.12", "opsharden-x-deb13-1"),
    ]


def test_a_network_without_room_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, [{"subnets": [{"subnet": "10.89.4.0/28"}]}])
    wanted = tuple(HostSpec(f"deb12-{number}", Suite.BOOKWORM) for number in range(6))
    with pytest.raises(LabError, match="no room for 6 more hosts"):
        hosts.plan("x", wanted, frozenset())


@pytest.mark.parametrize(
    ("suite", "cgroups", "legacy"),
    [
        (Suite.TRIXIE, Cgroups.HYBRID, True),
        (Suite.TRIXIE, Cgroups.V1, True),
        (Suite.TRIXIE, Cgroups.V2, False),
        (Suite.BOOKWORM, Cgroups.HYBRID, False),
    ],
)
def test_only_debian_13_on_old_cgroups_is_told_to_use_them(
    monkeypatch: pytest.MonkeyPatch, suite: Suite, cgroups: Cgroups, legacy: bool
) -> None:
    calls: list[tuple[str, ...]] = []

    def call(*arguments: str) -> podman.Answer:
        calls.append(arguments)
        return podman.Answer(arguments, 0, "", "")

    monkeypatch.setattr(podman, "call", call)
    host = LabHost("h", "10.89.4.10", suite, "opsharden-x-h", "planned")
    machine = Machine(cgroups, "runc", ("--ulimit", "nofile=1024:1024"), builds=True)
    hosts.start(host, lab_id="x", image="localhost/some:1", machine=machine)
    (command,) = calls
    assert command[:3] == ("--runtime", "runc", "run")
    assert ("--env=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1" in command) is legacy
    assert command.index("--ulimit") < command.index("localhost/some:1")


@pytest.mark.parametrize(
    ("returncode", "stderr", "sentence"),
    [
        (75, "initializing\n", "Host h did not come up in time; its systemd says 'initializing'."),
        (127, "noise\nsh: 4: passwd: not found\n", "Host h could not be set up; it said: sh: 4: passwd: not found"),
    ],
)
def test_a_host_that_does_not_settle_is_explained(
    monkeypatch: pytest.MonkeyPatch, returncode: int, stderr: str, sentence: str
) -> None:
    monkeypatch.setattr(podman, "call", lambda *_arguments, **_options: podman.Answer([], returncode, "", stderr))
    host = LabHost("h", "192.0.2.10", Suite.TRIXIE, "opsharden-x-h", "running")
    with pytest.raises(LabError) as caught:
        hosts.settle(host, "word")
    assert caught.value.message == sentence


def test_the_password_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[tuple[str, ...], str]] = []

    def call(*arguments: str, stdin: str, timeout: float) -> podman.Answer:
        calls.append((arguments, stdin))
        return podman.Answer(arguments, 1, "", "enough seen")

    monkeypatch.setattr(podman, "call", call)
    with pytest.raises(LabError):
        hosts.settle(LabHost("h", "192.0.2.10", Suite.TRIXIE, "opsharden-x-h", "running"), "s3cret-word")
    ((arguments, stdin),) = calls
    assert not any("s3cret-word" in argument for argument in arguments)
    assert "admin:s3cret-word" in stdin
