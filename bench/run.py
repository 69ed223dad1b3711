"""The whole benchmark: measure after measure, one table, and bench/results.json.

python -m bench.run                     everything, at full size
python -m bench.run --only floor        one measure; --list names them all
BENCH_HOSTS=4 BENCH_MANY=8 BENCH_RUNS=1 python -m bench.run     a small one, to see whether all of it works

More than about 15 hosts need more of fs.inotify.max_user_instances than a machine gives: `opsharden lab` raises it, and
puts it back when the last lab is down.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import table
from bench.ground import Ground
from bench.measures import ansible, controller, floor, many, openscap, startup, testinfra
from bench.rows import Aim, Reading, Row
from bench.sizes import Sizes


@dataclass(frozen=True)
class Measure:
    """One measure, which may fill several rows.

    Attributes:
        name: What --only takes.
        aims: Its rows.
        take: Measures; gives one reading for each aim.
    """

    name: str
    aims: tuple[Aim, ...]
    take: Callable[[Ground], tuple[Reading, ...]]


# Those that share a fleet stand together, and what leaves software on it comes last.
MEASURES = (
    Measure("startup", startup.AIMS, startup.measure),
    Measure("floor", floor.AIMS, floor.measure),
    Measure("controller", controller.AIMS, controller.measure),
    Measure("paramiko", testinfra.PARAMIKO, testinfra.paramiko),
    Measure("ssh", testinfra.SSH, testinfra.ssh),
    Measure("apply", ansible.NOTHING_TO_DO, ansible.nothing_to_do),
    Measure("openscap", openscap.AIMS, openscap.measure),
    Measure("many", many.AIMS, many.growth),
    Measure("replay", many.REPLAY, many.replay),
    Measure("first-apply", ansible.FIRST, ansible.first),
)
RESULTS = Path(__file__).with_name("results.json")
_INTERRUPTED = 130  # as a shell reports Ctrl-C


def main() -> int:
    """Measure, print the table, write the file. Ctrl-C takes the hosts down and shows what was measured by then."""
    asked = _asked()
    chosen = [measure for measure in MEASURES if not asked.only or measure.name in asked.only]
    sizes, rows, began = Sizes(), list[Row](), time.monotonic()
    progress = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    interrupted = False

    def say(line: str) -> None:
        progress.print(f"{time.monotonic() - began:6.0f} s  {line}")

    try:
        with Ground(sizes, say) as ground:
            for measure in chosen:
                say(f"measuring {measure.name}")
                rows += _guarded(measure, ground)
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted; the hosts are gone")
    title = f"opsharden side by side, {sizes.hosts} and {sizes.many} lab hosts, {os.cpu_count()} cores"
    table.show(rows, title, Console(width=None if sys.stdout.isatty() else 160))
    if interrupted:
        return _INTERRUPTED
    # That file is of one run with every row; a part of one goes only where it is asked to.
    if results := asked.results or (None if asked.only else RESULTS):
        table.write(rows, results)
    return 0 if all(row.reading.value is not None for row in rows) else 1


def _asked() -> argparse.Namespace:
    names = [measure.name for measure in MEASURES]
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure opsharden beside other tools.")
    parser.add_argument("--only", action="append", choices=names, help="this measure; may be repeated")
    parser.add_argument("--results", type=Path, metavar="FILE", help="without --only, bench/results.json")
    parser.add_argument("--list", action="version", version="\n".join(names), help="name the measures and leave")
    return parser.parse_args()


def _guarded(measure: Measure, ground: Ground) -> list[Row]:
    """The rows of one measure; one that fails says why, and the others go on."""
    try:
        readings = measure.take(ground)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        ground.say(f"{measure.name} failed: {reason}")
        readings = tuple(Reading(None, reason) for _ in measure.aims)
    return [Row(aim, reading) for aim, reading in zip(measure.aims, readings, strict=True)]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
