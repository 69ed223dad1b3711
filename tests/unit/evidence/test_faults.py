from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from opsharden.errors import EvidenceError
from opsharden.evidence import Store
from opsharden.evidence.faults import in_plain_words
from opsharden.model import Finding, HostStatus, Member, Observation, Run


def damage(database: Path) -> None:
    """Overwrite all pages but the first, as a bad disk would."""
    with database.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"
    database.write_bytes(b"not a database at all\n" * 400)
    before = database.read_bytes()

    with pytest.raises(EvidenceError, match="is damaged") as caught:
        Store.open(database)
    assert str(database) in caught.value.message
    assert "restore a backup" in caught.value.advice
    assert caught.value.exit_code == 1
    assert database.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["evidence.db"]


def test_damaged_pages_are_said_and_not_overwritten(
    database: Path, run: Callable[..., Run], observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    with Store.open(database) as store:
        started = store.begin(run())
        seen = [observation(stdout=b"%d" % number * 2000) for number in range(30)]
        store.add_host(started.id, Member("web1", HostStatus.TESTED), [finding()], seen)
    damage(database)
    before = database.read_bytes()

    with pytest.raises(EvidenceError, match="is damaged"), Store.open(database) as store:
        store.record("latest", observations=True)
    assert database.read_bytes() == before


def test_a_cut_off_file_is_said(database: Path, run: Callable[..., Run]) -> None:
    with Store.open(database) as store:
        store.begin(run())
    database.write_bytes(database.read_bytes()[:8192])
    with pytest.raises(EvidenceError, match="is damaged"), Store.open(database) as store:
        store.record("latest")


def test_a_database_that_cannot_grow_says_so_and_keeps_what_it_has(
    store: Store, run: Callable[..., Run], observation: Callable[..., Observation]
) -> None:
    started = store.begin(run())
    store.add_host(started.id, Member("web1", HostStatus.TESTED), [], [observation()])
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(EvidenceError, match="disk is full") as caught:
        store.add_host(started.id, Member("web2", HostStatus.TESTED), [], [observation("web2", b"x" * 100_000)])
    assert "Make room" in caught.value.advice
    assert [member.host for member in store.record(started.id).members] == ["web1"]


def test_what_is_not_known_is_said_with_the_databases_own_words() -> None:
    with pytest.raises(EvidenceError, match=r"store refused \(no such table: x\)"), in_plain_words("store", 1):
        sqlite3.connect(":memory:").execute("SELECT * FROM x")


def test_what_is_not_of_the_database_passes() -> None:
    with pytest.raises(KeyError), in_plain_words("store", 1):
        raise KeyError("x")
