"""A batch as a request for Ansible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import SecretStr

from opsharden.catalogue import KINDS_ROLE, roles_path
from opsharden.errors import HostError, InventoryError, Unresolved
from opsharden.play import CONTROLS, OWN_SSH, OWN_SSH_ARGS, Content, PlayRequest, Unlock
from opsharden.workflows.batches import Batch, is_ours, part_of
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Workplace

_PLAIN_SSH = ("ssh", "smart")


def play_request(place: Workplace, targets: Targets, batch: Batch, run_id: str, *, check: bool) -> PlayRequest:
    """What Ansible is to do for a batch.

    The tags are the controls that any of the hosts needs; which of them a host needs, its own variable says.
    """
    settings, access = place.settings, place.access
    host_vars = {host: _variables(place, targets, batch, host) for host in batch.hosts}
    peers = _peers_ways(place, batch, host_vars)
    data_roles = _data_roles(place, batch)
    return PlayRequest(
        run_id=run_id,
        hosts=batch.hosts,
        inventory=_inventory(place, batch, host_vars),
        content=Content(
            roles=batch.roles,
            data_roles=tuple(place.catalogue.roles[role].path for role in data_roles),
            singly=_singly(place, batch) if batch.singly else (),
            roles_path=(roles_path(), *settings.roles),
            tags=batch.tags,
            default_vars=_defaults(place, data_roles),
            host_vars={**host_vars, **peers},
            extra_vars=place.extra,
        ),
        known_hosts=place.known_hosts,
        forks=min(settings.forks, len(batch.hosts)),
        check=check,
        task_timeout=settings.task_timeout,
        timeout=settings.apply_timeout,
        standby=settings.standby,
        unlock=Unlock(
            access.become_password,
            vaults=place.vault,
            hide=tuple(
                SecretStr(secret) for secret in place.secrets([place.host(host) for host in (*batch.hosts, *peers)])
            ),
        ),
    )


def _data_roles(place: Workplace, batch: Batch) -> tuple[str, ...]:
    """The roles whose controls that are data are brought about all at once."""
    at_once = (control for control in batch.tags if part_of(control, place.catalogue) == KINDS_ROLE)
    return tuple(dict.fromkeys(place.catalogue.controls[control].role for control in at_once))


def _defaults(place: Workplace, data_roles: Iterable[str]) -> dict[str, Any]:
    """Variables below all that the inventory says, with the defaults of roles that may not be played themselves."""
    values = {name: each for role in data_roles for name, each in place.catalogue.roles[role].defaults.items()}
    return {**values, "ansible_ssh_private_key_file": str(place.key)} if place.key else values


def _inventory(
    place: Workplace, batch: Batch, host_vars: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...] | Mapping[str, Any]:
    """What Ansible is to know of the fleet: the hosts of the batch and those our roles look at beside them.

    A role of the user's may look at any host (`groups`, `hostvars`), and so may a template in a variable. Then it is
    given the user's own sources, whole, which Ansible reads once more: right comes before fast.
    """
    whole = place.settings.inventory or tuple(f"{host}," for host in batch.hosts)
    if not all(is_ours(role, place.catalogue) for role in batch.roles):
        return whole
    try:
        part = place.inventory.excerpt((*batch.hosts, *_peers(place, batch, host_vars)), besides=host_vars)
    except Unresolved:
        return whole  # a variable that cannot be rendered: Ansible says so, if it is needed
    return whole if part is None else part


def _peers(place: Workplace, batch: Batch, host_vars: Mapping[str, Mapping[str, Any]]) -> set[str]:
    roles = [place.catalogue.roles[role] for role in batch.roles if role != KINDS_ROLE]
    variables = [name for role in roles for name in role.peers]
    named = (place.inventory.values(host, host_vars[host]).get(name) for name in variables for host in batch.hosts)
    return {peer for peer in named if isinstance(peer, str)}


def hubs(place: Workplace, targets: Targets, batch: Batch) -> dict[str, dict[str, tuple[str, ...]]]:
    """The hosts that a batch changes on behalf of its own: hub to host to the controls that do so.

    What cannot be rendered, and what is no host of the inventory, is left out: the role says so.
    """
    roles = (place.catalogue.roles[role] for role in batch.roles if role != KINDS_ROLE)
    by_control = {each: name for role in roles for name, controls in role.peers.items() for each in controls}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for host, controls in batch.needs.items():
        on_hubs = [control for control in controls if control in by_control]
        with suppress(HostError):
            values = place.inventory.values(host, _variables(place, targets, batch, host)) if on_hubs else {}
            for control in on_hubs:
                hub = str(values.get(by_control[control]) or "")
                if hub and _is_there(place, hub):
                    of_host = found.setdefault(hub, {})
                    of_host[host] = (*of_host.get(host, ()), control)
    return found


def _is_there(place: Workplace, name: str) -> bool:
    try:
        place.inventory.host(name)
    except InventoryError:
        return False
    except HostError:
        return True  # how to reach it is another matter
    return True


def _singly(place: Workplace, batch: Batch) -> tuple[tuple[str, str], ...]:
    owner = {control: part_of(control, place.catalogue) for control in batch.tags}
    return tuple((role, control) for role in batch.roles for control in batch.tags if owner[control] == role)


def _variables(place: Workplace, targets: Targets, batch: Batch, host: str) -> dict[str, Any]:
    profiles = targets.asked or place.profiles(host)
    values: dict[str, Any] = {}
    for name in profiles:
        values.update(place.catalogue.profile(name).values)
    # A profile's values are above role defaults and below whatever the inventory says.
    unset = {name: value for name, value in values.items() if not place.inventory.sets(host, name)}
    return {
        **_way(place, host),
        **unset,
        **place.typed(host, targets.asked),
        # A role that has no controls may bring along one that has: what is waived there stays waived.
        CONTROLS: list(batch.needs[host] if batch.tags else place.wanted(host, targets.asked)),
        "opsharden_secrets_dir": str(place.settings.keys),
    }


def _way(place: Workplace, host: str) -> dict[str, Any]:
    """How Ansible reaches a host, which is how verify does."""
    own = place.inventory.variable(host, "ansible_ssh_args")
    named = place.inventory.variable(host, "ansible_connection")
    user = place.host(host).user if place.inventory.host(host).user is None else None
    return {
        **place.reach(host),
        **({OWN_SSH_ARGS: own} if own else {}),
        **({"ansible_connection": OWN_SSH} if named in _PLAIN_SSH else {}),
        **({"ansible_user": user} if user else {}),
    }


def _peers_ways(place: Workplace, batch: Batch, host_vars: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The same of the hosts that its roles look at beside those of the batch."""
    found: dict[str, dict[str, Any]] = {}
    with suppress(Unresolved):  # a variable that cannot be rendered: Ansible says so, if it is needed
        for peer in sorted(_peers(place, batch, host_vars).difference(batch.hosts)):
            with suppress(HostError, InventoryError):  # so it does of a host that is not there, or not to be reached
                found[peer] = _way(place, peer)
    return found
