"""Who needs what: hosts with different needs share one Ansible run, each with its own list of controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from opsharden.catalogue import KINDS_ROLE, Catalogue, roles_path, site_playbook
from opsharden.model import ChangeStatus
from opsharden.play import PlayOutcome


@dataclass(frozen=True)
class Batch:
    """One Ansible run to be.

    Attributes:
        needs: Host to the controls to bring about there; none for roles that have no controls, which run whole.
        roles: In the order they are applied; controls of ours that are data are the business of the role `kinds`.
        singly: Whether each control is brought about by itself, so that one that fails stands in no other's way.
    """

    needs: Mapping[str, tuple[str, ...]]
    roles: tuple[str, ...]
    singly: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """Inventory names."""
        return tuple(self.needs)

    @property
    def tags(self) -> tuple[str, ...]:
        """All controls that any of the hosts needs."""
        return tuple(dict.fromkeys(control for controls in self.needs.values() for control in controls))

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        if not self.tags:
            return ", ".join(self.roles)
        number = len(self.tags)
        return f"{number} control{'s' if number != 1 else ''}{' one by one' if self.singly and number > 1 else ''}"

    def of(self, hosts: Sequence[str]) -> Batch:
        """The same for some of its hosts."""
        return Batch({host: self.needs[host] for host in hosts}, self.roles, self.singly)

    def less(self, controls: Mapping[str, tuple[str, ...]], catalogue: Catalogue) -> Batch:
        """The same without some controls of some hosts, and without the roles and hosts that then need nothing."""
        left = {
            host: tuple(each for each in needs if each not in controls.get(host, ()))
            for host, needs in self.needs.items()
        }
        return _batch({host: needs for host, needs in left.items() if needs}, catalogue, singly=self.singly)


def batches(needs: Mapping[str, tuple[str, ...]], catalogue: Catalogue, size: int) -> tuple[Batch, ...]:
    """Put hosts together into Ansible runs.

    Our roles bring about on each host what its own list says. A user's role may know of tags only, which hold for all
    hosts of a run, so hosts share a run only where they need the same of it.

    Args:
        needs: Host to the controls to bring about.
        catalogue: Which role owns which control.
        size: The most hosts of one run.
    """
    order = role_order(catalogue)
    alike: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    for host, controls in needs.items():
        fixable = tuple(control for control in controls if catalogue.controls[control].role in order)
        if fixable:
            theirs = tuple(control for control in fixable if not is_ours(catalogue.controls[control].role, catalogue))
            alike.setdefault(theirs, {})[host] = fixable
    parts = ({host: hosts[host] for host in part} for hosts in alike.values() for part in _parts(tuple(hosts), size))
    return tuple(_batch(part, catalogue) for part in parts)


def whole_roles(hosts: Sequence[str], catalogue: Catalogue, size: int) -> tuple[Batch, ...]:
    """The runs of roles that have no controls: on every host, whole."""
    without = {name for name, role in catalogue.roles.items() if not role.controls}
    roles = tuple(role for role in role_order(catalogue) if role in without)
    return tuple(Batch(dict.fromkeys(part, ()), roles) for part in _parts(hosts, size)) if roles else ()


def left_over(batch: Batch, outcome: PlayOutcome, catalogue: Catalogue) -> tuple[Batch, ...]:
    """What one failed task kept from being brought about: the other controls of its role, now one by one.

    A host that was lost, or where a task took too long, is left alone. So are controls that are data: that task has
    tried each by itself already.
    """
    left: dict[str, tuple[str, ...]] = {}
    for host in batch.needs:
        if host in outcome.failed and host not in (*outcome.unreachable, *outcome.timed_out):
            roles = _not_done(host, batch, outcome)
            controls = tuple(control for control in batch.needs[host] if part_of(control, catalogue) in roles)
            if len(controls) > 1 or host in outcome.ended:
                left[host] = controls
    ours: dict[str, tuple[str, ...]] = {}
    theirs: dict[str, dict[str, tuple[str, ...]]] = {}
    for host, controls in left.items():
        ours[host] = tuple(control for control in controls if is_ours(catalogue.controls[control].role, catalogue))
        for control in controls:
            if control not in ours[host]:
                theirs.setdefault(control, {})[host] = (control,)
    singly = {host: controls for host, controls in ours.items() if controls}
    found = [_batch(singly, catalogue, singly=True)] if singly else []
    return (*found, *(_batch(hosts, catalogue) for hosts in theirs.values()))


def is_ours(role: str, catalogue: Catalogue) -> bool:
    """Whether a role is one of ours, and so heeds the list of controls that each host is given."""
    return role == KINDS_ROLE or catalogue.roles[role].path.is_relative_to(roles_path())


def role_order(catalogue: Catalogue) -> tuple[str, ...]:
    """All roles in the order they are applied: as playbooks/site.yml has ours, then the user's by name."""
    (play,) = yaml.safe_load(site_playbook().read_text(encoding="utf-8"))
    ours = tuple(role for role in play["roles"] if role in catalogue.roles)
    return (*ours, KINDS_ROLE, *sorted(role for role in catalogue.roles if role not in ours))


def part_of(control: str, catalogue: Catalogue) -> str:
    """The role whose tasks bring a control about."""
    found = catalogue.controls[control]
    return KINDS_ROLE if found.kind and is_ours(found.role, catalogue) else found.role


def _batch(needs: Mapping[str, tuple[str, ...]], catalogue: Catalogue, *, singly: bool = False) -> Batch:
    owners = {part_of(control, catalogue) for controls in needs.values() for control in controls}
    return Batch(needs, tuple(role for role in role_order(catalogue) if role in owners), singly)


def _not_done(host: str, batch: Batch, outcome: PlayOutcome) -> set[str]:
    """The roles that failed on a host, and those that its turn never came to."""
    failed = {change.role for change in outcome.changes if change.host == host and change.status is ChangeStatus.FAILED}
    if host not in outcome.ended:
        return failed - {KINDS_ROLE}
    first = min((batch.roles.index(role) for role in failed if role in batch.roles), default=0)
    return {*failed, *batch.roles[first:]}


def _parts(hosts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [hosts[start : start + size] for start in range(0, len(hosts), size)]
