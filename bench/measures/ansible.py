"""An apply beside plain ansible-playbook of the same roles."""

from __future__ import annotations

from collections.abc import Callable

from bench.cost import Cost, in_turn
from bench.fleet import ALL_CONTROLS, Fleet, bootstrapped
from bench.ground import Ground
from bench.playbook import ansible_playbook
from bench.rows import Aim, Reading

NOTHING_TO_DO = (Aim("apply to a compliant fleet ÷ plain ansible-playbook, wall", 1 / 20),)
FIRST = (
    Aim("first apply ÷ plain ansible-playbook, wall", 1 / 2),
    Aim("first apply of baseline-1 alone ÷ plain ansible-playbook, wall", 1 / 2),
)
_BASELINE = ("baseline-1",)


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
    return (
        _first(ground, ALL_CONTROLS, "and a hub, as new but bootstrapped, all controls"),
        _first(ground, _BASELINE, "as new but bootstrapped; its one package is chrony"),
    )


def _first(ground: Ground, profiles: tuple[str, ...], what: str) -> Reading:
    sizes = ground.sizes

    def on_new_hosts(work: Callable[[Fleet], Cost]) -> Cost:
        with bootstrapped(sizes.fresh, ground.say, hub=profiles == ALL_CONTROLS) as fleet:
            return work(fleet)

    ours, theirs = in_turn(
        sizes.runs,
        lambda: on_new_hosts(lambda fleet: fleet.opsharden("apply", ok=(0, 3))),
        lambda: on_new_hosts(lambda fleet: ansible_playbook(fleet, profiles)),
    )
    how = (
        f"{ours.wall:.0f} s ÷ {theirs.wall:.0f} s; on each side {sizes.fresh} hosts, of both Debians {what}; "
        f"Ansible's default settings, medians of {sizes.runs}"
    )
    return Reading(ours.wall / theirs.wall, how)
