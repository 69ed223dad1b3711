"""A warm verify beside the least that asking the same takes: one shell script over one ssh for each host."""

from __future__ import annotations

from collections import Counter

from bench import plain, script
from bench.cost import Cost, in_turn
from bench.fleet import Fleet
from bench.ground import Ground
from bench.host_cpu import HostCpu
from bench.rows import Aim, Reading
from bench.script import Commands

AIMS = (
    Aim("warm verify ÷ floor script that asks each question once, wall", 0.6),
    Aim("warm verify ÷ floor script that asks each question once, CPU of the hosts", 0.5),
    Aim("warm verify ÷ floor script that asks as often as testinfra does, wall", 0.6),
    Aim("warm verify ÷ floor script that asks as often as testinfra does, CPU of the hosts", 0.5),
)


def measure(ground: Ground) -> tuple[Reading, ...]:
    """Verify and both scripts in turn, after a round that does not count."""
    fleet, runs = ground.compliant(), ground.sizes.runs
    fleet.verify()
    once = script.distinct(fleet, fleet.latest())
    often = _as_often_as_testinfra(fleet, once)
    hosts = HostCpu(fleet.lab)
    sides = (
        lambda: hosts.during(fleet.verify),
        lambda: hosts.during(lambda: script.ask(fleet, once)),
        lambda: hosts.during(lambda: script.ask(fleet, often)),
    )
    in_turn(1, *sides)
    ours, floor, longer = in_turn(runs, *sides)
    return (*_ratios(ours, floor, once, fleet, runs), *_ratios(ours, longer, often, fleet, runs))


def _ratios(ours: Cost, theirs: Cost, commands: Commands, fleet: Fleet, runs: int) -> tuple[Reading, Reading]:
    count = sum(map(len, commands.values()))
    what = f"{len(fleet.names)} hosts and hub, all controls, {count} commands in the scripts, medians of {runs}"
    return (
        Reading(ours.wall / theirs.wall, f"{ours.wall:.2f} s ÷ {theirs.wall:.2f} s; {what}"),
        Reading(
            ours.host_cpu / theirs.host_cpu,
            f"{ours.host_cpu:.2f} s ÷ {theirs.host_cpu:.2f} s, from the containers' cgroups; {what}",
        ),
    )


def _as_often_as_testinfra(fleet: Fleet, once: Commands) -> Commands:
    """The same commands, those of the baseline repeated as plain testinfra was seen to repeat them.

    What monitoring and backup ask stays single: their checks look from other hosts too, and plain testinfra has one
    set of values for all hosts.
    """
    often = dict(once)
    for name in fleet.names[:2]:  # one of each Debian
        times = Counter(plain.asked(fleet, name))
        suite = fleet.lab.host(name).suite
        for other in fleet.names:
            if fleet.lab.host(other).suite is suite:
                often[other] = tuple(line for line in once[other] for _ in range(max(1, times[line])))
    return often
