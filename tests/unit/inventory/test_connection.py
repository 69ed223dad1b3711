from typing import Any

import pytest

from opsharden.errors import Unresolved
from opsharden.inventory.connection import to_host
from opsharden.model import Host


def host(**variables: Any) -> Host:
    return to_host("web1", lambda wanted, default=None: variables.get(wanted, default), ())


def test_all_ssh_arguments_count_in_ansibles_order() -> None:
    found = host(ansible_ssh_extra_args="-4", ansible_ssh_args="-C", ansible_ssh_common_args="-J hub")
    assert found.ssh_args == "-C -J hub -4"


@pytest.mark.parametrize(
    ("variables", "client"),
    [
        ({}, "auto"),
        ({"opsharden_ssh_client": "openssh"}, "openssh"),
        ({"opsharden_ssh_client": "paramiko"}, "paramiko"),
        ({"ansible_ssh_executable": "ssh"}, "auto"),
        ({"ansible_ssh_executable": "/opt/bin/ssh"}, "/opt/bin/ssh"),
        ({"ansible_ssh_executable": "/opt/bin/ssh", "opsharden_ssh_client": "openssh"}, "/opt/bin/ssh"),
        ({"ansible_ssh_executable": "/opt/bin/ssh", "opsharden_ssh_client": "paramiko"}, "paramiko"),
    ],
)
def test_which_client(variables: dict[str, str], client: str) -> None:
    assert host(**variables).ssh_client == client


def test_a_client_that_there_is_not() -> None:
    with pytest.raises(Unresolved, match="web1 has opsharden_ssh_client putty"):
        host(opsharden_ssh_client="putty")


def test_how_to_become_somebody_is_read_as_ansible_reads_it() -> None:
    given: dict[str, object] = {
        "ansible_become_method": "ansible.builtin.su",
        "ansible_become_user": "oper",
        "ansible_su_exe": "/usr/local/bin/su",
        "ansible_become_flags": "",
    }
    host = to_host("web1", lambda wanted, default=None: given.get(wanted, default), ())
    assert (host.become_method, host.become_user, host.become_exe, host.become_flags) == (
        "su",
        "oper",
        "/usr/local/bin/su",
        "",
    )
    plain = to_host("web1", lambda wanted, default=None: default, ())
    assert (plain.become_method, plain.become_user, plain.become_exe, plain.become_flags) == ("sudo", "root", "", None)
