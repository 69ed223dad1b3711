from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsharden.errors import EvidenceError
from opsharden.evidence import Store
from opsharden.model import Run, RunState, utcnow

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print("let go", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.db"
    with Store.open(path) as store:
        store.begin(_run("20261124-120000-0000"))
    return path


@pytest.fixture
def let_go(database: Path) -> Iterator[Callable[[], None]]:
    """Another process holds the write lock until this is called."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        def release() -> None:
            assert other.stdin is not None
            other.stdin.write("\n")
            other.stdin.flush()

        yield release
        other.kill()


def _run(id: str) -> Run:
    return Run(id, "verify", RunState.RUNNING, utcnow(), "admin", "desk", "opsharden verify", "0.1.0")


def test_a_lock_held_too_long_is_said_and_reading_goes_on(database: Path, let_go: Callable[[], None]) -> None:
    with Store.open(database, busy_timeout=0.2) as store:
        with pytest.raises(EvidenceError, match=r"Another process .* longer than 0\.2 s") as caught:
            store.begin(_run("20261124-120001-0000"))
        assert caught.value.exit_code == 1
        assert "Wait for it" in caught.value.advice
        assert [run.id for run in store.runs()] == ["20261124-120000-0000"]

        let_go()
    with Store.open(database) as store:
        store.begin(_run("20261124-120001-0000"))
        assert len(store.runs()) == 2


def test_a_lock_held_for_a_moment_is_waited_for(database: Path, let_go: Callable[[], None]) -> None:
    with Store.open(database, busy_timeout=60) as store:
        with pytest.raises(EvidenceError), Store.open(database, busy_timeout=0.1) as impatient:
            impatient.begin(_run("20261124-120001-0000"))
        let_go()
        store.begin(_run("20261124-120001-0000"))
        assert len(store.runs()) == 2


def test_a_new_database_that_is_locked_is_said(tmp_path: Path) -> None:
    database = tmp_path / "new.db"
    database.touch()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(EvidenceError, match="Another process"):
            Store.open(database, busy_timeout=0.2)
        other.kill()
