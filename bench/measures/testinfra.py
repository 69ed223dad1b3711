"""A warm verify beside plain pytest-testinfra, which asks one host and one thing after the other."""

from __future__ import annotations

from bench import plain
from bench.cost import Cost, in_turn
from bench.ground import Ground
from bench.rows import Aim, Reading

PARAMIKO = (Aim("warm verify ÷ plain pytest-testinfra, paramiko backend, wall", 1 / 30),)
SSH = (Aim("warm verify ÷ plain pytest-testinfra, ssh backend, wall", 1 / 100),)


def paramiko(ground: Ground) -> tuple[Reading, ...]:
    """Against the paramiko backend."""
    return _beside(ground, "paramiko", ground.sizes.slow)


def ssh(ground: Ground) -> tuple[Reading, ...]:
    """Against the ssh backend."""
    return _beside(ground, "ssh", ground.sizes.slowest)


def _beside(ground: Ground, connection: str, part: int) -> tuple[Reading, ...]:
    fleet, runs = ground.compliant(), ground.sizes.runs

    def ours() -> Cost:
        return fleet.verify("--profile", plain.PROFILE, "--limit", ",".join(fleet.names))

    ours()  # warms up
    ours()
    mine, theirs = in_turn(runs, ours, lambda: plain.pytest(fleet, connection, fleet.names[:part]))
    hosts = len(fleet.names)
    whole = theirs.wall * hosts / part
    how = (
        f"{mine.wall:.2f} s ÷ {whole:.0f} s; {hosts} hosts, {plain.PROFILE}; testinfra took {theirs.wall:.1f} s for "
        f"{part} of the hosts, one after the other, scaled to {hosts}; medians of {runs}"
    )
    return (Reading(mine.wall / whole, how),)
