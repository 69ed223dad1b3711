from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from opsharden.model import Finding, RunRecord, Verdict
from opsharden.report.csv import COLUMNS, render


def rows(record: RunRecord) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(record), newline="")))


def test_one_row_per_finding(record: RunRecord) -> None:
    found = rows(record)
    assert {(row["host"], row["control"], row["verdict"]) for row in found} == {
        (finding.host, finding.control, finding.verdict) for finding in record.findings
    }
    assert len(found) == len(record.findings)
    assert list(found[0]) == list(COLUMNS)
    assert next(row for row in found if row["control"] == "ssh-no-root")["references"] == (
        "cis-debian-12-v1.1.0 5.1.1; nist-800-53r5 AC-6; nist-800-53r5 CM-6"
    )


def test_lines_end_as_rfc_4180_says(record: RunRecord) -> None:
    plain = replace(record, findings=(Finding("a", "ssh-grace", Verdict.PASS),), members=())
    assert render(plain).count("\r\n") == 2
    assert render(plain).endswith("\r\n")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "＝1"])  # noqa: RUF001 - the wide form
def test_a_formula_from_a_host_is_text(record: RunRecord, text: str) -> None:
    odd = replace(record, findings=(Finding("a", "ssh-grace", Verdict.FAIL, text, text, text),), members=())
    (row,) = rows(odd)
    assert row["observed"] == row["expected"] == row["reason"] == f"'{text}"


def test_nasty_text_stays_in_its_cell(record: RunRecord) -> None:
    assert not set(render(record)) & set("\x00\x07\x1b\u202e\x9b")
    for row in rows(record):
        assert None not in row
        assert row["run"] == record.run.id
