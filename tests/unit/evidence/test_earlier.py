"""Stores that earlier versions wrote, one for each schema there was: brought up to date, they show what they showed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from opsharden.evidence import Store, schema
from opsharden.findings import unseen
from opsharden.model import HostStatus, Verdict
from opsharden.report import FORMATS, render
from opsharden.report.score import summarise

EARLIER = sorted(Path(__file__).with_name("earlier").glob("*.sql"))


@pytest.fixture(params=EARLIER, ids=lambda path: path.stem)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    database = tmp_path / "evidence.db"
    with sqlite3.connect(database) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    return database


def test_every_schema_there_was_has_a_store() -> None:
    assert [path.stem for path in EARLIER] == [f"{number:04}" for number in range(1, int(schema.HEAD))]


def test_what_was_filed_is_what_is_shown_every_piece_held_to_its_digest(earlier: Path) -> None:
    with Store.open(earlier) as store:
        record = store.record("latest", observations=True)
    assert [(f.host, f.control, f.verdict) for f in record.findings] == [
        ("web1", "ssh-no-root", Verdict.FAIL),
        ("web1", "ssh-grace", Verdict.PASS),
        ("web2", "ssh-no-root", Verdict.UNREACHABLE),
        ("web2", "ssh-grace", Verdict.UNREACHABLE),
    ]
    assert all(finding.by_apply for finding in record.findings)
    assert [(m.host, m.status) for m in record.members] == [
        ("web1", HostStatus.TESTED),
        ("web2", HostStatus.UNREACHABLE),
        ("old", HostStatus.EXCLUDED),
    ]
    assert unseen(record) == ()
    assert summarise(record).whole.counts == {Verdict.FAIL: 1, Verdict.PASS: 1, Verdict.UNREACHABLE: 2}
    assert [seen.stdout for seen in record.observations.values()] == [b"permitrootlogin yes\n"]


@pytest.mark.parametrize("format", FORMATS)
def test_every_report_can_be_made_of_it(earlier: Path, format: str) -> None:
    with Store.open(earlier) as store:
        assert "web2" in render(format, store.record("latest", observations=True))
