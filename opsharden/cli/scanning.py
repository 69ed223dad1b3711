"""A verify from the moment its hosts are being reached: shown, filed, reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsharden.cli.console import stderr
from opsharden.cli.progress import Progress
from opsharden.cli.result import deliver
from opsharden.cli.trigger import person
from opsharden.model import Severity
from opsharden.report import outputs
from opsharden.workflows.filing import open_store
from opsharden.workflows.progress import Event, Stage
from opsharden.workflows.scan import Scan, ScanResult
from opsharden.workflows.targets import Targets
from opsharden.workflows.timings import Timings
from opsharden.workflows.verify import verify
from opsharden.workflows.workplace import Workplace


@dataclass(frozen=True)
class Shown:
    """What is to be shown of a verify.

    Attributes:
        output: Where the reports go, as `--output` has it.
        verbose: Whether a table on stdout is to cut nothing.
        timings: Whether it is to be said where the time went.
    """

    output: Sequence[str] = ()
    verbose: bool = False
    timings: bool = False


def look(place: Workplace, targets: Targets, hosts: Scan, fail_on: Severity, shown: Shown) -> tuple[list[Timings], int]:
    """Look at the hosts and deliver what was seen.

    Args:
        place: What this invocation works with.
        targets: Hosts and their controls.
        hosts: The same, being reached.
        fail_on: The weakest severity whose failures make the run's result `findings`.
        shown: What is to be shown of it.

    Returns:
        Where the time of each host went, if that is wanted, and the exit code.

    Raises:
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C.
    """
    timings: list[Timings] = []
    with open_store(place, [place.host(name) for name in targets.wanted]) as store:
        with Progress(stderr()) as progress:

            def tell(event: Event) -> None:
                if shown.timings and isinstance(event, ScanResult):
                    timings.append(event.timings)
                progress(event)

            progress(Stage("Verifying", len(targets.wanted), scans=True))
            run_id = verify(place, targets, store, tell, trigger=person(), fail_on=fail_on, hosts=hosts)
        return timings, deliver(store, run_id, outputs.parse(shown.output), verbose=shown.verbose)
