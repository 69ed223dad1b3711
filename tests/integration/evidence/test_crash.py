from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from opsharden.evidence import Store
from opsharden.model import RunState

WORKER = Path(__file__).with_name("worker.py")


@pytest.mark.parametrize("hosts", [0, 1, 7, 23])
def test_a_killed_process_loses_no_finished_host_and_its_run_is_reaped(hosts: int, tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"
    with subprocess.Popen([sys.executable, WORKER, database], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        run_id, *filed = [worker.stdout.readline().strip() for _ in range(hosts + 1)]
        worker.send_signal(signal.SIGKILL)
        filed += worker.stdout.read().split()
    assert worker.returncode == -signal.SIGKILL

    with Store.open(database) as store:
        assert [run.id for run in store.reap()] == [run_id]
        record = store.record(run_id, observations=True)
        assert record.run.state is RunState.INTERRUPTED
        on_file = [member.host for member in record.members]
        # The last one may have been filed without having been told.
        assert on_file[: len(filed)] == filed
        assert len(on_file) <= len(filed) + 1
        assert len(record.findings) == len(record.observations) == 50 * len(on_file)
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_process_killed_while_it_makes_the_database_leaves_one_that_opens(tmp_path: Path) -> None:
    for delay in (0.3, 0.5, 0.7, 0.9, 1.1):
        database = tmp_path / f"{delay}.db"
        with subprocess.Popen([sys.executable, WORKER, database], stdout=subprocess.DEVNULL) as worker:
            try:
                worker.wait(delay)
            except subprocess.TimeoutExpired:
                worker.kill()
        with Store.open(database) as store:
            store.reap()
            assert all(run.state is RunState.INTERRUPTED for run in store.runs())


def test_processes_that_start_together_share_one_new_database(tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"
    workers = [
        subprocess.Popen([sys.executable, WORKER, database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ids, troubles = set(), []
    for worker in workers:
        assert worker.stdout is not None
        ids.add(worker.stdout.readline().strip())
    for worker in workers:
        worker.kill()
        troubles.append(worker.communicate()[1])
    assert troubles == [""] * 4
    with Store.open(database) as store:
        assert {run.id for run in store.runs()} == ids
        assert len(ids) == 4


def test_a_file_size_limit_is_said_and_nothing_filed_is_lost(tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"
    done = subprocess.run([sys.executable, WORKER, database, "1500000"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "file size limit" in done.stderr
    run_id, *filed = done.stdout.split()
    with Store.open(database) as store:
        assert [run.id for run in store.reap()] == [run_id]
        assert [member.host for member in store.record(run_id, observations=True).members] == filed
    assert filed
