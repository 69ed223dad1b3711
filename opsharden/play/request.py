"""What is to be played, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr


@dataclass(frozen=True)
class Unlock:
    """What opens hosts and vaults, and what else must not be seen in any event.

    Attributes:
        become_password: What sudo asks for where the inventory says nothing.
        vaults: What opens vaulted values: vault id and password, in the order in which they are tried.
        ssh_password: The login password where the inventory says nothing.
        hide: Further values that are replaced in every event, such as opened vault values.
    """

    become_password: SecretStr | None = None
    vaults: tuple[tuple[str, SecretStr], ...] = ()
    ssh_password: SecretStr | None = None
    hide: tuple[SecretStr, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in here, plain."""
        opening = tuple(password for _, password in self.vaults)
        held = (self.become_password, self.ssh_password, *opening, *self.hide)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)


@dataclass(frozen=True)
class Content:
    """What is to be done on the hosts.

    Attributes:
        roles: Names, in the order they are applied. A task that fails ends its role on that host, not the next role.
        data_roles: Folders of roles whose controls that are data are brought about at once, by the role `kinds`.
        singly: Pairs of a role and one of its controls, each brought about by itself in place of `roles`, so that one
            that fails stands in no other's way; on those hosts whose `opsharden_controls` has it.
        roles_path: Folders that roles are looked for in; the first match counts.
        tags: Only tasks with one of these; all where empty.
        default_vars: Variables of all hosts, above role defaults and below whatever the inventory says.
        host_vars: Inventory name to variables of that host alone. They win over all the inventory says and lose only
            to `extra_vars`. Names that the inventory does not have stay without effect.
        extra_vars: Variables that win over all others.
    """

    roles: tuple[str, ...]
    data_roles: tuple[Path, ...] = ()
    singly: tuple[tuple[str, str], ...] = ()
    roles_path: tuple[Path, ...] = ()
    tags: tuple[str, ...] = ()
    default_vars: Mapping[str, Any] = field(default_factory=dict)
    host_vars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extra_vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlayRequest:
    """One Ansible run.

    Attributes:
        run_id: Marks every process of the run on the hosts, in the variable OPSHARDEN_RUN.
        hosts: Inventory names; the run is limited to exactly these.
        inventory: The user's own sources, as for Ansible's -i; or an inventory, as JSON in the form of its YAML ones.
        content: What is to be done.
        known_hosts: The only files that host keys are looked up in; never written.
        unlock: Passwords.
        forks: How many hosts are worked on at the same time.
        check: Ansible's check mode: say what would change, change nothing.
        task_timeout: Seconds one task may take on one host; 0 for ever.
        timeout: Seconds the run may take; 0 for ever.
        standby: Whether a Python stands by on each host, which spares Ansible a start for every task.
    """

    run_id: str
    hosts: tuple[str, ...]
    inventory: tuple[str, ...] | Mapping[str, Any]
    content: Content
    known_hosts: tuple[Path, ...]
    unlock: Unlock = field(default_factory=Unlock)
    forks: int = 10
    check: bool = False
    task_timeout: float = 0
    timeout: float = 0
    standby: bool = True
