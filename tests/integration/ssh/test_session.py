"""Becoming root over real sudo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsharden.errors import BecomeRefused, Unreachable
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


@pytest.mark.parametrize("method", ["su", "sudosu"])
def test_other_ways_to_become_root(visit: Any, method: str) -> None:
    for host in (visit.first, visit.second):
        kept = visit.exec(host, "getent shadow root | cut -d: -f2").strip()
        visit.exec(host, "echo 'root:guessable' | chpasswd")
        try:
            login = host if method == "su" else visit.admin(host)
            secret = visit.admin(host, "guessable").password if method == "su" else login.become_password
            root = replace(login, become=True, become_method=method, become_password=secret)
            assert uid(visit, root) == 0
            said = refusal(visit, replace(root, become_password=visit.admin(host, "wrong").password))
            assert "refused" in said or "did not accept" in said
            assert "wants a password" in refusal(visit, replace(root, become_password=None))
        finally:
            visit.exec(host, f"usermod --password '{kept}' root")


def test_a_way_that_is_not_ours_gets_no_password(visit: Any) -> None:
    host = replace(visit.admin(visit.first), become=True, become_method="doas")
    assert "ansible_become_method doas" in refusal(visit, host)


def test_another_user_is_become(visit: Any) -> None:
    host = replace(visit.admin(visit.first), become=True, become_user="nobody")
    assert uid(visit, host) == 65534


def test_a_program_that_is_not_there_is_asked_for_no_password(visit: Any) -> None:
    said = refusal(visit, replace(visit.admin(visit.first), become=True, become_exe="/opt/dzdo"))
    assert "/opt/dzdo is not installed on" in said
    assert "wants a password" not in said


@pytest.mark.parametrize("shell", ["/bin/dash", "/bin/bash", "/bin/tcsh", "/usr/bin/fish"])
def test_any_login_shell(visit: Any, shell: str) -> None:
    for host in (visit.first, visit.second):
        if visit.exec(host, f"test -x {shell} || echo gone"):
            continue  # the lab's hosts have what an installer gives; `make field` brings the others
        visit.exec(host, f"usermod --shell {shell} visitor")
        try:
            with connect(host, [visit.known_hosts], timeout=TIMEOUT) as connection:
                said = connection.run("printf '%s\\n' \"it's\" '!' '\\\\'; exit 3", timeout=TIMEOUT)
                assert (said.rc, said.stdout) == (3, b"it's\n!\n\\\\\n")
        finally:
            visit.exec(host, "usermod --shell /bin/bash visitor")


@pytest.mark.parametrize("way", ["nologin", "command"])
def test_an_account_that_runs_no_command_of_ours(visit: Any, way: str) -> None:
    """Not sudo is what refused."""
    keys = "/home/visitor/.ssh/authorized_keys"
    done, undone = (
        ("usermod --shell /usr/sbin/nologin visitor", "usermod --shell /bin/bash visitor")
        if way == "nologin"
        else (f"sed -i 's/^/command=\"echo only this\" /' {keys}", f"sed -i 's/^command=[^ ]* only this. //' {keys}")
    )
    visit.exec(visit.first, done)
    try:
        for client in ("paramiko", "openssh"):
            host = replace(visit.first, become=True, ssh_client=client)
            with pytest.raises(Unreachable, match=r"ended at once: (?:This account|only this)") as caught:
                uid(visit, host)
            assert "ForceCommand" in caught.value.advice
    finally:
        visit.exec(visit.first, undone)
