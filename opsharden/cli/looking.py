"""A verify from the moment its hosts are being reached: shown, filed, reported."""

from __future__ import annotations

from collections.abc import Sequence

from opsharden.cli.console import data, said
from opsharden.cli.progress import HostProgress
from opsharden.cli.result import deliver
from opsharden.model import Severity
from opsharden.report import outputs
from opsharden.workflows.filing import open_store
from opsharden.workflows.looking import Looking, Seen
from opsharden.workflows.verify import verify
from opsharden.workflows.workplace import Targets, Workplace


def look(
    place: Workplace, targets: Targets, hosts: Looking, output: Sequence[str], fail_on: Severity
) -> tuple[list[Seen], int]:
    """Look at the hosts and deliver what was seen.

    Args:
        place: What this invocation works with.
        targets: Hosts and their controls.
        hosts: The same, being reached.
        output: Where the reports go, as `--output` has it.
        fail_on: The weakest severity whose failures make the run's result `findings`.

    Returns:
        The hosts in the order they were finished, and the exit code.

    Raises:
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C.
    """
    seen: list[Seen] = []
    with open_store(place, [place.host(name) for name in targets.wanted]) as store:
        with HostProgress(said(), "Verifying", len(targets.wanted)) as progress:

            def on_host(host: Seen) -> None:
                seen.append(host)
                progress.host(host)

            run_id = verify(place, targets, store, on_host, fail_on=fail_on, hosts=hosts)
        return seen, deliver(store.record(run_id, observations=True), outputs.parse(output), data(), said())
