"""A batch as a request for Ansible."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from opsharden.catalogue import roles_path
from opsharden.play import Content, PlayRequest, Unlock
from opsharden.workflows.needs import Batch
from opsharden.workflows.workplace import Targets, Workplace

SELECTED = "opsharden_selected"
"""The variable that tells roles which controls are wanted on a host."""


def play_request(place: Workplace, targets: Targets, batch: Batch, run_id: str, *, check: bool) -> PlayRequest:
    """What Ansible is to do for a batch.

    The tags say what is to be brought about now; the selected controls, what is wanted on the host at all: all that
    its profiles name, also where this run is narrowed down, since a template always holds the whole state.
    """
    settings, access = place.settings, place.access
    return PlayRequest(
        run_id=run_id,
        hosts=batch.hosts,
        inventory=settings.inventory or tuple(f"{host}," for host in batch.hosts),
        content=Content(
            roles=batch.roles,
            roles_path=(roles_path(), *settings.roles),
            tags=batch.tags,
            default_vars={"ansible_ssh_private_key_file": str(place.key)} if place.key else {},
            host_vars={host: _variables(place, targets, host) for host in batch.hosts},
            extra_vars=access.extra or {},
        ),
        known_hosts=place.known_hosts,
        forks=settings.forks,
        check=check,
        unlock=Unlock(
            access.become_password,
            access.vault_password,
            access.vault_password_file or settings.vault_password_file,
            hide=tuple(SecretStr(secret) for secret in place.secrets([place.host(host) for host in batch.hosts])),
        ),
    )


def _variables(place: Workplace, targets: Targets, host: str) -> dict[str, Any]:
    profiles = targets.asked or place.profiles(host)
    values: dict[str, Any] = {}
    for name in profiles:
        values.update(place.catalogue.profile(name).values)
    # A profile's values are above role defaults and below whatever the inventory says.
    unset = {name: value for name, value in values.items() if place.inventory.variable(host, name) is None}
    return {
        **unset,
        SELECTED: list(place.wanted(host, targets.asked)),
        "opsharden_secrets_dir": str(place.settings.keys),
    }
