from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from opsharden.errors import EvidenceError
from opsharden.evidence import Store
from opsharden.model import Run, RunState, utcnow

WORKER = Path(__file__).with_name("worker.py")

# Mounting takes root.
pytestmark = pytest.mark.lab


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def _run(id: str) -> Run:
    return Run(id, "verify", RunState.RUNNING, utcnow(), "admin", "desk", "opsharden verify", "0.1.0")


def test_a_full_disk_is_said_and_nothing_filed_is_lost(small_disk: Path) -> None:
    database = small_disk / "evidence.db"
    done = subprocess.run([sys.executable, WORKER, database], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The disk is full" in done.stderr
    assert "Make room" in done.stderr
    run_id, *filed = done.stdout.split()
    assert filed

    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    with Store.open(database) as store:
        assert [run.id for run in store.reap()] == [run_id]
        record = store.record(run_id, observations=True)
        assert [member.host for member in record.members] == filed
        assert len(record.findings) == 50 * len(filed)


def test_a_disk_too_full_for_a_new_database_is_said(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"\0" * (2**21 - 8192))
    with pytest.raises(EvidenceError, match="The disk is full"):
        Store.open(small_disk / "evidence.db")


def test_a_file_system_mounted_read_only_is_said(small_disk: Path) -> None:
    database = small_disk / "evidence.db"
    with Store.open(database) as store:
        store.begin(_run("20261124-120000-0000"))
    before = database.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    with pytest.raises(EvidenceError, match="cannot be opened for writing") as caught:
        Store.open(database)
    assert "read-only" in caught.value.advice
    with pytest.raises(EvidenceError, match="cannot be made: Read-only file system"):
        Store.open(small_disk / "new.db")
    assert database.read_bytes() == before


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every user can look into; pytest's own is its owner's only."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o600, 0o777), (0o644, 0o777), (0o666, 0o755)])
def test_a_user_without_the_right_to_write_is_told(file_mode: int, folder_mode: int, open_folder: Path) -> None:
    database = open_folder / "evidence.db"
    with Store.open(database) as store:
        store.begin(_run("20261124-120000-0000"))
    database.chmod(file_mode)
    open_folder.chmod(folder_mode)

    done = _as_nobody(database)

    assert "cannot be opened for writing" in done.stderr
    with Store.open(database) as store:
        assert len(store.runs()) == 1


def test_a_user_without_the_right_to_look_is_told(open_folder: Path) -> None:
    database = open_folder / "evidence.db"
    Store.open(database).close()
    open_folder.chmod(0o700)
    assert "cannot be made: Permission denied" in _as_nobody(database).stderr


def _as_nobody(database: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, WORKER, database],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done
