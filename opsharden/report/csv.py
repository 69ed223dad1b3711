"""CSV: one row per finding and one per host that was not looked at, for spreadsheets (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from opsharden.findings import in_order, unseen
from opsharden.model import Finding, Member, RunRecord, Verdict, control_of
from opsharden.report.format import one_file
from opsharden.visible import visible

COLUMNS = (
    "run", "host", "role", "control", "title", "severity", "level", "verdict",
    "observed", "expected", "reason", "references", "observations", "seconds",
    "by_apply", "by_hand", "not_looked_at",
)  # fmt: skip
"""The header row. New columns are added at the end."""

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide forms are meant


def render(record: RunRecord) -> str:
    """The whole text; see `pieces`."""
    return "".join(pieces(record))


def pieces(record: RunRecord) -> Iterator[str]:
    """The findings as CSV with a header row; lines end in CR LF, text that could be a formula gets a leading `'`.

    A host that was not looked at is one row without a control; `not_looked_at` says how many controls that were.

    Source: RFC 4180; https://owasp.org/www-community/attacks/CSV_Injection for the characters.
    """
    yield _row(COLUMNS)
    lost = sorted(unseen(record), key=lambda member: member.host)
    for finding in in_order(record.findings):
        while lost and lost[0].host < finding.host:
            yield _row(_unseen(record, lost.pop(0)))
        yield _row(_finding(record, finding))
    for member in lost:
        yield _row(_unseen(record, member))


def _finding(record: RunRecord, finding: Finding) -> Iterable[str]:
    control = control_of(record.controls, finding.control)
    references = (f"{name} {number}" for name, numbers in control.references.items() for number in numbers)
    by_apply = ("yes" if finding.by_apply else "no") if finding.verdict is Verdict.FAIL else ""
    return (
        record.run.id, finding.host, control.role, control.id, control.title, control.severity, str(control.level),
        finding.verdict, finding.observed, finding.expected, finding.reason, "; ".join(references),
        " ".join(finding.observations), f"{finding.seconds:.3f}", by_apply, finding.by_hand, "",
    )  # fmt: skip


def _unseen(record: RunRecord, member: Member) -> Iterable[str]:
    known = {"run": record.run.id, "host": member.host, "verdict": Verdict.UNREACHABLE.value, "reason": member.reason}
    known["not_looked_at"] = str(len(member.controls))
    return (known.get(column, "") for column in COLUMNS)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([_inert(cell) for cell in cells])
    return text.getvalue()


def _inert(cell: str) -> str:
    """Keep a spreadsheet from running what a host wrote."""
    harmless = visible(cell)
    return f"'{harmless}" if harmless.lstrip(" ").startswith(_FORMULA) else harmless


FORMAT = one_file("csv", pieces)
