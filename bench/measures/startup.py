"""How long opsharden takes to say anything at all."""

from __future__ import annotations

from pathlib import Path

from bench.cost import Cost, in_turn, run
from bench.fleet import BIN
from bench.ground import Ground
from bench.rows import Aim, Reading

AIMS = (Aim("`opsharden --help`, s", 0.3, "s"),)
_LEAST = 5


def measure(ground: Ground) -> tuple[Reading, ...]:
    """Call it a few times; the first call, which fills caches, does not count."""

    def side() -> Cost:
        return run([BIN / "opsharden", "--help"], cwd=Path.cwd())

    side()
    runs = max(_LEAST, ground.sizes.runs)
    (cost,) = in_turn(runs, side)
    return (Reading(cost.wall, f"whole process, median of {runs}; {cost.cpu:.2f} s CPU, {cost.peak / 2**20:.0f} MiB"),)
