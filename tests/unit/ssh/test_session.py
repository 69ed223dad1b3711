"""What comes back where a shell runs and can begin nothing."""

import re

import pytest

from opsharden.errors import BecomeRefused, TransportBroken
from opsharden.model import Host
from opsharden.ssh.channel import Channel
from opsharden.ssh.connection import Connection
from opsharden.ssh.session import open_session


class Said:
    def __init__(self, command: str, uid: str) -> None:
        nonce = re.search(r"READY%s.* ([0-9a-f]{16}) ", command)
        assert nonce is not None
        self._says = f"READY{nonce[1]}.{uid}.\n".encode()

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        said, self._says = self._says, b""
        return said, b""

    def send(self, data: bytes, timeout: float) -> None: ...
    def end_input(self) -> None: ...
    def status(self, timeout: float) -> int | None:
        return 0

    def close(self) -> None: ...


class Line(Connection):
    def __init__(self, uid: str) -> None:
        self._uid = uid

    def open_channel(self, command: str) -> Channel:
        return Said(command, self._uid)

    def close(self) -> None: ...


def test_a_shell_that_can_run_nothing_is_told_as_that() -> None:
    with pytest.raises(BecomeRefused, match="can run no program") as caught:
        open_session(Host("web1", "192.0.2.1"), Line(""), "true", 1)
    assert "noexec" in caught.value.advice


@pytest.mark.parametrize("said", ["root", "-1", "9" * 11])
def test_what_is_no_user_id_is_nobody_s(said: str) -> None:
    with pytest.raises(TransportBroken, match="no user id"):
        open_session(Host("web1", "192.0.2.1"), Line(said), "true", 1)
