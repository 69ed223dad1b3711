"""Reports: what a run left behind, for people and for their tools. One module per format."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opsharden.errors import UsageError
from opsharden.model import RunRecord
from opsharden.report import csv, html, json, junit, terminal

FORMATS: dict[str, Callable[[RunRecord], Iterator[str]]] = {
    "table": terminal.pieces,
    "json": json.pieces,
    "junit": junit.pieces,
    "csv": csv.pieces,
    "html": html.pieces,
}
"""Format name, as `--output` takes it, to what renders it, piece by piece: a report may be larger than the memory."""

WITH_OBSERVATIONS = ("json", "html")
"""The formats that show observations."""


def render(format: str, record: RunRecord) -> str:
    """The whole text of a report; see `pieces`."""
    return "".join(pieces(format, record))


def pieces(format: str, record: RunRecord) -> Iterator[str]:
    """Render a run as text, piece by piece.

    Args:
        format: A key of `FORMATS`.
        record: The run; loaded with observations where the report shall show them.

    Returns:
        The report in pieces, to be written as UTF-8.

    Raises:
        UsageError: There is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no report format {format!r}.", f"Formats are {', '.join(FORMATS)}.")
    return FORMATS[format](record)
