"""Who needs what: hosts with the same need share one Ansible run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from opsharden.catalogue import Catalogue, site_playbook


@dataclass(frozen=True)
class Batch:
    """One Ansible run to be.

    Attributes:
        hosts: Inventory names.
        roles: In the order they are applied.
        tags: The controls to bring about; none for roles that have no controls, which run whole.
    """

    hosts: tuple[str, ...]
    roles: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        return f"{len(self.tags)} controls" if self.tags else ", ".join(self.roles)


def batches(
    needs: Mapping[str, tuple[str, ...]], reached: Mapping[str, tuple[str, ...]], catalogue: Catalogue
) -> tuple[Batch, ...]:
    """Group hosts by what they need.

    Args:
        needs: Host to the controls to bring about.
        reached: All hosts that were reached; roles without controls of their own are for each of them.
        catalogue: Which role owns which control.
    """
    order = role_order(catalogue)
    alike: dict[tuple[str, ...], list[str]] = {}
    for host, controls in needs.items():
        fixable = tuple(control for control in controls if catalogue.controls[control].role in order)
        if fixable:
            alike.setdefault(fixable, []).append(host)
    found = []
    for controls, hosts in alike.items():
        owners = {catalogue.controls[control].role for control in controls}
        found.append(Batch(tuple(hosts), tuple(role for role in order if role in owners), controls))
    whole = tuple(role for role in order if not catalogue.roles[role].controls)
    if whole and reached:
        found.append(Batch(tuple(reached), whole, ()))
    return tuple(found)


def role_order(catalogue: Catalogue) -> tuple[str, ...]:
    """All roles in the order they are applied: as playbooks/site.yml has ours, then the user's by name."""
    (play,) = yaml.safe_load(site_playbook().read_text(encoding="utf-8"))
    ours = tuple(role for role in play["roles"] if role in catalogue.roles)
    return (*ours, *sorted(role for role in catalogue.roles if role not in ours))
