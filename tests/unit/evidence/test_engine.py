from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine

from opsharden.errors import EvidenceError
from opsharden.evidence import Store
from opsharden.evidence.engine import connect, locate, prepare


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = connect(locate(tmp_path / "evidence.db"), create=True, busy_timeout=1)
    prepare(made)
    return made


@pytest.mark.parametrize(
    ("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 1000)]
)
def test_sqlite_works_as_evidence_needs_it(pragma: str, value: object, engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_files_are_the_owners_only_whatever_the_umask(tmp_path: Path) -> None:
    database = tmp_path / "new" / "folder" / "evidence.db"
    before = os.umask(0)
    try:
        with Store.open(database):
            modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes["evidence.db"] == 0o600
    assert set(modes.values()) == {0o600}
    assert database.parent.stat().st_mode & 0o777 == 0o700


def test_an_existing_file_keeps_the_mode_its_admin_gave_it(tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"
    Store.open(database).close()
    database.chmod(0o640)
    Store.open(database).close()
    assert database.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_database_is_a_file_or_a_url(form: str, tmp_path: Path) -> None:
    database = tmp_path / "evidence 100%.db"
    with Store.open(form.format(database)):
        assert database.is_file()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:hunter2@db/evidence", "kept in postgresql"),
        ("mysql+pymysql://me:hunter2@db/evidence", "kept in mysql"),
        ("no url://me:hunter2@", "neither a file nor a URL"),
        ("://me:hunter2@", "neither a file nor a URL"),
        ("sqlite://", "outlive"),
        ("sqlite:///:memory:", "outlive"),
        ("sqlite:///x.db?mode=memory", "outlive"),
    ],
)
def test_a_url_evidence_cannot_be_kept_in_is_refused_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(EvidenceError, match=sentence) as caught:
        Store.open(url)
    assert caught.value.exit_code == 1
    assert caught.value.advice
    assert "hunter2" not in caught.value.message + caught.value.advice
    assert caught.value.__cause__ is None


def test_reading_makes_no_database(tmp_path: Path) -> None:
    database = tmp_path / "folder" / "evidence.db"
    with pytest.raises(EvidenceError, match="no evidence yet"):
        Store.open(database, create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("file/evidence.db", "cannot be made|not a folder"), ("folder", "cannot be opened")],
)
def test_a_place_where_no_file_can_be_is_said(place: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(EvidenceError, match=sentence):
        Store.open(tmp_path / place)


def test_opening_a_second_time_does_not_drop_the_locks_of_the_first(tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"

    def locks() -> int:
        return Path("/proc/locks").read_text().count(f":{database.stat().st_ino} ")

    with Store.open(database) as first:
        assert first.runs() == ()
        held = locks()
        Store.open(database).close()
        assert 0 < held <= locks()
