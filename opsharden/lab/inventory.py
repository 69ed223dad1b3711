"""What a lab leaves for Ansible and for bootstrap: inventory, password, true fingerprints."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import yaml

from opsharden.errors import LabError
from opsharden.lab.hosts import ADMIN, Fingerprint
from opsharden.lab.ownership import hand_over, make_folder
from opsharden.lab.spec import LabHost, Suite

HUB = "hub"
HUB_GROUP = "hubs"  # not `hub`: Ansible warns where a host and a group share a name
_HUB_ROLES = ("monitoring_servers", "backup_servers")
_PROFILES_WITH_HUB = ("baseline-1", "monitoring", "backup")

LAB_HOST = "opsharden_lab_host"
"""The inventory variable that marks a host as a lab's: it may come again at the same address with a new host key."""

Fingerprints = Mapping[str, tuple[Fingerprint, ...]]


def inventory_dir(home: Path) -> Path:
    """The inventory of the lab whose directory this is: what `-i` takes."""
    return home / "inventory"


def password_file(home: Path) -> Path:
    """The file with the password of the account `admin`, readable by its owner only."""
    return home / "password"


def fingerprints_file(home: Path) -> Path:
    """The file with the fingerprint of every host key of every host: host, type, SHA256 in columns."""
    return home / "fingerprints"


def keep_password(home: Path, *, new: bool) -> str:
    """The lab's password for `admin`.

    Args:
        home: The lab's directory; made if missing.
        new: Whether a new password may be made; not where hosts have the old one already.

    Raises:
        LabError: There is none and a new one would fit no host.
    """
    path = password_file(home)
    with suppress(FileNotFoundError):
        return path.read_text().strip()
    if not new:
        raise LabError(f"The password of the running hosts is gone: {path} is missing.", "Take the lab down first.")
    make_folder(home)
    password = secrets.token_urlsafe(18)
    # The mode is there from the first byte: no moment in which others could read it.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{password}\n")
    hand_over(path)
    return password


def write_inventory(
    home: Path, hosts: Iterable[LabHost], fingerprints: Fingerprints, variables: Mapping[str, object] | None = None
) -> Path:
    """Write inventory and fingerprints of a lab.

    Args:
        home: The lab's directory.
        hosts: All its hosts.
        fingerprints: Their host keys, by host name.
        variables: Further variables for all hosts, for instance `ansible_user`.

    Returns:
        The inventory directory.
    """
    hosts = tuple(hosts)
    directory = inventory_dir(home)
    make_folder(directory / "group_vars")
    _write_yaml(directory / "hosts.yml", {"all": {"children": _groups(hosts, fingerprints)}})
    _write_yaml(directory / "group_vars" / "all.yml", {"bootstrap_user": ADMIN, **(variables or {})})
    lines = [f"{host.name} {key.type} {key.sha256}\n" for host in hosts for key in fingerprints.get(host.name, ())]
    fingerprints_file(home).write_text("".join(lines))
    hand_over(fingerprints_file(home))
    return directory


def remove_files(home: Path) -> None:
    """Remove what the lab wrote, and the directories that are empty then; what others put there stays."""
    inventory = inventory_dir(home)
    ours = (inventory / "group_vars" / "all.yml", inventory / "hosts.yml", password_file(home), fingerprints_file(home))
    for path in ours:
        path.unlink(missing_ok=True)
    for directory in (inventory / "group_vars", inventory, home):
        with suppress(OSError):
            directory.rmdir()


def _groups(hosts: tuple[LabHost, ...], fingerprints: Fingerprints) -> dict[str, object]:
    has_hub = any(host.name == HUB for host in hosts)
    groups: dict[str, object] = {}
    for suite in Suite:
        entries = {
            host.name: _host_variables(host, fingerprints) for host in hosts if host.suite is suite and host.name != HUB
        }
        if entries:
            groups[suite.group] = {"hosts": entries, **({"vars": _served_by_hub()} if has_hub else {})}
    for host in hosts:
        if host.name == HUB:
            groups[HUB_GROUP] = {
                "children": {role: {"hosts": {HUB: {}}} for role in _HUB_ROLES},
                "hosts": {HUB: _host_variables(host, fingerprints)},
                "vars": {"opsharden_profiles": []},
            }
    return groups


def _served_by_hub() -> dict[str, object]:
    return {"monitoring_server": HUB, "backup_server": HUB, "opsharden_profiles": list(_PROFILES_WITH_HUB)}


def _host_variables(host: LabHost, fingerprints: Fingerprints) -> dict[str, str]:
    variables = {"ansible_host": host.address, LAB_HOST: host.container}
    # The type that ssh clients agree on first.
    for key in fingerprints.get(host.name, ()):
        if key.type == "ED25519":
            variables["bootstrap_host_key_fingerprint"] = key.sha256
    return variables


def _write_yaml(path: Path, content: Mapping[str, object]) -> None:
    path.write_text("---\n" + yaml.safe_dump(content, sort_keys=False))
    hand_over(path)
