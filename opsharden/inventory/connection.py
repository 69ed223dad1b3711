"""Ansible's connection variables as a `Host`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from opsharden.errors import InventoryError
from opsharden.model import Host


class Variable(Protocol):
    """Looks up one rendered variable of the host in question."""

    def __call__(self, wanted: str, default: Any = None) -> Any:
        """The variable, or the default where the host has none of that name."""


def to_host(name: str, variable: Variable, groups: tuple[str, ...]) -> Host:
    """Build the host from the variables Ansible itself would connect with.

    See "Connecting to hosts: behavioral inventory parameters" in Ansible's user guide.

    Raises:
        InventoryError: A connection we cannot speak.
    """

    def first(*names: str) -> Any:
        return next((value for value in map(variable, names) if value not in (None, "")), None)

    local_by_name = name in ("localhost", "127.0.0.1", "::1") and first("ansible_host") is None
    connection = str(first("ansible_connection") or ("local" if local_by_name else "ssh"))
    connection = connection.rpartition(".")[2]
    if connection in ("smart", "paramiko", "paramiko_ssh"):
        connection = "ssh"
    if connection not in ("ssh", "local"):
        raise InventoryError(
            f"The host {name} has ansible_connection {connection}; only ssh and local can be verified."
        )
    key = first("ansible_ssh_private_key_file", "ansible_private_key_file")
    password = first("ansible_ssh_password", "ansible_ssh_pass", "ansible_password")
    become_password = first("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass")
    user = first("ansible_ssh_user", "ansible_user")
    # Whoever becomes somebody by it says what it can work with: `ssh/become.py`.
    method = str(first("ansible_become_method") or "sudo").rpartition(".")[2]
    flags = next(
        (value for value in map(variable, ("ansible_become_flags", f"ansible_{method}_flags")) if value is not None),
        None,
    )
    args = [first(f"ansible_ssh_{kind}args") for kind in ("", "common_", "extra_")]
    return Host(
        name=name,
        address=str(first("ansible_ssh_host", "ansible_host") or name),
        port=_port(name, first("ansible_ssh_port", "ansible_port")),
        user=None if user is None else str(user),
        connection=connection,
        key_file=None if key is None else Path(str(key)).expanduser(),
        password=None if password is None else SecretStr(str(password)),
        become=_truth(first("ansible_become"), default=connection == "ssh"),
        become_password=None if become_password is None else SecretStr(str(become_password)),
        ssh_args=" ".join(str(part) for part in args if part),
        groups=groups,
        ssh_client=_client(name, first("opsharden_ssh_client"), first("ansible_ssh_executable")),
        become_method=method,
        become_user=str(first("ansible_become_user", f"ansible_{method}_user") or "root"),
        become_exe=str(first("ansible_become_exe", f"ansible_{method}_exe") or ""),
        become_flags=None if flags is None else str(flags),
    )


def _client(name: str, wanted: Any, program: Any) -> str:
    """Which SSH client to use. A program of the user's own is an OpenSSH, and asked for by being named."""
    client = str(wanted or "auto")
    if client not in ("auto", "paramiko", "openssh"):
        raise InventoryError(f"The host {name} has opsharden_ssh_client {client}; it can be auto, paramiko or openssh.")
    named = str(program or "ssh")
    return client if client == "paramiko" or named == "ssh" else named


def _port(name: str, value: Any) -> int:
    try:
        return int(value or 22)
    except (TypeError, ValueError):
        raise InventoryError(f"The host {name} has the port {value!r}, which is no number.") from None


def _truth(value: Any, *, default: bool) -> bool:
    if value is None:
        return default
    return str(value).strip().lower() in ("true", "yes", "on", "1", "y", "t")
