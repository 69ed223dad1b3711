"""CSV: one row per finding, for spreadsheets (RFC 4180)."""

from __future__ import annotations

import csv
import io

from opsharden.model import RunRecord
from opsharden.report.score import all_findings, control_of
from opsharden.report.text import visible

COLUMNS = (
    "run", "host", "role", "control", "title", "severity", "level", "verdict",
    "observed", "expected", "reason", "references", "observations", "seconds",
)  # fmt: skip
"""The header row. New columns are added at the end."""

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide forms are meant


def render(record: RunRecord) -> str:
    """The findings as CSV with a header row; lines end in CR LF, text that could be a formula gets a leading `'`.

    Source: RFC 4180; https://owasp.org/www-community/attacks/CSV_Injection for the characters.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in all_findings(record):
        control = control_of(record.controls, finding.control)
        references = (f"{name} {number}" for name, numbers in control.references.items() for number in numbers)
        cells = (
            record.run.id, finding.host, control.role, control.id, control.title, control.severity, str(control.level),
            finding.verdict, finding.observed, finding.expected, finding.reason, "; ".join(references),
            " ".join(finding.observations), f"{finding.seconds:.3f}",
        )  # fmt: skip
        writer.writerow([_inert(cell) for cell in cells])
    return text.getvalue()


def _inert(cell: str) -> str:
    """Keep a spreadsheet from running what a host wrote."""
    harmless = visible(cell)
    return f"'{harmless}" if harmless.startswith(_FORMULA) else harmless
