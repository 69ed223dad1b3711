"""Becoming root over real sudo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsharden.errors import BecomeRefused
from opsharden.model import Host
from opsharden.ssh.client import connect
from opsharden.ssh.session import open_session

TIMEOUT = 30.0


def uid(visit: Any, host: Host) -> int:
    with connect(host, [visit.known_hosts], timeout=TIMEOUT) as connection:
        return open_session(host, connection, "exec true", TIMEOUT)[1]


def refusal(visit: Any, host: Host) -> str:
    with pytest.raises(BecomeRefused) as caught:
        uid(visit, host)
    return caught.value.message


def test_sudo_with_the_password(visit: Any) -> None:
    for host in (visit.first, visit.second):
        assert uid(visit, replace(visit.admin(host), become=True)) == 0


def test_no_sudo_where_none_is_asked_for(visit: Any) -> None:
    assert uid(visit, visit.first) > 0


def test_sudo_with_a_wrong_password(visit: Any) -> None:
    host = replace(visit.admin(visit.first), become=True)
    wrong = replace(host, become_password=visit.admin(visit.first, "not the password").password)
    said = refusal(visit, wrong)
    assert "did not accept the password" in said
    assert "not the password" not in said


def test_sudo_that_wants_a_password_and_there_is_none(visit: Any) -> None:
    host = replace(visit.admin(visit.first), become=True, become_password=None)
    assert "wants a password and none was given" in refusal(visit, host)


def test_sudo_for_somebody_who_may_not(visit: Any) -> None:
    visit.exec(visit.first, "echo 'visitor:guessable' | chpasswd")
    try:
        password = visit.admin(visit.first, "guessable").password
        said = refusal(visit, replace(visit.first, become=True, become_password=password))
        assert "not in the sudoers file" in said
        assert "guessable" not in said
    finally:
        visit.exec(visit.first, "usermod --password '*' visitor")


def test_what_the_login_shell_prints_does_not_get_in_between(visit: Any) -> None:
    visit.exec(visit.first, "sed -i '1i echo READY0.0; echo noise >&2' /home/visitor/.bashrc")
    try:
        with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT) as connection:
            pipe, _ = open_session(visit.first, connection, "exec cat", TIMEOUT)
            pipe.send(b"only this", TIMEOUT)
            assert pipe.rest(TIMEOUT) == (0, b"only this")
    finally:
        visit.exec(visit.first, "sed -i 1d /home/visitor/.bashrc")


def test_the_password_is_in_no_command_line(visit: Any) -> None:
    host = replace(visit.admin(visit.first), become=True)
    with connect(host, [visit.known_hosts], timeout=TIMEOUT) as connection:
        pipe, _ = open_session(host, connection, "exec cat", TIMEOUT)
        lines = visit.exec(visit.first, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
        assert "sudo" in lines
        assert visit.lab.password not in lines
        pipe.rest(TIMEOUT)
