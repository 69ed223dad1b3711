"""Stores that earlier versions wrote, one for each schema there was: brought up to date, they show what they showed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from opsharden.errors import EvidenceError
from opsharden.evidence import Store, content, schema
from opsharden.findings import unseen
from opsharden.model import Control, HostStatus, Run, RunRecord, TriggerKind, Verdict
from opsharden.report import FORMATS, render
from opsharden.report.score import summarise

EARLIER = sorted(Path(__file__).with_name("earlier").glob("*.sql"))


@pytest.fixture(params=EARLIER, ids=lambda path: path.stem)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return made(request.param, tmp_path)


def made(script: Path, folder: Path) -> Path:
    database = folder / "evidence.db"
    with sqlite3.connect(database) as connection:
        connection.executescript(script.read_text(encoding="utf-8"))
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
    assert record.run.trigger is TriggerKind.PERSON


@pytest.fixture(scope="module", params=EARLIER, ids=lambda path: path.stem)
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    with Store.open(made(request.param, tmp_path_factory.mktemp("earlier"))) as store:
        return store.record("latest", observations=True)


@pytest.mark.parametrize("format", FORMATS)
def test_every_report_can_be_made_of_it(record: RunRecord, format: str) -> None:
    assert "web2" in render(format, record)


def test_what_is_stored_by_its_content_is_what_was_digested_and_hangs_together(earlier: Path) -> None:
    with Store.open(earlier) as store, store._read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    with sqlite3.connect(earlier) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        for table in ("control", "finding", "observation", "selection"):
            for digest, stored in raw.execute(f"SELECT digest, content FROM {table}"):
                assert sha256(stored).hexdigest() == digest


@dataclass(frozen=True, slots=True)
class Later(Control):
    """A control of a later day, which says more."""

    owner: str = ""


def test_a_field_that_is_added_to_controls_alters_no_run(earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(earlier) as store:
        before = store.record("latest").controls
        monkeypatch.setattr(content, "_CONTROL", TypeAdapter(Later))
        after = store.record("latest").controls
    assert {type(control) for control in after.values()} == {Later}
    assert [(each.id, each.title, each.references) for each in after.values()] == [
        (each.id, each.title, each.references) for each in before.values()
    ]


def test_runs_go_on_in_it(earlier: Path, run: Callable[..., Run]) -> None:
    with Store.open(earlier) as store:
        before = store.record("latest", observations=True)
        started = store.begin(run(5))
        store.add_controls(started.id, before.controls.values())
        members = [member for member in before.members if member.status is HostStatus.TESTED]
        store.add_host(started.id, members[0], [f for f in before.findings if f.host == "web1"], [])
        assert store.record("latest").controls == before.controls
        assert store.record("latest").findings == [f for f in before.findings if f.host == "web1"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE control SET severity = 'low'",
        "UPDATE control SET \"references\" = '{'",
        "UPDATE finding SET verdict = 'pass'",
        "UPDATE observation SET stdout = x'6e6f'",
        "DELETE FROM finding_observation",
    ],
)
@pytest.mark.parametrize("script", EARLIER[:3], ids=lambda path: path.stem)
def test_what_was_altered_before_is_found_after(script: Path, tmp_path: Path, tampering: str) -> None:
    earlier = made(script, tmp_path)
    with sqlite3.connect(earlier) as connection:
        assert connection.execute(tampering).rowcount
    with Store.open(earlier) as store:
        assert store.runs()
        with pytest.raises(EvidenceError, match="altered or damaged"):
            store.record("latest", observations=True)


@pytest.mark.parametrize("script", EARLIER[2:], ids=lambda path: path.stem)
def test_whatever_a_store_could_hold_since_the_third_schema_is_kept(script: Path, tmp_path: Path) -> None:
    with Store.open(made(script, tmp_path)) as store:
        record = store.record("20261123", observations=True)
        observed = store.observed("20261123")["web1"]
    assert [(f.host, f.verdict, f.observed, f.by_apply, f.by_hand) for f in record.findings] == [
        ("web1", Verdict.PASS, "no", True, ""),
        ("web1", Verdict.FAIL, "café", False, "This is a test without a role."),
    ]
    assert [f.observations for f in record.findings] == [(observed[0].digest,), tuple(seen.digest for seen in observed)]
    assert [(s.host, s.command, s.rc, s.stdout, s.stderr, s.truncated, s.native, s.seconds) for s in observed] == [
        ("web1", "cat /etc/motd", 1, b"\xff\x00 caf\xc3\xa9\n", b"denied\n", True, True, 0.25),
        ("hub", "cat /etc/motd", 0, b"", b"", False, False, 0.5),
    ]
    assert [(m.host, m.cause, m.controls) for m in unseen(record)] == [
        ("web2", "The host is gone", ("ssh-no-root", "own-greeting"))
    ]
    assert [(c.id, c.level, c.risk.value) for c in record.controls.values()] == [
        ("ssh-no-root", 1, "lockout-or-outage"),
        ("own-greeting", 0, "none"),
    ]


def test_what_the_fourth_schema_filed_is_kept_too(tmp_path: Path) -> None:
    with Store.open(made(EARLIER[3], tmp_path)) as store:
        record = store.record("20261122", observations=True)
    (found,) = record.findings
    (seen,) = record.observations.values()
    assert (found.observed, found.by_apply, found.observations) == ("café", False, (seen.digest,))
    assert (seen.stdout, seen.truncated, seen.native) == (b"\xff\x00 caf\xc3\xa9\n", True, True)
    assert [member.controls for member in unseen(record)] == [("ssh-no-root",)]
