from __future__ import annotations

import os
import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from opsharden.play.environment import MARK, connection_vars, environment, ssh_config

SHELL = {
    "HOME": "/home/me",
    "PATH": "/opt/bin",
    "SSH_AUTH_SOCK": "/run/agent",
    "TERM": "xterm",
    "LANG": "de_DE",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_BECOME_PASSWORD_FILE": "/home/me/secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "PYTHONPATH": "/home/me/lib",
}


def test_the_shell_comes_along_for_templates_less_what_steers_ansible() -> None:
    made = environment(Path("/p"), (Path("/r 1"), Path("/r2")), SHELL)
    assert {name for name in made if made[name] == SHELL.get(name)} == {
        "HOME",
        "SSH_AUTH_SOCK",
        "TERM",
        "AWS_SECRET_ACCESS_KEY",
    }
    assert not {"PYTHONPATH", "ANSIBLE_BECOME_PASSWORD_FILE"} & set(made)


def test_a_task_has_its_time_and_a_silent_host_is_given_up() -> None:
    assert environment(Path("/p"), (), SHELL, task_timeout=90)["ANSIBLE_TASK_TIMEOUT"] == "90"
    assert {"ServerAliveInterval=15", "ServerAliveCountMax=3"} <= set(options())
    assert "ServerAliveInterval 15" in ssh_config([]).splitlines(), "of jump hosts too"


def test_what_runner_would_loosen_is_tight() -> None:
    assert environment(Path("/p"), (), SHELL)["ANSIBLE_HOST_KEY_CHECKING"] == "True"


def test_the_ansible_beside_our_python_is_the_one_that_runs() -> None:
    assert environment(Path("/p"), (), SHELL)["PATH"].split(os.pathsep) == [
        str(Path(sys.executable).parent),
        "/opt/bin",
    ]


def test_all_that_ansible_keeps_is_in_the_private_folder() -> None:
    made = environment(Path("/p"), (), {})
    assert made[MARK] == "/p"
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_LOCAL_TEMP", "ANSIBLE_SSH_CONTROL_PATH_DIR"):
        assert Path(made[name]).parent == Path("/p")


def options(*known_hosts: Path) -> list[str]:
    words = shlex.split(str(connection_vars(Path("/p"), known_hosts)["ansible_ssh_args"]))
    return [value for word, value in pairwise(words) if word == "-o"]


def test_host_keys_are_looked_up_in_the_files_given_and_nowhere_else() -> None:
    given = options(Path("/a b/known"), Path("/c"))
    assert 'UserKnownHostsFile="/a b/known" "/c"' in given
    assert "GlobalKnownHostsFile=none" in given
    assert "StrictHostKeyChecking=yes" in given


def test_jump_hosts_are_held_to_the_same_keys() -> None:
    lines = ssh_config([Path("/a b/known")]).splitlines()
    assert 'UserKnownHostsFile "/a b/known"' in lines
    assert "StrictHostKeyChecking yes" in lines
    # The first to set an option wins, so whatever the user's own file says comes later.
    assert lines.index("StrictHostKeyChecking yes") < min(i for i, line in enumerate(lines) if "Include" in line)
    assert "-F /p/ssh_config" in str(connection_vars(Path("/p"), [])["ansible_ssh_args"])


def test_without_any_file_no_host_is_known() -> None:
    assert "UserKnownHostsFile=none" in options()


@pytest.mark.parametrize(("standby", "place"), [(True, "/p/relay"), (False, "")])
def test_workers_are_told_of_a_relay_only_where_there_is_one(standby: bool, place: str) -> None:
    assert environment(Path("/p"), (), SHELL, standby=standby)["OPSHARDEN_RELAY"] == place
