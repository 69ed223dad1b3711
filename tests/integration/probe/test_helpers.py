"""The helpers on real hosts: python's and the shell's answer alike, and both as the commands themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from opsharden.inventory import load_inventory
from opsharden.model import Host, Observation
from opsharden.probe import Transport, open_transport
from opsharden.probe.transports import dialogue as dialogues
from opsharden.probe.transports.transport import Answer, Patience


@pytest.fixture(scope="module")
def asked(project: Any) -> tuple[str, ...]:
    """Every command that our checks ask the hosts themselves."""
    done = project.run("verify", "-o", "json")
    observations = json.loads(done.stdout)["observations"].values()
    commands = {seen["command"] for seen in observations if seen["host"] in project.names}
    return tuple(sorted(command for command in commands if not command.startswith("#")))


@pytest.fixture(params=["deb12-1", "deb13-1"])
def host(request: pytest.FixtureRequest, project: Any) -> Host:
    found = load_inventory([str(project.lab.inventory / "hosts.yml")]).host(request.param)
    return replace(found, user="opsharden", key_file=project.path / "keys" / "automation")


@pytest.fixture
def python(host: Host, project: Any) -> Iterator[Transport]:
    with_python = opened(host, project)
    yield with_python
    with_python.close()


@pytest.fixture
def shell(host: Host, project: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Transport]:
    """The same host as if it had no python3."""
    import opsharden.probe.transports.remote as remotes  # noqa: PLC0415 - patched here and only here

    monkeypatch.setattr(remotes, "START", dialogues.START.replace("command -v python3", "command -v no-python3"))
    without = opened(host, project)
    yield without
    without.close()


def opened(host: Host, project: Any) -> Transport:
    return open_transport(host, [project.path / "known_hosts"], Patience(20, 60, 300))


def answers(transport: Transport, commands: Sequence[str]) -> dict[str, tuple[int, bytes, bytes]]:
    return {command: plain(answer) for command, answer in transport.exchange(commands)}


def plain(answer: Answer) -> tuple[int, bytes, bytes]:
    assert isinstance(answer, Observation)
    return answer.rc, answer.stdout, answer.stderr


MORE = (
    *(f"systemctl cat {unit}.service" for unit in ("systemd-timesyncd", "no-such", "user@1000", "sshd")),
    "systemctl show --property=Id,ConditionTimestampMonotonic chrony.service | sed -E 's/=[1-9][0-9]*/=yes/'",
    "systemctl show --property=ConditionTimestampMonotonic systemd-journald.service | sed -E 's/=[1-9][0-9]*/=yes/'",
    *(f"grep -rs '' /proc/sys/net/ipv6/conf --include={name}" for name in ("accept_ra", "stable_secret", "nothing")),
    "grep -rs '' /proc/sys/net --include=rp_filter",
    *(f"find -L {words}" for words in ("/etc/ssh -type f", "/etc/alternatives -printf '%m %p\n'", "/etc -type l")),
    *(
        f"dpkg-query -f '${{Package}} ${{Status}} ${{Version}}\n' -W {names} 2>/dev/null"
        for names in ("libz1", "mail-transport-agent", "any amd64", "nis", "dpkg awk awk zzz-none", "python3 dpkg")
    ),
)
"""Questions that no check of ours asks on a lab host, and that the helper answers by itself, or might."""

STEADY = ("date", "promtool")
"""The answers to all other commands are the same a moment later."""


def test_what_the_helper_answers_by_itself_is_what_the_commands_answer(
    python: Transport, asked: tuple[str, ...]
) -> None:
    steady = [*MORE, *(command for command in asked if not command.startswith(STEADY))]
    # In a group a command is none that the helper recognises, and means the same.
    grouped = {command: f"{{ {command}\n}}" for command in steady}
    native = {seen.command for _, seen in python.exchange(steady) if isinstance(seen, Observation) and seen.native}
    assert len(native) > 8, "the helper answers by itself"
    ours, real = answers(python, steady), answers(python, list(grouped.values()))
    assert ours == {command: real[grouped[command]] for command in steady}


def test_a_host_without_python_gives_the_same_answers(
    python: Transport, shell: Transport, asked: tuple[str, ...]
) -> None:
    steady = [command for command in asked if not command.startswith(STEADY)]
    assert python.platform == shell.platform != ""
    assert shell.is_root
    assert answers(shell, steady) == answers(python, steady)


def test_the_shell_helper_keeps_streams_apart_cuts_and_ends_what_is_late(
    host: Host, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import opsharden.probe.transports.remote as remotes  # noqa: PLC0415 - patched here and only here

    monkeypatch.setattr(remotes, "START", dialogues.START.replace("command -v python3", "command -v no-python3"))
    shell = open_transport(host, [project.path / "known_hosts"], Patience(20, 3, 300))
    loud, late, odd = "head -c 9000000 /dev/zero", "sleep 60", "printf 'o\\0\\377'; printf e >&2; exit 5"
    found = dict(shell.exchange([loud, late, odd]))
    shell.close()
    cut = found[loud]
    assert isinstance(cut, Observation)
    assert cut.truncated
    assert not isinstance(found[late], Observation)
    assert plain(found[odd]) == (5, b"o\0\xff", b"e")
    assert project.exec(host.name, "ls -d /dev/shm/opsharden.* /tmp/opsharden.* 2>/dev/null || true") == ""
    assert project.exec(host.name, "pgrep -fx 'sleep 60' || true") == ""


def test_nothing_is_left_on_a_host(host: Host, project: Any) -> None:
    transport = opened(host, project)
    list(transport.exchange(["true"]))
    transport.exchange(["sleep 4243"])
    transport.close()
    project.exec(
        host.name, "for i in $(seq 50); do pgrep -fx 'sleep 4243' >/dev/null || exit 0; sleep 0.1; done; exit 1"
    )
