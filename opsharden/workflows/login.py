"""Whom automation logs in as: one rule for bootstrap, verify and apply."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opsharden.access.names import ACCOUNT
from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.route import named_user
from opsharden.ssh.unsupported import Unsupported


def with_account(host: Host, key: Path | None) -> Host:
    """A host with the account that automation logs in as.

    Whom the inventory names it is (`ansible_user`), then whom the ssh arguments or ssh_config name (`User`), as with
    Ansible. Where nobody is named and the project has a key of its own, that key's account: `opsharden`. Else it is
    left to ssh, which takes who calls it.

    Args:
        host: As the inventory has it.
        key: The project's automation key, if it has one.
    """
    if host.user is not None or key is None or host.connection != "ssh" or _is_named(host):
        return host
    return replace(host, user=ACCOUNT, key_file=host.key_file or key)


def automation_user(host: Host) -> str:
    """Whom to make ready on a host, which is whom `with_account` lets in.

    Raises:
        Unreachable: Nothing says.
    """
    try:
        user = host.user or named_user(host)
    except Unsupported as unsupported:
        raise Unreachable(
            f"Nothing that can be read here says whom {host.name} is to be logged in to as: its ssh_config has "
            f"{unsupported.what}.",
            "Name the account in ansible_user.",
        ) from None
    if not user:
        raise Unreachable(
            f"Nothing says whom {host.name} is to be logged in to as: it has no ansible_user, and there is no "
            "automation key here.",
            "Name the account in ansible_user, or make a project with `opsharden init`.",
        )
    return user


def _is_named(host: Host) -> bool:
    try:
        return named_user(host) is not None
    except Unreachable:
        return True  # ssh itself says so, or what is wrong, when it is connected to
