"""Reports: what a run left behind, for people and for their tools. One module per format."""

from __future__ import annotations

from collections.abc import Callable

from opsharden.errors import UsageError
from opsharden.model import RunRecord
from opsharden.report import csv, html, json, junit, terminal

FORMATS: dict[str, Callable[[RunRecord], str]] = {
    "table": terminal.render,
    "json": json.render,
    "junit": junit.render,
    "csv": csv.render,
    "html": html.render,
}
"""Format name, as `--output` takes it, to what renders it."""


def render(format: str, record: RunRecord) -> str:
    """Render a run as text.

    Args:
        format: A key of `FORMATS`.
        record: The run; loaded with observations where the report shall show them.

    Returns:
        The whole report, to be written as UTF-8.

    Raises:
        UsageError: There is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no report format {format!r}.", f"Formats are {', '.join(FORMATS)}.")
    return FORMATS[format](record)
