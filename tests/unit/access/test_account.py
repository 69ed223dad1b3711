"""The talk with the script that changes a host, where it breaks off: a host cannot be made to do that on time."""

import re

import pytest

from opsharden.access import account
from opsharden.access.account import Entry, Step
from opsharden.access.foresight import Plan
from opsharden.errors import HostError, TransportBroken
from opsharden.model import ChangeStatus, Host
from opsharden.ssh.channel import Channel
from opsharden.ssh.connection import Connection


class Scripted:
    """A channel on which a host says these things, each after it has been told something where that starts with `>`."""

    def __init__(self, command: str, says: list[str], status: int | None) -> None:
        nonce = re.search(r"READY%s.* ([0-9a-f]{16}) ", command)
        assert nonce is not None
        self._says = [f"READY{nonce[1]}.0.\n", *says]
        self._status = status
        self.heard: list[bytes] = []

    def send(self, data: bytes, timeout: float) -> None:
        self.heard.append(data)

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        return (self._says.pop(0).encode() if self._says else b"", b"")

    def end_input(self) -> None: ...

    def status(self, timeout: float) -> int | None:
        return self._status

    def close(self) -> None: ...


class Line(Connection):
    def __init__(self, says: list[str], status: int | None = 0) -> None:
        self._says, self._status = says, status
        self.channels: list[Scripted] = []

    def open_channel(self, command: str) -> Channel:
        self.channels.append(Scripted(command, self._says, self._status))
        return self.channels[-1]

    def close(self) -> None: ...


def played(says: list[str], status: int | None = 0) -> tuple[list[Step], HostError | None, Line]:
    line, steps = Line(says, status), list[Step]()
    entry = Entry(line, Host("web1", "192.0.2.1", user="root", become=False), "svc", "ssh-ed25519 AAAA", 1)
    try:
        account.prepare(entry, Plan("svc"), steps.append)
    except HostError as error:
        return steps, error, line
    return steps, None, line


def test_changes_are_told_one_by_one() -> None:
    steps, error, line = played(["will a\n", "did\nwill b", " c\n", "did\n"])
    assert error is None
    assert [(step.what, step.status) for step in steps] == [("a", "changed"), ("b c", "changed")]
    assert line.channels[0].heard[1:] == [b"go\n", b"go\n"], "each is waited for"


def test_a_step_that_failed_is_told_beside_those_before_it() -> None:
    steps, error, _ = played(["will a\n", "did\n", "will b\n", "failed no room\n"], 1)
    assert error is not None
    assert "no room" in error.message
    assert steps == [Step("a", ChangeStatus.CHANGED), Step("b", ChangeStatus.FAILED, "no room")]


def test_a_connection_lost_in_the_middle_leaves_no_doubt_about_the_rest() -> None:
    steps, error, _ = played(["will a\n", "did\n", "will b\n"], None)
    assert isinstance(error, TransportBroken)
    assert [(step.what, step.status) for step in steps] == [("a", "changed"), ("b", "unreachable")]


def test_a_script_that_ends_oddly_is_no_success() -> None:
    assert isinstance(played([], 2)[1], HostError)


@pytest.mark.parametrize("said", ["noise\n", "did\n"])
def test_words_that_mean_nothing_here_change_nothing(said: str) -> None:
    steps, error, _ = played([said])
    assert error is None
    assert [step.what for step in steps if step.what] == []


def test_a_host_that_never_comes_to_an_end_is_left() -> None:
    steps, error, _ = played(["will a\n", "did\n"] * 500)
    assert isinstance(error, TransportBroken)
    assert len(steps) == 100


def test_what_a_host_says_of_itself_is_made_harmless_and_cut() -> None:
    steps, error, _ = played([f"will \x1b[2J{'a' * 5000}\n", "failed \x1b]0;x\x07\n"], 1)
    assert error is not None
    assert "\x1b" not in error.message + steps[0].what + steps[0].message
    assert len(steps[0].what) < 400


def test_a_line_without_an_end_is_not_kept() -> None:
    _, error, _ = played(["a" * 60000] * 500)
    assert isinstance(error, TransportBroken)
