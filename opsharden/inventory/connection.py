"""Ansible's connection variables as a `Host`."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from opsharden.errors import NotOurs, Unresolved
from opsharden.model import Host

REACH = (
    *("ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port", "ansible_user", "ansible_ssh_user"),
    *("ansible_connection", "ansible_ssh_executable", "ansible_shell_type", "ansible_shell_executable"),
    *("ansible_ssh_private_key_file", "ansible_private_key_file", "ansible_python_interpreter"),
    *("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"),
    *("ansible_password", "ansible_ssh_pass", "ansible_ssh_password", "ansible_remote_tmp"),
    *("ansible_become", "ansible_become_method", "ansible_become_user", "ansible_become_exe", "ansible_become_flags"),
    *("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"),
)
"""Variables by which Ansible reaches a host."""


class Variable(Protocol):
    """Looks up one rendered variable of the host in question."""

    def __call__(self, wanted: str, default: Any = None) -> Any:
        """The variable, or the default where the host has none of that name."""


def to_host(name: str, variable: Variable, groups: tuple[str, ...]) -> Host:
    """Build the host from the variables Ansible itself would connect with.

    See "Connecting to hosts: behavioral inventory parameters" in Ansible's user guide.

    Raises:
        NotOurs: A connection we cannot speak.
        Unresolved: A variable has a value that cannot be meant.
    """

    def first(*names: str) -> Any:
        return next((value for value in map(variable, names) if value not in (None, "")), None)

    # Also for localhost, where an inventory names it: only the one that Ansible makes up says that it is local.
    connection = str(first("ansible_connection") or "ssh").rpartition(".")[2]
    if connection in ("smart", "paramiko", "paramiko_ssh"):
        connection = "ssh"
    if connection not in ("ssh", "local"):
        raise NotOurs(f"It has ansible_connection {connection}; only ssh and local can be worked with.")
    key = first("ansible_ssh_private_key_file", "ansible_private_key_file")
    password = first("ansible_ssh_password", "ansible_ssh_pass", "ansible_password")
    become_password = first("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass")
    user = _word(name, "user", first("ansible_ssh_user", "ansible_user"))
    # Whoever becomes somebody by it says what it can work with: `ssh/become.py`.
    method = str(first("ansible_become_method") or "sudo").rpartition(".")[2]
    flags = next(
        (value for value in map(variable, ("ansible_become_flags", f"ansible_{method}_flags")) if value is not None),
        None,
    )
    args = [first(f"ansible_ssh_{kind}args") for kind in ("", "common_", "extra_")]
    return Host(
        name=name,
        address=_address(name, first("ansible_ssh_host", "ansible_host") or name, connection),
        port=_port(name, first("ansible_ssh_port", "ansible_port")),
        user=user,
        connection=connection,
        key_file=None if key is None else _key_file(name, str(key)),
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
        raise Unresolved(f"{name} has opsharden_ssh_client {client}; it can be auto, paramiko or openssh.")
    named = str(program or "ssh")
    return client if client == "paramiko" or named == "ssh" else named


def _port(name: str, value: Any) -> int:
    try:
        port = 22 if value is None else int(str(value))
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise Unresolved(f"{name} has the port {value!r}, which is no number from 1 to 65535.")
    return port


# What ssh would take for an option, a pattern or two words; what a shell or a log would take for something else.
_ODD = re.compile(r"^-|[\s\x00-\x1f\x7f,;'\"`|&<>\\]")
_LABEL = 63


def _word(name: str, what: str, value: Any) -> str | None:
    if value is None:
        return None
    if _ODD.search(str(value).replace("\\", "")):  # a domain's user has a backslash
        raise Unresolved(f"{name} has the {what} {str(value)!r}, which cannot be one.")
    return str(value)


def _address(name: str, value: Any, connection: str) -> str:
    """A name or an address, as RFC 1123 has names but with the underscores that people use."""
    address = str(value)
    if connection == "local":
        return address
    try:
        ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        labels = address.removesuffix(".").split(".")
        if _ODD.search(address) or not all(labels) or any(len(_ascii(label)) > _LABEL for label in labels):
            raise Unresolved(
                f"{name} cannot be looked up: {address!r} is no host name.",
                "Correct its name or ansible_host; each part of a name has 1 to 63 signs.",
            ) from None
    return address


def _ascii(label: str) -> str:
    """A label as it is looked up; one that has no such form is too long."""
    try:
        return label.encode("idna").decode()
    except UnicodeError:
        return "x" * (_LABEL + 1)


def _key_file(name: str, value: str) -> Path:
    """The file, from where we stand, as for Ansible."""
    try:
        return Path(value).expanduser().absolute()
    except (RuntimeError, OSError):
        raise Unresolved(
            f"The private key of {name} is {value!r}, and there is no such user here.",
            "Correct ansible_ssh_private_key_file.",
        ) from None


def _truth(value: Any, *, default: bool) -> bool:
    if value is None:
        return default
    return str(value).strip().lower() in ("true", "yes", "on", "1", "y", "t")
