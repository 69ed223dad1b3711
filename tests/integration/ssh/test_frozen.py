"""Hosts that stop in the middle of everything: whichever client, it ends in bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import paramiko
import pytest

from opsharden.errors import HostError, TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh.client import connect
from opsharden.ssh.session import open_session

TIMEOUT = 30.0


@pytest.fixture(params=["paramiko", "openssh"])
def host(request: pytest.FixtureRequest, visit: Any) -> Host:
    """The first host, by each client."""
    first: Host = visit.first
    return replace(first, ssh_client=request.param)


@contextmanager
def frozen(visit: Any, host: Host, processes: str) -> Iterator[None]:
    """Processes of a host that stand still meanwhile; they are named as for `kill`."""
    stopped = visit.exec(host, f"numbers=$({processes}); kill -STOP $numbers; echo $numbers").strip()
    assert stopped
    try:
        yield
    finally:
        visit.exec(host, f"kill -CONT {stopped}")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


LISTENER = "systemctl show --property MainPID --value ssh"
SESSION = "pgrep -u visitor sshd"


def test_before_the_login(visit: Any, host: Host) -> None:
    with (
        frozen(visit, host, LISTENER),
        within(8),
        pytest.raises(Unreachable, match=r"did not answer|ended the connection"),
    ):
        connect(host, [visit.known_hosts], timeout=1)


def test_after_the_login(visit: Any, host: Host) -> None:
    with connect(host, [visit.known_hosts], timeout=TIMEOUT) as connection:
        pipe, _ = open_session(host, connection, "exec cat", TIMEOUT)
        with frozen(visit, host, SESSION):
            with within(3), pytest.raises(TransportBroken, match="stopped answering"):
                pipe.send(b"a question\n", 1)
                pipe.line(1)
            with within(4), pytest.raises(TransportBroken, match="lost"):
                pipe.send(bytes(64 << 20), 1)
            with within(6):
                connection.close()


def test_while_a_command_is_started(visit: Any, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsharden.ssh.through_paramiko._OPENING", 1.0)
    with connect(host, [visit.known_hosts], timeout=1) as connection, frozen(visit, host, SESSION):
        with within(8), pytest.raises(HostError):
            open_session(host, connection, "exec cat", 1)
        with within(6):
            connection.close()


def test_between_a_channel_and_its_command(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one wait of paramiko that knows no end of its own."""
    monkeypatch.setattr("opsharden.ssh.through_paramiko._OPENING", 1.0)
    really = paramiko.Channel.exec_command
    with ExitStack() as standstill, connect(visit.first, [visit.known_hosts], timeout=TIMEOUT) as connection:

        def late(channel: paramiko.Channel, command: str) -> None:
            standstill.enter_context(frozen(visit, visit.first, SESSION))
            really(channel, command)

        monkeypatch.setattr(paramiko.Channel, "exec_command", late)
        with within(8), pytest.raises(TransportBroken, match="did not start a command"):
            connection.open_channel("true")
