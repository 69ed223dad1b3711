"""The end of a verb: its reports delivered, its paths named, its exit code."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from opsharden.model import RunRecord
from opsharden.report import outputs


def deliver(record: RunRecord, wanted: Sequence[outputs.Output], data: Console, said: Console) -> int:
    """Write the reports asked for, say where they are, and give the run's exit code."""
    for path in outputs.write(wanted, record, data):
        said.print(f"written to: {path}", markup=False, highlight=False, soft_wrap=True)
    said.print(f"filed as: {record.run.id}", markup=False, highlight=False, soft_wrap=True)
    return int(record.run.exit_code or 0)
