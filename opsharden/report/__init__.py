"""Reports: what a run left behind, for people and for their tools. One module per format."""

from __future__ import annotations

from opsharden.errors import UsageError
from opsharden.model import RunRecord
from opsharden.report import csv, html, json, junit, terminal
from opsharden.report.format import Format

FORMATS: dict[str, Format] = {
    format.name: format for format in (terminal.FORMAT, json.FORMAT, junit.FORMAT, csv.FORMAT, html.FORMAT)
}
"""By name, as `--output` takes it."""


def format_called(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in FORMATS:
        raise UsageError(f"There is no report format {name!r}.", f"Formats are {', '.join(FORMATS)}.")
    return FORMATS[name]


def render(name: str, record: RunRecord) -> str:
    """The whole text of a report that is one file.

    Args:
        name: A key of `FORMATS`.
        record: The run; loaded with observations where the report shall show them.

    Raises:
        UsageError: There is no such format.
    """
    (file,) = format_called(name).files(record)
    return "".join(piece if isinstance(piece, str) else piece.decode() for piece in file.pieces)
