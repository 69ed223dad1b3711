"""What sshd says it works with: it is not asked where it would wait."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from opsharden.probe.reading.sshd import EFFECTIVE, by_default, effective
from opsharden.probe.shell.readonly import is_read_only

ANYWAY = "test ! -x /usr/sbin/sshd || /usr/sbin/sshd -T"


class Host:
    """A host that answers so, and knows what it was asked."""

    def __init__(self, **answers: tuple[int, str]) -> None:
        self._answers = {EFFECTIVE: answers["first"], ANYWAY: answers.get("anyway", (126, ""))}
        self.asked: list[str] = []

    def run(self, command: str) -> SimpleNamespace:
        self.asked.append(command)
        rc, stdout = self._answers[command]
        return SimpleNamespace(rc=rc, stdout=stdout, stderr="")


PIPES = (1, "pipe /etc/ssh/a\npipe /etc/ssh/b\n")


def test_where_it_would_wait_it_is_not_asked() -> None:
    host = Host(first=PIPES)
    _, read = effective(host, lambda path: path == "/etc/ssh/b")
    assert read == ["/etc/ssh/b"]
    assert host.asked == [EFFECTIVE]


def test_a_pipe_that_it_does_not_read_is_none_of_its_business() -> None:
    answer, read = effective(Host(first=PIPES, anyway=(0, "port 22\n")), lambda path: False)
    assert (answer.stdout, read) == ("port 22\n", [])


@pytest.mark.parametrize("first", [(0, "port 22\n"), (255, ""), (127, "")])
def test_what_it_says_is_its_last_word(first: tuple[int, str]) -> None:
    host = Host(first=first)
    answer, read = effective(host, lambda path: True)
    assert ((answer.rc, answer.stdout), read, host.asked) == (first, [], [EFFECTIVE])


def test_without_a_server_there_is_nothing() -> None:
    answer, read = effective(Host(first=(1, ""), anyway=(0, "")), lambda path: True)
    assert (answer.rc, answer.stdout, read) == (0, "", [])


def test_it_may_be_asked_ahead() -> None:
    assert is_read_only(EFFECTIVE)
    assert is_read_only(ANYWAY)


def test_what_debian_s_own_settings_include() -> None:
    paths = ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/x.conf", "/etc/ssh/sshd_config.d/x", "/etc/ssh/y.conf"]
    assert [by_default(path) for path in paths] == [True, True, False, False]
