from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import Connection, create_engine, text

from opsharden.evidence.together import Together, Write

HOSTS = 12


class Ledger:
    """A table of names, and how often it was written to; the first transaction waits for the others to queue."""

    def __init__(self, path: Path) -> None:
        self.engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE host (name TEXT UNIQUE)"))
        self.transactions = 0
        self.go = threading.Event()
        self.together = Together(self.transaction, Lock())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.transactions += 1
        with self.engine.begin() as connection:
            yield connection
            self.go.wait(10)

    @property
    def names(self) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.scalars(text("SELECT name FROM host")))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def named(name: str) -> Write:
    def write(connection: Connection) -> None:
        connection.execute(text("INSERT INTO host VALUES (:name)"), {"name": name})

    return write


def at_once(ledger: Ledger, writes: list[Write]) -> list[BaseException | None]:
    """All of them in threads of their own, most of them while the first is being written."""
    came: list[BaseException | None] = [None] * len(writes)

    def write(place: int) -> None:
        try:
            ledger.together.write(writes[place])
        except Exception as error:
            came[place] = error

    threads = [threading.Thread(target=write, args=(place,)) for place in range(len(writes))]
    for thread in threads:
        thread.start()
    while len(ledger.together._waiting) < len(writes) - 1:
        assert any(thread.is_alive() for thread in threads)
    ledger.go.set()
    for thread in threads:
        thread.join(10)
    return came


def test_what_waits_is_written_in_one_transaction(ledger: Ledger) -> None:
    came = at_once(ledger, [named(f"web{number}") for number in range(HOSTS)])
    assert came == [None] * HOSTS
    assert ledger.names == {f"web{number}" for number in range(HOSTS)}
    assert ledger.transactions == 2


def test_one_that_fails_takes_no_other_with_it(ledger: Ledger) -> None:
    with ledger.engine.begin() as connection:
        named("web5")(connection)
    came = at_once(ledger, [named(f"web{number}") for number in range(HOSTS)])
    assert [number for number, error in enumerate(came) if error] == [5]
    assert "UNIQUE" in str(came[5])
    assert ledger.names == {f"web{number}" for number in range(HOSTS)}


def test_a_piece_is_written_whole_or_not_at_all(ledger: Ledger) -> None:
    def half(connection: Connection) -> None:
        named("half")(connection)
        raise ValueError("in the middle")

    came = at_once(ledger, [named("one"), half, named("two")])
    assert [type(error) for error in came] == [type(None), ValueError, type(None)]
    assert ledger.names == {"one", "two"}
