"""The way over jump hosts, where one of them does not let us pass; logins are in the integration tests."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import paramiko
import pytest

from opsharden.errors import Unreachable
from opsharden.ssh import dial, hostkeys
from opsharden.ssh.advice import OnTheWay
from opsharden.ssh.handshake import _failed
from opsharden.ssh.hostkeys import HostKey
from opsharden.ssh.route import Route
from opsharden.ssh.unsupported import Unsupported

HUB = Route("192.0.2.9", 22, "joe")
TARGET = Route("192.0.2.1", 22, "joe", jumps=(HUB,))


def refused(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Unreachable:
    def login(*_: Any) -> None:
        raise error

    monkeypatch.setattr(dial, "_dialled", lambda *_: None)
    monkeypatch.setattr(dial, "login", login)
    with ExitStack() as stack, pytest.raises(Unreachable) as caught:
        dial.reach("web1", TARGET, (), 1, stack)
    return caught.value


def of_key() -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        hostkeys.check("the jump host 192.0.2.9", HostKey("ssh-ed25519", "AAAA"), ())
    return caught.value


def test_a_jump_host_that_refuses_has_advice_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, of_key())
    assert isinstance(error, OnTheWay)
    assert error.message.startswith("The host key of the jump host 192.0.2.9 is not known")
    assert "--fingerprint" not in error.advice
    assert "known_hosts" in error.advice
    error = refused(monkeypatch, _failed("the jump host 192.0.2.9", EOFError("closed")))
    assert error.message.startswith("The jump host 192.0.2.9 ended the connection")
    assert "on the jump host" in error.advice


def test_what_openssh_may_know_better_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(refused(monkeypatch, Unsupported("a certificate authority")), Unsupported)


def test_a_jump_host_that_is_not_there() -> None:
    gone = Route("192.0.2.1", 22, "joe", jumps=(Route("127.0.0.1", 1, "joe"),))
    with ExitStack() as stack, pytest.raises(OnTheWay) as caught:
        dial.reach("web1", gone, (), 5, stack)
    assert caught.value.message == "The jump host 127.0.0.1 cannot be reached at 127.0.0.1 port 1: connection refused."
    assert caught.value.advice.startswith("Is the jump host up")


@pytest.mark.parametrize(("code", "advice"), [(1, "AllowTcpForwarding"), (2, "Is the host up")])
def test_a_jump_host_that_passes_nothing_on(code: int, advice: str) -> None:
    class Transport:
        def open_channel(self, *_: Any, **__: Any) -> None:
            raise paramiko.ChannelException(code, "Because")

    with pytest.raises(Unreachable) as caught:
        dial._tunnelled(HUB, Transport(), TARGET, 1)  # type: ignore[arg-type] # stands in for paramiko's
    assert caught.value.message == "192.0.2.1 port 22 cannot be reached through 192.0.2.9: because."
    assert advice in caught.value.advice
