"""The hosts: how each is reached, and what became of it in a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the inventory and how to reach it.

    Attributes:
        name: Its inventory name: the stable asset id in all evidence.
        address: What to connect to; the name where the inventory says nothing else.
        port: TCP port of sshd.
        user: Whom to log in as; None leaves it to ssh.
        connection: `ssh` or `local`.
        key_file: The private key to offer; None leaves it to the agent and ssh's defaults.
        password: The login password, where the inventory has one.
        become: Whether to become another user, as `become_user` and `become_method` say.
        become_password: What will be asked for then, if anything is.
        become_method: The name of Ansible's become plugin.
        become_user: Whom to become.
        become_exe: The program that does it; empty leaves it to the method.
        become_flags: What that program is given; None leaves it to the method.
        ssh_args: Ansible's extra ssh arguments, as one string (`-o ProxyJump=...`).
        groups: The inventory groups it is in.
        ssh_client: `auto`, `paramiko`, `openssh`, or the program to call as OpenSSH's `ssh`.
    """

    name: str
    address: str
    port: int = 22
    user: str | None = None
    connection: str = "ssh"
    key_file: Path | None = None
    password: SecretStr | None = None
    become: bool = True
    become_password: SecretStr | None = None
    ssh_args: str = ""
    groups: tuple[str, ...] = ()
    ssh_client: str = "auto"
    become_method: str = "sudo"
    become_user: str = "root"
    become_exe: str = ""
    become_flags: str | None = None


class HostStatus(StrEnum):
    """What became of a targeted host: targeted = tested + unreachable + excluded."""

    TESTED = "tested"
    UNREACHABLE = "unreachable"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Member:
    """One host in the population of a run.

    Attributes:
        host: Inventory name.
        status: What became of it.
        reason: Why it was not looked at, for people; may name the host and where it was looked for.
        cause: The same without what only this host has (name, address, port, key), so equal for all hosts it is so for;
            empty where the reason has none of that.
        controls: Ids of the controls that were to be looked at; only where the host was not, since findings say it
            otherwise. Each of them counts as unreachable.
    """

    host: str
    status: HostStatus
    reason: str = ""
    cause: str = ""
    controls: tuple[str, ...] = ()
