"""The end of a verb: its reports delivered, its paths named, its exit code."""

from __future__ import annotations

from collections.abc import Sequence

from opsharden.cli.console import say, stdout
from opsharden.evidence import Store
from opsharden.report import outputs


def deliver(store: Store, run_id: str, wanted: Sequence[outputs.Output], *, verbose: bool = False) -> int:
    """Write the reports asked for, say where they are, and give the run's exit code.

    Args:
        store: Where the run is filed.
        run_id: Which one.
        wanted: The reports.
        verbose: Whether a table on stdout is to cut nothing.

    Raises:
        OpshardenError: It cannot be read, or a report cannot be written.
    """
    record = store.record(run_id, observations=outputs.show_observations(wanted))
    for path in outputs.write(wanted, record, stdout(), verbose=verbose):
        say(f"written to: {path}")
    say(f"filed as: {record.run.id}")
    return int(record.run.exit_code or 0)
