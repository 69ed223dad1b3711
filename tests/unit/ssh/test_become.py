from __future__ import annotations

import shlex
import subprocess
from typing import Any

import pytest
from pydantic import SecretStr

from opsharden.errors import BecomeRefused
from opsharden.model import Host
from opsharden.ssh.become import passage


def words(**asked: Any) -> list[str]:
    return shlex.split(passage(Host("web1", "web1", **asked), "echo it", "N").line)


SUDO = ["-S", "-p", "PASSWORDN", "-u", "root", "--", "/bin/sh", "-c", "echo it"]
SU = ["printf", "PASSWORDN", ">&2;", "exec", "env", "LC_ALL=C", "LANGUAGE=C"]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({}, ["exec", "sudo", *SUDO]),
        ({"become_flags": "-H -S -n"}, ["exec", "sudo", *SUDO]),
        ({"become_flags": "-i -p 'x y' --login -E --preserve-env=A"}, ["exec", "sudo", *SUDO]),
        ({"become_flags": "-g adm -r role"}, ["exec", "sudo", "-g", "adm", "-r", "role", *SUDO]),
        ({"become_exe": "/opt/a b/sudo"}, ["exec", "/opt/a", "b/sudo", *SUDO]),
        ({"become_exe": "'/opt/a b/sudo'"}, ["exec", "/opt/a b/sudo", *SUDO]),
        (
            {"become_user": "$(id)"},
            ["exec", "sudo", "-S", "-p", "PASSWORDN", "-u", "$(id)", "--", "/bin/sh", "-c", "echo it"],
        ),
        ({"become_method": "su"}, [*SU, "su", "-s", "/bin/sh", "-c", "echo it", "root"]),
        (
            {"become_method": "su", "become_user": "o'per", "become_exe": "/x/su", "become_flags": "- -l -m"},
            [*SU, "/x/su", "-s", "/bin/sh", "-m", "-c", "echo it", "o'per"],
        ),
        (
            {"become_method": "sudosu"},
            ["exec", "sudo", "-S", "-p", "PASSWORDN", "--", "su", "-s", "/bin/sh", "-c", "echo it", "root"],
        ),
        ({"become": False, "become_method": "doas"}, ["echo", "it"]),
    ],
)
def test_how_somebody_is_become(asked: dict[str, Any], line: list[str]) -> None:
    assert words(**asked) == line


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        *(({"become_method": method}, method) for method in ("doas", "pbrun", "runas", "machinectl", "enable", "ksu")),
        ({"become_exe": "sudo '"}, "ansible_become_exe or ansible_become_flags that cannot be read"),
    ],
)
def test_what_cannot_be_followed_is_refused(asked: dict[str, Any], named: str) -> None:
    with pytest.raises(BecomeRefused, match=named) as caught:
        words(become_password=SecretStr("secret"), **asked)
    assert "no password was sent" in caught.value.advice


def test_the_prompt_of_su_counts_behind_our_mark_only() -> None:
    prompt = passage(Host("web1", "web1", become_method="su"), "", "N").prompt
    assert prompt.findall(b"Password: motd\n") == []
    assert prompt.findall(b"motd PASSWORDNPassword: ") == [b"PASSWORDNPassword:"]


def test_the_mark_of_su_is_printed_whatever_the_shell() -> None:
    line = passage(Host("web1", "web1", become_method="su", become_exe="true"), "", "N").line
    assert subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True).stderr == b"PASSWORDN"
