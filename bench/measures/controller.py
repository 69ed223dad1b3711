"""What a host more costs the control node."""

from __future__ import annotations

from bench.cost import in_turn
from bench.ground import Ground
from bench.rows import Aim, Reading

AIMS = (
    Aim("controller CPU for each host more, warm, ms", 40, "ms"),
    Aim("controller CPU ÷ hosts, start-up included, warm, ms", None, "ms"),
)


def measure(ground: Ground) -> tuple[Reading, ...]:
    """Verify a few hosts and all of them in turn: the slope between is what a host costs."""
    fleet, sizes = ground.compliant(), ground.sizes
    few = ",".join(fleet.names[: sizes.few])
    sides = (lambda: fleet.verify("--limit", few), fleet.verify)
    in_turn(1, *sides)
    less, whole = in_turn(sizes.runs, *sides)
    hosts = len(fleet.names)
    slope = (whole.cpu - less.cpu) / max(1, hosts - sizes.few)
    how = f"{less.cpu:.2f} s for {sizes.few} hosts, {whole.cpu:.2f} s for {hosts}, medians of {sizes.runs}"
    return Reading(slope * 1000, how), Reading(whole.cpu / hosts * 1000, how)
