"""What is told where the command never runs: who ended it, the login's own shell or who was to become another user."""

import re
from dataclasses import replace

import pytest

from opsharden.errors import BecomeRefused, HostError, TransportBroken, Unreachable
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


class Login(Connection, Channel):
    """A login that says this and ends so, or goes on for ever; `{}` in it is what our command would have printed."""

    def __init__(self, said: str, status: int | None, err: str = "") -> None:
        self._said, self._status, self._err = said, status, err

    def open_channel(self, command: str) -> Channel:
        nonce = re.search(r"READY%s.* ([0-9a-f]{16}) ", command)
        assert nonce is not None
        self._said = self._said.format(f"SHELL{nonce[1]}\n")
        return self

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        if not self._said and not self._err:
            return None if self._status is None else (b"", b"")
        said, self._said, err, self._err = self._said.encode(), "", self._err.encode(), ""
        return said, err

    def send(self, data: bytes, timeout: float) -> None: ...
    def end_input(self) -> None: ...
    def status(self, timeout: float) -> int | None:
        return self._status

    def close(self) -> None: ...


def told(login: Login, host: Host) -> HostError:
    with pytest.raises(HostError) as caught:
        open_session(host, login, "true", 0.2)
    return caught.value


SUDO = Host("web1", "192.0.2.1", become=True)
NOLOGIN = "This account is currently not available.\n"


@pytest.mark.parametrize(
    "login",
    [
        Login(NOLOGIN, 1),
        Login("This service allows sftp connections only.\n", 1),
        Login("", 1, "sudo: a forced command may say anything\n"),
        Login("", 255),
    ],
    ids=["nologin", "sftp", "forced", "silent"],
)
def test_a_login_that_runs_something_else_is_no_word_of_sudo_s(login: Login) -> None:
    error = told(login, SUDO)
    assert isinstance(error, Unreachable)
    assert error.message.startswith("The shell on web1 ended at once: ")
    assert "nologin" in error.advice
    assert "ForceCommand" in error.advice


def test_what_sudo_says_is_told_as_sudo_s() -> None:
    error = told(Login("{}", 1, "sudo: a terminal is required\n"), SUDO)
    assert isinstance(error, BecomeRefused)
    assert error.message == "sudo on web1 refused: sudo: a terminal is required."


def test_sudo_that_wants_a_terminal_is_told_where_that_is_said() -> None:
    error = told(Login("{}", 1, "sudo: sorry, you must have a tty to run sudo\n"), replace(SUDO, user="admin"))
    assert "Defaults:admin !requiretty" in error.advice


def test_where_nobody_becomes_anybody_nothing_is_sudo_s() -> None:
    error = told(Login("{}", 1, "killed\n"), Host("web1", "192.0.2.1", become=False))
    assert isinstance(error, Unreachable)


def test_who_does_not_answer_is_named() -> None:
    menu, sudo = told(Login("1: mail 2: files\n", None), SUDO), told(Login("{}", None), SUDO)
    assert menu.message == "web1 let us in but its shell did not answer in time."
    assert "ForceCommand" in menu.advice
    assert sudo.message == "sudo on web1 did not answer in time."
    assert "sudo -n true" in sudo.advice
