"""What grows with the fleet: time and memory of a verify, and the time to judge a run again from its evidence."""

from __future__ import annotations

from bench.cost import Cost, in_turn
from bench.ground import Ground
from bench.rows import Aim, Reading

AIMS = (
    Aim("verify of all hosts of the large fleet ÷ of some, wall", 5.5),
    Aim("verify of all hosts of the large fleet ÷ of some, controller memory", 2),
)
REPLAY = (Aim("replay of the large fleet's run, s", 2, "s"),)
_FINDINGS = (0, 3)  # these hosts are as new


def growth(ground: Ground) -> tuple[Reading, ...]:
    """Verify some hosts and all of them in turn, after a round that does not count."""
    fleet, sizes = ground.many(), ground.sizes
    some = ",".join(fleet.names[: sizes.small])
    sides = (lambda: fleet.verify("--limit", some, ok=_FINDINGS), lambda: fleet.verify(ok=_FINDINGS))
    in_turn(1, *sides)
    less, whole = in_turn(sizes.runs, *sides)
    what = f"{len(fleet.names)} ÷ {sizes.small} hosts, baseline-1, as new; medians of {sizes.runs}"
    return (
        Reading(whole.wall / less.wall, f"{whole.wall:.2f} s ÷ {less.wall:.2f} s; {what}"),
        Reading(whole.peak / less.peak, f"{whole.peak / 2**20:.0f} MiB ÷ {less.peak / 2**20:.0f} MiB; {what}"),
    )


def replay(ground: Ground) -> tuple[Reading, ...]:
    """Judge a run of all hosts again; no host is asked."""
    fleet, runs = ground.many(), ground.sizes.runs
    fleet.verify(ok=_FINDINGS)
    run = fleet.latest()

    def side() -> Cost:
        return fleet.verify("--replay", run, ok=_FINDINGS)

    side()
    (cost,) = in_turn(runs, side)
    how = f"{len(fleet.names)} hosts, baseline-1, median of {runs}; {cost.cpu:.2f} s CPU"
    return (Reading(cost.wall, how),)
