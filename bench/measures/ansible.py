"""An apply beside plain ansible-playbook of the same roles."""

from __future__ import annotations

from collections.abc import Callable

from bench.cost import Cost, in_turn
from bench.fleet import Fleet, bootstrapped
from bench.ground import Ground
from bench.playbook import ansible_playbook
from bench.rows import Aim, Reading

NOTHING_TO_DO = (Aim("apply to a compliant fleet ÷ plain ansible-playbook, wall", 1 / 20),)
FIRST = (Aim("first apply ÷ plain ansible-playbook, wall", 1 / 2),)


def nothing_to_do(ground: Ground) -> tuple[Reading, ...]:
    """A fleet that is as it should be: verify says so, Ansible goes through all tasks."""
    fleet, sizes = ground.compliant(), ground.sizes
    fleet.opsharden("apply")
    ours, theirs = in_turn(sizes.runs, lambda: fleet.opsharden("apply"), lambda: ansible_playbook(fleet))
    how = (
        f"{ours.wall:.2f} s ÷ {theirs.wall:.0f} s; {len(fleet.names)} hosts, all controls, Ansible's default settings, "
        f"medians of {sizes.runs}"
    )
    return (Reading(ours.wall / theirs.wall, how),)


def first(ground: Ground) -> tuple[Reading, ...]:
    """Hosts as new, bootstrapped; a lab of its own for each side of each run."""
    ground.clear()
    sizes = ground.sizes

    def on_new_hosts(work: Callable[[Fleet], Cost]) -> Cost:
        with bootstrapped(sizes.fresh, ground.say, hub=True) as fleet:
            return work(fleet)

    ours, theirs = in_turn(
        sizes.runs,
        lambda: on_new_hosts(lambda fleet: fleet.opsharden("apply", ok=(0, 3))),
        lambda: on_new_hosts(ansible_playbook),
    )
    how = (
        f"{ours.wall:.0f} s ÷ {theirs.wall:.0f} s; on each side {sizes.fresh} hosts, half Debian 12 and half 13, and a "
        f"hub, as new but bootstrapped; all controls, Ansible's default settings, medians of {sizes.runs}"
    )
    return (Reading(ours.wall / theirs.wall, how),)
